//! `\d` and its kin on servers that only resemble PostgreSQL and do not understand psql's questions:
//! what can be found out in other ways, in psql's columns; or one word that it cannot.

use display::{Expanded, Print, Problem, Row, Table};

use super::relation::NAMES;
use super::{Inquiry, Noun, refused};
use crate::fetch::Fetched;
use crate::host::Host;
use crate::inspector::{self, ForeignKey, Kind, Path, Relation, is_system};
use crate::pattern::{Meant, Names, Pattern};
use crate::query_service;
use crate::texts;
use crate::variables::{identifier, literal};

/// Other questions, the plainest last. Their columns are known by their places.
const SCHEMAS: &[&str] = &[
    "select schema_name, schema_owner from information_schema.schemata \
     where catalog_name = current_database() order by 1",
    "select nspname from pg_catalog.pg_namespace order by 1",
];
const DATABASES: &[&str] = &[
    "show databases",
    "select datname from pg_catalog.pg_database",
];
const ROLES: &[&str] = &["select rolname from pg_catalog.pg_roles order by 1"];
const INDEXES: &[&str] =
    &["select schemaname, indexname, 'index', null, tablename from pg_catalog.pg_indexes"];
const SEQUENCES: &[&str] = &[
    "select sequence_schema, sequence_name, 'sequence', null from information_schema.sequences \
     where sequence_catalog = current_database()",
    "select schemaname, sequencename, 'sequence', null from pg_catalog.pg_sequences",
];

/// What has one name, outside of schemas.
const NAME: Names = Names {
    schema: None,
    ..NAMES
};

impl<H: Host> Inquiry<'_, '_, H> {
    /// Answers a command in other ways than psql's.
    pub(super) async fn elsewhere(
        &mut self,
        noun: &Noun,
        argument: Option<&str>,
    ) -> Result<(), Problem> {
        match (noun, argument) {
            (Noun::Relation, Some(pattern)) => self.describe_elsewhere(pattern).await,
            (Noun::Relations(letters), pattern) => self.relations_elsewhere(letters, pattern).await,
            (Noun::Schemas, pattern) => {
                let heads = ["Name", "Owner"];
                let found = self.told(noun, "schemas", SCHEMAS).await?;
                self.names_elsewhere(&found, heads, "List of schemas", pattern)
                    .await
            }
            (Noun::Databases, pattern) => {
                let found = self.told(noun, "databases", DATABASES).await?;
                let found = only(found, &["database_name", "datname", "name"]);
                self.names_elsewhere(&found, ["Name"], "List of databases", pattern)
                    .await
            }
            (Noun::Roles, pattern) => {
                let found = self.told(noun, "roles", ROLES).await?;
                self.names_elsewhere(&found, ["Role name"], "List of roles", pattern)
                    .await
            }
            (Noun::ViewSource, Some(name)) => self.view_elsewhere(noun, name).await,
            _ => Err(self.not_told(noun)),
        }
    }

    /// The answer to the first of these questions that the server knows.
    async fn told(
        &mut self,
        noun: &Noun,
        what: &'static str,
        ways: &[&str],
    ) -> Result<Fetched, Problem> {
        let ways: Vec<String> = ways.iter().map(|sql| (*sql).to_owned()).collect();
        match self.run.first_known(what, &ways).await? {
            Some(found) => Ok(found),
            None => Err(self.not_told(noun)),
        }
    }

    /// The server does not know any way in which its things of this kind are asked for.
    fn not_told(&self, noun: &Noun) -> Problem {
        let (command, things) = noun.words();
        let why = format!("{command}: this server does not tell its {things}");
        let mut problem = Problem::server("ERROR", "0A000", why);
        problem.place = Some(self.run.place(self.at.start));
        problem.advice = vec!["%tables and %describe NAME show what it tells of.".into()];
        problem
    }

    /// What a pattern means.
    fn meant(&self, pattern: Option<&str>, names: &Names) -> Result<Option<Meant>, Problem> {
        let Some(pattern) = pattern else {
            return Ok(None);
        };
        let meant = Pattern::parse(pattern, names).and_then(|pattern| pattern.meant());
        let meant = meant.map_err(|why| refused(self.run, self.at.clone(), why))?;
        Ok(Some(meant))
    }

    /// A list of names and what else these heads say of each; the system's only where they are
    /// asked for.
    async fn names_elsewhere<const N: usize>(
        &mut self,
        found: &Fetched,
        heads: [&str; N],
        title: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        let meant = self.meant(pattern, &NAME)?;
        let is_listed = |row: &&Row| {
            let name = row.first().and_then(Option::as_deref).unwrap_or_default();
            match &meant {
                Some(meant) => meant.has(None, name),
                None => self.system || !is_system(name),
            }
        };
        let mut rows: Vec<Row> = found.rows.iter().filter(is_listed).cloned().collect();
        for row in &mut rows {
            row.resize(N, None);
        }
        rows.dedup();
        let mut table = Table::new(texts::columns(heads), rows);
        table.title = Some(title.into());
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\dt`, `\dv`, `\di`, `\ds` and `\d` alone.
    async fn relations_elsewhere(
        &mut self,
        letters: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        let meant = self.meant(pattern, &NAMES)?;
        let mut rows: Vec<Row> = Vec::new();
        if letters.contains(['t', 'v', 'm', 'E']) {
            let relations = inspector::relations(self.run).await?;
            let listed = relations
                .iter()
                .filter(|relation| letters.contains(letter(relation.kind)));
            rows.extend(listed.map(|relation| {
                vec![
                    Some(schema(relation).to_owned()),
                    Some(relation.name.clone()),
                    Some(relation.kind.words().to_owned()),
                    relation.owner.clone(),
                ]
            }));
        }
        // Who asks for all is not refused for what is not told of these.
        let alone = rows.is_empty() && !letters.contains(['t', 'v', 'm', 'E']);
        for (letter, what, ways) in [('s', "sequences", SEQUENCES), ('i', "indexes", INDEXES)] {
            if !letters.contains(letter) {
                continue;
            }
            let ways: Vec<String> = ways.iter().map(|sql| (*sql).to_owned()).collect();
            match self.run.first_known(what, &ways).await? {
                Some(found) => rows.extend(found.rows),
                None if alone => {
                    let why = format!("\\d{letters}: this server does not tell its {what}");
                    return Err(refused(self.run, self.at.clone(), why));
                }
                None => {}
            }
        }
        rows.retain(|row| {
            let text = |at: usize| row.get(at).and_then(Option::as_deref);
            match &meant {
                Some(meant) => meant.has(text(0), text(1).unwrap_or_default()),
                None => self.system || !text(0).is_some_and(is_system),
            }
        });
        if rows.is_empty() {
            self.none(pattern).await;
            return Ok(());
        }
        let mut heads = texts::columns(["Schema", "Name", "Type", "Owner", "Table"]);
        if !letters.contains('i') {
            heads.pop();
        }
        for row in &mut rows {
            row.resize(heads.len(), None);
        }
        rows.sort();
        rows.dedup();
        let mut table = Table::new(heads, rows);
        table.title = Some("List of relations".into());
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\d PATTERN`.
    async fn describe_elsewhere(&mut self, pattern: &str) -> Result<(), Problem> {
        let meant = self.meant(Some(pattern), &NAMES)?;
        let mut relations = inspector::relations(self.run).await?;
        relations.retain(|known| {
            let of_schema = known.schema.as_deref();
            meant
                .as_ref()
                .is_some_and(|meant| meant.has(of_schema, &known.name))
        });
        if relations.is_empty() {
            self.none(Some(pattern)).await;
        }
        for known in &relations {
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
            table.footers = Some(footers(&relation));
            let print = Print {
                expanded: Expanded::Off,
                ..self.run.settings.print.clone()
            };
            self.show(table, &print, relations.len() == 1).await;
        }
        Ok(())
    }

    /// `\sv NAME`: the query of a view, or the whole statement where the server keeps that.
    async fn view_elsewhere(&mut self, noun: &Noun, name: &str) -> Result<(), Problem> {
        let path = Path::parse(name).map_err(|why| refused(self.run, self.at.clone(), why))?;
        let question = |of: &str, view: &str, schema: &str, definition: &str| {
            let mut sql = format!(
                "select {schema}, {view}, {definition} from {of} where lower({view}) = lower({})",
                literal(&path.name)
            );
            if let Some(wanted) = &path.schema {
                sql += &format!(" and lower({schema}) = lower({})", literal(wanted));
            }
            sql
        };
        let ways = [
            question(
                "pg_catalog.pg_views",
                "viewname",
                "schemaname",
                "definition",
            ),
            question(
                "information_schema.views",
                "table_name",
                "table_schema",
                "view_definition",
            ),
        ];
        let Some(found) = self.run.first_known("views' sources", &ways).await? else {
            return Err(self.not_told(noun));
        };
        let Some([Some(schema), Some(view), Some(text)]) = found.rows.first().map(Vec::as_slice)
        else {
            let why = format!("there is no view \"{name}\"");
            return Err(refused(self.run, self.at.clone(), why));
        };
        let text = text.trim_end_matches([';', '\n', ' ']);
        let is_whole = text
            .get(..6)
            .is_some_and(|word| word.eq_ignore_ascii_case("create"));
        let source = match is_whole {
            true => text.to_owned(),
            false => format!("CREATE OR REPLACE VIEW {schema}.{view} AS\n{text}"),
        };
        self.source(&source, |_| true).await;
        Ok(())
    }
}

/// The column of one of these names alone, else the first.
fn only(found: Fetched, names: &[&str]) -> Fetched {
    let at = found.place(names).unwrap_or(0);
    let rows = found.rows.into_iter();
    let rows = rows.map(|row| vec![row.into_iter().nth(at).flatten()]);
    Fetched {
        rows: rows.collect(),
        ..Fetched::default()
    }
}

/// The keys that are known of a relation, in psql's lines.
fn footers(relation: &Relation) -> Vec<String> {
    let list = |columns: &[String]| columns.join(", ");
    let mut lines = Vec::new();
    let mut section = |heading: &str, found: Vec<String>| {
        if !found.is_empty() {
            lines.push(heading.to_owned());
            lines.extend(found.into_iter().map(|line| format!("    {line}")));
        }
    };
    let quoted = |name: &Option<String>| match name {
        Some(name) => format!("{} ", identifier(name)),
        None => String::new(),
    };
    let primary = relation.primary_key.iter().map(|key| ("PRIMARY KEY", key));
    let unique = relation
        .unique_constraints
        .iter()
        .map(|key| ("UNIQUE CONSTRAINT", key));
    let indexes = primary.chain(unique);
    section(
        "Indexes:",
        indexes
            .map(|(kind, key)| format!("{}{kind} ({})", quoted(&key.name), list(&key.columns)))
            .collect(),
    );
    let refers = |key: &ForeignKey| {
        format!(
            "{}FOREIGN KEY ({}) REFERENCES {}({})",
            quoted(&key.name),
            list(&key.columns),
            key.referred_table,
            list(&key.referred_columns)
        )
    };
    section(
        "Foreign-key constraints:",
        relation.foreign_keys.iter().map(refers).collect(),
    );
    let referred = |key: &ForeignKey| {
        let name = key.name.as_deref();
        let constraint = name.map(|name| format!(" CONSTRAINT {}", identifier(name)));
        let constraint = constraint.unwrap_or_default();
        format!(
            "TABLE {}{} FOREIGN KEY ({}) REFERENCES {}({})",
            identifier(&key.referred_table),
            constraint,
            list(&key.referred_columns),
            relation.name,
            list(&key.columns)
        )
    };
    section(
        "Referenced by:",
        relation.referenced_by.iter().map(referred).collect(),
    );
    lines
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
