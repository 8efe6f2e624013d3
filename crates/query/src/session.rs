//! A session: one task owns one connection, everyone else holds a handle.
//!
//! The handle sends statements and reads what comes back, in the server's order. The connection is
//! opened by the first statement. An interrupt asks the server to cancel and goes on reading until
//! the server says that it is ready, so that the session is whole afterwards; it is given up only
//! where the server does not answer in its time, or the user insists.

mod embedded;
mod exchange;
mod greetings;
mod interrupt;
mod link;
mod opening;
mod owner;
mod progress;
mod read_only;
mod status;
mod updates;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use display::Column;
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

pub use self::embedded::{Embedded, Embedding};
use self::owner::Owner;
pub(crate) use self::progress::Headway;
pub(crate) use self::status::expiry;
pub use self::status::{Connected, Status};
pub(crate) use self::updates::{Dropped, Failure, Running, Stop, Update};
use crate::catalog::{self, Catalog};
use crate::query_service;
use crate::secret::Secret;
use crate::split::Dialect;
use crate::target::Target;
use crate::types::{self, Names};
use crate::ways::Ways;
use crate::wire::Field;

/// Messages on the way to whoever reads a statement's answer.
const UPDATES: usize = 16;
/// Interrupts on the way to what they are for.
const STOPS: usize = 4;

/// A handle on a session. Clones share it; the connection closes when the last one is dropped.
#[derive(Clone)]
pub struct Session {
    name: String,
    target: Arc<Target>,
    jobs: mpsc::Sender<Job>,
    asker: Asker,
    status: Arc<Mutex<Status>>,
    types: Arc<Mutex<Names>>,
    ways: Arc<Ways>,
    catalog: Arc<Catalog>,
}

/// Asks questions of our own, behind the user's statements. Keeps no session open.
#[derive(Clone)]
pub(crate) struct Asker(mpsc::Sender<Background>);

struct Job {
    sql: String,
    password: Option<Secret>,
    updates: mpsc::Sender<Update>,
    stop: mpsc::Receiver<Stop>,
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
    /// The server would have taken too long, or waited for a lock.
    Late,
    /// More came than could be an answer.
    Endless,
    /// The connection ended at it, or was given up for it.
    Ended,
}

/// Rows of text, as the server printed them.
pub(crate) type Rows = Vec<Vec<Option<String>>>;

/// The memory that such a row takes.
pub(crate) fn cost(row: &[Option<String>]) -> usize {
    let texts = row.iter().flatten().map(String::len);
    texts.sum::<usize>() + size_of_val(row) + size_of::<Vec<Option<String>>>()
}

impl Session {
    /// A session to `target`. Opens nothing.
    pub fn new(name: String, target: Target, embedded: Arc<dyn Embedded>) -> Self {
        let (jobs, job_queue) = mpsc::channel(1);
        let (background, background_queue) = mpsc::channel(1);
        let status = Arc::new(Mutex::new(Status::default()));
        let target = Arc::new(target);
        let catalog = Arc::<Catalog>::default();
        let owner = Owner::new(target.clone(), embedded, status.clone(), catalog.clone());
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
            ways: Arc::default(),
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

    /// The ways to ask that this server answers.
    pub(crate) fn ways(&self) -> &Ways {
        &self.ways
    }

    /// The columns of a result.
    pub(crate) fn columns(&self, fields: &[Field]) -> Vec<Column> {
        let names = lock(&self.types);
        fields
            .iter()
            .map(|field| types::column(field, &names))
            .collect()
    }

    /// Asks for the names of types that are not built in and not known yet. Behind another question
    /// of ours it waits for a moment only: a result is worth more than a type's name.
    pub(crate) async fn learn_types(&self, fields: &[Field]) {
        const PATIENCE: Duration = Duration::from_millis(200);
        let question = types::question(fields, &lock(&self.types));
        if let Some(question) = question
            && let Ok(Ok(rows)) = timeout(PATIENCE, self.ask(&question)).await
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
        let (stop, stops) = mpsc::channel(STOPS);
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

    /// Keeps what is known of the database.
    pub(crate) fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// What is known of the database. A reading of it that is under way is waited for, but not for
    /// long, and not behind a statement that runs.
    pub(crate) async fn names(&self) -> Arc<catalog::Names> {
        const PATIENCE: Duration = Duration::from_millis(200);
        if self.status().running.is_none() {
            self.catalog.settle(PATIENCE).await;
        }
        self.catalog.names()
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

/// Locks what no panic can leave half done.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic elsewhere leaves plain data behind, which is still good to read.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
