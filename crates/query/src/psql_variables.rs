//! What psql's own variables do around a statement: a transaction begins in front of it, and they
//! tell how it has ended and where it went.

use display::Problem;

use crate::cell::Step;
use crate::guard::begins_none;
use crate::host::Host;
use crate::query::Run;
use crate::session::Session;
use crate::target::{Address, Target};
use crate::variables::Reference;
use crate::wire::{Report, Transaction};

/// The variables that tell where a connection goes.
const CONNECTION: &[&str] = &[
    "DBNAME",
    "USER",
    "HOST",
    "PORT",
    "ENCODING",
    "SERVER_VERSION_NAME",
    "SERVER_VERSION_NUM",
];

impl<H: Host> Run<'_, H> {
    /// Begins a transaction in front of a statement where `AUTOCOMMIT` is off and none is open.
    pub(crate) async fn begin_where_wanted(
        &mut self,
        session: &Session,
        text: &str,
    ) -> Result<(), Problem> {
        if !self.settings.variables.is_on("AUTOCOMMIT")
            && session.status().transaction == Transaction::Idle
            && !begins_none(text, session.dialect())
        {
            self.ask("BEGIN").await?;
        }
        Ok(())
    }

    /// Sets the variables that tell where the connection goes, for a cell that names one: opens the
    /// connection for it, as psql has always done by then. Not before a `%` line, which may be about
    /// to choose another.
    pub(crate) async fn learn_connection_where_named(&mut self) -> Result<(), Problem> {
        let session = self.on.clone().or_else(|| self.query.connections.current());
        let Some(session) = session.filter(|_| names_connection(self.text)) else {
            return Ok(());
        };
        let mut ahead = self.cell.clone();
        let next = ahead.next(&self.settings.variables, self.dialect());
        if !matches!(next, Some(Ok(Step::Statement(_) | Step::Command { .. }))) {
            return Ok(());
        }
        crate::transfer::open(self, &session).await?;
        self.learn_connection(&session);
        Ok(())
    }

    /// Sets the variables that tell where a connection goes.
    pub(crate) fn learn_connection(&mut self, session: &Session) {
        let Some(open) = session.status().connection else {
            return;
        };
        let (database, place) = match session.target() {
            Target::Server(settings) => {
                let mut hosts = settings.hosts.iter();
                let host = hosts.find(|host| host.describe() == open.host);
                let place = host.map(|host| match &host.place {
                    Address::Tcp(name, _) => (name.clone(), host.port),
                    Address::Socket(folder) => (folder.display().to_string(), host.port),
                });
                (Some(settings.database.clone()), place)
            }
            Target::Local(_) => (None, None),
        };
        let (host, port) = place.unzip();
        let values = [
            database,
            Some(open.user),
            host,
            port.map(|port| port.to_string()),
            Some("UTF8".into()),
            Some(open.version.clone()),
            number(&open.version),
        ];
        for (name, value) in CONNECTION.iter().zip(values) {
            if let Some(value) = value {
                self.settings.variables.learn(name, value);
            }
        }
    }

    /// Sets the variables that tell how a statement has ended: with this command tag, or this error.
    pub(crate) fn learn_outcome(&mut self, tag: &str, error: Option<&Report>) {
        let count = tag.rsplit(' ').next().unwrap_or_default();
        // Of what was copied psql says nothing.
        let counted = !tag.starts_with("COPY")
            && !count.is_empty()
            && count.bytes().all(|byte| byte.is_ascii_digit());
        let rows = if error.is_none() && counted {
            count
        } else {
            "0"
        };
        let code = error.map_or("00000", |report| &report.code);
        let variables = &mut self.settings.variables;
        variables.learn("ERROR", if error.is_some() { "true" } else { "false" });
        variables.learn("SQLSTATE", code);
        variables.learn("ROW_COUNT", rows);
        if let Some(report) = error {
            variables.learn("LAST_ERROR_SQLSTATE", code);
            variables.learn("LAST_ERROR_MESSAGE", &*report.message);
        }
    }
}

/// Whether a cell names a variable that tells where the connection goes.
fn names_connection(text: &str) -> bool {
    text.match_indices(':').any(|(at, _)| {
        let reference = Reference::read(&text.as_bytes()[at..]);
        reference.is_some_and(|reference| CONNECTION.contains(&&*reference.name))
    })
}

/// A server's version as psql counts it: 150018 for 15.18, 90624 for 9.6.24.
fn number(version: &str) -> Option<String> {
    let numbers = version.split(' ').next()?.split('.');
    let numbers: Vec<u32> = numbers.map_while(|part| part.parse().ok()).collect();
    let number = match *numbers.as_slice() {
        [major, minor] if major >= 10 => major * 10_000 + minor,
        [major, minor, patch] => major * 10_000 + minor * 100 + patch,
        _ => return None,
    };
    Some(number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbers() {
        let check = |version, expected| assert_eq!(number(version).as_deref(), expected);
        check("15.18 (Debian 15.18-0+deb12u1)", Some("150018"));
        check("17.5", Some("170005"));
        check("9.6.24", Some("90624"));
        check("PostgreSQL", None);
    }

    #[test]
    fn cells_that_name_the_connection() {
        assert!(names_connection("select :'DBNAME'"));
        assert!(names_connection("\\echo :SERVER_VERSION_NUM"));
        assert!(!names_connection("select a::user, :name"));
    }
}
