//! Guards: what a connection set `read_only` or `confirm` does not send just so.

use display::Problem;

use crate::cell::{Cell, Step};
use crate::host::{Host, Unanswered};
use crate::query::Run;
use crate::query_service;
use crate::session::Session;
use crate::split::{Dialect, Statement, leading_words};
use crate::target::{self, Target};
use crate::variables::Variables;

/// Statements that change nothing that lasts, by their first word. `WITH`, `EXPLAIN`, `COPY`,
/// `SELECT` and `PREPARE` are looked into.
const READS: &[&str] = &[
    "ABORT",
    "ANALYZE",
    "BEGIN",
    "CLOSE",
    "COMMIT",
    "COPY",
    "DEALLOCATE",
    "DECLARE",
    "DESCRIBE",
    "DISCARD",
    "END",
    "EXECUTE",
    "EXPLAIN",
    "FETCH",
    "LISTEN",
    "MOVE",
    "PREPARE",
    "RELEASE",
    "RESET",
    "ROLLBACK",
    "SAVEPOINT",
    "SELECT",
    "SET",
    "SHOW",
    "START",
    "TABLE",
    "UNLISTEN",
    "VALUES",
    "WITH",
];
/// Words that make a write of a statement that begins with a reading one.
const WRITES: &[&str] = &["INSERT", "UPDATE", "DELETE", "MERGE"];

impl<H: Host> Run<'_, H> {
    /// Holds a statement against the guards of its connection, and warns of what is known to go
    /// wrong.
    pub(crate) async fn admit(
        &self,
        session: &Session,
        statement: &Statement,
    ) -> Result<(), Problem> {
        if let Target::Server(settings) = session.target() {
            self.guard(statement, settings).await?;
        }
        if session.is_query_service()
            && let Some(warning) = query_service::warning(&statement.text)
        {
            self.warn(warning).await;
        }
        Ok(())
    }

    /// Holds a statement against the guards of its connection.
    async fn guard(
        &self,
        statement: &Statement,
        settings: &target::Settings,
    ) -> Result<(), Problem> {
        let refused = |why: String, advice: &str| {
            let mut problem = Problem::server("ERROR", "25006", why);
            problem.place = Some(self.place(statement.range().start));
            problem.advice = vec![advice.into()];
            problem
        };
        let dialect = self.dialect();
        if settings.read_only
            && let Some(why) = forbidden(&statement.text, dialect)
        {
            let advice = "Nothing was sent. A connection without read_only=on may write.";
            return Err(refused(why, advice));
        }
        if settings.confirm
            && let Some(what) = destroys(&statement.text, dialect)
        {
            let question = format!("{what}: run it? [y/N] ");
            let advice = match self.host.ask(&question, false).await {
                Ok(answer) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => {
                    return Ok(());
                }
                Err(Unanswered::Nobody) => {
                    "Nothing was sent, for nobody is here to be asked. A connection without \
                     confirm=on does not ask."
                }
                _ => "Nothing was sent.",
            };
            return Err(refused(format!("{what} was not confirmed"), advice));
        }
        Ok(())
    }
}

/// Why a read-only connection does not send this; nothing where it may go.
fn forbidden(text: &str, dialect: Dialect) -> Option<String> {
    parts(text, dialect).iter().find_map(|words| {
        let first = words.first()?.as_str();
        let has = |word: &str| words.iter().any(|other| other == word);
        let writes = match first {
            "WITH" | "EXPLAIN" | "PREPARE" => has("INTO") || WRITES.iter().any(|word| has(word)),
            // FOR UPDATE locks rows and writes none, but a read-only transaction refuses it, too.
            "SELECT" => has("INTO") || has("UPDATE"),
            "COPY" => has("FROM") && !has("SELECT"),
            // The guard itself is not to be taken away.
            "SET" | "BEGIN" | "START" => {
                has("WRITE")
                    || words
                        .iter()
                        .any(|word| word.ends_with("TRANSACTION_READ_ONLY"))
            }
            first => !READS.contains(&first),
        };
        writes.then(|| format!("{first} would write, and this connection is read-only"))
    })
}

/// What a statement would destroy, in words for a question; nothing where it destroys nothing.
fn destroys(text: &str, dialect: Dialect) -> Option<String> {
    parts(text, dialect).iter().find_map(|words| {
        let first = words.first()?.as_str();
        let has = |word: &str| words.iter().any(|other| other == word);
        match first {
            "DROP" | "TRUNCATE" => {
                let what: Vec<&str> = words.iter().take(3).map(String::as_str).collect();
                Some(what.join(" "))
            }
            "UPDATE" | "DELETE" if !has("WHERE") => Some(format!("{first} without WHERE")),
            "WITH" if !has("WHERE") && (has("UPDATE") || has("DELETE")) => {
                Some("UPDATE or DELETE without WHERE".into())
            }
            _ => None,
        }
    })
}

/// The words of each statement in a query string.
fn parts(text: &str, dialect: Dialect) -> Vec<Vec<String>> {
    let variables = Variables::default();
    let mut cell = Cell::new(text);
    let mut parts = Vec::new();
    while let Some(Ok(step)) = cell.next(&variables, dialect) {
        if let Step::Statement(statement) = step {
            parts.push(leading_words(&statement.text, usize::MAX));
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_are_forbidden() {
        for text in [
            "insert into t values (1)",
            "/* read */ update t set a = 1",
            "with x as (delete from t returning *) select * from x",
            "select 1; drop table t",
            "select * into u from t",
            "copy t from stdin",
            "explain analyze delete from t",
            "create table t ()",
            "set transaction_read_only = off",
            "begin read write",
            "set session characteristics as transaction read write",
            "prepare p as insert into t values (1)",
            "do $$ begin end $$",
            "call p()",
            "vacuum",
        ] {
            assert!(forbidden(text, Dialect::default()).is_some(), "{text}");
        }
    }

    #[test]
    fn reads_may_go() {
        for text in [
            "select 'insert into t', \"delete\" from t",
            "with x as (select 1) select * from x",
            "copy (select 1) to stdout",
            "copy t to stdout",
            "explain select 1",
            "begin; select 1; commit",
            "show all",
            "values (1)",
            "table t",
            "set search_path = a",
            "-- only a comment",
        ] {
            assert_eq!(forbidden(text, Dialect::default()), None, "{text}");
        }
    }

    #[test]
    fn what_is_asked_about() {
        let check = |text: &str, expected: Option<&str>| {
            assert_eq!(
                destroys(text, Dialect::default()).as_deref(),
                expected,
                "{text}"
            );
        };
        check("drop table t", Some("DROP TABLE T"));
        check("truncate t", Some("TRUNCATE T"));
        check("delete from t", Some("DELETE without WHERE"));
        check("update t set a = 1", Some("UPDATE without WHERE"));
        check("update t set a = 1 where b = 2", None);
        check("delete from t where a = 'where'", None);
        check("delete from t -- where", Some("DELETE without WHERE"));
        check("select 1", None);
    }
}
