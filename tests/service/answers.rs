//! What the service answers, shown as it is: values of its own types, its lists, its limits.

use crate::notebook::Notebook;
use crate::stand_in::{Quirks, Service};

#[tokio::test]
async fn nested_values_stay_as_the_service_prints_them() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook
        .good("select lastseen, address, identitymap from loyalty_members limit 2")
        .await;
    assert_eq!(
        answer.text(),
        "       lastseen        |        address        |          identitymap          \n\
         -----------------------+-----------------------+-------------------------------\n \
         2022-09-02 19:47:14.0 | (\"12 Rue Cler\",Paris) | [ECID -> \"{(601097-5702,t)}\"]\n \
         2022-09-01 08:15:00.0 | (\"3 Damrak\",NULL)     | [ECID -> \"{(611097-5702,t)}\"]\n\
         (2 rows)"
    );
    let answer = notebook
        .good("select items from loyalty_members where name = 'Emil Hansen'")
        .await;
    assert!(answer.remarks("NULL"), "{answer:?}");
}

#[tokio::test]
async fn flat_columns() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::new(&service);
    let target = crate::notebook::keywords(&service).replace("prod:all", "prod:all?FLATTEN");
    notebook
        .good(&format!("%connect {target} password={}", service.token))
        .await;
    let answer = notebook
        .good("select name, \"address.city\" from loyalty_members where \"address.city\" = 'Lagos'")
        .await;
    assert_eq!(
        answer.text(),
        "     name     | address.city \n--------------+--------------\n Chidi Okafor | Lagos\n(1 row)"
    );
}

#[tokio::test]
async fn lists_of_tables_and_views() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("show tables").await;
    answer.shows("| resolved");
    answer.shows(" loyalty_members |");
    let answer = notebook.good("show views").await;
    answer.shows(" web_carts |");
    notebook.good("show databases; show schemas").await;

    let answer = notebook.good("\\dt").await;
    let expected = "              List of relations\n \
                    Schema |      Name       | Type  |  Owner   \n\
                    --------+-----------------+-------+----------\n \
                    public | loyalty_archive | table | postgres\n \
                    public | loyalty_members | table | postgres\n \
                    public | web_events      | table | postgres\n(3 rows)";
    assert_eq!(answer.text(), expected);
    let answer = notebook.good("\\dv").await;
    answer.shows("web_carts | view");
    let answer = notebook.good("\\dt loyalty_m*").await;
    answer.shows("(1 row)");
}

#[tokio::test]
async fn tables_are_found_with_a_catalog_and_without() {
    for catalog in [true, false] {
        let service = Service::start(Quirks::of_catalog(catalog)).await;
        let notebook = Notebook::connected(&service).await;
        let answer = notebook.good("%tables").await;
        for name in [
            "loyalty_archive",
            "loyalty_members",
            "web_events",
            "web_carts",
        ] {
            answer.shows(name);
        }
        // The second time the way is known: one question, or SHOW TABLES and SHOW VIEWS.
        let before = service.log().queries.len();
        notebook.good("%tables").await;
        let asked = if catalog { 1 } else { 2 };
        assert_eq!(service.log().queries.len(), before + asked);
    }
}

#[tokio::test]
async fn declared_keys_are_drawn() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("%schema").await;
    let refers = "loyalty_archive\n  name → loyalty_members (name)";
    assert!(answer.text().contains(refers), "{}", answer.text());
    // One question for each relation would take minutes.
    let log = service.log();
    let mut queries = log.queries.iter();
    assert!(!queries.any(|sql| sql.contains("1=0")), "{log:?}");
}

#[tokio::test]
async fn columns_and_declared_keys_are_found() {
    for catalog in [true, false] {
        let service = Service::start(Quirks::of_catalog(catalog)).await;
        let notebook = Notebook::connected(&service).await;
        let answer = notebook.good("%describe loyalty_members --json").await;
        let told: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        let names: Vec<_> = told["columns"].as_array().unwrap().iter().collect();
        let names: Vec<_> = names.iter().map(|column| &column["name"]).collect();
        assert_eq!(
            names,
            [
                "name",
                "points",
                "tier",
                "lastseen",
                "address",
                "identitymap",
                "items"
            ]
        );
        assert_eq!(told["columns"][1]["type"], "integer");
        assert_eq!(told["columns"][4]["type"], serde_json::Value::Null);
        assert_eq!(told["primary_key"]["columns"][0], "name");
        assert_eq!(
            told["referenced_by"][0]["referred_table"],
            "loyalty_archive"
        );

        let answer = notebook.good("%describe loyalty_archive --json").await;
        let told: serde_json::Value = serde_json::from_str(answer.text()).unwrap();
        assert_eq!(told["foreign_keys"][0]["referred_table"], "loyalty_members");
        let problem = notebook.bad("%describe loyalty_member").await;
        assert!(
            problem.advice[0].contains("Did you mean loyalty_members?"),
            "{problem:?}"
        );
        // Nothing that the service would take for all rows, or that costs one of its few places.
        let log = service.log();
        let queries = log.queries.iter();
        let of_tables = queries.filter(|sql| sql.contains("from loyalty_"));
        assert!(
            of_tables.clone().all(|sql| sql.contains("where 1=0")),
            "{log:?}"
        );
        assert_eq!(of_tables.count(), 2);
    }
}

/// It has no savepoints that could hold a transaction: what was not answered before is not asked in
/// one.
#[tokio::test]
async fn an_open_transaction_is_not_put_at_risk() {
    let service = Service::start(Quirks::of_catalog(false)).await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("begin").await;
    let before = service.log().queries.len();
    let problem = notebook.bad("%tables").await;
    assert!(
        problem.message.contains("a transaction is open"),
        "{problem:?}"
    );
    assert_eq!(service.log().queries.len(), before);
    notebook.good("rollback").await;
    notebook.good("%tables").await;
    notebook.good("begin").await;
    notebook.good("%tables").await.shows("web_events");
}

#[tokio::test]
async fn relations_are_described_with_a_catalog_and_without() {
    for catalog in [true, false] {
        let service = Service::start(Quirks::of_catalog(catalog)).await;
        let notebook = Notebook::connected(&service).await;
        let answer = notebook.good("\\dt").await;
        for name in ["loyalty_archive", "loyalty_members", "web_events"] {
            answer.shows(name);
        }
        assert!(!answer.text().contains("web_carts"), "{}", answer.text());
        let answer = notebook.good("\\dv").await;
        answer.shows("web_carts");

        let answer = notebook.good("\\d loyalty_members").await;
        let expected = "                       Table \"public.loyalty_members\"\n   \
            Column    |            Type             | Collation | Nullable | Default \n\
            -------------+-----------------------------+-----------+----------+---------\n \
            name        | text                        |           |          | \n \
            points      | integer                     |           |          | \n \
            tier        | text                        |           |          | \n \
            lastseen    | timestamp without time zone |           |          | \n \
            address     | ???                         |           |          | \n \
            identitymap | ???                         |           |          | \n \
            items       | ???                         |           |          | \n\
            Indexes:\n    PRIMARY KEY (name)\n\
            Referenced by:\n    TABLE \"loyalty_archive\" FOREIGN KEY (name) \
            REFERENCES loyalty_members(name)";
        assert_eq!(answer.text(), expected);
        // What is not understood is not asked again.
        let before = service.log().queries.len();
        let answer = notebook.good("\\d web_carts").await;
        assert!(answer.text().contains("View \"public.web_carts\""));
        let asked = service.log().queries[before..].join("; ");
        assert!(!asked.contains("pg_attribute"), "{asked}");
        let answer = notebook.good("\\d nosuch").await;
        assert!(
            answer
                .err()
                .contains("Did not find any relation named \"nosuch\"")
        );
    }
}

#[tokio::test]
async fn limit_zero_is_warned_about_and_runs() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;
    let answer = notebook.good("select page from web_events limit 0").await;
    assert!(
        answer
            .err()
            .contains("LIMIT 0 means no limit and returns everything"),
        "{answer:?}"
    );
    answer.shows("(100 of 120000 rows shown)");
    let answer = notebook
        .good("select page from web_events where 1 = 0")
        .await;
    assert_eq!(
        (answer.text(), answer.err().as_str()),
        (" page \n------\n(0 rows)", "")
    );
}

#[tokio::test]
async fn limit_zero_is_warned_about_in_the_first_statement() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("select page from web_events limit 0").await;
    assert!(
        answer.err().contains("LIMIT 0 means no limit"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn the_row_cap_is_told_where_it_may_have_cut() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("select page from web_events").await;
    answer.shows("(100 of 50000 rows shown)");
    assert!(answer.remarks("exactly 50,000 rows came, "), "{answer:?}");
    assert!(answer.remarks("cap: there may be more"), "{answer:?}");
    let answer = notebook
        .good("select page from web_events limit 60000")
        .await;
    answer.shows("(100 of 60000 rows shown)");
    assert!(!answer.remarks("cap"));
}

#[tokio::test]
async fn only_insert_writes() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook
        .good("insert into loyalty_archive select name, points from loyalty_members where tier = 'gold'")
        .await;
    assert_eq!(answer.out(), "INSERT 0 2\n");
    let answer = notebook
        .good("select name from loyalty_archive order by name")
        .await;
    answer.shows("Ada Lopez\n Dora Nagy\n(2 rows)");
}

#[tokio::test]
async fn notices_and_settings_among_the_rows() {
    let service = Service::start(Quirks {
        chatty: true,
        ..Quirks::default()
    })
    .await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("select name from loyalty_members").await;
    assert_eq!(answer.err(), "NOTICE:  the session warms up\n");
    answer.shows("(5 rows)");
}

#[tokio::test]
async fn statements_go_as_they_are_typed() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    notebook.good("select 1").await;
    for (cell, statements) in [
        (
            "$$BEGIN insert into t select 1; select 2; EXCEPTION WHEN OTHER THEN SET @ret = 'x'; END$$; select 3;",
            vec![
                "$$BEGIN insert into t select 1; select 2; EXCEPTION WHEN OTHER THEN SET @ret = 'x'; END$$;",
                "select 3;",
            ],
        ),
        (
            "$$BEGIN select 1; $$END; select 3",
            vec!["$$BEGIN select 1; $$END;", "select 3"],
        ),
        (
            "select 1 `a;b`; select 2 `it's`",
            vec!["select 1 `a;b`;", "select 2 `it's`"],
        ),
        (
            r"select 'it\'s; so' a; select 'b\\'",
            vec![r"select 'it\'s; so' a;", r"select 'b\\'"],
        ),
    ] {
        let before = service.log().queries.len();
        notebook.good(cell).await;
        assert_eq!(service.log().queries[before..], statements, "{cell}");
    }
    let answer = notebook.good(r"select 'it\'s a\\b' a").await;
    answer.shows(r" it's a\b");
}

#[tokio::test]
async fn odd_results() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let answer = notebook.good("select 1 a, 2 a, null b, '' c").await;
    assert_eq!(
        answer.text(),
        " a | a | b | c \n---+---+---+---\n 1 | 2 |   | \n(1 row)"
    );
    let long = "x".repeat(1_000_000);
    let answer = notebook.good(&format!("select '{long}' a")).await;
    let text = answer.text();
    assert!(
        text.contains(&long[..20_000]) && text.len() < 250_000,
        "{}",
        text.len()
    );
    assert!(text.ends_with("(long values are cut after 20000 characters)\n(1 row)"));
    let answer = notebook.good("-- nothing").await;
    assert!(answer.shown.is_empty(), "{answer:?}");
}

#[tokio::test]
async fn a_cell_on_the_service_is_read_as_the_service_reads() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    notebook
        .good("%connect host=localhost user=ada dbname=elsewhere")
        .await;
    let cell = "%%sql --on prod:all\nselect 'it\\'s; fine' as a; select 'two' as b";
    let answer = notebook.good(cell).await;
    answer.shows("two");
    assert_eq!(
        service.log().queries,
        ["select 'it\\'s; fine' as a;", "select 'two' as b"]
    );
}

#[tokio::test]
async fn completion_knows_what_the_user_has_asked_for() {
    for catalog in [true, false] {
        let service = Service::start(Quirks::of_catalog(catalog)).await;
        let notebook = Notebook::connected(&service).await;
        let offers = async |text: &str| {
            let completions = notebook.query.complete(text, text.len()).await;
            let mut texts: Vec<_> = completions.items.into_iter().map(|i| i.text).collect();
            texts.sort();
            texts
        };
        notebook.good("select 1").await;
        assert_eq!(offers("select * from loy").await, [""; 0]);
        notebook.good("%tables").await;
        let asked = service.log().queries.len();
        let tables = ["loyalty_archive", "loyalty_members"];
        assert_eq!(offers("select * from loy").await, tables);
        notebook
            .good("select * from loyalty_members where 1 = 0")
            .await;
        notebook.good("%tables").await;
        assert_eq!(
            offers("select * from loyalty_members where ident").await[0],
            "identitymap"
        );
        // Also where another connection is the current one.
        notebook
            .good("%connect host=localhost user=ada dbname=elsewhere")
            .await;
        let elsewhere = "%%sql --on prod:all\nselect * from loy";
        assert_eq!(offers(elsewhere).await, tables);
        // And nothing was asked for it: the user's statement, the list of tables, and without a
        // catalog that of views.
        let own = if catalog { 2 } else { 3 };
        assert_eq!(service.log().queries.len(), asked + own);
    }
}

#[tokio::test]
async fn rows_go_to_files_without_copy() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let folder = tempfile::tempdir().unwrap();
    let query = "select name from loyalty_members where name = 'Emil Hansen'";
    for (ending, expected) in [
        ("csv", "name\nEmil Hansen\n"),
        ("jsonl", "{\"name\":\"Emil Hansen\"}\n"),
    ] {
        let file = folder.path().join("a").with_extension(ending);
        let cell = format!("%%export {}\n{query}", file.display());
        notebook.good(&cell).await;
        assert_eq!(std::fs::read_to_string(file).unwrap(), expected);
    }
}
