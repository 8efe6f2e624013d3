//! Inspection: what is known of the thing at the cursor.
//!
//! What the catalog knows already is the answer; only a relation's size and indexes and a setting's
//! value are asked for, where that disturbs nobody.

use std::time::Duration;

use display::{Bundle, Column, Kind, Print, Row, Table};

use crate::catalog::read::gently;
use crate::catalog::{self, Function, KeyKind, Names, Relation, Setting, Type};
use crate::commands::help::topics;
use crate::commands::{PERCENT, PSQL};
use crate::complete::cursor::{self, Kind as Token, Place, Statement};
use crate::complete::scope::{Source, scope};
use crate::complete::shape::Shape;
use crate::complete::{functions, keywords, qualifier, signature};
use crate::query::Query;
use crate::session::Session;
use crate::variables::literal;

/// How long the server is waited for; what the catalog knows is shown without it.
const PATIENCE: Duration = Duration::from_millis(150);

/// What stands at the cursor.
#[derive(Debug)]
enum Subject<'a> {
    Relation(&'a Relation),
    /// A relation of the statement's own.
    Source(Source),
    Column { of: String, name: String, type_name: String, known: Option<&'a catalog::Column> },
    Functions(Vec<&'a Function>),
    Type(&'a Type),
    Setting(&'a Setting),
    /// Something in a line, and what it does in another.
    Line { name: String, does: String },
    /// A page of text, under a title.
    Page { title: String, text: String },
}

impl Query {
    /// What is known of the thing at the cursor, a byte of the text: a relation, a column, a
    /// function, a type, a setting, a command, a keyword, a variable. `detail` above 0 asks for all
    /// there is.
    pub async fn inspect(&self, text: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        let session = self.connections.current();
        let names = session.as_ref().map(|session| session.catalog().names()).unwrap_or_default();
        let cursor = end_of_word(text, cursor);
        let subject = match cursor::find(text, cursor, self.dialect()) {
            Place::Nothing => None,
            Place::Command { name } => command(&text[name.range]),
            Place::Argument { command: name, .. } => command(name),
            Place::Variable { name } => {
                let name = &text[name.range];
                let value = self.known_variables().get(name).map(literal);
                value.map(|value| Subject::Line { name: format!(":{name}"), does: value.trim_start().to_owned() })
            }
            Place::Sql(statement) => in_sql(&statement, &names),
        }?;
        let quiet = session.filter(|session| session.status().running.is_none());
        Some(self::show(subject, &names, quiet.as_ref(), detail > 0).await)
    }
}

/// The end of the word that a byte is in or begins.
fn end_of_word(text: &str, cursor: usize) -> usize {
    let cursor = text.floor_char_boundary(cursor);
    let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    cursor + text[cursor..].find(|c| !word(c)).unwrap_or(text.len() - cursor)
}

/// A `\` or `%` command.
fn command<'a>(name: &str) -> Option<Subject<'a>> {
    let entry = PERCENT.iter().chain(PSQL).find(|entry| entry.name == name)?;
    let text = format!("{} {}\n{}\n\n{}", entry.name, entry.arguments, entry.does, entry.example);
    Some(Subject::Page { title: entry.name.to_owned(), text })
}

/// What the name, the word or the function at a place of a statement means.
fn in_sql<'a>(statement: &Statement, names: &'a Names) -> Option<Subject<'a>> {
    let shape = Shape::new(&statement.tokens);
    if statement.typed.text.is_empty() {
        // Between the parentheses of a function.
        let level = shape.levels(statement.at).pop()?;
        let (_, path) = shape.path_before(level.start.checked_sub(1)?);
        return function(&path, names);
    }
    let token = statement.tokens.get(statement.at)?;
    let (_, mut path) = qualifier(&shape, statement.at);
    let is_bare = path.is_empty() && token.kind == Token::Word;
    path.push(token.name()?);
    let calls = statement.tokens.get(statement.at + 1).is_some_and(|next| next.is("("));
    let is_function = || calls.then(|| function(&path, names)).flatten();
    let is_keyword = || keyword(&shape, statement.at).filter(|_| is_bare);
    let reserved = is_bare && (keywords::is_reserved(&path[0]) || begins_command(&shape, statement.at));

    let sql = reserved.then(|| is_function().or_else(is_keyword)).flatten();
    sql.or_else(|| in_scope(&shape, statement.at, &path, names))
        .or_else(is_function)
        .or_else(|| names.relation(&path).map(Subject::Relation))
        .or_else(|| function(&path, names))
        .or_else(|| type_(&path, names))
        .or_else(|| setting(&path, names))
        .or_else(|| schema(&path, names))
        .or_else(is_keyword)
}

/// A relation or a column that the statement speaks of.
fn in_scope<'a>(shape: &Shape, at: usize, path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let (name, of) = path.split_last()?;
    let scope = scope(shape, at, names);
    let sources = || scope.sources.iter().chain(&scope.with);
    let whole = sources().find(|source| of.is_empty() && source.name == *name);
    // An alias and a column of the same name: the column is what a value means.
    let known = |source: &Source| source.oid.and_then(|oid| names.by_oid(oid));
    let of_source = sources().filter(|source| of.last().is_none_or(|of| source.name == *of));
    let column = of_source.filter_map(|source| {
        let field = source.fields.iter().find(|field| field.name == *name)?;
        Some(Subject::Column {
            of: known(source).map_or(&source.name, |relation| &relation.name).clone(),
            name: field.name.clone(),
            type_name: field.type_name.to_string(),
            known: known(source).and_then(|relation| relation.column(name)),
        })
    });
    let column = column.into_iter().next();
    match whole {
        Some(source) => Some(match known(source) {
            Some(relation) => Subject::Relation(relation),
            None => Subject::Source(source.clone()),
        })
        .filter(|_| column.is_none() || shape.tokens.get(at + 1).is_some_and(|next| next.is(".")))
        .or(column),
        None => column,
    }
}

fn function<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let (name, of) = path.split_last()?;
    let fits = |function: &&Function| {
        function.name == *name && of.last().is_none_or(|schema| function.schema == *schema)
    };
    let found: Vec<_> = names.functions.iter().filter(fits).collect();
    if !found.is_empty() {
        return Some(Subject::Functions(found));
    }
    let special = keywords::SPECIAL_FUNCTIONS.iter().copied().find(|(known, _)| known == name);
    let (name, does) = special.or_else(|| functions().find(|(known, _)| known == name).filter(|_| of.is_empty()))?;
    Some(Subject::Line { name: name.to_owned(), does: does.to_owned() })
}

fn type_<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    /// How SQL writes types that the catalogue has under other names.
    const ALIASES: &[(&str, &str)] = &[
        ("integer", "int4"), ("int", "int4"), ("bigint", "int8"), ("smallint", "int2"), ("boolean", "bool"),
        ("real", "float4"), ("double", "float8"), ("float", "float8"), ("decimal", "numeric"), ("character", "bpchar"),
    ];
    let (name, of) = path.split_last()?;
    let name = ALIASES.iter().find(|(alias, _)| alias == name).map_or(name.as_str(), |(_, name)| name);
    let fits = |known: &&Type| known.name == name && of.last().is_none_or(|schema| known.schema == *schema);
    names.types.iter().find(fits).map(Subject::Type)
}

fn setting<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let name = path.join(".");
    names.settings.iter().find(|known| known.name.eq_ignore_ascii_case(&name)).map(Subject::Setting)
}

fn schema<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let [name] = path else { return None };
    let known = names.schemas.iter().find(|known| known.name == *name)?;
    let count = names.relations.iter().filter(|relation| relation.schema == *name).count();
    let comment = known.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
    Some(Subject::Line { name: name.clone(), does: format!("schema of {count} relations{comment}") })
}

/// The words that a statement begins with, up to a place; none where something else comes before.
fn words_upto(shape: &Shape, at: usize) -> Vec<String> {
    let words = shape.tokens.iter().take(at + 1);
    let all = words.clone().all(|token| token.kind == Token::Word);
    words.filter(|_| all).map(|token| token.text.to_ascii_uppercase()).collect()
}

/// Whether a word belongs to the name of a command at the start of its statement.
fn begins_command(shape: &Shape, at: usize) -> bool {
    let words = words_upto(shape, at).join(" ");
    !words.is_empty() && topics().any(|(topic, _)| topic == words || topic.starts_with(&format!("{words} ")))
}

/// The syntax of the command that a word begins or belongs to.
fn keyword<'a>(shape: &Shape, at: usize) -> Option<Subject<'a>> {
    let word = shape.tokens.get(at)?.text.to_ascii_uppercase();
    let all: Vec<String> = shape.tokens.iter().take(4).take_while(|token| token.kind == Token::Word)
        .map(|token| token.text.to_ascii_uppercase())
        .collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let holds = |page: &&str| page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|known| known == word);
    let begun = words_upto(shape, at);
    let of_statement = keywords::page(&all).filter(|_| at < 4 && !begun.is_empty()).filter(holds);
    let page = of_statement
        .or_else(|| keywords::page(&[&word]))
        .or_else(|| keywords::page(&all).filter(holds))
        .or_else(|| keywords::page(&["SELECT"]).filter(holds))
        .or_else(|| topics().map(|(_, page)| page).find(holds));
    let does = "a word of SQL's".to_owned();
    Some(match page {
        Some(text) => Subject::Page { title: word, text: text.to_owned() },
        None if keywords::is_reserved(&word.to_lowercase()) => Subject::Line { name: word, does },
        None => return None,
    })
}

async fn show(subject: Subject<'_>, names: &Names, session: Option<&Session>, all: bool) -> Bundle {
    match subject {
        Subject::Relation(relation) => {
            let size = match session {
                Some(session) => size(session, relation).await,
                None => Vec::new(),
            };
            self::relation(relation, names, size, all)
        }
        Subject::Source(source) => {
            let rows = source.fields.iter().map(|field| row(&[&field.name, &field.type_name])).collect();
            table(&format!("{} · of this statement", source.name), &["column", "type"], rows, Vec::new())
        }
        Subject::Column { of, name, type_name, known } => {
            let mut cells = row(&[&name, &type_name]);
            let title = format!("{of}.{name} · column");
            match known {
                None => table(&title, &["column", "type"], vec![cells], Vec::new()),
                Some(column) => {
                    cells.push(Some(if column.not_null { "no" } else { "yes" }.into()));
                    cells.push(column.default.clone());
                    cells.push(column.comment.clone());
                    table(&title, &["column", "type", "nullable", "default", "comment"], vec![cells], Vec::new())
                }
            }
        }
        Subject::Functions(functions) => {
            let title = functions.first().map(|function| format!("{} · function", function.name)).unwrap_or_default();
            let row = |function: &&Function| {
                vec![Some(function.name.clone() + &signature(function)), function.comment.clone()]
            };
            table(&title, &["call", "does"], functions.iter().map(row).collect(), Vec::new())
        }
        Subject::Type(known) => {
            let mut footers: Vec<String> = known.base.iter().map(|base| format!("made from {base}")).collect();
            footers.extend(known.comment.clone());
            let title = format!("{} · {}", known.name, known.kind);
            match known.labels.as_slice() {
                [] => table(&title, &["schema", "type"], vec![row(&[&known.schema, &known.name])], footers),
                labels => table(&title, &["label"], labels.iter().map(|label| row(&[label])).collect(), footers),
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
                [setting.value.as_str(), setting.unit.as_deref().unwrap_or_default()].join(" ").trim_end().to_owned()
            })));
            cells.push(Some(setting.kind.clone()));
            table(&format!("{} · setting", setting.name), &["setting", "value", "type"], vec![cells], does)
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

fn relation(relation: &Relation, names: &Names, size: Vec<String>, all: bool) -> Bundle {
    /// As many columns make a tooltip; the rest is for those who want all.
    const SHOWN: usize = 40;
    let columns = relation.columns.iter().take(if all { usize::MAX } else { SHOWN });
    let rows = columns.map(|column| {
        let keys: Vec<String> = relation.keys.iter().filter(|key| key.columns.contains(&column.number))
            .map(|key| match &key.kind {
                KeyKind::Primary => "primary key".to_owned(),
                KeyKind::Unique => "unique".to_owned(),
                KeyKind::Foreign(to, columns) => match names.by_oid(*to) {
                    Some(referred) => format!("→ {}({})", referred.name, referred.column_names(columns).join(", ")),
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
        footers.push(format!("{} of {} columns", rows.len(), relation.columns.len()));
    }
    footers.extend(relation.rows.map(|rows| format!("about {rows} rows")));
    footers.extend(size);
    let referring = names.relations.iter().filter(|other| {
        other.keys.iter().any(|key| matches!(key.kind, KeyKind::Foreign(to, _) if to == relation.oid))
    });
    let referring: Vec<&str> = referring.map(|other| other.name.as_str()).collect();
    if !referring.is_empty() {
        footers.push(format!("Referenced by: {}", referring.join(", ")));
    }
    let title = format!("{}.{} · {}", relation.schema, relation.name, relation.kind.words());
    let heads = ["column", "type", "nullable", "default", "key", "comment"];
    // Columns that say nothing are left out.
    let told = |at: &usize| *at < 3 || rows.iter().any(|row| row[*at].as_ref().is_some_and(|text| !text.is_empty()));
    let told: Vec<usize> = (0..heads.len()).filter(told).collect();
    let heads: Vec<&str> = told.iter().map(|at| heads[*at]).collect();
    let rows = rows.iter().map(|row| told.iter().map(|at| row[*at].clone()).collect()).collect();
    table(&title, &heads, rows, footers)
}

/// A relation's size and indexes, in lines; none where asking would disturb.
async fn size(session: &Session, relation: &Relation) -> Vec<String> {
    let sql = include_str!("catalog/relation.sql").replace(":'oid'", &format!("'{}'", relation.oid));
    let sql = gently(&sql);
    let Ok(Ok(rows)) = tokio::time::timeout(PATIENCE, session.ask(&sql)).await else { return Vec::new() };
    let mut lines = Vec::new();
    let bytes = rows.first().and_then(|row| row.first()?.as_deref()?.parse::<u64>().ok());
    lines.extend(bytes.filter(|bytes| *bytes > 0).map(|bytes| format!("{} with its indexes", in_units(bytes))));
    let definition = |row: &Row| Some(row.get(2)?.as_deref()?.split_once(" USING ")?.1.to_owned());
    let name = |row: &Row| row.get(1).cloned().flatten();
    let index = |row: &Row| Some(format!("Index {}: {}", name(row)?, definition(row)?));
    lines.extend(rows.iter().filter_map(index));
    lines
}

async fn value(session: &Session, name: &str) -> Option<String> {
    let sql = include_str!("catalog/setting.sql").replace(":'name'", &literal(name));
    let rows = tokio::time::timeout(PATIENCE, session.ask(&gently(&sql))).await.ok()?.ok()?;
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
    let columns = heads.iter().map(|head| Column::new(*head, "", Kind::Text)).collect();
    Table { footers: Some(Vec::new()), ..Table::new(columns, rows) }
}

fn table(title: &str, heads: &[&str], rows: Vec<Row>, footers: Vec<String>) -> Bundle {
    let table = Table { title: Some(title.to_owned()), footers: Some(footers), ..bare(heads, rows) };
    table.bundle(&Print::default())
}
