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
    /// The server has not answered a request to cancel for some seconds.
    StillRunning,
    /// The server is ready for the next statement.
    Done(Transaction),
    /// The statement was not sent, or the connection ended under it.
    Failed(Failure),
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The connection could not be opened; nothing was sent.
    Open(OpenError),
    /// The embedded PostgreSQL could not be started.
    Embedded(String),
    /// The connection had ended while a transaction was open: it is rolled back, and this
    /// statement was not sent.
    TransactionLost(String),
    /// The connection ended while the statement ran.
    Lost(String),
    /// The same in an open transaction, which is rolled back: the statement took no effect.
    RolledBack(String),
    /// The user interrupted, and the connection was given up for it.
    Dropped(Dropped),
    /// Interrupted before anything was sent.
    Interrupted,
}

/// How an interrupt ended the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dropped {
    /// The embedded PostgreSQL does not listen while it computes: it was ended.
    Embedded,
    /// A second interrupt, or the server was silent for too long.
    Silent,
    /// The server is known not to listen.
    Deaf,
}

/// A statement that runs.
pub(crate) struct Running {
    pub(crate) updates: mpsc::Receiver<Update>,
    pub(super) stop: mpsc::Sender<()>,
}

impl Running {
    /// Interrupts: the first asks the server to cancel, the second gives the connection up.
    pub(crate) fn interrupt(&self) {
        // Two wait at most, and a third would say nothing new.
        let _ = self.stop.try_send(());
    }

    /// The same for a time in which someone waits for updates.
    pub(crate) fn interrupter(&self) -> impl Fn() + use<> {
        let stop = self.stop.clone();
        move || {
            let _ = stop.try_send(());
        }
    }
}
