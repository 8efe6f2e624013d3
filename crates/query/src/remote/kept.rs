//! Results kept with `--as`, as values of Rust cells.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::Arc;

use db::Error;
use db::wire::{Answer, BLOCK, Block, Column};
use display::Problem;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

use super::error;
use crate::generate::model::items;
use crate::generate::names::type_name;
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
}

impl Query {
    /// The Rust that has to run before this code, so that the types of `%model` are there and the
    /// results that it names; `variables` are those that are there. Nothing, most of the time.
    ///
    /// # Errors
    /// A result cannot be read.
    pub async fn rust_values(
        &self,
        code: &str,
        variables: &[String],
        given: &mut Given,
    ) -> Result<Option<String>, Problem> {
        let mut source = String::new();
        let models = lock(&self.models).clone();
        for item in items(&models) {
            if given.types.get(&item.name) != Some(&item.source) {
                source.push_str(&item.source);
                given.types.insert(item.name, item.source);
            }
        }
        for kept in self.results.list() {
            let Some(name) = kept.name.clone().filter(|name| names(code, name)) else {
                continue;
            };
            let there = variables.contains(&name);
            if there && given.results.get(&name) == Some(&kept.number) {
                continue;
            }
            let mut of = type_name(&name);
            if given.types.contains_key(&of) {
                of.push_str("Row");
            }
            source.push_str(&value(&name, &of, &kept).await?);
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
async fn value(name: &str, of: &str, kept: &Arc<Kept>) -> Result<String, Problem> {
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
    let mut source = record(
        of,
        &format!("A row of {name}."),
        kept.columns(),
        kept.fields(),
        &nulls,
    );
    // Writing to a string does not fail.
    let _ = match is_large {
        true => writeln!(
            source,
            "let {name}: db::Kept<{of}> = db::Kept::new(db::Db::here(), {name:?}, {});",
            kept.stored()
        ),
        false => writeln!(
            source,
            "let {name}: Vec<{of}> = match db::Db::here().kept({name:?}).and_then(Iterator::collect) {{ Ok(rows) => rows, Err(error) => panic!(\"{{error}}\") }};"
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

/// Whether the code has this name as a word.
fn names(code: &str, name: &str) -> bool {
    let is_rust = name.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !name.starts_with(|c: char| c.is_numeric());
    is_rust
        && code
            .split(|c: char| !c.is_alphanumeric() && c != '_')
            .any(|word| word == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_is_wanted_where_its_name_is_a_word() {
        assert!(names("let n = people.len();", "people"));
        assert!(!names("let n = peoples.len();", "people"));
        assert!(!names("a-b", "a-b"));
        assert!(!names("1", "1"));
    }
}
