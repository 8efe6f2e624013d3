//! What `%connect` is given, read into settings: a URL, libpq's keywords, a pasted `psql` command,
//! a service, fields, credentials, or `local`.
//!
//! The driver's own reader is not used: it refuses options that libpq knows, and a user name with a
//! raw `@`. Meanings follow libpq: PostgreSQL documentation, "Connection Strings".

mod command;
mod fields;
mod keywords;
pub(crate) mod passfile;
mod service;
pub(crate) mod token;
mod url;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::nearest::nearest;
use crate::query::boolean;
use crate::query_service;
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
    /// Tried in order until one answers.
    pub hosts: Vec<Host>,
    /// The user to log in as.
    pub user: String,
    /// The password, where one was given.
    pub password: Option<Secret>,
    /// libpq's password file, looked into where no password was given.
    pub passfile: Option<PathBuf>,
    /// A command of the shell that prints the password, run before each connection.
    pub password_command: Option<String>,
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
    /// exists, else the system's.
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

/// The options understood, libpq's names first.
const OPTIONS: &[&str] = &[
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "sslpassword",
    "sslsni",
    "ssl_min_protocol_version",
    "channel_binding",
    "connect_timeout",
    "application_name",
    "fallback_application_name",
    "options",
    "password_command",
    "timeout",
    "read_only",
    "confirm",
];

/// libpq's options, and those of drivers, that say nothing here: the encoding is always UTF-8,
/// connections are always kept alive, GSSAPI is not spoken, and a pooler needs no special mode.
const IGNORED: &[&str] = &[
    "client_encoding",
    "gssencmode",
    "gsslib",
    "krbsrvname",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "pgbouncer",
];

/// The environment's variables that stand for options which are not given.
const VARIABLES: &[(&str, &str)] = &[
    ("PGHOST", "host"),
    ("PGHOSTADDR", "hostaddr"),
    ("PGPORT", "port"),
    ("PGDATABASE", "dbname"),
    ("PGUSER", "user"),
    ("PGPASSWORD", "password"),
    ("PGPASSFILE", "passfile"),
    ("PGSERVICE", "service"),
    ("PGSSLMODE", "sslmode"),
    ("PGSSLROOTCERT", "sslrootcert"),
    ("PGSSLCERT", "sslcert"),
    ("PGSSLKEY", "sslkey"),
    ("PGSSLSNI", "sslsni"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
];

type Pairs = Vec<(String, String)>;

impl Target {
    /// Reads what stands behind `%connect`. `variable` looks up environment variables: those that
    /// stand for what is left out, and `${NAME}` in the text.
    ///
    /// # Errors
    /// A sentence for the user that never holds a password.
    pub fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let (text, whole) = whole(text.trim(), variable)?;
        let text = text.trim();
        if text == "local" {
            return Ok(Target::Local(None));
        }
        if let Some(folder) = text.strip_prefix("local ") {
            let folder = expand(folder.trim(), variable)?;
            return Ok(Target::Local(Some(home(&folder, variable))));
        }
        let pairs = match text.split_once("://") {
            Some(("postgresql" | "postgres", rest)) => url::pairs(rest)?,
            _ if text
                .split_whitespace()
                .any(|word| word == "psql" || word.ends_with("/psql")) =>
            {
                command::pairs(text)?
            }
            Some((scheme, _)) if !scheme.contains([' ', '=']) => {
                return Err("this is not a PostgreSQL URL; it begins postgresql://".into());
            }
            _ if text.contains('=') => keywords::pairs(text)?,
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

impl Settings {
    fn from_pairs(
        mut pairs: Pairs,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let service = last(&pairs, "service").map(str::to_owned);
        if let Some(service) = service
            .or_else(|| variable("PGSERVICE"))
            .filter(|s| !s.is_empty())
        {
            // What is given here counts more than what the service says.
            let mut all = service::pairs(&service, variable)?;
            all.append(&mut pairs);
            pairs = all;
        }
        for (name, _) in &pairs {
            let known = OPTIONS.contains(&name.as_str()) || IGNORED.contains(&name.as_str());
            if !known {
                return Err(unknown(name));
            }
        }
        // Given but empty is as good as the default, whatever the environment says.
        let get = |name: &str| {
            let environment = VARIABLES.iter().find(|(_, option)| *option == name);
            last(&pairs, name)
                .map(str::to_owned)
                .or_else(|| variable(environment?.0))
                .filter(|value| !value.is_empty())
        };
        let path = |name: &str| get(name).map(|path| home(&path, variable));

        let hosts = hosts(
            get("host").as_deref(),
            get("hostaddr").as_deref(),
            get("port").as_deref(),
        )?;
        let user = match get("user") {
            Some(user) => user,
            None => whoami::username()
                .map_err(|_| "no user is named, and this process has none: add user=NAME")?,
        };
        let seconds = |name: &str| match get(name) {
            None => Ok(None),
            Some(seconds) => match seconds.trim().parse::<i32>() {
                Ok(seconds) => Ok(Some(seconds)),
                Err(_) => Err(format!("{name} is not a number of seconds")),
            },
        };
        let switch = |name: &str| match get(name) {
            None => Ok(false),
            Some(value) => boolean(&value).ok_or_else(|| format!("{name} is on or off")),
        };
        Ok(Settings {
            password: get("password").map(Secret::pasted),
            passfile: path("passfile")
                .or_else(|| Some(Path::new(&variable("HOME")?).join(".pgpass"))),
            password_command: get("password_command"),
            database: get("dbname").unwrap_or_else(|| user.clone()),
            user,
            tls: Tls {
                mode: tls_mode(get("sslmode").as_deref(), &hosts)?,
                root_certificate: path("sslrootcert").or_else(|| libpq_file("root.crt", variable)),
                certificate: path("sslcert").or_else(|| libpq_file("postgresql.crt", variable)),
                key: path("sslkey").or_else(|| libpq_file("postgresql.key", variable)),
                key_password: get("sslpassword").map(Secret::new),
                sni: get("sslsni").as_deref() != Some("0"),
                min_version: tls_version(get("ssl_min_protocol_version").as_deref())?,
            },
            channel_binding: match get("channel_binding").as_deref() {
                None | Some("prefer") => ChannelBinding::Prefer,
                Some("disable") => ChannelBinding::Disable,
                Some("require") => ChannelBinding::Require,
                Some(_) => return Err("channel_binding is disable, prefer or require".into()),
            },
            connect_timeout: match seconds("connect_timeout")? {
                None => Duration::from_secs(30),
                // libpq waits for ever on 0 and below; nothing here may.
                Some(seconds) if seconds <= 0 => Duration::from_secs(24 * 3600),
                Some(seconds) => Duration::from_secs(seconds.max(2).unsigned_abs().into()),
            },
            timeout: seconds("timeout")?
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds.unsigned_abs().into())),
            read_only: switch("read_only")?,
            confirm: switch("confirm")?,
            application_name: get("application_name")
                .or_else(|| get("fallback_application_name"))
                .unwrap_or_else(|| "rowcell".into()),
            options: get("options"),
            hosts,
        })
    }
}

/// The value of an option; given twice, the last one counts, as in libpq.
fn last<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let given = pairs.iter().rev().find(|(key, _)| key == name);
    given.map(|(_, value)| value.as_str())
}

fn unknown(name: &str) -> String {
    // A piece of a password may have been taken for a name: only what looks like one is repeated.
    let looks_like_one =
        name.len() < 30 && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    match nearest(name, OPTIONS.iter().copied()) {
        Some(near) if looks_like_one => {
            format!("unknown connection option \"{name}\"; did you mean {near}?")
        }
        _ if looks_like_one => format!("unknown connection option \"{name}\""),
        _ => "a connection option that does not exist stands before an =; \
             a value with blanks in it stands in single quotes"
            .into(),
    }
}

fn tls_mode(mode: Option<&str>, hosts: &[Host]) -> Result<TlsMode, String> {
    let here = hosts.iter().all(Host::is_this_machine);
    // It takes the password in clear, and so never without TLS.
    let query_service = hosts.iter().any(|host| query_service::is_it(host, ""));
    Ok(match mode {
        // libpq's default is prefer; a password for a distant host deserves better.
        None if here => TlsMode::Prefer,
        None => TlsMode::Require,
        Some("disable") if query_service => {
            return Err("Query Service is reached with TLS only: sslmode=require".into());
        }
        Some("allow" | "prefer") if query_service => TlsMode::Require,
        Some("disable") => TlsMode::Disable,
        Some("allow") => TlsMode::Allow,
        Some("prefer") => TlsMode::Prefer,
        Some("require") => TlsMode::Require,
        Some("verify-ca") => TlsMode::VerifyCa,
        Some("verify-full") => TlsMode::VerifyFull,
        Some(_) => {
            return Err(
                "sslmode is disable, allow, prefer, require, verify-ca or verify-full".into(),
            );
        }
    })
}

fn tls_version(version: Option<&str>) -> Result<Option<TlsVersion>, String> {
    Ok(match version.map(str::to_lowercase).as_deref() {
        None => None,
        Some("tlsv1") => Some(TlsVersion::V1_0),
        Some("tlsv1.1") => Some(TlsVersion::V1_1),
        Some("tlsv1.2") => Some(TlsVersion::V1_2),
        Some("tlsv1.3") => Some(TlsVersion::V1_3),
        Some(_) => {
            return Err("ssl_min_protocol_version is TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3".into());
        }
    })
}

/// A file in `~/.postgresql`, which libpq uses where it exists.
fn libpq_file(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = Path::new(&variable("HOME")?).join(".postgresql").join(name);
    path.exists().then_some(path)
}

/// Replaces all variables where one is at the start of a line, and so stands for more than a value;
/// says whether that was so. Elsewhere they wait for [`expand`]: a value is taken as it is, whatever
/// its blanks, quotes and slashes would mean in the text.
fn whole(
    text: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<(String, bool), String> {
    match text.lines().any(|line| line.trim_start().starts_with("${")) {
        true => Ok((expand(text, variable)?, true)),
        false => Ok((text.to_owned(), false)),
    }
}

/// Replaces `${NAME}` by the environment's value.
fn expand(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            return Err("a ${ has no } behind it".into());
        };
        out.push_str(
            &variable(name).ok_or_else(|| format!("the environment variable {name} is not set"))?,
        );
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

/// `~/` in front of a path.
fn home(path: &str, variable: &dyn Fn(&str) -> Option<String>) -> PathBuf {
    match (path.strip_prefix("~/"), variable("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(path),
    }
}

fn hosts(
    hosts: Option<&str>,
    addresses: Option<&str>,
    ports: Option<&str>,
) -> Result<Vec<Host>, String> {
    let names: Vec<&str> = hosts.or(addresses).unwrap_or_default().split(',').collect();
    let addresses: Vec<&str> = addresses.map_or(Vec::new(), |list| list.split(',').collect());
    let ports: Vec<&str> = ports.unwrap_or("5432").split(',').collect();
    if !addresses.is_empty() && addresses.len() != names.len() {
        return Err("host and hostaddr name different numbers of hosts".into());
    }
    if ports.len() != 1 && ports.len() != names.len() {
        return Err("host and port name different numbers of hosts".into());
    }
    names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let port = ports.get(n).or(ports.first()).copied().unwrap_or_default();
            let port = match port.trim() {
                "" => 5432,
                port => port
                    .parse()
                    .ok()
                    .filter(|port| *port != 0)
                    .ok_or("a port is a number from 1 to 65535")?,
            };
            let address = match addresses.get(n).filter(|address| !address.is_empty()) {
                Some(address) => Some(address.parse().map_err(|_| "hostaddr is no IP address")?),
                None => None,
            };
            let place = match *name {
                "" => this_machine(port, address),
                folder if folder.starts_with('/') => Address::Socket(folder.into()),
                name => Address::Tcp(name.to_owned(), address),
            };
            Ok(Host { place, port })
        })
        .collect()
}

/// Where libpq looks when no host is named: a socket in one of the usual folders, else `localhost`.
fn this_machine(port: u16, address: Option<IpAddr>) -> Address {
    let folders = ["/var/run/postgresql", "/tmp"].map(Path::new);
    let socket = |folder: &&Path| folder.join(format!(".s.PGSQL.{port}")).exists();
    match folders
        .iter()
        .copied()
        .find(|folder| address.is_none() && socket(folder))
    {
        Some(folder) => Address::Socket(folder.to_owned()),
        None => Address::Tcp("localhost".into(), address),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        for target in ["host=db password=${SECRET}", "postgresql://ada:${SECRET}@db", "${TARGET}"] {
            let environment = [("SECRET", "x '@/?"), ("TARGET", "host=db password='x \\'@/?'"), ("PGUSER", "ada")];
            assert_eq!(settings(target, &environment).password, Some(Secret::new("x '@/?")), "{target}");
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
        check("host=db password=a S3cret=b", "single quotes");
        check("mysql://u:s3cret@db/x", "postgresql://");
        check("host=db password=${NOPE}", "NOPE is not set");
        check("db.example", "give a URL");
        check("host=a,b port=1,2,3", "different numbers");
    }
}
