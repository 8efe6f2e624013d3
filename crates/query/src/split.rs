//! Where a statement ends: psql's reading of SQL, so that a cell is split exactly as psql splits a
//! script, and every byte sent is known by its place in the cell.
//!
//! Only what moves the end of a statement is told apart: quotes, comments, parentheses, the
//! `BEGIN ATOMIC` bodies of functions, semicolons, backslashes and variables.

use std::ops::Range;

#[cfg(test)]
mod tests;
pub(crate) mod tokens;

use self::tokens::{Inside, Token, is_blank, token};
use crate::cell::Unreadable;
use crate::variables::{Form, Reference, Source, Variables};

/// What a server changes about how SQL is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Dialect {
    /// The server's setting: whether a backslash is an ordinary character in `'…'`.
    pub(crate) standard_conforming_strings: bool,
    /// Spark's SQL (Query Service): `` `…` `` quotes an identifier.
    pub(crate) spark: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect {
            standard_conforming_strings: true,
            spark: false,
        }
    }
}

/// What is sent, and where each byte of it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Statement {
    /// As psql sends it: as typed, with its `;` if it has one (the server's errors point there),
    /// with variables in place, without the blanks and `--` comments before it.
    pub(crate) text: String,
    /// Whether a `;` ended it, and not the end of the cell or a `\` command.
    pub(crate) ended: bool,
    pieces: Vec<Piece>,
}

/// A part of the text that came from one part of the cell.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Piece {
    sent: usize,
    cell: Range<usize>,
    typed: bool,
}

impl Statement {
    /// SQL of our own making, which stands nowhere in a cell.
    pub(crate) fn own(text: String) -> Self {
        Statement {
            text,
            ..Statement::default()
        }
    }

    /// Where it is in the cell.
    pub(crate) fn range(&self) -> Range<usize> {
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) => first.cell.start..last.cell.end,
            _ => 0..0,
        }
    }

    /// The place in the cell of a byte of the text: of a variable's value, the reference to it.
    pub(crate) fn in_cell(&self, sent: usize) -> usize {
        if sent >= self.text.len() {
            return self.range().end;
        }
        let after = self.pieces.partition_point(|piece| piece.sent <= sent);
        match self.pieces[..after].last() {
            Some(piece) if piece.typed => piece.cell.start + (sent - piece.sent),
            Some(piece) => piece.cell.start,
            None => 0,
        }
    }

    /// Whether it is a COPY that wants its rows from the cell.
    pub(crate) fn reads_rows(&self) -> bool {
        leading_words(&self.text, 1) == ["COPY"]
            && leading_words(&self.text, usize::MAX)
                .windows(2)
                .any(|pair| pair == ["FROM", "STDIN"])
    }

    /// Adds what is sent for this place of the cell: its own text, where `typed`.
    pub(crate) fn push(&mut self, text: &str, place: Range<usize>, typed: bool) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if typed && last.typed && last.cell.end == place.start => {
                last.cell.end = place.end
            }
            _ => self.pieces.push(Piece {
                sent: self.text.len(),
                cell: place,
                typed,
            }),
        }
        self.text.push_str(text);
    }

    fn truncate(&mut self, len: usize) {
        self.text.truncate(len);
        self.pieces
            .truncate(self.pieces.partition_point(|piece| piece.sent < len));
        if let Some(last) = self.pieces.last_mut().filter(|last| last.typed) {
            last.cell.end = last.cell.start + (len - last.sent);
        }
    }
}

/// What stopped the reading of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The `;` that ends a statement; it has been read.
    Semicolon,
    /// The backslash that begins a command, and where it is; it has been read.
    Backslash(Range<usize>),
    /// A `%` at the start of a line, where no statement is begun; it has not been read.
    Percent,
    /// The end of the cell.
    End,
}

/// Reads SQL from a source and gathers it into a statement.
#[derive(Debug, Clone, Default)]
pub(crate) struct Splitter {
    statement: Statement,
    /// The statement has more than comments.
    begun: bool,
    inside: Option<(Inside, Range<usize>)>,
    parentheses: usize,
    head: Head,
}

impl Splitter {
    /// What opened the quote or comment that is open, and where.
    pub(crate) fn open(&self) -> Option<(String, Range<usize>)> {
        self.inside
            .as_ref()
            .map(|(inside, at)| (inside.delimiter(), at.clone()))
    }

    /// The statement as far as it has been read, where there is more of it than comments.
    pub(crate) fn begun(&self) -> Option<&Statement> {
        self.begun.then_some(&self.statement)
    }

    /// Hands out what there is of a statement, be it a comment alone, and begins a new one.
    pub(crate) fn take(&mut self) -> Option<Statement> {
        let mut statement = std::mem::take(self).statement;
        if !statement.ended {
            statement.truncate(statement.text.trim_end_matches(is_blank).len());
        }
        (!statement.text.is_empty()).then_some(statement)
    }

    /// The same at a statement's end: there is nothing to run in comments.
    pub(crate) fn finish(&mut self) -> Option<Statement> {
        let begun = self.begun;
        self.take().filter(|_| begun)
    }

    /// Reads on to the next thing that is not plain SQL.
    pub(crate) fn read(
        &mut self,
        source: &mut Source,
        variables: &Variables,
        dialect: Dialect,
    ) -> Result<Stop, Unreadable> {
        loop {
            let run = self.run(source, dialect);
            source.take(run.blank);
            let excerpt = source.take(run.len);
            self.statement
                .push(excerpt.text, excerpt.place, excerpt.typed);
            match run.next {
                Next::Refill if source.refill() => {}
                Next::Refill => return Ok(Stop::End),
                Next::Semicolon => {
                    self.statement.ended = true;
                    return Ok(Stop::Semicolon);
                }
                // As in psql, an empty line is left out.
                Next::EmptyLine => {
                    source.take(1);
                }
                Next::Backslash => {
                    // And so is a line with nothing but a command.
                    if source.follows_line(0) && self.statement.text.ends_with('\n') {
                        self.statement.truncate(self.statement.text.len() - 1);
                    }
                    return Ok(Stop::Backslash(source.take(1).place));
                }
                Next::Percent => return Ok(Stop::Percent),
                Next::Escaped => {
                    source.take(1);
                    let escaped = source.take(1);
                    if escaped.text == ";" {
                        self.head.words = 0;
                    } else {
                        self.begun = true;
                    }
                    self.statement
                        .push(escaped.text, escaped.place, escaped.typed);
                }
                Next::Variable(reference) => self.substitute(reference, source, variables)?,
            }
        }
    }

    /// Reads as much of the source's piece as goes into the statement unchanged.
    fn run(&mut self, source: &Source, dialect: Dialect) -> Run {
        let text = source.unread();
        let (mut blank, mut at) = (0, 0);
        let next = loop {
            let rest = &text[at..];
            if let Some((inside, _)) = &mut self.inside {
                let (len, closed) = inside.close(rest);
                at += len;
                if closed {
                    self.inside = None;
                } else {
                    break Next::Refill;
                }
                continue;
            }
            let Some((token, len)) = token(rest, dialect) else {
                break Next::Refill;
            };
            let is_code = !matches!(token, Token::Blank | Token::Open(Inside::Comment(_)));
            match token {
                Token::Blank if self.statement.text.is_empty() && blank == at => blank += len,
                Token::Blank => {
                    let is_empty_line = |at: &usize| text[*at] == b'\n' && source.follows_line(*at);
                    if let Some(empty) = (at..at + len).find(is_empty_line) {
                        at = empty;
                        break Next::EmptyLine;
                    }
                }
                Token::Open(inside) => self.inside = Some((inside, source.place(at, len))),
                Token::Semicolon if self.parentheses == 0 && self.head.blocks == 0 => {
                    self.head.words = 0;
                    at += len;
                    break Next::Semicolon;
                }
                Token::Escaped => break Next::Escaped,
                Token::Backslash => break Next::Backslash,
                Token::Variable(reference) => break Next::Variable(reference),
                Token::Operator if !self.begun && rest[0] == b'%' && source.begins_line(at) => {
                    break Next::Percent;
                }
                Token::Parenthesis => self.parentheses += 1,
                Token::ParenthesisEnd => self.parentheses = self.parentheses.saturating_sub(1),
                Token::Word if self.parentheses == 0 => self.head.word(&rest[..len], true),
                Token::Word => self.head.word(&rest[..len], false),
                Token::Semicolon | Token::Operator | Token::Other => {}
            }
            self.begun |= is_code;
            at += len;
        };
        Run {
            blank,
            len: at - blank,
            next,
        }
    }

    fn substitute(
        &mut self,
        reference: Reference,
        source: &mut Source,
        variables: &Variables,
    ) -> Result<(), Unreadable> {
        let value = variables.resolve(&reference);
        let place = source.place(0, reference.len);
        match (value, reference.form) {
            (Some(value), Form::Plain) if !source.is_expanding(&reference.name) => {
                source.take(reference.len);
                return source.expand(reference.name, value, place);
            }
            (Some(value), Form::Literal | Form::Identifier | Form::Test) => {
                source.spend(value.len(), &place)?;
                source.take(reference.len);
                self.statement.push(&value, place, false);
            }
            _ => {
                let typed = source.take(reference.len);
                self.statement.push(typed.text, typed.place, typed.typed);
            }
        }
        self.begun = true;
        Ok(())
    }
}

/// A stretch of a source that goes into the statement as it is, after blanks that do not.
struct Run {
    blank: usize,
    len: usize,
    next: Next,
}

/// What comes after a run.
enum Next {
    /// The end of the source's piece.
    Refill,
    Semicolon,
    Backslash,
    Percent,
    /// The end of a line with nothing in it.
    EmptyLine,
    /// `\;` or `\:`.
    Escaped,
    Variable(Reference),
}

/// How the statement begins, and how deep in the body of a function it is: in `CREATE FUNCTION …
/// BEGIN ATOMIC … END` semicolons do not end the statement.
#[derive(Debug, Clone, Default)]
struct Head {
    words: usize,
    /// The initials of those of the first words that matter.
    initials: [u8; 4],
    blocks: usize,
}

impl Head {
    fn word(&mut self, word: &[u8], outside_parentheses: bool) {
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if self.words == 0 {
            self.initials = [0; 4];
        }
        if self.words < self.initials.len()
            && ["create", "or", "replace", "function", "procedure"]
                .into_iter()
                .any(is)
        {
            self.initials[self.words] = word[0].to_ascii_lowercase();
        }
        self.words += 1;
        let makes_routine = matches!(
            self.initials,
            [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']
        );
        if !makes_routine || !outside_parentheses {
            return;
        }
        if is("begin") || (is("case") && self.blocks > 0) {
            self.blocks += 1;
        } else if is("end") {
            self.blocks = self.blocks.saturating_sub(1);
        }
    }
}

/// The first unquoted words of some SQL, in upper case: what kind of statement it is. Comments,
/// strings, quoted names and everything that is no word are passed over.
pub(crate) fn leading_words(text: &str, count: usize) -> Vec<String> {
    let words = pieces(text).filter(|(token, _)| *token == Token::Word);
    words
        .map(|(_, word)| word.to_uppercase())
        .take(count)
        .collect()
}

/// The tokens of some SQL, each with its text, without blanks, comments, strings and quoted names.
pub(crate) fn pieces(text: &str) -> impl Iterator<Item = (Token, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            let (token, len) = token(&text.as_bytes()[at..], Dialect::default())?;
            let piece = at..at + len;
            at = piece.end;
            match token {
                Token::Open(mut inside) => at += inside.close(&text.as_bytes()[at..]).0,
                Token::Blank => {}
                token => return Some((token, text.get(piece).unwrap_or_default())),
            }
        }
    })
}
