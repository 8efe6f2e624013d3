//! The parent's side: starts the child, waits for its word, and sees to its end.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::backend::{DATABASE, USER};
use crate::child::{CACHE_LOCK, CHILD, KEPT, PORT, READY, STOP, TEMPORARY};
use crate::scratch::{Scratch, lock};
use crate::{Error, data, room};

/// How long a clean end may take, in all: the session's, and the writing to the disk.
const STOPPING: Duration = Duration::from_secs(10);

/// Of the child's last words, this much is told, in bytes.
const LAST_WORDS: u64 = 4096;

/// Environment variables that name other databases, beside libpq's.
const ELSEWHERE: [&str; 2] = ["ROWCELL_CONNECT", "DATABASE_URL"];

/// Where the data is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// In a temporary folder, removed with the [`Server`].
    Temporary,
    /// In this folder, which is made where it is missing.
    Folder(PathBuf),
}

/// An embedded PostgreSQL that runs, or could run again: the data outlives [`Server::kill`].
///
/// Dropping it ends the child at once and removes what is temporary.
#[derive(Debug)]
pub struct Server {
    // Dropped in this order: the child first, or it would write into what is being removed.
    running: Option<Running>,
    data: PathBuf,
    kept: bool,
    lock: File,
    scratch: Scratch,
}

#[derive(Debug)]
struct Running {
    child: Child,
    line: UnixStream,
}

impl Server {
    /// Starts the embedded PostgreSQL. It has answered when this returns.
    ///
    /// The first start on a machine takes about 0.7 s, later ones 0.35 s. In a folder,
    /// commits survive the end of any process at any time, and after [`Server::stop`] everything is
    /// on the disk. PostgreSQL's `fsync` is off: when the power fails, what the operating system had
    /// not written yet is lost, in whatever order it had not written it.
    ///
    /// # Errors
    /// See [`Error`]. A folder that is refused is left as it was.
    pub async fn start(place: Place) -> Result<Self, Error> {
        let prepared = spawn_blocking(move || Self::prepare(&place)).await;
        let mut server = prepared
            .map_err(|error| Error::io("prepare", Path::new(CHILD))(io::Error::other(error)))??;
        server.restart().await?;
        Ok(server)
    }

    fn prepare(place: &Place) -> Result<Self, Error> {
        let scratch = Scratch::new()?;
        let kept = matches!(place, Place::Folder(_));
        let data = match place {
            Place::Temporary => scratch.path().join("data"),
            Place::Folder(folder) => {
                std::path::absolute(folder).map_err(Error::io("open the folder", folder))?
            }
        };
        data::admit(&data)?;
        let lock = lock(&data)?;
        Ok(Self {
            running: None,
            data,
            kept,
            lock,
            scratch,
        })
    }

    /// Ends the child where it runs, and starts another one on the same data.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn restart(&mut self) -> Result<(), Error> {
        self.kill();
        let (ours, theirs) = StdUnixStream::pair().map_err(self.failed())?;
        let child = self.spawn(theirs).map_err(self.failed())?;
        ours.set_nonblocking(true).map_err(self.failed())?;
        let line = UnixStream::from_std(ours).map_err(self.failed())?;
        let running = self.running.insert(Running { child, line });
        let mut said = Vec::new();
        while said != READY.as_bytes() {
            // Nothing more: the child has ended. Its words have an end, too.
            if running.line.read_buf(&mut said).await.unwrap_or(0) == 0 {
                self.kill();
                return Err(self.last_words(&said));
            }
        }
        Ok(())
    }

    fn failed(&self) -> impl FnOnce(io::Error) -> Error + use<'_> {
        Error::io("start the embedded PostgreSQL on", &self.data)
    }

    fn spawn(&self, line: StdUnixStream) -> io::Result<Child> {
        let socket = self.socket_folder().join(format!(".s.PGSQL.{PORT}"));
        if socket.exists() {
            fs::remove_file(socket)?;
        }
        let mut command = Command::new(this_program()?);
        command
            .arg0("rowcell")
            .arg(CHILD)
            .arg(if self.kept { KEPT } else { TEMPORARY })
            .arg(self.scratch.path())
            .arg(&self.data)
            .current_dir(self.scratch.path())
            .env("XDG_CACHE_HOME", cache(self.scratch.path())?)
            // What is left in it when the child is killed goes with it.
            .env("TMPDIR", self.scratch.path())
            .stdin(OwnedFd::from(line))
            .stdout(self.lock.try_clone()?)
            .stderr(File::create(self.log())?)
            // A Ctrl-C in the terminal is for the parent, and so are signals to its group.
            .process_group(0);
        if std::env::home_dir().is_none() {
            command.env("HOME", self.scratch.path());
        }
        // It is no business of its where else there are databases, and with which passwords.
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("PG") || ELSEWHERE.contains(&&*text) {
                command.env_remove(name);
            }
        }
        command.spawn()
    }

    fn log(&self) -> PathBuf {
        self.scratch.path().join("log")
    }

    /// Why the child ended: what it said, else the end of what it wrote to stderr.
    fn last_words(&self, said: &[u8]) -> Error {
        let mut said = String::from_utf8_lossy(said).trim().to_owned();
        if said.is_empty() {
            said = tail(&self.log()).unwrap_or_default();
        }
        if said.is_empty() {
            said = "it ended without a word (does main begin with local::child_hook()?)".to_owned();
        }
        // Where it could tell, it has said so itself.
        if !said.contains("make room")
            && let Some(full) = room::full(&self.data)
        {
            said = format!("{said} ({full})");
        }
        Error::Child {
            data: self.data.clone(),
            said,
        }
    }

    /// The folder of the socket, which only this user may enter: what libpq takes as `host`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.scratch.path()
    }

    /// The number in the socket's file name `.s.PGSQL.<port>`.
    #[must_use]
    pub fn port(&self) -> u16 {
        PORT
    }

    /// The role to connect as; it may do everything.
    #[must_use]
    pub fn user(&self) -> &str {
        USER
    }

    /// The database to connect to.
    #[must_use]
    pub fn database(&self) -> &str {
        DATABASE
    }

    /// Whether the child runs.
    pub fn alive(&mut self) -> bool {
        match &mut self.running {
            Some(running) => matches!(running.child.try_wait(), Ok(None)),
            None => false,
        }
    }

    /// Ends the child at once. What was committed is kept, for [`Server::restart`].
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }

    /// Ends the session and the child cleanly. A statement that is running is waited for, five seconds
    /// at most: who knows of one calls [`Server::kill`] first.
    pub async fn stop(mut self) {
        if let Some(running) = &mut self.running
            && running.line.write_all(STOP.as_bytes()).await.is_ok()
        {
            // The child holds the other end, and closes it by ending.
            let _ = timeout(STOPPING, running.line.read_u8()).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// This program, also where its file was replaced since by a newer one.
fn this_program() -> io::Result<PathBuf> {
    if cfg!(target_os = "linux") {
        Ok(PathBuf::from("/proc/self/exe"))
    } else {
        std::env::current_exe()
    }
}

/// The folder for what is unpacked once and used again: the user's cache, or the temporary folder
/// where there is none or it cannot be written.
fn cache(scratch: &Path) -> io::Result<PathBuf> {
    let user = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| Some(std::env::home_dir()?.join(".cache")));
    if let Some(user) = user {
        let folder = user.join("rowcell");
        if usable(&folder, scratch).is_ok_and(|usable| usable) {
            return Ok(folder);
        }
    }
    let folder = scratch.join("cache");
    usable(&folder, scratch)?;
    Ok(folder)
}

/// Makes the folder where it is missing. It is of use if it is this user's own: what is unpacked there
/// is run.
fn usable(folder: &Path, scratch: &Path) -> io::Result<bool> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)?;
    File::create(folder.join(CACHE_LOCK))?;
    Ok(folder.metadata()?.uid() == scratch.metadata()?.uid())
}

fn tail(file: &Path) -> io::Result<String> {
    let mut file = File::open(file)?;
    let length = file.metadata()?.len();
    file.seek(io::SeekFrom::Start(length.saturating_sub(LAST_WORDS)))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}
