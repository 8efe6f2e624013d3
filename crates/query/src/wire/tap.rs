//! The stream that is listened to, and what is put into it: COPY data.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BufMut, Bytes, BytesMut};
use futures_channel::mpsc;
use futures_util::Stream;
use postgres_protocol::message::backend;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_postgres::tls::{ChannelBinding, TlsStream};
use tokio_util::io::poll_read_buf;
use tokio_util::sync::PollSemaphore;

use super::message::{self, broken, fits};
use super::{Event, Events};
use crate::rows::{Block, message_length};

/// Events waiting to be read; when as many wait, the tap stops reading from the server.
const EVENTS: usize = 256;
/// Bytes of rows that are on their way to where they are shown or kept; the tap waits likewise.
const ROOM: usize = 4 << 20;
/// Bytes asked of the stream at once: TLS has records of at most 16 KiB, and fills all the room it is
/// given with zeros before it reads one.
const READ: usize = 16 * 1024;
/// Room made in the buffer at a time …
const CHUNK: usize = 64 * 1024;
/// … unless there is room for so many in the buffer there is.
const LEAST: usize = 8 * 1024;

/// Where COPY data for the server goes in.
#[derive(Clone)]
pub(crate) struct CopyIn(mpsc::Sender<Bytes>);

impl CopyIn {
    /// One piece of data; waits while the socket is behind. False when the connection is gone.
    pub(crate) async fn data(&mut self, data: &[u8]) -> bool {
        let mut frame = BytesMut::with_capacity(data.len() + 5);
        frame.put_u8(b'd');
        // The frame's own length counts, its tag does not; pieces are far below 2 GiB.
        frame.put_i32(i32::try_from(data.len() + 4).unwrap_or(i32::MAX));
        frame.put_slice(data);
        self.send(frame.freeze()).await
    }

    /// The data is complete.
    pub(crate) async fn done(&mut self) -> bool {
        self.send(Bytes::from_static(b"c\0\0\0\x04")).await
    }

    /// The data will not come; the server fails the COPY with this reason.
    pub(crate) async fn fail(&mut self, reason: &str) -> bool {
        self.send(failure(reason)).await
    }

    /// The same without waiting, whoever else sends data: what comes after it is not taken.
    pub(crate) fn break_off(&mut self, reason: &str) {
        // Each of these has room for one of its own. Where that is taken, this was said.
        let _ = self.0.try_send(failure(reason));
    }

    async fn send(&mut self, frame: Bytes) -> bool {
        use futures_util::SinkExt;
        self.0.send(frame).await.is_ok()
    }
}

/// The message that ends a COPY without its data.
fn failure(reason: &str) -> Bytes {
    let mut frame = BytesMut::new();
    frame.put_u8(b'f');
    frame.put_i32(i32::try_from(reason.len() + 5).unwrap_or(i32::MAX));
    frame.put_slice(reason.as_bytes());
    frame.put_u8(0);
    frame.freeze()
}

/// A stream that is listened to.
pub(crate) struct Tap<S> {
    inner: S,
    ear: Ear,
}

impl<S> Tap<S> {
    /// Listens on `inner`.
    pub(crate) fn new(inner: S) -> (Self, Events, CopyIn) {
        let (events, seen) = mpsc::channel(EVENTS);
        let (copy_in, copy) = mpsc::channel(4);
        let ear = Ear {
            input: BytesMut::new(),
            at: At::Header,
            room: PollSemaphore::new(Arc::new(Semaphore::new(ROOM))),
            events,
            copy,
            copying: false,
            frame: Bytes::new(),
            unflushed: false,
        };
        (Tap { inner, ear }, seen, CopyIn(copy_in))
    }
}

/// How far the listening has come.
struct Ear {
    /// Bytes read from the server and not yet handed on.
    input: BytesMut,
    at: At,
    room: PollSemaphore,
    events: mpsc::Sender<Event>,
    /// COPY data for the server …
    copy: mpsc::Receiver<Bytes>,
    /// … which it takes now …
    copying: bool,
    /// … and what is left of the piece being written.
    frame: Bytes,
    unflushed: bool,
}

/// The place in the stream of messages.
#[derive(Clone, Copy)]
enum At {
    /// Before a message.
    Header,
    /// Inside one that the driver gets: bytes left of it.
    Body(usize),
    /// Inside COPY data: bytes left of it.
    Copy(usize),
}

impl Ear {
    /// Hands on what it can. `Pending` when the events' reader is behind, `Ready` when `input` is
    /// used up or `out` is full.
    fn listen(&mut self, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        while !self.input.is_empty() && out.remaining() > 0 {
            match self.at {
                At::Body(left) => {
                    let count = left.min(self.input.len()).min(out.remaining());
                    out.put_slice(&self.input[..count]);
                    self.input.advance(count);
                    self.at = match left - count {
                        0 => At::Header,
                        left => At::Body(left),
                    };
                }
                At::Copy(left) => {
                    ready!(self.poll_room(cx))?;
                    let data = self.input.split_to(left.min(self.input.len())).freeze();
                    self.at = match left - data.len() {
                        0 => At::Header,
                        left => At::Copy(left),
                    };
                    self.tell(Event::CopyData(data))?;
                }
                At::Header => {
                    let Some(header) = backend::Header::parse(&self.input)? else {
                        break;
                    };
                    let length = usize::try_from(header.len())
                        .map_err(|_| broken("a message of negative length"))?
                        + 1;
                    match header.tag() {
                        b'd' => {
                            ready!(self.poll_room(cx))?;
                            let data = self.copy_data()?;
                            self.tell(Event::CopyData(data))?;
                        }
                        b'D' => {
                            let (bytes, count) = whole_rows(&self.input);
                            if count == 0 {
                                fits(header.tag(), length)?;
                                break;
                            }
                            let room = ready!(self.poll_room_for(bytes, cx))?;
                            ready!(self.poll_room(cx))?;
                            let messages = self.input.split_to(bytes).freeze();
                            self.tell(Event::Rows(Block::new(messages, count, room)))?;
                        }
                        b'T' | b'C' | b'I' | b'E' | b'N' | b'A' | b'S' | b'Z' | b'K' | b'G'
                        | b'H' | b'W' | b'c' => {
                            fits(header.tag(), length)?;
                            if self.input.len() < length {
                                break;
                            }
                            ready!(self.poll_room(cx))?;
                            let event = self.read(length)?;
                            self.tell(event)?;
                        }
                        tag => {
                            fits(tag, length)?;
                            self.at = At::Body(length);
                        }
                    }
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes the COPY data at the start of `input`, put together: servers send a message a row.
    fn copy_data(&mut self) -> io::Result<Bytes> {
        let (mut read, mut written, mut left) = (0, 0, 0);
        while left == 0
            && let Some(header) = backend::Header::parse(&self.input[read..])?
            && header.tag() == b'd'
        {
            let length = usize::try_from(header.len().saturating_sub(4))
                .map_err(|_| broken("a message of negative length"))?;
            let start = read + 5;
            let count = length.min(self.input.len() - start);
            self.input.copy_within(start..start + count, written);
            written += count;
            read = start + count;
            left = length - count;
        }
        self.at = match left {
            0 => At::Header,
            left => At::Copy(left),
        };
        let mut data = self.input.split_to(read);
        data.truncate(written);
        Ok(data.freeze())
    }

    /// Reads the whole message at the start of `input`. Leaves there for the driver what it goes by,
    /// and takes the rest away: COPY's, and what the driver would read as UTF-8 and end at.
    fn read(&mut self, length: usize) -> io::Result<Event> {
        let event = message::read(&self.input[..length])?;
        match event {
            Event::Complete(_)
            | Event::Empty
            | Event::Error(_)
            | Event::Key { .. }
            | Event::Ready(_) => self.at = At::Body(length),
            _ => self.input.advance(length),
        }
        match event {
            Event::CopyIn => self.copying = true,
            Event::Error(_) | Event::Complete(_) | Event::Ready(_) => self.copying = false,
            _ => {}
        }
        Ok(event)
    }

    fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.events.poll_ready(cx).map_err(|_| abandoned())
    }

    /// Room for so many bytes of rows; more than there is in all go alone.
    fn poll_room_for(
        &mut self,
        bytes: usize,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<OwnedSemaphorePermit>> {
        let permits = u32::try_from(bytes.min(ROOM)).unwrap_or(u32::MAX);
        let room = ready!(self.room.poll_acquire_many(cx, permits));
        Poll::Ready(room.ok_or_else(abandoned))
    }

    fn tell(&mut self, event: Event) -> io::Result<()> {
        self.events.start_send(event).map_err(|_| abandoned())
    }

    /// Reads what has come, as far as there is room for it: the fewer pieces, the fewer wait for
    /// each other. None are the end.
    fn fill<S: AsyncRead + Unpin>(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let before = self.input.len();
        self.make_room();
        while self.input.len() < self.input.capacity() {
            let mut room = (&mut self.input).limit(READ);
            match poll_read_buf(Pin::new(&mut *inner), cx, &mut room) {
                Poll::Ready(Ok(1..)) => {}
                // What came before it is read first; an end or an error then comes again.
                _ if self.input.len() > before => break,
                ended => return ended,
            }
        }
        Poll::Ready(Ok(self.input.len() - before))
    }

    /// Makes the buffer large enough to be read into. A row is handed on whole, however large, but
    /// a mere announcement of its length reserves nothing.
    fn make_room(&mut self) {
        let here = self.input.len();
        let missing = match message_length(&self.input) {
            Some(length) if matches!(self.at, At::Header) => length.saturating_sub(here),
            _ => 0,
        };
        let wanted = missing.clamp(LEAST, here.max(CHUNK));
        if self.input.capacity() - here < wanted {
            self.input.reserve(wanted.max(CHUNK));
        }
    }

    /// Writes COPY data for as long as there is some and the socket takes it. The driver writes
    /// nothing meanwhile: its query has gone out, else the server would not have asked for data.
    fn write_copy<S: AsyncWrite + Unpin>(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.write_frame(inner, cx))?;
            match Pin::new(&mut self.copy).poll_next(cx) {
                Poll::Ready(Some(frame)) if self.copying => self.frame = frame,
                // The server has failed the COPY meanwhile: a later one must not get its data.
                Poll::Ready(Some(_)) => {}
                _ if self.unflushed => {
                    ready!(Pin::new(&mut *inner).poll_flush(cx))?;
                    self.unflushed = false;
                    return Poll::Ready(Ok(()));
                }
                _ => return Poll::Ready(Ok(())),
            }
        }
    }

    /// Writes what is left of the piece of COPY data that was begun.
    fn write_frame<S: AsyncWrite + Unpin>(
        &mut self,
        inner: &mut S,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.frame.has_remaining() {
            let count = ready!(Pin::new(&mut *inner).poll_write(cx, &self.frame))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.frame.advance(count);
            self.unflushed = true;
        }
        Poll::Ready(Ok(()))
    }
}

/// How many bytes and rows the whole rows at the start of the input are.
fn whole_rows(input: &[u8]) -> (usize, u64) {
    let (mut bytes, mut count) = (0, 0);
    while let Some((b'D', _)) = input.get(bytes..).and_then(<[u8]>::split_first)
        && let Some(length) = message_length(&input[bytes..])
        && bytes + length <= input.len()
    {
        bytes += length;
        count += 1;
    }
    (bytes, count)
}

fn abandoned() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the session has ended")
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Tap<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Tap { inner, ear } = self.get_mut();
        // The driver polls for reading whenever it is woken, so COPY data is written from here. Where
        // that fails, the server has closed: reading tells what it said before, and then the end.
        let _ = ear.write_copy(inner, cx);
        let before = out.filled().len();
        loop {
            let listened = ear.listen(cx, out)?;
            if out.filled().len() > before {
                return Poll::Ready(Ok(()));
            }
            ready!(listened);
            if ready!(ear.fill(inner, cx))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Tap<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Tap { inner, ear } = self.get_mut();
        // A failed COPY may leave a piece of its data half written.
        ready!(ear.write_frame(inner, cx))?;
        Pin::new(inner).poll_write(cx, data)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_shutdown(cx)
    }
}

impl<S: TlsStream + Unpin> TlsStream for Tap<S> {
    fn channel_binding(&self) -> ChannelBinding {
        self.inner.channel_binding()
    }
}
