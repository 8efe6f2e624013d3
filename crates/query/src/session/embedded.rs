//! The embedded PostgreSQL, as a session needs it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::future::BoxFuture;

use crate::target::{Address, ChannelBinding, Host, SessionKind, Settings, Tls, TlsMode};

/// The embedded PostgreSQL, as whoever has one offers it.
pub trait Embedded: Send + Sync {
    /// Starts it (or finds it running) and says where it is; `None` is the one kept for this
    /// kernel only.
    fn start(&self, folder: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>>;
    /// Ends it at once, whatever it is doing; what is committed stays.
    fn kill(&self, folder: Option<&Path>) -> BoxFuture<'static, ()>;
}

/// Where an embedded PostgreSQL is reached.
#[derive(Clone, Debug)]
pub struct Embedding {
    /// The folder of its Unix socket.
    pub socket: PathBuf,
    /// The number in the socket's file name.
    pub port: u16,
    /// The user to log in as.
    pub user: String,
    /// The database.
    pub database: String,
    /// Why the data of the one before is gone, where this is a new one in its place.
    pub gone: Option<String>,
}

impl Settings {
    /// The way to an embedded PostgreSQL.
    pub(super) fn embedded(place: Embedding) -> Self {
        Settings {
            hosts: vec![Host {
                place: Address::Socket(place.socket),
                port: place.port,
            }],
            shuffle: false,
            session: SessionKind::Any,
            user: place.user,
            password: None,
            passfile: None,
            password_keyring: None,
            password_command: None,
            names_command: false,
            database: place.database,
            tls: Tls {
                mode: TlsMode::Disable,
                root_certificate: None,
                certificate: None,
                key: None,
                key_password: None,
                sni: true,
                min_version: None,
                max_version: None,
            },
            channel_binding: ChannelBinding::Prefer,
            timeout: None,
            read_only: false,
            confirm: false,
            connect_timeout: Duration::from_secs(60),
            application_name: "rowcell".into(),
            options: None,
        }
    }
}
