//! What differs stays apart in a chart, and what a picture cannot show is said.

#![allow(clippy::unwrap_used)]

use display::chart::{Channel, Chart, Function, Kind, Own};
use display::{Bundle, Column, Kind as Values, Problem};
use serde_json::{Value, json};

const VEGA_LITE: &str = "application/vnd.vegalite.v5+json";

fn number(name: &str) -> Column {
    Column::new(name, "numeric", Values::Number)
}

fn text(name: &str) -> Column {
    Column::new(name, "text", Values::Text)
}

fn time(name: &str) -> Column {
    Column::new(name, "timestamp with time zone", Values::Time)
}

fn channel(at: usize) -> Option<Channel> {
    Some(Channel::column(at))
}

fn chart(kind: Kind, set: impl FnOnce(&mut Chart)) -> Chart {
    let mut chart = Chart::new(kind);
    (chart.x, chart.y) = (channel(0), channel(1));
    set(&mut chart);
    chart
}

fn draw(chart: &Chart, columns: &[Column], rows: &[Vec<Option<&str>>]) -> Result<Bundle, Problem> {
    let mut plot = chart.plan(columns)?;
    while plot.wants_rows() {
        for row in rows {
            plot.push(|column| row[column]);
        }
        plot.end_pass();
    }
    plot.bundle(|| false)
}

/// Rows of two columns.
fn pairs<'t>(pairs: &[(&'t str, &'t str)]) -> Vec<Vec<Option<&'t str>>> {
    pairs
        .iter()
        .map(|(x, y)| vec![Some(*x), Some(*y)])
        .collect()
}

fn spec(bundle: &Bundle) -> &Value {
    bundle.get(VEGA_LITE).unwrap()
}

fn values(bundle: &Bundle) -> Vec<Value> {
    spec(bundle)["data"]["values"].as_array().unwrap().clone()
}

/// The values of one field.
fn field(bundle: &Bundle, name: &str) -> Vec<Value> {
    values(bundle)
        .iter()
        .map(|value| value[name].clone())
        .collect()
}

const LANES: [(&str, &str); 3] = [
    ("3220311137312768", "9"),
    ("3220311295418368", "20"),
    ("3220312332320768", "2"),
];

#[test]
fn bars_of_long_numbers_have_a_place_each() {
    let check = |rows: &[(&str, &str)], labels: &[&str]| {
        let columns = [number("lane"), number("n")];
        let bundle = draw(&chart(Kind::Bar, |_| {}), &columns, &pairs(rows)).unwrap();
        assert_eq!(field(&bundle, "x"), labels);
        assert_eq!(spec(&bundle)["encoding"]["x"]["sort"], json!(labels));
        let heights: Vec<f64> = rows.iter().map(|(_, n)| n.parse().unwrap()).collect();
        assert_eq!(field(&bundle, "y"), heights);
    };
    check(&LANES, &LANES.map(|(lane, _)| lane));
    check(
        &[
            ("9007199254740992", "1"),
            ("9007199254740993", "2"),
            ("9007199254740994", "3"),
        ],
        &["9007199254740992", "9007199254740993", "9007199254740994"],
    );
    check(
        &[("0.12345671", "1"), ("0.12345672", "2")],
        &["0.12345671", "0.12345672"],
    );
    check(
        &[
            ("123456789012345678901234567890.1", "1"),
            ("123456789012345678901234567890.2", "2"),
        ],
        &[
            "123456789012345678901234567890.1",
            "123456789012345678901234567890.2",
        ],
    );
    check(
        &[("0.3333333333333333", "1"), ("2024", "2")],
        &["0.333333", "2024"],
    );
    let (a, b) = (
        format!("0.{}1", "3".repeat(600)),
        format!("0.{}2", "3".repeat(600)),
    );
    let columns = [number("lane"), number("n")];
    let bundle = draw(
        &chart(Kind::Bar, |_| {}),
        &columns,
        &pairs(&[(&a, "1"), (&b, "2")]),
    )
    .unwrap();
    assert_eq!(field(&bundle, "y").len(), 2);
    assert_ne!(field(&bundle, "x")[0], field(&bundle, "x")[1]);
}

#[test]
fn long_numbers_stay_apart_in_every_kind_and_channel() {
    let columns = [number("lane"), number("n"), text("k")];
    let rows: Vec<Vec<Option<&str>>> = ["9007199254740992", "9007199254740993"]
        .iter()
        .zip(["1", "2"])
        .map(|(lane, n)| vec![Some(*lane), Some(n), Some("a")])
        .collect();
    let two = |bundle: &Bundle, name: &str| {
        let found = field(bundle, name);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_ne!(found[0], found[1], "{name}");
    };
    for (name, kind) in Kind::ALL {
        let drawn = chart(kind, |chart| match kind {
            Kind::Histogram => chart.y = None,
            Kind::Heatmap => chart.y = channel(2),
            Kind::Arc => (chart.x, chart.color) = (None, channel(0)),
            _ => {}
        });
        let bundle = draw(&drawn, &columns, &rows).unwrap();
        two(&bundle, if kind == Kind::Arc { "color" } else { "x" });
        assert!(
            !bundle.text().contains("9.007"),
            "{name}: {}",
            bundle.text()
        );
    }
    for place in ["color", "facet"] {
        for kind in [
            Kind::Bar,
            Kind::Line,
            Kind::Area,
            Kind::Point,
            Kind::Histogram,
        ] {
            let drawn = chart(kind, |chart| {
                (chart.x, chart.y) = (channel(1), channel(1));
                if kind == Kind::Histogram {
                    chart.y = None;
                }
                match place {
                    "color" => chart.color = channel(0),
                    _ => chart.facet = channel(0),
                }
            });
            two(&draw(&drawn, &columns, &rows).unwrap(), place);
        }
    }
    // What is drawn of them, where nothing is measured from zero.
    for kind in [Kind::Line, Kind::Point] {
        let drawn = chart(kind, |chart| (chart.x, chart.y) = (channel(1), channel(0)));
        let bundle = draw(&drawn, &columns, &rows).unwrap();
        assert_eq!(field(&bundle, "y"), [0.0, 1.0]);
        let title = &spec(&bundle)["encoding"]["y"]["title"];
        assert_eq!(title, "lane − 9007199254740992");
    }
    let boxes = chart(Kind::Box, |chart| (chart.x, chart.y) = (None, channel(0)));
    let bundle = draw(&boxes, &columns, &rows).unwrap();
    assert_eq!(values(&bundle)[0]["median"], 0.5);
}

#[test]
fn names_that_look_alike_stay_apart() {
    let long = |end: char| format!("{}{end}", "https://example.org/".repeat(30));
    let (a, b) = (long('a'), long('b'));
    let columns = [text("name"), number("n")];
    for rows in [
        [(a.as_str(), "1"), (b.as_str(), "2")],
        [("a\nb", "1"), ("a b", "2")],
        [("a", "1"), ("a ", "2")],
        [("", "1"), ("''", "2")],
        [("other", "1"), ("NULL", "2")],
    ] {
        let bundle = draw(&chart(Kind::Bar, |_| {}), &columns, &pairs(&rows)).unwrap();
        assert_eq!(field(&bundle, "y"), [1.0, 2.0], "{rows:?}");
        assert_ne!(field(&bundle, "x")[0], field(&bundle, "x")[1]);
    }
    // A label is short, and the pointer tells all of it.
    let bundle = draw(
        &chart(Kind::Bar, |_| {}),
        &columns,
        &pairs(&[(&a[..90], "1"), ("x", "2")]),
    );
    let bundle = bundle.unwrap();
    assert_eq!(field(&bundle, "x"), ["https://example.or…ttps://ex", "x"]);
    assert_eq!(field(&bundle, "x_whole"), [&a[..90], "x"]);
    assert_eq!(spec(&bundle)["encoding"]["tooltip"][0]["field"], "x_whole");
}

#[test]
fn hours_stay_apart_when_the_clock_is_turned_back() {
    let columns = [time("at"), number("n")];
    let rows = pairs(&[
        ("2026-10-25 02:00:00+02", "10"),
        ("2026-10-25 02:00:00+01", "10"),
    ]);
    for kind in [Kind::Bar, Kind::Line, Kind::Area, Kind::Heatmap] {
        let drawn = chart(kind, |_| {});
        let drawn = match kind {
            Kind::Heatmap => chart(kind, |chart| chart.color = channel(1)),
            _ => drawn,
        };
        let bundle = draw(&drawn, &columns, &rows).unwrap();
        let shown = field(&bundle, if kind == Kind::Heatmap { "color" } else { "y" });
        assert_eq!(shown, [10.0, 10.0], "{kind:?}");
        assert_ne!(field(&bundle, "x")[0], field(&bundle, "x")[1]);
        let note = "at by the clock of UTC+02 throughout";
        assert!(bundle.text().contains(note), "{}", bundle.text());
    }
    let histogram = chart(Kind::Histogram, |chart| chart.y = None);
    let bundle = draw(&histogram, &columns, &rows).unwrap();
    assert_eq!(field(&bundle, "y"), [1.0, 1.0]);
    // Days are those of the calendar, and of their own length.
    let days = pairs(&[
        ("2026-10-25 00:00:00+02", "1"),
        ("2026-10-26 00:00:00+01", "2"),
    ]);
    let bundle = draw(&chart(Kind::Bar, |_| {}), &columns, &days).unwrap();
    assert!(!bundle.text().contains("clock"), "{}", bundle.text());
    let day = 86_400_000.0;
    assert_eq!(field(&bundle, "x"), [20_751.0 * day, 20_752.0 * day]);
}

#[test]
fn microseconds_stay_apart() {
    let columns = [time("at"), number("n")];
    let near = pairs(&[
        ("2026-01-01 10:00:00.000001+01", "1"),
        ("2026-01-01 10:00:00.000002+01", "2"),
        ("2026-01-01 10:00:00.000003+01", "4"),
    ]);
    for kind in [Kind::Line, Kind::Area, Kind::Bar, Kind::Point] {
        let bundle = draw(&chart(kind, |_| {}), &columns, &near).unwrap();
        assert_eq!(field(&bundle, "y"), [1.0, 2.0, 4.0], "{kind:?}");
        if kind != Kind::Bar {
            assert_eq!(field(&bundle, "x"), [1.0, 2.0, 3.0]);
            let title = &spec(&bundle)["encoding"]["x"]["title"];
            assert_eq!(title, "at (µs after 2026-01-01 10:00:00.000)");
        }
    }
    // Over a second they are fractions of the milliseconds that a scale of time has.
    let far = pairs(&[
        ("2026-01-01 10:00:00.000001+01", "1"),
        ("2026-01-01 10:00:00.000002+01", "2"),
        ("2026-01-01 10:00:01+01", "4"),
    ]);
    let bundle = draw(&chart(Kind::Line, |_| {}), &columns, &far).unwrap();
    assert_eq!(field(&bundle, "y"), [1.0, 2.0, 4.0]);
    assert_eq!(field(&bundle, "x_words")[0], "2026-01-01 10:00:00.000001");
}

#[test]
fn values_between_gaps_are_points() {
    let columns = [number("x"), number("y")];
    let numbers: Vec<String> = (0..202).map(|at| at.to_string()).collect();
    let gaps = |at: usize| at.is_multiple_of(2).then_some("5");
    let rows: Vec<Vec<Option<&str>>> = numbers
        .iter()
        .enumerate()
        .map(|(at, x)| vec![Some(x.as_str()), gaps(at)])
        .collect();
    let lone = |bundle: &Bundle| {
        field(bundle, "lone")
            .iter()
            .filter(|it| it.is_number())
            .count()
    };
    for kind in [Kind::Line, Kind::Area] {
        let bundle = draw(&chart(kind, |_| {}), &columns, &rows).unwrap();
        assert_eq!(lone(&bundle), 101, "{kind:?}");
        assert_eq!(spec(&bundle)["layer"][1]["mark"]["type"], "circle");
        assert_eq!(spec(&bundle)["layer"][1]["encoding"]["y"]["field"], "lone");
    }
    // So it is in small charts and with colours.
    for kind in [Kind::Line, Kind::Area] {
        let parted = chart(kind, |chart| {
            (chart.facet, chart.color) = (channel(2), channel(2))
        });
        let columns = [number("x"), number("y"), text("c")];
        let rows: Vec<_> = rows
            .iter()
            .map(|row| vec![row[0], row[1], Some("a")])
            .collect();
        let bundle = draw(&parted, &columns, &rows).unwrap();
        assert_eq!(lone(&bundle), 101, "{kind:?}");
        assert!(spec(&bundle)["spec"]["layer"].is_array());
    }
    // One value has nothing beside it, and few values of a line are points anyway.
    let bundle = draw(&chart(Kind::Area, |_| {}), &columns, &rows[..1]).unwrap();
    assert_eq!(lone(&bundle), 1);
    let bundle = draw(&chart(Kind::Line, |_| {}), &columns, &rows[..9]).unwrap();
    assert!(spec(&bundle)["mark"]["point"].is_object());
    // Where all are joined there are none.
    let whole: Vec<_> = rows.iter().map(|row| vec![row[0], Some("5")]).collect();
    let bundle = draw(&chart(Kind::Line, |_| {}), &columns, &whole).unwrap();
    assert_eq!(spec(&bundle)["mark"]["type"], "line");
}

#[test]
fn a_stack_of_one_place_is_points_on_top_of_each_other() {
    let columns = [text("x"), number("y"), text("c")];
    let row = |y, c| vec![Some("only"), Some(y), Some(c)];
    let rows = [row("1", "a"), row("2", "b")];
    let area = chart(Kind::Area, |chart| {
        (chart.color, chart.stacked) = (channel(2), true)
    });
    let bundle = draw(&area, &columns, &rows).unwrap();
    assert_eq!(field(&bundle, "lone"), [3.0, 2.0]);
}

#[test]
fn what_shows_nothing_is_named() {
    let columns = [number("x"), number("y"), text("c")];
    let row = |x, y, c| vec![Some(x), y, Some(c)];
    let rows = [
        row("1", Some("1"), "a"),
        row("2", Some("2"), "a"),
        row("1", None, "b"),
    ];
    let line = chart(Kind::Line, |chart| chart.color = channel(2));
    let bundle = draw(&line, &columns, &rows).unwrap();
    assert!(
        bundle.text().contains("nothing is drawn of b"),
        "{}",
        bundle.text()
    );
    let problem = draw(&line, &columns, &rows[2..]).unwrap_err();
    assert!(
        problem.message.contains("nothing to draw"),
        "{}",
        problem.message
    );
}

#[test]
fn bins_of_any_size_are_told_apart() {
    let check = |numbers: &[&str], expected: &str| {
        let columns = [number("v")];
        let rows: Vec<_> = numbers.iter().map(|number| vec![Some(*number)]).collect();
        let histogram = chart(Kind::Histogram, |chart| chart.y = None);
        let bundle = draw(&histogram, &columns, &rows).unwrap();
        let told = bundle.text().lines().nth(1).unwrap().to_owned();
        assert_eq!(
            told,
            format!("{} rows, v in steps of {expected}", rows.len())
        );
        let drawn = values(&bundle);
        for value in &drawn {
            let (from, to) = (value["x"].as_f64().unwrap(), value["x2"].as_f64().unwrap());
            assert!(from < to, "{value}");
        }
        let count: f64 = drawn.iter().map(|value| value["y"].as_f64().unwrap()).sum();
        assert_eq!(count, rows.len() as f64);
        drawn.len()
    };
    let charges: Vec<String> = (1..=7)
        .map(|times| format!("{}e-19", 1.602 * f64::from(times)))
        .collect();
    let charges: Vec<&str> = charges.iter().map(String::as_str).collect();
    assert_eq!(check(&charges, "5e-20"), 7);
    assert_eq!(check(&["1e+300", "2e+300", "7e+300"], "2e299"), 3);
    assert_eq!(check(&["5", "5"], "1"), 1);
    assert_eq!(check(&["1.602e-19", "1.602e-19"], "1e-20"), 1);
    assert_eq!(
        check(
            &["9007199254740993", "9007199254740994", "9007199254741000"],
            "1"
        ),
        3
    );
    assert_eq!(check(&["-0.8e+308", "0.8e+308"], "1e307"), 2);
    let far = pairs(&[("-1.7e+308", "1"), ("1.7e+308", "2")]);
    for kind in [Kind::Line, Kind::Point, Kind::Histogram] {
        let drawn = chart(kind, |chart| {
            if kind == Kind::Histogram {
                chart.y = None;
            }
        });
        let problem = draw(&drawn, &[number("v"), number("n")], &far).unwrap_err();
        assert_eq!(problem.message, "no scale reaches from -1.7e308 to 1.7e308");
    }
    let columns = [number("v")];
    let rows = ["1", "NaN", "Infinity", "3"].map(|number| vec![Some(number)]);
    let histogram = chart(Kind::Histogram, |chart| chart.y = None);
    let bundle = draw(&histogram, &columns, &rows).unwrap();
    assert!(
        bundle
            .text()
            .contains("left out: 2 whose v cannot be drawn"),
        "{}",
        bundle.text()
    );
}

#[test]
fn what_a_kind_cannot_show_is_refused() {
    let columns = [text("k"), number("v"), text("c")];
    let rows = |numbers: &[&'static str]| -> Vec<Vec<Option<&'static str>>> {
        let names = ["a", "b", "c"];
        let rows = names.into_iter().zip(numbers);
        rows.map(|(name, number)| vec![Some(name), Some(*number), Some(name)])
            .collect()
    };
    let arc = chart(Kind::Arc, |chart| {
        (chart.x, chart.color) = (None, channel(0))
    });
    let problem = draw(&arc, &columns, &rows(&["5", "-3", "0"])).unwrap_err();
    assert_eq!(
        problem.message,
        "a ring shows parts of a whole, and b is below zero: -3"
    );
    let problem = draw(&arc, &columns, &rows(&["0", "0", "0"])).unwrap_err();
    assert!(
        problem.message.contains("all of them are zero"),
        "{}",
        problem.message
    );
    let bundle = draw(&arc, &columns, &rows(&["5", "3", "0"])).unwrap();
    assert!(
        bundle.text().contains("nothing is drawn of c"),
        "{}",
        bundle.text()
    );

    let stacked = chart(Kind::Area, |chart| {
        (chart.color, chart.stacked) = (channel(2), true);
    });
    let problem = draw(&stacked, &columns, &rows(&["5", "-3", "0"])).unwrap_err();
    assert!(
        problem.message.starts_with("stacked areas add up"),
        "{}",
        problem.message
    );
    let sized = chart(Kind::Point, |chart| chart.size = channel(1));
    let problem = draw(&sized, &columns, &rows(&["5", "-3", "0"])).unwrap_err();
    assert!(
        problem.message.contains("v goes down to -3"),
        "{}",
        problem.message
    );
    let logged = chart(Kind::Bar, |chart| chart.log_y = true);
    let bundle = draw(&logged, &columns, &rows(&["5", "-3", "0"])).unwrap();
    assert!(
        bundle.text().contains("not above zero"),
        "{}",
        bundle.text()
    );
    let bundle = draw(&logged, &columns, &rows(&["5", "1", "7"])).unwrap();
    let scale = &spec(&bundle)["encoding"]["y"]["scale"];
    assert_eq!(scale["domainMin"], 0.1, "the least bar has a length");
    let columns = [number("x"), number("y")];
    let line = chart(Kind::Line, |chart| chart.log_x = true);
    let rows = pairs(&[("-1", "1"), ("0", "2"), ("1", "3"), ("10", "4")]);
    let bundle = draw(&line, &columns, &rows).unwrap();
    assert_eq!(field(&bundle, "y"), [3.0, 4.0]);
    assert!(
        bundle.text().contains("x: x from 1 to 10"),
        "{}",
        bundle.text()
    );
    assert!(
        bundle.text().contains("not above zero"),
        "{}",
        bundle.text()
    );
}

#[test]
fn any_name_of_a_column_is_drawn() {
    for name in [
        "say \"hi\"",
        "back\\slash",
        "a.b[0]",
        "it's",
        "two\nlines",
        "$",
        "😀",
        "?column?",
        "datum",
        "",
        "</script>",
        "x",
        "lone",
        "\u{1b}[2K",
        "a\\",
        "\\\"",
    ] {
        let columns = [text(name), number(name), text(name)];
        let rows = [
            vec![Some("a"), Some("1"), Some("b")],
            vec![Some("c"), Some("2"), Some("d")],
        ];
        // One of them all kinds draw.
        let kinds = if name.starts_with("say") {
            &Kind::ALL[..]
        } else {
            &Kind::ALL[1..2]
        };
        for (_, kind) in kinds.iter().copied() {
            let drawn = chart(kind, |chart| {
                (chart.color, chart.facet) = (channel(2), channel(2));
                match kind {
                    Kind::Histogram => (chart.x, chart.y) = (channel(1), None),
                    Kind::Heatmap => (chart.y, chart.color) = (channel(2), channel(1)),
                    Kind::Box => chart.color = None,
                    Kind::Point => chart.size = channel(1),
                    _ => {}
                }
            });
            let bundle = draw(&drawn, &columns, &rows);
            let bundle = bundle.unwrap_or_else(|problem| panic!("{name:?}: {}", problem.message));
            assert!(!bundle.text().contains('\u{1b}'));
            let tooltips = spec(&bundle).to_string();
            assert!(!tooltips.contains('\u{1b}'));
        }
    }
}

#[test]
fn any_text_is_drawn() {
    let texts = [
        "constructor",
        "toString",
        "__proto__",
        "null",
        "undefined",
        "a.b",
        "'",
        "\\",
        "<b>",
    ];
    let columns = [text("k"), number("n"), text("c")];
    let numbers: Vec<String> = (1..=texts.len()).map(|at| at.to_string()).collect();
    let rows: Vec<Vec<Option<&str>>> = texts
        .iter()
        .zip(&numbers)
        .map(|(name, number)| vec![Some(*name), Some(number.as_str()), Some(*name)])
        .collect();
    for kind in [Kind::Bar, Kind::Area, Kind::Arc] {
        let drawn = chart(kind, |chart| {
            chart.color = channel(2);
            chart.stacked = kind != Kind::Arc;
            if kind == Kind::Arc {
                chart.x = None;
            }
        });
        let bundle = draw(&drawn, &columns, &rows).unwrap();
        assert_eq!(field(&bundle, "color").len(), texts.len());
    }
}

#[test]
fn what_a_pointer_is_told_has_a_name_each() {
    let columns = [number("a"), number("a"), text("a")];
    let rows = [vec![Some("1"), Some("2"), Some("b")]];
    let line = chart(Kind::Line, |chart| chart.color = channel(2));
    let bundle = draw(&line, &columns, &rows).unwrap();
    let tooltips = spec(&bundle)["encoding"]["tooltip"].as_array().unwrap();
    let titles: Vec<&str> = tooltips
        .iter()
        .map(|one| one["title"].as_str().unwrap())
        .collect();
    assert_eq!(titles, ["a", "a (color)", "a (y)"]);
}

#[test]
fn numbers_stand_for_names_where_there_are_colours() {
    let columns = [number("day"), number("v"), number("series")];
    let series: Vec<String> = (1..=40).map(|at| at.to_string()).collect();
    let rows = |count: usize| -> Vec<Vec<Option<&str>>> {
        let of = |day| {
            series[..count]
                .iter()
                .map(move |name| vec![Some(day), Some("1"), Some(name.as_str())])
        };
        of("1").chain(of("2")).collect()
    };
    let line = chart(Kind::Line, |chart| chart.color = channel(2));
    let colors = |count: usize| {
        let bundle = draw(&line, &columns, &rows(count)).unwrap();
        let domain = spec(&bundle)["encoding"]["color"]["scale"].clone();
        let mut range: Vec<Value> = domain["range"].as_array().unwrap().clone();
        range.sort_by_key(Value::to_string);
        range.dedup();
        let names = domain["domain"].as_array().unwrap().len();
        assert_eq!(range.len(), names, "each has a colour of its own");
        (names, bundle.text().to_owned())
    };
    assert_eq!(colors(12).0, 12);
    assert_eq!(colors(20).0, 20);
    let (count, words) = colors(40);
    assert!(
        count < 40 && words.contains("series in steps of"),
        "{words}"
    );
    // So it is with names.
    let names: Vec<Vec<Option<&str>>> = rows(40);
    let bundle = draw(&line, &[number("day"), number("v"), text("series")], &names).unwrap();
    assert!(
        bundle
            .text()
            .contains("series: the 19 most frequent of 40, the others as one")
    );
}

#[test]
fn money_of_any_language_is_its_amount() {
    let columns = [text("k"), Column::new("price", "money", Values::Number)];
    let check = |rows: &[(&str, &str)], expected: &[f64]| {
        let bundle = draw(&chart(Kind::Bar, |_| {}), &columns, &pairs(rows)).unwrap();
        assert_eq!(field(&bundle, "y"), expected);
    };
    check(&[("a", "1.234,56 €"), ("b", "-0,50 €")], &[1234.56, -0.5]);
    check(&[("a", "$1,234.56"), ("b", "($0.50)")], &[1234.56, -0.5]);
    check(&[("a", "1\u{202f}234,56\u{a0}€")], &[1234.56]);
    check(&[("a", "¥1,235"), ("b", "¥7")], &[1235.0, 7.0]);
    let names = [Column::new("price", "money", Values::Number), number("n")];
    let rows = pairs(&[("1.234,56 €", "1"), ("1.234,57 €", "2")]);
    let bundle = draw(&chart(Kind::Bar, |_| {}), &names, &rows).unwrap();
    assert_eq!(field(&bundle, "x"), ["1234.56", "1234.57"]);
    // Yen, or dinars with three decimals?
    let unclear = pairs(&[("a", "1,235")]);
    let problem = draw(&chart(Kind::Bar, |_| {}), &columns, &unclear).unwrap_err();
    assert!(
        problem.advice[0].contains("price::numeric"),
        "{:?}",
        problem.advice
    );
}

#[test]
fn a_sum_is_said_to_be_one() {
    let columns = [number("x"), number("y")];
    let rows = pairs(&[("1", "1"), ("1.0", "2")]);
    let bundle = draw(&chart(Kind::Bar, |_| {}), &columns, &rows).unwrap();
    assert!(
        bundle.text().starts_with("Bar chart: sum of y by x"),
        "{}",
        bundle.text()
    );
    let sum = Channel {
        column: Some(1),
        function: Some(Function::Sum),
    };
    let line = chart(Kind::Line, |line| line.y = Some(sum));
    let bundle = draw(&line, &columns, &rows).unwrap();
    assert!(
        bundle.text().starts_with("Line chart: sum of y by x"),
        "{}",
        bundle.text()
    );
}

fn own(text: &str, columns: &[Column], rows: &[Vec<Option<&str>>]) -> Result<Bundle, Problem> {
    let mut own = Own::parse(text)?;
    assert_eq!(own.columns(columns), None, "{text}");
    for row in rows {
        own.push(|column| row[column]);
    }
    own.bundle(|| false)
}

#[test]
fn a_specification_may_bring_data_of_its_own() {
    let columns = [number("x"), number("y")];
    let rows = pairs(&[("1", "2"), ("2", "3")]);
    let layer = r#"{"layer": [
        {"mark": "line", "encoding": {"x": {"field": "x", "type": "quantitative"}, "y": {"field": "y", "type": "quantitative"}}},
        {"data": {"values": [{"limit": 2.5}]}, "mark": "rule", "encoding": {"y": {"field": "limit", "type": "quantitative"}}}]}"#;
    let bundle = own(layer, &columns, &rows).unwrap();
    assert_eq!(
        values(&bundle),
        [json!({"x": 1.0, "y": 2.0}), json!({"x": 2.0, "y": 3.0})]
    );
    assert_eq!(
        spec(&bundle)["layer"][1]["data"]["values"],
        json!([{"limit": 2.5}])
    );

    let sequence = r#"{"layer": [{"mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}},
        {"data": {"sequence": {"start": 0, "stop": 9, "as": "u"}}, "transform": [{"calculate": "datum.u * 2", "as": "v"}],
         "mark": "line", "encoding": {"x": {"field": "u", "type": "quantitative"}, "y": {"field": "v", "type": "quantitative"}}}]}"#;
    own(sequence, &columns, &rows).unwrap();

    let sets = r#"{"datasets": {"limits": [{"at": 2}]}, "layer": [{"mark": "point", "encoding": {"x": {"field": "x", "type": "quantitative"}}},
        {"data": {"name": "limits"}, "mark": "rule", "encoding": {"x": {"field": "at", "type": "quantitative"}}}]}"#;
    own(sets, &columns, &rows).unwrap();

    // A name that nothing explains is the result's.
    let named = r#"{"data": {"name": "table"}, "mark": "bar", "encoding": {"x": {"field": "x", "type": "ordinal"}}}"#;
    let bundle = own(named, &columns, &rows).unwrap();
    assert_eq!(
        spec(&bundle)["datasets"]["table"],
        json!([{"x": 1.0}, {"x": 2.0}])
    );

    // All of it needs no result, and keeps its data.
    let all = r#"{"data": {"values": [{"a": 1}]}, "mark": "bar", "encoding": {"y": {"field": "a", "type": "quantitative"}}}"#;
    assert!(!Own::parse(all).unwrap().draws_result());
    let bundle = own(all, &[], &[]).unwrap();
    assert_eq!(values(&bundle), [json!({"a": 1})]);
    assert_eq!(bundle.text(), "Vega-Lite chart (bar)\ndata of its own");
}

#[test]
fn fields_are_checked_where_they_are_the_results() {
    let columns = [number("x"), number("y"), text("a.b")];
    let unknown = |text: &str| Own::parse(text).unwrap().columns(&columns);
    let nothing = |text: &str| assert_eq!(unknown(text), None, "{text}");
    nothing(
        r#"{"repeat": {"column": ["x", "y"]}, "spec": {"mark": "bar", "encoding": {"x": {"field": {"repeat": "column"}}}}}"#,
    );
    nothing(
        r#"{"mark": "bar", "transform": [{"bin": true, "field": "x", "as": "b"}], "encoding": {"x": {"field": "b"}, "x2": {"field": "b_end"}}}"#,
    );
    nothing(
        r#"{"mark": "bar", "transform": [{"aggregate": [{"op": "count", "as": "n"}], "groupby": ["x"]}], "encoding": {"x": {"field": "n"}}}"#,
    );
    nothing(
        r#"{"mark": "bar", "transform": [{"fold": ["x", "y"]}], "encoding": {"x": {"field": "value"}}}"#,
    );
    nothing(
        r#"{"facet": {"field": "a.b"}, "spec": {"mark": "bar", "encoding": {"x": {"field": "x"}}}}"#,
    );
    nothing(
        r#"{"hconcat": [{"mark": "bar", "encoding": {"x": {"field": "x"}}}, {"data": {"values": []}, "mark": "bar", "encoding": {"x": {"field": "q"}}}]}"#,
    );
    nothing(r#"{"mark": "bar", "encoding": {"x": {"aggregate": "count", "field": "*"}}}"#);
    nothing(
        r#"{"mark": "bar", "params": [{"name": "p", "select": "point"}], "encoding": {"x": {"field": "x"}, "color": {"condition": {"param": "p", "field": "y"}, "value": "grey"}}}"#,
    );
    let field = |text: &str, name: &str| assert_eq!(unknown(text).as_deref(), Some(name), "{text}");
    field(
        r#"{"layer": [{"mark": "bar", "encoding": {"x": {"field": "z"}}}]}"#,
        "z",
    );
    field(r#"{"repeat": ["x", "z"], "spec": {"mark": "bar"}}"#, "z");
    // What one view makes, the view beside it has not.
    field(
        r#"{"layer": [{"mark": "bar", "transform": [{"calculate": "1", "as": "one"}]}, {"mark": "bar", "encoding": {"x": {"field": "one"}}}]}"#,
        "one",
    );
    field(
        r#"{"layer": [{"data": {"values": [{"q": 1}]}, "mark": "rule"}, {"mark": "bar", "encoding": {"x": {"field": "q"}}}]}"#,
        "q",
    );
}

#[test]
fn a_field_that_is_two_columns_is_said() {
    let mut own = Own::parse(r#"{"mark": "bar", "encoding": {"x": {"field": "a"}}}"#).unwrap();
    assert_eq!(own.columns(&[number("a"), text("a")]), None);
    assert_eq!(own.is_twice(), Some("a"));
}

#[test]
fn boxes_say_what_they_do_not_draw() {
    let numbers: Vec<String> = (0..2000).map(|at| (at % 10).to_string()).collect();
    let far: Vec<String> = (0..150).map(|at| (1000 + at).to_string()).collect();
    let rows: Vec<_> = numbers
        .iter()
        .chain(&far)
        .map(|number| vec![Some(number.as_str())])
        .collect();
    let boxes = chart(Kind::Box, |chart| (chart.x, chart.y) = (None, channel(0)));
    let bundle = draw(&boxes, &[number("v")], &rows).unwrap();
    assert!(
        bundle
            .text()
            .contains("50 numbers beyond the whiskers are not drawn"),
        "{}",
        bundle.text()
    );
}

#[test]
fn nothing_is_fetched() {
    for text in [
        r#"{"data": {"url": "https://example.org/cars.json"}, "mark": "bar"}"#,
        r#"{"layer": [{"data": {"url": "data/cars.csv"}, "mark": "bar"}]}"#,
        r#"{"mark": "bar", "transform": [{"lookup": "x", "from": {"data": {"url": "a.csv"}, "key": "x"}}]}"#,
    ] {
        let problem = Own::parse(text).unwrap_err();
        assert!(
            problem.message.contains("nothing is fetched"),
            "{}",
            problem.message
        );
    }
}

#[test]
fn names_of_ones_own_specification_keep_their_digits() {
    let columns = [
        number("lane"),
        Column::new("price", "money", Values::Number),
    ];
    let rows = pairs(&[
        ("9007199254740992", "1,50 €"),
        ("9007199254740993", "2,50 €"),
    ]);
    let lanes = r#"{"mark": "bar", "encoding": {"x": {"field": "lane", "type": "nominal"}, "y": {"field": "price", "type": "quantitative"}}}"#;
    let bundle = own(lanes, &columns, &rows).unwrap();
    assert_eq!(field(&bundle, "price"), [1.5, 2.5]);
    assert_ne!(field(&bundle, "lane")[0], field(&bundle, "lane")[1]);
    let quoted = [text("say \"hi\""), number("n")];
    let rows = pairs(&[("a", "1")]);
    for name in ["say \\\"hi\\\"", "a.b"] {
        let columns = match name {
            "a.b" => [text("a.b"), number("n")],
            _ => quoted.clone(),
        };
        let spec = format!(
            "{{\"mark\": {{\"type\": \"bar\", \"tooltip\": true}}, \"encoding\": {{\"x\": {{\"field\": \"{name}\", \"type\": \"nominal\"}}, \"y\": {{\"field\": \"n\", \"type\": \"quantitative\"}}}}}}"
        );
        own(&spec, &columns, &rows).unwrap();
    }
}
