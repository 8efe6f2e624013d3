//! All of one relation: its columns, and below them what else there is to say. The queries write
//! the lines; here is which of them are asked of which kind of relation.

use display::{Column, Expanded, Kind, Problem, Row, Table};

use super::Inquiry;
use crate::fetch::Fetched;
use crate::host::Host;
use crate::pattern::{Names, Pattern};
use crate::template;

/// What a pattern for relations is matched against, in every query that lists some.
pub(super) const NAMES: Names = Names {
    schema: Some("n.nspname"),
    name: "c.relname",
    or: None,
    visible: Some("pg_catalog.pg_table_is_visible(c.oid)"),
};

/// What is asked below the columns, in psql's order: of which kinds, and whether only with `+`.
const FOOTERS: &[(&str, bool, &str)] = &[
    ("rpfiI", false, include_str!("partition_of.sql")),
    ("p", false, include_str!("partition_key.sql")),
    ("t", false, include_str!("toast_owner.sql")),
    ("iI", false, include_str!("index.sql")),
    ("rmpt", false, include_str!("indexes.sql")),
    ("rfp", false, include_str!("checks.sql")),
    ("rfp", false, include_str!("foreign_keys.sql")),
    ("rp", false, include_str!("referenced_by.sql")),
    ("rmfp", false, include_str!("policies.sql")),
    ("rmfp", false, include_str!("statistics.sql")),
    ("rfp", false, include_str!("rules.sql")),
    ("rp", false, include_str!("publications.sql")),
    ("vm", true, include_str!("view.sql")),
    ("vm", true, include_str!("view_rules.sql")),
    ("rvfp", false, include_str!("triggers.sql")),
    ("f", false, include_str!("foreign.sql")),
    ("rf", false, include_str!("inherits.sql")),
    ("rfpI", true, include_str!("children.sql")),
    ("rfpI", false, include_str!("children_count.sql")),
    ("rvmfpcitI", false, include_str!("storage.sql")),
    ("S", false, include_str!("sequence_owner.sql")),
];

/// A relation that is described.
struct Relation {
    oid: String,
    /// `schema.name`, as psql prints it in titles.
    name: String,
    /// `pg_class.relkind`.
    kind: char,
    unlogged: bool,
}

impl<H: Host> Inquiry<'_, '_, H> {
    /// `\d PATTERN`: each relation that it means.
    pub(super) async fn describe(&mut self, pattern: &str) -> Result<(), Problem> {
        let parsed = self.pattern(Some(pattern), &NAMES).await?;
        let condition = Pattern::condition(parsed.as_ref(), &NAMES);
        let query = template::with_condition(&self.query(include_str!("find.sql")), &condition);
        let found: Vec<_> = self
            .run
            .ask(&query)
            .await?
            .rows
            .iter()
            .filter_map(Relation::read)
            .collect();
        if found.is_empty() {
            self.none(Some(pattern)).await;
        }
        for relation in &found {
            let mut table = self.columns(relation).await?;
            table.title = Some(relation.title());
            table.footers = Some(self.footers(relation).await?);
            let mut print = self.run.settings.print.clone();
            if relation.kind != 'S' {
                // A list of columns is a list, also after `\x`.
                print.expanded = Expanded::Off;
            }
            self.show(table, &print, found.len() == 1).await;
        }
        Ok(())
    }

    async fn columns(&mut self, relation: &Relation) -> Result<Table, Problem> {
        if relation.kind == 'S' {
            let fetched = self.ask_of(relation, include_str!("sequence.sql")).await?;
            return Ok(Table::new(fetched.columns, fetched.rows));
        }
        let fetched = self.ask_of(relation, include_str!("columns.sql")).await?;
        // psql aligns all of them to the left.
        let text = |column: Column| Column::new(column.name, "", Kind::Text);
        let columns = fetched.columns.into_iter().map(text).collect();
        Ok(Table::new(columns, fetched.rows))
    }

    async fn footers(&mut self, relation: &Relation) -> Result<Vec<String>, Problem> {
        let mut lines: Vec<String> = Vec::new();
        for (kinds, verbose, file) in FOOTERS {
            if !kinds.contains(relation.kind) || (*verbose && !self.verbose) {
                continue;
            }
            let mut above = None;
            for row in self.ask_of(relation, file).await?.rows {
                let mut row = row.into_iter();
                let (heading, line) = (row.next().flatten(), row.next().flatten());
                if heading != above {
                    lines.extend(heading.clone());
                    above = heading;
                }
                lines.extend(line);
            }
        }
        Ok(lines)
    }

    async fn ask_of(&mut self, relation: &Relation, file: &str) -> Result<Fetched, Problem> {
        let verbose = self.verbose;
        let query = template::query(file, self.version, |word| match word {
            "+" => verbose,
            "brief" => !verbose,
            _ => word
                .strip_prefix("in ")
                .is_some_and(|kinds| kinds.contains(relation.kind)),
        });
        self.run
            .ask(&template::with_constant(&query, "relation", &relation.oid))
            .await
    }
}

impl Relation {
    fn read(row: &Row) -> Option<Self> {
        let [oid, schema, name, kind, persistence] = row.as_slice() else {
            return None;
        };
        Some(Relation {
            oid: oid.clone()?,
            name: format!("{}.{}", schema.as_deref()?, name.as_deref()?),
            kind: kind.as_deref()?.chars().next()?,
            unlogged: persistence.as_deref() == Some("u"),
        })
    }

    fn title(&self) -> String {
        let kind = match (self.kind, self.unlogged) {
            ('r', false) => "Table",
            ('r', true) => "Unlogged table",
            ('v', _) => "View",
            ('m', false) => "Materialized view",
            ('m', true) => "Unlogged materialized view",
            ('S', false) => "Sequence",
            ('S', true) => "Unlogged sequence",
            ('i', false) => "Index",
            ('i', true) => "Unlogged index",
            ('I', false) => "Partitioned index",
            ('I', true) => "Unlogged partitioned index",
            ('t', _) => "TOAST table",
            ('c', _) => "Composite type",
            ('f', _) => "Foreign table",
            ('p', false) => "Partitioned table",
            ('p', true) => "Unlogged partitioned table",
            (other, _) => return format!("?{other}? \"{}\"", self.name),
        };
        format!("{kind} \"{}\"", self.name)
    }
}
