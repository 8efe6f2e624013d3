//! Questions of the kernel's own to the current connection: what `\d` and its kin show.

use display::{Column, Problem, Row};

use crate::host::Host;
use crate::query::Run;
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

impl<H: Host> Run<'_, H> {
    /// Asks the current connection a question of our own, whose text is in no cell.
    pub(crate) async fn ask(&mut self, sql: &str) -> Result<Fetched, Problem> {
        let session = self.session().await?;
        let mut password = None;
        let mut asked = false;
        loop {
            let mut running = session.run(sql.to_owned(), password.take()).await;
            let mut fields: Vec<Field> = Vec::new();
            let mut rows = Vec::new();
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
                    Some(Update::Event(Event::Columns(columns))) => {
                        fields = columns;
                        rows.clear();
                    }
                    Some(Update::Event(Event::Error(report))) => error = Some(report),
                    Some(Update::Rows(more)) => {
                        rows.extend(more.texts().take(MOST.saturating_sub(rows.len())));
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
                (None, None) => {
                    session.learn_columns(sql, &fields);
                    session.learn_types(&fields).await;
                    return Ok(Fetched {
                        columns: session.columns(&fields),
                        fields,
                        rows,
                    });
                }
            }
        }
    }
}
