//! `%tables`: which relations the current connection holds.
//!
//! Servers that only resemble PostgreSQL know less of themselves, so the question has a ladder: the
//! catalog, the catalog's plainest part, `SHOW TABLES`, the standard's views. The first rung that
//! answers is remembered for the connection.

use std::ops::Range;

use display::{Bundle, Column, Kind, Problem, Row, Table};
use serde_json::{Value, json};

use super::refused;
use crate::catalog::{self, RelationKind};
use crate::fetch::Fetched;
use crate::host::{Host, Shown};
use crate::query::Run;
use crate::query_service;
use crate::wire::Transaction;

const LADDER: &[&str] = &[
    include_str!("tables/catalog.sql"),
    include_str!("tables/plain.sql"),
    "show tables",
    include_str!("tables/schema.sql"),
];

/// A relation, as far as the server tells.
struct Relation {
    schema: Option<String>,
    name: String,
    kind: &'static str,
    comment: Option<String>,
    rows_estimate: Option<u64>,
    bytes: Option<u64>,
}

/// `%tables [PATTERN] [--json]`.
pub(super) async fn tables<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (mut pattern, mut as_json) = (None, false);
    for word in rest.split_whitespace() {
        match word {
            "--json" => as_json = true,
            _ if word.starts_with("--") || pattern.is_some() => {
                return Err(refused(run, at, "%tables takes one pattern and --json"));
            }
            word => pattern = Some(word),
        }
    }
    let mut relations = ask(run).await?;
    if let Some(pattern) = pattern {
        relations.retain(|relation| relation.is_meant(pattern));
    }
    let bundle = match as_json {
        true => {
            let list: Value = relations.iter().map(Relation::json).collect();
            Bundle::plain(format!("{list:#}")).with("application/json", list)
        }
        false => table(&relations).bundle(&run.settings.print),
    };
    let shown = match run.is_last() {
        true => Shown::Result(bundle),
        false => Shown::Display(bundle, None),
    };
    run.host.show(shown).await;
    Ok(())
}

async fn ask<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    let session = run.session().await?;
    let mut rung = session.rung();
    loop {
        let sql = LADDER.get(rung).copied().unwrap_or_default();
        match run.ask(sql).await {
            Ok(fetched) => {
                session.remember_rung(rung);
                let relations = read(&fetched);
                if session.is_query_service() {
                    let known = relations.iter().map(Relation::known).collect();
                    session.catalog().learn_relations(known);
                }
                return Ok(relations);
            }
            // A failed question inside a transaction has ended it: no second one would be answered.
            Err(problem) => {
                let stands = session.status().transaction == Transaction::Idle;
                let told = problem
                    .code
                    .as_deref()
                    .is_some_and(|code| !code.starts_with("08") && !code.starts_with("57"));
                if rung + 1 == LADDER.len() || !stands || !told {
                    return Err(problem);
                }
                rung += 1;
            }
        }
    }
}

/// Reads what a rung answered: by place, or by the names that `SHOW TABLES` gives.
fn read(fetched: &Fetched) -> Vec<Relation> {
    let named = |names: &[&str]| {
        let column = |column: &Column| {
            names
                .iter()
                .any(|name| column.name.eq_ignore_ascii_case(name))
        };
        fetched.columns.iter().position(column)
    };
    let is_show = fetched
        .columns
        .first()
        .is_some_and(|column| column.name != "nspname" && column.name != "table_schema");
    let places = match is_show {
        true => [
            named(&["schema", "schema_name", "database"]),
            named(&["name", "table_name", "tablename"]).or(Some(0)),
            named(&["type", "kind"]),
            named(&["description", "comment"]),
            named(&["estimated_row_count"]),
            None,
        ],
        false => [0, 1, 2, 3, 4, 5].map(Some),
    };
    let cell = |row: &Row, place: usize| {
        row.get(places[place]?)?
            .clone()
            .filter(|text| !text.is_empty())
    };
    let relation = |row: &Row| {
        Some(Relation {
            schema: cell(row, 0),
            name: cell(row, 1)?,
            kind: match cell(row, 2).unwrap_or_default().to_lowercase().as_str() {
                "v" | "view" => "view",
                "m" | "materialized view" => "materialized view",
                "f" | "foreign table" => "foreign table",
                "p" => "partitioned table",
                _ => "table",
            },
            comment: cell(row, 3),
            rows_estimate: cell(row, 4).and_then(|text| text.parse().ok()),
            bytes: cell(row, 5).and_then(|text| text.parse().ok()),
        })
    };
    fetched.rows.iter().filter_map(relation).collect()
}

impl Relation {
    /// `name` or `schema.name`, with `*` and `?`; letters of any case.
    fn is_meant(&self, pattern: &str) -> bool {
        match pattern.split_once('.') {
            Some((schema, name)) => {
                fits(self.schema.as_deref().unwrap_or_default(), schema) && fits(&self.name, name)
            }
            None => fits(&self.name, pattern),
        }
    }

    /// As completion knows it.
    fn known(&self) -> catalog::Relation {
        catalog::Relation {
            schema: self.schema.clone().unwrap_or(query_service::SCHEMA.into()),
            name: self.name.clone(),
            kind: match self.kind {
                "view" => RelationKind::View,
                _ => RelationKind::Table,
            },
            rows: self.rows_estimate,
            comment: self.comment.clone(),
            ..catalog::Relation::default()
        }
    }

    fn json(&self) -> Value {
        json!({
            "schema": self.schema,
            "name": self.name,
            "kind": self.kind,
            "comment": self.comment,
            "rows_estimate": self.rows_estimate,
            "bytes": self.bytes,
        })
    }
}

fn table(relations: &[Relation]) -> Table {
    let columns = [
        ("schema", Kind::Text),
        ("name", Kind::Text),
        ("kind", Kind::Text),
        ("rows (estimate)", Kind::Number),
        ("size", Kind::Number),
        ("comment", Kind::Text),
    ];
    let columns = columns
        .map(|(name, kind)| Column::new(name, "", kind))
        .to_vec();
    let row = |relation: &Relation| {
        vec![
            relation.schema.clone(),
            Some(relation.name.clone()),
            Some(relation.kind.into()),
            relation.rows_estimate.map(|rows| rows.to_string()),
            relation.bytes.map(size),
            relation.comment.clone(),
        ]
    };
    Table::new(columns, relations.iter().map(row).collect())
}

/// Bytes as `pg_size_pretty` prints them.
fn size(bytes: u64) -> String {
    let mut size = bytes;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 10_240 {
            return format!("{size} {unit}");
        }
        size = size.div_ceil(1024);
    }
    format!("{size} TB")
}

/// Whether a name fits a pattern of `*`, `?` and letters of any case.
fn fits(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let (mut n, mut p) = (0, 0);
    // Behind the last `*`, and how much of the name it has been given.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, n));
            }
            Some(c) if *c == '?' || *c == name[n] => {
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
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (name, pattern, expected) in [
            ("people", "people", true),
            ("people", "PEO*", true),
            ("people", "*pl?", true),
            ("people", "peopl", false),
            ("people", "*", true),
            ("", "*", true),
            ("äpfel", "Ä?fel", true),
            ("a", "a?", false),
        ] {
            assert_eq!(fits(name, pattern), expected, "{name} {pattern}");
        }
    }

    #[test]
    fn sizes_are_pretty() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(16_384), "16 kB");
        assert_eq!(size(20 << 20), "20 MB");
    }

    #[test]
    fn show_tables_is_read_by_its_names() {
        let columns = ["name", "dataSetId", "dataSet", "description", "resolved"];
        let fetched = Fetched {
            columns: columns
                .map(|name| Column::new(name, "", Kind::Text))
                .to_vec(),
            rows: vec![
                ["events", "5f", "Events", "clicks", "true"]
                    .map(|text| Some(text.to_owned()))
                    .to_vec(),
            ],
            ..Fetched::default()
        };
        let relations = read(&fetched);
        assert_eq!(relations[0].name, "events");
        assert_eq!(relations[0].comment.as_deref(), Some("clicks"));
    }
}
