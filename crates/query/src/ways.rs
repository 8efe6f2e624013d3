//! Ways to ask for the same on servers that differ: the best first, and where a server does not know
//! it the next one. What was answered and what was refused is remembered for the session, and no
//! question costs the user an open transaction.

use std::collections::HashMap;
use std::sync::Mutex;

use display::Problem;

use crate::fetch::Fetched;
use crate::host::Host;
use crate::inspector;
use crate::query::Run;
use crate::session::lock;
use crate::wire::Transaction;

/// The savepoint that holds a transaction while a question is asked.
const SAVEPOINT: &str = "rowcell_question";
/// What the server says of itself and nobody else says of it: whether it has savepoints.
const SAVEPOINTS: &str = "savepoints";
/// The catalogue with all its parts, as PostgreSQL has it.
pub(crate) const CATALOG: &str = "the catalog";

/// How far a session's server has been found to know what PostgreSQL knows.
#[derive(Debug, Default)]
pub(crate) struct Ways(Mutex<HashMap<&'static str, Way>>);

/// Of one thing to ask for: the way that is asked in, counted from the best, and whether it was
/// answered.
#[derive(Clone, Copy, Debug, Default)]
struct Way {
    number: usize,
    answered: bool,
}

impl Ways {
    /// The number of the best way to ask for this that was not refused.
    pub(crate) fn of(&self, what: &'static str) -> usize {
        self.get(what).number
    }

    /// Whether that way has been answered before.
    pub(crate) fn is_answered(&self, what: &'static str) -> bool {
        self.get(what).answered
    }

    /// This way was answered: the ones before it are not tried again.
    pub(crate) fn answered(&self, what: &'static str, number: usize) {
        let answered = true;
        lock(&self.0).insert(what, Way { number, answered });
    }

    /// This way was refused: the next one is the best.
    pub(crate) fn refused(&self, what: &'static str, number: usize) {
        let way = Way {
            number: number + 1,
            answered: false,
        };
        lock(&self.0).insert(what, way);
    }

    /// Whether the server is known to only resemble PostgreSQL.
    pub(crate) fn only_resembles(&self) -> bool {
        self.of(CATALOG) > 0
    }

    fn get(&self, what: &'static str) -> Way {
        lock(&self.0).get(what).copied().unwrap_or_default()
    }
}

/// What holds an open transaction while something is asked that the server may refuse.
#[must_use]
pub(crate) enum Hold {
    /// None is open; or it is known that this is answered.
    Nothing,
    Savepoint,
}

/// Whether a server has answered that it does not know what it was asked, or does not tell it to
/// this user. Some give no codes at all, and some wrap what their engine says as an internal error.
pub(crate) fn is_unknown(problem: &Problem) -> bool {
    /// Not supported, bad data, no such database, no such schema, syntax or no such thing, an error
    /// of the system, an internal one.
    const CLASSES: [&str; 7] = ["0A", "22", "3D", "3F", "42", "58", "XX"];
    match problem.code.as_deref() {
        None | Some("") => true,
        // A pattern that is no regular expression.
        Some("2201B") => false,
        Some(code) => CLASSES.iter().any(|class| code.starts_with(class)),
    }
}

impl<H: Host> Run<'_, H> {
    /// Asks in each of these ways until the server knows one; nothing where it knows none.
    pub(crate) async fn first_known(
        &mut self,
        what: &'static str,
        ways: &[String],
    ) -> Result<Option<Fetched>, Problem> {
        let session = self.session().await?;
        loop {
            let number = session.ways().of(what);
            let Some(sql) = ways.get(number) else {
                return Ok(None);
            };
            match self.look_up(what, sql).await {
                Ok(fetched) => {
                    session.ways().answered(what, number);
                    return Ok(Some(fetched));
                }
                Err(problem) => self.next_way(what, number, problem).await?,
            }
        }
    }

    /// Asks a question that the server may not know, whatever transaction is open.
    pub(crate) async fn look_up(
        &mut self,
        what: &'static str,
        sql: &str,
    ) -> Result<Fetched, Problem> {
        let hold = self.hold(what).await?;
        let asked = self.ask(sql).await;
        self.release(hold).await?;
        asked
    }

    /// After a problem with this way: whether the next one may be tried. The problem itself where
    /// it is about something else, or the server is a PostgreSQL that knows every way.
    pub(crate) async fn next_way(
        &mut self,
        what: &'static str,
        number: usize,
        problem: Problem,
    ) -> Result<(), Problem> {
        let session = self.session().await?;
        let lost = problem.code.as_deref() == Some("08006");
        if lost && !session.ways().is_answered(what) {
            // Some servers end the connection rather than say no: they are not asked this again.
            session.ways().refused(what, number);
        }
        if !is_unknown(&problem)
            || session.status().transaction == Transaction::Failed
            || (what != CATALOG && Box::pin(inspector::knows_catalog(self)).await?)
        {
            return Err(problem);
        }
        session.ways().refused(what, number);
        Ok(())
    }

    /// Before something that the server may refuse: sees to it that the transaction that is open, if
    /// one is, stands afterwards.
    ///
    /// # Errors
    /// Nothing can hold it.
    pub(crate) async fn hold(&mut self, what: &'static str) -> Result<Hold, Problem> {
        let session = self.session().await?;
        if session.status().transaction != Transaction::Open {
            return Ok(Hold::Nothing);
        }
        let ways = session.ways();
        // Servers before PostgreSQL 9 that are still about are engines of their own, without
        // savepoints; and to one that only resembles PostgreSQL the word may be the error that ends
        // the transaction.
        let has = ways.is_answered(SAVEPOINTS)
            || ways.of(SAVEPOINTS) == 0
                && !ways.only_resembles()
                && self.server_version().await? >= 9;
        if has {
            match self.ask(&format!("savepoint {SAVEPOINT}")).await {
                Ok(_) => {
                    ways.answered(SAVEPOINTS, 0);
                    return Ok(Hold::Savepoint);
                }
                Err(problem) if is_unknown(&problem) => ways.refused(SAVEPOINTS, 0),
                Err(problem) => return Err(problem),
            }
        }
        match session.status().transaction {
            Transaction::Open if !ways.is_answered(what) => Err(at_risk()),
            _ => Ok(Hold::Nothing),
        }
    }

    /// Afterwards: the transaction is as it was.
    pub(crate) async fn release(&mut self, hold: Hold) -> Result<(), Problem> {
        let session = self.session().await?;
        let back = match (hold, session.status().transaction) {
            (Hold::Nothing, _) | (_, Transaction::Idle) => return Ok(()),
            (_, Transaction::Failed) => format!("rollback to savepoint {SAVEPOINT}; "),
            (_, Transaction::Open) => String::new(),
        };
        self.ask(&format!("{back}release savepoint {SAVEPOINT}"))
            .await?;
        Ok(())
    }
}

fn at_risk() -> Problem {
    let mut problem = Problem::server(
        "ERROR",
        "25001",
        "not asked: a transaction is open, this server has no savepoints, and if it does not know \
         the question the transaction may be lost",
    );
    problem.advice = vec!["COMMIT or ROLLBACK first.".into()];
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_does_not_know() {
        assert!(!is_unknown(&at_risk()), "it was not asked");
        let problem = |code: &str| Problem::server("ERROR", code, "no");
        for code in [
            "", "42501", "42883", "42P01", "42601", "0A000", "58000", "3F000", "XX000",
        ] {
            assert!(is_unknown(&problem(code)), "{code}");
        }
        assert!(is_unknown(&Problem::new("error", "no")));
        for code in ["57014", "08006", "25P02", "53400", "28P01", "2201B"] {
            assert!(!is_unknown(&problem(code)), "{code}");
        }
    }

    #[test]
    fn the_way_that_is_answered_is_remembered() {
        let ways = Ways::default();
        assert_eq!((ways.of("keys"), ways.is_answered("keys")), (0, false));
        ways.refused("keys", 0);
        ways.answered("keys", 1);
        assert_eq!((ways.of("keys"), ways.is_answered("keys")), (1, true));
        assert!(!ways.only_resembles());
        ways.refused(CATALOG, 0);
        assert!(ways.only_resembles());
        assert_eq!(ways.of("relations"), 0);
    }
}
