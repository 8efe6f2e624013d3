//! One session of PostgreSQL: opened before its client comes, and closed behind it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use pglite_oxide::PgliteServer;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::wire::{self, Message};

/// The role and the database of a new data folder.
pub(crate) const USER: &str = "postgres";
pub(crate) const DATABASE: &str = "postgres";

/// How long a session may take to end. One that computes takes no notice.
const PATIENCE: Duration = Duration::from_secs(5);

/// After its first COPY, `pglite-oxide` hands the socket to PostgreSQL: rows leave as they are made,
/// in pieces of 8 kB, instead of when the statement has ended and all of them are in memory.
const STREAM_FROM_NOW: &str = "copy (select where false) to stdout";

/// Names in a startup packet that are no settings.
const NO_SETTINGS: [&str; 4] = ["user", "database", "replication", "options"];

/// What every session is opened with.
#[derive(Clone)]
pub(crate) struct Engine {
    /// Where `pglite-oxide` finds the data folder and keeps its own things.
    pub(crate) root: PathBuf,
    /// The data folder itself.
    pub(crate) data: PathBuf,
    /// The socket between the front and a session.
    pub(crate) socket: PathBuf,
    /// The time zone that sessions begin with.
    pub(crate) zone: Option<String>,
}

pub(crate) struct Backend {
    server: PgliteServer,
    stream: UnixStream,
    user: String,
    database: String,
    /// What it said to its startup packet, but for the last word: that it is ready.
    greeting: Vec<u8>,
    ready: Message,
}

/// Why there is no session: PostgreSQL's own words.
pub(crate) struct Refusal {
    /// As an `ErrorResponse`, for the client.
    pub(crate) packet: Vec<u8>,
    pub(crate) text: String,
}

impl Backend {
    pub(crate) async fn open(engine: &Engine, user: &str, database: &str) -> Result<Self, Refusal> {
        let builder = PgliteServer::builder()
            .path(&engine.root)
            .unix(&engine.socket)
            .postgres_configs(engine.zone.iter().map(|zone| ("timezone", zone)));
        let server = spawn_blocking(|| builder.start())
            .await
            .map_err(Refusal::new)?
            .map_err(|error| Refusal::new(format!("{error:#}")))?;
        let mut stream = UnixStream::connect(&engine.socket)
            .await
            .map_err(Refusal::new)?;
        let startup = wire::startup(&[
            ("user", user),
            ("database", database),
            ("client_encoding", "UTF8"),
        ]);
        stream.write_all(&startup).await.map_err(Refusal::new)?;
        let mut greeting = Vec::new();
        let ready = until_ready(&mut stream, |message| message.write_to(&mut greeting)).await?;
        stream
            .write_all(&wire::query(STREAM_FROM_NOW))
            .await
            .map_err(Refusal::new)?;
        until_ready(&mut stream, drop).await?;
        Ok(Self {
            server,
            stream,
            user: user.to_owned(),
            database: database.to_owned(),
            greeting,
            ready,
        })
    }

    pub(crate) fn is_for(&self, user: &str, database: &str) -> bool {
        self.user == user && self.database == database
    }

    /// Applies the settings of a client's startup packet, and gives what to answer it.
    pub(crate) async fn greet(
        &mut self,
        settings: &[(String, String)],
    ) -> Result<Vec<u8>, Refusal> {
        let mut answer = self.greeting.clone();
        for (name, value) in settings {
            if NO_SETTINGS.contains(&name.as_str()) || name.starts_with("_pq_.") {
                continue;
            }
            let set = format!(
                "select set_config({}, {}, false)",
                literal(name),
                literal(value)
            );
            self.stream
                .write_all(&wire::query(&set))
                .await
                .map_err(Refusal::new)?;
            until_ready(&mut self.stream, |message| {
                // ParameterStatus: what the client has to know about a setting.
                if message.kind == b'S' {
                    message.write_to(&mut answer);
                }
            })
            .await?;
        }
        self.ready.write_to(&mut answer);
        Ok(answer)
    }

    pub(crate) fn stream(&mut self) -> &mut UnixStream {
        &mut self.stream
    }

    /// Ends the session; what it had open is rolled back. Tells why, where PostgreSQL ended it itself.
    ///
    /// # Errors
    /// It does not end, because a statement is running: only the process can be ended then.
    pub(crate) async fn close(self) -> io::Result<Option<String>> {
        let Self { server, stream, .. } = self;
        // Not a farewell but the end of the stream: a client that died amid a message left half of it.
        drop(stream);
        let closing = spawn_blocking(move || server.shutdown());
        match timeout(PATIENCE, closing).await {
            Ok(Ok(Err(error))) => Ok(Some(error.root_cause().to_string())),
            Ok(_) => Ok(None),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                "a statement is still running",
            )),
        }
    }
}

impl Refusal {
    fn new(error: impl ToString) -> Self {
        let text = error.to_string();
        Self {
            packet: wire::fatal("XX000", &text),
            text,
        }
    }
}

/// Reads messages up to ReadyForQuery, which is handed back.
async fn until_ready(
    stream: &mut UnixStream,
    mut seen: impl FnMut(Message),
) -> Result<Message, Refusal> {
    loop {
        let message = wire::read_message(stream).await.map_err(Refusal::new)?;
        match message.kind {
            b'Z' => return Ok(message),
            b'E' => {
                let mut packet = Vec::new();
                message.write_to(&mut packet);
                return Err(Refusal {
                    text: message.error_text(),
                    packet,
                });
            }
            _ => seen(message),
        }
    }
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
