//! `%tables` and `%describe`: what the current connection holds, as an outline to unfold or as JSON.

use std::ops::Range;

use display::{Body, Bundle, Column, Kind, Outline, Problem, Row, Section, Table};
use serde_json::Value;

use super::refused;
use crate::catalog::gently;
use crate::complete::keywords::quoted;
use crate::host::Host;
use crate::inspector::{self, ForeignKey, Key, Path, Relation};
use crate::query::Run;

/// So many relations are listed with their columns, …
const WITH_COLUMNS: usize = 200;
/// … and so many are listed at all; a pattern finds the others.
const LISTED: usize = 2_000;
/// Rows of a sample.
const SAMPLE: usize = 5;
/// Characters of a value of a sample.
const SAMPLED: usize = 300;

/// `%tables [PATTERN] [--json]`.
pub(super) async fn tables<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (pattern, as_json) = arguments(rest)
        .ok_or_else(|| refused(run, at.clone(), "%tables takes one pattern and --json"))?;
    let mut relations = inspector::relations(run).await?;
    if let Some(pattern) = pattern {
        relations.retain(|relation| is_meant(relation, pattern));
    }
    let few = relations.len() <= WITH_COLUMNS && !as_json;
    inspector::more(run, &mut relations, few).await?;
    let bundle = match as_json {
        true => json(relations.iter().map(Relation::listed).collect()),
        false => list(run, &relations, few),
    };
    run.show(bundle).await;
    Ok(())
}

/// `%describe NAME [--json]`.
pub(super) async fn describe<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (Some(name), as_json) = arguments(rest).unwrap_or_default() else {
        let why = "%describe takes the name of a table or view, and --json";
        return Err(refused(run, at, why));
    };
    let path = Path::parse(name).map_err(|why| refused(run, at.clone(), why))?;
    let found = inspector::relation(run, &path).await;
    let relation = found.map_err(|mut problem| {
        problem.place = Some(run.place(at.start));
        problem
    })?;
    let bundle = match as_json {
        true => json(relation.described()),
        false => {
            let sample = sample(run, &relation).await?;
            outline(&relation, sample).bundle(&run.settings.print)
        }
    };
    run.show(bundle).await;
    Ok(())
}

/// One argument, which may be quoted and have blanks inside, and whether `--json` is there.
fn arguments(rest: &str) -> Option<(Option<&str>, bool)> {
    let mut rest = rest.trim();
    let mut as_json = false;
    if let Some(before) = rest.strip_suffix("--json")
        && (before.is_empty() || before.ends_with(char::is_whitespace))
    {
        (rest, as_json) = (before.trim_end(), true);
    } else if let Some(behind) = rest.strip_prefix("--json ") {
        (rest, as_json) = (behind.trim_start(), true);
    }
    let blanks_outside = rest.split('"').step_by(2);
    let is_one = !blanks_outside
        .clone()
        .any(|part| part.contains(char::is_whitespace));
    let is_known = !rest.starts_with("--");
    (is_one && is_known).then_some((Some(rest).filter(|rest| !rest.is_empty()), as_json))
}

fn json(value: Value) -> Bundle {
    Bundle::plain(format!("{value:#}")).with("application/json", value)
}

/// The list: a table as text, and schemas to unfold, each relation with its columns where there are
/// few.
fn list<H: Host>(run: &Run<'_, H>, relations: &[Relation], few: bool) -> Bundle {
    let listed = &relations[..relations.len().min(LISTED)];
    let print = &run.settings.print;
    let mut text = table(
        [
            "schema",
            "name",
            "kind",
            "rows (estimate)",
            "size",
            "comment",
        ],
        listed.iter().map(line).collect(),
    );
    text.total = relations.len() as u64;
    text.footers = None;

    // A server that only resembles PostgreSQL may have told no columns.
    let few = few && listed.iter().any(|relation| !relation.columns.is_empty());
    let mut sections: Vec<Section> = Vec::new();
    for of_schema in listed.chunk_by(|one, next| one.schema == next.schema) {
        let body = match few {
            true => Body::Sections(of_schema.iter().map(folded).collect()),
            false => {
                let rows = of_schema.iter().map(|relation| line(relation).split_off(1));
                let heads = ["name", "kind", "rows (estimate)", "size", "comment"];
                Body::Table(table(heads, rows.collect()))
            }
        };
        sections.push(Section {
            title: of_schema[0].schema.clone().unwrap_or("all".into()),
            remarks: vec![counted(of_schema.len(), "relation")],
            // The first is the one most often meant: by its name, or because there is no other.
            open: sections.is_empty() || of_schema[0].schema.as_deref() == Some("public"),
            body,
        });
    }
    let mut remarks = Vec::new();
    if sections.is_empty() {
        remarks.push("no tables or views".into());
    }
    if listed.len() < relations.len() {
        let (shown, all) = (listed.len(), relations.len());
        remarks.push(format!(
            "{shown} of {all} relations; %tables PATTERN finds the others"
        ));
    }
    let html = Outline {
        title: String::new(),
        remarks,
        sections,
    };
    Bundle::plain(text.text(print)).with("text/html", html.html(print))
}

fn line(relation: &Relation) -> Row {
    vec![
        relation.schema.clone(),
        Some(relation.name.clone()),
        Some(relation.kind.words().into()),
        relation.rows_estimate.map(|rows| rows.to_string()),
        relation.bytes.map(size),
        relation.comment.clone(),
    ]
}

/// A relation in the list, to unfold for its columns.
fn folded(relation: &Relation) -> Section {
    Section {
        title: relation.name.clone(),
        remarks: remarks(relation),
        open: false,
        body: Body::Table(columns(relation)),
    }
}

/// All of one relation.
fn outline(relation: &Relation, sample: Option<Table>) -> Outline {
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
    let parts = parts.map(|part| cells([&part.schema, &part.name]));
    let title = match &relation.partition_key {
        Some(_) => "Partitions",
        None => "Children",
    };
    add(title, false, table(["schema", "name"], parts.collect()));
    let triggers = relation.triggers.iter().map(|trigger| {
        let enabled = if trigger.enabled { "" } else { "disabled" };
        cells([&trigger.name, &trigger.definition, enabled])
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
        cells([
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

fn section(title: &str, open: bool, body: Body) -> Section {
    Section {
        title: title.into(),
        remarks: Vec::new(),
        open,
        body,
    }
}

/// What is said of a relation in a line.
fn remarks(relation: &Relation) -> Vec<String> {
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
    remarks.extend(relation.bytes.filter(|bytes| *bytes > 0).map(size));
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

fn columns(relation: &Relation) -> Table {
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
        cells([&column.name, &type_name, null, &value, comment])
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
        cells([kind, &key.columns.join(", "), more.trim_start(), name])
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
        cells(["foreign key", &key.columns.join(", "), &to, name])
    });
    let rows = primary.chain(unique).chain(foreign).collect();
    table(["key", "columns", "more", "name"], rows)
}

fn referenced_by(relation: &Relation) -> Table {
    let rows = relation.referenced_by.iter().map(|key| {
        let name = key.name.as_deref().unwrap_or_default();
        cells([&referred(key), &key.columns.join(", "), name])
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
        let names = index.columns.iter().flatten().cloned();
        let parts: Vec<String> = match index.expressions.is_empty() {
            true => names.collect(),
            false => index.expressions.clone(),
        };
        let with_order = parts.into_iter().map(|part| {
            let words = index.sorting.get(&part).into_iter().flatten();
            let words = words.map(|word| format!(" {}", word.replace('_', " ")));
            let class = index
                .operator_classes
                .get(&part)
                .map(|class| format!(" {class}"));
            format!(
                "{part}{}{}",
                class.unwrap_or_default(),
                words.collect::<String>()
            )
        });
        let parts: Vec<String> = with_order.collect();
        let mut kind = match (index.primary, index.unique) {
            (true, _) => "primary key".to_owned(),
            (_, true) => "unique".to_owned(),
            _ => String::new(),
        };
        if index.invalid {
            kind += " invalid";
        }
        let condition = index.condition.as_deref().unwrap_or_default();
        cells([
            &index.name,
            &index.method,
            &parts.join(", "),
            kind.trim_start(),
            &index.include.join(", "),
            condition,
        ])
    });
    table(
        ["name", "method", "of", "kind", "include", "where"],
        rows.collect(),
    )
}

fn constraints(relation: &Relation) -> Table {
    let checks = relation.check_constraints.iter().map(|check| {
        let more = if check.not_valid { " not valid" } else { "" };
        cells([&check.name, &format!("check ({}){more}", check.sqltext)])
    });
    let exclusions = relation.exclusion_constraints.iter();
    let exclusions = exclusions.map(|one| cells([&one.name, &one.definition]));
    table(["name", "what"], checks.chain(exclusions).collect())
}

/// Some rows, where asking for them hurts nobody: no transaction is open, and the answer comes soon.
async fn sample<H: Host>(
    run: &mut Run<'_, H>,
    relation: &Relation,
) -> Result<Option<Table>, Problem> {
    if relation.columns.is_empty() {
        return Ok(None);
    }
    let session = run.session().await?;
    let values = relation.columns.iter();
    let values = values.map(|column| format!("left({}::text, {SAMPLED})", quoted(&column.name)));
    let values: Vec<String> = values.collect();
    let schema = relation
        .schema
        .as_deref()
        .map(|schema| format!("{}.", quoted(schema)));
    let sql = format!(
        "select {} from {}{} limit {SAMPLE}",
        values.join(", "),
        schema.unwrap_or_default(),
        quoted(&relation.name)
    );
    let Ok(rows) = session.ask(&gently(&sql)).await else {
        return Ok(None);
    };
    let columns = relation.columns.iter().map(|column| {
        Column::new(
            column.name.clone(),
            column.type_name.to_string(),
            Kind::Text,
        )
    });
    Ok(Some(Table {
        footers: Some(Vec::new()),
        ..Table::new(columns.collect(), rows)
    }))
}

/// A table of texts, without those columns, beyond the first two, that say nothing.
fn table<const N: usize>(heads: [&str; N], mut rows: Vec<Row>) -> Table {
    let says = |row: &Row, at: usize| row[at].as_ref().is_some_and(|cell| !cell.is_empty());
    let told: Vec<bool> = (0..N)
        .map(|at| at < 2 || rows.iter().any(|row| says(row, at)))
        .collect();
    for row in &mut rows {
        let mut told = told.iter();
        row.retain(|_| told.next() == Some(&true));
    }
    let heads = heads.into_iter().zip(told).filter(|(_, told)| *told);
    let columns = heads.map(|(head, _)| {
        let kind = match head {
            "rows (estimate)" | "size" => Kind::Number,
            _ => Kind::Text,
        };
        Column::new(head, "", kind)
    });
    Table {
        footers: Some(Vec::new()),
        ..Table::new(columns.collect(), rows)
    }
}

fn cells<const N: usize>(texts: [&str; N]) -> Row {
    texts.map(|text| Some(text.to_owned())).to_vec()
}

fn counted(number: impl TryInto<u64>, what: &str) -> String {
    let number: u64 = number.try_into().unwrap_or(u64::MAX);
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Bytes as `pg_size_pretty` prints them.
fn size(bytes: u64) -> String {
    let mut size = bytes;
    for unit in ["bytes", "kB", "MB", "GB"] {
        if size < 10_240 {
            return format!("{size} {unit}");
        }
        size = size.div_ceil(1024);
    }
    format!("{size} TB")
}

/// Whether a pattern means this relation: `name` or `schema.name`, with `*` and `?`; letters of any
/// case.
pub(super) fn is_meant(relation: &Relation, pattern: &str) -> bool {
    match pattern.split_once('.') {
        Some((schema, name)) => {
            fits(relation.schema.as_deref().unwrap_or_default(), schema)
                && fits(&relation.name, name)
        }
        None => fits(&relation.name, pattern),
    }
}

/// Whether a name fits a pattern of `*`, `?` and letters of any case.
fn fits(name: &str, pattern: &str) -> bool {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let pattern: Vec<char> = pattern.to_lowercase().chars().collect();
    let (mut n, mut p) = (0, 0);
    // Behind the last `*`, and how much of the name it has been given.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some('*') => {
                p += 1;
                star = Some((p, n));
            }
            Some(c) if *c == '?' || *c == name[n] => {
                p += 1;
                n += 1;
            }
            _ => match &mut star {
                Some((behind, given)) => {
                    *given += 1;
                    (p, n) = (*behind, *given);
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_argument_and_json() {
        for (rest, expected) in [
            ("", Some((None, false))),
            ("--json", Some((None, true))),
            ("people --json", Some((Some("people"), true))),
            ("--json people", Some((Some("people"), true))),
            (
                "shop.\"Mixed Case\"",
                Some((Some("shop.\"Mixed Case\""), false)),
            ),
            ("a b", None),
            ("--all", None),
        ] {
            assert_eq!(arguments(rest), expected, "{rest}");
        }
    }

    #[test]
    fn patterns() {
        for (name, pattern, expected) in [
            ("people", "people", true),
            ("people", "PEO*", true),
            ("people", "*pl?", true),
            ("people", "peopl", false),
            ("people", "*", true),
            ("", "*", true),
            ("äpfel", "Ä?fel", true),
            ("a", "a?", false),
        ] {
            assert_eq!(fits(name, pattern), expected, "{name} {pattern}");
        }
    }

    #[test]
    fn sizes_are_pretty() {
        assert_eq!(size(0), "0 bytes");
        assert_eq!(size(16_384), "16 kB");
        assert_eq!(size(20 << 20), "20 MB");
    }
}
