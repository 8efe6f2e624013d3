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

#[tokio::test]
async fn what_differs_on_the_server_stays_apart() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let field = |answer: &Answer, name: &str| -> Vec<Value> {
        values(answer)
            .iter()
            .map(|value| value[name].clone())
            .collect()
    };
    notebook
        .good("values (3220311137312768,9),(3220311295418368,20),(3220312332320768,2)")
        .await;
    let answer = notebook.good("%chart bar x=column1 y=column2").await;
    assert_eq!(
        field(&answer, "x"),
        ["3220311137312768", "3220311295418368", "3220312332320768"]
    );
    assert_eq!(field(&answer, "y"), [9.0, 20.0, 2.0]);

    notebook.good("set timezone to 'Europe/Berlin'").await;
    notebook
        .good(
            "select date_trunc('hour', at) as hour, count(*) as n \
             from generate_series(timestamptz '2026-10-25 00:00Z', '2026-10-25 01:54Z', '6 minutes') as at \
             group by 1 order by 1",
        )
        .await;
    let answer = notebook.good("%chart bar x=hour y=n").await;
    assert_eq!(field(&answer, "y"), [10.0, 10.0]);

    notebook
        .good("select g as \"say \"\"hi\"\"\", 1.602e-19 * (1 + g % 7) as v from generate_series(1, 70) as g")
        .await;
    let answer = notebook.good("%chart line x=\"say \"\"hi\"\"\" y=v").await;
    assert_eq!(values(&answer).len(), 70);
    let answer = notebook.good("%chart histogram x=v").await;
    assert_eq!(field(&answer, "y"), vec![Value::from(10.0); 7]);

    notebook
        .good("select d as day, s as series, s * d as v from generate_series(1, 3) d, generate_series(1, 12) s")
        .await;
    let answer = notebook.good("%chart line x=day y=v color=series").await;
    assert_eq!(values(&answer).len(), 36);

    notebook.good("values ('a', 5), ('b', -3), ('c', 0)").await;
    let problem = notebook.bad("%chart arc y=column2 color=column1").await;
    assert!(
        problem.message.contains("b is below zero"),
        "{}",
        problem.message
    );
    notebook.good("select 1 as a, 2 as a").await;
    let problem = notebook.bad("%chart bar x=a").await;
    assert_eq!(problem.message, "the result has 2 columns called a");

    notebook
        .good("select '1234.56'::money as price, 'a' as k")
        .await;
    let answer = notebook.good("%chart bar x=k y=price").await;
    assert_eq!(field(&answer, "y"), [1234.56]);
}

#[tokio::test]
async fn a_specification_with_data_of_its_own_needs_no_result() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let spec = "%%chart\n{\"data\": {\"values\": [{\"a\": 1}]}, \"mark\": \"bar\", \
                \"encoding\": {\"y\": {\"field\": \"a\", \"type\": \"quantitative\"}}}";
    let answer = notebook.good(spec).await;
    assert_eq!(values(&answer), [serde_json::json!({"a": 1})]);
    notebook.good("select 7 as n").await;
    let layers = "%%chart\nlayer:\n- mark: bar\n  encoding: {y: {field: n, type: quantitative}}\n\
                  - data: {values: [{limit: 5}]}\n  mark: rule\n  encoding: {y: {field: limit, type: quantitative}}\n";
    let answer = notebook.good(layers).await;
    assert_eq!(values(&answer), [serde_json::json!({"n": 7.0})]);
    let problem = notebook
        .bad("%%chart\ndata: {url: 'https://example.org/a.csv'}\nmark: bar\n")
        .await;
    assert!(
        problem.message.contains("nothing is fetched"),
        "{}",
        problem.message
    );
}

/// The data of the chart that was shown.
fn values(answer: &Answer) -> Vec<Value> {
    let bundle = answer.bundles().last().expect("a chart");
    let spec = bundle.get(VEGA_LITE).expect("a specification");
    spec["data"]["values"].as_array().unwrap().clone()
}
