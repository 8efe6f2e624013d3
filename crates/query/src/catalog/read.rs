//! How the catalog is read: parts one after the other, each in pages that take some milliseconds.
//!
//! What a database's own users made comes first. What came with the server is read once a
//! connection: its names never change.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::{
    Catalog, Column, Function, Key, KeyKind, Names, Relation, RelationKind, Schema, Setting,
    Shared, Type, Way, gently, standard,
};
use crate::session::{Asker, NoAnswer, cost, lock};

/// What came with the server has an oid up to here (PostgreSQL's `FirstNormalObjectId` is the next).
const SERVERS_LAST: u32 = 16383;
/// More than these are not read: relations, columns, and of all else together.
const RELATIONS: usize = 20_000;
const COLUMNS: usize = 200_000;
const OTHERS: usize = 20_000;
/// The memory that the rows of one reading may take, however few they are.
const BYTES: usize = 128 << 20;

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// All was read that the server would tell.
    Done,
    /// The user's work came first; what is left has to wait.
    Busy,
    /// Some of it would have taken the server too long.
    Late,
}

type Row = Vec<Option<String>>;

/// Reads the catalog, all of it or only what users made, and publishes it part by part.
pub(super) async fn read(catalog: &Catalog, asker: &Asker, all: bool) -> Outcome {
    let way = *lock(&catalog.way);
    match way {
        Way::Catalog => {}
        Way::Standard => return plainly(catalog, asker).await,
        Way::Silent => return Outcome::Done,
    }
    let mut names = Names::clone(&catalog.names());
    let users = (SERVERS_LAST, u32::MAX);
    let servers = (0, SERVERS_LAST);
    let ranges: &[_] = if all { &[users, servers] } else { &[users] };
    let mut outcome = Outcome::Done;
    for (after, upto) in ranges {
        let reading = Reading {
            asker,
            after: *after,
            upto: *upto,
            late: AtomicBool::new(false),
            taken: AtomicUsize::new(0),
        };
        match reading.parts(&mut names, catalog).await {
            Ok(true) => {}
            Ok(false) => return plainly(catalog, asker).await,
            Err(_) => return Outcome::Busy,
        }
        if reading.late.load(Ordering::Relaxed) {
            outcome = Outcome::Late;
        }
    }
    outcome
}

/// Reads it of a server that has refused to tell what a PostgreSQL tells.
async fn plainly(catalog: &Catalog, asker: &Asker) -> Outcome {
    let way = match standard::read(catalog, asker).await {
        Ok(Some(())) => Way::Standard,
        Ok(None) => Way::Silent,
        Err(NoAnswer::Busy) => return Outcome::Busy,
        // Or it has gone: another connection may tell.
        Err(_) => return Outcome::Done,
    };
    *lock(&catalog.way) = way;
    Outcome::Done
}

/// One pass over objects with oids in a range.
struct Reading<'a> {
    asker: &'a Asker,
    after: u32,
    upto: u32,
    /// Some part did not come in time.
    late: AtomicBool,
    /// The memory that its rows have taken.
    taken: AtomicUsize,
}

impl Reading<'_> {
    /// Reads part after part; what the server refuses stays as it was known. False where it refuses
    /// the very relations.
    async fn parts(&self, names: &mut Names, catalog: &Catalog) -> Result<bool, NoAnswer> {
        let of_users = self.after == SERVERS_LAST;
        if of_users && let Some(schemas) = self.told(self.schemas().await)? {
            names.schemas = Arc::new(schemas);
        }
        let relations = self.relations().await;
        if of_users && relations.as_ref().err() == Some(&NoAnswer::Refused) {
            return Ok(false);
        }
        if let Some(relations) = self.told(relations)? {
            names.relations = self.merged(&names.relations, relations, |relation| relation.oid);
            catalog.publish(names);
        }
        let functions = self.pages(include_str!("functions.sql"), OTHERS, oid, function);
        if let Some(functions) = self.told(functions.await)? {
            names.functions = self.merged(&names.functions, functions, |function| function.oid);
        }
        let types = self.pages(include_str!("types.sql"), OTHERS, oid, type_);
        if let Some(types) = self.told(types.await)? {
            names.types = self.merged(&names.types, types, |known| known.oid);
        }
        if !of_users && let Some(settings) = self.told(self.settings().await)? {
            names.settings = Arc::new(settings);
        }
        catalog.publish(names);
        Ok(true)
    }

    async fn schemas(&self) -> Result<Vec<Schema>, NoAnswer> {
        let rows = self.ask(include_str!("schemas.sql")).await?;
        Ok(rows.into_iter().filter_map(schema).collect())
    }

    async fn settings(&self) -> Result<Vec<Setting>, NoAnswer> {
        let rows = self.ask(include_str!("settings.sql")).await?;
        Ok(rows.into_iter().filter_map(setting).collect())
    }

    /// Relations with their columns and keys.
    async fn relations(&self) -> Result<Vec<Relation>, NoAnswer> {
        let sql = include_str!("relations.sql");
        let mut relations = self.pages(sql, RELATIONS, oid, relation).await?;
        let mut shared = Shared::default();
        let sql = include_str!("columns.sql");
        let column = |row| column(row, &mut shared);
        for (oid, column) in self.pages(sql, COLUMNS, column_after, column).await? {
            if let Ok(at) = relations.binary_search_by_key(&oid, |relation| relation.oid) {
                relations[at].columns.push(column);
            }
        }
        let mut keys = self
            .pages(include_str!("keys.sql"), OTHERS, oid, key)
            .await?;
        keys.sort_by_key(|(_, key)| matches!(key.kind, KeyKind::Foreign(..)));
        for (oid, key) in keys {
            if let Ok(at) = relations.binary_search_by_key(&oid, |relation| relation.oid) {
                relations[at].keys.push(key);
            }
        }
        Ok(relations)
    }

    /// All pages of a query, each asked for with what the last row of the page before says.
    async fn pages<T>(
        &self,
        sql: &str,
        most: usize,
        next: impl Fn(&Row) -> Option<(u32, i16)>,
        mut item: impl FnMut(Row) -> Option<T>,
    ) -> Result<Vec<T>, NoAnswer> {
        /// A page of so few rows is not asked for in smaller ones.
        const LEAST: usize = 20;
        let (sql, mut size) = paged(sql);
        let (mut after, mut number) = (self.after, i16::MAX);
        let mut items = Vec::new();
        loop {
            let page = sql
                .replace(":'after'", &format!("'{after}'"))
                .replace(":'number'", &format!("'{number}'"))
                .replace(":'upto'", &format!("'{}'", self.upto));
            let rows = match self.ask(&format!("{page}{size}")).await {
                // Less at once may be quick enough.
                Err(NoAnswer::Late) if size > LEAST => {
                    size /= 4;
                    continue;
                }
                rows => rows?,
            };
            let full = rows.len() >= size;
            let last = rows.last().and_then(&next);
            items.extend(rows.into_iter().filter_map(&mut item));
            match last {
                // A server that comes to no end is not asked on.
                Some(last)
                    if full && items.len() < most && last > (after, number) && !self.full() =>
                {
                    (after, number) = last;
                }
                _ => break,
            }
        }
        items.truncate(most);
        Ok(items)
    }

    /// The rows of one question; then as long a rest as the answer took, so that at most half of
    /// the server's time is ours.
    async fn ask(&self, sql: &str) -> Result<Vec<Row>, NoAnswer> {
        /// The time counted has the user's own statement in it, which is no reason to rest.
        const REST: Duration = Duration::from_millis(50);
        let started = Instant::now();
        let rows = self.asker.ask(&gently(sql)).await?;
        let taken = rows.iter().map(|row| cost(row)).sum();
        self.taken.fetch_add(taken, Ordering::Relaxed);
        tokio::time::sleep(started.elapsed().min(REST)).await;
        Ok(rows)
    }

    /// Whether no more is to be read.
    fn full(&self) -> bool {
        self.taken.load(Ordering::Relaxed) > BYTES
    }

    /// An answer, or none where the server refused or was slow: only the user's work ends a reading.
    fn told<T>(&self, answer: Result<T, NoAnswer>) -> Result<Option<T>, NoAnswer> {
        match answer {
            Ok(told) => Ok(Some(told)),
            Err(NoAnswer::Refused | NoAnswer::Endless) => Ok(None),
            Err(NoAnswer::Late) => {
                self.late.store(true, Ordering::Relaxed);
                Ok(None)
            }
            Err(no @ (NoAnswer::Busy | NoAnswer::Ended)) => Err(no),
        }
    }

    /// What was read, and of what was known the rest, by oid.
    fn merged<T: Clone>(
        &self,
        known: &Arc<Vec<T>>,
        read: Vec<T>,
        oid: impl Fn(&T) -> u32,
    ) -> Arc<Vec<T>> {
        let here = |item: &T| (self.after + 1..=self.upto).contains(&oid(item));
        let mut items: Vec<T> = known.iter().filter(|item| !here(item)).cloned().collect();
        items.extend(read);
        items.sort_by_key(oid);
        Arc::new(items)
    }
}

/// A query up to the number of its limit, and that.
fn paged(sql: &str) -> (&str, usize) {
    let query = sql
        .trim_end()
        .trim_end_matches(|c: char| c.is_ascii_digit());
    let limit = sql
        .get(query.len()..)
        .and_then(|limit| limit.trim_end().parse().ok());
    (query, limit.unwrap_or(usize::MAX))
}

fn oid(row: &Row) -> Option<(u32, i16)> {
    Some((number(row, 0)?, i16::MAX))
}

fn column_after(row: &Row) -> Option<(u32, i16)> {
    Some((number(row, 0)?, number(row, 1)?))
}

fn schema(mut row: Row) -> Option<Schema> {
    Some(Schema {
        in_path: text(&mut row, 1).is_some(),
        comment: text(&mut row, 2),
        name: text(&mut row, 0)?,
    })
}

fn relation(mut row: Row) -> Option<Relation> {
    let kind = match row.get(3)?.as_deref()? {
        "p" => RelationKind::Partitioned,
        "v" => RelationKind::View,
        "m" => RelationKind::Materialized,
        "f" => RelationKind::Foreign,
        "S" => RelationKind::Sequence,
        _ => RelationKind::Table,
    };
    // Before version 14 a table that was never analyzed has 0 rows in 0 pages, then -1.
    let pages: i64 = number(&row, 5)?;
    let rows: i64 = number(&row, 4)?;
    Some(Relation {
        oid: number(&row, 0)?,
        kind,
        rows: u64::try_from(rows)
            .ok()
            .filter(|rows| *rows > 0 || pages > 0),
        comment: text(&mut row, 6),
        schema: text(&mut row, 1)?,
        name: text(&mut row, 2)?,
        ..Relation::default()
    })
}

fn column(mut row: Row, shared: &mut Shared) -> Option<(u32, Column)> {
    let column = Column {
        number: number(&row, 1)?,
        type_oid: number(&row, 3)?,
        type_name: shared.get(text(&mut row, 4)?),
        not_null: row.get(5)?.as_deref() == Some("t"),
        default: text(&mut row, 6),
        comment: text(&mut row, 7),
        name: text(&mut row, 2)?,
    };
    Some((number(&row, 0)?, column))
}

fn key(mut row: Row) -> Option<(u32, Key)> {
    let kind = match row.get(2)?.as_deref()? {
        "p" => KeyKind::Primary,
        "u" => KeyKind::Unique,
        _ => KeyKind::Foreign(number(&row, 5)?, numbers(&row, 6)),
    };
    let key = Key {
        columns: numbers(&row, 4),
        kind,
        name: text(&mut row, 3)?,
    };
    Some((number(&row, 1)?, key))
}

fn function(mut row: Row) -> Option<Function> {
    Some(Function {
        oid: number(&row, 0)?,
        schema: text(&mut row, 1)?,
        name: text(&mut row, 2)?,
        returns_set: row.get(3)?.as_deref() == Some("t"),
        arguments: text(&mut row, 4).unwrap_or_default(),
        result: text(&mut row, 5),
        comment: text(&mut row, 6),
    })
}

fn type_(mut row: Row) -> Option<Type> {
    Some(Type {
        oid: number(&row, 0)?,
        schema: text(&mut row, 1)?,
        name: text(&mut row, 2)?,
        kind: text(&mut row, 3)?,
        base: text(&mut row, 4),
        labels: list(text(&mut row, 5)),
        comment: text(&mut row, 6),
    })
}

fn setting(mut row: Row) -> Option<Setting> {
    Some(Setting {
        name: text(&mut row, 0)?,
        value: text(&mut row, 1).unwrap_or_default(),
        unit: text(&mut row, 2),
        kind: text(&mut row, 3)?,
        values: list(text(&mut row, 4)),
        does: text(&mut row, 5).unwrap_or_default(),
    })
}

fn text(row: &mut Row, at: usize) -> Option<String> {
    row.get_mut(at)?.take()
}

fn number<T: std::str::FromStr>(row: &Row, at: usize) -> Option<T> {
    row.get(at)?.as_deref()?.parse().ok()
}

/// Numbers with blanks between them.
fn numbers(row: &Row, at: usize) -> Vec<i16> {
    let text = row.get(at).and_then(Option::as_deref).unwrap_or_default();
    text.split(' ')
        .filter_map(|number| number.parse().ok())
        .collect()
}

/// A JSON array of strings.
fn list(json: Option<String>) -> Vec<String> {
    json.and_then(|json| serde_json::from_str::<Vec<String>>(&json).ok())
        .unwrap_or_default()
}
