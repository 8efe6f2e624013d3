//! A backend message, read for what the driver does not hand on.
//!
//! Texts are taken as UTF-8, which was agreed on; a cell may have set another encoding, or a server
//! may have none. What is no UTF-8 then is seen as such, and ends nothing.

use std::io;

use super::report::{self, Report};
use super::{Event, Field, Transaction};

/// The most bytes of a row: PostgreSQL makes none of more.
const ROW: usize = 1 << 30;
/// … of an error or a notice, …
const REPORT: usize = 128 << 20;
/// … of the columns of a result, and of a notification, …
const COLUMNS: usize = 16 << 20;
/// … and of everything else, which is short.
const OTHER: usize = 1 << 20;

/// Checks that a message has a length that one of its kind can have: it is held in memory, whole.
pub(super) fn fits(tag: u8, length: usize) -> io::Result<()> {
    let most = match tag {
        b'D' => ROW,
        b'E' | b'N' => REPORT,
        b'T' | b'A' => COLUMNS,
        _ => OTHER,
    };
    match length <= most {
        true => Ok(()),
        false => Err(broken(&format!(
            "a message of {length} bytes, where at most {most} are taken"
        ))),
    }
}

/// Reads a whole message.
pub(super) fn read(message: &[u8]) -> io::Result<Event> {
    let (&tag, rest) = message.split_first().ok_or_else(cut)?;
    let mut body = Body(rest.get(4..).ok_or_else(cut)?);
    Ok(match tag {
        b'G' => Event::CopyIn,
        b'H' | b'W' => Event::CopyOut,
        b'c' => Event::CopyEnd,
        b'T' => Event::Columns(columns(&mut body)?),
        b'C' => Event::Complete(body.text()?),
        b'I' => Event::Empty,
        b'E' => Event::Error(Box::new(Report::read(report::Kind::Error, &mut body)?)),
        b'N' => Event::Notice(Box::new(Report::read(report::Kind::Notice, &mut body)?)),
        b'A' => Event::Notification {
            process: i32::from_be_bytes(body.number()?),
            channel: body.text()?,
            payload: body.text()?,
        },
        b'S' => Event::Parameter {
            name: body.text()?,
            value: body.text()?,
        },
        b'K' => Event::Key {
            process: i32::from_be_bytes(body.number()?),
            secret: i32::from_be_bytes(body.number()?),
        },
        b'Z' => Event::Ready(match body.number()? {
            [b'T'] => Transaction::Open,
            [b'E'] => Transaction::Failed,
            _ => Transaction::Idle,
        }),
        _ => return Err(broken("a message this client does not know")),
    })
}

fn columns(body: &mut Body<'_>) -> io::Result<Vec<Field>> {
    let count = u16::from_be_bytes(body.number()?);
    let mut columns = Vec::new();
    for _ in 0..count {
        let name = body.text()?;
        let _table: [u8; 4] = body.number()?;
        let _number: [u8; 2] = body.number()?;
        let oid = u32::from_be_bytes(body.number()?);
        let _length: [u8; 2] = body.number()?;
        let modifier = i32::from_be_bytes(body.number()?);
        let _format: [u8; 2] = body.number()?;
        columns.push(Field {
            name,
            oid,
            modifier,
        });
    }
    Ok(columns)
}

/// What is left of a message.
pub(super) struct Body<'a>(&'a [u8]);

impl<'a> Body<'a> {
    pub(super) fn number<const N: usize>(&mut self) -> io::Result<[u8; N]> {
        let (number, rest) = self.0.split_first_chunk().ok_or_else(cut)?;
        self.0 = rest;
        Ok(*number)
    }

    /// Bytes up to a zero.
    pub(super) fn bytes(&mut self) -> io::Result<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0);
        let (bytes, rest) = self.0.split_at(end.ok_or_else(cut)?);
        self.0 = &rest[1..];
        Ok(bytes)
    }

    fn text(&mut self) -> io::Result<String> {
        Ok(String::from_utf8_lossy(self.bytes()?).into_owned())
    }
}

fn cut() -> io::Error {
    broken("a message that is cut")
}

pub(super) fn broken(what: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        format!("the server sent {what}"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message of this body.
    fn message(tag: u8, body: &[u8]) -> Vec<u8> {
        let length = body.len() as u32 + 4;
        [&[tag], &length.to_be_bytes()[..], body].concat()
    }

    #[test]
    fn messages_are_read() {
        let read = |tag, body: &[u8]| format!("{:?}", read(&message(tag, body)).unwrap());
        assert_eq!(read(b'Z', b"T"), "Ready(Open)");
        assert_eq!(read(b'C', b"INSERT 0 3\0"), "Complete(\"INSERT 0 3\")");
        assert_eq!(
            read(b'A', b"\0\0\0\x07news\0\xe9t\xe9\0"),
            "Notification { process: 7, channel: \"news\", payload: \"\u{fffd}t\u{fffd}\" }"
        );
        let column = b"\0\x01\xe9\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\0";
        assert_eq!(
            read(b'T', column),
            "Columns([Field { name: \"\u{fffd}\", oid: 23, modifier: -1 }])"
        );
    }

    #[test]
    fn what_is_cut_or_too_long_is_an_error() {
        for tag in b"TCENASKZ" {
            for body in [&b""[..], b"\0", b"x", b"\0\x02a\0"] {
                // Whatever it is, it is no panic.
                let _ = read(&message(*tag, body));
            }
        }
        assert!(read(&message(b'T', b"\0\x02a\0")).is_err());
        assert!(read(b"Z").is_err());
        assert!(fits(b'S', 1 << 20).is_ok() && fits(b'S', 2 << 20).is_err());
        assert!(fits(b'E', 70 << 20).is_ok() && fits(b'E', 200 << 20).is_err());
        assert!(fits(b'D', 1 << 30).is_ok() && fits(b'D', usize::MAX).is_err());
        assert!(fits(b'R', 2 << 20).is_err());
    }
}
