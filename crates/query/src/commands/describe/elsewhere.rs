//! `\d NAME` and the lists of relations on servers that only resemble PostgreSQL: psql's questions
//! first, and where the server does not understand them what the inspector finds out in other ways,
//! in psql's columns.

use std::sync::atomic::Ordering;

use display::{Expanded, Print, Problem, Table};

use super::Inquiry;
use crate::commands::inspector::is_meant;
use crate::host::Host;
use crate::inspector::{self, Kind, Path, Relation};
use crate::query_service;
use crate::texts;

/// What `\d` alone lists.
const ALL: &str = "tvmsE";

impl<H: Host> Inquiry<'_, '_, H> {
    /// Describes the relations that a pattern means; without one lists them all. With `letters`
    /// lists in either case, the relations of the kinds that these name.
    pub(super) async fn of_relations(&mut self, letters: Option<&str>) -> Result<(), Problem> {
        let pattern = self.argument()?;
        let pattern = pattern.as_deref();
        let session = self.run.session().await?;
        let refused = match (letters, pattern) {
            (None, Some(_)) => &session.rungs().describing,
            _ => &session.rungs().listing,
        };
        if !refused.load(Ordering::Relaxed) {
            let asked = match (letters, pattern) {
                (None, Some(pattern)) => self.describe(pattern).await,
                _ => self.relations(letters.unwrap_or(ALL), pattern).await,
            };
            match asked {
                Err(problem) if self.is_not_understood(&problem).await? => {
                    refused.store(true, Ordering::Relaxed);
                }
                asked => return asked,
            }
        }
        match (letters, pattern) {
            (None, Some(pattern)) => self.describe_elsewhere(pattern).await,
            _ => self.list_elsewhere(letters.unwrap_or(ALL), pattern).await,
        }
    }

    /// Whether the server has answered that it does not understand a question.
    async fn is_not_understood(&mut self, problem: &Problem) -> Result<bool, Problem> {
        let code = problem.code.as_deref().unwrap_or_default();
        let not_understood = ["42", "0A", "58"]
            .iter()
            .any(|class| code.starts_with(class));
        Ok(not_understood && code != "42501" && inspector::goes_on(self.run, problem).await?)
    }

    async fn list_elsewhere(
        &mut self,
        letters: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        let mut relations = inspector::relations(self.run).await?;
        relations.retain(|relation| {
            letters.contains(letter(relation.kind))
                && pattern.is_none_or(|pattern| is_meant(relation, pattern))
        });
        if relations.is_empty() {
            self.none(pattern).await;
            return Ok(());
        }
        let row = |relation: &Relation| {
            vec![
                Some(schema(relation).to_owned()),
                Some(relation.name.clone()),
                Some(relation.kind.words().to_owned()),
                relation.owner.clone(),
            ]
        };
        let rows = relations.iter().map(row).collect();
        let mut table = Table::new(texts::columns(["Schema", "Name", "Type", "Owner"]), rows);
        table.title = Some("List of relations".into());
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    async fn describe_elsewhere(&mut self, pattern: &str) -> Result<(), Problem> {
        let relations = inspector::relations(self.run).await?;
        let meant = relations.iter().filter(|known| is_meant(known, pattern));
        let meant: Vec<_> = meant.collect();
        if meant.is_empty() {
            self.none(Some(pattern)).await;
        }
        for known in &meant {
            let path = Path {
                schema: known.schema.clone(),
                name: known.name.clone(),
            };
            let relation = inspector::relation(self.run, &path).await?;
            let rows = relation.columns.iter().map(|column| {
                vec![
                    Some(column.name.clone()),
                    // As `format_type` says of a type that it does not know.
                    Some(match &*column.type_name {
                        "" => "???".to_owned(),
                        name => name.to_owned(),
                    }),
                    column.collation.as_ref().map(|of| of.name.clone()),
                    (!column.nullable).then(|| "not null".to_owned()),
                    column.default.clone(),
                ]
            });
            let names = ["Column", "Type", "Collation", "Nullable", "Default"];
            let mut table = Table::new(texts::columns(names), rows.collect());
            let kind = relation.kind.words();
            let (first, rest) = kind.split_at(1);
            let (first, schema) = (first.to_uppercase(), schema(&relation));
            table.title = Some(format!("{first}{rest} \"{schema}.{}\"", relation.name));
            table.footers = Some(Vec::new());
            let print = Print {
                expanded: Expanded::Off,
                ..self.run.settings.print.clone()
            };
            self.show(table, &print, meant.len() == 1).await;
        }
        Ok(())
    }

    /// What psql says where a pattern means nothing, and where nothing is there.
    pub(super) async fn none(&self, pattern: Option<&str>) {
        let line = match pattern {
            Some(pattern) => format!("Did not find any relation named \"{pattern}\".\n"),
            None => "Did not find any relations.\n".into(),
        };
        self.run.warn(line).await;
    }
}

fn letter(kind: Kind) -> char {
    match kind {
        Kind::Table | Kind::Partitioned => 't',
        Kind::View => 'v',
        Kind::Materialized => 'm',
        Kind::Foreign => 'E',
    }
}

/// Where a server names none, all is in one.
fn schema(relation: &Relation) -> &str {
    relation.schema.as_deref().unwrap_or(query_service::SCHEMA)
}
