//! `%chart` and `%%chart`: a kept result as a picture, the server's own sums being the judge.

use query::Shown;
use serde_json::Value;

use crate::notebook::{Answer, Notebook};
use crate::server::Database;

const VEGA_LITE: &str = "application/vnd.vegalite.v5+json";

#[tokio::test]
async fn many_rows_are_added_up_as_the_server_does() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good(
            "create table t as select 'k' || g % 7 as k, g % 1000 / 4.0 as v, \
             timestamptz '2025-01-01' + g * interval '5 minutes' as at from generate_series(1, 100000) g",
        )
        .await;
    let sums = "select string_agg(k || '=' || s, ' ') \
                from (select k, sum(v)::float8 as s from t group by k order by s desc) as _";
    let sums = notebook.value(sums).await;
    notebook.good("%%sql --as all_of_it\nselect * from t").await;
    notebook.good("select 1 as another").await;

    let answer = notebook
        .good("%chart bar x=k y=v sort=-y from all_of_it")
        .await;
    let value = |value: &Value| {
        format!(
            "{}={}",
            value["x"].as_str().unwrap(),
            value["y"].as_f64().unwrap()
        )
    };
    let drawn: Vec<String> = values(&answer).iter().map(value).collect();
    assert_eq!(drawn.join(" "), sums);
    assert!(
        matches!(answer.shown.as_slice(), [Shown::Result(_)]),
        "{answer:?}"
    );

    let halves =
        "select count(distinct (at::date, extract(hour from at) < 12)) || ' ' || max(v) from t";
    let halves = notebook.value(halves).await;
    let answer = notebook
        .good("%chart line x=at y=max(v) from all_of_it")
        .await;
    let most = values(&answer)
        .iter()
        .map(|value| value["y"].as_f64().unwrap())
        .fold(0.0, f64::max);
    assert_eq!(
        format!("{} {most}", values(&answer).len()),
        halves.trim_end_matches('0')
    );
}

#[tokio::test]
async fn a_specification_is_drawn_with_the_last_result() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("select 'a' as \"x.y\", 1 as n union all select null, 2 order by n")
        .await;
    let answer = notebook
        .good("%%chart\nmark: bar\nencoding:\n  x: {field: x.y}\n  y: {field: n, type: quantitative}\n")
        .await;
    assert_eq!(
        values(&answer),
        serde_json::from_str::<Vec<Value>>(r#"[{"x.y": "a", "n": 1.0}, {"x.y": null, "n": 2.0}]"#)
            .unwrap()
    );
}

#[tokio::test]
async fn what_is_wrong_with_a_chart_is_said_at_its_place() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let problem = notebook.bad("%chart bar x=a").await;
    assert!(
        problem.message.contains("there is no result yet"),
        "{}",
        problem.message
    );

    notebook.good("select 'Rome' as city, 3 as points").await;
    let check = async |cell: &str, message: &str, advice: &str| {
        let problem = notebook.bad(cell).await;
        assert_eq!(problem.message, message);
        assert!(problem.advice[0].contains(advice), "{:?}", problem.advice);
        let place = problem.place.expect("a place");
        assert_eq!(place.line(), cell.lines().count().min(2), "{cell}");
    };
    check(
        "select 1 as citty;\n%chart pie x=citty",
        "there is no chart of kind pie",
        "bar, line",
    )
    .await;
    notebook.good("select 'Rome' as city, 3 as points").await;
    check(
        "\n%chart bar x=citi y=points",
        "the result has no column citi",
        "Did you mean city?",
    )
    .await;
    check(
        "\n%chart bar x=city y=city",
        "a bar's length is a number, and city is text",
        "points",
    )
    .await;
    let spec = "%%chart\n{\"mark\": \"bar\", \"encoding\": {\"x\": {\"field\": \"pionts\"}}}";
    let problem = notebook.bad(spec).await;
    assert_eq!(problem.message, "the result has no column pionts");
    // The session goes on, and the result is still there.
    notebook.good("%chart bar x=city y=points").await;
}

/// The data of the chart that was shown.
fn values(answer: &Answer) -> Vec<Value> {
    let bundle = answer.bundles().last().expect("a chart");
    let spec = bundle.get(VEGA_LITE).expect("a specification");
    spec["data"]["values"].as_array().unwrap().clone()
}
