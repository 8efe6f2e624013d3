//! What a connection asks about before it is sent: statements that destroy.

use super::words::{Sentence, sentences};
use crate::split::Dialect;

/// Functions that remove or end something.
const CALLS: &[&str] = &[
    "DBLINK_EXEC",
    "LO_PUT",
    "LO_TRUNCATE",
    "LO_TRUNCATE64",
    "LO_UNLINK",
    "PG_DROP_REPLICATION_SLOT",
    "PG_FILE_RENAME",
    "PG_FILE_UNLINK",
    "PG_FILE_WRITE",
    "PG_TERMINATE_BACKEND",
];
/// What ALTER may drop without a value or an object being lost.
const HARMLESS: &[[&str; 2]] = &[
    ["DROP", "DEFAULT"],
    ["DROP", "NOT"],
    ["DROP", "IDENTITY"],
    ["DROP", "EXPRESSION"],
];

/// What a statement would destroy, in words for a question; nothing where it destroys nothing, as
/// far as its text tells.
pub(crate) fn destroys(text: &str, dialect: Dialect) -> Option<String> {
    sentences(text, dialect).iter().find_map(of)
}

fn of(sentence: &Sentence) -> Option<String> {
    let called = || {
        let call = sentence.calls().find(|name| CALLS.contains(name))?;
        Some(format!("{}()", call.to_lowercase()))
    };
    match sentence.first() {
        "DROP" | "TRUNCATE" | "REASSIGN" | "DISCARD" if sentence.at(1) != "PLANS" => {
            Some(sentence.words(3))
        }
        // What it runs is not seen here.
        "DO" => Some("DO".into()),
        "CALL" | "EXECUTE" => Some(sentence.words(2)),
        "CREATE" if sentence.has_all(&["AS", "EXECUTE"]) => Some("EXECUTE".into()),
        "ALTER" => altered(sentence),
        "ROLLBACK" if sentence.at(1) == "PREPARED" => Some(sentence.words(2)),
        // Spark's.
        "INSERT" if sentence.has("OVERWRITE") => Some("INSERT OVERWRITE".into()),
        "EXPLAIN" => {
            let runs = sentence
                .names()
                .any(|name| matches!(name, "ANALYZE" | "ANALYSE"));
            match runs && sentence.has("EXECUTE") {
                true => Some("EXECUTE".into()),
                false => rows(sentence).filter(|_| runs).or_else(called),
            }
        }
        "COPY"
            if sentence.outside().any(|word| word == "TO") && !sentence.follows("TO", "STDOUT") =>
        {
            Some("COPY to a file or program of the server".into())
        }
        "COPY" | "DELETE" | "INSERT" | "MERGE" | "SELECT" | "TABLE" | "UPDATE" | "VALUES"
        | "WITH" => rows(sentence).or_else(called),
        _ => None,
    }
}

fn altered(sentence: &Sentence) -> Option<String> {
    let dropped = sentence.has("DROP") && !HARMLESS.iter().any(|words| sentence.has_all(words));
    if dropped {
        return Some(format!("{} … DROP", sentence.words(3)));
    }
    // Values that the new type does not hold are gone.
    (sentence.at(1) == "TABLE" && sentence.has("TYPE"))
        .then(|| format!("{} … TYPE", sentence.words(3)))
}

/// Rows that are changed or deleted whichever they are.
fn rows(sentence: &Sentence) -> Option<String> {
    if sentence.has_all(&["THEN", "DELETE"]) {
        return Some("MERGE with DELETE".into());
    }
    let unbounded = |verb: &&str| sentence.bounded(verb).any(|bounded| !bounded);
    let verb = ["UPDATE", "DELETE"].into_iter().find(unbounded)?;
    Some(format!("{verb} without WHERE"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_about() {
        let check = |text: &str, expected: Option<&str>| {
            let found = destroys(text, Dialect::default());
            assert_eq!(found.as_deref(), expected, "{text}");
        };
        check("drop table t", Some("DROP TABLE T"));
        check("drop table \"a b\"", Some("DROP TABLE A B"));
        check("drop owned by ada", Some("DROP OWNED BY"));
        check("reassign owned by ada to bob", Some("REASSIGN OWNED BY"));
        check("truncate t", Some("TRUNCATE T"));
        check("discard all", Some("DISCARD ALL"));
        check("discard plans", None);
        check("delete from t", Some("DELETE without WHERE"));
        check("update t set a = 1", Some("UPDATE without WHERE"));
        check("update t set a = 1 where b = 2", None);
        check("delete from t where a = 'where'", None);
        check("delete from t -- where", Some("DELETE without WHERE"));
        check(
            "delete from t using (select 1 where true) as u",
            Some("DELETE without WHERE"),
        );
        check(
            "with d as (delete from t returning a) select a from d where a > 1",
            Some("DELETE without WHERE"),
        );
        check(
            "with d as (delete from t where a > 1 returning a) select a from d",
            None,
        );
        check(
            "with d as (select 1 where true) update t set a = 1",
            Some("UPDATE without WHERE"),
        );
        check(
            "explain analyze delete from t",
            Some("DELETE without WHERE"),
        );
        check(
            "explain (analyze) update t set a = 1",
            Some("UPDATE without WHERE"),
        );
        check("explain delete from t", None);
        check("explain analyze execute p", Some("EXECUTE"));
        check("execute p(1)", Some("EXECUTE P"));
        check("create table u as execute p", Some("EXECUTE"));
        check(
            "create trigger a before delete on t execute function f()",
            None,
        );
        check("do $$ begin end $$", Some("DO"));
        check("call tidy()", Some("CALL TIDY"));
        check("alter table t drop column a", Some("ALTER TABLE T … DROP"));
        check("alter table t drop a", Some("ALTER TABLE T … DROP"));
        check(
            "alter table t alter a type int using 0",
            Some("ALTER TABLE T … TYPE"),
        );
        check("alter table t alter a drop default", None);
        check("alter table t add b int", None);
        check(
            "merge into t using s on t.a = s.a when matched then delete",
            Some("MERGE with DELETE"),
        );
        check(
            "merge into t using s on t.a = s.a when matched then update set b = 1",
            None,
        );
        check(
            "insert into t values (1) on conflict (a) do update set a = 2",
            None,
        );
        check("select * from t for update", None);
        check("select * from t for no key update", None);
        check("grant delete on t to ada", None);
        check(
            "copy (delete from t returning a) to stdout",
            Some("DELETE without WHERE"),
        );
        check(
            "copy t to '/tmp/x'",
            Some("COPY to a file or program of the server"),
        );
        check("copy t to stdout", None);
        check("copy t from stdin", None);
        check("select lo_unlink(1)", Some("lo_unlink()"));
        check("rollback prepared 'x'", Some("ROLLBACK PREPARED"));
        check("select 1; drop table t", Some("DROP TABLE T"));
        check("select 1", None);
    }
}
