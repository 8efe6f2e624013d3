//! A notebook as a test sees it: an engine with a recorder; and what one cell answered.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use display::{Bundle, Problem};
use futures_util::future::BoxFuture;
use query::{Embedded, Embedding, Query, Shown, Target};
use tokio::time::timeout;

use crate::recorder::Recorder;
use crate::server::{Database, server};

/// No cell of these tests takes as long.
const LONGEST: Duration = Duration::from_secs(60);

/// A notebook: run cells, look at what they answer.
pub(crate) struct Notebook {
    pub(crate) query: Query,
    pub(crate) host: Recorder,
}

/// What a cell showed, and the problem it stopped at.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) shown: Vec<Shown>,
    pub(crate) problem: Option<Problem>,
}

impl Notebook {
    /// A notebook whose first statement connects to the database.
    pub(crate) fn new(database: &Database) -> Notebook {
        Notebook::with(&database.target())
    }

    /// A notebook whose first statement connects to the target.
    pub(crate) fn with(target: &str) -> Notebook {
        let target = Target::parse(target, &|_| None).unwrap();
        Notebook {
            query: Query::new(Arc::new(NoEmbedded), Some(target)),
            host: Recorder::new(),
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
        assert!(!answer.says(&server().password), "the password was shown");
        answer
    }

    /// Runs a cell that has to work.
    pub(crate) async fn good(&self, cell: &str) -> Answer {
        let answer = self.run(cell).await;
        assert_eq!(answer.problem, None, "{cell}");
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

    /// The one value that a cell's last result shows.
    pub(crate) async fn value(&self, cell: &str) -> String {
        let answer = self.good(cell).await;
        let bundle = answer.bundles().last().expect("no result");
        bundle
            .text()
            .lines()
            .nth(2)
            .unwrap_or_default()
            .trim()
            .to_owned()
    }
}

impl Answer {
    /// What a front end has on the screen in the end: displays updated in their places, and what
    /// was cleared gone.
    pub(crate) fn screen(&self) -> Vec<Shown> {
        let mut screen: Vec<Shown> = Vec::new();
        let mut clear = false;
        for shown in &self.shown {
            match shown {
                Shown::Clear => clear = true,
                // What stands there is the display.
                Shown::Browsable(..) => {}
                Shown::Update(number, bundle) => {
                    for place in &mut screen {
                        if let Shown::Display(old, Some(known)) = place
                            && known == number
                        {
                            *old = bundle.clone();
                        }
                    }
                }
                _ => {
                    if std::mem::take(&mut clear) {
                        screen.clear();
                    }
                    screen.push(shown.clone());
                }
            }
        }
        screen
    }

    /// All bundles on the screen.
    pub(crate) fn bundles(&self) -> impl Iterator<Item = Bundle> {
        self.screen().into_iter().filter_map(|shown| match shown {
            Shown::Result(bundle) | Shown::Display(bundle, _) => Some(bundle),
            _ => None,
        })
    }

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

    /// What was shown, one line each: the kind, then the text.
    pub(crate) fn transcript(&self) -> String {
        let mut lines: Vec<String> = self
            .shown
            .iter()
            .map(|shown| match shown {
                Shown::Out(text) => format!("out {}", text.trim_end()),
                Shown::Err(text) => format!("err {}", text.trim_end()),
                Shown::Note(text) => format!("note {}", text.trim_end()),
                Shown::Result(bundle) => format!("result {}", brief(bundle)),
                Shown::Display(bundle, None) => format!("display {}", brief(bundle)),
                Shown::Display(bundle, Some(number)) => {
                    format!("display {number} {}", brief(bundle))
                }
                Shown::Update(number, bundle) => format!("update {number} {}", brief(bundle)),
                Shown::Browsable(number, ..) => format!("browsable {number}"),
                Shown::Clear => "clear".into(),
                Shown::Page(bundle) => format!("page {}", brief(bundle)),
            })
            .collect();
        if let Some(problem) = &self.problem {
            lines.push(format!("problem {}: {}", problem.name, problem.message));
        }
        lines.join("\n")
    }
}

/// A table in one line: its names and values, without the lines between and the count.
fn brief(bundle: &Bundle) -> String {
    let lines = bundle.text().lines();
    let lines = lines.filter(|line| !line.starts_with("--") && !line.starts_with('('));
    let words: Vec<_> = lines.flat_map(str::split_whitespace).collect();
    words.join(" ")
}

/// No embedded PostgreSQL: these tests have a server.
pub(crate) struct NoEmbedded;

impl Embedded for NoEmbedded {
    fn start(&self, _: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>> {
        Box::pin(async { Err("there is no embedded PostgreSQL here".into()) })
    }

    fn kill(&self, _: Option<&Path>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
