//! `db` itself: the way to the kernel, and what can be asked through it.

use std::fmt;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, Result};
use crate::parameter::{Parameter, ToSql};
use crate::record::Record;
use crate::row::Row;
use crate::stream::{Records, Rows};
use crate::wire::{About, Answer, LONGEST_ANSWER, LONGEST_REQUEST, PLACE, Request, VERSION};

/// The notebook's current session: the same transaction, the same temporary tables.
///
/// A small value that can be copied: a panic in a cell does not lose it, and functions take it as
/// they like. It is answered while a Rust cell runs.
#[derive(Clone, Copy)]
pub struct Db {
    /// None for [`HERE`], wherever the code is that asks: each cell is a library with its own.
    shared: Option<&'static Shared>,
}

struct Shared {
    socket: PathBuf,
    channel: Mutex<Option<Channel>>,
}

/// The kernel that this process was told of.
static HERE: LazyLock<Shared> = LazyLock::new(|| Shared {
    socket: std::env::var_os(PLACE).unwrap_or_default().into(),
    channel: Mutex::new(None),
});

/// Has this name stand for the session from here on. A macro, because the evaluator has rust-analyzer
/// find out the type of every variable that it sees a cell declare, which takes seconds the first time.
#[doc(hidden)]
#[macro_export]
macro_rules! session {
    ($name:ident) => {
        let $name = $crate::Db::here();
    };
}

/// The open way to the kernel.
struct Channel {
    socket: UnixStream,
    /// The stream of rows that is being read; streams are counted from 1.
    reading: Option<u64>,
    streams: u64,
}

impl Db {
    /// The session of the notebook that this process runs the cells of. Opens nothing.
    pub fn here() -> Self {
        Db { shared: None }
    }

    /// The kernel that listens at this socket. Opens nothing.
    pub fn at(socket: impl Into<PathBuf>) -> Self {
        // One a process, and for as long as that.
        let shared = Box::leak(Box::new(Shared {
            socket: socket.into(),
            channel: Mutex::new(None),
        }));
        Db {
            shared: Some(shared),
        }
    }

    /// Runs a statement and holds all of its rows. [`Db::stream`] holds none.
    ///
    /// # Errors
    /// The server's, or the kernel's where it refuses to send the statement.
    pub fn query(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<Row>> {
        self.stream(sql, parameters)?.collect()
    }

    /// The same with each row as a struct.
    ///
    /// # Errors
    /// Those of [`Db::query`], and a row that does not fit.
    pub fn query_as<T: Record>(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Vec<T>> {
        self.stream_as(sql, parameters)?.collect()
    }

    /// The one row of a statement's answer.
    ///
    /// # Errors
    /// Those of [`Db::query`]; there is no row, or there are more.
    pub fn query_one(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Row> {
        let mut rows = self.query(sql, parameters)?;
        match (rows.pop(), rows.len()) {
            (Some(row), 0) => Ok(row),
            (_, others) => {
                let count = if rows.is_empty() { 0 } else { others + 1 };
                Err(Error::new(format!(
                    "one row was expected, and {count} came"
                )))
            }
        }
    }

    /// Runs a statement and hands out its rows as they come; memory stays flat however many they
    /// are. One statement at a time: read to the end, or drop it, before the next. It ends with its
    /// cell.
    ///
    /// # Errors
    /// Those of [`Db::query`]; each row may bring one, too.
    pub fn stream(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Rows> {
        let parameters = parameters
            .iter()
            .map(|parameter| parameter.parameter())
            .collect();
        self.run(sql.to_owned(), parameters)
    }

    /// The same with each row as a struct.
    ///
    /// # Errors
    /// Those of [`Db::stream`]; each row may not fit, too.
    pub fn stream_as<T: Record>(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<Records<T>> {
        Ok(Records::new(self.stream(sql, parameters)?))
    }

    /// Runs a statement and says how many rows it affected.
    ///
    /// # Errors
    /// Those of [`Db::query`].
    pub fn execute(&self, sql: &str, parameters: &[&dyn ToSql]) -> Result<u64> {
        self.stream(sql, parameters)?.finish()
    }

    /// Commits what `work` does where it is `Ok`, rolls it back where it is `Err` or panics. Inside
    /// of an open transaction it is a savepoint.
    ///
    /// # Errors
    /// That of `work`, or of the commit.
    pub fn transaction<T>(&self, work: impl FnOnce(&Db) -> Result<T>) -> Result<T> {
        let nested = self.about()?.in_transaction;
        let [begin, commit, back] = match nested {
            false => ["begin", "commit", "rollback"],
            // Names of savepoints may be used again: the innermost counts.
            true => [
                "savepoint rowcell",
                "release savepoint rowcell",
                "rollback to savepoint rowcell; release savepoint rowcell",
            ],
        };
        self.execute(begin, &[])?;
        let mut open = Undo {
            db: *self,
            statement: Some(back),
        };
        let done = work(self)?;
        open.statement = None;
        let mut end = self.stream(commit, &[])?;
        end.drain()?;
        match end.tag() {
            "ROLLBACK" => Err(Error::new(
                "the transaction was rolled back: a statement in it had failed",
            )),
            _ => Ok(done),
        }
    }

    /// The rows of a result kept with `--as`.
    ///
    /// # Errors
    /// No result has this name.
    pub fn kept<T: Record>(&self, name: &str) -> Result<Records<T>> {
        Ok(Records::new(self.begin(&Request::Kept(name.to_owned()))?))
    }

    pub(crate) fn run(&self, sql: String, parameters: Vec<Parameter>) -> Result<Rows> {
        self.begin(&Request::Query { sql, parameters })
    }

    /// What the session is.
    pub(crate) fn about(&self) -> Result<About> {
        let mut channel = self.channel()?;
        let channel = idle(&mut channel)?;
        channel.send(&Request::About)?;
        match channel.receive()? {
            Answer::About(about) => Ok(about),
            Answer::Failed(error) => Err(*error),
            _ => Err(Error::new(
                "the kernel answered something else than was asked",
            )),
        }
    }

    /// Sends a request that rows answer.
    pub(crate) fn begin(&self, request: &Request) -> Result<Rows> {
        let mut channel = self.channel()?;
        let channel = idle(&mut channel)?;
        channel.send(request)?;
        channel.streams += 1;
        channel.reading = Some(channel.streams);
        Rows::begin(*self, channel.streams, || channel.receive())
    }

    /// The next answer for the stream of this number.
    pub(crate) fn next(&self, stream: u64) -> Result<Answer> {
        let mut channel = self.channel()?;
        match channel
            .as_mut()
            .filter(|channel| channel.reading == Some(stream))
        {
            Some(channel) => channel.receive(),
            None => Err(Error::new("the way to the kernel was lost")),
        }
    }

    /// Says that nobody reads on.
    pub(crate) fn stop(&self, stream: u64) -> Result<()> {
        let mut channel = self.channel()?;
        match channel
            .as_mut()
            .filter(|channel| channel.reading == Some(stream))
        {
            Some(channel) => channel.send(&Request::Stop),
            None => Ok(()),
        }
    }

    /// The open way to the kernel; opens it where it is not.
    fn channel(&self) -> Result<MutexGuard<'_, Option<Channel>>> {
        // A panic elsewhere leaves the channel in step: nothing of the user's runs under the lock.
        let shared = self.shared.unwrap_or(&HERE);
        let mut channel = shared
            .channel
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if channel.as_mut().is_some_and(Channel::is_lost) {
            *channel = None;
        }
        if channel.is_none() {
            let mut opened = Channel {
                socket: UnixStream::connect(&shared.socket)?,
                reading: None,
                streams: 0,
            };
            opened.send(&Request::Hello { version: VERSION })?;
            *channel = Some(opened);
        }
        Ok(channel)
    }
}

/// Nothing: that it may fail is what it is for.
///
/// # Errors
/// None.
#[doc(hidden)]
pub fn ready() -> Result<()> {
    Ok(())
}

/// The channel, where no rows are being read through it.
fn idle(channel: &mut Option<Channel>) -> Result<&mut Channel> {
    match channel {
        Some(Channel {
            reading: Some(_), ..
        }) => Err(
            Error::new("the rows of another statement are still being read")
                .advise("Read them to their end, drop them, or collect them first: query() does."),
        ),
        Some(channel) => Ok(channel),
        None => Err(Error::new("the way to the kernel was lost")),
    }
}

impl Channel {
    const LOST: u64 = u64::MAX;

    fn send(&mut self, request: &Request) -> Result<()> {
        let frame = request.frame();
        if frame.len() > LONGEST_REQUEST {
            let most = LONGEST_REQUEST >> 20;
            return Err(Error::new(format!(
                "the statement with its parameters takes more than {most} MB"
            )));
        }
        self.socket
            .write_all(&frame)
            .map_err(|error| self.lose(error))
    }

    fn receive(&mut self) -> Result<Answer> {
        let mut length = [0; 4];
        self.socket
            .read_exact(&mut length)
            .map_err(|error| self.lose(error))?;
        let length = u32::from_le_bytes(length) as usize;
        let mut frame = vec![0; length.min(LONGEST_ANSWER)];
        self.socket
            .read_exact(&mut frame)
            .map_err(|error| self.lose(error))?;
        let answer = Answer::read(frame);
        let answer = answer.ok_or_else(|| self.lose(ErrorKind::InvalidData.into()))?;
        if answer.ends() {
            self.reading = None;
        }
        Ok(answer)
    }

    /// Out of step for good: the next question opens another one.
    fn lose(&mut self, error: std::io::Error) -> Error {
        self.reading = Some(Self::LOST);
        error.into()
    }

    /// Whether it is of no use any more. The kernel closes it at the end of a cell, and a thread may
    /// ask on.
    fn is_lost(&mut self) -> bool {
        match self.reading {
            Some(stream) => stream == Self::LOST,
            // While nothing is asked, there is nothing to read.
            None => !matches!(self.glance(), Err(error) if error.kind() == ErrorKind::WouldBlock),
        }
    }

    /// What can be read at once.
    fn glance(&mut self) -> std::io::Result<usize> {
        self.socket.set_nonblocking(true)?;
        let read = self.socket.read(&mut [0]);
        self.socket.set_nonblocking(false)?;
        read
    }
}

/// Rolls back when dropped, unless told otherwise.
struct Undo {
    db: Db,
    statement: Option<&'static str>,
}

impl Drop for Undo {
    fn drop(&mut self) {
        if let Some(statement) = self.statement {
            // The error that led here matters more than one of its undoing.
            let _ = self.db.execute(statement, &[]);
        }
    }
}

impl fmt::Debug for Db {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the notebook's current session")
    }
}
