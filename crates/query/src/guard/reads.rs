//! What a read-only connection does not send: by its words, before the server's own transaction
//! refuses the rest.

use super::words::{Sentence, sentences};
use crate::split::Dialect;

/// Statements that change nothing that lasts, by their first word. Most are looked into.
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
/// Functions that change something which no read-only transaction keeps, or not in every version:
/// large objects, files of the server, other sessions, its log and its replication.
const CALLS: &[&str] = &[
    "LOWRITE",
    "LO_CREAT",
    "LO_CREATE",
    "LO_EXPORT",
    "LO_FROM_BYTEA",
    "LO_IMPORT",
    "LO_PUT",
    "LO_TRUNCATE",
    "LO_TRUNCATE64",
    "LO_UNLINK",
    "NEXTVAL",
    "PG_BACKUP_START",
    "PG_BACKUP_STOP",
    "PG_CANCEL_BACKEND",
    "PG_CREATE_RESTORE_POINT",
    "PG_IMPORT_SYSTEM_COLLATIONS",
    "PG_LOG_BACKEND_MEMORY_CONTEXTS",
    "PG_LOG_STANDBY_SNAPSHOT",
    "PG_LOGICAL_EMIT_MESSAGE",
    "PG_LOGICAL_SLOT_GET_BINARY_CHANGES",
    "PG_LOGICAL_SLOT_GET_CHANGES",
    "PG_NOTIFY",
    "PG_PROMOTE",
    "PG_RELOAD_CONF",
    "PG_REPLICATION_SLOT_ADVANCE",
    "PG_ROTATE_LOGFILE",
    "PG_START_BACKUP",
    "PG_STOP_BACKUP",
    "PG_SYNC_REPLICATION_SLOTS",
    "PG_TERMINATE_BACKEND",
    "PG_WAL_REPLAY_PAUSE",
    "PG_WAL_REPLAY_RESUME",
    "SETVAL",
];
/// The same by how their names begin.
const KINDS: &[&str] = &[
    "DBLINK",
    "PG_COPY_",
    "PG_CREATE_LOGICAL_",
    "PG_CREATE_PHYSICAL_",
    "PG_DROP_",
    "PG_FILE_",
    "PG_LOGFILE_",
    "PG_REPLICATION_ORIGIN_",
    "PG_STAT_RESET",
    "PG_STAT_STATEMENTS_RESET",
    "PG_SWITCH_",
];
/// The settings that make a transaction read-only.
const SETTING: &str = "TRANSACTION_READ_ONLY";

/// Why a read-only connection does not send this; nothing where it may go. `held`: the server holds
/// each statement in a read-only transaction, so that only what such a one lets through is of
/// interest; else the words are all there is.
pub(crate) fn forbidden(text: &str, dialect: Dialect, held: bool) -> Option<String> {
    let sentences = sentences(text, dialect);
    let several = sentences.len() > 1;
    if several && sentences.iter().any(is_control) {
        return Some(
            "this connection is read-only, and takes what begins or ends a transaction as a \
             statement of its own only"
                .into(),
        );
    }
    sentences.iter().find_map(|sentence| {
        let first = sentence.first();
        let why = |what: &str| format!("{what}, and this connection is read-only");
        if writes(sentence) {
            return Some(why(&format!("{first} would write")));
        }
        if sentence.is_disguised() {
            return Some(why("a name with escapes in it (U&\"…\") cannot be told"));
        }
        if let Some(call) = sentence.calls().find(|name| changes(name, held)) {
            return Some(why(&format!(
                "{}() would change something",
                call.to_lowercase()
            )));
        }
        None
    })
}

/// Whether a statement begins or ends a transaction.
fn is_control(sentence: &Sentence) -> bool {
    match sentence.first() {
        "BEGIN" | "START" | "COMMIT" | "END" | "ABORT" => true,
        "ROLLBACK" => !sentence.has("TO"),
        "PREPARE" => sentence.at(1) == "TRANSACTION",
        _ => false,
    }
}

fn writes(sentence: &Sentence) -> bool {
    let sets = || sentence.names().any(|name| name.ends_with(SETTING));
    let stores = || sentence.has("INTO") || sentence.has_any(WRITES);
    match sentence.first() {
        "WITH" | "DECLARE" => stores(),
        "PREPARE" => stores() || sentence.at(1) == "TRANSACTION",
        // What is only explained does not run. A read-only transaction lets CREATE TABLE AS through.
        "EXPLAIN" => {
            sentence
                .names()
                .any(|name| matches!(name, "ANALYZE" | "ANALYSE"))
                && (stores() || sentence.has("CREATE"))
        }
        // FOR UPDATE locks rows and writes none, but a read-only transaction refuses it, too.
        "SELECT" => sentence.has("INTO") || sentence.has("UPDATE"),
        // Files and programs of the server are not guarded by any transaction.
        "COPY" => !sentence.follows("TO", "STDOUT") || stores(),
        // The guard itself is not to be taken away.
        "SET" => sentence.has("WRITE") || sets(),
        "BEGIN" | "START" => sentence.has("WRITE"),
        "RESET" => sentence.at(1) == "ALL" || sets(),
        "COMMIT" | "ROLLBACK" => sentence.at(1) == "PREPARED",
        first => !READS.contains(&first),
    }
}

/// Whether a function changes something that stays.
fn changes(name: &str, held: bool) -> bool {
    CALLS.contains(&name)
        || KINDS.iter().any(|kind| name.starts_with(kind))
        || (!held && name == "SET_CONFIG")
}

/// How a statement stands to a transaction that is begun for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It begins one itself.
    Begins,
    /// It ends one, or has a meaning only within one of the user's.
    Alone,
    /// It settles how the transaction is, and must come before its first query.
    Settles,
    /// It runs in any.
    Within,
}

/// How a statement that may go stands to a transaction that is begun for it.
pub(crate) fn place(text: &str, dialect: Dialect) -> Place {
    let sentences = sentences(text, dialect);
    let [sentence] = sentences.as_slice() else {
        return match sentences.is_empty() {
            true => Place::Alone,
            false => Place::Within,
        };
    };
    match sentence.first() {
        "BEGIN" | "START" => Place::Begins,
        "SET" if sentence.at(1) == "TRANSACTION" => Place::Settles,
        "SET" if sentence.at(1) == "LOCAL" => Place::Alone,
        "COMMIT" | "END" | "ABORT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" => Place::Alone,
        // It would last no longer than the transaction, and the server says so.
        "DECLARE" if !sentence.has_all(&["WITH", "HOLD"]) => Place::Alone,
        _ => Place::Within,
    }
}

/// psql's list of what begins no transaction where `AUTOCOMMIT` is off: what begins or ends one
/// itself, and what no transaction takes.
pub(crate) fn begins_none(text: &str, dialect: Dialect) -> bool {
    let sentences = sentences(text, dialect);
    let Some(sentence) = sentences.first() else {
        return true;
    };
    let at = |place| sentence.at(place);
    match at(0) {
        "ABORT" | "BEGIN" | "START" | "END" | "COMMIT" | "ROLLBACK" | "VACUUM" => true,
        "PREPARE" => at(1) == "TRANSACTION",
        // Of all tables.
        "CLUSTER" => at(1).is_empty(),
        "CREATE" => match at(1) {
            "DATABASE" | "TABLESPACE" => true,
            "UNIQUE" => at(2) == "INDEX" && at(3) == "CONCURRENTLY",
            "INDEX" => at(2) == "CONCURRENTLY",
            _ => false,
        },
        "ALTER" => at(1) == "SYSTEM",
        "DROP" | "REINDEX" => match at(1) {
            "DATABASE" | "SYSTEM" | "TABLESPACE" => true,
            "INDEX" | "TABLE" | "SCHEMA" => at(2) == "CONCURRENTLY",
            _ => false,
        },
        "DISCARD" => at(1) == "ALL",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_begins_no_transaction() {
        for text in [
            "begin",
            "/* now */ COMMIT",
            "vacuum t",
            "cluster",
            "create database d",
            "create unique index concurrently i on t (a)",
            "drop index concurrently i",
            "reindex table concurrently t",
            "alter system set work_mem = 1",
            "discard all",
            "prepare transaction 'x'",
            "-- nothing",
        ] {
            assert!(begins_none(text, Dialect::default()), "{text}");
        }
        for text in [
            "select 1",
            "insert into t values (1)",
            "cluster t",
            "create index i on t (a)",
            "discard temp",
            "prepare p as select 1",
            "alter table t add a int",
        ] {
            assert!(!begins_none(text, Dialect::default()), "{text}");
        }
    }

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
            // Whatever takes the guard away.
            "reset all",
            "RESET default_transaction_read_only",
            "reset \"transaction_read_only\"",
            "discard all",
            "discard temp",
            "set \"Transaction_Read_Only\" to off",
            "set session default_transaction_read_only = default",
            "set local \"default_transaction_read_only\" = 'off'",
            "set u&\"transaction_read\\005fonly\" = off",
            "start transaction isolation level serializable, read write",
            "set transaction read /* */ write",
            "select 1; commit; select f()",
            "rollback; begin",
            "prepare transaction 'x'",
            "commit prepared 'x'",
            "rollback prepared 'x'",
            // What no transaction guards.
            "copy t to '/tmp/x'",
            "copy (select 1) to program 'cat > /tmp/x'",
            "copy (select 'to stdout') to program 'true'",
            "copy (select a as \"to\" from stdout) to '/tmp/x'",
            "copy (delete from t returning a) to stdout",
            "copy t from program 'true'",
            "explain (analyze) create table x as select 1",
            "explain (\"analyze\") create table x as select 1",
            "explain (verbose, analyse on) select 1 into x",
            "explain analyze create table x as execute p",
            "explain analyze create materialized view x as select 1",
            "select nextval('s')",
            "select pg_catalog.setval('s', 1)",
            "select \"lo_unlink\"(1)",
            "values (lo_create(0))",
            "table t; select lo_import ('/etc/passwd')",
            "select lo_from_bytea/* */ (0, 'x')",
            "select u&\"lo_\\0075nlink\"(1)",
            "select dblink_exec('x', 'drop table t')",
            "select * from dblink('x', 'delete from t returning 1') as d (a int)",
            "select pg_terminate_backend(1)",
            "select pg_drop_replication_slot('x')",
            "select pg_file_write('x', 'y', false)",
            "execute p(nextval('s'))",
            "show all; select pg_reload_conf()",
            "alter system set work_mem = 1",
            "notify x",
            "lock table t",
        ] {
            assert!(
                forbidden(text, Dialect::default(), true).is_some(),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_may_go() {
        for text in [
            "select 'insert into t', \"delete\" from t",
            "with x as (select 1) select * from x",
            "copy (select 1) to stdout",
            "copy t to stdout with (format csv)",
            "copy t (a, b) TO STDOUT",
            "explain select 1",
            "explain analyze select 1",
            "explain delete from t",
            "begin",
            "start transaction read only",
            "rollback to savepoint a; select 1",
            "show all",
            "values (1)",
            "table t",
            "(select 1)",
            "set search_path = a",
            "reset search_path",
            "select set_config('search_path', 'a', false)",
            "select nextval from t",
            "select lo_get(1), \"a\\b\" from t",
            "select pg_stat_file('x'), 'pg_terminate_backend(1)'",
            "select 1; select 2",
            "-- only a comment",
            "",
        ] {
            assert_eq!(forbidden(text, Dialect::default(), true), None, "{text}");
        }
    }

    #[test]
    fn without_a_transaction_settings_are_guarded_by_their_words() {
        let text = "select set_config('default_' || 'transaction_read_only', 'off', false)";
        assert_eq!(forbidden(text, Dialect::default(), true), None);
        assert!(forbidden(text, Dialect::default(), false).is_some());
    }

    #[test]
    fn strings_are_read_as_the_server_reads_them() {
        let text = "select 'a\\'' ; commit; select f(); select ''";
        assert_eq!(forbidden(text, Dialect::default(), true), None);
        let escaping = Dialect {
            standard_conforming_strings: false,
            ..Dialect::default()
        };
        assert!(forbidden(text, escaping, true).is_some());
    }

    #[test]
    fn places() {
        let check = |text: &str, expected| {
            assert_eq!(place(text, Dialect::default()), expected, "{text}");
        };
        check("begin", Place::Begins);
        check("/* now */ START transaction", Place::Begins);
        check("commit", Place::Alone);
        check("rollback to x", Place::Alone);
        check("set local work_mem = 1", Place::Alone);
        check(
            "set transaction isolation level serializable",
            Place::Settles,
        );
        check("set work_mem = 1", Place::Within);
        check("declare c cursor for select 1", Place::Alone);
        check("declare c cursor with hold for select 1", Place::Within);
        check("select 1; select 2", Place::Within);
        check("select 1", Place::Within);
        check(" ; -- nothing", Place::Alone);
    }
}
