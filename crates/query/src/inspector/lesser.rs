//! Which relations and columns there are, on servers that do not have the catalog with all its
//! parts.

use std::collections::HashSet;
use std::sync::Arc;

use display::{Problem, Row};

use super::model::*;
use crate::catalog::{self, RelationKind};
use crate::complete::keywords::quoted;
use crate::fetch::Fetched;
use crate::host::Host;
use crate::query::Run;
use crate::query_service;
use crate::template;
use crate::variables::literal;

/// What is asked for in several ways.
const RELATIONS: &str = "relations";
const COLUMNS: &str = "columns";

const PLAIN: &str = include_str!("plain_relations.sql");
const STANDARD: &str = include_str!("standard_relations.sql");
const SHOW: &str = "show tables";

/// A way to ask for columns.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Columns {
    /// The standard's views.
    Standard,
    /// The plainest part of the catalog.
    Plain,
    /// What a query without rows says of one relation.
    NoRows,
}

/// The ways, the best first. The standard's views know of databases, which an engine's imitation of
/// `pg_class` does not; those of Query Service are empty.
fn ways(query_service: bool) -> ([&'static str; 3], [Columns; 3]) {
    use Columns::{NoRows, Plain, Standard};
    match query_service {
        true => ([PLAIN, SHOW, STANDARD], [Plain, NoRows, Standard]),
        false => ([STANDARD, PLAIN, SHOW], [Standard, Plain, NoRows]),
    }
}

/// Whether a schema belongs to the server itself: PostgreSQL keeps all names that begin so.
pub(crate) fn is_system(schema: &str) -> bool {
    schema == "information_schema" || schema.starts_with("pg_") && !schema.starts_with("pg_temp")
}

/// Which relations there are.
pub(super) async fn relations<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    let session = run.session().await?;
    let (ways, _) = ways(session.is_query_service());
    loop {
        let number = session.ways().of(RELATIONS).min(ways.len() - 1);
        let sql = ways[number];
        let fetched = match run.look_up(RELATIONS, sql).await {
            Ok(fetched) => fetched,
            Err(problem) if number + 1 < ways.len() => {
                run.next_way(RELATIONS, number, problem).await?;
                continue;
            }
            Err(problem) => return Err(problem),
        };
        session.ways().answered(RELATIONS, number);
        let mut relations = listed(&fetched);
        if sql == SHOW
            && let Some(views) = run.first_known("views", &["show views".into()]).await?
        {
            relations.extend(listed(&views).into_iter().map(|view| Relation {
                kind: Kind::View,
                ..view
            }));
        }
        // One of another database cannot be told from ours where the server does not say which.
        let mut seen = HashSet::new();
        relations.retain(|one| seen.insert((one.schema.clone(), one.name.clone())));
        // Completion asks Query Service nothing: it knows what others have been told.
        if session.is_query_service() {
            let known = relations.iter().map(known).collect();
            session.catalog().learn_relations(known);
        }
        return Ok(relations);
    }
}

/// Reads a list of relations by its columns' names: the catalog's, the standard's, or those of
/// `SHOW TABLES` and its kin.
fn listed(fetched: &Fetched) -> Vec<Relation> {
    let named = |names: &[&str]| fetched.place(names);
    let schema = named(&[
        "nspname",
        "table_schema",
        "schema",
        "schema_name",
        "schema name",
    ]);
    let name = named(&["relname", "table_name", "name", "tablename"]).unwrap_or(0);
    let kind = named(&["relkind", "table_type", "type", "kind"]);
    let comment = named(&["description", "comment"]);
    let cell = |row: &Row, at: Option<usize>| row.get(at?)?.clone().filter(|text| !text.is_empty());
    let relation = |row: &Row| {
        let kind = cell(row, kind).unwrap_or_default();
        Some(Relation {
            schema: cell(row, schema),
            name: cell(row, Some(name))?,
            kind: Kind::read(&kind),
            temporary: kind.ends_with("TEMPORARY"),
            comment: cell(row, comment),
            ..Relation::default()
        })
        // Some call their own views so, in schemas of any name.
        .filter(|_| !kind.starts_with("SYSTEM"))
        .filter(|one| !one.schema.as_deref().is_some_and(is_system))
    };
    fetched.rows.iter().filter_map(relation).collect()
}

/// A relation of Query Service as completion knows it.
fn known(relation: &Relation) -> catalog::Relation {
    let schema = relation.schema.as_deref().unwrap_or(query_service::SCHEMA);
    catalog::Relation {
        schema: schema.into(),
        name: relation.name.clone(),
        kind: match relation.kind {
            Kind::View => RelationKind::View,
            _ => RelationKind::Table,
        },
        comment: relation.comment.clone(),
        ..catalog::Relation::default()
    }
}

/// Adds columns. A way that knows none is no answer.
pub(super) async fn columns<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let session = run.session().await?;
    let (_, ways) = ways(session.is_query_service());
    if relations.is_empty() {
        return Ok(());
    }
    for (number, way) in ways.into_iter().enumerate() {
        if number < session.ways().of(COLUMNS) {
            continue;
        }
        let asked = match (way, &mut *relations) {
            (Columns::NoRows, [relation]) => by_no_rows(run, relation).await,
            (Columns::NoRows, _) => Ok(()),
            (way, relations) => by_catalog(run, way, relations).await,
        };
        match asked {
            Ok(()) if relations.iter().any(|one| !one.columns.is_empty()) => {
                session.ways().answered(COLUMNS, number);
                return Ok(());
            }
            Ok(()) => {}
            Err(problem) => run.next_way(COLUMNS, number, problem).await?,
        }
    }
    Ok(())
}

/// Columns by the plain catalog, or by the standard's views.
async fn by_catalog<H: Host>(
    run: &mut Run<'_, H>,
    way: Columns,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let (file, schema, name) = match way {
        Columns::Plain => (include_str!("plain_columns.sql"), "n.nspname", "c.relname"),
        _ => (
            include_str!("standard_columns.sql"),
            "n.table_schema",
            "n.table_name",
        ),
    };
    let condition = match &*relations {
        [one] => {
            let of_schema = one
                .schema
                .as_deref()
                .map(|of| format!(" and {schema} = {}", literal(of)));
            format!(
                "{name} = {}{}",
                literal(&one.name),
                of_schema.unwrap_or_default()
            )
        }
        _ => "true".into(),
    };
    let sql = template::with_condition(file, &condition);
    let fetched = run.look_up(COLUMNS, &sql).await?;
    for row in fetched.rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (schema, name) = (next(), next());
        let column = Column {
            name: next().unwrap_or_default(),
            type_name: next().unwrap_or_default().into(),
            nullable: next().is_none_or(|nullable| !nullable.eq_ignore_ascii_case("no")),
            default: next(),
            ..Column::default()
        };
        let of = |relation: &&mut Relation| {
            Some(&relation.name) == name.as_ref()
                && (relation.schema.is_none() || relation.schema == schema)
        };
        if let Some(relation) = relations.iter_mut().find(of)
            && !relation.columns.iter().any(|one| one.name == column.name)
        {
            relation.columns.push(column);
        }
    }
    Ok(())
}

/// Columns as a query that gives no rows describes them.
async fn by_no_rows<H: Host>(run: &mut Run<'_, H>, relation: &mut Relation) -> Result<(), Problem> {
    let session = run.session().await?;
    let name = match relation.schema.as_deref() {
        // Its names have no schemas before them.
        Some(schema) if !session.is_query_service() => {
            format!("{}.{}", quoted(schema), quoted(&relation.name))
        }
        _ => quoted(&relation.name),
    };
    let sql = format!("select * from {name} where 1=0");
    let answer = run.look_up(COLUMNS, &sql).await?;
    relation.columns = answer
        .columns
        .into_iter()
        .map(|column| Column {
            name: column.name,
            type_name: Arc::from(column.type_name),
            nullable: true,
            ..Column::default()
        })
        .collect();
    Ok(())
}

#[cfg(test)]
mod tests {
    use display::{Column, Kind as Values};

    use super::*;

    #[test]
    fn lists_are_read_by_their_names() {
        let columns = ["name", "dataSetId", "dataSet", "description", "resolved"];
        let fetched = Fetched {
            columns: columns
                .map(|name| Column::new(name, "", Values::Text))
                .to_vec(),
            rows: vec![
                ["events", "5f", "Events", "clicks", "true"]
                    .map(|text| Some(text.to_owned()))
                    .to_vec(),
            ],
            ..Fetched::default()
        };
        let relations = listed(&fetched);
        assert_eq!(relations[0].name, "events");
        assert_eq!(relations[0].comment.as_deref(), Some("clicks"));
    }
}
