//! What a specification is drawn from: the result, or data that it brings itself.
//!
//! A view draws the data that it or the nearest view around it names; where none does, the result. Data
//! with a name that the specification does not explain are the result, too.

use serde_json::{Map, Value};

use crate::Column;

/// Transforms that make fields without naming them.
const MAKERS: &[&str] = &[
    "pivot",
    "fold",
    "density",
    "quantile",
    "lookup",
    "regression",
    "loess",
];
/// Transforms whose fields have a name each.
const NAMERS: &[&str] = &["aggregate", "joinaggregate", "window"];
/// Where views stand in a view.
const VIEWS: &[&str] = &["layer", "concat", "hconcat", "vconcat", "spec"];
/// What says nothing about fields.
const MUTE: &[&str] = &[
    "data",
    "datasets",
    "$schema",
    "config",
    "title",
    "name",
    "description",
];

/// What was found out about a specification.
#[derive(Debug, Default)]
pub(super) struct Source {
    /// Some view draws the result.
    pub(super) is_result: bool,
    /// Names of data that stand for the result.
    pub(super) named: Vec<String>,
    /// The first field that is no column, nor made by a transform.
    pub(super) unknown: Option<String>,
    /// The first field that is the name of several columns.
    pub(super) twice: Option<String>,
    /// Fields by what they are used as: names, and whether everywhere.
    types: Vec<(String, bool)>,
}

impl Source {
    /// Whether a field is used for names and for nothing else.
    pub(super) fn is_named(&self, field: &str) -> bool {
        let mut used = self
            .types
            .iter()
            .filter(|(known, _)| known == field)
            .peekable();
        used.peek().is_some() && used.all(|(_, named)| *named)
    }

    /// Reads a specification; a field that is the name of a column is escaped where Vega would read
    /// more into it.
    pub(super) fn read(spec: &mut Map<String, Value>, columns: &[Column]) -> Self {
        let mut defined = Vec::new();
        if let Some(Value::Object(sets)) = spec.get("datasets") {
            defined.extend(sets.keys().cloned());
        }
        every(&Value::Object(spec.clone()), &mut |object| {
            let data = object.get("data").and_then(Value::as_object);
            if let Some((data, name)) = data.and_then(|data| Some((data, data.get("name")?)))
                && data.len() > 1
            {
                defined.extend(name.as_str().map(str::to_owned));
            }
        });
        let mut reader = Reader {
            columns,
            defined,
            found: Source::default(),
        };
        reader.view(spec, Scope::default());
        reader.found
    }
}

/// The address of data that are elsewhere.
pub(super) fn elsewhere(spec: &Value) -> Option<String> {
    let mut address = None;
    every(spec, &mut |object| {
        let url = object.get("data").and_then(|data| data.get("url"));
        if let Some(url) = url {
            let text = url.as_str().map_or_else(|| url.to_string(), str::to_owned);
            address.get_or_insert(text);
        }
    });
    address
}

/// What is known where a view stands.
#[derive(Clone, Debug, Default)]
struct Scope {
    /// The data are not the result's.
    own: bool,
    /// Some transform makes fields of any name.
    free: bool,
    /// Fields that transforms make.
    made: Vec<String>,
}

struct Reader<'c> {
    columns: &'c [Column],
    /// Names of data that the specification brings.
    defined: Vec<String>,
    found: Source,
}

impl Reader<'_> {
    fn view(&mut self, view: &mut Map<String, Value>, mut scope: Scope) {
        if let Some(data) = view.get("data") {
            let name = data.get("name").and_then(Value::as_str);
            let given = data.as_object().is_some_and(|data| data.len() == 1);
            scope = match name {
                Some(name) if given && !self.defined.iter().any(|known| known == name) => {
                    self.found.named.push(name.to_owned());
                    Scope::default()
                }
                _ => Scope {
                    own: true,
                    ..Scope::default()
                },
            };
        }
        for transform in view
            .get("transform")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
        {
            scope.transformed(transform);
        }
        self.found.is_result |= view.contains_key("mark") && !scope.own;
        for (key, value) in view.iter_mut() {
            match (key.as_str(), value) {
                (key, Value::Array(views)) if VIEWS.contains(&key) => {
                    for view in views.iter_mut().filter_map(Value::as_object_mut) {
                        self.view(view, scope.clone());
                    }
                }
                (key, Value::Object(view)) if VIEWS.contains(&key) => {
                    self.view(view, scope.clone())
                }
                ("repeat", value) if !scope.own => self.repeated(value, &scope),
                (key, value) if !scope.own && !MUTE.contains(&key) => self.fields(value, &scope),
                _ => {}
            }
        }
    }

    /// The fields that a view is repeated for.
    fn repeated(&mut self, value: &mut Value, scope: &Scope) {
        match value {
            Value::String(field) => self.field(field, scope),
            Value::Array(fields) => {
                fields
                    .iter_mut()
                    .for_each(|field| self.repeated(field, scope));
            }
            Value::Object(fields) => {
                fields
                    .values_mut()
                    .for_each(|field| self.repeated(field, scope));
            }
            _ => {}
        }
    }

    fn fields(&mut self, value: &mut Value, scope: &Scope) {
        match value {
            Value::Object(object) => {
                let kind = object
                    .get("type")
                    .and_then(Value::as_str)
                    .map(str::to_owned);
                if let Some(Value::String(field)) = object.get_mut("field") {
                    if let Some(kind) = kind {
                        let named = matches!(kind.as_str(), "nominal" | "ordinal");
                        self.found.types.push((field.clone(), named));
                    }
                    self.field(field, scope);
                }
                for (key, value) in object.iter_mut() {
                    // Data of a lookup have fields of their own.
                    if key != "data" && key != "from" {
                        self.fields(value, scope);
                    }
                }
            }
            Value::Array(values) => values
                .iter_mut()
                .for_each(|value| self.fields(value, scope)),
            _ => {}
        }
    }

    fn field(&mut self, field: &mut String, scope: &Scope) {
        let named = self
            .columns
            .iter()
            .filter(|column| column.name == *field)
            .count();
        if named > 1 {
            self.found.twice.get_or_insert_with(|| field.clone());
        }
        if named > 0 {
            *field = escaped(field);
        } else if !scope.free && !self.is_known(field, scope) {
            self.found.unknown.get_or_insert_with(|| field.clone());
        }
    }

    /// Whether a field is a column, within one, or made by the specification itself.
    fn is_known(&self, field: &str, scope: &Scope) -> bool {
        let within = field.split(['.', '[']).next().unwrap_or_default();
        let is = |name: &str| name == field || name == within || escaped(name) == field;
        let made = scope.made.iter().any(|name| is(name));
        // `*` is what is counted, and names that Vega-Lite makes begin with a line.
        made || field == "*"
            || field.starts_with('_')
            || self.columns.iter().any(|column| is(&column.name))
    }
}

impl Scope {
    fn transformed(&mut self, transform: &Value) {
        let Some(transform) = transform.as_object() else {
            return;
        };
        self.free |= MAKERS.iter().any(|maker| transform.contains_key(*maker));
        for namer in NAMERS {
            let ops = transform.get(*namer).and_then(Value::as_array);
            self.free |= ops.into_iter().flatten().any(|op| op.get("as").is_none());
        }
        every(&Value::Object(transform.clone()), &mut |object| {
            for name in object.get("as").map(strings).into_iter().flatten() {
                // A range has an end as well.
                self.made.extend([name.to_owned(), format!("{name}_end")]);
            }
        });
    }
}

/// A column's name as a field: dots and brackets in it are its own.
pub(super) fn escaped(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if matches!(c, '.' | '[' | ']' | '\\' | '\'' | '"') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Visits every object.
pub(super) fn every(value: &Value, visit: &mut impl FnMut(&Map<String, Value>)) {
    match value {
        Value::Object(object) => {
            visit(object);
            object.values().for_each(|value| every(value, visit));
        }
        Value::Array(values) => values.iter().for_each(|value| every(value, visit)),
        _ => {}
    }
}

/// A text, or the texts of a list.
pub(super) fn strings(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    value
        .as_str()
        .into_iter()
        .chain(list.iter().filter_map(Value::as_str))
}
