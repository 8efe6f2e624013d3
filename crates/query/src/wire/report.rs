//! An error or a notice, as the server worded it.

use std::io;

use display::Problem;
use fallible_iterator::FallibleIterator;
use postgres_protocol::message::backend::ErrorFields;

/// An error or a notice, as the server worded it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// `ERROR`, `FATAL`, `NOTICE` …, in the server's language.
    pub(crate) severity: String,
    /// SQLSTATE.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) detail: Option<String>,
    pub(crate) hint: Option<String>,
    /// Where in the query, in characters from 1.
    pub(crate) position: Option<usize>,
    /// A query that the server made itself, and where in it.
    pub(crate) internal_query: Option<String>,
    pub(crate) internal_position: Option<usize>,
    pub(crate) context: Option<String>,
    /// What it is about, where the server names it.
    pub(crate) schema: Option<String>,
    pub(crate) table: Option<String>,
    pub(crate) column: Option<String>,
    pub(crate) constraint: Option<String>,
}

impl Report {
    pub(super) fn read(mut fields: ErrorFields<'_>) -> io::Result<Self> {
        let mut report = Report::default();
        while let Some(field) = fields.next()? {
            let value = String::from_utf8_lossy(field.value_bytes()).into_owned();
            match field.type_() {
                b'S' => report.severity = value,
                b'C' => report.code = value,
                b'M' => report.message = value,
                b'D' => report.detail = Some(value),
                b'H' => report.hint = Some(value),
                b'P' => report.position = value.parse().ok(),
                b'q' => report.internal_query = Some(value),
                b'p' => report.internal_position = value.parse().ok(),
                b'W' => report.context = Some(value),
                b's' => report.schema = Some(value),
                b't' => report.table = Some(value),
                b'c' => report.column = Some(value),
                b'n' => report.constraint = Some(value),
                _ => {}
            }
        }
        Ok(report)
    }

    /// True where the server ends the session with this.
    pub(crate) fn is_fatal(&self) -> bool {
        // The severity is translated; the classes of codes that end a session are not.
        matches!(self.severity.as_str(), "FATAL" | "PANIC") || self.code.starts_with("57P")
    }
}

impl From<Report> for Problem {
    /// The report in the user's terms. Where it points is known only to whoever sent the query.
    fn from(report: Report) -> Self {
        Problem {
            detail: report.detail,
            hint: report.hint,
            context: report.context,
            ..Problem::server(report.severity, report.code, report.message)
        }
    }
}
