//! The stream to a server: TCP, TLS over it, or a Unix socket.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::BytesMut;
use postgres_native_tls::TlsStream as NativeTlsStream;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

use super::clear::ClearWatch;
use crate::target::{Address, Host, Settings, TlsMode};
use crate::tls::{connector, failed};
use crate::wire::Tap;

/// Why there is no stream.
pub(super) enum NoSocket {
    /// Nobody answers there, or nobody who knows the protocol.
    Network(String),
    /// The server is there, but TLS with it is not to be had.
    Tls(String),
}

/// A socket to the host, with TLS where asked for.
pub(super) async fn connect(
    settings: &Settings,
    host: &Host,
    tls: bool,
) -> Result<Socket, NoSocket> {
    let network = |error: io::Error| NoSocket::Network(error.to_string());
    let (name, stream) = match &host.place {
        Address::Socket(folder) => {
            let path = folder.join(format!(".s.PGSQL.{}", host.port));
            let stream = UnixStream::connect(&path).await;
            let told = |error| NoSocket::Network(format!("{}: {error}", path.display()));
            return stream.map(Socket::Unix).map_err(told);
        }
        Address::Tcp(name, Some(ip)) => (name, TcpStream::connect((*ip, host.port)).await),
        Address::Tcp(name, None) => (name, TcpStream::connect((name.as_str(), host.port)).await),
    };
    let mut stream = stream.map_err(network)?;
    keep_alive(&stream).map_err(network)?;
    let mode = settings.tls.mode;
    // Whoever says sslmode=disable has said that the password may go in clear.
    let watch = mode != TlsMode::Disable && !host.is_this_machine();
    let plain = |stream| Socket::Tcp(stream, watch.then(ClearWatch::new));
    if !tls {
        return Ok(plain(stream));
    }

    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream.write_all(&request).await.map_err(network)?;
    let answer = stream.read_u8().await.map_err(|error| {
        NoSocket::Network(format!(
            "{error}, when asked for TLS; is this the port of a PostgreSQL server?"
        ))
    })?;
    match answer {
        b'S' => {}
        b'N' if matches!(mode, TlsMode::Allow | TlsMode::Prefer) => return Ok(plain(stream)),
        b'N' => {
            return Err(NoSocket::Tls(
                "the server offers no TLS, and sslmode requires it \
                 (sslmode=disable connects without)"
                    .into(),
            ));
        }
        // As libpq: a server too old to know the question answers with an error.
        b'E' => return Err(NoSocket::Tls("the server does not know TLS".into())),
        _ => {
            return Err(NoSocket::Network(
                "this is not a PostgreSQL server: its answer is not the protocol's".into(),
            ));
        }
    }
    let connector = connector(&settings.tls).map_err(NoSocket::Tls)?;
    let stream = postgres_native_tls::TlsConnector::new(connector, name)
        .connect(stream)
        .await
        .map_err(|error| NoSocket::Tls(failed(&settings.tls, name, &error)))?;
    Ok(Socket::Tls(Box::new(stream)))
}

/// A dead peer is noticed after about a minute and a half, also while nothing is sent.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(45))
        .with_interval(Duration::from_secs(15))
        .with_retries(3);
    let socket = socket2::SockRef::from(stream);
    // Keepalives are not sent while something waits to be acknowledged.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(Duration::from_secs(90)))?;
    socket.set_tcp_keepalive(&keepalive)
}

/// A stream to a server, of whichever kind.
pub(crate) enum Socket {
    Tcp(TcpStream, Option<ClearWatch>),
    Unix(UnixStream),
    Tls(Box<NativeTlsStream<TcpStream>>),
}

impl Socket {
    pub(super) fn is_encrypted(&self) -> bool {
        matches!(self, Socket::Tls(_))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream, None) => Pin::new(stream).poll_read(cx, out),
            Socket::Tcp(stream, Some(watch)) => {
                let before = out.filled().len();
                let read = Pin::new(stream).poll_read(cx, out);
                if let (Poll::Ready(Ok(())), Some(new)) = (&read, out.filled().get(before..)) {
                    watch.sees(new)?;
                }
                read
            }
            Socket::Unix(stream) => Pin::new(stream).poll_read(cx, out),
            Socket::Tls(stream) => Pin::new(stream).poll_read(cx, out),
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Socket::Tcp(stream, _) => Pin::new(stream).poll_write(cx, data),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, data),
            Socket::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream, _) => Pin::new(stream).poll_flush(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream, _) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl TlsStream for Socket {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Socket::Tls(stream) => stream.channel_binding(),
            Socket::Tcp(..) | Socket::Unix(_) => ChannelBinding::none(),
        }
    }
}

/// Takes the stream for secured, as it is.
pub(super) struct AsIs;

impl TlsConnect<Tap<Socket>> for AsIs {
    type Stream = Tap<Socket>;
    type Error = io::Error;
    type Future = Ready<io::Result<Tap<Socket>>>;

    fn connect(self, stream: Tap<Socket>) -> Self::Future {
        ready(Ok(stream))
    }
}
