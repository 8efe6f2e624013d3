//! The struct of a table, with its key, its defaults and its relations to other tables.

use std::collections::HashSet;
use std::fmt::Write as _;

use super::names::{Names, snake, text, type_name};
use super::types::Rust;
use crate::complete::keywords::quoted;
use crate::inspector::{Column, Enum, ForeignKey, Made, Relation};
use crate::variables::identifier;

pub(crate) use super::program::program;

/// A table that is to be a type.
#[derive(Clone)]
pub(crate) struct Model {
    /// The struct's name.
    pub(crate) name: String,
    pub(crate) relation: Relation,
    /// The types that its database has made.
    pub(crate) made: Made,
}

/// One item of Rust, which replaces the one of the same name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) name: String,
    pub(crate) source: String,
}

/// A column with its names and types in Rust.
pub(super) struct Member<'m> {
    pub(super) column: &'m Column,
    pub(super) field: String,
    pub(super) rust: String,
}

impl Model {
    pub(crate) fn new(relation: Relation, name: Option<&str>, made: Made) -> Self {
        let name = type_name(name.unwrap_or(&relation.name));
        Model {
            name,
            relation,
            made,
        }
    }

    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let mut names = Names::without(&["stored"]);
        let columns = self.relation.columns.iter();
        columns
            .map(|column| {
                let rust = self.made.rust_of(column);
                let rust = if column.nullable {
                    format!("Option<{rust}>")
                } else {
                    rust
                };
                Member {
                    column,
                    field: names.field(&column.name),
                    rust,
                }
            })
            .collect()
    }

    /// The enums of its columns, by their Rust names.
    pub(crate) fn enums(&self) -> impl Iterator<Item = (String, &Enum)> {
        let columns = self.relation.columns.iter();
        columns.filter_map(|column| match self.made.rust(&column.type_name) {
            Rust::Enum(of) | Rust::Enums(of) => Some((self.made.enum_name(of), of)),
            Rust::Known(_) => None,
        })
    }

    /// The table, as SQL writes it.
    pub(super) fn table(&self) -> String {
        match &self.relation.schema {
            Some(schema) => format!("{}.{}", quoted(schema), quoted(&self.relation.name)),
            None => quoted(&self.relation.name),
        }
    }

    pub(super) fn key(&self) -> &[String] {
        self.relation
            .primary_key
            .as_ref()
            .map_or(&[], |key| &key.columns)
    }

    /// Whether it is the table that a key refers to.
    fn is(&self, schema: Option<&str>, table: &str) -> bool {
        let same = match (schema, self.relation.schema.as_deref()) {
            (Some(theirs), Some(ours)) => theirs == ours,
            // What lies in no other schema is told without one.
            (None, _) => true,
            (Some(_), None) => false,
        };
        same && self.relation.name == table
    }

    /// What stands above it as documentation.
    pub(super) fn about(&self) -> String {
        let what = format!("A row of {}", self.relation.full_name());
        match &self.relation.comment {
            Some(comment) => format!("{what}: {}", one_line(comment)),
            None => what + ".",
        }
    }
}

/// The items for these models: their enums, and each with its relations to the others.
pub(crate) fn items(models: &[Model]) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    // The enum of the model that was made last is the newest.
    for model in models.iter().rev() {
        for (name, of) in model.enums() {
            if !items.iter().any(|item| item.name == name) {
                let sql = format!("{}.{}", identifier(&of.schema), identifier(&of.name));
                items.push(Item {
                    source: of_enum(&name, &sql, &of.labels),
                    name,
                });
            }
        }
    }
    for model in models {
        items.push(Item {
            name: model.name.clone(),
            source: of_table(model, models),
        });
    }
    items
}

/// A name that would be a table's and an enum's, were these all types.
pub(crate) fn clash(models: &[Model]) -> Option<&str> {
    let enums = models.iter().flat_map(Model::enums);
    let enums: HashSet<String> = enums.map(|(name, _)| name).collect();
    let mut names = models.iter().map(|model| model.name.as_str());
    names.find(|name| enums.contains(*name))
}

fn of_enum(name: &str, sql: &str, labels: &[String]) -> String {
    let variants = variants(labels);
    let (mut declared, mut read, mut written) = (String::new(), String::new(), String::new());
    for (index, (variant, label)) in variants.iter().zip(labels).enumerate() {
        let default = if index == 0 { "    #[default]\n" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(
            declared,
            "    /// {}\n{default}    {variant},",
            one_line(label)
        );
        let _ = writeln!(
            read,
            "            {} => Ok({name}::{variant}),",
            text(label)
        );
        let _ = writeln!(written, "            {name}::{variant} => {},", text(label));
    }
    let sql_text = text(sql);
    let about = one_line(sql);
    format!(
        "/// {about}
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum {name} {{
{declared}}}
impl db::FromSql for {name} {{
    fn accepts(ty: &db::Type<'_>) -> bool {{ ty.is_made() }}
    fn from_sql(_: &db::Type<'_>, text: &str) -> Result<Self, db::Unreadable> {{
        match text {{
{read}            other => Err(db::Unreadable(format!(\"{{other}} is no label of {name}: run %model again\"))),
        }}
    }}
}}
impl db::Value for {name} {{
    fn cast() -> Option<std::borrow::Cow<'static, str>> {{ Some({sql_text}.into()) }}
    fn text(&self) -> Option<String> {{
        Some(match self {{
{written}        }}.into())
    }}
}}
"
    )
}

fn of_table(model: &Model, models: &[Model]) -> String {
    let name = &model.name;
    let members = model.members();
    let (mut declared, mut known, mut read, mut written, mut new, mut shown) = (
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    );
    for Member {
        column,
        field,
        rust,
    } in &members
    {
        let sql = text(&column.name);
        let _ = writeln!(
            declared,
            "    /// {}\n    pub {field}: {rust},",
            about(column, model.key())
        );
        let _ = writeln!(known, "        db::Field::of::<{rust}>({sql}),");
        let _ = write!(read, "{field}: row.get({sql})?, ");
        let _ = write!(written, "db::ToSql::parameter(&self.{field}), ");
        let _ = write!(new, "{field}: {}, ", constant(model, column, rust));
        let plain = field.strip_prefix("r#").unwrap_or(field);
        let _ = write!(shown, ".field({}, &self.{field})", text(plain));
    }
    let list = |is_so: &dyn Fn(&Column) -> bool| {
        let names = members
            .iter()
            .map(|member| member.column)
            .filter(|column| is_so(column));
        names
            .map(|column| text(&column.name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let defaults = list(&has_default);
    let generated = list(&is_generated);
    let key: Vec<String> = model.key().iter().map(|name| text(name)).collect();
    let (key, table, name_text) = (key.join(", "), text(&model.table()), text(name));
    let relations = relations(model, models);
    let relations = match relations.is_empty() {
        true => relations,
        false => format!("impl {name} {{\n{relations}}}\n"),
    };
    let about = one_line(&model.about());
    let row = if members.is_empty() { "_" } else { "row" };
    format!(
        "/// {about}
#[derive(Clone, PartialEq)]
pub struct {name} {{
{declared}    /// What the database holds of it.
    pub stored: db::Stored<{name}>,
}}
impl std::fmt::Debug for {name} {{
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ f.debug_struct({name_text}){shown}.finish() }}
}}
impl db::Record for {name} {{
    const FIELDS: &'static [db::Field] = &[
{known}    ];
    fn read({row}: &db::Row) -> db::Result<Self> {{ Ok(db::Stored::keep({name} {{ {read}stored: Default::default() }})) }}
    fn write(&self) -> Vec<db::Parameter> {{ vec![{written}] }}
}}
impl db::Model for {name} {{
    const TABLE: &'static str = {table};
    const KEY: &'static [&'static str] = &[{key}];
    const DEFAULTS: &'static [&'static str] = &[{defaults}];
    const GENERATED: &'static [&'static str] = &[{generated}];
    fn new() -> Self {{ {name} {{ {new}stored: Default::default() }} }}
    fn stored(&mut self) -> &mut db::Stored<Self> {{ &mut self.stored }}
}}
impl Default for {name} {{
    fn default() -> Self {{ <{name} as db::Model>::new() }}
}}
{relations}"
    )
}

/// The functions that lead along foreign keys, both ways, to those tables that are types.
fn relations(model: &Model, models: &[Model]) -> String {
    let members = model.members();
    let field = |column: &str| members.iter().find(|member| member.column.name == column);
    let mut names = Names::without(&[
        "all",
        "find",
        "filter",
        "order_by",
        "limit",
        "count",
        "insert",
        "insert_all",
        "upsert",
        "update",
        "delete",
        "new",
        "stored",
        "read",
        "write",
        // What is called without its trait's name, too.
        "clone",
        "default",
        "eq",
        "fmt",
        "into",
        "to_owned",
    ]);
    let mut functions = String::new();
    let mut add = |function: String,
                   about: String,
                   to: &Model,
                   theirs: &[String],
                   ours: &[String],
                   many: bool| {
        let conditions = theirs.iter().enumerate();
        let conditions =
            conditions.map(|(index, column)| format!("{} = ${}", identifier(column), index + 1));
        let condition = text(&conditions.collect::<Vec<_>>().join(" and "));
        let values: Option<Vec<_>> = ours
            .iter()
            .map(|column| Some(format!("&self.{}", field(column)?.field)))
            .collect();
        let Some(values) = values.map(|values| values.join(", ")) else {
            return;
        };
        let function = names.field(&function);
        let (result, ask) = match many {
            true => (format!("Vec<{}>", to.name), "all"),
            false => (format!("Option<{}>", to.name), "first"),
        };
        let _ = writeln!(
            functions,
            "    /// {about}\n    pub fn {function}(&self, db: &db::Db) -> db::Result<{result}> {{ \
             <{to_name} as db::Model>::filter({condition}, &[{values}]).{ask}(db) }}",
            about = one_line(&about),
            to_name = to.name,
        );
    };
    for key in &model.relation.foreign_keys {
        let referred =
            |other: &&Model| other.is(key.referred_schema.as_deref(), &key.referred_table);
        if let Some(to) = models.iter().find(referred) {
            let about = format!("The row of {} that it refers to.", to.relation.full_name());
            let function = forwards(key);
            add(
                function,
                about,
                to,
                &key.referred_columns,
                &key.columns,
                false,
            );
        }
    }
    for from in models {
        for key in &from.relation.foreign_keys {
            if !model.is(key.referred_schema.as_deref(), &key.referred_table) {
                continue;
            }
            let same = from.relation.foreign_keys.iter();
            let same = same
                .filter(|other| model.is(other.referred_schema.as_deref(), &other.referred_table));
            let mut function = snake(&from.relation.name);
            // Two keys lead here, or one from the table itself: its columns tell which is meant.
            if same.count() > 1 || from.name == model.name {
                function = format!("{function}_by_{}", key.columns.join("_"));
            }
            let about = format!(
                "The rows of {} that refer to it.",
                from.relation.full_name()
            );
            add(
                function,
                about,
                from,
                &key.columns,
                &key.referred_columns,
                true,
            );
        }
    }
    functions
}

/// `customer` for a key of `customer_id`, else the name of the table it leads to.
fn forwards(key: &ForeignKey) -> String {
    let column = match key.columns.as_slice() {
        [column] => snake(column),
        _ => return snake(&key.referred_table),
    };
    match column.strip_suffix("_id").filter(|name| !name.is_empty()) {
        Some(name) => name.to_owned(),
        // The column's own name is its field's.
        None => format!("{column}_{}", snake(&key.referred_table)),
    }
}

/// Whether the table fills it where an insert leaves it out.
pub(super) fn has_default(column: &Column) -> bool {
    column.default.is_some() || column.identity.is_some()
}

/// Whether nobody but the table may fill it.
pub(super) fn is_generated(column: &Column) -> bool {
    column.computed.is_some()
        || column
            .identity
            .as_ref()
            .is_some_and(|identity| identity.always)
}

/// What is known of a column, as its field's documentation.
pub(super) fn about(column: &Column, key: &[String]) -> String {
    let mut about = format!("{} {}", column.name, column.type_name);
    if key.contains(&column.name) {
        about.push_str(", primary key");
    }
    if is_generated(column) {
        about.push_str(", generated");
    } else if let Some(default) = &column.default {
        about.push_str(&format!(", default {default}"));
    }
    if let Some(comment) = &column.comment {
        about.push_str(&format!(": {comment}"));
    }
    one_line(&about)
}

/// The value of a new row's field: a default that is a constant, else an empty one.
fn constant(model: &Model, column: &Column, rust: &str) -> String {
    let value = column.default.as_deref().and_then(plain);
    let value = value.and_then(|value| {
        let plain = rust.trim_start_matches("Option<").trim_end_matches('>');
        if let Rust::Enum(of) = model.made.rust(&column.type_name) {
            let place = of.labels.iter().position(|label| *label == value)?;
            return Some(format!("{plain}::{}", variants(&of.labels).get(place)?));
        }
        Some(match plain {
            "bool" if value == "true" || value == "false" => value,
            // As Rust writes them: it has no `+1` and no `.5`, and refuses what is too large.
            "i16" => value.parse::<i16>().ok()?.to_string(),
            "i32" => value.parse::<i32>().ok()?.to_string(),
            "i64" => value.parse::<i64>().ok()?.to_string(),
            "f32" => finite(value.parse::<f32>().ok()?.into())?,
            "f64" => finite(value.parse().ok()?)?,
            "db::Numeric" if value.parse::<f64>().is_ok() => {
                format!("{}.parse().unwrap_or_default()", text(&value))
            }
            // A word without quotes is no text: CURRENT_USER.
            "String" if column.default.as_deref()?.starts_with('\'') => {
                format!("{}.into()", text(&value))
            }
            _ => return None,
        })
    });
    match value {
        None => "Default::default()".into(),
        Some(value) if rust.starts_with("Option<") => format!("Some({value})"),
        Some(value) => value,
    }
}

/// A number of either width, as Rust writes it.
fn finite(number: f64) -> Option<String> {
    number.is_finite().then(|| format!("{number:?}"))
}

/// The text of a constant as the server prints it: `1`, `true`, `'-1'::integer`, `'it''s'::text`.
fn plain(default: &str) -> Option<String> {
    if !default.starts_with('\'') {
        let is_plain = default
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-'));
        return is_plain.then(|| default.to_owned());
    }
    let (quoted, _) = default.rsplit_once("::").unwrap_or((default, ""));
    let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    let is_one = !inner.replace("''", "").contains('\'');
    is_one.then(|| inner.replace("''", "'"))
}

/// The variants of an enum with these labels.
fn variants(labels: &[String]) -> Vec<String> {
    let mut names = Names::default();
    labels.iter().map(|label| names.variant(label)).collect()
}

/// A text without the ends of lines, which would end a comment, and without what turns the direction
/// of writing, which the compiler refuses in one.
pub(super) fn one_line(text: &str) -> String {
    let is_unfit = |c: char| {
        let turns = matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
    };
    text.replace(is_unfit, " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspector::Key;

    #[test]
    fn constants_are_known() {
        let mood = Enum {
            schema: "public".into(),
            name: "mood".into(),
            visible: true,
            labels: vec!["a b".into(), "c".into()],
            ..Enum::default()
        };
        let made = Made {
            enums: vec![mood],
            ..Made::default()
        };
        let model = Model::new(Relation::default(), None, made);
        let check = |type_name: &str, rust: &str, default: &str, expected: &str| {
            let column = Column {
                type_name: type_name.into(),
                default: Some(default.into()),
                ..Column::default()
            };
            assert_eq!(constant(&model, &column, rust), expected, "{default}");
        };
        check("integer", "i32", "'-1'::integer", "-1");
        check("boolean", "Option<bool>", "true", "Some(true)");
        check("text", "String", "'it''s'::text", "\"it's\".into()");
        check(
            "numeric(10,2)",
            "db::Numeric",
            "1.50",
            "\"1.50\".parse().unwrap_or_default()",
        );
        check("mood", "Mood", "'c'::mood", "Mood::C");
        check("integer", "i32", "'+5'::integer", "5");
        check("smallint", "i16", "99999", "Default::default()");
        check("real", "f32", "'.5'::real", "0.5");
        check("real", "f32", "'1e39'::real", "Default::default()");
        check("double precision", "f64", "'5.'::double precision", "5.0");
        check(
            "double precision",
            "f64",
            "'1e300'::double precision",
            "1e300",
        );
        check(
            "double precision",
            "f64",
            "'NaN'::double precision",
            "Default::default()",
        );
        check(
            "timestamp with time zone",
            "db::Timestamptz",
            "now()",
            "Default::default()",
        );
        check(
            "text",
            "String",
            "('a'::text || 'b'::text)",
            "Default::default()",
        );
        check(
            "integer",
            "i32",
            "nextval('s'::regclass)",
            "Default::default()",
        );
    }

    #[test]
    fn relations_lead_both_ways() {
        let column = |name: &str| Column {
            name: name.into(),
            type_name: "integer".into(),
            ..Column::default()
        };
        let table = |name: &str, columns: &[&str], keys: &[(&str, &str)]| {
            let relation = Relation {
                schema: Some("public".into()),
                name: name.into(),
                columns: columns.iter().map(|name| column(name)).collect(),
                primary_key: Some(Key {
                    columns: vec!["id".into()],
                    ..Key::default()
                }),
                foreign_keys: keys
                    .iter()
                    .map(|(column, to)| ForeignKey {
                        columns: vec![(*column).into()],
                        referred_table: (*to).into(),
                        referred_columns: vec!["id".into()],
                        ..ForeignKey::default()
                    })
                    .collect(),
                ..Relation::default()
            };
            Model::new(relation, None, Made::default())
        };
        let models = [
            table("person", &["id", "boss"], &[("boss", "person")]),
            table(
                "loan",
                &["id", "lender_id", "borrower_id"],
                &[("lender_id", "person"), ("borrower_id", "person")],
            ),
        ];
        let functions = |model: &Model| {
            let source = relations(model, &models);
            let names = source.split("pub fn ").skip(1);
            names
                .map(|rest| rest.split('(').next().unwrap().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(
            functions(&models[0]),
            [
                "boss_person",
                "person_by_boss",
                "loan_by_lender_id",
                "loan_by_borrower_id"
            ]
        );
        assert_eq!(functions(&models[1]), ["lender", "borrower"]);
    }
}
