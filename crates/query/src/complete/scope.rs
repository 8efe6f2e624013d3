//! What is in scope at a place in a statement: the relations of FROM with their columns, also where
//! these come from a query in WITH or in parentheses.

mod fields;

use std::ops::Range;
use std::sync::Arc;

use super::cursor::{Kind, Token};
use super::keywords::is_reserved;
use super::shape::{Clause, Shape};
use crate::catalog::{Names, Relation};

/// Queries in queries are read so deep.
const DEPTH: usize = 8;
/// A query reads at most so many relations, and gives so many columns.
const SOURCES: usize = 100;
const FIELDS: usize = 2000;

/// The relations in scope.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// Those of the innermost query first, each query's in their order.
    pub(crate) sources: Vec<Source>,
    /// What WITH has named so far.
    pub(crate) with: Vec<Source>,
    /// What the query itself gives its rows, for ORDER BY.
    pub(crate) outputs: Vec<Field>,
}

/// A relation that columns can be taken from.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Source {
    /// What its columns are qualified with: the alias, or the relation's own name.
    pub(crate) name: String,
    /// The catalog's relation, where it is one.
    pub(crate) oid: Option<u32>,
    pub(crate) fields: Vec<Field>,
}

/// A column of anything; the type is empty and its oid 0 where they are not known.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) type_name: Arc<str>,
    pub(crate) type_oid: u32,
}

/// What ON CONFLICT calls the row that could not be inserted; RETURNING does not see it.
const EXCLUDED: &str = "excluded";

impl Field {
    fn named(name: impl Into<String>) -> Self {
        Field {
            name: name.into(),
            ..Field::default()
        }
    }
}

/// What is in scope at a place.
pub(crate) fn scope(shape: &Shape, at: usize, names: &Names) -> Scope {
    let mut reader = Reader {
        shape,
        names,
        with: Vec::new(),
        depth: 0,
    };
    let mut scope = Scope::default();
    let levels = shape.levels(at);
    for (depth, level) in levels.iter().enumerate() {
        let Some(query) = shape.query(level.clone()) else {
            continue;
        };
        if depth > 0 && is_closed(shape, &levels[depth - 1], level.start - 1) {
            scope.sources.clear();
        }
        reader.read_with(&query, at);
        let block = shape.block(&query, at);
        let position = shape.position(&block, at, Clause::Start);
        let mut sources = match position.head {
            "insert" if changes(position.clause) => reader.target(&block),
            _ => reader.sources(&block, Clause::Start),
        };
        if position.clause == Clause::Returning {
            sources.retain(|source| source.name != EXCLUDED);
        }
        sources.append(&mut scope.sources);
        scope.sources = sources;
        if matches!(position.clause, Clause::Order | Clause::Group) {
            scope.outputs = reader.block_fields(&block);
        }
    }
    scope.with = reader.with;
    scope
}

/// The clauses of an INSERT that see its table.
fn changes(clause: Clause) -> bool {
    matches!(
        clause,
        Clause::Conflict | Clause::Set | Clause::Where | Clause::Returning
    )
}

/// Whether a query in these parentheses sees nothing of the query around it.
fn is_closed(shape: &Shape, outer: &Range<usize>, open: usize) -> bool {
    let Some(query) = shape
        .query(outer.clone())
        .filter(|query| query.start <= open)
    else {
        return false;
    };
    let position = shape.position(&shape.block(&query, open), open, Clause::Start);
    let lateral = open > 0 && shape.tokens[open - 1].is("lateral");
    matches!(position.clause, Clause::From | Clause::With) && !lateral
}

struct Reader<'t> {
    shape: &'t Shape<'t>,
    names: &'t Names,
    with: Vec<Source>,
    depth: usize,
}

impl Reader<'_> {
    fn token(&self, at: usize) -> Option<&Token<'_>> {
        self.shape.tokens.get(at)
    }

    fn is(&self, at: usize, word: &str) -> bool {
        self.token(at).is_some_and(|token| token.is(word))
    }

    /// Takes in what a query's WITH names, up to the one that the place is in.
    fn read_with(&mut self, query: &Range<usize>, at: usize) {
        if !self.is(query.start, "with") {
            return;
        }
        let mut next = query.start + 1 + usize::from(self.is(query.start + 1, "recursive"));
        while let Some(name) = self.token(next).and_then(Token::name) {
            next += 1;
            let columns = self.alias_columns(&mut next);
            while self
                .token(next)
                .is_some_and(|token| token.is_any(&["as", "not", "materialized"]))
            {
                next += 1;
            }
            if !self.is(next, "(") {
                return;
            }
            let body = self.shape.inside(next);
            if body.contains(&at) || body.end == at {
                return;
            }
            let fields = self.query_fields(&body);
            self.with.push(Source {
                name,
                oid: None,
                fields: renamed(fields, columns),
            });
            next = body.end + 1;
            if !self.is(next, ",") {
                return;
            }
            next += 1;
        }
    }

    /// The relations that a block reads or changes.
    fn sources(&mut self, block: &Range<usize>, clause: Clause) -> Vec<Source> {
        let mut sources = Vec::new();
        for (item, position) in self.shape.walk(block, clause) {
            if matches!(position.clause, Clause::From | Clause::Update) && !position.whole {
                self.source(item, &mut sources);
            }
            if sources.len() >= SOURCES {
                break;
            }
        }
        sources
    }

    /// The table that an INSERT fills, and the row that stood in its way.
    fn target(&mut self, block: &Range<usize>) -> Vec<Source> {
        let mut sources = Vec::new();
        let into = self
            .shape
            .items(block.clone())
            .find(|item| self.is(*item, "into"));
        if let Some(into) = into {
            self.source(into + 1, &mut sources);
        }
        let excluded = sources.first().map(|target| Source {
            name: EXCLUDED.into(),
            oid: None,
            ..target.clone()
        });
        sources.extend(excluded);
        sources
    }

    /// The relation that begins at a token, if one does.
    fn source(&mut self, start: usize, sources: &mut Vec<Source>) {
        let Some(token) = self.token(start) else {
            return;
        };
        if token.is("(") {
            let inside = self.shape.inside(start);
            if self.shape.query(inside.clone()).is_some() {
                let fields = self.query_fields(&inside);
                sources.extend(self.aliased(
                    inside.end + 1,
                    Source {
                        fields,
                        ..Source::default()
                    },
                ));
            } else if self.depth < DEPTH {
                self.depth += 1;
                sources.extend(self.sources(&inside, Clause::From));
                self.depth -= 1;
            }
            return;
        }
        if token.kind == Kind::Word && is_reserved(&token.text.to_ascii_lowercase()) {
            return;
        }
        let (end, path) = self.shape.path_at(start);
        let Some(name) = path.last().cloned() else {
            return;
        };
        if self.is(end, "(") {
            let fields = vec![Field {
                name: name.clone(),
                ..Field::default()
            }];
            let after = self.shape.inside(end).end + 1;
            let function = Source {
                name,
                oid: None,
                fields,
            };
            sources.extend(self.aliased(after, function).map(|mut function| {
                // One column of a function takes its alias.
                if let [field] = function.fields.as_mut_slice()
                    && field.name == path[path.len() - 1]
                {
                    field.name.clone_from(&function.name);
                }
                function
            }));
            return;
        }
        let of_with = self
            .with
            .iter()
            .rev()
            .find(|with| path.len() == 1 && with.name == name)
            .cloned();
        let known = match (of_with, self.names.relation(&path)) {
            (Some(with), _) => with,
            (None, Some(relation)) => of_relation(relation),
            (None, None) => Source {
                name,
                ..Source::default()
            },
        };
        let after = end + usize::from(self.is(end, "*"));
        sources.extend(self.aliased(after, known));
    }

    /// The source under the alias that stands behind it; nothing where it then has no name.
    fn aliased(&self, mut at: usize, mut source: Source) -> Option<Source> {
        at += usize::from(self.is(at, "as"));
        if let Some(token) = self.token(at)
            && let Some(alias) = token.name()
            && (token.kind == Kind::Quoted || is_alias(&alias))
        {
            source.name = alias;
            at += 1;
            let columns = self.alias_columns(&mut at);
            source.fields = renamed(source.fields, columns);
        }
        (!source.name.is_empty()).then_some(source)
    }

    /// The names in parentheses at a place; passes over them.
    fn alias_columns(&self, at: &mut usize) -> Vec<String> {
        if !self.is(*at, "(") {
            return Vec::new();
        }
        let inside = self.shape.inside(*at);
        *at = inside.end + 1;
        let first = |item: &usize| *item == inside.start || self.is(item - 1, ",");
        let names = self.shape.items(inside.clone()).filter(first);
        names
            .filter_map(|item| self.token(item).and_then(Token::name))
            .collect()
    }
}

/// A word behind a relation that is no alias: it goes on with the statement.
fn is_alias(word: &str) -> bool {
    !is_reserved(word) && !matches!(word, "set" | "rows" | "values" | "overriding")
}

pub(crate) fn of_relation(relation: &Relation) -> Source {
    let field = |column: &crate::catalog::Column| Field {
        name: column.name.clone(),
        type_name: column.type_name.clone(),
        type_oid: column.type_oid,
    };
    Source {
        name: relation.name.clone(),
        oid: Some(relation.oid),
        fields: relation.columns.iter().map(field).collect(),
    }
}

/// Fields under other names, as far as there are any; a name more is a field more.
fn renamed(mut fields: Vec<Field>, names: Vec<String>) -> Vec<Field> {
    for (at, name) in names.into_iter().enumerate() {
        match fields.get_mut(at) {
            Some(field) => field.name = name,
            None => fields.push(Field {
                name,
                ..Field::default()
            }),
        }
    }
    fields
}
