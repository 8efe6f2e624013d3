//! psql's unaligned format: one row a line, values as they are with a separator between.

use crate::{Print, Table};

/// One row a line, the names above.
pub(crate) fn text(table: &Table, print: &Print) -> String {
    let mut records = vec![];
    records.extend(table.shown_title(print).map(String::from));
    if !print.tuples_only {
        let names: Vec<_> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        records.push(names.join(&print.field_separator));
    }
    if !table.columns.is_empty() {
        records.extend(table.rows.iter().map(|row| {
            let values: Vec<_> = (0..table.columns.len())
                .map(|i| table.value(row, i, &print.null))
                .collect();
            values.join(&print.field_separator)
        }));
    }
    records.extend(table.shown_footers(print, true));
    end(records.join(&print.record_separator))
}

/// One name and value a line, an empty line between rows.
pub(crate) fn expanded(table: &Table, print: &Print) -> String {
    let mut records = vec![];
    records.extend(table.shown_title(print).map(String::from));
    if !table.columns.is_empty() {
        records.extend(table.rows.iter().map(|row| {
            let pairs: Vec<_> = table
                .columns
                .iter()
                .enumerate()
                .map(|(i, column)| {
                    let value = table.value(row, i, &print.null);
                    format!("{}{}{value}", column.name, print.field_separator)
                })
                .collect();
            pairs.join(&print.record_separator)
        }));
    }
    let footers = table.shown_footers(print, false);
    if !footers.is_empty() {
        records.push(footers.join(&print.record_separator));
    }
    end(records.join(&print.record_separator.repeat(2)))
}

/// The last record ends in a line end, whatever stands between records.
fn end(mut out: String) -> String {
    if !out.is_empty() {
        out.push('\n');
    }
    out
}
