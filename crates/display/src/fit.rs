//! A table's text within bounds: psql's own where it is not too large for a saved notebook.

use crate::markup::shorten;
use crate::{Print, Row, Table};

/// The text of a table never becomes larger, in bytes.
const LIMIT: usize = 250_000;
/// What would become larger is not even tried: one wide value pads the lines of all rows.
const TRIED: usize = 8 << 20;
/// How many characters of a value are given at most: the first of these with which the rows fit.
const ROOM: [usize; 4] = [20_000, 1_000, 100, 20];

impl Table {
    /// What psql 15 prints for this table, without the line ends that close it.
    ///
    /// Where rows are not shown, the last line says so instead of `(n rows)`, whatever the settings:
    /// a cut is never silent. At most 250 kB: of what is larger the values are cut, and then there
    /// are fewer rows.
    pub fn text(&self, print: &Print) -> String {
        match self.fitting(print) {
            Some(text) if self.cut.is_empty() => text,
            _ => self.smaller(print),
        }
    }

    fn smaller(&self, print: &Print) -> String {
        let mut table = self.clone();
        for room in ROOM {
            table.shorten(room);
            if let Some(text) = table.fitting(print) {
                let line = format!("(long values are cut after {room} characters)");
                return noted(text, &line);
            }
        }
        loop {
            table.rows.truncate(table.rows.len() / 2);
            match table.fitting(print) {
                Some(text) => return noted(text, "(more would be too large to show)"),
                None if table.rows.is_empty() => return "(too large to show)".into(),
                None => {}
            }
        }
    }

    fn fitting(&self, print: &Print) -> Option<String> {
        let tried = self.area() <= TRIED;
        let text = tried.then(|| self.printed(print));
        text.filter(|text| text.len() <= LIMIT)
    }

    /// About how many bytes a grid of all values takes.
    fn area(&self) -> usize {
        let widest = |i| self.values(i).flat_map(str::lines).map(str::len).max();
        let width: usize = (0..self.columns.len()).filter_map(widest).sum();
        let height = |row: &Row| {
            let lines = |value: &Option<String>| value.as_deref().map(|text| text.lines().count());
            row.iter().filter_map(lines).max().unwrap_or(1)
        };
        width * self.rows.iter().map(height).sum::<usize>()
    }

    fn values(&self, column: usize) -> impl Iterator<Item = &str> {
        self.rows
            .iter()
            .filter_map(move |row| row.get(column)?.as_deref())
    }

    fn shorten(&mut self, room: usize) {
        for (n, row) in self.rows.iter_mut().enumerate() {
            for (i, value) in row.iter_mut().enumerate() {
                let Some(text) = value else { continue };
                let is_start = self.cut.contains_key(&(n, i));
                *text = shorten(text, room);
                if is_start && !text.ends_with('…') {
                    text.push('…');
                }
            }
        }
    }
}

/// The text with a line more, before the one that counts the rows.
fn noted(text: String, line: &str) -> String {
    match text.rsplit_once('\n') {
        Some((table, count)) if count.starts_with('(') => format!("{table}\n{line}\n{count}"),
        _ => format!("{text}\n{line}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Kind};

    fn table(columns: usize, rows: usize, value: &str) -> Table {
        let column = |n: usize| Column::new(format!("c{n}"), "text", Kind::Text);
        let row = vec![Some(value.to_owned()); columns];
        Table::new((0..columns).map(column).collect(), vec![row; rows])
    }

    #[test]
    fn large_values_are_cut_and_said_to_be() {
        let check = |table: &Table, ends: &str| {
            let print = Print::default();
            let text = table.text(&print);
            assert!(text.len() <= LIMIT + 100, "{}", text.len());
            assert!(text.ends_with(ends), "{}", &text[text.len() - 100..]);
            let bundle = table.bundle(&print);
            let all = bundle.text().len() + bundle.html().map_or(0, str::len);
            assert!(all <= 500_000, "{all}");
        };
        check(&table(1, 100, &"x".repeat(2000)), "\n(100 rows)");
        let cut = |n| format!("\n(long values are cut after {n} characters)\n(100 rows)");
        check(&table(1, 100, &"é".repeat(3000)), &cut(1000));
        check(&table(10, 100, &"x".repeat(2000)), &cut(100));
        check(&table(1, 100, &"line\n".repeat(1000)), &cut(1000));
        let large = |shown| format!("\n(more would be too large to show)\n({shown} rows shown)");
        check(&table(400, 50, &"x".repeat(200)), &large("12 of 50"));
        check(&table(1, 30_000, "0123456789"), &large("15000 of 30000"));
    }

    #[test]
    fn what_was_cut_before_is_marked() {
        let value = "start ".repeat(50);
        let mut table = table(2, 1, &value);
        table.cut.insert((0, 1), 200_000_000);
        let print = Print::default();
        let text = table.text(&print);
        assert!(text.contains("start …\n"), "{text}");
        assert_eq!(text.matches('…').count(), 1, "{text}");
        assert!(table.html(&print).contains("200000000 characters"));
    }
}
