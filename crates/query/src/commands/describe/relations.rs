//! Lists of relations: `\d` alone, `\dt`, `\dv`, `\dmi`, `\dE`, …, and `\dP` of partitioned ones.

use display::{Problem, Table};

use super::relation::NAMES;
use super::{Inquiry, template};
use crate::host::Host;
use crate::pattern::Pattern;

/// What `\d` alone lists.
pub(super) const ALL: &str = "tvmsE";

/// The letters of a command for the kinds of relations: `pg_class.relkind`.
const KINDS: &[(char, &str)] = &[
    ('t', "rp"),
    ('v', "v"),
    ('m', "m"),
    ('i', "iI"),
    ('s', "S"),
    ('E', "f"),
];

impl<H: Host> Inquiry<'_, '_, H> {
    /// Lists the relations whose kinds `letters` names; other letters mean nothing.
    pub(super) async fn relations(
        &mut self,
        letters: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        let has = |letter| letters.contains(letter);
        let mut kinds: String = KINDS
            .iter()
            .filter(|(letter, _)| has(*letter))
            .map(|(_, kinds)| *kinds)
            .collect();
        // A pattern may mean TOAST tables, and what old servers call special.
        if self.system || pattern.is_some() {
            kinds += if has('t') { "ts" } else { "s" };
        }
        let parsed = self.pattern(pattern, &NAMES).await?;
        let query =
            self.list_query(
                include_str!("relations.sql"),
                pattern.is_some(),
                |word| match word {
                    "index" => has('i'),
                    "storage" => has('t') || has('m') || has('i'),
                    _ => false,
                },
            );
        // As psql asks, which servers that only resemble PostgreSQL know.
        let kinds: Vec<String> = kinds.chars().map(|kind| format!("'{kind}'")).collect();
        let query = query.replace(":kinds", &kinds.join(","));
        let condition = Pattern::condition(parsed.as_ref(), &NAMES);
        let found = self
            .run
            .ask(&template::with_condition(&query, &condition))
            .await?;
        if found.rows.is_empty() {
            self.none(pattern).await;
            return Ok(());
        }
        let mut table = Table::new(found.columns, found.rows);
        table.title = Some("List of relations".into());
        self.show(table, &self.run.settings.print, true).await;
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

    /// `\dP`: partitioned tables and indexes; `letters` may be `t` or `i`, and `n` for nested ones.
    pub(super) async fn partitioned(
        &mut self,
        letters: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        let (mut tables, mut indexes) = (letters.contains('t'), letters.contains('i'));
        if !tables && !indexes {
            (tables, indexes) = (true, true);
        }
        let nested = letters.contains('n') || pattern.is_some();
        let parsed = self.pattern(pattern, &NAMES).await?;
        let query =
            self.list_query(
                include_str!("partitioned.sql"),
                pattern.is_some(),
                |word| match word {
                    "index" => indexes,
                    "both" => tables && indexes,
                    "nested" => nested,
                    "topmost" => !nested,
                    "leaves" => letters.contains('n'),
                    _ => false,
                },
            );
        let kinds = format!(
            "{}{}",
            if tables { "p" } else { "" },
            if indexes { "I" } else { "" }
        );
        let query = template::with_constant(&query, "kinds", &kinds);
        let condition = Pattern::condition(parsed.as_ref(), &NAMES);
        let found = self
            .run
            .ask(&template::with_condition(&query, &condition))
            .await?;
        let what = match (tables, indexes) {
            (true, true) => "relations",
            (true, false) => "tables",
            _ => "indexes",
        };
        let mut table = Table::new(found.columns, found.rows);
        table.title = Some(format!("List of partitioned {what}"));
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }
}
