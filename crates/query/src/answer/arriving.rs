//! A result on its way: the rows that are to be seen, and what is known of all of them.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use display::Row;

use crate::browse::Browser;
use crate::rows::{self, Block};
use crate::spool::{Kept, Writer};
use crate::wire::Field;

/// A value of more bytes than these is never shown whole, so no more of it is held.
const LONGEST: usize = 250_000;
/// Rows to be shown are held up to so many bytes: more are never shown.
const MOST_HELD: usize = 4 << 20;

/// A result whose rows arrive, or have arrived.
pub(super) struct Arriving {
    pub(super) fields: Vec<Field>,
    /// Those that are shown …
    pub(super) rows: Vec<Row>,
    /// … of which some values are no more than the start of them: how many characters they have.
    pub(super) cut_values: HashMap<(usize, usize), u64>,
    /// Bytes of these values.
    held: usize,
    pub(super) total: u64,
    pub(super) bytes: u64,
    /// Takes the rows in for later; none where they are handed over, or kept already.
    pub(super) writer: Option<Writer>,
    pub(super) kept: Option<Arc<Kept>>,
    /// When the first row came.
    pub(super) since: Option<Instant>,
    /// The display that shows it so far, and when it is to be shown anew.
    pub(super) shown: Option<(u64, Instant)>,
    pub(super) notes: Vec<String>,
    /// What ended it before its time.
    pub(super) cut: Option<&'static str>,
}

impl Arriving {
    /// One of these columns, of which no row has come yet.
    pub(super) fn new(fields: Vec<Field>, writer: Option<Writer>) -> Self {
        Arriving {
            fields,
            rows: Vec::new(),
            cut_values: HashMap::new(),
            held: 0,
            total: 0,
            bytes: 0,
            writer,
            kept: None,
            since: None,
            shown: None,
            notes: Vec::new(),
            cut: None,
        }
    }

    /// Takes in some more rows, of which no more than `limit` in all are to be seen.
    pub(super) fn add(&mut self, rows: Block, limit: usize) {
        self.since.get_or_insert_with(Instant::now);
        let mut come = rows.rows();
        while self.rows.len() < limit
            && (self.writer.is_none() || self.held < MOST_HELD)
            && let Some(row) = come.next()
        {
            self.see(row);
        }
        self.total += rows.count();
        self.bytes += rows.bytes().len() as u64;
        if let Some(writer) = &mut self.writer {
            writer.write(rows);
        }
    }

    /// Holds a row to be shown; of what could never be shown whole, the start.
    fn see(&mut self, row: rows::Row) {
        // What is handed over is not shown.
        let longest = if self.writer.is_some() {
            LONGEST
        } else {
            usize::MAX
        };
        let mut values = Vec::with_capacity(row.len());
        for column in 0..row.len() {
            let value = row.bytes(column).map(|bytes| {
                // A database without an encoding may hold anything.
                let text = String::from_utf8_lossy(bytes);
                let start = &text[..text.floor_char_boundary(longest)];
                if start.len() < text.len() {
                    let characters = text.chars().count() as u64;
                    self.cut_values
                        .insert((self.rows.len(), column), characters);
                }
                start.to_owned()
            });
            self.held += value.as_ref().map_or(0, String::len);
            values.push(value);
        }
        self.rows.push(values);
    }

    /// A look at all rows, where more are kept than are shown.
    pub(super) fn browser(&self) -> Option<Browser> {
        let kept = self.kept.as_ref()?;
        (kept.stored() > self.rows.len() as u64).then(|| Browser::new(kept))
    }
}
