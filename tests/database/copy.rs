//! COPY from and to the cell: whatever the data is, the session stays in step.

use crate::notebook::Notebook;
use crate::server::Database;

#[tokio::test]
async fn wrong_data_fails_and_the_next_copy_gets_its_own() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (n int)").await;
    // Far more than the socket takes at once: most of it is unsent when the server refuses it.
    let rest = "7\n".repeat(2_000_000);
    let problem = notebook
        .bad(&format!("copy t from stdin;\nwrong\n{rest}\\.\n"))
        .await;
    assert_eq!(problem.name, "22P02 invalid_text_representation");
    assert_eq!(
        problem.context.as_deref(),
        Some("COPY t, line 1, column n: \"wrong\"")
    );
    assert_eq!(
        notebook.good("copy t from stdin;\n1\n2\n\\.\n").await.out(),
        "COPY 2\n"
    );
    assert_eq!(
        notebook
            .value("select string_agg(n::text, ',') from t")
            .await,
        "1,2"
    );
}

#[tokio::test]
async fn the_place_of_wrong_data_is_the_servers() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (a int, b int)").await;
    let problem = notebook
        .bad("copy t from stdin;\n1\t2\n3\n\\.\nselect 1")
        .await;
    assert_eq!(problem.message, "missing data for column \"b\"");
    assert_eq!(problem.context.as_deref(), Some("COPY t, line 2: \"3\""));
}

#[tokio::test]
async fn data_may_end_with_the_cell() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (n int)").await;
    assert_eq!(
        notebook.good("copy t from stdin;\n1\n2").await.out(),
        "COPY 2\n"
    );
    assert_eq!(notebook.good("copy t from stdin").await.out(), "COPY 0\n");
    assert_eq!(notebook.good("copy t from stdin;").await.out(), "COPY 0\n");
    assert_eq!(notebook.value("select count(*) from t").await, "2");
}

#[tokio::test]
async fn five_megabytes_go_in_and_come_out() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (n int, s text)").await;
    let rows: String = (0..100_000)
        .map(|n| format!("{n}\t{}\n", "x".repeat(45)))
        .collect();
    let answer = notebook
        .good(&format!(
            "copy t from stdin;\n{rows}\\.\nselect count(*), sum(n) from t"
        ))
        .await;
    assert_eq!(
        answer.transcript(),
        "out COPY 100000\nresult count | sum 100000 | 4999950000"
    );
    let out = notebook.good("copy t to stdout; select 1 as next").await;
    assert!(out.out().starts_with("0\txxx"), "{:.99}", out.out());
    // Beyond a megabyte it is counted.
    assert!(
        out.out().ends_with(" more bytes not shown)\n"),
        "{:.99}",
        out.out()
    );
    assert!(out.transcript().ends_with("result next 1"));
}

#[tokio::test]
async fn copies_stand_among_statements_sent_together() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "create temp table t (n int)\\; copy t from stdin\\; copy t from stdin\\; \
                select sum(n) from t\\; copy t to stdout;\n1\n2\n\\.\n40\n\\.\nselect 'after' as last";
    assert_eq!(
        notebook.good(cell).await.transcript(),
        "out CREATE TABLE\nout COPY 2\nout COPY 1\ndisplay sum 43\nout 1\n2\n40\nresult last after"
    );
}

#[tokio::test]
async fn binary_data_does_no_harm() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create temp table t (n int)").await;
    let answer = notebook
        .good("copy (select 1, 'é') to stdout (format binary)")
        .await;
    assert!(answer.out().starts_with("PGCOPY\n"), "{answer:?}");
    let problem = notebook
        .bad("copy t from stdin (format binary);\nno binary\n\\.\n")
        .await;
    assert_eq!(problem.message, "COPY file signature not recognized");
    assert_eq!(notebook.value("select 1").await, "1");
}

#[tokio::test]
async fn characters_may_be_cut_between_pieces() {
    let notebook = Notebook::new(&Database::new().await);
    let cell = "copy (select repeat('é日😀', 30000) from generate_series(1, 3)) to stdout";
    let line = "é日😀".repeat(30_000) + "\n";
    assert!(notebook.good(cell).await.out() == line.repeat(3));
}
