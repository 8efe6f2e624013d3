//! What is shown of a subject: a small table, as text and as HTML.

use std::time::Duration;

use display::{Bundle, Column, Kind, Print, Row, Table};

use super::Subject;
use crate::catalog::{Function, KeyKind, Names, Relation, gently};
use crate::complete::signature;
use crate::session::Session;
use crate::variables::literal;

/// How long the server is waited for; what the catalog knows is shown without it.
const PATIENCE: Duration = Duration::from_millis(150);

/// The subject in both forms. `session` is one that may be asked; `all` leaves nothing out.
pub(super) async fn show(
    subject: Subject<'_>,
    names: &Names,
    session: Option<&Session>,
    all: bool,
) -> Bundle {
    match subject {
        Subject::Relation(relation) => {
            let size = match session {
                Some(session) => size(session, relation).await,
                None => Vec::new(),
            };
            relation_page(relation, names, size, all)
        }
        Subject::Source(source) => {
            let rows = source
                .fields
                .iter()
                .map(|field| row(&[&field.name, &field.type_name]))
                .collect();
            table(
                &format!("{} · of this statement", source.name),
                &["column", "type"],
                rows,
                Vec::new(),
            )
        }
        Subject::Column {
            of,
            name,
            type_name,
            known,
        } => {
            let mut cells = row(&[&name, &type_name]);
            let title = format!("{of}.{name} · column");
            match known {
                None => table(&title, &["column", "type"], vec![cells], Vec::new()),
                Some(column) => {
                    cells.push(Some(if column.not_null { "no" } else { "yes" }.into()));
                    cells.push(column.default.clone());
                    cells.push(column.comment.clone());
                    table(
                        &title,
                        &["column", "type", "nullable", "default", "comment"],
                        vec![cells],
                        Vec::new(),
                    )
                }
            }
        }
        Subject::Functions(functions) => {
            let title = functions
                .first()
                .map(|function| format!("{} · function", function.name))
                .unwrap_or_default();
            let row = |function: &&Function| {
                vec![
                    Some(function.name.clone() + &signature(function)),
                    function.comment.clone(),
                ]
            };
            table(
                &title,
                &["call", "does"],
                functions.iter().map(row).collect(),
                Vec::new(),
            )
        }
        Subject::Type(known) => {
            let mut footers: Vec<String> = known
                .base
                .iter()
                .map(|base| format!("made from {base}"))
                .collect();
            footers.extend(known.comment.clone());
            let title = format!("{} · {}", known.name, known.kind);
            match known.labels.as_slice() {
                [] => table(
                    &title,
                    &["schema", "type"],
                    vec![row(&[&known.schema, &known.name])],
                    footers,
                ),
                labels => table(
                    &title,
                    &["label"],
                    labels.iter().map(|label| row(&[label])).collect(),
                    footers,
                ),
            }
        }
        Subject::Setting(setting) => {
            let now = match session {
                Some(session) => value(session, &setting.name).await,
                None => None,
            };
            let mut does = vec![setting.does.clone()];
            if !setting.values.is_empty() {
                does.push(format!("One of: {}", setting.values.join(", ")));
            }
            let mut cells = row(&[&setting.name]);
            cells.push(Some(now.unwrap_or_else(|| {
                [
                    setting.value.as_str(),
                    setting.unit.as_deref().unwrap_or_default(),
                ]
                .join(" ")
                .trim_end()
                .to_owned()
            })));
            cells.push(Some(setting.kind.clone()));
            table(
                &format!("{} · setting", setting.name),
                &["setting", "value", "type"],
                vec![cells],
                does,
            )
        }
        Subject::Line { name, does } => {
            let plain = match does.starts_with('(') {
                true => format!("{name}{does}"),
                false => format!("{name}: {does}"),
            };
            let table = bare(&[""; 2], vec![row(&[&name, &does])]);
            Bundle::plain(plain).with("text/html", table.html(&Print::default()))
        }
        Subject::Page { title, text } => {
            let table = bare(&[&title], vec![row(&[&text])]);
            Bundle::plain(text).with("text/html", table.html(&Print::default()))
        }
    }
}

fn relation_page(relation: &Relation, names: &Names, size: Vec<String>, all: bool) -> Bundle {
    /// As many columns make a tooltip; the rest is for those who want all.
    const SHOWN: usize = 40;
    let columns = relation
        .columns
        .iter()
        .take(if all { usize::MAX } else { SHOWN });
    let rows = columns.map(|column| {
        let keys: Vec<String> = relation
            .keys
            .iter()
            .filter(|key| key.columns.contains(&column.number))
            .map(|key| match &key.kind {
                KeyKind::Primary => "primary key".to_owned(),
                KeyKind::Unique => "unique".to_owned(),
                KeyKind::Foreign(to, columns) => match names.by_oid(*to) {
                    Some(referred) => format!(
                        "→ {}({})",
                        referred.name,
                        referred.column_names(columns).join(", ")
                    ),
                    None => "→".to_owned(),
                },
            })
            .collect();
        vec![
            Some(column.name.clone()),
            Some(column.type_name.to_string()),
            Some(if column.not_null { "no" } else { "yes" }.into()),
            Some(column.default.clone().unwrap_or_default()),
            Some(keys.join(", ")),
            Some(column.comment.clone().unwrap_or_default()),
        ]
    });
    let rows: Vec<Row> = rows.collect();
    let mut footers: Vec<String> = relation.comment.iter().cloned().collect();
    if rows.len() < relation.columns.len() {
        footers.push(format!(
            "{} of {} columns",
            rows.len(),
            relation.columns.len()
        ));
    }
    footers.extend(relation.rows.map(|rows| format!("about {rows} rows")));
    footers.extend(size);
    let referring = names.relations.iter().filter(|other| {
        other
            .keys
            .iter()
            .any(|key| matches!(key.kind, KeyKind::Foreign(to, _) if to == relation.oid))
    });
    let referring: Vec<&str> = referring.map(|other| other.name.as_str()).collect();
    if !referring.is_empty() {
        footers.push(format!("Referenced by: {}", referring.join(", ")));
    }
    let title = format!(
        "{}.{} · {}",
        relation.schema,
        relation.name,
        relation.kind.words()
    );
    let heads = ["column", "type", "nullable", "default", "key", "comment"];
    // Columns that say nothing are left out.
    let told = |at: &usize| {
        *at < 3
            || rows
                .iter()
                .any(|row| row[*at].as_ref().is_some_and(|text| !text.is_empty()))
    };
    let told: Vec<usize> = (0..heads.len()).filter(told).collect();
    let heads: Vec<&str> = told.iter().map(|at| heads[*at]).collect();
    let rows = rows
        .iter()
        .map(|row| told.iter().map(|at| row[*at].clone()).collect())
        .collect();
    table(&title, &heads, rows, footers)
}

/// A relation's size and indexes, in lines; none where asking would disturb.
async fn size(session: &Session, relation: &Relation) -> Vec<String> {
    let sql =
        include_str!("../catalog/relation.sql").replace(":'oid'", &format!("'{}'", relation.oid));
    let sql = gently(&sql);
    let Ok(Ok(rows)) = tokio::time::timeout(PATIENCE, session.ask(&sql)).await else {
        return Vec::new();
    };
    let mut lines = Vec::new();
    let bytes = rows
        .first()
        .and_then(|row| row.first()?.as_deref()?.parse::<u64>().ok());
    lines.extend(
        bytes
            .filter(|bytes| *bytes > 0)
            .map(|bytes| format!("{} with its indexes", in_units(bytes))),
    );
    let definition = |row: &Row| Some(row.get(2)?.as_deref()?.split_once(" USING ")?.1.to_owned());
    let name = |row: &Row| row.get(1).cloned().flatten();
    let index = |row: &Row| Some(format!("Index {}: {}", name(row)?, definition(row)?));
    lines.extend(rows.iter().filter_map(index));
    lines
}

async fn value(session: &Session, name: &str) -> Option<String> {
    let sql = include_str!("../catalog/setting.sql").replace(":'name'", &literal(name));
    let rows = tokio::time::timeout(PATIENCE, session.ask(&gently(&sql)))
        .await
        .ok()?
        .ok()?;
    rows.into_iter().next()?.into_iter().next()?
}

/// As `pg_size_pretty` prints it.
fn in_units(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB"];
    let (mut size, mut unit) = (bytes, 0);
    while size >= 10 * 1024 && unit + 1 < units.len() {
        size = size.div_ceil(1024);
        unit += 1;
    }
    format!("{size} {}", units[unit])
}

fn row(cells: &[&str]) -> Row {
    cells.iter().map(|cell| Some((*cell).to_owned())).collect()
}

fn bare(heads: &[&str], rows: Vec<Row>) -> Table {
    let columns = heads
        .iter()
        .map(|head| Column::new(*head, "", Kind::Text))
        .collect();
    Table {
        footers: Some(Vec::new()),
        ..Table::new(columns, rows)
    }
}

fn table(title: &str, heads: &[&str], rows: Vec<Row>, footers: Vec<String>) -> Bundle {
    let table = Table {
        title: Some(title.to_owned()),
        footers: Some(footers),
        ..bare(heads, rows)
    };
    table.bundle(&Print::default())
}
