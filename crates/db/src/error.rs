//! What goes wrong: in the server's words where it was the server, in ours elsewhere.

use std::fmt;

use crate::value::Unreadable;

/// What every question to the database answers with.
pub type Result<T> = std::result::Result<T, Error>;

/// An error of the server, or of reading what it answered.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Error {
    /// What happened.
    pub message: String,
    /// The SQLSTATE, such as `23505`; none where the server was not asked.
    pub code: Option<String>,
    /// The line of the statement it is about, and a caret below the place.
    pub place: Option<String>,
    /// The server's DETAIL.
    pub detail: Option<String>,
    /// The server's HINT.
    pub hint: Option<String>,
    /// The constraint that was violated.
    pub constraint: Option<String>,
    /// The schema it is about.
    pub schema: Option<String>,
    /// The table it is about.
    pub table: Option<String>,
    /// The column it is about.
    pub column: Option<String>,
    /// How to go on.
    pub advice: Option<String>,
}

impl Error {
    /// An error of one's own, such as a reason to roll back.
    pub fn new(message: impl Into<String>) -> Self {
        Error {
            message: message.into(),
            ..Error::default()
        }
    }

    /// The same with a word on how to go on.
    pub(crate) fn advise(mut self, advice: impl Into<String>) -> Self {
        self.advice = Some(advice.into());
        self
    }

    /// Whether a row with this key is there already.
    pub fn is_unique_violation(&self) -> bool {
        self.code.as_deref() == Some("23505")
    }

    pub(crate) fn fields(&self) -> [Option<&str>; 10] {
        [
            Some(&self.message),
            self.code.as_deref(),
            self.place.as_deref(),
            self.detail.as_deref(),
            self.hint.as_deref(),
            self.constraint.as_deref(),
            self.schema.as_deref(),
            self.table.as_deref(),
            self.column.as_deref(),
            self.advice.as_deref(),
        ]
    }

    /// The error of these fields, in the order of [`Error::fields`].
    pub(crate) fn from_fields(mut next: impl FnMut() -> Option<Option<String>>) -> Option<Self> {
        Some(Error {
            message: next()??,
            code: next()?,
            place: next()?,
            detail: next()?,
            hint: next()?,
            constraint: next()?,
            schema: next()?,
            table: next()?,
            column: next()?,
            advice: next()?,
        })
    }
}

impl fmt::Display for Error {
    /// The SQLSTATE and the message, then psql's lines, and the constraint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{code}: {}", self.message)?,
            None => write!(f, "{}", self.message)?,
        }
        if let Some(place) = &self.place {
            write!(f, "\n{place}")?;
        }
        let lines = [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("CONSTRAINT", &self.constraint),
        ];
        for (label, text) in lines {
            if let Some(text) = text {
                write!(f, "\n{label}:  {text}")?;
            }
        }
        match &self.advice {
            Some(advice) => write!(f, "\n→ {advice}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    /// As it is displayed: this is what `unwrap` prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Error {}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Error::new(unreadable.0)
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Error::new(format!("the notebook's kernel does not answer: {error}"))
    }
}
