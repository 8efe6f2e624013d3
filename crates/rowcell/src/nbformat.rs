//! A notebook's text as nbformat, Jupyter's own library, writes it, byte for byte: whoever saves the
//! file again changes nothing of it.
//!
//! Format: nbformat 5, `nbformat.v4.nbjson` and `nbformat.v4.rwbase`.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, PrettyFormatter, Serializer};

/// The text of a notebook: keys sorted, texts as lists of their lines, one blank a level.
pub(crate) fn text(notebook: &Value) -> Result<String, String> {
    let mut notebook = notebook.clone();
    strip(&mut notebook);
    for cell in notebook["cells"].as_array_mut().into_iter().flatten() {
        split(cell);
    }
    notebook.sort_all_objects();
    let mut out = Vec::new();
    let format = Python(PrettyFormatter::with_indent(b" "));
    let written = notebook.serialize(&mut Serializer::with_formatter(&mut out, format));
    written.map_err(|error| error.to_string())?;
    out.push(b'\n');
    String::from_utf8(out).map_err(|error| error.to_string())
}

/// Takes out what is never saved.
fn strip(notebook: &mut Value) {
    let from = |metadata: Option<&mut Value>, names: &[&str]| {
        if let Some(metadata) = metadata.and_then(Value::as_object_mut) {
            metadata.retain(|name, _| !names.contains(&name.as_str()));
        }
    };
    let known = ["orig_nbformat", "orig_nbformat_minor", "signature"];
    from(notebook.get_mut("metadata"), &known);
    for cell in notebook["cells"].as_array_mut().into_iter().flatten() {
        from(cell.get_mut("metadata"), &["trusted"]);
    }
}

/// Makes a cell's texts lists of their lines.
fn split(cell: &mut Value) {
    split_text(cell.get_mut("source"));
    let attachments = cell.get_mut("attachments").and_then(Value::as_object_mut);
    for (_, forms) in attachments.into_iter().flatten() {
        split_forms(forms);
    }
    let outputs = cell.get_mut("outputs").and_then(Value::as_array_mut);
    for output in outputs.into_iter().flatten() {
        match output["output_type"].as_str() {
            Some("stream") => split_text(output.get_mut("text")),
            Some("execute_result" | "display_data") => {
                output.get_mut("data").into_iter().for_each(split_forms);
            }
            _ => {}
        }
    }
}

fn split_forms(forms: &mut Value) {
    for (mime, data) in forms.as_object_mut().into_iter().flatten() {
        if mime.starts_with("text/")
            || matches!(mime.as_str(), "application/javascript" | "image/svg+xml")
        {
            split_text(Some(data));
        }
    }
}

fn split_text(text: Option<&mut Value>) {
    if let Some(value) = text
        && let Some(text) = value.as_str()
    {
        *value = lines(text).into_iter().map(Value::from).collect();
    }
}

/// The lines of a text with their ends, of which Python knows more than Rust.
fn lines(text: &str) -> Vec<&str> {
    const ENDS: &str = "\n\r\x0B\x0C\x1C\x1D\x1E\u{85}\u{2028}\u{2029}";
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c| ENDS.contains(c)) {
        let end = match rest[at..].starts_with("\r\n") {
            true => at + 2,
            false => at + rest[at..].chars().next().map_or(1, char::len_utf8),
        };
        let (line, behind) = rest.split_at(end);
        lines.push(line);
        rest = behind;
    }
    lines.extend(Some(rest).filter(|rest| !rest.is_empty()));
    lines
}

/// JSON as Python writes it: its fractions differ.
struct Python(PrettyFormatter<'static>);

impl Formatter for Python {
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        writer.write_all(fraction(value).as_bytes())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_array(writer)
    }

    fn end_array<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array(writer)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(to, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_array_value(writer)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object(writer)
    }

    fn end_object<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object(writer)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, to: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(to, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.begin_object_value(writer)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        self.0.end_object_value(writer)
    }
}

/// A fraction as Python's `repr` has it: the shortest digits, an exponent where it is below −4 or
/// above 15.
fn fraction(value: f64) -> String {
    let scientific = format!("{value:e}");
    let Some((digits, exponent)) = scientific.split_once('e') else {
        return scientific;
    };
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..16).contains(&exponent) {
        return format!("{value:?}");
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    #[test]
    fn fractions_are_pythons() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e-7, "1.5e-07"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.25e16, "1.25e+16"),
            (1e-300, "1e-300"),
            (123_456.789, "123456.789"),
        ] {
            assert_eq!(fraction(value), expected);
        }
    }

    #[test]
    fn lines_are_pythons() {
        assert_eq!(lines(""), Vec::<&str>::new());
        assert_eq!(lines("a"), ["a"]);
        assert_eq!(lines("a\n\nb"), ["a\n", "\n", "b"]);
        assert_eq!(
            lines("a\r\nb\rc\u{2028}d\x0C"),
            ["a\r\n", "b\r", "c\u{2028}", "d\x0C"]
        );
    }

    #[test]
    fn texts_are_split_and_keys_sorted() {
        let notebook = json!({
            "nbformat": 4,
            "metadata": {"signature": "x", "b": 1, "a": {"d": [], "c": {}}},
            "cells": [
                {
                    "source": "one\ntwo", "cell_type": "code", "metadata": {"trusted": true},
                    "outputs": [
                        {"output_type": "stream", "text": "é\n", "name": "stdout"},
                        {"output_type": "display_data", "metadata": {},
                         "data": {"text/plain": "x", "image/png": "eA==", "application/json": "y"}},
                    ],
                },
                {"cell_type": "markdown", "source": [], "metadata": {}},
            ],
        });
        let expected = r#"{
 "cells": [
  {
   "cell_type": "code",
   "metadata": {},
   "outputs": [
    {
     "name": "stdout",
     "output_type": "stream",
     "text": [
      "é\n"
     ]
    },
    {
     "data": {
      "application/json": "y",
      "image/png": "eA==",
      "text/plain": [
       "x"
      ]
     },
     "metadata": {},
     "output_type": "display_data"
    }
   ],
   "source": [
    "one\n",
    "two"
   ]
  },
  {
   "cell_type": "markdown",
   "metadata": {},
   "source": []
  }
 ],
 "metadata": {
  "a": {
   "c": {},
   "d": []
  },
  "b": 1
 },
 "nbformat": 4
}
"#;
        assert_eq!(text(&notebook).unwrap(), expected);
    }
}
