//! A table: columns, rows as the server printed them, and what is to be said about them.

use std::collections::HashMap;

use crate::{Bundle, Print, html};

/// One row: the server's own text of each value; `None` is NULL.
pub type Row = Vec<Option<String>>;

/// A column as the server described it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The name as the server sent it: may be empty, and two columns may share one.
    pub name: String,
    /// The type as `format_type` prints it, such as `integer` or `numeric(10,2)`; empty when
    /// unknown.
    pub type_name: String,
    /// How its values are shown.
    pub kind: Kind,
}

/// What a column's values are, as far as showing them goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The types psql prints right-aligned: `int2`, `int4`, `int8`, `float4`, `float8`, `numeric`,
    /// `oid`, `xid`, `xid8`, `cid` and `money`. No other type may have this kind.
    Number,
    /// `boolean`, whose values are `t` and `f`.
    Boolean,
    /// `text`, `varchar`, `char`, `name` and alike.
    Text,
    /// `json` and `jsonb`.
    Json,
    /// `xml`.
    Xml,
    /// `bytea`.
    Bytes,
    /// Dates, times, timestamps and intervals.
    Time,
    /// An array of any type.
    Array,
    /// A row type or an anonymous record.
    Composite,
    /// Everything else.
    Other,
}

/// A result to be shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// A line above the table, as `\d` and `\C` set it.
    pub title: Option<String>,
    /// The columns; may be none (`select;`).
    pub columns: Vec<Column>,
    /// The rows to show, each with one value a column.
    pub rows: Vec<Row>,
    /// The values of which `rows` holds no more than the start: by row and column, with how many
    /// characters each has.
    pub cut: HashMap<(usize, usize), u64>,
    /// How many rows the server answered: more than `rows` holds where the rest is not shown.
    pub total: u64,
    /// Lines in place of psql's `(n rows)`, as `\d` sets them.
    pub footers: Option<Vec<String>>,
    /// Remarks for the line below the HTML table, such as `12 ms`. Not part of psql's text.
    pub notes: Vec<String>,
    /// The statement is still running: `total` is what has arrived so far.
    pub running: bool,
}

impl Column {
    /// A column of this name, type and kind.
    pub fn new(name: impl Into<String>, type_name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            type_name: type_name.into(),
            kind,
        }
    }
}

impl Table {
    /// A table of all rows that the server answered.
    pub fn new(columns: Vec<Column>, rows: Vec<Row>) -> Self {
        Self {
            columns,
            total: rows.len() as u64,
            rows,
            ..Self::default()
        }
    }

    /// The table with nothing in the place of NULL: for lists of our own, where it is no value.
    pub fn without_nulls(mut self) -> Self {
        for value in self.rows.iter_mut().flatten() {
            value.get_or_insert_default();
        }
        self
    }

    /// Both forms for a notebook: `text/html` and `text/plain`, together at most 500 kB.
    pub fn bundle(&self, print: &Print) -> Bundle {
        let text = self.text(print);
        let html = self.html_within(print, html::LIMIT - text.len());
        Bundle::plain(text).with("text/html", html)
    }

    /// Whether these are all the rows there will be.
    pub(crate) fn is_whole(&self) -> bool {
        !self.running && self.total <= self.rows.len() as u64
    }

    /// The value at this place as it is printed, `null` standing for NULL and for no value.
    pub(crate) fn value<'a>(&self, row: &'a Row, column: usize, null: &'a str) -> &'a str {
        row.get(column).and_then(Option::as_deref).unwrap_or(null)
    }
}
