//! Why a kernel could not start.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// Why a kernel could not start.
#[derive(Debug)]
pub enum Error {
    /// The file that says where to listen is missing, unreadable or something else.
    ConnectionFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A channel could not be opened.
    Listen {
        /// Where it was to listen.
        endpoint: String,
        /// What the system said.
        source: io::Error,
    },
    /// The launcher did not take the kernel's registration.
    Registration {
        /// Where it was to register.
        endpoint: String,
        /// What happened instead.
        reason: String,
    },
    /// The system refused a thread or a signal handler.
    System(io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::ConnectionFile { path, reason } => {
                let path = path.display();
                write!(f, "the connection file {path} can not be used: {reason}")
            }
            Error::Listen { endpoint, source } => {
                write!(f, "can not listen on {endpoint}: {source}")?;
                if source.kind() == io::ErrorKind::AddrInUse {
                    f.write_str("; start the kernel again to get other ports")?;
                }
                Ok(())
            }
            Error::Registration { endpoint, reason } => {
                write!(
                    f,
                    "could not register with the launcher at {endpoint}: {reason}"
                )
            }
            Error::System(source) => write!(f, "the kernel could not start: {source}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Listen { source, .. } | Error::System(source) => Some(source),
            Error::ConnectionFile { .. } | Error::Registration { .. } => None,
        }
    }
}
