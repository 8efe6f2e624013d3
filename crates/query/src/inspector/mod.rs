//! The inspector: what a database holds, as plain data ([`Structure`]) and as JSON.
//!
//! [`crate::Query::structure`] reads everything at once: a statement for each kind of thing, all of them
//! in one message to the server, never one a table. [`relation`] reads the same of one relation,
//! [`relations`] only which there are. The data serializes with `serde`; [`Relation::described`]
//! and [`Relation::listed`] are the documented shapes of `%describe --json` and `%tables --json`,
//! in the words of SQLAlchemy's Inspector.
//!
//! Servers that only resemble PostgreSQL know less of themselves, so each question has a ladder
//! (`ladder.rs`): the catalog, the standard's views, the catalog's plainest part, a query without
//! rows, `SHOW …`. The first way that is answered is remembered for the session (`ways.rs`).

mod json;
mod keys;
mod ladder;
mod lesser;
mod model;
mod read;

use std::collections::HashMap;

use display::Problem;

pub use self::model::*;
use self::read::Part;
use crate::complete::keywords::quoted;
use crate::host::Host;
use crate::nearest::nearest;
use crate::query::Run;
use crate::template;
use crate::variables::literal;

pub(crate) use self::ladder::knows as knows_catalog;
pub(crate) use self::lesser::is_system;

/// All of a relation, in the order in which one part needs the other.
const RELATION: &[Part] = &[
    read::RELATIONS,
    read::COLUMNS,
    read::SEQUENCES,
    read::ELSEWHERE,
    read::OPERATOR_CLASSES,
    read::INDEXES,
    read::CONSTRAINTS,
    read::INHERITANCE,
    read::VIEWS,
    read::TRIGGERS,
    read::POLICIES,
];

/// What is no part of a relation; and sizes as the catalog has them, for to ask the disk about many
/// takes as long as all the rest.
const OTHERS: &[Part] = &[
    read::PAGES,
    read::SCHEMAS,
    read::ENUMS,
    read::DOMAINS,
    read::COMPOSITES,
    read::FUNCTIONS,
];

/// What a statement asks about.
pub(crate) enum Scope<'a> {
    /// Everything but what came with the server.
    All,
    /// The relations with these oids.
    These(&'a [u32]),
}

/// Everything at once.
pub(crate) async fn structure<H: Host>(run: &mut Run<'_, H>) -> Result<Structure, Problem> {
    let parts: Vec<Part> = RELATION.iter().chain(OTHERS).copied().collect();
    ladder::structure(run, &parts).await
}

/// Which relations there are, without what belongs to each.
pub(crate) async fn relations<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    ladder::relations(run).await
}

/// Adds sizes and columns to relations, where the server tells them of all at once.
pub(crate) async fn more<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
    columns: bool,
) -> Result<(), Problem> {
    let oids = oids(relations);
    if oids.is_empty() {
        return Ok(());
    }
    if oids.contains(&0) {
        return match columns {
            true => ladder::all_columns(run, relations).await,
            false => Ok(()),
        };
    }
    let parts: &[Part] = match columns {
        true => &[read::RELATIONS, read::SIZES, read::COLUMNS],
        false => &[read::RELATIONS, read::SIZES],
    };
    let read = read::read(run, parts, &Scope::of(&oids)).await?;
    merge(relations, read.relations, |relation, read| {
        relation.bytes = read.bytes;
        relation.columns = read.columns;
    });
    Ok(())
}

/// Adds columns and keys to relations.
pub(crate) async fn keyed<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    ladder::keyed(run, relations).await
}

fn oids(relations: &[Relation]) -> Vec<u32> {
    relations.iter().map(|relation| relation.oid).collect()
}

/// Takes over what was read of the same relations.
fn merge(relations: &mut [Relation], read: Vec<Relation>, take: impl Fn(&mut Relation, Relation)) {
    let mut read: HashMap<u32, Relation> = read
        .into_iter()
        .map(|relation| (relation.oid, relation))
        .collect();
    for relation in relations {
        if let Some(read) = read.remove(&relation.oid) {
            take(relation, read);
        }
    }
}

/// All of one relation.
///
/// # Errors
/// There is none of that name, or the server does not answer.
pub(crate) async fn relation<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
) -> Result<Relation, Problem> {
    match ladder::relation(run, path).await? {
        Some(relation) => Ok(relation),
        None => Err(path.unknown(&relations(run).await?)),
    }
}

/// The index, sequence or type of a name that is no relation's, if there is one.
pub(crate) async fn other<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
) -> Result<Option<Other>, Problem> {
    ladder::other(run, path).await
}

/// The types that the database has made of others: none where its server has no catalog.
pub(crate) async fn made<H: Host>(run: &mut Run<'_, H>) -> Result<Made, Problem> {
    let Structure { enums, domains, .. } =
        ladder::parts(run, &[read::ENUMS, read::DOMAINS]).await?;
    Ok(Made { enums, domains })
}

/// Enums and domains.
#[derive(Clone, Debug, Default)]
pub(crate) struct Made {
    pub(crate) enums: Vec<Enum>,
    pub(crate) domains: Vec<Domain>,
}

/// A relation's name as SQL writes it: `people`, `shop.orders`, `"Mixed Case"`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) schema: Option<String>,
    pub(crate) name: String,
}

/// The parts of a name as SQL reads it: unquoted letters become lower case, those of ASCII, as the
/// server has it. Nothing where it is no name.
fn parts(text: &str) -> Option<Vec<String>> {
    let mut parts = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.trim().chars().peekable();
    while let Some(c) = chars.next() {
        let part = parts.last_mut()?;
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => part.push('"'),
            '"' => quoted = !quoted,
            '.' if !quoted => parts.push(String::new()),
            c if quoted => part.push(c),
            c => part.push(c.to_ascii_lowercase()),
        }
    }
    (!quoted && !parts.iter().any(String::is_empty)).then_some(parts)
}

/// A name that a user writes, as SQL: each of its parts (a database's or a catalog's, too) in quotes
/// where it must be, so that nothing else can stand in its place.
///
/// # Errors
/// It is no name.
pub(crate) fn as_sql(text: &str) -> Result<String, String> {
    let parts = parts(text).filter(|parts| parts.len() <= 3);
    let parts = parts.ok_or_else(|| {
        format!("{text} is no name of a relation: write NAME or SCHEMA.NAME, in double quotes what is not in lower case")
    })?;
    let parts: Vec<String> = parts.iter().map(|part| quoted(part)).collect();
    Ok(parts.join("."))
}

impl Path {
    /// Reads a name as SQL does.
    ///
    /// # Errors
    /// It is no name, or has more parts than a schema and a relation.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let no_name = || format!("{text} is no name of a relation: write NAME or SCHEMA.NAME");
        let mut parts = parts(text)
            .filter(|parts| parts.len() <= 2)
            .ok_or_else(no_name)?;
        let name = parts.pop().ok_or_else(no_name)?;
        Ok(Path {
            schema: parts.pop(),
            name,
        })
    }

    /// Whether a relation of this name is meant.
    pub(crate) fn is(&self, relation: &Relation) -> bool {
        let schema = |wanted: &String| relation.schema.as_ref() == Some(wanted);
        relation.name == self.name && self.schema.as_ref().is_none_or(schema)
    }

    /// The relation of this name. Engines of their own keep letters as they were written and heed
    /// them nowhere: there one that differs in them alone is meant, too.
    fn meant(&self, relations: Vec<Relation>) -> Option<Relation> {
        let alike = |relation: &Relation| {
            let same = |one: &str, other: &str| one.to_lowercase() == other.to_lowercase();
            let schema =
                |wanted: &String| relation.schema.as_ref().is_none_or(|is| same(is, wanted));
            same(&relation.name, &self.name) && self.schema.as_ref().is_none_or(schema)
        };
        let (exactly, others): (Vec<_>, Vec<_>) =
            relations.into_iter().partition(|known| self.is(known));
        let mut others = others.into_iter().filter(alike);
        match (exactly.into_iter().next(), others.next(), others.next()) {
            (Some(relation), ..) | (None, Some(relation), None) => Some(relation),
            _ => None,
        }
    }

    /// The condition over `pg_class c` and `pg_namespace n` that says the same.
    fn condition(&self) -> String {
        let name = literal(&self.name);
        let place = match self.schema.as_deref() {
            None => "pg_catalog.pg_table_is_visible(c.oid)".into(),
            Some("pg_temp") => "n.oid = pg_catalog.pg_my_temp_schema()".into(),
            Some(schema) => format!("n.nspname = {}", literal(schema)),
        };
        format!("c.relname = {name} and {place}")
    }

    fn unknown(&self, relations: &[Relation]) -> Problem {
        let full: Vec<String> = relations.iter().map(Relation::full_name).collect();
        let name = match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        };
        let near = match self.schema {
            Some(_) => nearest(&name, full.iter().map(String::as_str)),
            None => nearest(&name, relations.iter().map(|known| known.name.as_str())),
        };
        let mut problem = Problem::server(
            "ERROR",
            "42P01",
            format!("there is no table or view \"{name}\""),
        );
        problem.advice = vec![match near {
            Some(near) => format!("Did you mean {near}? %tables lists what there is."),
            None => "%tables lists what there is.".into(),
        }];
        problem
    }
}

impl<'a> Scope<'a> {
    fn of(oids: &'a [u32]) -> Self {
        /// More numbers than these make a statement longer than the answer they leave out.
        const NAMED: usize = 1_000;
        match oids.len() {
            ..=NAMED => Scope::These(oids),
            _ => Scope::All,
        }
    }

    /// A statement's file for this scope and a server of this version.
    fn query(&self, file: &str, version: u32) -> String {
        let (condition, oids) = match self {
            Scope::All => (
                "n.nspname <> 'information_schema' \
                 and (n.nspname !~ '^pg_' or n.oid = pg_catalog.pg_my_temp_schema())"
                    .into(),
                "0".into(),
            ),
            Scope::These(oids) => {
                let oids: Vec<String> = oids.iter().map(u32::to_string).collect();
                let oids = oids.join(", ");
                (format!("c.oid in ({oids})"), oids)
            }
        };
        let query = template::query(file, version, |_| false);
        template::with_condition(&query, &condition).replace(":oids", &oids)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_in_sql() {
        let check = |text: &str, schema: Option<&str>, name: &str| {
            let path = Path::parse(text).unwrap();
            assert_eq!((path.schema.as_deref(), path.name.as_str()), (schema, name));
        };
        check("people", None, "people");
        check("Shop.Orders", Some("shop"), "orders");
        check("\"Mixed Case\"", None, "Mixed Case");
        check("a.\"b.c\"", Some("a"), "b.c");
        check("\"say \"\"hi\"\"\"", None, "say \"hi\"");
        for wrong in ["", "a.b.c", "\"open", "a.", ".b"] {
            assert!(Path::parse(wrong).is_err(), "{wrong}");
        }
    }
}
