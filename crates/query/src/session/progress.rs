//! How far a slow statement has come, where the server tells: asked on a connection of our own,
//! because the session's is busy with the statement.

use std::convert::Infallible;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::sleep;

use super::exchange::Ear;
use super::link::Link;
use super::owner::Owner;
use super::updates::Update;
use crate::split::leading_words;
use crate::target::{SessionKind, Settings, Target};

/// A statement that ends sooner is not watched.
const START: Duration = Duration::from_secs(1);
/// The time between two questions.
const PAUSE: Duration = Duration::from_millis(250);

/// What a statement does, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Headway {
    /// The command, such as `CREATE INDEX`.
    pub(crate) command: String,
    /// The table it works on; none for the COPY of a query.
    pub(crate) relation: Option<String>,
    /// What it is doing now.
    pub(crate) phase: String,
    /// How much is done, of how much; of 0 where that is not known.
    pub(crate) done: u64,
    pub(crate) total: u64,
    /// Rows so far, where the server counts them.
    pub(crate) rows: Option<u64>,
}

/// The statement to watch: where it runs.
pub(super) struct Watched {
    settings: Settings,
    process: i32,
}

impl Owner {
    /// What to watch of a statement; none where the server would tell nothing.
    pub(super) fn watched(&self, link: &Link, sql: &str) -> Option<Watched> {
        let is_server = matches!(*self.target, Target::Server(_)) && !link.is_query_service();
        if !is_server || !is_told(sql) {
            return None;
        }
        let mut settings = link.settings.clone();
        settings.hosts = vec![link.host.clone()];
        settings.session = SessionKind::Any;
        Some(Watched {
            settings,
            process: link.key.0,
        })
    }

    /// Tells how far the statement has come, for as long as it runs: never ends of itself.
    pub(super) async fn watch(
        &self,
        watched: Option<Watched>,
        updates: mpsc::Sender<Update>,
    ) -> Infallible {
        if let Some(watched) = watched {
            sleep(START).await;
            if let Ok((mut link, _)) = self.link(&watched.settings).await {
                while let Some(headway) = link.headway(watched.process, self.ear()).await {
                    if let Some(headway) = headway {
                        let _ = updates.send(Update::Progress(headway)).await;
                    }
                    sleep(PAUSE).await;
                }
            }
        }
        std::future::pending().await
    }
}

impl Link {
    /// What the process does now; none where nothing will be told.
    async fn headway(&mut self, process: i32, ear: Ear) -> Option<Option<Headway>> {
        let sql = include_str!("progress.sql").replace(":process", &process.to_string());
        let rows = self.ask(&sql, ear).await.ok()?;
        let Some(row) = rows.into_iter().next() else {
            return Some(None);
        };
        let [answered, command, relation, phase, done, total, rows] = row.try_into().ok()?;
        if answered? != self.key.0.to_string() {
            return None;
        }
        let number = |text: Option<String>| text?.parse().ok();
        Some(Some(Headway {
            command: command?,
            relation: relation.filter(|name| name != "-"),
            phase: phase.unwrap_or_default(),
            done: number(done).unwrap_or_default(),
            total: number(total).unwrap_or_default(),
            rows: number(rows),
        }))
    }
}

/// Whether servers tell the progress of this statement.
fn is_told(sql: &str) -> bool {
    let words = leading_words(sql, 3);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words[..],
        [
            "VACUUM" | "ANALYZE" | "ANALYSE" | "CLUSTER" | "COPY" | "REINDEX",
            ..
        ] | ["CREATE", "INDEX", ..]
            | ["CREATE", "UNIQUE", "INDEX"]
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn some_statements_are_watched() {
        let check = |sql: &str, expected: bool| assert_eq!(is_told(sql), expected, "{sql}");
        check("/* a */ create unique index on t (a)", true);
        check("create index concurrently on t (a)", true);
        check("vacuum full t", true);
        check("copy t from '/dev/null'", true);
        check("create table index (a int)", false);
        check("create table t as select 'index'", false);
        check("select 1", false);
    }
}
