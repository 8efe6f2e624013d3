//! The file that rows are written to, in a thread of its own: writing and compressing wait for no
//! server, and no server waits for them longer than it must.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::Bytes;
use files::{Error, Format, Output, Tuples, Writer, Written};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::Counts;
use crate::rows::Block;
use crate::spool::Kept;
use crate::wire::Field;

/// Pieces on their way to the file.
const PIECES: usize = 16;

/// What comes from a server.
pub(super) enum Piece {
    Columns(Vec<Field>),
    Rows(Block),
    Data(Bytes),
    /// That was all; with the rows that the server counts, if it does.
    End(Option<u64>),
}

/// How what comes is written.
pub(crate) enum Sink {
    /// COPY data as it is; rows are counted by their ends.
    Raw(Output),
    /// The tuples of a binary COPY.
    Tuples(Writer, Tuples),
    /// Rows, after word of their columns.
    Rows(PathBuf, Format, Option<Writer>),
}

impl Sink {
    fn take(&mut self, piece: Piece, counts: &Counts) -> Result<(), Error> {
        let (rows, bytes) = match (self, piece) {
            (Sink::Raw(output), Piece::Data(data)) => {
                let written = output.write_all(&data);
                written.map_err(|error| output.failed(&error))?;
                let lines = data.iter().filter(|byte| **byte == b'\n').count();
                let rows = counts.rows.load(Ordering::Relaxed) + lines as u64;
                (rows, output.written())
            }
            (Sink::Tuples(writer, tuples), Piece::Data(data)) => {
                tuples.push(&data);
                while let Some(row) = tuples.next()? {
                    writer.tuple(row)?;
                }
                writer.written()
            }
            (Sink::Rows(path, format, writer), Piece::Columns(fields)) => {
                if writer.is_some() {
                    return Err(Error {
                        message: "the statement has more than one result".into(),
                        advice: Some("Export one result at a time.".into()),
                    });
                }
                *writer = Some(Writer::create(path, *format, &as_files(&fields))?);
                return Ok(());
            }
            (Sink::Rows(_, _, Some(writer)), Piece::Rows(block)) => {
                let mut rows = block.rows();
                while let Some(row) = rows.next() {
                    writer.row((0..row.len()).map(|column| row.bytes(column)))?;
                }
                writer.written()
            }
            _ => return Ok(()),
        };
        counts.rows.store(rows, Ordering::Relaxed);
        counts.bytes.store(bytes, Ordering::Relaxed);
        Ok(())
    }

    /// Puts the file at its place, where all rows are in it; of a COPY the server has counted them.
    fn finish(self, counted: Option<u64>, counts: &Counts) -> Result<Written, Error> {
        match self {
            // What was counted on the way were lines, of which a row may have many.
            Sink::Raw(output) => Ok(Written {
                rows: counted.unwrap_or_else(|| counts.rows.load(Ordering::Relaxed)),
                bytes: output.keep()?,
                remarks: Vec::new(),
            }),
            Sink::Tuples(writer, tuples) => {
                let (rows, _) = writer.written();
                match tuples.has_ended() && counted.is_none_or(|counted| counted == rows) {
                    true => writer.finish(),
                    false => Err(Error {
                        message: format!(
                            "the server ended its rows before their time, after {rows}"
                        ),
                        advice: Some("Nothing was written.".into()),
                    }),
                }
            }
            Sink::Rows(_, _, Some(writer)) => writer.finish(),
            Sink::Rows(_, _, None) => Err(Error {
                message: "the statement has no result, so nothing was written".into(),
                advice: None,
            }),
        }
    }
}

/// The thread that writes.
pub(super) struct Worker {
    pieces: mpsc::Sender<Piece>,
    thread: JoinHandle<Result<Written, Error>>,
}

impl Worker {
    pub(super) fn start(mut sink: Sink, counts: Arc<Counts>) -> Self {
        let (pieces, mut queue) = mpsc::channel(PIECES);
        let thread = tokio::task::spawn_blocking(move || {
            while let Some(piece) = queue.blocking_recv() {
                if let Piece::End(counted) = piece {
                    return sink.finish(counted, &counts);
                }
                sink.take(piece, &counts)?;
            }
            Err(stopped())
        });
        Worker { pieces, thread }
    }

    /// Room for one more piece; none where the file cannot be written on.
    pub(super) async fn room(&self) -> Option<mpsc::Permit<'_, Piece>> {
        self.pieces.reserve().await.ok()
    }

    /// All has come; with the rows that the server counts.
    pub(super) async fn finish(self, counted: Option<u64>) -> Result<Written, Error> {
        // A thread that is gone answers why.
        let _ = self.pieces.send(Piece::End(counted)).await;
        self.thread.await.unwrap_or_else(|_| Err(broken()))
    }

    /// No more will come: the file goes. Answers why it could not be written, if so.
    pub(super) async fn abandon(self) -> Error {
        drop(self.pieces);
        match self.thread.await {
            Ok(Err(error)) => error,
            Ok(Ok(_)) => stopped(),
            Err(_) => broken(),
        }
    }
}

/// Writes a kept result into a file. Blocking.
pub(crate) fn keep(
    kept: &Arc<Kept>,
    path: &std::path::Path,
    format: Format,
    counts: &Counts,
) -> Result<Written, Error> {
    let lost = |error: std::io::Error| Error {
        message: format!("the kept result cannot be read: {error}"),
        advice: None,
    };
    let mut writer = Writer::create(path, format, &as_files(kept.fields()))?;
    let mut reader = kept.read(0).map_err(lost)?;
    while let Some(row) = reader.next().map_err(lost)? {
        writer.row((0..row.len()).map(|column| row.bytes(column)))?;
        let (rows, bytes) = writer.written();
        counts.rows.store(rows, Ordering::Relaxed);
        counts.bytes.store(bytes, Ordering::Relaxed);
        if counts.is_stopped() {
            return Err(stopped());
        }
    }
    writer.finish()
}

/// Columns as a file knows them.
pub(crate) fn as_files(fields: &[Field]) -> Vec<files::Field> {
    let as_file = |field: &Field| files::Field {
        name: field.name.clone(),
        oid: field.oid,
        modifier: field.modifier,
    };
    fields.iter().map(as_file).collect()
}

/// The thread that writes has died.
fn broken() -> Error {
    Error {
        message: "the file could not be written: a value brought its writer down".into(),
        advice: Some("Nothing was written. Another format may hold the value.".into()),
    }
}

fn stopped() -> Error {
    Error {
        message: "interrupted; nothing was written".into(),
        advice: None,
    }
}
