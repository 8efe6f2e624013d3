//! A temporary table of structs, and names as SQL writes them.

use crate::connection::Db;
use crate::error::{Error, Result};
use crate::parameter::Parameter;
use crate::record::Record;

/// Rows that are sent with one statement.
pub(crate) const ROWS: usize = 500;

impl Db {
    /// Makes a temporary table of these rows, in place of one that has the name. Says how many
    /// there are.
    ///
    /// # Errors
    /// The server's; nothing is left behind then.
    pub fn table<T: Record>(&self, name: &str, rows: &[T]) -> Result<u64> {
        if T::FIELDS.is_empty() {
            return Err(Error::new("a table needs a column"));
        }
        let name = identifier(name);
        if self.about()?.query_service {
            return append_only(self, &name, rows);
        }
        self.transaction(|t| {
            let there = t.query_one(
                "select to_regclass($1) is not null",
                &[&format!("pg_temp.{name}")],
            )?;
            if there.get(0)? {
                t.execute(&format!("drop table pg_temp.{name}"), &[])?;
            }
            let columns: Vec<String> = T::FIELDS
                .iter()
                .map(|field| format!("{} {}", identifier(field.name()), field.type_name()))
                .collect();
            t.execute(
                &format!("create temporary table {name} ({})", columns.join(", ")),
                &[],
            )?;
            for rows in rows.chunks(ROWS) {
                let mut parameters = Vec::new();
                let values: Vec<String> = rows
                    .iter()
                    .map(|row| tuple(row.write(), &mut parameters))
                    .collect();
                let sql = format!("insert into pg_temp.{name} values {}", values.join(", "));
                t.run(sql, parameters)?.finish()?;
            }
            Ok(rows.len() as u64)
        })
    }
}

/// Where nothing but `create table … as select` makes a table.
fn append_only<T: Record>(db: &Db, name: &str, rows: &[T]) -> Result<u64> {
    let Some((query, parameters)) = as_query(rows) else {
        return Err(Error::new("Query Service makes no table without a row"));
    };
    let sql = format!("create temp table {name} as {query}");
    db.run(sql, parameters)?.finish()?;
    Ok(rows.len() as u64)
}

/// The rows as a query that answers them; none where there are none.
pub(crate) fn as_query<T: Record>(rows: &[T]) -> Option<(String, Vec<Parameter>)> {
    let mut parameters = Vec::new();
    let selects: Vec<String> = rows
        .iter()
        .map(|row| {
            let values = row
                .write()
                .into_iter()
                .zip(T::FIELDS)
                .map(|(value, field)| {
                    parameters.push(value);
                    format!("${} as {}", parameters.len(), identifier(field.name()))
                });
            format!("select {}", values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    (!selects.is_empty()).then(|| (selects.join(" union all "), parameters))
}

/// `($1, $2)` for values that are added to the parameters.
fn tuple(values: Vec<Parameter>, parameters: &mut Vec<Parameter>) -> String {
    let numbers = values.into_iter().map(|value| {
        parameters.push(value);
        format!("${}", parameters.len())
    });
    format!("({})", numbers.collect::<Vec<_>>().join(", "))
}

/// A name as SQL reads it whatever is in it.
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
