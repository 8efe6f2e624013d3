//! A session: one task owns one connection, everyone else holds a handle.
//!
//! The handle sends statements and reads what comes back, in the server's order. The connection is
//! opened by the first statement. An interrupt asks the server to cancel and goes on reading until
//! the server says that it is ready, so that the session is whole afterwards; it is given up only
//! where the server does not answer.

mod opening;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use display::Column;
use futures_util::future::BoxFuture;
use futures_util::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::sleep_until;
use tokio_postgres::{Client, SimpleQueryStream};

use crate::catalog::{self, Catalog};
use crate::inspector::Rungs;
use crate::open::{OpenError, cancel, reason};
use crate::query_service;
use crate::rows::Block;
use crate::secret::Secret;
use crate::split::Dialect;
use crate::target::{Address, ChannelBinding, Host, SessionKind, Settings, Target, Tls, TlsMode};
use crate::types::{self, Names};
use crate::wire::{CopyIn, Event, Events, Field, Report, Transaction};

/// Messages on the way to whoever reads a statement's answer.
const UPDATES: usize = 16;
/// After this long without the server's word on a cancel, the user is told.
const CANCEL_NOTICE: Duration = Duration::from_secs(3);
/// After this long the connection is given up.
const CANCEL_LIMIT: Duration = Duration::from_secs(30);

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
}

/// A handle on a session. Clones share it; the connection closes when the last one is dropped.
#[derive(Clone)]
pub struct Session {
    name: String,
    target: Arc<Target>,
    jobs: mpsc::Sender<Job>,
    asker: Asker,
    status: Arc<Mutex<Status>>,
    types: Arc<Mutex<Names>>,
    rungs: Arc<Rungs>,
    catalog: Arc<Catalog>,
}

/// Asks questions of our own, behind the user's statements. Keeps no session open.
#[derive(Clone)]
pub(crate) struct Asker(mpsc::Sender<Background>);

/// What is known of a session without asking it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The open connection, if it is open.
    pub connection: Option<Connected>,
    /// The transaction status after the last statement.
    pub transaction: Transaction,
    /// Since when a statement runs.
    pub running: Option<Instant>,
}

/// Facts of an open connection.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The host that answered.
    pub host: String,
    /// The server's own version, such as `17.5`.
    pub version: String,
    /// The user the server says it is.
    pub user: String,
    /// Whether TLS is used.
    pub encrypted: bool,
    /// Its protocol and cipher, where the server tells: `TLSv1.3, TLS_AES_256_GCM_SHA384`.
    pub tls: Option<String>,
    /// When the password expires, where it says so.
    pub expires: Option<SystemTime>,
    /// Whether this is Query Service, which differs.
    pub query_service: bool,
    /// How the server reads backslashes in plain strings.
    pub standard_conforming_strings: bool,
}

/// What comes back from a statement, in order. [`Update::Done`] or [`Update::Failed`] is the last.
pub(crate) enum Update {
    /// The connection was opened for this statement; `lost` is what ended the one before.
    Opened { lost: Option<String> },
    /// A message of the server.
    Event(Event),
    /// Rows of the columns told last.
    Rows(Block),
    /// The server waits for COPY data.
    CopyIn(CopyIn),
    /// The server has not answered a request to cancel for some seconds.
    StillRunning,
    /// The server is ready for the next statement.
    Done(Transaction),
    /// The statement was not sent, or the connection ended under it.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection could not be opened; nothing was sent.
    Open(OpenError),
    /// The embedded PostgreSQL could not be started.
    Embedded(String),
    /// The connection had ended while a transaction was open: it is rolled back, and this
    /// statement was not sent.
    TransactionLost(String),
    /// The connection ended while the statement ran.
    Lost(String),
    /// The user interrupted, and the connection was given up for it.
    Dropped(Dropped),
    /// Interrupted before anything was sent.
    Interrupted,
}

/// How an interrupt ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// The embedded PostgreSQL does not listen while it computes: it was ended.
    Embedded,
    /// A second interrupt, or the server was silent for too long.
    Silent,
    /// The server is known not to listen.
    Deaf,
}

/// A statement that runs.
pub(crate) struct Running {
    pub(crate) updates: mpsc::Receiver<Update>,
    stop: mpsc::Sender<()>,
}

impl Running {
    /// Interrupts: the first asks the server to cancel, the second gives the connection up.
    pub(crate) fn interrupt(&self) {
        // Two wait at most, and a third would say nothing new.
        let _ = self.stop.try_send(());
    }
}

struct Job {
    sql: String,
    password: Option<Secret>,
    updates: mpsc::Sender<Update>,
    stop: mpsc::Receiver<()>,
}

/// A question of our own; answered only when it cannot hurt.
struct Background {
    sql: String,
    answer: oneshot::Sender<Result<Rows, NoAnswer>>,
}

/// Why a question of our own has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoAnswer {
    /// Asking could disturb the user's work: a transaction is open, or no connection is.
    Busy,
    /// The server answered with an error, or has gone.
    Refused,
}

/// Rows of text, as the server printed them.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

impl Session {
    /// A session to `target`. Opens nothing.
    pub fn new(name: String, target: Target, embedded: Arc<dyn Embedded>) -> Self {
        let (jobs, job_queue) = mpsc::channel(1);
        let (background, background_queue) = mpsc::channel(1);
        let status = Arc::new(Mutex::new(Status::default()));
        let target = Arc::new(target);
        let catalog = Arc::<Catalog>::default();
        let owner = Owner {
            target: target.clone(),
            embedded,
            status: status.clone(),
            password: None,
            lost: None,
            deaf: false,
            catalog: catalog.clone(),
        };
        tokio::spawn(owner.serve(job_queue, background_queue));
        let asker = Asker(background);
        tokio::spawn(catalog::keep(catalog.clone(), asker.clone()));
        Session {
            name,
            target,
            jobs,
            asker,
            status,
            types: Arc::default(),
            rungs: Arc::default(),
            catalog,
        }
    }

    /// The name the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it goes.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// Whether this is Query Service: by what the server said, before that by the host's name.
    pub(crate) fn is_query_service(&self) -> bool {
        match (self.status().connection, &*self.target) {
            (Some(connection), _) => connection.query_service,
            (None, Target::Server(settings)) => {
                let mut hosts = settings.hosts.iter();
                hosts.any(|host| query_service::is_it(host, ""))
            }
            (None, Target::Local(_)) => false,
        }
    }

    /// How its server reads SQL.
    pub(crate) fn dialect(&self) -> Dialect {
        let spark = self.is_query_service();
        let open = self.status().connection;
        Dialect {
            // Spark's strings have backslashes that escape, where the server does not say else.
            standard_conforming_strings: open
                .map_or(!spark, |connection| connection.standard_conforming_strings),
            spark,
        }
    }

    /// What is known of it now.
    pub fn status(&self) -> Status {
        lock(&self.status).clone()
    }

    /// A remark for a result, where the password expires soon or has expired.
    pub(crate) fn expiry_warning(&self) -> Option<String> {
        const SOON: Duration = Duration::from_secs(600);
        let expires = self.status().connection?.expires?;
        match expires.duration_since(SystemTime::now()) {
            Ok(left) if left > SOON => None,
            _ => Some(format!("the token {}", expiry(expires))),
        }
    }

    /// The ways to ask about structure that this server answers.
    pub(crate) fn rungs(&self) -> &Rungs {
        &self.rungs
    }

    /// The columns of a result.
    pub(crate) fn columns(&self, fields: &[Field]) -> Vec<Column> {
        let names = lock(&self.types);
        fields
            .iter()
            .map(|field| types::column(field, &names))
            .collect()
    }

    /// Asks for the names of types that are not built in and not known yet.
    pub(crate) async fn learn_types(&self, fields: &[Field]) {
        let question = types::question(fields, &lock(&self.types));
        if let Some(question) = question
            && let Ok(rows) = self.ask(&question).await
        {
            types::learn(&mut lock(&self.types), &rows);
        }
    }

    /// Takes in what the columns of an answer say of a table, where the catalog is not read.
    pub(crate) fn learn_columns(&self, sql: &str, fields: &[Field]) {
        if !self.is_query_service() {
            return;
        }
        let Some((schema, name)) = query_service::whole_table(sql) else {
            return;
        };
        let columns = self.columns(fields).into_iter().zip(fields).zip(1..);
        let columns = columns.map(|((column, field), number)| catalog::Column {
            number,
            name: column.name,
            type_oid: field.oid,
            type_name: column.type_name.into(),
            ..catalog::Column::default()
        });
        self.catalog.learn_columns(schema, &name, columns.collect());
    }

    /// Sends one query string; opens the connection where it is not open. `password` is one that
    /// the user has just typed, kept for this session.
    pub(crate) async fn run(&self, sql: String, password: Option<Secret>) -> Running {
        let (updates, answer) = mpsc::channel(UPDATES);
        let (stop, stops) = mpsc::channel(2);
        let job = Job {
            sql,
            password,
            updates,
            stop: stops,
        };
        // The task ends only after the last handle: this one. If it has panicked, `updates` was
        // dropped with the job and the reader sees the end.
        let _ = self.jobs.send(job).await;
        Running {
            updates: answer,
            stop,
        }
    }

    /// What is known of the database.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Asks a question of our own.
    pub(crate) async fn ask(&self, sql: &str) -> Result<Rows, NoAnswer> {
        self.asker.ask(sql).await
    }
}

impl Asker {
    /// Rows for ourselves; waits while a statement runs. Dropping the future withdraws a question
    /// that was not sent yet.
    pub(crate) async fn ask(&self, sql: &str) -> Result<Rows, NoAnswer> {
        let (answer, reply) = oneshot::channel();
        let question = Background {
            sql: sql.into(),
            answer,
        };
        let queued = self.0.send(question).await;
        queued.map_err(|_| NoAnswer::Refused)?;
        reply.await.unwrap_or(Err(NoAnswer::Refused))
    }

    /// Waits until the session has ended.
    pub(crate) async fn closed(&self) {
        self.0.closed().await;
    }
}

/// When a token expires, in words.
pub(crate) fn expiry(at: SystemTime) -> String {
    match at.duration_since(SystemTime::now()) {
        Err(_) => "has expired".into(),
        Ok(left) => match left.as_secs() / 60 {
            0 => "expires in less than a minute".into(),
            minutes @ 1..60 => format!("expires in {minutes} min"),
            minutes => format!("expires in {} h {} min", minutes / 60, minutes % 60),
        },
    }
}

/// Locks what no panic can leave half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves plain data behind, which is still good to read.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The task's own state: what outlives one connection.
struct Owner {
    target: Arc<Target>,
    embedded: Arc<dyn Embedded>,
    status: Arc<Mutex<Status>>,
    /// A password typed at the prompt.
    password: Option<Secret>,
    /// What ended the last connection.
    lost: Option<String>,
    /// The server has once not answered a request to cancel: it is not waited for again.
    deaf: bool,
    catalog: Arc<Catalog>,
}

impl Owner {
    async fn serve(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        mut background: mpsc::Receiver<Background>,
    ) {
        let mut link: Option<Link> = None;
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => self.run(&mut link, job).await,
                    None => return,
                },
                ended = idle(&mut link) => self.lose(&mut link, ended),
                Some(question) = background.recv() => {
                    if let Some(job) = self.question(&mut link, question, &mut jobs).await {
                        self.run(&mut link, job).await;
                    }
                }
            }
        }
    }

    /// Answers a question of our own, and hands out the job that came meanwhile: it has to wait,
    /// but not for longer than its user wants.
    async fn question(
        &mut self,
        link: &mut Option<Link>,
        question: Background,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Option<Job> {
        let idle = lock(&self.status).transaction == Transaction::Idle;
        let Some(link) = link.as_mut().filter(|_| idle) else {
            let _ = question.answer.send(Err(NoAnswer::Busy));
            return None;
        };
        // Query Service runs few queries at a time and takes seconds for each: all are the user's.
        if link.is_query_service() {
            let _ = question.answer.send(Err(NoAnswer::Refused));
            return None;
        }
        // Whoever asked has stopped waiting.
        if question.answer.is_closed() {
            return None;
        }
        let mut ask = std::pin::pin!(link.ask(&question.sql));
        let mut waiting: Option<Job> = None;
        loop {
            tokio::select! {
                biased;
                rows = &mut ask => {
                    let _ = question.answer.send(rows.ok_or(NoAnswer::Refused));
                    return waiting;
                }
                () = stopped(&mut waiting) => {
                    if let Some(job) = waiting.take() {
                        let _ = job.updates.send(Update::Failed(Failure::Interrupted)).await;
                    }
                }
                Some(job) = jobs.recv(), if waiting.is_none() => waiting = Some(job),
            }
        }
    }

    /// Runs one query string to its end and tells everything about it.
    async fn run(&mut self, link: &mut Option<Link>, mut job: Job) {
        if job.password.is_some() {
            self.password = job.password.take();
        }
        // A connection that ended a moment ago is noticed here rather than by sending into it.
        if let Some(alive) = link.as_mut()
            && let Some(why) = alive.ended_meanwhile()
        {
            self.lose(link, why);
        }
        lock(&self.status).running = Some(Instant::now());
        let opens = link.is_none();
        let last = self.answer(link, &mut job).await;
        {
            let mut status = lock(&self.status);
            status.running = None;
            if let Update::Done(transaction) = &last {
                status.transaction = *transaction;
            }
        }
        // Query Service has no catalogue that could be asked in pages.
        if let Update::Done(transaction) = &last
            && !link.as_ref().is_some_and(Link::is_query_service)
        {
            self.catalog
                .ran(&job.sql, opens, *transaction == Transaction::Idle);
        }
        let _ = job.updates.send(last).await;
    }

    async fn answer(&mut self, link: &mut Option<Link>, job: &mut Job) -> Update {
        let in_transaction = lock(&self.status).transaction != Transaction::Idle;
        let alive = match link {
            Some(alive) => alive,
            None if in_transaction => {
                lock(&self.status).transaction = Transaction::Idle;
                let why = self.lost.take().unwrap_or_default();
                return Update::Failed(Failure::TransactionLost(why));
            }
            None => {
                let opened = tokio::select! {
                    opened = self.open() => opened,
                    Some(()) = job.stop.recv() => Err(Failure::Interrupted),
                };
                match opened {
                    Ok(opened) => {
                        let lost = self.lost.take();
                        let _ = job.updates.send(Update::Opened { lost }).await;
                        link.insert(opened)
                    }
                    Err(failure) => return Update::Failed(failure),
                }
            }
        };
        match alive.run(job, &self.target, self.deaf).await {
            Ok(transaction) => {
                self.refresh(alive);
                Update::Done(transaction)
            }
            Err(failure) => {
                if let Failure::Dropped(how) = failure {
                    self.deaf |= how == Dropped::Silent;
                    alive.driver.abort();
                    if let Target::Local(folder) = &*self.target {
                        self.embedded.kill(folder.as_deref()).await;
                    }
                }
                *link = None;
                *lock(&self.status) = Status::default();
                Update::Failed(failure)
            }
        }
    }

    /// Takes over what the server has told about itself.
    fn refresh(&self, link: &Link) {
        let parameter = |name| link.parameter(name).unwrap_or_default().to_owned();
        lock(&self.status).connection = Some(Connected {
            host: link.host.describe(),
            query_service: link.is_query_service(),
            version: parameter("server_version"),
            user: parameter("session_authorization"),
            encrypted: link.encrypted,
            tls: link.tls.clone(),
            expires: link.expires,
            // Spark's strings have backslashes that escape, where the server does not say else.
            standard_conforming_strings: match link.parameter("standard_conforming_strings") {
                Some(setting) => setting != "off",
                None => !link.is_query_service(),
            },
        });
    }

    fn lose(&mut self, link: &mut Option<Link>, why: String) {
        *link = None;
        self.lost = Some(why);
        // The transaction's status stays: whether one was open decides what the next statement
        // is told.
        lock(&self.status).connection = None;
    }
}

/// Waits until an idle connection ends; for ever where there is none.
async fn idle(link: &mut Option<Link>) -> String {
    match link {
        Some(link) => link.idle().await,
        None => std::future::pending().await,
    }
}

/// Waits until the user interrupts a job; for ever where there is none.
async fn stopped(job: &mut Option<Job>) {
    if let Some(job) = job
        && job.stop.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}

/// An open connection.
struct Link {
    client: Client,
    driver: JoinHandle<()>,
    wire: Wire,
    copy_in: CopyIn,
    settings: Settings,
    host: Host,
    encrypted: bool,
    /// The protocol and cipher of TLS, where the server has told.
    tls: Option<String>,
    expires: Option<SystemTime>,
    /// What a request to cancel must carry: process and secret.
    key: (i32, i32),
    parameters: Vec<(String, String)>,
    /// Notices and notifications that came while nobody asked; told with the next statement.
    greetings: VecDeque<Event>,
    /// The last report that ends a session.
    last_report: Option<Report>,
}

impl Link {
    /// Reads what the server says of itself before it is ready.
    async fn greet(&mut self) -> Result<(), Failure> {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(Event::Ready(_)) => return Ok(()),
                Next::Event(event) => self.note(event),
                Next::End => return Err(Failure::Lost(self.why())),
            }
        }
    }

    /// Keeps what comes between statements.
    fn note(&mut self, event: Event) {
        /// Older ones make room: nobody reads a thousand notices of an idle hour.
        const KEPT: usize = 100;
        match event {
            Event::Key { process, secret } => self.key = (process, secret),
            Event::Parameter { name, value } => {
                self.parameters.retain(|(known, _)| *known != name);
                self.parameters.push((name, value));
            }
            Event::Error(report) => self.last_report = Some(*report),
            // A crash ends all sessions with a mere warning.
            Event::Notice(report) if report.is_fatal() => self.last_report = Some(*report),
            Event::Notice(_) | Event::Notification { .. } => {
                if self.greetings.len() == KEPT {
                    self.greetings.pop_front();
                }
                self.greetings.push_back(event);
            }
            _ => {}
        }
    }

    fn is_query_service(&self) -> bool {
        query_service::is_it(
            &self.host,
            self.parameter("server_version").unwrap_or_default(),
        )
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Listens while nothing runs; returns when the connection has ended, with the reason.
    async fn idle(&mut self) -> String {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(event) => self.note(event),
                Next::End => return self.why(),
            }
        }
    }

    /// The reason, where the connection has ended and nobody has looked yet.
    fn ended_meanwhile(&mut self) -> Option<String> {
        use futures_util::FutureExt;
        self.idle().now_or_never()
    }

    /// Why the connection ended, in the server's words where it gave any.
    fn why(&self) -> String {
        match &self.last_report {
            Some(report) => report.message.clone(),
            None => format!(
                "{} closed the connection without a word",
                self.host.describe()
            ),
        }
    }

    /// Sends the job's query and hands on what comes, until the server is ready again.
    async fn run(
        &mut self,
        job: &mut Job,
        target: &Target,
        deaf: bool,
    ) -> Result<Transaction, Failure> {
        for greeting in std::mem::take(&mut self.greetings) {
            let _ = job.updates.send(Update::Event(greeting)).await;
        }
        let stream = self.client.simple_query_raw(&job.sql).await;
        let mut stream = match stream {
            Ok(stream) => Some(Box::pin(stream)),
            Err(error) if error.is_closed() => return Err(Failure::Lost(self.why())),
            Err(error) => return Err(Failure::Lost(reason(&error))),
        };
        let mut cancelling: Option<BoxFuture<'static, Result<(), String>>> = None;
        let mut cancelled: Option<Cancelled> = None;
        loop {
            tokio::select! {
                biased;
                Some(()) = job.stop.recv() => {
                    if matches!(target, Target::Local(_)) {
                        return Err(Failure::Dropped(Dropped::Embedded));
                    }
                    if deaf || self.is_query_service() {
                        return Err(Failure::Dropped(Dropped::Deaf));
                    }
                    if cancelled.is_some() {
                        return Err(Failure::Dropped(Dropped::Silent));
                    }
                    cancelled = Some(Cancelled::at(Instant::now()));
                    cancelling = Some(self.cancel());
                }
                () = at(cancelled.as_ref().map(Cancelled::due)) => {
                    if cancelled.as_mut().is_some_and(Cancelled::is_over) {
                        return Err(Failure::Dropped(Dropped::Silent));
                    }
                    let _ = job.updates.send(Update::StillRunning).await;
                }
                _ = done(&mut cancelling) => cancelling = None,
                next = self.wire.next(&mut stream) => {
                    let update = match next {
                        Next::End => return Err(Failure::Lost(self.why())),
                        Next::Event(Event::Rows(rows)) => Update::Rows(rows),
                        Next::Event(Event::Ready(transaction)) => {
                            // A request to cancel that is still on its way would hit whatever is
                            // sent next.
                            if let Some(cancelling) = cancelling {
                                let _ = cancelling.await;
                            }
                            return Ok(transaction);
                        }
                        Next::Event(event @ (Event::Key { .. } | Event::Parameter { .. })) => {
                            self.note(event);
                            continue;
                        }
                        Next::Event(Event::CopyIn) => Update::CopyIn(self.copy_in.clone()),
                        Next::Event(event) => {
                            if let Event::Error(report) | Event::Notice(report) = &event
                                && report.is_fatal()
                            {
                                self.last_report = Some((**report).clone());
                            }
                            Update::Event(event)
                        }
                    };
                    // Nobody reads on: the answer is still read to its end, to stay in step.
                    let _ = job.updates.send(update).await;
                }
            }
        }
    }

    fn cancel(&self) -> BoxFuture<'static, Result<(), String>> {
        let settings = self.settings.clone();
        let host = self.host.clone();
        let (encrypted, (process, secret)) = (self.encrypted, self.key);
        Box::pin(async move { cancel(&settings, &host, encrypted, process, secret).await })
    }

    /// Rows of a question of our own; `None` where it failed.
    async fn ask(&mut self, sql: &str) -> Option<Rows> {
        let mut stream = Some(Box::pin(self.client.simple_query_raw(sql).await.ok()?));
        let mut answer = Some(Rows::new());
        loop {
            match self.wire.next(&mut stream).await {
                Next::Event(Event::Rows(rows)) => {
                    if let Some(answer) = &mut answer {
                        answer.extend(rows.texts());
                    }
                }
                Next::Event(Event::Ready(_)) => return answer,
                Next::Event(Event::Error(report)) => {
                    answer = None;
                    // An ordinary error is not what a later loss comes from.
                    if report.is_fatal() {
                        self.last_report = Some(*report);
                    }
                }
                Next::Event(event) => self.note(event),
                Next::End => return None,
            }
        }
    }
}

/// A request to cancel that the server has not answered.
struct Cancelled {
    since: Instant,
    /// The user knows that it takes long.
    told: bool,
}

impl Cancelled {
    fn at(since: Instant) -> Self {
        Cancelled { since, told: false }
    }

    /// When the user is told, and after that when the connection is given up.
    fn due(&self) -> Instant {
        match self.told {
            false => self.since + CANCEL_NOTICE,
            true => self.since + CANCEL_LIMIT,
        }
    }

    /// At the time that was due: whether the connection is to be given up, and not only the user
    /// told.
    fn is_over(&mut self) -> bool {
        std::mem::replace(&mut self.told, true)
    }
}

async fn at(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline.into()).await,
        None => std::future::pending().await,
    }
}

async fn done<T>(work: &mut Option<BoxFuture<'static, T>>) -> T {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// What the tap has seen; the driver's own answer tells nothing more, but has to be taken from it.
struct Wire(Events);

enum Next {
    Event(Event),
    End,
}

type Driver = Option<Pin<Box<SimpleQueryStream>>>;

impl Wire {
    /// What comes next. Nothing is lost when the future is dropped.
    async fn next(&mut self, driver: &mut Driver) -> Next {
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

impl Settings {
    /// The way to an embedded PostgreSQL.
    fn embedded(place: Embedding) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_answer_a_cancel_is_given_up_after_thirty_seconds() {
        let since = Instant::now();
        let mut cancelled = Cancelled::at(since);
        assert_eq!(cancelled.due(), since + Duration::from_secs(3));
        assert!(!cancelled.is_over(), "then the user is told");
        assert_eq!(cancelled.due(), since + Duration::from_secs(30));
        assert!(cancelled.is_over());
    }
}
