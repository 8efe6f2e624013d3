//! `db::row! { … }` at the top of a cell, so that its structs outlive the cell.
//!
//! The evaluator keeps items from cell to cell, and takes a macro's call for a statement. Inside of
//! a module it is an item; so the call is put into one, on the lines where it stands.

use std::fmt::Write as _;

/// The call that is looked for.
const CALL: &str = "db::row!";

/// The code with each such call that begins a line in a module, and what it declares in scope.
pub(super) fn hoist(code: &str) -> String {
    let mut out = String::with_capacity(code.len());
    let mut rest = code;
    while let Some((before, call, after)) = next(rest) {
        out.push_str(before);
        let names = structs(call);
        match names.first() {
            Some(first) => {
                // Writing to a string does not fail.
                let _ = write!(
                    out,
                    "mod row_{} {{ use super::*; {call} }} ",
                    first.to_lowercase()
                );
                for name in &names {
                    let _ = write!(out, "use row_{}::{name}; ", first.to_lowercase());
                }
            }
            None => out.push_str(call),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// The text before the next call that begins a line outside of any block, the call, and the rest.
fn next(code: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let at = from + code.get(from..)?.find(CALL)?;
        let line = code.get(..at)?.rsplit('\n').next()?;
        let begins_line = line.trim().is_empty();
        let depth = depth(code.get(..at)?);
        if begins_line && depth == 0 {
            let open = at + code.get(at..)?.find(['{', '('])?;
            let end = end(code.get(open..)?)?;
            let (before, rest) = code.split_at_checked(at)?;
            let (call, after) = rest.split_at_checked(open - at + end)?;
            return Some((before, call, after));
        }
        from = at + CALL.len();
    }
}

/// How many braces are open at the end of some code.
fn depth(code: &str) -> usize {
    let mut depth = 0_usize;
    braces(code, |_, opens| {
        depth = if opens {
            depth + 1
        } else {
            depth.saturating_sub(1)
        };
        false
    });
    depth
}

/// Where the block ends with which the code begins.
fn end(code: &str) -> Option<usize> {
    let mut depth = 0_usize;
    let mut end = None;
    braces(code, |at, opens| {
        depth = if opens {
            depth + 1
        } else {
            depth.saturating_sub(1)
        };
        if depth == 0 {
            end = Some(at + 1);
        }
        depth == 0
    });
    end
}

/// Tells of each brace outside of comments and strings, until it was the last one wanted.
fn braces(code: &str, mut tell: impl FnMut(usize, bool) -> bool) {
    let bytes = code.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let rest = bytes.get(at..).unwrap_or_default();
        at += match byte {
            b'/' if rest.starts_with(b"//") => length_until(rest, b"\n"),
            b'/' if rest.starts_with(b"/*") => length_until(rest, b"*/"),
            b'"' => string(rest),
            b'{' | b'(' | b'}' | b')' => {
                if tell(at, matches!(byte, b'{' | b'(')) {
                    return;
                }
                1
            }
            // A character; a lifetime has no second quote.
            b'\'' if rest.get(2) == Some(&b'\'') => 3,
            _ => 1,
        };
    }
}

fn length_until(bytes: &[u8], end: &[u8]) -> usize {
    let found = bytes.windows(end.len()).position(|window| window == end);
    found.map_or(bytes.len(), |at| at + end.len())
}

fn string(bytes: &[u8]) -> usize {
    let mut at = 1;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// The names of the structs that a call declares.
fn structs(call: &str) -> Vec<&str> {
    let mut words = call
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|word| !word.is_empty());
    let mut names = Vec::new();
    while let Some(word) = words.next() {
        if word == "struct" {
            names.extend(words.next());
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_an_item() {
        let check = |code: &str, expected: &str| assert_eq!(hoist(code), expected, "{code}");
        check(
            "\ndb::row! { struct Point { x: f64 } }\nlet a = 1;",
            "\nmod row_point { use super::*; db::row! { struct Point { x: f64 } } } use row_point::Point; \nlet a = 1;",
        );
        check(
            "db::row! {\n  struct A { x: f64 } // }\n  struct B { y: i32 }\n}",
            "mod row_a { use super::*; db::row! {\n  struct A { x: f64 } // }\n  struct B { y: i32 }\n} } use row_a::A; use row_a::B; ",
        );
        for code in [
            "fn f() {\n  db::row! { struct P { x: f64 } }\n}",
            "// db::row! { struct P { x: f64 } }",
            "let a = \"{\"; let b = 'x';",
            "db::row! { struct",
        ] {
            check(code, code);
        }
    }
}
