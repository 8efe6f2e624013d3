//! How the catalog of a server is read that only resembles PostgreSQL: by the standard's views, in
//! two questions that no setting of the server can limit. One that is slow is not asked again.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Catalog, Column, Names, Relation, RelationKind, Schema, Shared};
use crate::fetch::is_true;
use crate::inspector::is_system;
use crate::session::{Asker, NoAnswer, Rows};

/// Reads relations and their columns; nothing where that was so slow that it is not to be done again.
pub(super) async fn read(catalog: &Catalog, asker: &Asker) -> Result<Option<()>, NoAnswer> {
    /// Once may be slow; whoever is so slow each time would hold the user up.
    const PATIENCE: Duration = Duration::from_secs(5);
    let started = Instant::now();
    let rows = asker.ask(include_str!("standard_relations.sql")).await?;
    let mut names = relations(rows);
    catalog.publish(&names);
    let rows = asker.ask(include_str!("standard_columns.sql")).await?;
    let mut relations = names.relations.to_vec();
    columns(rows, &mut relations);
    names.relations = Arc::new(relations);
    catalog.publish(&names);
    Ok((started.elapsed() <= PATIENCE).then_some(()))
}

/// Relations, numbered for want of oids, and their schemas: those that names are looked for in
/// first.
fn relations(rows: Rows) -> Names {
    let mut schemas: Vec<Schema> = Vec::new();
    let mut relations: Vec<Relation> = Vec::new();
    for row in rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (Some(schema), Some(name), kind) = (next(), next(), next()) else {
            continue;
        };
        if is_system(&schema) {
            continue;
        }
        let temporary = kind.as_deref() == Some("LOCAL TEMPORARY");
        let in_path = temporary || is_true(next().as_deref());
        match schemas.iter_mut().find(|known| known.name == schema) {
            Some(known) => known.in_path |= in_path,
            None => schemas.push(Schema {
                name: schema.clone(),
                in_path,
                comment: None,
            }),
        }
        relations.push(Relation {
            oid: u32::try_from(relations.len() + 1).unwrap_or_default(),
            schema,
            name,
            kind: match kind.as_deref() {
                Some("VIEW") => RelationKind::View,
                Some("FOREIGN") => RelationKind::Foreign,
                _ => RelationKind::Table,
            },
            ..Relation::default()
        });
    }
    schemas.sort_by_key(|schema| !schema.in_path);
    Names {
        schemas: Arc::new(schemas),
        relations: Arc::new(relations),
        ..Names::default()
    }
}

/// Puts columns into their relations.
fn columns(rows: Rows, relations: &mut [Relation]) {
    let mut shared = Shared::default();
    let places = relations.iter().enumerate();
    let places: HashMap<(String, String), usize> = places
        .map(|(place, one)| ((one.schema.clone(), one.name.clone()), place))
        .collect();
    for row in rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (Some(schema), Some(table), Some(name)) = (next(), next(), next()) else {
            continue;
        };
        let Some(place) = places.get(&(schema, table)) else {
            continue;
        };
        let columns = &mut relations[*place].columns;
        columns.push(Column {
            number: i16::try_from(columns.len() + 1).unwrap_or(i16::MAX),
            name,
            type_name: shared.get(next().unwrap_or_default()),
            not_null: next().is_some_and(|nullable| nullable.eq_ignore_ascii_case("no")),
            default: next(),
            ..Column::default()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows<const N: usize>(rows: &[[&str; N]]) -> Rows {
        let text = |text: &&str| (!text.is_empty()).then(|| (*text).to_owned());
        rows.iter()
            .map(|row| row.iter().map(text).collect())
            .collect()
    }

    #[test]
    fn relations_and_columns_are_read() {
        let names = relations(rows(&[
            ["far", "away", "VIEW", "false"],
            ["main", "people", "BASE TABLE", "true"],
            ["pg_internal", "x", "BASE TABLE", "false"],
        ]));
        assert_eq!(names.relations.len(), 2);
        assert!(names.is_visible("main") && !names.is_visible("far"));
        assert_eq!(names.schemas[0].name, "main");
        let mut relations = names.relations.to_vec();
        columns(
            rows(&[
                ["main", "people", "id", "INTEGER", "NO", ""],
                ["main", "people", "v", "DOUBLE", "YES", "1.5"],
                ["main", "gone", "v", "DOUBLE", "YES", ""],
            ]),
            &mut relations,
        );
        let people = names.relation(&["people".into()]).unwrap();
        let people = &relations[usize::try_from(people.oid).unwrap() - 1];
        assert!(people.columns[0].not_null && !people.columns[1].not_null);
        assert_eq!(people.columns[1].default.as_deref(), Some("1.5"));
        assert_eq!(people.columns[1].number, 2);
    }
}
