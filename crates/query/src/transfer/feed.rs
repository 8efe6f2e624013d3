//! Rows that a server is fed with, by `COPY … FROM STDIN`.

use std::fs::File;
use std::io::Read;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use bytes::{Bytes, BytesMut};
use display::Problem;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Counts, Progress, aside, copied, ended};
use crate::failure::failure_problem;
use crate::host::{Host, Shown};
use crate::query::Run;
use crate::rows::Block;
use crate::session::{Running, Session, Stop, Update};
use crate::variables::literal;
use crate::wait;
use crate::wire::{CopyIn, Event, Report};
use crate::words;

/// Blocks on their way to the server.
const BLOCKS: usize = 8;
/// Bytes read from a file at a time.
const BLOCK: usize = 1 << 17;

/// How feeding a server ended.
pub(crate) enum Fed {
    /// With this command tag.
    Done(String),
    /// The server refused the rows, with this.
    Refused(Box<Report>),
    /// The server never asked for the rows: it refused the COPY itself, or took it for another.
    Untaken(Box<Report>),
}

/// Rows on their way to the server.
pub(crate) enum Piece {
    /// COPY data.
    Block(Bytes),
    /// That was all: so many rows, where they were counted. What ends without it, or with an error,
    /// is not whole.
    End(Option<u64>),
}

/// Pieces; one that is an error ends them.
pub(crate) type Receiver = mpsc::Receiver<Result<Piece, Problem>>;
type Sender = mpsc::Sender<Result<Piece, Problem>>;

/// The rows of a file that was looked through.
pub(crate) fn rows(import: Arc<files::Import>, counts: Arc<Counts>) -> Receiver {
    thread(counts, move |take| {
        let mut blocks = import.blocks()?;
        while let Some(block) = blocks.next()? {
            if !take(Bytes::copy_from_slice(block)) {
                break;
            }
        }
        Ok(Some(blocks.rows()))
    })
}

/// The bytes of a file as they are.
pub(crate) fn bytes(mut file: File, path: PathBuf, counts: Arc<Counts>) -> Receiver {
    let told = counts.clone();
    thread(counts, move |take| {
        loop {
            let mut block = BytesMut::zeroed(BLOCK);
            let read = file.read(&mut block);
            let count = read.map_err(|error| files::Error::io(&path, &error))?;
            block.truncate(count);
            told.bytes.fetch_add(count as u64, Ordering::Relaxed);
            if count == 0 || !take(block.freeze()) {
                return Ok(None);
            }
        }
    })
}

/// Blocks that a thread of their own reads; it answers how many rows they are, if it knows.
fn thread(
    counts: Arc<Counts>,
    read: impl FnOnce(&mut dyn FnMut(Bytes) -> bool) -> Result<Option<u64>, files::Error>
    + Send
    + 'static,
) -> Receiver {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    tokio::task::spawn_blocking(move || {
        let mut take = |block: Bytes| sender.blocking_send(Ok(Piece::Block(block))).is_ok();
        let last = match read(&mut take) {
            Ok(rows) => Ok(Piece::End(rows)),
            Err(error) => Err(counts.problem(error)),
        };
        // Whoever does not take it any more does not take the rows before it for whole.
        let _ = sender.blocking_send(last);
    });
    receiver
}

/// What a query of another session answers, whether it copies or selects. The task ends when that
/// session is ready again.
pub(crate) fn answer(mut running: Running, counts: Arc<Counts>) -> (Receiver, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    let task = tokio::spawn(async move {
        let mut source = Source::default();
        while let Some(update) = next(&mut running, &sender).await {
            let Some(piece) = source.take(update) else {
                continue;
            };
            if let Ok(Piece::Block(block)) = &piece {
                counts
                    .bytes
                    .fetch_add(block.len() as u64, Ordering::Relaxed);
            }
            hand_on(&sender, piece, &running).await;
            if source.ended {
                return;
            }
        }
        hand_on(&sender, Err(ended()), &running).await;
    });
    (receiver, task)
}

/// What comes next of the other session, which is ended where nobody takes its rows any more: it may
/// work for long before it sends one.
async fn next(running: &mut Running, sender: &Sender) -> Option<Update> {
    if !sender.is_closed() {
        tokio::select! {
            update = running.updates.recv() => return update,
            () = sender.closed() => {}
        }
    }
    // Said once or more often: it is one end.
    running.end();
    running.updates.recv().await
}

/// How far the answer of another session has come.
#[derive(Default)]
struct Source {
    /// Rows that came as rows, and not as COPY data.
    rows: Option<u64>,
    /// The statement's tag, with which the server says that this was all.
    tag: Option<String>,
    failed: bool,
    /// The session is ready again, or gone.
    ended: bool,
}

impl Source {
    /// What an update means for whoever takes the rows; nothing, of most.
    fn take(&mut self, update: Update) -> Option<Result<Piece, Problem>> {
        let piece = match update {
            Update::Event(Event::CopyData(data)) => Ok(Piece::Block(data)),
            Update::Rows(block) => {
                *self.rows.get_or_insert(0) += block.count();
                Ok(Piece::Block(as_copy(&block)))
            }
            Update::Event(Event::Error(report)) => Err((*report).into()),
            Update::Event(Event::Complete(tag)) => {
                self.tag = Some(tag);
                return None;
            }
            Update::Failed(failure) => {
                self.ended = true;
                Err(failure_problem(failure))
            }
            Update::Done(_) => {
                self.ended = true;
                match &self.tag {
                    _ if self.failed => return None,
                    Some(tag) => Ok(Piece::End(self.rows.or(copied(tag)))),
                    None => Err(half()),
                }
            }
            _ => return None,
        };
        self.failed |= piece.is_err();
        Some(piece)
    }
}

/// Where nobody takes the rows any more, they are not wanted either.
async fn hand_on(sender: &Sender, piece: Result<Piece, Problem>, running: &Running) {
    if sender.send(piece).await.is_err() {
        running.end();
    }
}

/// Rows as COPY's text.
fn as_copy(block: &Block) -> Bytes {
    let mut text = Vec::with_capacity(block.bytes().len());
    let mut rows = block.rows();
    while let Some(row) = rows.next() {
        files::write_row((0..row.len()).map(|column| row.bytes(column)), &mut text);
    }
    text.into()
}

/// Sends a COPY and feeds it with rows until their end. Done is what both sides call whole, and
/// count alike; or, where it is known which table they go to, of which its own triggers keep the rest.
pub(crate) async fn feed<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    sql: String,
    (rows, table): (Receiver, Option<&str>),
    progress: &mut Progress,
) -> Result<Fed, Problem> {
    let mut running = session.run(sql, None).await;
    let interrupt = running.interrupter();
    let counts = progress.counts();
    let interrupt = || {
        interrupt(Stop::User);
        counts.stop();
    };
    let mut waiting = Some(rows);
    let mut sending = None;
    let mut sent = Err(None);
    let (mut tag, mut refused) = (None, None);
    loop {
        let next = async {
            tokio::select! {
                biased;
                done = wait::done(&mut sending) => Err(done),
                update = running.updates.recv() => Ok(update),
            }
        };
        let update = match progress.watch(run, next, &interrupt).await {
            Ok(update) => update,
            Err(done) => {
                (sending, sent) = (None, done);
                continue;
            }
        };
        match update {
            Some(Update::CopyIn(sink)) => {
                sending = waiting.take().map(|rows| Box::pin(send(sink, rows)));
            }
            Some(Update::Event(Event::Complete(done))) => tag = Some(done),
            Some(Update::Event(Event::Error(report))) => refused = Some(report),
            Some(Update::Failed(failure)) => return Err(failure_problem(failure)),
            Some(Update::Done(_)) => break,
            None => return Err(ended()),
            Some(other) => aside(run, other).await,
        }
    }
    let taken = waiting.is_none();
    match (sent, refused) {
        // The server was told that there is no more, and has nothing to say of its own.
        (Err(Some(problem)), _) if !counts.is_stopped() => Err(problem),
        (_, Some(report)) if taken => Ok(Fed::Refused(report)),
        (_, Some(report)) => Ok(Fed::Untaken(report)),
        (Err(None), None) if !taken => {
            let why = "this server answered COPY … FROM STDIN without asking for the rows";
            Ok(Fed::Untaken(Box::new(Report::unsupported(why))))
        }
        (Err(problem), None) => Err(problem.unwrap_or_else(half)),
        (Ok(rows), None) => {
            let tag = tag.ok_or_else(half)?;
            if let (Some(rows), Some(counted)) = (rows, copied(&tag))
                && rows != counted
            {
                let kept = rows > counted && keeps_rows(run, table).await?;
                if !kept {
                    return Err(unlike(rows, counted));
                }
                let rows = words::counted(rows - counted, "row");
                let line = format!("{rows} not taken, by a trigger of the table.\n");
                run.host.show(Shown::Note(line)).await;
            }
            Ok(Fed::Done(tag))
        }
    }
}

/// Sends all blocks; answers how many rows they were, or why they are not whole. Nothing is said
/// where the server went away: it tells why itself.
async fn send(mut sink: CopyIn, mut pieces: Receiver) -> Result<Option<u64>, Option<Problem>> {
    loop {
        match pieces.recv().await {
            Some(Ok(Piece::Block(block))) => {
                if !sink.data(&block).await {
                    return Err(None);
                }
            }
            Some(Ok(Piece::End(rows))) => {
                sink.done().await;
                return Ok(rows);
            }
            failed => {
                sink.fail("the rows ended before their time").await;
                return Err(Some(match failed {
                    Some(Err(problem)) => problem,
                    _ => half(),
                }));
            }
        }
    }
}

/// Rows that ended without the word that they are all.
pub(super) fn half() -> Problem {
    let why = "the rows ended before their time, and nobody said that they were all";
    let mut problem = Problem::new("file_error", why);
    problem.advice.push("Nothing was loaded.".into());
    problem
}

/// Whether a table has triggers that may keep a row from it, which the server then does not count.
async fn keeps_rows<H: Host>(run: &mut Run<'_, H>, table: Option<&str>) -> Result<bool, Problem> {
    let Some(table) = table else { return Ok(false) };
    // Before it, for each row, of an INSERT; on the table, or on its parts.
    let sql = format!(
        "with recursive part as (select pg_catalog.to_regclass({}) as oid union all \
         select i.inhrelid from pg_catalog.pg_inherits as i, part where i.inhparent = part.oid) \
         select exists (select from pg_catalog.pg_trigger as t, part where t.tgrelid = part.oid \
         and not t.tgisinternal and t.tgtype & 7 = 7)",
        literal(table)
    );
    let answer = run.ask(&sql).await?.rows;
    let value = answer.first().and_then(|row| row.first()?.as_deref());
    Ok(value == Some("t"))
}

/// Two sides that do not count alike.
pub(super) fn unlike(rows: u64, counted: u64) -> Problem {
    let why = format!(
        "{} were sent, and the server counts {counted}",
        words::counted(rows, "row")
    );
    let mut problem = Problem::new("file_error", why);
    let advice = "They are rolled back; in a transaction of yours, roll it back.";
    problem.advice.push(advice.into());
    problem
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::session::Failure;
    use crate::wire::Transaction;

    /// What is made of the updates of a source.
    fn pieces(updates: Vec<Update>) -> Vec<String> {
        let mut source = Source::default();
        let pieces = updates.into_iter().filter_map(|update| source.take(update));
        let told = |piece: Result<Piece, Problem>| match piece {
            Ok(Piece::Block(block)) => format!("{block:?}"),
            Ok(Piece::End(rows)) => format!("end {rows:?}"),
            Err(problem) => problem.message,
        };
        pieces.map(told).collect()
    }

    fn data() -> Update {
        Update::Event(Event::CopyData(Bytes::from_static(b"1\n")))
    }

    #[test]
    fn a_source_ends_with_its_tag_and_a_session_that_is_ready() {
        let tag = || Update::Event(Event::Complete("COPY 1".into()));
        let done = || Update::Done(Transaction::Idle);
        assert_eq!(
            pieces(vec![data(), tag(), done()]),
            ["b\"1\\n\"", "end Some(1)"]
        );
        let without = pieces(vec![data(), done()]);
        assert!(
            without[1].contains("ended before their time"),
            "{without:?}"
        );
        let lost = Update::Failed(Failure::Lost("gone".into()));
        let lost = pieces(vec![data(), lost]);
        assert!(lost[1].contains("gone"), "{lost:?}");
    }

    #[tokio::test]
    async fn a_thread_that_dies_has_no_end() {
        let mut pieces = thread(Arc::default(), |take| {
            take(Bytes::from_static(b"1\n"));
            panic!("on purpose: the reader of a file dies");
        });
        assert!(matches!(pieces.recv().await, Some(Ok(Piece::Block(_)))));
        assert!(pieces.recv().await.is_none());
    }
}
