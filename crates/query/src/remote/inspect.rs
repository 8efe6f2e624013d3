//! The questions that Rust cells have for the inspector, answered as rows.

use db::wire::{Answer, Block, Column};
use db::{Error, Value};
use display::Problem;
use tokio::sync::mpsc;

use super::error;
use crate::host::Host;
use crate::inspector::{self, ForeignKey, Key, Kind, Path, Relation};
use crate::query::{Query, Run};

/// A value of an answer; none is NULL.
type Text = Option<String>;

/// Names and types of an answer's columns, and its rows.
struct Table {
    columns: &'static [(&'static str, Of)],
    rows: Vec<Vec<Text>>,
}

/// The types that answers have.
#[derive(Clone, Copy)]
enum Of {
    Text,
    Texts,
    Flag,
    Count,
}

/// Answers a question.
pub(super) async fn answer<H: Host>(
    query: &Query,
    host: &H,
    question: &str,
    relation: Option<&str>,
    blocks: mpsc::Sender<Answer>,
) -> Result<Answer, Box<Error>> {
    let table = table(query, host, question, relation).await;
    let table = table.map_err(|problem| Box::new(error(&problem, None)))?;
    let columns = table.columns.iter().map(|(name, of)| {
        let (oid, type_name) = match of {
            Of::Text => (25, "text"),
            Of::Texts => (1009, "text[]"),
            Of::Flag => (16, "boolean"),
            Of::Count => (20, "bigint"),
        };
        Column {
            name: (*name).to_owned(),
            oid,
            type_name: type_name.to_owned(),
        }
    });
    let mut block = Block::default();
    for row in &table.rows {
        block.push(row.iter().map(|value| value.as_deref().map(str::as_bytes)));
    }
    // Whoever has asked takes them, or has gone.
    let _ = blocks.send(Answer::Columns(columns.collect())).await;
    let _ = blocks.send(Answer::Rows(block)).await;
    let affected = table.rows.len() as u64;
    Ok(Answer::Done {
        affected,
        tag: format!("SELECT {affected}"),
    })
}

async fn table<H: Host>(
    query: &Query,
    host: &H,
    question: &str,
    relation: Option<&str>,
) -> Result<Table, Problem> {
    let mut settings = query.settings.lock().await;
    let mut run = Run::outside(query, host, &mut settings, "");
    let unknown = |why: String| Problem::new("command_error", why);
    let Some(name) = relation else {
        let mut relations = inspector::relations(&mut run).await?;
        if question == "relations" {
            inspector::more(&mut run, &mut relations, false).await?;
        }
        return of_all(question, &relations)
            .ok_or_else(|| unknown(format!("there is no question {question}")));
    };
    let path = Path::parse(name).map_err(unknown)?;
    if question == "has_table" {
        let relations = inspector::relations(&mut run).await?;
        let has = relations.iter().any(|relation| path.is(relation));
        return Ok(Table {
            columns: &[("has", Of::Flag)],
            rows: vec![vec![flag(has)]],
        });
    }
    let relation = inspector::relation(&mut run, &path).await?;
    of_one(question, &relation).ok_or_else(|| unknown(format!("there is no question {question}")))
}

/// Questions about all relations.
fn of_all(question: &str, relations: &[Relation]) -> Option<Table> {
    let is_view = |relation: &&Relation| matches!(relation.kind, Kind::View | Kind::Materialized);
    let name = |relation: &Relation| match relation.visible {
        true => relation.name.clone(),
        false => relation.full_name(),
    };
    let names = |names: Vec<String>| Table {
        columns: &[("name", Of::Text)],
        rows: names.into_iter().map(|name| vec![Some(name)]).collect(),
    };
    Some(match question {
        "table_names" => names(
            relations
                .iter()
                .filter(|relation| !is_view(relation))
                .map(name)
                .collect(),
        ),
        "view_names" => names(relations.iter().filter(is_view).map(name).collect()),
        "schema_names" => {
            let mut schemas: Vec<String> = relations
                .iter()
                .filter_map(|relation| relation.schema.clone())
                .collect();
            schemas.sort();
            schemas.dedup();
            names(schemas)
        }
        "relations" => Table {
            columns: &[
                ("schema", Of::Text),
                ("name", Of::Text),
                ("kind", Of::Text),
                ("comment", Of::Text),
                ("rows_estimate", Of::Count),
                ("bytes", Of::Count),
            ],
            rows: relations
                .iter()
                .map(|relation| {
                    vec![
                        relation.schema.clone(),
                        Some(relation.name.clone()),
                        Some(relation.kind.words().to_owned()),
                        relation.comment.clone(),
                        relation.rows_estimate.map(|rows| rows.to_string()),
                        relation.bytes.map(|bytes| bytes.to_string()),
                    ]
                })
                .collect(),
        },
        _ => return None,
    })
}

/// Questions about one.
fn of_one(question: &str, relation: &Relation) -> Option<Table> {
    Some(match question {
        "columns" => Table {
            columns: &[
                ("name", Of::Text),
                ("type", Of::Text),
                ("nullable", Of::Flag),
                ("default", Of::Text),
                ("identity", Of::Text),
                ("computed", Of::Text),
                ("comment", Of::Text),
            ],
            rows: relation
                .columns
                .iter()
                .map(|column| {
                    let identity = column.identity.as_ref();
                    let always = identity.map(|identity| {
                        if identity.always {
                            "ALWAYS"
                        } else {
                            "BY DEFAULT"
                        }
                    });
                    vec![
                        Some(column.name.clone()),
                        Some(column.type_name.to_string()),
                        flag(column.nullable),
                        column.default.clone(),
                        always.map(str::to_owned),
                        column
                            .computed
                            .as_ref()
                            .map(|computed| computed.sqltext.clone()),
                        column.comment.clone(),
                    ]
                })
                .collect(),
        },
        "primary_key" => keys(relation.primary_key.iter()),
        "unique_constraints" => keys(relation.unique_constraints.iter()),
        "foreign_keys" => foreign_keys(&relation.foreign_keys),
        "referenced_by" => foreign_keys(&relation.referenced_by),
        "indexes" => Table {
            columns: &[
                ("name", Of::Text),
                ("columns", Of::Texts),
                ("expressions", Of::Texts),
                ("unique", Of::Flag),
                ("method", Of::Text),
                ("condition", Of::Text),
            ],
            rows: relation
                .indexes
                .iter()
                .map(|index| {
                    vec![
                        Some(index.name.clone()),
                        index.columns.text(),
                        index.expressions.text(),
                        flag(index.unique),
                        Some(index.method.clone()),
                        index.condition.clone(),
                    ]
                })
                .collect(),
        },
        "check_constraints" => Table {
            columns: &[("name", Of::Text), ("sqltext", Of::Text)],
            rows: relation
                .check_constraints
                .iter()
                .map(|check| vec![Some(check.name.clone()), Some(check.sqltext.clone())])
                .collect(),
        },
        _ => return None,
    })
}

fn keys<'k>(keys: impl Iterator<Item = &'k Key>) -> Table {
    Table {
        columns: &[("name", Of::Text), ("columns", Of::Texts)],
        rows: keys
            .map(|key| vec![key.name.clone(), key.columns.text()])
            .collect(),
    }
}

fn foreign_keys(keys: &[ForeignKey]) -> Table {
    Table {
        columns: &[
            ("name", Of::Text),
            ("columns", Of::Texts),
            ("referred_schema", Of::Text),
            ("referred_table", Of::Text),
            ("referred_columns", Of::Texts),
            ("on_update", Of::Text),
            ("on_delete", Of::Text),
        ],
        rows: keys
            .iter()
            .map(|key| {
                vec![
                    key.name.clone(),
                    key.columns.text(),
                    key.referred_schema.clone(),
                    Some(key.referred_table.clone()),
                    key.referred_columns.text(),
                    key.options.onupdate.clone(),
                    key.options.ondelete.clone(),
                ]
            })
            .collect(),
    }
}

fn flag(is_so: bool) -> Text {
    Some(if is_so { "t" } else { "f" }.to_owned())
}
