//! `%schema`: the relations of a schema and their foreign keys, as a picture and in words.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use display::{Card, Diagram, Field, Link, Problem};

use super::refused;
use crate::host::Host;
use crate::inspector::{self, Kind, Path, Relation};
use crate::nearest::nearest;
use crate::query::Run;
use crate::words::counted;

/// So many relations are looked at; those of a picture are fewer still.
const MOST: usize = 2_000;

/// `%schema [NAME]`.
pub(super) async fn schema<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let wanted = match rest {
        "" => None,
        name => match Path::parse(name) {
            Ok(Path { schema: None, name }) => Some(name),
            _ => return Err(refused(run, at, "%schema takes the name of a schema")),
        },
    };
    let mut relations = inspector::relations(run).await?;
    match &wanted {
        Some(name)
            if !relations
                .iter()
                .any(|one| one.schema.as_ref() == Some(name)) =>
        {
            let schemas = relations.iter().filter_map(|one| one.schema.as_deref());
            let mut problem = refused(
                run,
                at,
                format!("no tables or views in a schema \"{name}\""),
            );
            problem.advice = match nearest(name, schemas) {
                Some(near) => vec![format!("Did you mean {near}?")],
                None => vec!["%tables lists what there is.".into()],
            };
            return Err(problem);
        }
        Some(name) => relations.retain(|one| one.schema.as_ref() == Some(name)),
        // Not every server says which are found without their schema.
        None if relations.iter().any(|one| one.visible) => relations.retain(|one| one.visible),
        None => {}
    }
    let all = relations.len();
    relations.retain(|one| one.partition_bound.is_none());
    let partitions = all - relations.len();
    let known = relations.len();
    relations.truncate(MOST);
    inspector::keyed(run, &mut relations).await?;
    let mut diagram = diagram(&relations);
    if partitions > 0 {
        diagram.remarks.push(format!(
            "{} left out",
            counted(partitions as u64, "partition")
        ));
    }
    if known > MOST {
        diagram.remarks.push(format!("the first {MOST} of {known}"));
    }
    run.show(diagram.bundle()).await;
    Ok(())
}

fn diagram(relations: &[Relation]) -> Diagram {
    let mut schemas: Vec<&str> = relations
        .iter()
        .filter_map(|one| one.schema.as_deref())
        .collect();
    schemas.dedup();
    // Names alone say enough where all are of one schema.
    let named = |schema: Option<&str>, name: &str| match schema {
        Some(schema) if schemas != [schema] => format!("{schema}.{name}"),
        _ => name.to_owned(),
    };
    let mut cards: Vec<Card> = relations
        .iter()
        .map(|one| Card {
            name: named(one.schema.as_deref(), &one.name),
            kind: match one.kind {
                Kind::Table => String::new(),
                kind => kind.words().to_owned(),
            },
            fields: fields(one),
        })
        .collect();
    let places = cards.iter().enumerate();
    let mut places: HashMap<String, usize> = places
        .map(|(place, card)| (card.name.clone(), place))
        .collect();
    let mut links = Vec::new();
    for (place, relation) in relations.iter().enumerate() {
        for key in &relation.foreign_keys {
            let schema = key
                .referred_schema
                .as_deref()
                .or(relation.schema.as_deref());
            let name = named(schema, &key.referred_table);
            let to = *places.entry(name).or_insert_with_key(|name| {
                // What lies elsewhere is its name and the columns that are referred to.
                cards.push(Card {
                    name: name.clone(),
                    ..Card::default()
                });
                cards.len() - 1
            });
            if to >= relations.len()
                && let Some(card) = cards.get_mut(to)
            {
                for column in &key.referred_columns {
                    if !card.fields.iter().any(|field| field.name == *column) {
                        card.fields.push(Field {
                            name: column.clone(),
                            ..Field::default()
                        });
                    }
                }
            }
            links.push(Link {
                from: (place, key.columns.clone()),
                to: (to, key.referred_columns.clone()),
            });
        }
    }
    let mut remarks = kinds(relations);
    if !links.is_empty() {
        remarks.push(counted(links.len() as u64, "foreign key"));
    }
    Diagram {
        title: schemas.join(", "),
        remarks,
        cards,
        links,
    }
}

/// The columns; where the server tells of none, those of keys.
fn fields(relation: &Relation) -> Vec<Field> {
    let primary = relation.primary_key.iter().flat_map(|key| &key.columns);
    let primary: Vec<&String> = primary.collect();
    let foreign = relation.foreign_keys.iter().flat_map(|key| &key.columns);
    let foreign: Vec<&String> = foreign.collect();
    let field = |name: &String, type_name: &str| Field {
        name: name.clone(),
        type_name: type_name.to_owned(),
        primary: primary.contains(&name),
        foreign: foreign.contains(&name),
    };
    if relation.columns.is_empty() {
        let mut names: Vec<&String> = Vec::new();
        for name in primary.iter().chain(&foreign) {
            if !names.contains(name) {
                names.push(name);
            }
        }
        return names.into_iter().map(|name| field(name, "")).collect();
    }
    let columns = relation.columns.iter();
    columns
        .map(|column| field(&column.name, &column.type_name))
        .collect()
}

/// How many there are of each kind: `5 tables`, `1 view`.
fn kinds(relations: &[Relation]) -> Vec<String> {
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    for relation in relations {
        *counts.entry(relation.kind.words()).or_default() += 1;
    }
    match counts.is_empty() {
        true => vec!["no tables or views".into()],
        false => counts
            .iter()
            .map(|(kind, count)| counted(*count, kind))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inspector::{Column, ForeignKey, Key};

    #[test]
    fn what_lies_elsewhere_is_named_with_its_schema() {
        let column = |name: &str| Column {
            name: name.into(),
            ..Column::default()
        };
        let key = |schema: &str, table: &str| ForeignKey {
            columns: vec!["far".into()],
            referred_schema: Some(schema.into()),
            referred_table: table.into(),
            referred_columns: vec!["id".into()],
            ..ForeignKey::default()
        };
        let near = Relation {
            schema: Some("public".into()),
            name: "near".into(),
            columns: vec![column("id"), column("far")],
            primary_key: Some(Key {
                columns: vec!["id".into()],
                ..Key::default()
            }),
            foreign_keys: vec![
                key("other", "far"),
                key("public", "near"),
                key("other", "far"),
            ],
            ..Relation::default()
        };
        let diagram = diagram(&[near]);
        assert_eq!(
            diagram.text(),
            "public · 1 table · 3 foreign keys\n\nnear\n  far → other.far (id)\n  far → near (id)\n  far → other.far (id)\nother.far"
        );
        let [near, far] = diagram.cards.as_slice() else {
            panic!("{diagram:?}");
        };
        assert!(near.fields[0].primary && !near.fields[0].foreign && near.fields[1].foreign);
        assert_eq!((far.fields.len(), far.fields[0].name.as_str()), (1, "id"));
    }
}
