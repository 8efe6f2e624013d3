//! Completion: what can stand at the cursor.
//!
//! Two questions, kept apart: what fits here ([`fits`], from the text alone) and what is there
//! ([`names`], from the catalog, the scope and the commands). Nothing is asked of a server: what the
//! catalog knows already is the answer, also while a statement runs.

mod commands;
pub(crate) mod cursor;
mod fits;
pub(crate) mod keywords;
mod names;
mod offer;
pub(crate) mod scope;
pub(crate) mod shape;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;

pub(crate) use self::fits::qualifier;
pub(crate) use self::names::signature;

use std::sync::Arc;

use display::Column;

use self::cursor::{Place, Typed};
use self::offer::{Offer, Rank};
use crate::catalog::Names;
use crate::query::Query;
use crate::variables::Variables;

/// More candidates than these are of no use.
const MOST: usize = 200;

/// What can stand in the place of a part of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Completions {
    /// Where that part begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The likely ones first.
    pub items: Vec<Candidate>,
}

/// One candidate of a completion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidate {
    /// What is put in.
    pub text: String,
    /// What it is, in the words that front ends have symbols for: `keyword`, `class` (a relation or
    /// a type), `field` (a column), `function`, `module` (a schema), `property`, `enum`, `variable`.
    pub kind: &'static str,
    /// A column's type, a function's arguments and result, a command's arguments, in one line.
    pub detail: String,
}

impl Candidate {
    fn new(text: impl Into<String>, kind: &'static str, detail: impl Into<String>) -> Self {
        Candidate {
            text: text.into(),
            kind,
            detail: detail.into(),
        }
    }
}

/// What completion and inspection know.
pub(crate) struct Known<'a> {
    pub(crate) names: &'a Names,
    pub(crate) variables: &'a Variables,
    /// The names of the connections.
    pub(crate) connections: &'a [String],
    /// The last result, and before it those that are kept under a name.
    pub(crate) results: &'a [KnownResult],
}

/// What is known of a kept result.
pub(crate) struct KnownResult {
    pub(crate) name: Option<String>,
    pub(crate) columns: Vec<Column>,
}

impl Query {
    /// What can stand at the cursor, a byte of the text. Opens no connection and asks none.
    pub async fn complete(&self, text: &str, cursor: usize) -> Completions {
        let session = self.session_of(text);
        let names = match &session {
            Some(session) => session.names().await,
            None => Arc::default(),
        };
        let variables = self.known_variables();
        let connections = self.connection_names();
        let kept = self.results.list();
        let results: Vec<KnownResult> = kept
            .iter()
            .rev()
            .enumerate()
            .filter(|(age, kept)| *age == 0 || kept.name.is_some())
            .map(|(_, kept)| KnownResult {
                name: kept.name.clone(),
                columns: kept.columns().to_vec(),
            })
            .collect();
        let known = Known {
            names: &names,
            variables: &variables,
            connections: &connections,
            results: &results,
        };
        complete(cursor::find(text, cursor, self.dialect(text)), &known)
    }

    pub(crate) fn connection_names(&self) -> Vec<String> {
        let (sessions, _) = self.connections.list();
        sessions
            .iter()
            .map(|session| session.name().to_owned())
            .collect()
    }
}

fn complete(place: Place, known: &Known) -> Completions {
    match place {
        Place::Nothing => Completions::default(),
        Place::Command { name } => commands::names(&name),
        Place::Argument {
            command,
            before,
            word,
        } => commands::arguments(command, before, &word, known),
        Place::Variable { name } => {
            let mut offer = Offer::new(&name);
            for (variable, value) in known.variables.iter() {
                offer.add(Rank::Source, variable, || {
                    Candidate::new(variable, "variable", value)
                });
            }
            completions(&name, offer)
        }
        Place::Sql(statement) => {
            let offer = names::candidates(&statement, &fits::fits(&statement), known.names);
            completions(&statement.typed, offer)
        }
    }
}

fn completions(typed: &Typed, offer: Offer) -> Completions {
    Completions {
        start: typed.range.start,
        end: typed.range.end,
        items: offer.best(MOST),
    }
}

/// The functions of every server, each with its arguments, its result and what it does.
pub(crate) fn functions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("complete/functions.txt")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| Some(line.split_at(line.find('(')?)))
}
