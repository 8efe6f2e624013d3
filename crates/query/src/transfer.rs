//! Rows on their way between a server and a file: streamed, counted aloud, stopped when the user
//! says so, and whole in the end or not there at all.

mod feed;
mod insert;
mod progress;
mod sink;

use std::path::PathBuf;

use display::Problem;
use tokio::time::Instant;

pub(crate) use self::feed::{Fed, Receiver, answer, bytes, feed, rows};
pub(crate) use self::insert::{Target as InsertTarget, insert};
pub(crate) use self::progress::{Counts, Progress};
use self::sink::{Piece, Worker};
pub(crate) use self::sink::{Sink, as_files, keep};
use crate::failure::failure_problem;
use crate::host::Host;
use crate::query::Run;
use crate::session::{Failure, Session, Stop, Update};
use crate::target::Target;
use crate::wait;
use crate::ways::is_unknown;
use crate::wire::{Event, Report, Transaction};

/// What the answer to a query is written to, and how that ended.
pub(crate) enum Ended {
    Written(files::Written),
    /// The server refused the query, with this.
    Refused(Box<Report>),
}

/// Sends a query and writes what it answers into a file.
pub(crate) async fn write<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    sql: String,
    sink: Sink,
    progress: &mut Progress,
) -> Result<Ended, Problem> {
    open(run, session).await?;
    let limit = match session.target() {
        Target::Server(settings) => settings.timeout,
        Target::Local(_) => None,
    };
    let mut limit = limit.and_then(|limit| Instant::now().checked_add(limit));
    let mut timed_out = false;
    let copies = !matches!(sink, Sink::Rows(..));
    let (mut data, mut columns) = (false, false);
    let worker = Worker::start(sink, progress.counts());
    let mut running = session.run(sql, None).await;
    let interrupt = running.interrupter();
    let (mut refused, mut tag) = (None, None);
    let mut gone = false;
    loop {
        // Nothing is taken from the server while the file is behind.
        let piece = async {
            let room = worker.room().await;
            (room, running.updates.recv().await)
        };
        let next = async {
            tokio::select! {
                biased;
                () = wait::until(limit) => None,
                piece = piece => Some(piece),
            }
        };
        let Some((room, update)) = progress.watch(run, next, || interrupt(Stop::User)).await else {
            (limit, timed_out) = (None, true);
            interrupt(Stop::Ours);
            continue;
        };
        // The file cannot be written on: no more rows are wanted, the error is told at the end.
        if room.is_none() && !std::mem::replace(&mut gone, true) {
            running.end();
        }
        let piece = match update {
            Some(Update::Rows(block)) => Piece::Rows(block),
            Some(Update::Event(Event::Columns(fields))) => {
                columns = true;
                Piece::Columns(fields)
            }
            Some(Update::Event(Event::CopyData(piece))) => {
                data = true;
                Piece::Data(piece)
            }
            Some(Update::Event(Event::Error(report))) => {
                refused = Some(report);
                continue;
            }
            Some(Update::Event(Event::Complete(done))) => {
                tag = Some(done);
                continue;
            }
            Some(Update::Done(_)) => break,
            // What was written so far is gone before anything is said.
            Some(Update::Failed(failure)) => {
                drop(room);
                worker.abandon().await;
                return Err(failure_problem(failure));
            }
            None => {
                drop(room);
                worker.abandon().await;
                return Err(ended());
            }
            Some(other) => {
                aside(run, other).await;
                continue;
            }
        };
        if let Some(room) = room {
            room.send(piece);
        }
    }
    // A COPY that is answered with rows went elsewhere: to the server's own standard output.
    if copies && columns && !data && refused.is_none() {
        let why = "this server answered COPY … TO STDOUT with a result and sent no data";
        refused = Some(Box::new(Report::unsupported(why)));
    }
    match refused {
        Some(_) if gone => Err(file_problem(worker.abandon().await)),
        Some(mut report) => {
            worker.abandon().await;
            if timed_out {
                report.hint = Some("The time limit of this connection had passed.".into());
            }
            Ok(Ended::Refused(report))
        }
        None => {
            // Without its tag nobody has said that these were all rows.
            let Some(tag) = tag else {
                worker.abandon().await;
                return Err(ended());
            };
            let written = worker.finish(copied(&tag)).await.map_err(file_problem)?;
            Ok(Ended::Written(written))
        }
    }
}

/// Opens the connection where it is not open, with a password where it wants one.
pub(crate) async fn open<H: Host>(run: &mut Run<'_, H>, session: &Session) -> Result<(), Problem> {
    if session.status().connection.is_none() {
        // Not every server takes an empty query.
        run.ask("select 1").await?;
    }
    Ok(())
}

/// The rows that a COPY's tag counts.
pub(crate) fn copied(tag: &str) -> Option<u64> {
    tag.strip_prefix("COPY ")?.parse().ok()
}

/// What is told beside the rows.
pub(crate) async fn aside<H: Host>(run: &Run<'_, H>, update: Update) {
    match update {
        Update::Opened { lost: Some(why) } => run.connected_again(&why).await,
        Update::StillRunning(left) => run.still_running(left).await,
        Update::Remark(line) => run.remark(&line).await,
        Update::Event(Event::Notice(report)) => {
            let mut problem = Problem::from(*report);
            problem.context = None;
            run.warn(problem.text() + "\n").await;
        }
        Update::CopyIn(mut to) => {
            to.fail("there are no rows here").await;
        }
        _ => {}
    }
}

/// What makes work whole or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whole {
    /// A transaction begun for it.
    Ours,
    /// The user's own, which the user ends.
    Users,
    /// The server has no transactions.
    Nothing,
}

/// Begins a transaction for work that is to be whole or nothing.
/// With `AUTOCOMMIT` off, one that begins here is the user's.
pub(crate) async fn begin<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
) -> Result<Whole, Problem> {
    if session.status().transaction != Transaction::Idle {
        return Ok(Whole::Users);
    }
    match run.ask("begin").await {
        Ok(_) if session.status().transaction == Transaction::Idle => Ok(Whole::Nothing),
        Ok(_) if !run.settings.variables.is_on("AUTOCOMMIT") => Ok(Whole::Users),
        Ok(_) => Ok(Whole::Ours),
        Err(problem) if is_unknown(&problem) => Ok(Whole::Nothing),
        Err(problem) => Err(problem),
    }
}

/// Ends what [`begin`] began as the work has ended.
pub(crate) async fn end<T, H: Host>(
    run: &mut Run<'_, H>,
    whole: Whole,
    done: Result<T, Problem>,
) -> Result<T, Problem> {
    match (whole, done) {
        (Whole::Ours, Ok(done)) => {
            run.ask_to_end("commit").await?;
            Ok(done)
        }
        (Whole::Ours, Err(problem)) => {
            let _ = run.ask_to_end("rollback").await;
            Err(problem)
        }
        (Whole::Nothing, Err(mut problem)) => {
            problem.advice.push(
                "This server has no transactions: look which rows are there before you try again."
                    .into(),
            );
            Err(problem)
        }
        (_, done) => done,
    }
}

/// What is wrong with a file, as a problem of the cell.
pub(crate) fn file_problem(error: files::Error) -> Problem {
    let mut problem = Problem::new("file_error", error.message);
    problem.advice.extend(error.advice);
    problem
}

/// The session's task has gone.
pub(crate) fn ended() -> Problem {
    failure_problem(Failure::Lost("the session has ended".into()))
}

/// The path a user names: `~` is the home folder, the rest is relative to the notebook's folder.
pub(crate) fn path(name: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match (name.strip_prefix('~'), home()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(&rest[1..]),
        _ => name.into(),
    }
}
