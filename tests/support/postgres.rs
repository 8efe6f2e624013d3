//! A private PostgreSQL, by `postgres.sh` beside this file: it ends with the process that started
//! it, whose end closes its standard input.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

/// The one password of all servers and roles of the tests, which no answer may ever show.
const PASSWORD: &str = "correct-horse-battery-staple-9f3c";

/// A running server, as its READY line says.
pub(crate) struct Server {
    pub(crate) port: u16,
    /// The folder of its socket, its certificates and its data.
    pub(crate) folder: String,
    pub(crate) user: String,
    pub(crate) password: String,
    /// Open for as long as the server is to run.
    _stdin: ChildStdin,
    _script: Child,
}

impl Server {
    /// Starts one with settings of its own, such as `-c ssl=off`.
    pub(crate) fn start(settings: &[&str]) -> Server {
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/support/postgres.sh"
        );
        let mut script = Command::new(script)
            .args(settings)
            .env("PGPASSWORD", PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        let mut output = BufReader::new(script.stdout.take().unwrap());
        output.read_line(&mut ready).unwrap();
        let word = |name: &str| {
            let mut words = ready.split_whitespace();
            let value = words.find_map(|word| word.strip_prefix(name)?.strip_prefix('='));
            value.expect("the test server did not start").to_owned()
        };
        Server {
            port: word("port").parse().unwrap(),
            folder: word("socket"),
            user: word("user"),
            password: word("password"),
            _stdin: script.stdin.take().unwrap(),
            _script: script,
        }
    }

    /// A file beside its certificates.
    pub(crate) fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// The newest psql here: itself, not the script that Debian puts before it.
pub(crate) fn psql_program() -> PathBuf {
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
