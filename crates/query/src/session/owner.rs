//! The task that owns a connection: it takes one job after the other, opens the connection where it
//! is not open, and answers questions of our own in between.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use tokio::sync::mpsc;

use super::embedded::Embedded;
use super::link::Link;
use super::status::{Connected, Status};
use super::updates::{Dropped, Failure, Update};
use super::{Background, Job, NoAnswer, lock};
use crate::catalog::Catalog;
use crate::secret::Secret;
use crate::split::leading_words;
use crate::target::Target;
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
    /// The server has once not answered a request to cancel: it is not waited for again.
    deaf: bool,
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
        let Some(link) = link.as_mut().filter(|_| idle) else {
            let _ = question.answer.send(Err(NoAnswer::Busy));
            return None;
        };
        // Query Service runs few queries at a time and takes seconds for each: all are the user's.
        if link.is_query_service() {
            let _ = question.answer.send(Err(NoAnswer::Refused));
            return None;
        }
        // Whoever asked has stopped waiting.
        if question.answer.is_closed() {
            return None;
        }
        let mut ask = std::pin::pin!(link.ask(&question.sql));
        let mut waiting: Option<Job> = None;
        loop {
            tokio::select! {
                biased;
                rows = &mut ask => {
                    let _ = question.answer.send(rows);
                    return waiting;
                }
                () = stopped(&mut waiting) => {
                    if let Some(job) = waiting.take() {
                        let _ = job.updates.send(Update::Failed(Failure::Interrupted)).await;
                    }
                }
                Some(job) = jobs.recv(), if waiting.is_none() => waiting = Some(job),
            }
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
                    Some(()) = job.stop.recv() => Err(Failure::Interrupted),
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
        let watched = self.watched(alive, &job.sql);
        let watching = self.watch(watched, job.updates.clone());
        let ran = tokio::select! {
            biased;
            ran = alive.run(job, &self.target, self.deaf) => ran,
            never = watching => match never {},
        };
        match ran {
            Ok(transaction) => {
                self.refresh(alive);
                Update::Done(transaction)
            }
            Err(failure) => {
                if let Failure::Dropped(how) = failure {
                    self.deaf |= how == Dropped::Silent;
                    alive.driver.abort();
                }
                // Also one that has ended the session itself is fit again only in a new process.
                if let Target::Local(folder) = &*self.target {
                    self.embedded.kill(folder.as_deref()).await;
                }
                *link = None;
                *lock(&self.status) = Status::default();
                Update::Failed(match failure {
                    Failure::Lost(why) if in_transaction && !may_commit(&job.sql) => {
                        Failure::RolledBack(why)
                    }
                    failure => failure,
                })
            }
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
            // Spark's strings have backslashes that escape, where the server does not say else.
            standard_conforming_strings: match link.parameter("standard_conforming_strings") {
                Some(setting) => setting != "off",
                None => !link.is_query_service(),
            },
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
