//! A connection is opened: socket, TLS, authentication; and a running statement is cancelled.
//!
//! The driver's own `connect` is not used, because the [`Tap`] must sit between the driver and TLS.
//! What it did beyond the protocol is done here: the list of hosts, keepalives, the time limit.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use postgres_native_tls::TlsStream as NativeTlsStream;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;
use tokio_postgres::config::{self, Config, SslMode, SslNegotiation};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_postgres::{Client, Connection};

use crate::secret::Secret;
use crate::target::{Address, ChannelBinding as Binding, Host, Settings, TlsMode};
use crate::target::{passfile, token};
use crate::tls::{connector, failed};
use crate::wire::{CopyIn, Event, Events, Report, Tap};

/// A cancel request is one small message; a server that has not taken it by then will not.
const CANCEL_TIMEOUT: Duration = Duration::from_secs(10);

/// A connection, and what is needed to listen to it.
pub(crate) struct Opened {
    pub(crate) client: Client,
    pub(crate) connection: Connection<Tap<Socket>, Tap<Socket>>,
    pub(crate) events: Events,
    pub(crate) copy_in: CopyIn,
    /// The host that answered.
    pub(crate) host: Host,
    pub(crate) encrypted: bool,
    /// When the password expires, where it says so.
    pub(crate) expires: Option<SystemTime>,
}

/// Why a connection could not be opened.
#[derive(Debug)]
pub(crate) enum OpenError {
    /// The server asks for a password and none is known.
    PasswordNeeded { host: Host },
    /// The server refused, in its own words.
    Refused { host: Host, report: Box<Report> },
    /// Everything else, host by host.
    Unreachable(String),
}

/// Opens a connection to the first host that answers.
pub(crate) async fn open(
    settings: &Settings,
    password: Option<&Secret>,
) -> Result<Opened, OpenError> {
    let mut failures = Vec::new();
    for host in &settings.hosts {
        let attempt = async {
            let known = match password {
                Some(password) => Some(password.clone()),
                None => known_password(settings, host)
                    .await
                    .map_err(OpenError::Unreachable)?,
            };
            let mut opened = open_host(settings, host, known.as_ref()).await?;
            opened.expires = known.and_then(|password| token::expiry(password.expose()));
            Ok(opened)
        };
        match timeout(settings.connect_timeout, attempt).await {
            Ok(Ok(opened)) => return Ok(opened),
            // A server that answers is the server: the next host is for when it does not.
            Ok(Err(error @ (OpenError::PasswordNeeded { .. } | OpenError::Refused { .. }))) => {
                return Err(error);
            }
            Ok(Err(OpenError::Unreachable(why))) => {
                failures.push(format!("{}: {why}", host.describe()));
            }
            Err(_) => failures.push(format!(
                "{}: no answer within {} s (connect_timeout)",
                host.describe(),
                settings.connect_timeout.as_secs()
            )),
        }
    }
    Err(OpenError::Unreachable(failures.join("\n")))
}

/// The password that was given, that the command prints, or that the password file has.
async fn known_password(settings: &Settings, host: &Host) -> Result<Option<Secret>, String> {
    if settings.password.is_some() {
        return Ok(settings.password.clone());
    }
    if let Some(command) = &settings.password_command {
        return printed(command.expose()).await.map(Some);
    }
    let Some(path) = &settings.passfile else {
        return Ok(None);
    };
    let name = match &host.place {
        Address::Tcp(name, _) => name.clone(),
        Address::Socket(folder) => match folder.to_str() {
            // As in libpq, the usual folders go by this name.
            Some("/var/run/postgresql" | "/tmp") | None => "localhost".into(),
            Some(folder) => folder.to_owned(),
        },
    };
    passfile::find(path, &name, host.port, &settings.database, &settings.user)
}

/// The first line that a command of the shell prints.
async fn printed(command: &str) -> Result<Secret, String> {
    let run = tokio::process::Command::new("sh")
        .args(["-c", command])
        .stdin(std::process::Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = run
        .await
        .map_err(|error| format!("password_command: {error}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "password_command ended with {}: {}",
            output.status,
            why.trim()
        ));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err("password_command printed nothing".into()),
    }
}

async fn open_host(
    settings: &Settings,
    host: &Host,
    password: Option<&Secret>,
) -> Result<Opened, OpenError> {
    // `allow` asks in plain first, `prefer` with TLS first; both come back the other way.
    let (first, second) = match settings.tls.mode {
        TlsMode::Allow => (false, Some(true)),
        TlsMode::Disable => (false, None),
        TlsMode::Prefer => (true, Some(false)),
        TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull => (true, None),
    };
    match (open_stream(settings, host, password, first).await, second) {
        // 28000: no pg_hba.conf entry for this kind of connection.
        (Err(OpenError::Refused { report, .. }), Some(second)) if report.code == "28000" => {
            open_stream(settings, host, password, second).await
        }
        (outcome, _) => outcome,
    }
}

async fn open_stream(
    settings: &Settings,
    host: &Host,
    password: Option<&Secret>,
    tls: bool,
) -> Result<Opened, OpenError> {
    let socket = connect(settings, host, tls)
        .await
        .map_err(OpenError::Unreachable)?;
    let encrypted = matches!(socket, Socket::Tls(_));
    let (tap, mut events, copy_in) = Tap::new(socket);

    let mut config = Config::new();
    config
        .user(&settings.user)
        .dbname(&settings.database)
        .application_name(&settings.application_name)
        // TLS is there already, or is not to be: the driver takes the stream as it is.
        .ssl_mode(SslMode::Require)
        .ssl_negotiation(SslNegotiation::Direct)
        .channel_binding(match settings.channel_binding {
            Binding::Disable => config::ChannelBinding::Disable,
            Binding::Prefer => config::ChannelBinding::Prefer,
            Binding::Require => config::ChannelBinding::Require,
        });
    if let Some(password) = password {
        config.password(password.expose());
    }
    if let Some(options) = &settings.options {
        config.options(options);
    }
    match config.connect_raw(tap, AsIs).await {
        Ok((client, connection)) => Ok(Opened {
            client,
            connection,
            events,
            copy_in,
            host: host.clone(),
            encrypted,
            expires: None,
        }),
        Err(error) if wants_password(&error) => {
            Err(OpenError::PasswordNeeded { host: host.clone() })
        }
        Err(error) => {
            // The tap has the server's own report, if it made one.
            while let Ok(seen) = events.try_recv() {
                if let Event::Error(report) = seen.event {
                    return Err(OpenError::Refused {
                        host: host.clone(),
                        report,
                    });
                }
            }
            Err(OpenError::Unreachable(reason(&error)))
        }
    }
}

/// True where the driver wanted a password and had none.
fn wants_password(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.to_string() == "password missing")
}

/// The driver's error with its causes: alone it says little more than "db error".
pub(crate) fn reason(error: &tokio_postgres::Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// Asks the server to cancel what `process` runs, and waits until the server has closed the
/// connection that carried the request: after that the request cannot hit a later statement.
pub(crate) async fn cancel(
    settings: &Settings,
    host: &Host,
    encrypted: bool,
    process: i32,
    secret: i32,
) -> Result<(), String> {
    let request = async {
        let mut socket = connect(settings, host, encrypted).await?;
        let mut message = BytesMut::new();
        frontend::cancel_request(process, secret, &mut message);
        let sent = async {
            socket.write_all(&message).await?;
            socket.flush().await?;
            let mut rest = [0; 64];
            while socket.read(&mut rest).await? > 0 {}
            Ok::<(), io::Error>(())
        };
        match sent.await {
            // Some servers close so abruptly that the reading fails: closed is closed.
            Err(error) if error.kind() != io::ErrorKind::ConnectionReset => Err(error.to_string()),
            _ => Ok(()),
        }
    };
    match timeout(CANCEL_TIMEOUT, request).await {
        Ok(outcome) => outcome,
        Err(_) => Err("the server did not take the request to cancel".into()),
    }
}

/// A socket to the host, with TLS where asked for.
async fn connect(settings: &Settings, host: &Host, tls: bool) -> Result<Socket, String> {
    let mut stream = match &host.place {
        Address::Socket(folder) => {
            let path = folder.join(format!(".s.PGSQL.{}", host.port));
            let stream = UnixStream::connect(&path)
                .await
                .map_err(|error| format!("{}: {error}", path.display()))?;
            // As in libpq: nobody listens on a Unix socket, so TLS is not asked for there.
            return Ok(Socket::Unix(stream));
        }
        Address::Tcp(_, Some(address)) => TcpStream::connect((*address, host.port)).await,
        Address::Tcp(name, None) => TcpStream::connect((name.as_str(), host.port)).await,
    }
    .map_err(|error| error.to_string())?;
    keep_alive(&stream).map_err(|error| error.to_string())?;
    if !tls {
        return Ok(Socket::Tcp(stream));
    }

    let mut request = BytesMut::new();
    frontend::ssl_request(&mut request);
    stream
        .write_all(&request)
        .await
        .map_err(|error| error.to_string())?;
    let answer = stream.read_u8().await.map_err(|error| {
        format!("{error}, when asked for TLS; is this the port of a PostgreSQL server?")
    })?;
    match answer {
        b'S' => {}
        _ if settings.tls.mode == TlsMode::Prefer => return Ok(Socket::Tcp(stream)),
        b'N' => {
            return Err("the server offers no TLS, and sslmode requires it \
                 (sslmode=disable connects without)"
                .into());
        }
        _ => {
            return Err("this is not a PostgreSQL server: its answer is not the protocol's".into());
        }
    }
    let connector = connector(&settings.tls)?;
    let name = match &host.place {
        Address::Tcp(name, _) => name.as_str(),
        Address::Socket(_) => "localhost",
    };
    let stream = postgres_native_tls::TlsConnector::new(connector, name)
        .connect(stream)
        .await
        .map_err(|error| failed(&settings.tls, name, &error))?;
    Ok(Socket::Tls(Box::new(stream)))
}

/// A dead peer is noticed after about a minute and a half, also while nothing is sent.
fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keepalive = socket2::TcpKeepalive::new()
        .with_time(Duration::from_secs(45))
        .with_interval(Duration::from_secs(15))
        .with_retries(3);
    socket2::SockRef::from(stream).set_tcp_keepalive(&keepalive)
}

/// A stream to a server, of whichever kind.
pub(crate) enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
    Tls(Box<NativeTlsStream<TcpStream>>),
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_read(cx, out),
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
            Socket::Tcp(stream) => Pin::new(stream).poll_write(cx, data),
            Socket::Unix(stream) => Pin::new(stream).poll_write(cx, data),
            Socket::Tls(stream) => Pin::new(stream).poll_write(cx, data),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_flush(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Socket::Tcp(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Unix(stream) => Pin::new(stream).poll_shutdown(cx),
            Socket::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl TlsStream for Socket {
    fn channel_binding(&self) -> ChannelBinding {
        match self {
            Socket::Tls(stream) => stream.channel_binding(),
            Socket::Tcp(_) | Socket::Unix(_) => ChannelBinding::none(),
        }
    }
}

/// Takes the stream for secured, as it is.
struct AsIs;

impl TlsConnect<Tap<Socket>> for AsIs {
    type Stream = Tap<Socket>;
    type Error = io::Error;
    type Future = Ready<io::Result<Tap<Socket>>>;

    fn connect(self, stream: Tap<Socket>) -> Self::Future {
        ready(Ok(stream))
    }
}
