//! What a user says of a file that is read: `header=`, `delimiter=`, `null=`, `encoding=`,
//! `columns=`.

use encoding_rs::Encoding;

use crate::{Error, Format, text};

/// The names of the options.
pub const OPTIONS: &[&str] = &["header", "delimiter", "null", "encoding", "columns"];

/// What a user says of a file.
#[derive(Debug, Default, Clone)]
pub struct Options {
    pub(crate) header: Option<bool>,
    pub(crate) delimiter: Option<u8>,
    pub(crate) null: Option<String>,
    pub(crate) encoding: Option<&'static Encoding>,
    pub(crate) columns: Vec<Chosen>,
}

/// What is said of a column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub(crate) name: String,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// It has the type that is found.
    Found,
    /// It has this type, as SQL writes it.
    Type(String),
    /// It is left out.
    Not,
}

impl Options {
    /// Takes one option.
    ///
    /// # Errors
    /// There is none of that name, or it takes no such value.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name.to_ascii_lowercase().as_str() {
            "header" => self.header = Some(yes_or_no(value)?),
            "delimiter" => self.delimiter = Some(delimiter(value)?),
            "null" => self.null = Some(value.to_owned()),
            "encoding" => self.encoding = Some(text::encoding(value)?),
            "columns" => self.columns = columns(value)?,
            _ => {
                let why = format!("no option is called {name}=");
                let known = OPTIONS.join("=, ");
                return Err(Error::new(why).advise(format!("The options: {known}=.")));
            }
        }
        Ok(())
    }

    /// Refuses what says nothing of a format.
    pub(crate) fn fit(&self, format: Format) -> Result<(), Error> {
        let is_text = matches!(format, Format::Csv | Format::Tsv);
        let no = |name: &str, of: &str| {
            Err(Error::new(format!(
                "{name}= says something of {of} files only"
            )))
        };
        match self {
            Options {
                header: Some(_), ..
            } if !is_text => no("header", ".csv and .tsv"),
            Options {
                delimiter: Some(_), ..
            } if !is_text => no("delimiter", ".csv and .tsv"),
            Options { null: Some(_), .. } if !is_text => no("null", ".csv and .tsv"),
            Options {
                encoding: Some(_), ..
            } if format.is_columnar() => no("encoding", ".csv, .tsv and .jsonl"),
            _ => Ok(()),
        }
    }
}

fn yes_or_no(value: &str) -> Result<bool, Error> {
    match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" => Ok(true),
        "no" | "false" | "off" | "0" => Ok(false),
        _ => Err(Error::new(format!(
            "header={value}: write header=yes or header=no"
        ))),
    }
}

fn delimiter(value: &str) -> Result<u8, Error> {
    match value.as_bytes() {
        _ if value.eq_ignore_ascii_case("tab") => Ok(b'\t'),
        b"\\t" => Ok(b'\t'),
        [one] if !matches!(one, b'"' | b'\n' | b'\r' | b'\\') && one.is_ascii() => Ok(*one),
        _ => Err(
            Error::new(format!("delimiter={value}: a delimiter is one character"))
                .advise("For example delimiter=';' or delimiter=tab."),
        ),
    }
}

/// `a:text,b:-,"c:d":numeric(10,2)`.
fn columns(text: &str) -> Result<Vec<Chosen>, Error> {
    let wrong = |why: &str| {
        Error::new(format!("columns={text}: {why}"))
            .advise("For example columns=code:text,price:numeric(10,2),note:- (a dash leaves a column out).")
    };
    let mut columns: Vec<Chosen> = Vec::new();
    let mut rest = text;
    while !rest.trim().is_empty() {
        let (name, after) = name(rest.trim_start()).ok_or_else(|| wrong("a quote is open"))?;
        let (what, after) = match after.trim_start().strip_prefix(':') {
            None => (What::Found, after.trim_start()),
            Some(after) => {
                let end = end_of_type(after).ok_or_else(|| wrong("a parenthesis is open"))?;
                let (type_name, after) = after.split_at(end);
                let what = match type_name.trim() {
                    "-" => What::Not,
                    "" => return Err(wrong("a type is missing")),
                    name if !name.chars().all(is_of_type) => return Err(wrong("that is no type")),
                    name => What::Type(name.to_owned()),
                };
                (what, after)
            }
        };
        if name.is_empty() {
            return Err(wrong("a name is missing"));
        }
        if columns.iter().any(|other| other.name == name) {
            return Err(wrong("a name is there twice"));
        }
        columns.push(Chosen { name, what });
        rest = match after.strip_prefix(',') {
            Some(after) => after,
            None if after.is_empty() => after,
            None => return Err(wrong("a comma is missing")),
        };
    }
    Ok(columns)
}

/// A name, in quotes where it has a `:` or a comma, and what comes after it.
fn name(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([':', ',']).unwrap_or(text.len());
        let (name, after) = text.split_at(end);
        return Some((name.trim().to_owned(), after));
    };
    let mut name = String::new();
    let mut chars = quoted.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' if chars.next_if(|(_, next)| *next == '"').is_some() => name.push('"'),
            '"' => return Some((name, &quoted[at + 1..])),
            c => name.push(c),
        }
    }
    None
}

/// The comma behind a type, which may have commas in parentheses.
fn end_of_type(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '"' => quoted = !quoted,
            _ if quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    (depth == 0 && !quoted).then_some(text.len())
}

/// What the name of a type is made of; nothing that would end a statement.
fn is_of_type(c: char) -> bool {
    c.is_alphanumeric() || " _.,()[]\"$".contains(c)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn columns_are_chosen() {
        let check = |text: &str, expected: &[(&str, What)]| {
            let expected: Vec<Chosen> = expected
                .iter()
                .map(|(name, what)| Chosen {
                    name: (*name).to_owned(),
                    what: what.clone(),
                })
                .collect();
            assert_eq!(columns(text).unwrap(), expected, "{text}");
        };
        let of = |name: &str| What::Type(name.to_owned());
        check("a:text,b:-", &[("a", of("text")), ("b", What::Not)]);
        check(
            "a, b c : double precision ,d:numeric(10,2)[]",
            &[
                ("a", What::Found),
                ("b c", of("double precision")),
                ("d", of("numeric(10,2)[]")),
            ],
        );
        check(
            "\"x:y \"\",\":\"My Schema\".mood",
            &[("x:y \",", of("\"My Schema\".mood"))],
        );
        for text in [
            "a:",
            ":text",
            "a:text; drop table t",
            "a:text,a:-",
            "a:numeric(1",
            "\"a",
            "a:text)",
        ] {
            assert!(columns(text).is_err(), "{text}");
        }
    }

    #[test]
    fn options_are_read() {
        let mut options = Options::default();
        for (name, value) in [
            ("header", "No"),
            ("DELIMITER", "tab"),
            ("null", "NA"),
            ("encoding", "latin1"),
        ] {
            options.set(name, value).unwrap();
        }
        assert_eq!(
            (options.header, options.delimiter),
            (Some(false), Some(b'\t'))
        );
        assert_eq!(options.encoding.unwrap().name(), "windows-1252");
        for (name, value) in [
            ("header", "perhaps"),
            ("delimiter", "ab"),
            ("delimiter", ""),
            ("delimiter", "\""),
            ("delimiter", "§"),
            ("encoding", "x"),
            ("quote", "'"),
        ] {
            assert!(options.set(name, value).is_err(), "{name}={value}");
        }
        assert!(options.fit(Format::Csv).is_ok());
        assert!(options.fit(Format::Parquet).is_err());
    }
}
