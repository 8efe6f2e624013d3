//! A proxy before the server that can be told to misbehave: it swallows or delays requests to
//! cancel, cuts connections in the middle of an answer, and goes away and comes back.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::sleep;

use crate::server::{Database, server};

/// The code in the first packet of a connection that carries a request to cancel.
const CANCEL: u32 = 80_877_102;

/// A statement with this in it is the last of its connection.
pub(crate) const CUT: &str = "/* cut here */";

/// Listens until it is dropped.
pub(crate) struct Proxy {
    port: u16,
    ways: Arc<Ways>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

/// What it does with what passes.
struct Ways {
    cancels: Mutex<Cancels>,
    cancels_seen: AtomicUsize,
    /// How many bytes of the server's answer pass before the connection is cut.
    bytes_passed: AtomicU64,
}

/// What becomes of requests to cancel.
#[derive(Clone, Copy)]
pub(crate) enum Cancels {
    Pass,
    AreLost,
    AreLate(Duration),
}

impl Proxy {
    pub(crate) async fn new() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ways = Arc::new(Ways {
            cancels: Mutex::new(Cancels::Pass),
            cancels_seen: AtomicUsize::new(0),
            bytes_passed: AtomicU64::new(0),
        });
        let port = listener.local_addr().unwrap().port();
        let listening = Mutex::new(Some(tokio::spawn(accept(listener, ways.clone()))));
        Proxy {
            port,
            ways,
            listening,
        }
    }

    /// What `%connect` takes to come to the database through here.
    pub(crate) fn target(&self, database: &Database) -> String {
        database.target_at("127.0.0.1", self.port) + " sslmode=disable"
    }

    pub(crate) fn cancels(&self, become_of_them: Cancels) {
        *self.ways.cancels.lock().unwrap() = become_of_them;
    }

    /// How many requests to cancel have come.
    pub(crate) fn cancels_seen(&self) -> usize {
        self.ways.cancels_seen.load(Ordering::Relaxed)
    }

    /// Cuts a connection after so many bytes of the server's answer to what has [`CUT`] in it.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.ways.bytes_passed.store(bytes, Ordering::Relaxed);
    }

    /// Ends all connections and takes no new ones.
    pub(crate) async fn go_down(&self) {
        let listening = self.listening.lock().unwrap().take().unwrap();
        listening.abort();
        let _ = listening.await;
    }

    /// Takes connections again.
    pub(crate) async fn come_back(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let listening = tokio::spawn(accept(listener, self.ways.clone()));
        *self.listening.lock().unwrap() = Some(listening);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.lock().unwrap().take() {
            listening.abort();
        }
    }
}

/// Accepts connections; they end with it.
async fn accept(listener: TcpListener, ways: Arc<Ways>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(pass(client, ways.clone()));
        while connections.try_join_next().is_some() {}
    }
}

async fn pass(mut client: TcpStream, ways: Arc<Ways>) -> io::Result<()> {
    let mut head = [0; 8];
    client.read_exact(&mut head).await?;
    if u32::from_be_bytes([head[4], head[5], head[6], head[7]]) == CANCEL {
        ways.cancels_seen.fetch_add(1, Ordering::Relaxed);
        let cancels = *ways.cancels.lock().unwrap();
        match cancels {
            Cancels::Pass => {}
            Cancels::AreLost => return Ok(()),
            Cancels::AreLate(time) => sleep(time).await,
        }
    }
    let mut server = TcpStream::connect(("localhost", server().port)).await?;
    server.write_all(&head).await?;

    let (mut from_client, mut to_client) = client.split();
    let (mut from_server, mut to_server) = server.split();
    let left = AtomicU64::new(u64::MAX);
    let there = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from_client.read(&mut buffer).await?;
            if count == 0 {
                return Ok::<(), io::Error>(());
            }
            let data = &buffer[..count];
            if data.windows(CUT.len()).any(|part| part == CUT.as_bytes()) {
                left.store(ways.bytes_passed.load(Ordering::Relaxed), Ordering::Relaxed);
            }
            to_server.write_all(data).await?;
        }
    };
    let back = async {
        let mut buffer = vec![0; 16 << 10];
        loop {
            let count = from_server.read(&mut buffer).await?;
            let passed = (count as u64).min(left.load(Ordering::Relaxed));
            to_client.write_all(&buffer[..passed as usize]).await?;
            if count == 0 || passed < count as u64 {
                return Ok(());
            }
            if left.load(Ordering::Relaxed) < u64::MAX {
                left.fetch_sub(passed, Ordering::Relaxed);
            }
        }
    };
    tokio::select! {
        ended = there => ended,
        ended = back => ended,
    }
}
