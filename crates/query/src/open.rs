//! A connection is opened: socket, TLS, authentication; and a running statement is cancelled.
//!
//! The driver's own `connect` is not used, because the [`Tap`] must sit between the driver and TLS.
//! What it did beyond the protocol is done here: the list of hosts, keepalives, the time limit.

mod clear;
mod password;
mod socket;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use bytes::BytesMut;
use postgres_protocol::message::frontend;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::lookup_host;
use tokio::time::timeout;
use tokio_postgres::config::{self, Config, SslMode, SslNegotiation};
use tokio_postgres::{Client, Connection};

use self::password::Known;
use self::socket::{AsIs, NoSocket, Socket, connect};
use crate::secret::Secret;
use crate::target::token;
use crate::target::{Address, ChannelBinding as Binding, Host, Settings, TlsMode};
use crate::tls;
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
    /// The server asks for a password and none is known; why not, place by place.
    PasswordNeeded { host: Host, missing: Vec<String> },
    /// The server refused, in its own words.
    Refused { host: Host, report: Box<Report> },
    /// Everything else, host by host.
    Unreachable(String),
}

/// Opens a connection to the first server that answers.
pub(crate) async fn open(
    settings: &Settings,
    password: Option<&Secret>,
) -> Result<Opened, OpenError> {
    let limit = settings.connect_timeout;
    let late = || format!("no answer within {} s (connect_timeout)", limit.as_secs());
    let mut failures = Vec::new();
    let mut hosts = settings.hosts.clone();
    if settings.shuffle {
        shuffle(&mut hosts);
    }
    for host in &hosts {
        let mut addresses = match timeout(limit, resolve(host)).await {
            Ok(Ok(addresses)) => addresses,
            Ok(Err(why)) => {
                failures.push(format!("{}: {why}", host.describe()));
                continue;
            }
            Err(_) => {
                failures.push(format!("{}: {}", host.describe(), late()));
                continue;
            }
        };
        if settings.shuffle {
            shuffle(&mut addresses);
        }
        let known = match password {
            Some(password) => Known::from(password.clone()),
            None => password::find(settings, host).await,
        };
        let password = known.password.as_ref();
        for address in &addresses {
            let told = match &address.place {
                Address::Tcp(_, Some(ip)) if addresses.len() > 1 => {
                    format!("{} ({ip})", host.describe())
                }
                _ => host.describe(),
            };
            match timeout(limit, open_host(settings, address, password)).await {
                Ok(Ok(mut opened)) => {
                    opened.expires = password.and_then(|known| token::expiry(known.expose()));
                    return Ok(opened);
                }
                // It is starting or stopping: as in libpq, the next one is asked.
                Ok(Err(OpenError::Refused { report, .. })) if report.code == "57P03" => {
                    failures.push(format!("{told}: {}", report.message));
                }
                Ok(Err(OpenError::Unreachable(why))) => failures.push(format!("{told}: {why}")),
                Ok(Err(OpenError::PasswordNeeded { host, .. })) => {
                    let missing = known.missing;
                    return Err(OpenError::PasswordNeeded { host, missing });
                }
                // A server that answers is the server: the next is for when it does not.
                Ok(Err(refused)) => return Err(refused),
                Err(_) => failures.push(format!("{told}: {}", late())),
            }
        }
    }
    Err(OpenError::Unreachable(failures.join("\n")))
}

/// The addresses of a host: each is tried, and the one that answers is also where a request to
/// cancel goes.
async fn resolve(host: &Host) -> Result<Vec<Host>, String> {
    let Address::Tcp(name, None) = &host.place else {
        return Ok(vec![host.clone()]);
    };
    let found = lookup_host((name.as_str(), host.port))
        .await
        .map_err(|error| error.to_string())?;
    let mut hosts: Vec<Host> = Vec::new();
    for address in found {
        let place = Address::Tcp(name.clone(), Some(address.ip()));
        if !hosts.iter().any(|known| known.place == place) {
            hosts.push(Host {
                place,
                port: host.port,
            });
        }
    }
    Ok(hosts)
}

fn shuffle<T>(list: &mut [T]) {
    for at in (1..list.len()).rev() {
        // Each of these has keys of its own.
        let random = RandomState::new().build_hasher().finish();
        list.swap(at, (random % (at as u64 + 1)) as usize);
    }
}

/// Opens a connection to one address: with TLS or without, and where the mode says so the other
/// way when the first does not work.
async fn open_host(
    settings: &Settings,
    host: &Host,
    password: Option<&Secret>,
) -> Result<Opened, OpenError> {
    let (tls, other) = match (&host.place, settings.tls.mode) {
        // As in libpq: nobody listens on a Unix socket, so TLS is not asked for there.
        (Address::Socket(_), _) | (_, TlsMode::Disable) => (false, None),
        (_, TlsMode::Allow) => (false, Some(true)),
        (_, TlsMode::Prefer) => (true, Some(false)),
        (_, TlsMode::Require | TlsMode::VerifyCa | TlsMode::VerifyFull) => (true, None),
    };
    let before = match connect(settings, host, tls).await {
        Err(NoSocket::Network(why)) => return Err(OpenError::Unreachable(why)),
        Err(NoSocket::Tls(why)) => match other {
            Some(_) => why,
            None => return Err(OpenError::Unreachable(why)),
        },
        Ok(socket) => match start(settings, host, password, socket).await {
            // 28000: no pg_hba.conf entry for this kind of connection.
            Err(OpenError::Refused { report, .. }) if report.code == "28000" && other.is_some() => {
                report.message
            }
            outcome => return outcome,
        },
    };
    let tls = other.unwrap_or(tls);
    let second = match connect(settings, host, tls).await {
        Ok(socket) => start(settings, host, password, socket).await,
        Err(NoSocket::Network(why) | NoSocket::Tls(why)) => Err(OpenError::Unreachable(why)),
    };
    let (this, that) = match tls {
        true => ("with TLS", "without"),
        false => ("without TLS", "with"),
    };
    let both = |why: &str| format!("{this}: {why}; {that}: {before}");
    second.map_err(|error| match error {
        OpenError::Refused { host, mut report } => {
            if report.message != before {
                report.message = both(&report.message);
            }
            OpenError::Refused { host, report }
        }
        OpenError::Unreachable(why) => OpenError::Unreachable(both(&why)),
        needed @ OpenError::PasswordNeeded { .. } => needed,
    })
}

/// Logs in on a socket.
async fn start(
    settings: &Settings,
    host: &Host,
    password: Option<&Secret>,
    socket: Socket,
) -> Result<Opened, OpenError> {
    let encrypted = socket.is_encrypted();
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
        Err(error) if wants_password(&error) => Err(OpenError::PasswordNeeded {
            host: host.clone(),
            missing: Vec::new(),
        }),
        Err(error) => {
            // The tap has the server's own report, if it made one.
            while let Ok(event) = events.try_recv() {
                if let Event::Error(report) = event {
                    return Err(OpenError::Refused {
                        host: host.clone(),
                        report,
                    });
                }
            }
            Err(OpenError::Unreachable(tls::explain(
                &settings.tls,
                &cause(&error),
            )))
        }
    }
}

/// True where the driver wanted a password and had none.
fn wants_password(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|cause| cause.to_string() == "password missing")
}

/// The innermost cause of the driver's error, which says more than the driver does.
fn cause(error: &tokio_postgres::Error) -> String {
    let mut innermost: &dyn std::error::Error = error;
    while let Some(error) = innermost.source() {
        innermost = error;
    }
    innermost.to_string()
}

/// What the server sent that is none of the protocol, where that is the driver's error.
pub(crate) fn not_understood(error: &tokio_postgres::Error) -> Option<String> {
    let cause = std::error::Error::source(error)?.downcast_ref::<io::Error>()?;
    (cause.kind() == io::ErrorKind::InvalidData).then(|| cause.to_string())
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

/// Asks the server to cancel what the process of the key runs, and waits until the server has closed
/// the connection that carried the request: after that the request cannot hit a later statement.
/// From the moment when `sent` is set it may.
pub(crate) async fn cancel(
    settings: &Settings,
    host: &Host,
    encrypted: bool,
    (process, secret): (i32, i32),
    sent: &AtomicBool,
) -> Result<(), String> {
    let request = async {
        let mut socket = match connect(settings, host, encrypted).await {
            Ok(socket) => socket,
            Err(NoSocket::Network(why) | NoSocket::Tls(why)) => return Err(why),
        };
        let mut message = BytesMut::new();
        frontend::cancel_request(process, secret, &mut message);
        sent.store(true, Ordering::Relaxed);
        let sending = async {
            socket.write_all(&message).await?;
            socket.flush().await?;
            let mut rest = [0; 64];
            while socket.read(&mut rest).await? > 0 {}
            Ok::<(), io::Error>(())
        };
        match sending.await {
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
