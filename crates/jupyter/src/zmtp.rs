//! ZeroMQ's wire, as far as a kernel needs it: ZMTP 3.0, NULL mechanism.
//!
//! Why not a crate: the `zeromq` crate's XPUB sends to its subscribers in turn and has no way to
//! name or drop one, so that a front end that stops reading would stop the output of all; its
//! ROUTER can not say when a reply has left, so that a kernel that ends loses the last ones; and
//! it reserves whatever length a frame announces, so that nine bytes from any process that can
//! connect, without any key, abort the kernel (tried with 0.7.0). With greeting and frames at
//! hand (this file), a ROUTER and an XPUB are a page each.
//!
//! Specified in ZeroMQ's RFC 23.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The largest message taken in, all frames together: far above any cell or widget buffer.
const MAX_MESSAGE: usize = 256 << 20;
/// The largest READY command, which holds a few short names.
const MAX_READY: usize = 64 << 10;
/// The most frames of one message.
const MAX_FRAMES: usize = 4096;
/// How much room is made at once for a frame that is still arriving.
const READ_STEP: usize = 1 << 20;

const MORE: u8 = 1;
const LONG: u8 = 2;
const COMMAND: u8 = 4;

/// The socket types spoken here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Router,
    XPub,
    Dealer,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Router => "ROUTER",
            Kind::XPub => "XPUB",
            Kind::Dealer => "DEALER",
        }
    }

    fn talks_to(self, peer: &[u8]) -> bool {
        match self {
            Kind::Router => matches!(peer, b"DEALER" | b"REQ" | b"ROUTER"),
            Kind::XPub => matches!(peer, b"SUB" | b"XSUB"),
            Kind::Dealer => matches!(peer, b"DEALER" | b"REP" | b"ROUTER"),
        }
    }
}

/// Greets the other side, checks that the two fit together, and returns its identity (often
/// empty).
pub(crate) async fn handshake<R, W>(
    reader: &mut Reader<R>,
    writer: &mut W,
    kind: Kind,
) -> io::Result<Bytes>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    writer.write_all(&greeting()).await?;
    let theirs = reader.take(GREETING).await?;
    if theirs[0] != 0xff || theirs[9] & 1 == 0 {
        return Err(broken("this is not ZeroMQ"));
    }
    if theirs[10] < 3 {
        return Err(broken("the other side speaks a ZMTP older than 3.0"));
    }
    if theirs[12..32] != MECHANISM {
        return Err(broken("the other side wants another mechanism than NULL"));
    }
    writer.write_all(&ready(kind)).await?;
    let Frame {
        flags: COMMAND,
        body,
    } = reader.frame(MAX_READY).await?
    else {
        return Err(broken("a message came before the handshake was done"));
    };
    let Some(properties) = body.strip_prefix(b"\x05READY") else {
        return Err(broken("the handshake was refused"));
    };
    let mut identity = Bytes::new();
    let mut fits = false;
    let mut rest = Bytes::copy_from_slice(properties);
    while let Some((name, value)) = property(&mut rest) {
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            fits = kind.talks_to(&value);
        } else if name.eq_ignore_ascii_case(b"Identity") {
            identity = value;
        }
    }
    if !fits {
        return Err(broken("the other side's socket type does not fit"));
    }
    Ok(identity)
}

const GREETING: usize = 64;
const MECHANISM: [u8; 20] = *b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn greeting() -> [u8; GREETING] {
    let mut greeting = [0; GREETING];
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3; // 3.0, so that subscriptions come as messages and not as commands
    greeting[12..32].copy_from_slice(&MECHANISM);
    greeting
}

fn ready(kind: Kind) -> Bytes {
    let mut body = BytesMut::from(&b"\x05READY"[..]);
    for (name, value) in [("Socket-Type", kind.name()), ("Identity", "")] {
        body.put_u8(name.len() as u8);
        body.put_slice(name.as_bytes());
        body.put_u32(value.len() as u32);
        body.put_slice(value.as_bytes());
    }
    let mut out = BytesMut::new();
    put_frame(&mut out, COMMAND, &body);
    out.freeze()
}

/// Takes one property of a READY command off `rest`; `None` at its end and where it is broken.
fn property(rest: &mut Bytes) -> Option<(Bytes, Bytes)> {
    let name = rest.try_get_u8().ok()? as usize;
    let name = (name <= rest.len()).then(|| rest.split_to(name))?;
    let value = rest.try_get_u32().ok()? as usize;
    let value = (value <= rest.len()).then(|| rest.split_to(value))?;
    Some((name, value))
}

/// Writes a message as bytes, ready for any number of peers.
pub(crate) fn encode(frames: &[Bytes]) -> Bytes {
    let mut out = BytesMut::with_capacity(frames.iter().map(|frame| frame.len() + 9).sum());
    for (index, frame) in frames.iter().enumerate() {
        let more = if index + 1 < frames.len() { MORE } else { 0 };
        put_frame(&mut out, more, frame);
    }
    out.freeze()
}

fn put_frame(out: &mut BytesMut, flags: u8, body: &[u8]) {
    match u8::try_from(body.len()) {
        Ok(short) => out.put_slice(&[flags, short]),
        Err(_) => {
            out.put_u8(flags | LONG);
            out.put_u64(body.len() as u64);
        }
    }
    out.put_slice(body);
}

/// What comes in after the handshake.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// A whole message.
    Message(Vec<Bytes>),
    /// A sign of life is asked for; this is the answer to send.
    Ping(Bytes),
}

struct Frame {
    /// `MORE` and `COMMAND`; the length's size is no concern any more.
    flags: u8,
    body: Bytes,
}

/// Reads greeting, frames and messages from one connection.
pub(crate) struct Reader<R> {
    inner: R,
    buffer: BytesMut,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: BytesMut::new(),
        }
    }

    /// The next message or ping; an error when the connection ends or breaks the protocol.
    pub(crate) async fn next(&mut self) -> io::Result<Incoming> {
        let mut frames = Vec::new();
        let mut left = MAX_MESSAGE;
        loop {
            let Frame { flags, body } = self.frame(left).await?;
            if flags & COMMAND != 0 {
                // A PING is answered with its context; other commands are to be ignored.
                if let Some([_, _, context @ ..]) = body.strip_prefix(b"\x04PING") {
                    let mut pong = BytesMut::new();
                    put_frame(&mut pong, COMMAND, &[b"\x04PONG", context].concat());
                    return Ok(Incoming::Ping(pong.freeze()));
                }
                continue;
            }
            left -= body.len();
            frames.push(body);
            if flags & MORE == 0 {
                return Ok(Incoming::Message(frames));
            }
            if frames.len() == MAX_FRAMES {
                return Err(broken("a message of too many frames"));
            }
        }
    }

    async fn frame(&mut self, limit: usize) -> io::Result<Frame> {
        let flags = self.take(1).await?.get_u8();
        if flags & !(MORE | LONG | COMMAND) != 0 {
            return Err(broken("a frame of an unknown kind"));
        }
        let length = if flags & LONG == 0 {
            u64::from(self.take(1).await?.get_u8())
        } else {
            self.take(8).await?.get_u64()
        };
        match usize::try_from(length) {
            Ok(length) if length <= limit => Ok(Frame {
                flags: flags & !LONG,
                body: self.take(length).await?,
            }),
            _ => Err(broken("a frame that is too large")),
        }
    }

    /// Exactly `length` bytes. Room is made as they arrive, not as they are announced.
    async fn take(&mut self, length: usize) -> io::Result<Bytes> {
        while self.buffer.len() < length {
            let missing = length - self.buffer.len();
            self.buffer.reserve(missing.clamp(4096, READ_STEP));
            if self.inner.read_buf(&mut self.buffer).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(self.buffer.split_to(length).freeze())
    }
}

fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn what_is_encoded_is_read_again() {
        let frames = [
            Bytes::new(),
            Bytes::from_static(b"short"),
            vec![7; 300].into(),
        ];
        let bytes = encode(&frames);
        let mut reader = Reader::new(&bytes[..]);
        assert_eq!(
            reader.next().await.unwrap(),
            Incoming::Message(frames.to_vec())
        );
        let end = reader.next().await.unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[tokio::test]
    async fn an_announced_length_reserves_nothing() {
        let announced = [&[LONG][..], &u64::MAX.to_be_bytes()].concat();
        let error = Reader::new(&announced[..]).next().await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);

        let announced = [&[LONG][..], &(MAX_MESSAGE as u64).to_be_bytes(), b"little"].concat();
        let mut reader = Reader::new(&announced[..]);
        assert!(reader.next().await.is_err());
        assert!(reader.buffer.capacity() < 2 * READ_STEP);
    }

    #[tokio::test]
    async fn a_ping_is_answered_with_its_context() {
        let mut ping = BytesMut::new();
        put_frame(&mut ping, COMMAND, b"\x04PING\x00\x0acontext");
        let mut pong = BytesMut::new();
        put_frame(&mut pong, COMMAND, b"\x04PONGcontext");
        let mut reader = Reader::new(&ping[..]);
        assert_eq!(reader.next().await.unwrap(), Incoming::Ping(pong.freeze()));
    }

    #[tokio::test]
    async fn strangers_are_turned_away() {
        for stranger in [
            &b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, application/json\r\n\r\n"[..],
            &[0xff; 64],
            &[0; 64],
            b"",
        ] {
            let mut reader = Reader::new(stranger);
            let greeted = handshake(&mut reader, &mut Vec::new(), Kind::Router).await;
            assert!(greeted.is_err(), "{stranger:?}");
        }
    }
}
