//! Completion and inspection from the catalog of a real server: what is known, and when.

use std::time::{Duration, Instant};

use display::Bundle;

use crate::notebook::Notebook;
use crate::server::Database;

const SCHEMA: &str = "
    create type mood as enum ('happy', 'sad');
    create table people (id bigint primary key, name text not null default 'Ada', mood mood);
    comment on table people is 'Everyone we know';
    comment on column people.name is 'As they call themselves';
    create table orders (id bigint primary key, person_id bigint references people, total numeric(10,2));
    create index on orders (person_id);
    create view happy as select * from people where mood = 'happy';
    create schema sales;
    create table sales.offers (\"Mixed Case\" text);
    create function greet(who text) returns text language sql as 'select ''hello '' || who';
    comment on function greet is 'Says hello'";

/// What completes a text, with the cursor written as `|`; the best come first.
async fn completed(notebook: &Notebook, marked: &str) -> Vec<String> {
    let cursor = marked.find('|').unwrap();
    let text = marked.replacen('|', "", 1);
    let started = Instant::now();
    let completions = notebook.query.complete(&text, cursor).await;
    assert!(
        started.elapsed() < Duration::from_millis(300),
        "{:?}",
        started.elapsed()
    );
    completions
        .items
        .into_iter()
        .map(|item| item.text)
        .collect()
}

/// The same once the catalog has been read; completion itself waits for that only a moment.
async fn known(notebook: &Notebook, marked: &str, expected: &str) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = completed(notebook, marked).await;
        if found.first().is_some_and(|first| first == expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{marked}: {found:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn inspected(notebook: &Notebook, marked: &str) -> Bundle {
    let cursor = marked.find('|').unwrap();
    let found = notebook
        .query
        .inspect(&marked.replacen('|', "", 1), cursor, 0)
        .await;
    found.unwrap_or_else(|| panic!("{marked}: nothing"))
}

#[tokio::test]
async fn names_of_the_database() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good(SCHEMA).await;
    known(&notebook, "select * from peo|", "people").await;
    known(&notebook, "select * from hap|", "happy").await;
    known(&notebook, "select na| from people", "name").await;
    known(&notebook, "select mix| from sales.offers", "\"Mixed Case\"").await;
    known(
        &notebook,
        "select * from people p join orders o on |",
        "o.person_id = p.id",
    )
    .await;
    known(&notebook, "select * from people where mood = |", "'happy'").await;
    known(&notebook, "select gre|", "greet").await;
    known(&notebook, "select 1::moo|", "mood").await;
    known(&notebook, "select date_tr|", "date_trunc").await;
    known(&notebook, "select relna| from pg_class", "relname").await;
    known(&notebook, "show search_p|", "search_path").await;
}

#[tokio::test]
async fn names_change() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table alpha (a int)").await;
    known(&notebook, "select * from alp|", "alpha").await;
    notebook.good("alter table alpha rename to omega").await;
    known(&notebook, "select * from ome|", "omega").await;
    assert_eq!(completed(&notebook, "select * from alph|").await, [""; 0]);
    notebook
        .good("alter table omega add column later int")
        .await;
    known(&notebook, "select lat| from omega", "later").await;
    notebook
        .good("create temporary table passing (b int)")
        .await;
    known(&notebook, "select * from passi|", "passing").await;
    notebook.good("select 1 as c into taken").await;
    known(&notebook, "select * from tak|", "taken").await;
    notebook
        .good("create schema apart; create table apart.deep (d int)")
        .await;
    known(&notebook, "select * from dee|", "apart.deep").await;
    notebook.good("set search_path = apart, public").await;
    known(&notebook, "select * from dee|", "deep").await;
}

#[tokio::test]
async fn a_transaction_is_left_alone() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table alpha (a int)").await;
    known(&notebook, "select * from alp|", "alpha").await;
    notebook.good("begin; create table beta (b int)").await;
    assert_eq!(completed(&notebook, "select * from alp|").await, ["alpha"]);
    let seen = "select count(*) from pg_stat_activity where datname = current_database() \
                and state = 'idle in transaction' and query like 'begin%' or query like 'create table beta%'";
    assert_eq!(database.ask(seen), "1");
    notebook.good("commit").await;
    known(&notebook, "select * from bet|", "beta").await;
}

#[tokio::test]
async fn reading_holds_no_statement_up() {
    const TABLES: &str = "do $$ begin for n in 1..1000 loop execute format('create table t%s (%s)', n, \
        (select string_agg(format('c%s numeric(10,2) default 0', i), ', ') from generate_series(1, 20) i)); \
        end loop; end $$; analyze";
    let database = Database::alone().await;
    assert!(database.psql(TABLES).status.success());
    let notebook = Notebook::new(&database);
    // What nine of ten statements take at most.
    let times = async || {
        let mut times = Vec::new();
        for _ in 0..50 {
            let started = Instant::now();
            notebook.good("select 1").await;
            times.push(started.elapsed());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        times.sort();
        times[45]
    };
    notebook.good("select 1").await;
    assert_eq!(
        completed(&notebook, "select c20| from t1000").await,
        [""; 0]
    );
    let while_reading = times().await;
    let deadline = Instant::now() + Duration::from_secs(30);
    while completed(&notebook, "select c20| from t1000").await != ["c20"] {
        assert!(Instant::now() < deadline, "the catalog was never read");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let alone = times().await;
    assert!(
        while_reading < alone + Duration::from_millis(50),
        "{while_reading:?} instead of {alone:?}"
    );
}

#[tokio::test]
async fn answers_while_a_statement_runs() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table alpha (a int)").await;
    known(&notebook, "select * from alp|", "alpha").await;
    let asking = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(completed(&notebook, "select * from alp|").await, ["alpha"]);
        let started = Instant::now();
        assert!(
            inspected(&notebook, "select * from |alpha")
                .await
                .text()
                .contains("integer")
        );
        assert!(started.elapsed() < Duration::from_millis(300));
    };
    tokio::join!(asking, notebook.good("select pg_sleep(1)"));
}

#[tokio::test]
async fn no_connection_is_opened() {
    let notebook = Notebook::with("host=localhost port=1 user=nobody");
    assert_eq!(completed(&notebook, "sel|").await, ["select"]);
    assert!(
        inspected(&notebook, "sel|ect")
            .await
            .text()
            .contains("SELECT")
    );
    assert_eq!(
        notebook.query.inspect("select * from people", 16, 0).await,
        None
    );
}

#[tokio::test]
async fn inspects_what_there_is() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good(SCHEMA).await;
    known(&notebook, "show search_p|", "search_path").await;

    let people = inspected(&notebook, "select * from peo|ple").await;
    for part in [
        "public.people · table",
        "As they call themselves",
        "Everyone we know",
        "primary key",
        "'Ada'::text",
        "Index people_pkey: btree (id)",
        "Referenced by: orders",
    ] {
        assert!(people.text().contains(part), "{part} in\n{}", people.text());
    }
    assert!(people.html().unwrap().contains("public.people"));

    #[rustfmt::skip]
    let expected = [
        ("select * from |orders", "→ people(id)"),
        ("select o.tot|al from orders o", "numeric(10,2)"),
        ("select |o.total from orders o", "public.orders"),
        ("select * from people join orders on person|_id", "orders.person_id"),
        ("with a as (select id from people) select * from |a", "of this statement"),
        ("select greet|('a')", "greet(who text) text"),
        ("select greet('a', |", "Says hello"),
        ("select 1::mo|od", "happy"),
        ("select 1::integ|er", "int4"),
        ("set work_m|em to 1", "4MB"),
        ("select coalesce(|1)", "first value that is not null"),
        ("create tab|le x (a int)", "CREATE TABLE"),
        ("select 1 where| true", "WHERE condition"),
        ("select * from sal|es.offers", "schema with 1 relation"),
        ("\\wat|ch 1", "again and again"),
        ("%conn|ect local", "makes it the current one"),
    ];
    for (marked, part) in expected {
        let found = inspected(&notebook, marked).await;
        assert!(
            found.text().contains(part),
            "{marked}: {part} in\n{}",
            found.text()
        );
        assert!(found.html().is_some());
    }
    notebook.good("\\set city Ulm").await;
    assert_eq!(
        inspected(&notebook, "select :ci|ty").await.text(),
        ":city: 'Ulm'"
    );
}

#[tokio::test]
async fn what_came_too_late_is_asked_for_again() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("select 1").await;
    // What the catalog is read from is in somebody else's hands.
    let other = Notebook::new(&database);
    let lock = "begin; lock table pg_catalog.pg_description in access exclusive mode";
    other.good(lock).await;
    notebook.good("create table people (id integer)").await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let found = completed(&notebook, "select * from peo|").await;
    assert!(!found.contains(&"people".into()), "{found:?}");
    other.good("rollback").await;
    known(&notebook, "select * from peo|", "people").await;
}
