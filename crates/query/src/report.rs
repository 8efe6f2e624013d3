//! The server's reports in the user's terms: with the place in the cell, and what they mean there.

use display::{Place, Problem};

use crate::forgotten;
use crate::query::Run;
use crate::query_service;
use crate::session::Session;
use crate::split::Statement;
use crate::target::Target;
use crate::wire::Report;

impl<H> Run<'_, H> {
    /// A report about a statement of this cell, with its place in it.
    pub(crate) fn report(
        &self,
        session: &Session,
        statement: &Statement,
        report: Report,
    ) -> Problem {
        let place = match (
            report.position,
            report.internal_position,
            &report.internal_query,
        ) {
            (Some(position), ..) => {
                let sent = byte(&statement.text, position);
                Some(Place {
                    text: self.text.to_owned(),
                    offset: statement.in_cell(sent),
                })
            }
            (None, Some(position), Some(query)) => Some(Place {
                text: query.clone(),
                offset: byte(query, position),
            }),
            _ => None,
        };
        let query = report.internal_query.clone();
        let mut problem = Problem {
            place,
            query: query.filter(|_| report.position.is_none()),
            ..report.clone().into()
        };
        let variables = &self.settings.variables;
        if variables.says("SHOW_CONTEXT", "never") {
            problem.context = None;
        }
        if variables.says("VERBOSITY", "terse") {
            terse(&mut problem, report.position);
        } else if variables.says("VERBOSITY", "sqlstate") {
            terse(&mut problem, None);
            problem.message = report.code;
        } else if variables.says("VERBOSITY", "verbose") {
            problem.message = format!("{}: {}", report.code, problem.message);
            problem.origin = origin(&report);
        }
        if session.is_query_service() {
            let explained = query_service::explain(
                problem.code.as_deref().unwrap_or_default(),
                &problem.message,
            );
            problem.advice.extend(explained.map(str::to_owned));
        }
        problem
            .advice
            .extend(forgotten::advice(self.text, statement, &problem));
        // From inside the embedded PostgreSQL, every refusal of the operating system looks like this.
        if matches!(session.target(), Target::Local(_)) && problem.message.ends_with("I/O error") {
            problem.advice.push(
                "Its disk may be full: make room there, or choose a folder on another disk.".into(),
            );
        }
        problem
    }
}

impl<H> Run<'_, H> {
    /// The same of a notice: psql shows where it came from only when asked.
    pub(crate) fn notice(
        &self,
        session: &Session,
        statement: &Statement,
        report: Report,
    ) -> Problem {
        let mut problem = self.report(session, statement, report);
        if !self.settings.variables.says("SHOW_CONTEXT", "always") {
            problem.context = None;
        }
        problem
    }
}

/// `\set VERBOSITY terse`: the message alone, with its place in it.
fn terse(problem: &mut Problem, position: Option<usize>) {
    if let Some(position) = position {
        problem.message += &format!(" at character {position}");
    }
    *problem = Problem {
        place: None,
        detail: None,
        hint: None,
        query: None,
        context: None,
        ..std::mem::take(problem)
    };
}

/// What libpq says of a report when it is to say all: what it is about, and where the server's own
/// code has made it.
fn origin(report: &Report) -> Vec<String> {
    let named = [
        ("SCHEMA NAME", &report.schema),
        ("TABLE NAME", &report.table),
        ("COLUMN NAME", &report.column),
        ("DATATYPE NAME", &report.data_type),
        ("CONSTRAINT NAME", &report.constraint),
    ];
    let named = named.iter().filter_map(|(label, name)| {
        let name = name.as_ref()?;
        Some(format!("{label}:  {name}"))
    });
    let location = report.location.as_ref();
    named
        .chain(location.map(|location| format!("LOCATION:  {location}")))
        .collect()
}

/// The byte offset of a server's position, which counts characters from 1.
pub(crate) fn byte(text: &str, position: usize) -> usize {
    text.char_indices()
        .nth(position.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at)
}
