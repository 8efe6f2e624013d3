//! A notebook as a test of the service sees it: an engine with a recorder, and what a cell answered.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use display::{Bundle, Problem};
use futures_util::future::BoxFuture;
use query::{Embedded, Embedding, Query, Shown};
use tokio::time::timeout;

use crate::recorder::Recorder;
use crate::stand_in::{HOST, Service, USER};

/// No cell of these tests takes as long.
const LONGEST: Duration = Duration::from_secs(20);

/// A notebook: run cells, look at what they answer.
pub(crate) struct Notebook<'s> {
    pub(crate) query: Query,
    pub(crate) host: Recorder,
    service: &'s Service,
    /// What no cell may ever show.
    secrets: Vec<String>,
}

/// What a cell showed, and the problem it stopped at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) shown: Vec<Shown>,
    pub(crate) problem: Option<Problem>,
}

impl<'s> Notebook<'s> {
    /// A notebook that has no connection yet.
    pub(crate) fn new(service: &'s Service) -> Notebook<'s> {
        Notebook {
            query: Query::new(Arc::new(NoEmbedded), None),
            host: Recorder::new(),
            service,
            secrets: vec![service.token.clone()],
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
        self.secrets.push(secret.to_owned());
    }

    /// Runs a cell to its end.
    pub(crate) async fn run(&self, cell: &str) -> Answer {
        let ran = timeout(LONGEST, self.query.run(cell, &self.host)).await;
        let Ok(ran) = ran else {
            panic!("no end: {cell:.200}\n{:#?}", self.host.take())
        };
        let answer = Answer {
            shown: self.host.take(),
            problem: ran.err(),
        };
        let problem = answer.problem.as_ref().map(Problem::text);
        let told = format!("{:?} {problem:?} {:?}", answer.shown, self.host.asked());
        // Half a password is as bad as all of it.
        for half in self
            .secrets
            .iter()
            .flat_map(|secret| [&secret[..20], &secret[secret.len() - 20..]])
        {
            assert!(!told.contains(half), "the password was shown: {told}");
        }
        let log = self.service.log();
        assert_eq!(
            (log.extended, log.plain),
            (0, 0),
            "messages that the service does not take"
        );
        answer
    }

    /// Runs a cell that has to work.
    pub(crate) async fn good(&self, cell: &str) -> Answer {
        let answer = self.run(cell).await;
        assert_eq!(answer.problem, None, "{cell:.200}");
        answer
    }

    /// Runs a cell that has to fail.
    pub(crate) async fn bad(&self, cell: &str) -> Problem {
        let answer = self.run(cell).await;
        let problem = answer.problem.as_ref();
        problem
            .unwrap_or_else(|| panic!("no problem: {cell:.200}\n{answer:#?}"))
            .clone()
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

    /// The last result as text.
    pub(crate) fn text(&self) -> &str {
        self.bundle().text()
    }

    /// All of standard output.
    pub(crate) fn out(&self) -> String {
        let lines = self.shown.iter().filter_map(|shown| match shown {
            Shown::Out(text) => Some(text.as_str()),
            _ => None,
        });
        lines.collect()
    }

    /// All of standard error.
    pub(crate) fn err(&self) -> String {
        let lines = self.shown.iter().filter_map(|shown| match shown {
            Shown::Err(text) => Some(text.as_str()),
            _ => None,
        });
        lines.collect()
    }
}

/// All that `%connect` needs to reach the service, but the password.
pub(crate) fn keywords(service: &Service) -> String {
    format!(
        "host={HOST} hostaddr=127.0.0.1 port={} dbname=prod:all user={USER}",
        service.port
    )
}

/// No embedded PostgreSQL: these tests have a service.
struct NoEmbedded;

impl Embedded for NoEmbedded {
    fn start(&self, _: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>> {
        Box::pin(async { Err("there is no embedded PostgreSQL here".into()) })
    }

    fn kill(&self, _: Option<&Path>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
