//! The shape of a statement, also of one that is not finished: its parentheses, the queries in
//! them, and the clause that a place is in.

use std::ops::Range;

use super::cursor::{Kind, Token};
use super::keywords::is_reserved;

/// Deeper parentheses are not looked into.
const DEPTH: usize = 100;

/// Tokens with the parenthesis that each one closes or is closed by.
pub(crate) struct Shape<'t> {
    pub(crate) tokens: &'t [Token<'t>],
    /// Of an opening parenthesis its end, the number of tokens where it has none.
    ends: Vec<usize>,
}

/// What a place in a query is part of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) clause: Clause,
    /// The kind of query: `select`, `insert`, `update`, `delete`, `merge`, `values`; empty before it.
    pub(crate) head: &'static str,
    /// Something stands before that could be all of it: a value, or a relation.
    pub(crate) whole: bool,
    /// How many `case` are open.
    pub(crate) cases: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Clause {
    Start,
    With,
    Select,
    Into,
    Insert,
    Update,
    Delete,
    From,
    On,
    Using,
    Set,
    Values,
    Where,
    Group,
    Having,
    Window,
    Order,
    Limit,
    For,
    Conflict,
    Returning,
}

/// What queries and changes begin with.
const HEADS: &[&str] = &["select", "insert", "update", "delete", "merge", "values"];

impl<'t> Shape<'t> {
    pub(crate) fn new(tokens: &'t [Token<'t>]) -> Self {
        let mut ends = vec![tokens.len(); tokens.len()];
        let mut open = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if token.is("(") {
                open.push(at);
            } else if token.is(")")
                && let Some(start) = open.pop()
            {
                ends[start] = at;
            }
        }
        Shape { tokens, ends }
    }

    /// The places of the tokens in a range, of parentheses within it only the opening ones.
    pub(crate) fn items(&self, range: Range<usize>) -> impl Iterator<Item = usize> {
        let mut at = range.start;
        std::iter::from_fn(move || {
            let item = at;
            let token = self.tokens.get(item).filter(|_| item < range.end)?;
            at = if token.is("(") {
                self.ends[item] + 1
            } else {
                item + 1
            };
            Some(item)
        })
    }

    /// What an opening parenthesis holds.
    pub(crate) fn inside(&self, open: usize) -> Range<usize> {
        open + 1..self.ends[open]
    }

    /// The levels that a place is in: the whole statement, and what each parenthesis around the
    /// place holds, the innermost last.
    pub(crate) fn levels(&self, at: usize) -> Vec<Range<usize>> {
        let around = (0..at).filter(|open| self.tokens[*open].is("(") && self.ends[*open] >= at);
        let whole = 0..self.tokens.len();
        std::iter::once(whole)
            .chain(around.map(|open| self.inside(open)).take(DEPTH))
            .collect()
    }

    /// The query that a level is, or ends with: `explain`, `create view … as` and the like go
    /// before some.
    pub(crate) fn query(&self, level: Range<usize>) -> Option<Range<usize>> {
        let begins = |at: &usize| {
            self.tokens[*at].is_any(HEADS)
                || self.tokens[*at].is("with")
                || self.tokens[*at].is("table")
        };
        let first = self.tokens.get(level.start).filter(|_| !level.is_empty())?;
        if begins(&level.start) {
            return Some(level);
        }
        if first.is("explain") {
            let start = self.items(level.clone()).find(begins)?;
            return Some(start..level.end);
        }
        if !first.is_any(&["create", "prepare", "declare"]) {
            return None;
        }
        let items: Vec<usize> = self.items(level.clone()).collect();
        let joint = items
            .windows(2)
            .find(|pair| self.tokens[pair[0]].is_any(&["as", "for"]) && begins(&pair[1]))?;
        Some(joint[1]..level.end)
    }

    /// The part of a query, between `union` and its like, that a place is in.
    pub(crate) fn block(&self, query: &Range<usize>, at: usize) -> Range<usize> {
        let mut block = query.clone();
        for item in self.items(query.clone()) {
            if self.tokens[item].is_any(&["union", "intersect", "except"]) {
                if item >= at {
                    block.end = item;
                    break;
                }
                block.start = item + 1;
                if self
                    .tokens
                    .get(block.start)
                    .is_some_and(|token| token.is_any(&["all", "distinct"]))
                {
                    block.start += 1;
                }
            }
        }
        block.start = block.start.min(at);
        block
    }

    /// Reads a block up to a place. `clause` is where the reading begins.
    pub(crate) fn position(&self, block: &Range<usize>, at: usize, clause: Clause) -> Position {
        let mut position = Position {
            clause,
            head: "",
            whole: false,
            cases: 0,
        };
        let mut before = None;
        for item in self.items(block.start..at) {
            self.step(&mut position, before, &self.tokens[item]);
            before = Some(&self.tokens[item]);
        }
        position
    }

    /// The tokens of a block, each with the position that it stands at.
    pub(crate) fn walk(&self, block: &Range<usize>, clause: Clause) -> Vec<(usize, Position)> {
        let mut position = Position {
            clause,
            head: "",
            whole: false,
            cases: 0,
        };
        let mut before = None;
        let mut walked = Vec::new();
        for item in self.items(block.clone()) {
            walked.push((item, position));
            self.step(&mut position, before, &self.tokens[item]);
            before = Some(&self.tokens[item]);
        }
        walked
    }

    fn step(&self, position: &mut Position, before: Option<&Token>, token: &Token) {
        if token.kind != Kind::Word
            || before.is_some_and(|dot| dot.is(".") && qualifies(dot, token))
        {
            position.whole = match token.text {
                // The asterisk of a select list or of `count(*)`, not the operator.
                "*" => !position.whole,
                "(" | "]" => true,
                _ => token.kind != Kind::Sign,
            };
            return;
        }
        if let Some(head) = HEADS.iter().find(|head| token.is(head))
            && (matches!(position.clause, Clause::Start | Clause::With)
                || (token.is("select") && position.head == "insert"))
        {
            position.head = head;
        }
        if let Some(clause) = next_clause(position, before, token) {
            position.clause = clause;
            position.whole = false;
            return;
        }
        if token.is("case") {
            position.cases += 1;
        } else if token.is("end") {
            position.cases = position.cases.saturating_sub(1);
        }
        /// Words that want a value, a relation or a name behind them.
        const OPEN: &[&str] = &[
            "and", "or", "not", "in", "like", "ilike", "between", "similar", "to", "escape",
            "collate", "is", "case", "when", "then", "else", "distinct", "all", "any", "some",
            "by", "as", "on", "into", "lateral", "only", "over", "filter", "within", "interval",
            "zone", "cross", "natural", "inner", "outer", "full", "do", "nothing",
        ];
        let joins = position.clause == Clause::From && token.is_any(&["left", "right"]);
        position.whole = !joins && !token.is_any(OPEN);
    }

    /// The name, with what qualifies it, that ends before a place, and where it begins.
    pub(crate) fn path_before(&self, end: usize) -> (usize, Vec<String>) {
        let mut path = Vec::new();
        let mut at = end;
        while let Some(name) = at.checked_sub(1).and_then(|last| self.tokens[last].name()) {
            path.insert(0, name);
            at -= 1;
            if at == 0 || !self.tokens[at - 1].is(".") {
                break;
            }
            at -= 1;
        }
        (at, path)
    }

    /// The name, with what qualifies it, at a place, and where it ends.
    pub(crate) fn path_at(&self, start: usize) -> (usize, Vec<String>) {
        let mut path = Vec::new();
        let mut at = start;
        while let Some(name) = self.tokens.get(at).and_then(Token::name) {
            path.push(name);
            at += 1;
            match self.tokens.get(at..at + 2) {
                Some([dot, next]) if dot.is(".") && qualifies(dot, next) => at += 1,
                _ => break,
            }
        }
        (at, path)
    }
}

/// Whether what stands behind a dot is the name it wants, and not the word that the statement goes on
/// with because the name is not typed yet.
fn qualifies(dot: &Token, next: &Token) -> bool {
    next.kind != Kind::Word
        || dot.end() == next.start
        || !is_reserved(&next.text.to_ascii_lowercase())
}

/// The clause that a word begins.
fn next_clause(position: &Position, before: Option<&Token>, token: &Token) -> Option<Clause> {
    let after = |words: &[&str]| before.is_some_and(|before| before.is_any(words));
    let at_start = matches!(position.clause, Clause::Start | Clause::With);
    Some(match token.text.to_ascii_lowercase().as_str() {
        "with" if position.clause == Clause::Start => Clause::With,
        "select" => Clause::Select,
        "values" if at_start || position.clause == Clause::Insert => Clause::Values,
        "insert" if at_start => Clause::Insert,
        "update" if at_start => Clause::Update,
        "delete" if at_start => Clause::Delete,
        "merge" if at_start => Clause::From,
        "table" if at_start => Clause::From,
        _ if at_start => return None,
        "into" if position.head == "select" => Clause::Into,
        "into" if position.head == "merge" => Clause::From,
        "from" if !after(&["distinct"]) => Clause::From,
        "join" => Clause::From,
        "on" if matches!(position.clause, Clause::From) => Clause::On,
        "on" if position.head == "insert" => Clause::Conflict,
        "using" if matches!(position.head, "delete" | "merge") => Clause::From,
        "using" if position.clause == Clause::From => Clause::Using,
        "set" if matches!(position.head, "update" | "insert" | "merge") => Clause::Set,
        "where" => Clause::Where,
        "group" if !after(&["within"]) => Clause::Group,
        "having" => Clause::Having,
        "window" => Clause::Window,
        "order" => Clause::Order,
        "limit" | "offset" | "fetch" => Clause::Limit,
        "for" => Clause::For,
        "returning" => Clause::Returning,
        _ => return None,
    })
}
