//! A table as HTML for notebooks, readable with every style stripped and safe in an untrusted one:
//! no scripts, no style sheet, no custom properties; colours that suit a light and a dark page.

use std::collections::HashMap;
use std::fmt::Write;

use crate::markup::{Align, GREY, escape, null, shorten, value, value_is_tall};
use crate::print::{Expanded, plural};
use crate::{Column, Kind, Print, Row, Table};

/// A table never becomes larger, in bytes: saved notebooks and front ends grow slow.
const LIMIT: usize = 500_000;
/// What is kept for everything but names and rows.
const RESERVE: usize = 20_000;
/// How many characters of a value are given at most: the first of these with which its row fits.
const ROOM: [usize; 3] = [20_000, 1_000, 60];
/// How many characters of a name, a type or a remark are given.
const SHORT: usize = 200;

impl Table {
    /// The table as HTML: names with their types, the rows, and a line that says how many.
    ///
    /// Of the settings it heeds `expanded` (unless automatic, for a wide table scrolls), `null` and
    /// `footer`. At most 500 kB; what does not fit is left out, and the line says so.
    pub fn html(&self, print: &Print) -> String {
        let mut page = Page {
            table: self,
            print,
            out: String::new(),
            rows: 0,
            columns: 0,
        };
        page.out += "<div class=\"tex2jax_ignore mathjax_ignore\">\n";
        if self.columns.is_empty() {
            page.rows = self.rows.len();
        } else {
            page.grid();
        }
        page.below();
        page.out += "</div>";
        page.out
    }
}

struct Page<'a> {
    table: &'a Table,
    print: &'a Print,
    out: String,
    /// How many rows and columns have found room.
    rows: usize,
    columns: usize,
}

impl Page<'_> {
    fn grid(&mut self) {
        self.out += "<div style=\"overflow:auto\">\n";
        self.out += "<table border=\"1\" class=\"dataframe tex2jax_ignore mathjax_ignore\">\n";
        if let Some(title) = &self.table.title {
            self.out += "<caption><strong>";
            escape(&mut self.out, &shorten(title, SHORT));
            self.out += "</strong></caption>\n";
        }
        let names = names(&self.table.columns);
        if self.print.expanded == Expanded::On {
            self.columns = names.len();
            self.rows_with(|page, row, room| page.record(&names, row, room));
        } else {
            self.head(&names);
            self.out += "<tbody>\n";
            self.rows_with(|page, row, room| page.row(row, room));
            self.out += "</tbody>\n";
        }
        self.out += "</table>\n</div>\n";
    }

    fn head(&mut self, names: &[String]) {
        self.out += "<thead>\n<tr>";
        for (name, column) in names.iter().zip(&self.table.columns) {
            let align = Align::of(column.kind);
            let cell = format!("<th scope=\"col\" style=\"text-align:{align}\">{name}</th>");
            if self.out.len() + cell.len() > LIMIT / 2 {
                break;
            }
            self.out += &cell;
            self.columns += 1;
        }
        self.out += "</tr>\n</thead>\n";
    }

    /// Writes row after row as long as there is room, each with its values shortened as needed.
    fn rows_with(&mut self, write: impl Fn(&mut Self, &Row, usize)) {
        for row in &self.table.rows {
            let start = self.out.len();
            let fits = ROOM.iter().any(|&room| {
                self.out.truncate(start);
                write(self, row, room);
                self.out.len() + RESERVE <= LIMIT
            });
            if !fits {
                self.out.truncate(start);
                break;
            }
            self.rows += 1;
        }
    }

    fn row(&mut self, row: &Row, room: usize) {
        let columns = self.table.columns.iter().take(self.columns);
        let tall = columns
            .clone()
            .zip(row)
            .any(|(column, value)| is_tall(column, value));
        self.out += "<tr>";
        for (i, column) in columns.enumerate() {
            self.cell(row, i, column.kind, Align::of(column.kind), tall, room);
        }
        self.out += "</tr>\n";
    }

    /// The row as lines of a name and a value, below its number.
    fn record(&mut self, names: &[String], row: &Row, room: usize) {
        let n = self.rows + 1;
        let left = "style=\"text-align:left\"";
        let _ = writeln!(
            self.out,
            "<tbody>\n<tr><th colspan=\"2\" {left}><small>record {n}</small></th></tr>"
        );
        for (i, (name, column)) in names.iter().zip(&self.table.columns).enumerate() {
            let _ = write!(self.out, "<tr><th scope=\"row\" {left}>{name}</th>");
            self.cell(row, i, column.kind, Align::Left, false, room);
            self.out += "</tr>\n";
        }
        self.out += "</tbody>\n";
    }

    fn cell(&mut self, row: &Row, i: usize, kind: Kind, align: Align, top: bool, room: usize) {
        match row.get(i).and_then(Option::as_deref) {
            Some(text) => value(&mut self.out, text, kind, align, top, room),
            None => null(&mut self.out, &self.print.null, align, top),
        }
    }

    /// What stands below: the table's own footers or how many rows there are, then the remarks.
    fn below(&mut self) {
        let mut lines = vec![];
        if let Some(footers) = &self.table.footers {
            lines.extend(footers.iter().map(|footer| shorten(footer, SHORT)));
        }
        let mut remarks = vec![];
        remarks.extend(self.count());
        if self.columns < self.table.columns.len() {
            let total = self.table.columns.len();
            remarks.push(format!(
                "{} of {total} columns shown: the rest does not fit",
                self.columns
            ));
        }
        remarks.extend(self.table.notes.iter().map(|note| shorten(note, SHORT)));
        if !remarks.is_empty() {
            lines.push(remarks.join(" · "));
        }

        let mut below = String::new();
        for line in lines {
            if below.len() + line.len() * 5 > RESERVE / 2 {
                below += "…<br>";
                break;
            }
            escape(&mut below, &line);
            below += "<br>";
        }
        if !below.is_empty() {
            below.truncate(below.len() - "<br>".len());
            let _ = writeln!(
                self.out,
                "<div style=\"color:{GREY}\"><small>{below}</small></div>"
            );
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

/// The columns' names and types. Names that occur again are numbered, one that is empty is said to
/// be.
fn names(columns: &[Column]) -> Vec<String> {
    let mut times: HashMap<&str, usize> = HashMap::new();
    for column in columns {
        *times.entry(&column.name).or_default() += 1;
    }
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut names = vec![];
    for column in columns {
        let mut out = String::new();
        if column.name.is_empty() {
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
            let _ = write!(out, "<br><small style=\"color:{GREY};font-weight:normal\">");
            escape(&mut out, &shorten(&column.type_name, SHORT));
            out += "</small>";
        }
        names.push(out);
    }
    names
}

fn is_tall(column: &Column, value: &Option<String>) -> bool {
    value
        .as_deref()
        .is_some_and(|value| value_is_tall(value, column.kind))
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
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
