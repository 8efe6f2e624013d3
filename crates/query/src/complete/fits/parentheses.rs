//! What fits in parentheses that hold no query: a function's arguments, a list of columns, a join,
//! the columns of CREATE TABLE.

use std::ops::Range;

use super::{Fits, Reader, Wanted, want, words};
use crate::complete::keywords::{CASES, FIELDS, OPERATORS, QUERIES, STATEMENTS};
use crate::complete::shape::Clause;
use crate::complete::syntax::syntax;

impl Reader<'_> {
    /// In parentheses that hold no query; `outer` is the level that they stand in.
    pub(super) fn in_parentheses(&self, outer: &Range<usize>, level: &Range<usize>) -> Fits {
        let open = level.start - 1;
        let before = |words: &[&str]| open > 0 && self.shape.tokens[open - 1].is_any(words);
        let (start, path) = self.shape.path_before(open);
        let named_after = |words: &[&str]| {
            let before = start.checked_sub(1).map(|at| &self.shape.tokens[at]);
            !path.is_empty() && before.is_some_and(|token| token.is_any(words))
        };
        if named_after(&["into", "references", "copy"]) {
            return want(Wanted::Columns(path));
        }
        let query = self.shape.query(outer.clone());
        let Some(query) = query.filter(|query| query.start < open) else {
            // Parentheses in parentheses hold values, whatever the statement.
            return match outer.start {
                0 if named_after(&["analyze", "vacuum", "verbose"]) => want(Wanted::Columns(path)),
                0 => self.in_definition(level),
                _ => self.in_value(level, false),
            };
        };
        let block = self.shape.block(&query, open);
        let around = self.shape.position(&block, open, Clause::Start);
        match around.clause {
            Clause::Using if before(&["using"]) => want(Wanted::Common),
            Clause::Conflict if before(&["conflict"]) => {
                let columns = self.target(&block).map(Wanted::Columns);
                want(columns.unwrap_or_default())
            }
            Clause::With if before(&["as", "materialized"]) => words(STATEMENTS),
            Clause::With => Fits::default(),
            Clause::From if !around.whole => {
                let position = self.shape.position(level, self.at, Clause::From);
                let queries = if self.opens(level) { QUERIES } else { "" };
                self.in_clause(level, position).with(queries)
            }
            clause => self.in_value(level, clause == Clause::Window),
        }
    }

    fn opens(&self, level: &Range<usize>) -> bool {
        level.start == self.at
    }

    /// In the arguments of a function, a list of values, a part of a value.
    fn in_value(&self, level: &Range<usize>, in_window: bool) -> Fits {
        let open = level.start - 1;
        let before = |words: &[&str]| open > 0 && self.shape.tokens[open - 1].is_any(words);
        let position = self.shape.position(level, self.at, Clause::Start);
        let is_window = in_window || before(&["over"]);
        if self.after(&["as"]) {
            let is_cast = before(&["cast"]);
            return want(if is_cast {
                Wanted::Types
            } else {
                Wanted::Nothing
            });
        }
        if self.opens(level) {
            let is_call = self.shape.tokens[..open]
                .last()
                .is_some_and(|token| token.name().is_some());
            return match () {
                () if is_window => words("partition by, order by"),
                () if before(&["extract"]) => words(FIELDS),
                () if before(&["exists"]) => words(QUERIES),
                () if is_call => self.value(position).with(QUERIES).with("distinct"),
                () => self.value(position).with(QUERIES),
            };
        }
        if let Some(pair) = self.pair(Clause::Start) {
            return pair;
        }
        if !position.whole {
            return self.value(position);
        }
        let more = match () {
            () if is_window => "order by, asc, desc, rows, range, groups",
            () if before(&["extract", "substring", "trim"]) => "from, for",
            () if before(&["cast"]) => "as",
            () => "",
        };
        let order = if more.is_empty() {
            "order by, asc, desc"
        } else {
            ""
        };
        let cases = if position.cases > 0 { CASES } else { "" };
        words(more)
            .with(cases)
            .with("and, or")
            .with(OPERATORS)
            .with(order)
    }

    /// In the parentheses of a command: the columns of CREATE TABLE or of an index, options.
    fn in_definition(&self, level: &Range<usize>) -> Fits {
        let known = self.words(0..level.start);
        let has = |word: &str| known.iter().any(|known| known == word);
        let options = || Fits {
            keywords: syntax(&known),
            ..Fits::default()
        };
        match known.first().map(String::as_str) {
            Some("CREATE") if has("INDEX") && !has("WITH") => want(
                self.name_after("on")
                    .map(Wanted::Columns)
                    .unwrap_or_default(),
            ),
            Some("ALTER") if has("TABLE") => want(
                self.name_after("table")
                    .map(Wanted::Columns)
                    .unwrap_or_default(),
            ),
            Some("CREATE") if has("FUNCTION") || has("PROCEDURE") => {
                want(Wanted::Types).with("in, out, inout, variadic, default")
            }
            Some("CREATE") if has("TABLE") && !has("WITH") => self.in_table(level),
            Some("CALL" | "EXECUTE") => self.in_value(level, false),
            Some("COPY") if self.opens(level) && !has("WITH") => words(QUERIES),
            _ => options(),
        }
    }

    /// Among the columns and constraints of CREATE TABLE.
    fn in_table(&self, level: &Range<usize>) -> Fits {
        if self.after(&["references", "like", "inherits"]) {
            return want(Wanted::Tables);
        }
        if self.after(&["default", "check"]) {
            return self.value(self.shape.position(level, self.at, Clause::Start));
        }
        if let Some(pair) = self.pair(Clause::Start) {
            return pair;
        }
        let items = self.shape.items(level.start..self.at);
        let comma = items.filter(|item| self.shape.tokens[*item].is(",")).last();
        let begun = comma.map_or(level.start, |comma| comma + 1);
        match self.at - begun {
            0 => words("primary key, foreign key, unique, check, constraint, like, exclude"),
            1 if !self.after(&["constraint", "unique"]) => want(Wanted::Types),
            _ => words(
                "not null, primary key, default, references, unique, check, null, \
                 generated always as identity, generated by default as identity, \
                 generated always as, on delete cascade, on delete set null, on update cascade, \
                 collate, foreign key",
            ),
        }
    }
}
