//! What fits in the clauses of a query or a change.

use std::ops::Range;

use super::{Fits, Reader, Wanted, want, words};
use crate::complete::cursor::Kind;
use crate::complete::keywords::{
    self, CASES, CLAUSES, JOINS, OPERATORS, QUERIES, STATEMENTS, VALUES,
};
use crate::complete::shape::{Clause, Position};

impl Reader<'_> {
    pub(super) fn in_query(&self, query: &Range<usize>) -> Fits {
        let block = self.shape.block(query, self.at);
        let position = self.shape.position(&block, self.at, Clause::Start);
        if position.clause == Clause::Start {
            return words(QUERIES);
        }
        if let Some(pair) = self.pair(position.clause) {
            return pair;
        }
        self.in_clause(&block, position)
    }

    /// What the word before goes on with, wherever it stands.
    pub(super) fn pair(&self, clause: Clause) -> Option<Fits> {
        let before = self.before(1).filter(|token| token.kind == Kind::Word)?;
        if before.is("not") && self.before(2).is_some_and(|token| token.is("is")) {
            return Some(words("null, true, false, unknown, distinct from"));
        }
        // Elsewhere these are functions.
        if before.is_any(&["left", "right"]) && clause != Clause::From {
            return None;
        }
        keywords::after(before.text).map(words)
    }

    pub(super) fn in_clause(&self, block: &Range<usize>, position: Position) -> Fits {
        if self.after(&["as"]) && position.clause != Clause::With {
            return Fits::default();
        }
        match (position.clause, position.whole) {
            (Clause::With, _) => self.in_with(position),
            (Clause::Select, false) if self.after(&["select"]) => {
                self.value(position).with("distinct, all")
            }
            (Clause::Select, true) => words("from, as").and(self.after_value(position)),
            (Clause::Insert | Clause::Update, false) => want(Wanted::Tables),
            (Clause::Insert, true) => words("values, select, default values, with, overriding, as"),
            (Clause::Update, true) => words("set, as"),
            (Clause::From, false) => want(Wanted::Relations).with("lateral, only, select"),
            (Clause::From, true) => self.after_relation(block, position),
            (Clause::On, false) => Fits {
                wanted: Wanted::Condition,
                ..self.value(position)
            },
            (Clause::On, true) if position.head == "merge" => {
                words("when matched then, when not matched then").and(self.after_value(position))
            }
            (Clause::On, true) => words("and, or, where")
                .with(JOINS)
                .and(self.after_value(position)),
            (Clause::Using, true) => words("where").with(JOINS).and(clauses_after(position)),
            (Clause::Set, false) if self.after(&["set", ","]) => match self.target(block) {
                Some(path) => want(Wanted::Columns(path)),
                None => self.value(position),
            },
            (Clause::Set, false) => self.value(position).with("default"),
            (Clause::Order, true) => {
                words("asc, desc, nulls first, nulls last").and(self.after_value(position))
            }
            (Clause::Limit, false) => words("all"),
            (Clause::Limit, true) => clauses_after(position).with("rows only, with ties"),
            (Clause::For, _) => {
                words("update, share, no key update, key share, of, nowait, skip locked")
            }
            (Clause::Conflict, _) if self.after(&["on"]) => words("conflict"),
            (Clause::Conflict, _) => words("do nothing, do update set, on constraint, where"),
            (Clause::Returning, true) => words("as").and(self.after_value(position)),
            (Clause::Into | Clause::Values, true) => clauses_after(position),
            (Clause::Where | Clause::Having | Clause::Group | Clause::Set, true) => {
                self.after_value(position)
            }
            (Clause::Group | Clause::Order, false) => want(Wanted::Values),
            (Clause::Select | Clause::Where | Clause::Having | Clause::Returning, false) => {
                self.value(position)
            }
            (Clause::Start | Clause::Into | Clause::Delete | Clause::Using, _)
            | (Clause::Values | Clause::Window, _) => Fits::default(),
        }
    }

    fn in_with(&self, position: Position) -> Fits {
        match self.before(1) {
            Some(token) if token.is("with") => words("recursive"),
            Some(token) if token.is("as") => words("materialized, not materialized"),
            Some(token) if token.is(")") => words(STATEMENTS).with("as"),
            _ if position.whole => words("as"),
            _ => Fits::default(),
        }
    }

    fn after_relation(&self, block: &Range<usize>, position: Position) -> Fits {
        let has = |word: &str| {
            let mut items = self.shape.items(block.start..self.at);
            items.any(|item| self.shape.tokens[item].is(word))
        };
        if position.head == "delete" && !has("using") {
            return words("where, using, returning, as");
        }
        let on = if has("join") || position.head == "merge" {
            "on, using"
        } else {
            ""
        };
        words(on)
            .with("where")
            .with(JOINS)
            .and(clauses_after(position))
            .with("as")
    }

    /// A value, or what one begins with.
    pub(super) fn value(&self, position: Position) -> Fits {
        let cases = if position.cases > 0 { CASES } else { "" };
        want(Wanted::Values).with(cases).with(VALUES)
    }

    /// What goes on after a value: with the value, with its clause, with the statement.
    pub(super) fn after_value(&self, position: Position) -> Fits {
        let cases = if position.cases > 0 { CASES } else { "" };
        let fits = words(cases).with("and, or");
        match position.clause {
            Clause::Where | Clause::On | Clause::Having => {
                fits.with(OPERATORS).and(clauses_after(position))
            }
            _ => fits.and(clauses_after(position)).with(OPERATORS),
        }
    }

    /// What an INSERT or UPDATE changes.
    pub(super) fn target(&self, block: &Range<usize>) -> Option<Vec<String>> {
        let is_before = |item: &usize| self.shape.tokens[*item].is_any(&["into", "update"]);
        let before = self.shape.items(block.start..self.at).find(is_before)?;
        let next = self.shape.tokens.get(before + 1);
        let only = next.is_some_and(|token| token.is("only"));
        let (_, path) = self.shape.path_at(before + 1 + usize::from(only));
        (!path.is_empty()).then_some(path)
    }
}

/// What a query can go on with after the clause of a position.
fn clauses_after(position: Position) -> Fits {
    let clause = match position.clause {
        Clause::Into => "into",
        Clause::From | Clause::On | Clause::Using => "from",
        Clause::Where => "where",
        Clause::Group => "group by",
        Clause::Having => "having",
        Clause::Window => "window",
        Clause::Order => "order by",
        Clause::Limit => "limit",
        Clause::For => "for update",
        _ => "",
    };
    let at = CLAUSES.iter().position(|(words, _)| *words == clause);
    let after = CLAUSES.iter().skip(at.map_or(0, |at| at + 1));
    let fits = after.filter(|(_, heads)| {
        let mut heads = keywords::entries(heads);
        position.head.is_empty() || heads.any(|head| head == position.head)
    });
    fits.fold(Fits::default(), |fits, (words, _)| fits.with(words))
}
