//! What `%connect` is given, read into settings: a URL, libpq keywords, or `local`.
//!
//! The driver's own reader is not used: it refuses options that libpq knows, and a user name with a
//! raw `@`. Meanings follow libpq: PostgreSQL documentation, "Connection Strings".

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::nearest::nearest;
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
    /// The database.
    pub database: String,
    /// How TLS is used.
    pub tls: TlsMode,
    /// A file of certificates to trust, or `system`; else libpq's own file, else the system's.
    pub root_certificate: Option<PathBuf>,
    /// The time limit for reaching one host: socket, TLS and authentication together.
    pub connect_timeout: Duration,
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
    "sslmode",
    "sslrootcert",
    "connect_timeout",
    "application_name",
    "fallback_application_name",
    "options",
    "client_encoding",
    "gssencmode",
];

type Pairs = Vec<(String, String)>;

impl Target {
    /// Reads what stands behind `%connect`. `variable` looks up environment variables: those that
    /// stand for what is left out, and `${NAME}` in the text.
    ///
    /// # Errors
    /// A sentence for the user that never holds a password.
    pub fn parse(text: &str, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, String> {
        let text = expand(text.trim(), variable)?;
        let text = text.trim();
        if text == "local" {
            return Ok(Target::Local(None));
        }
        if let Some(folder) = text.strip_prefix("local ") {
            return Ok(Target::Local(Some(home(folder.trim(), variable))));
        }
        let pairs = match text.split_once("://") {
            Some(("postgresql" | "postgres", rest)) => from_url(rest)?,
            Some((scheme, _)) if !scheme.contains([' ', '=']) => {
                return Err(format!(
                    "{scheme}:// is not a PostgreSQL URL; it begins postgresql://"
                ));
            }
            _ if text.contains('=') => from_keywords(text)?,
            _ => {
                return Err("this is no connection: give a URL (postgresql://user@host/database), \
                     keywords (host=… user=… dbname=…) or local"
                    .into());
            }
        };
        Settings::from_pairs(pairs, variable).map(|settings| Target::Server(Box::new(settings)))
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
        for name in ["PGHOST", "PGHOSTADDR"] {
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
        pairs: Pairs,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        for (name, _) in &pairs {
            if !OPTIONS.contains(&name.as_str()) {
                let hint = nearest(name, OPTIONS.iter().copied())
                    .map_or(String::new(), |near| format!("; did you mean {near}?"));
                return Err(format!("unknown connection option \"{name}\"{hint}"));
            }
        }
        // Given twice, the last one counts, as in libpq; an empty value is as good as none.
        let get = |name: &str, environment: &str| {
            pairs
                .iter()
                .rev()
                .find(|(key, _)| key == name)
                .map(|(_, value)| value.clone())
                .or_else(|| variable(environment).filter(|_| !environment.is_empty()))
                .filter(|value| !value.is_empty())
        };

        let hosts = hosts(
            get("host", "PGHOST").as_deref(),
            get("hostaddr", "PGHOSTADDR").as_deref(),
            get("port", "PGPORT").as_deref(),
        )?;
        let user = match get("user", "PGUSER") {
            Some(user) => user,
            None => variable("USER")
                .or_else(|| variable("USERNAME"))
                .ok_or("no user is named: add user=NAME")?,
        };
        let here = hosts.iter().all(Host::is_this_machine);
        let tls = match get("sslmode", "PGSSLMODE").as_deref() {
            // libpq's default is prefer; a password for a distant host deserves better.
            None if here => TlsMode::Prefer,
            None => TlsMode::Require,
            Some("disable") => TlsMode::Disable,
            Some("allow") => TlsMode::Allow,
            Some("prefer") => TlsMode::Prefer,
            Some("require") => TlsMode::Require,
            Some("verify-ca") => TlsMode::VerifyCa,
            Some("verify-full") => TlsMode::VerifyFull,
            Some(other) => {
                return Err(format!(
                    "sslmode is \"{other}\"; it can be disable, allow, prefer, require, verify-ca or verify-full"
                ));
            }
        };
        let connect_timeout = match get("connect_timeout", "PGCONNECT_TIMEOUT") {
            None => 30,
            Some(seconds) => match seconds.trim().parse::<i32>() {
                // libpq waits for ever on 0 and below; nothing here may.
                Ok(seconds) if seconds <= 0 => 24 * 3600,
                Ok(seconds) => seconds.max(2).unsigned_abs().into(),
                Err(_) => return Err(format!("connect_timeout is \"{seconds}\", not a number")),
            },
        };
        Ok(Settings {
            hosts,
            password: get("password", "PGPASSWORD").map(Secret::new),
            database: get("dbname", "PGDATABASE").unwrap_or_else(|| user.clone()),
            user,
            tls,
            root_certificate: get("sslrootcert", "PGSSLROOTCERT")
                .map(|path| home(&path, variable))
                .or_else(|| libpq_root_certificate(variable)),
            connect_timeout: Duration::from_secs(connect_timeout),
            application_name: get("application_name", "PGAPPNAME")
                .or_else(|| get("fallback_application_name", ""))
                .unwrap_or_else(|| "rowcell".into()),
            options: get("options", "PGOPTIONS"),
        })
    }
}

/// `~/.postgresql/root.crt`, which libpq trusts where it exists.
fn libpq_root_certificate(variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = Path::new(&variable("HOME")?).join(".postgresql/root.crt");
    path.exists().then_some(path)
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
            &variable(name)
                .ok_or_else(|| format!("the environment variable {name} is not set"))?,
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
                    .ok_or_else(|| format!("port is \"{port}\", not a number from 1 to 65535"))?,
            };
            let address = match addresses.get(n).filter(|address| !address.is_empty()) {
                Some(address) => Some(
                    address
                        .parse()
                        .map_err(|_| format!("hostaddr is \"{address}\", not an IP address"))?,
                ),
                None => None,
            };
            let place = match *name {
                "" => Address::Tcp("localhost".into(), address),
                folder if folder.starts_with('/') => Address::Socket(folder.into()),
                name => Address::Tcp(name.to_owned(), address),
            };
            Ok(Host { place, port })
        })
        .collect()
}

/// `key = value` pairs as libpq reads them: values in single quotes, backslash escapes.
fn from_keywords(text: &str) -> Result<Pairs, String> {
    let mut pairs = Vec::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !c.is_whitespace()) {
            name.push(c);
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        if name.is_empty() && chars.peek().is_none() {
            return Ok(pairs);
        }
        if chars.next_if_eq(&'=').is_none() {
            // The word may be a piece of a password with a blank in it: it is not repeated.
            let place = pairs.last().map_or("at the start".to_owned(), |(key, _)| {
                format!("after the value of \"{key}\"")
            });
            return Err(format!(
                "an = is missing {place}; a value with blanks in it stands in single quotes"
            ));
        }
        while chars.next_if(|c| c.is_whitespace()).is_some() {}
        let mut value = String::new();
        let quoted = chars.next_if_eq(&'\'').is_some();
        loop {
            match chars.next_if(|c| quoted || !c.is_whitespace()) {
                Some('\'') if quoted => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) => value.push(c),
                None if quoted => return Err(format!("the quote of \"{name}\" is not closed")),
                None => break,
            }
        }
        pairs.push((name, value));
    }
}

/// `user:password@host:port,host:port/database?option=value&…`, percent-encoded.
///
/// The user ends at the last `@` before the first `/` or `?`, so that a raw `@` in it works.
fn from_url(rest: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let (authority, path) = match rest.rsplit_once('@') {
        // A `/` may stand in a password only percent-encoded; one behind the last `@` is the path's.
        Some((login, rest)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            pairs.push(("user".into(), decode(user, "user")?));
            if let Some(password) = password {
                pairs.push(("password".into(), decode(password, "password")?));
            }
            rest.split_once('/').unwrap_or((rest, ""))
        }
        None => rest.split_once('/').unwrap_or((rest, "")),
    };
    let mut hosts = Vec::new();
    let mut ports = Vec::new();
    for host in authority.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address
                    .split_once(']')
                    .ok_or("a [ of an IPv6 address has no ]")?;
                (address, port.strip_prefix(':').unwrap_or_default())
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        hosts.push(decode(name, "host")?);
        ports.push(port);
    }
    if !authority.is_empty() {
        pairs.push(("host".into(), hosts.join(",")));
        if ports.iter().any(|port| !port.is_empty()) {
            pairs.push(("port".into(), ports.join(",")));
        }
    }
    pairs.push(("dbname".into(), decode(path, "database")?));
    for option in query.unwrap_or_default().split('&').filter(|o| !o.is_empty()) {
        match option.split_once('=') {
            Some(("ssl", "true")) => pairs.push(("sslmode".into(), "require".into())),
            Some((name, value)) => pairs.push((decode(name, "option")?, decode(value, name)?)),
            // Query Service's databases end in ?FLATTEN and the like, and so does what people paste.
            None => {
                if let Some((_, database)) = pairs.iter_mut().find(|(name, _)| name == "dbname") {
                    database.push('?');
                    database.push_str(option);
                }
            }
        }
    }
    Ok(pairs)
}

fn decode(text: &str, what: &str) -> Result<String, String> {
    percent_decode_str(text)
        .decode_utf8()
        .map(|text| text.into_owned())
        .map_err(|_| format!("the {what} in the URL is not percent-encoded UTF-8"))
}
