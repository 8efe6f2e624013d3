//! Candidates on offer: those like what is typed, the likely ones first.

use std::collections::HashMap;

use super::Candidate;
use super::cursor::{Typed, unquoted};

/// Candidates and how well each fits what is typed.
pub(crate) struct Offer {
    /// In lower case, without quotes.
    typed: String,
    found: Vec<(Likeness, Rank, Candidate)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Likeness {
    Begins,
    Holds,
}

/// What goes before what, among candidates that are equally like what is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// A value of the very thing it is compared with.
    Label,
    /// The condition of a join.
    Condition,
    Column,
    /// A column, where it is not said of what.
    AnyColumn,
    /// A relation of the statement.
    Source,
    Relation,
    Keyword,
    Schema,
    Function,
    /// What is not in the search path.
    Elsewhere,
    /// Relations of the server's own.
    Server,
}

impl Offer {
    pub(crate) fn new(typed: &Typed) -> Self {
        Offer {
            typed: unquoted(typed.text).to_lowercase(),
            found: Vec::new(),
        }
    }

    /// Whether nothing is typed yet, so that everything fits.
    pub(crate) fn is_open(&self) -> bool {
        self.typed.is_empty()
    }

    /// Takes a candidate in where `name` is like what is typed; it is made only then.
    pub(crate) fn add(&mut self, rank: Rank, name: &str, candidate: impl FnOnce() -> Candidate) {
        /// Less than this is in too many names.
        const HELD: usize = 3;
        let likeness = if begins(name, &self.typed) {
            Likeness::Begins
        } else if self.typed.chars().count() >= HELD && name.to_lowercase().contains(&self.typed) {
            Likeness::Holds
        } else {
            return;
        };
        self.found.push((likeness, rank, candidate()));
    }

    /// The same for a candidate that is its name.
    pub(crate) fn add_word(&mut self, rank: Rank, word: &str, kind: &'static str) {
        self.add(rank, word, || Candidate::new(word, kind, ""));
    }

    /// The best ones, each once; of the forms of a function it is said how many there are.
    pub(crate) fn best(mut self, most: usize) -> Vec<Candidate> {
        self.found
            .sort_by_key(|(likeness, rank, _)| (*likeness, *rank));
        let mut times: HashMap<String, usize> = HashMap::new();
        let mut best = Vec::new();
        for (_, _, candidate) in self.found {
            let times = times.entry(candidate.text.clone()).or_default();
            *times += 1;
            if *times == 1 && best.len() < most {
                best.push(candidate);
            }
        }
        for candidate in &mut best {
            if let Some(more @ 1..) = times.get(&candidate.text).map(|times| times - 1)
                && candidate.kind == "function"
            {
                candidate.detail += &format!(", and {more} more");
            }
        }
        best
    }
}

/// Whether a name begins as typed, whatever its case.
fn begins(name: &str, typed: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    typed.chars().all(|c| name.next() == Some(c))
}
