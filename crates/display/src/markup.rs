//! One value as a table cell: escaped, aligned, and folded where it is long.

use std::borrow::Cow;
use std::fmt::{self, Write};

use crate::Kind;
use crate::json::pretty;
use crate::lines::visible;

/// Reads well on white and on black.
pub(crate) const GREY: &str = "#777";
/// A value up to this many bytes stays on its line.
const LINE: usize = 60;
/// A value of more bytes, or more lines, is folded.
const LONG: usize = 300;
const LINES: usize = 12;
/// How many characters of a folded value are shown.
const HEAD: usize = 80;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

impl Align {
    pub(crate) fn of(kind: Kind) -> Self {
        if kind == Kind::Number {
            Self::Right
        } else {
            Self::Left
        }
    }
}

impl fmt::Display for Align {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Self::Left { "left" } else { "right" })
    }
}

/// A cell that says NULL, or the word the user has set, in a way that no text can look like.
pub(crate) fn null(out: &mut String, word: &str, align: Align, top: bool) {
    open(out, align, top, "", false);
    let _ = write!(out, "<em style=\"color:{GREY}\">");
    escape(out, if word.is_empty() { "NULL" } else { word });
    *out += "</em></td>";
}

/// A cell of this value: of at most `room` of its characters, the rest is said to be missing.
pub(crate) fn value(
    out: &mut String,
    text: &str,
    kind: Kind,
    align: Align,
    top: bool,
    room: usize,
) {
    let text = match (kind, text) {
        (Kind::Boolean, "t") => "true",
        (Kind::Boolean, "f") => "false",
        _ => text,
    };
    let whole = head(text, room);
    let rtl = whole.chars().any(is_right_to_left);
    if !value_is_tall(text, kind) {
        open(out, align, top, if breaks(text) { "pre" } else { "" }, rtl);
        escape(out, text);
        *out += "</td>";
        return;
    }

    open(out, align, top, "", rtl);
    let laid_out = if kind == Kind::Json {
        Cow::from(pretty(whole))
    } else {
        Cow::from(whole)
    };
    let long = laid_out.len() > LONG || laid_out.lines().nth(LINES).is_some();
    if long {
        *out += "<details><summary style=\"cursor:pointer;max-width:40em\">";
        escape(out, &head(text, HEAD).replace('\n', " "));
        let _ = write!(out, "… <small style=\"color:{GREY}\">");
        let _ = write!(out, "{} characters</small></summary>", text.chars().count());
    }
    if kind == Kind::Json {
        *out += "<pre style=\"margin:0;background:transparent;text-align:left\">";
        for (i, line) in laid_out.split('\n').enumerate() {
            if i > 0 {
                out.push('\n');
            }
            escape(out, line);
        }
        *out += "</pre>";
    } else {
        *out += "<div style=\"max-width:50em;white-space:pre-wrap;overflow-wrap:break-word\">";
        escape(out, &laid_out);
        *out += "</div>";
    }
    if whole.len() < text.len() {
        let _ = write!(out, "<small style=\"color:{GREY}\">");
        let _ = write!(
            out,
            "first {room} of {} characters</small>",
            text.chars().count()
        );
    }
    *out += if long { "</details></td>" } else { "</td>" };
}

/// Whether the value takes more than one line in its cell.
pub(crate) fn value_is_tall(text: &str, kind: Kind) -> bool {
    text.len() > LINE && kind != Kind::Number || text.contains('\n')
}

/// Text with everything escaped that HTML takes for its own, line ends made to show, and control
/// characters made visible as psql makes them.
pub(crate) fn escape(out: &mut String, text: &str) {
    let mut from = 0;
    for (at, c) in text.char_indices() {
        let replaced: Cow<'_, str> = match c {
            '&' => "&amp;".into(),
            '<' => "&lt;".into(),
            '>' => "&gt;".into(),
            '"' => "&quot;".into(),
            '\'' => "&#39;".into(),
            '\n' => "<br>".into(),
            _ => match visible(c) {
                Some(name) => name.into(),
                None => continue,
            },
        };
        *out += &text[from..at];
        *out += &replaced;
        from = at + c.len_utf8();
    }
    *out += &text[from..];
}

/// The text, or its first characters and an ellipsis.
pub(crate) fn shorten(text: &str, most: usize) -> String {
    let start = head(text, most);
    if start.len() < text.len() {
        format!("{start}…")
    } else {
        start.into()
    }
}

/// The first characters of a text.
fn head(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| &text[..end])
}

fn open(out: &mut String, align: Align, top: bool, white_space: &str, rtl: bool) {
    *out += if rtl {
        "<td dir=\"auto\" style=\"text-align:"
    } else {
        "<td style=\"text-align:"
    };
    let _ = write!(out, "{align}");
    if top {
        *out += ";vertical-align:top";
    }
    if !white_space.is_empty() {
        let _ = write!(out, ";white-space:{white_space}");
    }
    *out += "\">";
}

/// Whether a browser could break this text, or shrink its blanks.
fn breaks(text: &str) -> bool {
    !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"._:".contains(&byte))
}

/// Hebrew, Arabic and their kin.
fn is_right_to_left(c: char) -> bool {
    matches!(c,
        '\u{590}'..='\u{8FF}' | '\u{FB1D}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFF}'
        | '\u{10800}'..='\u{10FFF}' | '\u{1E800}'..='\u{1EFFF}')
}
