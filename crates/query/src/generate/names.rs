//! Names of SQL as names of Rust.

use std::collections::HashSet;

use unicode_ident::{is_xid_continue, is_xid_start};
use unicode_normalization::UnicodeNormalization;

/// Words that are no names in Rust unless written `r#word`.
const WORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let",
    "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return",
    "static", "struct", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];
/// Words that are none at all.
const NEVER: &[&str] = &["self", "super", "crate", "_"];
/// Types and traits that every program knows without asking: a type of such a name would stand in
/// their place.
const KNOWN: &[&str] = &[
    "AsMut",
    "AsRef",
    "Box",
    "Clone",
    "Copy",
    "Default",
    "DoubleEndedIterator",
    "Drop",
    "Eq",
    "Err",
    "ExactSizeIterator",
    "Extend",
    "Fn",
    "FnMut",
    "FnOnce",
    "From",
    "FromIterator",
    "Future",
    "Into",
    "IntoFuture",
    "IntoIterator",
    "Iterator",
    "None",
    "Ok",
    "Option",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Result",
    "Send",
    "Sized",
    "Some",
    "String",
    "Sync",
    "ToOwned",
    "ToString",
    "TryFrom",
    "TryInto",
    "Unpin",
    "Vec",
];

/// Names given so far, of which each is given once.
#[derive(Default)]
pub(super) struct Names(HashSet<String>);

impl Names {
    /// Names of which some are taken.
    pub(super) fn without(taken: &[&str]) -> Self {
        Names(taken.iter().map(|name| (*name).to_owned()).collect())
    }

    /// A field or a function: `created_at` for `createdAt`, with a number where it is taken.
    pub(super) fn field(&mut self, sql: &str) -> String {
        self.give(&snake(sql), "_")
    }

    /// A variant of an enum.
    pub(super) fn variant(&mut self, sql: &str) -> String {
        self.give(&camel(sql), "")
    }

    fn give(&mut self, name: &str, before_number: &str) -> String {
        let mut given = name.to_owned();
        let mut count = 1;
        while !self.0.insert(given.clone()) {
            count += 1;
            given = format!("{name}{before_number}{count}");
        }
        match WORDS.contains(&given.as_str()) {
            true => format!("r#{given}"),
            false => given,
        }
    }
}

/// `created_at` for `createdAt`, `Created-At` and `created at`.
pub(super) fn snake(sql: &str) -> String {
    let mut name = String::new();
    let mut before = ' ';
    // Rust takes a letter with an accent behind it for the letter that has it.
    for c in sql.nfc() {
        // Some numbers and letters in circles are none to Rust.
        if !(c.is_alphanumeric() && is_xid_continue(c)) {
            before = c;
            if !name.is_empty() && !name.ends_with('_') {
                name.push('_');
            }
            continue;
        }
        if c.is_uppercase() && (before.is_lowercase() || before.is_ascii_digit()) {
            name.push('_');
        }
        name.extend(c.to_lowercase());
        before = c;
    }
    let name: String = name.trim_end_matches('_').nfc().collect();
    match name.chars().next() {
        None => "column".into(),
        Some(first) if !is_xid_start(first) => format!("_{name}"),
        Some(_) if NEVER.contains(&&*name) => format!("{name}_"),
        Some(_) => name,
    }
}

/// A name as it is, written as Rust writes it: `r#type` for `type`. None where Rust has no such name.
pub(crate) fn as_name(name: &str) -> Option<String> {
    let mut chars = name.chars();
    let first = chars.next().is_some_and(|c| is_xid_start(c) || c == '_');
    match first && chars.all(is_xid_continue) && !NEVER.contains(&name) && name != "Self" {
        true if WORDS.contains(&name) => Some(format!("r#{name}")),
        true => Some(name.to_owned()),
        false => None,
    }
}

/// `OrderItems` for `order_items`.
pub(crate) fn type_name(sql: &str) -> String {
    let name = camel(sql);
    match KNOWN.contains(&name.as_str()) {
        true => format!("Row{name}"),
        false => name,
    }
}

fn camel(sql: &str) -> String {
    let name: String = snake(sql)
        .split('_')
        .flat_map(|word| {
            let mut chars = word.chars();
            let first = chars.next().into_iter().flat_map(char::to_uppercase);
            first.chain(chars).collect::<Vec<_>>()
        })
        .collect::<String>()
        .nfc()
        .collect();
    match name.chars().next() {
        Some(first) if is_xid_start(first) && name != "Self" => name,
        _ => format!("Row{name}"),
    }
}

/// A text as Rust writes it.
pub(super) fn text(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_rusts() {
        let check = |sql: &str, field: &str, of_type: &str| {
            assert_eq!(
                (
                    Names::default().field(sql).as_str(),
                    type_name(sql).as_str()
                ),
                (field, of_type)
            );
        };
        check("id", "id", "Id");
        check("createdAt", "created_at", "CreatedAt");
        check("order items", "order_items", "OrderItems");
        check("type", "r#type", "Type");
        check("self", "self_", "RowSelf");
        check("?column?", "column", "Column");
        check("", "column", "Column");
        check("2nd", "_2nd", "Row2nd");
        check("größe", "größe", "Größe");
        check("ID", "id", "Id");
        check("option", "option", "RowOption");
        check("x²", "x", "X");
        check("Ⓐ ½", "column", "Column");
        check("표", "표", "표");
        check("cafe\u{301}", "café", "Café");
        check("\u{301}", "column", "Column");
        check("하", "하", "하");
        check(
            "commerce.order.priceTotal",
            "commerce_order_price_total",
            "CommerceOrderPriceTotal",
        );
    }

    #[test]
    fn a_variant_is_among_its_own() {
        let mut names = Names::default();
        let labels = [
            "none", "None", "self", "", "1", "ß", "é", "e\u{301}", "'); drop", "*/",
        ];
        let given = labels.map(|label| names.variant(label));
        let expected = [
            "None", "None2", "RowSelf", "Column", "Row1", "SS", "É", "É2", "Drop", "Column2",
        ];
        assert_eq!(given, expected);
    }

    #[test]
    fn a_name_is_given_once() {
        let mut names = Names::without(&["stored"]);
        let given = ["a", "A", "a_2", "type", "TYPE", "stored"].map(|sql| names.field(sql));
        assert_eq!(given, ["a", "a_2", "a_2_2", "r#type", "type_2", "stored_2"]);
    }
}
