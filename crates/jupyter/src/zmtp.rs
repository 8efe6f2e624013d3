//! ZeroMQ's wire, as far as a kernel needs it: the frames and messages of ZMTP 3.0. `handshake`
//! comes before them, and `curve` encrypts them where the connection file says so.
//!
//! Why not a crate: the `zeromq` crate's XPUB sends to its subscribers in turn and has no way to
//! name or drop one, so that a front end that stops reading would stop the output of all; its
//! ROUTER can not say when a reply has left, so that a kernel that ends loses the last ones; and
//! it reserves whatever length a frame announces, so that nine bytes from any process that can
//! connect, without any key, abort the kernel (tried with 0.7.0). With frames at hand (this file),
//! a ROUTER and an XPUB are a page each.
//!
//! Specified in ZeroMQ's RFC 23.

use std::io;
use std::sync::Arc;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::curve::Opener;

/// The largest command after the handshake; a PING is 23 bytes.
const MAX_COMMAND: usize = 256;
/// The longest context of a PING.
const MAX_CONTEXT: usize = 16;
/// How much room is made at once for a frame that is still arriving.
const READ_STEP: usize = 256 << 10;
/// What a frame counts beside its bytes: about what it takes to keep it.
const FRAME: usize = 64;

/// Why a peer is sent away that has said much and proved nothing.
pub(crate) const UNPROVED: &str = "much was said over it without a valid signature";

const MORE: u8 = 1;
const LONG: u8 = 2;
pub(crate) const COMMAND: u8 = 4;

/// The socket types spoken here.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Router,
    XPub,
    Dealer,
}

impl Kind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Kind::Router => "ROUTER",
            Kind::XPub => "XPUB",
            Kind::Dealer => "DEALER",
        }
    }

    pub(crate) fn talks_to(self, peer: &[u8]) -> bool {
        match self {
            Kind::Router => matches!(peer, b"DEALER" | b"REQ" | b"ROUTER"),
            Kind::XPub => matches!(peer, b"SUB" | b"XSUB"),
            Kind::Dealer => matches!(peer, b"DEALER" | b"REP" | b"ROUTER"),
        }
    }
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

/// Writes a command as bytes.
pub(crate) fn command(body: &[u8]) -> Bytes {
    let mut out = BytesMut::new();
    put_frame(&mut out, COMMAND, body);
    out.freeze()
}

pub(crate) fn put_frame(out: &mut BytesMut, flags: u8, body: &[u8]) {
    put_head(out, flags, body.len());
    out.put_slice(body);
}

/// What stands before a frame's body.
pub(crate) fn put_head(out: &mut BytesMut, flags: u8, length: usize) {
    match u8::try_from(length) {
        Ok(short) => out.put_slice(&[flags, short]),
        Err(_) => {
            out.put_u8(flags | LONG);
            out.put_u64(length as u64);
        }
    }
}

/// Takes one frame off bytes that `encode` or `command` has written; `None` at their end.
pub(crate) fn split_frame(rest: &mut Bytes) -> Option<(u8, Bytes)> {
    let flags = rest.try_get_u8().ok()?;
    let length = match flags & LONG {
        0 => usize::from(rest.try_get_u8().ok()?),
        _ => usize::try_from(rest.try_get_u64().ok()?).ok()?,
    };
    (length <= rest.len()).then(|| (flags & !LONG, rest.split_to(length)))
}

/// What comes in after the handshake.
#[derive(Debug, PartialEq)]
pub(crate) enum Incoming {
    /// A whole message.
    Message(Vec<Bytes>),
    /// A sign of life is asked for; this is the answer to send.
    Ping(Bytes),
}

/// How large a message may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Of all its frames together.
    pub(crate) bytes: usize,
    pub(crate) frames: usize,
}

pub(crate) struct Frame {
    /// `MORE` and `COMMAND`; the length's size is no concern any more.
    pub(crate) flags: u8,
    pub(crate) body: BytesMut,
}

/// What a peer may say before it has proved anything: some bytes of its own, and beyond them what
/// a budget that all such peers share has left. A first message may be large.
pub(crate) struct Purse {
    own: usize,
    shared: Arc<Semaphore>,
    borrowed: Option<OwnedSemaphorePermit>,
}

impl Purse {
    pub(crate) fn new(own: usize, shared: Arc<Semaphore>) -> Self {
        Purse {
            own,
            shared,
            borrowed: None,
        }
    }

    fn pay(&mut self, bytes: usize) -> io::Result<()> {
        let own = bytes.min(self.own);
        self.own -= own;
        let more = u32::try_from(bytes - own).unwrap_or(u32::MAX);
        if more > 0 {
            let more = self.shared.clone().try_acquire_many_owned(more);
            let more = more.map_err(|_| broken(UNPROVED))?;
            match &mut self.borrowed {
                Some(borrowed) => borrowed.merge(more),
                none => *none = Some(more),
            }
        }
        Ok(())
    }
}

/// Reads frames and messages from one connection.
pub(crate) struct Reader<R> {
    inner: R,
    buffer: BytesMut,
    /// Takes the frames out of what encrypts them, after the handshake.
    opener: Option<Opener>,
    /// What is paid for each byte of a message, where its sender has proved nothing yet.
    purse: Option<Purse>,
    /// The frames of a message that is not whole yet, and their bytes.
    frames: Vec<Bytes>,
    size: usize,
}

impl<R: AsyncRead + Unpin> Reader<R> {
    pub(crate) fn new(inner: R) -> Self {
        Self {
            inner,
            buffer: BytesMut::new(),
            opener: None,
            purse: None,
            frames: Vec::new(),
            size: 0,
        }
    }

    /// From here on all frames are encrypted.
    pub(crate) fn decrypt(&mut self, opener: Opener) {
        self.opener = Some(opener);
    }

    /// From here on each byte of a message is paid for.
    pub(crate) fn charge(&mut self, purse: Purse) {
        self.purse = Some(purse);
    }

    /// From here on none is any more.
    pub(crate) fn trust(&mut self) {
        self.purse = None;
    }

    /// Whether more has been said than its sender may say without a proof.
    pub(crate) fn overdrawn(&self) -> bool {
        let purse = self.purse.as_ref();
        purse.is_some_and(|purse| purse.borrowed.is_some())
    }

    /// Waits until the other side says anything.
    pub(crate) async fn wait(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            self.fill(1).await?;
        }
        Ok(())
    }

    /// The next message or ping; an error when the connection ends or breaks the protocol.
    pub(crate) async fn next(&mut self, limits: Limits) -> io::Result<Incoming> {
        loop {
            let left = limits.bytes.saturating_sub(self.size);
            let Frame { flags, body } = self.message_frame(left).await?;
            if flags & COMMAND != 0 {
                // A PING is answered with its context; other commands are to be ignored.
                if let Some([_, _, context @ ..]) = body.strip_prefix(b"\x04PING") {
                    let context = &context[..context.len().min(MAX_CONTEXT)];
                    let pong = command(&[b"\x04PONG", context].concat());
                    return Ok(Incoming::Ping(pong));
                }
                continue;
            }
            self.size += body.len();
            self.frames.push(body.freeze());
            if flags & MORE == 0 {
                self.size = 0;
                return Ok(Incoming::Message(std::mem::take(&mut self.frames)));
            }
            if self.frames.len() >= limits.frames {
                return Err(broken("a message of too many frames"));
            }
        }
    }

    /// A frame of a message, or a command, as it was before it was encrypted.
    async fn message_frame(&mut self, limit: usize) -> io::Result<Frame> {
        let Some(opener) = &self.opener else {
            return self.frame(limit, MAX_COMMAND).await;
        };
        let limit = limit.max(MAX_COMMAND) + opener.overhead();
        let Frame { flags, body } = self.frame(limit, 0).await?;
        match &mut self.opener {
            Some(opener) if flags == 0 => opener.open(body),
            _ => Err(broken("a frame that is not encrypted")),
        }
    }

    /// A frame as it comes over the wire, up to so many bytes, or a command of up to so many.
    pub(crate) async fn frame(&mut self, limit: usize, command: usize) -> io::Result<Frame> {
        let flags = self.take(1, false).await?.get_u8();
        if flags & !(MORE | LONG | COMMAND) != 0 {
            return Err(broken("a frame of an unknown kind"));
        }
        let length = if flags & LONG == 0 {
            u64::from(self.take(1, false).await?.get_u8())
        } else {
            self.take(8, false).await?.get_u64()
        };
        let is_command = flags & COMMAND != 0;
        let limit = if is_command { command } else { limit };
        match usize::try_from(length) {
            Ok(length) if length <= limit => Ok(Frame {
                flags: flags & !LONG,
                body: self.take(length, !is_command).await?,
            }),
            _ => Err(broken("a frame that is too large")),
        }
    }

    /// Exactly `length` bytes. Room is made as they arrive, not as they are announced, and paid
    /// for then.
    pub(crate) async fn take(&mut self, length: usize, paid: bool) -> io::Result<BytesMut> {
        if paid {
            self.pay(FRAME)?;
        }
        let mut counted = 0;
        loop {
            let there = self.buffer.len().min(length);
            if paid {
                self.pay(there - counted)?;
                counted = there;
            }
            if there == length {
                return Ok(self.buffer.split_to(length));
            }
            self.fill(length - there).await?;
        }
    }

    fn pay(&mut self, bytes: usize) -> io::Result<()> {
        let purse = self.purse.as_mut();
        purse.map_or(Ok(()), |purse| purse.pay(bytes))
    }

    async fn fill(&mut self, missing: usize) -> io::Result<()> {
        self.buffer.reserve(missing.clamp(4096, READ_STEP));
        match self.inner.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }
}

/// The other side breaks the protocol; the words are ours, never its own.
pub(crate) fn broken(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const LIMITS: Limits = Limits {
        bytes: 1 << 20,
        frames: 10,
    };

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
            reader.next(LIMITS).await.unwrap(),
            Incoming::Message(frames.to_vec())
        );
        let end = reader.next(LIMITS).await.unwrap_err();
        assert_eq!(end.kind(), io::ErrorKind::UnexpectedEof);
        let mut rest = bytes;
        for (index, frame) in frames.iter().enumerate() {
            let more = u8::from(index < 2);
            assert_eq!(split_frame(&mut rest), Some((more, frame.clone())));
        }
        assert_eq!(split_frame(&mut rest), None);
    }

    #[tokio::test]
    async fn an_announced_length_reserves_nothing() {
        let announced = [&[LONG][..], &u64::MAX.to_be_bytes()].concat();
        let error = Reader::new(&announced[..]).next(LIMITS).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);

        let large = Limits {
            bytes: 256 << 20,
            ..LIMITS
        };
        let announced = [&[LONG][..], &(large.bytes as u64).to_be_bytes(), b"little"].concat();
        let mut reader = Reader::new(&announced[..]);
        assert!(reader.next(large).await.is_err());
        assert!(reader.buffer.capacity() < 2 * READ_STEP);
    }

    #[tokio::test]
    async fn a_message_has_its_limits() {
        for (frames, fits) in [
            (vec![vec![0; 1 << 20]], true),
            (vec![vec![0; 1 << 19], vec![0; 1 << 19]], true),
            (vec![vec![0; (1 << 20) + 1]], false),
            (vec![vec![0; 1 << 20], vec![0]], false),
            (vec![Vec::new(); 10], true),
            (vec![Vec::new(); 11], false),
        ] {
            let frames: Vec<_> = frames.into_iter().map(Bytes::from).collect();
            let bytes = encode(&frames);
            let read = Reader::new(&bytes[..]).next(LIMITS).await;
            assert_eq!(read.is_ok(), fits, "{} frames", frames.len());
        }
    }

    #[tokio::test]
    async fn a_ping_is_answered_with_its_context_and_no_more() {
        for (context, back) in [
            (&b""[..], &b""[..]),
            (b"context", b"context"),
            (&[b'x'; 200], &[b'x'; MAX_CONTEXT]),
        ] {
            let ping = command(&[b"\x04PING\x00\x0a", context].concat());
            let pong = command(&[b"\x04PONG", back].concat());
            let mut reader = Reader::new(&ping[..]);
            assert_eq!(reader.next(LIMITS).await.unwrap(), Incoming::Ping(pong));
        }
        let ping = command(&[&b"\x04PING\x00\x0a"[..], &[b'x'; 1 << 20]].concat());
        assert!(Reader::new(&ping[..]).next(LIMITS).await.is_err());
    }

    #[tokio::test]
    async fn a_ping_may_come_between_the_frames_of_a_message() {
        let mut bytes = BytesMut::new();
        put_frame(&mut bytes, MORE, b"one");
        put_frame(&mut bytes, COMMAND, b"\x04PING\x00\x0a");
        put_frame(&mut bytes, 0, b"two");
        let mut reader = Reader::new(&bytes[..]);
        let ping = reader.next(LIMITS).await.unwrap();
        assert!(matches!(ping, Incoming::Ping(_)));
        let message = ["one", "two"].map(Bytes::from).to_vec();
        assert_eq!(
            reader.next(LIMITS).await.unwrap(),
            Incoming::Message(message)
        );
    }

    #[tokio::test]
    async fn who_has_proved_nothing_pays_for_each_byte() {
        let message = |size: usize| encode(&[vec![0; size].into()]);
        let shared = Arc::new(Semaphore::new(1000));
        let bytes = [message(36), message(1000), message(1)].concat();
        let mut reader = Reader::new(&bytes[..]);
        reader.charge(Purse::new(100 + FRAME, shared.clone()));
        assert!(reader.next(LIMITS).await.is_ok());
        assert!(!reader.overdrawn(), "it has {FRAME} of its own left");
        assert!(reader.next(LIMITS).await.is_ok());
        assert!(reader.overdrawn());
        assert_eq!(shared.available_permits(), 0);
        assert!(reader.next(LIMITS).await.is_err(), "all is spent");
        drop(reader);
        assert_eq!(shared.available_permits(), 1000);

        // A ping costs nothing: who listens for days may ask for signs of life.
        let pings = command(b"\x04PING\x00\x0acontext").repeat(100);
        let mut reader = Reader::new(&pings[..]);
        reader.charge(Purse::new(0, Arc::new(Semaphore::new(0))));
        for _ in 0..100 {
            assert!(reader.next(LIMITS).await.is_ok());
        }
    }
}
