//! `%copy` and `%%copy`: rows streamed from one connection to another.

use std::ops::Range;

use display::Problem;

use super::export::body;
use super::refused;
use crate::host::Host;
use crate::inspector::as_sql;
use crate::line;
use crate::query::Run;
use crate::session::Session;
use crate::split::Statement;
use crate::transfer::{self, Fed, Progress};
use crate::variables::{identifier, literal};
use crate::words::counted;

/// Where rows come from and where they go.
struct Plan {
    query: Statement,
    from: Session,
    to: Session,
    /// The table at the other end, as SQL.
    table: String,
}

/// `%copy TABLE from NAME to NAME [as TABLE]`.
pub(super) async fn table<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (source, table, from, to) = match line::words(rest).as_slice() {
        [source, f, from, t, to] if is(f, "from") && is(t, "to") => (*source, *source, *from, *to),
        [source, f, from, t, to, a, table] if is(f, "from") && is(t, "to") && is(a, "as") => {
            (*source, *table, *from, *to)
        }
        _ => {
            return Err(refused(
                run,
                at,
                "write %copy TABLE from NAME to NAME [as TABLE]",
            ));
        }
    };
    let source = as_sql(source).map_err(|why| refused(run, at.clone(), why))?;
    let query = Statement::own(format!("select * from {source}"));
    copy(run, query, from, to, table, at).await
}

/// `%%copy from NAME to NAME as TABLE`; the query is the body.
pub(super) async fn query<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let words = line::words(rest);
    let [f, from, t, to, a, table] = words.as_slice() else {
        return Err(refused(run, at, "write %%copy from NAME to NAME as TABLE"));
    };
    if !(is(f, "from") && is(t, "to") && is(a, "as")) {
        return Err(refused(run, at, "write %%copy from NAME to NAME as TABLE"));
    }
    let query = body(run, &at, "%%copy")?;
    copy(run, query, from, to, table, at).await
}

async fn copy<H: Host>(
    run: &mut Run<'_, H>,
    query: Statement,
    from: &str,
    to: &str,
    table: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let table = as_sql(table).map_err(|why| refused(run, at.clone(), why))?;
    let find = |name: &str| run.query.connections.find(name);
    let plan = Plan {
        query,
        from: find(from).map_err(|why| refused(run, at.clone(), why))?,
        to: find(to).map_err(|why| refused(run, at.clone(), why))?,
        table: table.clone(),
    };
    if plan.from.name() == plan.to.name() {
        let why = "both ends are one connection, which cannot send and receive at once; \
                   INSERT … SELECT copies inside of it";
        return Err(refused(run, at, why));
    }
    let into = Statement::own(format!("copy {table} from stdin"));
    run.admit(&plan.from, &plan.query).await?;
    run.admit(&plan.to, &into).await?;
    let mut progress = Progress::new(format!("{table} on {to}"));
    let before = run.on.take();
    let done = plan.carry_out(run, &mut progress).await;
    run.on = before;
    let tag = match done {
        Ok(tag) => tag,
        Err(problem) => {
            progress.failed(run).await;
            return Err(problem);
        }
    };
    let rows = counted(transfer::copied(&tag).unwrap_or_default(), "row");
    let line = format!(
        "{rows} copied to {} on {}, {}.",
        plan.table,
        plan.to.name(),
        progress.elapsed()
    );
    progress.done(run, line).await;
    Ok(())
}

impl Plan {
    /// The query without its `;`.
    fn query(&self) -> &str {
        self.query.text.trim_end().trim_end_matches(';')
    }

    /// Makes the table where it is missing and streams the rows; all of that or nothing.
    async fn carry_out<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<String, Problem> {
        run.on = Some(self.from.clone());
        let empty = format!("select * from (\n{}\n) as source where false", self.query());
        let columns = run.ask(&empty).await?.columns;
        let names: Vec<String> = columns
            .iter()
            .map(|column| identifier(&column.name))
            .collect();

        run.on = Some(self.to.clone());
        let exists = format!(
            "select pg_catalog.to_regclass({}) is not null",
            literal(&self.table)
        );
        let exists = run
            .ask(&exists)
            .await?
            .rows
            .first()
            .and_then(|row| row.first().cloned());
        let own = transfer::begin(run, &self.to).await?;
        let done = async {
            if exists.flatten().as_deref() != Some("t") {
                let definitions: Vec<String> = columns
                    .iter()
                    .zip(&names)
                    .map(|(column, name)| match column.type_name.as_str() {
                        "" | "unknown" => format!("{name} text"),
                        type_name => format!("{name} {type_name}"),
                    })
                    .collect();
                let create = format!("create table {} ({})", self.table, definitions.join(", "));
                run.ask(&create).await?;
            }
            self.stream(run, &names.join(", "), progress).await
        }
        .await;
        transfer::end(run, own, done).await
    }

    /// COPY out of one, into the other; each waits for the other, so that nothing piles up.
    async fn stream<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        columns: &str,
        progress: &mut Progress,
    ) -> Result<String, Problem> {
        let out = match self.from.is_query_service() {
            // It has no COPY.
            true => self.query().to_owned(),
            false => format!("copy (\n{}\n) to stdout", self.query()),
        };
        let running = self.from.run(out, None).await;
        let (rows, source) = transfer::answer(running, progress.counts());
        let into = format!("copy {} ({columns}) from stdin", self.table);
        let fed = transfer::feed(run, &self.to, into, rows, progress).await;
        // Both ends are ready for the next statement, however this one ended.
        let _ = source.await;
        match fed? {
            Fed::Done(tag) => Ok(tag),
            Fed::Refused(report) => Err((*report).into()),
        }
    }
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}
