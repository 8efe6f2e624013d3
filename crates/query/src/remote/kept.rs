//! Results kept with `--as`, as values of Rust cells.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use db::Error;
use db::wire::{Answer, BLOCK, Block, Column};
use display::Problem;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::error;
use crate::generate::model::items;
use crate::generate::names::{as_name, type_name};
use crate::generate::record::record;
use crate::query::Query;
use crate::session::lock;
use crate::spool::Kept;

/// A result of more rows is an iterator's worth: nobody wants as many structs made without asking.
const MOST: u64 = 100_000;

/// What the cells of one helper process have been given already.
#[derive(Debug, Default)]
pub struct Given {
    /// Names of results, and which ones they were.
    results: HashMap<String, u64>,
    /// Names of types, and what they were made of.
    types: HashMap<String, String>,
    /// Structs of results' rows, and their names. A name is never given to another one: rows that a
    /// cell still holds stay what they are.
    rows: HashMap<String, String>,
    /// Names that stand for the struct of a result's rows.
    aliases: HashSet<String>,
}

impl Given {
    /// Whether a variable of this name is a kept result.
    pub fn is_result(&self, variable: &str) -> bool {
        self.results
            .contains_key(variable.strip_prefix("r#").unwrap_or(variable))
    }
}

/// What the Rust cells have.
#[derive(Clone, Copy, Debug, Default)]
pub struct There<'a> {
    /// The names of their variables.
    pub variables: &'a [String],
    /// The names of their functions, types and all else that is declared.
    pub items: &'a [String],
}

impl Query {
    /// The Rust that has to run before this code, so that the types of `%model` are there and the
    /// results that it names. Nothing, most of the time.
    ///
    /// # Errors
    /// A result cannot be read.
    pub async fn rust_values(
        &self,
        code: &str,
        there: There<'_>,
        given: &mut Given,
    ) -> Result<Option<String>, Problem> {
        let mut source = String::new();
        let models = lock(&self.models).clone();
        for item in items(&models) {
            let is_there = there.items.contains(&item.name);
            if !is_there || given.types.get(&item.name) != Some(&item.source) {
                source.push_str(&item.source);
                given.types.insert(item.name, item.source);
            }
        }
        for kept in self.results.list() {
            let Some(name) = kept.name.clone() else {
                continue;
            };
            let Some(variable) = variable_name(&name).filter(|name| says(code, name)) else {
                continue;
            };
            let is_there = there.variables.contains(&variable);
            if is_there && given.results.get(&name) == Some(&kept.number) {
                continue;
            }
            source.push_str(&value(&name, &variable, &kept, there, given).await?);
            given.results.insert(name, kept.number);
        }
        Ok((!source.is_empty()).then_some(source))
    }
}

/// The rows of a kept result, block by block, until nobody takes them any more.
pub(super) async fn send(
    query: &Query,
    name: &str,
    blocks: mpsc::Sender<Answer>,
) -> Result<Answer, Box<Error>> {
    let plain = |problem: Problem| Box::new(error(&problem, None));
    let kept = query.results.named(name).map_err(plain)?;
    let read = spawn_blocking(move || read(&kept, &blocks)).await;
    match read {
        Ok(Ok(rows)) => Ok(Answer::Done {
            affected: rows,
            tag: format!("SELECT {rows}"),
        }),
        Ok(Err(why)) => Err(Box::new(Error::new(format!(
            "{name} cannot be read: {why}"
        )))),
        Err(_) => Err(Box::new(Error::new(format!("{name} cannot be read")))),
    }
}

fn read(kept: &Arc<Kept>, blocks: &mpsc::Sender<Answer>) -> std::io::Result<u64> {
    let columns = kept.columns().iter().zip(kept.fields());
    let columns = columns.map(|(column, field)| Column {
        name: column.name.clone(),
        oid: field.oid,
        type_name: column.type_name.clone(),
    });
    let mut taken = blocks
        .blocking_send(Answer::Columns(columns.collect()))
        .is_ok();
    let mut reader = kept.read(0)?;
    let mut block = Block::default();
    let mut rows = 0;
    while taken && let Some(row) = reader.next()? {
        block.push((0..row.len()).map(|column| row.get(column).map(str::as_bytes)));
        rows += 1;
        if block.len() >= BLOCK {
            taken = blocks
                .blocking_send(Answer::Rows(std::mem::take(&mut block)))
                .is_ok();
        }
    }
    if taken && !block.is_empty() {
        let _ = blocks.blocking_send(Answer::Rows(block));
    }
    Ok(rows)
}

/// The struct of a result, and the variable with its rows.
async fn value(
    name: &str,
    variable: &str,
    kept: &Arc<Kept>,
    there: There<'_>,
    given: &mut Given,
) -> Result<String, Problem> {
    let is_large = kept.stored() > MOST;
    let looked = kept.clone();
    let nulls = match is_large {
        // All of it is not looked through: any value may be missing.
        true => vec![true; kept.columns().len()],
        false => {
            let read = spawn_blocking(move || nulls(&looked)).await;
            read.map_err(|error| unreadable(name, &error))?
                .map_err(|error| unreadable(name, &error))?
        }
    };
    let mut alias = type_name(name);
    let is_taken = |alias: &String| {
        let others = there.items.contains(alias) && !given.aliases.contains(alias);
        others || given.types.contains_key(alias)
    };
    while is_taken(&alias) {
        alias.push_str("Row");
    }
    let about = format!("A row of {name}.");
    let as_struct = |of: &str| record(of, &alias, &about, kept.columns(), kept.fields(), &nulls);
    let shape = as_struct(&alias);
    let mut source = String::new();
    let of = match given.rows.get(&shape).filter(|of| there.items.contains(of)) {
        Some(of) => of.clone(),
        None => {
            let taken = |of: &String| {
                there.items.contains(of) || given.rows.values().any(|given| given == of)
            };
            let names = (1_u64..).map(|number| format!("{alias}_{number}"));
            let of = names.filter(|of| !taken(of)).take(1).collect::<String>();
            source.push_str(&as_struct(&of));
            given.rows.insert(shape, of.clone());
            of
        }
    };
    // Writing to a string does not fail.
    let _ = writeln!(source, "type {alias} = {of};");
    given.aliases.insert(alias);
    let _ = match is_large {
        true => writeln!(
            source,
            "let {variable}: db::Kept<{of}> = db::Kept::new(db::Db::here(), {name:?}, {});",
            kept.stored()
        ),
        false => writeln!(
            source,
            "let {variable}: Vec<{of}> = match db::Db::here().kept({name:?}).and_then(Iterator::collect) {{ Ok(rows) => rows, Err(error) => panic!(\"{{error}}\") }};"
        ),
    };
    Ok(source)
}

fn nulls(kept: &Arc<Kept>) -> std::io::Result<Vec<bool>> {
    let mut nulls = vec![false; kept.columns().len()];
    let mut reader = kept.read(0)?;
    while let Some(row) = reader.next()? {
        for (column, is_null) in nulls.iter_mut().enumerate() {
            *is_null |= row.get(column).is_none();
        }
    }
    Ok(nulls)
}

fn unreadable(name: &str, why: &dyn std::fmt::Display) -> Problem {
    Problem::new(
        "command_error",
        format!("the result {name} cannot be read: {why}"),
    )
}

/// Names that a variable cannot have, or that mean something else in every cell.
const OTHERS: &[&str] = &["db", "Err", "None", "Ok", "Some"];

/// The variable for a result: `r#type` for `type`. None where Rust has no such name.
fn variable_name(name: &str) -> Option<String> {
    match OTHERS.contains(&name) {
        true => None,
        false => as_name(name),
    }
}

/// Whether the code has this name as a word.
fn says(code: &str, name: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices(name).any(|(at, _)| {
        let (before, rest) = code.split_at(at);
        let after = rest.get(name.len()..).unwrap_or_default();
        !before.ends_with(is_word) && !after.starts_with(is_word)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_wanted_where_its_name_is_a_word() {
        let wants = |code: &str, name: &str| {
            variable_name(name).is_some_and(|variable| says(code, &variable))
        };
        assert!(wants("let n = people.len();", "people"));
        assert!(wants("f(people)", "people"));
        assert!(wants("größe.len()", "größe"));
        assert!(wants("r#type.len()", "type"));
        for (code, name) in [
            ("let n = peoples.len();", "people"),
            ("my_people", "people"),
            ("a-b", "a-b"),
            ("1", "1"),
            ("type T = i64; let a = 1;", "type"),
            ("let a = 1;", "let"),
            ("db.query(x)", "db"),
            ("None", "None"),
            ("self", "self"),
            ("_", "_"),
            ("x²", "x²"),
        ] {
            assert!(!wants(code, name), "{name}");
        }
    }
}
