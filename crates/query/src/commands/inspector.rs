//! `%tables` and `%describe`: what the current connection holds, as an outline to unfold or as JSON.

mod list;
mod others;
mod outline;

use std::ops::Range;

use display::{Bundle, Column, Kind, Problem, Table};
use serde_json::Value;

use self::list::list;
use self::outline::outline;
use super::refused;
use crate::catalog::gently;
use crate::complete::keywords::quoted;
use crate::host::Host;
use crate::inspector::{self, Path, Relation};
use crate::query::Run;
use crate::session::NoAnswer;
use crate::types;
use crate::wire::Transaction;

/// So many relations are listed with their columns.
const WITH_COLUMNS: usize = 200;
/// Rows of a sample.
const SAMPLE: usize = 5;
/// Characters of a value of a sample.
const SAMPLED: usize = 300;

/// `%tables [PATTERN] [--json]`.
pub(super) async fn tables<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (pattern, as_json) = arguments(rest)
        .ok_or_else(|| refused(run, at.clone(), "%tables takes one pattern and --json"))?;
    let mut relations = inspector::relations(run).await?;
    if let Some(pattern) = pattern {
        // The name of a schema alone means all that is in it, where no relation has that name.
        let names_one = glyphs(pattern).len() > 1
            || relations.iter().any(|relation| is_meant(relation, pattern));
        let schema = format!("{pattern}.*");
        let pattern = if names_one { pattern } else { &schema };
        relations.retain(|relation| is_meant(relation, pattern));
    }
    let few = relations.len() <= WITH_COLUMNS && !as_json;
    inspector::more(run, &mut relations, few).await?;
    let bundle = match as_json {
        true => json(relations.iter().map(Relation::listed).collect()),
        false => list(&relations, few, &run.settings.print),
    };
    run.show(bundle).await;
    Ok(())
}

/// `%describe NAME [--json]`.
pub(super) async fn describe<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (Some(name), as_json) = arguments(rest).unwrap_or_default() else {
        let why = "%describe takes a name (of a table, a view, a sequence, an index or a type), and --json";
        return Err(refused(run, at, why));
    };
    let path = Path::parse(name).map_err(|why| refused(run, at.clone(), why))?;
    let relation = match inspector::relation(run, &path).await {
        Ok(relation) => relation,
        Err(mut problem) => {
            if problem.code.as_deref() == Some("42P01")
                && let Some(other) = inspector::other(run, &path).await?
            {
                let bundle = match as_json {
                    true => json(other.described()),
                    false => others::outline(&other).bundle(&run.settings.print),
                };
                run.show(bundle).await;
                return Ok(());
            }
            problem.place = Some(run.place(at.start));
            return Err(problem);
        }
    };
    let bundle = match as_json {
        true => json(relation.described()),
        false => {
            let sample = sample(run, &relation).await?;
            outline(&relation, sample).bundle(&run.settings.print)
        }
    };
    run.show(bundle).await;
    Ok(())
}

/// One argument, which may be quoted and have blanks inside, and whether `--json` is there.
fn arguments(rest: &str) -> Option<(Option<&str>, bool)> {
    let mut rest = rest.trim();
    let mut as_json = false;
    if let Some(before) = rest.strip_suffix("--json")
        && (before.is_empty() || before.ends_with(char::is_whitespace))
    {
        (rest, as_json) = (before.trim_end(), true);
    } else if let Some(behind) = rest.strip_prefix("--json ") {
        (rest, as_json) = (behind.trim_start(), true);
    }
    let blanks_outside = rest.split('"').step_by(2);
    let is_one = !blanks_outside
        .clone()
        .any(|part| part.contains(char::is_whitespace));
    let is_known = !rest.starts_with("--");
    (is_one && is_known).then_some((Some(rest).filter(|rest| !rest.is_empty()), as_json))
}

fn json(value: Value) -> Bundle {
    Bundle::plain(format!("{value:#}")).with("application/json", value)
}

/// Some rows, where asking for them hurts nobody: no transaction is open, and the answer comes soon.
async fn sample<H: Host>(
    run: &mut Run<'_, H>,
    relation: &Relation,
) -> Result<Option<Table>, Problem> {
    if relation.columns.is_empty() {
        return Ok(None);
    }
    let session = run.session().await?;
    let values = relation.columns.iter();
    let values = values.map(|column| format!("left({}::text, {SAMPLED})", quoted(&column.name)));
    let values: Vec<String> = values.collect();
    let schema = relation
        .schema
        .as_deref()
        .map(|schema| format!("{}.", quoted(schema)));
    let sql = format!(
        "select {} from {}{} limit {SAMPLE}",
        values.join(", "),
        schema.unwrap_or_default(),
        quoted(&relation.name)
    );
    let ways = session.ways();
    let rows = match session.ask(&gently(&sql)).await {
        Ok(rows) => rows,
        // It knows no limits, so only what is sure to come soon is asked for.
        Err(NoAnswer::Refused)
            if ways.only_resembles()
                && relation.kind == inspector::Kind::Table
                && session.status().transaction == Transaction::Idle =>
        {
            match run.ask(&sql).await {
                Ok(fetched) => fetched.rows,
                Err(_) => return Ok(None),
            }
        }
        Err(_) => return Ok(None),
    };
    let columns = relation.columns.iter().map(|column| {
        let kind = match types::is_number(&column.type_name) {
            true => Kind::Number,
            false => Kind::Text,
        };
        Column::new(column.name.clone(), column.type_name.to_string(), kind)
    });
    Ok(Some(Table {
        footers: Some(Vec::new()),
        ..Table::new(columns.collect(), rows)
    }))
}

/// Whether a pattern means this relation: `name` or `schema.name`, with `*` and `?`; letters of any
/// case, but what is in double quotes is meant as it stands.
pub(super) fn is_meant(relation: &Relation, pattern: &str) -> bool {
    let mut parts = glyphs(pattern);
    let Some(name) = parts.pop() else { return true };
    let schema = parts.pop();
    fits(&relation.name, &name)
        && schema.is_none_or(|schema| fits(relation.schema.as_deref().unwrap_or_default(), &schema))
}

/// A piece of a pattern.
#[derive(Debug, Clone, Copy)]
enum Glyph {
    /// `*`
    Any,
    /// `?`
    One,
    /// A letter in any case.
    Letter(char),
    /// A letter in quotes.
    Exact(char),
}

/// The parts of a pattern between its dots.
fn glyphs(pattern: &str) -> Vec<Vec<Glyph>> {
    let mut parts = vec![Vec::new()];
    let mut quoted = false;
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(part) = parts.last_mut() else { break };
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => part.push(Glyph::Exact('"')),
            '"' => quoted = !quoted,
            c if quoted => part.push(Glyph::Exact(c)),
            '.' => parts.push(Vec::new()),
            '*' => part.push(Glyph::Any),
            '?' => part.push(Glyph::One),
            c => part.push(Glyph::Letter(c)),
        }
    }
    parts
}

impl Glyph {
    fn is(self, c: char) -> bool {
        match self {
            Glyph::Any => false,
            Glyph::One => true,
            Glyph::Letter(letter) => letter.to_lowercase().eq(c.to_lowercase()),
            Glyph::Exact(letter) => letter == c,
        }
    }
}

/// Whether a name fits a part of a pattern.
fn fits(name: &str, pattern: &[Glyph]) -> bool {
    let name: Vec<char> = name.chars().collect();
    let (mut n, mut p) = (0, 0);
    // Behind the last `*`, and how much of the name it has been given.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(Glyph::Any) => {
                p += 1;
                star = Some((p, n));
            }
            Some(glyph) if glyph.is(name[n]) => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((behind, given)) => {
                    *given += 1;
                    (p, n) = (*behind, *given);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|glyph| matches!(glyph, Glyph::Any))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_argument_and_json() {
        for (rest, expected) in [
            ("", Some((None, false))),
            ("--json", Some((None, true))),
            ("people --json", Some((Some("people"), true))),
            ("--json people", Some((Some("people"), true))),
            (
                "shop.\"Mixed Case\"",
                Some((Some("shop.\"Mixed Case\""), false)),
            ),
            ("a b", None),
            ("--all", None),
        ] {
            assert_eq!(arguments(rest), expected, "{rest}");
        }
    }

    #[test]
    fn patterns() {
        for (name, pattern, expected) in [
            ("people", "people", true),
            ("people", "PEO*", true),
            ("people", "*pl?", true),
            ("people", "peopl", false),
            ("people", "*", true),
            ("people", "public.*", true),
            ("people", "\"public\".people", true),
            ("people", "\"Public\".*", false),
            ("", "*", true),
            ("äpfel", "Ä?fel", true),
            ("a", "a?", false),
            ("Order Items", "\"Order Items\"", true),
            ("order items", "\"Order Items\"", false),
            ("a.b", "\"a.b\"", true),
            ("a\"b", "public.\"a\"\"b\"", true),
            ("a*", "\"a*\"", true),
            ("ab", "\"a*\"", false),
        ] {
            let relation = Relation {
                schema: Some("public".into()),
                name: name.into(),
                ..Relation::default()
            };
            assert_eq!(is_meant(&relation, pattern), expected, "{name} {pattern}");
        }
    }
}
