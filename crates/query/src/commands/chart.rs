//! `%chart` and `%%chart`: a kept result as a picture.

use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use display::chart::{By, Channel, Chart, Function, Kind, Own, Sort};
use display::{Bundle, Column, Problem};
use tokio::task::spawn_blocking;

use super::{failed, refused};
use crate::host::Host;
use crate::nearest::nearest;
use crate::query::Run;
use crate::rows::Row;
use crate::spool::Kept;

/// A picture that takes longer than this is given up: a specification may ask for anything.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between so many rows somebody asks whether to go on.
const ROWS: u64 = 1024;

/// `%chart KIND KEY=COLUMN … [from RESULT]`.
pub(super) async fn chart<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let planned = || {
        let (words, from) = source(rest)?;
        let kept = run.query.results.from(from.as_deref())?;
        let mut plot = read(&words, kept.columns())?.plan(kept.columns())?;
        plot.is_part_of(kept.rows());
        Ok((plot, kept))
    };
    let (mut plot, kept) = planned().map_err(|problem| placed(run, &at, problem))?;
    draw(run, &at, move |stop| {
        while plot.wants_rows() {
            push(&kept, &stop, |row| plot.push(|column| row.get(column)))?;
            plot.end_pass();
        }
        plot.bundle(stop.in_time())
    })
    .await
}

/// `%%chart [from RESULT]`, the body being a specification.
pub(super) async fn own<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    body: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let planned = || {
        let (words, from) = source(rest)?;
        if let Some(word) = words.first() {
            return Err(wrong(
                format!("%%chart takes no {word}"),
                "It takes from RESULT, and a Vega-Lite specification in the lines below.",
            ));
        }
        let mut own = Own::parse(body)?;
        if !own.draws_result() && from.is_none() {
            return Ok((own, None));
        }
        let kept = run.query.results.from(from.as_deref())?;
        own.is_part_of(kept.rows());
        let unknown = own.columns(kept.columns());
        match (unknown, own.is_twice()) {
            (Some(field), _) => Err(unknown_column(&field, kept.columns())),
            (None, Some(field)) => {
                let named = kept.columns().iter().filter(|column| column.name == field);
                Err(called_alike(field, named.count()))
            }
            (None, None) => Ok((own, Some(kept))),
        }
    };
    let (mut own, kept) = planned().map_err(|problem| placed(run, &at, problem))?;
    draw(run, &at, move |stop| {
        if let Some(kept) = &kept {
            push(kept, &stop, |row| own.push(|column| row.get(column)))?;
        }
        own.bundle(stop.in_time())
    })
    .await
}

/// Draws, beside everything else that waits; shows the picture.
async fn draw<H: Host>(
    run: &mut Run<'_, H>,
    at: &Range<usize>,
    work: impl FnOnce(Stop) -> Result<Bundle, Problem> + Send + 'static,
) -> Result<(), Problem> {
    let stop = Stop::default();
    let mut working = {
        let stop = stop.clone();
        spawn_blocking(move || work(stop))
    };
    let drawn = loop {
        tokio::select! {
            biased;
            () = run.host.interrupted() => stop.0.store(true, Ordering::Relaxed),
            drawn = &mut working => break drawn,
        }
    };
    let drawn = drawn.map_err(|error| refused(run, at.clone(), format!("the chart: {error}")))?;
    let bundle = drawn.map_err(|problem| match stop.is_set() {
        true => Problem::server("ERROR", "57014", "interrupted; nothing was drawn"),
        false => placed(run, at, problem),
    })?;
    run.show(bundle).await;
    Ok(())
}

/// Tells work on another thread to end.
#[derive(Clone, Default)]
struct Stop(Arc<AtomicBool>);

impl Stop {
    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// The same, and also after a while.
    fn in_time(self) -> impl Fn() -> bool + Send + 'static {
        let began = Instant::now();
        move || self.is_set() || began.elapsed() > PATIENCE
    }
}

/// Pushes all rows that are kept.
fn push(kept: &Arc<Kept>, stop: &Stop, mut take: impl FnMut(Row<'_>)) -> Result<(), Problem> {
    let unreadable = |error: io::Error| {
        wrong(
            format!("the kept result cannot be read: {error}"),
            "Run its query again.",
        )
    };
    let mut rows = kept.read(0).map_err(unreadable)?;
    let mut until = ROWS;
    while let Some(row) = rows.next().map_err(unreadable)? {
        take(row);
        until -= 1;
        if until == 0 {
            if stop.is_set() {
                return Err(wrong("interrupted", "Nothing was drawn."));
            }
            until = ROWS;
        }
    }
    Ok(())
}

/// The words of a chart, and the result named after `from`.
fn source(rest: &str) -> Result<(Vec<String>, Option<String>), Problem> {
    let mut words = words(rest)?;
    let from = words.iter().position(|word| word == "from");
    let Some(from) = from else {
        return Ok((words, None));
    };
    match words.split_off(from).as_slice() {
        [_, name] => Ok((words, Some(name.clone()))),
        _ => Err(wrong(
            "from takes the name of one result",
            "It is the last thing said: from NAME.",
        )),
    }
}

/// Words between blanks; quotes hold what has blanks in it, and stand twice for themselves.
fn words(rest: &str) -> Result<Vec<String>, Problem> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = rest.chars().peekable();
    while let Some(next) = chars.next() {
        match next {
            ' ' | '\t' | '\r' => words.extend(word.take()),
            quote @ ('"' | '\'') => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some(c) if c == quote && chars.next_if_eq(&quote).is_some() => {
                            word.push(quote)
                        }
                        Some(c) if c == quote => break,
                        Some(c) => word.push(c),
                        None => {
                            let why = format!("a {quote} is not closed");
                            return Err(wrong(why, "A quote within quotes is written twice."));
                        }
                    }
                }
            }
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    Ok(words)
}

/// What is to be drawn, in the columns of a result.
fn read(words: &[String], columns: &[Column]) -> Result<Chart, Problem> {
    let kinds = Kind::ALL.map(|(name, _)| name);
    let all = format!("The kinds: {}.", kinds.join(", "));
    let Some((name, options)) = words.split_first() else {
        return Err(wrong("which kind of chart?", all));
    };
    let kind = Kind::ALL.iter().find(|(known, _)| known == name);
    let Some((_, kind)) = kind else {
        return Err(wrong(
            format!("there is no chart of kind {name}"),
            meant(name, kinds, all),
        ));
    };
    let mut chart = Chart::new(*kind);
    for word in options {
        option(&mut chart, word, columns)?;
    }
    Ok(chart)
}

fn option(chart: &mut Chart, word: &str, columns: &[Column]) -> Result<(), Problem> {
    let (key, value) = match word.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (word, None),
    };
    let takes = takes(chart.kind);
    if !takes.contains(&key) {
        let kind = chart.kind.name();
        let usual = format!("It takes {}.", takes.join(", "));
        return Err(wrong(
            format!("a {kind} chart takes no {key}"),
            meant(key, takes, usual),
        ));
    }
    match (key, value) {
        ("stacked", None) => chart.stacked = true,
        ("log", None | Some("y")) => chart.log_y = true,
        ("log", Some("x")) => chart.log_x = true,
        ("log", Some("xy" | "x,y")) => (chart.log_x, chart.log_y) = (true, true),
        ("title", Some(title)) => chart.title = Some(title.to_owned()),
        ("sort", Some(value)) => chart.sort = Some(sort(value, columns)?),
        ("x", Some(value)) => chart.x = Some(channel(value, columns)?),
        ("y", Some(value)) => chart.y = Some(channel(value, columns)?),
        ("color", Some(value)) => chart.color = Some(channel(value, columns)?),
        ("facet", Some(value)) => chart.facet = Some(channel(value, columns)?),
        ("size", Some(value)) => chart.size = Some(channel(value, columns)?),
        ("stacked", Some(_)) => {
            return Err(wrong("stacked takes no value", "It is a word of its own."));
        }
        ("log", Some(_)) => {
            return Err(wrong(
                "log takes x, y or xy",
                "log alone is that of the numbers drawn.",
            ));
        }
        (key, None | Some(_)) => {
            return Err(wrong(
                format!("{key} needs a value"),
                format!("Such as: {key}=COLUMN"),
            ));
        }
    }
    Ok(())
}

/// The words a kind of chart takes.
pub(crate) fn takes(kind: Kind) -> Vec<&'static str> {
    kind.takes()
        .iter()
        .copied()
        .chain(["facet", "title"])
        .collect()
}

/// `COLUMN`, `FUNCTION(COLUMN)`, or `count`, which counts rows. A column's own name comes first.
fn channel(value: &str, columns: &[Column]) -> Result<Channel, Problem> {
    if let Some(column) = find(value, columns)? {
        return Ok(Channel::column(column));
    }
    let counted = Channel {
        column: None,
        function: Some(Function::Count),
    };
    let (name, inner) = match value
        .strip_suffix(')')
        .and_then(|value| value.split_once('('))
    {
        Some((name, inner)) => (name.trim(), Some(inner.trim())),
        None => (value, None),
    };
    let function = Function::ALL
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name));
    match (function, inner) {
        (Some((_, Function::Count)), None | Some("*" | "")) => Ok(counted),
        (Some((_, function)), Some(inner)) => match find(inner, columns)? {
            Some(column) => Ok(Channel {
                column: Some(column),
                function: Some(*function),
            }),
            None => Err(unknown_column(inner, columns)),
        },
        (None, Some(inner)) if find(inner, columns)?.is_some() => {
            let names = Function::ALL.map(|(name, _)| name);
            let all = format!("The functions: {}.", names.join(", "));
            Err(wrong(
                format!("charts have no function {name}"),
                meant(name, names, all),
            ))
        }
        _ => Err(unknown_column(value, columns)),
    }
}

/// `x`, `y` or a column; a `-` before it turns it round.
fn sort(value: &str, columns: &[Column]) -> Result<Sort, Problem> {
    let (name, descending) = match value.strip_prefix('-') {
        Some(name) if find(value, columns)?.is_none() => (name, true),
        _ => (value, false),
    };
    let by = match name {
        "x" => By::X,
        "y" => By::Y,
        name => By::Column(find(name, columns)?.ok_or_else(|| unknown_column(name, columns))?),
    };
    Ok(Sort { by, descending })
}

/// The column of this name; letters of another case count where it is the only one, and so does a
/// blank for any other white space, such as a line's end.
fn find(name: &str, columns: &[Column]) -> Result<Option<usize>, Problem> {
    let alike = |is: &dyn Fn(&str) -> bool| -> Vec<usize> {
        let named = columns
            .iter()
            .enumerate()
            .filter(|(_, column)| is(&column.name));
        named.map(|(at, _)| at).collect()
    };
    match alike(&|known| known == name).as_slice() {
        [] => {}
        [at] => return Ok(Some(*at)),
        several => return Err(called_alike(name, several.len())),
    }
    let spelled = |text: &str| -> String {
        let blank = |c: char| if c.is_whitespace() { ' ' } else { c };
        text.chars()
            .flat_map(char::to_lowercase)
            .map(blank)
            .collect()
    };
    let wanted = spelled(name);
    match alike(&|known| spelled(known) == wanted).as_slice() {
        [at] => Ok(Some(*at)),
        _ => Ok(None),
    }
}

fn called_alike(name: &str, count: usize) -> Problem {
    wrong(
        format!("the result has {count} columns called {name}"),
        "Give each a name of its own in the query: select … as NAME.",
    )
}

fn unknown_column(name: &str, columns: &[Column]) -> Problem {
    /// More names than these are not told.
    const TOLD: usize = 20;
    let names = || columns.iter().map(|column| column.name.as_str());
    let told: Vec<&str> = names().take(TOLD).collect();
    let more = if columns.len() > TOLD { ", …" } else { "" };
    let all = format!("It has {}{more}.", told.join(", "));
    wrong(
        format!("the result has no column {name}"),
        meant(name, names(), all),
    )
}

/// The nearest of the names, else what there is.
fn meant<'a>(name: &str, names: impl IntoIterator<Item = &'a str>, otherwise: String) -> String {
    match nearest(name, names) {
        Some(near) => format!("Did you mean {near}? {otherwise}"),
        None => otherwise,
    }
}

fn wrong(why: impl Into<String>, advice: impl Into<String>) -> Problem {
    let mut problem = failed(why);
    problem.advice = vec![advice.into()];
    problem
}

/// A problem at its place in the cell.
fn placed<H: Host>(run: &Run<'_, H>, at: &Range<usize>, mut problem: Problem) -> Problem {
    problem.place = Some(run.place(at.start));
    problem
}

#[cfg(test)]
mod tests {
    use super::*;
    use display::Kind as Values;

    fn columns() -> Vec<Column> {
        let number = |name| Column::new(name, "bigint", Values::Number);
        let text = |name| Column::new(name, "text", Values::Text);
        vec![
            text("city"),
            number("amount"),
            number("count"),
            text("a.b [c]"),
            text("City"),
            text("say \"hi\""),
            number("two\nlines"),
            number("twice"),
            number("twice"),
        ]
    }

    fn chart(line: &str) -> Result<Chart, Problem> {
        let (words, _) = source(line)?;
        read(&words, &columns())
    }

    #[test]
    fn words_are_parted_at_blanks_and_held_by_quotes() {
        let check = |line: &str, expected: &[&str]| {
            assert_eq!(
                words(line).map_err(|problem| problem.message),
                Ok(expected.iter().map(|word| (*word).to_owned()).collect())
            );
        };
        check("bar  x=a\ty=b", &["bar", "x=a", "y=b"]);
        check("x=\"a b\" title='it''s'", &["x=a b", "title=it's"]);
        check("title=\"\"", &["title="]);
        assert!(words("title='open").is_err());
    }

    #[test]
    fn a_line_says_what_is_drawn() {
        let drawn =
            chart("bar x=city y=sum(amount) sort=-y stacked log title='By city' from sales");
        let drawn = drawn.unwrap();
        assert_eq!(drawn.x, Some(Channel::column(0)));
        let sum = Channel {
            column: Some(1),
            function: Some(Function::Sum),
        };
        assert_eq!(drawn.y, Some(sum));
        assert_eq!(
            drawn.sort,
            Some(Sort {
                by: By::Y,
                descending: true
            })
        );
        assert!(drawn.stacked && drawn.log_y && !drawn.log_x);
        assert_eq!(drawn.title.as_deref(), Some("By city"));

        // A column's own name comes first, and any name can be quoted.
        assert_eq!(
            chart("bar x=city y=count").unwrap().y,
            Some(Channel::column(2))
        );
        assert_eq!(chart("bar x=AMOUNT").unwrap().x, Some(Channel::column(1)));
        let quoted = chart("bar x=\"say \"\"hi\"\"\" y='max(two lines)'").unwrap();
        assert_eq!(quoted.x, Some(Channel::column(5)));
        assert_eq!(quoted.y.and_then(|y| y.column), Some(6));
        assert_eq!(
            chart("bar x='a.b [c]' y='count(*)'").unwrap().x,
            Some(Channel::column(3))
        );
    }

    #[test]
    fn what_is_wrong_is_said_with_what_is_right() {
        let check = |line: &str, message: &str, advice: &str| {
            let problem = chart(line).unwrap_err();
            assert_eq!(problem.message, message);
            assert!(problem.advice[0].contains(advice), "{:?}", problem.advice);
        };
        check("", "which kind of chart?", "bar, line, area");
        check(
            "bars x=city",
            "there is no chart of kind bars",
            "Did you mean bar?",
        );
        check(
            "bar x=citty",
            "the result has no column citty",
            "Did you mean city?",
        );
        check(
            "bar x=city y=summ(amount)",
            "charts have no function summ",
            "Did you mean sum?",
        );
        check(
            "bar x=city y=sum(amout)",
            "the result has no column amout",
            "Did you mean amount?",
        );
        check(
            "bar colour=city",
            "a bar chart takes no colour",
            "Did you mean color?",
        );
        check(
            "histogram y=amount",
            "a histogram chart takes no y",
            "It takes x, color",
        );
        check(
            "bar x=twice",
            "the result has 2 columns called twice",
            "as NAME",
        );
        check("bar x", "x needs a value", "x=COLUMN");
        check(
            "bar stacked=yes",
            "stacked takes no value",
            "word of its own",
        );
        check(
            "bar from a b",
            "from takes the name of one result",
            "from NAME",
        );
    }
}
