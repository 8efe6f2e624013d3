//! What fits in parentheses that hold no query: a function's arguments, a list of columns, a join,
//! the columns of CREATE TABLE.

use std::ops::Range;

use super::{Fits, Reader, Wanted, operators, want, words};
use crate::complete::keywords::{self, QUERIES};
use crate::complete::shape::Clause;

impl Reader<'_> {
    /// In parentheses that hold no query.
    pub(super) fn in_parentheses(&self, outer: &Range<usize>, level: &Range<usize>) -> Fits {
        let open = level.start - 1;
        let query = self
            .shape
            .query(outer.clone())
            .filter(|query| query.start < open);
        let block = query.as_ref().map(|query| self.shape.block(query, open));
        let around = block
            .as_ref()
            .map(|block| self.shape.position(block, open, Clause::Start));
        let clause = around.map(|position| position.clause);
        let before = |words: &[&str]| open > 0 && self.shape.tokens[open - 1].is_any(words);
        let (start, path) = self.shape.path_before(open);
        let before_path = |words: &[&str]| start > 0 && self.shape.tokens[start - 1].is_any(words);

        if before(&["using"]) && clause == Some(Clause::Using) {
            return want(Wanted::Common);
        }
        if before(&["conflict"])
            && let Some(path) = block.as_ref().and_then(|block| self.target(block))
        {
            return want(Wanted::Columns(path));
        }
        if !path.is_empty() && before_path(&["into", "references", "copy"]) {
            return want(Wanted::Columns(path));
        }
        if clause == Some(Clause::With) && !before(&["as", "materialized"]) {
            return Fits::default();
        }
        if clause == Some(Clause::From) && around.is_some_and(|around| !around.whole) {
            let position = self.shape.position(level, self.at, Clause::From);
            return self
                .in_clause(level, position)
                .with(if level.start == self.at { QUERIES } else { &[] });
        }
        if clause.is_none() && outer.start == 0 {
            return self.in_definition(level, start, &path);
        }

        let position = self.shape.position(level, self.at, Clause::Start);
        let opens = level.start == self.at;
        if self.after(&["as"]) {
            return if before(&["cast"]) {
                want(Wanted::Types)
            } else {
                Fits::default()
            };
        }
        if before(&["extract"]) && opens {
            return words(keywords::FIELDS);
        }
        if let Some(pair) = self.before(1).and_then(|token| keywords::after(token.text))
            && !self.after(&["left", "right"])
        {
            return words(pair);
        }
        let is_window = before(&["over"]) || clause == Some(Clause::Window);
        if is_window && opens {
            return words(&["partition by", "order by"]).and_want(Wanted::Nothing);
        }
        let begins_word = if !path.is_empty() && opens {
            &["distinct"][..]
        } else {
            &[]
        };
        match position.whole {
            false => self
                .value(position, Wanted::Values)
                .with(if opens { QUERIES } else { &[] })
                .with(begins_word),
            true if is_window => words(&["order by", "asc", "desc", "rows", "range", "groups"])
                .and(operators(position).keywords),
            true if before(&["extract", "substring", "trim"]) => {
                words(&["from", "for"]).and(operators(position).keywords)
            }
            true if before(&["cast"]) => words(&["as"]),
            true => operators(position).with(&["order by", "asc", "desc"]),
        }
    }

    /// In the parentheses of a command: the columns of CREATE TABLE or of an index, and the like.
    fn in_definition(&self, level: &Range<usize>, name_start: usize, path: &[String]) -> Fits {
        let words_before: Vec<String> = self.words(0..level.start);
        let has = |word: &str| words_before.iter().any(|known| known == word);
        let begins = |word: &str| words_before.first().is_some_and(|known| known == word);
        if begins("CREATE") && has("INDEX") || begins("ALTER") && has("TABLE") {
            let after = if begins("ALTER") { "table" } else { "on" };
            return self
                .columns_after(after)
                .map_or_else(Fits::default, |path| want(Wanted::Columns(path)));
        }
        if !path.is_empty()
            && self.shape.tokens[..name_start]
                .last()
                .is_some_and(|token| token.is_any(&["analyze", "vacuum", "verbose", "policy"]))
        {
            return want(Wanted::Columns(path.to_vec()));
        }
        if !(begins("CREATE") && has("TABLE")) {
            return Fits::default();
        }
        if self.after(&["references", "like", "inherits"]) {
            return want(Wanted::Tables);
        }
        if self.after(&["default", "check"]) {
            return self.value(
                self.shape.position(level, self.at, Clause::Start),
                Wanted::Values,
            );
        }
        let comma = self
            .shape
            .items(level.start..self.at)
            .filter(|item| self.shape.tokens[*item].is(","))
            .last();
        match self.at - comma.map_or(level.start, |comma| comma + 1) {
            0 => words(&[
                "primary key",
                "foreign key",
                "unique",
                "check",
                "constraint",
                "like",
                "exclude",
            ]),
            1 if !self.after(&["constraint", "primary", "foreign", "unique"]) => {
                want(Wanted::Types)
            }
            _ => match self.before(1).and_then(|token| keywords::after(token.text)) {
                Some(pair) => words(pair),
                None => words(&[
                    "not null",
                    "primary key",
                    "default",
                    "references",
                    "unique",
                    "check",
                    "null",
                    "generated always as identity",
                    "generated by default as identity",
                    "generated always as",
                    "on delete cascade",
                    "on delete set null",
                    "on update cascade",
                    "collate",
                    "foreign key",
                ]),
            },
        }
    }
}
