//! The private PostgreSQL of this test run, started by the first test that asks for it, and its
//! databases.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

#[path = "../support/postgres.rs"]
mod postgres;

pub(crate) use postgres::Server;

use postgres::psql_program;

/// The server that all tests share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]))
}

/// Tests run side by side, but those that measure the process's memory run alone.
static TURN: RwLock<()> = RwLock::const_new(());

/// An empty database, for one test.
pub(crate) struct Database {
    pub(crate) server: &'static Server,
    pub(crate) name: String,
    _turn: Turn,
}

/// The right to run, given back with the database.
enum Turn {
    Shared {
        _guard: RwLockReadGuard<'static, ()>,
    },
    Alone {
        _guard: RwLockWriteGuard<'static, ()>,
    },
    /// Of the test's other database.
    Had,
}

impl Server {
    /// One more server, for a test that does it harm.
    pub(crate) fn another() -> &'static Server {
        Box::leak(Box::new(Server::start(&[])))
    }

    /// psql, with nothing of this machine's environment and settings.
    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(psql_program());
        psql.args(["--no-psqlrc", "--no-password", "--set", "ON_ERROR_STOP=1"])
            .env_clear()
            .envs([
                ("LC_ALL", "C.UTF-8"),
                ("PGCLIENTENCODING", "UTF8"),
                ("PGHOST", &self.folder),
                ("PGPORT", &self.port.to_string()),
                ("PGUSER", &self.user),
                ("PGPASSWORD", &self.password),
                ("PGDATABASE", database),
            ]);
        psql
    }
}

impl Database {
    /// For a test that runs beside others.
    pub(crate) async fn new() -> Database {
        Database::on(server()).await
    }

    /// The same on a server of the test's own.
    pub(crate) async fn on(server: &'static Server) -> Database {
        let guard = TURN.read().await;
        Database::make(server, Turn::Shared { _guard: guard })
    }

    /// For a test beside which no other runs.
    pub(crate) async fn alone() -> Database {
        let guard = TURN.write().await;
        Database::make(server(), Turn::Alone { _guard: guard })
    }

    /// One more for the same test.
    pub(crate) fn another(&self) -> Database {
        Database::make(self.server, Turn::Had)
    }

    fn make(server: &'static Server, turn: Turn) -> Database {
        static COUNT: AtomicU32 = AtomicU32::new(1);
        let database = Database {
            server,
            name: format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed)),
            _turn: turn,
        };
        let made = database
            .server
            .psql("postgres")
            .arg("--command")
            .arg(format!("create database {}", database.name))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        database
    }

    /// What `%connect` takes to come here over the Unix socket.
    pub(crate) fn target(&self) -> String {
        self.target_at(&self.server.folder, self.server.port)
    }

    /// The same over another address.
    pub(crate) fn target_at(&self, host: &str, port: u16) -> String {
        let Server { user, password, .. } = self.server;
        let name = &self.name;
        format!("host={host} port={port} user={user} password={password} dbname={name}")
    }

    /// What psql prints for a script.
    pub(crate) fn psql(&self, script: &str) -> Output {
        let mut psql = self
            .server
            .psql(&self.name)
            .args(["--file", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        psql.stdin
            .take()
            .unwrap()
            .write_all(script.as_bytes())
            .unwrap();
        psql.wait_with_output().unwrap()
    }

    /// One value, by a session of its own: what another client sees.
    pub(crate) fn ask(&self, query: &str) -> String {
        let output = self
            .server
            .psql(&self.name)
            .args(["--quiet", "--tuples-only", "--no-align", "--command", query])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }
}
