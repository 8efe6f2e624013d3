//! The task that owns a connection: it takes one job after the other, opens the connection where it
//! is not open, and answers questions of our own in between.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc;

use super::embedded::Embedded;
use super::exchange::{Ear, QUESTION, Ran};
use super::link::{Link, Over};
use super::status::{Connected, Status};
use super::updates::{Dropped, Failure, Update};
use super::{Background, Job, NoAnswer, lock};
use crate::catalog::Catalog;
use crate::secret::Secret;
use crate::split::leading_words;
use crate::target::Target;
use crate::wait;
use crate::wire::Transaction;

/// The task's own state: what outlives one connection.
pub(super) struct Owner {
    pub(super) target: Arc<Target>,
    pub(super) embedded: Arc<dyn Embedded>,
    pub(super) status: Arc<Mutex<Status>>,
    /// A password typed at the prompt.
    pub(super) password: Option<Secret>,
    /// What ended the last connection.
    pub(super) lost: Option<String>,
    /// The server has once not answered a whole request to cancel: it is not waited for again.
    deaf: bool,
    /// The server does not take questions of our own: one of them ended the connection, or had an
    /// answer without end.
    pub(super) unasked: AtomicBool,
    /// What the next statement's user is told.
    remarks: Vec<String>,
    catalog: Arc<Catalog>,
}

impl Owner {
    pub(super) fn new(
        target: Arc<Target>,
        embedded: Arc<dyn Embedded>,
        status: Arc<Mutex<Status>>,
        catalog: Arc<Catalog>,
    ) -> Self {
        Owner {
            target,
            embedded,
            status,
            password: None,
            lost: None,
            deaf: false,
            unasked: AtomicBool::new(false),
            remarks: Vec::new(),
            catalog,
        }
    }

    pub(super) async fn serve(
        mut self,
        mut jobs: mpsc::Receiver<Job>,
        mut background: mpsc::Receiver<Background>,
    ) {
        let mut link: Option<Link> = None;
        loop {
            tokio::select! {
                biased;
                job = jobs.recv() => match job {
                    Some(job) => self.run(&mut link, job).await,
                    None => return,
                },
                ended = idle(&mut link) => self.lose(&mut link, ended),
                Some(question) = background.recv() => {
                    if let Some(job) = self.question(&mut link, question, &mut jobs).await {
                        self.run(&mut link, job).await;
                    }
                }
            }
        }
    }

    /// Answers a question of our own, and hands out the job that came meanwhile: it has to wait,
    /// but not for longer than its user wants.
    async fn question(
        &mut self,
        link: &mut Option<Link>,
        question: Background,
        jobs: &mut mpsc::Receiver<Job>,
    ) -> Option<Job> {
        let idle = lock(&self.status).transaction == Transaction::Idle;
        let Some(alive) = link.as_mut().filter(|_| idle) else {
            let _ = question.answer.send(Err(NoAnswer::Busy));
            return None;
        };
        // Query Service runs few queries at a time and takes seconds for each: all are the user's.
        if alive.is_query_service() || self.unasked.load(Ordering::Relaxed) {
            let _ = question.answer.send(Err(NoAnswer::Refused));
            return None;
        }
        // Whoever asked has stopped waiting.
        if question.answer.is_closed() {
            return None;
        }
        let ear = self.ear();
        let mut waiting: Option<Job> = None;
        let mut late = Some(Instant::now() + QUESTION);
        let rows = {
            let mut ask = std::pin::pin!(alive.ask(&question.sql, ear));
            loop {
                tokio::select! {
                    biased;
                    rows = &mut ask => break rows,
                    () = stopped(&mut waiting) => {
                        if let Some(job) = waiting.take() {
                            let _ = job.updates.send(Update::Failed(Failure::Interrupted)).await;
                        }
                    }
                    Some(job) = jobs.recv(), if waiting.is_none() => waiting = Some(job),
                    () = wait::until(late), if waiting.is_some() => {
                        late = None;
                        if let Some(job) = &waiting {
                            let _ = job.updates.try_send(Update::Remark(WAITING.into()));
                        }
                    }
                }
            }
        };
        match rows {
            Err(NoAnswer::Endless) => {
                self.unasked.store(true, Ordering::Relaxed);
                self.remarks
                    .push(format!("The server's answer has no end to {OURS}."));
            }
            Err(NoAnswer::Ended) => self.ended_by_question(link).await,
            _ => {}
        }
        let _ = question.answer.send(rows);
        waiting
    }

    /// The connection has ended at a question of our own: the next one is asked none.
    async fn ended_by_question(&mut self, link: &mut Option<Link>) {
        let Some(ended) = link.take() else { return };
        let mut why = ended.why();
        // A server that stops or starts again says so, and has not done so for the question.
        let stopped = ended
            .last_report
            .as_ref()
            .is_some_and(|report| report.code.starts_with("57P"));
        if !stopped {
            self.unasked.store(true, Ordering::Relaxed);
            why = match ended.over {
                Some(Over::Silent) => format!("it did not answer {OURS}"),
                _ => format!("{why}, at {OURS}"),
            };
        }
        self.give_up(ended, Dropped::Silent).await;
        self.lose(link, why);
    }

    /// Leaves a connection whose statement may still be running.
    async fn give_up(&self, link: Link, how: Dropped) {
        if let Target::Local(folder) = &*self.target {
            link.driver.abort();
            self.embedded.kill(folder.as_deref()).await;
        } else if how == Dropped::Deaf {
            link.driver.abort();
        } else {
            tokio::spawn(link.bury());
        }
    }

    /// Whether the server can be asked to cancel.
    pub(super) fn ear(&self) -> Ear {
        match &*self.target {
            Target::Local(_) => Ear::Embedded,
            Target::Server(_) if self.deaf => Ear::Deaf,
            Target::Server(_) => Ear::Open,
        }
    }

    /// Runs one query string to its end and tells everything about it.
    async fn run(&mut self, link: &mut Option<Link>, mut job: Job) {
        if job.password.is_some() {
            self.password = job.password.take();
        }
        // A connection that ended a moment ago is noticed here rather than by sending into it.
        if let Some(alive) = link.as_mut()
            && let Some(why) = alive.ended_meanwhile().await
        {
            self.lose(link, why);
        }
        for remark in std::mem::take(&mut self.remarks) {
            let _ = job.updates.send(Update::Remark(remark)).await;
        }
        lock(&self.status).running = Some(Instant::now());
        let opens = link.is_none();
        let last = self.answer(link, &mut job).await;
        {
            let mut status = lock(&self.status);
            status.running = None;
            if let Update::Done(transaction) = &last {
                status.transaction = *transaction;
            }
        }
        // Query Service has no catalogue that could be asked in pages.
        if let Update::Done(transaction) = &last
            && !link.as_ref().is_some_and(Link::is_query_service)
        {
            self.catalog
                .ran(&job.sql, opens, *transaction == Transaction::Idle);
        }
        let _ = job.updates.send(last).await;
    }

    async fn answer(&mut self, link: &mut Option<Link>, job: &mut Job) -> Update {
        let in_transaction = lock(&self.status).transaction != Transaction::Idle;
        let alive = match link {
            Some(alive) => alive,
            None if in_transaction => {
                lock(&self.status).transaction = Transaction::Idle;
                let why = self.lost.take().unwrap_or_default();
                return Update::Failed(Failure::TransactionLost(why));
            }
            None => {
                let opened = tokio::select! {
                    opened = self.open() => opened,
                    Some(_) = job.stop.recv() => Err(Failure::Interrupted),
                };
                match opened {
                    Ok(opened) => {
                        let lost = self.lost.take();
                        let _ = job.updates.send(Update::Opened { lost }).await;
                        link.insert(opened)
                    }
                    Err(failure) => return Update::Failed(failure),
                }
            }
        };
        let ear = match alive.is_query_service() {
            true => Ear::Deaf,
            false => self.ear(),
        };
        let watched = self.watched(alive, &job.sql);
        let watching = self.watch(watched, job.updates.clone());
        let ran = tokio::select! {
            biased;
            ran = alive.run(job, ear) => ran,
            never = watching => match never {},
        };
        match ran {
            Ok(Ran::Ready(transaction)) => {
                self.keep_unicode(alive, job, transaction).await;
                self.refresh(alive);
                Update::Done(transaction)
            }
            Ok(Ran::Spent(transaction)) => {
                if let Some(spent) = link.take() {
                    self.give_up(spent, Dropped::Silent).await;
                }
                self.lose(link, SPENT.into());
                Update::Done(transaction)
            }
            Err(failure) => self.failed(link, failure, in_transaction, &job.sql).await,
        }
    }

    /// A statement has no answer, or not all of it, and the connection is of no more use.
    async fn failed(
        &mut self,
        link: &mut Option<Link>,
        failure: Failure,
        in_transaction: bool,
        sql: &str,
    ) -> Update {
        // Nothing was sent.
        if matches!(failure, Failure::Interrupted) {
            return Update::Failed(failure);
        }
        let ends = in_transaction && !may_commit(sql);
        if let Some(link) = link.take() {
            match failure {
                Failure::Dropped { how, .. } => {
                    // Not one whose user was impatient, or which the request has not reached.
                    self.deaf |= how == Dropped::Silent && link.cancel.is_none() && !link.doubtful;
                    self.give_up(link, how).await;
                }
                // Also one that has ended the session itself is fit again only in a new process.
                _ => {
                    if let Target::Local(folder) = &*self.target {
                        self.embedded.kill(folder.as_deref()).await;
                    }
                }
            }
        }
        *lock(&self.status) = Status::default();
        Update::Failed(match failure {
            Failure::Lost(why) if ends => Failure::RolledBack(why),
            Failure::Dropped { how, .. } => Failure::Dropped { how, ends },
            failure => failure,
        })
    }

    /// A cell may have set another encoding. All that is sent and shown here is Unicode, so what was
    /// agreed on when the connection was opened is agreed on again, before anything else is sent.
    async fn keep_unicode(&self, link: &mut Link, job: &Job, transaction: Transaction) {
        if !link.unicode || link.speaks_unicode() || transaction == Transaction::Failed {
            return;
        }
        let encoding = link.parameter("client_encoding").unwrap_or_default();
        let line = format!(
            "client_encoding was {encoding} and is UTF8 again: whatever the encoding of files and \
             databases, texts come here in UTF-8."
        );
        let set = link.ask("set client_encoding to 'UTF8'", self.ear()).await;
        if set.is_ok() {
            let _ = job.updates.send(Update::Remark(line)).await;
        }
    }

    /// Takes over what the server has told about itself.
    pub(super) fn refresh(&self, link: &Link) {
        let parameter = |name| link.parameter(name).unwrap_or_default().to_owned();
        lock(&self.status).connection = Some(Connected {
            host: link.host.describe(),
            query_service: link.is_query_service(),
            version: parameter("server_version"),
            // The embedded PostgreSQL says an empty name, Query Service none.
            user: match link.parameter("session_authorization") {
                Some("") | None => link.settings.user.clone(),
                Some(user) => user.to_owned(),
            },
            encrypted: link.encrypted,
            tls: link.tls.clone(),
            expires: link.expires,
            standard_conforming_strings: link.dialect().standard_conforming_strings,
            held: link.held,
        });
    }

    fn lose(&mut self, link: &mut Option<Link>, why: String) {
        *link = None;
        self.lost = Some(why);
        // The transaction's status stays: whether one was open decides what the next statement
        // is told.
        lock(&self.status).connection = None;
    }
}

/// What a user is told of a question of our own.
const OURS: &str = "a question of Rowcell's own, about names and types for completion; no more of \
                    them are asked on this connection";
/// What a user is told who waits behind one.
const WAITING: &str = "The server has not answered a question of Rowcell's own for 3 s; it is asked \
                       to cancel that, and this statement follows.";
/// What ended a connection whose statement was answered.
const SPENT: &str =
    "a request to cancel was still on its way, which could have hit the next statement";

/// Whether a statement that runs in a transaction may make it last.
fn may_commit(sql: &str) -> bool {
    const ENDS: [&str; 4] = ["COMMIT", "END", "PREPARE", "CALL"];
    let words = leading_words(sql, usize::MAX);
    words.iter().any(|word| ENDS.contains(&word.as_str()))
}

/// Waits until an idle connection ends; for ever where there is none.
async fn idle(link: &mut Option<Link>) -> String {
    match link {
        Some(link) => link.idle().await,
        None => std::future::pending().await,
    }
}

/// Waits until the user interrupts a job; for ever where there is none.
async fn stopped(job: &mut Option<Job>) {
    if let Some(job) = job
        && job.stop.recv().await.is_some()
    {
        return;
    }
    std::future::pending().await
}
