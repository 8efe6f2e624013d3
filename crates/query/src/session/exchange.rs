//! A query string on its way: sent, answered to its end, perhaps cancelled, perhaps given up.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::future::BoxFuture;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{sleep, timeout};

use super::interrupt::{Interrupt, Step};
use super::link::{Driver, Link, Next, Over};
use super::read_only::Sent;
use super::updates::{Dropped, Failure, Stop, Update};
use super::{Job, NoAnswer, Rows, cost};
use crate::open::{cancel, reason};
use crate::wait;
use crate::wire::{Event, Transaction};

/// A question of our own that takes longer is cancelled.
pub(super) const QUESTION: Duration = Duration::from_secs(3);
/// … and the connection is given up where the server does not answer that for so long.
const UNANSWERED: Duration = Duration::from_secs(10);
/// What a question of our own may be answered with: more is no answer to it.
const ANSWER: usize = 16 << 20;
/// The time between a request to cancel that has not reached the server and the next.
const AGAIN: Duration = Duration::from_secs(1);
/// A connection that was given up is seen to its end for so long.
const BURIAL: Duration = Duration::from_secs(60);

/// Who can be asked to cancel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ear {
    /// A server, as far as is known.
    Open,
    /// The embedded PostgreSQL, which listens to nothing while it computes.
    Embedded,
    /// A server that is known not to listen.
    Deaf,
    /// Either of them, at a question of our own: it is waited for, and not given up at once.
    Waited,
}

/// A query string that was sent.
pub(super) struct Exchange {
    driver: Driver,
    sent: Sent,
    interrupt: Interrupt,
    ear: Ear,
    /// The server has said that it is ready, but a request to cancel is still on its way: it would
    /// hit whatever is sent next.
    ready: Option<Transaction>,
    /// The server waits for COPY data, and meanwhile heeds no request to cancel.
    copying: bool,
}

/// A request to cancel on its way, and made again until the server has taken one.
pub(super) struct Cancel {
    work: BoxFuture<'static, ()>,
    way: Arc<Way>,
}

impl Future for Cancel {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.work.as_mut().poll(cx)
    }
}

/// How far a request to cancel has come.
#[derive(Default)]
struct Way {
    /// The server may have it.
    sent: AtomicBool,
    /// One before was sent, and how it ended is not known: it may still come to the server.
    doubtful: AtomicBool,
    /// There is nothing to cancel any more.
    over: AtomicBool,
}

/// What comes of an exchange.
pub(super) enum News {
    Event(Event),
    /// The server is ready for the next one.
    Ready(Transaction),
    /// The answer is complete, but nothing may be sent on this connection any more.
    Spent(Transaction),
    /// The user is to be told that the server has not answered; so many more interrupts give it up.
    Tell(u32),
    /// The connection is to be given up, and the answer with it.
    GiveUp(Dropped),
    /// The connection has ended.
    End,
}

/// How a statement ended.
pub(super) enum Ran {
    /// Its answer has come, and the connection is ready for the next.
    Ready(Transaction),
    /// Its answer has come, and the connection cannot be used any more.
    Spent(Transaction),
}

impl Link {
    /// Sends a query string, and what stands around it.
    pub(super) async fn send(
        &mut self,
        sent: Sent,
        interrupt: Interrupt,
        ear: Ear,
    ) -> Result<Exchange, Failure> {
        let stream = match self.client.simple_query_raw(&sent.sql).await {
            Ok(stream) => stream,
            Err(error) if error.is_closed() => return Err(Failure::Lost(self.why())),
            Err(error) => return Err(Failure::Lost(reason(&error))),
        };
        if let Some(behind) = sent.behind {
            // The driver drops what comes to an answer that nobody takes; where the connection has
            // ended meanwhile, the statement's own answer says so.
            let _ = self.client.simple_query_raw(behind).await;
        }
        Ok(Exchange {
            driver: Some(Box::pin(stream)),
            sent,
            interrupt,
            // Without a key there is nothing that a request could say.
            ear: match ear {
                Ear::Open if self.key == (0, 0) => Ear::Deaf,
                ear => ear,
            },
            ready: None,
            copying: false,
        })
    }

    /// Does what an interrupt asks for; news of it only where there are some at once.
    fn step(&mut self, exchange: &Exchange, step: Option<Step>) -> Option<News> {
        let given_up = |how| match exchange.ready {
            // What is given up is the wait for the cancel's end: the statement has had its own.
            Some(transaction) => Some(News::Spent(transaction)),
            None => Some(News::GiveUp(how)),
        };
        match (step?, exchange.ear) {
            (Step::Cancel, Ear::Open) => {
                self.cancel = Some(self.cancel());
                if exchange.copying {
                    self.copy_in.break_off("it was interrupted");
                }
                None
            }
            (Step::Cancel, Ear::Waited) => None,
            (Step::Cancel, Ear::Embedded) => given_up(Dropped::Embedded),
            (Step::Cancel, Ear::Deaf) => given_up(Dropped::Deaf),
            (Step::Tell(left), _) => Some(News::Tell(left)),
            (Step::GiveUp, _) => given_up(Dropped::Impatient),
            (Step::TimeIsUp, _) => given_up(Dropped::Silent),
        }
    }

    /// What comes next: nothing more of the answer while nobody `listens`. Dropping the future loses
    /// nothing.
    pub(super) async fn next(&mut self, exchange: &mut Exchange, listens: bool) -> News {
        loop {
            let due = exchange.interrupt.due();
            tokio::select! {
                biased;
                () = wait::until(due) => {
                    let step = exchange.interrupt.passed(Instant::now());
                    if let Some(news) = self.step(exchange, step) {
                        return news;
                    }
                }
                () = wait::done(&mut self.cancel) => {
                    self.taken();
                    if let Some(transaction) = exchange.ready {
                        return self.ready(transaction);
                    }
                }
                next = self.wire.next(&mut exchange.driver), if listens && exchange.ready.is_none() => {
                    let event = match next {
                        Next::End => return News::End,
                        Next::Event(event) => exchange.sent.own(event),
                    };
                    match event {
                        None => {}
                        Some(Event::Ready(transaction)) => {
                            self.transaction = transaction;
                            if let Some(cancel) = &self.cancel {
                                cancel.way.over.store(true, Ordering::Relaxed);
                                if cancel.way.sent.load(Ordering::Relaxed) {
                                    exchange.ready = Some(transaction);
                                    continue;
                                }
                                // It has not begun to tell the server anything.
                                self.taken();
                            }
                            return self.ready(transaction);
                        }
                        Some(event) => {
                            match event {
                                Event::CopyIn => exchange.copying = true,
                                Event::Error(_) | Event::Complete(_) => exchange.copying = false,
                                _ => {}
                            }
                            return News::Event(event);
                        }
                    }
                }
            }
        }
    }

    /// The request to cancel has come to its end.
    fn taken(&mut self) {
        if let Some(cancel) = self.cancel.take() {
            self.doubtful |= cancel.way.doubtful.load(Ordering::Relaxed);
        }
    }

    /// Nothing may be sent where a request to cancel may still be under way.
    fn ready(&self, transaction: Transaction) -> News {
        match self.doubtful {
            true => News::Spent(transaction),
            false => News::Ready(transaction),
        }
    }

    /// Asks the server to cancel, until it has taken that.
    fn cancel(&self) -> Cancel {
        let (settings, host) = (self.settings.clone(), self.host.clone());
        let (encrypted, key) = (self.encrypted, self.key);
        let way = Arc::<Way>::default();
        let told = way.clone();
        let work = async move {
            loop {
                told.sent.store(false, Ordering::Relaxed);
                if cancel(&settings, &host, encrypted, key, &told.sent)
                    .await
                    .is_ok()
                {
                    return;
                }
                if told.sent.load(Ordering::Relaxed) {
                    told.doubtful.store(true, Ordering::Relaxed);
                }
                if told.over.load(Ordering::Relaxed) {
                    return;
                }
                told.sent.store(false, Ordering::Relaxed);
                sleep(AGAIN).await;
            }
        };
        Cancel {
            work: Box::pin(work),
            way,
        }
    }

    /// Sends the job's query and hands on what comes, until the server is ready again.
    pub(super) async fn run(&mut self, job: &mut Job, ear: Ear) -> Result<Ran, Failure> {
        let (greetings, left_out) = self.greetings.take();
        if left_out > 0 {
            let line = format!("({left_out} more messages came from the server meanwhile)");
            let _ = job.updates.send(Update::Remark(line)).await;
        }
        for greeting in greetings {
            let _ = job.updates.send(Update::Event(greeting)).await;
        }
        // Before anything is sent there is nothing to cancel.
        if job.stop.try_recv().is_ok() {
            return Err(Failure::Interrupted);
        }
        let sent = Sent::new(&job.sql, self.held, self.transaction, self.dialect());
        let mut exchange = self.send(sent, Interrupt::new(), ear).await?;
        let mut waiting: Option<Update> = None;
        loop {
            let news = tokio::select! {
                biased;
                Some(stop) = job.stop.recv() => {
                    let step = match stop {
                        Stop::User => exchange.interrupt.pressed(Instant::now()),
                        Stop::Ours => exchange.interrupt.ended(Instant::now()),
                    };
                    match self.step(&exchange, step) {
                        Some(news) => news,
                        None => continue,
                    }
                }
                room = job.updates.reserve(), if waiting.is_some() => {
                    if let (Ok(room), Some(update)) = (room, waiting.take()) {
                        room.send(update);
                    }
                    continue;
                }
                news = self.next(&mut exchange, waiting.is_none()) => news,
            };
            let update = match news {
                News::Ready(transaction) => return Ok(Ran::Ready(transaction)),
                News::Spent(transaction) => return Ok(Ran::Spent(transaction)),
                News::End => return Err(Failure::Lost(self.why())),
                News::GiveUp(how) => return Err(Failure::Dropped { how, ends: false }),
                News::Tell(left) => {
                    // Whoever does not read does not need to be told that there is nothing.
                    let _ = job.updates.try_send(Update::StillRunning(left));
                    continue;
                }
                News::Event(Event::Rows(rows)) => Update::Rows(rows),
                News::Event(event @ (Event::Key { .. } | Event::Parameter { .. })) => {
                    self.note(event);
                    continue;
                }
                News::Event(Event::CopyIn) => Update::CopyIn(self.copy_in.clone()),
                News::Event(event) => {
                    if let Event::Error(report) | Event::Notice(report) = &event
                        && report.is_fatal()
                    {
                        self.last_report = Some((**report).clone());
                    }
                    Update::Event(event)
                }
            };
            // Where nobody reads on, the answer is still read to its end, to stay in step.
            if let Err(TrySendError::Full(update)) = job.updates.try_send(update) {
                waiting = Some(update);
            }
        }
    }

    /// Rows of a question of our own. It is cancelled where it takes long, or is answered with more
    /// than could be an answer.
    pub(super) async fn ask(&mut self, sql: &str, ear: Ear) -> Result<Rows, NoAnswer> {
        let (interrupt, ear) = match ear {
            Ear::Open if self.key != (0, 0) => (Interrupt::within(UNANSWERED), ear),
            _ => (Interrupt::new(), Ear::Waited),
        };
        let sent = self.send(Sent::alone(sql), interrupt, ear).await;
        let mut exchange = sent.map_err(|_| self.over(Over::Closed))?;
        let mut limit = Some(Instant::now() + QUESTION);
        let mut answer = Ok(Rows::new());
        let mut taken = 0;
        loop {
            let news = tokio::select! {
                biased;
                () = wait::until(limit) => {
                    (limit, answer) = (None, Err(NoAnswer::Late));
                    self.stop(&mut exchange)
                }
                news = self.next(&mut exchange, true) => Some(news),
            };
            match news {
                Some(News::Event(Event::Rows(rows))) => {
                    let Ok(kept) = &mut answer else { continue };
                    for row in rows.texts() {
                        taken += cost(&row);
                        kept.push(row);
                    }
                    if taken > ANSWER {
                        (limit, answer) = (None, Err(NoAnswer::Endless));
                        self.stop(&mut exchange);
                    }
                }
                Some(News::Event(Event::Error(report))) => {
                    if answer.is_ok() {
                        answer = Err(match report.code.as_str() {
                            "57014" | "55P03" => NoAnswer::Late,
                            _ => NoAnswer::Refused,
                        });
                    }
                    // An ordinary error is not what a later loss comes from.
                    if report.is_fatal() {
                        self.last_report = Some(*report);
                    }
                }
                Some(News::Event(Event::CopyIn)) => {
                    self.copy_in.fail("nothing was to be copied").await;
                }
                Some(News::Event(event)) => self.note(event),
                Some(News::Ready(_)) => return answer,
                Some(News::End) => return Err(self.over(Over::Closed)),
                Some(News::Spent(_) | News::GiveUp(_)) => return Err(self.over(Over::Silent)),
                Some(News::Tell(_)) | None => {}
            }
        }
    }

    /// Ends an exchange of our own.
    fn stop(&mut self, exchange: &mut Exchange) -> Option<News> {
        let step = exchange.interrupt.ended(Instant::now());
        self.step(exchange, step)
    }

    /// The connection has ended at a question of our own, or can be asked nothing more.
    fn over(&mut self, how: Over) -> NoAnswer {
        self.over = Some(how);
        NoAnswer::Ended
    }

    /// Sees a connection to its end that was given up under a statement. The server goes on being
    /// asked to cancel that, and not until it has taken the request is the connection closed: a
    /// pooler passes none on for a client that has gone.
    pub(super) async fn bury(mut self) {
        let mut cancel = self.cancel.take();
        let mut driver = None;
        let end = async {
            loop {
                tokio::select! {
                    () = wait::done(&mut cancel) => cancel = None,
                    next = self.wire.next(&mut driver) => {
                        if matches!(next, Next::End | Next::Event(Event::Ready(_))) {
                            return;
                        }
                    }
                }
            }
        };
        let _ = timeout(BURIAL, end).await;
        self.driver.abort();
    }
}
