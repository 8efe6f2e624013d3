//! The tokens of SQL, as far as they matter for where a statement ends, and the inside of quotes
//! and comments. Bytes, because psql reads bytes: what begins or ends a token is always ASCII.

use super::Dialect;
use crate::variables::Reference;

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
    pub(super) fn delimiter(&self) -> String {
        match self {
            Inside::Single | Inside::Escaped => "'".to_owned(),
            Inside::Double => "\"".to_owned(),
            Inside::Backtick => "`".to_owned(),
            Inside::Dollar(delimiter) => String::from_utf8_lossy(delimiter).into_owned(),
            Inside::Comment(_) => "/*".to_owned(),
        }
    }

    /// How far the text belongs to it, and whether it ends there.
    pub(crate) fn close(&mut self, text: &[u8]) -> (usize, bool) {
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
        at += text
            .get(at..)?
            .iter()
            .position(|byte| *byte == b'\'' || (escapes && *byte == b'\\'))?;
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
        at += text
            .get(at..)?
            .iter()
            .position(|byte| matches!(byte, b'*' | b'/'))?;
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
pub(crate) enum Token {
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
// Inlined because it runs for every token of a cell: tokens are not copied then, which halves the time.
#[inline(always)]
pub(crate) fn token(text: &[u8], dialect: Dialect) -> Option<(Token, usize)> {
    let first = *text.first()?;
    let second = text.get(1).copied().unwrap_or(0);
    let string = if dialect.standard_conforming_strings {
        Inside::Single
    } else {
        Inside::Escaped
    };
    Some(match (first, second) {
        (byte, _) if is_blank(char::from(byte)) => (
            Token::Blank,
            length(text, |byte| is_blank(char::from(byte))),
        ),
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
    let tag = length(&text[1..], |byte| {
        starts_word(byte) || byte.is_ascii_digit()
    });
    match text.get(1 + tag) {
        Some(b'$') => (
            Token::Open(Inside::Dollar(text[..tag + 2].to_vec())),
            tag + 2,
        ),
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
    // An exponent without a sign reads like a word, and so does what is glued to it.
    if let Some([b'e' | b'E', b'+' | b'-']) = text.get(at..at + 2) {
        let exponent = at + 2;
        at = digits(exponent);
        if at == exponent {
            return at;
        }
    }
    with_junk(text, at)
}

fn with_junk(text: &[u8], at: usize) -> usize {
    at + word(&text[at..])
}

fn word(text: &[u8]) -> usize {
    if text.first().is_some_and(|byte| starts_word(*byte)) {
        length(text, |byte| {
            starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
        })
    } else {
        0
    }
}

/// An operator ends where a comment begins in it.
fn operator(text: &[u8], dialect: Dialect) -> usize {
    let len = length(text, |byte| {
        is_operator(byte) && !(dialect.spark && byte == b'`')
    });
    (1..len)
        .find(|at| matches!(text.get(*at..*at + 2), Some(b"/*" | b"--")))
        .unwrap_or(len)
}

fn length(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter()
        .position(|byte| !belongs(*byte))
        .unwrap_or(text.len())
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn is_operator(byte: u8) -> bool {
    matches!(
        byte,
        b'~' | b'!'
            | b'@'
            | b'#'
            | b'^'
            | b'&'
            | b'|'
            | b'`'
            | b'?'
            | b'+'
            | b'-'
            | b'*'
            | b'/'
            | b'%'
            | b'<'
            | b'>'
            | b'='
    )
}

fn is_newline(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r')
}

pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
