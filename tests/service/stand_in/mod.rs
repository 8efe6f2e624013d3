//! A stand-in for Adobe Experience Platform's Query Service: it speaks PostgreSQL's protocol with
//! that service's limits and manners, and knows a few tables.
//!
//! What it does is what the service's public documentation says (Experience League, "Query
//! Service": guardrails, SSL modes, troubleshooting guide, writing queries, syntax); where that
//! leaves something open, the stand-in refuses, so that no client comes to rely on it.

mod catalog;
mod certificate;
mod connection;
mod select;
mod statement;
mod tables;
mod talk;
mod token;
mod tokens;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::sync::broadcast;
use tokio::task::JoinHandle;
use tokio::time::sleep;

pub(crate) use token::token;

/// The organization that may log in.
pub(crate) const USER: &str = "ECBB80245ECFC73E8A095EC9@AdobeOrg";
/// A name of the host that the certificate is for, beside `localhost`.
pub(crate) const HOST: &str = "acme.platform.adobe.io";

/// What a service may do or leave, where that differs from day to day or is not known.
#[derive(Clone)]
pub(crate) struct Quirks {
    /// The server's version, as it reports it.
    pub(crate) version: &'static str,
    /// So long it takes to say the first word.
    pub(crate) slow: Duration,
    /// So long a query of a table takes.
    pub(crate) works: Duration,
    /// After so long a query is ended.
    pub(crate) time_limit: Duration,
    /// Sessions that the licence allows at a time.
    pub(crate) sessions: usize,
    /// Whether PostgreSQL's catalog answers the queries of psql 10.
    pub(crate) catalog: bool,
    /// Whether a session is given the key that a request to cancel needs.
    pub(crate) key: bool,
    /// Whether notices and settings stand among the rows.
    pub(crate) chatty: bool,
}

/// How an idle session is ended.
#[derive(Clone, Copy)]
pub(crate) enum End {
    /// The connection closes, and nothing is said.
    Silent,
    /// With an error that says so.
    Fatal,
}

/// What has reached the service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    /// Connections, whatever came of them.
    pub(crate) dials: usize,
    /// Sessions asked for without TLS.
    pub(crate) plain: usize,
    pub(crate) logins: Vec<Login>,
    /// Query strings as they came.
    pub(crate) queries: Vec<String>,
    /// Queries that were worked on to their end, whoever was still there to hear of it.
    pub(crate) finished: usize,
    /// Messages of the extended protocol.
    pub(crate) extended: usize,
    /// Requests to cancel.
    pub(crate) cancels: usize,
}

/// The words of one login, to the byte.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Login {
    pub(crate) user: String,
    pub(crate) database: String,
    pub(crate) password: String,
}

/// A running service; it ends when this is dropped.
pub(crate) struct Service {
    pub(crate) port: u16,
    /// The token that may log in.
    pub(crate) token: String,
    folder: TempDir,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
}

/// What all connections know.
struct Shared {
    quirks: Quirks,
    /// The passwords that may log in.
    passwords: Mutex<Vec<String>>,
    log: Mutex<Log>,
    tables: Mutex<tables::Tables>,
    sessions: Mutex<usize>,
    ends: broadcast::Sender<End>,
}

impl Default for Quirks {
    fn default() -> Quirks {
        Quirks {
            version: "0.1.0",
            slow: Duration::ZERO,
            works: Duration::ZERO,
            time_limit: Duration::from_secs(600),
            sessions: 10,
            catalog: true,
            key: true,
            chatty: false,
        }
    }
}

impl Quirks {
    /// The ordinary service, with or without PostgreSQL's catalog.
    pub(crate) fn of_catalog(catalog: bool) -> Quirks {
        Quirks {
            catalog,
            ..Quirks::default()
        }
    }
}

impl Service {
    /// Starts it on a free port of this machine.
    pub(crate) async fn start(quirks: Quirks) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let token = token(SystemTime::now(), Duration::from_secs(24 * 3600));
        let shared = Arc::new(Shared {
            quirks,
            passwords: Mutex::new(vec![token.clone()]),
            log: Mutex::default(),
            tables: Mutex::new(tables::tables()),
            sessions: Mutex::default(),
            ends: broadcast::channel(1).0,
        });
        let task = tokio::spawn(connection::listen(listener, shared.clone()));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("root.crt"), certificate::authority()).unwrap();
        Service {
            port,
            token,
            folder,
            shared,
            task,
        }
    }

    /// The file with the authority that signed the certificate.
    pub(crate) fn root_certificate(&self) -> PathBuf {
        self.folder.path().join("root.crt")
    }

    /// From now on this password may log in, too.
    pub(crate) fn accept(&self, password: &str) {
        lock(&self.shared.passwords).push(password.to_owned());
    }

    /// From now on the passwords of before are refused.
    pub(crate) fn revoke(&self) {
        lock(&self.shared.passwords).clear();
    }

    /// What has reached it so far.
    pub(crate) fn log(&self) -> Log {
        lock(&self.shared.log).clone()
    }

    /// Ends all sessions that idle; returns when that has happened, and word of it has got round.
    pub(crate) async fn end_sessions(&self, end: End) {
        // Where nobody listens, no session is open.
        let _ = self.shared.ends.send(end);
        while *lock(&self.shared.sessions) > 0 {
            sleep(Duration::from_millis(5)).await;
        }
        sleep(Duration::from_millis(50)).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
