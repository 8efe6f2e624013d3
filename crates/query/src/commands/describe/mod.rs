//! psql's commands that describe what a database holds: `\d` and its kin, `\l`, `\z`, `\sf`, `\sv`.
//!
//! Each asks the catalogue with a query of a file of its own, which gives the very columns that psql
//! prints.

mod elsewhere;
mod functions;
mod lists;
mod relation;
mod relations;
mod source;

use std::ops::Range;

use display::{Print, Problem, Table};

use super::psql::argument_as;
use super::refused;
use crate::arguments::Kind;
use crate::host::{Host, Shown};
use crate::pattern::{Names, Pattern};
use crate::query::Run;
use crate::template;

/// What a command describes.
pub(super) enum Noun {
    /// `\d`: one relation, or without a pattern a list of them.
    Relation,
    /// `\dt`, `\dvm`, …: relations of the kinds that these letters name.
    Relations(String),
    /// `\dP`, with its letters.
    Partitioned(String),
    /// `\df`, with its letters.
    Functions(String),
    Schemas,
    Roles,
    Types,
    Extensions,
    Databases,
    Privileges,
    FunctionSource,
    ViewSource,
}

/// What this command describes, if it is one of those that do.
pub(super) fn noun(name: &str) -> Option<Noun> {
    match name.strip_suffix('+').unwrap_or(name) {
        "l" | "list" => return Some(Noun::Databases),
        "z" if name == "z" => return Some(Noun::Privileges),
        "sf" => return Some(Noun::FunctionSource),
        "sv" => return Some(Noun::ViewSource),
        _ => {}
    }
    // As in psql, `+` and `S` may stand anywhere behind the first letter, and what else follows it
    // says more or means nothing.
    let letters: String = name
        .strip_prefix('d')?
        .chars()
        .filter(|c| !matches!(c, '+' | 'S'))
        .collect();
    let mut rest = letters.chars();
    Some(match rest.next() {
        None => Noun::Relation,
        Some('t' | 'v' | 'm' | 'i' | 's' | 'E') => Noun::Relations(letters),
        Some('P') => Noun::Partitioned(rest.collect()),
        Some('f') => Noun::Functions(rest.collect()),
        Some('n') => Noun::Schemas,
        Some('u' | 'g') => Noun::Roles,
        Some('T') => Noun::Types,
        Some('x') => Noun::Extensions,
        Some('p') => Noun::Privileges,
        _ => return None,
    })
}

/// Runs the command that is called `name`.
pub(super) async fn run<H: Host>(
    run: &mut Run<'_, H>,
    noun: Noun,
    name: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let version = run.server_version().await?;
    let mut inquiry = Inquiry {
        run,
        at,
        verbose: name.contains('+'),
        system: name.contains('S'),
        version,
    };
    match noun {
        Noun::Relation => inquiry.of_relations(None).await,
        Noun::Relations(letters) => inquiry.of_relations(Some(&letters)).await,
        Noun::Partitioned(letters) => inquiry.partitioned(&letters).await,
        Noun::Functions(letters) => inquiry.functions(&letters).await,
        Noun::Schemas => inquiry.schemas().await,
        Noun::Roles => inquiry.roles().await,
        Noun::Types => inquiry.types().await,
        Noun::Extensions => inquiry.extensions().await,
        Noun::Databases => inquiry.databases().await,
        Noun::Privileges => inquiry.privileges().await,
        Noun::FunctionSource => inquiry.function_source().await,
        Noun::ViewSource => inquiry.view_source().await,
    }
}

/// A command that describes, and whom it asks.
struct Inquiry<'a, 'r, H> {
    run: &'a mut Run<'r, H>,
    /// Where it is in the cell.
    at: Range<usize>,
    /// `+`: more about each.
    verbose: bool,
    /// `S`: also the system's.
    system: bool,
    /// The server's major version.
    version: u32,
}

impl<H: Host> Inquiry<'_, '_, H> {
    /// The command's next argument.
    fn argument(&mut self) -> Result<Option<String>, Problem> {
        argument_as(self.run, Kind::Lenient)
    }

    /// Reads a pattern; one that names a database must name this one.
    async fn pattern(
        &mut self,
        text: Option<&str>,
        names: &Names,
    ) -> Result<Option<Pattern>, Problem> {
        let Some(text) = text else { return Ok(None) };
        let pattern =
            Pattern::parse(text, names).map_err(|why| refused(self.run, self.at.clone(), why))?;
        if let Some(database) = &pattern.database {
            let here = self.run.ask("select pg_catalog.current_database()").await?;
            if here.rows.first().and_then(|row| row.first()?.as_ref()) != Some(database) {
                let why = format!("cross-database references are not implemented: {text}");
                return Err(refused(self.run, self.at.clone(), why));
            }
        }
        Ok(Some(pattern))
    }

    /// The query in a file, for this server.
    fn query(&self, file: &str) -> String {
        template::query(file, self.version, |word| word == "+" && self.verbose)
    }

    /// The same for a query that lists: `named` where a pattern names what is meant, which may be
    /// the system's; `holds` says whether other words of remarks do.
    fn list_query(&self, file: &str, named: bool, holds: impl Fn(&str) -> bool) -> String {
        template::query(file, self.version, |word| match word {
            "+" => self.verbose,
            "own" => !self.system && !named,
            word => holds(word),
        })
    }

    /// Shows a table; as the cell's value where it is the only one and the cell ends here. As in
    /// psql, NULL is nothing here, and `\pset null` does not count.
    async fn show(&self, table: Table, print: &Print, alone: bool) {
        let bundle = table.without_nulls().bundle(print);
        let shown = match alone && self.run.is_last() {
            true => Shown::Result(bundle),
            false => Shown::Display(bundle, None),
        };
        self.run.host.show(shown).await;
    }
}
