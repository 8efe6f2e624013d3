//! psql's own variables: which values each may have, and which of them are heeded here. A value that
//! would make a difference in psql and makes none here is refused.

use crate::commands::print::boolean;

/// One of psql's own variables.
struct Special {
    name: &'static str,
    takes: Takes,
    /// What it is where nobody has set it.
    default: Option<&'static str>,
    /// The values that are not heeded here, and what to do instead.
    refused: Option<(Refuses, &'static str)>,
}

/// The values that a variable may have.
enum Takes {
    Switch,
    OneOf(&'static [&'static str]),
    Number,
    Anything,
}

/// The values that a variable may have in psql only.
enum Refuses {
    /// A switch that is on.
    On,
    /// Any but these.
    AllBut(&'static [&'static str]),
}

const fn special(
    name: &'static str,
    takes: Takes,
    default: &'static str,
    refused: Option<(Refuses, &'static str)>,
) -> Special {
    Special {
        name,
        takes,
        default: Some(default),
        refused,
    }
}

/// What is only of a prompt, or of a history that psql keeps: it makes no difference in a cell.
const fn of_a_prompt(name: &'static str) -> Special {
    Special {
        name,
        takes: Takes::Anything,
        default: None,
        refused: None,
    }
}

const SPECIAL: &[Special] = &[
    special("AUTOCOMMIT", Takes::Switch, "on", None),
    special(
        "COMP_KEYWORD_CASE",
        Takes::OneOf(&["lower", "upper", "preserve-lower", "preserve-upper"]),
        "preserve-upper",
        Some((
            Refuses::AllBut(&["preserve-lower", "preserve-upper"]),
            "keywords are completed in the case they are begun in",
        )),
    ),
    special(
        "ECHO",
        Takes::OneOf(&["none", "errors", "queries", "all"]),
        "none",
        Some((
            Refuses::AllBut(&["none", "queries"]),
            "\\set ECHO queries prints what is sent",
        )),
    ),
    special(
        "ECHO_HIDDEN",
        Takes::OneOf(&["on", "off", "noexec"]),
        "off",
        Some((
            Refuses::AllBut(&["off"]),
            "psql itself shows the queries behind \\d",
        )),
    ),
    // Rows are always shown as they come.
    special("FETCH_COUNT", Takes::Number, "0", None),
    special(
        "HIDE_TABLEAM",
        Takes::Switch,
        "off",
        Some((Refuses::On, "\\d without + leaves the access method out")),
    ),
    special(
        "HIDE_TOAST_COMPRESSION",
        Takes::Switch,
        "off",
        Some((Refuses::On, "\\d without + leaves the compression out")),
    ),
    special(
        "HISTCONTROL",
        Takes::OneOf(&["none", "ignorespace", "ignoredups", "ignoreboth"]),
        "none",
        None,
    ),
    of_a_prompt("HISTFILE"),
    special("HISTSIZE", Takes::Number, "500", None),
    special("IGNOREEOF", Takes::Anything, "0", None),
    special("LASTOID", Takes::Anything, "0", None),
    special("LAST_ERROR_MESSAGE", Takes::Anything, "", None),
    special("LAST_ERROR_SQLSTATE", Takes::Anything, "00000", None),
    special(
        "ON_ERROR_ROLLBACK",
        Takes::OneOf(&["on", "off", "interactive"]),
        "off",
        Some((
            Refuses::AllBut(&["off"]),
            "SAVEPOINT before a statement and ROLLBACK TO behind it do the same",
        )),
    ),
    Special {
        name: "ON_ERROR_STOP",
        takes: Takes::Switch,
        default: None,
        refused: None,
    },
    of_a_prompt("PROMPT1"),
    of_a_prompt("PROMPT2"),
    of_a_prompt("PROMPT3"),
    special("QUIET", Takes::Switch, "off", None),
    Special {
        name: "SHOW_ALL_RESULTS",
        takes: Takes::Switch,
        default: Some("on"),
        refused: Some((
            Refuses::AllBut(&["on"]),
            "every result is shown; \\; between statements may be a ; of their own",
        )),
    },
    special(
        "SHOW_CONTEXT",
        Takes::OneOf(&["never", "errors", "always"]),
        "errors",
        None,
    ),
    special(
        "SINGLELINE",
        Takes::Switch,
        "off",
        Some((Refuses::On, "a statement ends with its ;")),
    ),
    special(
        "SINGLESTEP",
        Takes::Switch,
        "off",
        Some((
            Refuses::On,
            "confirm=on in a connection asks before what destroys",
        )),
    ),
    special(
        "VERBOSITY",
        Takes::OneOf(&["default", "verbose", "terse", "sqlstate"]),
        "default",
        None,
    ),
];

fn find(name: &str) -> Option<&'static Special> {
    SPECIAL.iter().find(|special| special.name == name)
}

/// What a variable is where nobody has set it.
pub(super) fn default(name: &str) -> Option<&'static str> {
    find(name)?.default
}

/// The value that a variable is set to. Nothing given is on for a switch, as in psql.
///
/// # Errors
/// It is none that the variable may have, in psql's words, or one that is not heeded here.
pub(super) fn taken(name: &str, value: String) -> Result<String, String> {
    let Some(special) = find(name) else {
        return Ok(value);
    };
    let value = match special.takes {
        Takes::Switch if value.is_empty() => "on".to_owned(),
        _ => value,
    };
    let wrong = |what: &str| {
        Err(format!(
            "unrecognized value \"{value}\" for \"{name}\"{what}"
        ))
    };
    match special.takes {
        Takes::Switch if boolean(&value).is_none() => return wrong(": Boolean expected"),
        Takes::OneOf(values) if !is_one_of(&value, values) => {
            return wrong(&format!("\nAvailable values are: {}.", values.join(", ")));
        }
        Takes::Number if value.trim().parse::<i32>().is_err() => {
            return Err(format!(
                "invalid value \"{value}\" for \"{name}\": integer expected"
            ));
        }
        _ => {}
    }
    let refused = match &special.refused {
        Some((Refuses::On, instead)) if boolean(&value) == Some(true) => Some(instead),
        Some((Refuses::AllBut(heeded), instead)) if !is_heeded(&value, heeded) => Some(instead),
        _ => None,
    };
    match refused {
        Some(instead) => Err(format!(
            "\\set {name} {value}: not supported by Rowcell; {instead}"
        )),
        None => Ok(value),
    }
}

/// What a variable is after `\unset`: as in psql, a switch is off then. Nothing where it is as if it
/// had never been set.
pub(super) fn unset(name: &str) -> Option<Result<String, String>> {
    let special = find(name)?;
    matches!(special.takes, Takes::Switch).then(|| taken(name, "off".into()))
}

fn is_heeded(value: &str, heeded: &[&str]) -> bool {
    let switched = |other: &str| boolean(value).is_some_and(|on| boolean(other) == Some(on));
    is_one_of(value, heeded) || heeded.iter().any(|other| switched(other))
}

fn is_one_of(value: &str, values: &[&str]) -> bool {
    values.iter().any(|other| other.eq_ignore_ascii_case(value))
}
