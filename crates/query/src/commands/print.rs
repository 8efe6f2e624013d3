//! `\pset` and its short forms: how results are printed.

use display::{Expanded, Format, Problem};

use super::failed;
use super::psql::argument_as;
use crate::arguments::Kind;
use crate::host::Host;
use crate::nearest::nearest;
use crate::query::{Run, Settings};

/// The names that `\pset` knows, in the order it lists them; `rows` is not psql's.
pub(crate) const NAMES: &[&str] = &[
    "border",
    "columns",
    "expanded",
    "fieldsep",
    "footer",
    "format",
    "null",
    "recordsep",
    "rows",
    "tuples_only",
];

/// `\pset [NAME [VALUE]]`.
pub(super) async fn pset<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let Some(name) = argument_as(run, Kind::Lenient)? else {
        let lines: String = NAMES
            .iter()
            .map(|name| format!("{name:<12} {}\n", value(run.settings, name)))
            .collect();
        run.out(lines).await;
        return Ok(());
    };
    // Text is as it is typed, as in psql; of a word the `;` behind it does not count.
    let kind = match name.as_str() {
        "null" | "fieldsep" | "recordsep" => Kind::Normal,
        _ => Kind::Lenient,
    };
    let value = argument_as(run, kind)?;
    set(run, &name, value).await
}

/// `\x` and `\t`: as `\pset` with this name, and as in psql a `;` behind the value does not count.
pub(super) async fn switch<H: Host>(run: &mut Run<'_, H>, name: &str) -> Result<(), Problem> {
    let value = argument_as(run, Kind::Lenient)?;
    set(run, name, value).await
}

/// `\timing [on|off]`.
pub(super) async fn timing<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let value = argument_as(run, Kind::Lenient)?;
    run.settings.timing =
        switched("\\timing", run.settings.timing, value.as_deref()).map_err(failed)?;
    let line = format!("Timing is {}.\n", on_off(run.settings.timing));
    run.out(line).await;
    Ok(())
}

/// Sets what `name` names and says how it stands now.
async fn set<H: Host>(
    run: &mut Run<'_, H>,
    name: &str,
    value: Option<String>,
) -> Result<(), Problem> {
    let line = change(run.settings, name, value.as_deref()).map_err(failed)?;
    // A quirk of psql: these two say how they stand only where they were turned over.
    if !(value.is_some() && matches!(name, "footer" | "tuples_only" | "t")) {
        run.out(line + "\n").await;
    }
    Ok(())
}

/// Changes one setting; answers psql's line about it.
fn change(settings: &mut Settings, name: &str, value: Option<&str>) -> Result<String, String> {
    let print = &mut settings.print;
    let number = |value: &str| {
        value
            .parse::<usize>()
            .map_err(|_| format!("\\pset: {name} is \"{value}\", not a number"))
    };
    Ok(match name {
        "border" => {
            if let Some(value) = value {
                print.border = number(value)?.min(2) as u8;
            }
            format!("Border style is {}.", print.border)
        }
        "columns" => {
            if let Some(value) = value {
                print.columns = number(value)?;
            }
            match print.columns {
                0 => "Target width is unset.".into(),
                width => format!("Target width is {width}."),
            }
        }
        "expanded" | "x" | "vertical" => {
            print.expanded = expanded(print.expanded, value)?;
            match print.expanded {
                Expanded::On => "Expanded display is on.".into(),
                Expanded::Off => "Expanded display is off.".into(),
                Expanded::Auto => "Expanded display is used automatically.".into(),
            }
        }
        "fieldsep" => {
            if let Some(value) = value {
                print.field_separator = value.into();
            }
            format!("Field separator is \"{}\".", print.field_separator)
        }
        "footer" => {
            print.footer = switched("footer", print.footer, value)?;
            format!("Default footer is {}.", on_off(print.footer))
        }
        "format" => {
            print.format = match value {
                None => print.format,
                Some("aligned") => Format::Aligned,
                Some("unaligned") => Format::Unaligned,
                Some("csv") => Format::Csv,
                Some(_) => return Err("\\pset: allowed formats are aligned, csv, unaligned".into()),
            };
            format!("Output format is {}.", format_name(print.format))
        }
        "null" => {
            if let Some(value) = value {
                print.null = value.into();
            }
            format!("Null display is \"{}\".", print.null)
        }
        "recordsep" => {
            if let Some(value) = value {
                print.record_separator = value.into();
            }
            match print.record_separator.as_str() {
                "\n" => "Record separator is <newline>.".into(),
                separator => format!("Record separator is \"{separator}\"."),
            }
        }
        "rows" => {
            if let Some(value) = value {
                settings.rows_shown = number(value)?;
            }
            format!(
                "At most {} rows of a result are shown.",
                settings.rows_shown
            )
        }
        "tuples_only" | "t" => {
            print.tuples_only = switched("tuples_only", print.tuples_only, value)?;
            format!("Tuples only is {}.", on_off(print.tuples_only))
        }
        _ => {
            let hint = nearest(name, NAMES.iter().copied())
                .map_or(String::new(), |near| format!("; did you mean {near}?"));
            return Err(format!("\\pset: unknown option: {name}{hint}"));
        }
    })
}

/// A setting's value as `\pset` alone lists it.
fn value(settings: &Settings, name: &str) -> String {
    let print = &settings.print;
    match name {
        "border" => print.border.to_string(),
        "columns" => print.columns.to_string(),
        "expanded" => match print.expanded {
            Expanded::On => "on".into(),
            Expanded::Off => "off".into(),
            Expanded::Auto => "auto".into(),
        },
        "fieldsep" => format!("'{}'", print.field_separator),
        "footer" => on_off(print.footer).into(),
        "format" => format_name(print.format).into(),
        "null" => format!("'{}'", print.null),
        "recordsep" => format!("'{}'", print.record_separator.replace('\n', "\\n")),
        "rows" => settings.rows_shown.to_string(),
        _ => on_off(print.tuples_only).into(),
    }
}

fn format_name(format: Format) -> &'static str {
    match format {
        Format::Aligned => "aligned",
        Format::Unaligned => "unaligned",
        Format::Csv => "csv",
    }
}

/// What a switch is after this argument; none turns it over.
fn switched(name: &str, now: bool, value: Option<&str>) -> Result<bool, String> {
    match value {
        None => Ok(!now),
        Some(value) => boolean(value).ok_or_else(|| {
            format!("unrecognized value \"{value}\" for \"{name}\": Boolean expected")
        }),
    }
}

/// What `\x` is after this argument; none switches.
fn expanded(now: Expanded, value: Option<&str>) -> Result<Expanded, String> {
    match value {
        None if now == Expanded::On => Ok(Expanded::Off),
        None => Ok(Expanded::On),
        Some("auto") => Ok(Expanded::Auto),
        Some(value) => match boolean(value) {
            Some(true) => Ok(Expanded::On),
            Some(false) => Ok(Expanded::Off),
            None => Err(format!(
                "unrecognized value \"{value}\" for \"\\x\"\nAvailable values are: on, off, auto."
            )),
        },
    }
}

/// psql's way to write a boolean.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let lower = text.to_lowercase();
    let begins = |word: &str, least: usize| lower.len() >= least && word.starts_with(&lower);
    match lower.as_str() {
        "1" => Some(true),
        "0" => Some(false),
        _ if begins("true", 1) || begins("yes", 1) || begins("on", 2) => Some(true),
        _ if begins("false", 1) || begins("no", 1) || begins("off", 2) => Some(false),
        _ => None,
    }
}

fn on_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}
