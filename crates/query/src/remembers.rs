//! Which cells may be kept in a history: none that seems to hold a password, a key or a token.
//!
//! What is left out is missed for a moment; what is kept by mistake lies on a disk for years. So a
//! line that connects is kept only where it is read and found to hold nothing, and everything else
//! is judged by the words that secrets stand behind.

use std::sync::LazyLock;

use regex::RegexSet;

use crate::cell::{Cell, Step};
use crate::split::Dialect;
use crate::target::Target;
use crate::variables::Variables;

/// What is only said where a secret is.
const SECRETS: &[&str] = &[
    // Words that stand before one, or mean one.
    r"(?i)passw(or)?d|passphrase|passcode|identified\s+by|credentials?\s*['=:(]",
    r"(?i)authorization\s*[:'=]|\bbearer\s+\S|-----begin|scram-sha-256\$",
    // A name like one, and a value for it: token = 'x', "api_key": "x", 'secret', 'x', key := x.
    r#"(?ix)(secret|token|credential|passwd|pwd|\bpass\b|api[_-]?key|access[_-]?key|private[_-]?key
        |account[_-]?key|encryption[_-]?key|master[_-]?key|shared[_-]?key|signature|\bsas\b)
        \w*["']?\s*(::\w+\s*)?(:?=>?|:|,|\b(to|is|as|like)\b)?\s*([EU]&?)?["'$]"#,
    r"(?i)(secret|token|credential|passwd|pwd|api_?key|access_?key|private_?key|signature)\w*\s*:?=\s*[^\s=]",
    // Variables that are called so.
    r"(?im)^\s*\\(set|prompt|getenv|password)\b.*(secret|token|credential|pass|pwd|key)",
    // What encrypts has the key among its arguments.
    r"(?i)\b(pgp_\w+|(en|de)crypt(_iv|_raw\w*)?|crypt|hmac)\s*\(",
    // Tokens and keys by how they begin.
    r"\beyJ[\w-]{8,}|\b(AKIA|ASIA)[A-Z0-9]{12,}|\b(ghp|gho|ghs|glpat|xox[abprs])[_-][\w-]{12,}",
    // A login in a URL, or behind a name in it; a password may have anything in it, a / too.
    r"(?m)://[^\n:@]*:[^\n]*@",
];

static SET: LazyLock<Option<RegexSet>> = LazyLock::new(|| RegexSet::new(SECRETS).ok());

/// Whether a cell may be kept.
pub(crate) fn remembers(text: &str, dialect: Dialect) -> bool {
    let held = SET.as_ref().is_none_or(|set| set.is_match(text));
    !held && connects_openly(text, dialect)
}

/// Whether each line of a cell that connects is one that can be read, and holds no secret.
fn connects_openly(text: &str, dialect: Dialect) -> bool {
    let lower = text.to_lowercase();
    let lines = lower.lines().map(str::trim_start);
    let connecting = lines.clone().filter(|line| {
        ["%connect", "%%connect", "\\c ", "\\connect", "psql "]
            .iter()
            .any(|word| line.starts_with(word))
            && !line.starts_with("%connections")
    });
    let mut left = connecting.count();
    if left == 0 {
        return true;
    }
    let variables = Variables::default();
    let mut cell = Cell::new(text);
    while let Some(Ok(step)) = cell.next(&variables, dialect) {
        let target = match step {
            Step::Percent {
                name: "connect",
                rest,
                ..
            } if is_service(target_of(rest)) => {
                left = left.saturating_sub(1);
                continue;
            }
            Step::Percent {
                name: "connect",
                rest,
                ..
            } => Target::parse(target_of(rest), &nothing),
            Step::Block {
                name: "connect",
                body,
                ..
            } => Target::parse_fields(body, &nothing),
            _ => continue,
        };
        if !target.is_ok_and(|target| is_open(&target)) {
            return false;
        }
        left = left.saturating_sub(1);
    }
    // One that was not read may be anything: a password that was pasted below it, or beside it.
    left == 0
}

/// Whether this only names a service, which is looked up in files that are not there for `nothing`.
fn is_service(target: &str) -> bool {
    let name = target.strip_prefix("service=").unwrap_or_default();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !name.is_empty() && name.chars().all(is_name)
}

fn is_open(target: &Target) -> bool {
    match target {
        Target::Local(_) => true,
        Target::Server(settings) => {
            settings.password.is_none()
                && settings.password_command.is_none()
                && settings.tls.key_password.is_none()
        }
    }
}

/// What stands before a last `as NAME`.
fn target_of(rest: &str) -> &str {
    crate::commands::connect::target_and_name(rest).0
}

/// An environment in which every variable is empty.
fn nothing(_: &str) -> Option<String> {
    Some(String::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_remembered() {
        for text in [
            "%connect hunter2",
            "%connect\nhunter2",
            "%connect as sales hunter2",
            "%connect host=db user=ada hunter2",
            "%connect postgresql://ada:hunter2@db/sales",
            "%connect postgresql://ada:hun/ter2@db/sales",
            "%connect postgresql://ada:hun ter2@db/sales",
            "%connect postgresql://ada@db/sales?password=x",
            "%connect host=db passwd=x",
            "%%connect\nHost: db\nhunter2",
            "%%connect\n{\"token\": \"x\"}",
            "select 1;\n%connect host=db sslpassword=x",
            "\\connect 'host=db' hunter2",
            "copy t from 's3://b/f' credentials 'aws_access_key_id=A;aws_secret_access_key=b'",
            "copy t from 's3://b/f' access_key_id 'A' secret_access_key 'b'",
            "unload ('select 1') to 's3://b' with credentials as 'x'",
            "create user ada password 'x'",
            "alter role ada with encrypted password 'x'",
            "create user ada identified by 'x'",
            "create subscription s connection 'host=h password=x' publication p",
            "create user mapping for ada server s options (user 'a', password 'x')",
            "select dblink_connect('host=h password=x')",
            "select pgp_sym_encrypt(a, 'k') from t",
            "select crypt('x', gen_salt('bf'))",
            "select http_header('Authorization', 'x')",
            "select * from t where header = 'Bearer abc'",
            "select 'eyJhbGciOiJIUzI1NiJ9.eyJz.c2ln'",
            "set app.token = 'x'",
            "set app.token to 'x'",
            "set my.secret=abc",
            "select * from keys where api_key = 'x'",
            "insert into t select jsonb_build_object('secret', 'x')",
            "create secret s (type s3, key_id 'AKIAIOSFODNN7EXAMPLE', secret 'x')",
            "\\set token x",
            "\\set my_secret 'x'",
            "\\password ada",
            "alter system set ssl_passphrase_command = 'echo x'",
            "select 'postgresql://a:b@c'",
            "select '-----BEGIN PRIVATE KEY-----'",
            "select 'SCRAM-SHA-256$4096:x'",
        ] {
            assert!(!remembers(text, Dialect::default()), "{text}");
        }
    }

    #[test]
    fn other_cells_are() {
        for text in [
            "select 1",
            "%connect local",
            "%connect local ~/shop as shop",
            "%connect postgresql://ada@db.example:5433/sales?sslmode=require as s",
            "%connect host=db user=ada dbname=sales read_only=on",
            "%connect psql -h db -U ada sales",
            "%connect service=sales as s",
            "%connections",
            "%%connect as s\nHost: db\nPort: 5432\nUsername: ada",
            "%use sales",
            "select token from sessions where id = 1",
            "select count(*) from secrets",
            "select 'https://x.example/a?b=c'",
            "select mail from people where mail like '%@x.example'",
            "select passed, key from t where key = 'a'",
            "\\set city 'Ulm'",
            "\\getenv home HOME",
            "select sketch from drawings",
        ] {
            assert!(remembers(text, Dialect::default()), "{text}");
        }
    }
}
