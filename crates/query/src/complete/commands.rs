//! Candidates for `\` and `%` commands and their arguments.

use super::cursor::Typed;
use super::names::Offer;
use super::{Completions, Known, completions};
use crate::commands::help::topics;
use crate::commands::{Entry, PERCENT, PSQL};

/// The commands that begin as typed.
pub(super) fn names(typed: &Typed) -> Completions {
    let is_first = typed.range.start == 0;
    let fits = |entry: &&Entry| is_first || !entry.name.starts_with("%%");
    let mut offer = Offer::new(typed);
    for entry in PERCENT.iter().chain(PSQL).filter(fits).filter(|entry| entry.name.starts_with(typed.text)) {
        let detail = || [entry.arguments, entry.does].join(" · ").trim_start_matches(" · ").to_owned();
        offer.add(0, entry.name, || entry.name.to_owned(), "function", detail);
    }
    completions(typed, offer)
}

/// What a command takes next.
pub(super) fn arguments(command: &str, before: &str, typed: &Typed, known: &Known) -> Completions {
    let mut offer = Offer::new(typed);
    let last = before.split_whitespace().last();
    let mut add = |rank: u8, texts: &[&str], kind: &'static str| {
        for text in texts {
            offer.add(rank, text, || (*text).to_owned(), kind, String::new);
        }
    };
    match (command, last) {
        ("%use" | "%disconnect", None) | ("%%sql", Some("--on")) => {
            let names: Vec<&str> = known.connections.iter().map(String::as_str).collect();
            add(0, &names, "variable");
        }
        ("%%sql", last) if last.is_none_or(|last| !last.starts_with("--")) => {
            add(0, &["--on", "--limit", "--timeout"], "keyword");
        }
        ("%connect", None) => add(0, &["local", "postgresql://", "host="], "keyword"),
        ("%connect", Some(word)) if word.contains('=') => {
            add(0, &["host=", "port=", "dbname=", "user=", "sslmode="], "keyword");
            add(1, &["as"], "keyword");
        }
        ("%connect", Some(word)) if word != "as" => add(0, &["as"], "keyword"),
        ("%help", None) => {
            let names: Vec<&str> = PERCENT.iter().chain(PSQL).map(|entry| entry.name).collect();
            add(0, &names, "function");
        }
        ("\\set" | "\\unset", None) => {
            let names: Vec<&str> = known.variables.iter().map(|(name, _)| name).collect();
            add(0, &names, "variable");
        }
        ("\\h" | "\\help", _) => return help_topics(before, typed),
        ("\\x", None) => add(0, &["on", "off", "auto"], "keyword"),
        ("\\t" | "\\timing", None) => add(0, &["on", "off"], "keyword"),
        ("\\pset", None) => add(0, crate::commands::print::NAMES, "keyword"),
        (command, None) if command.starts_with("\\d") => {
            for relation in known.names.relations.iter().filter(|relation| relation.oid >= FIRST_OF_USERS) {
                let visible = known.names.is_visible(&relation.schema);
                let text = || match visible {
                    true => relation.name.clone(),
                    false => format!("{}.{}", relation.schema, relation.name),
                };
                offer.add(u8::from(!visible), &relation.name, text, "class", || relation.kind.words().into());
            }
        }
        _ => {}
    }
    completions(typed, offer)
}

/// PostgreSQL's `FirstNormalObjectId`: what came with the server has a smaller oid.
const FIRST_OF_USERS: u32 = 16384;

/// The SQL commands whose names begin with the words typed so far; the last one's start is replaced.
fn help_topics(before: &str, typed: &Typed) -> Completions {
    let begun = before.split_whitespace().collect::<Vec<_>>().join(" ").to_uppercase();
    let mut offer = Offer::new(typed);
    for (topic, _) in topics() {
        let rest = topic.strip_prefix(&begun).filter(|rest| begun.is_empty() || rest.starts_with(' '));
        let rest = rest.unwrap_or_default().trim_start();
        if !rest.is_empty() {
            offer.add(0, rest, || rest.to_lowercase(), "keyword", String::new);
        }
    }
    completions(typed, offer)
}
