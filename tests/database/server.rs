//! The private PostgreSQL of this test run, by `tests/support/postgres.sh`: started by the first
//! test that asks for it, and ended with the process, whose end closes its standard input.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A running server, as its READY line says.
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// The folder of its Unix socket.
    pub(crate) socket: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// The authority that signed its certificate.
    pub(crate) rootcert: String,
    /// Open for as long as the server is to run.
    _stdin: ChildStdin,
    _script: Child,
}

/// The server that all tests share.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(Server::start)
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
        Box::leak(Box::new(Server::start()))
    }

    fn start() -> Server {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/support/postgres.sh"
        );
        let mut script = Command::new(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(script.stdout.take().unwrap())
            .read_line(&mut ready)
            .unwrap();
        let word = |name: &str| {
            let mut words = ready.split_whitespace();
            let value = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            value.expect("the test server did not start").to_owned()
        };
        Server {
            host: word("host"),
            port: word("port").parse().unwrap(),
            socket: word("socket"),
            user: word("user"),
            password: word("password"),
            rootcert: word("rootcert"),
            _stdin: script.stdin.take().unwrap(),
            _script: script,
        }
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
        self.target_at(&self.server.socket, self.server.port)
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

impl Server {
    /// psql, with nothing of this machine's environment and settings.
    fn psql(&self, database: &str) -> Command {
        let mut psql = Command::new(psql_program());
        psql.args(["--no-psqlrc", "--no-password", "--set", "ON_ERROR_STOP=1"])
            .env_clear()
            .envs([
                ("LC_ALL", "C.UTF-8"),
                ("PGCLIENTENCODING", "UTF8"),
                ("PGHOST", &self.socket),
                ("PGPORT", &self.port.to_string()),
                ("PGUSER", &self.user),
                ("PGPASSWORD", &self.password),
                ("PGDATABASE", database),
            ]);
        psql
    }
}

/// The newest psql here: itself, not the script that Debian puts before it.
fn psql_program() -> PathBuf {
    let folders = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten();
    let newest = folders
        .filter_map(|folder| {
            let folder = folder.ok()?;
            let version: u32 = folder.file_name().to_str()?.parse().ok()?;
            Some((version, folder.path().join("bin/psql")))
        })
        .max();
    newest.map_or("psql".into(), |(_, program)| program)
}
