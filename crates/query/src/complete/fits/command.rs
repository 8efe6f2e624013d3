//! What fits in a statement that is no query: in CREATE, ALTER, DROP, SET and the rest of SQL's
//! commands. Which words go on is read off the pages of their syntax.

use super::{Fits, Reader, Wanted, want, words};
use crate::complete::cursor::Token;
use crate::complete::keywords::{self, QUERIES};

impl Reader<'_> {
    /// At the top of a statement that is no query.
    pub(super) fn in_command(&self) -> Fits {
        let known = self.words(0..self.at);
        let begun: Vec<&str> = known.iter().map(String::as_str).collect();
        let [head, ..] = begun.as_slice() else {
            return Fits {
                keywords: keywords::commands(&[]),
                ..Fits::default()
            };
        };
        let creates = matches!(*head, "CREATE");
        if matches!(*head, "SET" | "SHOW" | "RESET")
            || (*head == "ALTER" && begun.contains(&"SET") && sets(&begun))
        {
            return self.setting(&begun);
        }
        let syntax = || {
            let mut found = keywords::commands(&known);
            if *head == "EXPLAIN" {
                found = ["select", "insert", "update", "delete", "with", "values"]
                    .map(str::to_owned)
                    .to_vec();
            }
            found.extend(keywords::syntax(&known));
            Fits {
                keywords: found,
                ..Fits::default()
            }
        };
        let Some(last) = self.before(1) else {
            return syntax();
        };
        let lists = matches!(*head, "DROP" | "TRUNCATE" | "LOCK" | "ANALYZE" | "VACUUM");
        match last.text.to_ascii_lowercase().as_str() {
            "column" if *head == "COMMENT" => want(Wanted::Tables),
            "column" | "rename" | "alter" | "drop"
                if begun.starts_with(&["ALTER", "TABLE"]) && !begun.contains(&"ADD") =>
            {
                match self.columns_after("table") {
                    Some(path) => Fits {
                        wanted: Wanted::Columns(path),
                        ..syntax()
                    },
                    None => syntax(),
                }
            }
            "type" | "domain" if !creates => want(Wanted::Types),
            "returns" => want(Wanted::Types),
            "as" if begun.starts_with(&["CREATE", "DOMAIN"]) => want(Wanted::Types),
            "as" => words(QUERIES),
            "schema" if !creates => want(Wanted::Schemas),
            "call" => want(Wanted::Functions),
            "function" | "procedure" | "routine" | "aggregate"
                if !creates || begun.contains(&"EXECUTE") =>
            {
                want(Wanted::Functions)
            }
            "table" | "view" | "sequence" if creates => words(&["if not exists"]),
            "table" | "view" | "sequence" | "exists" | "truncate" | "lock" | "analyze"
            | "vacuum" | "cluster" | "only" | "copy" | "inherits" | "references" | "attach"
            | "detach" | "partition" => Fits {
                wanted: Wanted::Tables,
                ..syntax()
            },
            "," if lists => want(Wanted::Tables),
            "on" if matches!(*head, "CREATE" | "DROP" | "GRANT" | "REVOKE" | "ALTER") => Fits {
                wanted: Wanted::Tables,
                ..syntax()
            },
            _ if begun.starts_with(&["ALTER", "TABLE"])
                && self
                    .before(2)
                    .is_some_and(|token| token.is_any(&["column", "add"]))
                && begun.contains(&"ADD") =>
            {
                want(Wanted::Types)
            }
            _ => syntax(),
        }
    }

    fn setting(&self, begun: &[&str]) -> Fits {
        let Some(last) = self.before(1) else {
            return Fits::default();
        };
        if last.is_any(&["set", "show", "reset", "local", "session"]) {
            let more: &[&str] = match begun.first() {
                Some(&"SET") if last.is("set") => &[
                    "local",
                    "session",
                    "role",
                    "time zone",
                    "transaction",
                    "constraints",
                ],
                Some(&"SHOW" | &"RESET") => &["all"],
                _ => &[],
            };
            return want(Wanted::Settings).with(more);
        }
        if last.is_any(&["to", "="]) || last.is(",") {
            let is_set = |token: &&Token| token.is_any(&["to", "="]);
            let to = self.shape.tokens[..self.at]
                .iter()
                .position(|token| is_set(&token))
                .unwrap_or(0);
            let (_, path) = self.shape.path_before(to);
            return want(Wanted::SettingValues(path.join("."))).with(&["default"]);
        }
        match begun.first() {
            Some(&"SHOW" | &"RESET") => Fits::default(),
            _ => words(&["to"]),
        }
    }
}

/// Whether an ALTER with SET sets a setting.
fn sets(begun: &[&str]) -> bool {
    matches!(
        begun.get(1),
        Some(&"SYSTEM" | &"ROLE" | &"USER" | &"DATABASE" | &"FUNCTION")
    )
}
