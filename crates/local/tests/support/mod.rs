//! What both test programs share: the runner, and a client.
#![allow(dead_code, reason = "each program uses its part")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a failing test is to panic"
)]
#![allow(unreachable_pub, reason = "a program has no public parts")]

pub mod parent;
pub mod raw;

use std::fmt::Display;
use std::path::Path;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use local::{Place, Server};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage};

/// A name, and what is run under it.
type Test = (&'static str, fn(&Runtime));

/// Runs tests, each on a runtime of its own, and ends the program.
pub fn run(tests: Vec<Test>) {
    let trials = tests
        .into_iter()
        .map(|(name, test)| {
            Trial::test(name, move || {
                test(&Builder::new_current_thread().enable_all().build()?);
                Ok::<(), Failed>(())
            })
        })
        .collect();
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(2);
    libtest_mimic::run(&arguments, trials).exit();
}

/// A list of tests for [`run`].
#[macro_export]
macro_rules! tests {
    ($($name:ident),* $(,)?) => {
        vec![$((stringify!($name), |runtime| runtime.block_on($name()))),*]
    };
}

/// Starts a server; the panic of a failure says why.
pub async fn start(place: Place) -> Server {
    Server::start(place)
        .await
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A folder for a test, removed when it is dropped.
pub fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A client, and the task that drives it.
pub struct Session {
    pub client: Client,
    pub driver: JoinHandle<()>,
}

pub async fn connect(server: &Server) -> Session {
    connect_to(server.socket_folder()).await
}

pub async fn connect_to(folder: &Path) -> Session {
    try_connect(folder)
        .await
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// Connects, asks something, and leaves.
pub async fn works(server: &Server) {
    let session = connect(server).await;
    assert_eq!(session.value("select 1").await, "1");
    session.leave().await;
}

pub async fn try_connect(folder: &Path) -> Result<Session, tokio_postgres::Error> {
    let mut config = Config::new();
    let (client, connection) = config
        .host_path(folder)
        .user("postgres")
        .dbname("postgres")
        .connect(NoTls)
        .await?;
    let driver = tokio::spawn(async move {
        let _ = connection.await;
    });
    Ok(Session { client, driver })
}

impl Session {
    pub async fn run(&self, sql: &str) {
        self.client
            .batch_execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// The first value of the first row.
    pub async fn value(&self, sql: &str) -> String {
        let messages = self
            .client
            .simple_query(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        messages
            .iter()
            .find_map(|message| match message {
                SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
                _ => None,
            })
            .unwrap_or_else(|| panic!("{sql}: no value"))
    }

    /// The SQLSTATE and the message of a statement that fails.
    pub async fn failure(&self, sql: &str) -> (String, String) {
        let error = self.client.batch_execute(sql).await.expect_err(sql);
        let error = error
            .as_db_error()
            .unwrap_or_else(|| panic!("{sql}: {error:?}"));
        (error.code().code().to_owned(), error.message().to_owned())
    }

    /// Disconnects, and waits until that has happened.
    pub async fn leave(self) {
        drop(self.client);
        let _ = self.driver.await;
    }
}

/// Waits until something holds; a test fails that waits too long.
pub async fn until(limit: Duration, what: impl Display, mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
