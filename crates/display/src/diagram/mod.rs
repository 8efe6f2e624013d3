//! A diagram: tables as cards, their foreign keys as lines between them, and the same in words.
//!
//! The picture is the same on a light and on a dark page: cards have a ground of their own, and lines
//! a grey that shows on both. (Front ends show an SVG as a picture, which knows nothing of the page.)

mod layout;
mod svg;

use std::fmt::Write;

use crate::Bundle;
use crate::lines::{control, visible};
use crate::picture;

/// So many cards are drawn at most, those with keys first.
const DRAWN: usize = 60;

/// Cards and the links between them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagram {
    /// What it shows.
    pub title: String,
    /// What is to be said of all of it, in few words each.
    pub remarks: Vec<String>,
    /// The tables.
    pub cards: Vec<Card>,
    /// Their foreign keys.
    pub links: Vec<Link>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Card {
    /// Its name.
    pub name: String,
    /// What it is, where that is worth a word: `view`.
    pub kind: String,
    /// Its columns.
    pub fields: Vec<Field>,
}

/// A column of a card.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its type; may be empty.
    pub type_name: String,
    /// Whether the primary key has it.
    pub primary: bool,
    /// Whether a foreign key has it.
    pub foreign: bool,
}

/// A foreign key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// The card that has the key, by its place, and the key's columns.
    pub from: (usize, Vec<String>),
    /// The card that it refers to, and the columns there.
    pub to: (usize, Vec<String>),
}

impl Diagram {
    /// The picture, also as a page for LaTeX, and the words.
    pub fn bundle(&self) -> Bundle {
        let bundle = Bundle::plain(visible(&self.text()));
        if self.cards.is_empty() {
            return bundle;
        }
        let svg = self.svg();
        let bundle = picture::add_with_page(bundle.clone(), &svg).unwrap_or(bundle);
        bundle.with("image/svg+xml", svg)
    }

    /// Each table with what it refers to.
    pub fn text(&self) -> String {
        let mut out = one_line(&self.title);
        for remark in &self.remarks {
            let _ = write!(out, " · {}", one_line(remark));
        }
        out.push('\n');
        for (place, card) in self.cards.iter().enumerate() {
            out.push('\n');
            if !card.kind.is_empty() {
                let _ = write!(out, "{} ", card.kind);
            }
            out += &one_line(&card.name);
            for link in self.links.iter().filter(|link| link.from.0 == place) {
                let (to, there) = &link.to;
                let name = self.cards.get(*to).map_or("", |card| &card.name);
                let (here, there) = (link.from.1.join(", "), there.join(", "));
                let _ = write!(
                    out,
                    "\n  {} → {} ({})",
                    one_line(&here),
                    one_line(name),
                    one_line(&there)
                );
            }
        }
        out
    }

    /// The picture.
    pub fn svg(&self) -> String {
        svg::draw(&self.drawn())
    }

    /// As much of it as one picture holds, and what it says of the rest.
    fn drawn(&self) -> Diagram {
        if self.cards.len() <= DRAWN {
            return self.clone();
        }
        let mut linked = vec![false; self.cards.len()];
        for link in &self.links {
            for place in [link.from.0, link.to.0] {
                if let Some(linked) = linked.get_mut(place) {
                    *linked = true;
                }
            }
        }
        let mut chosen: Vec<usize> = (0..self.cards.len()).collect();
        chosen.sort_by_key(|place| !linked[*place]);
        chosen.truncate(DRAWN);
        chosen.sort_unstable();
        let links = self.links.iter().filter_map(|link| {
            let place = |of: usize| chosen.binary_search(&of).ok();
            Some(Link {
                from: (place(link.from.0)?, link.from.1.clone()),
                to: (place(link.to.0)?, link.to.1.clone()),
            })
        });
        let mut remarks = self.remarks.clone();
        remarks.push(format!("{DRAWN} of {} drawn", self.cards.len()));
        Diagram {
            title: self.title.clone(),
            remarks,
            links: links.collect(),
            cards: chosen.iter().map(|at| self.cards[*at].clone()).collect(),
        }
    }
}

/// A name on one line, whatever is in it.
fn one_line(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match control(c) {
            _ if c == '\n' => out.push(' '),
            Some(name) => out += &name,
            None => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(name: &str, fields: &[&str]) -> Card {
        let field = |name: &&str| Field {
            name: (*name).into(),
            type_name: "integer".into(),
            primary: *name == "id",
            foreign: name.ends_with("_id"),
        };
        Card {
            name: name.into(),
            fields: fields.iter().map(field).collect(),
            ..Card::default()
        }
    }

    fn link(from: usize, column: &str, to: usize) -> Link {
        Link {
            from: (from, vec![column.into()]),
            to: (to, vec!["id".into()]),
        }
    }

    #[test]
    fn words_say_who_refers_to_whom() {
        let diagram = Diagram {
            title: "shop".into(),
            remarks: vec!["2 tables".into()],
            cards: vec![
                card("customer", &["id", "boss_id"]),
                Card {
                    kind: "view".into(),
                    ..card("a\n<b>", &["customer_id"])
                },
            ],
            links: vec![link(0, "boss_id", 0), link(1, "customer_id", 0)],
        };
        assert_eq!(
            diagram.text(),
            "shop · 2 tables\n\ncustomer\n  boss_id → customer (id)\nview a <b>\n  customer_id → customer (id)"
        );
        let svg = diagram.svg();
        assert!(svg.contains("a &lt;b&gt;") && !svg.contains("<b>"), "{svg}");
        assert_eq!(svg.matches("<path").count(), 2);
    }

    #[test]
    fn of_a_wide_one_keys_are_drawn() {
        let mut names: Vec<String> = (0..30).map(|n| format!("c{n}")).collect();
        names.push("far_id".into());
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let diagram = Diagram {
            cards: vec![card("wide", &names)],
            ..Diagram::default()
        };
        let svg = diagram.svg();
        assert!(svg.contains(">c12<") && svg.contains(">far_id<") && !svg.contains(">c13<"));
        assert!(svg.contains(">… 17 more<"), "{svg}");
    }

    #[test]
    fn a_large_one_draws_those_with_keys() {
        let mut cards: Vec<Card> = (0..200).map(|n| card(&format!("t{n}"), &["id"])).collect();
        cards.push(card("last", &["id", "t_id"]));
        let diagram = Diagram {
            title: "many".into(),
            cards,
            links: vec![link(200, "t_id", 150)],
            ..Diagram::default()
        };
        let svg = diagram.svg();
        assert!(svg.contains("60 of 201 drawn"));
        assert!(svg.contains(">last<") && svg.contains(">t150<") && !svg.contains(">t100<"));
        assert_eq!(svg.matches("<path").count(), 1);
        assert_eq!(diagram.text().lines().count(), 204);
    }
}
