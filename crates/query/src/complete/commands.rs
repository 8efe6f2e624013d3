//! Candidates for `\` and `%` commands and their arguments.

use display::chart::Kind;

use super::cursor::Typed;
use super::keywords::quoted;
use super::offer::{Offer, Rank};
use super::{Candidate, Completions, Known, completions};
use crate::catalog::{Names, Relation, RelationKind};
use crate::commands::chart::takes;
use crate::commands::help::topics;
use crate::commands::{Entry, PERCENT, PSQL, print};

/// The commands that begin as typed.
pub(super) fn names(typed: &Typed) -> Completions {
    let is_first = typed.range.start == 0;
    let fits = |entry: &&Entry| {
        entry.name.starts_with(typed.text) && (is_first || !entry.name.starts_with("%%"))
    };
    let mut offer = Offer::new(typed);
    for entry in PERCENT.iter().chain(PSQL).filter(fits) {
        offer.add(Rank::Keyword, entry.name, || {
            let detail = match entry.arguments {
                "" => entry.does.to_owned(),
                arguments => format!("{arguments} · {}", entry.does),
            };
            Candidate::new(entry.name, "function", detail)
        });
    }
    completions(typed, offer)
}

/// What a command takes next.
pub(super) fn arguments(command: &str, before: &str, typed: &Typed, known: &Known) -> Completions {
    let mut offer = Offer::new(typed);
    let mut words = |words: &[&str]| {
        for word in words {
            offer.add_word(Rank::Keyword, word, "keyword");
        }
    };
    let last = before.split_whitespace().last();
    match (command, last) {
        ("%use" | "%disconnect", None)
        | ("%%sql", Some("--on"))
        | ("%copy" | "%%copy", Some("from" | "to")) => {
            for name in known.connections {
                offer.add_word(Rank::Source, name, "variable");
            }
        }
        ("%import", Some("into")) => relations(known.names, &[], &mut offer),
        ("%import", Some(_)) => {
            let options = [
                "into",
                "header=",
                "delimiter=",
                "null=",
                "encoding=",
                "columns=",
            ];
            let said = |option: &&&str| {
                before
                    .split_whitespace()
                    .any(|word| word.starts_with(**option))
            };
            for option in options.iter().filter(|option| !said(option)) {
                words(&[option]);
            }
        }
        ("%copy", None) => relations(known.names, &[], &mut offer),
        ("%copy" | "%%copy", last) if last != Some("as") => words(&["from", "to", "as"]),
        ("%%sql", last) if last.is_none_or(|last| !last.starts_with("--")) => {
            words(&["--on", "--as", "--limit", "--timeout"]);
        }
        ("%results", None) | ("%chart" | "%%chart" | "%export", Some("from")) => {
            for name in known
                .results
                .iter()
                .filter_map(|result| result.name.as_deref())
            {
                offer.add_word(Rank::Source, name, "variable");
            }
        }
        ("%chart", _) => chart(before, typed, known, &mut offer),
        ("%%chart", None) => words(&["from"]),
        ("%export", Some(_)) => words(&["from"]),
        ("%connect", None) => words(&["local", "postgresql://", "host=", "service="]),
        ("%connect", Some(word)) if word.contains('=') => {
            words(&["as", "host=", "port=", "dbname=", "user=", "sslmode="]);
        }
        ("%connect", Some(word)) if word != "as" => words(&["as"]),
        ("%tables", None) => {
            relations(known.names, &[], &mut offer);
            offer.add_word(Rank::Keyword, "--json", "keyword");
        }
        ("%describe", None) => {
            named(known.names, &mut offer);
            let types = known.names.types.iter();
            for known in types.filter(|known| !Names::is_servers(&known.schema)) {
                offer.add_word(Rank::Column, &quoted(&known.name), "class");
            }
        }
        ("%model", None) => named(known.names, &mut offer),
        ("%schema", None) => {
            let schemas = known.names.schemas.iter();
            for schema in schemas.filter(|schema| !Names::is_servers(&schema.name)) {
                offer.add_word(Rank::Source, &quoted(&schema.name), "module");
            }
        }
        ("%help", None) => {
            for entry in PERCENT.iter().chain(PSQL) {
                offer.add_word(Rank::Keyword, entry.name, "function");
            }
        }
        ("\\set" | "\\unset", None) => {
            for (name, value) in known.variables.iter() {
                let candidate = || Candidate::new(name, "variable", value);
                offer.add(Rank::Source, name, candidate);
            }
        }
        ("\\h" | "\\help", _) => help_topics(before, &mut offer),
        ("\\x", None) => words(&["on", "off", "auto"]),
        ("\\t" | "\\timing", None) => words(&["on", "off"]),
        ("\\pset", None) => words(print::NAMES),
        (command, None) => described(command, known.names, &mut offer),
        _ => {}
    }
    completions(typed, offer)
}

/// A kind of chart, then its words, then columns of the last result.
fn chart(before: &str, typed: &Typed, known: &Known, offer: &mut Offer) {
    let Some(kind) = before.split_whitespace().next() else {
        for (name, _) in Kind::ALL {
            offer.add_word(Rank::Keyword, name, "enum");
        }
        return;
    };
    let Some((_, kind)) = Kind::ALL.iter().find(|(name, _)| *name == kind) else {
        return;
    };
    let Some((key, _)) = typed.text.split_once('=') else {
        for word in takes(*kind) {
            match word {
                "stacked" | "log" => offer.add_word(Rank::Keyword, word, "property"),
                word => offer.add_word(Rank::Keyword, &format!("{word}="), "property"),
            }
        }
        offer.add_word(Rank::Keyword, "from", "keyword");
        return;
    };
    for column in known.results.first().map_or(&[][..], |last| &last.columns) {
        let name = match column.name.contains([' ', '"', '\'']) {
            true => format!("\"{}\"", column.name.replace('"', "\"\"")),
            false => column.name.clone(),
        };
        let candidate = || Candidate::new(format!("{key}={name}"), "field", &column.type_name);
        offer.add(Rank::Column, &format!("{key}={}", column.name), candidate);
    }
}

/// What the commands describe that take a pattern or a name.
fn described(command: &str, names: &Names, offer: &mut Offer) {
    use RelationKind::{Foreign, Materialized, Partitioned, Sequence, Table, View};
    match command.trim_end_matches(['+', 'S']) {
        "\\dn" => {
            for schema in names.schemas.iter() {
                offer.add_word(Rank::Schema, &schema.name, "module");
            }
        }
        "\\df" | "\\sf" => {
            let all = names.functions.iter();
            for function in all.filter(|function| !Names::is_servers(&function.schema)) {
                offer.add_word(Rank::Function, &function.name, "function");
            }
        }
        "\\dT" => {
            let all = names.types.iter();
            for known in all.filter(|known| !Names::is_servers(&known.schema)) {
                offer.add_word(Rank::Column, &known.name, "class");
            }
        }
        "\\dt" => relations(names, &[Table, Partitioned], offer),
        "\\dv" | "\\sv" => relations(names, &[View], offer),
        "\\dm" => relations(names, &[Materialized], offer),
        "\\ds" => relations(names, &[Sequence], offer),
        "\\dE" => relations(names, &[Foreign], offer),
        "\\dP" => relations(names, &[Partitioned], offer),
        "\\d" | "\\dp" | "\\z" => relations(names, &[], offer),
        _ => {}
    }
}

/// The SQL commands whose names go on from the words typed so far.
fn help_topics(before: &str, offer: &mut Offer) {
    let begun: Vec<String> = before.split_whitespace().map(str::to_uppercase).collect();
    let begun = begun.join(" ");
    let rest = topics().filter_map(|(topic, _)| topic.strip_prefix(&begun));
    for rest in rest.filter(|rest| begun.is_empty() || rest.starts_with(' ')) {
        offer.add_word(Rank::Keyword, &rest.trim_start().to_lowercase(), "keyword");
    }
}

/// The users' relations, written as names.
fn named(names: &Names, offer: &mut Offer) {
    let relations = names.relations.iter();
    for relation in relations.filter(|relation| !Names::is_servers(&relation.schema)) {
        let (rank, text) = match names.is_visible(&relation.schema) {
            true => (Rank::Relation, quoted(&relation.name)),
            false => {
                let (schema, name) = (quoted(&relation.schema), quoted(&relation.name));
                (Rank::Elsewhere, format!("{schema}.{name}"))
            }
        };
        offer.add(rank, &relation.name, || {
            Candidate::new(text, "class", relation.kind.words())
        });
    }
}

/// The users' relations of these kinds, or of all; written as patterns.
fn relations(names: &Names, kinds: &[RelationKind], offer: &mut Offer) {
    let fits = |known: &&Relation| {
        !Names::is_servers(&known.schema) && (kinds.is_empty() || kinds.contains(&known.kind))
    };
    for relation in names.relations.iter().filter(fits) {
        let (rank, text) = match names.is_visible(&relation.schema) {
            true => (Rank::Relation, relation.name.clone()),
            false => {
                let text = format!("{}.{}", relation.schema, relation.name);
                (Rank::Elsewhere, text)
            }
        };
        offer.add(rank, &relation.name, || {
            Candidate::new(text, "class", relation.kind.words())
        });
    }
}
