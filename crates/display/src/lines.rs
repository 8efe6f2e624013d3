//! A value as the lines a terminal shows: control characters made visible, tabs made spaces.

use std::borrow::Cow;

use crate::width::columns;
use crate::{Print, Table};

/// One line of a value and how many terminal columns it takes.
pub(crate) struct Line {
    pub(crate) text: String,
    pub(crate) width: usize,
}

/// The lines of a value; at least one.
pub(crate) type Lines = Vec<Line>;

/// Parts a value into its lines.
pub(crate) fn lines(value: &str) -> Lines {
    value.split('\n').map(line).collect()
}

/// A table's names and the cells of its rows, as lines.
pub(crate) fn grid(table: &Table, print: &Print) -> (Vec<Lines>, Vec<Vec<Lines>>) {
    let names: Vec<_> = table
        .columns
        .iter()
        .map(|column| lines(&column.name))
        .collect();
    let row = |row| {
        let cells = 0..names.len();
        cells
            .map(|at| lines(table.value(row, at, &print.null)))
            .collect()
    };
    let rows = table.rows.iter().map(row).collect();
    (names, rows)
}

/// The columns of the widest of these lines.
pub(crate) fn widest(lines: &[Line]) -> usize {
    lines.iter().map(|line| line.width).max().unwrap_or(0)
}

/// A control character as psql writes it; `None` for all others, and for tab and newline.
pub(crate) fn control(c: char) -> Option<String> {
    match c {
        '\t' | '\n' => None,
        '\r' => Some("\\r".into()),
        '\0'..='\u{1F}' | '\u{7F}' => Some(format!("\\x{:02X}", u32::from(c))),
        '\u{80}'..='\u{9F}' => Some(format!("\\u{:04X}", u32::from(c))),
        _ => None,
    }
}

/// A text of anybody's as a terminal may have it: whatever would move the cursor, set colours or
/// turn the direction of writing is made visible. Lines and tabs stay.
///
/// ```
/// assert_eq!(display::visible("a\u{1b}[2Kb\n"), "a\\x1B[2Kb\n");
/// ```
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_hidden = |c: char| control(c).is_some() || turns(c);
    if !text.contains(is_hidden) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match control(c) {
            Some(name) => out += &name,
            None if turns(c) => out += &format!("\\u{:04X}", u32::from(c)),
            None => out.push(c),
        }
    }
    out.into()
}

/// Whether a character turns the direction of what comes after it, so that it reads as what it is
/// not.
fn turns(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// The same in one column: for a line under which a place is marked.
pub(crate) fn sign(c: char) -> char {
    match c {
        '\t' => ' ',
        '\0'..='\u{1F}' => char::from_u32(0x2400 + u32::from(c)).unwrap_or(c),
        '\u{7F}' => '\u{2421}',
        c if control(c).is_some() || turns(c) => '\u{FFFD}',
        c => c,
    }
}

fn line(value: &str) -> Line {
    let mut line = Line {
        text: String::with_capacity(value.len()),
        width: 0,
    };
    for c in value.chars() {
        if c == '\t' {
            let spaces = 8 - line.width % 8;
            line.text.extend(std::iter::repeat_n(' ', spaces));
            line.width += spaces;
        } else if let Some(name) = control(c) {
            line.width += name.len();
            line.text += &name;
        } else {
            line.width += columns(c).unwrap_or(0);
            line.text.push(c);
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_become_lines() {
        let check = |value: &str, expected: &[(&str, usize)]| {
            let found = lines(value);
            let found: Vec<_> = found.iter().map(|l| (l.text.as_str(), l.width)).collect();
            assert_eq!(found, expected, "{value:?}");
        };
        check("", &[("", 0)]);
        check("a\n", &[("a", 1), ("", 0)]);
        check("\t|\tb", &[("        |       b", 17)]);
        check("日\tx", &[("日      x", 9)]);
        check("a\r\u{1}\u{7F}\u{85}", &[("a\\r\\x01\\x7F\\u0085", 17)]);
        check("e\u{301}", &[("e\u{301}", 1)]);
    }
}
