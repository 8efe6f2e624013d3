//! A table as a module for programs: the same struct, on `tokio-postgres` alone.
//!
//! What it uses of other crates it names by its path: any name of a type may be the table's.

use std::fmt::Write as _;

use super::model::{Member, Model, about, has_default, is_generated, one_line};
use super::names::{Names, text};
use super::types::without_modifier;
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
    ("character varying", "String"),
    ("character", "String"),
    ("bpchar", "String"),
    ("name", "String"),
    ("bytea", "Vec<u8>"),
    ("oid", "u32"),
];

/// A column as the module sees it.
struct Place<'m> {
    member: Member<'m>,
    /// The Rust type.
    rust: String,
    /// Whether it is none of the native types, and read as text.
    as_text: bool,
    /// What follows a parameter, so that the driver may send it as the Rust type goes.
    cast: String,
}

/// The module.
pub(crate) fn program(model: &Model) -> String {
    let name = &model.name;
    let members = model.members().into_iter();
    let places: Vec<Place<'_>> = members.map(|member| place(model, member)).collect();
    let (mut declared, mut read, mut sent) = (String::new(), String::new(), String::new());
    let mut selected = Vec::new();
    for Place {
        member: Member { column, field, .. },
        rust,
        as_text,
        cast,
    } in &places
    {
        let sql = identifier(&column.name);
        let about = about(column, model.key());
        // Writing to a string does not fail.
        let _ = writeln!(declared, "    /// {about}\n    pub {field}: {rust},");
        let in_row = text(&column.name);
        let _ = writeln!(read, "            {field}: row.try_get({in_row})?,");
        if !is_generated(column) {
            let left_out = match has_default(column) {
                true => format!("self.{field} == <{rust}>::default()"),
                false => "false".into(),
            };
            let (sql, cast) = (text(&sql), text(cast));
            let _ = writeln!(
                sent,
                "            ({sql}, {cast}, &self.{field}, {left_out}),"
            );
        }
        selected.push(match as_text {
            true => format!("{sql}::text as {sql}"),
            false => sql,
        });
    }
    if selected.is_empty() {
        // A list of columns cannot be empty.
        selected.push("null".into());
    }
    let row = if places.is_empty() { "_" } else { "row" };
    let named = |name: &String| {
        places
            .iter()
            .find(|place| place.member.column.name == *name)
    };
    let key: Vec<&Place<'_>> = model.key().iter().filter_map(named).collect();
    let by_key = match key.is_empty() {
        true => String::new(),
        false => by_key(&key, !sent.is_empty()),
    };
    format!(
        "//! {table} as a Rust type, for programs with tokio-postgres. Made by Rowcell's %model.
//!
//! Types that tokio-postgres does not read by itself are read and written as text.
#![allow(dead_code)]

use tokio_postgres::types;

/// {about}
#[derive(Clone, Debug, Default, PartialEq)]
pub struct {name} {{
{declared}}}

impl {name} {{
    const TABLE: &'static str = {table_sql};
    const COLUMNS: &'static str = {columns};

    /// The struct of a row that has all columns.
    fn read({row}: &tokio_postgres::Row) -> Result<Self, tokio_postgres::Error> {{
        Ok({name} {{
{read}        }})
    }}

    /// All rows.
    pub async fn all(
        client: &impl tokio_postgres::GenericClient,
    ) -> Result<Vec<Self>, tokio_postgres::Error> {{
        Self::filter(client, \"true\", &[]).await
    }}

    /// The rows for which a condition of SQL holds.
    pub async fn filter(
        client: &impl tokio_postgres::GenericClient,
        condition: &str,
        parameters: &[&(dyn types::ToSql + Sync)],
    ) -> Result<Vec<Self>, tokio_postgres::Error> {{
        let sql = format!(\"select {{}} from {{}} where {{condition}}\", Self::COLUMNS, Self::TABLE);
        client.query(&sql, parameters).await?.iter().map(Self::read).collect()
    }}

    /// Inserts it, and answers it as it is in the table. What is empty and has a default is left to
    /// that.
    pub async fn insert(
        &self,
        client: &impl tokio_postgres::GenericClient,
    ) -> Result<Self, tokio_postgres::Error> {{
        let (mut names, mut values) = (Vec::new(), Vec::new());
        let mut parameters: Vec<&(dyn types::ToSql + Sync)> = Vec::new();
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
    fn columns(&self) -> Vec<(&'static str, &'static str, &(dyn types::ToSql + Sync), bool)> {{
        vec![
{sent}        ]
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
    // The server tells a domain as what it is made from, but takes no such parameter for one.
    let base = model.made.base(type_name);
    let plain = without_modifier(base);
    let native = NATIVE.iter().find(|(name, _)| *name == plain);
    let (rust, cast) = match native {
        Some((_, "String")) if base != type_name => ("String", "::text".to_owned()),
        Some((_, rust)) if base != type_name => (*rust, format!("::{plain}")),
        Some((_, rust)) => (*rust, String::new()),
        // What is no name of a type, whatever the server calls it, goes as the text it is.
        None => match unlimited(type_name) {
            Some(plain) => ("String", format!("::text::{plain}")),
            None => ("String", "::text".to_owned()),
        },
    };
    let rust = match member.column.nullable {
        true => format!("Option<{rust}>"),
        false => rust.to_owned(),
    };
    Place {
        member,
        rust,
        as_text: native.is_none(),
        cast,
    }
}

/// A type as a cast that cuts nothing off: the column itself refuses what is too long for it. None where
/// it is no name, with which a statement would say something else.
fn unlimited(type_name: &str) -> Option<String> {
    let plain = without_modifier(type_name);
    let (element, array) = match plain.strip_suffix("[]") {
        Some(element) => (element, "[]"),
        None => (plain.as_str(), ""),
    };
    let element = match element {
        // Without their lengths these two are one bit and one character long.
        "bit" => "\"bit\"",
        "character" => "bpchar",
        element if element.starts_with("interval ") => "interval",
        element => element,
    };
    let mut quoted = false;
    let is_name = element.chars().all(|c| {
        quoted ^= c == '"';
        quoted || c == '"' || c.is_alphanumeric() || matches!(c, ' ' | '_' | '.' | '$')
    });
    (is_name && !quoted).then(|| format!("{element}{array}"))
}

/// What takes a primary key.
fn by_key(key: &[&Place<'_>], is_written: bool) -> String {
    let mut names = Names::without(&["client"]);
    let (mut arguments, mut given, mut columns, mut own) = (String::new(), vec![], vec![], vec![]);
    for place in key {
        let Member { column, field, .. } = &place.member;
        let name = names.field(&column.name);
        // Writing to a string does not fail.
        let _ = writeln!(arguments, "        {name}: &{},", place.rust);
        given.push(name);
        let (sql, cast) = (text(&identifier(&column.name)), text(&place.cast));
        columns.push(format!("({sql}, {cast})"));
        own.push(format!("&self.{field}"));
    }
    let (given, columns, own) = (given.join(", "), columns.join(", "), own.join(", "));
    let update = match is_written {
        true => UPDATE.replace("OWN", &own),
        false => String::new(),
    };
    format!(
        "
    /// The columns of its key, with their casts.
    const KEY: &'static [(&'static str, &'static str)] = &[{columns}];

    /// The row with this key.
    pub async fn find(
        client: &impl tokio_postgres::GenericClient,
{arguments}    ) -> Result<Option<Self>, tokio_postgres::Error> {{
        let rows = Self::filter(client, &Self::key(0), &[{given}]).await?;
        Ok(rows.into_iter().next())
    }}
{update}
    /// Deletes it; false where it was not there any more.
    pub async fn delete(
        &self,
        client: &impl tokio_postgres::GenericClient,
    ) -> Result<bool, tokio_postgres::Error> {{
        let sql = format!(\"delete from {{}} where {{}}\", Self::TABLE, Self::key(0));
        Ok(client.execute(&sql, &[{own}]).await? > 0)
    }}

    /// The condition for its key, with so many parameters before.
    fn key(before: usize) -> String {{
        let columns = Self::KEY.iter().zip(before + 1..);
        let parts = columns.map(|((name, cast), number)| format!(\"{{name}} = ${{number}}{{cast}}\"));
        parts.collect::<Vec<_>>().join(\" and \")
    }}
"
    )
}

/// `OWN` stands for the values of the key.
const UPDATE: &str = "
    /// Writes all of it over the row with its key; nothing where there is none any more.
    pub async fn update(
        &self,
        client: &impl tokio_postgres::GenericClient,
    ) -> Result<Option<Self>, tokio_postgres::Error> {
        let mut sets = Vec::new();
        let mut parameters: Vec<&(dyn types::ToSql + Sync)> = Vec::new();
        for (name, cast, value, _) in self.columns() {
            parameters.push(value);
            sets.push(format!(\"{name} = ${}{cast}\", parameters.len()));
        }
        let condition = Self::key(parameters.len());
        let own: &[&(dyn types::ToSql + Sync)] = &[OWN];
        parameters.extend(own);
        let sql = format!(
            \"update {} set {} where {condition} returning {}\",
            Self::TABLE,
            sets.join(\", \"),
            Self::COLUMNS
        );
        client.query_opt(&sql, &parameters).await?.as_ref().map(Self::read).transpose()
    }
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cast_is_a_type_and_nothing_else() {
        let check = |name: &str, cast: Option<&str>| {
            assert_eq!(unlimited(name).as_deref(), cast, "{name}");
        };
        check("numeric(10,2)", Some("numeric"));
        check(
            "timestamp(3) with time zone[]",
            Some("timestamp with time zone[]"),
        );
        check("bit(3)", Some("\"bit\""));
        check(
            "\"Odd; \"\"Schema\"\"\".\"M ood\"",
            Some("\"Odd; \"\"Schema\"\"\".\"M ood\""),
        );
        check("text); create table pwned(); --", None);
        check("text), (select 1", None);
        check("text/**/", None);
        check("\"a", None);
        check("'x'", None);
    }
}
