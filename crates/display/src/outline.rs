//! An outline: headings that can be folded, each over a table, a text or more headings.

use std::fmt::Write;

use crate::html::LIMIT;
use crate::lines::visible;
use crate::markup::{FAINT, PRE, escape, escape_lines, shorten};
use crate::{Bundle, Print, Table};

/// What is kept for closing what is open and for saying what is left out.
const RESERVE: usize = 1_000;
/// How many characters of a title, a remark or a line of text are given.
const SHORT: usize = 1_000;

/// Something with parts, to be unfolded where one wants to know more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outline {
    /// What it is.
    pub title: String,
    /// What is to be said of all of it, in few words each.
    pub remarks: Vec<String>,
    /// Its parts.
    pub sections: Vec<Section>,
}

/// A part of an outline.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// What it is.
    pub title: String,
    /// What is to be said of it, in few words each.
    pub remarks: Vec<String>,
    /// Whether it is unfolded from the beginning.
    pub open: bool,
    /// What is below its title.
    pub body: Body,
}

/// What is below a title.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// A table, without a line for the number of its rows.
    Table(Table),
    /// Text that keeps its lines: a definition, SQL.
    Text(String),
    /// Parts of its own.
    Sections(Vec<Section>),
}

impl Outline {
    /// Both forms for a notebook.
    pub fn bundle(&self, print: &Print) -> Bundle {
        Bundle::plain(self.text(print)).with("text/html", self.html(print))
    }

    /// The parts below each other, all unfolded.
    pub fn text(&self, print: &Print) -> String {
        let mut out = line(&self.title, &self.remarks);
        for section in &self.sections {
            section.text(&mut out, print);
        }
        out.truncate(out.trim_end_matches('\n').len());
        visible(&out).into_owned()
    }

    /// Headings that a browser folds, without script or style sheet; at most 500 kB, and what does
    /// not fit is said to be left out.
    pub fn html(&self, print: &Print) -> String {
        let mut out = String::from("<div class=\"tex2jax_ignore mathjax_ignore\">\n");
        if !(self.title.is_empty() && self.remarks.is_empty()) {
            out += "<div>";
            heading(&mut out, &self.title, &self.remarks);
            out += "</div>\n";
        }
        sections(&mut out, &self.sections, print);
        out += "</div>";
        out
    }
}

impl Section {
    fn text(&self, out: &mut String, print: &Print) {
        if !out.is_empty() {
            out.push('\n');
        }
        match &self.body {
            Body::Table(table) => {
                let titled = Table {
                    title: Some(line(&self.title, &self.remarks).trim_end().to_owned()),
                    ..table.clone()
                };
                *out += &titled.text(print);
            }
            Body::Text(text) => {
                *out += &line(&self.title, &self.remarks);
                *out += text.trim_end_matches('\n');
            }
            Body::Sections(parts) => {
                *out += &line(&self.title, &self.remarks);
                for part in parts {
                    part.text(out, print);
                }
            }
        }
        if !out.ends_with('\n') {
            out.push('\n');
        }
    }
}

fn line(title: &str, remarks: &[String]) -> String {
    let mut parts = vec![title];
    parts.extend(remarks.iter().map(String::as_str));
    parts.retain(|part| !part.is_empty());
    match parts.is_empty() {
        true => String::new(),
        false => parts.join(" · ") + "\n",
    }
}

/// Writes part after part as long as there is room.
fn sections(out: &mut String, parts: &[Section], print: &Print) {
    for (number, part) in parts.iter().enumerate() {
        let start = out.len();
        section(out, part, print);
        if out.len() + RESERVE > LIMIT {
            out.truncate(start);
            let left = parts.len() - number;
            let _ = writeln!(
                out,
                "<div style=\"{FAINT}\"><small>{left} more left out: this output would exceed \
                 {} kB</small></div>",
                LIMIT / 1000
            );
            return;
        }
    }
}

fn section(out: &mut String, part: &Section, print: &Print) {
    *out += if part.open {
        "<details open>"
    } else {
        "<details>"
    };
    *out += "<summary style=\"cursor:pointer\">";
    heading(out, &part.title, &part.remarks);
    *out += "</summary>\n<div style=\"margin:0 0 .5em 1.2em\">\n";
    match &part.body {
        Body::Table(table) => {
            *out += &table.html_within(print, LIMIT.saturating_sub(out.len() + RESERVE))
        }
        Body::Text(text) => {
            let _ = write!(out, "<pre style=\"{PRE}\">");
            escape_lines(out, text);
            *out += "</pre>";
        }
        Body::Sections(parts) => sections(out, parts, print),
    }
    *out += "\n</div></details>\n";
}

fn heading(out: &mut String, title: &str, remarks: &[String]) {
    if !title.is_empty() {
        *out += "<strong>";
        escape(out, &shorten(title, SHORT));
        *out += "</strong> ";
    }
    if !remarks.is_empty() {
        let _ = write!(out, "<small style=\"{FAINT}\">");
        escape(out, &shorten(&remarks.join(" · "), SHORT));
        *out += "</small>";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, Kind};

    fn table(rows: usize) -> Table {
        let row = |number: usize| vec![Some(format!("<{number}>"))];
        Table {
            footers: Some(Vec::new()),
            ..Table::new(
                vec![Column::new("name", "", Kind::Text)],
                (0..rows).map(row).collect(),
            )
        }
    }

    fn outline(sections: Vec<Section>) -> Outline {
        Outline {
            title: "people".into(),
            remarks: vec!["table".into(), "8 kB".into()],
            sections,
        }
    }

    fn of(title: &str, body: Body) -> Section {
        Section {
            title: title.into(),
            remarks: Vec::new(),
            open: true,
            body,
        }
    }

    #[test]
    fn text_is_all_unfolded() {
        let inner = of("inner", Body::Text("a\n  b\n".into()));
        let parts = vec![
            of("columns", Body::Table(table(1))),
            of("outer", Body::Sections(vec![inner])),
        ];
        assert_eq!(
            outline(parts).text(&Print::default()),
            "people · table · 8 kB\n\ncolumns\n name \n------\n <0>\n\nouter\n\ninner\na\n  b"
        );
    }

    #[test]
    fn html_folds_and_escapes() {
        let html = outline(vec![of("a < b", Body::Table(table(1)))]).html(&Print::default());
        assert!(html.contains("<details open><summary"), "{html}");
        assert!(
            html.contains("a &lt; b") && html.contains("&lt;0&gt;"),
            "{html}"
        );
        assert!(!html.contains("<script"));
    }

    #[test]
    fn html_stays_small_and_says_what_is_left_out() {
        let large = outline(vec![of("rows", Body::Table(table(100_000)))]);
        let html = large.html(&Print::default());
        assert!(
            html.len() <= LIMIT && html.contains("shown: more would"),
            "{}",
            html.len()
        );
        let parts = (0..300)
            .map(|_| of("rows", Body::Table(table(200))))
            .collect();
        let html = outline(parts).html(&Print::default());
        assert!(
            html.len() <= LIMIT && html.contains("left out"),
            "{}",
            html.len()
        );
        assert_eq!(
            html.matches("<details").count(),
            html.matches("</details>").count()
        );
    }
}
