//! What went wrong with a file, in words for the user.

use std::fmt;
use std::io;
use std::path::Path;

/// Something wrong with a file or with a row for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// What, and where.
    pub message: String,
    /// What to do about it, where that can be said.
    pub advice: Option<String>,
}

impl Error {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Error {
            message: message.into(),
            advice: None,
        }
    }

    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// The system's word about a file.
    pub fn io(path: &Path, error: &io::Error) -> Self {
        let advice = match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                "Make room, or write elsewhere; a file that was there before is as it was."
            }
            io::ErrorKind::NotFound if path.is_relative() => {
                "A relative path begins in the folder of the notebook."
            }
            _ => "",
        };
        // The system's words, without the number that Rust adds.
        let why = error.to_string();
        let why = why.split(" (os error").next().unwrap_or_default();
        let error = Error::new(format!("{}: {why}", path.display()));
        match advice {
            "" => error,
            advice => error.advise(advice),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
