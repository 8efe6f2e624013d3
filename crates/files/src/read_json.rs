//! JSON Lines: an object a line.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use encoding_rs::Encoding;

use crate::infer::{self, Class, Shape, Takes};
use crate::text::{GoOn, LONGEST, Text, failed, not_utf8};
use crate::{Error, arrays, copy, jsonb};

/// PostgreSQL's arrays have no more dimensions.
const DIMENSIONS: usize = 6;

/// The objects of a file.
pub(crate) struct Objects {
    reader: BufReader<Text>,
    path: PathBuf,
    bytes: Vec<u8>,
    /// The line read last, from 1.
    pub(crate) line: u64,
    /// What was done to the file's text.
    pub(crate) remark: Option<String>,
}

/// A member of an object.
pub(crate) struct Member<'m> {
    pub(crate) key: Cow<'m, str>,
    /// The value as it is written.
    raw: &'m str,
}

impl Member<'_> {
    /// What the value looks like.
    pub(crate) fn shape(&self) -> Shape {
        match self.raw.strip_prefix('[') {
            Some(inside) => Shape::array(elements(inside).map(class)),
            None => Shape::Value(class(self.raw)),
        }
    }

    /// The value for a column: NULL, what a string says, an array, or JSON as it is.
    fn value(&self, takes: Takes) -> Result<Option<Cow<'_, [u8]>>, Deep> {
        Ok(match (self.raw, takes) {
            ("null", _) => None,
            (raw, Takes::Json) => Some(raw.as_bytes().into()),
            (raw, Takes::Array) if raw.starts_with('[') => {
                let mut text = Vec::new();
                array(raw, DIMENSIONS, &mut text)?;
                Some(text.into())
            }
            (raw, _) => Some(match string(raw) {
                Some(Cow::Borrowed(text)) => text.as_bytes().into(),
                Some(Cow::Owned(text)) => text.into_bytes().into(),
                None => raw.as_bytes().into(),
            }),
        })
    }
}

/// An array of more dimensions than PostgreSQL has.
#[derive(Debug)]
struct Deep;

impl Objects {
    pub(crate) fn open(
        path: &Path,
        encoding: Option<&'static Encoding>,
        go_on: &GoOn,
    ) -> Result<Self, Error> {
        let text = Text::open(path, encoding, go_on)?;
        Ok(Objects {
            remark: text.remark.clone(),
            reader: BufReader::with_capacity(1 << 18, text),
            path: path.to_owned(),
            bytes: Vec::new(),
            line: 0,
        })
    }

    /// The members of the next object. Blank lines are none.
    pub(crate) fn next(&mut self) -> Result<Option<Vec<Member<'_>>>, Error> {
        loop {
            self.bytes.clear();
            let mut line = (&mut self.reader).take(LONGEST as u64);
            let read = line.read_until(b'\n', &mut self.bytes);
            let count = read.map_err(|error| failed(&self.path, &error))?;
            if count == 0 {
                return Ok(None);
            }
            self.line += 1;
            if count >= LONGEST {
                return Err(Error::new(format!(
                    "{}, line {}: a line of more than {} MiB, which is the most that is read",
                    self.path.display(),
                    self.line,
                    LONGEST >> 20
                )));
            }
            if !self.bytes.trim_ascii().is_empty() {
                break;
            }
        }
        let text = match str::from_utf8(&self.bytes) {
            Ok(text) => text.trim(),
            Err(error) => {
                let byte = self.bytes.get(error.valid_up_to()).copied();
                return Err(not_utf8(&self.path, self.line, byte.unwrap_or_default()));
            }
        };
        let bad = |why: String| {
            let place = format!("{}, line {}", self.path.display(), self.line);
            Err(Error::new(format!("{place}: {why}")).advise("Nothing was loaded."))
        };
        if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text) {
            let why = error.to_string();
            let why = why.split(" at line ").next().unwrap_or_default();
            return bad(format!(
                "this is no JSON ({why} at column {})",
                error.column()
            ));
        }
        match text.strip_prefix('{') {
            None => bad("this is JSON, but not an object".into()),
            Some(_) if jsonb::has_nul(text.as_bytes()) => {
                bad("\\u0000, which no PostgreSQL text can hold".into())
            }
            Some(inside) => Ok(Some(members(inside))),
        }
    }

    /// Appends the next object as a row of COPY; false at the end.
    pub(crate) fn write_next(
        &mut self,
        columns: &[(&str, Takes)],
        to: &mut Vec<u8>,
    ) -> Result<bool, Error> {
        let Some(members) = self.next()? else {
            return Ok(false);
        };
        let by_key: HashMap<&str, &Member<'_>> = members
            .iter()
            .map(|member| (&*member.key, member))
            .collect();
        let value = |(key, takes): &(&str, Takes)| match by_key.get(key) {
            None => Ok(None),
            Some(member) => member.value(*takes).map_err(|Deep| (*key).to_owned()),
        };
        let values: Result<Vec<_>, String> = columns.iter().map(value).collect();
        let deep = match values {
            Ok(values) => {
                copy::write_row(values.iter().map(|value| value.as_deref()), to);
                return Ok(true);
            }
            Err(key) => key,
        };
        Err(Error::new(format!(
            "{}, line {}, \"{deep}\": an array of more than {DIMENSIONS} dimensions, which \
             PostgreSQL has not",
            self.path.display(),
            self.line
        ))
        .advise("Nothing was loaded. A column of type jsonb holds it."))
    }
}

fn class(raw: &str) -> Class {
    infer::of_json(raw, string(raw).as_deref())
}

/// Appends an array of at most so many dimensions in PostgreSQL's form; arrays in it are its further
/// dimensions.
fn array(raw: &str, dimensions: usize, to: &mut Vec<u8>) -> Result<(), Deep> {
    let inner = dimensions.checked_sub(1).ok_or(Deep)?;
    to.push(b'{');
    for (number, raw) in elements(&raw[1..]).enumerate() {
        if number > 0 {
            to.push(b',');
        }
        match raw {
            "null" => to.extend_from_slice(b"NULL"),
            raw if raw.starts_with('[') => array(raw, inner, to)?,
            raw => arrays::quote(string(raw).unwrap_or(raw.into()).as_bytes(), to),
        }
    }
    to.push(b'}');
    Ok(())
}

/// What a JSON string says; none where it is another value.
fn string(raw: &str) -> Option<Cow<'_, str>> {
    let inside = raw.strip_prefix('"')?.strip_suffix('"')?;
    match inside.contains('\\') {
        false => Some(inside.into()),
        true => serde_json::from_str::<String>(raw).ok().map(Cow::Owned),
    }
}

/// The members of an object that is known to be well formed, from behind its `{`.
fn members(text: &str) -> Vec<Member<'_>> {
    let mut members = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        let (key, after) = rest.split_at(value(rest));
        let Some(key) = string(key) else {
            return members;
        };
        let after = after.trim_start().trim_start_matches(':').trim_start();
        let (raw, after) = after.split_at(value(after));
        members.push(Member {
            key,
            raw: raw.trim_end(),
        });
        rest = after;
    }
}

/// The elements of an array that is known to be well formed, from behind its `[`.
fn elements(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([',', ' ', '\t', '\r', '\n']);
        let (raw, after) = rest.split_at(value(rest));
        rest = after;
        (!raw.is_empty()).then(|| raw.trim_end())
    })
}

/// The length of the value that a text begins with.
fn value(text: &str) -> usize {
    let (mut depth, mut inside, mut escaped) = (0_usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' if inside && depth == 0 => return at + 1,
            b'"' => inside = !inside,
            _ if inside => {}
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn objects_come_apart() {
        let check = |text: &str, expected: &[(&str, &str)]| {
            let found = members(&text[1..]);
            let found: Vec<_> = found
                .iter()
                .map(|member| (&*member.key, member.raw))
                .collect();
            assert_eq!(found, expected, "{text}");
        };
        check("{}", &[]);
        check(r#"{"a":1}"#, &[("a", "1")]);
        check(
            r#"{ "a" : "x,}\"" , "b\"c":{"d":[1,{"e":"]"}]}, "f":[] ,"g":null }"#,
            &[
                ("a", r#""x,}\"""#),
                ("b\"c", r#"{"d":[1,{"e":"]"}]}"#),
                ("f", "[]"),
                ("g", "null"),
            ],
        );
    }

    #[test]
    fn arrays_are_written_as_postgresql_reads_them() {
        let check = |raw: &str, expected: &str| {
            let mut text = Vec::new();
            array(raw, 2, &mut text).unwrap();
            assert_eq!(String::from_utf8_lossy(&text), expected);
            assert!(array("[[[1]]]", 2, &mut text).is_err());
        };
        check("[]", "{}");
        check("[ 1 , null,-2.5e3]", r#"{"1",NULL,"-2.5e3"}"#);
        check(
            r#"["a\"b\\","null","{}", ""]"#,
            r#"{"a\"b\\","null","{}",""}"#,
        );
        check("[[1,2],[3, null]]", r#"{{"1","2"},{"3",NULL}}"#);
        check(r#"[{"a": [1, "]"]}]"#, r#"{"{\"a\": [1, \"]\"]}"}"#);
    }
}
