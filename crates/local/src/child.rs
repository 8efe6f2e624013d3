//! The child process: PostgreSQL and its front, until the parent says so or is gone.
//!
//! Its standard input is the line to its parent: "ready", or why not, goes out; [`STOP`] comes in,
//! and the end of it means that the parent is gone. (The kernel's own signal for that, asked for with
//! `prctl`, follows the thread that started the child, and threads end earlier than processes.)
//! Its standard output is not for writing: it holds the lock of the data folder, so that the folder
//! is free when parent and child are both gone, and not before.

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Write};
use std::mem;
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::exit;
use std::thread;

use pglite_oxide::Pglite;
use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::backend::{Backend, DATABASE, Engine, USER};
use crate::{data, front};

/// The first argument of a process that is to be the child.
pub(crate) const CHILD: &str = "embedded-postgresql";

/// The second argument: whether the data is kept, and so worth a clean end.
pub(crate) const KEPT: &str = "kept";
pub(crate) const TEMPORARY: &str = "temporary";

/// Said by the child when it serves.
pub(crate) const READY: &str = "ready\n";

/// Said by the parent to have it end cleanly.
pub(crate) const STOP: &str = "stop\n";

/// Held in the cache folder while something may be unpacked there.
pub(crate) const CACHE_LOCK: &str = "unpack.lock";

/// The port in the socket's file name.
pub(crate) const PORT: u16 = 5432;

/// PostgreSQL's stack, in bytes: as deep as a server's in practice (a function may call itself 1500 times).
///
/// Its own check of the depth has no effect here: a statement that needs more ends the session. The
/// WebAssembly inside has 8 MB for what it keeps on a stack of its own, with no guard behind; this one
/// must run out first.
const STACK: usize = 8 << 20;

/// To be called as the first statement of `main`, also of a test's: when this process was started as
/// the embedded PostgreSQL's child, it serves and never returns.
#[allow(
    clippy::exit,
    reason = "the process is the server's; nothing else runs in it"
)]
pub fn child_hook() {
    let mut arguments = std::env::args_os().skip(1);
    if arguments.next().as_deref() != Some(OsStr::new(CHILD)) {
        return;
    }
    let arguments: Vec<OsString> = arguments.collect();
    let [kept, scratch, data] = &arguments[..] else {
        exit(2)
    };
    let child = Child {
        kept: kept == KEPT,
        scratch: PathBuf::from(scratch),
        data: PathBuf::from(data),
    };
    exit(match io::stdin().as_fd().try_clone_to_owned() {
        Ok(parent) => child.run(UnixStream::from(parent)),
        Err(_) => 2,
    })
}

struct Child {
    kept: bool,
    scratch: PathBuf,
    data: PathBuf,
}

impl Child {
    /// Serves, and gives the exit status.
    fn run(&self, mut parent: UnixStream) -> i32 {
        match self.serve(&parent) {
            Ok(()) => 0,
            Err(said) => {
                let _ = parent.write_all(said.as_bytes());
                1
            }
        }
    }

    fn serve(&self, parent: &UnixStream) -> Result<(), String> {
        let stop = self.listen_to_parent(parent.try_clone().map_err(text)?);
        // Two things that take a while and have nothing to do with each other.
        let loading = thread::spawn(preload);
        data::prepare(&self.data, &self.scratch).map_err(text)?;
        let mut engine = self.engine().map_err(text)?;
        wasmer_vm::set_stack_size(STACK);
        loading
            .join()
            .map_err(|_| "it could not be loaded".to_owned())??;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(text)?;
        let served = runtime.block_on(async {
            // An interrupt is the parent's affair; this takes it from the terminal without effect.
            let _interrupts = signal(SignalKind::interrupt()).map_err(text)?;
            let mut first = Backend::open(&engine, USER, DATABASE).await;
            if first.is_err() && engine.zone.take().is_some() {
                // Perhaps PostgreSQL does not know this machine's time zone. It knows its own.
                first = Backend::open(&engine, USER, DATABASE).await;
            }
            let first = first.map_err(|refusal| refusal.text)?;
            let listener =
                UnixListener::bind(self.scratch.join(format!(".s.PGSQL.{PORT}"))).map_err(text)?;
            let mut parent = parent;
            parent.write_all(READY.as_bytes()).map_err(text)?;
            front::serve(engine, listener, first, stop)
                .await
                .map_err(text)
        });
        // To drop it would be to wait for a session that does not end.
        mem::forget(runtime);
        served?;
        if self.kept {
            data::sync(&self.data).map_err(text)?;
        }
        Ok(())
    }

    /// Watches the line to the parent on a thread of its own, which PostgreSQL cannot hold up.
    #[allow(
        clippy::exit,
        reason = "nobody is left to answer to, and PostgreSQL does not listen while it computes"
    )]
    fn listen_to_parent(&self, parent: UnixStream) -> watch::Receiver<bool> {
        let (stop, stopped) = watch::channel(false);
        let scratch = self.scratch.clone();
        thread::spawn(move || {
            for line in BufReader::new(parent).lines().map_while(Result::ok) {
                if line == STOP.trim_end() {
                    stop.send_replace(true);
                }
            }
            let _ = fs::remove_dir_all(scratch);
            exit(0)
        });
        stopped
    }

    /// Lays the data folder where `pglite-oxide` looks for it.
    fn engine(&self) -> io::Result<Engine> {
        let root = self.scratch.join("engine");
        let place = root.join("tmp/pglite");
        fs::create_dir_all(&place)?;
        let link = place.join("base");
        if !link.exists() {
            symlink(&self.data, link)?;
        }
        Ok(Engine {
            root,
            data: self.data.clone(),
            socket: self.scratch.join("engine.socket"),
            zone: zone(),
        })
    }
}

/// This machine's time zone, which would else be UTC in there.
fn zone() -> Option<String> {
    match std::env::var("TZ") {
        Ok(zone) if !zone.is_empty() => Some(zone.trim_start_matches(':').to_owned()),
        _ => iana_time_zone::get_timezone().ok(),
    }
}

/// Unpacks PostgreSQL into the user's cache where that was not done before, and loads it.
/// One process at a time: they would remove each other's unfinished files.
fn preload() -> Result<(), String> {
    let cache = std::env::var_os("XDG_CACHE_HOME").unwrap_or_default();
    let lock = File::create(Path::new(&cache).join(CACHE_LOCK)).map_err(text)?;
    lock.lock().map_err(text)?;
    Pglite::preload().map_err(|error| format!("{error:#}"))
}

fn text(error: impl ToString) -> String {
    error.to_string()
}
