//! Rust cells' way to the session: requests come in over a socket, statements run as jobs of the
//! current session, rows go back in blocks.
//!
//! The other side is the `db` crate in the process of the Rust cells; `db::wire` is what both speak.
//! Statements run as those of SQL cells do: same transaction, same guards, same notices, same
//! interrupt. A full socket makes the server wait, so that any number of rows takes the same memory.

mod bind;
mod inspect;
mod kept;
mod table;

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::{Buf, BytesMut};
use db::wire::{About, Answer, BLOCK, Block, Column, LONGEST_REQUEST, Request, VERSION};
use db::{Error, Parameter};
use display::Problem;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

use crate::host::{Host, Shown};
use crate::query::{Query, Run};
use crate::session::{Failure, Running, Session, Update};
use crate::split::Statement;
use crate::wire::{Event, Field, Report, Transaction};

pub use kept::{Given, There};

/// Blocks of rows on their way from the session to the socket.
const BLOCKS: usize = 4;

/// A connection from the process of the Rust cells.
pub struct Remote<S> {
    socket: S,
    input: BytesMut,
    greeted: bool,
    progress: Arc<Progress>,
}

/// How far a connection is, for whoever looks at it from outside.
#[derive(Debug, Default)]
pub struct Progress {
    answering: AtomicBool,
    leaving: AtomicBool,
}

impl Progress {
    /// Whether a request is being answered: to stop serving now would put the connection out of
    /// step.
    pub fn is_answering(&self) -> bool {
        self.answering.load(Ordering::Relaxed)
    }

    /// Whether nobody waits for the answer any more, and its statement is being ended.
    pub fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Remote<S> {
    /// A connection that was accepted from a process that may ask.
    pub fn new(socket: S) -> Self {
        Remote {
            socket,
            input: BytesMut::new(),
            greeted: false,
            progress: Arc::default(),
        }
    }

    /// How far it is.
    pub fn progress(&self) -> Arc<Progress> {
        self.progress.clone()
    }

    /// Answers requests until the other side closes; to be polled while a Rust cell runs. A
    /// statement whose asker has gone is interrupted.
    ///
    /// # Errors
    /// The connection broke, or the other side is none of ours.
    pub async fn serve<H: Host>(&mut self, query: &Query, host: &H) -> io::Result<()> {
        while let Some(request) = self.read().await? {
            self.progress.answering.store(true, Ordering::Relaxed);
            match request {
                Request::Hello { version } => {
                    if version != VERSION {
                        return Err(io::ErrorKind::PermissionDenied.into());
                    }
                    self.greeted = true;
                }
                _ if !self.greeted => return Err(io::ErrorKind::PermissionDenied.into()),
                Request::Query { sql, parameters } => {
                    let (blocks, coming) = mpsc::channel(BLOCKS);
                    let gone = Notify::new();
                    let job = Job {
                        query,
                        host,
                        gone: &gone,
                        blocks,
                    };
                    self.follow(job.run(&sql, &parameters), coming, &gone)
                        .await?;
                }
                Request::About => {
                    let answer = match about(query, host).await {
                        Ok(about) => Answer::About(about),
                        Err(problem) => failed(&problem, None),
                    };
                    self.write(&answer).await?;
                }
                // Its rows had come to their end before the word did.
                Request::Stop => {}
                Request::Kept(name) => {
                    let (blocks, coming) = mpsc::channel(BLOCKS);
                    let work = kept::send(query, &name, blocks);
                    self.follow(work, coming, &Notify::new()).await?;
                }
                Request::Inspect { question, relation } => {
                    let (blocks, coming) = mpsc::channel(BLOCKS);
                    let work = inspect::answer(query, host, &question, relation.as_deref(), blocks);
                    self.follow(work, coming, &Notify::new()).await?;
                }
            }
            self.progress.answering.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Sends what comes of a question until it is answered.
    async fn follow(
        &mut self,
        work: impl Future<Output = Result<Answer, Box<Error>>>,
        mut coming: mpsc::Receiver<Answer>,
        gone: &Notify,
    ) -> io::Result<()> {
        let mut work = std::pin::pin!(work);
        let mut lost: Option<io::Error> = None;
        let mut last = None;
        loop {
            tokio::select! {
                biased;
                answer = coming.recv() => match (answer, &last) {
                    (Some(answer), _) => if let Err(error) = self.write(&answer).await {
                        lost = Some(error);
                    },
                    (None, Some(_)) => break,
                    // Nobody takes the rows any more, and the work comes to its end.
                    (None, None) => {
                        last = Some(work.as_mut().await);
                        break;
                    }
                },
                done = &mut work, if last.is_none() => last = Some(done),
                request = self.read(), if lost.is_none() => match request {
                    // The rest is read over: a statement runs to its end.
                    Ok(Some(Request::Stop)) => coming.close(),
                    Ok(_) => lost = Some(io::ErrorKind::ConnectionAborted.into()),
                    Err(error) => lost = Some(error),
                },
            }
            if lost.is_some() && !self.progress.is_leaving() {
                self.progress.leaving.store(true, Ordering::Relaxed);
                coming.close();
                gone.notify_one();
            }
        }
        match (lost, last) {
            (Some(error), _) => Err(error),
            (None, Some(Ok(answer))) => self.write(&answer).await,
            (None, Some(Err(error))) => self.write(&Answer::Failed(error)).await,
            (None, None) => Ok(()),
        }
    }

    /// The next request; nothing where the other side has closed. Dropping the future loses nothing.
    async fn read(&mut self) -> io::Result<Option<Request>> {
        loop {
            if let Some((length, rest)) = self.input.split_first_chunk() {
                let length = u32::from_le_bytes(*length) as usize;
                if length > LONGEST_REQUEST {
                    return Err(io::ErrorKind::InvalidData.into());
                }
                if let Some(frame) = rest.get(..length) {
                    let request = Request::read(frame);
                    self.input.advance(4 + length);
                    return match request {
                        Some(request) => Ok(Some(request)),
                        None => Err(io::ErrorKind::InvalidData.into()),
                    };
                }
            }
            if self.socket.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }

    async fn write(&mut self, answer: &Answer) -> io::Result<()> {
        self.socket.write_all(&answer.frame()).await
    }
}

impl Query {
    /// Whether a transaction is open in the current session.
    pub fn in_transaction(&self) -> bool {
        let session = self.connections.current();
        session.is_some_and(|session| session.status().transaction != Transaction::Idle)
    }
}

/// What the current session is; a notebook without one chooses it here.
async fn about<H: Host>(query: &Query, host: &H) -> Result<About, Problem> {
    let mut settings = query.settings.lock().await;
    let session = Run::outside(query, host, &mut settings, "")
        .session()
        .await?;
    Ok(About {
        query_service: session.is_query_service(),
        in_transaction: session.status().transaction != Transaction::Idle,
    })
}

/// A statement on its way through the session.
struct Job<'q, H> {
    query: &'q Query,
    host: &'q H,
    /// Told when nobody waits for the answer any more.
    gone: &'q Notify,
    /// Where columns and rows go.
    blocks: mpsc::Sender<Answer>,
}

impl<H: Host> Job<'_, H> {
    async fn run(self, sql: &str, parameters: &[Parameter]) -> Result<Answer, Box<Error>> {
        let mut settings = self.query.settings.lock().await;
        let mut run = Run::outside(self.query, self.host, &mut settings, sql);
        let plain = |problem: Problem| Box::new(error(&problem, None));
        let session = run.session().await.map_err(plain)?;
        let statement = bind::bind(sql, parameters, session.dialect()).map_err(plain)?;
        run.admit(&session, &statement).await.map_err(plain)?;
        let begun = run.begin_where_wanted(&session, &statement.text).await;
        begun.map_err(plain)?;
        let mut password = None;
        let mut asked = false;
        loop {
            let running = session.run(statement.text.clone(), password.take()).await;
            let failure = match self.follow(running, &session, &run, &statement).await {
                Ok(done) => return done,
                Err(failure) => failure,
            };
            let again = run.another_password(&session, failure, asked).await;
            (password, asked) = (Some(again.map_err(plain)?), true);
        }
    }

    /// Reads the answer and hands it on, in blocks.
    async fn follow(
        &self,
        mut running: Running,
        session: &Session,
        run: &Run<'_, H>,
        statement: &Statement,
    ) -> Result<Result<Answer, Box<Error>>, Failure> {
        let mut fields: Vec<Field> = Vec::new();
        let mut tag = String::new();
        let mut wrong: Option<Box<Error>> = None;
        loop {
            let update = tokio::select! {
                biased;
                () = self.host.interrupted() => {
                    running.interrupt();
                    continue;
                }
                () = self.gone.notified() => {
                    running.end();
                    continue;
                }
                update = running.updates.recv() => update,
            };
            match update {
                None => return Err(Failure::Lost("the session has ended".into())),
                Some(Update::Failed(failure)) => return Err(failure),
                Some(Update::Done(transaction)) => {
                    if transaction == Transaction::Idle {
                        session.learn_types(&fields).await;
                    }
                    return Ok(match wrong {
                        Some(error) => Err(error),
                        None => Ok(Answer::Done {
                            affected: affected(&tag),
                            tag,
                        }),
                    });
                }
                Some(Update::Opened { lost: Some(why) }) => run.connected_again(&why).await,
                Some(Update::StillRunning(left)) => run.still_running(left).await,
                Some(Update::Remark(line)) => run.remark(&line).await,
                Some(Update::CopyIn(mut to)) => {
                    to.fail("COPY FROM STDIN has no place in a Rust cell: db.table() and insert_all() send rows").await;
                }
                Some(Update::Rows(rows)) => {
                    let mut block = Block::default();
                    let mut rows = rows.rows();
                    while let Some(row) = rows.next() {
                        let values = (0..row.len()).map(|column| row.get(column));
                        block.push(values.map(|value| value.map(str::as_bytes)));
                        if block.len() >= BLOCK {
                            self.hand_on(&mut running, Answer::Rows(std::mem::take(&mut block)))
                                .await;
                        }
                    }
                    if !block.is_empty() {
                        self.hand_on(&mut running, Answer::Rows(block)).await;
                    }
                }
                Some(Update::Event(Event::Columns(columns))) => {
                    let answer = Answer::Columns(described(session, &columns));
                    fields = columns;
                    self.hand_on(&mut running, answer).await;
                }
                Some(Update::Event(Event::Complete(complete))) => tag = complete,
                Some(Update::Event(Event::Error(report))) => {
                    let problem = run.report(session, statement, (*report).clone());
                    wrong = Some(Box::new(error(&problem, Some(&report))));
                }
                Some(Update::Event(Event::Notice(report))) => {
                    let problem = run.notice(session, statement, *report);
                    self.host.show(Shown::Err(problem.text() + "\n")).await;
                }
                Some(_) => {}
            }
        }
    }

    /// Waits while whoever asked is behind, but not for longer than the user wants.
    async fn hand_on(&self, running: &mut Running, answer: Answer) {
        let sending = self.blocks.send(answer);
        let mut sending = std::pin::pin!(sending);
        loop {
            tokio::select! {
                biased;
                // Closed is as good as sent: nobody wants the rest.
                _ = &mut sending => return,
                () = self.host.interrupted() => running.interrupt(),
                () = self.gone.notified() => running.end(),
            }
        }
    }
}

fn described(session: &Session, fields: &[Field]) -> Vec<Column> {
    let columns = session.columns(fields).into_iter().zip(fields);
    columns
        .map(|(column, field)| Column {
            name: column.name,
            oid: field.oid,
            type_name: column.type_name,
        })
        .collect()
}

/// The rows that a command's tag counts: `INSERT 0 3`.
fn affected(tag: &str) -> u64 {
    tag.rsplit(' ')
        .next()
        .and_then(|count| count.parse().ok())
        .unwrap_or(0)
}

fn failed(problem: &Problem, report: Option<&Report>) -> Answer {
    Answer::Failed(Box::new(error(problem, report)))
}

/// A problem as a Rust cell is told it.
fn error(problem: &Problem, report: Option<&Report>) -> Error {
    let text = problem.text();
    // The line of the statement and the caret below it.
    let place = problem.place.as_ref().map(|_| text.lines().skip(1).take(2));
    let place = place.map(|lines| lines.collect::<Vec<_>>().join("\n"));
    let of =
        |field: fn(&Report) -> &Option<String>| report.and_then(|report| field(report).clone());
    Error {
        message: problem.message.clone(),
        code: problem.code.clone(),
        place,
        detail: problem.detail.clone(),
        hint: problem.hint.clone(),
        constraint: of(|report| &report.constraint),
        schema: of(|report| &report.schema),
        table: of(|report| &report.table),
        column: of(|report| &report.column),
        advice: (!problem.advice.is_empty()).then(|| problem.advice.join("\n→ ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_counts_rows() {
        assert_eq!(affected("INSERT 0 3"), 3);
        assert_eq!(affected("SELECT 12"), 12);
        assert_eq!(affected("CREATE TABLE"), 0);
    }
}
