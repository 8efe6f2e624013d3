//! A diagnostic: what a compiler says of a cell, with several places and notes, laid out as rustc
//! does.

use std::collections::BTreeMap;

use crate::{Body, Section};

/// An error or a warning of a compiler.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diagnostic {
    /// `error` or `warning`.
    pub level: String,
    /// Such as `E0308`.
    pub code: Option<String>,
    /// What is wrong.
    pub message: String,
    /// The whole cell, whose lines are counted.
    pub text: String,
    /// The places.
    pub labels: Vec<Label>,
    /// What the compiler adds, such as `help: …`.
    pub notes: Vec<String>,
}

/// A place in the cell, and what the compiler says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Label {
    /// Line and column of its first character, from 1.
    pub start: (usize, usize),
    /// Line and column behind its last character.
    pub end: (usize, usize),
    /// What is said; may be empty.
    pub text: String,
    /// Whether the error is here; the others explain it.
    pub primary: bool,
}

const RED: &str = "1;31";
const YELLOW: &str = "1;33";
const BLUE: &str = "34";

impl Diagnostic {
    /// As a folded part of an outline: what is said, and where.
    pub fn section(&self) -> Section {
        let place = self.labels.iter().find(|label| label.primary);
        let line = place.map(|label| format!("line {}", label.start.0));
        let lines = self.lines(&|_, text| text.to_owned());
        let below = lines.get(1..).unwrap_or_default();
        Section {
            title: self.message.clone(),
            remarks: line.into_iter().collect(),
            open: false,
            body: Body::Text(below.join("\n")),
        }
    }

    /// Its lines; `paint` colours a text, or leaves it as it is.
    pub(crate) fn lines(&self, paint: &impl Fn(Option<&str>, &str) -> String) -> Vec<String> {
        let colour = if self.level == "error" { RED } else { YELLOW };
        let code = self.code.as_ref().map(|code| format!("[{code}]"));
        let head = format!("{}{}", self.level, code.unwrap_or_default());
        let message = paint(None, &self.message);
        let mut lines = vec![format!("{}: {message}", paint(Some(colour), &head))];

        let cell: Vec<&str> = self.text.lines().collect();
        let marked = self.marked();
        let widest = marked.keys().next_back().copied().unwrap_or_default();
        let margin = Margin {
            width: widest.to_string().len(),
            paint,
        };
        let mut shown = None;
        for (number, marks) in &marked {
            if shown.is_some_and(|shown| shown + 1 < *number) {
                lines.push(paint(Some(BLUE), "..."));
            }
            shown = Some(*number);
            let line = number.checked_sub(1).and_then(|line| cell.get(line));
            let line = line.copied().unwrap_or_default().replace('\t', " ");
            lines.push(margin.line(&number.to_string(), "|", &paint(None, line.trim_end())));
            for mark in marks {
                let (sign, colour) = if mark.primary {
                    ("^", colour)
                } else {
                    ("-", BLUE)
                };
                let said = format!("{} {}", sign.repeat(mark.length), mark.text);
                // What takes several lines goes on below its first word.
                let mut indent = mark.column.saturating_sub(1);
                for line in said.trim_end().lines() {
                    let text = format!("{}{}", " ".repeat(indent), paint(Some(colour), line));
                    lines.push(margin.line("", "|", &text));
                    indent = mark.column + mark.length;
                }
            }
        }
        for note in &self.notes {
            let mut sign = "=";
            for line in note.trim_end().lines() {
                lines.push(margin.line("", sign, &paint(None, line)));
                sign = " ";
            }
        }
        lines
    }

    /// The lines that are shown with their marks, each line's from right to left, as in rustc.
    fn marked(&self) -> BTreeMap<usize, Vec<Mark<'_>>> {
        let mut marked: BTreeMap<usize, Vec<Mark>> = BTreeMap::new();
        for label in &self.labels {
            let (line, column) = label.start;
            let length = match label.end {
                (end, behind) if end == line => behind.saturating_sub(column),
                // Of a place of several lines, where it begins.
                _ => 1,
            };
            marked.entry(line).or_default().push(Mark {
                column,
                primary: label.primary,
                length: length.max(1),
                text: &label.text,
            });
        }
        for marks in marked.values_mut() {
            marks.sort_unstable_by(|a, b| b.cmp(a));
            marks.dedup();
        }
        marked
    }
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Mark<'a> {
    column: usize,
    primary: bool,
    length: usize,
    text: &'a str,
}

/// What stands left of each line.
struct Margin<'a, P> {
    width: usize,
    paint: &'a P,
}

impl<P: Fn(Option<&str>, &str) -> String> Margin<'_, P> {
    fn line(&self, number: &str, sign: &str, text: &str) -> String {
        let margin = format!("{number:>width$} {sign}", width = self.width);
        let line = format!("{} {text}", (self.paint)(Some(BLUE), &margin));
        line.trim_end().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_laid_out_as_rustc_does() {
        let label = |start, end, text: &str, primary| Label {
            start,
            end,
            text: text.into(),
            primary,
        };
        let diagnostic = Diagnostic {
            level: "error".into(),
            code: Some("E0308".into()),
            message: "mismatched types".into(),
            text: "%%rust\n\nlet x: i32 = \"a\";\n\n\n\n\n\n{\n}".into(),
            labels: vec![
                label((3, 8), (3, 11), "expected due to this", false),
                label((3, 14), (3, 17), "expected `i32`, found `&str`", true),
                label((9, 1), (10, 2), "one\ntwo", false),
                label((3, 14), (3, 17), "expected `i32`, found `&str`", true),
            ],
            notes: vec!["help: try\nthis".into()],
        };
        let expected = [
            "error[E0308]: mismatched types",
            "3 | let x: i32 = \"a\";",
            "  |              ^^^ expected `i32`, found `&str`",
            "  |        --- expected due to this",
            "...",
            "9 | {",
            "  | - one",
            "  |   two",
            "  = help: try",
            "    this",
        ];
        assert_eq!(diagnostic.lines(&|_, text| text.to_owned()), expected);
    }

    #[test]
    fn places_outside_of_the_cell_are_no_harm() {
        let label = Label {
            start: (0, 0),
            end: (0, 0),
            ..Label::default()
        };
        let far = Label {
            start: (7, 70),
            end: (5, 1),
            ..Label::default()
        };
        let diagnostic = Diagnostic {
            level: "warning".into(),
            labels: vec![label, far],
            ..Diagnostic::default()
        };
        let lines = diagnostic.lines(&|_, text| text.to_owned());
        assert_eq!(lines.len(), 6);
    }
}
