//! Keeps the rows of a result as they come.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

use display::Column;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinHandle, spawn_blocking};

use super::kept::Place;
use super::{Kept, Results, Share, VARIABLE};
use crate::rows::Block;
use crate::wire::Field;
use crate::words::size;

/// A result that is no larger stays in memory and touches no disk.
const WINDOW: usize = 64 << 10;
/// The index has an entry about every so many bytes.
const STEP: u64 = 64 << 10;

/// Takes in the rows of one result.
pub(crate) struct Writer {
    results: Results,
    rows: u64,
    filling: Filling,
}

/// What is said of a result besides its rows.
pub(crate) struct About {
    pub(crate) name: Option<String>,
    pub(crate) sql: String,
    pub(crate) connection: String,
    pub(crate) columns: Vec<Column>,
    pub(crate) fields: Vec<Field>,
    /// What ended the statement before its time.
    pub(crate) cut: Option<&'static str>,
}

/// What rows are there, and where.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Row and offset of some rows.
    index: Vec<(u64, u64)>,
}

enum Filling {
    Memory(Stored, Vec<u8>),
    Disk {
        /// Bounded by the room its blocks hold, which is given back when they are written.
        queue: UnboundedSender<Block>,
        writing: JoinHandle<Written>,
    },
}

/// What has become of the rows.
pub(super) struct Written {
    pub(super) stored: Stored,
    place: Place,
    /// Why the rest is not here.
    pub(super) stopped: Option<String>,
}

impl Writer {
    pub(crate) fn new(results: &Results) -> Self {
        Writer {
            results: results.clone(),
            rows: 0,
            filling: Filling::Memory(Stored::default(), Vec::new()),
        }
    }

    /// Takes in some more rows. Never waits.
    pub(crate) fn write(&mut self, block: Block) {
        self.rows += block.count();
        match &mut self.filling {
            Filling::Memory(stored, rows) if rows.len() + block.bytes().len() <= WINDOW => {
                stored.add(&block);
                rows.extend_from_slice(block.bytes());
            }
            Filling::Memory(stored, rows) => {
                let (stored, rows) = (std::mem::take(stored), std::mem::take(rows));
                let (queue, blocks) = unbounded_channel();
                // The other end is in the closure below.
                let _ = queue.send(block);
                let results = self.results.clone();
                let writing = spawn_blocking(move || spill(&results, stored, rows, blocks));
                self.filling = Filling::Disk { queue, writing };
            }
            // Where nothing more can be written, the rows are counted.
            Filling::Disk { queue, .. } => drop(queue.send(block)),
        }
    }

    /// The result is complete. Answers it, and why not all of its rows are kept, where they are not.
    pub(crate) async fn keep(self, about: About) -> (Arc<Kept>, Option<String>) {
        let written = match self.filling {
            Filling::Memory(stored, rows) => Written::in_memory(stored, rows, None),
            Filling::Disk { queue, writing } => {
                drop(queue);
                let written = writing.await;
                written.unwrap_or_else(|error| {
                    Written::in_memory(Stored::default(), Vec::new(), Some(error.to_string()))
                })
            }
        };
        let kept = self.results.keep(Kept {
            name: about.name,
            number: 0,
            sql: about.sql,
            connection: about.connection,
            columns: about.columns,
            fields: about.fields,
            rows: self.rows,
            stored: written.stored,
            place: written.place,
            cut: about.cut,
        });
        (kept, written.stopped)
    }
}

/// Writes what has come so far, and all that comes, to a file.
fn spill(
    results: &Results,
    begun: Stored,
    rows: Vec<u8>,
    blocks: UnboundedReceiver<Block>,
) -> Written {
    let mut share = results.share();
    if !results.claim(&mut share, begun.bytes) {
        return Written::in_memory(begun, rows, Some(full(results)));
    }
    let file = tempfile::tempfile_in(results.folder());
    match file.and_then(|mut file| file.write_all(&rows).map(|()| file)) {
        Ok(file) => fill(results, share, file, begun, blocks),
        Err(error) => Written::in_memory(begun, rows, Some(failed(results, &error))),
    }
}

/// Writes all that comes to a file which holds the rows before.
pub(super) fn fill(
    results: &Results,
    mut share: Share,
    mut file: File,
    mut stored: Stored,
    mut blocks: UnboundedReceiver<Block>,
) -> Written {
    let stopped = loop {
        let Some(block) = blocks.blocking_recv() else {
            break None;
        };
        if !results.claim(&mut share, block.bytes().len() as u64) {
            break Some(full(results));
        }
        if let Err(error) = file.write_all(block.bytes()) {
            // Gives back what was written of the block.
            let _ = file.set_len(stored.bytes);
            break Some(failed(results, &error));
        }
        stored.add(&block);
    };
    Written {
        stored,
        place: Place::Disk {
            file: file.into(),
            _share: share,
        },
        stopped,
    }
}

fn full(results: &Results) -> String {
    let cap = size(results.cap());
    format!("the results kept have reached their cap of {cap} ({VARIABLE} sets it)")
}

fn failed(results: &Results, error: &io::Error) -> String {
    files::Error::io(results.folder(), error).message
}

impl Written {
    fn in_memory(stored: Stored, rows: Vec<u8>, stopped: Option<String>) -> Self {
        Written {
            stored,
            place: Place::Memory(rows),
            stopped,
        }
    }
}

impl Stored {
    fn add(&mut self, block: &Block) {
        let last = self.index.last();
        if last.is_none_or(|(_, at)| self.bytes - at >= STEP) {
            self.index.push((self.rows, self.bytes));
        }
        self.rows += block.count();
        self.bytes += block.bytes().len() as u64;
    }

    /// The last row of the index that is not after this one, and its offset.
    pub(super) fn before(&self, row: u64) -> (u64, u64) {
        let after = self.index.partition_point(|(known, _)| *known <= row);
        let before = after.checked_sub(1).and_then(|n| self.index.get(n));
        before.copied().unwrap_or_default()
    }

    pub(super) fn memory(&self) -> usize {
        self.index.len() * size_of::<(u64, u64)>()
    }
}
