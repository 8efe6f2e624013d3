//! A notebook on the service, and what its cells show last.

use std::ops::Deref;

use display::Bundle;
use query::Shown;

use crate::stand_in::{HOST, Service, USER};

#[path = "../support/notebook.rs"]
mod plain;

use plain::Answer;

/// A notebook on the service; it sees to it that nothing else reaches it than it takes.
pub(crate) struct Notebook<'s> {
    notebook: plain::Notebook,
    service: &'s Service,
}

impl<'s> Notebook<'s> {
    /// A notebook that has no connection yet.
    pub(crate) fn new(service: &'s Service) -> Notebook<'s> {
        Notebook {
            notebook: plain::Notebook::first(None, &service.token),
            service,
        }
    }

    /// A notebook whose cells may start programs.
    pub(crate) fn trusted(service: &'s Service) -> Notebook<'s> {
        let notebook = plain::Notebook::first(None, &service.token);
        Notebook {
            notebook: plain::Notebook {
                query: notebook.query.allow_programs(true),
                ..notebook
            },
            service,
        }
    }

    /// A notebook whose connection is named and not opened.
    pub(crate) async fn connected(service: &'s Service) -> Notebook<'s> {
        let notebook = Notebook::new(service);
        let password = &service.token;
        notebook
            .good(&format!(
                "%connect {} password={password}",
                keywords(service)
            ))
            .await;
        notebook
    }

    /// One more thing that no cell may show.
    pub(crate) fn hides(&mut self, secret: &str) {
        self.notebook.secrets.push(secret.to_owned());
    }
}

impl Deref for Notebook<'_> {
    type Target = plain::Notebook;

    fn deref(&self) -> &plain::Notebook {
        &self.notebook
    }
}

impl Drop for Notebook<'_> {
    fn drop(&mut self) {
        let log = self.service.log();
        assert!(
            std::thread::panicking() || (log.extended, log.plain) == (0, 0),
            "messages that the service does not take"
        );
    }
}

impl Answer {
    /// The last result.
    pub(crate) fn bundle(&self) -> &Bundle {
        let results = self.shown.iter().rev().filter_map(|shown| match shown {
            Shown::Result(bundle) | Shown::Display(bundle, _) | Shown::Update(_, bundle) => {
                Some(bundle)
            }
            _ => None,
        });
        results.into_iter().next().expect("no result")
    }

    /// Whether the last result says this below its rows.
    pub(crate) fn remarks(&self, remark: &str) -> bool {
        self.bundle().html().expect("no HTML").contains(remark)
    }

    /// The last result has to have these words in its text.
    #[track_caller]
    pub(crate) fn shows(&self, words: &str) {
        assert!(self.text().contains(words), "{}", self.text());
    }

    /// The last result as text.
    pub(crate) fn text(&self) -> &str {
        self.bundle().text()
    }
}

/// All that `%connect` needs to reach the service, but the password.
pub(crate) fn keywords(service: &Service) -> String {
    format!(
        "host={HOST} hostaddr=127.0.0.1 port={} dbname=prod:all user={USER}",
        service.port
    )
}
