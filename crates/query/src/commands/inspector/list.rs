//! The list of `%tables`.

use display::{Body, Bundle, Kind, Outline, Print, Row, Section, Table};

use super::outline::{columns, remarks};
use crate::inspector::Relation;
use crate::texts;
use crate::words::{counted, pretty_size};

/// So many relations are listed at all; a pattern finds the others.
const LISTED: usize = 2_000;

/// The list: a table as text, and schemas to unfold, each relation with its columns where there are
/// few.
pub(super) fn list(relations: &[Relation], few: bool, print: &Print) -> Bundle {
    let listed = &relations[..relations.len().min(LISTED)];
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

    let mut remarks = Vec::new();
    // A server that only resembles PostgreSQL may tell columns of one relation at a time.
    let told = listed.iter().any(|relation| !relation.columns.is_empty());
    if few && !told && !listed.is_empty() {
        remarks.push("%describe NAME asks for the columns of one".to_owned());
    }
    let few = few && told;
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
            remarks: vec![counted(of_schema.len() as u64, "relation")],
            // The first is the one most often meant: by its name, or because there is no other.
            open: sections.is_empty() || of_schema[0].schema.as_deref() == Some("public"),
            body,
        });
    }
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
        relation.bytes.map(pretty_size),
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

/// A table with its numbers to the right.
fn table<const N: usize>(heads: [&str; N], rows: Vec<Row>) -> Table {
    let mut table = texts::table(heads, rows);
    for column in &mut table.columns {
        if matches!(&*column.name, "rows (estimate)" | "size") {
            column.kind = Kind::Number;
        }
    }
    table
}
