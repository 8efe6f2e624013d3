//! A forgotten semicolon: two statements that were sent as one, or a `%` line that was taken for an
//! operator. The server only says that it does not understand.

use display::Problem;

use crate::commands::PERCENT;
use crate::split::tokens::Token;
use crate::split::{Statement, leading_words, pieces};

/// The words that begin statements, and hardly ever a line of one …
const BEGINNINGS: &[&str] = &[
    "ALTER", "ANALYZE", "BEGIN", "CALL", "COMMIT", "COPY", "CREATE", "DELETE", "DROP", "EXPLAIN",
    "GRANT", "INSERT", "MERGE", "REVOKE", "ROLLBACK", "SHOW", "TRUNCATE", "UPDATE", "VACUUM",
];
/// … and those that do both: only where the error is at the word itself or right behind it (the word
/// is a name for what stands before it, then) is one missing.
const QUERIES: &[&str] = &["SELECT", "TABLE", "VALUES", "WITH"];
/// What a query stands behind in one and the same statement.
const BEFORE: &[&str] = &["ALL", "AS", "DISTINCT", "EXCEPT", "INTERSECT", "UNION"];
/// The first words of statements that have a query below their first line.
const AROUND: &[&str] = &[
    "COPY", "CREATE", "DECLARE", "EXPLAIN", "INSERT", "PREPARE", "WITH",
];

/// What to say of a problem with a statement of this cell where a `;` seems to be missing in it.
pub(crate) fn advice(cell: &str, statement: &Statement, problem: &Problem) -> Option<String> {
    let text = &statement.text;
    let place = problem.place.as_ref()?.offset;
    let is_syntax = problem.code.as_deref() == Some("42601");
    let mut end = 0;
    let mut depth = 0_usize;
    let first = leading_words(text, 1);
    let is_around = first.iter().any(|word| AROUND.contains(&word.as_str()));
    let mut before_word = String::new();
    // A piece without text is half a character.
    for (token, piece) in pieces(text).filter(|(_, piece)| !piece.is_empty()) {
        let start = piece.as_ptr() as usize - text.as_ptr() as usize;
        let before = std::mem::replace(&mut end, start + piece.len());
        match token {
            Token::Parenthesis => depth += 1,
            Token::ParenthesisEnd => depth = depth.saturating_sub(1),
            _ => {}
        }
        let word = piece.to_uppercase();
        let previous = std::mem::replace(&mut before_word, word.clone());
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let begins_line = line_start > 0 && text[line_start..start].trim().is_empty();
        if !begins_line {
            continue;
        }
        // The line that ends before this one.
        let line = line_of(cell, statement.in_cell(before.saturating_sub(1)));
        let here = statement.in_cell(start);
        match token {
            Token::Operator if piece.starts_with('%') => {
                if let Some(command) = command(&text[start..]) {
                    return Some(format!(
                        "A ; is missing at the end of line {line}: without it {command} is no \
                         command, and read as a part of the statement."
                    ));
                }
            }
            Token::Word if is_syntax && depth == 0 => {
                let on_line = here <= place && line_of(cell, place) == line_of(cell, here);
                let blanks = text[end..].len() - text[end..].trim_start().len();
                let behind = !is_around
                    && !BEFORE.contains(&previous.as_str())
                    && place == statement.in_cell(end + blanks);
                if QUERIES.contains(&word.as_str()) && (place == here || behind)
                    || BEGINNINGS.contains(&word.as_str()) && on_line
                {
                    return Some(format!(
                        "If {word} begins another statement, a ; is missing at the end of line {line}."
                    ));
                }
            }
            _ => {}
        }
    }
    None
}

/// The `%` command with which some SQL begins.
fn command(text: &str) -> Option<&str> {
    let signs = text.len() - text.trim_start_matches('%').len();
    let name = text[signs..].find(|c: char| !c.is_ascii_alphabetic());
    let command = &text[..name.map_or(text.len(), |end| signs + end)];
    PERCENT
        .iter()
        .any(|entry| entry.name == command)
        .then_some(command)
}

fn line_of(cell: &str, offset: usize) -> usize {
    let before = cell.bytes().take(offset);
    1 + before.filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use display::Place;

    use super::*;
    use crate::cell::{Cell, Step};
    use crate::split::Dialect;
    use crate::variables::Variables;

    /// `^` stands where the server puts its error.
    #[track_caller]
    fn check(marked: &str, code: &str, expected: &str) {
        let offset = marked.find('^').unwrap();
        let text = marked.replace('^', "");
        let mut cell = Cell::new(&text);
        let step = cell.next(&Variables::default(), Dialect::default());
        let Some(Ok(Step::Statement(statement))) = step else {
            panic!("{step:?}");
        };
        let mut problem = Problem::server("ERROR", code, "…");
        problem.place = Some(Place {
            text: text.clone(),
            offset,
        });
        let said = advice(&text, &statement, &problem).unwrap_or_default();
        let said = said.split(": without").next().unwrap();
        assert_eq!(said, expected, "{marked}");
    }

    #[test]
    fn a_command_behind_a_statement() {
        let line = |number| format!("A ; is missing at the end of line {number}");
        check("select 1\n%^tables", "42703", &line(1));
        check(
            "\n\nselect 1 -- one\n\n  %^tables public",
            "42601",
            &line(3),
        );
        check(
            "select a\nfrom t ^%chart\n%chart bar x=a y=b",
            "42601",
            &line(2),
        );
        check("select 1\n%%^sql --limit 3", "42883", &line(1));
        check("values ('\n%tables')\n%^export x.csv", "42703", &line(2));
        check("select '§' €\n%^tables -- ü", "42601", &line(1));
        check("select 10\n% ^three", "42703", "");
        check("select 10\n%^three", "42703", "");
        check("select '\n%tables' ^x y", "42601", "");
    }

    #[test]
    fn two_statements() {
        let said = |word, number| {
            format!(
                "If {word} begins another statement, a ; is missing at the end of line {number}."
            )
        };
        check("select 1\n^select 2", "42601", &said("SELECT", 1));
        check(
            "select *\nfrom t\nupdate t ^set a = 1",
            "42601",
            &said("UPDATE", 2),
        );
        check(
            "insert into t values (1)\n^insert into t values (2)",
            "42601",
            &said("INSERT", 1),
        );
        check(
            "select 1\n-- two\n^with a as (select 2) table a",
            "42601",
            &said("WITH", 1),
        );
        check("select 1\nselect ^2", "42601", &said("SELECT", 1));
        check("with a as (select 1)\nselect ^from", "42601", "");
        check("select 1 union\nselect ^from", "42601", "");
        check("select (\n^select 1 1)", "42601", "");
        check("select 1 ^select 2", "42601", "");
        check("select 1\n^select 2", "42703", "");
    }
}
