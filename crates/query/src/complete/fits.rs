//! What fits at a place in a statement: which kinds of names, and which of SQL's words. Knows no
//! catalogue.

mod command;
mod parentheses;

use std::ops::Range;

use super::cursor::{Kind, Statement, Token};
use super::keywords::{self, CASES, CLAUSES, JOINS, OPERATORS, QUERIES, VALUES};
use super::shape::{Clause, Position, Shape};

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

struct Reader<'t> {
    shape: Shape<'t>,
    at: usize,
}

impl Reader<'_> {
    fn read(&self) -> Fits {
        let levels = self.shape.levels(self.at);
        let level = levels.last().cloned().unwrap_or_default();
        if self.after(&["::"]) {
            return want(Wanted::Types);
        }
        if let Some(query) = self
            .shape
            .query(level.clone())
            .filter(|query| query.start < self.at)
        {
            return self.in_query(&query);
        }
        match levels.len() {
            1 => self.in_command(),
            depth => self.in_parentheses(&levels[depth - 2], &level),
        }
    }

    /// Whether the token before is one of these.
    fn after(&self, words: &[&str]) -> bool {
        self.before(1).is_some_and(|token| token.is_any(words))
    }

    fn before(&self, count: usize) -> Option<&Token<'_>> {
        self.at.checked_sub(count).map(|at| &self.shape.tokens[at])
    }

    fn in_query(&self, query: &Range<usize>) -> Fits {
        let block = self.shape.block(query, self.at);
        let position = self.shape.position(&block, self.at, Clause::Start);
        if position.clause == Clause::Start {
            return words(QUERIES);
        }
        if let Some(token) = self.before(1)
            && let Some(pair) = keywords::after(token.text)
            && token.kind == Kind::Word
            && (!token.is_any(&["left", "right"]) || position.clause == Clause::From)
        {
            return words(pair);
        }
        self.in_clause(&block, position)
    }

    fn in_clause(&self, block: &Range<usize>, position: Position) -> Fits {
        let clauses = || clauses_after(position);
        if self.after(&["as"]) && position.clause != Clause::With {
            return Fits::default();
        }
        match (position.clause, position.whole) {
            (Clause::With, _) if self.after(&["with"]) => words(&["recursive"]),
            (Clause::With, _) if self.after(&["as"]) => {
                words(&["materialized", "not materialized"])
            }
            (Clause::With, true) if self.before(1).is_some_and(|token| token.is(")")) => words(&[
                "select", "insert", "update", "delete", "merge", "values", "as",
            ]),
            (Clause::Select, false) if self.after(&["select"]) => {
                values().with(&["distinct", "all"])
            }
            (Clause::Select, true) => operators(position).with(&["as"]).and(clauses()),
            (Clause::Insert, false) | (Clause::Update, false) => want(Wanted::Tables),
            (Clause::Insert, true) => words(&[
                "values",
                "select",
                "default values",
                "with",
                "overriding",
                "as",
            ]),
            (Clause::Update, true) => words(&["set", "as"]),
            (Clause::From, false) => want(Wanted::Relations).with(&["lateral", "only", "select"]),
            (Clause::From, true) => {
                let joined = self
                    .shape
                    .items(block.start..self.at)
                    .any(|item| self.shape.tokens[item].is("join"));
                let on: &[&str] = if joined || position.head == "merge" {
                    &["on", "using"]
                } else {
                    &[]
                };
                words(on).with(JOINS).and(clauses())
            }
            (Clause::On, false) => self.value(position, Wanted::Condition),
            (Clause::On, true) => operators(position).with(&JOINS[1..]).and(clauses()),
            (Clause::Using, true) => words(&JOINS[1..]).and(clauses()),
            (Clause::Set, false) if self.after(&["set", ","]) => match self.target(block) {
                Some(path) => want(Wanted::Columns(path)),
                None => values(),
            },
            (Clause::Set, false) => values().with(&["default"]),
            (Clause::Order, true) => words(&["asc", "desc", "nulls first", "nulls last"])
                .and(clauses())
                .and(operators(position).keywords),
            (Clause::Limit, false) => words(&["all"]),
            (Clause::Limit, true) => words(&["rows only", "row only", "with ties"]).and(clauses()),
            (Clause::For, _) => words(&[
                "update",
                "share",
                "no key update",
                "key share",
                "of",
                "nowait",
                "skip locked",
            ]),
            (Clause::Conflict, _) if self.after(&["on"]) => words(&["conflict"]),
            (Clause::Conflict, _) => {
                words(&["do nothing", "do update set", "on constraint", "where"])
            }
            (Clause::Returning, true) => operators(position).with(&["as"]),
            (Clause::Into | Clause::Values, true) => words(&[]).and(clauses()),
            (Clause::Where | Clause::Having | Clause::Group | Clause::Set, true) => {
                operators(position).and(clauses())
            }
            (Clause::Select | Clause::Where | Clause::Having | Clause::Returning, false) => {
                self.value(position, Wanted::Values)
            }
            (Clause::Group | Clause::Order, false) => want(Wanted::Values),
            (Clause::Start | Clause::With | Clause::Into | Clause::Delete | Clause::Using, _) => {
                Fits::default()
            }
            (Clause::Values | Clause::Window, _) => Fits::default(),
        }
    }

    fn value(&self, position: Position, wanted: Wanted) -> Fits {
        let mut fits = want(wanted).with(VALUES);
        if position.cases > 0 {
            fits = fits.with(CASES);
        }
        fits
    }

    /// What an INSERT or UPDATE changes.
    fn target(&self, block: &Range<usize>) -> Option<Vec<String>> {
        let is_before = |item: &usize| self.shape.tokens[*item].is_any(&["into", "update"]);
        let before = self.shape.items(block.start..self.at).find(is_before)?;
        let only = self
            .shape
            .tokens
            .get(before + 1)
            .is_some_and(|token| token.is("only"));
        let (_, path) = self.shape.path_at(before + 1 + usize::from(only));
        (!path.is_empty()).then_some(path)
    }

    /// The name behind the first such word.
    fn columns_after(&self, word: &str) -> Option<Vec<String>> {
        let mut at = self.shape.tokens[..self.at]
            .iter()
            .position(|token| token.is(word))?
            + 1;
        while self
            .shape
            .tokens
            .get(at)
            .is_some_and(|token| token.is_any(&["if", "exists", "only"]))
        {
            at += 1;
        }
        let (_, path) = self.shape.path_at(at);
        (!path.is_empty()).then_some(path)
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
}

fn want(wanted: Wanted) -> Fits {
    Fits {
        wanted,
        ..Fits::default()
    }
}

fn words(words: &[&str]) -> Fits {
    Fits::default().with(words)
}

fn values() -> Fits {
    want(Wanted::Values).with(VALUES)
}

fn operators(position: Position) -> Fits {
    let cases = if position.cases > 0 { CASES } else { &[] };
    words(cases).with(OPERATORS)
}

/// What a query can go on with after a clause.
fn clauses_after(position: Position) -> Vec<String> {
    let of_head =
        |(_, heads): &&(&str, &[&str])| heads.contains(&position.head) || position.head.is_empty();
    let clause = match position.clause {
        Clause::Into => "into",
        Clause::From | Clause::On | Clause::Using if position.head == "delete" => "from",
        Clause::From | Clause::On | Clause::Using => "from",
        Clause::Set => "set",
        Clause::Where => "where",
        Clause::Group => "group",
        Clause::Having => "having",
        Clause::Window => "window",
        Clause::Order => "order",
        Clause::Limit => "limit",
        Clause::Values => "values",
        _ => "",
    };
    let passed = CLAUSES
        .iter()
        .position(|(words, _)| words.split(' ').next() == Some(clause));
    let after = CLAUSES.iter().skip(passed.map_or(0, |passed| passed + 1));
    after
        .filter(of_head)
        .map(|(words, _)| (*words).to_owned())
        .filter(|words| words != "select")
        .collect()
}

impl Fits {
    fn with(mut self, words: &[&str]) -> Self {
        self.keywords
            .extend(words.iter().map(|word| (*word).to_owned()));
        self
    }

    fn and(mut self, words: Vec<String>) -> Self {
        self.keywords.extend(words);
        self
    }

    fn and_want(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }
}
