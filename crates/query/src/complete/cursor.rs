//! Where in a cell the cursor stands: in a command, a variable, a statement, or in a string or
//! comment, where nothing fits. Reads what is not finished yet, and never fails.

#[cfg(test)]
mod tests;

use std::ops::Range;

use crate::cell::takes_statement;
use crate::split::Dialect;
use crate::split::tokens::{self, Inside};
use crate::variables::Form;

/// A statement with as many tokens is data, and nobody's own words.
const MOST: usize = 100_000;

/// What the cursor stands in.
#[derive(Debug)]
pub(crate) enum Place<'t> {
    /// A string, a comment, a number, rows for COPY.
    Nothing,
    /// The name of a `\` or `%` command, with its sign and as far as it is typed.
    Command { name: Typed<'t> },
    /// An argument of a command.
    Argument {
        /// With its sign.
        command: &'t str,
        /// The arguments before.
        before: &'t str,
        word: Typed<'t>,
    },
    /// A variable's name, behind its `:`.
    Variable { name: Typed<'t> },
    /// SQL.
    Sql(Statement<'t>),
}

/// A piece of text with the cursor in it or at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Typed<'t> {
    /// As far as the cursor.
    pub(crate) text: &'t str,
    /// All of it, in bytes of the cell.
    pub(crate) range: Range<usize>,
}

/// A statement's tokens, and where among them the cursor stands.
#[derive(Debug)]
pub(crate) struct Statement<'t> {
    pub(crate) tokens: Vec<Token<'t>>,
    /// How many of them are before the cursor and what is being typed.
    pub(crate) at: usize,
    /// The word or quoted name being typed: token `at`; empty where none is.
    pub(crate) typed: Typed<'t>,
}

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub(crate) kind: Kind,
    pub(crate) text: &'t str,
    /// In bytes of the cell.
    pub(crate) start: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or a name.
    Word,
    /// A name in quotes.
    Quoted,
    /// A string, a number, a parameter or a variable.
    Value,
    /// An operator, a comma, a parenthesis.
    Sign,
}

impl Token<'_> {
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is this word or sign.
    pub(crate) fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Word | Kind::Sign) && self.text.eq_ignore_ascii_case(text)
    }

    pub(crate) fn is_any(&self, texts: &[&str]) -> bool {
        texts.iter().any(|text| self.is(text))
    }

    /// As SQL reads a name; `None` where it can be none.
    pub(crate) fn name(&self) -> Option<String> {
        match self.kind {
            Kind::Word => Some(self.text.to_ascii_lowercase()),
            Kind::Quoted => Some(unquoted(self.text)),
            Kind::Value | Kind::Sign => None,
        }
    }
}

/// What a quoted name says, also where its end is not typed yet.
pub(crate) fn unquoted(text: &str) -> String {
    let text = text
        .strip_prefix("U&")
        .or_else(|| text.strip_prefix("u&"))
        .unwrap_or(text);
    let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '`')) else {
        return text.to_owned();
    };
    let name = &text[1..];
    let name = name.strip_suffix(quote).unwrap_or(name);
    name.replace(&format!("{quote}{quote}"), &quote.to_string())
}

/// Finds the cursor, a byte of the text; one inside a character stands before it, one beyond the
/// end at the end.
pub(crate) fn find(text: &str, cursor: usize, dialect: Dialect) -> Place<'_> {
    let mut reader = Reader {
        text,
        cursor: text.floor_char_boundary(cursor),
        dialect,
        at: 0,
        tokens: Vec::new(),
    };
    if text.starts_with('\u{feff}') {
        reader.at = '\u{feff}'.len_utf8();
    }
    match reader.read() {
        Some(place) => place,
        None => reader.statement(),
    }
}

struct Reader<'t> {
    text: &'t str,
    cursor: usize,
    dialect: Dialect,
    at: usize,
    /// Of the statement being read.
    tokens: Vec<Token<'t>>,
}

impl<'t> Reader<'t> {
    /// Reads up to the end of the statement that the cursor is in; answers where the cursor is in
    /// something else.
    fn read(&mut self) -> Option<Place<'t>> {
        while let Some((token, len)) = tokens::token(&self.text.as_bytes()[self.at..], self.dialect)
        {
            let start = self.at;
            self.at += len;
            let held = start < self.cursor && self.cursor <= self.at;
            match token {
                tokens::Token::Blank if held && self.text[start..].starts_with("--") => {
                    return Some(Place::Nothing);
                }
                tokens::Token::Blank => {}
                tokens::Token::Open(inside) => {
                    if let Some(place) = self.quote(start, inside) {
                        return Some(place);
                    }
                }
                tokens::Token::Word => self.push(Kind::Word, start),
                tokens::Token::Semicolon | tokens::Token::Escaped => {
                    if self.cursor <= start {
                        return None;
                    }
                    if self.skip_rows() {
                        return Some(Place::Nothing);
                    }
                    self.tokens.clear();
                }
                tokens::Token::Backslash => {
                    let line = self.line(start);
                    if let Some(place) = self.command(line.clone(), '\\') {
                        return Some(place);
                    }
                    let name = self.text[start + 1..line.end]
                        .split([' ', '\t', '\r'])
                        .next()
                        .unwrap_or_default();
                    if takes_statement(name) {
                        if self.cursor <= start {
                            return None;
                        }
                        self.tokens.clear();
                    }
                    self.at = line.end;
                }
                tokens::Token::Operator if self.begins_command(start) => {
                    let line = self.line(start);
                    if let Some(place) = self.command(line.clone(), '%') {
                        return Some(place);
                    }
                    if self.is_foreign_block(&line) {
                        return Some(Place::Nothing);
                    }
                    self.at = line.end;
                }
                tokens::Token::Variable(reference) if held => {
                    let (before, after) = match reference.form {
                        Form::Plain => (1, 0),
                        Form::Literal | Form::Identifier => (2, 1),
                        Form::Test => (3, 1),
                    };
                    return Some(self.variable(start + before..self.at - after));
                }
                tokens::Token::Variable(_) => self.push(Kind::Value, start),
                tokens::Token::Other if is_value(&self.text[start..]) => {
                    if held {
                        return Some(Place::Nothing);
                    }
                    self.push(Kind::Value, start);
                }
                tokens::Token::Other if held && self.text[start..self.at] == *":" => {
                    return Some(self.variable(self.at..self.at));
                }
                _ => self.push(Kind::Sign, start),
            }
        }
        None
    }

    /// Reads on to the end of what was opened at `start`.
    fn quote(&mut self, start: usize, mut inside: Inside) -> Option<Place<'t>> {
        let (len, closed) = inside.close(&self.text.as_bytes()[self.at..]);
        self.at += len;
        let held = start < self.cursor && (self.cursor < self.at || !closed);
        let of_variable = self.text[..start].ends_with(':') && !self.text[..start].ends_with("::");
        match inside {
            Inside::Comment(_) if held => return Some(Place::Nothing),
            Inside::Comment(_) => {}
            Inside::Single | Inside::Double if held && of_variable => {
                let name = self.text[start + 1..]
                    .split(|c: char| !c.is_alphanumeric() && c != '_')
                    .next();
                return Some(self.variable(start + 1..start + 1 + name.unwrap_or_default().len()));
            }
            Inside::Double | Inside::Backtick => {
                // A quote that is not closed yet seems to end at the next one, far off.
                let rest = self
                    .text
                    .get(self.cursor..self.at)
                    .filter(|_| held)
                    .unwrap_or_default();
                if held && (!closed || rest.contains(char::is_whitespace)) {
                    self.at = self.cursor;
                }
                self.push(Kind::Quoted, start);
            }
            _ if held => return Some(Place::Nothing),
            _ => self.push(Kind::Value, start),
        }
        None
    }

    fn push(&mut self, kind: Kind, start: usize) {
        if self.tokens.len() < MOST {
            self.tokens.push(Token {
                kind,
                text: &self.text[start..self.at],
                start,
            });
        }
    }

    fn variable(&self, range: Range<usize>) -> Place<'t> {
        let to = self.cursor.clamp(range.start, range.end);
        Place::Variable {
            name: Typed {
                text: &self.text[range.start..to],
                range,
            },
        }
    }

    /// From here to the line's end.
    fn line(&self, start: usize) -> Range<usize> {
        let rest = &self.text[start..];
        start..start + rest.find('\n').unwrap_or(rest.len())
    }

    /// Whether a `%` at the start of a line begins a command there: no statement is begun.
    fn begins_command(&self, start: usize) -> bool {
        if !self.tokens.is_empty() || !self.text[start..].starts_with('%') {
            return false;
        }
        let line = self.text[..start].rsplit('\n').next().unwrap_or_default();
        line.trim_start_matches('\u{feff}').trim().is_empty()
    }

    /// Whether the lines below this first one are no SQL.
    fn is_foreign_block(&self, line: &Range<usize>) -> bool {
        let line = &self.text[line.clone()];
        let name = line.split_whitespace().next();
        line.starts_with("%%") && !matches!(name, Some("%%sql" | "%%copy"))
    }

    /// The place in a command's line, where the cursor is in it.
    fn command(&self, line: Range<usize>, sign: char) -> Option<Place<'t>> {
        if self.cursor <= line.start || self.cursor > line.end {
            return None;
        }
        let before = &self.text[line.start..self.cursor];
        // A line may have more than one `\` command.
        let begins = |at: &usize| *at == 0 || before[..*at].ends_with([' ', '\t']);
        let signs = before.match_indices(sign).map(|(at, _)| at);
        let start = match sign {
            '\\' => line.start + signs.rev().find(begins).unwrap_or(0),
            _ => line.start,
        };
        let is_blank = |c: char| c.is_whitespace();
        let name_end = self.text[start..line.end]
            .find(is_blank)
            .map_or(line.end, |len| start + len);
        if self.cursor <= name_end {
            let name = Typed {
                text: &self.text[start..self.cursor],
                range: start..name_end,
            };
            return Some(Place::Command { name });
        }
        let typed = self.text[name_end..self.cursor]
            .rfind(is_blank)
            .map_or(name_end, |at| name_end + at + 1);
        let typed = self.text.ceil_char_boundary(typed);
        let end = self.text[self.cursor..line.end]
            .find(is_blank)
            .map_or(line.end, |len| self.cursor + len);
        let text = &self.text[typed..self.cursor];
        if let Some(name) = text.strip_prefix(':') {
            let name = name.trim_start_matches(['\'', '"']);
            return Some(Place::Variable {
                name: Typed {
                    text: name,
                    range: self.cursor - name.len()..self.cursor,
                },
            });
        }
        Some(Place::Argument {
            command: &self.text[start..name_end],
            before: self.text[name_end..typed].trim(),
            word: Typed {
                text,
                range: typed..end,
            },
        })
    }

    /// Passes over the rows below a COPY that reads them from the cell; whether the cursor is there.
    fn skip_rows(&mut self) -> bool {
        let reads = |pair: &[Token]| pair[0].is("from") && pair[1].is("stdin");
        if !self.tokens.first().is_some_and(|first| first.is("copy"))
            || !self.tokens.windows(2).any(reads)
        {
            return false;
        }
        let start = self.text.len().min(self.line(self.at).end + 1);
        let mut end = start;
        for line in self.text[start..].split_inclusive('\n') {
            if line.trim_end() == "\\." {
                break;
            }
            end += line.len();
        }
        let held = start <= self.cursor && self.cursor < end;
        // What is left of the rows is their last line.
        if start < end || self.text[end..].starts_with("\\.") {
            self.at = self.line(end).end;
        }
        held
    }

    fn statement(&mut self) -> Place<'t> {
        let tokens = std::mem::take(&mut self.tokens);
        if tokens.len() == MOST {
            return Place::Nothing;
        }
        let is_held = |token: &Token| {
            matches!(token.kind, Kind::Word | Kind::Quoted)
                && token.start < self.cursor
                && self.cursor <= token.end()
        };
        let held = tokens.iter().position(is_held);
        let at = held.unwrap_or_else(|| tokens.partition_point(|token| token.start < self.cursor));
        let range = held.map_or(self.cursor..self.cursor, |held| {
            tokens[held].start..tokens[held].end()
        });
        let typed = Typed {
            text: &self.text[range.start..self.cursor],
            range,
        };
        Place::Sql(Statement { tokens, at, typed })
    }
}

/// Whether the text begins with a number or a parameter.
fn is_value(text: &str) -> bool {
    let mut chars = text.chars();
    let first = chars.next();
    let second = chars.next().is_some_and(|c| c.is_ascii_digit());
    first.is_some_and(|c| c.is_ascii_digit()) || (matches!(first, Some('.' | '$')) && second)
}
