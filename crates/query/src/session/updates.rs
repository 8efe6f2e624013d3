//! What comes back from a statement while it runs, and how it is interrupted.

use tokio::sync::mpsc;

use super::progress::Headway;
use crate::open::OpenError;
use crate::rows::Block;
use crate::wire::{CopyIn, Event, Transaction};

/// What comes back from a statement, in order. [`Update::Done`] or [`Update::Failed`] is the last.
pub(crate) enum Update {
    /// The connection was opened for this statement; `lost` is what ended the one before.
    Opened { lost: Option<String> },
    /// A message of the server.
    Event(Event),
    /// Rows of the columns told last.
    Rows(Block),
    /// The server waits for COPY data.
    CopyIn(CopyIn),
    /// How far a slow statement has come.
    Progress(Headway),
    /// The server has not answered a request to cancel yet; so many more interrupts give the
    /// connection up.
    StillRunning(u32),
    /// A line about the connection, which is no word of the server's.
    Remark(String),
    /// The server is ready for the next statement.
    Done(Transaction),
    /// The statement was not sent, or the connection ended under it.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection could not be opened, for this user and database; nothing was sent.
    Open(OpenError, String),
    /// The embedded PostgreSQL could not be started.
    Embedded(String),
    /// The connection had ended while a transaction was open: it is rolled back, and this
    /// statement was not sent.
    TransactionLost(String),
    /// The connection ended while the statement ran.
    Lost(String),
    /// The same in an open transaction, which is rolled back: the statement took no effect.
    RolledBack(String),
    /// The statement was interrupted, and the connection was given up for it; it belonged to a
    /// transaction that ends with the connection.
    Dropped { how: Dropped, ends: bool },
    /// Interrupted before anything was sent.
    Interrupted,
}

/// How an interrupt ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// The embedded PostgreSQL does not listen while it computes: it was ended.
    Embedded,
    /// The user interrupted again and again.
    Impatient,
    /// The server was silent for too long.
    Silent,
    /// The server is known not to listen.
    Deaf,
}

/// Who wants a statement to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The user, who may insist.
    User,
    /// A time limit, or whoever took the rows.
    Ours,
}

/// A statement that runs.
pub(crate) struct Running {
    pub(crate) updates: mpsc::Receiver<Update>,
    pub(super) stop: mpsc::Sender<Stop>,
}

impl Running {
    /// The user interrupts: the server is asked to cancel, once, and waited for. Interrupts within
    /// a second are one; the third gives the connection up.
    pub(crate) fn interrupt(&self) {
        // Some wait at most, and one more would say nothing new.
        let _ = self.stop.try_send(Stop::User);
    }

    /// The statement is to end, though the user has not said so.
    pub(crate) fn end(&self) {
        let _ = self.stop.try_send(Stop::Ours);
    }

    /// The same for a time in which someone waits for updates.
    pub(crate) fn interrupter(&self) -> impl Fn(Stop) + use<> {
        let stop = self.stop.clone();
        move |whose| {
            let _ = stop.try_send(whose);
        }
    }
}
