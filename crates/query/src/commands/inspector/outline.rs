//! The outline of `%describe`: all of one relation.

use display::{Body, Outline, Section, Table};

use super::SAMPLED;
use crate::complete::keywords::quoted;
use crate::inspector::{ForeignKey, Index, Key, Relation};
use crate::texts::{row, table};
use crate::words::{counted, pretty_size};

/// All of one relation.
pub(super) fn outline(relation: &Relation, sample: Option<Table>) -> Outline {
    let mut sections = Vec::new();
    let mut add = |title: &str, open: bool, table: Table| {
        if !table.rows.is_empty() {
            sections.push(section(title, open, Body::Table(table)));
        }
    };
    add("Columns", true, columns(relation));
    add("Keys", true, keys(relation));
    add("Referenced by", true, referenced_by(relation));
    add("Indexes", true, indexes(relation));
    add("Constraints", true, constraints(relation));
    let parts = relation.children.iter();
    let parts = parts.map(|part| row([&part.schema, &part.name]));
    let title = match &relation.partition_key {
        Some(_) => "Partitions",
        None => "Children",
    };
    add(title, false, table(["schema", "name"], parts.collect()));
    let triggers = relation.triggers.iter().map(|trigger| {
        let enabled = if trigger.enabled { "" } else { "disabled" };
        row([&trigger.name, &trigger.definition, enabled])
    });
    add(
        "Triggers",
        false,
        table(["name", "definition", "state"], triggers.collect()),
    );
    let policies = relation.policies.iter().map(|policy| {
        let kind = if policy.permissive {
            "permissive"
        } else {
            "restrictive"
        };
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        let (using, check) = (or_none(&policy.using), or_none(&policy.check));
        row([
            &policy.name,
            kind,
            &policy.command,
            &policy.roles.join(", "),
            &using,
            &check,
        ])
    });
    let heads = ["name", "kind", "command", "roles", "using", "check"];
    add("Policies", false, table(heads, policies.collect()));
    if let Some(definition) = &relation.definition {
        sections.push(section("Definition", false, Body::Text(definition.clone())));
    }
    if let Some(sample) = sample {
        let long = |value: &String| value.chars().count() >= SAMPLED;
        let cut = sample.rows.iter().flatten().flatten().any(long);
        let body = match sample.rows.is_empty() {
            true => Body::Text("no rows".into()),
            false => Body::Table(sample),
        };
        let mut section = section("Sample", true, body);
        if cut {
            let remark = format!("the first {SAMPLED} characters of long values");
            section.remarks.push(remark);
        }
        sections.push(section);
    }
    Outline {
        title: relation.full_name(),
        remarks: remarks(relation),
        sections,
    }
}

pub(super) fn section(title: &str, open: bool, body: Body) -> Section {
    Section {
        title: title.into(),
        remarks: Vec::new(),
        open,
        body,
    }
}

/// What is said of a relation in a line.
pub(super) fn remarks(relation: &Relation) -> Vec<String> {
    let persistence = match (relation.temporary, relation.unlogged) {
        (true, _) => "temporary ",
        (_, true) => "unlogged ",
        _ => "",
    };
    let mut remarks = vec![format!("{persistence}{}", relation.kind.words())];
    remarks.extend(
        relation
            .rows_estimate
            .map(|rows| format!("about {}", counted(rows, "row"))),
    );
    remarks.extend(relation.bytes.filter(|bytes| *bytes > 0).map(pretty_size));
    remarks.extend(
        relation
            .partition_key
            .as_ref()
            .map(|key| format!("partitioned by {key}")),
    );
    let parents = relation
        .parents
        .iter()
        .map(|parent| match &relation.partition_bound {
            Some(bound) => format!("partition of {}.{} {bound}", parent.schema, parent.name),
            None => format!("child of {}.{}", parent.schema, parent.name),
        });
    remarks.extend(parents);
    if relation.row_security {
        remarks.push("row security".into());
    }
    remarks.extend(relation.comment.clone());
    remarks
}

pub(super) fn columns(relation: &Relation) -> Table {
    let rows = relation.columns.iter().map(|column| {
        let mut value = column.default.clone().unwrap_or_default();
        if let Some(identity) = &column.identity {
            let when = if identity.always {
                "always"
            } else {
                "by default"
            };
            value = format!("generated {when} as identity");
        }
        if let Some(computed) = &column.computed {
            value = format!("generated always as {}", computed.sqltext);
        }
        let type_name = match &column.collation {
            Some(collation) => format!("{} collate {}", column.type_name, quoted(&collation.name)),
            None => column.type_name.to_string(),
        };
        let null = if column.nullable { "" } else { "not null" };
        let comment = column.comment.as_deref().unwrap_or_default();
        row([&column.name, &type_name, null, &value, comment])
    });
    table(
        ["name", "type", "null", "default", "comment"],
        rows.collect(),
    )
}

fn keys(relation: &Relation) -> Table {
    let named = |kind: &str, key: &Key| {
        let mut more = String::new();
        if !key.include.is_empty() {
            more = format!("include {}", key.include.join(", "));
        }
        if key.timing.deferrable {
            more += " deferrable";
        }
        let name = key.name.as_deref().unwrap_or_default();
        row([kind, &key.columns.join(", "), more.trim_start(), name])
    };
    let primary = relation
        .primary_key
        .iter()
        .map(|key| named("primary key", key));
    let unique = relation
        .unique_constraints
        .iter()
        .map(|key| named("unique", key));
    let foreign = relation.foreign_keys.iter().map(|key| {
        let to = format!("→ {}", referred(key));
        let name = key.name.as_deref().unwrap_or_default();
        row(["foreign key", &key.columns.join(", "), &to, name])
    });
    let rows = primary.chain(unique).chain(foreign).collect();
    table(["key", "columns", "more", "name"], rows)
}

fn referenced_by(relation: &Relation) -> Table {
    let rows = relation.referenced_by.iter().map(|key| {
        let name = key.name.as_deref().unwrap_or_default();
        row([&referred(key), &key.columns.join(", "), name])
    });
    table(["from", "to", "name"], rows.collect())
}

/// `shop.orders (person_id)`, with what the key does beyond the ordinary.
fn referred(key: &ForeignKey) -> String {
    let schema = key.referred_schema.as_deref();
    let schema = schema.filter(|schema| *schema != "public");
    let schema = schema
        .map(|schema| format!("{schema}."))
        .unwrap_or_default();
    let mut text = format!(
        "{schema}{} ({})",
        key.referred_table,
        key.referred_columns.join(", ")
    );
    let options = &key.options;
    let mut more = |word: &str, value: Option<&str>| {
        if let Some(value) = value {
            text += &format!(" {word}{value}");
        }
    };
    more("on update ", options.onupdate.as_deref());
    more("on delete ", options.ondelete.as_deref());
    more("match ", options.matching);
    more("", options.deferrable.map(|_| "deferrable"));
    more("initially ", options.initially);
    more("", key.not_valid.then_some("not valid"));
    text
}

fn indexes(relation: &Relation) -> Table {
    let rows = relation.indexes.iter().map(|index| {
        let condition = index.condition.as_deref().unwrap_or_default();
        row([
            &index.name,
            &index.method,
            &parts(index).join(", "),
            &kind(index),
            &index.include.join(", "),
            condition,
        ])
    });
    table(
        ["name", "method", "of", "kind", "include", "where"],
        rows.collect(),
    )
}

/// Columns and expressions of an index, with operator classes and order where not the ordinary.
pub(super) fn parts(index: &Index) -> Vec<String> {
    let names = index.columns.iter().flatten().cloned();
    let parts: Vec<String> = match index.expressions.is_empty() {
        true => names.collect(),
        false => index.expressions.clone(),
    };
    let with_order = parts.into_iter().map(|part| {
        let words = index.sorting.get(&part).into_iter().flatten();
        let words = words.map(|word| format!(" {}", word.replace('_', " ")));
        let class = index.operator_classes.get(&part);
        let class = class.map(|class| format!(" {class}"));
        let words: String = class.into_iter().chain(words).collect();
        part + &words
    });
    with_order.collect()
}

/// What an index is beyond one for finding rows.
pub(super) fn kind(index: &Index) -> String {
    let mut kind = match (index.primary, index.unique) {
        (true, _) => "primary key".to_owned(),
        (_, true) => "unique".to_owned(),
        _ => String::new(),
    };
    if index.invalid {
        kind += " invalid";
    }
    kind.trim_start().to_owned()
}

fn constraints(relation: &Relation) -> Table {
    let checks = relation.check_constraints.iter().map(|check| {
        let more = if check.not_valid { " not valid" } else { "" };
        row([&check.name, &format!("check ({}){more}", check.sqltext)])
    });
    let exclusions = relation.exclusion_constraints.iter();
    let exclusions = exclusions.map(|one| row([&one.name, &one.definition]));
    table(["name", "what"], checks.chain(exclusions).collect())
}
