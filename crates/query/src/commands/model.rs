//! `%model`: a table as a Rust type, for the Rust cells after it and for programs.

use std::ops::Range;

use display::{Bundle, Problem};

use super::refused;
use crate::generate::model::{Model, clash, items, program};
use crate::host::Host;
use crate::inspector::{self, Path};
use crate::query::Run;
use crate::session::lock;
use crate::transfer;

const USAGE: &str = "%model TABLE [as NAME] [--to FILE]";

/// `%model TABLE [as NAME] [--to FILE]`.
pub(super) async fn model<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let Some(Arguments { table, name, to }) = arguments(rest) else {
        return Err(refused(run, at, format!("write {USAGE}")));
    };
    if let Some(name) = name
        && !is_name(name)
    {
        let why = format!("{name} is no name of a Rust type: letters, digits and _ make one");
        return Err(refused(run, at, why));
    }
    let path = Path::parse(table).map_err(|why| refused(run, at.clone(), why))?;
    let found = inspector::relation(run, &path).await;
    let relation = found.map_err(|mut problem| {
        problem.place = Some(run.place(at.start));
        problem
    })?;
    let made = inspector::made(run).await?;
    let model = Model::new(relation, name, made);
    let name = model.name.clone();
    let mut models = lock(&run.query.models).clone();
    models.retain(|other| other.name != name);
    // An enum that has got another label has it in all of them.
    for of in models.iter_mut().flat_map(|other| &mut other.made.enums) {
        let mut newer = model.made.enums.iter();
        if let Some(newer) =
            newer.find(|newer| (&newer.schema, &newer.name) == (&of.schema, &of.name))
        {
            of.clone_from(newer);
        }
    }
    models.push(model.clone());
    if let Some(name) = clash(&models) {
        let why =
            format!("{name} would be a table's and an enum's type: write %model TABLE as NAME");
        return Err(refused(run, at, why));
    }
    let sources = items(&models);
    *lock(&run.query.models) = models;
    if let Some(file) = to {
        let file_path = transfer::path(file);
        let text = program(&model);
        files::Output::write_whole(&file_path, text.as_bytes()).map_err(|error| {
            let mut problem = transfer::file_problem(error);
            problem.place = Some(run.place(at.start));
            problem
                .advice
                .push(format!("Nothing was written: {file} is as it was."));
            problem
        })?;
        let count = model.relation.columns.len();
        run.out(format!("Wrote {name} with {count} columns to {file}\n"))
            .await;
        return Ok(());
    }
    let source = sources.into_iter().find(|item| item.name == name);
    let source = source.map_or_else(String::new, |item| item.source);
    let bundle =
        Bundle::plain(source.as_str()).with("text/markdown", format!("```rust\n{source}```"));
    run.show(bundle).await;
    Ok(())
}

#[derive(Debug, PartialEq)]
struct Arguments<'a> {
    table: &'a str,
    name: Option<&'a str>,
    to: Option<&'a str>,
}

/// The table, which may be quoted; `as NAME`; `--to FILE`, which goes to the end of the line.
fn arguments(rest: &str) -> Option<Arguments<'_>> {
    let mut rest = rest.trim();
    let mut to = None;
    let mut quoted = false;
    let option = rest.char_indices().find(|(at, c)| {
        quoted ^= *c == '"';
        !quoted
            && rest
                .get(*at..)
                .is_some_and(|rest| rest.starts_with("--to "))
    });
    if let Some((before, file)) = option.and_then(|(at, _)| rest.split_at_checked(at)) {
        let file = file.strip_prefix("--to ").unwrap_or_default();
        to = Some(file.trim().trim_matches(['\'', '"'])).filter(|file| !file.is_empty());
        to?;
        rest = before.trim_end();
    }
    let mut quoted = false;
    let end = rest.find(|c: char| {
        quoted ^= c == '"';
        c.is_whitespace() && !quoted
    });
    let (table, after) = rest.split_at(end.unwrap_or(rest.len()));
    let words: Vec<&str> = after.split_whitespace().collect();
    let name = match words.as_slice() {
        [] => None,
        [word, name] if word.eq_ignore_ascii_case("as") => Some(*name),
        _ => return None,
    };
    (!table.is_empty() && !table.starts_with('-')).then_some(Arguments { table, name, to })
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_alphabetic())
        && name.chars().all(|c| c.is_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_read() {
        let check = |rest: &str, table, name, to| {
            assert_eq!(
                arguments(rest),
                Some(Arguments { table, name, to }),
                "{rest}"
            );
        };
        check("loyalty", "loyalty", None, None);
        check(
            "shop.\"My Orders\" as Order",
            "shop.\"My Orders\"",
            Some("Order"),
            None,
        );
        check(
            "loyalty as L --to src/my loyalty.rs",
            "loyalty",
            Some("L"),
            Some("src/my loyalty.rs"),
        );
        check("\"a --to b\"", "\"a --to b\"", None, None);
        for rest in ["", "a b", "a as", "--to x", "a --to "] {
            assert_eq!(arguments(rest), None, "{rest}");
        }
    }
}
