//! What fits at a place in a statement: which kinds of names, and which of SQL's words. Knows no
//! catalogue.

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
        if let Some(query) = self.shape.query(level.clone()).filter(|query| query.start < self.at) {
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
            (Clause::With, _) if self.after(&["as"]) => words(&["materialized", "not materialized"]),
            (Clause::With, true) if self.before(1).is_some_and(|token| token.is(")")) => {
                words(&["select", "insert", "update", "delete", "merge", "values", "as"])
            }
            (Clause::Select, false) if self.after(&["select"]) => values().with(&["distinct", "all"]),
            (Clause::Select, true) => operators(position).with(&["as"]).and(clauses()),
            (Clause::Insert, false) | (Clause::Update, false) => want(Wanted::Tables),
            (Clause::Insert, true) => words(&["values", "select", "default values", "with", "overriding", "as"]),
            (Clause::Update, true) => words(&["set", "as"]),
            (Clause::From, false) => want(Wanted::Relations).with(&["lateral", "only", "select"]),
            (Clause::From, true) => {
                let joined = self.shape.items(block.start..self.at).any(|item| self.shape.tokens[item].is("join"));
                let on: &[&str] = if joined || position.head == "merge" { &["on", "using"] } else { &[] };
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
            (Clause::Order, true) => {
                words(&["asc", "desc", "nulls first", "nulls last"]).and(clauses()).and(operators(position).keywords)
            }
            (Clause::Limit, false) => words(&["all"]),
            (Clause::Limit, true) => words(&["rows only", "row only", "with ties"]).and(clauses()),
            (Clause::For, _) => {
                words(&["update", "share", "no key update", "key share", "of", "nowait", "skip locked"])
            }
            (Clause::Conflict, _) if self.after(&["on"]) => words(&["conflict"]),
            (Clause::Conflict, _) => words(&["do nothing", "do update set", "on constraint", "where"]),
            (Clause::Returning, true) => operators(position).with(&["as"]),
            (Clause::Into | Clause::Values, true) => words(&[]).and(clauses()),
            (Clause::Where | Clause::Having | Clause::Group | Clause::Set, true) => operators(position).and(clauses()),
            (Clause::Select | Clause::Where | Clause::Having | Clause::Returning, false) => {
                self.value(position, Wanted::Values)
            }
            (Clause::Group | Clause::Order, false) => want(Wanted::Values),
            (Clause::Start | Clause::With | Clause::Into | Clause::Delete | Clause::Using, _) => Fits::default(),
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
        let only = self.shape.tokens.get(before + 1).is_some_and(|token| token.is("only"));
        let (_, path) = self.shape.path_at(before + 1 + usize::from(only));
        (!path.is_empty()).then_some(path)
    }

    /// In parentheses that hold no query.
    fn in_parentheses(&self, outer: &Range<usize>, level: &Range<usize>) -> Fits {
        let open = level.start - 1;
        let query = self.shape.query(outer.clone()).filter(|query| query.start < open);
        let block = query.as_ref().map(|query| self.shape.block(query, open));
        let around = block.as_ref().map(|block| self.shape.position(block, open, Clause::Start));
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
            return self.in_clause(level, position).with(if level.start == self.at { QUERIES } else { &[] });
        }
        if clause.is_none() && outer.start == 0 {
            return self.in_definition(level, start, &path);
        }

        let position = self.shape.position(level, self.at, Clause::Start);
        let opens = level.start == self.at;
        if self.after(&["as"]) {
            return if before(&["cast"]) { want(Wanted::Types) } else { Fits::default() };
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
        let begins_word = if !path.is_empty() && opens { &["distinct"][..] } else { &[] };
        match position.whole {
            false => self
                .value(position, Wanted::Values)
                .with(if opens { QUERIES } else { &[] })
                .with(begins_word),
            true if is_window => words(&["order by", "asc", "desc", "rows", "range", "groups"]).and(operators(position).keywords),
            true if before(&["extract", "substring", "trim"]) => words(&["from", "for"]).and(operators(position).keywords),
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
            return self.columns_after(after).map_or_else(Fits::default, |path| want(Wanted::Columns(path)));
        }
        if !path.is_empty() && self.shape.tokens[..name_start].last().is_some_and(|token| {
            token.is_any(&["analyze", "vacuum", "verbose", "policy"])
        }) {
            return want(Wanted::Columns(path.to_vec()));
        }
        if !(begins("CREATE") && has("TABLE")) {
            return Fits::default();
        }
        if self.after(&["references", "like", "inherits"]) {
            return want(Wanted::Tables);
        }
        if self.after(&["default", "check"]) {
            return self.value(self.shape.position(level, self.at, Clause::Start), Wanted::Values);
        }
        let comma = self.shape.items(level.start..self.at).filter(|item| self.shape.tokens[*item].is(",")).last();
        match self.at - comma.map_or(level.start, |comma| comma + 1) {
            0 => words(&["primary key", "foreign key", "unique", "check", "constraint", "like", "exclude"]),
            1 if !self.after(&["constraint", "primary", "foreign", "unique"]) => want(Wanted::Types),
            _ => match self.before(1).and_then(|token| keywords::after(token.text)) {
                Some(pair) => words(pair),
                None => words(&[
                    "not null", "primary key", "default", "references", "unique", "check", "null",
                    "generated always as identity", "generated by default as identity", "generated always as",
                    "on delete cascade", "on delete set null", "on update cascade", "collate", "foreign key",
                ]),
            },
        }
    }

    /// At the top of a statement that is no query.
    fn in_command(&self) -> Fits {
        let known = self.words(0..self.at);
        let begun: Vec<&str> = known.iter().map(String::as_str).collect();
        let [head, ..] = begun.as_slice() else {
            return Fits { keywords: keywords::commands(&[]), ..Fits::default() };
        };
        let creates = matches!(*head, "CREATE");
        if matches!(*head, "SET" | "SHOW" | "RESET") || (*head == "ALTER" && begun.contains(&"SET") && sets(&begun)) {
            return self.setting(&begun);
        }
        let syntax = || {
            let mut found = keywords::commands(&known);
            if *head == "EXPLAIN" {
                found = ["select", "insert", "update", "delete", "with", "values"].map(str::to_owned).to_vec();
            }
            found.extend(keywords::syntax(&known));
            Fits { keywords: found, ..Fits::default() }
        };
        let Some(last) = self.before(1) else { return syntax() };
        let lists = matches!(*head, "DROP" | "TRUNCATE" | "LOCK" | "ANALYZE" | "VACUUM");
        match last.text.to_ascii_lowercase().as_str() {
            "column" if *head == "COMMENT" => want(Wanted::Tables),
            "column" | "rename" | "alter" | "drop" if begun.starts_with(&["ALTER", "TABLE"]) && !begun.contains(&"ADD") => {
                match self.columns_after("table") {
                    Some(path) => Fits { wanted: Wanted::Columns(path), ..syntax() },
                    None => syntax(),
                }
            }
            "type" | "domain" if !creates => want(Wanted::Types),
            "returns" => want(Wanted::Types),
            "as" if begun.starts_with(&["CREATE", "DOMAIN"]) => want(Wanted::Types),
            "as" => words(QUERIES),
            "schema" if !creates => want(Wanted::Schemas),
            "call" => want(Wanted::Functions),
            "function" | "procedure" | "routine" | "aggregate" if !creates || begun.contains(&"EXECUTE") => {
                want(Wanted::Functions)
            }
            "table" | "view" | "sequence" if creates => words(&["if not exists"]),
            "table" | "view" | "sequence" | "exists" | "truncate" | "lock" | "analyze" | "vacuum" | "cluster" | "only"
            | "copy" | "inherits" | "references" | "attach" | "detach" | "partition" => Fits {
                wanted: Wanted::Tables,
                ..syntax()
            },
            "," if lists => want(Wanted::Tables),
            "on" if matches!(*head, "CREATE" | "DROP" | "GRANT" | "REVOKE" | "ALTER") => {
                Fits { wanted: Wanted::Tables, ..syntax() }
            }
            _ if begun.starts_with(&["ALTER", "TABLE"])
                && self.before(2).is_some_and(|token| token.is_any(&["column", "add"]))
                && begun.contains(&"ADD") =>
            {
                want(Wanted::Types)
            }
            _ => syntax(),
        }
    }

    fn setting(&self, begun: &[&str]) -> Fits {
        let Some(last) = self.before(1) else { return Fits::default() };
        if last.is_any(&["set", "show", "reset", "local", "session"]) {
            let more: &[&str] = match begun.first() {
                Some(&"SET") if last.is("set") => &["local", "session", "role", "time zone", "transaction", "constraints"],
                Some(&"SHOW" | &"RESET") => &["all"],
                _ => &[],
            };
            return want(Wanted::Settings).with(more);
        }
        if last.is_any(&["to", "="]) || last.is(",") {
            let is_set = |token: &&Token| token.is_any(&["to", "="]);
            let to = self.shape.tokens[..self.at].iter().position(|token| is_set(&token)).unwrap_or(0);
            let (_, path) = self.shape.path_before(to);
            return want(Wanted::SettingValues(path.join("."))).with(&["default"]);
        }
        match begun.first() {
            Some(&"SHOW" | &"RESET") => Fits::default(),
            _ => words(&["to"]),
        }
    }

    /// The name behind the first such word.
    fn columns_after(&self, word: &str) -> Option<Vec<String>> {
        let mut at = self.shape.tokens[..self.at].iter().position(|token| token.is(word))? + 1;
        while self.shape.tokens.get(at).is_some_and(|token| token.is_any(&["if", "exists", "only"])) {
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

/// Whether an ALTER with SET sets a setting.
fn sets(begun: &[&str]) -> bool {
    matches!(begun.get(1), Some(&"SYSTEM" | &"ROLE" | &"USER" | &"DATABASE" | &"FUNCTION"))
}

fn want(wanted: Wanted) -> Fits {
    Fits { wanted, ..Fits::default() }
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
    let of_head = |(_, heads): &&(&str, &[&str])| heads.contains(&position.head) || position.head.is_empty();
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
    let passed = CLAUSES.iter().position(|(words, _)| words.split(' ').next() == Some(clause));
    let after = CLAUSES.iter().skip(passed.map_or(0, |passed| passed + 1));
    after.filter(of_head).map(|(words, _)| (*words).to_owned()).filter(|words| words != "select").collect()
}

impl Fits {
    fn with(mut self, words: &[&str]) -> Self {
        self.keywords.extend(words.iter().map(|word| (*word).to_owned()));
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
