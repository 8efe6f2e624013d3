//! The messages between a Rust cell and the kernel, used by both sides.
//!
//! A frame is its length (four bytes, little-endian, what follows it), one byte that says what it
//! is, and its fields: numbers little-endian, texts with their length before them, an absent text as
//! length [`NULL`]. The cell sends a [`Request`] and reads [`Answer`]s until one
//! [ends](Answer::ends) it.

use crate::error::Error;
use crate::parameter::Parameter;

/// The environment variable that tells the process of the cells where the kernel listens: the path of
/// a socket. Whoever comes is known there by the number of its process.
pub const PLACE: &str = "ROWCELL_DB";
/// What the two sides must agree on.
pub const VERSION: u32 = 2;
/// The longest request: a statement with its parameters.
pub const LONGEST_REQUEST: usize = 256 << 20;
/// The longest answer: a block with one row of the longest values PostgreSQL has.
pub const LONGEST_ANSWER: usize = 1 << 31;
/// A block is sent when it has grown to as many bytes.
pub const BLOCK: usize = 64 << 10;
/// The length of a text that is not there, and of a NULL.
pub const NULL: u32 = u32::MAX;

/// What a Rust cell asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Request {
    /// The first word: who is there.
    Hello {
        /// [`VERSION`] of the cell's side.
        version: u32,
    },
    /// Run a statement.
    Query {
        /// With `$1` … where the parameters belong.
        sql: String,
        /// In their order.
        parameters: Vec<Parameter>,
    },
    /// No more rows, please.
    Stop,
    /// The rows of a result kept with `--as`.
    Kept(String),
    /// What the session is.
    About,
    /// A question for the inspector.
    Inspect {
        /// Such as `table_names` or `columns`.
        question: String,
        /// Of which relation.
        relation: Option<String>,
    },
}

/// What the kernel answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// The columns of the rows that follow.
    Columns(Vec<Column>),
    /// Some rows.
    Rows(Block),
    /// The statement is done.
    Done {
        /// Rows affected or returned, as the command's tag counts them.
        affected: u64,
        /// The tag itself, such as `INSERT 0 3`.
        tag: String,
    },
    /// It failed.
    Failed(Box<Error>),
    /// What the session is.
    About(About),
}

/// What a session is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Whether it is Query Service, which only appends.
    pub query_service: bool,
    /// Whether a transaction is open.
    pub in_transaction: bool,
}

/// A column of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// As the server sent it.
    pub name: String,
    /// OID of the type.
    pub oid: u32,
    /// The type as PostgreSQL prints it; empty where unknown.
    pub type_name: String,
}

/// Rows, each with its length before it and each value with its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    bytes: Vec<u8>,
}

impl Block {
    /// Adds a row.
    pub fn push<'v>(&mut self, values: impl Iterator<Item = Option<&'v [u8]>>) {
        let start = self.bytes.len();
        self.bytes.extend([0; 4]);
        for value in values {
            match value {
                None => self.bytes.extend(NULL.to_le_bytes()),
                Some(value) => {
                    self.bytes.extend(length(value.len()));
                    self.bytes.extend(value);
                }
            }
        }
        let row = length(self.bytes.len() - start - 4);
        if let Some(place) = self.bytes.get_mut(start..start + 4) {
            place.copy_from_slice(&row);
        }
    }

    /// Bytes of the rows in it.
    pub fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Whether there is no row in it.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The row that begins at `at`, and where the next one does.
    pub(crate) fn row(&self, at: usize) -> Option<(std::ops::Range<usize>, usize)> {
        let mut rest = self.bytes.get(at..)?;
        let row = number(&mut rest)? as usize;
        let from = at + 4;
        self.bytes.get(from..from + row)?;
        Some((from..from + row, from + row))
    }

    /// The value of this number in the row that lies here; nothing where there is none.
    pub(crate) fn value(
        &self,
        row: std::ops::Range<usize>,
        number_of: usize,
    ) -> Option<Option<&str>> {
        let mut rest = self.bytes.get(row)?;
        for _ in 0..number_of {
            text_bytes(&mut rest)?;
        }
        match text_bytes(&mut rest)? {
            None => Some(None),
            Some(bytes) => std::str::from_utf8(bytes).ok().map(Some),
        }
    }
}

impl Request {
    /// The whole frame.
    pub fn frame(&self) -> Vec<u8> {
        let mut out = Frame::new();
        match self {
            Request::Hello { version } => {
                out.kind(1).number(*version);
            }
            Request::Query { sql, parameters } => {
                out.kind(2).text(Some(sql)).number(count(parameters.len()));
                for parameter in parameters {
                    out.text(parameter.cast.as_deref())
                        .text(parameter.text.as_deref());
                }
            }
            Request::Stop => {
                out.kind(3);
            }
            Request::Kept(name) => {
                out.kind(4).text(Some(name));
            }
            Request::About => {
                out.kind(5);
            }
            Request::Inspect { question, relation } => {
                out.kind(6).text(Some(question)).text(relation.as_deref());
            }
        }
        out.finish()
    }

    /// The request of a frame without its length; nothing where it is none.
    pub fn read(frame: &[u8]) -> Option<Request> {
        let (kind, mut rest) = frame.split_first()?;
        let rest = &mut rest;
        let request = match kind {
            1 => Request::Hello {
                version: number(rest)?,
            },
            2 => Request::Query {
                sql: text(rest)??,
                parameters: list(rest, |rest| {
                    Some(Parameter {
                        cast: text(rest)?,
                        text: text(rest)?,
                    })
                })?,
            },
            3 => Request::Stop,
            4 => Request::Kept(text(rest)??),
            5 => Request::About,
            6 => Request::Inspect {
                question: text(rest)??,
                relation: text(rest)?,
            },
            _ => return None,
        };
        rest.is_empty().then_some(request)
    }
}

impl Answer {
    /// Whether nothing more comes for its request.
    pub fn ends(&self) -> bool {
        matches!(
            self,
            Answer::Done { .. } | Answer::Failed(_) | Answer::About(_)
        )
    }

    /// The whole frame.
    pub fn frame(&self) -> Vec<u8> {
        let mut out = Frame::new();
        match self {
            Answer::Columns(columns) => {
                out.kind(1).number(count(columns.len()));
                for column in columns {
                    out.text(Some(&column.name))
                        .number(column.oid)
                        .text(Some(&column.type_name));
                }
            }
            Answer::Rows(block) => {
                out.kind(2).0.extend(&block.bytes);
            }
            Answer::Done { affected, tag } => {
                out.kind(3).0.extend(affected.to_le_bytes());
                out.text(Some(tag));
            }
            Answer::Failed(error) => {
                out.kind(4);
                for field in error.fields() {
                    out.text(field);
                }
            }
            Answer::About(about) => {
                out.kind(5)
                    .0
                    .extend([about.query_service, about.in_transaction].map(u8::from));
            }
        }
        out.finish()
    }

    /// The answer of a frame without its length; nothing where it is none.
    pub fn read(mut frame: Vec<u8>) -> Option<Answer> {
        let kind = *frame.first()?;
        if kind == 2 {
            frame.remove(0);
            return Some(Answer::Rows(Block { bytes: frame }));
        }
        let mut rest = frame.get(1..)?;
        let rest = &mut rest;
        let answer = match kind {
            1 => Answer::Columns(list(rest, |rest| {
                Some(Column {
                    name: text(rest)??,
                    oid: number(rest)?,
                    type_name: text(rest)??,
                })
            })?),
            3 => {
                let (affected, after) = rest.split_first_chunk::<8>()?;
                *rest = after;
                Answer::Done {
                    affected: u64::from_le_bytes(*affected),
                    tag: text(rest)??,
                }
            }
            4 => Answer::Failed(Box::new(Error::from_fields(|| text(rest))?)),
            5 => {
                let (flags, after) = rest.split_first_chunk::<2>()?;
                *rest = after;
                Answer::About(About {
                    query_service: flags[0] == 1,
                    in_transaction: flags[1] == 1,
                })
            }
            _ => return None,
        };
        rest.is_empty().then_some(answer)
    }
}

/// A frame being written.
struct Frame(Vec<u8>);

impl Frame {
    fn new() -> Self {
        Frame(vec![0; 4])
    }

    fn kind(&mut self, kind: u8) -> &mut Self {
        self.0.push(kind);
        self
    }

    fn number(&mut self, number: u32) -> &mut Self {
        self.0.extend(number.to_le_bytes());
        self
    }

    fn text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            None => self.number(NULL),
            Some(text) => {
                self.0.extend(length(text.len()));
                self.0.extend(text.as_bytes());
                self
            }
        }
    }

    fn finish(mut self) -> Vec<u8> {
        let body = length(self.0.len() - 4);
        if let Some(place) = self.0.get_mut(..4) {
            place.copy_from_slice(&body);
        }
        self.0
    }
}

/// A length as it is written. One that does not fit is refused by the other side.
fn length(bytes: usize) -> [u8; 4] {
    count(bytes).to_le_bytes()
}

fn count(things: usize) -> u32 {
    u32::try_from(things).unwrap_or(NULL - 1)
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (bytes, after) = rest.split_first_chunk()?;
    *rest = after;
    Some(u32::from_le_bytes(*bytes))
}

/// The bytes of a text; `Some(None)` is one that is not there.
fn text_bytes<'f>(rest: &mut &'f [u8]) -> Option<Option<&'f [u8]>> {
    match number(rest)? {
        NULL => Some(None),
        length => {
            let (bytes, after) = rest.split_at_checked(length as usize)?;
            *rest = after;
            Some(Some(bytes))
        }
    }
}

fn text(rest: &mut &[u8]) -> Option<Option<String>> {
    match text_bytes(rest)? {
        None => Some(None),
        Some(bytes) => String::from_utf8(bytes.to_vec()).ok().map(Some),
    }
}

fn list<T>(rest: &mut &[u8], mut one: impl FnMut(&mut &[u8]) -> Option<T>) -> Option<Vec<T>> {
    // No more is reserved than there can be: each takes four bytes at least.
    let count = number(rest)? as usize;
    let mut list = Vec::with_capacity(count.min(rest.len() / 4));
    for _ in 0..count {
        list.push(one(rest)?);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let some = || Some("ü".to_owned());
        for request in [
            Request::Hello { version: VERSION },
            Request::Query {
                sql: "select $1".into(),
                parameters: vec![
                    Parameter {
                        cast: some(),
                        text: None,
                    },
                    Parameter {
                        cast: None,
                        text: some(),
                    },
                ],
            },
            Request::Stop,
            Request::Kept("people".into()),
            Request::About,
            Request::Inspect {
                question: "columns".into(),
                relation: some(),
            },
        ] {
            let frame = request.frame();
            assert_eq!(Request::read(&frame[4..]), Some(request));
            // Cut anywhere, it is none.
            for end in 4..frame.len() {
                assert_eq!(Request::read(&frame[4..end]), None);
            }
        }
        let mut block = Block::default();
        block.push([Some(&b"a"[..]), None].into_iter());
        let error = Error {
            code: some(),
            detail: some(),
            ..Error::new("no")
        };
        for answer in [
            Answer::Columns(vec![Column {
                name: "a".into(),
                oid: 23,
                type_name: "integer".into(),
            }]),
            Answer::Rows(block),
            Answer::Done {
                affected: 7,
                tag: "INSERT 0 7".into(),
            },
            Answer::Failed(Box::new(error)),
            Answer::About(About {
                query_service: true,
                in_transaction: false,
            }),
        ] {
            let frame = answer.frame();
            assert_eq!(Answer::read(frame[4..].to_vec()), Some(answer));
        }
    }

    #[test]
    fn a_block_gives_its_rows_back() {
        let mut block = Block::default();
        block.push([Some(&b"1"[..]), None, Some(b"")].into_iter());
        block.push([None, Some(&b"x"[..]), Some(b"yz")].into_iter());
        let (first, next) = block.row(0).unwrap();
        let (second, end) = block.row(next).unwrap();
        assert_eq!(block.row(end), None);
        assert_eq!(block.value(first.clone(), 0), Some(Some("1")));
        assert_eq!(block.value(first.clone(), 1), Some(None));
        assert_eq!(block.value(first.clone(), 2), Some(Some("")));
        assert_eq!(block.value(first, 3), None);
        assert_eq!(block.value(second, 2), Some(Some("yz")));
    }
}
