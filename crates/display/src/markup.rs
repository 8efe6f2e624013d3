//! One value as a table cell: escaped, aligned, and folded where it is long.

use std::borrow::Cow;
use std::fmt::Write;

use crate::Kind;
use crate::json::pretty;
use crate::lines::control;
use crate::width::width;

/// Fainter than the text around it: unlike a grey, it suits a light and a dark page.
pub(crate) const FAINT: &str = "opacity:.7";
/// Text that keeps its places: front ends give a `pre` other fonts and colours.
pub(crate) const PRE: &str =
    "margin:0;background:transparent;color:inherit;font-family:monospace;word-break:normal";
/// A value up to this wide, in columns of a terminal, stays on its line.
const LINE: usize = 60;
/// A value of more columns, or more lines, is folded.
const LONG: usize = 300;
const LINES: usize = 12;
/// How many characters of a folded value are shown.
const HEAD: usize = 48;
/// With so little room, values are cut and nothing more.
pub(crate) const TIGHT: usize = 20;
/// A block is at least as wide as its longest line, up to so many columns: a text, …
const TEXT: usize = 60;
/// … JSON, whose lines are made to fit, …
const JSON: usize = 90;
/// … and plans and programs, which are read by their indentation.
const INDENTED: usize = 140;
/// It may become this wide where there is room, in ems.
const WIDE: f64 = 50.0;

/// How a column's values are set.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub(crate) kind: Kind,
    pub(crate) right: bool,
    /// Some value has lines that begin with blanks, as plans and programs have: all are set in the
    /// font that keeps them in place.
    pub(crate) indented: bool,
    /// Its row has values of several lines.
    pub(crate) top: bool,
    /// How many characters of a value are given at most; what is missing is said to be.
    pub(crate) room: usize,
    /// How many characters the value has, where its text is no more than the start of it.
    pub(crate) characters: Option<u64>,
}

/// A cell that says NULL, or the word the user has set, in a way that no text can look like.
pub(crate) fn null(out: &mut String, word: &str, style: Style) {
    open(out, style, "", false);
    let _ = write!(out, "<em style=\"{FAINT}\">");
    escape(out, if word.is_empty() { "NULL" } else { word });
    *out += "</em></td>";
}

/// A cell of this value: on its line, in lines, or folded.
pub(crate) fn value(out: &mut String, text: &str, style: Style) {
    let text = match (style.kind, text) {
        (Kind::Boolean, "t") => "true",
        (Kind::Boolean, "f") => "false",
        _ => text,
    };
    if style.room == TIGHT {
        open(out, style, "", false);
        escape(out, &shorten(text, TIGHT));
        *out += "</td>";
        return;
    }
    let whole = head(text, style.room);
    let characters = || {
        style
            .characters
            .unwrap_or_else(|| text.chars().count() as u64)
    };
    let right_to_left = whole.chars().any(is_right_to_left);
    if !is_tall(text, style.kind) {
        let pre = !style.indented && breaks(text);
        open(
            out,
            style,
            if pre { "white-space:pre" } else { "" },
            right_to_left,
        );
        if style.indented {
            block(out, text, Some(INDENTED));
        } else {
            escape(out, text);
        }
        *out += "</td>";
        return;
    }

    open(out, style, "", right_to_left);
    let is_json = style.kind == Kind::Json;
    let laid_out = if is_json {
        pretty(whole).into()
    } else {
        Cow::from(whole)
    };
    let folded = is_wider(&laid_out, LONG) || laid_out.lines().nth(LINES).is_some();
    if folded {
        *out += "<details><summary style=\"cursor:pointer;white-space:nowrap\">";
        escape(out, &head(text, HEAD).replace('\n', " "));
        let _ = write!(out, "… <small style=\"{FAINT}\">");
        let _ = write!(out, "{} characters</small></summary>", characters());
    }
    let fixed = match style.indented {
        true => Some(INDENTED),
        false => is_json.then_some(JSON),
    };
    block(out, &laid_out, fixed);
    if whole.len() < text.len() || style.characters.is_some() {
        let (room, all) = (whole.chars().count(), characters());
        let _ = write!(
            out,
            "<small style=\"{FAINT}\">first {room} of {all} characters</small>"
        );
    }
    *out += if folded { "</details></td>" } else { "</td>" };
}

/// Whether the value takes more than one line in its cell.
pub(crate) fn is_tall(text: &str, kind: Kind) -> bool {
    kind != Kind::Number && is_wider(text, LINE) || text.contains('\n')
}

/// Whether the text takes more columns than so many.
fn is_wider(text: &str, columns: usize) -> bool {
    // Most texts need no counting: a column is one byte to four.
    text.len() > columns && (text.len() > 4 * columns || width(text) > columns)
}

/// Whether some line begins with a blank.
pub(crate) fn is_indented(text: &str) -> bool {
    text.starts_with([' ', '\t']) || text.contains("\n ") || text.contains("\n\t")
}

/// Text as wide as its lines need, within reason: a browser would squeeze it to its longest word.
/// `fixed`: in a font of one width, up to so many columns.
fn block(out: &mut String, text: &str, fixed: Option<usize>) {
    let (tag, em, most, look) = match fixed {
        Some(most) => ("pre", 0.62, most, PRE),
        None => ("div", 0.5, TEXT, "margin:0"),
    };
    let widths = text.lines().map(|line| width(head(line, most)).min(most));
    let longest = widths.max().unwrap_or(0);
    let least = (longest as f64 * em).ceil();
    let most = (most as f64 * em).ceil().max(WIDE);
    let _ = write!(
        out,
        "<{tag} style=\"{look};min-width:{least}em;max-width:{most}em;white-space:pre-wrap;\
         overflow-wrap:break-word\">"
    );
    escape(out, text);
    let _ = write!(out, "</{tag}>");
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
            _ => match control(c) {
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

/// The same for the inside of a `pre`, where line ends stay: of all lines but empty last ones.
pub(crate) fn escape_lines(out: &mut String, text: &str) {
    for (number, line) in text.trim_end_matches('\n').lines().enumerate() {
        if number > 0 {
            out.push('\n');
        }
        escape(out, line);
    }
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

/// Numbers are aligned by the attribute, which front ends heed or better; text needs the style, for
/// they align every cell right.
fn open(out: &mut String, style: Style, layout: &str, right_to_left: bool) {
    let align = if style.right { "" } else { "text-align:left" };
    let top = if style.top { "vertical-align:top" } else { "" };
    let styles: Vec<_> = [align, top, layout]
        .into_iter()
        .filter(|s| !s.is_empty())
        .collect();
    *out += if style.right {
        "<td align=\"right\""
    } else {
        "<td"
    };
    if right_to_left {
        *out += " dir=\"auto\"";
    }
    if !styles.is_empty() {
        let _ = write!(out, " style=\"{}\"", styles.join(";"));
    }
    out.push('>');
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
