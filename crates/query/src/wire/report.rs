//! An error or a notice, as the server worded it.

use std::io;

use display::Problem;

use super::message::Body;

/// The most bytes of a report that are kept: of more, the rest is counted.
const MOST: usize = 1 << 20;

/// Which of the two a report is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Notice,
}

/// An error or a notice, as the server worded it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Report {
    /// `ERROR`, `FATAL`, `NOTICE` …, in the server's language.
    pub(crate) severity: String,
    /// It ends the session, as the server says in English.
    pub(crate) fatal: bool,
    /// SQLSTATE; empty where the server has none.
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
    pub(crate) data_type: Option<String>,
    pub(crate) constraint: Option<String>,
    /// Where the server's own code has made it: `errorMissingColumn, parse_relation.c:3647`.
    pub(crate) location: Option<String>,
}

impl Report {
    /// Reads the fields, in whatever order. Servers that only resemble PostgreSQL leave some out.
    pub(super) fn read(kind: Kind, body: &mut Body<'_>) -> io::Result<Self> {
        let mut report = Report::default();
        let mut english = None;
        let (mut file, mut line, mut routine) = (String::new(), String::new(), None);
        let mut left = MOST;
        loop {
            let [field] = body.number()?;
            if field == 0 {
                break;
            }
            let value = body.bytes()?;
            let text = || shortened(value, left);
            match field {
                b'S' => report.severity = text(),
                b'V' => english = Some(text()),
                b'C' => report.code = text(),
                b'M' => report.message = text(),
                b'D' => report.detail = Some(text()),
                b'H' => report.hint = Some(text()),
                b'P' => report.position = text().parse().ok(),
                b'q' => report.internal_query = Some(text()),
                b'p' => report.internal_position = text().parse().ok(),
                b'W' => report.context = Some(text()),
                b's' => report.schema = Some(text()),
                b't' => report.table = Some(text()),
                b'c' => report.column = Some(text()),
                b'd' => report.data_type = Some(text()),
                b'n' => report.constraint = Some(text()),
                b'F' => file = text(),
                b'L' => line = text(),
                b'R' => routine = Some(text()),
                _ => continue,
            }
            left = left.saturating_sub(value.len());
        }
        let english = english.unwrap_or_else(|| report.severity.clone());
        report.fatal = matches!(english.as_str(), "FATAL" | "PANIC");
        if report.severity.is_empty() {
            report.severity = match kind {
                _ if !english.is_empty() => english,
                Kind::Error => "ERROR".into(),
                Kind::Notice => "NOTICE".into(),
            };
        }
        if report.message.is_empty() {
            report.message = "(the server gave no message)".into();
        }
        report.location = routine.map(|routine| format!("{routine}, {file}:{line}"));
        Ok(report)
    }

    /// What a server should have said that answers what it was not asked.
    pub(crate) fn unsupported(message: &str) -> Self {
        Report {
            severity: "ERROR".into(),
            code: "0A000".into(),
            message: message.into(),
            ..Report::default()
        }
    }

    /// True where the server ends the session with this.
    pub(crate) fn is_fatal(&self) -> bool {
        self.fatal || self.code.starts_with("57P")
    }

    /// How many bytes its texts have.
    pub(crate) fn size(&self) -> usize {
        let others = [
            &self.detail,
            &self.hint,
            &self.internal_query,
            &self.context,
            &self.schema,
            &self.table,
            &self.column,
            &self.constraint,
        ];
        let others = others.into_iter().flatten().map(String::len);
        self.severity.len() + self.code.len() + self.message.len() + others.sum::<usize>()
    }
}

/// A text of which no more than so many bytes are kept.
fn shortened(value: &[u8], most: usize) -> String {
    match value.split_at_checked(most) {
        Some((start, rest)) if !rest.is_empty() => format!(
            "{} … ({} more bytes)",
            String::from_utf8_lossy(start),
            rest.len()
        ),
        _ => String::from_utf8_lossy(value).into_owned(),
    }
}

impl From<Report> for Problem {
    /// The report in the user's terms. Where it points is known only to whoever sent the query.
    fn from(report: Report) -> Self {
        let problem = match report.code.is_empty() {
            true => Problem {
                severity: report.severity,
                ..Problem::new("server_error", report.message)
            },
            false => Problem::server(report.severity, report.code, report.message),
        };
        Problem {
            detail: report.detail,
            hint: report.hint,
            context: report.context,
            ..problem
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::message::read;
    use super::*;
    use crate::wire::Event;

    /// The report of these fields.
    fn report(tag: u8, fields: &[(u8, &[u8])]) -> Report {
        let mut body = Vec::new();
        for (field, text) in fields {
            body.push(*field);
            body.extend(*text);
            body.push(0);
        }
        body.push(0);
        let length = body.len() as u32 + 4;
        let message = [&[tag], &length.to_be_bytes()[..], &body].concat();
        match read(&message).unwrap() {
            Event::Error(report) | Event::Notice(report) => *report,
            other => panic!("{other:?}"),
        }
    }

    fn check(tag: u8, fields: &[(u8, &[u8])], name: &str, text: &str) {
        let problem = Problem::from(report(tag, fields));
        assert_eq!(
            (problem.name.as_str(), problem.text().as_str()),
            (name, text)
        );
    }

    #[test]
    fn what_a_server_leaves_out() {
        let message = (b'M', &b"no such table"[..]);
        check(b'E', &[message], "server_error", "ERROR:  no such table");
        check(
            b'E',
            &[message, (b'C', b"42P01")],
            "42P01 undefined_table",
            "ERROR:  no such table",
        );
        check(
            b'E',
            &[message, (b'V', b"FATAL")],
            "server_error",
            "FATAL:  no such table",
        );
        check(
            b'E',
            &[
                message,
                (b'S', b"FEHLER"),
                (b'V', b"ERROR"),
                (b'?', b"x"),
                (b'C', b"X1"),
            ],
            "X1",
            "FEHLER:  no such table",
        );
        check(b'N', &[message], "server_error", "NOTICE:  no such table");
        check(
            b'E',
            &[],
            "server_error",
            "ERROR:  (the server gave no message)",
        );
        check(
            b'E',
            &[(b'M', b"caf\xe9"), (b'S', b"ERROR"), (b'P', b"x")],
            "server_error",
            "ERROR:  caf\u{fffd}",
        );
    }

    #[test]
    fn what_ends_a_session_is_told_in_any_language() {
        let fatal = |fields: &[(u8, &[u8])]| report(b'E', fields).is_fatal();
        assert!(fatal(&[(b'S', b"FATAL")]));
        assert!(fatal(&[(b'S', b"SCHWERWIEGEND"), (b'V', b"FATAL")]));
        assert!(fatal(&[(b'C', b"57P01")]));
        assert!(!fatal(&[(b'S', b"ERROR"), (b'C', b"57014")]));
    }

    #[test]
    fn the_texts_of_a_report_have_a_bound() {
        let long = vec![b'x'; 3 << 20];
        let report = report(b'E', &[(b'M', &long), (b'D', &long), (b'H', b"short")]);
        assert!(report.size() < (1 << 20) + 200, "{}", report.size());
        assert!(report.message.ends_with("… (2097152 more bytes)"));
        assert_eq!(report.detail.unwrap(), " … (3145728 more bytes)");
    }
}
