//! Where a statement ends: psql's reading of SQL, so that a cell is split exactly as psql splits a
//! script, and every byte sent is known by its place in the cell.
//!
//! Only what moves the end of a statement is told apart: quotes, comments, parentheses, the
//! `BEGIN ATOMIC` bodies of functions, semicolons, backslashes and variables.

use std::ops::Range;

use crate::cell::Unreadable;
use crate::variables::{Form, Reference, Source, Variables};

/// What a server changes about how SQL is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// The server's setting: whether a backslash is an ordinary character in `'…'`.
    pub standard_conforming_strings: bool,
    /// Spark's SQL (Query Service): `` `…` `` quotes an identifier.
    pub spark: bool,
}

impl Default for Dialect {
    fn default() -> Self {
        Dialect { standard_conforming_strings: true, spark: false }
    }
}

/// What is sent, and where each byte of it came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// As psql sends it: as typed, with its `;` if it has one (the server's errors point there),
    /// with variables in place, without the blanks and `--` comments before it.
    pub text: String,
    /// Whether a `;` ended it, and not the end of the cell or a `\` command.
    pub ended: bool,
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
    /// Where it is in the cell.
    pub fn range(&self) -> Range<usize> {
        match (self.pieces.first(), self.pieces.last()) {
            (Some(first), Some(last)) => first.cell.start..last.cell.end,
            _ => 0..0,
        }
    }

    /// The place in the cell of a byte of the text: of a variable's value, the reference to it.
    pub fn in_cell(&self, sent: usize) -> usize {
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

    /// The text without the `;` at its end, to stand inside another statement.
    pub fn bare(&self) -> &str {
        if self.ended { self.text.strip_suffix(';').unwrap_or(&self.text) } else { &self.text }
    }

    /// Whether it is a COPY that wants its rows from the cell.
    pub fn reads_rows(&self) -> bool {
        let words = leading_words(&self.text, usize::MAX);
        words.first().is_some_and(|word| word == "COPY")
            && words.windows(2).any(|pair| pair == ["FROM", "STDIN"])
    }

    fn push(&mut self, text: &str, place: Range<usize>, typed: bool) {
        if text.is_empty() {
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if typed && last.typed && last.cell.end == place.start => last.cell.end = place.end,
            _ => self.pieces.push(Piece { sent: self.text.len(), cell: place, typed }),
        }
        self.text.push_str(text);
    }

    fn truncate(&mut self, len: usize) {
        let cut = self.text.len() - len;
        self.text.truncate(len);
        let kept = self.pieces.partition_point(|piece| piece.sent < len);
        let last_was_cut = kept == self.pieces.len();
        self.pieces.truncate(kept);
        if let Some(last) = self.pieces.last_mut().filter(|last| last.typed && last_was_cut) {
            last.cell.end -= cut;
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
    /// The quote or comment that is open, and where it was opened.
    pub(crate) fn open(&self) -> Option<(&Inside, Range<usize>)> {
        self.inside.as_ref().map(|(inside, at)| (inside, at.clone()))
    }

    /// The statement as far as it has been read, where there is more of it than comments.
    pub(crate) fn begun(&self) -> Option<&Statement> {
        self.begun.then_some(&self.statement)
    }

    /// Hands the statement out and begins a new one.
    pub(crate) fn take(&mut self) -> Option<Statement> {
        let Splitter { mut statement, begun, .. } = std::mem::take(self);
        if !statement.ended {
            statement.truncate(statement.text.trim_end_matches(is_blank).len());
        }
        begun.then_some(statement)
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
            self.statement.push(excerpt.text, excerpt.place, excerpt.typed);
            match run.next {
                Next::Refill if source.refill() => {}
                Next::Refill => return Ok(Stop::End),
                Next::Semicolon => {
                    self.statement.ended = true;
                    return Ok(Stop::Semicolon);
                }
                Next::Backslash => {
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
                    self.statement.push(escaped.text, escaped.place, escaped.typed);
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
            let Some((token, len)) = token(rest, dialect) else { break Next::Refill };
            let is_code = !matches!(token, Token::Blank | Token::Open(Inside::Comment(_)));
            match token {
                Token::Blank if self.statement.text.is_empty() && blank == at => blank += len,
                Token::Blank => {}
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
        Run { blank, len: at - blank, next }
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
            && ["create", "or", "replace", "function", "procedure"].into_iter().any(is)
        {
            self.initials[self.words] = word[0].to_ascii_lowercase();
        }
        self.words += 1;
        let makes_routine = matches!(self.initials, [b'c', b'f' | b'p', ..] | [b'c', b'o', b'r', b'f' | b'p']);
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

/// A quote or comment that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Inside {
    /// `'…'`, in which only a quote ends it.
    Single,
    /// `'…'` in which a backslash hides what follows it.
    Escaped,
    /// `"…"`
    Double,
    /// `` `…` ``
    Backtick,
    /// `$tag$…$tag$`, with its delimiter.
    Dollar(Vec<u8>),
    /// `/* … */`, and how many comments are open in it.
    Comment(usize),
}

impl Inside {
    /// What opened it, without the prefix of a string.
    pub(crate) fn delimiter(&self) -> String {
        match self {
            Inside::Single | Inside::Escaped => "'".to_owned(),
            Inside::Double => "\"".to_owned(),
            Inside::Backtick => "`".to_owned(),
            Inside::Dollar(delimiter) => String::from_utf8_lossy(delimiter).into_owned(),
            Inside::Comment(_) => "/*".to_owned(),
        }
    }

    /// How far the text belongs to it, and whether it ends there.
    fn close(&mut self, text: &[u8]) -> (usize, bool) {
        let end = match self {
            Inside::Single => end_of_string(text, false),
            Inside::Escaped => end_of_string(text, true),
            Inside::Double => end_of_name(text, b'"'),
            Inside::Backtick => end_of_name(text, b'`'),
            Inside::Dollar(delimiter) => (0..text.len())
                .find(|at| text[*at] == b'$' && text[*at..].starts_with(delimiter))
                .map(|at| at + delimiter.len()),
            Inside::Comment(depth) => end_of_comment(text, depth),
        };
        (end.unwrap_or(text.len()), end.is_some())
    }
}

fn end_of_string(text: &[u8], escapes: bool) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == b'\'' || (escapes && *byte == b'\\'))?;
        if text[at] == b'\\' || text.get(at + 1) == Some(&b'\'') {
            at += 2;
        } else if let Some(gap) = gap_before_continuation(&text[at + 1..]) {
            at += 1 + gap;
        } else {
            return Some(at + 1);
        }
    }
}

/// Two strings with a line's end between them are one string: the length of what is between them,
/// with the quote that goes on.
fn gap_before_continuation(text: &[u8]) -> Option<usize> {
    let (mut at, mut line_ended) = (0, false);
    loop {
        match text.get(at)? {
            b'\n' | b'\r' => line_ended = true,
            b' ' | b'\t' | 0x0c => {}
            b'-' if text.get(at + 1) == Some(&b'-') => {
                // A comment counts only with the line's end after it.
                at += text[at..].iter().position(|byte| is_newline(*byte))?;
                line_ended = true;
            }
            b'\'' if line_ended => return Some(at + 1),
            _ => return None,
        }
        at += 1;
    }
}

fn end_of_name(text: &[u8], quote: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| *byte == quote)?;
        if text.get(at + 1) != Some(&quote) {
            return Some(at + 1);
        }
        at += 2;
    }
}

fn end_of_comment(text: &[u8], depth: &mut usize) -> Option<usize> {
    let mut at = 0;
    loop {
        at += text.get(at..)?.iter().position(|byte| matches!(byte, b'*' | b'/'))?;
        match text.get(at..at + 2)? {
            b"/*" => *depth += 1,
            b"*/" if *depth == 0 => return Some(at + 2),
            b"*/" => *depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
    }
}

/// What stands at the start of some SQL outside of quotes and comments.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// White space, or a `--` comment.
    Blank,
    /// The start of a quote or comment.
    Open(Inside),
    Word,
    Parenthesis,
    ParenthesisEnd,
    Semicolon,
    /// `\;` or `\:`
    Escaped,
    Backslash,
    Variable(Reference),
    Operator,
    Other,
}

/// The first token of the text and its length in bytes; `None` at the text's end.
fn token(text: &[u8], dialect: Dialect) -> Option<(Token, usize)> {
    let first = *text.first()?;
    let second = text.get(1).copied().unwrap_or(0);
    let string = if dialect.standard_conforming_strings { Inside::Single } else { Inside::Escaped };
    Some(match (first, second) {
        (byte, _) if is_blank(char::from(byte)) => {
            (Token::Blank, length(text, |byte| is_blank(char::from(byte))))
        }
        (b'-', b'-') => (Token::Blank, length(text, |byte| !is_newline(byte))),
        (b'/', b'*') => (Token::Open(Inside::Comment(0)), 2),
        (b'\'', _) => (Token::Open(string), 1),
        (b'n' | b'N', b'\'') => (Token::Open(string), 2),
        (b'e' | b'E', b'\'') => (Token::Open(Inside::Escaped), 2),
        (b'b' | b'B' | b'x' | b'X', b'\'') => (Token::Open(Inside::Single), 2),
        (b'u' | b'U', b'&') => match text.get(2) {
            Some(b'\'') => (Token::Open(Inside::Single), 3),
            Some(b'"') => (Token::Open(Inside::Double), 3),
            _ => (Token::Other, 1),
        },
        (b'"', _) => (Token::Open(Inside::Double), 1),
        (b'`', _) if dialect.spark => (Token::Open(Inside::Backtick), 1),
        (b'$', _) => dollar(text),
        (b'(', _) => (Token::Parenthesis, 1),
        (b')', _) => (Token::ParenthesisEnd, 1),
        (b';', _) => (Token::Semicolon, 1),
        (b'\\', b';' | b':') => (Token::Escaped, 2),
        (b'\\', _) => (Token::Backslash, 1),
        (b':', b':' | b'=') => (Token::Other, 2),
        (b':', _) => match Reference::read(text) {
            Some(reference) => {
                let len = reference.len;
                (Token::Variable(reference), len)
            }
            None => (Token::Other, 1),
        },
        (byte, _) if byte.is_ascii_digit() => (Token::Other, number(text)),
        (b'.', byte) if byte.is_ascii_digit() => (Token::Other, number(text)),
        (byte, _) if starts_word(byte) => (Token::Word, word(text)),
        (byte, _) if is_operator(byte) => (Token::Operator, operator(text, dialect)),
        _ => (Token::Other, 1),
    })
}

/// `$tag$`, which opens a quote, `$1`, or a `$` that means nothing.
fn dollar(text: &[u8]) -> (Token, usize) {
    let digits = length(&text[1..], |byte| byte.is_ascii_digit());
    if digits > 0 {
        return (Token::Other, with_junk(text, 1 + digits));
    }
    let tag = length(&text[1..], |byte| starts_word(byte) || byte.is_ascii_digit());
    match text.get(1 + tag) {
        Some(b'$') => (Token::Open(Inside::Dollar(text[..tag + 2].to_vec())), tag + 2),
        _ => (Token::Other, 1),
    }
}

/// A number, and as in PostgreSQL a word glued to it: the `e` of `1e'…'` is no prefix of the string.
fn number(text: &[u8]) -> usize {
    let digits = |from: usize| from + length(&text[from..], |byte| byte.is_ascii_digit());
    let mut at = digits(0);
    if text.get(at) == Some(&b'.') {
        if at > 0 && text.get(at + 1) == Some(&b'.') {
            return at;
        }
        at = digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let signed = matches!(text.get(at + 1), Some(b'+' | b'-'));
        let exponent = at + 1 + usize::from(signed);
        if text.get(exponent).is_some_and(u8::is_ascii_digit) {
            at = digits(exponent);
        } else if signed {
            return exponent;
        }
    }
    with_junk(text, at)
}

fn with_junk(text: &[u8], at: usize) -> usize {
    at + word(&text[at..])
}

fn word(text: &[u8]) -> usize {
    if text.first().is_some_and(|byte| starts_word(*byte)) {
        length(text, |byte| starts_word(byte) || byte.is_ascii_digit() || byte == b'$')
    } else {
        0
    }
}

/// An operator ends where a comment begins in it.
fn operator(text: &[u8], dialect: Dialect) -> usize {
    let len = length(text, |byte| is_operator(byte) && !(dialect.spark && byte == b'`'));
    (1..len).find(|at| matches!(text.get(*at..*at + 2), Some(b"/*" | b"--"))).unwrap_or(len)
}

fn length(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len())
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_operator(byte: u8) -> bool {
    b"~!@#^&|`?+-*/%<>=".contains(&byte)
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}

/// The first unquoted words of some SQL, in upper case: what kind of statement it is. Comments,
/// strings, quoted names and everything that is no word are passed over.
pub fn leading_words(text: &str, count: usize) -> Vec<String> {
    let text = text.as_bytes();
    let (mut words, mut at) = (Vec::new(), 0);
    while words.len() < count {
        let Some((token, len)) = token(&text[at..], Dialect::default()) else { break };
        match token {
            Token::Open(mut inside) => at += inside.close(&text[at + len..]).0,
            Token::Word => words.push(String::from_utf8_lossy(&text[at..at + len]).to_uppercase()),
            _ => {}
        }
        at += len;
    }
    words
}
