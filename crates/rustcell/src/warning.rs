//! What the compiler warns of in a cell that it has compiled.
//!
//! evcxr drops it, for a cell that runs. But cargo keeps what was said of a crate in a file, to say
//! it again when there is nothing to compile; it is read from there.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Label, locate, notes};

/// So much is read of what the compiler has said, in bytes.
const LARGEST: u64 = 1 << 20;

/// Takes away what was said of the cell before, so that it is not taken for what is said of this one.
pub(crate) fn forget(workshop: &Path) {
    for file in files(workshop) {
        let _ = fs::remove_file(file);
    }
}

/// What was said of the cell that was compiled last, where it is of the cell's own text.
pub(crate) fn of(workshop: &Path, compiled: &str, cell: &str) -> Vec<Diagnostic> {
    let mut said = String::new();
    for file in files(workshop) {
        let Ok(file) = File::open(file) else { continue };
        let mut bytes = Vec::new();
        let _ = file.take(LARGEST).read_to_end(&mut bytes);
        said += &String::from_utf8_lossy(&bytes);
    }
    said.lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .filter_map(|warning| diagnostic(&warning, compiled, cell))
        .collect()
}

/// One a state of the crate's dependencies; all but one of them are empty or not there.
fn files(workshop: &Path) -> Vec<PathBuf> {
    let entries = |folder: PathBuf| fs::read_dir(folder).into_iter().flatten().flatten();
    entries(workshop.join("target"))
        .flat_map(|platform| entries(platform.path().join("debug/.fingerprint")))
        .filter(|unit| unit.file_name().to_string_lossy().starts_with("ctx-"))
        .map(|unit| unit.path().join("output-lib-ctx"))
        .filter(|file| file.exists())
        .collect()
}

/// None where it is no warning, or none of the cell's own text.
fn diagnostic(said: &Value, compiled: &str, cell: &str) -> Option<Diagnostic> {
    let level = said["level"].as_str().filter(|level| *level == "warning")?;
    let spans = said["spans"].as_array()?.iter();
    let labels: Vec<Label> = spans
        .filter_map(|span| label(span, compiled, cell))
        .collect();
    labels.iter().any(|label| label.primary).then_some(())?;
    Some(Diagnostic {
        level: level.to_owned(),
        // The name of a lint is what one would allow; rustc says it in a note.
        code: None,
        message: said["message"].as_str()?.to_owned(),
        labels,
        notes: notes(said),
    })
}

fn label(span: &Value, compiled: &str, cell: &str) -> Option<Label> {
    let number = |key: &str| usize::try_from(span[key].as_u64()?).ok();
    let from = (number("line_start")?, number("column_start")?);
    let to = (number("line_end")?, number("column_end")?);
    let start = locate(compiled, cell, from)?;
    let end = match to.0 == from.0 {
        true => (start.0, start.1 + to.1.saturating_sub(from.1)),
        false => (start.0 + to.0.saturating_sub(from.0), to.1),
    };
    Some(Label {
        start,
        end,
        text: span["label"].as_str().unwrap_or_default().to_owned(),
        primary: span["is_primary"].as_bool()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_warnings_of_the_cell_itself_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let unit = folder
            .path()
            .join("target/some-platform/debug/.fingerprint/ctx-0123");
        fs::create_dir_all(&unit).unwrap();
        let span = |line: u64| {
            serde_json::json!({"line_start": line, "line_end": line, "column_start": 1,
                "column_end": 9, "is_primary": true, "label": null})
        };
        let said = |level: &str, line: u64| {
            serde_json::json!({"level": level, "message": "unused", "spans": [span(line)],
                "children": [{"level": "note", "message": "why", "spans": []}]})
        };
        let lines = [
            said("warning", 2),
            said("warning", 1),
            said("note", 2),
            serde_json::json!({"level": "warning", "message": "2 warnings emitted", "spans": []}),
        ];
        let text = lines.map(|line| line.to_string()).join("\n") + "\n{\"cut";
        fs::write(unit.join("output-lib-ctx"), text).unwrap();

        let (compiled, cell) = ("fn run() {\nmade(1);\n}", "%%rust\n  made(1);");
        let warnings = of(folder.path(), compiled, cell);
        assert_eq!(warnings.len(), 1);
        assert_eq!(warnings[0].labels[0].start, (2, 3));
        assert_eq!(warnings[0].labels[0].end, (2, 11));
        assert_eq!(warnings[0].notes, ["note: why"]);

        forget(folder.path());
        assert_eq!(of(folder.path(), compiled, cell), []);
    }
}
