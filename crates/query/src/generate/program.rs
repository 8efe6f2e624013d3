//! A table as a module for programs: the same struct, on `tokio-postgres` alone.

use std::fmt::Write as _;

use super::model::{Member, Model, about, is_generated, one_line};
use super::names::text;
use super::types::Rust;
use crate::variables::identifier;

/// What `tokio-postgres` reads and writes without features.
const NATIVE: &[(&str, &str)] = &[
    ("boolean", "bool"),
    ("smallint", "i16"),
    ("integer", "i32"),
    ("bigint", "i64"),
    ("real", "f32"),
    ("double precision", "f64"),
    ("text", "String"),
    ("bytea", "Vec<u8>"),
    ("oid", "u32"),
];

/// A column as the module sees it.
struct Place<'m> {
    member: Member<'m>,
    /// The Rust type; other types than the native ones pass as text.
    rust: String,
    as_text: bool,
}

/// The module.
pub(crate) fn program(model: &Model) -> String {
    let name = &model.name;
    let places: Vec<Place<'_>> = model
        .members()
        .into_iter()
        .map(|member| place(model, member))
        .collect();
    let (mut declared, mut read, mut sent) = (String::new(), String::new(), String::new());
    let mut selected = Vec::new();
    for Place {
        member: Member { column, field, .. },
        rust,
        as_text,
    } in &places
    {
        let sql = identifier(&column.name);
        let _ = writeln!(
            declared,
            "    /// {}\n    pub {field}: {rust},",
            about(column, model.key())
        );
        let _ = writeln!(
            read,
            "            {field}: row.try_get({})?,",
            text(&column.name)
        );
        selected.push(if *as_text {
            format!("{sql}::text as {sql}")
        } else {
            sql
        });
        if !is_generated(column) {
            let has_default = column.default.is_some() || column.identity.is_some();
            let _ = writeln!(
                sent,
                "        columns.push(({}, {}, &self.{field} as &(dyn ToSql + Sync), {}));",
                text(&identifier(&column.name)),
                text(&cast(*as_text, &column.type_name)),
                match has_default {
                    true => format!("self.{field} == <{rust}>::default()"),
                    false => "false".into(),
                },
            );
        }
    }
    let key: Vec<&Place<'_>> = model
        .key()
        .iter()
        .filter_map(|name| {
            places
                .iter()
                .find(|place| place.member.column.name == *name)
        })
        .collect();
    let by_key = if key.is_empty() {
        String::new()
    } else {
        by_key(&key)
    };
    format!(
        "//! {table} as a Rust type, for programs with tokio-postgres. Made by Rowcell's %model.
//!
//! Types that tokio-postgres does not read by itself are read and written as text.
#![allow(dead_code)]

use tokio_postgres::types::ToSql;
use tokio_postgres::{{Error, GenericClient, Row}};

/// {about}
#[derive(Clone, Debug, Default, PartialEq)]
pub struct {name} {{
{declared}}}

impl {name} {{
    const TABLE: &'static str = {table_sql};
    const COLUMNS: &'static str = {columns};

    /// The struct of a row that has all columns.
    fn read(row: &Row) -> Result<Self, Error> {{
        Ok({name} {{
{read}        }})
    }}

    /// All rows.
    pub async fn all(client: &impl GenericClient) -> Result<Vec<Self>, Error> {{
        Self::filter(client, \"true\", &[]).await
    }}

    /// The rows for which a condition of SQL holds.
    pub async fn filter(
        client: &impl GenericClient,
        condition: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> Result<Vec<Self>, Error> {{
        let sql = format!(\"select {{}} from {{}} where {{condition}}\", Self::COLUMNS, Self::TABLE);
        client.query(&sql, parameters).await?.iter().map(Self::read).collect()
    }}

    /// Inserts it, and answers it as it is in the table. What is empty and has a default is left to
    /// that.
    pub async fn insert(&self, client: &impl GenericClient) -> Result<Self, Error> {{
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
        for (name, cast, value, left_out) in self.columns() {{
            if !left_out {{
                parameters.push(value);
                names.push(name);
                values.push(format!(\"${{}}{{cast}}\", parameters.len()));
            }}
        }}
        let values = match names.is_empty() {{
            true => \"default values\".to_owned(),
            false => format!(\"({{}}) values ({{}})\", names.join(\", \"), values.join(\", \")),
        }};
        let sql = format!(\"insert into {{}} {{values}} returning {{}}\", Self::TABLE, Self::COLUMNS);
        Self::read(&client.query_one(&sql, &parameters).await?)
    }}
{by_key}
    /// The columns that may be written: name, cast, value, and whether the default would do.
    fn columns(&self) -> Vec<(&'static str, &'static str, &(dyn ToSql + Sync), bool)> {{
        let mut columns = Vec::new();
{sent}        columns
    }}
}}
",
        table = one_line(&model.relation.full_name()),
        about = one_line(&model.about()),
        table_sql = text(&model.table()),
        columns = text(&selected.join(", ")),
    )
}

fn place<'m>(model: &'m Model, member: Member<'m>) -> Place<'m> {
    let type_name = &*member.column.type_name;
    let native = NATIVE.iter().find(|(name, _)| *name == type_name);
    let is_text = matches!(
        type_name.split('(').next(),
        Some("character varying" | "character" | "name" | "bpchar")
    );
    let (rust, as_text) = match native {
        Some((_, rust)) => ((*rust).to_owned(), false),
        None if is_text => ("String".to_owned(), false),
        None => ("String".to_owned(), true),
    };
    // A domain is told as itself, and read as what it is made from.
    let rust = match (native, model.made.rust(type_name)) {
        (None, Rust::Known(_) | Rust::Enum(_) | Rust::Enums(_)) | (Some(_), _) => rust,
    };
    let rust = if member.column.nullable {
        format!("Option<{rust}>")
    } else {
        rust
    };
    Place {
        member,
        rust,
        as_text,
    }
}

/// What a parameter that passes as text is cast to.
fn cast(as_text: bool, type_name: &str) -> String {
    if as_text {
        format!("::text::{type_name}")
    } else {
        String::new()
    }
}

/// What takes a primary key.
fn by_key(key: &[&Place<'_>]) -> String {
    let condition = |before: &str| {
        let parts = key.iter().enumerate().map(|(index, place)| {
            let number = match before {
                "" => format!("${}", index + 1),
                before => format!("${{{before} + {}}}", index + 1),
            };
            let name = identifier(&place.member.column.name);
            format!(
                "{name} = {number}{}",
                cast(place.as_text, &place.member.column.type_name)
            )
        });
        parts.collect::<Vec<_>>().join(" and ")
    };
    let list = |each: &dyn Fn(&Place<'_>) -> String| {
        key.iter()
            .map(|place| each(place))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let arguments = list(&|place| format!("{}: &{}", place.member.field, place.rust));
    let values = list(&|place| place.member.field.clone());
    let own = list(&|place| format!("&self.{}", place.member.field));
    let escaped = |text: String| text.replace('\\', "\\\\").replace('"', "\\\"");
    let (plain, numbered) = (escaped(condition("")), escaped(condition("before")));
    format!(
        "
    /// The row with this key.
    pub async fn find(client: &impl GenericClient, {arguments}) -> Result<Option<Self>, Error> {{
        let rows = Self::filter(client, \"{plain}\", &[{values}]).await?;
        Ok(rows.into_iter().next())
    }}

    /// Writes all of it over the row with its key; nothing where there is none any more.
    pub async fn update(&self, client: &impl GenericClient) -> Result<Option<Self>, Error> {{
        let mut sets = Vec::new();
        let mut parameters: Vec<&(dyn ToSql + Sync)> = Vec::new();
        for (name, cast, value, _) in self.columns() {{
            parameters.push(value);
            sets.push(format!(\"{{name}} = ${{}}{{cast}}\", parameters.len()));
        }}
        let before = parameters.len();
        let own: [&(dyn ToSql + Sync); {count}] = [{own}];
        parameters.extend(own);
        let condition = Self::key(before);
        let sql = format!(
            \"update {{}} set {{}} where {{condition}} returning {{}}\",
            Self::TABLE,
            sets.join(\", \"),
            Self::COLUMNS
        );
        client.query_opt(&sql, &parameters).await?.as_ref().map(Self::read).transpose()
    }}

    /// Deletes it; false where it was not there any more.
    pub async fn delete(&self, client: &impl GenericClient) -> Result<bool, Error> {{
        let sql = format!(\"delete from {{}} where {{}}\", Self::TABLE, Self::key(0));
        Ok(client.execute(&sql, &[{own}]).await? > 0)
    }}

    /// The condition for its key, with so many parameters before.
    fn key(before: usize) -> String {{
        {key_text}
    }}
",
        count = key.len(),
        key_text = key_text(&numbered, key.len()),
    )
}

/// `format!` with the numbers of the parameters put in.
fn key_text(numbered: &str, count: usize) -> String {
    let mut text = numbered.to_owned();
    let mut numbers = Vec::new();
    for index in 1..=count {
        text = text.replace(&format!("{{before + {index}}}"), "{}");
        numbers.push(format!("before + {index}"));
    }
    format!("format!(\"{text}\", {})", numbers.join(", "))
}
