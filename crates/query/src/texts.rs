//! Small tables of our own making, whose values are all texts.

use display::{Column, Kind, Row, Table};

/// A row of these values.
pub(crate) fn row<const N: usize>(texts: [&str; N]) -> Row {
    texts.map(|text| Some(text.to_owned())).to_vec()
}

/// Columns of these names.
pub(crate) fn columns<const N: usize>(names: [&str; N]) -> Vec<Column> {
    names.map(|name| Column::new(name, "", Kind::Text)).to_vec()
}

/// A table without a line for the number of its rows, and without those columns, beyond the first
/// two, that say nothing.
pub(crate) fn table<const N: usize>(heads: [&str; N], mut rows: Vec<Row>) -> Table {
    let says = |row: &Row, at: usize| row[at].as_ref().is_some_and(|text| !text.is_empty());
    let told: Vec<bool> = (0..N)
        .map(|at| at < 2 || rows.iter().any(|row| says(row, at)))
        .collect();
    for row in &mut rows {
        let mut told = told.iter();
        row.retain(|_| told.next() == Some(&true));
    }
    let columns = columns(heads).into_iter().zip(told);
    let columns = columns.filter(|(_, told)| *told).map(|(column, _)| column);
    Table {
        footers: Some(Vec::new()),
        ..Table::new(columns.collect(), rows)
    }
}
