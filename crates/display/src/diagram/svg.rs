//! A diagram as SVG: attributes alone, for a style sheet would reach beyond the picture.

use std::fmt::Write;

use super::layout::{Layout, layout};
use super::{Card, Diagram, Field, one_line};
use crate::markup::{escape, shorten};
use crate::width::columns;

/// Sizes in pixels: of text, of a row, of a card's heading, of the column that says PK, of the room
/// beside texts and around the picture.
const TEXT: f64 = 12.0;
const ROW: f64 = 18.0;
const HEADING: f64 = 26.0;
const MARK: f64 = 36.0;
const BESIDE: f64 = 9.0;
const AROUND: f64 = 14.0;
/// The line above that says what it is.
const TITLE: f64 = 26.0;
/// How far a line between neighbours of one column may go out.
const ROOM: f64 = 30.0;
/// Characters of a name or a type.
const LONGEST: usize = 40;
/// More columns than these are counted, not drawn; those of keys come first.
const FIELDS: usize = 14;

/// On cards, …
const INK: &str = "#1f2328";
const FAINT: &str = "#656d76";
const GROUND: &str = "#ffffff";
const HEAD: &str = "#dbe7f5";
/// … and on the page, which may be light or dark.
const LINE: &str = "#848d97";

/// A card as it is drawn.
struct Drawn<'a> {
    card: &'a Card,
    fields: Vec<&'a Field>,
    width: f64,
    height: f64,
    x: f64,
    y: f64,
}

pub(super) fn draw(diagram: &Diagram) -> String {
    let mut cards: Vec<Drawn<'_>> = diagram.cards.iter().map(measured).collect();
    let sizes: Vec<_> = cards.iter().map(|card| (card.width, card.height)).collect();
    let links: Vec<_> = diagram
        .links
        .iter()
        .map(|link| (link.from.0, link.to.0))
        .collect();
    let found = layout(&sizes, &links);
    for (card, (x, y)) in cards.iter_mut().zip(&found.corners) {
        (card.x, card.y) = (x + AROUND, y + AROUND + TITLE);
    }
    let title = title(diagram);
    let width = found.size.0.max(measure(&title, false)) + 2.0 * AROUND + ROOM;
    let height = found.size.1 + 2.0 * AROUND + TITLE;
    let mut out = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"sans-serif\" font-size=\"{TEXT}\">"
    );
    text(&mut out, (AROUND, AROUND + TEXT), LINE, "", &title);
    let _ = writeln!(
        out,
        "<g fill=\"none\" stroke=\"{LINE}\" stroke-width=\"1.4\">"
    );
    for number in 0..diagram.links.len() {
        link(&mut out, diagram, &cards, &found, number);
    }
    out += "</g>\n";
    for card in &cards {
        drawn(&mut out, card);
    }
    out += "</svg>";
    out
}

fn title(diagram: &Diagram) -> String {
    let mut parts = vec![diagram.title.as_str()];
    parts.extend(diagram.remarks.iter().map(String::as_str));
    shorten(&one_line(&parts.join(" · ")), 200)
}

fn measured(card: &Card) -> Drawn<'_> {
    let fields = fields(card);
    let of_field = |field: &&Field| {
        MARK + measure(&short(&field.name), false)
            + 2.0 * BESIDE
            + measure(&short(&field.type_name), false)
    };
    let heading = measure(&short(&card.name), true) + 2.0 * BESIDE + measure(&card.kind, false);
    let widest = fields.iter().map(of_field).fold(heading, f64::max);
    let rows = fields.len() + usize::from(fields.len() < card.fields.len());
    let foot = if rows > 0 { 5.0 } else { 0.0 };
    Drawn {
        card,
        width: (widest + BESIDE).max(90.0).ceil(),
        height: HEADING + rows as f64 * ROW + foot,
        fields,
        x: 0.0,
        y: 0.0,
    }
}

/// The columns that are drawn.
fn fields(card: &Card) -> Vec<&Field> {
    let is_key = |field: &Field| field.primary || field.foreign;
    let keys = card.fields.iter().filter(|field| is_key(field)).count();
    let (mut keys, mut others) = (keys.min(FIELDS), FIELDS.saturating_sub(keys));
    let mut drawn = Vec::new();
    for field in &card.fields {
        let room = match is_key(field) {
            true => &mut keys,
            false => &mut others,
        };
        if *room > 0 {
            *room -= 1;
            drawn.push(field);
        }
    }
    drawn
}

fn drawn(out: &mut String, drawn: &Drawn<'_>) {
    let Drawn {
        card,
        fields,
        width,
        height,
        x,
        y,
    } = drawn;
    let rectangle = |out: &mut String, height: f64, fill: &str, stroke: &str| {
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width}\" height=\"{height}\" rx=\"5\" fill=\"{fill}\" stroke=\"{stroke}\"/>"
        );
    };
    rectangle(out, *height, GROUND, "none");
    rectangle(out, HEADING, HEAD, "none");
    if *height > HEADING {
        // The heading is round above only.
        let (top, bottom) = (y + HEADING - 6.0, y + HEADING);
        let _ = writeln!(
            out,
            "<rect x=\"{x:.1}\" y=\"{top:.1}\" width=\"{width}\" height=\"{:.1}\" fill=\"{HEAD}\"/>",
            bottom - top
        );
    }
    rectangle(out, *height, "none", LINE);
    let base = y + HEADING - 9.0;
    text(
        out,
        (x + BESIDE, base),
        INK,
        "font-weight=\"bold\"",
        &short(&card.name),
    );
    let right = x + width - BESIDE;
    text(out, (right, base), FAINT, "text-anchor=\"end\"", &card.kind);
    let mut base = y + HEADING + ROW - 4.0;
    for field in fields {
        let mark = match (field.primary, field.foreign) {
            (true, true) => "PK FK",
            (true, false) => "PK",
            (false, true) => "FK",
            (false, false) => "",
        };
        text(
            out,
            (x + BESIDE - 2.0, base - 0.5),
            FAINT,
            "font-size=\"9\"",
            mark,
        );
        text(out, (x + MARK, base), INK, "", &short(&field.name));
        text(
            out,
            (right, base),
            FAINT,
            "text-anchor=\"end\"",
            &short(&field.type_name),
        );
        base += ROW;
    }
    if fields.len() < card.fields.len() {
        let more = format!("… {} more", card.fields.len() - fields.len());
        text(out, (x + MARK, base), FAINT, "", &more);
    }
}

/// A line from a key's first column to the column that it refers to, with its head there.
fn link(out: &mut String, diagram: &Diagram, cards: &[Drawn<'_>], found: &Layout, number: usize) {
    let link = &diagram.links[number];
    let (Some(from), Some(to)) = (cards.get(link.from.0), cards.get(link.to.0)) else {
        return;
    };
    let (here, there) = (height(from, &link.from.1), height(to, &link.to.1));
    let (column_from, column_to) = (found.columns[link.from.0], found.columns[link.to.0]);
    let mut path = String::new();
    let end = match column_from.cmp(&column_to) {
        std::cmp::Ordering::Equal => {
            // Round the right side of both; the further it goes the further out.
            let (x, end) = (from.x + from.width, to.x + to.width);
            let out = x.max(end) + (18.0 + (here - there).abs() / 20.0).min(ROOM);
            let _ = write!(
                path,
                "M{x:.1} {here:.1}C{out:.1} {here:.1} {out:.1} {there:.1} {end:.1} {there:.1}"
            );
            (end, there, 1.0)
        }
        order => {
            let to_left = order == std::cmp::Ordering::Greater;
            let start = if to_left { from.x } else { from.x + from.width };
            let end = if to_left { to.x + to.width } else { to.x };
            let mut at = (start, here);
            let _ = write!(path, "M{:.1} {:.1}", at.0, at.1);
            let mut curve = |next: (f64, f64)| {
                let half = (next.0 - at.0) / 2.0;
                let (one, other) = (at.0 + half, next.0 - half);
                let _ = write!(
                    path,
                    "C{one:.1} {:.1} {other:.1} {:.1} {:.1} {:.1}",
                    at.1, next.1, next.0, next.1
                );
                at = next;
            };
            let shift = |(x, y): (f64, f64)| (x + AROUND, y + AROUND + TITLE);
            let bends = found.bends.get(number).map_or(&[][..], Vec::as_slice);
            let mut points: Vec<(f64, f64)> = bends.iter().flatten().copied().map(shift).collect();
            if to_left {
                points.reverse();
            }
            for point in points {
                curve(point);
            }
            curve((end, there));
            (end, there, if to_left { 1.0 } else { -1.0 })
        }
    };
    let _ = writeln!(out, "<path d=\"{path}\"/>");
    let (x, y, side) = end;
    let base = x + 8.0 * side;
    let _ = writeln!(
        out,
        "<polygon points=\"{x:.1},{y:.1} {base:.1},{:.1} {base:.1},{:.1}\" fill=\"{LINE}\" stroke=\"none\"/>",
        y - 4.0,
        y + 4.0
    );
}

/// The middle of the row of a key's first column; of the heading, where that is not drawn.
fn height(drawn: &Drawn<'_>, columns: &[String]) -> f64 {
    let is_it = |field: &&Field| columns.first() == Some(&field.name);
    match drawn.fields.iter().position(is_it) {
        Some(row) => drawn.y + HEADING + (row as f64 + 0.5) * ROW,
        None => drawn.y + HEADING / 2.0,
    }
}

fn text(out: &mut String, (x, y): (f64, f64), fill: &str, more: &str, text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = write!(
        out,
        "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{fill}\" {more}>"
    );
    escape(out, text);
    *out += "</text>\n";
}

fn short(name: &str) -> String {
    shorten(&one_line(name), LONGEST)
}

/// How wide a text is about, in whatever font: rather more than less.
fn measure(text: &str, bold: bool) -> f64 {
    let em = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | ' ' | '.' | ',' | ':' | '\'' | '(' | ')'
        | '[' | ']' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.95,
        'A'..='Z' => 0.74,
        ' '..='~' => 0.58,
        _ => 0.62 * columns(c).unwrap_or(0) as f64,
    };
    let width: f64 = text.chars().map(em).sum();
    width * TEXT * if bold { 1.08 } else { 1.0 }
}
