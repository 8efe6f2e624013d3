//! What is known of a session without asking it.

use std::time::{Instant, SystemTime};

use crate::wire::Transaction;

/// What is known of a session without asking it.
#[derive(Clone, Debug, Default)]
pub struct Status {
    /// The open connection, if it is open.
    pub connection: Option<Connected>,
    /// The transaction status after the last statement.
    pub transaction: Transaction,
    /// Since when a statement runs.
    pub running: Option<Instant>,
}

/// Facts of an open connection.
#[derive(Clone, Debug)]
pub struct Connected {
    /// The host that answered.
    pub host: String,
    /// The server's own version, such as `17.5`.
    pub version: String,
    /// The user the server says it is, else who has logged in.
    pub user: String,
    /// Whether TLS is used.
    pub encrypted: bool,
    /// Its protocol and cipher, where the server tells: `TLSv1.3, TLS_AES_256_GCM_SHA384`.
    pub tls: Option<String>,
    /// When the password expires, where it says so.
    pub expires: Option<SystemTime>,
    /// Whether this is Query Service, which differs.
    pub query_service: bool,
    /// How the server reads backslashes in plain strings.
    pub standard_conforming_strings: bool,
    /// Whether each statement runs in a transaction that the server holds read-only.
    pub held: bool,
}

/// When a token expires, in words.
pub(crate) fn expiry(at: SystemTime) -> String {
    match at.duration_since(SystemTime::now()) {
        Err(_) => "has expired".into(),
        Ok(left) => match left.as_secs() / 60 {
            0 => "expires in less than a minute".into(),
            minutes @ 1..60 => format!("expires in {minutes} min"),
            minutes => format!("expires in {} h {} min", minutes / 60, minutes % 60),
        },
    }
}
