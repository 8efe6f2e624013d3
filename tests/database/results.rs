//! Results of any size: shown early, counted to the end, kept for later.

use std::time::{Duration, Instant};

use query::Shown;

use crate::notebook::Notebook;
use crate::server::Database;

/// The text of a cell's last table.
async fn text(notebook: &Notebook, cell: &str) -> String {
    let answer = notebook.good(cell).await;
    answer.bundles().last().unwrap().text().to_owned()
}

#[tokio::test]
async fn results_are_kept_and_listed() {
    let notebook = Notebook::new(&Database::new().await);
    assert_eq!(
        text(&notebook, "%results").await.lines().last(),
        Some("No results are kept yet.")
    );
    notebook.good("select 1 as one; select where false").await;
    notebook
        .good(
            "\\set most 100000\n\
             create temp table t (n int);\n\
             select 7 as seven \\gset",
        )
        .await;
    let numbers = "%%sql --as numbers\n\
                   select n, n::numeric(12,2) as exact from generate_series(1, :most) as n";
    notebook.good(numbers).await;
    let list = text(&notebook, "%results").await;
    let lines: Vec<Vec<&str>> = list
        .lines()
        .map(|line| line.split('|').map(str::trim).collect())
        .collect();
    assert_eq!(lines[2][..4], ["1", "", "1", "1"]);
    assert_eq!(lines[3][..4], ["2", "", "0", "0"]);
    assert_eq!(lines[4][..4], ["3", "numbers", "100000", "2"]);
    assert!(
        lines[4][6].starts_with("select n, n::numeric(12,2)"),
        "{list}"
    );
    assert!(
        lines[5][0].starts_with("(3 kept; 2.6 MiB of at most"),
        "{list}"
    );

    let answer = notebook.good("%results numbers").await;
    assert!(answer.out().contains("generate_series(1, 100000)"));
    let shown = answer.bundles().last().unwrap();
    assert!(shown.text().contains("numeric(12,2)"), "{}", shown.text());
    assert!(shown.text().contains("100000 rows"), "{}", shown.text());
    assert!(shown.text().contains("on disk"), "{}", shown.text());

    let problem = notebook.bad("%results number").await;
    assert!(
        problem.message.ends_with("did you mean numbers?"),
        "{problem:?}"
    );
    notebook.bad("%%sql --as 1st\nselect 1").await;
    // What a failed statement would have been replaces nothing.
    notebook.bad("%%sql --as numbers\nselect 1/0").await;
    let text = text(&notebook, "%results numbers").await;
    assert!(text.contains("100000 rows"), "{text}");
}

#[tokio::test]
async fn the_first_rows_are_shown_while_others_come() {
    let notebook = Notebook::new(&Database::new().await);
    let slow = "select n, repeat('x', 9000), pg_sleep(case when n > 3 then 0.2 else 0 end) \
                from generate_series(1, 8) as n";
    let cell = notebook.query.run(slow, &notebook.host);
    let early = async {
        let started = Instant::now();
        notebook
            .host
            .until(|shown| matches!(shown, Shown::Display(_, Some(_))))
            .await;
        started.elapsed()
    };
    notebook.good("select 1").await;
    let (ran, early) = tokio::join!(cell, early);
    ran.unwrap();
    assert!(early < Duration::from_millis(600), "{early:?}");
    let shown = notebook.host.take();
    let updates = shown
        .iter()
        .filter(|shown| matches!(shown, Shown::Update(..)));
    assert!((2..=11).contains(&updates.count()), "{shown:#?}");
}

#[tokio::test]
async fn what_came_before_an_interrupt_is_kept() {
    let notebook = Notebook::new(&Database::new().await);
    let endless = "%%sql --as some\n\
                   select generate_series(1, 2000000000) as n, repeat('x', 1000) as text";
    let cell = notebook.query.run(endless, &notebook.host);
    let interrupt = notebook
        .host
        .interrupt_once(|shown| matches!(shown, Shown::Update(..)));
    let (ran, ()) = tokio::join!(cell, interrupt);
    assert_eq!(ran.unwrap_err().name, "57014 query_canceled");
    let text = text(&notebook, "%results some").await;
    assert!(text.contains("an error ended the statement"), "{text}");
}

#[tokio::test]
async fn a_slow_index_tells_how_far_it_is() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let cell = "create table big as select n from generate_series(1, 30000) as n;\n\
                create function slow(n int) returns int language plpgsql immutable as $$\n\
                begin if n % 100 = 0 then perform pg_sleep(0.01); end if; return n; end $$;\n\
                create index on big (slow(n));";
    let answer = notebook.good(cell).await;
    let told: Vec<String> = answer
        .shown
        .iter()
        .filter_map(|shown| match shown {
            Shown::Display(bundle, Some(_)) | Shown::Update(_, bundle) => Some(bundle.text()),
            _ => None,
        })
        .map(str::to_owned)
        .collect();
    assert!(told.len() > 3, "{told:#?}");
    assert!(
        told[0].starts_with("CREATE INDEX big: building index"),
        "{told:#?}"
    );
    assert!(
        told.iter()
            .any(|text| text.contains("] ") && text.contains(" % · ")),
        "{told:#?}"
    );
    // In the end it says what was done, and not how long that took: a notebook keeps it.
    assert_eq!(told.last().unwrap(), "CREATE INDEX big");
    assert!(answer.out().ends_with("CREATE INDEX\n"));
    // The connection it was asked on is gone.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let sessions = "select count(*) from pg_stat_activity where datname = current_database()";
    assert_eq!(notebook.value(sessions).await, "1");
}
