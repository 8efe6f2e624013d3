//! What there is instead of an answer, as the user is told it; and the password that may mend it.

use display::Problem;

use crate::host::{Host, Unanswered};
use crate::open::OpenError;
use crate::query::Run;
use crate::query_service;
use crate::secret::Secret;
use crate::session::{Dropped, Failure, Session};
use crate::target::Target;

impl<H: Host> Run<'_, H> {
    /// A password to try the statement again with, where the server wants another one: asked for
    /// at the prompt. The failure itself, as the user is told, where that would not help.
    pub(crate) async fn another_password(
        &self,
        session: &Session,
        failure: Failure,
        asked: bool,
    ) -> Result<Secret, Problem> {
        let (host, refused, missing) = match &failure {
            Failure::Open(OpenError::PasswordNeeded { host, missing }, _) => {
                (host.clone(), false, missing.join("; "))
            }
            Failure::Open(OpenError::Refused { host, report }, _) if report.code == "28P01" => {
                (host.clone(), true, String::new())
            }
            Failure::Open(OpenError::Unreachable(_), _) if session.is_query_service() => {
                let mut problem = failure_problem(failure);
                problem.advice.push(query_service::UNREACHABLE.into());
                return Err(problem);
            }
            _ => return Err(failure_problem(failure)),
        };
        let Target::Server(settings) = session.target() else {
            return Err(failure_problem(failure));
        };
        let host = host.describe();
        let prompt = match refused {
            true if asked => return Err(failure_problem(failure)),
            true => format!(
                "{host} refuses the password of {}. Another one: ",
                settings.user
            ),
            false if missing.is_empty() => {
                format!("Password for user {} at {host}: ", settings.user)
            }
            false => format!(
                "Password for user {} at {host} ({missing}): ",
                settings.user
            ),
        };
        match self.host.ask(&prompt, true).await {
            Ok(password) => Ok(Secret::pasted(password)),
            Err(Unanswered::Interrupted) => Err(interrupted()),
            Err(Unanswered::Nobody) => {
                let mut problem = failure_problem(failure);
                problem.advice.push(
                    "Nobody is here to type a password: give one in PGPASSWORD, in the password \
                     file, or in the target as password=${VARIABLE}, password_keyring=… or \
                     password_command=…"
                        .into(),
                );
                Err(problem)
            }
        }
    }
}

/// A problem with reaching a server.
pub(crate) fn connection_problem(message: impl Into<String>, advice: &[&str]) -> Problem {
    let mut problem = Problem::server("ERROR", "08001", message);
    problem.advice = advice.iter().map(|line| (*line).to_owned()).collect();
    problem
}

/// The user interrupted before the server was asked.
pub(crate) fn interrupted() -> Problem {
    Problem::server("ERROR", "57014", "interrupted; nothing was sent")
}

/// The user interrupted a statement that came to its own end before that reached it.
pub(crate) fn interrupted_between() -> Problem {
    let message =
        "interrupted; what came before has taken effect, the rest of the cell was not run";
    Problem::server("ERROR", "57014", message)
}

/// What goes with a connection.
pub(crate) const LOST: &str =
    "Temporary tables, SET and prepared statements are gone; the next statement connects again.";
const ROLLED_BACK: &str = "The transaction that was open is rolled back.";

/// A statement that was interrupted, and whose connection was given up for it.
fn dropped(how: Dropped, ends: bool) -> Problem {
    /// What the session had, and what becomes of the statement.
    const EMBEDDED: &str = "It starts again with the next statement. What was committed by then is \
                            there, and this statement may have been; an open transaction, temporary \
                            tables, SET and prepared statements are gone.";
    const RUNS_ON: &str = "The statement may still be running, and its changes may be committed: look \
                           before you run it again.";
    const ROLLS_BACK: &str =
        "The statement may still be running; the transaction that was open is rolled back with it.";
    let message = match how {
        Dropped::Embedded => "the embedded PostgreSQL was ended under the statement",
        Dropped::Deaf => "this server ignores requests to cancel, so the connection was given up",
        Dropped::Impatient => {
            "the connection was given up before the server had answered the request to cancel"
        }
        Dropped::Silent => {
            "the server did not answer the request to cancel, so the connection was given up"
        }
    };
    let mut problem = Problem::server("ERROR", "57014", format!("interrupted: {message}"));
    problem.advice = match (how, ends) {
        (Dropped::Embedded, _) => vec![EMBEDDED.into()],
        (_, true) => vec![ROLLS_BACK.into(), LOST.into()],
        (_, false) => vec![RUNS_ON.into(), LOST.into()],
    };
    problem
}

/// What a failure to get an answer is for the user.
pub(crate) fn failure_problem(failure: Failure) -> Problem {
    const UNKNOWN: &str =
        "Whether the statement took effect is not known: look before you run it again.";
    let ended = |why: &str, advice: &[&str]| {
        let mut problem = Problem::server("ERROR", "08006", format!("the connection ended: {why}"));
        problem.advice = advice.iter().map(|line| (*line).to_owned()).collect();
        problem
    };
    match failure {
        Failure::Open(OpenError::PasswordNeeded { host, missing }, login) => {
            let mut message = format!("{} asks for a password ({login})", host.describe());
            if !missing.is_empty() {
                message = format!("{message}, and none is known: {}", missing.join("; "));
            }
            connection_problem(message, &[])
        }
        Failure::Open(OpenError::Refused { host, report }, login) => {
            let mut problem = Problem::from(*report);
            problem.message = format!(
                "connection to {} ({login}) refused: {}",
                host.describe(),
                problem.message
            );
            if query_service::is_it(&host, "") {
                let explained = query_service::explain(
                    problem.code.as_deref().unwrap_or_default(),
                    &problem.message,
                );
                problem.advice.extend(explained.map(str::to_owned));
            }
            problem
        }
        Failure::Open(OpenError::Unreachable(why), login) => {
            connection_problem(format!("no connection ({login}): {why}"), &[])
        }
        Failure::Embedded(why) => connection_problem(why, &[]),
        Failure::TransactionLost(why) => {
            let mut problem = Problem::server(
                "ERROR",
                "08006",
                format!(
                    "the connection ended while a transaction was open, which is rolled back ({why}); \
                     this statement was not sent"
                ),
            );
            problem.advice = vec![LOST.into()];
            problem
        }
        Failure::Lost(why) => ended(&why, &[UNKNOWN, LOST]),
        Failure::RolledBack(why) => ended(&why, &[ROLLED_BACK, LOST]),
        Failure::Dropped { how, ends } => dropped(how, ends),
        Failure::Interrupted => interrupted(),
    }
}
