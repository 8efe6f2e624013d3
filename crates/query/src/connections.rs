//! The notebook's connections: by name, and the current one.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use crate::environment::variable;
use crate::nearest::nearest;
use crate::session::{Embedded, Session, lock};
use crate::target::Target;

/// The named sessions of a notebook. Also read while a cell runs, by completion.
pub(crate) struct Connections {
    embedded: Arc<dyn Embedded>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    sessions: Vec<Session>,
    current: Option<String>,
    /// A `%connect` or `%use` that did not work. Until one does, no statement runs: the connection
    /// before is not where it was meant to.
    failed: Option<String>,
    /// What the first statement uses, where no cell has said anything.
    first: Option<Target>,
    /// The folders of embedded databases of which it is told what a power failure may cost.
    told: HashSet<PathBuf>,
}

impl Connections {
    pub(crate) fn new(embedded: Arc<dyn Embedded>, first: Option<Target>) -> Self {
        Connections {
            embedded,
            inner: Mutex::new(Inner {
                first,
                ..Inner::default()
            }),
        }
    }

    /// Names a connection and makes it the current one; one of that name before is closed.
    pub(crate) fn add(&self, name: Option<&str>, target: Target) -> Session {
        let name = name.map_or_else(|| target.default_name(), str::to_owned);
        let session = Session::new(name.clone(), target, self.embedded.clone());
        let mut inner = self.lock();
        inner.sessions.retain(|known| known.name() != name);
        inner.sessions.push(session.clone());
        inner.current = Some(name);
        inner.failed = None;
        session
    }

    /// What was to become the current connection did not; none is from now on.
    pub(crate) fn fail(&self, command: &str) {
        let mut inner = self.lock();
        inner.current = None;
        inner.failed = Some(command.to_owned());
    }

    pub(crate) fn current(&self) -> Option<Session> {
        let inner = self.lock();
        let name = inner.current.as_deref()?;
        inner.sessions.iter().find(|s| s.name() == name).cloned()
    }

    /// The current session. Where there is none, the one that the environment names, else the
    /// embedded PostgreSQL, and a line that says so.
    pub(crate) fn current_or_first(&self) -> Result<(Session, Option<String>), String> {
        if let Some(session) = self.current() {
            return Ok((session, None));
        }
        if let Some(command) = &self.lock().failed {
            return Err(format!(
                "no connection is current since {command} has failed, and so nothing was sent: \
                 %connect makes one, %use NAME goes back to another"
            ));
        }
        let first = self.lock().first.take();
        if let Some(target) = first {
            let line = self.remark(&target);
            return Ok((self.add(None, target), line));
        }
        let (target, mut line) = match Target::from_environment(&variable)? {
            Some((target, name)) => {
                let line = format!("Using {} ({name} is set).", target.describe());
                (target, line)
            }
            None => (
                Target::Local(None),
                "Using local: an embedded PostgreSQL, kept for this notebook's kernel only."
                    .to_owned(),
            ),
        };
        if let Some(remark) = self.remark(&target) {
            line = format!("{line}\n{remark}");
        }
        Ok((self.add(None, target), Some(line)))
    }

    /// What is to be known of an embedded database in a folder; once for each.
    pub(crate) fn remark(&self, target: &Target) -> Option<String> {
        let Target::Local(Some(folder)) = target else {
            return None;
        };
        let is_new = self.lock().told.insert(folder.clone());
        is_new.then(|| {
            "What is committed in this folder outlives the kernel and any end of it, but perhaps no \
             power failure: PostgreSQL's fsync is off here."
                .into()
        })
    }

    /// All of them, and the name of the current one.
    pub(crate) fn list(&self) -> (Vec<Session>, Option<String>) {
        let inner = self.lock();
        (inner.sessions.clone(), inner.current.clone())
    }

    /// Makes another one the current one.
    pub(crate) fn switch(&self, name: &str) -> Result<Session, String> {
        let session = self.find(name)?;
        let mut inner = self.lock();
        inner.current = Some(name.to_owned());
        inner.failed = None;
        Ok(session)
    }

    pub(crate) fn find(&self, name: &str) -> Result<Session, String> {
        let inner = self.lock();
        if let Some(session) = inner.sessions.iter().find(|s| s.name() == name) {
            return Ok(session.clone());
        }
        let hint = match nearest(name, inner.sessions.iter().map(Session::name)) {
            Some(near) => format!("; did you mean {near}?"),
            None if inner.sessions.is_empty() => "; there is none yet: %connect makes one".into(),
            None => "; %connections lists them".into(),
        };
        Err(format!("no connection is named \"{name}\"{hint}"))
    }

    /// Forgets a connection, which closes it; none named is the current one. Answers its name.
    pub(crate) fn remove(&self, name: Option<&str>) -> Result<String, String> {
        let name = match name {
            Some(name) => name.to_owned(),
            None => self
                .lock()
                .current
                .clone()
                .ok_or("there is no connection to close")?,
        };
        self.find(&name)?;
        let mut inner = self.lock();
        inner.sessions.retain(|session| session.name() != name);
        if inner.current.as_ref() == Some(&name) {
            inner.current = None;
        }
        Ok(name)
    }

    pub(crate) fn clear(&self) {
        let mut inner = self.lock();
        inner.sessions.clear();
        inner.current = None;
        inner.failed = None;
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.inner)
    }
}
