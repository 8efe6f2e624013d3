//! Whoever runs a cell: a notebook, a terminal, or a test's recorder.

use std::future::Future;

use display::Bundle;

use crate::browse::Browser;

/// Takes what a cell shows, answers its questions, and says when the user interrupts.
pub trait Host: Sync {
    /// Shows something; waits while what was shown before is not yet taken.
    fn show(&self, shown: Shown) -> impl Future<Output = ()> + Send;

    /// Asks the user for a line; `secret` hides what is typed.
    ///
    /// # Errors
    /// [`Unanswered`]: there is nobody to ask, or the user would rather not.
    fn ask(
        &self,
        prompt: &str,
        secret: bool,
    ) -> impl Future<Output = Result<String, Unanswered>> + Send;

    /// Returns once an interrupt has come. One that comes between two calls is not lost; each is
    /// told once.
    fn interrupted(&self) -> impl Future<Output = ()> + Send;
}

/// One thing a cell shows.
#[derive(Clone, Debug, PartialEq)]
pub enum Shown {
    /// Text on standard output, with its line end.
    Out(String),
    /// Text on standard error, with its line end.
    Err(String),
    /// A line about the notebook itself, with its line end: nothing a server said.
    Note(String),
    /// The cell's value: its last result, complete.
    Result(Bundle),
    /// A result before the last, or one that will be updated under this number.
    Display(Bundle, Option<u64>),
    /// The display of this number, anew.
    Update(u64, Bundle),
    /// All rows of the display of this number can be looked at; this bundle stands there now.
    Browsable(u64, Bundle, Browser),
    /// What the cell has shown so far goes away, as soon as something else is shown.
    Clear,
    /// Something to read aside, such as help.
    Page(Bundle),
}

/// Why a question has no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// Nobody is there to be asked.
    Nobody,
    /// The user interrupted.
    Interrupted,
}
