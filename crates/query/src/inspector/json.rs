//! The documented JSON of `%tables --json` and `%describe --json`: stable, in the words of
//! SQLAlchemy's Inspector.

use serde_json::{Value, json};

use super::model::{Column, ForeignKey, Index, Key, Other, Relation};

impl Relation {
    /// What `%tables --json` says of it.
    pub fn listed(&self) -> Value {
        json!({
            "schema": self.schema,
            "name": self.name,
            "kind": self.kind,
            "comment": self.comment,
            "rows_estimate": self.rows_estimate,
            "bytes": self.bytes,
        })
    }

    /// What `%describe --json` says of it. `indexes` are those beside the primary key's.
    pub fn described(&self) -> Value {
        let key = self.primary_key.as_ref();
        let checks = self.check_constraints.iter();
        let checks = checks.map(|check| json!({"name": check.name, "sqltext": check.sqltext}));
        let indexes = self.indexes.iter().filter(|index| !index.primary);
        json!({
            "schema": self.schema,
            "name": self.name,
            "kind": self.kind,
            "comment": self.comment,
            "columns": list(&self.columns, column),
            "primary_key": {
                "name": key.and_then(|key| key.name.as_deref()),
                "columns": key.map_or(&[][..], |key| &key.columns),
            },
            "foreign_keys": list(&self.foreign_keys, foreign_key),
            "referenced_by": list(&self.referenced_by, foreign_key),
            "unique_constraints": list(&self.unique_constraints, unique),
            "check_constraints": checks.collect::<Value>(),
            "indexes": indexes.map(index).collect::<Value>(),
        })
    }
}

impl Other {
    /// What `%describe --json` says of it.
    pub fn described(&self) -> Value {
        match self {
            Other::Sequence(sequence) => json!({
                "schema": sequence.schema,
                "name": sequence.name,
                "kind": "sequence",
                "comment": sequence.comment,
                "type": sequence.type_name,
                "start": sequence.options.start,
                "increment": sequence.options.increment,
                "minvalue": sequence.options.minvalue,
                "maxvalue": sequence.options.maxvalue,
                "cache": sequence.options.cache,
                "cycle": sequence.options.cycle,
                "owned_by": sequence.owned_by,
            }),
            Other::Index(of, index) => json!({
                "schema": of.schema,
                "name": index.name,
                "kind": "index",
                "comment": index.comment,
                "table": of.name,
                "columns": index.columns,
                "expressions": index.expressions,
                "unique": index.unique,
                "include": index.include,
                "method": index.method,
                "where": index.condition,
            }),
            Other::Enum(of) => json!({
                "schema": of.schema,
                "name": of.name,
                "kind": "enum",
                "comment": of.comment,
                "labels": of.labels,
            }),
            Other::Domain(domain) => json!({
                "schema": domain.schema,
                "name": domain.name,
                "kind": "domain",
                "comment": domain.comment,
                "type": domain.base,
                "nullable": domain.nullable,
                "default": domain.default,
                "collation": domain.collation,
                "check_constraints": list(&domain.checks, |(name, sqltext)| {
                    json!({"name": name, "sqltext": sqltext})
                }),
            }),
            Other::Composite(composite) => json!({
                "schema": composite.schema,
                "name": composite.name,
                "kind": "composite type",
                "comment": composite.comment,
                "columns": list(&composite.fields, |(name, type_name)| {
                    json!({"name": name, "type": type_name})
                }),
            }),
        }
    }
}

fn list<T>(items: &[T], form: impl Fn(&T) -> Value) -> Value {
    items.iter().map(form).collect()
}

fn column(column: &Column) -> Value {
    let type_name = Some(&*column.type_name).filter(|name| !name.is_empty());
    json!({
        "name": column.name,
        "type": type_name,
        "nullable": column.nullable,
        "default": column.default,
        "identity": column.identity,
        "computed": column.computed,
        "comment": column.comment,
    })
}

fn foreign_key(key: &ForeignKey) -> Value {
    json!({
        "name": key.name,
        "columns": key.columns,
        "referred_schema": key.referred_schema,
        "referred_table": key.referred_table,
        "referred_columns": key.referred_columns,
        "options": key.options,
    })
}

fn unique(key: &Key) -> Value {
    json!({"name": key.name, "columns": key.columns})
}

fn index(index: &Index) -> Value {
    json!({
        "name": index.name,
        "columns": index.columns,
        "expressions": index.expressions,
        "unique": index.unique,
        "include": index.include,
        "method": index.method,
        "where": index.condition,
    })
}
