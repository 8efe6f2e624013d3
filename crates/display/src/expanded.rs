//! psql's expanded form (`\x`): each row a record, each column a line.

use crate::lines::{Line, grid, visible, widest};
use crate::{Print, Table};

/// The table as records; without rows, what stands below it.
pub(crate) fn text(table: &Table, print: &Print) -> String {
    let mut out = String::new();
    if table.rows.is_empty() || table.columns.is_empty() {
        for line in table.shown_footers(print, true) {
            out += &visible(&line);
            out.push('\n');
        }
        return out;
    }

    let (names, rows) = grid(table, print);
    if let Some(title) = table.shown_title(print) {
        out += &visible(title);
        out.push('\n');
    }
    let mut records = Records::measure(out, print, &names, &rows);
    for (n, row) in rows.iter().enumerate() {
        if !print.tuples_only {
            records.rule(Some(n + 1));
        } else if n > 0 || records.border == 2 {
            records.rule(None);
        }
        for (name, value) in names.iter().zip(row) {
            records.pair(name, value);
        }
    }
    if records.border == 2 {
        records.rule(None);
    }

    let footers = table.shown_footers(print, false);
    if !footers.is_empty() && records.border < 2 {
        records.out.push('\n');
    }
    for line in footers {
        records.out += &visible(&line);
        records.out.push('\n');
    }
    records.out
}

struct Records {
    out: String,
    border: u8,
    /// The columns that names take.
    names: usize,
    /// The columns that values take.
    values: usize,
    /// Some name has several lines: room for the mark that it goes on.
    tall_names: bool,
}

impl Records {
    fn measure(out: String, print: &Print, names: &[Vec<Line>], rows: &[Vec<Vec<Line>>]) -> Self {
        Self {
            out,
            border: print.border.min(2),
            names: names.iter().map(|name| widest(name)).max().unwrap_or(0),
            values: rows
                .iter()
                .flatten()
                .map(|value| widest(value))
                .max()
                .unwrap_or(0),
            tall_names: names.iter().any(|name| name.len() > 1),
        }
    }

    /// The line above record `n`, or one without a number.
    fn rule(&mut self, n: Option<usize>) {
        let fill = if self.border > 0 { "-" } else { " " };
        self.out += ["", "-", "+-"][usize::from(self.border)];
        let head = match n {
            Some(n) if self.border == 0 => format!("* Record {n}"),
            Some(n) => format!("[ RECORD {n} ]"),
            None => String::new(),
        };
        self.out += &head;

        // The head covers the rule, the cross above the separator included.
        let taken = head.len() + usize::from(self.border != 2);
        self.out += &fill.repeat(self.names.saturating_sub(taken));
        let cross = if self.border > 0 { "-+-" } else { " " };
        let over = taken.saturating_sub(self.names);
        self.out += cross.get(over..).unwrap_or_default();
        self.out += &fill.repeat(self.values.saturating_sub(over.saturating_sub(cross.len())));
        self.out += if self.border == 2 { "-+\n" } else { "\n" };
    }

    /// A column's name and value, side by side.
    fn pair(&mut self, name: &[Line], value: &[Line]) {
        for n in 0..name.len().max(value.len()) {
            if self.border == 2 {
                self.out.push('|');
            }
            self.name(name, n);
            if self.border > 0 {
                self.out.push('|');
            }
            self.value(value, n);
            self.out.push('\n');
        }
    }

    fn name(&mut self, name: &[Line], n: usize) {
        let Some(line) = name.get(n) else {
            let mark = usize::from(self.border == 0 && self.tall_names);
            let spaces = self.names + usize::from(self.border) + mark;
            return self.pad(spaces.max(1));
        };
        if self.border == 2 {
            self.out.push(' ');
        }
        self.out += &line.text;
        self.pad(self.names - line.width);
        if self.border > 0 || self.tall_names {
            self.out.push(if n + 1 < name.len() { '+' } else { ' ' });
        }
    }

    fn value(&mut self, value: &[Line], n: usize) {
        let Some(line) = value.get(n) else {
            if self.border == 2 {
                self.pad(self.values + 2);
                self.out.push('|');
            }
            return;
        };
        self.out.push(' ');
        self.out += &line.text;
        let goes_on = n + 1 < value.len();
        if goes_on || self.border == 2 {
            self.pad(self.values - line.width);
            self.out.push(if goes_on { '+' } else { ' ' });
        }
        if self.border == 2 {
            self.out.push('|');
        }
    }

    fn pad(&mut self, spaces: usize) {
        self.out.extend(std::iter::repeat_n(' ', spaces));
    }
}
