//! The servers of these tests: one with TLS and one without, both with a role for each way to log
//! in; and what psql makes of a connection.

use std::process::{Command, Output};
use std::sync::OnceLock;

#[path = "../support/postgres.rs"]
mod postgres;

pub(crate) use postgres::Server;

use postgres::psql_program;

/// What a notebook can be made for: a database of a server, by the target that leads there.
pub(crate) struct Database(String);

impl Database {
    pub(crate) fn target(&self) -> String {
        self.0.clone()
    }
}

/// The server with TLS.
pub(crate) fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&[]).with_roles())
}

/// The server without.
pub(crate) fn without_tls() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(&["-c", "ssl=off"]).with_roles())
}

/// Who may come in, and how. The roles are called after it.
const HBA: &str = "\
local all all scram-sha-256
local replication all scram-sha-256
hostssl all only_tls all scram-sha-256
hostnossl all only_tls all reject
hostssl all only_plain all reject
hostnossl all only_plain all scram-sha-256
hostssl all by_certificate all cert
hostnossl all by_certificate all reject
host all by_clear all password
host all by_md5 all md5
host all by_trust all trust
host all all all scram-sha-256";

impl Server {
    /// A hot standby of this server.
    pub(crate) fn standby(&self) -> Server {
        let Server {
            folder, port, user, ..
        } = self;
        let primary = format!("--standby-of=host={folder} port={port} user={user}");
        Server::start(&[&primary])
    }

    fn with_roles(self) -> Server {
        let Server { password, .. } = &self;
        let hba = HBA.replace('\n', "' union all select '");
        let long = "x".repeat(1500);
        let file = self.sql("show hba_file");
        self.sql(&format!("copy (select '{hba}') to '{file}'"));
        let roles = "only_tls only_plain by_certificate by_clear by_trust by_scram sleepy";
        for role in roles.split(' ') {
            self.sql(&format!("create role {role} login password '{password}'"));
        }
        self.sql(&format!(
            "set password_encryption = md5; create role by_md5 login password '{password}'"
        ));
        self.sql(&format!(
            "create role late login password '{password}' valid until '2020-01-01'"
        ));
        self.sql(&format!(
            "create role one login password '{password}' connection limit 1"
        ));
        self.sql(&format!(
            "create role long_password login password '{long}'"
        ));
        self.sql(&format!(
            "create role \"ECBB80245ECFC73E8A095EC9@AdobeOrg\" login password '{password}'"
        ));
        self.sql("grant create on schema public to by_scram");
        self.sql("create database \"prod:all\"");
        self.sql("create database \"prod:all?FLATTEN\"");
        self.sql("select pg_reload_conf()");
        self
    }

    /// Keywords that lead here as a role, over TCP.
    pub(crate) fn as_role(&self, role: &str) -> String {
        let Server { port, password, .. } = self;
        format!("host=localhost port={port} dbname=postgres user={role} password={password}")
    }

    /// A statement as the superuser, and what psql prints for it.
    pub(crate) fn sql(&self, statement: &str) -> String {
        let Server {
            folder,
            port,
            user,
            password,
            ..
        } = self;
        let target =
            format!("host={folder} port={port} dbname=postgres user={user} password={password}");
        let output = psql(&target, statement);
        assert!(output.status.success(), "{statement}: {output:?}");
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }
}

/// psql with a target, and with nothing of this machine's environment.
pub(crate) fn psql(target: &str, statement: &str) -> Output {
    Command::new(psql_program())
        .args(["-X", "-w", "-A", "-t", "-q", "-c", statement, target])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", "/nonexistent")
        .output()
        .unwrap()
}
