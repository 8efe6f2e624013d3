//! An open connection: a statement is sent on it and answered to its end, also after an interrupt.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime};

use futures_util::future::BoxFuture;
use futures_util::{FutureExt, Stream, StreamExt};
use tokio::task::{JoinHandle, yield_now};
use tokio_postgres::{Client, SimpleQueryStream};

use super::updates::{Dropped, Failure, Update};
use super::{Job, NoAnswer, Rows};
use crate::open::{cancel, reason};
use crate::query_service;
use crate::target::{Host, Settings, Target};
use crate::wait;
use crate::wire::{CopyIn, Event, Events, Report, Transaction};

/// After this long without the server's word on a cancel, the user is told.
const CANCEL_NOTICE: Duration = Duration::from_secs(3);
/// After this long the connection is given up.
const CANCEL_LIMIT: Duration = Duration::from_secs(30);

/// An open connection.
pub(super) struct Link {
    pub(super) client: Client,
    pub(super) driver: JoinHandle<()>,
    pub(super) wire: Wire,
    pub(super) copy_in: CopyIn,
    pub(super) settings: Settings,
    pub(super) host: Host,
    pub(super) encrypted: bool,
    /// The protocol and cipher of TLS, where the server has told.
    pub(super) tls: Option<String>,
    pub(super) expires: Option<SystemTime>,
    /// What a request to cancel must carry: process and secret.
    pub(super) key: (i32, i32),
    pub(super) parameters: Vec<(String, String)>,
    /// Notices and notifications that came while nobody asked; told with the next statement.
    pub(super) greetings: VecDeque<Event>,
    /// The last report that ends a session.
    pub(super) last_report: Option<Report>,
}

impl Link {
    /// Keeps what comes between statements.
    pub(super) fn note(&mut self, event: Event) {
        /// Older ones make room: nobody reads a thousand notices of an idle hour.
        const KEPT: usize = 100;
        match event {
            Event::Key { process, secret } => self.key = (process, secret),
            Event::Parameter { name, value } => {
                self.parameters.retain(|(known, _)| *known != name);
                self.parameters.push((name, value));
            }
            Event::Error(report) => self.last_report = Some(*report),
            // A crash ends all sessions with a mere warning.
            Event::Notice(report) if report.is_fatal() => self.last_report = Some(*report),
            Event::Notice(_) | Event::Notification { .. } => {
                if self.greetings.len() == KEPT {
                    self.greetings.pop_front();
                }
                self.greetings.push_back(event);
            }
            _ => {}
        }
    }

    pub(super) fn is_query_service(&self) -> bool {
        query_service::is_it(
            &self.host,
            self.parameter("server_version").unwrap_or_default(),
        )
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// Listens while nothing runs; returns when the connection has ended, with the reason.
    pub(super) async fn idle(&mut self) -> String {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(event) => self.note(event),
                Next::End => return self.why(),
            }
        }
    }

    /// The reason, where the connection has ended and nobody has looked yet.
    pub(super) async fn ended_meanwhile(&mut self) -> Option<String> {
        // The driver reads in a task of its own: once for the runtime to see that something has
        // come, and once for the driver to read it.
        for _ in 0..2 {
            yield_now().await;
        }
        self.idle().now_or_never()
    }

    /// Why the connection ended, in the server's words where it gave any.
    pub(super) fn why(&self) -> String {
        match &self.last_report {
            Some(report) => report.message.clone(),
            None => format!(
                "{} closed the connection without a word",
                self.host.describe()
            ),
        }
    }

    /// Sends the job's query and hands on what comes, until the server is ready again.
    pub(super) async fn run(
        &mut self,
        job: &mut Job,
        target: &Target,
        deaf: bool,
    ) -> Result<Transaction, Failure> {
        for greeting in std::mem::take(&mut self.greetings) {
            let _ = job.updates.send(Update::Event(greeting)).await;
        }
        let stream = self.client.simple_query_raw(&job.sql).await;
        let mut stream = match stream {
            Ok(stream) => Some(Box::pin(stream)),
            Err(error) if error.is_closed() => return Err(Failure::Lost(self.why())),
            Err(error) => return Err(Failure::Lost(reason(&error))),
        };
        let mut cancelling: Option<BoxFuture<'static, Result<(), String>>> = None;
        let mut cancelled: Option<Cancelled> = None;
        let mut ready: Option<Transaction> = None;
        loop {
            tokio::select! {
                biased;
                Some(()) = job.stop.recv() => {
                    if matches!(target, Target::Local(_)) {
                        return Err(Failure::Dropped(Dropped::Embedded));
                    }
                    if deaf || self.is_query_service() {
                        return Err(Failure::Dropped(Dropped::Deaf));
                    }
                    if cancelled.is_some() {
                        return Err(Failure::Dropped(Dropped::Silent));
                    }
                    cancelled = Some(Cancelled::at(Instant::now()));
                    cancelling = Some(self.cancel());
                }
                () = wait::until(cancelled.as_ref().map(Cancelled::due)) => {
                    if cancelled.as_mut().is_some_and(Cancelled::is_over) {
                        return Err(Failure::Dropped(Dropped::Silent));
                    }
                    let _ = job.updates.send(Update::StillRunning).await;
                }
                _ = wait::done(&mut cancelling) => {
                    cancelling = None;
                    if let Some(transaction) = ready {
                        return Ok(transaction);
                    }
                }
                next = self.wire.next(&mut stream), if ready.is_none() => {
                    let update = match next {
                        Next::End => return Err(Failure::Lost(self.why())),
                        Next::Event(Event::Rows(rows)) => Update::Rows(rows),
                        Next::Event(Event::Ready(transaction)) => {
                            if cancelling.is_none() {
                                return Ok(transaction);
                            }
                            // A request to cancel that is still on its way would hit whatever is
                            // sent next.
                            ready = Some(transaction);
                            continue;
                        }
                        Next::Event(event @ (Event::Key { .. } | Event::Parameter { .. })) => {
                            self.note(event);
                            continue;
                        }
                        Next::Event(Event::CopyIn) => Update::CopyIn(self.copy_in.clone()),
                        Next::Event(event) => {
                            if let Event::Error(report) | Event::Notice(report) = &event
                                && report.is_fatal()
                            {
                                self.last_report = Some((**report).clone());
                            }
                            Update::Event(event)
                        }
                    };
                    // Nobody reads on: the answer is still read to its end, to stay in step.
                    let _ = job.updates.send(update).await;
                }
            }
        }
    }

    fn cancel(&self) -> BoxFuture<'static, Result<(), String>> {
        let settings = self.settings.clone();
        let host = self.host.clone();
        let (encrypted, (process, secret)) = (self.encrypted, self.key);
        Box::pin(async move { cancel(&settings, &host, encrypted, process, secret).await })
    }

    /// Rows of a question of our own.
    pub(super) async fn ask(&mut self, sql: &str) -> Result<Rows, NoAnswer> {
        let sent = self.client.simple_query_raw(sql).await;
        let mut stream = Some(Box::pin(sent.map_err(|_| NoAnswer::Refused)?));
        let mut answer = Ok(Rows::new());
        loop {
            match self.wire.next(&mut stream).await {
                Next::Event(Event::Rows(rows)) => {
                    if let Ok(answer) = &mut answer {
                        answer.extend(rows.texts());
                    }
                }
                Next::Event(Event::Ready(_)) => return answer,
                Next::Event(Event::Error(report)) => {
                    answer = Err(match report.code.as_str() {
                        "57014" | "55P03" => NoAnswer::Late,
                        _ => NoAnswer::Refused,
                    });
                    // An ordinary error is not what a later loss comes from.
                    if report.is_fatal() {
                        self.last_report = Some(*report);
                    }
                }
                Next::Event(event) => self.note(event),
                Next::End => return Err(NoAnswer::Refused),
            }
        }
    }
}

/// What the listener has seen; the driver's own answer tells nothing more, but has to be taken from it.
pub(super) struct Wire(pub(super) Events);

pub(super) enum Next {
    Event(Event),
    End,
}

type Driver = Option<Pin<Box<SimpleQueryStream>>>;

impl Wire {
    /// What comes next. Nothing is lost when the future is dropped.
    pub(super) async fn next(&mut self, driver: &mut Driver) -> Next {
        std::future::poll_fn(|cx| self.poll(driver, cx)).await
    }

    fn poll(&mut self, driver: &mut Driver, cx: &mut Context<'_>) -> Poll<Next> {
        if let Poll::Ready(event) = self.0.poll_next_unpin(cx) {
            return Poll::Ready(event.map_or(Next::End, Next::Event));
        }
        while let Some(stream) = driver {
            match stream.as_mut().poll_next(cx) {
                Poll::Ready(Some(Ok(_))) => {}
                Poll::Ready(Some(Err(_)) | None) => *driver = None,
                Poll::Pending => break,
            }
        }
        Poll::Pending
    }
}

/// A request to cancel that the server has not answered.
struct Cancelled {
    since: Instant,
    /// The user knows that it takes long.
    told: bool,
}

impl Cancelled {
    fn at(since: Instant) -> Self {
        Cancelled { since, told: false }
    }

    /// When the user is told, and after that when the connection is given up.
    fn due(&self) -> Instant {
        match self.told {
            false => self.since + CANCEL_NOTICE,
            true => self.since + CANCEL_LIMIT,
        }
    }

    /// At the time that was due: whether the connection is to be given up, and not only the user
    /// told.
    fn is_over(&mut self) -> bool {
        std::mem::replace(&mut self.told, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_answer_a_cancel_is_given_up_after_thirty_seconds() {
        let since = Instant::now();
        let mut cancelled = Cancelled::at(since);
        assert_eq!(cancelled.due(), since + Duration::from_secs(3));
        assert!(!cancelled.is_over(), "then the user is told");
        assert_eq!(cancelled.due(), since + Duration::from_secs(30));
        assert!(cancelled.is_over());
    }
}
