//! Rows as they come.

use std::marker::PhantomData;
use std::sync::Arc;

use crate::connection::Db;
use crate::error::Result;
use crate::record::Record;
use crate::row::Row;
use crate::wire::{Answer, Block, Column};

/// The rows of a statement that runs: an iterator that holds one block of them.
///
/// Dropped before its end, the rest is read over by the kernel: a statement runs to its end, as
/// always.
#[derive(Debug)]
pub struct Rows {
    db: Db,
    stream: u64,
    columns: Arc<[Column]>,
    block: Arc<Block>,
    at: usize,
    end: Option<End>,
}

#[derive(Debug, Default)]
struct End {
    affected: u64,
    tag: String,
}

impl Rows {
    /// Waits for the first word on a statement that was sent.
    pub(crate) fn begin(
        db: Db,
        stream: u64,
        next: impl FnOnce() -> Result<Answer>,
    ) -> Result<Self> {
        let mut rows = Rows {
            db,
            stream,
            columns: Arc::new([]),
            block: Arc::default(),
            at: 0,
            // Until there is an answer, there is nothing to stop.
            end: Some(End::default()),
        };
        let first = next()?;
        rows.end = None;
        rows.accept(first)?;
        Ok(rows)
    }

    /// How many rows the statement affected or returned; reads over those that are left.
    ///
    /// # Errors
    /// What ended the statement.
    pub fn finish(mut self) -> Result<u64> {
        self.drain()?;
        Ok(self.end.as_ref().map_or(0, |end| end.affected))
    }

    pub(crate) fn drain(&mut self) -> Result<()> {
        while self.end.is_none() {
            let answer = self.next_answer()?;
            self.accept(answer)?;
        }
        Ok(())
    }

    /// The command's tag, once the end is reached.
    pub(crate) fn tag(&self) -> &str {
        self.end.as_ref().map_or("", |end| &end.tag)
    }

    fn next_answer(&mut self) -> Result<Answer> {
        let answer = self.db.next(self.stream);
        if answer.is_err() {
            self.end = Some(End::default());
        }
        answer
    }

    fn accept(&mut self, answer: Answer) -> Result<()> {
        match answer {
            Answer::Columns(columns) => self.columns = columns.into(),
            Answer::Rows(block) => (self.block, self.at) = (Arc::new(block), 0),
            Answer::Done { affected, tag } => self.end = Some(End { affected, tag }),
            Answer::Failed(error) => {
                self.end = Some(End::default());
                return Err(*error);
            }
            Answer::About(_) => {}
        }
        Ok(())
    }
}

impl Iterator for Rows {
    type Item = Result<Row>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((place, next)) = self.block.row(self.at) {
                self.at = next;
                return Some(Ok(Row::new(
                    self.columns.clone(),
                    self.block.clone(),
                    place,
                )));
            }
            if self.end.is_some() {
                return None;
            }
            let answer = self.next_answer();
            if let Err(error) = answer.and_then(|answer| self.accept(answer)) {
                return Some(Err(error));
            }
        }
    }
}

impl Drop for Rows {
    fn drop(&mut self) {
        if self.end.is_none() {
            // What goes wrong now concerns rows that nobody wants.
            let _ = self.db.stop(self.stream).and_then(|()| self.drain());
        }
    }
}

/// [`Rows`] as structs.
#[derive(Debug)]
pub struct Records<T> {
    rows: Rows,
    of: PhantomData<fn() -> T>,
}

impl<T> Records<T> {
    pub(crate) fn new(rows: Rows) -> Self {
        Records {
            rows,
            of: PhantomData,
        }
    }
}

impl<T: Record> Iterator for Records<T> {
    type Item = Result<T>;

    fn next(&mut self) -> Option<Self::Item> {
        let row = self.rows.next()?;
        Some(row.and_then(|row| T::read(&row)))
    }
}

/// A large result kept with `--as`: its rows are read anew each time.
#[derive(Clone, Copy, Debug)]
pub struct Kept<T> {
    db: Db,
    name: &'static str,
    rows: u64,
    of: PhantomData<fn() -> T>,
}

impl<T: Record> Kept<T> {
    /// The result of this name, of so many rows.
    pub fn new(db: Db, name: &'static str, rows: u64) -> Self {
        Kept {
            db,
            name,
            rows,
            of: PhantomData,
        }
    }

    /// How many rows there are.
    pub fn len(&self) -> u64 {
        self.rows
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The rows, one after the other; memory stays flat however many they are.
    ///
    /// # Errors
    /// The result is not kept any more.
    pub fn rows(&self) -> Result<Records<T>> {
        self.db.kept(self.name)
    }
}
