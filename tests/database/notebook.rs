//! A notebook on a database, and what its cells put on the screen.

use display::Bundle;
use query::{Shown, Target};

use crate::server::{Database, server};

#[path = "../support/notebook.rs"]
mod plain;

pub(crate) use plain::{Answer, Notebook};

impl Notebook {
    /// A notebook whose first statement connects to the database.
    pub(crate) fn new(database: &Database) -> Notebook {
        Notebook::with(&database.target())
    }

    /// A notebook whose first statement connects to the target.
    pub(crate) fn with(target: &str) -> Notebook {
        let target = Target::parse(target, &|_| None).unwrap();
        Notebook::first(Some(target), &server().password)
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
    /// All that was said on the side.
    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        self.shown.iter().filter_map(|shown| match shown {
            Shown::Note(text) => Some(text.as_str()),
            _ => None,
        })
    }

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
