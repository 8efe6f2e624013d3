//! Inspection: what is known of the thing at the cursor.
//!
//! What the catalog knows already is the answer; only a relation's size and indexes and a setting's
//! value are asked for, where that disturbs nobody.

mod show;

use std::sync::Arc;

use display::{Bundle, Print};

use crate::catalog::{self, Function, Names, Relation, Setting, Type};
use crate::commands::help::topics;
use crate::commands::{PERCENT, PSQL, connect};
use crate::complete::cursor::{self, Kind as Token, Place, Statement};
use crate::complete::scope::{Source, scope};
use crate::complete::shape::Shape;
use crate::complete::{functions, keywords, qualifier, syntax};
use crate::query::Query;
use crate::variables::literal;

/// What stands at the cursor.
#[derive(Debug)]
enum Subject<'a> {
    Relation(&'a Relation),
    /// A relation of the statement's own.
    Source(Source),
    Column {
        of: String,
        name: String,
        type_name: String,
        known: Option<&'a catalog::Column>,
    },
    Functions(Vec<&'a Function>),
    Type(&'a Type),
    Setting(&'a Setting),
    /// Something in a line, and what it does in another.
    Line {
        name: String,
        does: String,
    },
    /// A page of text, under a title.
    Page {
        title: String,
        text: String,
    },
}

impl Query {
    /// What is known of the thing at the cursor, a byte of the text: a relation, a column, a
    /// function, a type, a setting, a command, a keyword, a variable. `detail` above 0 asks for all
    /// there is.
    pub async fn inspect(&self, text: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        let session = self.session_of(text);
        let names = match &session {
            Some(session) => session.names().await,
            None => Arc::default(),
        };
        let cursor = end_of_word(text, cursor);
        let subject = match cursor::find(text, cursor, self.dialect(text)) {
            Place::Nothing => None,
            Place::Command { name } if &text[name.range.clone()] == "%connections" => {
                // Also while a statement runs, and the cell that would list them has to wait.
                let table = connect::listed(&self.connections)?;
                return Some(table.bundle(&Print::default()));
            }
            Place::Command { name } => command(&text[name.range]),
            Place::Argument { command: name, .. } => command(name),
            Place::Variable { name } => {
                let name = &text[name.range];
                let value = self.known_variables().get(name).map(literal);
                value.map(|value| Subject::Line {
                    name: format!(":{name}"),
                    does: value.trim_start().to_owned(),
                })
            }
            Place::Sql(statement) => in_sql(&statement, &names),
        }?;
        let quiet = session.filter(|session| session.status().running.is_none());
        Some(show::show(subject, &names, quiet.as_ref(), detail > 0).await)
    }
}

/// The end of the word that a byte is in or begins.
fn end_of_word(text: &str, cursor: usize) -> usize {
    let cursor = text.floor_char_boundary(cursor);
    let belongs = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
    let (before, after) = text.split_at(cursor);
    if !before.ends_with(belongs) && after.starts_with(|c: char| c.is_ascii_digit()) {
        return cursor;
    }
    cursor + after.find(|c| !belongs(c)).unwrap_or(after.len())
}

/// A `\` or `%` command.
fn command<'a>(name: &str) -> Option<Subject<'a>> {
    let entry = PERCENT
        .iter()
        .chain(PSQL)
        .find(|entry| entry.name == name)?;
    let text = format!(
        "{} {}\n{}\n\n{}",
        entry.name, entry.arguments, entry.does, entry.example
    );
    Some(Subject::Page {
        title: entry.name.to_owned(),
        text,
    })
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
    let calls = statement
        .tokens
        .get(statement.at + 1)
        .is_some_and(|next| next.is("("));
    let is_function = || calls.then(|| function(&path, names)).flatten();
    let is_keyword = || keyword(&shape, statement.at).filter(|_| is_bare);
    let reserved =
        is_bare && (keywords::is_reserved(&path[0]) || begins_command(&shape, statement.at));

    let is_type = || type_(&path, names);
    let sql = reserved
        .then(|| is_function().or_else(is_type).or_else(is_keyword))
        .flatten();
    sql.or_else(|| in_scope(&shape, statement.at, &path, names))
        .or_else(is_function)
        .or_else(|| names.relation(&path).map(Subject::Relation))
        .or_else(is_type)
        .or_else(|| function(&path, names))
        .or_else(|| setting(&path, names))
        .or_else(|| schema(&path, names))
        .or_else(is_keyword)
}

/// A relation or a column that the statement speaks of.
fn in_scope<'a>(
    shape: &Shape,
    at: usize,
    path: &[String],
    names: &'a Names,
) -> Option<Subject<'a>> {
    let (name, of) = path.split_last()?;
    let scope = scope(shape, at, names);
    // A relation that nobody knows says nothing.
    let sources = || {
        scope
            .sources
            .iter()
            .chain(&scope.with)
            .filter(|source| !source.fields.is_empty())
    };
    let known = |source: &Source| source.oid.and_then(|oid| names.by_oid(oid));
    let mut named = sources().filter(|source| of.is_empty() && source.name == *name);
    let relation = named.next().map(|source| match known(source) {
        Some(relation) => Subject::Relation(relation),
        None => Subject::Source(source.clone()),
    });
    let of_source = sources().filter(|source| of.last().is_none_or(|of| source.name == *of));
    let mut columns = of_source.filter_map(|source| {
        let field = source.fields.iter().find(|field| field.name == *name)?;
        let relation = known(source);
        Some(Subject::Column {
            of: relation
                .map_or(&source.name, |relation| &relation.name)
                .clone(),
            name: field.name.clone(),
            type_name: field.type_name.to_string(),
            known: relation.and_then(|relation| relation.column(name)),
        })
    });
    let column = columns.next();
    // Where an alias is named like a column, a value is the column, and `alias.column` is not.
    let qualifies = shape.tokens.get(at + 1).is_some_and(|next| next.is("."));
    if qualifies {
        relation.or(column)
    } else {
        column.or(relation)
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
    let special = keywords::SPECIAL_FUNCTIONS
        .iter()
        .copied()
        .find(|(known, _)| known == name);
    let (name, does) = special.or_else(|| {
        functions()
            .find(|(known, _)| known == name)
            .filter(|_| of.is_empty())
    })?;
    Some(Subject::Line {
        name: name.to_owned(),
        does: does.to_owned(),
    })
}

fn type_<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    /// How SQL writes types that the catalogue has under other names.
    const ALIASES: &[(&str, &str)] = &[
        ("integer", "int4"),
        ("int", "int4"),
        ("bigint", "int8"),
        ("smallint", "int2"),
        ("boolean", "bool"),
        ("real", "float4"),
        ("double", "float8"),
        ("float", "float8"),
        ("decimal", "numeric"),
        ("character", "bpchar"),
    ];
    let (name, of) = path.split_last()?;
    let name = ALIASES
        .iter()
        .find(|(alias, _)| alias == name)
        .map_or(name.as_str(), |(_, name)| name);
    let fits = |known: &&Type| {
        known.name == name && of.last().is_none_or(|schema| known.schema == *schema)
    };
    names.types.iter().find(fits).map(Subject::Type)
}

fn setting<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let name = path.join(".");
    names
        .settings
        .iter()
        .find(|known| known.name.eq_ignore_ascii_case(&name))
        .map(Subject::Setting)
}

fn schema<'a>(path: &[String], names: &'a Names) -> Option<Subject<'a>> {
    let [name] = path else { return None };
    let known = names.schemas.iter().find(|known| known.name == *name)?;
    let is_in = |relation: &&Relation| relation.schema == *name;
    let does = match names.relations.iter().filter(is_in).count() {
        1 => "schema with 1 relation".to_owned(),
        count => format!("schema with {count} relations"),
    };
    Some(Subject::Line {
        name: name.clone(),
        does: match &known.comment {
            Some(comment) => format!("{does}: {comment}"),
            None => does,
        },
    })
}

/// The words that a statement begins with, up to a place; none where something else comes before.
fn words_upto(shape: &Shape, at: usize) -> Vec<String> {
    let words = shape.tokens.iter().take(at + 1);
    let all = words.clone().all(|token| token.kind == Token::Word);
    words
        .filter(|_| all)
        .map(|token| token.text.to_ascii_uppercase())
        .collect()
}

/// Whether a word belongs to the name of a command at the start of its statement.
fn begins_command(shape: &Shape, at: usize) -> bool {
    let words = words_upto(shape, at).join(" ");
    !words.is_empty()
        && topics().any(|(topic, _)| topic == words || topic.starts_with(&format!("{words} ")))
}

/// The syntax of the command that a word names, begins or is part of.
fn keyword<'a>(shape: &Shape, at: usize) -> Option<Subject<'a>> {
    let word = shape.tokens.get(at)?.text.to_ascii_uppercase();
    let words = shape
        .tokens
        .iter()
        .take_while(|token| token.kind == Token::Word);
    let words: Vec<String> = words.map(|token| token.text.to_ascii_uppercase()).collect();
    let begun: Vec<&str> = words.iter().map(String::as_str).collect();
    let holds = |page: &&str| {
        let mut words = page.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        words.any(|known| known == word)
    };
    let of_statement = syntax::page(&begun).filter(holds);
    let page = of_statement
        .filter(|_| begins_command(shape, at))
        .or_else(|| syntax::page(&[&word]))
        .or(of_statement)
        .or_else(|| syntax::page(&["SELECT"]).filter(holds))
        .or_else(|| topics().map(|(_, page)| page).find(holds));
    match page {
        Some(text) => Some(Subject::Page {
            title: word,
            text: text.to_owned(),
        }),
        None => keywords::is_reserved(&word.to_lowercase()).then(|| Subject::Line {
            name: word,
            does: "a word of SQL's own".into(),
        }),
    }
}
