//! A table as HTML for notebooks, readable with every style stripped and safe in an untrusted one:
//! no scripts, no style sheet, no colours of its own, so that it suits a light and a dark page.

use std::collections::HashMap;
use std::fmt::Write;

use crate::markup::{FAINT, PRE, Style, TIGHT, escape, is_indented, is_tall, null, shorten, value};
use crate::print::{Expanded, plural};
use crate::{Column, Kind, Print, Row, Table};

/// A table never becomes larger, in bytes, its text included: saved notebooks and front ends grow
/// slow.
pub(crate) const LIMIT: usize = 500_000;
/// What is kept for everything but names and rows.
const RESERVE: usize = 20_000;
/// How many characters of a value are given at most: the first of these with which all rows fit, or
/// else its row.
const ROOM: [usize; 5] = [20_000, 5_000, 1_000, 200, TIGHT];
/// How many characters of a name, a type or a remark are given.
const SHORT: usize = 200;
/// How many characters all remarks together have.
const REMARKS: usize = 1_000;
/// A single row of so many columns is shown as lines, where that is automatic.
const MANY: usize = 8;

impl Table {
    /// The table as HTML: names with their types, the rows, and a line that says how many.
    ///
    /// Of the settings it heeds `expanded` (where automatic, for a single row of many columns: a wide
    /// table scrolls), `null`, `footer` and `tuples_only` (as for the number of rows). At most 500 kB;
    /// what does not fit is left out, and the line says so.
    pub fn html(&self, print: &Print) -> String {
        self.html_within(print, LIMIT)
    }

    /// The same in at most so many bytes.
    pub(crate) fn html_within(&self, print: &Print, limit: usize) -> String {
        let expanded = match print.expanded {
            Expanded::On => true,
            Expanded::Auto => self.total == 1 && self.columns.len() >= MANY,
            Expanded::Off => false,
        };
        let mut writer = Writer {
            table: self,
            print,
            limit,
            expanded,
            out: String::new(),
            styles: vec![],
            rows: 0,
            columns: 0,
            tight: false,
        };
        writer.out += "<div class=\"tex2jax_ignore mathjax_ignore\">\n";
        if self.columns.is_empty() {
            writer.rows = self.rows.len();
        } else {
            writer.grid();
        }
        writer.below();
        writer.out += "</div>";
        writer.out
    }
}

struct Writer<'a> {
    table: &'a Table,
    print: &'a Print,
    /// How many bytes there may be.
    limit: usize,
    /// One line a column.
    expanded: bool,
    out: String,
    /// How each column's values are set.
    styles: Vec<Style>,
    /// How many rows and columns have found room, …
    rows: usize,
    columns: usize,
    /// … and whether some values had to be cut to a few characters for it.
    tight: bool,
}

impl Writer<'_> {
    fn grid(&mut self) {
        self.out += "<div style=\"overflow:auto\">\n";
        self.out += "<table border=\"1\" class=\"dataframe tex2jax_ignore mathjax_ignore\" \
                     style=\"margin:0\">\n";
        if let Some(title) = &self.table.title {
            self.out += "<caption align=\"left\" style=\"text-align:left;white-space:nowrap\">\
                         <strong>";
            escape(&mut self.out, &shorten(title, SHORT));
            self.out += "</strong></caption>\n";
        }
        let names = names(&self.table.columns);
        self.columns = fitting(&names, self.limit);
        self.styles = styles(self.table, self.columns, self.expanded);
        if self.expanded {
            self.rows_with(|writer, row, room| writer.record(&names, row, room));
        } else {
            self.head(&names);
            self.out += "<tbody>\n";
            self.rows_with(Self::row);
            self.out += "</tbody>\n";
        }
        self.out += "</table>\n</div>\n";
    }

    fn head(&mut self, names: &[String]) {
        self.out += "<thead>\n<tr>";
        for (name, style) in names.iter().zip(&self.styles) {
            let align = if style.right { "right" } else { "left" };
            let _ = write!(
                self.out,
                "<th align=\"{align}\" style=\"text-align:{align}\">{name}</th>"
            );
        }
        self.out += "</tr>\n</thead>\n";
    }

    /// Writes all rows, with their values shortened as needed; if even so there is no room for all,
    /// row after row as long as there is.
    fn rows_with(&mut self, write: impl Fn(&mut Self, &Row, usize)) {
        let start = self.out.len();
        for room in ROOM {
            let all = self.table.rows.iter().all(|row| {
                write(self, row, room);
                self.rows += 1;
                self.out.len() + RESERVE <= self.limit
            });
            if all {
                self.tight = room == TIGHT;
                return;
            }
            self.out.truncate(start);
            self.rows = 0;
        }
        for row in &self.table.rows {
            let start = self.out.len();
            let fits = ROOM.iter().find(|&&room| {
                self.out.truncate(start);
                write(self, row, room);
                self.out.len() + RESERVE <= self.limit
            });
            match fits {
                Some(&room) => self.tight |= room == TIGHT,
                None => return self.out.truncate(start),
            }
            self.rows += 1;
        }
    }

    fn row(&mut self, row: &Row, room: usize) {
        let is_tall = |(style, value): (&Style, &Option<String>)| {
            value
                .as_deref()
                .is_some_and(|value| is_tall(value, style.kind))
        };
        let top = self.styles.iter().zip(row).any(is_tall);
        self.out += "<tr>";
        for i in 0..self.columns {
            self.cell(row, i, top, room);
        }
        self.out += "</tr>\n";
    }

    /// The row as lines of a name and a value, below its number.
    fn record(&mut self, names: &[String], row: &Row, room: usize) {
        let head = "align=\"left\" style=\"text-align:left;vertical-align:top\"";
        let n = grouped(self.rows as u64 + 1);
        let _ = write!(self.out, "<tbody>\n<tr><th colspan=\"2\" {head}>");
        let _ = writeln!(
            self.out,
            "<small style=\"{FAINT}\">record {n}</small></th></tr>"
        );
        for (i, name) in names.iter().take(self.columns).enumerate() {
            let _ = write!(self.out, "<tr><th {head}>{name}</th>");
            self.cell(row, i, true, room);
            self.out += "</tr>\n";
        }
        self.out += "</tbody>\n";
    }

    fn cell(&mut self, row: &Row, i: usize, top: bool, room: usize) {
        if self.out.len() > self.limit {
            return; // This row is going to be written again, or left out.
        }
        let style = Style {
            top,
            room,
            characters: self.table.cut.get(&(self.rows, i)).copied(),
            ..self.styles[i]
        };
        match row.get(i).and_then(Option::as_deref) {
            Some(text) => value(&mut self.out, text, style),
            None => null(&mut self.out, &self.print.null, style),
        }
    }

    /// What stands below: the table's own footers, then how many rows there are and the remarks.
    fn below(&mut self) {
        if let Some(footers) = self
            .table
            .footers
            .as_ref()
            .filter(|footers| !footers.is_empty())
        {
            let _ = write!(self.out, "<pre style=\"{PRE}\"><small>");
            for footer in footers.iter().map(|footer| shorten(footer, SHORT)) {
                if self.out.len() + footer.len() * 6 > self.limit.saturating_sub(RESERVE / 2) {
                    self.out += "…";
                    break;
                }
                escape(&mut self.out, &footer);
                self.out.push('\n');
            }
            self.out += "</small></pre>\n";
        }

        let mut remarks: Vec<_> = self.count().into_iter().collect();
        if self.columns < self.table.columns.len() {
            let (shown, all) = (self.columns, self.table.columns.len());
            remarks.push(format!("{shown} of {all} columns shown: no more fit"));
        }
        if self.tight {
            remarks.push("long values cut to fit".into());
        }
        if !self.table.cut.is_empty() {
            remarks.push("of the longest values only the start is shown".into());
        }
        remarks.extend(self.table.notes.iter().map(|note| shorten(note, SHORT)));
        let remarks = remarks.join(" · ");
        if !remarks.is_empty() {
            let _ = write!(self.out, "<div style=\"{FAINT}\"><small>");
            escape(&mut self.out, &shorten(&remarks, REMARKS));
            self.out += "</small></div>\n";
        }
    }

    /// How many rows there are, and why they are not all here.
    fn count(&self) -> Option<String> {
        let table = self.table;
        let (shown, given, total) = (self.rows as u64, table.rows.len() as u64, table.total);
        let of = |total| format!("{} of {} {}", grouped(shown), grouped(total), plural(total));
        if table.running {
            return Some(format!("{} so far", of(total)));
        }
        if shown < given {
            let size = LIMIT / 1000;
            return Some(format!(
                "{} shown: more would make this output exceed {size} kB",
                of(total)
            ));
        }
        if shown < total {
            return Some(format!("{} shown, %%sql --limit N shows more", of(total)));
        }
        let columns = if table.columns.is_empty() {
            " without columns"
        } else {
            ""
        };
        let wanted = table.footers.is_none() && self.print.footer && !self.print.tuples_only;
        wanted.then(|| format!("{} {}{columns}", grouped(total), plural(total)))
    }
}

/// The columns' names and types. Names that occur again are numbered; a column of the server's that
/// has none is said to have none.
fn names(columns: &[Column]) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for column in columns {
        *times.entry(&column.name).or_default() += 1;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut names = vec![];
    for column in columns {
        let mut out = String::new();
        if column.name.is_empty() && !column.type_name.is_empty() {
            out += "<em>no name</em>";
        } else {
            escape(&mut out, &shorten(&column.name, SHORT));
        }
        if times
            .get(column.name.as_str())
            .is_some_and(|&times| times > 1)
        {
            let n = seen.entry(&column.name).or_default();
            *n += 1;
            let _ = write!(out, " <sub>{n}</sub>");
        }
        if !column.type_name.is_empty() {
            let _ = write!(
                out,
                "<br><small style=\"{FAINT};font-weight:normal;white-space:nowrap\">"
            );
            escape(&mut out, &shorten(&column.type_name, SHORT));
            out += "</small>";
        }
        names.push(out);
    }
    names
}

/// How many columns have names that take no more than half of the room.
fn fitting(names: &[String], limit: usize) -> usize {
    let mut taken = 0;
    let fits = |name: &&String| {
        taken += name.len() + 100;
        taken <= limit / 2
    };
    names.iter().take_while(fits).count()
}

fn styles(table: &Table, columns: usize, expanded: bool) -> Vec<Style> {
    let style = |(i, column): (usize, &Column)| {
        let mut values = table.rows.iter().filter_map(|row| row.get(i)?.as_deref());
        Style {
            kind: column.kind,
            right: column.kind == Kind::Number && !expanded,
            indented: values.any(is_indented),
            top: false,
            room: ROOM[0],
            characters: None,
        }
    };
    table
        .columns
        .iter()
        .take(columns)
        .enumerate()
        .map(style)
        .collect()
}

/// A number with its thousands apart.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
