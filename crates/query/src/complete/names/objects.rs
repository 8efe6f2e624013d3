//! What a catalog has: relations, schemas, functions, types and settings.

use super::Finder;
use crate::catalog::{Function, Names, Type};
use crate::complete::fits::Wanted;
use crate::complete::keywords::{self, SPECIAL_FUNCTIONS, quoted};
use crate::complete::offer::Rank;
use crate::complete::{Candidate, functions};
use crate::variables::literal;

impl Finder<'_> {
    /// Relations of a schema; of all where none is given, those found without it first.
    pub(super) fn relations(&mut self, schema: Option<&str>) {
        let names = self.names;
        let fits = |of: &str| schema.is_none_or(|schema| of == schema);
        let all = names.relations.iter();
        for relation in all.filter(|relation| fits(&relation.schema)) {
            let visible = schema.is_some() || names.is_visible(&relation.schema);
            let rank = match Names::is_servers(&relation.schema) && schema.is_none() {
                // Hundreds of them are in everyone's way until they are asked for.
                true if self.offer.is_open() => continue,
                true => Rank::Server,
                false if visible => Rank::Relation,
                false => Rank::Elsewhere,
            };
            self.offer.add(rank, &relation.name, || {
                let kind = relation.kind.words();
                let detail = match &relation.comment {
                    Some(comment) => format!("{kind}: {comment}"),
                    None => kind.to_owned(),
                };
                let text = found_as(visible, &relation.schema, &relation.name);
                Candidate::new(text, "class", detail)
            });
        }
    }

    pub(super) fn schemas(&mut self) {
        for schema in self.names.schemas.iter() {
            self.offer.add(Rank::Schema, &schema.name, || {
                let detail = schema.comment.as_deref().unwrap_or("schema");
                Candidate::new(quoted(&schema.name), "module", detail)
            });
        }
    }

    /// Functions of a schema; of all where none is given, with those that only SQL's grammar knows.
    pub(super) fn functions(&mut self, schema: Option<&str>, fits: impl Fn(&Function) -> bool) {
        let names = self.names;
        for function in names.functions.iter().filter(|function| fits(function)) {
            let rank = match schema {
                Some(schema) if schema != function.schema => continue,
                Some(_) => Rank::Function,
                // Before anything is typed the server's own are too many to be of use.
                None if self.offer.is_open() && Names::is_servers(&function.schema) => continue,
                None if names.is_visible(&function.schema) => Rank::Function,
                None => Rank::Elsewhere,
            };
            self.offer.add(rank, &function.name, || {
                let visible = rank == Rank::Function;
                let text = found_as(visible, &function.schema, &function.name);
                Candidate::new(text, "function", signature(function))
            });
        }
        if schema.is_none() && !self.offer.is_open() {
            self.functions_of_sql();
        }
    }

    /// Functions that need no catalog.
    fn functions_of_sql(&mut self) {
        let rows_only = self.fits.wanted == Wanted::Relations;
        let special = SPECIAL_FUNCTIONS.iter().copied().filter(|_| !rows_only);
        let known = functions().filter(|(_, what)| !rows_only || what.contains(") SETOF "));
        let known = known.filter(|_| self.names.functions.is_empty());
        for (name, what) in special.chain(known) {
            self.offer.add(Rank::Function, name, || {
                Candidate::new(name, "function", what)
            });
        }
    }

    /// Types of a schema; of all where none is given.
    pub(super) fn types(&mut self, schema: Option<&str>) {
        let names = self.names;
        // The server's own go by the names that people use.
        let fits = |known: &&Type| match schema {
            Some(schema) => known.schema == schema,
            None => !Names::is_servers(&known.schema),
        };
        for known in names.types.iter().filter(fits) {
            let visible = schema.is_some() || names.is_visible(&known.schema);
            let rank = if visible {
                Rank::Column
            } else {
                Rank::Elsewhere
            };
            self.offer.add(rank, &known.name, || {
                let text = found_as(visible, &known.schema, &known.name);
                Candidate::new(text, "class", &*known.kind)
            });
        }
        if schema.is_none() {
            for name in keywords::entries(keywords::TYPES) {
                self.offer.add_word(Rank::Relation, name, "class");
            }
        }
    }

    pub(super) fn settings(&mut self) {
        for setting in self.names.settings.iter() {
            let name = setting.name.to_lowercase();
            self.offer.add(Rank::Column, &name, || {
                Candidate::new(&*name, "property", &*setting.does)
            });
        }
    }

    /// What a setting can be set to.
    pub(super) fn setting_values(&mut self, name: &str) {
        if name == "search_path" {
            return self.schemas();
        }
        let mut settings = self.names.settings.iter();
        let Some(setting) = settings.find(|known| known.name.eq_ignore_ascii_case(name)) else {
            return;
        };
        if setting.kind == "bool" {
            self.offer.add_word(Rank::Label, "on", "enum");
            self.offer.add_word(Rank::Label, "off", "enum");
        }
        for value in &setting.values {
            let is_plain = value
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'_');
            self.offer.add(Rank::Label, value, || {
                let text = if is_plain {
                    value.clone()
                } else {
                    literal(value)
                };
                Candidate::new(text, "enum", "")
            });
        }
    }
}

/// A name as it is found: with its schema where that is not in the search path.
fn found_as(visible: bool, schema: &str, name: &str) -> String {
    if visible {
        quoted(name)
    } else {
        format!("{}.{}", quoted(schema), quoted(name))
    }
}

/// How a function is called, and what it returns.
pub(crate) fn signature(function: &Function) -> String {
    match &function.result {
        Some(result) => format!("({}) {result}", function.arguments),
        None => format!("({})", function.arguments),
    }
}
