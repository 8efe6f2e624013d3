//! One connection: TLS, the login in clear under it, then queries, one after the other.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, BytesMut};
use pgwire::messages::data::{DataRow, FieldDescription, RowDescription};
use pgwire::messages::response::{
    CommandComplete, EmptyQueryResponse, NoticeResponse, ReadyForQuery, SslResponse,
    TransactionStatus,
};
use pgwire::messages::startup::{
    Authentication, BackendKeyData, ParameterStatus, SecretKey, Startup,
};
use pgwire::messages::{
    PgWireBackendMessage as Backend, PgWireFrontendMessage as Frontend, SslNegotiationMetaMessage,
};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::sleep;
use tokio_native_tls::{TlsAcceptor, TlsStream};

use super::statement::{Database, Reply};
use super::talk::{Refusal, Talk, refuse};
use super::{End, Login, Shared, USER, certificate, lock, token, tokens};

type Secure = Talk<TlsStream<TcpStream>>;

/// Takes connections for as long as it is let.
pub(super) async fn listen(listener: TcpListener, shared: Arc<Shared>) {
    let acceptor = certificate::acceptor();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&shared.log).dials += 1;
        let (acceptor, shared) = (acceptor.clone(), shared.clone());
        // A client that goes away ends its own connection only.
        tokio::spawn(async move { before_tls(stream, &acceptor, shared).await });
    }
}

/// What comes before TLS: asking for it, or a request to cancel, which is taken and forgotten.
async fn before_tls(
    stream: TcpStream,
    acceptor: &TlsAcceptor,
    shared: Arc<Shared>,
) -> io::Result<()> {
    let mut talk = Talk::new(stream, true);
    loop {
        match talk.receive().await {
            Some(Frontend::SslNegotiation(SslNegotiationMetaMessage::PostgresSsl(_))) => {
                talk.send(Backend::SslResponse(SslResponse::Accept)).await?;
                let stream = acceptor.accept(talk.into_stream()).await;
                return session(Talk::new(stream.map_err(io::Error::other)?, false), shared).await;
            }
            // Not about TLS: the same bytes are read again for what they are.
            Some(Frontend::SslNegotiation(SslNegotiationMetaMessage::None)) => {}
            Some(Frontend::CancelRequest(_)) => {
                lock(&shared.log).cancels += 1;
                return talk.close().await;
            }
            Some(Frontend::Startup(_)) => {
                lock(&shared.log).plain += 1;
                let message = "SSL is required".to_owned();
                talk.refuse(
                    "FATAL",
                    &Refusal {
                        code: "28000",
                        message,
                    },
                )
                .await?;
                return talk.close().await;
            }
            // GSSAPI is not understood at all.
            _ => return Ok(()),
        }
    }
}

/// A session over TLS.
async fn session(mut talk: Secure, shared: Arc<Shared>) -> io::Result<()> {
    let startup = match talk.receive().await {
        Some(Frontend::Startup(startup)) => startup,
        Some(Frontend::CancelRequest(_)) => {
            lock(&shared.log).cancels += 1;
            return talk.close().await;
        }
        _ => return Ok(()),
    };
    sleep(shared.quirks.slow).await;
    talk.send(Backend::Authentication(Authentication::CleartextPassword))
        .await?;
    let Some(Frontend::PasswordMessageFamily(password)) = talk.receive().await else {
        return Ok(());
    };
    let password = password.into_password().map_err(io::Error::other)?.password;
    let (place, database) = match log_in(&startup, password, &shared) {
        Ok(session) => session,
        Err(refusal) => {
            talk.refuse("FATAL", &refusal).await?;
            return talk.close().await;
        }
    };
    talk.feed(Backend::Authentication(Authentication::Ok))
        .await?;
    for (name, value) in [
        ("server_version", shared.quirks.version),
        ("server_encoding", "UTF8"),
        ("client_encoding", "UTF8"),
    ] {
        let status = ParameterStatus::new(name.into(), value.into());
        talk.feed(Backend::ParameterStatus(status)).await?;
    }
    if shared.quirks.key {
        let key = BackendKeyData::new(1, SecretKey::I32(1));
        talk.feed(Backend::BackendKeyData(key)).await?;
    }
    let mut session = Session {
        talk,
        database,
        shared,
        status: TransactionStatus::Idle,
        _place: place,
    };
    session.ready().await?;
    session.serve().await
}

/// Checks a login to the byte.
fn log_in(
    startup: &Startup,
    password: String,
    shared: &Arc<Shared>,
) -> Result<(Place, Database), Refusal> {
    let word = |name: &str| startup.parameters.get(name).cloned().unwrap_or_default();
    let login = Login {
        user: word("user"),
        database: word("database"),
        password,
    };
    lock(&shared.log).logins.push(login.clone());
    let known = lock(&shared.passwords).contains(&login.password);
    if login.user != USER || !known || token::has_expired(&login.password) {
        return refuse(
            "28P01",
            "Authentication failed: the token is not valid or has expired",
        );
    }
    let Some(database) = Database::named(&login.database) else {
        return refuse(
            "42P12",
            format!("Could not find tables for dbName {}", login.database),
        );
    };
    let Some(place) = Place::take(shared) else {
        return refuse("53300", "Session Limit Reached");
    };
    Ok((place, database))
}

/// One of the sessions that the licence allows.
struct Place(Arc<Shared>);

impl Place {
    fn take(shared: &Arc<Shared>) -> Option<Place> {
        let mut sessions = lock(&shared.sessions);
        if *sessions == shared.quirks.sessions {
            return None;
        }
        *sessions += 1;
        Some(Place(shared.clone()))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *lock(&self.0.sessions) -= 1;
    }
}

struct Session {
    talk: Secure,
    database: Database,
    shared: Arc<Shared>,
    status: TransactionStatus,
    _place: Place,
}

impl Session {
    async fn serve(mut self) -> io::Result<()> {
        let mut ends = self.shared.ends.subscribe();
        loop {
            tokio::select! {
                message = self.talk.receive() => match message {
                    None | Some(Frontend::Terminate(_)) => return Ok(()),
                    Some(Frontend::Query(query)) => self.query(&query.query).await?,
                    Some(Frontend::Sync(_)) => self.ready().await?,
                    Some(message) if message.is_extended_query() => {
                        lock(&self.shared.log).extended += 1;
                        let message = "Unsupported message type".to_owned();
                        self.talk.refuse("ERROR", &Refusal { code: "08P01", message }).await?;
                    }
                    // COPY's messages, with no COPY under way.
                    Some(_) => {}
                },
                Ok(end) = ends.recv() => {
                    if let End::Fatal = end {
                        let message = "terminating connection due to inactivity".to_owned();
                        self.talk.refuse("FATAL", &Refusal { code: "57P01", message }).await?;
                    }
                    return self.talk.close().await;
                }
            }
        }
    }

    /// All statements of a query string, up to the first error.
    async fn query(&mut self, text: &str) -> io::Result<()> {
        lock(&self.shared.log).queries.push(text.to_owned());
        let statements = tokens::statements(text);
        if statements.is_empty() {
            self.talk
                .feed(Backend::EmptyQueryResponse(EmptyQueryResponse::new()))
                .await?;
        }
        for statement in statements {
            let answer = self.answer(&statement).await;
            lock(&self.shared.log).finished += 1;
            match answer {
                Ok(reply) => self.reply(reply).await?,
                Err(refusal) => {
                    self.talk.refuse("ERROR", &refusal).await?;
                    break;
                }
            }
        }
        self.ready().await
    }

    /// Works on a statement for as long as it takes, or as is allowed.
    async fn answer(&mut self, statement: &str) -> Result<Reply, Refusal> {
        let quirks = &self.shared.quirks;
        if self.database.works_on(statement) && quirks.works > Duration::ZERO {
            sleep(quirks.works.min(quirks.time_limit)).await;
            if quirks.works > quirks.time_limit {
                return refuse(
                    "53400",
                    "statement timeout: the query ran longer than 10 minutes",
                );
            }
        }
        self.database
            .answer(statement, &mut lock(&self.shared.tables), quirks.catalog)
    }

    async fn reply(&mut self, reply: Reply) -> io::Result<()> {
        let (columns, rows, tag) = match reply {
            Reply::Rows(columns, rows, tag) => (columns, rows, tag),
            Reply::Done(tag) => {
                match &*tag {
                    "BEGIN" => self.status = TransactionStatus::Transaction,
                    "COMMIT" | "ROLLBACK" => self.status = TransactionStatus::Idle,
                    _ => {}
                }
                return self
                    .talk
                    .feed(Backend::CommandComplete(CommandComplete::new(tag)))
                    .await;
            }
        };
        let chatty = self.shared.quirks.chatty;
        if chatty {
            let fields = [
                (b'S', "NOTICE"),
                (b'C', "00000"),
                (b'M', "the session warms up"),
            ];
            let fields = fields
                .map(|(field, text)| (field, text.to_owned()))
                .to_vec();
            self.talk
                .feed(Backend::NoticeResponse(NoticeResponse::new(fields)))
                .await?;
        }
        let fields = columns.into_iter();
        let fields = fields
            .map(|c| FieldDescription::new(c.name, 0, 0, c.oid, -1, -1, 0))
            .collect();
        self.talk
            .feed(Backend::RowDescription(RowDescription::new(fields)))
            .await?;
        for (number, row) in rows.into_iter().enumerate() {
            if chatty && number == 1 {
                let status = ParameterStatus::new("TimeZone".into(), "UTC".into());
                self.talk.feed(Backend::ParameterStatus(status)).await?;
            }
            let count = i16::try_from(row.len()).unwrap();
            let mut data = BytesMut::new();
            for value in row {
                match value {
                    None => data.put_i32(-1),
                    Some(text) => {
                        data.put_i32(i32::try_from(text.len()).unwrap());
                        data.put_slice(text.as_bytes());
                    }
                }
            }
            self.talk
                .feed(Backend::DataRow(DataRow::new(data, count)))
                .await?;
        }
        self.talk
            .feed(Backend::CommandComplete(CommandComplete::new(tag)))
            .await
    }

    async fn ready(&mut self) -> io::Result<()> {
        self.talk
            .send(Backend::ReadyForQuery(ReadyForQuery::new(self.status)))
            .await
    }
}
