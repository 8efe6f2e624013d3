//! `%describe` of what is no relation: sequences, indexes and types.

use display::{Body, Kind, Outline, Section, Table};

use super::outline::{kind, parts, section};
use crate::inspector::{Counting, Other};
use crate::texts::{row, table};

pub(super) fn outline(other: &Other) -> Outline {
    let (schema, name) = match other {
        Other::Sequence(one) => (&one.schema, &one.name),
        Other::Index(of, index) => (&of.schema, &index.name),
        Other::Enum(one) => (&one.schema, &one.name),
        Other::Domain(one) => (&one.schema, &one.name),
        Other::Composite(one) => (&one.schema, &one.name),
    };
    let (mut remarks, comment, sections) = match other {
        Other::Sequence(one) => {
            let owner = one.owned_by.as_ref();
            let owner =
                owner.map(|of| format!("owned by {}.{}.{}", of.schema, of.table, of.column));
            let remarks = [Some(format!("sequence of {}", one.type_name)), owner];
            (
                remarks.to_vec(),
                &one.comment,
                shown("Numbers", numbers(&one.options)),
            )
        }
        Other::Index(of, index) => {
            let remarks = [
                Some(format!(
                    "{} index of {}.{}",
                    index.method, of.schema, of.name
                )),
                Some(kind(index)).filter(|kind| !kind.is_empty()),
                index
                    .nulls_not_distinct
                    .then(|| "nulls not distinct".into()),
                index
                    .condition
                    .as_ref()
                    .map(|condition| format!("where {condition}")),
                Some(index.storage.join(", ")).filter(|storage| !storage.is_empty()),
            ];
            let keys = parts(index);
            let keys = keys.iter().map(|part| row([part, "key"]));
            let others = index.include.iter().map(|name| row([name, "included"]));
            let rows = keys.chain(others).collect();
            (
                remarks.to_vec(),
                &index.comment,
                shown("Columns", table(["of", "as"], rows)),
            )
        }
        Other::Enum(one) => {
            let labels = one.labels.iter().map(|label| row([label]));
            let labels = shown("Labels", table(["label"], labels.collect()));
            (vec![Some("enum".into())], &one.comment, labels)
        }
        Other::Domain(one) => {
            let remarks = [
                Some(format!("domain of {}", one.base)),
                (!one.nullable).then(|| "not null".into()),
                one.default
                    .as_ref()
                    .map(|default| format!("default {default}")),
                one.collation.as_ref().map(|name| format!("collate {name}")),
            ];
            let checks = one.checks.iter();
            let checks = checks.map(|(name, check)| row([name, &format!("check ({check})")]));
            let checks = shown("Constraints", table(["name", "what"], checks.collect()));
            (remarks.to_vec(), &one.comment, checks)
        }
        Other::Composite(one) => {
            let fields = one.fields.iter();
            let fields = fields.map(|(name, type_name)| row([name, type_name]));
            let fields = shown("Columns", table(["name", "type"], fields.collect()));
            (vec![Some("composite type".into())], &one.comment, fields)
        }
    };
    remarks.push(comment.clone());
    Outline {
        title: format!("{schema}.{name}"),
        remarks: remarks.into_iter().flatten().collect(),
        sections,
    }
}

/// How a sequence counts.
fn numbers(options: &Counting) -> Table {
    let of = [options.start, options.minvalue, options.maxvalue];
    let [start, least, most] = of.map(|number| number.to_string());
    let (step, cache) = (options.increment.to_string(), options.cache.to_string());
    let cycles = if options.cycle { "yes" } else { "no" };
    let mut numbers = table(
        [
            "start",
            "minimum",
            "maximum",
            "increment",
            "cache",
            "cycles",
        ],
        vec![row([&start, &least, &most, &step, &cache, cycles])],
    );
    for column in &mut numbers.columns {
        if column.name != "cycles" {
            column.kind = Kind::Number;
        }
    }
    numbers
}

/// A table below its title, if it has rows.
fn shown(title: &str, table: Table) -> Vec<Section> {
    match table.rows.is_empty() {
        true => Vec::new(),
        false => vec![section(title, true, Body::Table(table))],
    }
}
