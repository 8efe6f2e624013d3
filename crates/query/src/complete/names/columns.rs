//! Columns, and what else values are made of: from the relations in scope, and from the catalog.

use super::Finder;
use crate::catalog::{Function, KeyKind, Names, Relation};
use crate::complete::Candidate;
use crate::complete::cursor::{Statement, Token};
use crate::complete::keywords::quoted;
use crate::complete::offer::Rank;
use crate::complete::scope::{Field, Source};
use crate::variables::literal;

impl Finder<'_> {
    /// What a value can be or begin with.
    pub(super) fn values(&mut self) {
        self.labels();
        for field in &self.scope.outputs {
            self.offer.add(Rank::Column, &field.name, || column(field));
        }
        let sources = &self.scope.sources;
        for source in sources {
            for field in &source.fields {
                self.offer.add(Rank::Column, &field.name, || {
                    column_of(field, source, sources)
                });
            }
        }
        for source in sources {
            self.offer
                .add(Rank::Source, &source.name, || relation(source));
        }
        if self.scope.sources.is_empty() && !self.offer.is_open() {
            self.columns_of_anything();
        }
        self.functions(None, Function::gives_value);
        self.schemas();
    }

    /// Columns of a relation in scope; whether there is one of this name.
    pub(super) fn columns_of_source(&mut self, name: &str) -> bool {
        let mut sources = self.scope.sources.iter();
        let source = sources.find(|source| source.name == name);
        for field in source.iter().flat_map(|source| &source.fields) {
            self.offer.add(Rank::Column, &field.name, || column(field));
        }
        source.is_some()
    }

    /// Columns of a relation of the catalog, without those that the list has already.
    pub(super) fn columns_of(&mut self, path: &[String]) {
        let Some(relation) = self.names.relation(path) else {
            return;
        };
        let listed = listed_before(self.statement);
        for column in &relation.columns {
            if !listed.contains(&column.name) {
                self.offer.add(Rank::Column, &column.name, || {
                    Candidate::new(quoted(&column.name), "field", &*column.type_name)
                });
            }
        }
    }

    /// Columns of the users' own relations, where no FROM says which are meant.
    fn columns_of_anything(&mut self) {
        let names = self.names;
        let is_near = |relation: &&Relation| {
            !Names::is_servers(&relation.schema) && names.is_visible(&relation.schema)
        };
        for relation in names.relations.iter().filter(is_near) {
            for column in &relation.columns {
                self.offer.add(Rank::AnyColumn, &column.name, || {
                    let detail = format!("{} · {}", column.type_name, relation.name);
                    Candidate::new(quoted(&column.name), "field", detail)
                });
            }
        }
    }

    /// Columns that more than one source has.
    pub(super) fn common(&mut self) {
        let sources = &self.scope.sources;
        for (at, source) in sources.iter().enumerate() {
            for field in &source.fields {
                if holders(&field.name, &sources[at + 1..]) > 0 {
                    self.offer.add(Rank::Column, &field.name, || column(field));
                }
            }
        }
    }

    /// The relations that WITH has named.
    pub(super) fn with(&mut self) {
        for with in &self.scope.with {
            self.offer.add(Rank::Source, &with.name, || relation(with));
        }
    }

    /// The labels of an enum that a column is compared with.
    fn labels(&mut self) {
        let Some(column) = compared(&self.statement.tokens[..self.statement.at]) else {
            return;
        };
        let mut fields = self.scope.sources.iter().flat_map(|source| &source.fields);
        let Some(field) = fields.find(|field| field.name == column) else {
            return;
        };
        for label in self.names.labels(field.type_oid) {
            self.offer.add(Rank::Label, label, || {
                Candidate::new(literal(label).trim_start(), "enum", &*field.type_name)
            });
        }
    }

    /// Foreign keys between the relation joined last and those before it.
    pub(super) fn conditions(&mut self) {
        let sources = self.scope.sources.iter();
        let known = sources.filter_map(|source| Some((source, self.names.by_oid(source.oid?)?)));
        let known: Vec<_> = known.collect();
        let joined = joined_last(self.statement);
        let is_joined = |(source, _): &(&Source, _)| Some(&source.name) == joined.as_ref();
        let Some(at) = known.iter().position(is_joined) else {
            return;
        };
        // What is joined later stands behind this place and cannot be meant.
        for other in known[..at].iter().rev() {
            for (from, to) in [(known[at], *other), (*other, known[at])] {
                for condition in joins(from, to) {
                    self.offer.add(Rank::Condition, &condition, || {
                        Candidate::new(&*condition, "property", "foreign key")
                    });
                }
            }
        }
    }
}

fn column(field: &Field) -> Candidate {
    Candidate::new(quoted(&field.name), "field", &*field.type_name)
}

/// A column among those of all sources: where more than one has it, the source is named.
fn column_of(field: &Field, source: &Source, sources: &[Source]) -> Candidate {
    let text = match holders(&field.name, sources) {
        0 | 1 => quoted(&field.name),
        _ => format!("{}.{}", quoted(&source.name), quoted(&field.name)),
    };
    let detail = match &*field.type_name {
        "" => source.name.clone(),
        type_name => format!("{type_name} · {}", source.name),
    };
    Candidate::new(text, "field", detail)
}

/// How many sources have a column of this name.
fn holders(name: &str, sources: &[Source]) -> usize {
    let has = |source: &&Source| source.fields.iter().any(|field| field.name == name);
    sources.iter().filter(has).count()
}

/// A relation of the statement, with its first columns.
fn relation(source: &Source) -> Candidate {
    /// A detail is a line.
    const MOST: usize = 8;
    let names = source.fields.iter().map(|field| field.name.as_str());
    let mut names: Vec<&str> = names.take(MOST).collect();
    if source.fields.len() > MOST {
        names.push("…");
    }
    Candidate::new(quoted(&source.name), "class", names.join(", "))
}

/// The conditions that the foreign keys from one relation to another make.
fn joins(from: (&Source, &Relation), to: (&Source, &Relation)) -> Vec<String> {
    let mut conditions = Vec::new();
    for key in &from.1.keys {
        let KeyKind::Foreign(oid, numbers) = &key.kind else {
            continue;
        };
        let mine = from.1.column_names(&key.columns);
        let theirs = to.1.column_names(numbers);
        if *oid != to.1.oid || mine.is_empty() || mine.len() != theirs.len() {
            continue;
        }
        let name = |source: &Source, column| format!("{}.{}", quoted(&source.name), quoted(column));
        let pairs = mine.iter().zip(theirs);
        let pairs: Vec<String> = pairs
            .map(|(mine, theirs)| format!("{} = {}", name(from.0, mine), name(to.0, theirs)))
            .collect();
        conditions.push(pairs.join(" and "));
    }
    conditions
}

/// What the relation joined before the last ON is called.
fn joined_last(statement: &Statement) -> Option<String> {
    let before = &statement.tokens[..statement.at];
    let on = before.iter().rposition(|token| token.is("on"))?;
    before[..on].last().and_then(Token::name)
}

/// The column on the other side of a comparison that ends here.
fn compared(before: &[Token]) -> Option<String> {
    let column = match before {
        [.., column, sign] if sign.is_any(&["=", "<>", "!=", "<", ">", "<=", ">="]) => column,
        [.., column, word, open] if open.is("(") && word.is("in") && !column.is("not") => column,
        [.., column, not, word, open] if open.is("(") && word.is("in") && not.is("not") => column,
        _ => return None,
    };
    column.name()
}

/// The names in the list that the place is in, before it.
fn listed_before(statement: &Statement) -> Vec<String> {
    let before = statement.tokens[..statement.at].iter().rev();
    let listed = before.take_while(|token| !token.is("("));
    listed.filter_map(Token::name).collect()
}
