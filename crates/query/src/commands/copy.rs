//! `%copy` and `%%copy`: rows streamed from one connection to another.

use std::ops::Range;

use display::Problem;

use super::refused;
use crate::answer::elapsed;
use crate::host::Host;
use crate::query::{Run, failure_problem};
use crate::session::{Failure, Running, Session, Update};
use crate::variables::{identifier, literal};
use crate::wire::{CopyIn, Event, Transaction};

/// Where rows come from and where they go.
struct Plan {
    /// A query, without its `;`.
    query: String,
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
    let (source, table, from, to) = match words(rest).as_slice() {
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
    let query = format!("select * from {source}");
    copy(run, &query, from, to, table, at).await
}

/// `%%copy from NAME to NAME as TABLE`; the query is the body.
pub(super) async fn query<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    body: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let words = words(rest);
    let [f, from, t, to, a, table] = words.as_slice() else {
        return Err(refused(run, at, "write %%copy from NAME to NAME as TABLE"));
    };
    if !(is(f, "from") && is(t, "to") && is(a, "as")) {
        return Err(refused(run, at, "write %%copy from NAME to NAME as TABLE"));
    }
    let query = body.trim().trim_end_matches(';').trim_end();
    if query.is_empty() {
        return Err(refused(run, at, "%%copy needs a query on the lines below"));
    }
    copy(run, query, from, to, table, at).await
}

async fn copy<H: Host>(
    run: &mut Run<'_, H>,
    query: &str,
    from: &str,
    to: &str,
    table: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let find = |name: &str| run.query.connections.find(name);
    let plan = Plan {
        query: query.to_owned(),
        from: find(from).map_err(|why| refused(run, at.clone(), why))?,
        to: find(to).map_err(|why| refused(run, at.clone(), why))?,
        table: table.to_owned(),
    };
    if plan.from.name() == plan.to.name() {
        let why = "both ends are one connection, which cannot send and receive at once; \
                   INSERT … SELECT copies inside of it";
        return Err(refused(run, at, why));
    }
    let started = std::time::Instant::now();
    let before = run.on.take();
    let done = plan.carry_out(run).await;
    run.on = before;
    let tag = done?;
    let rows = tag.strip_prefix("COPY ").unwrap_or(&tag);
    let line = format!(
        "{rows} rows copied to {} on {}, {}.\n",
        plan.table,
        plan.to.name(),
        elapsed(started.elapsed())
    );
    run.out(line).await;
    Ok(())
}

impl Plan {
    /// Makes the table where it is missing and streams the rows; all of that or nothing.
    async fn carry_out<H: Host>(&self, run: &mut Run<'_, H>) -> Result<String, Problem> {
        run.on = Some(self.from.clone());
        let empty = format!("select * from (\n{}\n) as source where false", self.query);
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
        // Inside the user's own transaction, it is the user who ends it.
        let own = self.to.status().transaction == Transaction::Idle;
        if own {
            run.ask("begin").await?;
        }
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
            self.stream(run, &names.join(", ")).await
        }
        .await;
        if own {
            let end = if done.is_ok() { "commit" } else { "rollback" };
            let ended = run.ask(end).await;
            if done.is_ok() {
                ended?;
            }
        }
        done
    }

    /// COPY out of one, into the other; each waits for the other, so that nothing piles up.
    async fn stream<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        columns: &str,
    ) -> Result<String, Problem> {
        let into = format!("copy {} ({columns}) from stdin", self.table);
        let mut to = self.to.run(into, None).await;
        let mut sink = match self.sink(run, &mut to).await? {
            Some(sink) => sink,
            None => {
                return Err(Problem::new(
                    "command_error",
                    "the server asked for no rows",
                ));
            }
        };
        let out = format!("copy (\n{}\n) to stdout", self.query);
        let mut from = self.from.run(out, None).await;
        let mut failed: Option<Problem> = None;
        loop {
            tokio::select! {
                biased;
                () = run.host.interrupted() => {
                    from.interrupt();
                    to.interrupt();
                }
                update = from.updates.recv() => match update {
                    Some(Update::Event(Event::CopyData(data))) => {
                        // False where the other end has gone: its own error is told below.
                        sink.data(&data).await;
                    }
                    Some(Update::Event(Event::Error(report))) => failed = Some((*report).into()),
                    Some(Update::Failed(failure)) => {
                        failed = Some(failure_problem(failure));
                        break;
                    }
                    Some(Update::Done(_)) => break,
                    None => {
                        failed = Some(gone());
                        break;
                    }
                    Some(_) => {}
                },
                update = to.updates.recv() => {
                    // The rows are refused: no more of them are wanted.
                    let refusal = match update {
                        Some(Update::Event(Event::Error(report))) => (*report).into(),
                        Some(Update::Failed(failure)) => failure_problem(failure),
                        None => gone(),
                        Some(_) => continue,
                    };
                    from.interrupt();
                    finish(&mut from).await;
                    finish(&mut to).await;
                    return Err(refusal);
                }
            }
        }
        match failed {
            Some(problem) => {
                sink.fail("the rows did not come").await;
                finish(&mut to).await;
                Err(problem)
            }
            None => {
                sink.done().await;
                self.tag(&mut to).await
            }
        }
    }

    /// Waits until the server asks for rows.
    async fn sink<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        to: &mut Running,
    ) -> Result<Option<CopyIn>, Problem> {
        let mut failed = None;
        loop {
            tokio::select! {
                biased;
                () = run.host.interrupted() => to.interrupt(),
                update = to.updates.recv() => match update {
                    Some(Update::CopyIn(sink)) => return Ok(Some(sink)),
                    Some(Update::Event(Event::Error(report))) => failed = Some((*report).into()),
                    Some(Update::Failed(failure)) => return Err(failure_problem(failure)),
                    Some(Update::Done(_)) => return failed.map_or(Ok(None), Err),
                    None => return Err(gone()),
                    Some(_) => {}
                },
            }
        }
    }

    /// The command tag, when all rows have gone.
    async fn tag(&self, to: &mut Running) -> Result<String, Problem> {
        let (mut tag, mut failed) = (String::new(), None);
        loop {
            match to.updates.recv().await {
                Some(Update::Event(Event::Complete(done))) => tag = done,
                Some(Update::Event(Event::Error(report))) => failed = Some((*report).into()),
                Some(Update::Failed(failure)) => return Err(failure_problem(failure)),
                Some(Update::Done(_)) => return failed.map_or(Ok(tag), Err),
                None => return Err(gone()),
                Some(_) => {}
            }
        }
    }
}

/// Reads an answer to its end.
async fn finish(running: &mut Running) {
    while let Some(update) = running.updates.recv().await {
        if matches!(update, Update::Done(_) | Update::Failed(_)) {
            return;
        }
    }
}

fn gone() -> Problem {
    failure_problem(Failure::Lost("the session has ended".into()))
}

fn words(rest: &str) -> Vec<&str> {
    rest.split_whitespace().collect()
}

fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}
