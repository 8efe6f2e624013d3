//! What the compiler says of a cell, and where in the cell the code stands that it was given.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One error or warning of the compiler, with its places in the cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// `error`, `warning`.
    pub level: String,
    /// Such as `E0308`.
    pub code: Option<String>,
    /// What is wrong, in one line or a few.
    pub message: String,
    /// The places.
    pub labels: Vec<Label>,
    /// What the compiler adds: `help: …`, `note: …`.
    pub notes: Vec<String>,
}

/// A place in the cell, and what the compiler says of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Line and column of its first character, from 1.
    pub start: (usize, usize),
    /// Line and column behind its last character.
    pub end: (usize, usize),
    /// What is said; may be empty.
    pub text: String,
    /// Whether this is where the error is.
    pub primary: bool,
}

/// What the compiler adds, from what it has said as JSON.
pub(crate) fn notes(said: &Value) -> Vec<String> {
    let children = said["children"].as_array().into_iter().flatten();
    children
        .filter_map(|child| {
            let (level, text) = (child["level"].as_str()?, child["message"].as_str()?);
            let instead = child["spans"][0]["suggested_replacement"].as_str();
            let instead = instead.map(str::trim).filter(|text| !text.is_empty());
            Some(match instead {
                Some(instead) => format!("{level}: {text}: `{instead}`"),
                None => format!("{level}: {text}"),
            })
        })
        .collect()
}

/// Finds a place of the compiled code in the cell that it comes from: the line that holds its text
/// and has the most of its neighbours around it. Lines and columns are counted from 1.
pub(crate) fn locate(
    compiled: &str,
    cell: &str,
    (line, column): (usize, usize),
) -> Option<(usize, usize)> {
    let compiled: Vec<&str> = compiled.lines().collect();
    let cell: Vec<&str> = cell.lines().collect();
    let at = line.checked_sub(1)?;
    let text = compiled.get(at)?.trim();
    if text.is_empty() {
        return None;
    }
    let alike = |there: usize, here: usize| {
        let there = compiled.get(there).map(|line| line.trim());
        there.is_some() && there == cell.get(here).map(|line| line.trim())
    };
    let candidates = cell.iter().enumerate().filter_map(|(here, line)| {
        let from = line.find(text)?;
        let above = (1..=at.min(here)).take_while(|n| alike(at - n, here - n));
        let below = (1..cell.len()).take_while(|n| alike(at + n, here + n));
        Some((above.count() + below.count(), std::cmp::Reverse(here), from))
    });
    let (_, std::cmp::Reverse(here), from) = candidates.max()?;
    let indent = |line: &str| line.chars().take_while(|c| c.is_whitespace()).count();
    let before = cell.get(here)?.get(..from)?.chars().count();
    let column = (column + before).saturating_sub(indent(compiled.get(at)?));
    Some((here + 1, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_by_its_line_and_its_neighbours() {
        let cell = "%%rust\nlet a = 1;\nif a > 0 {\n    v[10];\n}\nlet b = 2; w[11];\nif b > 0 {\n    v[10];\n}";
        let compiled = "fn run() {\nlet a = 1;\nif a > 0 {\n    v[10];\n}\nlet b = 2;\n w[11];\nif b > 0 {\n    v[10];\n}\n}";
        let check = |place, expected| assert_eq!(locate(compiled, cell, place), expected);
        check((4, 5), Some((4, 5)));
        check((9, 5), Some((8, 5)));
        check((7, 3), Some((6, 13)));
        check((1, 1), None);
        check((0, 1), None);
        check((99, 1), None);
    }
}
