//! A cell, read step by step: SQL, `\` commands, `%` lines and `%%` blocks.

use std::fmt;
use std::ops::Range;

use crate::arguments::{self, Argument, Kind};
use crate::split::{Dialect, Splitter, Statement, Stop};
use crate::target::Target;
use crate::variables::{Source, Variables};

#[cfg(test)]
mod anything;
#[cfg(test)]
pub(crate) mod tests;

/// One runnable piece of a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step<'a> {
    /// SQL, ended by a `;` or by the cell's end.
    Statement(Statement),
    /// A `\` command. A statement may be begun before it: [`Cell::begun`] shows it and
    /// [`Cell::take`] takes it, else it goes on after the command, as in psql.
    Command {
        /// Without the backslash; empty for a backslash alone.
        name: String,
        /// Backslash and name.
        at: Range<usize>,
    },
    /// A `%` line.
    Percent {
        /// Without the `%`.
        name: &'a str,
        /// The rest of the line as typed, without the blanks around it.
        rest: &'a str,
        /// The line from its `%`.
        at: Range<usize>,
    },
    /// A `%%` line and the rest of the cell.
    Block {
        /// Without the `%%`.
        name: &'a str,
        /// The rest of the first line as typed, without the blanks around it.
        rest: &'a str,
        /// All lines after the first, as typed.
        body: &'a str,
        /// The first line from its `%%`. The body ends where the cell does.
        at: Range<usize>,
    },
}

/// Lines of a cell that are rows for `COPY … FROM STDIN`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyData {
    /// Their bytes in the cell, without the `\.` line.
    pub(crate) range: Range<usize>,
    /// Whether a `\.` line ended them, and not the end of the cell.
    pub(crate) ended: bool,
}

/// Reads a cell's steps one at a time, because what one step does (`\set`, `COPY … FROM STDIN`)
/// changes how the next is read. All places are bytes of the cell's text.
#[derive(Debug, Clone)]
pub(crate) struct Cell<'a> {
    text: &'a str,
    source: Source<'a>,
    split: Splitter,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    /// Before the body of a block that is read as steps.
    Body,
    Sql,
    /// A command was handed out and may have arguments left.
    Command,
    End,
}

impl<'a> Cell<'a> {
    /// Begins to read a cell.
    pub(crate) fn new(text: &'a str) -> Self {
        Cell {
            text,
            source: Source::new(text),
            split: Splitter::default(),
            state: State::Start,
        }
    }

    /// The next step; `None` at the end, and after an error.
    pub(crate) fn next(
        &mut self,
        variables: &Variables,
        dialect: Dialect,
    ) -> Option<Result<Step<'a>, Unreadable>> {
        let step = self.step(variables, dialect).transpose();
        if !matches!(step, Some(Ok(_))) {
            self.state = State::End;
        }
        step
    }

    /// The next argument of the command that [`Cell::next`] handed out last. What is not asked for
    /// is passed over.
    pub(crate) fn argument(
        &mut self,
        variables: &Variables,
        kind: Kind,
    ) -> Result<Option<Argument>, Unreadable> {
        if self.state != State::Command {
            return Ok(None);
        }
        arguments::read(&mut self.source, variables, kind)
    }

    /// The next argument that a command has not asked for, as typed but for its quotes.
    pub(crate) fn extra(&mut self) -> Result<Option<String>, Unreadable> {
        match self.state {
            State::Command => arguments::extra(&mut self.source),
            _ => Ok(None),
        }
    }

    /// The statement that was begun before a command, where there is more of it than comments.
    pub(crate) fn begun(&self) -> Option<&Statement> {
        self.split.begun()
    }

    /// Takes the statement that was begun before a command: for commands that send or forget it.
    /// As in psql it may be a comment alone, which the server answers with nothing.
    pub(crate) fn take(&mut self) -> Option<Statement> {
        self.split.take()
    }

    /// The number of the line up to which the cell has been read, from 1: as in psql, that of a
    /// statement's end.
    pub(crate) fn line(&self) -> usize {
        let read = self.source.place(0, 0).start;
        let before = self.text.get(..read).unwrap_or(self.text);
        before.lines().count().max(1)
    }

    /// Takes the lines after the current one up to `\.` or the cell's end. Reading goes on with
    /// the rest of the current line, and then after the lines taken.
    pub(crate) fn copy_data(&mut self) -> CopyData {
        let (range, ended) = self.source.take_lines();
        CopyData { range, ended }
    }

    /// Reads the body of the block that [`Cell::next`] has just handed out as steps of the cell.
    /// `at` is the block's own.
    pub(crate) fn enter(&mut self, at: &Range<usize>) {
        let read = self.source.place(0, 0).start;
        self.source.take(at.end.saturating_sub(read));
        self.state = State::Body;
    }

    fn step(
        &mut self,
        variables: &Variables,
        dialect: Dialect,
    ) -> Result<Option<Step<'a>>, Unreadable> {
        match self.state {
            State::Start => {
                if let Some(block) = block(self.text) {
                    self.state = State::End;
                    return Ok(Some(block));
                }
                self.refuse_nul()?;
            }
            State::Body => self.refuse_nul()?,
            State::Sql => {}
            State::Command => arguments::skip(&mut self.source)?,
            State::End => return Ok(None),
        }
        self.state = State::Sql;
        loop {
            match self.split.read(&mut self.source, variables, dialect)? {
                Stop::Semicolon => {
                    if let Some(statement) = self.split.finish() {
                        return Ok(Some(Step::Statement(statement)));
                    }
                }
                Stop::Backslash(at) => return Ok(Some(self.command(at))),
                Stop::Percent => return self.percent().map(Some),
                Stop::End => return self.end(),
            }
        }
    }

    fn refuse_nul(&self) -> Result<(), Unreadable> {
        match self.text.find('\0') {
            Some(at) => Err(Unreadable {
                fault: Fault::Nul,
                at: at..at + 1,
            }),
            None => Ok(()),
        }
    }

    fn command(&mut self, backslash: Range<usize>) -> Step<'a> {
        self.state = State::Command;
        let name = arguments::read_name(&mut self.source);
        Step::Command {
            name,
            at: backslash.start..self.source.place(0, 0).end,
        }
    }

    fn percent(&mut self) -> Result<Step<'a>, Unreadable> {
        let line = self.source.cell_lines(|lines| {
            let (name, rest) = name_and_rest(&lines[1..]);
            name == "connect" && Target::is_unfinished(rest)
        });
        let at = self.source.place(0, line.len());
        self.source.take(line.len());
        let line = ended(line);
        let at = at.start..at.start + line.len();
        if line.starts_with("%%") {
            return Err(Unreadable {
                fault: Fault::LateBlock,
                at,
            });
        }
        let (name, rest) = name_and_rest(&line[1..]);
        Ok(Step::Percent { name, rest, at })
    }

    fn end(&mut self) -> Result<Option<Step<'a>>, Unreadable> {
        if let Some((opened, at)) = self.split.open() {
            return Err(Unreadable {
                fault: Fault::Unclosed(opened),
                at,
            });
        }
        self.state = State::End;
        Ok(self.split.finish().map(Step::Statement))
    }
}

/// A `%%rust` cell: what else its first line says, and where the code begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RustCell<'a> {
    /// The rest of the first line.
    pub rest: &'a str,
    /// Where the lines below it begin, in bytes.
    pub body: usize,
}

impl<'a> RustCell<'a> {
    /// The cell as a Rust cell, if its first line says that it is one.
    pub fn of(text: &'a str) -> Option<Self> {
        match block(text)? {
            Step::Block {
                name: "rust",
                rest,
                body,
                ..
            } => Some(RustCell {
                rest,
                body: text.len() - body.len(),
            }),
            _ => None,
        }
    }
}

/// The cell as a `%%` block, if that is what its first line begins.
fn block(text: &str) -> Option<Step<'_>> {
    let unmarked = text.strip_prefix('\u{feff}').unwrap_or(text);
    let trimmed = unmarked.trim_start();
    let start = text.len() - trimmed.len();
    let (line, body) = trimmed.split_once('\n').unwrap_or((trimmed, ""));
    let line = ended(line);
    let (name, rest) = name_and_rest(line.strip_prefix("%%")?);
    Some(Step::Block {
        name,
        rest,
        body,
        at: start..start + line.len(),
    })
}

/// A line without the blanks at its end, and without the `;` that habit puts there. One that is all
/// that an option says stays: `delimiter=;`.
fn ended(line: &str) -> &str {
    let without = line.trim_end_matches(|c: char| c == ';' || c.is_whitespace());
    match without.ends_with('=') {
        true => line
            .get(..=without.len())
            .filter(|line| line.ends_with(';'))
            .unwrap_or(without),
        false => without,
    }
}

fn name_and_rest(line: &str) -> (&str, &str) {
    let (name, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    (name, rest.trim())
}

/// A cell that cannot be read, and the place in the cell where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// What is wrong.
    pub(crate) fault: Fault,
    /// Where: of something unclosed, what opened it.
    pub(crate) at: Range<usize>,
}

/// Why a cell cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A quote or comment of SQL is open at the cell's end; with what opened it.
    Unclosed(String),
    /// A quote of a `\` command is open at the line's end.
    UnclosedArgument(char),
    /// A NUL character, which no SQL can hold.
    Nul,
    /// An argument in backticks: psql would run it as a command of the shell.
    Backtick,
    /// The bytes of an argument's escapes are no text.
    NotText,
    /// A `%%` line that is not the first.
    LateBlock,
    /// Variables whose values name each other grow without end.
    Endless,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.fault {
            Fault::Unclosed(opened) => {
                let (what, closing) = match opened.as_str() {
                    "'" => ("quoted string", "'"),
                    "/*" => ("/* comment", "*/"),
                    "\"" | "`" => ("quoted identifier", opened.as_str()),
                    _ => ("dollar-quoted string", opened.as_str()),
                };
                write!(f, "unterminated {what}: the {opened} opened here has no {closing} that closes it")
            }
            Fault::UnclosedArgument(quote) => {
                write!(f, "unterminated quoted string: the {quote} opened here must be closed on its line")
            }
            Fault::Nul => f.write_str("a NUL character: PostgreSQL takes none; delete it, or write it as an escape of bytea"),
            Fault::Backtick => {
                f.write_str("backticks run a program in psql, but not here; quote the text with ' instead")
            }
            Fault::NotText => f.write_str("the escapes in this argument make no valid UTF-8 text"),
            Fault::LateBlock => {
                f.write_str("a %% command stands on the first line of a cell; move it to a cell of its own")
            }
            Fault::Endless => {
                f.write_str("the variables make more than 1 GB, or a million values; look for values that name each other")
            }
        }
    }
}

impl std::error::Error for Unreadable {}

/// Whether a text typed at a console is all of a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completeness {
    /// It can run.
    Complete,
    /// More has to come: a `;`, a closing quote, an empty line after a `%%` block.
    Incomplete,
    /// Nothing that follows could make it right.
    Invalid,
}

/// Tells a console whether to run a text or to wait for more of it. As in psql, a statement is
/// complete with its `;`, a `\` or `%` line by itself.
pub(crate) fn completeness(text: &str, dialect: Dialect) -> Completeness {
    let variables = Variables::default();
    let mut cell = Cell::new(text);
    while let Some(step) = cell.next(&variables, dialect) {
        match step {
            Ok(Step::Statement(statement)) if !statement.ended => return Completeness::Incomplete,
            Ok(Step::Statement(statement)) if statement.reads_rows() && !cell.copy_data().ended => {
                return Completeness::Incomplete;
            }
            Ok(Step::Command { name, .. }) if takes_statement(&name) => {
                cell.take();
            }
            Ok(Step::Block { body, .. }) if !ends_with_empty_line(body) => {
                return Completeness::Incomplete;
            }
            Ok(_) => {}
            Err(Unreadable {
                fault: Fault::Unclosed(_),
                ..
            }) => return Completeness::Incomplete,
            Err(_) => return Completeness::Invalid,
        }
    }
    Completeness::Complete
}

fn ends_with_empty_line(body: &str) -> bool {
    let text = body.trim_end();
    !text.is_empty() && body[text.len()..].contains('\n')
}

/// psql's commands that send the statement begun before them, or forget it.
pub(crate) fn takes_statement(name: &str) -> bool {
    matches!(
        name,
        "g" | "gx" | "gset" | "gexec" | "gdesc" | "crosstabview" | "watch" | "r" | "reset"
    )
}
