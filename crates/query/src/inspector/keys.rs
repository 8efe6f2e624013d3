//! Primary, unique and foreign keys, on servers that do not have the catalog with all its parts.

use std::collections::HashMap;

use display::{Problem, Row};

use super::model::*;
use crate::fetch::Fetched;
use crate::host::Host;
use crate::query::Run;

/// What is asked for in several ways.
const KEYS: &str = "keys";

/// Adds keys: by `SHOW … KEYS`, by the standard's views. They are none where a server tells of none.
pub(super) async fn add<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let session = run.session().await?;
    loop {
        let number = session.ways().of(KEYS);
        let asked = match number {
            0 => by_show(run, relations).await,
            1 => by_standard(run, relations).await,
            _ => return Ok(()),
        };
        match asked {
            Ok(()) => {
                session.ways().answered(KEYS, number);
                return Ok(());
            }
            Err(problem) => run.next_way(KEYS, number, problem).await?,
        }
    }
}

/// Keys as Query Service declares them: a row for each column of each, without a name.
async fn by_show<H: Host>(run: &mut Run<'_, H>, relations: &mut [Relation]) -> Result<(), Problem> {
    let primary = run.look_up(KEYS, "show primary keys").await?;
    let foreign = run.look_up(KEYS, "show foreign keys").await?;
    let columns = |fetched: &Fetched| {
        let place = |name| fetched.place(&[name]).unwrap_or(usize::MAX);
        [
            "tablename",
            "columnname",
            "referencedtablename",
            "referencedcolumnname",
        ]
        .map(place)
    };
    let cells = |row: &Row, places: [usize; 4]| {
        places.map(|place| row.get(place).cloned().flatten().unwrap_or_default())
    };
    let places = columns(&primary);
    for row in &primary.rows {
        let [table, column, ..] = cells(row, places);
        if let Some(relation) = relations.iter_mut().find(|known| known.name == table) {
            let key = relation.primary_key.get_or_insert_default();
            key.columns.push(column);
        }
    }
    let places = columns(&foreign);
    for row in &foreign.rows {
        let [table, column, to, to_column] = cells(row, places);
        let schema = relations.first().and_then(|known| known.schema.clone());
        let key = |column: &String, to: &String, to_column: &String| ForeignKey {
            columns: vec![column.clone()],
            referred_schema: schema.clone(),
            referred_table: to.clone(),
            referred_columns: vec![to_column.clone()],
            ..ForeignKey::default()
        };
        for relation in relations.iter_mut() {
            if relation.name == table {
                relation.foreign_keys.push(key(&column, &to, &to_column));
            }
            if relation.name == to {
                relation
                    .referenced_by
                    .push(key(&to_column, &table, &column));
            }
        }
    }
    Ok(())
}

/// Keys by the standard's views: a row for each column of each.
async fn by_standard<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let fetched = run.look_up(KEYS, include_str!("standard_keys.sql")).await?;
    let keys = columns_of_keys(&fetched.rows);
    for row in fetched.rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (kind, name, schema, table) = (next(), next(), next(), next());
        let (Some(table), Some(column)) = (table, next()) else {
            continue;
        };
        let (to_schema, to_table, to_column) = (next(), next(), next());
        let is = |relation: &Relation, schema: &Option<String>, table: &str| {
            relation.name == table && (relation.schema.is_none() || relation.schema == *schema)
        };
        for relation in relations.iter_mut() {
            if is(relation, &schema, &table) {
                match kind.as_deref() {
                    Some("PRIMARY KEY") => {
                        let key = relation.primary_key.get_or_insert_default();
                        key.name.clone_from(&name);
                        key.columns.push(column.clone());
                    }
                    Some("UNIQUE") => {
                        let keys = &mut relation.unique_constraints;
                        match keys.iter_mut().find(|key| key.name == name) {
                            Some(key) => key.columns.push(column.clone()),
                            None => keys.push(Key {
                                name: name.clone(),
                                columns: vec![column.clone()],
                                ..Key::default()
                            }),
                        }
                    }
                    _ => refer(
                        &mut relation.foreign_keys,
                        &name,
                        &column,
                        (&to_schema, &to_table, &to_column),
                    ),
                }
            }
            if let (Some(to), Some(to_column)) = (&to_table, &to_column)
                && is(relation, &to_schema, to)
            {
                let there = (&schema, &Some(table.clone()), &Some(column.clone()));
                refer(&mut relation.referenced_by, &name, to_column, there);
            }
        }
    }
    for relation in relations {
        let schema = relation.schema.clone();
        for key in &mut relation.foreign_keys {
            let referred = (key.referred_schema.clone(), key.referred_table.clone());
            in_their_places(&mut key.referred_columns, keys.get(&referred));
        }
        for key in &mut relation.referenced_by {
            let own = (schema.clone(), relation.name.clone());
            in_their_places(&mut key.columns, keys.get(&own));
        }
    }
    Ok(())
}

/// The columns of the primary and unique keys of each table.
type Keys = HashMap<(Option<String>, String), HashMap<Option<String>, Vec<String>>>;

fn columns_of_keys(rows: &[Row]) -> Keys {
    let mut keys = Keys::new();
    for row in rows {
        let text = |at: usize| row.get(at).cloned().flatten();
        if let (Some("PRIMARY KEY" | "UNIQUE"), Some(table), Some(column)) =
            (text(0).as_deref(), text(3), text(4))
        {
            let of_table = keys.entry((text(2), table)).or_default();
            of_table.entry(text(1)).or_default().push(column);
        }
    }
    keys
}

/// Some servers say of every column of a foreign key that it refers to the first one of the other
/// key: then the columns are those of the key that has as many.
fn in_their_places(
    referred: &mut Vec<String>,
    keys: Option<&HashMap<Option<String>, Vec<String>>>,
) {
    let first = referred.first();
    let all_one = referred.len() > 1 && referred.iter().all(|name| Some(name) == first);
    let mut keys = keys.into_iter().flat_map(HashMap::values);
    if all_one && let Some(columns) = keys.find(|columns| columns.len() == referred.len()) {
        referred.clone_from(columns);
    }
}

/// Adds a column to the foreign key of this name, which may be new.
fn refer(
    keys: &mut Vec<ForeignKey>,
    name: &Option<String>,
    column: &str,
    (schema, table, there): (&Option<String>, &Option<String>, &Option<String>),
) {
    let same =
        |key: &&mut ForeignKey| key.name == *name && Some(&key.referred_table) == table.as_ref();
    let there = there.clone().unwrap_or_default();
    match keys.iter_mut().find(same) {
        Some(key) => {
            key.columns.push(column.to_owned());
            key.referred_columns.push(there);
        }
        None => keys.push(ForeignKey {
            name: name.clone(),
            columns: vec![column.to_owned()],
            referred_schema: schema.clone(),
            referred_table: table.clone().unwrap_or_default(),
            referred_columns: vec![there],
            ..ForeignKey::default()
        }),
    }
}
