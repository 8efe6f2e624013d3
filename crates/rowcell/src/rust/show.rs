//! What a Rust cell shows: its outputs as bundles, its errors as problems.

use display::{Bundle, Diagnostic, Label, Outline, Place, Print, Problem};
use query::{Host, Query, Shown};
use rustcell::Error;
use serde_json::Value;

/// Under which the `db` crate hands over rows to be shown.
const TABLE: &str = "application/x-rowcell-table";

/// What is said where there is no compiler.
const NO_TOOLCHAIN: &str = "Rust cells need a Rust toolchain (cargo, rustc and a linker): install it from https://rustup.rs";

/// Shows outputs in their order. The last one waits, for it may be the value of the cell.
pub(super) struct Shower<'a, H> {
    pub(super) host: &'a H,
    query: &'a Query,
    bundle: Option<Bundle>,
}

impl<'a, H: Host> Shower<'a, H> {
    pub(super) fn new(host: &'a H, query: &'a Query) -> Self {
        Shower {
            host,
            query,
            bundle: None,
        }
    }

    pub(super) async fn text(&mut self, text: Shown) {
        self.end(false).await;
        self.host.show(text).await;
    }

    /// A line about the notebook itself.
    pub(super) async fn note(&mut self, line: &str) {
        self.text(Shown::Note(format!("{line}\n"))).await;
    }

    /// One form of an output.
    pub(super) async fn content(&mut self, mime: String, data: String, value: bool) {
        if value && data == "()" {
            return;
        }
        let again = self
            .bundle
            .as_ref()
            .is_some_and(|bundle| bundle.get(&mime).is_some());
        if value || again {
            self.end(false).await;
        }
        // Rows of the cell's are shown as those of a SQL cell.
        if mime == TABLE
            && let Some(table) = self.query.rust_table(&data).await
        {
            self.end(false).await;
            self.bundle = Some(table);
            return;
        }
        let json = mime
            .ends_with("json")
            .then(|| serde_json::from_str(&data).ok());
        let data = json.flatten().unwrap_or(Value::String(data));
        let bundle = self.bundle.take().unwrap_or_default();
        self.bundle = Some(bundle.with(&mime, data));
    }

    /// Shows what waits: as the value of the cell, if it has run to its end.
    pub(super) async fn end(&mut self, value: bool) {
        let Some(mut bundle) = self.bundle.take() else {
            return;
        };
        if bundle.get("text/plain").is_none() {
            let mimes: Vec<_> = bundle.data.keys().map(String::as_str).collect();
            let text = format!("<{}>", mimes.join(", "));
            bundle = bundle.with("text/plain", text);
        }
        let shown = match value {
            true => Shown::Result(bundle),
            false => Shown::Display(bundle, None),
        };
        self.host.show(shown).await;
    }
}

/// Whether the helper is of no use behind this.
pub(super) fn ends_helper(error: &Error) -> bool {
    matches!(
        error,
        Error::NoToolchain(_)
            | Error::Unavailable(_)
            | Error::Crashed { .. }
            | Error::Interrupted { all: true, .. }
    )
}

/// What is gone, in a sentence: variables, and all else that the cells have defined.
pub(super) fn lost(variables: &[String], all: bool) -> String {
    let variables = match variables {
        [] => "no variables were set".to_owned(),
        [one] => format!("the variable {one} is gone"),
        many => format!("the variables {} are gone", many.join(", ")),
    };
    match all {
        true => format!("Rust starts anew: {variables}; functions, types and dependencies, too."),
        false => format!("Rust: {variables}; functions, types and dependencies are still there."),
    }
}

/// That these variables are gone because their types have become others.
pub(super) fn gone(variables: &[String]) -> String {
    match variables {
        [one] => format!("Rust: the variable {one} is gone: its type is no longer what it was."),
        many => format!(
            "Rust: the variables {} are gone: their types are no longer what they were.",
            many.join(", ")
        ),
    }
}

/// An error of a cell with this text.
pub(super) fn problem(error: Error, cell: &str) -> Problem {
    match error {
        Error::NoToolchain(said) => {
            let mut problem = Problem::new("rust_unavailable", NO_TOOLCHAIN);
            problem.detail = Some(said);
            problem
        }
        Error::Unavailable(why) => {
            let mut problem = Problem::new("rust_unavailable", "Rust cells cannot be run here");
            problem.detail = Some(why);
            problem
        }
        Error::Refused(diagnostics) => refused(diagnostics, cell),
        Error::Unprepared(why) => {
            let mut problem =
                Problem::new("rust_unprepared", "the Rust cell could not be prepared");
            problem.detail = Some(why);
            problem
        }
        Error::Panicked {
            message,
            source,
            place,
        } => {
            let mut problem = Problem::new("panic", message);
            problem.place = place.and_then(|place| offset(cell, place));
            if problem.place.is_none() && !source.is_empty() {
                problem.context = Some(source);
            }
            problem
        }
        Error::Returned(message) => Problem::new("error", message),
        Error::Ended { how, lost: gone } => {
            let mut problem = Problem::new("process_ended", how);
            problem.advice = vec![lost(&gone, false)];
            problem
        }
        Error::Interrupted { lost: gone, all } => {
            let mut problem = Problem::new("interrupted", "the cell was interrupted");
            if all || !gone.is_empty() {
                problem.advice = vec![lost(&gone, all)];
            }
            problem
        }
        Error::Crashed { said, lost: gone } => {
            let mut problem = Problem::new(
                "process_ended",
                "the process that compiles Rust cells has ended",
            );
            problem.detail = Some(said);
            problem.advice = vec![lost(&gone, true)];
            problem
        }
        Error::Other(why) => Problem::new("rust_error", why),
    }
}

fn refused(diagnostics: Vec<rustcell::Diagnostic>, cell: &str) -> Problem {
    let first = diagnostics.first();
    let name = first.and_then(|first| first.code.clone());
    let message = first.map_or_else(String::new, |first| first.message.clone());
    let mut problem = Problem::new(name.unwrap_or_else(|| "rust_error".into()), message);
    problem.diagnostics = of_cell(diagnostics, cell);
    problem
}

/// What the compiler warns of, to be unfolded by who wants to know.
pub(super) fn warnings(warnings: Vec<rustcell::Diagnostic>, cell: &str) -> Bundle {
    let title = match warnings.len() {
        1 => "1 warning".to_owned(),
        many => format!("{many} warnings"),
    };
    let outline = Outline {
        title,
        remarks: Vec::new(),
        sections: of_cell(warnings, cell)
            .iter()
            .map(Diagnostic::section)
            .collect(),
    };
    outline.bundle(&Print::default())
}

fn of_cell(diagnostics: Vec<rustcell::Diagnostic>, cell: &str) -> Vec<Diagnostic> {
    diagnostics
        .into_iter()
        .map(|diagnostic| Diagnostic {
            level: diagnostic.level,
            code: diagnostic.code,
            message: diagnostic.message,
            text: cell.to_owned(),
            labels: diagnostic.labels.into_iter().map(label).collect(),
            notes: diagnostic.notes,
        })
        .collect()
}

fn label(label: rustcell::Label) -> Label {
    Label {
        start: label.start,
        end: label.end,
        text: label.text,
        primary: label.primary,
    }
}

/// A line and a column, both from 1, as a place in the cell.
fn offset(cell: &str, (line, column): (usize, usize)) -> Option<Place> {
    let before: usize = cell
        .split_inclusive('\n')
        .take(line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let rest = cell.get(before..)?.lines().next()?;
    let column = rest.char_indices().nth(column.checked_sub(1)?);
    Some(Place {
        text: cell.to_owned(),
        offset: before + column.map_or(rest.len(), |(at, _)| at),
    })
}
