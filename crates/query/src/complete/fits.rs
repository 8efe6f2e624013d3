//! What fits at a place in a statement: which kinds of names, and which of SQL's words. Knows no
//! catalogue.

mod clause;
mod command;
mod parentheses;

use std::ops::Range;

use super::cursor::{Kind, Statement, Token};
use super::keywords;
use super::shape::Shape;

/// What fits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Fits {
    pub(crate) wanted: Wanted,
    /// SQL's words, in lower case, the likely ones first.
    pub(crate) keywords: Vec<String>,
    /// What stands before the name with a dot: a schema, a table, an alias.
    pub(crate) qualifier: Vec<String>,
}

/// The names that fit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) enum Wanted {
    #[default]
    Nothing,
    /// Relations to read from, also those of WITH, and functions that return rows.
    Relations,
    /// Relations of the catalog.
    Tables,
    /// A value: columns in scope, functions.
    Values,
    /// A value, or the condition of a join as a whole.
    Condition,
    /// Columns of this relation.
    Columns(Vec<String>),
    /// Columns of more than one relation in scope.
    Common,
    Types,
    Functions,
    Schemas,
    Settings,
    /// Values of this setting.
    SettingValues(String),
}

/// What fits where the cursor is.
pub(crate) fn fits(statement: &Statement) -> Fits {
    let shape = Shape::new(&statement.tokens);
    let (at, qualifier) = qualifier(&shape, statement.at);
    let mut fits = Reader { shape, at }.read();
    if !qualifier.is_empty() {
        fits.keywords.clear();
    }
    fits.qualifier = qualifier;
    fits
}

/// What qualifies the name at a place, and where it begins.
pub(crate) fn qualifier(shape: &Shape, at: usize) -> (usize, Vec<String>) {
    match at.checked_sub(1) {
        Some(dot) if shape.tokens[dot].is(".") => {
            let (start, path) = shape.path_before(dot);
            (if path.is_empty() { at } else { start }, path)
        }
        _ => (at, Vec::new()),
    }
}

/// Reads what fits at a place.
struct Reader<'t> {
    shape: Shape<'t>,
    at: usize,
}

impl Reader<'_> {
    fn read(&self) -> Fits {
        if self.after(&["::"]) {
            return want(Wanted::Types);
        }
        let levels = self.shape.levels(self.at);
        let level = levels.last().cloned().unwrap_or_default();
        let query = self.shape.query(level.clone());
        match query.filter(|query| query.start < self.at) {
            Some(query) => self.in_query(&query),
            None if levels.len() == 1 => self.in_command(),
            None => self.in_parentheses(&levels[levels.len() - 2], &level),
        }
    }

    /// The token so many before the place.
    fn before(&self, count: usize) -> Option<&Token<'_>> {
        self.at.checked_sub(count).map(|at| &self.shape.tokens[at])
    }

    /// Whether the token before is one of these.
    fn after(&self, words: &[&str]) -> bool {
        self.before(1).is_some_and(|token| token.is_any(words))
    }

    /// The words among these tokens, in upper case, not those in parentheses.
    fn words(&self, range: Range<usize>) -> Vec<String> {
        self.shape
            .items(range)
            .map(|item| &self.shape.tokens[item])
            .filter(|token| token.kind == Kind::Word)
            .map(|token| token.text.to_ascii_uppercase())
            .collect()
    }

    /// The name behind the first such word.
    fn name_after(&self, word: &str) -> Option<Vec<String>> {
        let tokens = &self.shape.tokens[..self.at];
        let mut at = tokens.iter().position(|token| token.is(word))? + 1;
        while tokens
            .get(at)
            .is_some_and(|token| token.is_any(&["if", "exists", "only"]))
        {
            at += 1;
        }
        let (_, path) = self.shape.path_at(at);
        (!path.is_empty()).then_some(path)
    }
}

/// Names alone.
fn want(wanted: Wanted) -> Fits {
    Fits {
        wanted,
        ..Fits::default()
    }
}

/// Words alone, from a list.
fn words(list: &str) -> Fits {
    Fits::default().with(list)
}

impl Fits {
    /// With the words of a list, too.
    fn with(mut self, list: &str) -> Self {
        let entries = keywords::entries(list).map(str::to_owned);
        self.keywords.extend(entries);
        self
    }

    /// With the words of other fits, too.
    fn and(mut self, other: Fits) -> Self {
        self.keywords.extend(other.keywords);
        self
    }
}
