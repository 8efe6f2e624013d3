//! Lists that are one query each: `\dn`, `\du`, `\dT`, `\dx`, `\l`, `\dp`.

use display::{Problem, Table};

use super::functions::type_name;
use super::{Inquiry, relation, template};
use crate::host::Host;
use crate::pattern::{Names, Pattern};

/// A list: the query in its file, and what a pattern is matched against.
pub(super) struct List {
    title: &'static str,
    file: &'static str,
    names: Names,
}

/// What has a name of its own, outside of schemas.
const fn named(name: &'static str) -> Names {
    Names {
        schema: None,
        name,
        or: None,
        visible: None,
    }
}

const SCHEMAS: List = List {
    title: "List of schemas",
    file: include_str!("schemas.sql"),
    names: named("n.nspname"),
};

const ROLES: List = List {
    title: "List of roles",
    file: include_str!("roles.sql"),
    names: named("r.rolname"),
};

const TYPES: List = List {
    title: "List of data types",
    file: include_str!("types.sql"),
    names: Names {
        schema: Some("n.nspname"),
        name: "t.typname",
        or: Some("pg_catalog.format_type(t.oid, null)"),
        visible: Some("pg_catalog.pg_type_is_visible(t.oid)"),
    },
};

const EXTENSIONS: List = List {
    title: "List of installed extensions",
    file: include_str!("extensions.sql"),
    names: named("e.extname"),
};

const DATABASES: List = List {
    title: "List of databases",
    file: include_str!("databases.sql"),
    names: named("d.datname"),
};

const PRIVILEGES: List = List {
    title: "Access privileges",
    file: include_str!("privileges.sql"),
    names: Names {
        visible: Some("n.nspname !~ '^pg_' and pg_catalog.pg_table_is_visible(c.oid)"),
        ..relation::NAMES
    },
};

impl<H: Host> Inquiry<'_, '_, H> {
    /// `\dn`: the schemas; under one that is named, what publishes it.
    pub(super) async fn schemas(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        let mut table = self.list(&SCHEMAS, pattern).await?;
        if let Some(pattern) = pattern.filter(|_| self.version >= 15) {
            let query = self.query(include_str!("schema_publications.sql"));
            let found = self
                .run
                .ask(&template::with_constant(&query, "schema", pattern))
                .await?;
            if !found.rows.is_empty() {
                let lines = found
                    .rows
                    .into_iter()
                    .filter_map(|mut row| row.pop().flatten());
                let heading = std::iter::once("Publications:".to_owned());
                table.footers = Some(heading.chain(lines).collect());
            }
        }
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\du` and `\dg`.
    pub(super) async fn roles(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        let mut table = self.list(&ROLES, pattern).await?;
        table.footers = Some(Vec::new());
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\dT`; a pattern may be any name of a type that SQL knows.
    pub(super) async fn types(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        let table = self.list(&TYPES, pattern.map(type_name)).await?;
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\dx`; with `+`, what belongs to each extension.
    pub(super) async fn extensions(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        if !self.verbose {
            let table = self.list(&EXTENSIONS, pattern).await?;
            self.show(table, &self.run.settings.print, true).await;
            return Ok(());
        }
        let names = List {
            file: include_str!("extension_names.sql"),
            ..EXTENSIONS
        };
        let found = self.list(&names, pattern).await?.rows;
        if found.is_empty() {
            let line = match pattern {
                Some(pattern) => format!("Did not find any extension named \"{pattern}\".\n"),
                None => "Did not find any extensions.\n".into(),
            };
            self.run.warn(line).await;
        }
        for row in &found {
            let [Some(name), Some(oid)] = row.as_slice() else {
                continue;
            };
            let query = self.query(include_str!("extension_members.sql"));
            let members = self
                .run
                .ask(&template::with_constant(&query, "extension", oid))
                .await?;
            let mut table = Table::new(members.columns, members.rows);
            table.title = Some(format!("Objects in extension \"{name}\""));
            self.show(table, &self.run.settings.print, found.len() == 1)
                .await;
        }
        Ok(())
    }

    /// `\l`.
    pub(super) async fn databases(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        let table = self.list(&DATABASES, pattern).await?;
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// `\dp` and `\z`.
    pub(super) async fn privileges(&mut self, pattern: Option<&str>) -> Result<(), Problem> {
        let table = self.list(&PRIVILEGES, pattern).await?;
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }

    /// The list of what a pattern means; without one, of all.
    async fn list(&mut self, list: &List, pattern: Option<&str>) -> Result<Table, Problem> {
        let parsed = self.pattern(pattern, &list.names).await?;
        let query = self.list_query(list.file, pattern.is_some(), |word| {
            word == "scalars" && !pattern.is_some_and(|pattern| pattern.contains("[]"))
        });
        let condition = Pattern::condition(parsed.as_ref(), &list.names);
        let found = self
            .run
            .ask(&template::with_condition(&query, &condition))
            .await?;
        let mut table = Table::new(found.columns, found.rows);
        table.title = Some(list.title.into());
        Ok(table)
    }
}
