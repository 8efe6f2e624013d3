//! psql's CSV format: quoted only where it must be, `\n` at line ends, no title.

use crate::{Print, Table};

/// The names, then one row a line.
pub(crate) fn text(table: &Table, print: &Print) -> String {
    let mut out = String::new();
    if !print.tuples_only {
        record(
            &mut out,
            table.columns.iter().map(|column| column.name.as_str()),
        );
    }
    if !table.columns.is_empty() {
        for row in &table.rows {
            let values = (0..table.columns.len()).map(|i| table.value(row, i, &print.null));
            record(&mut out, values);
        }
    }
    part(out, table)
}

/// One name and value a line.
pub(crate) fn expanded(table: &Table, print: &Print) -> String {
    let mut out = String::new();
    for row in &table.rows {
        for (i, column) in table.columns.iter().enumerate() {
            record(
                &mut out,
                [column.name.as_str(), table.value(row, i, &print.null)].into_iter(),
            );
        }
    }
    part(out, table)
}

fn record<'a>(out: &mut String, fields: impl Iterator<Item = &'a str>) {
    for (i, field) in fields.enumerate() {
        if i > 0 {
            out.push(',');
        }
        // A line of `\.` alone would end the data where the server reads it again.
        if field.contains([',', '"', '\r', '\n']) || field == "\\." {
            out.push('"');
            *out += &field.replace('"', "\"\"");
            out.push('"');
        } else {
            *out += field;
        }
    }
    out.push('\n');
}

fn part(mut out: String, table: &Table) -> String {
    if let Some(part) = table.part() {
        out += &part;
        out.push('\n');
    }
    out
}
