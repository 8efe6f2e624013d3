//! Tables as types: create, read, update and delete without SQL.
//!
//! `%model TABLE` makes a struct that is a [`Model`]; everything below is what it can do then.

mod filter;
mod key;

use std::fmt;

use crate::connection::Db;
use crate::error::{Error, Result};
use crate::parameter::{Parameter, ToSql};
use crate::record::Record;
use crate::stream::Rows;
use crate::table::{ROWS, as_query, identifier};

pub use filter::Filter;
pub use key::Key;

/// A struct that is a row of a table.
pub trait Model: Record + Clone + PartialEq {
    /// The table, as SQL writes it.
    const TABLE: &'static str;
    /// The columns of its primary key; none where it has none.
    const KEY: &'static [&'static str];
    /// The columns that the table fills where an insert leaves them out.
    const DEFAULTS: &'static [&'static str];
    /// The columns that only the table fills.
    const GENERATED: &'static [&'static str];

    /// A row to be filled in: constant defaults are set, everything else is empty. What is still so
    /// when it is inserted is left to the table's default, where it has one.
    fn new() -> Self;

    /// What the database holds of it.
    fn stored(&mut self) -> &mut Stored<Self>;

    /// All rows.
    ///
    /// # Errors
    /// The server's.
    fn all(db: &Db) -> Result<Vec<Self>> {
        Filter::default().all(db)
    }

    /// The row with this key: a value, or a tuple of values.
    ///
    /// # Errors
    /// The server's; the table has no primary key, or one of another number of columns.
    fn find(db: &Db, key: impl Key) -> Result<Option<Self>> {
        let key = key.parameters();
        if key.len() != Self::KEY.len() || key.is_empty() {
            return Err(match Self::KEY {
                [] => no_key::<Self>("find"),
                columns => Error::new(format!(
                    "the key of {} is ({})",
                    Self::TABLE,
                    columns.join(", ")
                )),
            });
        }
        Filter::with(condition(Self::KEY, 0), key).first(db)
    }

    /// The rows for which a condition of SQL holds: `Loyalty::filter("points > $1", &[&100])`.
    fn filter(condition: &str, parameters: &[&dyn ToSql]) -> Filter<Self> {
        Filter::with(
            condition.to_owned(),
            parameters.iter().map(|value| value.parameter()).collect(),
        )
    }

    /// All rows in an order of SQL: `Loyalty::order_by("points desc")`.
    fn order_by(order: &str) -> Filter<Self> {
        Filter::default().order_by(order)
    }

    /// No more rows than this.
    fn limit(rows: u64) -> Filter<Self> {
        Filter::default().limit(rows)
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// The server's.
    fn count(db: &Db) -> Result<u64> {
        Filter::<Self>::default().count(db)
    }

    /// Inserts it, and takes over what the table has made of it: defaults, generated keys.
    ///
    /// # Errors
    /// The server's, with the constraint that was violated.
    fn insert(&mut self, db: &Db) -> Result<Self> {
        self.insert_or(db, "")
    }

    /// Inserts rows, many with one statement, all or none; answers them as they are in the table.
    ///
    /// # Errors
    /// The server's, with the constraint that was violated.
    fn insert_all(db: &Db, rows: &[Self]) -> Result<Vec<Self>> {
        if db.about()?.query_service {
            for rows in rows.chunks(ROWS) {
                append(db, rows)?;
            }
            return Ok(rows.to_vec());
        }
        db.transaction(|t| {
            let mut inserted = Vec::with_capacity(rows.len());
            for rows in rows.chunks(ROWS) {
                let (sql, parameters) = insert(rows, "");
                read(run(t, sql, parameters)?, &mut inserted)?;
            }
            Ok(inserted)
        })
    }

    /// Inserts it, or where a row with its key is there, makes that one like it.
    ///
    /// # Errors
    /// The server's; the table has no primary key.
    fn upsert(&mut self, db: &Db) -> Result<Self> {
        if Self::KEY.is_empty() {
            return Err(no_key::<Self>("upsert"));
        }
        let key = names(Self::KEY);
        let sent = sent(std::slice::from_ref(self));
        let set = sent.iter().filter(|(_, name)| !Self::KEY.contains(name));
        let set: Vec<_> = set
            .map(|(_, name)| format!("{0} = excluded.{0}", identifier(name)))
            .collect();
        let action = match set.is_empty() {
            // A row that is there already is to be read back, too.
            true => format!("do update set {0} = excluded.{0}", identifier(Self::KEY[0])),
            false => format!("do update set {}", set.join(", ")),
        };
        self.insert_or(db, &format!(" on conflict ({key}) {action}"))
    }

    /// Writes what has changed since it was read; false where nothing has.
    ///
    /// # Errors
    /// The server's; it was not read from the table, or is not there any more.
    fn update(&mut self, db: &Db) -> Result<bool> {
        let before = self.row_there("update")?;
        let (old, new) = (before.write(), self.write());
        let changed: Vec<usize> = (0..new.len())
            .filter(|place| old.get(*place) != new.get(*place))
            .collect();
        if changed.is_empty() {
            return Ok(false);
        }
        append_only::<Self>(db, "update")?;
        let mut parameters = Vec::new();
        let mut sets = Vec::new();
        for place in changed {
            if let (Some(field), Some(value)) = (Self::FIELDS.get(place), new.get(place)) {
                parameters.push(of_column(value.clone()));
                sets.push(format!(
                    "{} = ${}",
                    identifier(field.name()),
                    parameters.len()
                ));
            }
        }
        let condition = condition(Self::KEY, parameters.len());
        parameters.extend(key(&before));
        let (table, columns) = (Self::TABLE, columns::<Self>());
        let sql = format!(
            "update {table} set {} where {condition} returning {columns}",
            sets.join(", ")
        );
        match one(run(db, sql, parameters)?)? {
            Some(row) => {
                *self = row;
                Ok(true)
            }
            None => Err(gone(&before)),
        }
    }

    /// Deletes it.
    ///
    /// # Errors
    /// The server's; it was not read from the table, or is not there any more.
    fn delete(&mut self, db: &Db) -> Result<()> {
        let before = self.row_there("delete")?;
        append_only::<Self>(db, "delete")?;
        let sql = format!(
            "delete from {} where {}",
            Self::TABLE,
            condition(Self::KEY, 0)
        );
        match run(db, sql, key(&before))?.finish()? {
            0 => Err(gone(&before)),
            _ => {
                *self.stored() = Stored::default();
                Ok(())
            }
        }
    }

    #[doc(hidden)]
    fn insert_or(&mut self, db: &Db, otherwise: &str) -> Result<Self> {
        if db.about()?.query_service {
            if !otherwise.is_empty() {
                append_only::<Self>(db, "upsert")?;
            }
            append(db, std::slice::from_ref(self))?;
            return Ok(self.clone());
        }
        let (sql, parameters) = insert(std::slice::from_ref(self), otherwise);
        match one(run(db, sql, parameters)?)? {
            Some(row) => *self = row,
            None => return Err(Error::new(format!("{} took no row", Self::TABLE))),
        }
        Ok(self.clone())
    }

    /// The row as it was read.
    #[doc(hidden)]
    fn row_there(&mut self, what: &str) -> Result<Self> {
        if Self::KEY.is_empty() {
            return Err(no_key::<Self>(what));
        }
        self.stored().0.as_deref().cloned().ok_or_else(|| {
            Error::new(format!(
                "this row of {} was not read from the table: insert it first",
                Self::TABLE
            ))
        })
    }
}

/// What the database holds of a row: the row as it was read, or nothing for a new one. Rows that
/// differ in nothing else are equal.
#[derive(Clone)]
pub struct Stored<T>(Option<Box<T>>);

impl<T: Model> Stored<T> {
    /// The row, which remembers what it is now.
    pub fn keep(mut row: T) -> T {
        let now = row.clone();
        row.stored().0 = Some(Box::new(now));
        row
    }
}

impl<T> Default for Stored<T> {
    fn default() -> Self {
        Stored(None)
    }
}

impl<T> PartialEq for Stored<T> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl<T> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "as read" } else { "new" })
    }
}

/// The columns, as a list of SQL, which cannot be empty.
fn columns<T: Model>() -> String {
    let names: Vec<_> = T::FIELDS
        .iter()
        .map(|field| identifier(field.name()))
        .collect();
    match names.is_empty() {
        true => "null".into(),
        false => names.join(", "),
    }
}

/// The value of a column. An array of texts may be one of any type that comes as text: which, the
/// column says.
fn of_column(value: Parameter) -> Parameter {
    match value.cast.as_deref() {
        Some("text[]") => Parameter {
            cast: None,
            ..value
        },
        _ => value,
    }
}

fn names(columns: &[&str]) -> String {
    columns
        .iter()
        .map(|name| identifier(name))
        .collect::<Vec<_>>()
        .join(", ")
}

/// `"a" = $3 and "b" = $4`, with so many parameters before.
fn condition(columns: &[&str], before: usize) -> String {
    let parts = columns.iter().enumerate();
    let parts =
        parts.map(|(index, name)| format!("{} = ${}", identifier(name), before + index + 1));
    parts.collect::<Vec<_>>().join(" and ")
}

/// The values of the primary key.
fn key<T: Model>(row: &T) -> Vec<Parameter> {
    let values = row.write();
    let place = |name: &&str| T::FIELDS.iter().position(|field| field.name() == *name);
    T::KEY
        .iter()
        .filter_map(|name| values.get(place(name)?).cloned())
        .collect()
}

/// The columns that an insert of these rows names, with their places: those that only the table
/// fills are left out, and those that all rows leave to its defaults.
fn sent<T: Model>(rows: &[T]) -> Vec<(usize, &'static str)> {
    let empty = T::new().write();
    let names = T::FIELDS.iter().map(|field| field.name()).enumerate();
    let is_sent = |place: usize, name: &'static str| {
        let is_set = |row: &T| row.write().get(place) != empty.get(place);
        !T::GENERATED.contains(&name) && (!T::DEFAULTS.contains(&name) || rows.iter().any(is_set))
    };
    names
        .filter(|(place, name)| is_sent(*place, name))
        .collect()
}

/// The statement that inserts these rows and answers them as they are then.
fn insert<T: Model>(rows: &[T], otherwise: &str) -> (String, Vec<Parameter>) {
    let (table, columns) = (T::TABLE, columns::<T>());
    let sent = sent(rows);
    if sent.is_empty() && rows.len() == 1 {
        let sql = format!("insert into {table} default values{otherwise} returning {columns}");
        return (sql, Vec::new());
    }
    let empty = T::new().write();
    let mut parameters = Vec::new();
    let tuples: Vec<String> = rows
        .iter()
        .map(|row| {
            let mut values = row.write();
            let values = sent.iter().map(|(place, name)| {
                let value = values
                    .get_mut(*place)
                    .map(std::mem::take)
                    .unwrap_or_default();
                if T::DEFAULTS.contains(name) && empty.get(*place) == Some(&value) {
                    return "default".to_owned();
                }
                parameters.push(of_column(value));
                format!("${}", parameters.len())
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    let sent: Vec<_> = sent.iter().map(|(_, name)| *name).collect();
    let rows = match (sent.as_slice(), T::FIELDS) {
        ([], []) => format!("select from generate_series(1, {})", rows.len()),
        // Rows of nothing but defaults need a column to say so.
        ([], [first, ..]) => {
            let values = vec!["(default)"; rows.len()].join(", ");
            format!("({}) values {values}", identifier(first.name()))
        }
        (sent, _) => format!("({}) values {}", names(sent), tuples.join(", ")),
    };
    let sql = format!("insert into {table} {rows}{otherwise} returning {columns}");
    (sql, parameters)
}

/// Query Service's only way to add rows, which answers none.
fn append<T: Model>(db: &Db, rows: &[T]) -> Result<()> {
    let Some((query, parameters)) = as_query(rows) else {
        return Ok(());
    };
    let sql = format!("insert into {} {query}", T::TABLE);
    run(db, sql, parameters)?.finish().map(drop)
}

/// Refuses what Query Service cannot do, before anything is sent.
fn append_only<T: Model>(db: &Db, what: &str) -> Result<()> {
    if !db.about()?.query_service {
        return Ok(());
    }
    let why = format!(
        "Query Service cannot {what} rows of {}: it only appends",
        T::TABLE
    );
    Err(Error {
        code: Some("0A000".into()),
        ..Error::new(why)
    }
    .advise("Nothing was sent. insert() writes the INSERT INTO … SELECT that it has."))
}

fn run(db: &Db, sql: String, parameters: Vec<Parameter>) -> Result<Rows> {
    db.run(sql, parameters).map_err(other_table)
}

/// A word on what it means that a table or a column of a model is not there.
fn other_table(error: Error) -> Error {
    match error.code.as_deref() {
        Some("42703" | "42P01") => {
            error.advise("The table is not as %model found it: run %model again.")
        }
        _ => error,
    }
}

fn read<T: Model>(rows: Rows, into: &mut Vec<T>) -> Result<()> {
    for row in rows {
        into.push(T::read(&row.map_err(other_table)?)?);
    }
    Ok(())
}

/// The first row of an answer.
fn one<T: Model>(rows: Rows) -> Result<Option<T>> {
    let mut all = Vec::new();
    read(rows, &mut all)?;
    Ok(all.into_iter().next())
}

fn no_key<T: Model>(what: &str) -> Error {
    Error::new(format!(
        "{} has no primary key, which {what} needs",
        T::TABLE
    ))
}

fn gone<T: Model>(row: &T) -> Error {
    let key = key(row)
        .into_iter()
        .map(|value| value.text.unwrap_or_else(|| "NULL".into()));
    let key = key.collect::<Vec<_>>().join(", ");
    Error::new(format!(
        "{} has no row ({}) = ({key}) any more",
        T::TABLE,
        T::KEY.join(", ")
    ))
}
