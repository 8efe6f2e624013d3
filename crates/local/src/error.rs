//! Why the embedded PostgreSQL did not start: what happened, where, and what to do about it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why the embedded PostgreSQL did not start.
#[derive(Debug)]
pub enum Error {
    /// Another process has its database in this folder open.
    InUse {
        /// The folder asked for.
        folder: PathBuf,
        /// The process that has it, where it left its number.
        pid: Option<u32>,
    },
    /// The folder holds files, and they are no database of ours.
    NotADatabase {
        /// The folder asked for.
        folder: PathBuf,
    },
    /// The folder is the data folder of a PostgreSQL server, or of another version of this one.
    OtherServer {
        /// The folder asked for.
        folder: PathBuf,
        /// The version that made it, as its `PG_VERSION` says.
        version: String,
    },
    /// The operating system refused something.
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Its answer.
        source: io::Error,
    },
    /// The child process ended instead of serving.
    Child {
        /// Where its data was to be.
        data: PathBuf,
        /// What it said last.
        said: String,
    },
}

impl Error {
    /// For `map_err`: an I/O error with what was tried and where.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_path_buf(),
            source,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { folder, pid } => {
                write!(f, "the database in {} is in use", folder.display())?;
                if let Some(pid) = pid {
                    write!(f, " by process {pid}")?;
                }
                f.write_str(": disconnect or end that one first, or choose another folder")
            }
            Self::NotADatabase { folder } => write!(
                f,
                "{} holds files that are no database: choose an empty or a new folder",
                folder.display()
            ),
            Self::OtherServer { folder, version } => write!(
                f,
                "{} is the data folder of another PostgreSQL (version {version}), which the embedded one cannot read: \
                 connect to its server instead, or choose another folder",
                folder.display()
            ),
            Self::Io {
                doing,
                path,
                source,
            } => {
                // The layers in between only repeat what was tried.
                let mut cause: &dyn std::error::Error = source;
                while let Some(deeper) = cause.source() {
                    cause = deeper;
                }
                write!(f, "cannot {doing} {}: {cause}", path.display())?;
                match source.kind() {
                    io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                        f.write_str(" (make room there, or choose another folder)")
                    }
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                        f.write_str(" (the embedded PostgreSQL must be able to write there: choose another folder)")
                    }
                    _ => Ok(()),
                }
            }
            Self::Child { data, said } => write!(
                f,
                "the embedded PostgreSQL did not start on {}: {said}",
                data.display()
            ),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}
