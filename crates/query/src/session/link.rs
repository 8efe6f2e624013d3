//! An open connection: what is known of it, and what comes on it while nothing runs.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::SystemTime;

use futures_util::{FutureExt, Stream, StreamExt};
use tokio::task::{JoinHandle, yield_now};
use tokio_postgres::{Client, SimpleQueryStream};

use super::exchange::Cancel;
use super::greetings::Greetings;
use crate::query_service;
use crate::split::Dialect;
use crate::target::{Host, Settings};
use crate::wire::{CopyIn, Event, Events, Report, Transaction};

/// Settings that a server may report: PostgreSQL has some fifteen, …
const PARAMETERS: usize = 200;
/// … each a short word.
const PARAMETER: usize = 64 << 10;

/// How a connection ended at a question of our own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// The server closed it.
    Closed,
    /// The server did not answer.
    Silent,
}

/// An open connection.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) driver: JoinHandle<()>,
    pub(super) wire: Wire,
    pub(super) copy_in: CopyIn,
    pub(super) settings: Settings,
    pub(super) host: Host,
    pub(super) encrypted: bool,
    /// The protocol and cipher of TLS, where the server has told.
    pub(super) tls: Option<String>,
    pub(super) expires: Option<SystemTime>,
    /// What a request to cancel must carry: process and secret.
    pub(super) key: (i32, i32),
    pub(super) parameters: Vec<(String, String)>,
    /// Notices and notifications that came while nobody asked; told with the next statement.
    pub(super) greetings: Greetings,
    /// The last report that ends a session.
    pub(super) last_report: Option<Report>,
    /// What the server sent that is none of the protocol, where that ended the connection.
    pub(super) broken: Arc<OnceLock<String>>,
    /// A request to cancel on its way.
    pub(super) cancel: Option<Cancel>,
    /// Of one it is not known whether it may still come to the server.
    pub(super) doubtful: bool,
    /// The connection has ended at a question of our own.
    pub(super) over: Option<Over>,
    /// It began in UTF-8, as was asked for.
    pub(super) unicode: bool,
    /// The transaction as the last statement has left it.
    pub(super) transaction: Transaction,
    /// Each statement runs in a read-only transaction.
    pub(super) held: bool,
}

impl Link {
    /// Keeps what comes between statements.
    pub(super) fn note(&mut self, event: Event) {
        match event {
            Event::Key { process, secret } => self.key = (process, secret),
            Event::Parameter { name, value } => {
                self.parameters.retain(|(known, _)| *known != name);
                if self.parameters.len() < PARAMETERS && name.len() + value.len() < PARAMETER {
                    self.parameters.push((name, value));
                }
            }
            Event::Error(report) => self.last_report = Some(*report),
            // A crash ends all sessions with a mere warning.
            Event::Notice(report) if report.is_fatal() => self.last_report = Some(*report),
            Event::Notice(_) | Event::Notification { .. } => self.greetings.keep(event),
            _ => {}
        }
    }

    pub(super) fn is_query_service(&self) -> bool {
        query_service::is_it(
            &self.host,
            self.parameter("server_version").unwrap_or_default(),
        )
    }

    /// How the server reads SQL.
    pub(super) fn dialect(&self) -> Dialect {
        let spark = self.is_query_service();
        Dialect {
            // Spark's strings have backslashes that escape, where the server does not say else.
            standard_conforming_strings: match self.parameter("standard_conforming_strings") {
                Some(setting) => setting != "off",
                None => !spark,
            },
            spark,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether texts are sent and taken in UTF-8, as far as the server says.
    pub(super) fn speaks_unicode(&self) -> bool {
        let Some(encoding) = self.parameter("client_encoding") else {
            return true;
        };
        let letters = encoding.chars().filter(char::is_ascii_alphanumeric);
        let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
        matches!(name.as_str(), "utf8" | "unicode")
    }

    /// Listens while nothing runs; returns when the connection has ended, with the reason.
    pub(super) async fn idle(&mut self) -> String {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(event) => self.note(event),
                Next::End => return self.why(),
            }
        }
    }

    /// The reason, where the connection has ended and nobody has looked yet.
    pub(super) async fn ended_meanwhile(&mut self) -> Option<String> {
        // The driver reads in a task of its own: once for the runtime to see that something has
        // come, and once for the driver to read it.
        for _ in 0..2 {
            yield_now().await;
        }
        self.idle().now_or_never()
    }

    /// Why the connection ended, in the server's words where it gave any.
    pub(super) fn why(&self) -> String {
        match (&self.last_report, self.broken.get()) {
            (Some(report), _) => report.message.clone(),
            (None, Some(broken)) => format!("{}: {broken}", self.host.describe()),
            (None, None) => format!(
                "{} closed the connection without a word",
                self.host.describe()
            ),
        }
    }
}

/// What the listener has seen; the driver's own answer tells nothing more, but has to be taken from it.
pub(super) struct Wire(pub(super) Events);

pub(super) enum Next {
    Event(Event),
    End,
}

pub(super) type Driver = Option<Pin<Box<SimpleQueryStream>>>;

impl Wire {
    /// What comes next. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self, driver: &mut Driver) -> Next {
        std::future::poll_fn(|cx| self.poll(driver, cx)).await
    }

    fn poll(&mut self, driver: &mut Driver, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(event) = self.0.poll_next_unpin(cx) {
            return Poll::Ready(event.map_or(Next::End, Next::Event));
        }
        while let Some(stream) = driver {
            match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => *driver = None,
                Poll::Pending => break,
            }
        }
        Poll::Pending
    }
}
