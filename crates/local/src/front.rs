//! The socket that clients see: one session at a time, and a clear word for everyone else.
//!
//! `pglite-oxide` would leave a second client waiting, and stop listening altogether when a client
//! goes away in the middle of an answer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader, copy_buf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Mutex, MutexGuard, Semaphore, mpsc, watch};
use tokio::time::timeout;

use crate::backend::{Backend, DATABASE, Engine, Refusal, USER};
use crate::room;
use crate::wire::{self, Opening};

/// How long a client may take for its startup packet.
const OPENING: Duration = Duration::from_secs(10);

/// How long a client waits for the one before it, which may just be leaving.
const SEAT: Duration = Duration::from_secs(1);

/// Clients at the door.
const CLIENTS: usize = 16;

const BUFFER: usize = 64 * 1024;

/// The place for the one client.
struct Seat {
    /// The session: empty after one was closed. Whoever holds the lock has the place.
    backend: Mutex<Option<Backend>>,
    /// Its client is gone, and the session is being closed.
    leaving: AtomicBool,
}

/// Serves clients until told to stop; then closes the session.
///
/// # Errors
/// The session does not end, because a statement is running.
pub(crate) async fn serve(
    engine: Engine,
    listener: UnixListener,
    first: Backend,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut stopped = stop.clone();
    let seat = Arc::new(Seat {
        backend: Mutex::new(Some(first)),
        leaving: AtomicBool::new(false),
    });
    let door = Arc::new(Semaphore::new(CLIENTS));
    let (failed, mut failure) = mpsc::channel(1);
    loop {
        tokio::select! {
            _ = stopped.wait_for(|stop| *stop) => break,
            Some(error) = failure.recv() => return Err(error),
            client = listener.accept() => {
                let (client, _) = client?;
                // A client that finds no room at the door is hung up on.
                let Ok(permit) = door.clone().try_acquire_owned() else { continue };
                let (engine, seat, stop, failed) = (engine.clone(), seat.clone(), stop.clone(), failed.clone());
                tokio::spawn(async move {
                    if let Err(error) = welcome(client, &engine, &seat, stop).await {
                        let _ = failed.send(error).await;
                    }
                    drop(permit);
                });
            }
        }
    }
    // The session in progress sees `stop` as well and hands the seat back.
    match seat.backend.lock().await.take() {
        Some(backend) => backend.close().await.map(drop),
        None => Ok(()),
    }
}

/// Hears what a client wants. Only a session that does not end is an error; clients come and go.
async fn welcome(
    mut client: UnixStream,
    engine: &Engine,
    seat: &Seat,
    stop: watch::Receiver<bool>,
) -> io::Result<()> {
    loop {
        let settings = match timeout(OPENING, wire::read_opening(&mut client)).await {
            Ok(Ok(Opening::Encryption)) => {
                let _ = client.write_all(b"N").await;
                continue;
            }
            Ok(Ok(Opening::Startup(settings))) => settings,
            // A running statement takes no notice of a cancel request: who wants to end it ends the process.
            Ok(Ok(Opening::Cancel)) | Ok(Err(_)) | Err(_) => return Ok(()),
        };
        let Some(mut backend) = seat.take().await else {
            let full = wire::fatal(
                "53300",
                "the embedded PostgreSQL takes one connection at a time, and there is one already",
            );
            let _ = client.write_all(&full).await;
            return Ok(());
        };
        let ended = session(&mut client, &settings, engine, &mut backend, stop).await;
        let Some(session) = ended else {
            return Ok(());
        };
        seat.leaving.store(true, Ordering::Relaxed);
        let closed = session.close().await;
        seat.leaving.store(false, Ordering::Relaxed);
        if let Some(cause) = closed? {
            let cause = room::full(&engine.data).unwrap_or(cause);
            let broken = format!("the embedded PostgreSQL had to end the session: {cause}");
            let _ = client.write_all(&wire::fatal("57P02", &broken)).await;
        }
        return Ok(());
    }
}

impl Seat {
    /// Waits for the place while whoever has it is leaving, else only a moment.
    async fn take(&self) -> Option<MutexGuard<'_, Option<Backend>>> {
        loop {
            match timeout(SEAT, self.backend.lock()).await {
                Ok(backend) => return Some(backend),
                Err(_) if self.leaving.load(Ordering::Relaxed) => {}
                Err(_) => return None,
            }
        }
    }
}

/// Serves a client to its end, and hands back the session it had, if any.
async fn session(
    client: &mut UnixStream,
    settings: &[(String, String)],
    engine: &Engine,
    seat: &mut Option<Backend>,
    mut stop: watch::Receiver<bool>,
) -> Option<Backend> {
    let backend = open(settings, engine, seat).await;
    let mut backend = match backend {
        Ok(backend) => backend,
        Err(refusal) => {
            let _ = client.write_all(&refusal.packet).await;
            return None;
        }
    };
    match backend.greet(settings).await {
        Ok(greeting) => {
            if client.write_all(&greeting).await.is_ok() {
                tokio::select! {
                    () = relay(client, backend.stream()) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
            }
        }
        Err(refusal) => {
            let _ = client.write_all(&refusal.packet).await;
        }
    }
    Some(backend)
}

/// The session that was opened beforehand, where it is for this role and database, else a new one.
async fn open(
    settings: &[(String, String)],
    engine: &Engine,
    seat: &mut Option<Backend>,
) -> Result<Backend, Refusal> {
    let setting = |wanted: &str| {
        settings
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
    };
    let user = setting("user").unwrap_or(USER);
    let database = setting("database").unwrap_or(DATABASE);
    match seat.take() {
        Some(backend) if backend.is_for(user, database) => return Ok(backend),
        Some(other) => {
            // It is idle, and ends.
            let _ = other.close().await;
        }
        None => {}
    }
    Backend::open(engine, user, database).await
}

/// Passes bytes both ways until one side has ended.
async fn relay(client: &mut UnixStream, backend: &mut UnixStream) {
    let (from_client, mut to_client) = client.split();
    let (from_backend, mut to_backend) = backend.split();
    let mut from_client = BufReader::with_capacity(BUFFER, from_client);
    let mut from_backend = BufReader::with_capacity(BUFFER, from_backend);
    tokio::select! {
        _ = copy_buf(&mut from_client, &mut to_backend) => {}
        _ = copy_buf(&mut from_backend, &mut to_client) => {}
    }
}
