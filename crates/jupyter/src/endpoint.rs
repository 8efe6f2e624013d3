//! Where a socket listens: TCP, or a Unix socket for the `ipc` transport.

use std::fmt;
use std::io;
#[cfg(unix)]
use std::path::PathBuf;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// A connection of either transport.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// The address of one socket.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Endpoint {
    /// Host and port; port 0 is any free one.
    Tcp(String, u16),
    /// The path is the first part, a dash, and the number; number 0 is the first free one.
    #[cfg(unix)]
    Ipc(String, u16),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Endpoint::Tcp(host, port) => write!(f, "tcp://{host}:{port}"),
            #[cfg(unix)]
            Endpoint::Ipc(prefix, number) => write!(f, "ipc://{prefix}-{number}"),
        }
    }
}

impl Endpoint {
    /// Connects to someone who listens there.
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Duplex>> {
        Ok(match self {
            Endpoint::Tcp(host, port) => {
                let stream = TcpStream::connect((host.as_str(), *port)).await?;
                stream.set_nodelay(true)?;
                Box::new(stream)
            }
            #[cfg(unix)]
            Endpoint::Ipc(prefix, number) => {
                Box::new(UnixStream::connect(path(prefix, *number)).await?)
            }
        })
    }

    /// Listens there.
    pub(crate) async fn listen(&self) -> io::Result<Listener> {
        match self {
            Endpoint::Tcp(host, port) => {
                // ZeroMQ's way to say "on every interface".
                let host = if host == "*" { "0.0.0.0" } else { host };
                Ok(Listener::Tcp(TcpListener::bind((host, *port)).await?))
            }
            #[cfg(unix)]
            Endpoint::Ipc(prefix, 0) => {
                let mut last = io::Error::from(io::ErrorKind::AddrInUse);
                for number in 1..=u16::MAX {
                    match UnixListener::bind(path(prefix, number)) {
                        Ok(inner) => return Ok(Listener::ipc(inner, prefix, number)),
                        Err(error) => last = error,
                    }
                    if last.kind() != io::ErrorKind::AddrInUse {
                        break;
                    }
                }
                Err(last)
            }
            #[cfg(unix)]
            Endpoint::Ipc(prefix, number) => {
                let path = path(prefix, *number);
                // A killed kernel leaves its socket files behind; one that answers is in use.
                if UnixStream::connect(&path).await.is_err() {
                    match std::fs::remove_file(&path) {
                        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                        _ => {}
                    }
                }
                Ok(Listener::ipc(UnixListener::bind(path)?, prefix, *number))
            }
        }
    }
}

#[cfg(unix)]
fn path(prefix: &str, number: u16) -> PathBuf {
    format!("{prefix}-{number}").into()
}

/// A socket that listens.
pub(crate) enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Ipc(SocketFile),
}

/// A Unix listener and its file, which goes when it goes.
#[cfg(unix)]
pub(crate) struct SocketFile {
    inner: UnixListener,
    prefix: String,
    number: u16,
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        // Nothing is lost where it is gone already.
        let _ = std::fs::remove_file(path(&self.prefix, self.number));
    }
}

impl Listener {
    #[cfg(unix)]
    fn ipc(inner: UnixListener, prefix: &str, number: u16) -> Self {
        let prefix = prefix.to_owned();
        Listener::Ipc(SocketFile {
            inner,
            prefix,
            number,
        })
    }

    /// The port (or number of the socket file) it got.
    pub(crate) fn port(&self) -> io::Result<u16> {
        match self {
            Listener::Tcp(inner) => Ok(inner.local_addr()?.port()),
            #[cfg(unix)]
            Listener::Ipc(file) => Ok(file.number),
        }
    }

    /// The next connection.
    pub(crate) async fn accept(&self) -> io::Result<Box<dyn Duplex>> {
        match self {
            Listener::Tcp(inner) => {
                let (stream, _) = inner.accept().await?;
                // Refused only where the other side has gone, as its conversation will find.
                let _ = stream.set_nodelay(true);
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            Listener::Ipc(file) => {
                let (stream, _) = file.inner.accept().await?;
                Ok(Box::new(stream))
            }
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Listener::Tcp(inner) => match inner.local_addr() {
                Ok(address) => write!(f, "tcp://{address}"),
                Err(_) => f.write_str("tcp"),
            },
            #[cfg(unix)]
            Listener::Ipc(file) => write!(f, "ipc://{}-{}", file.prefix, file.number),
        }
    }
}

#[cfg(all(test, unix))]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_stale_socket_file_gives_way_and_a_living_one_does_not() {
        let prefix = format!(
            "{}/jupyter-{}",
            std::env::temp_dir().display(),
            uuid::Uuid::new_v4()
        );
        let endpoint = Endpoint::Ipc(prefix.clone(), 3);
        std::fs::write(path(&prefix, 3), "").unwrap();
        let listener = endpoint.listen().await.unwrap();
        let error = endpoint.listen().await.err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(listener);
        assert!(!path(&prefix, 3).exists());
        let first = Endpoint::Ipc(prefix.clone(), 0).listen().await.unwrap();
        let second = Endpoint::Ipc(prefix, 0).listen().await.unwrap();
        assert_eq!((first.port().unwrap(), second.port().unwrap()), (1, 2));
    }
}
