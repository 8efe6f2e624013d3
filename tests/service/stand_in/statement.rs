//! What the service answers to one statement: SELECT, SHOW, SET, transactions, and INSERT, the one
//! thing that writes.

use super::catalog;
use super::select::select;
use super::tables::{Column, Row, TEXT, Tables, columns, flat};
use super::talk::{Refusal, refuse};
use super::tokens::{Token, tokens};

/// An answer, with its command tag.
pub(super) enum Reply {
    Rows(Vec<Column>, Vec<Row>, String),
    Done(String),
}

/// The database of a session: the sandbox's tables, nested or flat.
pub(super) struct Database {
    flatten: bool,
}

impl Database {
    /// The database that goes by this name, where there is one.
    pub(super) fn named(name: &str) -> Option<Database> {
        match name {
            "prod:all" => Some(Database { flatten: false }),
            "prod:all?FLATTEN" => Some(Database { flatten: true }),
            _ => None,
        }
    }

    /// Whether this is a query of a table, which takes its time.
    pub(super) fn works_on(&self, statement: &str) -> bool {
        let words = tokens(statement);
        let begins = words.first() == Some(&word("select"));
        begins && words.contains(&word("from")) && catalog::relations(&words).is_empty()
    }

    pub(super) fn answer(
        &self,
        statement: &str,
        tables: &mut Tables,
        has_catalog: bool,
    ) -> Result<Reply, Refusal> {
        let all = tokens(statement);
        let words: Vec<&str> = all.iter().map_while(Token::word).collect();
        match words.as_slice() {
            ["select", ..] if !catalog::relations(&all).is_empty() => match has_catalog {
                true => catalog::answer(&all, tables),
                false => refuse("42P01", "Table or view not found: pg_catalog"),
            },
            ["select", ..] => {
                let (columns, rows) = select(&all[1..], |name| self.table(name, tables))?;
                let tag = format!("SELECT {}", rows.len());
                Ok(Reply::Rows(columns, rows, tag))
            }
            ["show", what @ ..] => show(what, tables),
            ["set", _] if all.len() == 2 || all.get(2) == Some(&Token::Sign('=')) => {
                Ok(Reply::Done("SET".into()))
            }
            ["begin", ..] => Ok(Reply::Done("BEGIN".into())),
            ["commit" | "end"] => Ok(Reply::Done("COMMIT".into())),
            ["rollback"] => Ok(Reply::Done("ROLLBACK".into())),
            ["insert", "into", into, "select", ..] => self.insert(into, &all[4..], tables),
            ["drop", "table", ..] => refuse("42501", "must be owner of the table to drop it"),
            ["insert" | "update" | "delete" | "merge" | "truncate", ..] => refuse(
                "0A000",
                format!("{} is not supported", words[0].to_uppercase()),
            ),
            [] if statement.trim_start().starts_with("$$") => Ok(Reply::Done("DO".into())),
            _ => refuse("42601", format!("syntax error: {}", statement.trim())),
        }
    }

    fn insert(&self, into: &str, query: &[Token], tables: &mut Tables) -> Result<Reply, Refusal> {
        let (columns, rows) = select(query, |name| self.table(name, tables))?;
        let table = tables
            .iter_mut()
            .find(|table| table.name == into && !table.is_view);
        let Some(table) = table else {
            return refuse("42P01", format!("Table or view not found: {into}"));
        };
        let names = |columns: &[Column]| columns.iter().map(|c| c.name.clone()).collect::<Vec<_>>();
        if names(&columns) != names(&table.columns) {
            let wanted = names(&table.columns).join(", ");
            return refuse("42601", format!("the query's columns have to be {wanted}"));
        }
        let tag = format!("INSERT 0 {}", rows.len());
        table.rows.extend(rows);
        Ok(Reply::Done(tag))
    }

    fn table(&self, name: &str, tables: &Tables) -> Option<(Vec<Column>, Vec<Row>)> {
        let table = tables.iter().find(|table| table.name == name)?;
        Some(match self.flatten {
            true => flat(table),
            false => (table.columns.clone(), table.rows.clone()),
        })
    }
}

impl Token {
    /// A keyword, a plain name or a number.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Token::Word(word) => Some(word),
            _ => None,
        }
    }
}

pub(super) fn word(word: &str) -> Token {
    Token::Word(word.to_owned())
}

fn show(what: &[&str], tables: &Tables) -> Result<Reply, Refusal> {
    let (names, rows): (&[&str], Vec<Vec<&str>>) = match what {
        ["tables"] => {
            let sets = [
                "5c86b896b3c162151785b43c",
                "5c86b8a0b3c162151785b43d",
                "5c86b8b4b3c162151785b43e",
            ];
            let tables = tables.iter().filter(|table| !table.is_view).zip(sets);
            let rows = tables.map(|(table, set)| vec![table.name, set, table.name, "", "true"]);
            (
                &["name", "dataSetId", "dataSet", "description", "resolved"],
                rows.collect(),
            )
        }
        ["views"] => {
            let views = tables.iter().filter(|table| table.is_view);
            let rows =
                views.map(|view| vec!["prod", "public", view.name, "1", "web_events", "ADLS"]);
            (
                &[
                    "Db Name",
                    "Schema Name",
                    "Name",
                    "Id",
                    "dependencies",
                    "TYPE",
                ],
                rows.collect(),
            )
        }
        ["primary", "keys"] => (
            &["tableName", "columnName", "datatype", "namespace"],
            vec![vec!["loyalty_members", "name", "text", "Loyalty"]],
        ),
        ["foreign", "keys"] => (
            &[
                "tableName",
                "columnName",
                "datatype",
                "referencedTableName",
                "referencedColumnName",
                "namespace",
            ],
            vec![vec![
                "loyalty_archive",
                "name",
                "text",
                "loyalty_members",
                "name",
                "Loyalty",
            ]],
        ),
        ["databases"] => (&["name"], vec![vec!["prod"]]),
        ["schemas"] => (&["database", "schema"], vec![vec!["prod", "public"]]),
        ["server_version"] => (&["server_version"], vec![vec!["0.1.0"]]),
        _ => {
            return refuse(
                "42601",
                format!("unrecognized parameter: {}", what.join(" ")),
            );
        }
    };
    let names: Vec<_> = names.iter().map(|name| (*name, TEXT)).collect();
    let rows = rows.into_iter();
    let rows = rows
        .map(|row| row.into_iter().map(|text| Some(text.to_owned())).collect())
        .collect();
    Ok(Reply::Rows(columns(&names), rows, "SHOW".into()))
}
