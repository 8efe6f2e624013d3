//! `%copy`: rows from one connection to another, all of them or none.

use crate::notebook::Notebook;
use crate::proxy::{CUT, Proxy};
use crate::server::Database;

/// A notebook with the connections `a` and `b`, to two databases.
async fn two() -> (Notebook, [Database; 2]) {
    let a = Database::new().await;
    let b = a.another();
    let notebook = Notebook::new(&a);
    for (name, database) in [("b", &b), ("a", &a)] {
        notebook
            .good(&format!("%connect {} as {name}", database.target()))
            .await;
    }
    (notebook, [a, b])
}

const SUM: &str = "select count(*) || ' ' || md5(string_agg(t::text, '|' order by id)) from t";

#[tokio::test]
async fn a_table_arrives_as_it_was() {
    let (notebook, _databases) = two().await;
    notebook
        .good(
            "create table t (id bigint, \"Odd name\" text, n numeric(9,2), at timestamptz, a int[]);\n\
             insert into t select g, case when g % 5 <> 0 then E'tab\\t\\\\N\\nline ' || g end, g / 7.0, now(), \
             array[g, null] from generate_series(1, 20000) g",
        )
        .await;
    let sum = notebook.value(SUM).await;
    notebook.good("%copy t from a to b").await;
    notebook.good("%use b").await;
    assert_eq!(notebook.value(SUM).await, sum);
    let types = "select string_agg(format_type(atttypid, atttypmod), ',' order by attnum) \
                 from pg_attribute where attrelid = 't'::regclass and attnum > 0";
    assert_eq!(
        notebook.value(types).await,
        "bigint,text,numeric(9,2),timestamp with time zone,integer[]"
    );
    // The table is there by now, with its columns in another order.
    notebook
        .good("drop table t; create table t (at timestamptz, n numeric(9,2), id bigint, a int[], \"Odd name\" text)")
        .await;
    notebook.good("%copy t from a to b").await;
    assert_eq!(notebook.value("select count(*) from t").await, "20000");
}

#[tokio::test]
async fn a_query_arrives_under_its_name() {
    let (notebook, _databases) = two().await;
    notebook
        .good("%%copy from a to b as squares\nselect g, g * g as square from generate_series(1, 10) g;\n")
        .await;
    notebook.good("%use b").await;
    assert_eq!(
        notebook.value("select sum(square) from squares").await,
        "385"
    );
}

#[tokio::test]
async fn what_fails_on_the_way_leaves_nothing() {
    let (notebook, _databases) = two().await;
    let problem = notebook
        .bad("%%copy from a to b as t\nselect 1 / (50000 - g) as n from generate_series(1, 100000) g")
        .await;
    assert_eq!(problem.name, "22012 division_by_zero");
    notebook.good("%use b").await;
    let there = "select to_regclass('t') is null";
    assert_eq!(notebook.value(there).await, "t");

    notebook
        .good("create table t (n int check (n < 50000))")
        .await;
    let problem = notebook
        .bad("%%copy from a to b as t\nselect n from generate_series(1, 1000000) n")
        .await;
    assert_eq!(problem.name, "23514 check_violation");
    assert_eq!(notebook.value("select count(*) from t").await, "0");
    // Both ends are in step.
    notebook.good("%use a").await;
    assert_eq!(notebook.value("select 7").await, "7");
}

#[tokio::test]
async fn a_source_that_ends_half_way_loads_and_writes_nothing() {
    let (notebook, databases) = two().await;
    let proxy = Proxy::new().await;
    let far = proxy.target(&databases[0]);
    notebook.good(&format!("%connect {far} as far")).await;
    proxy.cut_after(100_000);
    let query = format!("select {CUT} g from generate_series(1, 100000) g");
    for table in ["made", "there"] {
        notebook
            .good("%use b\ncreate table if not exists there (g int)")
            .await;
        let problem = notebook
            .bad(&format!("%%copy from far to b as {table}\n{query}"))
            .await;
        assert!(problem.name.starts_with("08006"), "{problem:?}");
    }
    let left = "select to_regclass('made') is null and not exists (select from there)";
    assert_eq!(notebook.value(left).await, "t");

    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    notebook.good("%use far").await;
    for ending in ["csv", "jsonl", "parquet", "arrow"] {
        let file = path(&format!("a.{ending}"));
        let problem = notebook.bad(&format!("%%export {file}\n{query}")).await;
        assert!(problem.name.starts_with("08006"), "{ending}: {problem:?}");
    }
    let file = path("b.csv");
    notebook.bad(&format!("\\copy ({query}) to {file}")).await;
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
