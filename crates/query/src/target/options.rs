//! The options that a connection may have, and what becomes of each.

use super::Pairs;
use crate::nearest::nearest;

/// The options understood, libpq's names first.
pub(super) const OPTIONS: &[&str] = &[
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
    "sslcertmode",
    "ssl_min_protocol_version",
    "ssl_max_protocol_version",
    "requiressl",
    "channel_binding",
    "connect_timeout",
    "target_session_attrs",
    "load_balance_hosts",
    "application_name",
    "fallback_application_name",
    "options",
    "password_keyring",
    "password_command",
    "timeout",
    "read_only",
    "confirm",
];

/// The option whose value is a program to start.
pub(super) const COMMAND: &str = "password_command";

/// Refuses the option that starts a program where others than the user write the text: nobody reads
/// a URL or credentials for it.
///
/// # Errors
/// A sentence that says where it may stand.
pub(super) fn refuse_command(pairs: &Pairs, place: &str) -> Result<(), String> {
    match pairs.iter().any(|(name, _)| name == COMMAND) {
        true => Err(format!(
            "{COMMAND} starts a program, and is never taken from {place}; write it in keywords \
             (%connect host=… user=… {COMMAND}='…') or in your service file"
        )),
        false => Ok(()),
    }
}

/// libpq's options, and those of drivers, that say nothing here: the encoding is always UTF-8,
/// connections are always kept alive, GSSAPI is not spoken, and a pooler needs no special mode.
const IGNORED: &[&str] = &[
    "client_encoding",
    "gsslib",
    "krbsrvname",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "tcp_user_timeout",
    "sslcompression",
    "min_protocol_version",
    "max_protocol_version",
    "pgbouncer",
];

/// The environment's variables that stand for options which are not given.
pub(super) const VARIABLES: &[(&str, &str)] = &[
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
    ("PGSSLCERTMODE", "sslcertmode"),
    ("PGSSLMINPROTOCOLVERSION", "ssl_min_protocol_version"),
    ("PGSSLMAXPROTOCOLVERSION", "ssl_max_protocol_version"),
    ("PGSSLCRL", "sslcrl"),
    ("PGSSLCRLDIR", "sslcrldir"),
    ("PGSSLNEGOTIATION", "sslnegotiation"),
    ("PGREQUIREPEER", "requirepeer"),
    ("PGREQUIREAUTH", "require_auth"),
    ("PGGSSENCMODE", "gssencmode"),
    ("PGCHANNELBINDING", "channel_binding"),
    ("PGCONNECT_TIMEOUT", "connect_timeout"),
    ("PGTARGETSESSIONATTRS", "target_session_attrs"),
    ("PGLOADBALANCEHOSTS", "load_balance_hosts"),
    ("PGAPPNAME", "application_name"),
    ("PGOPTIONS", "options"),
];

/// libpq's options that are not honoured and that must not be passed over in silence: with the
/// values that ask for nothing, and what to say of the others.
pub(super) const REFUSED: &[(&str, &[&str], &str)] = &[
    (
        "sslcrl",
        &[],
        "lists of revoked certificates are not read here",
    ),
    (
        "sslcrldir",
        &[],
        "lists of revoked certificates are not read here",
    ),
    (
        "sslnegotiation",
        &["postgres"],
        "TLS is always asked for in PostgreSQL's own way here",
    ),
    (
        "requirepeer",
        &[],
        "the owner of the server's process is not checked here",
    ),
    (
        "require_auth",
        &[],
        "the way to authenticate is the server's choice here; sslmode=verify-full makes sure of \
         the server, channel_binding=require of SCRAM",
    ),
    (
        "gssencmode",
        &["disable", "prefer"],
        "GSSAPI is not spoken here; sslmode=require encrypts, too",
    ),
    ("gssdelegation", &["0"], "GSSAPI is not spoken here"),
    (
        "replication",
        &["false", "off", "no", "0"],
        "a connection for replication runs no SQL",
    ),
];

/// Whether this is an option's name.
pub(super) fn is_option(name: &str) -> bool {
    OPTIONS.contains(&name)
        || IGNORED.contains(&name)
        || REFUSED.iter().any(|(refused, ..)| *refused == name)
}

/// Checks that all names are options'.
///
/// # Errors
/// A sentence about the first that is none. The name may be a piece of a password with a blank or
/// a typo before it, and so it is not repeated.
pub(super) fn check(pairs: &Pairs) -> Result<(), String> {
    let Some(at) = pairs.iter().position(|(name, _)| !is_option(name)) else {
        return Ok(());
    };
    let place = match pairs[..at].last() {
        Some((before, _)) => format!("behind {before}=…"),
        None => "at the start".into(),
    };
    let near = nearest(&pairs[at].0, OPTIONS.iter().copied());
    Err(match near {
        Some(near) => format!("unknown connection option {place}; did you mean {near}?"),
        None => format!(
            "unknown connection option {place}; a value with blanks in it stands in single quotes"
        ),
    })
}
