//! Help: the commands there are, and the syntax of SQL's.

use std::ops::Range;

use display::{Bundle, Problem};

use super::psql::argument_as;
use super::{Entry, PERCENT, PSQL, unknown};
use crate::arguments::Kind as Argument;
use crate::host::{Host, Shown};
use crate::query::Run;
use crate::texts;

/// Blocks as psql prints them: `Command:`, `Description:`, `Syntax:` and lines, `URL:`.
const SYNTAX: &str = include_str!("syntax.txt");

/// `\?`.
pub(super) async fn psql<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let width = PSQL
        .iter()
        .chain(PERCENT)
        .map(|entry| usage(entry).chars().count())
        .max();
    let list = |entries: &[Entry]| -> String {
        entries
            .iter()
            .map(|entry| {
                format!(
                    "  {:<1$}  {2}\n",
                    usage(entry),
                    width.unwrap_or(0),
                    entry.does
                )
            })
            .collect()
    };
    let text = format!(
        "psql's commands\n{}\nRowcell's commands (%help shows them with examples)\n{}",
        list(PSQL),
        list(PERCENT)
    );
    run.host.show(Shown::Page(Bundle::plain(text))).await;
    Ok(())
}

/// `\h [NAME]`.
pub(super) async fn sql<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let name = argument_as(run, Argument::WholeLine)?;
    let name = name.map(|name| name.trim().trim_end_matches(';').trim_end().to_uppercase());
    let text = match name.as_deref() {
        None | Some("") => {
            let names: Vec<&str> = topics().map(|(name, _)| name).collect();
            format!("Available help:\n  {}\n", names.join("\n  "))
        }
        Some("*") => topics()
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
            .join("\n"),
        Some(name) => match found(name).as_slice() {
            [] => format!(
                "No help available for \"{name}\".\nTry \\h with no arguments to see available help.\n"
            ),
            found => found.join("\n"),
        },
    };
    run.host.show(Shown::Page(Bundle::plain(text))).await;
    Ok(())
}

/// The pages of this very command, else of all that begin so, else of its first words.
fn found(name: &str) -> Vec<&'static str> {
    let mut name = name;
    loop {
        let exact = topics().filter(|(topic, _)| *topic == name);
        let exact: Vec<_> = exact.map(|(_, text)| text).collect();
        if !exact.is_empty() {
            return exact;
        }
        let begun = topics().filter(|(topic, _)| topic.starts_with(name));
        let begun: Vec<_> = begun.map(|(_, text)| text).collect();
        if !begun.is_empty() {
            return begun;
        }
        match name.rsplit_once(char::is_whitespace) {
            Some((shorter, _)) => name = shorter.trim_end(),
            None => return Vec::new(),
        }
    }
}

/// The SQL commands with their pages.
pub(crate) fn topics() -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut rest = SYNTAX.find("Command:").map_or("", |start| &SYNTAX[start..]);
    std::iter::from_fn(move || {
        let name = rest.strip_prefix("Command:")?.lines().next()?.trim();
        let end = rest.find("\nCommand:").map_or(rest.len(), |end| end + 1);
        let (page, after) = rest.split_at(end);
        rest = after;
        Some((name, page.trim_end_matches('\n')))
    })
}

/// `%help [COMMAND]`.
pub(super) async fn percent<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let row = |entry: &Entry| texts::row([&usage(entry), entry.does, entry.example]);
    let rows = match rest {
        "" => PERCENT.iter().chain(PSQL).map(row).collect(),
        name => {
            let is_it = |entry: &&Entry| {
                entry.name == name || entry.name.trim_start_matches(['%', '\\']) == name
            };
            match PERCENT.iter().chain(PSQL).find(is_it) {
                Some(entry) => vec![row(entry)],
                None => {
                    let all = if name.starts_with('\\') {
                        PSQL
                    } else {
                        PERCENT
                    };
                    return Err(unknown(run, name, at, all));
                }
            }
        }
    };
    let table = texts::table(["command", "does", "example"], rows);
    run.show(table.bundle(&run.settings.print)).await;
    Ok(())
}

fn usage(entry: &Entry) -> String {
    match entry.arguments {
        "" => entry.name.to_owned(),
        arguments => format!("{} {arguments}", entry.name),
    }
}
