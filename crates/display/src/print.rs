//! The print settings, those that psql's `\x` and `\pset` change, and the way to the right printer.

use crate::width::is_left_out;
use crate::{Table, aligned, csv, expanded, unaligned};

/// How a table is printed; the default is psql's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Print {
    /// `\pset format`.
    pub format: Format,
    /// `\x`.
    pub expanded: Expanded,
    /// `\pset border`: 0 none, 1 between columns, 2 around the table (more counts as 2).
    pub border: u8,
    /// `\pset null`: what NULL is printed as. Text only: the HTML table always tells NULL from
    /// text.
    pub null: String,
    /// `\t`: rows only, no names, title or footer.
    pub tuples_only: bool,
    /// `\pset footer`: whether `(n rows)` is printed.
    pub footer: bool,
    /// `\pset fieldsep`, between the values of the unaligned format.
    pub field_separator: String,
    /// `\pset recordsep`, between the rows of the unaligned format.
    pub record_separator: String,
    /// `\pset columns`: the width, in terminal columns, that [`Expanded::Auto`] tries to keep to; 0
    /// is no width.
    pub columns: usize,
}

/// psql's output formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Columns padded to a grid.
    #[default]
    Aligned,
    /// One row a line, values as they are with a separator between.
    Unaligned,
    /// Comma-separated values, quoted as RFC 4180 says.
    Csv,
}

/// Whether a row is shown as a block of lines, one a column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Expanded {
    /// Never.
    #[default]
    Off,
    /// Always.
    On,
    /// When the table is wider than [`Print::columns`].
    Auto,
}

impl Default for Print {
    fn default() -> Self {
        Self {
            format: Format::Aligned,
            expanded: Expanded::Off,
            border: 1,
            null: String::new(),
            tuples_only: false,
            footer: true,
            field_separator: "|".into(),
            record_separator: "\n".into(),
            columns: 0,
        }
    }
}

impl Table {
    /// What psql 15 prints for this table, without the line ends that close it.
    pub(crate) fn printed(&self, print: &Print) -> String {
        let expanded = print.expanded == Expanded::On;
        let mut out = match (print.format, expanded) {
            (Format::Aligned, true) => expanded::text(self, print),
            (Format::Aligned, false) => aligned::text(self, print),
            (Format::Unaligned, true) => unaligned::expanded(self, print),
            (Format::Unaligned, false) => unaligned::text(self, print),
            (Format::Csv, true) => csv::expanded(self, print),
            (Format::Csv, false) => csv::text(self, print),
        };
        out.retain(|c| !is_left_out(c));
        if out.ends_with('\n') {
            out.pop();
        }
        out
    }

    /// The title, where it is to be printed.
    pub(crate) fn shown_title(&self, print: &Print) -> Option<&str> {
        self.title.as_deref().filter(|_| !print.tuples_only)
    }

    /// The lines below the table; without any set, `(n rows)` where `counted`.
    pub(crate) fn shown_footers(&self, print: &Print, counted: bool) -> Vec<String> {
        let mut lines = match &self.footers {
            _ if print.tuples_only => vec![],
            Some(footers) => footers.clone(),
            None if counted && print.footer && self.is_whole() => {
                vec![format!("({} {})", self.total, plural(self.total))]
            }
            None => vec![],
        };
        lines.extend(self.part());
        lines
    }

    /// What part of the rows is shown, in words; nothing when it is all of them.
    pub(crate) fn part(&self) -> Option<String> {
        let (shown, total) = (self.rows.len(), self.total);
        let rows = plural(total);
        match (self.running, self.is_whole()) {
            (true, _) => Some(format!("({shown} of {total} {rows} so far)")),
            (false, false) => Some(format!("({shown} of {total} {rows} shown)")),
            (false, true) => None,
        }
    }
}

pub(crate) fn plural(rows: u64) -> &'static str {
    if rows == 1 { "row" } else { "rows" }
}
