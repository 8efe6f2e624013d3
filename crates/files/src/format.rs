//! The formats, by a file's ending.

use std::path::Path;

use crate::Error;

/// How rows are laid out in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `.csv`: what psql's `\copy … csv header` writes.
    Csv,
    /// `.tsv`: the same with tabs.
    Tsv,
    /// `.json`: an array of objects.
    Json,
    /// `.jsonl`: an object a line.
    JsonLines,
    /// `.parquet`: columns, compressed by zstd.
    Parquet,
    /// `.arrow`: Arrow's IPC file.
    Arrow,
    /// `.md`: a table in Markdown.
    Markdown,
    /// `.sql`: INSERT statements.
    Sql,
}

const ENDINGS: &[(&str, Format)] = &[
    ("csv", Format::Csv),
    ("tsv", Format::Tsv),
    ("json", Format::Json),
    ("jsonl", Format::JsonLines),
    ("ndjson", Format::JsonLines),
    ("parquet", Format::Parquet),
    ("arrow", Format::Arrow),
    ("md", Format::Markdown),
    ("sql", Format::Sql),
];

impl Format {
    /// The format a file's ending names, in any case of letters.
    ///
    /// # Errors
    /// The ending is none, or none of these.
    pub fn of(path: &Path) -> Result<Self, Error> {
        let ending = path.extension().unwrap_or_default().to_string_lossy();
        let lower = ending.to_lowercase();
        let known = ENDINGS.iter().find(|(known, _)| *known == lower);
        known.map(|(_, format)| *format).ok_or_else(|| {
            let what = match &*ending {
                "" => format!("{} has no ending that tells its format", path.display()),
                ending => format!("no format has the ending .{ending}"),
            };
            Error::new(what).advise(match lower.as_str() {
                "gz" | "zip" | "zst" | "bz2" | "xz" => "Unpack it first.",
                "xlsx" | "xls" | "ods" => "Have it saved as CSV.",
                _ => "The formats: .csv, .tsv, .json, .jsonl, .parquet, .arrow, .md and .sql.",
            })
        })
    }

    /// Whether a column is kept as values of its type rather than as text.
    pub fn is_columnar(self) -> bool {
        matches!(self, Format::Parquet | Format::Arrow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ending_tells() {
        let check = |path: &str, expected| {
            assert_eq!(Format::of(Path::new(path)).ok(), expected, "{path}");
        };
        check("people.csv", Some(Format::Csv));
        check("a.b/PEOPLE.CSV", Some(Format::Csv));
        check("people.ndjson", Some(Format::JsonLines));
        check("people.xlsx", None);
        check("people", None);
        check(".csv", None);
    }
}
