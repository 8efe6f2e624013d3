//! The columns that a query gives: from its select list, its RETURNING or its VALUES.

use std::ops::Range;

use super::{DEPTH, EXCLUDED, FIELDS, Field, Reader, Source};
use crate::complete::cursor::{Kind, Token};
use crate::complete::shape::Clause;

impl Reader<'_> {
    /// The columns of a query in parentheses.
    pub(super) fn query_fields(&mut self, level: &Range<usize>) -> Vec<Field> {
        let query = self.shape.query(level.clone());
        let Some(query) = query.filter(|_| self.depth < DEPTH) else {
            return Vec::new();
        };
        self.depth += 1;
        let outer = self.with.len();
        self.read_with(&query, usize::MAX);
        let fields = self.block_fields(&self.shape.block(&query, query.start));
        self.with.truncate(outer);
        self.depth -= 1;
        fields
    }

    /// The columns of one block of a query.
    pub(super) fn block_fields(&mut self, block: &Range<usize>) -> Vec<Field> {
        if self.is(block.start, "values") && self.is(block.start + 1, "(") {
            let row = self.shape.items(self.shape.inside(block.start + 1));
            let commas = row.filter(|item| self.is(*item, ",")).count();
            let name = |n| Field::named(format!("column{n}"));
            return (1..commas + 2).map(name).collect();
        }
        let walked = self.shape.walk(block, Clause::Start);
        let inserts = walked.iter().any(|(item, _)| self.is(*item, "insert"));
        let mut sources = match inserts {
            true => self.target(block),
            false => self.sources(block, Clause::Start),
        };
        sources.retain(|source| source.name != EXCLUDED);
        if self.is(block.start, "table") {
            return sources.into_iter().flat_map(|table| table.fields).collect();
        }
        let listed = walked.iter().filter(|(item, position)| {
            // The word that begins the next clause still stands in this one.
            let ends = self.token(*item).is_some_and(|token| token.is_any(ENDS));
            matches!(position.clause, Clause::Select | Clause::Returning) && !ends
        });
        let listed: Vec<usize> = listed.map(|(item, _)| *item).collect();
        let entries = listed.split(|item| self.is(*item, ","));
        entries
            .flat_map(|entry| self.entry_fields(entry, &sources))
            .take(FIELDS)
            .collect()
    }

    /// The columns that one entry of a select list gives.
    fn entry_fields(&self, entry: &[usize], sources: &[Source]) -> Vec<Field> {
        let is = |at: usize, word: &str| entry.get(at).is_some_and(|item| self.is(*item, word));
        let name = |at: usize| entry.get(at).and_then(|item| self.token(*item)?.name());
        if is(0, "distinct") || is(0, "all") {
            return self.entry_fields(&entry[1..], sources);
        }
        let of = match (entry.len(), name(0)) {
            (1, None) if is(0, "*") => Some(None),
            (3, Some(source)) if is(1, ".") && is(2, "*") => Some(Some(source)),
            _ => None,
        };
        if let Some(of) = of {
            let meant = sources
                .iter()
                .filter(|source| of.as_ref().is_none_or(|of| source.name == *of));
            return meant.flat_map(|source| source.fields.clone()).collect();
        }
        let Some(last) = entry.len().checked_sub(1) else {
            return Vec::new();
        };
        let before = last.checked_sub(1).and_then(|at| self.token(entry[at]));
        let alias = name(last).filter(|_| before.is_some_and(ends_value));
        vec![match alias {
            Some(alias) => Field {
                name: alias,
                ..self.value_field(&entry[..last - usize::from(is(last - 1, "as"))], sources)
            },
            None => self.value_field(entry, sources),
        }]
    }

    /// The column that a value without an alias makes.
    fn value_field(&self, value: &[usize], sources: &[Source]) -> Field {
        if let Some(cast) = value.iter().rposition(|item| self.is(*item, "::")) {
            let to = value
                .get(cast + 1)
                .and_then(|item| self.token(*item)?.name());
            return Field {
                type_name: to.unwrap_or_default().into(),
                type_oid: 0,
                ..self.value_field(&value[..cast], sources)
            };
        }
        let Some((first, last)) = value.first().zip(value.last()) else {
            return Field::default();
        };
        let (end, path) = self.shape.path_at(*first);
        let goes_on = self.token(end).filter(|_| *last >= end);
        match (path.as_slice(), goes_on) {
            ([], _) => Field::named("?column?"),
            ([column], None) => find(column, None, sources),
            ([.., source, column], None) => find(column, Some(source), sources),
            // An operator makes a value without a name, a call or `case` one with it.
            (_, Some(next)) if next.kind == Kind::Sign && !next.is("(") => Field::named("?column?"),
            ([.., name], Some(_)) => Field::named(name.as_str()),
        }
    }
}

/// What ends a select list.
const ENDS: &[&str] = &[
    "from", "into", "where", "group", "having", "window", "order", "limit", "offset", "fetch",
    "for",
];

/// Whether a name behind this is an alias.
fn ends_value(token: &Token) -> bool {
    token.kind != Kind::Sign || token.is_any(&["(", "]"])
}

/// A column of one source or of any.
fn find(column: &str, source: Option<&str>, sources: &[Source]) -> Field {
    let is_meant = |known: &&Source| source.is_none_or(|source| known.name == source);
    let mut fields = sources
        .iter()
        .filter(is_meant)
        .flat_map(|source| &source.fields);
    let found = fields.find(|field| field.name == column);
    found.cloned().unwrap_or_else(|| Field::named(column))
}
