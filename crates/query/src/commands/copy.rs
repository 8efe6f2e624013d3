//! `%copy` and `%%copy`: rows streamed from one connection to another.

use std::ops::Range;

use display::{Column, Problem};

use tokio::task::JoinHandle;

use super::export::body;
use super::import::COPY;
use super::present::destination;
use super::{failed, refused};
use crate::host::Host;
use crate::inspector::as_sql;
use crate::line;
use crate::query::Run;
use crate::session::Session;
use crate::split::Statement;
use crate::transfer::{self, Fed, Progress, Receiver, Whole};
use crate::types::written;
use crate::variables::identifier;
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
    let rows = match done {
        Ok(rows) => rows,
        Err(problem) => {
            progress.failed(run).await;
            return Err(problem);
        }
    };
    let rows = counted(rows, "row");
    let line = format!("{rows} copied to {} on {}.", plan.table, plan.to.name());
    progress.done(run, line).await;
    Ok(())
}

impl Plan {
    /// The query without its `;`.
    fn query(&self) -> &str {
        self.query.text.trim_end().trim_end_matches(';')
    }

    /// The rows as the server prints them, which every server does: some write `COPY … TO STDOUT`
    /// to a file of their own. Each end waits for the other, so that nothing piles up.
    async fn rows(&self, progress: &Progress) -> (Receiver, JoinHandle<()>) {
        let running = self.from.run(self.query().to_owned(), None).await;
        transfer::answer(running, progress.counts())
    }

    /// Makes the table where it is missing and streams the rows; all of that or nothing. Answers how
    /// many there were.
    async fn carry_out<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<u64, Problem> {
        run.on = Some(self.from.clone());
        let empty = format!("select * from (\n{}\n) as source where false", self.query());
        let columns = run.ask(&empty).await?.columns;
        let names: Vec<String> = columns
            .iter()
            .map(|column| identifier(&column.name))
            .collect();

        run.on = Some(self.to.clone());
        let there = destination(run, &self.table).await?;
        let bytes = match &there.columns {
            Some(present) => {
                let takes = |name: &str| present.iter().find(|column| column.name == name);
                let columns = columns.iter().map(|column| takes(&column.name));
                columns
                    .map(|column| column.is_some_and(|column| column.bytes))
                    .collect()
            }
            None => columns
                .iter()
                .map(|column| column.type_name == "bytea")
                .collect(),
        };
        let create = match &there.columns {
            Some(_) => None,
            None => {
                let definitions = columns.iter().map(definition);
                let definitions = definitions.collect::<Result<Vec<_>, _>>()?;
                let definitions = definitions.join(", ");
                Some(format!("create table {} ({definitions})", self.table))
            }
        };
        let rows = Rows {
            plan: self,
            create,
            columns: names,
            bytes,
        };
        if there.takes_copy
            && self.to.ways().of(COPY) == 0
            && let Some(copied) = rows.by_copy(run, progress).await?
        {
            return Ok(copied);
        }
        rows.by_inserts(run, progress).await
    }
}

/// The rows of a plan, on their way.
struct Rows<'p> {
    plan: &'p Plan,
    /// The statement that makes the table, where it is missing.
    create: Option<String>,
    /// The columns, as SQL.
    columns: Vec<String>,
    /// Which of them are bytes.
    bytes: Vec<bool>,
}

impl Rows<'_> {
    /// By COPY, all of the rows or none; nothing where this server has none.
    async fn by_copy<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<Option<u64>, Problem> {
        let Plan { to, table, .. } = self.plan;
        let into = format!("copy {table} ({}) from stdin", self.columns.join(", "));
        let whole = transfer::begin(run, to).await?;
        let mut untaken = false;
        let done = async {
            self.make(run).await?;
            let (rows, source) = self.plan.rows(progress).await;
            let fed = transfer::feed(run, to, into, (rows, Some(table)), progress).await;
            // Both ends are ready for the next statement, however this one ended.
            let _ = source.await;
            match fed? {
                Fed::Done(tag) => Ok(transfer::copied(&tag).unwrap_or_default()),
                Fed::Untaken(report) => {
                    untaken = true;
                    Err(Problem::from(*report))
                }
                Fed::Refused(report) => Err((*report).into()),
            }
        }
        .await;
        match transfer::end(run, whole, done).await {
            Ok(rows) => {
                to.ways().answered(COPY, 0);
                Ok(Some(rows))
            }
            Err(problem) if untaken && whole != Whole::Users => {
                run.next_way(COPY, 0, problem).await?;
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    /// By INSERTs, all of the rows or none.
    async fn by_inserts<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<u64, Problem> {
        let Plan { to, table, .. } = self.plan;
        let whole = transfer::begin(run, to).await?;
        let done = async {
            self.make(run).await?;
            let (rows, source) = self.plan.rows(progress).await;
            let target = transfer::InsertTarget {
                table,
                columns: &self.columns,
                bytes: self.bytes.clone(),
            };
            let inserted = transfer::insert(run, to, target, rows, progress).await;
            let _ = source.await;
            inserted
        }
        .await;
        transfer::end(run, whole, done).await
    }

    async fn make<H: Host>(&self, run: &mut Run<'_, H>) -> Result<(), Problem> {
        match &self.create {
            Some(create) => run.ask(create).await.map(|_| ()),
            None => Ok(()),
        }
    }
}

/// A column of the table that is made, from what the source says of it.
fn definition(column: &Column) -> Result<String, Problem> {
    let name = identifier(&column.name);
    match column.type_name.as_str() {
        "" | "unknown" => Ok(format!("{name} text")),
        type_name => match written(type_name) {
            Some(type_name) => Ok(format!("{name} {type_name}")),
            None => {
                let mut problem = failed(format!(
                    "the source calls the type of column {name} \"{type_name}\", which is no name of \
                     a type"
                ));
                problem.advice.push(
                    "Nothing was copied. Make the table by hand, or cast the column in a query of \
                     %%copy."
                        .into(),
                );
                Err(problem)
            }
        },
    }
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}
