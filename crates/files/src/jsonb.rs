//! What becomes of a JSON text in PostgreSQL: `json` keeps its characters, `jsonb` what it says.

use std::borrow::Cow;

use crate::infer::bits::{ANY_JSON, JSON, TEXT};

/// PostgreSQL's stack ends deeper than this.
const DEEPEST: usize = 1000;
/// Digits that are surely not too many for a numeric.
const DIGITS: usize = 10_000;

/// What of a text comes back from jsonb.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Back {
    /// Not even all that it says.
    Less,
    /// What it says, written in another way.
    Value,
    /// Every character.
    Exact,
}

/// The types in which the characters of a JSON text survive.
pub(crate) fn exact(text: &[u8]) -> u16 {
    match back(text) {
        None => 0,
        Some(Back::Exact) => ANY_JSON,
        Some(_) => JSON,
    }
}

/// The types in which what a JSON text says survives.
pub(crate) fn value(text: &[u8]) -> u16 {
    match back(text) {
        None => TEXT,
        Some(Back::Exact | Back::Value) => ANY_JSON,
        Some(Back::Less) => JSON,
    }
}

/// Whether a string of a JSON text has the character NUL.
pub(crate) fn has_nul(text: &[u8]) -> bool {
    memchr::memmem::find_iter(text, b"\\u0000").any(|at| {
        let before = text[..at].iter().rev();
        // A backslash that is escaped itself begins no escape.
        before.take_while(|byte| **byte == b'\\').count() % 2 == 0
    })
}

/// What comes back of a text that is known to be JSON; none where it is nested too deep.
fn back(text: &[u8]) -> Option<Back> {
    // Of each object its keys, of each array nothing.
    let mut open: Vec<Option<Vec<Cow<'_, [u8]>>>> = Vec::new();
    let (mut at, mut back, mut key_next) = (0, Back::Exact, false);
    while let Some(byte) = text.get(at) {
        match byte {
            b'{' | b'[' => {
                key_next = *byte == b'{';
                open.push(key_next.then(Vec::new));
                if open.len() > DEEPEST {
                    return None;
                }
            }
            b'}' | b']' => {
                back = back.min(open.pop().flatten().map_or(Back::Exact, keys));
                key_next = false;
            }
            b',' | b':' => {
                key_next = *byte == b',' && matches!(open.last(), Some(Some(_)));
                match text.get(at + 1) {
                    Some(b' ') => at += 1,
                    _ => back = back.min(Back::Value),
                }
            }
            b' ' | b'\t' | b'\n' | b'\r' => back = back.min(Back::Value),
            b'"' => {
                let end = string_end(text, at);
                let raw = text.get(at..end).unwrap_or_default();
                back = back.min(string(raw));
                if std::mem::take(&mut key_next)
                    && let Some(Some(keys)) = open.last_mut()
                {
                    keys.push(key(raw));
                }
                at = end;
                continue;
            }
            b'-' | b'0'..=b'9' => {
                let rest = text.get(at..).unwrap_or_default();
                let length = rest.iter().take_while(|byte| is_of_number(**byte)).count();
                back = back.min(number(&rest[..length]));
                at += length;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    Some(back)
}

/// jsonb has the keys of an object once, the short ones first.
fn keys(mut keys: Vec<Cow<'_, [u8]>>) -> Back {
    let order = |key: &Cow<'_, [u8]>| (key.len(), key.to_vec());
    if keys.is_sorted_by(|a, b| order(a) < order(b)) {
        return Back::Exact;
    }
    keys.sort();
    let twice = keys.windows(2).any(|pair| pair[0] == pair[1]);
    if twice { Back::Less } else { Back::Value }
}

/// What a key says. One that cannot be told is as it is written.
fn key(raw: &[u8]) -> Cow<'_, [u8]> {
    match memchr::memchr(b'\\', raw) {
        None => raw.get(1..raw.len() - 1).unwrap_or_default().into(),
        Some(_) => match serde_json::from_slice::<String>(raw) {
            Ok(key) => key.into_bytes().into(),
            Err(_) => raw.into(),
        },
    }
}

/// Behind the string that begins here.
fn string_end(text: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(found) = text
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += found;
        if text[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    text.len()
}

/// A string with its quotes: PostgreSQL writes few escapes.
fn string(raw: &[u8]) -> Back {
    let mut back = Back::Exact;
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let escape = &rest[at + 1..];
        rest = escape.get(1..).unwrap_or_default();
        match escape {
            [b'"' | b'\\' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {}
            [b'u', b'0', b'0', b'0' | b'1', b'0'..=b'9' | b'a'..=b'f', ..] => {
                let named = matches!(&escape[3..5], b"08" | b"09" | b"0a" | b"0c" | b"0d");
                if named {
                    back = back.min(Back::Value);
                }
            }
            // A half of a pair of surrogates, or a whole one: only decoding tells.
            [
                b'u',
                b'd' | b'D',
                b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F',
                ..,
            ] => {
                return match serde_json::from_slice::<String>(raw) {
                    Ok(_) => Back::Value,
                    Err(_) => Back::Less,
                };
            }
            _ => back = back.min(Back::Value),
        }
    }
    back
}

fn is_of_number(byte: u8) -> bool {
    byte.is_ascii_digit() || matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E')
}

fn number(raw: &[u8]) -> Back {
    let exponent = raw.iter().position(|byte| matches!(byte, b'e' | b'E'));
    match exponent {
        // It may have more digits than a numeric holds.
        Some(at) if raw.len() - at > 5 => Back::Less,
        _ if raw.len() > DIGITS => Back::Less,
        Some(_) => Back::Value,
        None if raw.starts_with(b"-") && !raw.iter().any(|byte| matches!(byte, b'1'..=b'9')) => {
            Back::Value
        }
        None => Back::Exact,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_from_jsonb() {
        let check = |text: &str, expected: Option<Back>| {
            assert_eq!(back(text.as_bytes()), expected, "{text:.80}");
        };
        for text in [
            r#"{"a": [1, -2.50, null, true], "bb": {}, "ba ": "x\ny\"é\u0001"}"#,
            "[]",
        ] {
            check(text, Some(Back::Exact));
        }
        for text in [
            r#"{"a":1}"#,
            r#"{"a": 1,"b": 2}"#,
            r#"{"bb": 1, "a": 2}"#,
            "[1,  2]",
            "[ 1]",
            "[1e5]",
            "[-0.0]",
            r#"["\/"]"#,
            r#"["\u00e9"]"#,
            r#"["\u000a"]"#,
            r#"["\ud83d\ude00"]"#,
        ] {
            check(text, Some(Back::Value));
        }
        for text in [
            r#"{"a": 1, "a": 2}"#,
            r#"{"a": 1, "b": 0, "\u0061": 2}"#,
            r#"["\ud83d"]"#,
            "[1e200000]",
        ] {
            check(text, Some(Back::Less));
        }
        let deep = "[".repeat(20_000) + &"]".repeat(20_000);
        check(&deep, None);
        assert_eq!((exact(deep.as_bytes()), value(deep.as_bytes())), (0, TEXT));
    }

    #[test]
    fn a_nul_is_found_but_no_escaped_backslash() {
        assert!(has_nul(br#""a\u0000""#));
        assert!(has_nul(br#""\\\u0000""#));
        assert!(!has_nul(br#""\\u0000""#));
    }
}
