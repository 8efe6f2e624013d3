//! A session's connection is opened: the server that is wanted is found, and told what it has to
//! know before the first statement.

use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};

use tokio::time::timeout;

use super::exchange::Ear;
use super::greetings::Greetings;
use super::link::{Link, Next, Wire};
use super::lock;
use super::owner::Owner;
use super::updates::Failure;
use crate::open::{OpenError, not_understood, open};
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
                    let others = others.join(", ");
                    let why = "no session there is as target_session_attrs wants it";
                    unreachable(&settings, format!("{others}: {why}"))
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
        if !self.unasked.load(Ordering::Relaxed) {
            if let Some(begun) = self.begun(settings, true).await? {
                return Ok(begun);
            }
            // A server that takes no question of ours may still take the user's.
            self.unasked.store(true, Ordering::Relaxed);
        }
        let begun = self.begun(settings, false).await?;
        begun.ok_or_else(|| unreachable(settings, "no session there answers".into()))
    }

    /// The same, where the server may be asked questions or not; nothing where one of them has
    /// ended the connection, or has no answer.
    async fn begun(
        &self,
        settings: &Settings,
        asked: bool,
    ) -> Result<Option<(Link, bool)>, Failure> {
        let opened = open(settings, self.password.as_ref())
            .await
            .map_err(|error| Failure::Open(error, settings.login()))?;
        let broken = Arc::<OnceLock<String>>::default();
        let word = broken.clone();
        let driver = tokio::spawn(async move {
            let mut connection = opened.connection;
            // How it ended is told by the last report on the wire, unless there was none to be read.
            if let Err(error) = (&mut connection).await
                && let Some(what) = not_understood(&error)
            {
                let _ = word.set(what);
            }
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
            greetings: Greetings::default(),
            last_report: None,
            broken,
            cancel: None,
            doubtful: false,
            over: None,
            unicode: true,
            transaction: Transaction::Idle,
            held: false,
        };
        let limit = settings.connect_timeout;
        let host = link.host.describe();
        let unreachable = |why: String| unreachable(settings, format!("{host}: {why}"));
        let seconds = limit.as_secs();
        let late = || unreachable(format!("no answer within {seconds} s (connect_timeout)"));
        match timeout(limit, link.greet()).await {
            Ok(true) => {}
            Ok(false) => return Err(unreachable(link.why())),
            Err(_) => return Err(late()),
        }
        link.unicode = link.speaks_unicode();
        let fits = timeout(limit, link.begin(asked, self.ear())).await;
        match fits {
            Ok(fits) if link.over.is_none() => Ok(Some((link, fits))),
            _ => {
                link.driver.abort();
                match asked {
                    true => Ok(None),
                    false => Err(late()),
                }
            }
        }
    }
}

impl Link {
    /// Asks and tells what comes before the first statement: no more than has to be known, where
    /// the server is not to be asked. False where the session is of another kind than is wanted.
    async fn begin(&mut self, asked: bool, ear: Ear) -> bool {
        if !self.fits(ear).await {
            return false;
        }
        let curious = asked && (self.encrypted || self.settings.read_only);
        let pooled = curious && !self.is_query_service() && self.look(ear).await;
        if self.settings.read_only {
            // Behind a pooler it would hit whoever gets the server's session next.
            if asked && !pooled {
                let _ = self
                    .ask("set session characteristics as transaction read only", ear)
                    .await;
            }
            self.hold(asked, ear).await;
        }
        true
    }

    /// Reads what the server says of itself before it is ready; false where it ends instead.
    async fn greet(&mut self) -> bool {
        loop {
            match self.wire.next(&mut None).await {
                Next::Event(Event::Ready(_)) => return true,
                Next::Event(event) => self.note(event),
                Next::End => return false,
            }
        }
    }

    /// Whether the session is of the kind that is wanted. Servers before PostgreSQL 14, and
    /// poolers, do not say so in their greeting, and are asked.
    async fn fits(&mut self, ear: Ear) -> bool {
        let kind = self.settings.session;
        if kind == SessionKind::Any {
            return true;
        }
        let greeting = {
            let on = |name| self.parameter(name).map(|value| value == "on");
            on("default_transaction_read_only").zip(on("in_hot_standby"))
        };
        let (read_only, standby) = match greeting {
            Some(greeting) => greeting,
            None => {
                let question = "select current_setting('transaction_read_only') = 'on', \
                                pg_catalog.pg_is_in_recovery()";
                let Ok(rows) = self.ask(question, ear).await else {
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
    async fn look(&mut self, ear: Ear) -> bool {
        let question = "select pg_catalog.pg_backend_pid(), (select version || ', ' || cipher \
             from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid())";
        let rows = self.ask(question, ear).await.unwrap_or_default();
        let mut values = rows.into_iter().next().unwrap_or_default().into_iter();
        let process = values.next().flatten();
        let pooled = process.is_some_and(|process| process != self.key.0.to_string());
        if !pooled {
            self.tls = values.next().flatten();
        }
        pooled
    }
}

fn unreachable(settings: &Settings, why: String) -> Failure {
    Failure::Open(OpenError::Unreachable(why), settings.login())
}
