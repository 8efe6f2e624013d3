//! A Vega-Lite specification of the user's own, drawn from a result.

use serde_json::{Map, Value, json};
use yaml_rust2::{Yaml, YamlLoader};

use crate::chart::layout::problem;
use crate::chart::moment::MILLISECOND;
use crate::chart::number::{self, printed};
use crate::chart::source::{self, Source, escaped, strings};
use crate::chart::spec::INK;
use crate::chart::spread::chosen;
use crate::chart::value::{From, Nature, Reading, bounded, is_true};
use crate::chart::{moment, picture};
use crate::lines::visible;
use crate::{Bundle, Column, Kind, Money, Problem};

/// Rows that are drawn; of more, a fair sample.
const SAMPLE: usize = 5_000;
/// Values that are drawn, over all columns.
const VALUES: usize = 100_000;
/// A longer JSON value is drawn as text.
const JSON: usize = 10_000;
/// A specification, and the rows it is drawn from.
#[derive(Debug)]
pub struct Own {
    spec: Map<String, Value>,
    source: Source,
    columns: Vec<Used>,
    rows: u64,
    /// How many rows the result had.
    of: u64,
    sample: Vec<Value>,
    state: u64,
}

/// A column that the specification needs.
#[derive(Debug)]
struct Used {
    at: usize,
    column: Column,
    reading: Reading,
    /// It is shown as names and as nothing else.
    named: bool,
    money: Money,
}

/// What all of our charts begin with: transparent, in colours that suit light and dark pages.
pub(super) fn frame() -> Value {
    let text = json!({"labelColor": INK, "titleColor": INK, "titleFontWeight": "normal"});
    let mut axis = text.clone();
    for (name, value) in [
        ("gridColor", "#80808033"),
        ("domainColor", "#808080"),
        ("tickColor", "#808080"),
    ] {
        axis[name] = json!(value);
    }
    axis["titlePadding"] = json!(8);
    axis["labelSeparation"] = json!(6);
    json!({
        "$schema": "https://vega.github.io/schema/vega-lite/v5.json",
        "background": "transparent",
        "padding": 8,
        "config": {
            "view": {"stroke": null},
            "axis": axis,
            "legend": text,
            "header": text,
            "title": {
                "color": INK,
                "subtitleColor": INK,
                "anchor": "start",
                "offset": 12,
                "fontSize": 14,
                "subtitlePadding": 4,
            },
        },
    })
}

impl Own {
    /// Reads a specification, JSON or YAML.
    ///
    /// # Errors
    /// It is neither, or no specification of Vega-Lite.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        let spec: Value = match text.trim_start().starts_with('{') {
            true => serde_json::from_str(text).map_err(|error| unreadable("JSON", &error)),
            false => yaml(text),
        }?;
        let Value::Object(mut spec) = spec else {
            return Err(problem(
                "a specification is an object with a mark and an encoding",
                "Such as: {\"mark\": \"bar\", \"encoding\": {\"x\": {\"field\": \"COLUMN\"}}}",
            ));
        };
        let schema = spec
            .get("$schema")
            .and_then(Value::as_str)
            .unwrap_or_default();
        if schema.contains("/vega/") {
            return Err(problem(
                "this is a specification of Vega, and %%chart takes Vega-Lite's",
                "Its schema is https://vega.github.io/schema/vega-lite/v5.json",
            ));
        }
        if let Some(address) = source::elsewhere(&Value::Object(spec.clone())) {
            return Err(problem(
                format!(
                    "the specification has data elsewhere, at {address}, and nothing is fetched"
                ),
                "Leave data out to draw the result, or write them down: \"data\": {\"values\": […]}. \
                 %import makes a table of a file.",
            ));
        }
        Ok(Own {
            source: Source::read(&mut spec, &[]),
            spec,
            columns: Vec::new(),
            rows: 0,
            of: 0,
            sample: Vec::new(),
            // Any number but 0; always this one, for a chart is the same each time.
            state: 0x9E37_79B9_7F4A_7C15,
        })
    }

    /// Whether any of it is drawn from a result, and not from data that it brings itself.
    pub fn draws_result(&self) -> bool {
        self.source.is_result
    }

    /// Takes the columns of the result; a field that is the name of one is escaped where Vega would
    /// read more into it. Answers the first field that is no column, nor made by a transform.
    pub fn columns(&mut self, columns: &[Column]) -> Option<String> {
        let mut texts = String::new();
        source::every(&Value::Object(self.spec.clone()), &mut |object| {
            for text in object.values().flat_map(strings) {
                texts += text;
                texts.push('\n');
            }
        });
        self.source = Source::read(&mut self.spec, columns);
        // A name may stand in an expression as well; what is nowhere is not needed.
        let used = columns.iter().enumerate().filter(|(_, column)| {
            texts.contains(&column.name) || texts.contains(&escaped(&column.name))
        });
        self.columns = used
            .map(|(at, column)| Used {
                at,
                column: column.clone(),
                reading: Reading::of(column),
                named: self.source.is_named(&column.name),
                money: Money::default(),
            })
            .collect();
        self.source.unknown.take()
    }

    /// The first field that is the name of several columns.
    pub fn is_twice(&self) -> Option<&str> {
        self.source.twice.as_deref()
    }

    /// Says how many rows the result had, where not all of them are pushed.
    pub fn is_part_of(&mut self, rows: u64) {
        self.of = rows;
    }

    /// Takes a row: `value` gives the server's text of a column by its place, `None` being NULL.
    pub fn push<'v>(&mut self, value: impl Fn(usize) -> Option<&'v str>) {
        self.rows += 1;
        let room = SAMPLE.min(VALUES / self.columns.len().max(1)).max(1);
        let place = match self.sample.len() < room {
            true => Some(self.sample.len()),
            false => chosen(&mut self.state, self.rows, room),
        };
        let Some(place) = place else { return };
        let row: Map<String, Value> = self
            .columns
            .iter_mut()
            .map(|used| (used.column.name.clone(), used.read(value(used.at))))
            .collect();
        match self.sample.get_mut(place) {
            Some(known) => *known = Value::Object(row),
            None => self.sample.push(Value::Object(row)),
        }
    }

    /// The chart, as [`Plot::bundle`](crate::chart::Plot::bundle) gives it.
    ///
    /// # Errors
    /// It cannot be drawn, there is nothing to draw, or drawing was stopped.
    pub fn bundle(mut self, stop: impl Fn() -> bool + Send + 'static) -> Result<Bundle, Problem> {
        if self.rows == 0 && self.draws_result() {
            return Err(problem(
                "the result has no rows: there is nothing to draw",
                "Draw a result that has some; from NAME names another one.",
            ));
        }
        self.of = self.of.max(self.rows);
        let sampled = (self.sample.len() as u64) < self.of;
        let note = sampled.then(|| {
            format!(
                "a sample of {} of {} rows",
                printed(self.sample.len() as f64),
                printed(self.of as f64)
            )
        });
        let words = self.words(note.as_deref());
        if let Some(note) = note {
            self.subtitle(&note);
        }
        self.count_money();
        let rows = Value::Array(std::mem::take(&mut self.sample));
        for name in std::mem::take(&mut self.source.named) {
            let sets = self.spec.entry("datasets").or_insert_with(|| json!({}));
            sets[name.as_str()] = rows.clone();
        }
        if self.draws_result() && !self.spec.contains_key("data") {
            self.spec.insert("data".into(), json!({"values": rows}));
        }
        let mut spec = Value::Object(self.spec);
        adopt(&mut spec, frame());
        picture::add(Bundle::plain(visible(&words)), spec, stop)
    }

    fn words(&self, note: Option<&str>) -> String {
        let text = |name: &str| match self.spec.get(name)? {
            Value::Object(object) => object.get("text").or(object.get("type"))?.as_str(),
            value => value.as_str(),
        };
        let mark = text("mark")
            .map(|mark| format!(" ({mark})"))
            .unwrap_or_default();
        let title = text("title")
            .map(|title| format!(": {title}"))
            .unwrap_or_default();
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|used| used.column.name.as_str())
            .collect();
        let rows = match note {
            _ if !self.draws_result() => {
                return format!("Vega-Lite chart{mark}{title}\ndata of its own");
            }
            Some(note) => note.to_owned(),
            None if self.rows == 1 => "1 row".into(),
            None => format!("{} rows", printed(self.rows as f64)),
        };
        let mut words = format!("Vega-Lite chart{mark}{title}\n{rows}: {}", names.join(", "));
        if let Some(description) = text("description") {
            words += &format!("\n{description}");
        }
        words
    }

    /// Amounts of money as numbers, where they tell how many decimals they have.
    fn count_money(&mut self) {
        let is_money = |used: &&Used| used.reading.from == From::Units;
        for used in self.columns.iter().filter(is_money) {
            let Some(decimals) = used.money.decimals() else {
                continue;
            };
            for row in &mut self.sample {
                let Some(value) = row.get_mut(&used.column.name) else {
                    continue;
                };
                let text = value
                    .as_str()
                    .and_then(|text| Money::number(text, decimals));
                let number: Option<f64> = text.and_then(|text| text.parse().ok());
                *value = json!(number);
            }
        }
    }

    /// Says something below the title.
    fn subtitle(&mut self, note: &str) {
        let title = match self.spec.get("title") {
            Some(Value::Object(title)) => {
                let mut title = title.clone();
                let lines = title.get("subtitle").map(strings).into_iter().flatten();
                let lines: Vec<String> =
                    lines.map(str::to_owned).chain([note.to_owned()]).collect();
                title.insert("subtitle".into(), json!(lines));
                Value::Object(title)
            }
            Some(text) => json!({"text": text, "subtitle": note}),
            None => json!({"text": note, "fontSize": 12, "fontWeight": "normal"}),
        };
        self.spec.insert("title".into(), title);
    }
}

fn yaml(text: &str) -> Result<Value, Problem> {
    let documents = YamlLoader::load_from_str(text).map_err(|error| unreadable("YAML", &error))?;
    Ok(documents.first().map_or(Value::Null, json_of))
}

/// YAML as JSON; keys that are no texts become some.
fn json_of(yaml: &Yaml) -> Value {
    match yaml {
        Yaml::String(text) => json!(text),
        Yaml::Boolean(is_so) => json!(is_so),
        Yaml::Integer(number) => json!(number),
        Yaml::Real(_) => json!(yaml.as_f64()),
        Yaml::Array(values) => values.iter().map(json_of).collect(),
        Yaml::Hash(values) => {
            let key = |key: &Yaml| match json_of(key) {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let entries = values
                .iter()
                .map(|(name, value)| (key(name), json_of(value)));
            Value::Object(entries.collect())
        }
        Yaml::Alias(_) | Yaml::Null | Yaml::BadValue => Value::Null,
    }
}

fn unreadable(form: &str, error: &dyn std::fmt::Display) -> Problem {
    problem(
        format!("the specification is no {form}: {error}"),
        "A body that begins with { is read as JSON, any other as YAML.",
    )
}

impl Used {
    /// A value as Vega takes it. Moments have no zone, so that they are shown as they are here.
    fn read(&mut self, text: Option<&str>) -> Value {
        let Some(text) = text else { return Value::Null };
        match self.reading.nature {
            _ if self.reading.from == From::Units => {
                self.money.see(text);
                json!(text)
            }
            Nature::Number => match self.reading.read(text) {
                // Names are told apart to the last digit.
                Some(number) if self.named && !is_exact(number, text) => {
                    json!(self.reading.name(text))
                }
                None if self.named => json!(bounded(text)),
                number => json!(number),
            },
            Nature::Duration => json!(self.reading.read(text)),
            Nature::Truth => json!(is_true(text)),
            Nature::Moment => match moment::moment(text) {
                Some((at, _)) if at % MILLISECOND == 0 => {
                    json!(moment::print(at, "%Y-%m-%dT%H:%M:%S.%L"))
                }
                Some((at, _)) => json!(moment::print(at, "%Y-%m-%dT%H:%M:%S.%f")),
                None => json!(bounded(text)),
            },
            _ if self.column.kind == Kind::Json && text.len() <= JSON => {
                serde_json::from_str(text).unwrap_or_else(|_| json!(bounded(text)))
            }
            _ => json!(bounded(text)),
        }
    }
}

/// Whether a number is all of its text.
fn is_exact(number: f64, text: &str) -> bool {
    text.len() <= 15 || number::plain(text) == number.to_string()
}

/// Takes over what a specification does not say itself.
fn adopt(own: &mut Value, other: Value) {
    if let (Value::Object(own), Value::Object(other)) = (own, other) {
        for (key, value) in other {
            match own.get_mut(&key) {
                Some(known) => adopt(known, value),
                None => {
                    own.insert(key, value);
                }
            }
        }
    }
}
