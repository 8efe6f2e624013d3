//! What `%connect` is given, read into settings: a URL, libpq's keywords, a pasted `psql` command,
//! a service, fields, credentials, or `local`.
//!
//! The driver's own reader is not used: it refuses options that libpq knows, and a user name with a
//! raw `@`. Meanings follow libpq: PostgreSQL documentation, "Connection Strings".

mod command;
mod fields;
mod hosts;
mod keywords;
mod options;
pub(crate) mod passfile;
mod service;
mod settings;
pub(crate) mod token;
mod url;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::secret::Secret;

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// The embedded PostgreSQL: kept for this kernel only, or in a folder.
    Local(Option<PathBuf>),
    /// A server.
    Server(Box<Settings>),
}

/// What it takes to reach a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Tried in order until one answers that is as `session` wants it.
    pub hosts: Vec<Host>,
    /// Tried in a random order instead.
    pub shuffle: bool,
    /// Which of the servers will do.
    pub session: SessionKind,
    /// The user to log in as.
    pub user: String,
    /// The password, where one was given.
    pub password: Option<Secret>,
    /// libpq's password file, looked into where no password was given.
    pub passfile: Option<PathBuf>,
    /// The service under which the system's keyring has the user's password, looked up before each
    /// connection where none was given.
    pub password_keyring: Option<String>,
    /// A command of the shell that prints the password, run before each connection. Hidden, because
    /// commands with a password in them are seen.
    pub password_command: Option<Secret>,
    /// Whether the text itself names that command, and not a service of the user's.
    pub names_command: bool,
    /// The database.
    pub database: String,
    /// How TLS is used.
    pub tls: Tls,
    /// Whether a password must be bound to the TLS connection it is sent over.
    pub channel_binding: ChannelBinding,
    /// The time limit for reaching one host: socket, TLS and authentication together.
    pub connect_timeout: Duration,
    /// After this long a statement is interrupted.
    pub timeout: Option<Duration>,
    /// Writes are refused before they are sent, and the server is told to refuse them.
    pub read_only: bool,
    /// DROP, TRUNCATE, and UPDATE or DELETE without WHERE are asked about first.
    pub confirm: bool,
    /// What the server lists this client as.
    pub application_name: String,
    /// Command-line options for the server, such as `-c search_path=app`.
    pub options: Option<String>,
}

/// One server to try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    /// Where it is.
    pub place: Address,
    /// The port, or for a socket the number in its file's name.
    pub port: u16,
}

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// A name or an IP address; the address to dial where it was given apart (`hostaddr`).
    Tcp(String, Option<IpAddr>),
    /// The folder of a Unix socket.
    Socket(PathBuf),
}

/// How TLS is used, in libpq's terms.
#[derive(Clone, Debug, PartialEq)]
pub struct Tls {
    /// `sslmode`.
    pub mode: TlsMode,
    /// `sslrootcert`: a file of certificates to trust, or `system`; else libpq's own file where it
    /// exists. Without one, `verify-full` trusts the system's, unlike libpq, which trusts none.
    pub root_certificate: Option<PathBuf>,
    /// `sslcert`: a file with this client's certificate …
    pub certificate: Option<PathBuf>,
    /// … `sslkey`: with its key …
    pub key: Option<PathBuf>,
    /// … `sslpassword`: and the key's password.
    pub key_password: Option<Secret>,
    /// `sslsni`: whether the server is told the name that is wanted.
    pub sni: bool,
    /// `ssl_min_protocol_version`.
    pub min_version: Option<TlsVersion>,
    /// `ssl_max_protocol_version`.
    pub max_version: Option<TlsVersion>,
}

/// libpq's `target_session_attrs`: what a session has to be for its server to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionKind {
    /// Whatever it is.
    Any,
    /// One that may write.
    ReadWrite,
    /// One that may not.
    ReadOnly,
    /// One on a server that follows no other.
    Primary,
    /// One on a server that follows another.
    Standby,
    /// The same, and any other where there is none.
    PreferStandby,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// `TLSv1`
    V1_0,
    /// `TLSv1.1`
    V1_1,
    /// `TLSv1.2`
    V1_2,
    /// `TLSv1.3`
    V1_3,
}

/// libpq's `channel_binding`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where both sides can.
    Prefer,
    /// Else there is no connection.
    Require,
}

/// libpq's `sslmode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS only where the server refuses plain connections.
    Allow,
    /// TLS where the server has it.
    Prefer,
    /// TLS, whoever the server is.
    Require,
    /// TLS, with a certificate from a trusted authority.
    VerifyCa,
    /// TLS, with a certificate from a trusted authority for this very host.
    VerifyFull,
}

type Pairs = Vec<(String, String)>;

impl Target {
    /// Reads what stands behind `%connect`. `variable` looks up environment variables: those that
    /// stand for what is left out, and `${NAME}` in the text.
    ///
    /// # Errors
    /// A sentence for the user that never holds a password.
    pub fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        if text.contains('\0') {
            return Err("there is a NUL character in it, which no connection option has".into());
        }
        // The end of keywords may be an escaped blank.
        let (untrimmed, whole) = whole(text.trim_start(), variable)?;
        let text = untrimmed.trim();
        if text == "local" {
            return Ok(Target::Local(None));
        }
        if let Some(folder) = text.strip_prefix("local ") {
            let folder = expand(folder.trim(), variable)?;
            return Ok(Target::Local(Some(home(&folder, variable))));
        }
        let pairs = match text.split_once("://") {
            _ if command::is_one(text) => command::pairs(text)?,
            Some(("postgresql" | "postgres", rest)) => url::pairs(rest)?,
            Some((scheme, _)) if !scheme.contains([' ', '=']) => {
                return Err("this is not a PostgreSQL URL; it begins postgresql://".into());
            }
            _ if text.contains('=') => keywords::pairs(&untrimmed)?,
            _ => {
                return Err(
                    "this is no connection: give a URL (postgresql://user@host/database), \
                     keywords (host=… user=… dbname=…), a psql command, service=NAME, or local"
                        .into(),
                );
            }
        };
        Target::server(pairs, whole, variable)
    }

    /// Whether more lines of what stands behind `%connect` are to come: a psql command may be
    /// pasted as it was broken.
    pub(crate) fn is_unfinished(text: &str) -> bool {
        command::is_unfinished(text)
    }

    /// Reads the body of `%%connect`: a field a line, or credentials JSON.
    ///
    /// # Errors
    /// As [`Target::parse`].
    pub fn parse_fields(
        body: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let (body, whole) = whole(body, variable)?;
        let pairs = match body.trim() {
            // What is too long for `%connect`'s one line may stand here as well.
            text if command::is_one(text) => command::pairs(text)?,
            _ => fields::pairs(&body)?,
        };
        // What libpq would make of nothing is nobody's wish: this user's own database, here.
        if pairs.is_empty() {
            return Err(
                "the lines below %%connect say nothing of the connection; Host, Port, Database, \
                 Username and Password belong there, a line each, or credentials JSON"
                    .into(),
            );
        }
        Target::server(pairs, whole, variable)
    }

    /// A server from options whose values may name variables, unless `whole` is already replaced.
    fn server(
        mut pairs: Pairs,
        whole: bool,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        for (_, value) in pairs.iter_mut().filter(|_| !whole) {
            *value = expand(value, variable)?;
        }
        if !pairs.is_empty() && pairs.iter().all(|(_, value)| value.is_empty()) {
            return Err("nothing is said of the connection: all of its options are empty".into());
        }
        let settings = Settings::from_pairs(pairs, variable)?;
        Ok(Target::Server(Box::new(settings)))
    }

    /// The connection that the environment names, with the variable that does; `None` where it
    /// names none. Order: `ROWCELL_CONNECT`, `DATABASE_URL`, libpq's `PG…`.
    ///
    /// # Errors
    /// As [`Target::parse`], with the variable's name in front.
    pub fn from_environment(
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<(Self, &'static str)>, String> {
        for name in ["ROWCELL_CONNECT", "DATABASE_URL"] {
            if let Some(text) = variable(name) {
                let target =
                    Target::parse(&text, variable).map_err(|why| format!("{name}: {why}"))?;
                return Ok(Some((target, name)));
            }
        }
        for name in ["PGHOST", "PGHOSTADDR", "PGSERVICE"] {
            if variable(name).is_some() {
                let settings = Settings::from_pairs(Vec::new(), variable)?;
                return Ok(Some((Target::Server(Box::new(settings)), name)));
            }
        }
        Ok(None)
    }

    /// Where it goes in words, without the password: `ada@db.example:5432/sales`, `local`.
    pub fn describe(&self) -> String {
        match self {
            Target::Local(None) => "local".into(),
            Target::Local(Some(folder)) => format!("local {}", folder.display()),
            Target::Server(settings) => {
                let hosts: Vec<_> = settings.hosts.iter().map(Host::describe).collect();
                format!(
                    "{}@{}/{}",
                    settings.user,
                    hosts.join(","),
                    settings.database
                )
            }
        }
    }

    /// A name for the connection where the user gives none: the database's or `local`.
    pub fn default_name(&self) -> String {
        match self {
            Target::Local(None) => "local".into(),
            Target::Local(Some(folder)) => folder
                .file_name()
                .map_or("local".into(), |name| name.to_string_lossy().into_owned()),
            Target::Server(settings) => settings.database.clone(),
        }
    }
}

impl Settings {
    /// Who logs in, and to what, as errors say it.
    pub(crate) fn login(&self) -> String {
        format!("user \"{}\", database \"{}\"", self.user, self.database)
    }
}

impl Host {
    /// `host:port`, or the socket's folder.
    pub fn describe(&self) -> String {
        match &self.place {
            Address::Tcp(name, _) if name.contains(':') => format!("[{name}]:{}", self.port),
            Address::Tcp(name, _) => format!("{name}:{}", self.port),
            Address::Socket(folder) => format!("{}:{}", folder.display(), self.port),
        }
    }

    /// True for a socket, `localhost` and loopback addresses: nobody listens on the way.
    pub fn is_this_machine(&self) -> bool {
        match &self.place {
            Address::Socket(_) => true,
            Address::Tcp(_, Some(address)) => address.is_loopback(),
            Address::Tcp(name, None) => {
                name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
            }
        }
    }
}

/// Replaces all variables where one is at the start of a line, and so stands for more than a value;
/// says whether that was so. Elsewhere they wait for [`expand`]: a value is taken as it is, whatever
/// its blanks, quotes and slashes would mean in the text.
fn whole(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<(String, bool), String> {
    match text.lines().any(|line| line.trim_start().starts_with("${")) {
        true => Ok((expand(text, variable)?, true)),
        false => Ok((text.to_owned(), false)),
    }
}

/// Replaces `${NAME}` by the environment's value; a `${` before anything else is text.
fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        match after.split_once('}').filter(|(name, _)| is_variable(name)) {
            Some((name, after)) => {
                let value = variable(name);
                out.push_str(
                    &value.ok_or_else(|| format!("the environment variable {name} is not set"))?,
                );
                rest = after;
            }
            None => {
                out.push_str("${");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    Ok(out)
}

fn is_variable(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    !name.is_empty() && name.bytes().all(word)
}

/// `~/` in front of a path.
fn home(path: &str, variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pairs as literals write them.
    pub(super) fn owned(pairs: &[(&str, &str)]) -> Pairs {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.iter().map(owned).collect()
    }

    fn parse(text: &str, environment: &[(&str, &str)]) -> Result<Target, String> {
        Target::parse(text, &|name| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn settings(text: &str, environment: &[(&str, &str)]) -> Settings {
        match parse(text, environment) {
            Ok(Target::Server(settings)) => *settings,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn ways_in() {
        assert_eq!(parse("local", &[]), Ok(Target::Local(None)));
        assert_eq!(
            parse("local ~/shop", &[("HOME", "/h")]),
            Ok(Target::Local(Some("/h/shop".into())))
        );
        let described = |text| parse(text, &[]).map(|target| target.describe());
        assert_eq!(
            described("postgres://ada@db/sales").as_deref(),
            Ok("ada@db:5432/sales")
        );
        assert_eq!(
            described("host=a,b port=1,2 user=u dbname=d").as_deref(),
            Ok("u@a:1,b:2/d")
        );
        assert_eq!(
            described("psql -h db -U ada sales").as_deref(),
            Ok("ada@db:5432/sales")
        );
        assert_eq!(
            described("postgresql://u@[::1]/d").as_deref(),
            Ok("u@[::1]:5432/d")
        );
    }

    #[test]
    fn nothing_is_no_target() {
        for body in [
            "",
            " \n\t\n",
            "Expires: 24/11/2026",
            "{}",
            "Host:\nPort:\n",
            "host=",
        ] {
            let found = Target::parse_fields(body, &|_| None);
            assert!(found.is_err(), "{body:?}: {found:?}");
        }
        for text in ["", "  ", "''", "as x", "host=", "service= user=''"] {
            let found = Target::parse(text, &|_| None);
            assert!(found.is_err(), "{text:?}: {found:?}");
        }
        let empty = Target::parse("${NOTHING}", &|_| Some(String::new()));
        assert!(empty.is_err(), "{empty:?}");
        // As in libpq, a URL may leave all of it to the environment.
        assert!(Target::parse("postgresql://", &|_| None).is_ok());
    }

    #[test]
    fn the_environment_fills_gaps() {
        let environment = [
            ("PGUSER", "ada"),
            ("PGPASSWORD", "s"),
            ("PGPORT", "5433"),
            ("SECRET", "x y"),
        ];
        let found = settings("host=db", &environment);
        assert_eq!((found.user.as_str(), found.hosts[0].port), ("ada", 5433));
        assert_eq!(found.password, Some(Secret::new("s")));
        assert_eq!(settings("host=db password=''", &environment).password, None);
        for target in [
            "host=db password=${SECRET}",
            "postgresql://ada:${SECRET}@db",
            "${TARGET}",
        ] {
            let environment = [
                ("SECRET", "x '@/?"),
                ("TARGET", "host=db password='x \\'@/?'"),
                ("PGUSER", "ada"),
            ];
            assert_eq!(
                settings(target, &environment).password,
                Some(Secret::new("x '@/?")),
                "{target}"
            );
        }
    }

    #[test]
    fn tls_is_required_of_distant_hosts() {
        let mode = |text| settings(text, &[("PGUSER", "u")]).tls.mode;
        assert_eq!(mode("host=db.example"), TlsMode::Require);
        assert_eq!(mode("host=localhost"), TlsMode::Prefer);
        assert_eq!(mode("host=127.0.0.1"), TlsMode::Prefer);
        assert_eq!(mode("host=db.example sslmode=disable"), TlsMode::Disable);
    }

    #[test]
    fn errors_say_what_to_do_and_repeat_no_password() {
        let check = |text: &str, expected: &str| {
            let error = parse(text, &[("PGUSER", "u")]).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        };
        check("hots=db password=s3cret", "did you mean host?");
        check("host=db port=s3cret", "port");
        check("host=db password=a s3cret", "single quotes");
        check("host=db password=a S3cret=b", "behind password=…");
        check("mysql://u:s3cret@db/x", "postgresql://");
        check("host=db password=${NOPE}", "NOPE is not set");
        check("db.example", "give a URL");
        check("host=a,b port=1,2,3", "different numbers");
    }
}
