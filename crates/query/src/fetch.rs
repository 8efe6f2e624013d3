//! Questions of the kernel's own to the current connection: what `\d` and its kin show.

use display::{Column, Problem, Row};

use crate::host::Host;
use crate::query::Run;
use crate::rows;
use crate::session::{Failure, Update};
use crate::wire::{Event, Field, Report};

/// More rows than this are no answer to a question of the kernel's own.
const MOST: usize = 100_000;

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

impl<H: Host> Run<'_, H> {
    /// Asks the current connection a question of our own, whose text is in no cell. Of several
    /// questions the last one's rows are the answer.
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Fetched, Problem> {
        let mut rows = Vec::new();
        let mut last = 0;
        let fields = self
            .ask_each(sql, |question, row| {
                if question != last {
                    last = question;
                    rows.clear();
                }
                if rows.len() < MOST {
                    rows.push(row.texts());
                }
            })
            .await?;
        let session = self.session().await?;
        session.learn_columns(sql, &fields);
        session.learn_types(&fields).await;
        Ok(Fetched {
            columns: session.columns(&fields),
            fields,
            rows,
        })
    }

    /// Asks several questions at once, with `;` between them, and hands out each row with the
    /// number of its question, from 0. The last one's columns are the answer.
    pub(crate) async fn ask_each(
        &mut self,
        sql: &str,
        mut take: impl FnMut(usize, rows::Row<'_>),
    ) -> Result<Vec<Field>, Problem> {
        let session = self.session().await?;
        let mut password = None;
        let mut asked = false;
        loop {
            let mut running = session.run(sql.to_owned(), password.take()).await;
            let mut fields: Vec<Field> = Vec::new();
            let mut answers = 0_usize;
            let mut error: Option<Box<Report>> = None;
            let failure = loop {
                let update = tokio::select! {
                    biased;
                    () = self.host.interrupted() => {
                        running.interrupt();
                        continue;
                    }
                    update = running.updates.recv() => update,
                };
                match update {
                    None => break Some(Failure::Lost("the session has ended".into())),
                    Some(Update::Done(_)) => break None,
                    Some(Update::Failed(failure)) => break Some(failure),
                    Some(Update::Opened { lost: Some(why) }) => self.connected_again(&why).await,
                    Some(Update::StillRunning) => self.still_running().await,
                    Some(Update::Event(Event::Columns(columns))) => {
                        fields = columns;
                        answers += 1;
                    }
                    Some(Update::Event(Event::Error(report))) => error = Some(report),
                    Some(Update::Rows(block)) => {
                        let mut rows = block.rows();
                        while let Some(row) = rows.next() {
                            take(answers.saturating_sub(1), row);
                        }
                    }
                    Some(Update::CopyIn(mut to)) => {
                        to.fail("COPY FROM STDIN has no place here").await;
                    }
                    Some(_) => {}
                }
            };
            match (failure, error) {
                (Some(failure), _) => {
                    password = Some(self.another_password(&session, failure, asked).await?);
                    asked = true;
                }
                (None, Some(report)) => return Err((*report).into()),
                (None, None) => return Ok(fields),
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
