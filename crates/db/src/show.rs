//! Rows as the last expression of a cell: the kernel shows them as it shows a result.

use std::fmt::Write as _;

use crate::record::Record;
use crate::row::Row;
use crate::types::Type;

/// Rows beyond as many are counted, not sent to be shown.
const MOST: usize = 1000;
/// The MIME type under which the kernel takes them.
const MIME: &str = "application/x-rowcell-table";

/// What is shown as a table. The name of its method is what the Rust cell's evaluator looks for.
pub trait Show {
    /// Shows it.
    fn evcxr_display(&self);
}

impl<T: Record> Show for [T] {
    fn evcxr_display(&self) {
        let columns = T::FIELDS
            .iter()
            .map(|field| (field.name(), field.type_name().into_owned()));
        let rows = self.iter().take(MOST);
        let rows = rows.map(|row| row.write().into_iter().map(|value| value.text).collect());
        print(&table(columns, rows, self.len()));
    }
}

impl<T: Record> Show for Vec<T> {
    fn evcxr_display(&self) {
        self.as_slice().evcxr_display();
    }
}

impl Show for Vec<Row> {
    fn evcxr_display(&self) {
        let columns = self.first().map(Row::columns).unwrap_or_default();
        let names = columns.iter().map(|column| {
            let name = Type::of(column).name;
            (column.name.as_str(), name.to_owned())
        });
        let rows = self.iter().take(MOST).map(|row| {
            let text = |number| row.text(number).ok().flatten().map(str::to_owned);
            (0..columns.len()).map(text).collect()
        });
        print(&table(names, rows, self.len()));
    }
}

/// `{"columns":[[name,type]],"rows":[[value]],"total":n}`.
fn table<'c>(
    columns: impl Iterator<Item = (&'c str, String)>,
    rows: impl Iterator<Item = Vec<Option<String>>>,
    total: usize,
) -> String {
    let mut out = String::from("{\"columns\":[");
    for (index, (name, type_name)) in columns.enumerate() {
        out.push_str(if index > 0 { ",[" } else { "[" });
        string(&mut out, name);
        out.push(',');
        string(&mut out, &type_name);
        out.push(']');
    }
    out.push_str("],\"rows\":[");
    for (index, row) in rows.enumerate() {
        out.push_str(if index > 0 { ",[" } else { "[" });
        for (index, value) in row.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            match value {
                None => out.push_str("null"),
                Some(value) => string(&mut out, value),
            }
        }
        out.push(']');
    }
    let _ = write!(out, "],\"total\":{total}}}");
    out
}

/// A JSON string.
fn string(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c < ' ' => {
                let _ = write!(out, "\\u{:04x}", c as u32);
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

fn print(table: &str) {
    println!("EVCXR_BEGIN_CONTENT {MIME}\n{table}\nEVCXR_END_CONTENT");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_json() {
        let rows = [vec![Some("a \"b\"\n".to_owned()), None]].into_iter();
        let columns = [("n", "text".to_owned()), ("m", "int4".to_owned())].into_iter();
        assert_eq!(
            table(columns, rows, 7),
            r#"{"columns":[["n","text"],["m","int4"]],"rows":[["a \"b\"\u000a",null]],"total":7}"#
        );
    }
}
