//! What is shown of a subject: a small table, as text and as HTML.

use std::time::Duration;

use display::{Bundle, Print, Row, Table};

use super::Subject;
use crate::catalog::{self, Key, KeyKind, Names, Relation, Setting, Type, gently};
use crate::complete::scope::Field;
use crate::complete::signature;
use crate::session::Session;
use crate::texts::{self, row};
use crate::variables::literal;
use crate::words::pretty_size;

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
            let more = match session {
                Some(session) => size_and_indexes(session, relation).await,
                None => Vec::new(),
            };
            show_relation(relation, names, more, all)
        }
        Subject::Source(source) => {
            let row = |field: &Field| row([&*field.name, &*field.type_name]);
            let rows = source.fields.iter().map(row).collect();
            let title = format!("{} · of this statement", source.name);
            table(&title, ["column", "type"], rows, Vec::new())
        }
        Subject::Column {
            of,
            name,
            type_name,
            known,
        } => show_column(&of, &name, &type_name, known),
        Subject::Functions(functions) => {
            let rows = functions.iter().map(|function| {
                let call = format!("{}{}", function.name, signature(function));
                row([&*call, function.comment.as_deref().unwrap_or_default()])
            });
            let name = functions.first().map(|function| function.name.as_str());
            let title = format!("{} · function", name.unwrap_or_default());
            table(&title, ["call", "does"], rows.collect(), Vec::new())
        }
        Subject::Type(known) => show_type(known),
        Subject::Setting(setting) => {
            let now = match session {
                Some(session) => value(session, &setting.name).await,
                None => None,
            };
            show_setting(setting, now)
        }
        Subject::Line { name, does } => {
            let joint = if does.starts_with('(') { "" } else { ": " };
            let page = Table {
                footers: Some(vec![does.clone()]),
                ..texts::table([&name], Vec::new())
            };
            Bundle::plain(format!("{name}{joint}{does}")).with("text/html", html(&page))
        }
        Subject::Page { title, text } => {
            let page = texts::table([&title], vec![row([&*text])]);
            Bundle::plain(text).with("text/html", html(&page))
        }
    }
}

fn show_relation(relation: &Relation, names: &Names, more: Vec<String>, all: bool) -> Bundle {
    /// As many columns make a tooltip; the rest is for those who want all.
    const SHOWN: usize = 40;
    let shown = if all { usize::MAX } else { SHOWN };
    let columns = relation.columns.iter().take(shown);
    let rows = columns.map(|column| {
        let of_column = |key: &&Key| key.columns.contains(&column.number);
        let keys = relation.keys.iter().filter(of_column);
        let keys: Vec<String> = keys.map(|key| key_words(key, names)).collect();
        row([
            &*column.name,
            &*column.type_name,
            yes_or_no(!column.not_null),
            column.default.as_deref().unwrap_or_default(),
            &*keys.join(", "),
            column.comment.as_deref().unwrap_or_default(),
        ])
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
    footers.extend(more);
    let refers = |key: &Key| matches!(key.kind, KeyKind::Foreign(to, _) if to == relation.oid);
    let referring = names
        .relations
        .iter()
        .filter(|other| other.keys.iter().any(refers));
    let referring: Vec<&str> = referring.map(|other| other.name.as_str()).collect();
    if !referring.is_empty() {
        footers.push(format!("Referenced by: {}", referring.join(", ")));
    }
    let kind = relation.kind.words();
    let title = format!("{}.{} · {kind}", relation.schema, relation.name);
    let heads = ["column", "type", "nullable", "default", "key", "comment"];
    table(&title, heads, rows, footers)
}

fn key_words(key: &Key, names: &Names) -> String {
    match &key.kind {
        KeyKind::Primary => "primary key".into(),
        KeyKind::Unique => "unique".into(),
        KeyKind::Foreign(to, columns) => match names.by_oid(*to) {
            Some(referred) => {
                let columns = referred.column_names(columns).join(", ");
                format!("→ {}({columns})", referred.name)
            }
            None => "foreign key".into(),
        },
    }
}

fn show_column(of: &str, name: &str, type_name: &str, known: Option<&catalog::Column>) -> Bundle {
    let of_known =
        |part: fn(&catalog::Column) -> Option<&str>| known.and_then(part).unwrap_or_default();
    let cells = row([
        name,
        type_name,
        of_known(|column| Some(yes_or_no(!column.not_null))),
        of_known(|column| column.default.as_deref()),
        of_known(|column| column.comment.as_deref()),
    ]);
    let heads = ["column", "type", "nullable", "default", "comment"];
    table(
        &format!("{of}.{name} · column"),
        heads,
        vec![cells],
        Vec::new(),
    )
}

fn show_type(known: &Type) -> Bundle {
    let mut footers: Vec<String> = Vec::new();
    footers.extend(known.base.as_ref().map(|base| format!("made from {base}")));
    footers.extend(known.comment.clone());
    let title = format!("{} · {}", known.name, known.kind);
    if known.labels.is_empty() {
        let cells = row([&*known.name, &*known.schema]);
        return table(&title, ["type", "schema"], vec![cells], footers);
    }
    let labels = known.labels.iter().map(|label| row([&**label]));
    table(&title, ["label"], labels.collect(), footers)
}

fn show_setting(setting: &Setting, now: Option<String>) -> Bundle {
    let unit = setting.unit.as_deref().unwrap_or_default();
    let before = format!("{} {unit}", setting.value);
    let value = now.as_deref().unwrap_or(before.trim_end());
    let mut footers = vec![setting.does.clone()];
    if !setting.values.is_empty() {
        footers.push(format!("One of: {}", setting.values.join(", ")));
    }
    let cells = row([&*setting.name, value, &*setting.kind]);
    let title = format!("{} · setting", setting.name);
    table(&title, ["setting", "value", "type"], vec![cells], footers)
}

/// A relation's size and indexes, in lines; none where asking would disturb.
async fn size_and_indexes(session: &Session, relation: &Relation) -> Vec<String> {
    let sql = include_str!("../catalog/relation.sql");
    let sql = sql.replace(":'oid'", &format!("'{}'", relation.oid));
    let Some(rows) = ask(session, &sql).await else {
        return Vec::new();
    };
    let cell = |row: &Row, at: usize| row.get(at).cloned().flatten();
    let bytes = rows
        .first()
        .and_then(|row| cell(row, 0)?.parse::<u64>().ok());
    let bytes = bytes.filter(|bytes| *bytes > 0);
    let size = bytes.map(|bytes| format!("{} with its indexes", pretty_size(bytes)));
    let index = |row: &Row| {
        let definition = cell(row, 2)?;
        let (_, how) = definition.split_once(" USING ")?;
        Some(format!("Index {}: {how}", cell(row, 1)?))
    };
    size.into_iter()
        .chain(rows.iter().filter_map(index))
        .collect()
}

/// What a setting is set to now; nothing where asking would disturb.
async fn value(session: &Session, name: &str) -> Option<String> {
    let sql = include_str!("../catalog/setting.sql").replace(":'name'", &literal(name));
    let rows = ask(session, &sql).await?;
    rows.into_iter().next()?.into_iter().next()?
}

async fn ask(session: &Session, sql: &str) -> Option<Vec<Row>> {
    let sql = gently(sql);
    let answer = tokio::time::timeout(PATIENCE, session.ask(&sql)).await;
    answer.ok()?.ok()
}

fn yes_or_no(yes: bool) -> &'static str {
    if yes { "yes" } else { "no" }
}

/// A table under a title.
fn table<const N: usize>(
    title: &str,
    heads: [&str; N],
    rows: Vec<Row>,
    footers: Vec<String>,
) -> Bundle {
    let table = Table {
        title: Some(title.to_owned()),
        footers: Some(footers),
        ..texts::table(heads, rows)
    };
    table.bundle(&Print::default())
}

fn html(table: &Table) -> String {
    table.html(&Print::default())
}
