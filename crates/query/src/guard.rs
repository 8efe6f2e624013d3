//! Guards: what a connection set `read_only` or `confirm` does not send just so.

use crate::cell::{Cell, Step};
use crate::split::{Dialect, leading_words};
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

/// Why a read-only connection does not send this; nothing where it may go.
pub(crate) fn forbidden(text: &str, dialect: Dialect) -> Option<String> {
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
pub(crate) fn destroys(text: &str, dialect: Dialect) -> Option<String> {
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
