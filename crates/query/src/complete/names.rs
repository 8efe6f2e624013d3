//! What is there: the candidates for what fits, from the catalog and from what is in scope.

use super::Candidate;
use super::cursor::{Statement, Token, Typed, unquoted};
use super::fits::{Fits, Wanted};
use super::keywords::{self, SPECIAL_FUNCTIONS, quoted};
use super::scope::{Field, Scope, Source, scope};
use super::shape::Shape;
use crate::catalog::{Function, KeyKind, Names, Relation, Type};

/// Candidates and how well each fits what is typed.
pub(crate) struct Offer {
    /// In lower case, without quotes.
    typed: String,
    found: Vec<Found>,
}

struct Found {
    /// The better come first: those that begin as typed before those that hold it, and of these
    /// what was offered first.
    order: (u8, u8),
    candidate: Candidate,
}

impl Offer {
    pub(crate) fn new(typed: &Typed) -> Self {
        Offer { typed: unquoted(typed.text).to_lowercase(), found: Vec::new() }
    }

    /// Takes a candidate in where `name` is like what is typed. The detail is made only then.
    pub(crate) fn add(
        &mut self,
        rank: u8,
        name: &str,
        text: impl FnOnce() -> String,
        kind: &'static str,
        detail: impl FnOnce() -> String,
    ) {
        let likeness = if begins(name, &self.typed) {
            0
        } else if self.typed.chars().count() > 2 && name.to_lowercase().contains(&self.typed) {
            1
        } else {
            return;
        };
        let candidate = Candidate { text: text(), kind, detail: detail() };
        self.found.push(Found { order: (likeness, rank), candidate });
    }

    /// The best ones, each once.
    pub(crate) fn best(mut self, most: usize) -> Vec<Candidate> {
        self.found.sort_by(|a, b| a.order.cmp(&b.order));
        let mut seen = std::collections::HashSet::new();
        let candidates = self.found.into_iter().map(|found| found.candidate);
        candidates.filter(|candidate| seen.insert(candidate.text.clone())).take(most).collect()
    }
}

/// Whether a name begins as typed, whatever its case.
fn begins(name: &str, typed: &str) -> bool {
    let mut name = name.chars().flat_map(char::to_lowercase);
    typed.chars().all(|c| name.next() == Some(c))
}

/// The candidates at the place of a statement.
pub(crate) fn candidates(statement: &Statement, fits: &Fits, names: &Names) -> Offer {
    let shape = Shape::new(&statement.tokens);
    let scope = scope(&shape, statement.at, names);
    let mut offer = Offer::new(&statement.typed);
    let mut finder = Finder { names, scope: &scope, fits, statement, offer: &mut offer };
    finder.names();
    if !statement.typed.text.starts_with('"') {
        let upper = is_upper(statement);
        for keyword in &fits.keywords {
            let text = || if upper { keyword.to_uppercase() } else { keyword.clone() };
            offer.add(KEYWORDS, keyword, text, "keyword", String::new);
        }
    }
    offer
}

/// Whether the user writes keywords in upper case: as the word being typed, else as the one before.
fn is_upper(statement: &Statement) -> bool {
    let before = statement.tokens[..statement.at].iter().rev().map(|token| token.text);
    let keyword = before.filter(|text| keywords::is_reserved(&text.to_lowercase()) || begins_statement(text));
    let written = std::iter::once(statement.typed.text).chain(keyword);
    let mut written = written.filter(|text| text.chars().any(char::is_alphabetic));
    written.next().is_some_and(|text| !text.chars().any(char::is_lowercase))
}

fn begins_statement(word: &str) -> bool {
    keywords::page(&[word.to_uppercase().as_str()]).is_some()
}

/// Ranks, the best first.
const LABELS: u8 = 0;
const CONDITIONS: u8 = 1;
const COLUMNS: u8 = 2;
const OUTER: u8 = 3;
const SOURCES: u8 = 4;
const RELATIONS: u8 = 5;
const KEYWORDS: u8 = 6;
const SCHEMAS: u8 = 7;
const FUNCTIONS: u8 = 8;
const ELSEWHERE: u8 = 9;
const SERVERS: u8 = 10;

struct Finder<'a> {
    names: &'a Names,
    scope: &'a Scope,
    fits: &'a Fits,
    statement: &'a Statement<'a>,
    offer: &'a mut Offer,
}

impl Finder<'_> {
    fn names(&mut self) {
        if !self.fits.qualifier.is_empty() {
            return self.qualified();
        }
        match &self.fits.wanted {
            Wanted::Nothing => {}
            Wanted::Relations => {
                for with in &self.scope.with {
                    let detail = || format!("with: {}", field_names(&with.fields));
                    self.offer.add(SOURCES, &with.name, || quoted(&with.name), "class", detail);
                }
                self.relations(None);
                self.schemas();
                self.functions(None, |function| function.returns_set);
            }
            Wanted::Tables => {
                self.relations(None);
                self.schemas();
            }
            Wanted::Condition => {
                self.conditions();
                self.values();
            }
            Wanted::Values => self.values(),
            Wanted::Columns(path) => self.columns_of(path),
            Wanted::Common => self.common(),
            Wanted::Types => {
                self.types(None);
                self.schemas();
            }
            Wanted::Functions => {
                self.functions(None, |_| true);
                self.schemas();
            }
            Wanted::Schemas => self.schemas(),
            Wanted::Settings => self.settings(),
            Wanted::SettingValues(name) => self.setting_values(name),
        }
    }

    /// What is behind the dot of a schema, a table or an alias.
    fn qualified(&mut self) {
        let path = &self.fits.qualifier;
        let Some(last) = path.last() else { return };
        let schema = (path.len() == 1).then_some(last.as_str());
        match self.fits.wanted {
            Wanted::Relations | Wanted::Tables => {
                self.relations(schema);
                if self.fits.wanted == Wanted::Relations {
                    self.functions(schema, |function| function.returns_set);
                } else if let Some(relation) = self.names.relation(path) {
                    self.relation_columns(relation);
                }
            }
            Wanted::Types => self.types(schema),
            Wanted::Functions => self.functions(schema, |_| true),
            Wanted::Values | Wanted::Condition => {
                let source = schema.and_then(|name| self.scope.sources.iter().find(|source| source.name == name));
                if let Some(source) = source {
                    for field in &source.fields {
                        let detail = || field.type_name.to_string();
                        self.offer.add(COLUMNS, &field.name, || quoted(&field.name), "field", detail);
                    }
                    return;
                }
                if let Some(relation) = self.names.relation(path) {
                    self.relation_columns(relation);
                }
                self.relations(schema);
                self.functions(schema, |_| true);
            }
            _ => {}
        }
    }

    fn values(&mut self) {
        self.labels();
        let sources = &self.scope.sources;
        let holders = |name: &str| sources.iter().filter(|source| source.fields.iter().any(|f| f.name == name)).count();
        for field in &self.scope.outputs {
            self.offer.add(COLUMNS, &field.name, || quoted(&field.name), "field", || field.type_name.to_string());
        }
        for source in sources {
            for field in &source.fields {
                let text = || match holders(&field.name) {
                    0 | 1 => quoted(&field.name),
                    _ => format!("{}.{}", quoted(&source.name), quoted(&field.name)),
                };
                let detail = || match &*field.type_name {
                    "" => source.name.clone(),
                    type_name => format!("{type_name} · {}", source.name),
                };
                self.offer.add(COLUMNS, &field.name, text, "field", detail);
            }
        }
        for source in sources {
            let detail = || field_names(&source.fields);
            self.offer.add(SOURCES, &source.name, || quoted(&source.name), "class", detail);
        }
        if sources.is_empty() && !self.offer.typed.is_empty() {
            self.columns_of_anything();
        }
        self.functions(None, |_| true);
        self.schemas();
    }

    /// Columns of the users' own relations, where no FROM says which are meant.
    fn columns_of_anything(&mut self) {
        let visible = self.names.relations.iter().filter(|relation| !Names::is_servers(&relation.schema));
        for relation in visible.filter(|relation| self.names.is_visible(&relation.schema)) {
            for column in &relation.columns {
                let detail = || format!("{} · {}", column.type_name, relation.name);
                self.offer.add(OUTER, &column.name, || quoted(&column.name), "field", detail);
            }
        }
    }

    /// The labels of an enum that a column is compared with.
    fn labels(&mut self) {
        let before = &self.statement.tokens[..self.statement.at];
        let Some(column) = compared(before) else { return };
        let field = self.scope.sources.iter().flat_map(|source| &source.fields).find(|field| field.name == column);
        for label in field.map(|field| self.names.labels(field.type_oid)).unwrap_or_default() {
            let text = || crate::variables::literal(label).trim_start().to_owned();
            let detail = || field.map(|field| field.type_name.to_string()).unwrap_or_default();
            self.offer.add(LABELS, label, text, "enum", detail);
        }
    }

    /// Foreign keys between the relation joined last and those before it.
    fn conditions(&mut self) {
        let sources: Vec<_> = self
            .scope
            .sources
            .iter()
            .filter_map(|source| Some((source, self.names.by_oid(source.oid?)?)))
            .collect();
        // What is joined later stands behind this place and cannot be meant.
        let joined = joined_last(self.statement);
        let Some(at) = sources.iter().position(|(source, _)| Some(&source.name) == joined.as_ref()) else { return };
        let (last, others) = (sources[at], &sources[..at]);
        for other in others.iter().rev() {
            for (from, to) in [(last, *other), (*other, last)] {
                for condition in joins(from, to) {
                    let detail = || "foreign key".to_owned();
                    self.offer.add(CONDITIONS, &condition, || condition.clone(), "property", detail);
                }
            }
        }
    }

    fn columns_of(&mut self, path: &[String]) {
        let Some(relation) = self.names.relation(path) else { return };
        let typed: Vec<String> = listed_before(self.statement);
        for column in relation.columns.iter().filter(|column| !typed.contains(&column.name)) {
            let detail = || column.type_name.to_string();
            self.offer.add(COLUMNS, &column.name, || quoted(&column.name), "field", detail);
        }
    }

    fn relation_columns(&mut self, relation: &Relation) {
        for column in &relation.columns {
            let detail = || column.type_name.to_string();
            self.offer.add(COLUMNS, &column.name, || quoted(&column.name), "field", detail);
        }
    }

    /// Columns that more than one source has.
    fn common(&mut self) {
        let sources = &self.scope.sources;
        for (at, source) in sources.iter().enumerate() {
            for field in &source.fields {
                if sources[at + 1..].iter().any(|other| other.fields.iter().any(|f| f.name == field.name)) {
                    let detail = || field.type_name.to_string();
                    self.offer.add(COLUMNS, &field.name, || quoted(&field.name), "field", detail);
                }
            }
        }
    }

    /// Relations of a schema; of all where none is given, those found without it first.
    fn relations(&mut self, schema: Option<&str>) {
        let names = self.names;
        for relation in names.relations.iter().filter(|known| schema.is_none_or(|schema| known.schema == schema)) {
            let visible = schema.is_some() || names.is_visible(&relation.schema);
            let rank = match (visible, Names::is_servers(&relation.schema)) {
                (true, false) => RELATIONS,
                (true, true) if schema.is_some() => RELATIONS,
                (false, false) => ELSEWHERE,
                // Hundreds of them are in everyone's way until they are asked for.
                (_, true) if self.offer.typed.is_empty() => continue,
                (_, true) => SERVERS,
            };
            let text = || in_schema(visible, &relation.schema, &relation.name);
            let detail = || match &relation.comment {
                Some(comment) => format!("{}: {comment}", relation.kind.words()),
                None => relation.kind.words().to_owned(),
            };
            self.offer.add(rank, &relation.name, text, "class", detail);
        }
    }

    fn schemas(&mut self) {
        for schema in self.names.schemas.iter() {
            let detail = || schema.comment.clone().unwrap_or_else(|| "schema".into());
            self.offer.add(SCHEMAS, &schema.name, || quoted(&schema.name), "module", detail);
        }
    }

    fn functions(&mut self, schema: Option<&str>, fits: impl Fn(&Function) -> bool) {
        let names = self.names;
        if schema.is_none() && self.offer.typed.is_empty() {
            return self.users_functions(fits);
        }
        let known = names.functions.iter().filter(|known| schema.is_none_or(|schema| known.schema == schema));
        for function in known.filter(|function| fits(function)) {
            let visible = schema.is_some() || names.is_visible(&function.schema);
            let rank = if visible { FUNCTIONS } else { ELSEWHERE };
            let text = || in_schema(visible, &function.schema, &function.name);
            self.offer.add(rank, &function.name, text, "function", || signature(function));
        }
        if schema.is_some() {
            return;
        }
        if self.fits.wanted != Wanted::Relations {
            for (name, what) in SPECIAL_FUNCTIONS {
                self.offer.add(FUNCTIONS, name, || (*name).to_owned(), "function", || (*what).to_owned());
            }
        }
        if names.functions.is_empty() {
            let rows_only = self.fits.wanted == Wanted::Relations;
            for (name, what) in super::functions().filter(|(_, what)| !rows_only || what.contains(") SETOF ")) {
                self.offer.add(FUNCTIONS, name, || name.to_owned(), "function", || what.to_owned());
            }
        }
    }

    /// Before anything is typed the server's own functions are too many to be of use.
    fn users_functions(&mut self, fits: impl Fn(&Function) -> bool) {
        let names = self.names;
        let of_users = names.functions.iter().filter(|function| !Names::is_servers(&function.schema));
        for function in of_users.filter(|function| names.is_visible(&function.schema) && fits(function)) {
            self.offer.add(FUNCTIONS, &function.name, || quoted(&function.name), "function", || signature(function));
        }
    }

    fn types(&mut self, schema: Option<&str>) {
        // The server's own go by the names that people use.
        let fits = |known: &&Type| schema.map_or(!Names::is_servers(&known.schema), |schema| known.schema == schema);
        for known in self.names.types.iter().filter(fits) {
            let visible = schema.is_some() || self.names.is_visible(&known.schema);
            let text = || in_schema(visible, &known.schema, &known.name);
            let rank = if visible { COLUMNS } else { ELSEWHERE };
            self.offer.add(rank, &known.name, text, "class", || known.kind.clone());
        }
        if schema.is_none() {
            for name in keywords::types() {
                self.offer.add(RELATIONS, &name, || name.clone(), "class", || "type".into());
            }
        }
    }

    fn settings(&mut self) {
        for setting in self.names.settings.iter() {
            let name = setting.name.to_lowercase();
            self.offer.add(COLUMNS, &name, || name.clone(), "property", || setting.does.clone());
        }
    }

    fn setting_values(&mut self, name: &str) {
        if name.eq_ignore_ascii_case("search_path") {
            return self.schemas();
        }
        let Some(setting) = self.names.settings.iter().find(|known| known.name.eq_ignore_ascii_case(name)) else {
            return;
        };
        let switch = ["on".to_owned(), "off".to_owned()];
        let values = if setting.kind == "bool" { &switch[..] } else { &setting.values };
        for value in values {
            let plain = value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            let text = || if plain { value.clone() } else { crate::variables::literal(value) };
            self.offer.add(LABELS, value, text, "enum", String::new);
        }
    }
}

/// A name as it is found: with its schema where that is not in the search path.
fn in_schema(visible: bool, schema: &str, name: &str) -> String {
    if visible { quoted(name) } else { format!("{}.{}", quoted(schema), quoted(name)) }
}

pub(crate) fn signature(function: &Function) -> String {
    match &function.result {
        Some(result) => format!("({}) {result}", function.arguments),
        None => format!("({})", function.arguments),
    }
}

fn field_names(fields: &[Field]) -> String {
    /// A detail is a line.
    const MOST: usize = 8;
    let mut names: Vec<&str> = fields.iter().take(MOST).map(|field| field.name.as_str()).collect();
    if fields.len() > MOST {
        names.push("…");
    }
    names.join(", ")
}

/// The conditions that the foreign keys from one relation to another make.
fn joins(from: (&Source, &Relation), to: (&Source, &Relation)) -> Vec<String> {
    let (source, relation) = from;
    let (target, referred) = to;
    let mut conditions = Vec::new();
    for key in &relation.keys {
        let KeyKind::Foreign(oid, numbers) = &key.kind else { continue };
        let (mine, theirs) = (relation.column_names(&key.columns), referred.column_names(numbers));
        if *oid != referred.oid || mine.is_empty() || mine.len() != theirs.len() {
            continue;
        }
        let pairs = mine.iter().zip(theirs).map(|(mine, theirs)| {
            format!("{}.{} = {}.{}", quoted(&source.name), quoted(mine), quoted(&target.name), quoted(theirs))
        });
        conditions.push(pairs.collect::<Vec<_>>().join(" and "));
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
        [.., column, is_in, open] if open.is("(") && is_in.is("in") => column,
        [.., column, not, is_in, open] if open.is("(") && is_in.is("in") && not.is("not") => column,
        _ => return None,
    };
    column.name()
}

/// The names in the list that the place is in, before it.
fn listed_before(statement: &Statement) -> Vec<String> {
    let before = statement.tokens[..statement.at].iter().rev();
    before.take_while(|token| !token.is("(")).filter_map(Token::name).collect()
}
