//! A notebook as a test sees it: an engine with a recorder, and what a cell answered. A test that
//! includes it adds the way to its server.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use display::{Bundle, Problem};
use futures_util::future::BoxFuture;
use query::{Embedded, Embedding, Query, Shown, Target};
use tokio::time::timeout;

use crate::recorder::Recorder;

/// No cell of these tests takes as long.
const LONGEST: Duration = Duration::from_secs(60);

/// A notebook: run cells, look at what they answer.
pub(crate) struct Notebook {
    pub(crate) query: Query,
    pub(crate) host: Recorder,
    /// What no cell may ever show.
    pub(crate) secrets: Vec<String>,
}

/// What a cell showed, and the problem it stopped at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) shown: Vec<Shown>,
    pub(crate) problem: Option<Problem>,
}

impl Notebook {
    /// A notebook whose first statement connects to the target, and which keeps a secret.
    pub(crate) fn first(target: Option<Target>, secret: &str) -> Notebook {
        Notebook {
            query: Query::new(Arc::new(NoEmbedded), target),
            host: Recorder::new(),
            secrets: vec![secret.to_owned()],
        }
    }

    /// Runs a cell to its end.
    pub(crate) async fn run(&self, cell: &str) -> Answer {
        let ran = timeout(LONGEST, self.query.run(cell, &self.host)).await;
        let Ok(ran) = ran else {
            panic!("no end: {cell:.200}\n{:#?}", self.host.take())
        };
        let problem = ran.err();
        let answer = Answer {
            shown: self.host.take(),
            problem,
        };
        let asked = format!("{:?}", self.host.asked());
        for secret in &self.secrets {
            // Half a password is as bad as all of it.
            for half in [&secret[..16], &secret[secret.len() - 16..]] {
                let told = answer.says(half) || asked.contains(half);
                assert!(!told, "the password was shown: {answer:?} {asked}");
            }
        }
        answer
    }

    /// Runs a cell that has to work.
    pub(crate) async fn good(&self, cell: &str) -> Answer {
        let answer = self.run(cell).await;
        assert_eq!(answer.problem, None, "{cell:.200}");
        answer
    }

    /// Runs a cell and interrupts it after so many milliseconds; says how long it took from then.
    pub(crate) async fn interrupted(&self, cell: &str, after: u64) -> (Answer, Duration) {
        let interrupt = async {
            let after = Duration::from_millis(after);
            self.host.interrupt_after(after).await;
            Instant::now()
        };
        let (answer, since) = tokio::join!(self.run(cell), interrupt);
        (answer, since.elapsed())
    }

    /// Runs a cell that has to fail and to say these words.
    pub(crate) async fn fails(&self, cell: &str, words: &str) -> Problem {
        let problem = self.bad(cell).await;
        assert!(problem.message.contains(words), "{cell:.200}\n{problem:?}");
        problem
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
    /// Whether this is said anywhere.
    fn says(&self, words: &str) -> bool {
        let bundle_says = |bundle: &Bundle| {
            let mut forms = bundle.data.values();
            forms.any(|form| match form.as_str() {
                Some(text) => text.contains(words),
                None => form.to_string().contains(words),
            })
        };
        let mut shown = self.shown.iter();
        shown.any(|shown| match shown {
            Shown::Out(text) | Shown::Err(text) | Shown::Note(text) => text.contains(words),
            Shown::Result(bundle)
            | Shown::Display(bundle, _)
            | Shown::Update(_, bundle)
            | Shown::Browsable(_, bundle, _)
            | Shown::Page(bundle) => bundle_says(bundle),
            Shown::Clear => false,
        }) || format!("{:?}", self.problem).contains(words)
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

/// No embedded PostgreSQL: these tests have a server.
struct NoEmbedded;

impl Embedded for NoEmbedded {
    fn start(&self, _: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>> {
        Box::pin(async { Err("there is no embedded PostgreSQL here".into()) })
    }

    fn kill(&self, _: Option<&Path>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
