//! The door between Rust cells and the session: a local socket that only the process of the cells
//! can use, and what that has started. It is answered while a Rust cell runs.

use std::convert::Infallible;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use db::wire::PLACE;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use query::{Host, Progress, Query, Remote};
use rustcell::Cells;
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::{sleep, timeout};

use super::source::Source;

/// Connections at a time: a cell has one, and what it has started may have its own.
const MOST: usize = 16;
/// How long it may take until the end of the cells' process is noticed here.
const NOTICE: Duration = Duration::from_millis(20);
/// How long it may take until the start of another one is heard of.
const STARTING: Duration = Duration::from_millis(500);
/// How long its statement may take to end on the server before the cell does not wait for it.
const LONGEST: Duration = Duration::from_millis(800);

/// The door, for the life of one helper.
pub(super) struct Door {
    /// Of mode 0700; gone with the door.
    folder: TempDir,
    listener: UnixListener,
    /// Who may come in.
    cells: Cells,
    source: Source,
    /// How far the connections of the cell that runs are.
    connections: Mutex<Vec<Arc<Progress>>>,
}

impl Door {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's; the crate cannot be unpacked.
    pub(super) fn open() -> io::Result<Self> {
        let folder = rustcell::socket_folder("rowcell-db-")?;
        let listener = UnixListener::bind(folder.path().join("socket"))?;
        Ok(Door {
            folder,
            listener,
            cells: Cells::default(),
            source: Source::unpack()?,
            connections: Mutex::default(),
        })
    }

    /// Has these processes be let in from now on, and nobody before.
    pub(super) fn admit(&mut self, cells: Cells) {
        self.cells = cells;
    }

    /// Where the process of the cells finds the door. It is no secret: who comes is known by the
    /// number of its process.
    pub(super) fn environment(&self) -> Vec<(OsString, OsString)> {
        let socket = self.folder.path().join("socket").into_os_string();
        vec![(PLACE.into(), socket)]
    }

    /// What makes the crate known to the cells, with the types of these crates. The last line has the
    /// evaluator know from the beginning that cells use `?`: else a cell's last expression would have
    /// its `?` found out about and the way to show it given up at once.
    pub(super) fn prelude(&self, features: &[&str]) -> String {
        let dependency = rustcell::dependency("db", self.source.folder(), features);
        format!(
            "{dependency}\n\
             use db::{{Model as _, Record as _, Show as _, ToSql as _}};\n\
             db::ready()?;",
        )
    }

    /// Whether a statement of the cells runs.
    pub(super) fn is_busy(&self) -> bool {
        self.lock().iter().any(|progress| progress.is_answering())
    }

    /// Answers whoever comes. Ends never; dropping it closes all connections.
    pub(super) async fn serve<H: Host>(&self, query: &Query, host: &H) -> Infallible {
        let mut answering = FuturesUnordered::new();
        loop {
            tokio::select! {
                Some(ended) = answering.next(), if !answering.is_empty() => self.forget(&ended),
                accepted = self.listener.accept() => {
                    // One that was not accepted tries again, or is gone.
                    let Ok((socket, _)) = accepted else { continue };
                    if !is_ours(&socket) || self.lock().len() >= MOST {
                        continue;
                    }
                    let process = socket.peer_cred().ok().and_then(|peer| peer.pid());
                    let process = process.and_then(|number| u32::try_from(number).ok());
                    let mut remote = Remote::new(socket);
                    let progress = remote.progress();
                    self.lock().push(progress.clone());
                    answering.push(async move {
                        if !self.is_of_cells(process).await {
                            return progress;
                        }
                        // Whether it ended well or broke: there is no one left to be told.
                        let _ = remote.serve(query, host).await;
                        progress
                    });
                }
            }
        }
    }

    /// Whether this process is one of the cells'. One that was just started may come in before it is
    /// heard of here.
    async fn is_of_cells(&self, process: Option<u32>) -> bool {
        let Some(process) = process else { return false };
        let since = Instant::now();
        loop {
            if self.cells.have(process) {
                return true;
            }
            if since.elapsed() > STARTING {
                return false;
            }
            sleep(NOTICE).await;
        }
    }

    /// Sees to what a cell has left behind: a statement whose asker has gone is ended on the server,
    /// and rows that are still to be read end with their cell.
    pub(super) async fn settle(&self, mut serve: Pin<&mut impl Future<Output = Infallible>>) {
        let since = Instant::now();
        while self.is_busy() && since.elapsed() < LONGEST {
            let _ = timeout(NOTICE, &mut serve).await;
            if !self.lock().iter().any(|progress| progress.is_leaving()) {
                break;
            }
        }
        self.lock().clear();
    }

    fn forget(&self, ended: &Arc<Progress>) {
        self.lock().retain(|other| !Arc::ptr_eq(other, ended));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Progress>>> {
        // A panic elsewhere leaves plain data behind, which is still good to use.
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the other side is a process of this very user.
fn is_ours(socket: &UnixStream) -> bool {
    let own = fs::metadata("/proc/self").map(|me| me.uid());
    match (socket.peer_cred(), own) {
        (Ok(peer), Ok(own)) => peer.uid() == own,
        // Where a process cannot look at itself, the folder has to do: nobody else can open it.
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}
