//! What fits in a statement that is no query: in CREATE, ALTER, DROP, SET and the rest of SQL's
//! commands. Which words go on is read off the pages of their syntax.

use super::{Fits, Reader, Wanted, want, words};
use crate::complete::keywords::{QUERIES, STATEMENTS};
use crate::complete::syntax::{commands, syntax};

impl Reader<'_> {
    /// At the top of a statement that is no query.
    pub(super) fn in_command(&self) -> Fits {
        let begun = self.words(0..self.at);
        let known: Vec<&str> = begun.iter().map(String::as_str).collect();
        let (Some(head), Some(last)) = (known.first(), self.before(1)) else {
            return Fits {
                keywords: commands(&[]),
                ..Fits::default()
            };
        };
        let goes_on = |wanted| Fits {
            wanted,
            keywords: [commands(&begun), syntax(&begun)].concat(),
            ..Fits::default()
        };
        let alters_table = known.starts_with(&["ALTER", "TABLE"]);
        match (*head, last.text.to_ascii_lowercase().as_str()) {
            ("SET" | "SHOW" | "RESET", _) => self.setting(head),
            ("ALTER", _) if sets(&known) => self.setting(head),
            ("EXPLAIN", _) => words(STATEMENTS).and(goes_on(Wanted::Nothing)),
            ("CALL", "call") => want(Wanted::Functions),
            ("COMMENT", "column") => want(Wanted::Tables),
            ("GRANT" | "REVOKE", "to" | "from") => words("public, current_user, session_user"),
            ("CREATE", "table" | "view" | "sequence") => words("if not exists"),
            ("CREATE", "schema" | "type" | "domain" | "procedure" | "aggregate" | "routine") => {
                Fits::default()
            }
            ("CREATE", "function") if !known.contains(&"EXECUTE") => Fits::default(),
            ("CREATE", "as") if known.contains(&"DOMAIN") => want(Wanted::Types),
            (_, "as") => words(QUERIES),
            ("ALTER", _) if alters_table && known.contains(&"ADD") && self.names_column() => {
                want(Wanted::Types)
            }
            ("ALTER", "column" | "rename" | "alter" | "drop")
                if alters_table && !known.contains(&"ADD") =>
            {
                let columns = self.name_after("table").map(Wanted::Columns);
                goes_on(columns.unwrap_or_default())
            }
            (_, "type" | "domain" | "returns") => want(Wanted::Types),
            (_, "schema") => want(Wanted::Schemas),
            (_, "function" | "procedure" | "routine" | "aggregate") => want(Wanted::Functions),
            ("CREATE" | "DROP" | "GRANT" | "REVOKE" | "ALTER", "on")
            | (_, "table" | "view" | "sequence" | "exists" | "only")
            | (_, "truncate" | "lock" | "analyze" | "vacuum" | "cluster" | "copy")
            | (_, "inherits" | "references" | "attach" | "detach" | "partition") => {
                goes_on(Wanted::Tables)
            }
            ("DROP" | "TRUNCATE" | "LOCK" | "ANALYZE" | "VACUUM", ",") => want(Wanted::Tables),
            _ => goes_on(Wanted::Nothing),
        }
    }

    /// Whether the word before is the name of a column that is added.
    fn names_column(&self) -> bool {
        let added = |token: &crate::complete::cursor::Token| token.is_any(&["column", "add"]);
        self.before(2).is_some_and(added) && !self.after(&["column", "constraint"])
    }

    /// In `set`, `show` and `reset`, and where `alter` sets a setting.
    fn setting(&self, head: &str) -> Fits {
        if self.after(&["set"]) && head == "SET" {
            return want(Wanted::Settings)
                .with("local, session, role, time zone, transaction, constraints");
        }
        if self.after(&["show", "reset"]) {
            return want(Wanted::Settings).with("all");
        }
        if self.after(&["set", "local", "session"]) {
            return want(Wanted::Settings);
        }
        if self.after(&["to", "=", ","]) {
            let before = &self.shape.tokens[..self.at];
            let to = before.iter().position(|token| token.is_any(&["to", "="]));
            let (_, path) = self.shape.path_before(to.unwrap_or(0));
            return want(Wanted::SettingValues(path.join("."))).with("default");
        }
        match head {
            "SHOW" | "RESET" => Fits::default(),
            _ => words("to"),
        }
    }
}

/// Whether an ALTER sets a setting, and not a default or a schema.
fn sets(known: &[&str]) -> bool {
    let of_server = ["SYSTEM", "ROLE", "USER", "DATABASE", "FUNCTION"];
    known.contains(&"SET") && known.get(1).is_some_and(|what| of_server.contains(what))
}
