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

impl Noun {
    /// The command, and what a server that does not answer it does not tell.
    fn words(&self) -> (&'static str, &'static str) {
        match self {
            Noun::Relation => ("\\d", "relations"),
            Noun::Relations(_) => ("\\dt", "relations"),
            Noun::Partitioned(_) => ("\\dP", "partitioned tables"),
            Noun::Functions(_) => ("\\df", "functions"),
            Noun::Schemas => ("\\dn", "schemas"),
            Noun::Roles => ("\\du", "roles"),
            Noun::Types => ("\\dT", "types"),
            Noun::Extensions => ("\\dx", "extensions"),
            Noun::Databases => ("\\l", "databases"),
            Noun::Privileges => ("\\dp", "privileges"),
            Noun::FunctionSource => ("\\sf", "functions' sources"),
            Noun::ViewSource => ("\\sv", "views' sources"),
        }
    }
}

/// Runs the command that is called `name`: with psql's question, or where the server does not know
/// that in other ways.
pub(super) async fn run<H: Host>(
    run: &mut Run<'_, H>,
    mut noun: Noun,
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
    let argument = match &noun {
        Noun::FunctionSource => Some(inquiry.name("function")?),
        Noun::ViewSource => Some(inquiry.name("view")?),
        _ => inquiry.argument()?,
    };
    let argument = argument.as_deref();
    // `\d` alone is a list like the others.
    if matches!(noun, Noun::Relation) && argument.is_none() {
        noun = Noun::Relations(relations::ALL.into());
    }
    let (what, _) = noun.words();
    let session = inquiry.run.session().await?;
    if session.ways().of(what) == 0 {
        let hold = inquiry.run.hold(what).await?;
        let asked = inquiry.as_psql(&noun, argument).await;
        inquiry.run.release(hold).await?;
        match asked {
            Ok(()) => {
                session.ways().answered(what, 0);
                return Ok(());
            }
            Err(problem) => inquiry.run.next_way(what, 0, problem).await?,
        }
    }
    inquiry.elsewhere(&noun, argument).await
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
    /// Asks what psql asks.
    async fn as_psql(&mut self, noun: &Noun, argument: Option<&str>) -> Result<(), Problem> {
        match (noun, argument) {
            (Noun::Relation, Some(pattern)) => self.describe(pattern).await,
            (Noun::Relation, None) => self.relations(relations::ALL, None).await,
            (Noun::Relations(letters), pattern) => self.relations(letters, pattern).await,
            (Noun::Partitioned(letters), pattern) => self.partitioned(letters, pattern).await,
            (Noun::Functions(letters), pattern) => self.functions(letters, pattern).await,
            (Noun::Schemas, pattern) => self.schemas(pattern).await,
            (Noun::Roles, pattern) => self.roles(pattern).await,
            (Noun::Types, pattern) => self.types(pattern).await,
            (Noun::Extensions, pattern) => self.extensions(pattern).await,
            (Noun::Databases, pattern) => self.databases(pattern).await,
            (Noun::Privileges, pattern) => self.privileges(pattern).await,
            (Noun::FunctionSource, name) => self.function_source(name.unwrap_or_default()).await,
            (Noun::ViewSource, name) => self.view_source(name.unwrap_or_default()).await,
        }
    }

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
            let ways = ["pg_catalog.", ""].map(|of| format!("select {of}current_database()"));
            let here = self.run.first_known("the database", &ways).await?;
            let here = here.and_then(|here| here.rows.into_iter().next()?.into_iter().next()?);
            if here.as_ref() != Some(database) {
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
