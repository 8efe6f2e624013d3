//! One kept result, and how its rows are read.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use display::Column;

use super::Share;
use super::writer::Stored;
use crate::rows::{HEAD, Row, message_length};
use crate::session::lock;
use crate::wire::Field;

/// Bytes read from disk at a time.
const CHUNK: usize = 64 << 10;

/// One kept result. Its rows are there for as long as anybody holds it.
pub(crate) struct Kept {
    /// The name of `--as`.
    pub(crate) name: Option<String>,
    /// Which result of the notebook it is, from 1.
    pub(crate) number: u64,
    /// The statement as it was sent.
    pub(crate) sql: String,
    /// The connection that answered it.
    pub(crate) connection: String,
    pub(super) columns: Vec<Column>,
    pub(super) fields: Vec<Field>,
    /// How many rows came.
    pub(super) rows: u64,
    pub(super) stored: Stored,
    pub(super) place: Place,
    /// What ended the statement before its time.
    pub(super) cut: Option<&'static str>,
}

/// Where rows are.
pub(super) enum Place {
    Memory(Vec<u8>),
    Disk {
        file: Mutex<File>,
        /// Given back when the result goes.
        _share: Share,
    },
}

/// Reads rows one after the other; each is valid until the next. Blocking.
pub(crate) struct Reader {
    kept: Arc<Kept>,
    /// Bytes read ahead, of which those before `start` are done with.
    buffer: Vec<u8>,
    start: usize,
    /// Where in the result the next bytes are.
    at: u64,
    /// Rows to come.
    left: u64,
    values: Vec<Option<Range<usize>>>,
}

impl Kept {
    /// The columns, as they are shown.
    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The columns, as the server described them.
    pub(crate) fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// How many rows came.
    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// How many of them are here: the first ones, where it is not all of them.
    pub(crate) fn stored(&self) -> u64 {
        self.stored.rows
    }

    /// Bytes of the rows that are here.
    pub(crate) fn bytes(&self) -> u64 {
        self.stored.bytes
    }

    /// What ended the statement before its time.
    pub(crate) fn cut(&self) -> Option<&'static str> {
        self.cut
    }

    pub(crate) fn is_on_disk(&self) -> bool {
        matches!(self.place, Place::Disk { .. })
    }

    /// Reads the rows from this one on, counted from 0. Blocking, and soon there: at most some
    /// hundred rows are skipped.
    pub(crate) fn read(self: &Arc<Self>, from: u64) -> io::Result<Reader> {
        let (row, at) = self.stored.before(from);
        let mut reader = Reader {
            kept: self.clone(),
            buffer: Vec::new(),
            start: 0,
            at,
            left: self.stored.rows.saturating_sub(row),
            values: Vec::new(),
        };
        for _ in row..from.min(self.stored.rows) {
            reader.message()?;
        }
        Ok(reader)
    }

    pub(super) fn is(&self, name: &str) -> bool {
        self.name.as_deref() == Some(name) || name.parse() == Ok(self.number)
    }

    /// About how many bytes of memory it holds.
    pub(super) fn memory(&self) -> usize {
        let rows = match &self.place {
            Place::Memory(rows) => rows.len(),
            Place::Disk { .. } => self.stored.memory(),
        };
        rows + self.sql.len() + self.columns.len() * 100
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        match &self.place {
            Place::Memory(rows) => {
                let here = usize::try_from(at).ok().and_then(|at| rows.get(at..));
                here.ok_or(io::ErrorKind::UnexpectedEof)?.read_exact(into)
            }
            Place::Disk { file, .. } => {
                let mut file = lock(file);
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(into)
            }
        }
    }
}

impl Reader {
    /// The next row.
    pub(crate) fn next(&mut self) -> io::Result<Option<Row<'_>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let message = self.message()?;
        let message = self.buffer.get(message).unwrap_or_default();
        Ok(Some(Row::read(message, &mut self.values)))
    }

    /// Where in the buffer the next row is.
    fn message(&mut self) -> io::Result<Range<usize>> {
        self.fill(HEAD)?;
        let head = self.buffer.get(self.start..).unwrap_or_default();
        let length = message_length(head).ok_or(io::ErrorKind::UnexpectedEof)?;
        self.fill(length)?;
        let message = self.start..self.start + length;
        self.start = message.end;
        self.left -= 1;
        Ok(message)
    }

    /// Reads ahead until so many bytes are there.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        let here = self.buffer.len() - self.start;
        if here >= wanted {
            return Ok(());
        }
        self.buffer.drain(..self.start);
        self.start = 0;
        // One large row does not make the buffer large for all that follow.
        self.buffer.shrink_to(wanted.max(2 * CHUNK));
        let there = self.kept.stored.bytes.saturating_sub(self.at);
        let more = (wanted - here).max(CHUNK);
        let more = usize::try_from(there).map_or(more, |there| more.min(there));
        self.buffer.resize(here + more, 0);
        self.kept.read_at(self.at, &mut self.buffer[here..])?;
        self.at += more as u64;
        match self.buffer.len() >= wanted {
            true => Ok(()),
            false => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }
}
