//! The variables of `\set`: their names and values, the ways to write one, and a cell's text with
//! the values read in their places.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use crate::cell::{Fault, Unreadable};
use crate::commands::print::boolean;

mod special;

#[cfg(test)]
mod tests;

/// How many lines a command that may go on over lines has at the most.
const MOST_LINES: usize = 50;

/// What `\set` has set, in the order of the names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Variables(BTreeMap<String, String>);

impl Variables {
    /// The value of a variable that is set.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Sets a variable. Refuses a name that could not be written as `:name`, and what one of psql's
    /// own variables cannot be here.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) -> Result<(), NotSet> {
        if name.is_empty() || !name.bytes().all(is_name) {
            return Err(NotSet::Name(name.to_owned()));
        }
        let value = special::taken(name, value.into()).map_err(NotSet::Value)?;
        self.0.insert(name.to_owned(), value);
        Ok(())
    }

    /// Forgets a variable; of psql's own, a switch is off then.
    pub(crate) fn unset(&mut self, name: &str) -> Result<(), NotSet> {
        match special::unset(name) {
            Some(value) => {
                self.0
                    .insert(name.to_owned(), value.map_err(NotSet::Value)?);
            }
            None => drop(self.0.remove(name)),
        }
        Ok(())
    }

    /// Sets what a statement or a connection has told, whatever its name.
    pub(crate) fn learn(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// What a variable stands for: its value, or what psql's own are where nobody has set them.
    fn value(&self, name: &str) -> Option<&str> {
        self.get(name).or_else(|| special::default(name))
    }

    /// Whether one of psql's switches is on.
    pub(crate) fn is_on(&self, name: &str) -> bool {
        self.value(name).and_then(boolean).unwrap_or(false)
    }

    /// Whether one of psql's own variables has this value.
    pub(crate) fn says(&self, name: &str, value: &str) -> bool {
        self.value(name)
            .is_some_and(|set| set.eq_ignore_ascii_case(value))
    }

    /// All names and values, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// What psql puts in the place of a reference that it does not read on; `None` where the
    /// reference stays as typed.
    pub(crate) fn resolve(&self, reference: &Reference) -> Option<String> {
        match reference.form {
            Form::Plain => self.value(&reference.name).map(str::to_owned),
            Form::Literal => self.value(&reference.name).map(literal),
            Form::Identifier => self.value(&reference.name).map(identifier),
            Form::Test => Some(
                if self.value(&reference.name).is_some() {
                    "TRUE"
                } else {
                    "FALSE"
                }
                .to_owned(),
            ),
        }
    }
}

/// Why a variable is not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NotSet {
    /// A name that no variable can have.
    Name(String),
    /// A value that this one cannot have, in a sentence.
    Value(String),
}

impl fmt::Display for NotSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotSet::Name(name) => write!(
                f,
                "invalid variable name: \"{name}\" (letters, digits and _ make a name)"
            ),
            NotSet::Value(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotSet {}

/// A value as a string constant that reads the same whatever `standard_conforming_strings` says.
/// The blank before `E` keeps it apart from a word that stands right before it.
pub(crate) fn literal(value: &str) -> String {
    let quoted = value.replace('\'', "''");
    if value.contains('\\') {
        format!(" E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    }
}

/// A value as a quoted identifier.
pub(crate) fn identifier(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

/// A variable as it is written in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) form: Form,
    pub(crate) name: String,
    /// Bytes that it takes in the cell.
    pub(crate) len: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// `:name`
    Plain,
    /// `:'name'`
    Literal,
    /// `:"name"`
    Identifier,
    /// `:{?name}`
    Test,
}

impl Reference {
    /// The reference with which the text begins, whether set or not.
    pub(crate) fn read(text: &[u8]) -> Option<Reference> {
        [
            (":'", "'", Form::Literal),
            (":\"", "\"", Form::Identifier),
            (":{?", "}", Form::Test),
            (":", "", Form::Plain),
        ]
        .into_iter()
        .find_map(|(before, after, form)| {
            let rest = text.strip_prefix(before.as_bytes())?;
            let name = &rest[..rest.iter().take_while(|byte| is_name(**byte)).count()];
            rest[name.len()..].strip_prefix(after.as_bytes())?;
            (!name.is_empty()).then(|| Reference {
                form,
                name: String::from_utf8_lossy(name).into_owned(),
                len: before.len() + name.len() + after.len(),
            })
        })
    }
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// A cell's text as it is read: from its start to its end, with the value of each `:name` read in
/// its place, and without the lines that went to `COPY … FROM STDIN`.
#[derive(Debug, Clone)]
pub(crate) struct Source<'a> {
    cell: &'a str,
    at: usize,
    /// Where reading jumps to `resume`; the end of the cell's text most of the time.
    end: usize,
    resume: usize,
    /// Values being read, the innermost last.
    values: Vec<Value>,
    /// Bytes of values put in so far, each value at [`LEAST_COST`] or more.
    spent: usize,
}

/// Variables that name each other could make a cell longer than anything; PostgreSQL takes
/// statements of up to 1 GB.
const MAX_SPENT: usize = 1 << 30;

/// So that a million empty values are an end too.
const LEAST_COST: usize = 1 << 10;

#[derive(Debug, Clone)]
struct Value {
    name: String,
    text: String,
    at: usize,
    place: Range<usize>,
}

/// A piece of what was read, and the place in the cell it comes from.
#[derive(Debug, Clone)]
pub(crate) struct Excerpt<'t> {
    pub(crate) text: &'t str,
    pub(crate) place: Range<usize>,
    /// Stands in the cell as it is; else it is (part of) the value of the reference at `place`.
    pub(crate) typed: bool,
}

impl<'a> Source<'a> {
    /// A byte order mark at the start is no part of the text.
    pub(crate) fn new(cell: &'a str) -> Self {
        let at = if cell.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        Source {
            cell,
            at,
            end: cell.len(),
            resume: cell.len(),
            values: Vec::new(),
            spent: 0,
        }
    }

    /// What can be read in one piece; [`Source::refill`] tells whether more comes after it.
    pub(crate) fn unread(&self) -> &[u8] {
        match self.values.last() {
            Some(value) => &value.text.as_bytes()[value.at..],
            None => &self.cell.as_bytes()[self.at..self.end],
        }
    }

    /// The next character of the line; a value being read may have several lines.
    pub(crate) fn peek(&mut self) -> Option<char> {
        while let Some(value) = self.values.last() {
            match value.text[value.at..].chars().next() {
                Some(next) => return Some(next),
                None => self.values.pop(),
            };
        }
        self.cell[self.at..self.end]
            .chars()
            .next()
            .filter(|next| *next != '\n')
    }

    /// What is unread of the cell's line, whatever value is being read.
    pub(crate) fn cell_line(&self) -> &'a str {
        let text = &self.cell[self.at..self.end];
        text.split('\n').next().unwrap_or(text)
    }

    /// The cell's line, and those after it for as long as the text so far is `unfinished`; the line
    /// alone, if the text does not end soon.
    pub(crate) fn cell_lines(&self, unfinished: impl Fn(&str) -> bool) -> &'a str {
        let text = &self.cell[self.at..self.end];
        let ends = text.match_indices('\n').map(|(end, _)| end);
        ends.chain([text.len()])
            .take(MOST_LINES)
            .map(|end| &text[..end])
            .find(|lines| !unfinished(lines))
            .unwrap_or_else(|| self.cell_line())
    }

    /// Goes on to the next piece after all of this one has been read.
    pub(crate) fn refill(&mut self) -> bool {
        if self.values.pop().is_some() {
            return true;
        }
        self.at = self.resume;
        self.end = self.cell.len();
        self.resume = self.cell.len();
        self.at < self.end
    }

    /// Reads so many bytes of the unread piece.
    pub(crate) fn take(&mut self, len: usize) -> Excerpt<'_> {
        let place = self.place(0, len);
        match self.values.last_mut() {
            Some(value) => {
                let from = value.at;
                value.at += len;
                Excerpt {
                    text: &value.text[from..value.at],
                    place,
                    typed: false,
                }
            }
            None => {
                self.at += len;
                Excerpt {
                    text: &self.cell[place.clone()],
                    place,
                    typed: true,
                }
            }
        }
    }

    /// Where `len` bytes of the unread piece, `ahead` from its start, are in the cell.
    pub(crate) fn place(&self, ahead: usize, len: usize) -> Range<usize> {
        match self.values.last() {
            Some(value) => value.place.clone(),
            None => self.at + ahead..self.at + ahead + len,
        }
    }

    /// Reads a value next, in the place of a reference just taken.
    pub(crate) fn expand(
        &mut self,
        name: String,
        text: String,
        place: Range<usize>,
    ) -> Result<(), Unreadable> {
        self.spend(text.len(), &place)?;
        self.values.push(Value {
            name,
            text,
            at: 0,
            place,
        });
        Ok(())
    }

    /// Refuses a value once the values so far have grown too large.
    pub(crate) fn spend(&mut self, len: usize, place: &Range<usize>) -> Result<(), Unreadable> {
        self.spent = self.spent.saturating_add(len.max(LEAST_COST));
        if self.spent > MAX_SPENT {
            return Err(Unreadable {
                fault: Fault::Endless,
                at: place.clone(),
            });
        }
        Ok(())
    }

    /// Whether the value of this variable is being read: reading it again would never end.
    pub(crate) fn is_expanding(&self, name: &str) -> bool {
        self.values.iter().any(|value| value.name == name)
    }

    /// Whether nothing but blanks is before this place on the cell's own line.
    pub(crate) fn begins_line(&self, ahead: usize) -> bool {
        let before = self.cell[..self.at + ahead].trim_start_matches('\u{feff}');
        let blanks = before.trim_end_matches([' ', '\t']);
        self.values.is_empty() && (blanks.is_empty() || blanks.ends_with(['\n', '\r']))
    }

    /// Whether this place is at the very start of a line of the cell, but not of the first one.
    pub(crate) fn follows_line(&self, ahead: usize) -> bool {
        self.values.is_empty() && self.cell.as_bytes()[..self.at + ahead].ends_with(b"\n")
    }

    /// Takes the lines after the current one, up to one that is `\.` alone or the cell's end. The
    /// rest of the current line is still to be read, and what comes after the lines.
    pub(crate) fn take_lines(&mut self) -> (Range<usize>, bool) {
        if self.end == self.cell.len() {
            let line = self.cell[self.at..]
                .find('\n')
                .map_or(self.cell.len(), |i| self.at + i + 1);
            (self.end, self.resume) = (line, line);
        }
        let from = self.resume;
        for line in self.cell[from..].split_inclusive('\n') {
            let to = self.resume;
            self.resume += line.len();
            if line.trim_end_matches(['\r', '\n']) == "\\." {
                return (from..to, true);
            }
        }
        (from..self.resume, false)
    }
}
