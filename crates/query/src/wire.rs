//! The listener on the wire: a stream that tells what the driver drops.
//!
//! The driver's simple query protocol yields rows and nothing else: no column types, no command
//! tags, no transaction status, and notices out of their order. [`Tap`] wraps the stream below the
//! driver (above TLS, where there is TLS), looks at each backend message as it passes, and queues
//! an [`Event`] for those that matter.
//!
//! Rows and COPY data never reach the driver: it would copy each row twice, and does not know COPY
//! in simple queries. The tap takes them out of the stream as events, and writes what [`CopyIn`] is
//! given.
//!
//! Message formats: PostgreSQL documentation, "Message Formats".

mod message;
mod report;
mod tap;

use bytes::Bytes;
use futures_channel::mpsc;

pub(crate) use self::report::Report;
pub(crate) use self::tap::{CopyIn, Tap};
use crate::rows::Block;

/// A backend message that the driver does not hand on.
#[derive(Debug)]
pub(crate) enum Event {
    /// The columns of the rows that follow.
    Columns(Vec<Field>),
    /// Some of the rows.
    Rows(Block),
    /// A statement is done; its command tag, such as `INSERT 0 3`.
    Complete(String),
    /// A statement of nothing but blanks and comments.
    Empty,
    Error(Box<Report>),
    Notice(Box<Report>),
    Notification {
        process: i32,
        channel: String,
        payload: String,
    },
    /// What a request to cancel must carry.
    Key {
        process: i32,
        secret: i32,
    },
    /// A setting the server reports, such as `standard_conforming_strings`.
    Parameter {
        name: String,
        value: String,
    },
    /// The server sends COPY data …
    CopyOut,
    /// … in pieces of any size …
    CopyData(Bytes),
    /// … to its end.
    CopyEnd,
    /// The server waits for COPY data.
    CopyIn,
    /// The server waits for the next query.
    Ready(Transaction),
}

/// A column as the server describes it.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    /// OID of the type in `pg_type`.
    pub(crate) oid: u32,
    /// Type modifier (length, precision), -1 where there is none.
    pub(crate) modifier: i32,
}

/// The transaction status that comes with every ReadyForQuery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transaction {
    /// No transaction is open.
    #[default]
    Idle,
    /// A transaction is open.
    Open,
    /// A transaction is open and has failed: only ROLLBACK is accepted.
    Failed,
}

/// What the tap saw, in order.
pub(crate) type Events = mpsc::Receiver<Event>;
