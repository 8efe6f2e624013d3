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
            ..report.into()
        };
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

/// The byte offset of a server's position, which counts characters from 1.
pub(crate) fn byte(text: &str, position: usize) -> usize {
    text.char_indices()
        .nth(position.saturating_sub(1))
        .map_or(text.len(), |(at, _)| at)
}
