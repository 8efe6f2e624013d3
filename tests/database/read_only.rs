//! `read_only=on`: the server itself refuses what writes, whatever a cell says; and what is shown is
//! what would be shown without.

use crate::notebook::Notebook;
use crate::server::Database;

/// A database with a table of one row and a function that adds another.
async fn filled() -> Database {
    let database = Database::new().await;
    let made = database.psql(
        "create table t (a int); insert into t values (1);
         create function f() returns int language sql as 'insert into t values (2) returning a';
         create procedure p() language plpgsql as $$ begin commit; insert into t values (3); commit; end $$;
         create function told(text) returns int language plpgsql as
         $$ begin raise notice 'told %', $1 using hint = 'a hint'; return 7; end $$;",
    );
    assert!(made.status.success(), "{made:?}");
    database
}

fn read_only(database: &Database) -> Notebook {
    Notebook::with(&format!("{} read_only=on", database.target()))
}

/// Nothing has changed.
async fn untouched(database: &Database) {
    let rows = database.psql("\\pset format unaligned\n\\t on\nselect count(*) from t;\nselect count(*) from pg_class where relname in ('x', 'pwned');");
    let text = String::from_utf8(rows.stdout).unwrap();
    assert!(text.ends_with("1\n0\n"), "{text}");
}

#[tokio::test]
async fn nothing_takes_the_guard_away() {
    let database = filled().await;
    for before in [
        "select 1",
        "reset all",
        "discard all",
        "reset default_transaction_read_only",
        "reset \"transaction_read_only\"",
        "set default_transaction_read_only = off",
        "set \"default_transaction_read_only\" = off",
        "set session characteristics as transaction read write",
        "select set_config('default_transaction_read_only', 'off', false)",
        "select set_config('transaction_read_only', 'off', false)",
        "select set_config('default_transaction_' || 'read_only', 'off', false) \\gset",
        "commit",
        "rollback",
        "end; abort",
        "begin; commit and chain; commit",
        "do $$ begin perform set_config('transaction_read_only', 'off', false); end $$",
        "select 1 \\; commit \\; select f()",
        "commit \\; select f()",
        "begin read write",
        "start transaction read write",
        "set transaction read write",
        "set local transaction_read_only = off",
        "prepare q as select f(); execute q",
        "call p()",
        "explain analyze select f()",
        "declare c cursor with hold for select f()",
        "begin; declare c cursor for select f(); fetch c",
        "begin; savepoint s; set local transaction_read_only = off",
        "begin; savepoint s; select set_config('transaction_read_only', 'off', true)",
        "begin; set transaction isolation level serializable; set transaction read write",
        "begin; set transaction isolation level serializable; \
         select set_config('transaction_read_only', 'off', true)",
        "begin; select nosuch; rollback; reset all",
        "set standard_conforming_strings = off; select 'a\\'' ; commit; select f(); select ''",
    ] {
        let notebook = read_only(&database);
        // It may go or be refused: nothing is to come of it.
        notebook.run(before).await;
        let problem = notebook.bad("select f()").await;
        let code = problem.code.as_deref();
        assert!(
            matches!(code, Some("25006" | "25P02")),
            "{before}: {problem:?}"
        );
        notebook.run("rollback").await;
        notebook.fails("select f()", "read-only transaction").await;
        untouched(&database).await;
    }
}

#[tokio::test]
async fn what_no_transaction_guards_is_not_sent() {
    let database = filled().await;
    let notebook = read_only(&database);
    let file = std::env::temp_dir().join(format!("rowcell-read-only-{}", database.name));
    let file = file.display();
    for cell in [
        "explain (analyze) create table x as select 1".to_owned(),
        "explain (\"analyze\") create table x as select 1".to_owned(),
        "select lo_create(0)".to_owned(),
        "select \"lo_create\"(0)".to_owned(),
        "select u&\"lo_\\0063reate\"(0)".to_owned(),
        "select lo_from_bytea(0, 'x') \\gset".to_owned(),
        format!("copy (select 1) to program 'touch {file}'"),
        format!("copy (select 1) to '{file}'"),
        format!("\\copy (select lo_create(0)) to '{file}'"),
        format!("%%export {file}.csv\nselect lo_create(0)"),
        "%%sql --on postgres\nselect lo_create(0)".to_owned(),
        "select lo_create(0) \\watch c=1".to_owned(),
        "select pg_terminate_backend(pg_backend_pid())".to_owned(),
        "vacuum".to_owned(),
        "create database pwned".to_owned(),
        "notify x".to_owned(),
    ] {
        let cell = cell.replace("--on postgres", &format!("--on {}", database.name));
        let problem = notebook.fails(&cell, "this connection is read-only").await;
        assert_eq!(problem.code.as_deref(), Some("25006"), "{cell}");
    }
    let objects = database.psql("\\t on\nselect count(*) from pg_largeobject_metadata");
    assert_eq!(String::from_utf8_lossy(&objects.stdout).trim(), "0");
    assert!(!std::path::Path::new(&file.to_string()).exists());
    untouched(&database).await;
}

#[tokio::test]
async fn every_way_to_the_server_is_guarded() {
    let database = filled().await;
    let notebook = read_only(&database);
    notebook.good("select 1").await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a.csv");
    let file = file.display();
    let name = &database.name;
    notebook
        .good(&format!("%connect {} as other", database.target()))
        .await;
    notebook.good(&format!("%use {name}")).await;
    for cell in [
        "select f()".to_owned(),
        "select f() \\g".to_owned(),
        "select f() \\gx".to_owned(),
        "select f() \\gset".to_owned(),
        "select f() \\watch c=1".to_owned(),
        "copy (select f()) to stdout".to_owned(),
        format!("%%export {file}\nselect f()"),
        format!("\\copy (select f()) to '{file}'"),
        format!("%%copy from {name} to other as x\nselect f() as a"),
        format!("%use other\n%%sql\nselect 1;\n%use {name}\nselect f()"),
        format!("%%sql --on {name} --as kept\nselect f()"),
    ] {
        let answer = notebook.run(&cell).await;
        assert!(answer.problem.is_some(), "{cell}: {answer:?}");
        untouched(&database).await;
    }
}

#[tokio::test]
async fn what_is_shown_is_what_would_be_shown_without() {
    let database = filled().await;
    let (plain, guarded) = (Notebook::new(&database), read_only(&database));
    for cell in [
        "select * from t",
        "select 1 as a; select 2 as b",
        "select 1 as a \\; select nosuch \\; select 3",
        "select 1 +",
        "select 1 from from",
        "select a,\n  nosuch from t",
        "-- é\nselect 'ü', nosuch",
        "select told('a')",
        "select told('a') from nosuch",
        "select 1/0",
        "begin",
        "select * from t",
        "savepoint s",
        "select nosuch",
        "select 1",
        "rollback to s",
        "release s",
        "select told('b')",
        "commit",
        "commit",
        "rollback to s",
        "savepoint s",
        "set local work_mem = '1MB'",
        "set transaction isolation level serializable",
        "begin isolation level repeatable read",
        "show transaction_isolation",
        "commit",
        "begin; set transaction isolation level serializable; show transaction_isolation",
        "rollback",
        "begin; set transaction snapshot 'nosuch'",
        "rollback",
        "declare c cursor for select 1",
        "begin; declare c cursor for select 5; fetch c; close c; commit",
        "declare h cursor with hold for select 6; fetch h; close h",
        "set search_path = pg_catalog; show search_path; reset search_path; show search_path",
        "prepare q as select $1::int + 1; execute q(1); deallocate q",
        "copy t to stdout",
        "copy (select 1, 2) to stdout with (format csv)",
        "explain (costs off) select * from t",
        "table t",
        "values (1), (2)",
        "with w as (select 1) select * from w",
        "select 4 as four \\gset\n\\echo :four",
        "select 1 \\watch c=2 0.01",
        "listen x; unlisten x",
        " ; -- nothing",
        "\\echo :ROW_COUNT :SQLSTATE :ERROR",
    ] {
        let (expected, seen) = (plain.run(cell).await, guarded.run(cell).await);
        assert_eq!(seen.transcript(), expected.transcript(), "{cell}");
        let text =
            |problem: &Option<display::Problem>| problem.as_ref().map(display::Problem::text);
        assert_eq!(text(&seen.problem), text(&expected.problem), "{cell}");
    }
}

#[tokio::test]
async fn notifications_come_as_without() {
    let database = filled().await;
    let notebook = read_only(&database);
    notebook.good("listen news").await;
    database.psql("notify news, 'extra'");
    let answer = notebook.good("select pg_sleep(0.2); select 1").await;
    assert!(answer.out().contains("\"extra\""), "{answer:?}");
}

#[tokio::test]
async fn an_interrupt_ends_the_statement_and_no_more() {
    let database = filled().await;
    let notebook = read_only(&database);
    notebook.good("set application_name = 'kept'").await;
    let (answer, _) = notebook.interrupted("select pg_sleep(20)", 200).await;
    let problem = answer.problem.unwrap();
    assert_eq!(problem.name, "57014 query_canceled");
    assert_eq!(notebook.value("show application_name").await, "kept");
    assert!(!notebook.query.in_transaction());
}
