//! Questions of the kernel's own to the current connection: what `\d` and its kin show.

use std::time::{Duration, Instant};

use display::{Column, Problem, Row};

use crate::host::Host;
use crate::query::Run;
use crate::rows;
use crate::session::{Failure, Session, Update, cost};
use crate::wait;
use crate::wire::{Event, Field, Report};

/// The memory that the rows of an answer may take: more are no answer to a question of the kernel's
/// own.
const MOST: usize = 64 << 20;
/// The bytes of rows that are read, one after the other, of the answers to several questions.
const READ: u64 = 256 << 20;
/// After this long without an answer the user is told …
const NOTICE: Duration = Duration::from_secs(3);
/// … or after this long, of a server that takes seconds for everything.
const NOTICE_OF_SLOW: Duration = Duration::from_secs(15);
/// After this long the question is cancelled.
const LIMIT: Duration = Duration::from_secs(120);
/// A question that makes work last may have to wait for all of it to be checked.
const LIMIT_OF_END: Duration = Duration::from_secs(3600);

/// A result that is held in memory, for it is known to be small.
#[derive(Debug, Default)]
pub(crate) struct Fetched {
    pub(crate) columns: Vec<Column>,
    /// The same as the server describes them.
    pub(crate) fields: Vec<Field>,
    pub(crate) rows: Vec<Row>,
}

impl Fetched {
    /// The place of the column that has one of these names; letters of any case.
    pub(crate) fn place(&self, names: &[&str]) -> Option<usize> {
        let has = |column: &Column| {
            names
                .iter()
                .any(|name| column.name.eq_ignore_ascii_case(name))
        };
        self.columns.iter().position(has)
    }
}

/// Whether a server says yes: PostgreSQL prints `t`, others write the word out.
pub(crate) fn is_true(value: Option<&str>) -> bool {
    value.is_some_and(|value| {
        ["t", "true", "yes"]
            .iter()
            .any(|yes| value.eq_ignore_ascii_case(yes))
    })
}

impl<H: Host> Run<'_, H> {
    /// Asks the current connection a question of our own, whose text is in no cell. Of several
    /// questions the last one's rows are the answer.
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Fetched, Problem> {
        self.ask_within(sql, LIMIT).await
    }

    /// The same for what ends a transaction.
    pub(crate) async fn ask_to_end(&mut self, sql: &str) -> Result<Fetched, Problem> {
        self.ask_within(sql, LIMIT_OF_END).await
    }

    async fn ask_within(&mut self, sql: &str, limit: Duration) -> Result<Fetched, Problem> {
        let mut rows = Vec::new();
        let (mut last, mut taken) = (0, 0);
        let take = |question, row: rows::Row<'_>| {
            if question != last {
                (last, taken) = (question, 0);
                rows.clear();
            }
            let row = row.texts();
            taken += cost(&row);
            rows.push(row);
            taken <= MOST
        };
        let session = self.session().await?;
        let (fields, _) = self.put(&session, sql, limit, take).await?;
        session.learn_columns(sql, &fields);
        session.learn_types(&fields).await;
        Ok(Fetched {
            columns: session.columns(&fields),
            fields,
            rows,
        })
    }

    /// Asks several questions at once, with `;` between them, and hands out each row with the
    /// number of its question, from 0. The last one's columns are the answer, and how many were
    /// answered: some servers run all and answer the last one alone.
    pub(crate) async fn ask_each(
        &mut self,
        sql: &str,
        mut take: impl FnMut(usize, rows::Row<'_>),
    ) -> Result<(Vec<Field>, usize), Problem> {
        let mut read = 0;
        let take = |question, row: rows::Row<'_>| {
            read += row.size() as u64;
            take(question, row);
            read <= READ
        };
        let session = self.session().await?;
        self.put(&session, sql, LIMIT, take).await
    }

    /// Puts a question; once more where the server wants another password.
    async fn put(
        &mut self,
        session: &Session,
        sql: &str,
        limit: Duration,
        mut take: impl FnMut(usize, rows::Row<'_>) -> bool,
    ) -> Result<(Vec<Field>, usize), Problem> {
        let mut password = None;
        let mut asked = false;
        loop {
            let mut running = session.run(sql.to_owned(), password.take()).await;
            let mut answer = Given::default();
            let mut times = Times::from_now(session, limit);
            let failure = loop {
                let update = tokio::select! {
                    biased;
                    () = self.host.interrupted() => {
                        self.interrupted = true;
                        running.interrupt();
                        continue;
                    }
                    update = running.updates.recv() => update,
                    () = wait::until(times.notice) => {
                        times.notice = None;
                        self.remark(&format!(
                            "The server has not answered a question of Rowcell's own yet; it is \
                             waited for, up to {} s, or until you interrupt.",
                            limit.as_secs()
                        ))
                        .await;
                        continue;
                    }
                    () = wait::until(times.limit) => {
                        times.limit = None;
                        answer.ended = Some(format!("had no answer within {} s", limit.as_secs()));
                        running.end();
                        continue;
                    }
                };
                match update {
                    None => break Some(Failure::Lost("the session has ended".into())),
                    Some(Update::Done(_)) => break None,
                    Some(Update::Failed(failure)) => break Some(failure),
                    Some(Update::Opened { lost }) => {
                        times = Times::from_now(session, limit);
                        if let Some(why) = lost {
                            self.connected_again(&why).await;
                        }
                    }
                    Some(Update::StillRunning(left)) => self.still_running(left).await,
                    Some(Update::Remark(line)) => self.remark(&line).await,
                    Some(Update::CopyIn(mut to)) => {
                        to.fail("COPY FROM STDIN has no place here").await;
                    }
                    Some(update) => {
                        if answer.take(update, &mut take) {
                            running.end();
                        }
                    }
                }
            };
            match (failure, answer) {
                (Some(failure), _) => {
                    password = Some(self.another_password(session, failure, asked).await?);
                    asked = true;
                }
                (
                    None,
                    Given {
                        ended: Some(how), ..
                    },
                ) => return Err(unanswered(&how)),
                (
                    None,
                    Given {
                        error: Some(report),
                        ..
                    },
                ) => return Err((*report).into()),
                (None, answer) => return Ok((answer.fields, answer.answers)),
            }
        }
    }

    /// The server's major version. It is told when the connection opens.
    pub(crate) async fn server_version(&mut self) -> Result<u32, Problem> {
        let session = self.session().await?;
        if session.status().connection.is_none() {
            self.ask("select 1").await?;
        }
        let version = session
            .status()
            .connection
            .map(|open| open.version)
            .unwrap_or_default();
        let major = version
            .split(|c: char| !c.is_ascii_digit())
            .next()
            .unwrap_or_default();
        Ok(major.parse().unwrap_or_default())
    }
}

/// When a question is due for something.
struct Times {
    notice: Option<Instant>,
    limit: Option<Instant>,
}

impl Times {
    fn from_now(session: &Session, limit: Duration) -> Self {
        let notice = match session.is_query_service() {
            true => NOTICE_OF_SLOW,
            false => NOTICE,
        };
        let now = Instant::now();
        Times {
            notice: Some(now + notice),
            limit: Some(now + limit),
        }
    }
}

/// What has come of a question so far.
#[derive(Default)]
struct Given {
    fields: Vec<Field>,
    /// Answers that have begun.
    answers: usize,
    error: Option<Box<Report>>,
    /// Why it was ended.
    ended: Option<String>,
}

impl Given {
    /// Takes in what comes; true where no more is wanted from now on.
    fn take(
        &mut self,
        update: Update,
        take: &mut impl FnMut(usize, rows::Row<'_>) -> bool,
    ) -> bool {
        match update {
            Update::Event(Event::Columns(columns)) => {
                self.fields = columns;
                self.answers += 1;
            }
            Update::Event(Event::Error(report)) => self.error = Some(report),
            Update::Rows(block) if self.ended.is_none() => {
                let mut rows = block.rows();
                while let Some(row) = rows.next() {
                    if !take(self.answers.saturating_sub(1), row) {
                        self.ended = Some("has an answer without end".into());
                        return true;
                    }
                }
            }
            _ => {}
        }
        false
    }
}

/// A question of our own that was ended.
fn unanswered(how: &str) -> Problem {
    let mut problem = Problem::server(
        "ERROR",
        "57014",
        format!("a question of Rowcell's own {how}, and was cancelled"),
    );
    problem.advice =
        vec!["The connection is still there; statements of yours have no such limit.".into()];
    problem
}
