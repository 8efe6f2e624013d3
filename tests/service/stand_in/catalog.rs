//! PostgreSQL's catalog, as far as the queries need it with which psql 10 lists tables and views:
//! `pg_class` and `pg_namespace`. `pg_type` is there and empty, and so is `information_schema`; any
//! other relation is not there.

use super::statement::Reply;
use super::tables::{Row, TEXT, Table, Tables, columns};
use super::talk::{Refusal, refuse};
use super::tokens::Token;

/// The relations of the catalog that a query reads.
pub(super) fn relations(tokens: &[Token]) -> Vec<&str> {
    let pairs = tokens.windows(2);
    let read = pairs.filter_map(|pair| match pair {
        [Token::Word(from), Token::Word(name)] if from == "from" || from == "join" => {
            let bare = name.strip_prefix("pg_catalog.").unwrap_or(name);
            (bare.starts_with("pg_") || bare.starts_with("information_schema.")).then_some(bare)
        }
        _ => None,
    });
    read.collect()
}

/// Answers a query of the catalog.
pub(super) fn answer(tokens: &[Token], tables: &Tables) -> Result<Reply, Refusal> {
    let known = |name: &&str| {
        matches!(*name, "pg_class" | "pg_namespace" | "pg_type")
            || name.starts_with("information_schema.")
    };
    let read = relations(tokens);
    if let Some(unknown) = read.iter().find(|name| !known(name)) {
        return refuse(
            "42P01",
            format!("Table or view not found: pg_catalog.{unknown}"),
        );
    }
    let items = items(tokens);
    let names: Vec<_> = items.iter().map(|name| (*name, TEXT)).collect();
    let mut rows = Vec::new();
    if read.contains(&"pg_class") {
        let kinds = kinds(tokens);
        let wanted = |table: &&Table| {
            let kind = if table.is_view { "v" } else { "r" };
            (kinds.is_empty() || kinds.contains(&kind)) && fits(table.name, tokens)
        };
        for (number, table) in tables.iter().enumerate().filter(|(_, table)| wanted(table)) {
            let row: Option<Row> = items
                .iter()
                .map(|item| value(item, number, table))
                .collect();
            match row {
                Some(row) => rows.push(row),
                None => return refuse("0A000", "this query of the catalog is not supported"),
            }
        }
        rows.sort();
    }
    let tag = format!("SELECT {}", rows.len());
    Ok(Reply::Rows(columns(&names), rows, tag))
}

/// The columns asked for: each by its alias, or else by the last part of its name.
fn items(tokens: &[Token]) -> Vec<&str> {
    let mut items = vec![""];
    let mut depth = 0;
    for token in &tokens[1..] {
        match token {
            Token::Word(word) if word == "from" && depth == 0 => break,
            Token::Sign('(') => depth += 1,
            Token::Sign(')') => depth -= 1,
            Token::Sign(',') if depth == 0 => items.push(""),
            Token::Word(name) | Token::Name(name) if depth == 0 => {
                if let Some(last) = items.last_mut() {
                    *last = name.rsplit('.').next().unwrap_or(name);
                }
            }
            _ => {}
        }
    }
    items
}

fn value(item: &str, number: usize, table: &Table) -> Option<Option<String>> {
    if item == "null" {
        return Some(None);
    }
    let text = match item {
        "Schema" | "nspname" => "public".into(),
        "Name" | "relname" => table.name.into(),
        "Type" => if table.is_view { "view" } else { "table" }.into(),
        "Owner" => "postgres".into(),
        "oid" => (16_385 + number).to_string(),
        "relkind" => if table.is_view { "v" } else { "r" }.into(),
        "relpersistence" => "p".into(),
        _ => return None,
    };
    Some(Some(text))
}

/// The kinds of relations in `c.relkind in ('r','p')`; none where all are meant.
fn kinds(tokens: &[Token]) -> Vec<&str> {
    let at = tokens.windows(2).position(|pair| {
        matches!(pair, [Token::Word(relkind), Token::Word(in_)] if relkind == "c.relkind" && in_ == "in")
    });
    let Some(at) = at else { return Vec::new() };
    let list = tokens[at..]
        .iter()
        .take_while(|token| **token != Token::Sign(')'));
    list.filter_map(|token| {
        if let Token::Text(kind) = token {
            Some(kind.as_str())
        } else {
            None
        }
    })
    .collect()
}

/// Whether the name fits the pattern that psql makes of `\dt NAME`: `^(NAME)$`, where `.*` stands
/// for anything.
fn fits(name: &str, tokens: &[Token]) -> bool {
    let pattern = tokens.iter().find_map(|token| match token {
        Token::Text(text) => text.strip_prefix("^(")?.strip_suffix(")$"),
        _ => None,
    });
    match pattern.map(|pattern| pattern.split_once(".*").ok_or(pattern)) {
        None => true,
        Some(Err(pattern)) => name == pattern,
        Some(Ok((start, end))) => name.starts_with(start) && name.ends_with(end),
    }
}
