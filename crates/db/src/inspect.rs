//! The inspector: what the database holds, asked of the kernel, in the words of SQLAlchemy's.

use crate::connection::Db;
use crate::error::Result;
use crate::record::Record;
use crate::wire::Request;

crate::row! {
    /// A table, a view or the like.
    struct Relation {
        schema: Option<String>,
        name: String,
        /// In the words of SQL: `table`, `materialized view`.
        kind: String,
        comment: Option<String>,
        /// The planner's guess.
        rows_estimate: Option<i64>,
        /// On the disk, with indexes.
        bytes: Option<i64>,
    }

    /// A column.
    struct Column {
        name: String,
        /// As PostgreSQL prints it: `numeric(10,2)`.
        r#type: String,
        nullable: bool,
        default: Option<String>,
        /// `ALWAYS` or `BY DEFAULT`, of an identity column.
        identity: Option<String>,
        /// The expression of a generated column.
        computed: Option<String>,
        comment: Option<String>,
    }

    /// A primary or unique key.
    struct Key {
        name: Option<String>,
        columns: Vec<String>,
    }

    /// A foreign key. Of those that refer to a table, `columns` are its own and `referred_…` are the
    /// other table's.
    struct ForeignKey {
        name: Option<String>,
        columns: Vec<String>,
        referred_schema: Option<String>,
        referred_table: String,
        referred_columns: Vec<String>,
        on_update: Option<String>,
        on_delete: Option<String>,
    }

    /// An index.
    struct Index {
        name: String,
        /// None where an expression stands.
        columns: Vec<Option<String>>,
        /// All of its parts, where some are expressions.
        expressions: Vec<String>,
        unique: bool,
        /// `btree`, `gin`, …
        method: String,
        /// Of a partial index.
        condition: Option<String>,
    }

    /// A check constraint.
    struct Check {
        name: String,
        sqltext: String,
    }
}

/// What answers questions about the database. Names of relations are written as in SQL:
/// `people`, `shop.orders`, `"Mixed Case"`.
#[derive(Clone, Copy, Debug)]
pub struct Inspector {
    db: Db,
}

impl Db {
    /// The inspector of the current connection.
    ///
    /// # Errors
    /// The kernel does not answer.
    pub fn inspect(&self) -> Result<Inspector> {
        self.about()?;
        Ok(Inspector { db: *self })
    }
}

/// Questions about one relation.
macro_rules! questions {
    ($($(#[$about:meta])* $question:ident -> $record:ty;)+) => {
        impl Inspector {$(
            $(#[$about])*
            ///
            /// # Errors
            /// There is no such relation, or the server does not answer.
            pub fn $question(&self, relation: &str) -> Result<Vec<$record>> {
                self.ask(stringify!($question), Some(relation))
            }
        )+}
    };
}

questions! {
    /// The columns of a relation, in their order.
    columns -> Column;
    /// The foreign keys of a table.
    foreign_keys -> ForeignKey;
    /// The foreign keys that refer to a table.
    referenced_by -> ForeignKey;
    /// The indexes of a table.
    indexes -> Index;
    /// The unique constraints of a table.
    unique_constraints -> Key;
    /// The check constraints of a table.
    check_constraints -> Check;
}

impl Inspector {
    /// All tables, views and the like.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn relations(&self) -> Result<Vec<Relation>> {
        self.ask("relations", None)
    }

    /// The names of all tables; with their schema, where the name alone would not find them.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn table_names(&self) -> Result<Vec<String>> {
        self.names("table_names")
    }

    /// The names of all views, materialized ones among them.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn view_names(&self) -> Result<Vec<String>> {
        self.names("view_names")
    }

    /// The names of the schemas that hold something.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn schema_names(&self) -> Result<Vec<String>> {
        self.names("schema_names")
    }

    /// Whether there is a relation of this name.
    ///
    /// # Errors
    /// The server does not answer.
    pub fn has_table(&self, relation: &str) -> Result<bool> {
        self.begin("has_table", Some(relation))?
            .next()
            .map_or(Ok(false), |row| row?.get(0))
    }

    /// The primary key of a table, if it has one.
    ///
    /// # Errors
    /// There is no such relation, or the server does not answer.
    pub fn primary_key(&self, relation: &str) -> Result<Option<Key>> {
        Ok(self.ask("primary_key", Some(relation))?.pop())
    }

    fn ask<T: Record>(&self, question: &str, relation: Option<&str>) -> Result<Vec<T>> {
        self.begin(question, relation)?
            .map(|row| T::read(&row?))
            .collect()
    }

    fn names(&self, question: &str) -> Result<Vec<String>> {
        self.begin(question, None)?.map(|row| row?.get(0)).collect()
    }

    fn begin(&self, question: &str, relation: Option<&str>) -> Result<crate::stream::Rows> {
        self.db.begin(&Request::Inspect {
            question: question.to_owned(),
            relation: relation.map(str::to_owned),
        })
    }
}
