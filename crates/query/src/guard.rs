//! Guards: what a connection set `read_only` or `confirm` does not send just so.
//!
//! On a read-only connection the server refuses: each statement runs in a read-only transaction
//! (`session/read_only.rs`). The words are looked at before that, for what no transaction guards,
//! and for servers that know no such transaction.

mod destroys;
mod reads;
mod words;

use display::Problem;

use self::destroys::destroys;
use self::reads::forbidden;
pub(crate) use self::reads::{Place, begins_none, place};
use crate::host::{Host, Unanswered};
use crate::query::Run;
use crate::query_service;
use crate::session::Session;
use crate::split::{Dialect, Statement};
use crate::target::{self, Target};

impl<H: Host> Run<'_, H> {
    /// Holds a statement against the guards of its connection, and warns of what is known to go
    /// wrong.
    pub(crate) async fn admit(
        &self,
        session: &Session,
        statement: &Statement,
    ) -> Result<(), Problem> {
        if let Target::Server(settings) = session.target() {
            self.guard(session, statement, settings).await?;
        }
        if session.is_query_service()
            && let Some(warning) = query_service::warning(&statement.text)
        {
            self.warn(warning).await;
        }
        Ok(())
    }

    /// Holds a statement against the guards of its connection.
    async fn guard(
        &self,
        session: &Session,
        statement: &Statement,
        settings: &target::Settings,
    ) -> Result<(), Problem> {
        let refused = |why: String, advice: &str| {
            let mut problem = Problem::server("ERROR", "25006", why);
            problem.place = Some(self.place(statement.range().start));
            problem.advice = vec![advice.into()];
            problem
        };
        let open = session.status().connection;
        let held = open
            .as_ref()
            .map_or(!session.is_query_service(), |open| open.held);
        let mut dialects = vec![session.dialect()];
        if open.is_none() {
            // How the server reads backslashes is not known yet, and an option could have set it.
            dialects.extend(dialects.first().map(|dialect| Dialect {
                standard_conforming_strings: !dialect.standard_conforming_strings,
                ..*dialect
            }));
        }
        let mut dialects = dialects.into_iter();
        if settings.read_only
            && let Some(why) = dialects
                .clone()
                .find_map(|dialect| forbidden(&statement.text, dialect, held))
        {
            let advice = "Nothing was sent. A connection without read_only=on may write.";
            return Err(refused(why, advice));
        }
        if settings.confirm
            && let Some(what) = dialects.find_map(|dialect| destroys(&statement.text, dialect))
        {
            let question = format!("{what}: run it? [y/N] ");
            let advice = match self.host.ask(&question, false).await {
                Ok(answer) if ["y", "yes"].contains(&answer.trim().to_lowercase().as_str()) => {
                    return Ok(());
                }
                Err(Unanswered::Nobody) => {
                    "Nothing was sent, for nobody is here to be asked. A connection without \
                     confirm=on does not ask."
                }
                _ => "Nothing was sent.",
            };
            return Err(refused(format!("{what} was not confirmed"), advice));
        }
        Ok(())
    }
}
