//! A process that has a server, and may be killed.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use local::{Place, Server};
use tempfile::TempDir;

use super::{Session, connect_to, folder};

/// A user without any rights.
const NOBODY: u32 = 65534;

/// Set where this program is to serve: the folder, or nothing for a temporary one.
pub const AS_PARENT: &str = "ROWCELL_TEST_PARENT";

/// This program as another process, the parent of a server.
pub struct Parent {
    pub process: Child,
    said: String,
}

impl Parent {
    pub fn spawn(environment: &[(&str, &str)]) -> Self {
        Self::of(Command::new(std::env::current_exe().unwrap()), environment)
    }

    /// As a user without any rights, where this one may become so; else this one is such a user.
    pub fn spawn_as_plain_user(environment: &[(&str, &str)]) -> (Self, TempDir) {
        let place = folder();
        let program = place.path().join("program");
        fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        let mut command = Command::new(program);
        if fs::metadata(place.path()).unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        (Self::of(command, environment), place)
    }

    fn of(mut command: Command, environment: &[(&str, &str)]) -> Self {
        let process = command
            .env(AS_PARENT, "")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Self {
            process,
            said: String::new(),
        }
    }

    /// Waits for its word: the socket's folder, or why there is none.
    pub fn said(&mut self) -> &str {
        if self.said.is_empty() {
            let out = self.process.stdout.take().unwrap();
            BufReader::new(out).read_line(&mut self.said).unwrap();
        }
        self.said.trim_end()
    }

    pub fn folder(&mut self) -> PathBuf {
        let said = self.said();
        assert!(said.starts_with('/'), "{said}");
        PathBuf::from(said)
    }

    pub fn child(&mut self) -> u32 {
        child_at(&self.folder())
    }

    pub fn signal(&self, name: &str) {
        signal(self.process.id(), name);
    }

    pub async fn connect(&mut self) -> Session {
        connect_to(&self.folder()).await
    }
}

impl Drop for Parent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a [`Parent`] does.
pub fn serve(place: &str) {
    let place = match place {
        "" => Place::Temporary,
        folder => Place::Folder(PathBuf::from(folder)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match runtime.block_on(Server::start(place)) {
        Ok(server) => {
            println!("{}", server.socket_folder().display());
            thread::sleep(Duration::from_secs(3600));
        }
        Err(error) => println!("error: {error}"),
    }
}

/// The process that serves in a folder.
pub fn child_at(folder: &Path) -> u32 {
    let folder = folder.to_str().unwrap();
    fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .find(|pid| {
            let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            command.contains("embedded-postgresql") && command.contains(folder)
        })
        .unwrap_or_else(|| panic!("nothing serves in {folder}"))
}

/// Whether a process runs; a dead one whose parent has not asked yet does not.
pub fn runs(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}
