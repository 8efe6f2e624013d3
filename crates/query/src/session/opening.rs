//! A session's connection is opened: the server that is wanted is found, and told what it has to
//! know before the first statement.

use std::collections::VecDeque;

use tokio::time::timeout;

use super::link::{Link, Next, Wire};
use super::lock;
use super::owner::Owner;
use super::updates::Failure;
use crate::open::{OpenError, open};
use crate::target::{SessionKind, Settings, Target};
use crate::wire::{Event, Transaction};

impl Owner {
    pub(super) async fn open(&mut self) -> Result<Link, Failure> {
        let settings = match &*self.target {
            Target::Server(settings) => (**settings).clone(),
            Target::Local(folder) => {
                let start = self.embedded.start(folder.as_deref());
                let place = start.await.map_err(Failure::Embedded)?;
                self.lost = place.gone.clone().or(self.lost.take());
                Settings::embedded(place)
            }
        };
        let link = self.find(settings).await?;
        self.refresh(&link);
        lock(&self.status).transaction = Transaction::Idle;
        Ok(link)
    }

    /// The first server whose sessions are of the kind that is wanted.
    async fn find(&self, mut settings: Settings) -> Result<Link, Failure> {
        let all = settings.hosts.clone();
        let mut others: Vec<String> = Vec::new();
        loop {
            let failure = match self.link(&settings).await {
                Ok((link, true)) => return Ok(link),
                Ok((link, false)) => {
                    let other = link.host.describe();
                    settings.hosts.retain(|host| host.describe() != other);
                    others.push(other);
                    if !settings.hosts.is_empty() {
                        continue;
                    }
                    unreachable(format!(
                        "{}: no session there is as target_session_attrs wants it",
                        others.join(", ")
                    ))
                }
                Err(failure) => failure,
            };
            if settings.session != SessionKind::PreferStandby || others.is_empty() {
                return Err(failure);
            }
            (settings.hosts, settings.session) = (all.clone(), SessionKind::Any);
        }
    }

    /// A connection, ready for statements, and whether its session is of the kind wanted.
    pub(super) async fn link(&self, settings: &Settings) -> Result<(Link, bool), Failure> {
        let opened = open(settings, self.password.as_ref())
            .await
            .map_err(Failure::Open)?;
        let driver = tokio::spawn(async move {
            // How it ended is told by the last report on the wire.
            let _ = opened.connection.await;
        });
        let mut link = Link {
            client: opened.client,
            driver,
            wire: Wire(opened.events),
            copy_in: opened.copy_in,
            settings: settings.clone(),
            host: opened.host,
            encrypted: opened.encrypted,
            tls: None,
            expires: opened.expires,
            key: (0, 0),
            parameters: Vec::new(),
            greetings: VecDeque::new(),
            last_report: None,
        };
        let limit = settings.connect_timeout;
        match timeout(limit, link.begin()).await {
            Ok(fits) => Ok((link, fits?)),
            Err(_) => Err(unreachable(format!(
                "{}: no answer within {} s (connect_timeout)",
                link.host.describe(),
                limit.as_secs()
            ))),
        }
    }
}

impl Link {
    /// Reads the greeting, and asks and tells what comes before the first statement. False where
    /// the session is of another kind than is wanted.
    async fn begin(&mut self) -> Result<bool, Failure> {
        self.greet().await?;
        if !self.fits().await {
            return Ok(false);
        }
        let curious = self.encrypted || self.settings.read_only;
        let pooled = curious && !self.is_query_service() && self.look().await;
        // Behind a pooler it would hit whoever gets the server's session next. There, and where the
        // server does not know this, only the guard before sending stands.
        if self.settings.read_only && !pooled {
            let _ = self
                .ask("set session characteristics as transaction read only")
                .await;
        }
        Ok(true)
    }

    /// Reads what the server says of itself before it is ready.
    async fn greet(&mut self) -> Result<(), Failure> {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(Event::Ready(_)) => return Ok(()),
                Next::Event(event) => self.note(event),
                Next::End => return Err(Failure::Lost(self.why())),
            }
        }
    }

    /// Whether the session is of the kind that is wanted. Servers before PostgreSQL 14, and
    /// poolers, do not say so in their greeting, and are asked.
    async fn fits(&mut self) -> bool {
        let kind = self.settings.session;
        if kind == SessionKind::Any {
            return true;
        }
        let on = |name| self.parameter(name).map(|value| value == "on");
        let greeting = on("default_transaction_read_only").zip(on("in_hot_standby"));
        let (read_only, standby) = match greeting {
            Some(greeting) => greeting,
            None => {
                let question = "select current_setting('transaction_read_only') = 'on', \
                                pg_catalog.pg_is_in_recovery()";
                let Ok(rows) = self.ask(question).await else {
                    return false;
                };
                let is = |column: usize| {
                    let value = rows.first().and_then(|row| row.get(column)?.as_deref());
                    value == Some("t")
                };
                (is(0), is(1))
            }
        };
        match kind {
            SessionKind::Any => true,
            SessionKind::ReadWrite => !read_only && !standby,
            SessionKind::ReadOnly => read_only || standby,
            SessionKind::Primary => !standby,
            SessionKind::Standby | SessionKind::PreferStandby => standby,
        }
    }

    /// Looks at the session from its other end: what TLS it has, and whether a pooler stands
    /// between, which shows in another process than the one that has greeted. TLS would then be
    /// the pooler's, and is not told.
    async fn look(&mut self) -> bool {
        let question = "select pg_catalog.pg_backend_pid(), (select version || ', ' || cipher \
             from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid())";
        let rows = self.ask(question).await.unwrap_or_default();
        let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
        let process = values.next().flatten();
        let pooled = process.is_some_and(|process| process != self.key.0.to_string());
        if !pooled {
            self.tls = values.next().flatten();
        }
        pooled
    }
}

fn unreachable(why: String) -> Failure {
    Failure::Open(OpenError::Unreachable(why))
}
