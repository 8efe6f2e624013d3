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

use super::{Counts, Progress, aside, ended, file_problem};
use crate::failure::failure_problem;
use crate::host::Host;
use crate::query::Run;
use crate::rows::Block;
use crate::session::{Running, Session, Stop, Update};
use crate::wait;
use crate::wire::{CopyIn, Event, Report};

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
}

/// Blocks of COPY data; one that is an error ends them.
pub(crate) type Receiver = mpsc::Receiver<Result<Bytes, Problem>>;
type Sender = mpsc::Sender<Result<Bytes, Problem>>;

/// The rows of a file that was looked through.
pub(crate) fn rows(import: Arc<files::Import>, counts: Arc<Counts>) -> Receiver {
    thread(counts, move |take| {
        let mut blocks = import.blocks()?;
        while let Some(block) = blocks.next()? {
            if !take(Bytes::copy_from_slice(block)) {
                return Ok(());
            }
        }
        Ok(())
    })
}

/// The bytes of a file as they are.
pub(crate) fn bytes(mut file: File, path: PathBuf, counts: Arc<Counts>) -> Receiver {
    thread(counts, move |take| {
        loop {
            let mut block = BytesMut::zeroed(BLOCK);
            let read = file.read(&mut block);
            let count = read.map_err(|error| files::Error::io(&path, &error))?;
            block.truncate(count);
            if count == 0 || !take(block.freeze()) {
                return Ok(());
            }
        }
    })
}

/// Blocks that a thread of their own reads.
fn thread(
    counts: Arc<Counts>,
    read: impl FnOnce(&mut dyn FnMut(Bytes) -> bool) -> Result<(), files::Error> + Send + 'static,
) -> Receiver {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    tokio::task::spawn_blocking(move || {
        let mut take = |block: Bytes| {
            counts
                .bytes
                .fetch_add(block.len() as u64, Ordering::Relaxed);
            sender.blocking_send(Ok(block)).is_ok()
        };
        if let Err(error) = read(&mut take) {
            let _ = sender.blocking_send(Err(file_problem(error)));
        }
    });
    receiver
}

/// What a query of another session answers, whether it copies or selects. The task ends when that
/// session is ready again.
pub(crate) fn answer(mut running: Running, counts: Arc<Counts>) -> (Receiver, JoinHandle<()>) {
    let (sender, receiver) = mpsc::channel(BLOCKS);
    let task = tokio::spawn(async move {
        while let Some(update) = running.updates.recv().await {
            let block = match update {
                Update::Event(Event::CopyData(data)) => Ok(data),
                Update::Rows(block) => Ok(as_copy(&block)),
                Update::Event(Event::Error(report)) => Err((*report).into()),
                Update::Failed(failure) => Err(failure_problem(failure)),
                Update::Done(_) => return,
                _ => continue,
            };
            if let Ok(block) = &block {
                counts
                    .bytes
                    .fetch_add(block.len() as u64, Ordering::Relaxed);
            }
            hand_on(&sender, block, &running).await;
        }
    });
    (receiver, task)
}

/// Where nobody takes the rows any more, they are not wanted either.
async fn hand_on(sender: &Sender, block: Result<Bytes, Problem>, running: &Running) {
    if sender.send(block).await.is_err() {
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

/// Sends a COPY and feeds it with blocks until they end. A block that is an error ends it, too.
pub(crate) async fn feed<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    sql: String,
    blocks: Receiver,
    progress: &mut Progress,
) -> Result<Fed, Problem> {
    let mut running = session.run(sql, None).await;
    let interrupt = running.interrupter();
    let mut waiting = Some(blocks);
    let mut sending = None;
    let (mut tag, mut refused, mut failed) = (String::new(), None, None);
    loop {
        let next = async {
            tokio::select! {
                biased;
                problem = wait::done(&mut sending) => Err(problem),
                update = running.updates.recv() => Ok(update),
            }
        };
        let update = match progress.watch(run, next, || interrupt(Stop::User)).await {
            Ok(update) => update,
            Err(problem) => {
                sending = None;
                failed = failed.or(problem);
                continue;
            }
        };
        match update {
            Some(Update::CopyIn(sink)) => {
                sending = waiting.take().map(|blocks| Box::pin(send(sink, blocks)));
            }
            Some(Update::Event(Event::Complete(done))) => tag = done,
            Some(Update::Event(Event::Error(report))) => refused = Some(report),
            Some(Update::Failed(failure)) => return Err(failure_problem(failure)),
            Some(Update::Done(_)) => break,
            None => return Err(ended()),
            Some(other) => aside(run, other).await,
        }
    }
    match (failed, refused) {
        (Some(problem), _) => Err(problem),
        (None, Some(report)) => Ok(Fed::Refused(report)),
        (None, None) => Ok(Fed::Done(tag)),
    }
}

/// Sends all blocks; answers the error that came instead of one.
async fn send(mut sink: CopyIn, mut blocks: Receiver) -> Option<Problem> {
    while let Some(block) = blocks.recv().await {
        match block {
            Ok(block) => {
                // The server has gone: what it said is told as its answer.
                if !sink.data(&block).await {
                    return None;
                }
            }
            Err(problem) => {
                sink.fail("the rows ended before their time").await;
                return Some(problem);
            }
        }
    }
    sink.done().await;
    None
}
