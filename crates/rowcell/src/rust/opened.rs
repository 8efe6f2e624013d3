//! `db` in a cell: a statement of ours stands before the first of the user's.
//!
//! It could be a variable that the evaluator keeps from cell to cell; but of the first one of those
//! rust-analyzer finds out the type for seconds, and the first cell would wait for it.

use rustcell::{Diagnostic, Error};

/// What makes `db` known in the scope of a cell.
const OPENING: &str = "db::session!(db); ";

/// The code of a cell with the opening in it.
pub(super) struct Opened {
    pub(super) code: String,
    /// Where it stands, in bytes; none where there is nothing to open.
    at: Option<usize>,
}

impl Opened {
    /// Opens the code before its first statement, where `db` is wanted.
    pub(super) fn of(code: &str, wanted: bool) -> Self {
        let at = first_statement(code).filter(|_| wanted);
        let mut code = code.to_owned();
        if let Some(at) = at {
            code.insert_str(at, OPENING);
        }
        Opened { code, at }
    }

    /// Where a byte of the user's code is now.
    pub(super) fn shift(&self, byte: usize) -> usize {
        match self.at {
            Some(at) if byte >= at => byte + OPENING.len(),
            _ => byte,
        }
    }

    /// Where a byte is in the user's code.
    pub(super) fn unshift(&self, byte: usize) -> usize {
        match self.at {
            Some(at) if byte > at => byte.saturating_sub(OPENING.len()).max(at),
            _ => byte,
        }
    }

    /// The error with its places in the user's code.
    pub(super) fn settle(&self, mut error: Error) -> Error {
        match &mut error {
            Error::Refused(diagnostics) => self.settle_diagnostics(diagnostics),
            Error::Panicked {
                place: Some(place), ..
            } => self.settle_place(place),
            _ => {}
        }
        error
    }

    /// What the compiler says with its places in the user's code.
    pub(super) fn settle_diagnostics(&self, diagnostics: &mut [Diagnostic]) {
        diagnostics
            .iter_mut()
            .flat_map(|diagnostic| &mut diagnostic.labels)
            .flat_map(|label| [&mut label.start, &mut label.end])
            .for_each(|place| self.settle_place(place));
    }

    fn settle_place(&self, (line, column): &mut (usize, usize)) {
        let before = self.at.and_then(|at| self.code.get(..at));
        if before.is_some_and(|before| before.matches('\n').count() + 1 == *line) {
            *column = column.saturating_sub(OPENING.len()).max(1);
        }
    }
}

/// Whether some code says `db`, and not only as the name of the crate.
pub(super) fn says_db(code: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    code.match_indices("db").any(|(at, word)| {
        let (before, rest) = code.split_at(at);
        let after = rest.get(word.len()..).unwrap_or_default();
        !before.ends_with(is_word)
            && !after.starts_with(is_word)
            && !after.trim_start().starts_with("::")
    })
}

/// Where the evaluator's own commands have ended, in bytes.
fn first_statement(code: &str) -> Option<usize> {
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let text = line.trim_start();
        let begins = ["//", ":", "!", "#!"];
        if !text.is_empty() && !begins.iter().any(|begin| text.starts_with(begin)) {
            return Some(at);
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use rustcell::Label;

    use super::*;

    #[test]
    fn the_opening_stands_before_the_first_statement() {
        let check = |code: &str| {
            let (before, after) = code.split_once('|').unwrap();
            let opened = Opened::of(&[before, after].concat(), true);
            assert_eq!(opened.code, [before, OPENING, after].concat());
        };
        check("|db.query()");
        check("\n|db.query()\n:dep no_command");
        check("\n:dep a = \"1\"\n  :dep b\n!ls\n// db\n#![allow(unused)]\n|  let a = db;\n\ndb");
        for code in ["", "\n", ":vars\n", "// db"] {
            assert_eq!(Opened::of(code, true).code, code);
        }
        assert_eq!(Opened::of("1 + 1", false).code, "1 + 1");
    }

    #[test]
    fn places_are_those_of_the_users_code() {
        let opened = Opened::of("\n// x\nlet a = db;\na", true);
        for byte in 0.."\n// x\nlet a = db;\na".len() {
            assert_eq!(opened.unshift(opened.shift(byte)), byte);
        }
        let inside = OPENING.len() + 5;
        let error = |start, end| {
            let labels = vec![Label {
                start,
                end,
                ..Label::default()
            }];
            Error::Refused(vec![Diagnostic {
                labels,
                ..Diagnostic::default()
            }])
        };
        let settled = opened.settle(error((3, inside), (4, 2)));
        assert_eq!(settled, error((3, 5), (4, 2)));
    }

    #[test]
    fn db_is_a_word_and_not_a_crate() {
        for code in ["db", "f(&db)", "a\n.b(db.query())", "db :: Db; db"] {
            assert!(says_db(code), "{code}");
        }
        for code in ["db::Db", "db :: row!", "dbx", "a_db", "1 + 1"] {
            assert!(!says_db(code), "{code}");
        }
    }
}
