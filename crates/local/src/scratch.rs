//! Folders that last as long as a server: made for this user only, locked, and removed afterwards.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::Error;

/// Marks a folder as one of ours and holds the number of the process that has it locked.
///
/// The lock is the operating system's and dies with the processes that hold the file open; the file
/// itself stays, and says nothing about whether the folder is in use.
pub(crate) const LOCK_FILE: &str = "rowcell.lock";

const PREFIX: &str = "rowcell-local-";

/// A Unix socket's path has room for 107 bytes (103 on macOS); our own part takes 40 of them.
const LONGEST_BASE: usize = 60;

/// How long a lock is waited for: the child of a kernel that was killed needs a moment to end.
const PATIENCE: Duration = Duration::from_secs(1);

/// A folder for one server; removed with everything in it when dropped.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: TempDir,
    _lock: File,
}

impl Scratch {
    /// Makes a new one, and removes those that processes left behind which were killed.
    pub(crate) fn new() -> Result<Self, Error> {
        let base = base();
        let failed = || Error::io("make a temporary folder in", &base);
        let folder = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(&base)
            .map_err(failed())?;
        // Locked under another name first: a folder that has the lock file is never seen unlocked,
        // or someone else's sweep would take it.
        let unlocked = folder.path().join("new.lock");
        let lock = File::create_new(&unlocked).map_err(failed())?;
        lock.lock().map_err(failed())?;
        fs::rename(&unlocked, folder.path().join(LOCK_FILE)).map_err(failed())?;
        let scratch = Self {
            folder,
            _lock: lock,
        };
        if let Ok(mine) = scratch.path().metadata() {
            sweep(&base, mine.uid());
        }
        Ok(scratch)
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// Where temporary folders are made: the system's place, or `/tmp` where a socket's path would grow too long.
fn base() -> PathBuf {
    let base = std::env::temp_dir();
    if base.as_os_str().as_bytes().len() <= LONGEST_BASE {
        base
    } else {
        PathBuf::from("/tmp")
    }
}

/// Removes the folders of this user's processes that are gone. What cannot be removed is left alone.
fn sweep(base: &Path, user: u32) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let folder = entry.path();
        if entry.file_name().as_bytes().starts_with(PREFIX.as_bytes())
            && entry.metadata().is_ok_and(|folder| folder.uid() == user)
            && let Ok(lock) = File::open(folder.join(LOCK_FILE))
            && lock.try_lock().is_ok()
        {
            let _ = fs::remove_dir_all(&folder);
        }
    }
}

/// Locks a folder for this process and the children that inherit the file.
pub(crate) fn lock(folder: &Path) -> Result<File, Error> {
    let path = folder.join(LOCK_FILE);
    let failed = || Error::io("write", &path);
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(failed())?;
    let begun = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                thread::sleep(Duration::from_millis(20));
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = file.read_to_string(&mut pid);
                return Err(Error::InUse {
                    folder: folder.to_path_buf(),
                    pid: pid.trim().parse().ok(),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed()(source)),
        }
    }
    write_pid(&mut file).map_err(failed())?;
    Ok(file)
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}
