//! A `\` command's name and arguments, read as psql reads them.

use std::ops::Range;

use crate::cell::{Fault, Unreadable};
use crate::variables::{Form, Reference, Source, Variables};

#[cfg(test)]
mod tests;

/// How an argument is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A word, in which `'…'` and `"…"` hold blanks and variables are put in: `\echo`, `\set`.
    Normal,
    /// The same without the `;` that habit puts at its end: `\x on;`, `\d people;`.
    Lenient,
    /// A SQL name: lower case where unquoted, without its quotes.
    Identifier,
    /// All that is left of the line, as typed, without a `;` at its end: `\h create table`.
    WholeLine,
}

/// An argument of a `\` command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Argument {
    /// Its value.
    pub(crate) text: String,
    /// Where it is in the cell.
    pub(crate) at: Range<usize>,
    /// Some of it was quoted or a variable: `\echo '-n'` is no option.
    pub(crate) quoted: bool,
}

/// Reads a command's name: what comes before a blank or another backslash, without the `;` that habit
/// puts behind it.
pub(crate) fn read_name(source: &mut Source) -> String {
    let mut name = String::new();
    while let Some(next) = source
        .peek()
        .filter(|next| !is_space(*next) && *next != '\\')
    {
        source.take(next.len_utf8());
        name.push(next);
    }
    name.truncate(name.trim_end_matches(';').len());
    name
}

/// Reads the next argument; `None` where the command ends.
pub(crate) fn read(
    source: &mut Source,
    variables: &Variables,
    kind: Kind,
) -> Result<Option<Argument>, Unreadable> {
    while source.peek().is_some_and(is_space) {
        source.take(1);
    }
    let start = source.place(0, 0).start;
    let mut reader = Reader::default();
    match kind {
        Kind::WholeLine => reader.whole_line(source),
        _ => reader.word(source, variables)?,
    }
    if matches!(kind, Kind::Lenient | Kind::Identifier) {
        reader.drop_semicolons();
    }
    if let Some(at) = reader.shell {
        return Err(Unreadable {
            fault: Fault::Backtick,
            at,
        });
    }
    if reader.value.is_empty() && !reader.quoted {
        return Ok(None);
    }
    let at = start..source.place(0, 0).end;
    match String::from_utf8(reader.value) {
        Ok(text) if !text.contains('\0') => {
            let text = if kind == Kind::Identifier {
                fold(&text)
            } else {
                text
            };
            Ok(Some(Argument {
                text,
                at,
                quoted: reader.quoted,
            }))
        }
        _ => Err(Unreadable {
            fault: Fault::NotText,
            at,
        }),
    }
}

/// Reads the next argument of those a command left unread. As in psql, they have no variables put in
/// and no faults but an open quote.
pub(crate) fn extra(source: &mut Source) -> Result<Option<String>, Unreadable> {
    loop {
        match read(source, &Variables::default(), Kind::Normal) {
            Ok(argument) => return Ok(argument.map(|argument| argument.text)),
            Err(Unreadable {
                fault: Fault::NotText | Fault::Backtick,
                ..
            }) => {}
            Err(unreadable) => return Err(unreadable),
        }
    }
}

/// Passes over what a command left unread, and the `\\` that may end it.
pub(crate) fn skip(source: &mut Source) -> Result<(), Unreadable> {
    while extra(source)?.is_some() {}
    if source.unread().starts_with(br"\\") {
        source.take(2);
    }
    Ok(())
}

/// An argument as far as it has been read.
#[derive(Debug, Default)]
struct Reader {
    /// Bytes, because escapes are: only the whole tells whether they are text.
    value: Vec<u8>,
    quoted: bool,
    /// How many characters at the end are neither quoted nor a variable's.
    bare: usize,
    /// Where a command for the shell was.
    shell: Option<Range<usize>>,
}

impl Reader {
    fn word(&mut self, source: &mut Source, variables: &Variables) -> Result<(), Unreadable> {
        loop {
            let Some(next) = source.peek() else {
                return Ok(());
            };
            if is_space(next) || next == '\\' {
                return Ok(());
            }
            if next == ':' && self.variable(source, variables) {
                continue;
            }
            let at = source.place(0, 1);
            source.take(next.len_utf8());
            if !matches!(next, '\'' | '"' | '`') {
                self.push(next);
                self.bare += 1;
                continue;
            }
            (self.quoted, self.bare) = (true, 0);
            let closed = match next {
                '\'' => self.single(source),
                '"' => self.double(source),
                _ => {
                    self.shell.get_or_insert_with(|| at.clone());
                    skip_shell(source)
                }
            };
            closed.ok_or(Unreadable {
                fault: Fault::UnclosedArgument(next),
                at,
            })?;
        }
    }

    /// Text in which `''` is a quote and a backslash begins an escape; `None` where it is not
    /// closed on its line.
    fn single(&mut self, source: &mut Source) -> Option<()> {
        loop {
            match take(source)? {
                '\'' if source.unread().first() == Some(&b'\'') => {
                    source.take(1);
                    self.push('\'');
                }
                '\'' => return Some(()),
                '\\' => self.escape(source),
                other => self.push(other),
            }
        }
    }

    /// What comes after a backslash.
    fn escape(&mut self, source: &mut Source) {
        let Some(next) = source.peek() else { return };
        let rest = source.unread();
        let octal = rest
            .iter()
            .take(3)
            .take_while(|byte| matches!(byte, b'0'..=b'7'))
            .count();
        let hex = rest.strip_prefix(b"x").unwrap_or_default();
        let hex = hex
            .iter()
            .take(2)
            .take_while(|byte| byte.is_ascii_hexdigit())
            .count();
        let number =
            |digits: &str, radix| u32::from_str_radix(digits, radix).unwrap_or_default() as u8;
        if octal > 0 {
            self.value.push(number(source.take(octal).text, 8));
        } else if hex > 0 {
            self.value.push(number(&source.take(1 + hex).text[1..], 16));
        } else {
            source.take(next.len_utf8());
            self.push(match next {
                'n' => '\n',
                't' => '\t',
                'b' => '\u{8}',
                'r' => '\r',
                'f' => '\u{c}',
                other => other,
            });
        }
    }

    /// Text as it is, with its quotes.
    fn double(&mut self, source: &mut Source) -> Option<()> {
        self.push('"');
        loop {
            let next = take(source)?;
            self.push(next);
            if next == '"' {
                return Some(());
            }
        }
    }

    /// Puts in the value of a variable. A `:` that begins no reference is left to be read.
    fn variable(&mut self, source: &mut Source, variables: &Variables) -> bool {
        let Some(reference) = Reference::read(source.unread()) else {
            return false;
        };
        let typed = source.take(reference.len).text;
        match variables.resolve(&reference) {
            Some(value) => self.value.extend_from_slice(value.as_bytes()),
            None => self.value.extend_from_slice(typed.as_bytes()),
        }
        self.bare = 0;
        self.quoted |= reference.form != Form::Test;
        true
    }

    fn whole_line(&mut self, source: &mut Source) {
        while let Some(next) = take(source) {
            self.push(next);
        }
        while let [.., b';' | b' ' | b'\t' | b'\n' | b'\r' | b'\x0c'] = self.value.as_slice() {
            self.value.pop();
        }
    }

    fn drop_semicolons(&mut self) {
        while self.bare > 0 && self.value.last() == Some(&b';') {
            self.value.pop();
            self.bare -= 1;
        }
    }

    fn push(&mut self, c: char) {
        self.value
            .extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }
}

fn skip_shell(source: &mut Source) -> Option<()> {
    while take(source)? != '`' {}
    Some(())
}

fn take(source: &mut Source) -> Option<char> {
    let next = source.peek()?;
    source.take(next.len_utf8());
    Some(next)
}

/// A name as the server folds it: quotes go, and what is not quoted becomes lower case.
fn fold(name: &str) -> String {
    let (mut folded, mut quoted) = (String::with_capacity(name.len()), false);
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => folded.push('"'),
            '"' => quoted = !quoted,
            c if quoted => folded.push(c),
            c => folded.push(c.to_ascii_lowercase()),
        }
    }
    folded
}

fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0c')
}
