//! What the pages of SQL's commands tell: which commands there are, and the words of each.

use super::keywords::entries;
use crate::commands::help::topics;

/// Words between `create` and what is made.
const BETWEEN: &str = "\
    or replace, temporary, temp, unlogged, unique, recursive, constraint, global, local, trusted";

/// What a statement can begin with, or go on with after these words (in upper case), as far as it
/// is told by the names of SQL's commands; of commands with more words, the rest.
pub(crate) fn commands(words: &[String]) -> Vec<String> {
    let begun = without_between(words).join(" ");
    let rest = topics().filter_map(|(topic, _)| topic.strip_prefix(begun.as_str()));
    let mut rest: Vec<String> = match words {
        [] => rest
            .filter_map(|rest| rest.split(' ').next())
            .map(str::to_lowercase)
            .collect(),
        _ => rest
            .filter_map(|rest| rest.strip_prefix(' '))
            .map(str::to_lowercase)
            .collect(),
    };
    if words == ["CREATE"] {
        rest.extend(entries(BETWEEN).map(str::to_owned));
    }
    rest.dedup();
    rest
}

/// The words of a command's syntax, in its order; of the command that these words (in upper case)
/// begin, without those that name it.
pub(crate) fn syntax(words: &[String]) -> Vec<String> {
    let words = without_between(words);
    let Some((name, page)) = command(&words) else {
        return Vec::new();
    };
    let syntax = page
        .split_once("Syntax:")
        .map_or(page, |(_, syntax)| syntax);
    let syntax = syntax.split("\nURL:").next().unwrap_or(syntax);
    let mut found: Vec<String> = Vec::new();
    for word in syntax.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
        let is_keyword =
            word.len() > 1 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
        let is_new = !name.split(' ').any(|part| part == word)
            && !found.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is_keyword && is_new {
            found.push(word.to_lowercase());
        }
    }
    found
}

/// The page of the command that these words (in upper case) begin with.
pub(crate) fn page(words: &[&str]) -> Option<&'static str> {
    command(words).map(|(_, page)| page)
}

/// The command that these words (in upper case) begin with: the longest name counts.
fn command(words: &[&str]) -> Option<(&'static str, &'static str)> {
    /// `ALTER TEXT SEARCH CONFIGURATION`
    const LONGEST: usize = 4;
    (1..=words.len().min(LONGEST)).rev().find_map(|len| {
        let name = words[..len].join(" ");
        topics().find(|(topic, _)| *topic == name)
    })
}

fn without_between(words: &[String]) -> Vec<&str> {
    let between = |word: &&str| {
        let is_it = |known: &str| known.split(' ').any(|part| part.eq_ignore_ascii_case(word));
        entries(BETWEEN).any(is_it)
    };
    let words = words.iter().map(String::as_str).enumerate();
    let kept = words.filter(|(at, word)| *at == 0 || !between(word));
    kept.map(|(_, word)| word).collect()
}
