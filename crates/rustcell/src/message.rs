//! What the processes say to each other: the kernel tells the helper what to do, one JSON a line;
//! the helper and its filter tell the kernel what happens, one datagram an event, so that what was
//! sent first is read first, whoever sent it.

use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;

/// What the kernel asks of the helper.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Command {
    /// Run a cell, and this code before it, of which nothing is shown; and before that what every
    /// process of the cells begins with, where it has not. These macros declare structs.
    Execute {
        prelude: String,
        before: String,
        code: String,
        declaring: Vec<String>,
    },
    /// What fits at this byte of a cell?
    Complete(String, usize),
    /// What is known of the thing at this byte?
    Inspect(String, usize),
    /// Where in the last cell is this place of the code that was compiled: its line and column,
    /// from 1?
    Locate(usize, usize),
    /// What the user has answered.
    Answer(String),
}

/// What became of a cell, as the helper knows it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) failure: Option<Failure>,
    /// What the compiler warns of in it.
    pub(crate) warnings: Vec<Diagnostic>,
    /// What its `:` commands have to show, by MIME type.
    pub(crate) shown: Vec<(String, String)>,
    /// The variables there are now, with their types.
    pub(crate) variables: Vec<(String, String)>,
    /// The names of what is declared.
    pub(crate) items: Vec<String>,
    /// How long it took, where `:timing` is on.
    pub(crate) took: Option<Duration>,
}

/// Why a cell was not run, as the helper knows it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Failure {
    /// There is no compiler.
    NoToolchain(String),
    /// Rust cells cannot be had at all.
    Unavailable(String),
    /// The compiler, or a command, refuses it.
    Refused(Vec<Diagnostic>),
    /// The code before it cannot be run: ours, not the user's.
    Unprepared(String),
    /// The process of the cells has ended, and was started again without its variables.
    Ended,
    /// Anything else, in evcxr's words.
    Other(String),
}

/// Where a line of the compiled code stands in the cell.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Located {
    /// The line.
    pub(crate) text: String,
    /// Line and column in the cell, from 1; none where it is not of this cell.
    pub(crate) place: Option<(usize, usize)>,
}

/// What happens, in the helper or in the process of the cells.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Bytes on standard output.
    Stdout(Vec<u8>),
    /// Bytes on standard error.
    Stderr(Vec<u8>),
    /// An output of this MIME type begins.
    Begin(String),
    /// Some of its content.
    Content(Vec<u8>),
    /// It is complete.
    End,
    /// How the code of the cell has ended, where it did not run to its end; a [`Fault`].
    Fault(Vec<u8>),
    /// Whether what is written from now on is of no cell, and not to be shown.
    Quiet(bool),
    /// Compiled code runs from now on.
    Runs,
    /// It has run, and what is compiled next is waited for.
    Rests,
    /// Variables that are gone, for what their types are made of is declared anew.
    Gone(Vec<u8>),
    /// The processes that need not end with the compiler: the filter, and that of the cells.
    Spare(Vec<u32>),
    /// The user is asked; a [`Question`].
    Asks(Vec<u8>),
    /// Some of an answer to a command.
    Part(Vec<u8>),
    /// The rest of it; an [`Outcome`] or what was asked for.
    Reply(Vec<u8>),
}

/// Why the code of a cell did not run to its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fault {
    /// A panic, with its message, and its place as the compiler names it.
    Panic {
        message: String,
        file: String,
        line: usize,
        column: usize,
    },
    /// A panic that nothing is known of: the cells have set a hook of their own.
    PanicUnseen,
    /// A `?` has returned this error.
    Returned(String),
    /// The process has ended.
    Ended {
        code: Option<i32>,
        signal: Option<i32>,
        /// An allocation has failed.
        out_of_memory: bool,
    },
}

/// A question to the user.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Question {
    pub(crate) prompt: String,
    pub(crate) secret: bool,
}

/// No event carries more, in bytes; a longer one is sent in pieces.
pub(crate) const LARGEST: usize = 32 << 10;

impl Event {
    fn write(&self) -> Vec<u8> {
        let processes: Vec<u8>;
        let (kind, payload): (u8, &[u8]) = match self {
            Event::Stdout(bytes) => (b'o', bytes),
            Event::Stderr(bytes) => (b'e', bytes),
            Event::Begin(mime) => (b'b', mime.as_bytes()),
            Event::Content(bytes) => (b'c', bytes),
            Event::End => (b'.', b""),
            Event::Fault(json) => (b'f', json),
            Event::Quiet(true) => (b'q', b""),
            Event::Quiet(false) => (b'l', b""),
            Event::Runs => (b'x', b""),
            Event::Rests => (b'z', b""),
            Event::Gone(json) => (b'g', json),
            Event::Spare(numbers) => {
                processes = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
                (b's', &processes)
            }
            Event::Asks(json) => (b'a', json),
            Event::Part(bytes) => (b'p', bytes),
            Event::Reply(bytes) => (b'r', bytes),
        };
        [&[kind], payload].concat()
    }

    /// Reads a datagram. None where it is none of ours.
    pub(crate) fn read(datagram: &[u8]) -> Option<Event> {
        let (kind, rest) = datagram.split_first()?;
        let bytes = rest.to_vec();
        Some(match kind {
            b'o' => Event::Stdout(bytes),
            b'e' => Event::Stderr(bytes),
            b'b' => Event::Begin(String::from_utf8(bytes).ok()?),
            b'c' => Event::Content(bytes),
            b'.' => Event::End,
            b'f' => Event::Fault(bytes),
            b'q' => Event::Quiet(true),
            b'l' => Event::Quiet(false),
            b'x' => Event::Runs,
            b'z' => Event::Rests,
            b'g' => Event::Gone(bytes),
            b's' => {
                let (numbers, _) = bytes.as_chunks();
                Event::Spare(numbers.iter().map(|n| u32::from_le_bytes(*n)).collect())
            }
            b'a' => Event::Asks(bytes),
            b'p' => Event::Part(bytes),
            b'r' => Event::Reply(bytes),
            _ => return None,
        })
    }
}

/// The way of events to the kernel. Sending waits while the kernel does not read.
pub(crate) struct Events(UnixDatagram);

impl Events {
    /// # Errors
    /// The kernel is gone.
    pub(crate) fn open(socket: &Path) -> io::Result<Self> {
        let events = UnixDatagram::unbound()?;
        events.connect(socket)?;
        Ok(Events(events))
    }

    pub(crate) fn send(&self, event: &Event) -> io::Result<()> {
        self.0.send(&event.write()).map(|_| ())
    }

    /// Sends bytes as events of one kind, each no larger than events are.
    pub(crate) fn stream(&self, kind: fn(Vec<u8>) -> Event, bytes: &[u8]) -> io::Result<()> {
        bytes
            .chunks(LARGEST)
            .try_for_each(|chunk| self.send(&kind(chunk.to_vec())))
    }

    /// Answers a command.
    pub(crate) fn reply(&self, answer: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_vec(answer)?;
        let mut chunks = json.chunks(LARGEST);
        let last = chunks.next_back().unwrap_or_default();
        for chunk in chunks {
            self.send(&Event::Part(chunk.to_vec()))?;
        }
        self.send(&Event::Reply(last.to_vec()))
    }
}
