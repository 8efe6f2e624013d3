//! Labels: what values are called in a picture; short, and no two of them alike.

use std::collections::HashMap;

use crate::chart::number::printed;
use crate::chart::value::{Nature, Reading, own_part};
use crate::lines::control;
use crate::width::{columns, width};

/// A label is this wide at most, in characters of a terminal; …
const SHORT: usize = 28;
/// … where that leaves two alike, this wide.
const LONG: usize = 56;

/// What every object of JavaScript has: Vega looks texts up in objects, and finds these there. A blank
/// of no width makes them others.
const OBJECTS: [&str; 12] = [
    "constructor",
    "hasOwnProperty",
    "isPrototypeOf",
    "propertyIsEnumerable",
    "toLocaleString",
    "toString",
    "valueOf",
    "__proto__",
    "__defineGetter__",
    "__defineSetter__",
    "__lookupGetter__",
    "__lookupSetter__",
];

/// What a value is called.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// On axes, in legends and in words.
    pub(super) text: String,
    /// All of it, where the text leaves something out.
    pub(super) whole: Option<String>,
}

/// Labels of different values. NULL, and the rest where there is one, come after all others in what they
/// may be called: no value is taken for them.
pub(super) fn labels(reading: &Reading, names: &[Option<&str>], other: Option<&str>) -> Vec<Label> {
    let mut forms: Vec<usize> = vec![0; names.len()];
    let text = |name: &str, form: usize| match reading.nature {
        Nature::Number | Nature::Duration => number(name, form),
        _ => worded(name, form),
    };
    let mut texts: Vec<String> = Vec::new();
    for form in 1..=FORMS {
        let said = names.iter().zip(&forms);
        texts = said
            .map(|(name, form)| text(name.unwrap_or_default(), *form))
            .collect();
        let mut times: HashMap<&str, usize> = HashMap::new();
        for (text, name) in texts.iter().zip(names) {
            *times.entry(text).or_default() += usize::from(name.is_some());
        }
        let alike = texts.iter().map(|text| times.get(text.as_str()) > Some(&1));
        let alike: Vec<bool> = alike.collect();
        if !alike.contains(&true) {
            break;
        }
        for (known, alike) in forms.iter_mut().zip(alike) {
            if alike {
                *known = form;
            }
        }
    }
    let mut taken: HashMap<String, usize> = HashMap::new();
    let mut labels: Vec<Label> = Vec::new();
    for (text, name) in texts.into_iter().zip(names) {
        let Some(name) = name else {
            labels.push(Label {
                text: String::new(),
                whole: None,
            });
            continue;
        };
        let whole = one_line(own_part(name));
        let is_whole = text.replace(',', "") == whole.replace(',', "") || name.is_empty();
        let mut text = fresh(text, &taken, |text, times| format!("{text} ({times})"));
        if OBJECTS.contains(&text.as_str()) {
            text.push('\u{200B}');
        }
        taken.insert(text.clone(), 1);
        labels.push(Label {
            text,
            whole: (!is_whole).then_some(whole),
        });
    }
    let around = |text: String, _| format!("({text})");
    for (label, _) in labels
        .iter_mut()
        .zip(names)
        .filter(|(_, name)| name.is_none())
    {
        label.text = fresh("NULL".into(), &taken, around);
        taken.insert(label.text.clone(), 1);
    }
    if let Some(other) = other {
        let text = fresh(other.into(), &taken, around);
        labels.push(Label { text, whole: None });
    }
    labels
}

/// A text like this one which is not taken.
fn fresh(
    text: String,
    taken: &HashMap<String, usize>,
    change: impl Fn(String, usize) -> String,
) -> String {
    let mut found = text;
    let (first, mut times) = (found.clone(), 2);
    while taken.contains_key(&found) {
        let changed = change(found.clone(), times);
        // What is numbered is numbered once.
        found = match changed.ends_with(&format!(" ({times})")) {
            true => change(first.clone(), times),
            false => changed,
        };
        times += 1;
    }
    found
}

/// The ways to write a value, the shortest first.
const FORMS: usize = 3;

/// Whole numbers as they are: a year has no comma.
pub(super) fn number(name: &str, form: usize) -> String {
    let room = if form == 0 { SHORT } else { LONG };
    let is_whole = name
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    match name.parse::<f64>() {
        Ok(number) if form == 0 && !is_whole && number.is_finite() => printed(number),
        Ok(_) => shortened(name, room),
        Err(_) => worded(name, form),
    }
}

fn worded(name: &str, form: usize) -> String {
    let name = own_part(name);
    let text = match (name, form) {
        ("", _) => "''".to_owned(),
        (name, 0 | 1) => one_line(name),
        (name, _) => told(name),
    };
    shortened(&text, if form == 0 { SHORT } else { LONG })
}

/// Characters that would break a line, or do something to a terminal, as what they are.
pub(super) fn one_line(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match control(c) {
            _ if matches!(c, '\n' | '\t' | '\r') => out.push(' '),
            Some(words) => out += &words,
            None => out.push(c),
        }
    }
    out
}

/// Also blanks, which look alike however many they are.
fn told(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out += "\\n",
            '\t' => out += "\\t",
            ' ' => out.push('␣'),
            c if c.is_whitespace() => out += &format!("\\u{:04X}", u32::from(c)),
            c if columns(c) == Some(0) => out += &format!("\\u{:04X}", u32::from(c)),
            c => out += &control(c).unwrap_or_else(|| c.to_string()),
        }
    }
    out
}

/// The beginning and the end of a text that is wider than there is room.
fn shortened(text: &str, room: usize) -> String {
    if width(text) <= room {
        return text.to_owned();
    }
    let upto = |room: usize, chars: &mut dyn Iterator<Item = char>| -> Vec<char> {
        let mut used = 0;
        let fits = |c: &char| {
            used += columns(*c).unwrap_or(1);
            used <= room
        };
        chars.take_while(fits).collect()
    };
    let tail = room / 3;
    let head = upto(room - 1 - tail, &mut text.chars());
    let tail = upto(tail, &mut text.chars().rev());
    head.into_iter()
        .chain(['…'])
        .chain(tail.into_iter().rev())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::value::From;

    fn check(nature: Nature, names: &[Option<&str>], expected: &[&str]) {
        let reading = Reading {
            nature,
            from: From::Itself,
        };
        let found = labels(&reading, names, Some("other"));
        let found: Vec<&str> = found.iter().map(|label| label.text.as_str()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn labels_are_as_short_as_they_differ() {
        check(
            Nature::Name,
            &[Some("Rome"), Some(""), None],
            &["Rome", "''", "NULL", "other"],
        );
        check(
            Nature::Name,
            &[None, Some("NULL"), Some("other")],
            &["(NULL)", "NULL", "other", "(other)"],
        );
        let long = |end: &str| format!("https://example.org/a/long/way/down/{end}/index.html");
        let (a, b) = (long("one"), long("two"));
        check(
            Nature::Name,
            &[Some(&a), Some("x")],
            &["https://example.or…ndex.html", "x", "other"],
        );
        check(Nature::Name, &[Some(&a), Some(&b)], &[&a, &b, "other"]);
        check(
            Nature::Name,
            &[Some("a\nb"), Some("a b")],
            &["a\\nb", "a␣b", "other"],
        );
        check(
            Nature::Name,
            &[Some("a  b"), Some("a b")],
            &["a  b", "a b", "other"],
        );
        let (a, b) = ("a".repeat(100), "a".repeat(101));
        let cut = shortened(&a, LONG);
        check(
            Nature::Name,
            &[Some(&a), Some(&b)],
            &[&cut, &format!("{cut} (2)"), "other"],
        );
    }

    #[test]
    fn numbers_have_the_digits_they_need() {
        check(
            Nature::Number,
            &[
                Some("3220311137312768"),
                Some("9007199254740993"),
                Some("12345.5"),
            ],
            &["3220311137312768", "9007199254740993", "12,345.5", "other"],
        );
        check(
            Nature::Number,
            &[
                Some("0.12345678"),
                Some("0.12345679"),
                Some("0.3333333333333"),
            ],
            &["0.12345678", "0.12345679", "0.333333", "other"],
        );
        check(
            Nature::Number,
            &[Some("NaN"), Some("1e+20")],
            &["NaN", "1e20", "other"],
        );
    }

    #[test]
    fn what_a_label_leaves_out_is_kept() {
        let reading = Reading::number();
        let found = labels(&reading, &[Some("0.3333333333333"), Some("12345.5")], None);
        assert_eq!(found[0].whole.as_deref(), Some("0.3333333333333"));
        assert_eq!(found[1].whole, None);
    }
}
