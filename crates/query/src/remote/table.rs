//! Rows that a Rust cell shows: the same table that a SQL cell shows.

use display::{Bundle, Column, Kind, Row, Table};
use serde_json::Value;

use crate::query::Query;

impl Query {
    /// The table of what the `db` crate hands over; nothing where it is none.
    pub async fn rust_table(&self, json: &str) -> Option<Bundle> {
        let settings = self.settings.lock().await;
        let mut table = table(json)?;
        table.rows.truncate(settings.rows_shown);
        Some(table.bundle(&settings.print))
    }
}

/// `{"columns":[[name,type]],"rows":[[value]],"total":n}`.
fn table(json: &str) -> Option<Table> {
    let value: Value = serde_json::from_str(json).ok()?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    let column = |column: &Value| {
        let type_name = text(column.get(1)?)?;
        Some(Column::new(
            text(column.get(0)?)?,
            &type_name,
            kind(&type_name),
        ))
    };
    let columns = value.get("columns")?.as_array()?.iter().map(column);
    let row = |row: &Value| Some(row.as_array()?.iter().map(text).collect());
    let rows = value.get("rows")?.as_array()?.iter().map(row);
    let rows: Vec<Row> = rows.collect::<Option<_>>()?;
    let mut table = Table::new(columns.collect::<Option<_>>()?, rows);
    table.total = value.get("total")?.as_u64()?;
    Some(table)
}

/// How values of a type are shown, by its name.
fn kind(type_name: &str) -> Kind {
    let plain = type_name.split('(').next().unwrap_or_default();
    match plain {
        _ if type_name.ends_with("[]") => Kind::Array,
        "int2" | "int4" | "int8" | "float4" | "float8" | "numeric" | "smallint" | "integer"
        | "bigint" | "real" | "double precision" | "oid" | "money" => Kind::Number,
        "bool" | "boolean" => Kind::Boolean,
        "text" | "character varying" | "character" | "name" | "bpchar" | "\"char\"" => Kind::Text,
        "json" | "jsonb" => Kind::Json,
        "bytea" => Kind::Bytes,
        "xml" => Kind::Xml,
        _ if plain.starts_with("time") || matches!(plain, "date" | "interval") => Kind::Time,
        _ => Kind::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_a_table() {
        let json =
            r#"{"columns":[["n","text"],["m","int4"]],"rows":[["a",null],["b","7"]],"total":9}"#;
        let table = table(json).unwrap();
        assert_eq!(
            table.text(&display::Print::default()),
            " n | m \n---+---\n a |  \n b | 7\n(2 of 9 rows shown)"
        );
        assert!(super::table("{}").is_none());
    }
}
