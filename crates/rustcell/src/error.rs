//! Why a Rust cell was not run to its end.

use crate::Diagnostic;

/// What went wrong with a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// No Rust toolchain is installed here, or none that is used; with what the machine says.
    NoToolchain(String),
    /// Rust cells cannot be had here.
    Unavailable(String),
    /// The compiler refuses the cell, or one of its `:` commands is wrong.
    Refused(Vec<Diagnostic>),
    /// What was to be run before the cell cannot be run.
    Unprepared(String),
    /// The code has panicked.
    Panicked {
        /// What the panic says.
        message: String,
        /// The place, as text: the line of code, or a file with line and column.
        source: String,
        /// Line and column in the cell, from 1; none where it is not in the cell.
        place: Option<(usize, usize)>,
    },
    /// The code has returned this error with `?`.
    Returned(String),
    /// The process of the cells has ended. It was started again, without the variables.
    Ended {
        /// How, as a sentence without its full stop.
        how: String,
        /// The variables that are gone.
        lost: Vec<String>,
    },
    /// The cell was interrupted.
    Interrupted {
        /// The variables that are gone.
        lost: Vec<String>,
        /// Whether everything else is gone, too: functions, types, dependencies.
        all: bool,
    },
    /// The helper has ended, which it should not; with its last words.
    Crashed {
        /// What it wrote last.
        said: String,
        /// The variables that are gone.
        lost: Vec<String>,
    },
    /// Anything else, in evcxr's words.
    Other(String),
}
