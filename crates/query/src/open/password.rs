//! Where a password comes from: what was given, the system's keyring, a command, the password file.

mod keyring;

use std::future::Future;
use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout;

use crate::environment::secret_variables;
use crate::secret::Secret;
use crate::target::{Address, Host, Settings, passfile};

/// The most that a program may print: a token has some thousand characters.
const MOST: u64 = 64 << 10;

/// What is known before the server asks for a password.
#[derive(Default)]
pub(super) struct Known {
    pub(super) password: Option<Secret>,
    /// Why the places that were looked into have none, which matters once the server asks.
    pub(super) missing: Vec<String>,
}

/// Looks into one place after the other until one has a password.
pub(super) async fn find(settings: &Settings, host: &Host) -> Known {
    let mut known = Known {
        password: settings.password.clone(),
        missing: Vec::new(),
    };
    let limit = settings.connect_timeout;
    if let Some(service) = &settings.password_keyring {
        let found = keyring::find(service, &settings.user);
        known.look("password_keyring", found, limit).await;
    }
    if let Some(command) = &settings.password_command {
        known
            .look("password_command", printed(command), limit)
            .await;
    }
    if let Some(path) = settings.passfile.as_deref().filter(|_| known.is_none()) {
        let (database, user) = (&settings.database, &settings.user);
        match passfile::find(path, &name(host), host.port, database, user) {
            Ok(found) => known.password = found,
            Err(why) => known.missing.push(why),
        }
    }
    known
}

impl From<Secret> for Known {
    fn from(password: Secret) -> Known {
        Known {
            password: Some(password),
            missing: Vec::new(),
        }
    }
}

impl Known {
    fn is_none(&self) -> bool {
        self.password.is_none()
    }

    /// Looks into one more place, where none had a password yet.
    async fn look(
        &mut self,
        place: &str,
        found: impl Future<Output = Result<Secret, String>>,
        limit: Duration,
    ) {
        if self.password.is_some() {
            return;
        }
        match timeout(limit, found).await {
            Ok(Ok(password)) => self.password = Some(password),
            Ok(Err(why)) => self.missing.push(format!("{place}: {why}")),
            Err(_) => self.missing.push(format!(
                "{place}: no answer within {} s (connect_timeout)",
                limit.as_secs()
            )),
        }
    }
}

/// What the password file calls a host.
fn name(host: &Host) -> String {
    match &host.place {
        Address::Tcp(name, _) => name.clone(),
        Address::Socket(folder) => match folder.to_str() {
            // As in libpq, the usual folders go by this name.
            Some("/var/run/postgresql" | "/tmp") | None => "localhost".into(),
            Some(folder) => folder.to_owned(),
        },
    }
}

/// The password that a command of the shell prints.
async fn printed(command: &Secret) -> Result<Secret, String> {
    let mut shell = Command::new("sh");
    let ended = ended(shell.args(["-c", command.expose()])).await;
    let ended = ended.map_err(|error| error.to_string())?;
    match ended.status.success() {
        true => first_line(&ended.printed).ok_or_else(|| "it printed nothing".into()),
        false => Err(match ended.complaint.trim() {
            "" => format!("it ended with {}", ended.status),
            complaint => format!("it ended with {}: {complaint}", ended.status),
        }),
    }
}

/// The password in what a program printed: the first line without its end, as PostgreSQL's own
/// `ssl_passphrase_command` has it, and as password managers print it above whatever else they
/// know. A token may go on over the lines below.
fn first_line(printed: &str) -> Option<Secret> {
    let mut lines = printed.lines();
    let first = lines.next().filter(|line| !line.is_empty())?;
    if !first.trim_start().starts_with("eyJ") {
        return Some(Secret::new(first));
    }
    let goes_on = |line: &&str| {
        let line = line.trim();
        let of_token = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !line.is_empty() && line.chars().all(of_token)
    };
    let token: Vec<_> = std::iter::once(first)
        .chain(lines.take_while(goes_on))
        .collect();
    Some(Secret::pasted(token.join("\n")))
}

/// A program that has ended.
struct Ended {
    status: ExitStatus,
    printed: String,
    /// What it said on standard error.
    complaint: String,
}

/// Runs a program to its end; dropping the future ends the program. It is not given the passwords that
/// this one has been given.
async fn ended(command: &mut Command) -> io::Result<Ended> {
    for name in secret_variables() {
        command.env_remove(name);
    }
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let (printed, complaint, status) = tokio::join!(text(stdout), text(stderr), child.wait());
    Ok(Ended {
        status: status?,
        printed: printed?,
        complaint: complaint?,
    })
}

/// All that comes, up to a bound; whoever has more to say finds nobody who listens.
async fn text(from: Option<impl AsyncRead + Unpin>) -> io::Result<String> {
    let mut text = String::new();
    if let Some(from) = from {
        from.take(MOST).read_to_string(&mut text).await?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_command_may_print() {
        let read = |printed: &str| first_line(printed).map(|secret| secret.expose().to_owned());
        for (printed, expected) in [
            ("s3cret", "s3cret"),
            ("s3cret\n", "s3cret"),
            ("s3cret\r\n", "s3cret"),
            (" two words \n", " two words "),
            ("s3cret\nurl: https://db.example\n", "s3cret"),
            ("eyJhbGci.eyJz\ndWIi.c2ln\n", "eyJhbGci.eyJzdWIi.c2ln"),
            (
                "  eyJhbGci\r\n  .eyJz.c2\n\nexpires: 9\n",
                "eyJhbGci.eyJz.c2",
            ),
            ("eyJhbGci.eyJz.c2\nexpires: 9\n", "eyJhbGci.eyJz.c2"),
        ] {
            assert_eq!(read(printed).as_deref(), Some(expected), "{printed:?}");
        }
        assert_eq!(read(""), None);
        assert_eq!(read("\ns3cret\n"), None);
    }
}
