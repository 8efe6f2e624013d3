//! What a database holds, as plain data: relations with all that belongs to them, sequences, types,
//! functions. The words are those of SQLAlchemy's Inspector where it has one.

#![allow(missing_docs)] // a field's name says what it is; where it does not, a line does

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Serialize, Serializer};

/// What was read of a database. What was not asked for is empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Structure {
    /// By name, without the server's own.
    pub schemas: Vec<Schema>,
    /// By schema and name.
    pub relations: Vec<Relation>,
    /// By schema and name.
    pub sequences: Vec<Sequence>,
    /// By schema and name.
    pub enums: Vec<Enum>,
    /// By schema and name.
    pub domains: Vec<Domain>,
    /// By schema and name; the rows of tables are not among them.
    pub composites: Vec<Composite>,
    /// By schema, name and arguments.
    pub functions: Vec<Function>,
}

/// A schema.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Schema {
    pub name: String,
    pub owner: String,
    pub comment: Option<String>,
}

/// A table, a view or the like. A server that knows little of itself leaves much of it empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Relation {
    /// `pg_class.oid`; 0 where the server has none.
    #[serde(skip)]
    pub oid: u32,
    /// `pg_temp` for what is temporary and ours.
    pub schema: Option<String>,
    pub name: String,
    pub kind: Kind,
    pub comment: Option<String>,
    pub owner: Option<String>,
    /// Whether the name alone finds it.
    pub visible: bool,
    pub temporary: bool,
    pub unlogged: bool,
    /// The planner's guess, once the table has been analyzed.
    pub rows_estimate: Option<u64>,
    /// On the disk, with indexes and large values; where everything is read at once, as of the last
    /// `VACUUM` or `ANALYZE`.
    pub bytes: Option<u64>,
    /// The query of a view.
    pub definition: Option<String>,
    /// How it is divided: `RANGE (day)`.
    pub partition_key: Option<String>,
    /// Which part it is: `FOR VALUES FROM (…) TO (…)`.
    pub partition_bound: Option<String>,
    pub parents: Vec<Name>,
    /// Partitions, or what inherits from it.
    pub children: Vec<Name>,
    /// Whether its policies count.
    pub row_security: bool,
    /// In their order.
    pub columns: Vec<Column>,
    pub primary_key: Option<Key>,
    /// All of these by name.
    pub foreign_keys: Vec<ForeignKey>,
    /// Keys of others, seen from here: `columns` are its own, `referred_…` are theirs.
    pub referenced_by: Vec<ForeignKey>,
    pub unique_constraints: Vec<Key>,
    pub check_constraints: Vec<Check>,
    pub exclusion_constraints: Vec<Exclusion>,
    /// That of the primary key included.
    pub indexes: Vec<Index>,
    pub triggers: Vec<Trigger>,
    pub policies: Vec<Policy>,
}

/// The kinds of relations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Kind {
    #[default]
    Table,
    Partitioned,
    View,
    Materialized,
    Foreign,
}

/// A relation's name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Name {
    pub schema: String,
    pub name: String,
}

/// A column.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Column {
    /// `pg_attribute.attnum`.
    #[serde(skip)]
    pub number: i16,
    pub name: String,
    /// As `format_type` prints it; empty where nobody can say. One text for all columns of it.
    #[serde(rename = "type", serialize_with = "text")]
    pub type_name: Arc<str>,
    /// How many dimensions an array was declared with; arrays of any number may lie in it.
    #[serde(skip)]
    pub dimensions: i16,
    pub nullable: bool,
    /// An expression; a domain's where the column has none of its own.
    pub default: Option<String>,
    pub identity: Option<Box<Identity>>,
    pub computed: Option<Box<Computed>>,
    /// Where it is not the type's own.
    pub collation: Option<Box<Collation>>,
    pub comment: Option<String>,
}

/// `GENERATED … AS IDENTITY`. Numbers are text: they may be larger than what others can hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Identity {
    /// `ALWAYS`, else `BY DEFAULT`.
    pub always: bool,
    #[serde(flatten)]
    pub options: Counting,
}

/// How a sequence counts.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Counting {
    pub start: i64,
    pub increment: i64,
    pub minvalue: i64,
    pub maxvalue: i64,
    pub cache: i64,
    pub cycle: bool,
}

/// `GENERATED ALWAYS AS (…)`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Computed {
    pub sqltext: String,
    /// `STORED`.
    pub persisted: bool,
}

/// A collation, with its schema where the name alone does not find it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Collation {
    pub name: String,
    pub schema: Option<String>,
}

/// A primary or unique key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Key {
    pub name: Option<String>,
    pub columns: Vec<String>,
    /// Columns that its index holds besides.
    pub include: Vec<String>,
    pub nulls_not_distinct: bool,
    #[serde(flatten)]
    pub timing: Timing,
    pub comment: Option<String>,
}

/// When a constraint is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Timing {
    pub deferrable: bool,
    pub initially_deferred: bool,
}

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ForeignKey {
    pub name: Option<String>,
    pub columns: Vec<String>,
    pub referred_schema: Option<String>,
    pub referred_table: String,
    pub referred_columns: Vec<String>,
    pub options: Options,
    /// Not all rows have been checked yet (`NOT VALID`).
    pub not_valid: bool,
    pub comment: Option<String>,
}

/// What a foreign key says beyond the ordinary; the ordinary is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Options {
    /// `CASCADE`, `SET NULL (a, b)`, …
    #[serde(skip_serializing_if = "Option::is_none")]
    pub onupdate: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ondelete: Option<String>,
    /// `DEFERRED`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initially: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<bool>,
    /// `FULL` or `PARTIAL`.
    #[serde(rename = "match", skip_serializing_if = "Option::is_none")]
    pub matching: Option<&'static str>,
}

/// A check constraint.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Check {
    pub name: String,
    pub sqltext: String,
    pub no_inherit: bool,
    pub not_valid: bool,
    pub comment: Option<String>,
}

/// An exclusion constraint.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Exclusion {
    pub name: String,
    /// `EXCLUDE USING gist (…)`.
    pub definition: String,
    #[serde(flatten)]
    pub timing: Timing,
    pub comment: Option<String>,
}

/// An index.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Index {
    pub name: String,
    /// None where an expression stands.
    pub columns: Vec<Option<String>>,
    /// All of its parts as SQL, where some are expressions.
    pub expressions: Vec<String>,
    pub unique: bool,
    pub primary: bool,
    /// Columns it holds besides.
    pub include: Vec<String>,
    /// `btree`, `gin`, …
    pub method: String,
    /// Of a partial index.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    /// By part: `desc`, `nulls_first`, `nulls_last`, where that is not the ordinary.
    pub sorting: BTreeMap<String, Vec<&'static str>>,
    /// By part, where it is not the type's own.
    pub operator_classes: BTreeMap<String, String>,
    pub nulls_not_distinct: bool,
    /// Building it did not succeed: it is kept up to date and not used.
    pub invalid: bool,
    /// The constraint that it was made for.
    pub constraint: Option<String>,
    /// `fillfactor=70`.
    pub storage: Vec<String>,
    pub comment: Option<String>,
}

/// A trigger.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Trigger {
    pub name: String,
    /// `CREATE TRIGGER …`.
    pub definition: String,
    pub enabled: bool,
    pub comment: Option<String>,
}

/// A policy of row security.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Policy {
    pub name: String,
    /// Rows are let through by any permissive one and all others.
    pub permissive: bool,
    /// `all`, `select`, `insert`, `update` or `delete`.
    pub command: String,
    pub roles: Vec<String>,
    pub using: Option<String>,
    pub check: Option<String>,
}

/// A sequence.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Sequence {
    pub schema: String,
    pub name: String,
    #[serde(rename = "type")]
    pub type_name: String,
    #[serde(flatten)]
    pub options: Counting,
    pub visible: bool,
    /// The column with which it is dropped.
    pub owned_by: Option<ColumnName>,
    pub comment: Option<String>,
}

/// A column's name.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ColumnName {
    pub schema: String,
    pub table: String,
    pub column: String,
}

/// An enum.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Enum {
    pub schema: String,
    pub name: String,
    pub visible: bool,
    /// In their order.
    pub labels: Vec<String>,
    pub comment: Option<String>,
}

/// A domain.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Domain {
    pub schema: String,
    pub name: String,
    pub visible: bool,
    /// What it is made from.
    #[serde(rename = "type")]
    pub base: String,
    pub nullable: bool,
    pub default: Option<String>,
    pub collation: Option<String>,
    /// Names and conditions, by name.
    pub checks: Vec<(String, String)>,
    pub comment: Option<String>,
}

/// A composite type.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Composite {
    pub schema: String,
    pub name: String,
    pub visible: bool,
    /// Names and types, in their order.
    pub fields: Vec<(String, String)>,
    pub comment: Option<String>,
}

/// A function, a procedure or an aggregate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Function {
    pub schema: String,
    pub name: String,
    /// In words.
    pub kind: String,
    pub arguments: String,
    /// Nothing for a procedure.
    pub result: Option<String>,
    pub language: String,
    /// `immutable`, `stable` or `volatile`.
    pub volatility: String,
    pub comment: Option<String>,
}

/// Something that has a name and is no relation.
#[derive(Clone, Debug, PartialEq)]
pub enum Other {
    Sequence(Sequence),
    /// With the relation that it is of.
    Index(Name, Index),
    Enum(Enum),
    Domain(Domain),
    Composite(Composite),
}

impl Kind {
    /// By `pg_class.relkind`, or by the words of other servers.
    pub(super) fn read(word: &str) -> Self {
        match word.to_lowercase().as_str() {
            "v" | "view" => Kind::View,
            "m" | "materialized view" => Kind::Materialized,
            "f" | "foreign" | "foreign table" => Kind::Foreign,
            "p" | "partitioned table" => Kind::Partitioned,
            _ => Kind::Table,
        }
    }

    /// In the words of SQL.
    pub fn words(self) -> &'static str {
        match self {
            Kind::Table => "table",
            Kind::Partitioned => "partitioned table",
            Kind::View => "view",
            Kind::Materialized => "materialized view",
            Kind::Foreign => "foreign table",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.words())
    }
}

impl Relation {
    /// `schema.name`, or the name alone.
    pub fn full_name(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{schema}.{}", self.name),
            None => self.name.clone(),
        }
    }

    /// The column of this number.
    pub(super) fn column(&self, number: i16) -> Option<&Column> {
        let at = self
            .columns
            .binary_search_by_key(&number, |column| column.number);
        self.columns.get(at.ok()?)
    }
}

fn text<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}
