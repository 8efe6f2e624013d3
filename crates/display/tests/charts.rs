//! Charts as a result makes them: what is drawn of which rows, what is said of it, and that nothing
//! in it runs.

#![allow(clippy::unwrap_used)]

use display::chart::{By, Channel, Chart, Function, Kind, Own, Sort};
use display::{Bundle, Column, Kind as Values, Problem};
use serde_json::{Value, json};

const VEGA_LITE: &str = "application/vnd.vegalite.v5+json";

/// city, amount, day, at, took, paid
fn columns() -> Vec<Column> {
    vec![
        Column::new("city", "text", Values::Text),
        Column::new("amount", "numeric(10,2)", Values::Number),
        Column::new("day", "date", Values::Time),
        Column::new("at", "timestamp with time zone", Values::Time),
        Column::new("took", "interval", Values::Time),
        Column::new("paid", "boolean", Values::Boolean),
    ]
}

fn row(city: Option<&str>, amount: &str, day: &str) -> Vec<Option<String>> {
    vec![
        city.map(str::to_owned),
        Some(amount.into()),
        Some(day.into()),
        Some(format!("{day} 12:00:00+02")),
        Some("00:02:00".into()),
        Some("t".into()),
    ]
}

fn few() -> Vec<Vec<Option<String>>> {
    vec![
        row(Some("Rome"), "3", "2026-01-01"),
        row(Some("Oslo"), "5.5", "2026-02-01"),
        row(None, "2", "2026-03-01"),
        row(Some("Rome"), "4", "2026-03-01"),
    ]
}

fn draw(chart: &Chart, rows: &[Vec<Option<String>>]) -> Result<Bundle, Problem> {
    let mut plot = chart.plan(&columns())?;
    while plot.wants_rows() {
        for row in rows {
            plot.push(|column| row[column].as_deref());
        }
        plot.end_pass();
    }
    plot.bundle(|| false)
}

fn chart(kind: Kind, set: impl FnOnce(&mut Chart)) -> Chart {
    let mut chart = Chart::new(kind);
    set(&mut chart);
    chart
}

fn column(at: usize) -> Option<Channel> {
    Some(Channel::column(at))
}

fn spec(bundle: &Bundle) -> &Value {
    bundle.get(VEGA_LITE).unwrap()
}

fn values(bundle: &Bundle) -> &Value {
    &spec(bundle)["data"]["values"]
}

#[test]
fn bars_add_up_by_name_in_the_order_of_the_rows() {
    let bars = chart(Kind::Bar, |bars| (bars.x, bars.y) = (column(0), column(1)));
    let bundle = draw(&bars, &few()).unwrap();
    assert_eq!(
        *values(&bundle),
        json!([{"x": "Rome", "y": 7.0}, {"x": "Oslo", "y": 5.5}, {"x": "NULL", "y": 2.0}])
    );
    assert_eq!(
        bundle.text(),
        "Bar chart: sum of amount by city\n4 rows\nx: city: Rome, Oslo, NULL\n\
         sum of amount from 2 (NULL) to 7 (Rome)"
    );
    assert_eq!(
        spec(&bundle)["encoding"]["x"]["sort"],
        json!(["Rome", "Oslo", "NULL"])
    );
    assert!(
        bundle.html().is_none(),
        "front ends would show it in place of the chart"
    );
}

#[test]
fn bars_lie_where_x_is_the_number() {
    let bars = chart(Kind::Bar, |bars| {
        (bars.x, bars.y) = (column(1), column(0));
        bars.sort = Some(Sort {
            by: By::X,
            descending: true,
        });
    });
    let bundle = draw(&bars, &few()).unwrap();
    assert_eq!(
        spec(&bundle)["encoding"]["y"]["sort"],
        json!(["Rome", "Oslo", "NULL"])
    );
    assert_eq!(spec(&bundle)["encoding"]["x"]["type"], "quantitative");
}

#[test]
fn names_are_sorted_by_a_column_that_is_not_drawn() {
    let bars = chart(Kind::Bar, |bars| {
        bars.x = column(0);
        bars.sort = Some(Sort {
            by: By::Column(2),
            descending: true,
        });
    });
    let bundle = draw(&bars, &few()).unwrap();
    assert_eq!(
        spec(&bundle)["encoding"]["x"]["sort"],
        json!(["NULL", "Oslo", "Rome"])
    );
}

#[test]
fn lines_average_and_keep_their_gaps() {
    let mut rows = few();
    rows[1][1] = None;
    let line = chart(Kind::Line, |line| (line.x, line.y) = (column(2), column(1)));
    let bundle = draw(&line, &rows).unwrap();
    let day = |month: f64| month * 86_400_000.0;
    assert_eq!(
        *values(&bundle),
        json!([
            {"x": day(20454.0), "y": 3.0},
            {"x": day(20485.0), "y": null},
            {"x": day(20513.0), "y": 3.0},
        ])
    );
    assert_eq!(spec(&bundle)["encoding"]["x"]["scale"]["type"], "utc");
    assert!(
        bundle.text().contains("left out: 1 with NULL in amount"),
        "{}",
        bundle.text()
    );
}

#[test]
fn moments_show_the_servers_clock() {
    let points = chart(Kind::Point, |points| {
        (points.x, points.y) = (column(3), column(4))
    });
    let bundle = draw(&points, &few()).unwrap();
    // 2026-01-01 12:00, whatever the offset; and two minutes, in minutes.
    assert_eq!(
        values(&bundle)[0],
        json!({"x": 1_767_268_800_000.0, "y": 2.0})
    );
    assert_eq!(spec(&bundle)["encoding"]["y"]["title"], "took (minutes)");
}

#[test]
fn steps_are_told_in_words() {
    let histogram = chart(Kind::Histogram, |histogram| histogram.x = column(4));
    let check = |took: fn(usize) -> String, expected: &str| {
        let mut rows = vec![row(None, "1", "2026-01-01"); 24];
        for (number, row) in rows.iter_mut().enumerate() {
            row[4] = Some(took(number));
        }
        let bundle = draw(&histogram, &rows).unwrap();
        let told = bundle.text().lines().nth(1).unwrap();
        assert_eq!(told, format!("24 rows, took in steps of {expected}"));
    };
    check(|n| format!("00:{n:02}:00"), "1 minute");
    check(|n| format!("00:{:02}:00", 2 * n), "2 minutes");
    check(|n| format!("00:00:00.{:03}", 10 * n), "10 ms");
}

#[test]
fn many_rows_become_a_picture_of_bounded_size_that_says_so() {
    let rows: Vec<_> = (0..20_000)
        .map(|n| {
            let day = format!("20{:02}-{:02}-{:02}", 10 + n % 16, 1 + n % 12, 1 + n % 28);
            row(
                Some(&format!("city {}", n % 500)),
                &(n % 1000).to_string(),
                &day,
            )
        })
        .collect();
    let kinds = [
        (Kind::Line, 3),
        (Kind::Area, 2),
        (Kind::Point, 3),
        (Kind::Heatmap, 0),
    ];
    for (kind, x) in kinds {
        let drawn = chart(kind, |chart| {
            (chart.x, chart.y, chart.facet) = (column(x), column(1), column(5));
        });
        let bundle = draw(&drawn, &rows).unwrap();
        assert!(spec(&bundle).to_string().len() < 300_000, "{kind:?}");
        assert!(bundle.text().contains("20,000 rows"), "{}", bundle.text());
    }
    let bars = chart(Kind::Bar, |bars| (bars.x, bars.y) = (column(0), column(1)));
    let bundle = draw(&bars, &rows).unwrap();
    let subtitle = spec(&bundle)["title"]["subtitle"].to_string();
    assert!(
        subtitle.contains("city: the 49 greatest of 500, the others as one"),
        "{subtitle}"
    );
    // Nothing is lost: the rest is one.
    let sum: f64 = values(&bundle)
        .as_array()
        .unwrap()
        .iter()
        .map(|value| value["y"].as_f64().unwrap())
        .sum();
    assert_eq!(sum, (0..20_000).map(|n| f64::from(n % 1000)).sum::<f64>());
}

#[test]
fn boxes_are_quartiles() {
    let boxes = chart(Kind::Box, |boxes| boxes.y = column(1));
    let bundle = draw(&boxes, &few()).unwrap();
    assert_eq!(
        values(&bundle)[0],
        json!({"low": 2.0, "quarter": 2.75, "median": 3.5, "three_quarters": 4.375, "high": 5.5})
    );
}

#[test]
fn histograms_count_in_steps_and_units() {
    let count = |at: usize| {
        let bars = chart(Kind::Histogram, |bars| bars.x = column(at));
        draw(&bars, &few()).unwrap()
    };
    assert_eq!(values(&count(1))[0], json!({"x": 2.0, "x2": 2.2, "y": 1.0}));
    assert_eq!(values(&count(2)).as_array().unwrap().len(), 3);
    assert_eq!(values(&count(0))[0], json!({"x": "Rome", "y": 2.0}));
}

#[test]
fn a_logarithmic_scale_leaves_out_what_it_cannot_show() {
    let mut rows = few();
    rows[0][1] = Some("-1".into());
    let points = chart(Kind::Point, |points| {
        (points.x, points.y, points.log_y) = (column(2), column(1), true);
    });
    let bundle = draw(&points, &rows).unwrap();
    assert_eq!(values(&bundle).as_array().unwrap().len(), 3);
    assert!(bundle.text().contains("above zero"), "{}", bundle.text());
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    let check = |chart: Chart, rows: &[Vec<Option<String>>], message: &str, advice: &str| {
        let problem = draw(&chart, rows).unwrap_err();
        assert_eq!(problem.message, message);
        assert!(problem.advice[0].contains(advice), "{:?}", problem.advice);
    };
    let bars =
        |x: usize, y: usize| chart(Kind::Bar, |bars| (bars.x, bars.y) = (column(x), column(y)));
    check(
        bars(0, 0),
        &few(),
        "a bar's length is a number, and city is text",
        "amount, took",
    );
    check(
        bars(0, 1),
        &[],
        "the result has no rows: there is nothing to draw",
        "from NAME",
    );
    check(
        Chart::new(Kind::Line),
        &few(),
        "a line chart needs x",
        "x=COLUMN y=COLUMN",
    );
    let stacked = chart(Kind::Bar, |bars| {
        (bars.x, bars.stacked, bars.log_y) = (column(0), true, true);
    });
    check(
        stacked,
        &few(),
        "stacked lengths add up, and a logarithmic scale does not",
        "Leave out",
    );
    let nothing = [row(None, "NaN", "infinity")];
    let line = chart(Kind::Line, |line| (line.x, line.y) = (column(2), column(1)));
    check(
        line,
        &nothing,
        "no row has a value in each column that is drawn: there is nothing to draw",
        "datestyle",
    );
    let sum = Channel {
        column: Some(0),
        function: Some(Function::Sum),
    };
    let by_sum = chart(Kind::Line, |line| (line.x, line.y) = (Some(sum), column(1)));
    check(
        by_sum,
        &few(),
        "x takes a column, not one that is computed",
        "y=sum",
    );
}

#[test]
fn scripts_stay_text() {
    const SCRIPT: &str = "</script><script>alert(1)</script>";
    let rows = [row(Some(SCRIPT), "1", "2026-01-01")];
    let bars = chart(Kind::Bar, |bars| {
        (bars.x, bars.y, bars.facet) = (column(0), column(1), column(0));
        bars.title = Some(SCRIPT.into());
    });
    let bundle = draw(&bars, &rows).unwrap();
    assert_eq!(spec(&bundle)["title"]["text"], SCRIPT);
    // Nothing of the result is an expression, an address or a style.
    let text = spec(&bundle).to_string();
    assert!(
        !["expr", "signal", "href", "url", "test"]
            .iter()
            .any(|word| text.contains(&format!("\"{word}\":")))
    );
}

fn own(text: &str, columns: &[Column], rows: &[&[Option<&str>]]) -> Result<Bundle, Problem> {
    let mut own = Own::parse(text)?;
    assert_eq!(own.columns(columns), None);
    for row in rows {
        own.push(|column| row[column]);
    }
    own.bundle(|| false)
}

#[test]
fn a_specification_of_ones_own_has_the_result_as_its_data() {
    let columns = [
        Column::new("a.b[c]", "text", Values::Text),
        Column::new("n", "integer", Values::Number),
        Column::new("unused", "integer", Values::Number),
        Column::new("t", "timestamp without time zone", Values::Time),
        Column::new("j", "jsonb", Values::Json),
    ];
    let rows: &[&[Option<&str>]] = &[
        &[
            Some("x"),
            Some("1"),
            Some("9"),
            Some("2026-01-01 10:00:00"),
            Some("{\"k\": 1}"),
        ],
        &[None, None, None, None, None],
    ];
    let json = r#"{"mark": "bar", "title": "Mine", "encoding": {
        "x": {"field": "a.b[c]", "type": "nominal"}, "y": {"field": "n", "type": "quantitative"},
        "tooltip": [{"field": "t"}, {"field": "j.k"}]}}"#;
    let bundle = own(json, &columns, rows).unwrap();
    assert_eq!(
        *values(&bundle),
        json!([
            {"a.b[c]": "x", "n": 1.0, "t": "2026-01-01T10:00:00.000", "j": {"k": 1}},
            {"a.b[c]": null, "n": null, "t": null, "j": null},
        ])
    );
    assert_eq!(spec(&bundle)["encoding"]["x"]["field"], r"a\.b\[c\]");
    assert_eq!(
        bundle.text(),
        "Vega-Lite chart (bar): Mine\n2 rows: a.b[c], n, t, j"
    );

    let yaml = "mark: bar\nencoding:\n  x: {field: n, type: quantitative, bin: true}\n  y: {aggregate: count}\n";
    let bundle = own(yaml, &columns, rows).unwrap();
    assert_eq!(spec(&bundle)["encoding"]["x"]["bin"], true);
}

#[test]
fn a_specification_that_is_none_is_refused() {
    let check = |text: &str, message: &str| {
        let problem = Own::parse(text).unwrap_err();
        assert!(problem.message.contains(message), "{}", problem.message);
    };
    check("{\"mark\": ", "no JSON");
    check("a: [1", "no YAML");
    check("just words", "an object with a mark");
    check(
        "{\"$schema\": \"https://vega.github.io/schema/vega/v5.json\"}",
        "Vega-Lite's",
    );

    let columns = columns();
    let field = |text: &str| Own::parse(text).unwrap().columns(&columns);
    assert_eq!(
        field("{\"encoding\": {\"x\": {\"field\": \"cty\"}}}"),
        Some("cty".into())
    );
    let made = "{\"transform\": [{\"calculate\": \"1\", \"as\": \"one\"}], \"encoding\": {\"x\": {\"field\": \"one\"}}}";
    assert_eq!(field(made), None);
}

#[test]
fn more_rows_than_a_specification_can_use_are_sampled() {
    let mut own = Own::parse("{\"mark\": \"point\", \"encoding\": {\"x\": {\"field\": \"amount\", \"type\": \"quantitative\"}}}").unwrap();
    own.columns(&columns());
    for n in 0..20_000 {
        let text = n.to_string();
        own.push(|column| (column == 1).then_some(text.as_str()));
    }
    let bundle = own.bundle(|| false).unwrap();
    assert_eq!(values(&bundle).as_array().unwrap().len(), 5_000);
    assert_eq!(
        spec(&bundle)["title"]["text"],
        "a sample of 5000 of 20,000 rows"
    );
}

/// Of a build that draws pictures.
#[cfg(vega)]
mod pictures {
    use super::*;

    /// The PNG's bytes, by the first and last of the four characters that stand for three.
    fn png(bundle: &Bundle) -> &str {
        bundle.get("image/png").unwrap().as_str().unwrap()
    }

    #[test]
    fn every_kind_has_a_picture() {
        for (name, kind) in Kind::ALL {
            let drawn = chart(kind, |chart| {
                (chart.x, chart.y) = (column(0), column(1));
                match kind {
                    Kind::Histogram => chart.y = None,
                    Kind::Line | Kind::Point => chart.x = column(3),
                    _ => {}
                }
            });
            let bundle = draw(&drawn, &few()).unwrap();
            // The signature, and a chunk that says the size.
            assert!(png(&bundle).starts_with("iVBORw0KGgoAAAANSUhEUg"), "{name}");
            assert!(png(&bundle).len() > 5_000, "{name}: {}", png(&bundle).len());
            let size = &bundle.metadata["image/png"];
            assert!(
                size["width"].as_u64() > Some(100) && size["height"].as_u64() > Some(60),
                "{name}: {size}"
            );
        }
    }

    #[test]
    fn a_picture_is_the_same_each_time() {
        let bars = chart(Kind::Bar, |bars| (bars.x, bars.y) = (column(0), column(1)));
        let (first, second) = (draw(&bars, &few()).unwrap(), draw(&bars, &few()).unwrap());
        assert_eq!(png(&first), png(&second));
    }

    #[test]
    fn what_vega_cannot_draw_is_said() {
        let check = |text: &str, message: &str| {
            let rows: &[&[Option<&str>]] = &[&[Some("x"), Some("1"), None, None, None, None]];
            let problem = own(text, &columns(), rows).unwrap_err();
            assert!(problem.message.contains(message), "{}", problem.message);
        };
        check("{\"mark\": \"no such mark\"}", "cannot be drawn");
        check("{\"nothing\": true}", "cannot be drawn");
        let endless = "{\"mark\": \"bar\", \"transform\": [{\"calculate\": \"length(sequence(0, 1e12))\", \"as\": \"n\"}]}";
        check(endless, "cannot be drawn");
    }

    #[test]
    fn a_picture_can_be_stopped() {
        let bars = chart(Kind::Bar, |bars| bars.x = column(0));
        let mut plot = bars.plan(&columns()).unwrap();
        while plot.wants_rows() {
            few()
                .iter()
                .for_each(|row| plot.push(|column| row[column].as_deref()));
            plot.end_pass();
        }
        let problem = plot.bundle(|| true).unwrap_err();
        assert!(
            problem.message.contains("interrupted"),
            "{}",
            problem.message
        );
    }
}
