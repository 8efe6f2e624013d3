//! A row of an answer, whose values are read by the name or number of their column.

use std::any::type_name;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::types::Type;
use crate::value::{FromSql, Unreadable};
use crate::wire::{Block, Column};

/// A row. Rows that came together share their memory.
#[derive(Clone)]
pub struct Row {
    columns: Arc<[Column]>,
    block: Arc<Block>,
    place: Range<usize>,
}

/// How a column is told: by its name, or by its number from 0.
pub trait Place {
    /// The number of the column.
    ///
    /// # Errors
    /// There is no such column.
    fn number(&self, columns: &[Column]) -> Result<usize>;
}

impl Row {
    pub(crate) fn new(columns: Arc<[Column]>, block: Arc<Block>, place: Range<usize>) -> Self {
        Row {
            columns,
            block,
            place,
        }
    }

    /// A value.
    ///
    /// # Errors
    /// There is no such column, its values are no `T`, or this one is NULL and `T` is no `Option`.
    pub fn get<T: FromSql>(&self, place: impl Place) -> Result<T> {
        // What is generic is compiled by every cell anew: as little as can be.
        let number = place.number(&self.columns)?;
        let (ty, text) = self.value(number, T::accepts, type_name::<T>)?;
        match text {
            Some(text) => T::from_sql(&ty, text).map_err(|why| self.unreadable(number, &why)),
            None => T::null().ok_or_else(|| self.is_null(number, type_name::<T>())),
        }
    }

    /// A value as the server printed it; none is NULL.
    ///
    /// # Errors
    /// There is no such column.
    pub fn text(&self, place: impl Place) -> Result<Option<&str>> {
        self.text_of(place.number(&self.columns)?)
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The type and the text of a value for a Rust type that accepts types of its kind.
    fn value(
        &self,
        number: usize,
        accepts: fn(&Type<'_>) -> bool,
        rust: fn() -> &'static str,
    ) -> Result<(Type<'_>, Option<&str>)> {
        let column = self.column(number)?;
        let ty = Type::of(column);
        match accepts(&ty) {
            true => Ok((ty, self.text_of(number)?)),
            false => Err(wrong_type(column, rust())),
        }
    }

    fn text_of(&self, number: usize) -> Result<Option<&str>> {
        let value = self.block.value(self.place.clone(), number);
        value.ok_or_else(|| no_column(&number, &self.columns))
    }

    fn column(&self, number: usize) -> Result<&Column> {
        let column = self.columns.get(number);
        column.ok_or_else(|| no_column(&number, &self.columns))
    }

    fn unreadable(&self, number: usize, why: &Unreadable) -> Error {
        match self.column(number) {
            Ok(column) => Error::new(format!("column \"{}\": {why}", column.name)),
            Err(error) => error,
        }
    }

    fn is_null(&self, number: usize, rust: &str) -> Error {
        match self.column(number) {
            Ok(column) => Error::new(format!(
                "column \"{}\" ({}) is NULL here: read it as Option<{}>",
                column.name,
                column.type_name,
                rust_name(rust)
            )),
            Err(error) => error,
        }
    }
}

impl Place for usize {
    fn number(&self, columns: &[Column]) -> Result<usize> {
        match *self < columns.len() {
            true => Ok(*self),
            false => Err(no_column(self, columns)),
        }
    }
}

impl Place for &str {
    fn number(&self, columns: &[Column]) -> Result<usize> {
        let found = columns.iter().position(|column| column.name == *self);
        found.ok_or_else(|| no_column(&format_args!("\"{self}\""), columns))
    }
}

fn no_column(place: &dyn fmt::Display, columns: &[Column]) -> Error {
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    Error::new(format!(
        "there is no column {place}, only {}",
        names.join(", ")
    ))
}

fn wrong_type(column: &Column, rust: &str) -> Error {
    let ty = Type::of(column);
    let sql = if ty.name.is_empty() {
        "of a type made in the database"
    } else {
        ty.name
    };
    Error::new(format!(
        "column \"{}\" is {sql}: it becomes {}, not {}",
        column.name,
        ty.rust(),
        rust_name(rust)
    ))
}

/// The name of a Rust type as one writes it: without the modules it lies in.
fn rust_name(full: &str) -> String {
    let mut name = String::new();
    for word in full.split_inclusive(|c: char| !c.is_alphanumeric() && c != '_' && c != ':') {
        let start = word.rfind("::").map_or(0, |at| at + 2);
        name.push_str(word.get(start..).unwrap_or(word));
    }
    name
}

impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut map = f.debug_map();
        for (number, column) in self.columns.iter().enumerate() {
            let value = self.text(number).ok().flatten();
            map.entry(
                &format_args!("{}", column.name),
                &format_args!("{}", value.unwrap_or("NULL")),
            );
        }
        map.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Row {
        let column = |name: &str, oid, type_name: &str| Column {
            name: name.into(),
            oid,
            type_name: type_name.into(),
        };
        let columns = [
            column("id", 23, "integer"),
            column("name", 25, "text"),
            column("mood", 16999, "mood"),
        ];
        let mut block = Block::default();
        block.push([Some(&b"7"[..]), None, Some(b"glad")].into_iter());
        let (place, _) = block.row(0).unwrap();
        Row::new(columns.into(), Arc::new(block), place)
    }

    #[test]
    fn values_are_read_by_name_and_number() {
        let row = row();
        assert_eq!(row.get::<i32>("id"), Ok(7));
        assert_eq!(row.get::<i64>(0), Ok(7));
        assert_eq!(row.get::<Option<String>>("name"), Ok(None));
        assert_eq!(row.get::<String>("mood"), Ok("glad".into()));
        assert_eq!(format!("{row:?}"), "{id: 7, name: NULL, mood: glad}");
    }

    #[test]
    fn a_wrong_get_says_what_is_there() {
        let row = row();
        let check = |error: Error, expected: &str| assert_eq!(error.to_string(), expected);
        check(
            row.get::<String>("id").unwrap_err(),
            "column \"id\" is integer: it becomes i32, not String",
        );
        check(
            row.get::<Option<f32>>("name").unwrap_err(),
            "column \"name\" is text: it becomes String, not Option<f32>",
        );
        check(
            row.get::<String>("name").unwrap_err(),
            "column \"name\" (text) is NULL here: read it as Option<String>",
        );
        check(
            row.get::<i32>("Name").unwrap_err(),
            "there is no column \"Name\", only id, name, mood",
        );
        check(
            row.get::<i32>(9).unwrap_err(),
            "there is no column 9, only id, name, mood",
        );
        assert_eq!(
            rust_name(type_name::<Vec<Option<crate::Numeric>>>()),
            "Vec<Option<Numeric>>"
        );
    }
}
