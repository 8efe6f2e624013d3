//! `%results`: the results kept so far.

use display::{Column, Kind, Problem, Table};

use crate::host::Host;
use crate::query::Run;
use crate::spool::{Kept, Results};
use crate::texts;
use crate::words::{counted, size};

/// `%results [NAME]`.
pub(super) async fn results<H: Host>(run: &mut Run<'_, H>, rest: &str) -> Result<(), Problem> {
    let results = &run.query.results;
    let table = match rest.trim() {
        "" => list(results),
        name => {
            let kept = results.named(name)?;
            run.out(format!("{}\n", kept.sql.trim_end())).await;
            one(results, &kept)
        }
    };
    run.show(table.without_nulls().bundle(&run.settings.print))
        .await;
    Ok(())
}

fn list(results: &Results) -> Table {
    let columns = vec![
        Column::new("number", "", Kind::Number),
        Column::new("name", "", Kind::Text),
        Column::new("rows", "", Kind::Number),
        Column::new("columns", "", Kind::Number),
        Column::new("size", "", Kind::Text),
        Column::new("connection", "", Kind::Text),
        Column::new("statement", "", Kind::Text),
    ];
    let row = |kept: &Kept| {
        vec![
            Some(kept.number.to_string()),
            kept.name.clone(),
            Some(kept.rows().to_string()),
            Some(kept.columns().len().to_string()),
            Some(size(kept.bytes())),
            Some(kept.connection.clone()),
            Some(brief(&kept.sql)),
        ]
    };
    let kept = results.list();
    let mut table = Table::new(columns, kept.iter().map(|kept| row(kept)).collect());
    let (used, cap) = (size(results.used()), size(results.cap()));
    let folder = results.folder().display();
    let mut footers = vec![match kept.len() {
        0 => "No results are kept yet.".into(),
        count => format!("({count} kept; {used} of at most {cap} in {folder})"),
    }];
    footers.extend(
        results
            .complaint()
            .map(|why| format!("{why}: it is {cap}.")),
    );
    table.footers = Some(footers);
    table
}

/// The columns of one, and what there is to know about its rows.
fn one(results: &Results, kept: &Kept) -> Table {
    let row = |column: &Column| texts::row([&column.name, &column.type_name]);
    let rows = kept.columns().iter().map(row).collect();
    let mut table = texts::table(["column", "type"], rows);
    let number = kept.number;
    let name = kept.name.clone().unwrap_or_else(|| number.to_string());
    table.title = Some(format!("Result {name}, of {}", kept.connection));
    let (rows, stored) = (kept.rows(), kept.stored());
    let mut footers = vec![counted(rows, "row")];
    footers.extend(
        kept.cut()
            .map(|why| format!("Not all of them came: {why}.")),
    );
    let part = match stored == rows {
        true => String::new(),
        false => format!("The first {stored} rows: "),
    };
    let bytes = size(kept.bytes());
    footers.push(match kept.is_on_disk() {
        false => format!("{part}{bytes} in memory"),
        true => {
            let folder = results.folder().display();
            format!("{part}{bytes} on disk, in a file without a name in {folder}")
        }
    });
    table.footers = Some(footers);
    table
}

/// A statement in one short line.
fn brief(sql: &str) -> String {
    const MOST: usize = 55;
    let words: Vec<&str> = sql.split_whitespace().take(MOST).collect();
    let line = words.join(" ");
    match line.char_indices().nth(MOST) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}
