//! The door between Rust cells and the session: a local socket that only the process of the cells
//! can use. It is answered while a Rust cell runs.

use std::convert::Infallible;
use std::fs::{self, Permissions};
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use query::{Host, Progress, Query, Remote};
use tempfile::TempDir;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::source;

/// Connections at a time: the cells have one, and what they start may have its own.
const MOST: usize = 16;
/// How long it may take until the end of the cells' process is noticed here.
const NOTICE: Duration = Duration::from_millis(20);
/// How long its statement may take to end on the server before the cell does not wait for it.
const LONGEST: Duration = Duration::from_millis(800);

/// The door, for the life of one helper.
pub(super) struct Door {
    /// Of mode 0700; gone with the door.
    folder: TempDir,
    listener: UnixListener,
    token: String,
    connections: Mutex<Vec<Connection>>,
}

#[derive(Clone)]
struct Connection {
    progress: Arc<Progress>,
    remote: Arc<tokio::sync::Mutex<Remote<UnixStream>>>,
}

impl Door {
    /// Begins to listen.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn open() -> io::Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("rowcell-db-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir()?;
        let listener = UnixListener::bind(folder.path().join("socket"))?;
        let mut secret = [0; 16];
        fs::File::open("/dev/urandom")?.read_exact(&mut secret)?;
        let token = secret.iter().map(|byte| format!("{byte:02x}")).collect();
        Ok(Door {
            folder,
            listener,
            token,
            connections: Mutex::default(),
        })
    }

    /// What makes `db` known to the cells. The last line has the evaluator know from the beginning
    /// that cells use `?`: else a cell's last expression would have its `?` found out about and the
    /// way to show it given up at once.
    ///
    /// # Errors
    /// The crate cannot be unpacked.
    pub(super) fn prelude(&self) -> io::Result<String> {
        self.knows(&[])?;
        Ok(format!(
            ":dep db = {{ path = {:?} }}\n\
             use db::{{Model as _, Record as _, Show as _, ToSql as _}};\n\
             {}\n\
             db::ready()?;",
            self.crate_folder(),
            self.variable(),
        ))
    }

    /// The variable `db`.
    pub(super) fn variable(&self) -> String {
        let socket = self.folder.path().join("socket");
        format!("let db: db::Db = db::Db::at({socket:?}, {:?});", self.token)
    }

    /// Has `db` know the types of these crates from now on; its variable has to be made anew then.
    /// The path stays the same, so that a new process of the cells finds it as this one does.
    ///
    /// # Errors
    /// The crate cannot be unpacked.
    pub(super) fn knows(&self, features: &[&str]) -> io::Result<()> {
        let link = self.crate_folder();
        if link.is_symlink() {
            fs::remove_file(&link)?;
        }
        std::os::unix::fs::symlink(source::unpack(features)?, link)
    }

    /// Where the cells find the crate.
    fn crate_folder(&self) -> PathBuf {
        self.folder.path().join("db")
    }

    /// Whether a statement of the cells runs.
    pub(super) fn is_busy(&self) -> bool {
        self.lock()
            .iter()
            .any(|connection| connection.progress.is_answering())
    }

    /// Answers whoever comes. Ends never; dropping it loses no connection that is in step.
    pub(super) async fn serve<H: Host>(&self, query: &Query, host: &H) -> Infallible {
        let mut answering = FuturesUnordered::new();
        for connection in self.lock().iter() {
            answering.push(answer(connection.clone(), query, host));
        }
        loop {
            tokio::select! {
                Some(ended) = answering.next(), if !answering.is_empty() => self.forget(&ended),
                accepted = self.listener.accept() => {
                    // One that was not accepted tries again, or is gone.
                    let Ok((socket, _)) = accepted else { continue };
                    // Nobody else can open the folder; who could is not answered all the same.
                    if !is_ours(&socket) || self.lock().len() >= MOST {
                        continue;
                    }
                    let remote = Remote::new(socket, self.token.as_str());
                    let connection = Connection {
                        progress: remote.progress(),
                        remote: Arc::new(tokio::sync::Mutex::new(remote)),
                    };
                    self.lock().push(connection.clone());
                    answering.push(answer(connection, query, host));
                }
            }
        }
    }

    /// Sees to what a cell has left behind: a statement whose asker has gone is ended on the server,
    /// and rows that are still to be read end with their cell.
    pub(super) async fn settle(&self, mut serve: Pin<&mut impl Future<Output = Infallible>>) {
        let since = Instant::now();
        while self.is_busy() && since.elapsed() < LONGEST {
            let _ = timeout(NOTICE, &mut serve).await;
            if !self
                .lock()
                .iter()
                .any(|connection| connection.progress.is_leaving())
            {
                break;
            }
        }
        self.lock()
            .retain(|connection| !connection.progress.is_answering());
    }

    fn forget(&self, connection: &Connection) {
        self.lock()
            .retain(|other| !Arc::ptr_eq(&other.progress, &connection.progress));
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Connection>> {
        // A panic elsewhere leaves plain data behind, which is still good to use.
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Answers a connection to its end.
async fn answer<H: Host>(connection: Connection, query: &Query, host: &H) -> Connection {
    // Whether it ended well or broke: there is no one left to be told.
    let _ = connection.remote.lock().await.serve(query, host).await;
    connection
}

/// Whether the other side is a process of this very user.
fn is_ours(socket: &UnixStream) -> bool {
    let own = fs::metadata("/proc/self").map(|me| std::os::unix::fs::MetadataExt::uid(&me));
    match (socket.peer_cred(), own) {
        (Ok(peer), Ok(own)) => peer.uid() == own,
        // Where a process cannot look at itself, the folder and the token have to do.
        (Ok(_), Err(_)) => true,
        (Err(_), _) => false,
    }
}
