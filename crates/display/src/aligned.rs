//! psql's aligned format: columns padded to a grid.

use crate::lines::{Line, grid, lines, visible, widest};
use crate::print::Expanded;
use crate::{Kind, Print, Table, expanded};

/// The table as a grid; as records where it is to be expanded when too wide, and is.
pub(crate) fn text(table: &Table, print: &Print) -> String {
    let (names, cells) = grid(table, print);
    let mut widths: Vec<_> = names.iter().map(|name| widest(name)).collect();
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(widest(cell));
        }
    }
    let border = print.border.min(2);
    let frame = match border {
        0 => names.len(),
        1 => (names.len() * 3).saturating_sub(1),
        _ => names.len() * 3 + 1,
    };
    let total = frame + widths.iter().sum::<usize>();
    if print.expanded == Expanded::Auto
        && print.columns > 0
        && names.len() > 1
        && print.columns < total
    {
        return expanded::text(table, print);
    }

    let mut grid = Grid {
        out: String::new(),
        border,
        widths,
        columns: table,
    };
    if let Some(title) = table.shown_title(print) {
        let before = total.saturating_sub(widest(&lines(title))) / 2;
        grid.pad(before);
        grid.out += &visible(title);
        grid.out.push('\n');
    }
    if !print.tuples_only {
        if border == 2 {
            grid.rule();
        }
        grid.names(&names);
        grid.rule();
    }
    for row in &cells {
        grid.row(row);
    }
    if border == 2 {
        grid.rule();
    }
    for line in table.shown_footers(print, true) {
        grid.out += &visible(&line);
        grid.out.push('\n');
    }
    grid.out
}

struct Grid<'a> {
    out: String,
    border: u8,
    widths: Vec<usize>,
    columns: &'a Table,
}

impl Grid<'_> {
    /// The line between names and rows, and above and below the table at border 2.
    fn rule(&mut self) {
        self.out += ["", "-", "+-"][usize::from(self.border)];
        for i in 0..self.widths.len() {
            if i > 0 {
                self.out += if self.border == 0 { " " } else { "-+-" };
            }
            self.out.extend(std::iter::repeat_n('-', self.widths[i]));
        }
        self.out += ["", "-", "-+"][usize::from(self.border)];
        self.out.push('\n');
    }

    /// The column names, centred; a `+` marks a name that goes on.
    fn names(&mut self, names: &[Vec<Line>]) {
        for n in 0..height(names) {
            self.edge();
            for (i, name) in names.iter().enumerate() {
                self.left(i);
                let (text, width) = part(name, n);
                let spaces = self.widths[i] - width;
                self.pad(spaces / 2);
                self.out += text;
                self.pad(spaces.div_ceil(2));
                self.out.push(if n + 1 < name.len() { '+' } else { ' ' });
            }
            self.edge();
            self.out.push('\n');
        }
    }

    /// One row, which takes as many lines as its highest value.
    fn row(&mut self, row: &[Vec<Line>]) {
        for n in 0..height(row) {
            self.edge();
            for (i, cell) in row.iter().enumerate() {
                self.left(i);
                let (text, width) = part(cell, n);
                let spaces = self.widths[i] - width;
                let goes_on = n + 1 < cell.len();
                let last = i + 1 == row.len() && self.border < 2;
                if n >= cell.len() {
                    self.pad(if last { 0 } else { spaces });
                } else if self.columns.columns[i].kind == Kind::Number {
                    self.pad(spaces);
                    self.out += text;
                } else {
                    self.out += text;
                    self.pad(if last && !goes_on { 0 } else { spaces });
                }
                if goes_on {
                    self.out.push('+');
                } else if !last {
                    self.out.push(' ');
                }
            }
            self.edge();
            self.out.push('\n');
        }
    }

    fn edge(&mut self) {
        if self.border == 2 {
            self.out.push('|');
        }
    }

    /// What stands between a column and the one before.
    fn left(&mut self, column: usize) {
        if self.border > 0 {
            self.out += if column > 0 { "| " } else { " " };
        }
    }

    fn pad(&mut self, spaces: usize) {
        self.out.extend(std::iter::repeat_n(' ', spaces));
    }
}

/// How many lines a row of cells takes: none where there are no columns.
fn height(row: &[Vec<Line>]) -> usize {
    row.iter().map(Vec::len).max().unwrap_or(0)
}

/// The n-th line of a cell and its width; nothing below its last.
fn part(cell: &[Line], n: usize) -> (&str, usize) {
    cell.get(n)
        .map_or(("", 0), |line| (line.text.as_str(), line.width))
}
