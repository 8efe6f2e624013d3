//! Which rows of a table, in which order, and how many.

use std::fmt;
use std::marker::PhantomData;

use super::{Model, columns, other_table, run};
use crate::connection::Db;
use crate::error::Result;
use crate::parameter::Parameter;
use crate::stream::Records;

/// A question for rows of a table, asked by [`all`](Filter::all), [`first`](Filter::first),
/// [`stream`](Filter::stream) or [`count`](Filter::count).
#[derive(Clone)]
pub struct Filter<T> {
    condition: Option<String>,
    parameters: Vec<Parameter>,
    order: Option<String>,
    limit: Option<u64>,
    of: PhantomData<fn() -> T>,
}

impl<T: Model> Filter<T> {
    pub(super) fn with(condition: String, parameters: Vec<Parameter>) -> Self {
        Filter {
            condition: Some(condition),
            parameters,
            ..Filter::default()
        }
    }

    /// In this order of SQL: `points desc, name`.
    pub fn order_by(mut self, order: &str) -> Self {
        self.order = Some(order.to_owned());
        self
    }

    /// No more rows than this.
    pub fn limit(mut self, rows: u64) -> Self {
        self.limit = Some(rows);
        self
    }

    /// The rows.
    ///
    /// # Errors
    /// The server's.
    pub fn all(&self, db: &Db) -> Result<Vec<T>> {
        self.stream(db)?
            .map(|row| row.map_err(other_table))
            .collect()
    }

    /// The rows, one after the other: see [`Db::stream`].
    ///
    /// # Errors
    /// The server's.
    pub fn stream(&self, db: &Db) -> Result<Records<T>> {
        let sql = self.sql(&columns::<T>());
        Ok(Records::new(run(db, sql, self.parameters.clone())?))
    }

    /// The first row.
    ///
    /// # Errors
    /// The server's.
    pub fn first(&self, db: &Db) -> Result<Option<T>> {
        Ok(self.clone().limit(1).all(db)?.into_iter().next())
    }

    /// How many rows there are.
    ///
    /// # Errors
    /// The server's.
    pub fn count(&self, db: &Db) -> Result<u64> {
        let sql = format!(
            "select count(*) from ({}) as counted",
            Filter {
                order: None,
                ..self.clone()
            }
            .sql("1 as one")
        );
        let mut rows = run(db, sql, self.parameters.clone())?;
        let row = rows.next().transpose().map_err(other_table)?;
        let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    fn sql(&self, what: &str) -> String {
        let mut sql = format!("select {what} from {}", T::TABLE);
        if let Some(condition) = &self.condition {
            // On a line of its own: it may end with a comment.
            sql.push_str(&format!(" where {condition}\n"));
        }
        if let Some(order) = &self.order {
            sql.push_str(&format!(" order by {order}\n"));
        }
        if let Some(limit) = self.limit {
            sql.push_str(&format!(" limit {limit}"));
        }
        sql
    }
}

impl<T> Default for Filter<T> {
    fn default() -> Self {
        Filter {
            condition: None,
            parameters: Vec::new(),
            order: None,
            limit: None,
            of: PhantomData,
        }
    }
}

impl<T: Model> fmt::Debug for Filter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql("*"))
    }
}
