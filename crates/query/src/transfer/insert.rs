//! Rows that a server is fed with by INSERTs of many rows each, where it takes no COPY.

use std::sync::atomic::Ordering;

use display::Problem;
use files::{Insert, Inserts};

use super::feed::{Piece, Receiver, half, unlike};
use super::{Progress, aside, ended, file_problem};
use crate::failure::failure_problem;
use crate::host::Host;
use crate::query::Run;
use crate::session::{Session, Stop, Update};
use crate::wire::Event;

/// Where rows go.
pub(crate) struct Target<'t> {
    /// The table, as SQL.
    pub(crate) table: &'t str,
    /// Its columns that take values, as SQL; all where there are none.
    pub(crate) columns: &'t [String],
    /// Which of them take bytes.
    pub(crate) bytes: Vec<bool>,
}

/// Inserts the rows of these blocks of COPY's text, and sees that they are in the table; answers how
/// many there were.
pub(crate) async fn insert<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    target: Target<'_>,
    mut blocks: Receiver,
    progress: &mut Progress,
) -> Result<u64, Problem> {
    let before = count(run, target.table).await?;
    let mut inserts = Inserts::new(target.table, target.columns, target.bytes);
    let counts = progress.counts();
    let (mut sent, mut told, mut all) = (0, Some(0), None);
    loop {
        let stop = || counts.stop();
        let block = progress.watch(run, blocks.recv(), stop).await;
        if counts.is_stopped() {
            return Err(Problem::server("ERROR", "57014", "interrupted"));
        }
        let last = match block.ok_or_else(half)?? {
            Piece::Block(block) => {
                inserts.push(&block);
                false
            }
            Piece::End(rows) => {
                all = rows;
                true
            }
        };
        loop {
            let next = match last {
                true => inserts.last(),
                false => inserts.next(),
            };
            let Some(next) = next.map_err(file_problem)? else {
                break;
            };
            let rows = next.rows;
            let tag = one(run, session, next, sent, progress).await?;
            sent += rows;
            told = told.zip(inserted(&tag)).map(|(all, these)| all + these);
            counts.rows.store(sent, Ordering::Relaxed);
        }
        if last {
            break;
        }
    }
    // Servers that do not tell how many rows a statement has inserted are asked.
    let there = match told {
        Some(told) => told,
        None => count(run, target.table).await?.saturating_sub(before),
    };
    match all.filter(|all| *all != sent) {
        Some(all) => Err(unlike(all, sent)),
        None if there != sent => Err(unlike(sent, there)),
        None => Ok(sent),
    }
}

/// Sends one statement; answers its tag.
async fn one<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    insert: Insert,
    before: u64,
    progress: &mut Progress,
) -> Result<String, Problem> {
    let rows = insert.rows;
    let mut running = session.run(insert.sql, None).await;
    let interrupt = running.interrupter();
    let (mut tag, mut refused) = (String::new(), None);
    loop {
        match progress
            .watch(run, running.updates.recv(), || interrupt(Stop::User))
            .await
        {
            Some(Update::Event(Event::Complete(done))) => tag = done,
            Some(Update::Event(Event::Error(report))) => refused = Some(report),
            Some(Update::Failed(failure)) => return Err(failure_problem(failure)),
            Some(Update::Done(_)) => break,
            None => return Err(ended()),
            Some(other) => aside(run, other).await,
        }
    }
    match refused {
        None => Ok(tag),
        Some(report) => {
            let mut problem = Problem::from(*report);
            let (first, last) = (before + 1, before + rows);
            let place = format!("This is about one of the rows {first} to {last}.");
            problem.advice.push(place);
            Err(problem)
        }
    }
}

/// The rows that an INSERT's tag counts.
fn inserted(tag: &str) -> Option<u64> {
    tag.strip_prefix("INSERT 0 ")?.parse().ok()
}

/// How many rows a table has.
async fn count<H: Host>(run: &mut Run<'_, H>, table: &str) -> Result<u64, Problem> {
    let answer = run.ask(&format!("select count(*) from {table}")).await?;
    let count = answer.rows.first().and_then(|row| row.first()?.as_deref());
    Ok(count.and_then(|count| count.parse().ok()).unwrap_or(0))
}
