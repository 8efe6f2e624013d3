//! The struct of a table, with its key, its defaults and its relations to other tables.

use std::fmt::Write as _;

use super::names::{Names, snake, text, type_name};
use super::types::{Made, Rust};
use crate::inspector::{Column, ForeignKey, Relation};
use crate::variables::identifier;

pub(crate) use super::program::program;
pub(crate) use super::types::Made as MadeTypes;

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
        Model { name, relation, made }
    }

    pub(super) fn members(&self) -> Vec<Member<'_>> {
        let mut names = Names::without(&["stored"]);
        let columns = self.relation.columns.iter();
        columns
            .map(|column| {
                let rust = match self.made.rust(&column.type_name) {
                    Rust::Known(rust) => rust,
                    Rust::Enum(of) => type_name(&of.name),
                    Rust::Enums(of) => format!("Vec<Option<{}>>", type_name(&of.name)),
                };
                let rust = if column.nullable { format!("Option<{rust}>") } else { rust };
                Member { column, field: names.field(&column.name), rust }
            })
            .collect()
    }

    /// The table, as SQL writes it.
    pub(super) fn table(&self) -> String {
        match &self.relation.schema {
            Some(schema) => format!("{}.{}", identifier(schema), identifier(&self.relation.name)),
            None => identifier(&self.relation.name),
        }
    }

    pub(super) fn key(&self) -> &[String] {
        self.relation.primary_key.as_ref().map_or(&[], |key| &key.columns)
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
    for model in models {
        for column in &model.relation.columns {
            if let Rust::Enum(of) | Rust::Enums(of) = model.made.rust(&column.type_name) {
                let labels: Vec<&str> = of.labels.iter().map(String::as_str).collect();
                let sql = format!("{}.{}", identifier(&of.schema), identifier(&of.name));
                let name = type_name(&of.name);
                if !items.iter().any(|item| item.name == name) {
                    items.push(Item { source: of_enum(&name, &sql, &labels), name });
                }
            }
        }
    }
    for model in models {
        items.push(Item { name: model.name.clone(), source: of_table(model, models) });
    }
    items
}

fn of_enum(name: &str, sql: &str, labels: &[&str]) -> String {
    let mut names = Names::default();
    let variants: Vec<String> = labels.iter().map(|label| names.variant(label)).collect();
    let (mut declared, mut read, mut written) = (String::new(), String::new(), String::new());
    for (index, (variant, label)) in variants.iter().zip(labels).enumerate() {
        let default = if index == 0 { "    #[default]\n" } else { "" };
        // Writing to a string does not fail.
        let _ = writeln!(declared, "    /// {}\n{default}    {variant},", one_line(label));
        let _ = writeln!(read, "            {} => Ok({name}::{variant}),", text(label));
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
    for Member { column, field, rust } in &members {
        let sql = text(&column.name);
        let _ = writeln!(declared, "    /// {}\n    pub {field}: {rust},", about(column, model.key()));
        let _ = writeln!(known, "        db::Field::of::<{rust}>({sql}),");
        let _ = write!(read, "{field}: row.get({sql})?, ");
        let _ = write!(written, "db::ToSql::parameter(&self.{field}), ");
        let _ = write!(new, "{field}: {}, ", constant(column, rust));
        let _ = write!(shown, ".field({}, &self.{field})", text(field));
    }
    let list = |is_so: &dyn Fn(&Column) -> bool| {
        let names = members.iter().map(|member| member.column).filter(|column| is_so(column));
        names.map(|column| text(&column.name)).collect::<Vec<_>>().join(", ")
    };
    let defaults = list(&|column| column.default.is_some() || column.identity.is_some());
    let generated = list(&is_generated);
    let key: Vec<String> = model.key().iter().map(|name| text(name)).collect();
    let (key, table, name_text) = (key.join(", "), text(&model.table()), text(name));
    let relations = relations(model, models);
    let relations = match relations.is_empty() {
        true => relations,
        false => format!("impl {name} {{\n{relations}}}\n"),
    };
    let about = one_line(&model.about());
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
    fn read(row: &db::Row) -> db::Result<Self> {{ Ok(db::Stored::keep({name} {{ {read}stored: Default::default() }})) }}
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
{relations}"
    )
}

/// The functions that lead along foreign keys, both ways, to those tables that are types.
fn relations(model: &Model, models: &[Model]) -> String {
    let members = model.members();
    let field = |column: &str| members.iter().find(|member| member.column.name == column);
    let mut names = Names::without(&[
        "all", "find", "filter", "order_by", "limit", "count", "insert", "insert_all", "upsert",
        "update", "delete", "new", "stored", "read", "write",
    ]);
    let mut functions = String::new();
    let mut add = |function: String, about: String, to: &Model, theirs: &[String], ours: &[String], many: bool| {
        let conditions = theirs.iter().enumerate();
        let conditions =
            conditions.map(|(index, column)| format!("{} = ${}", identifier(column), index + 1));
        let condition = text(&conditions.collect::<Vec<_>>().join(" and "));
        let values: Option<Vec<_>> =
            ours.iter().map(|column| Some(format!("&self.{}", field(column)?.field))).collect();
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
        let referred = |other: &&Model| other.is(key.referred_schema.as_deref(), &key.referred_table);
        if let Some(to) = models.iter().find(referred) {
            let about = format!("The row of {} that it refers to.", to.relation.full_name());
            let function = forwards(key);
            add(function, about, to, &key.referred_columns, &key.columns, false);
        }
    }
    for from in models {
        for key in &from.relation.foreign_keys {
            if !model.is(key.referred_schema.as_deref(), &key.referred_table) {
                continue;
            }
            let same = from.relation.foreign_keys.iter();
            let same = same.filter(|other| model.is(other.referred_schema.as_deref(), &other.referred_table));
            let mut function = snake(&from.relation.name);
            // Two keys lead here, or one from the table itself: its columns tell which is meant.
            if same.count() > 1 || from.name == model.name {
                function = format!("{function}_by_{}", key.columns.join("_"));
            }
            let about = format!("The rows of {} that refer to it.", from.relation.full_name());
            add(function, about, from, &key.columns, &key.referred_columns, true);
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

/// Whether nobody but the table may fill it.
pub(super) fn is_generated(column: &Column) -> bool {
    column.computed.is_some() || column.identity.as_ref().is_some_and(|identity| identity.always)
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

/// The value of a new row's field: a default that is a constant of one of the simplest types, else
/// an empty one.
fn constant(column: &Column, rust: &str) -> String {
    let empty = || "Default::default()".to_owned();
    let Some(default) = &column.default else {
        return empty();
    };
    let some = |value: String| match rust.starts_with("Option<") {
        true => format!("Some({value})"),
        false => value,
    };
    let plain = rust.trim_start_matches("Option<").trim_end_matches('>');
    match plain {
        "bool" if default == "true" || default == "false" => some(default.clone()),
        "i16" | "i32" | "i64" if default.parse::<i64>().is_ok() => some(default.clone()),
        "String" => match constant_text(default) {
            Some(value) => some(format!("{}.into()", text(&value))),
            None => empty(),
        },
        _ => empty(),
    }
}

/// The text of `'…'::text`.
fn constant_text(default: &str) -> Option<String> {
    let (quoted, _) = default.rsplit_once("::").unwrap_or((default, ""));
    let inner = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    let is_one = !inner.replace("''", "").contains('\'');
    is_one.then(|| inner.replace("''", "'"))
}

/// A text without the ends of lines, which would end a comment.
pub(super) fn one_line(text: &str) -> String {
    text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), " ")
}
