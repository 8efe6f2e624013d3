//! What is asked of a column: `berlin` (contains it), `>= 10` (compares), `null`, `not null`.

use std::cmp::Ordering;

use display::{Column, Kind, Money};
use regex::{Regex, RegexBuilder};

use super::weight::{Weigh, cents, completed, decimal_order, order, shown, without_offset};

/// One question to a column.
#[derive(Debug)]
pub(super) enum Filter {
    Null(bool),
    Contains(Kind, Search),
    Compares {
        weigh: Weigh,
        orders: &'static [Ordering],
        with: With,
    },
}

/// What values are compared with.
#[derive(Debug)]
pub(super) enum With {
    Value(String),
    /// An amount of money in its smallest unit.
    Units(String),
    /// A moment as a clock on the wall shows it, whatever its offset; and how much of it was said, where
    /// that is as much as is to be compared.
    Clock(String, Option<usize>),
}

/// A text to be found, whatever its case.
#[derive(Debug)]
pub(super) struct Search(Option<Regex>);

impl Filter {
    /// Reads a question; `money` is what the column tells of amounts, where it is one of money.
    ///
    /// # Errors
    /// It compares with something that is no value of the column's type, in words.
    pub(super) fn new(text: &str, column: &Column, money: Money) -> Result<Self, String> {
        use Ordering::{Equal, Greater, Less};
        // The longer operators first, which begin like the shorter ones.
        const OPERATORS: [(&str, &[Ordering]); 8] = [
            ("<=", &[Less, Equal]),
            (">=", &[Greater, Equal]),
            ("!=", &[Less, Greater]),
            ("<>", &[Less, Greater]),
            ("==", &[Equal]),
            ("<", &[Less]),
            (">", &[Greater]),
            ("=", &[Equal]),
        ];
        let text = text.trim();
        let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            ["null"] | ["is", "null"] | ["=" | "==", "null"] => return Ok(Filter::Null(true)),
            ["not", "null"] | ["is", "not", "null"] | ["!=" | "<>", "null"] => {
                return Ok(Filter::Null(false));
            }
            ["''"] => return Filter::compares(column, &[Equal], "''", money),
            _ => {}
        }
        for (operator, orders) in OPERATORS {
            if let Some(with) = text.strip_prefix(operator) {
                return Filter::compares(column, orders, with.trim(), money);
            }
        }
        Ok(Filter::Contains(column.kind, Search::new(text)))
    }

    fn compares(
        column: &Column,
        orders: &'static [Ordering],
        with: &str,
        money: Money,
    ) -> Result<Self, String> {
        // Quoted as in SQL, or as it stands.
        let quoted = with
            .strip_prefix('\'')
            .and_then(|with| with.strip_suffix('\''))
            .map(|with| with.replace("''", "'"));
        let with = quoted.as_deref().unwrap_or(with);
        let weigh = Weigh::new(column);
        let is_equal = !orders.contains(&Ordering::Less)
            || !orders.contains(&Ordering::Equal) && orders.len() == 2;
        let found = match weigh {
            Weigh::Number => number(with).map(With::Value),
            Weigh::Money => units(with, money).map(With::Units),
            Weigh::Moment => completed(with).map(|whole| {
                let whole = whole.to_lowercase();
                match without_offset(&whole) == whole {
                    // A day is equal to all of its moments.
                    true => With::Clock(whole, is_equal.then_some(with.len())),
                    false => With::Value(whole),
                }
            }),
            Weigh::Interval => weigh.knows(with).then(|| With::Value(with.to_owned())),
            Weigh::Text if column.kind == Kind::Boolean => {
                truth(with).map(|it| With::Value(it.into()))
            }
            // A time of day, as far as it was said.
            Weigh::Text if column.kind == Kind::Time => Some(With::Value(match with.len() {
                2 => format!("{with}:00:00"),
                5 => format!("{with}:00"),
                _ => with.to_owned(),
            })),
            Weigh::Text => Some(With::Value(with.to_owned())),
        };
        let with = found.ok_or_else(|| {
            let (what, such) = match weigh {
                Weigh::Number | Weigh::Money => ("a number", "1234.5"),
                Weigh::Moment => ("a date or a time", "2024-01-31 or 2024-01-31 12:30"),
                Weigh::Interval => ("an interval", "1 day 02:30:00"),
                Weigh::Text => ("true or false", "= true"),
            };
            format!(
                "{} is compared with {what}, such as {such}; {with:?} is none",
                column.name
            )
        })?;
        Ok(Filter::Compares {
            weigh,
            orders,
            with,
        })
    }

    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Filter::Null(wanted), value) => value.is_none() == *wanted,
            (_, None) => false,
            (Filter::Contains(kind, search), Some(value)) => search.finds(shown(*kind, value)),
            (
                Filter::Compares {
                    weigh,
                    orders,
                    with,
                },
                Some(value),
            ) => {
                let found = match with {
                    With::Value(with) => order(*weigh, value, with),
                    With::Units(with) => decimal_order(&cents(value), with),
                    With::Clock(with, said) => {
                        let value = without_offset(value);
                        let cut =
                            said.and_then(|said| Some((value.get(..said)?, with.get(..said)?)));
                        match cut {
                            Some((value, with)) if value == with => Ordering::Equal,
                            _ => order(*weigh, value, with),
                        }
                    }
                };
                orders.contains(&found)
            }
        }
    }
}

/// Whether only the operator of a comparison has been typed so far, which asks for nothing yet.
pub(super) fn is_begun(text: &str) -> bool {
    matches!(
        text.trim(),
        "<" | ">" | "=" | "!" | "!=" | "==" | "<=" | ">=" | "<>"
    )
}

/// A number as it is typed: `1234.5`, `1,234.5`, `-inf`.
fn number(text: &str) -> Option<String> {
    if text.parse::<f64>().is_ok() {
        return Some(text.trim_start_matches('+').to_owned());
    }
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut groups = whole.trim_start_matches(['-', '+']).split(',');
    let is_group =
        |group: &str| group.len() == 3 && group.bytes().all(|byte| byte.is_ascii_digit());
    let is_grouped = groups
        .next()
        .is_some_and(|first| (1..=3).contains(&first.len()))
        && groups.all(is_group);
    let plain = format!("{}{fraction}", whole.replace(',', ""));
    (is_grouped && plain.parse::<f64>().is_ok()).then_some(plain)
}

/// An amount in the smallest unit, as a number or as the server prints it.
fn units(text: &str, money: Money) -> Option<String> {
    let decimals = money.decimals();
    if let (Some(number), Some(decimals)) = (number(text), decimals) {
        let (whole, fraction) = number.split_once('.').unwrap_or((&number, ""));
        let is_plain = |text: &str| {
            text.bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'-')
        };
        let cut = fraction.get(..decimals).unwrap_or(fraction);
        let rest = fraction.get(decimals..).unwrap_or_default();
        let units = format!("{whole}{cut:0<decimals$}");
        let exact = rest.trim_end_matches('0').is_empty();
        let units = if exact {
            units
        } else {
            format!("{units}.{rest}")
        };
        return (is_plain(whole) && fraction.bytes().all(|byte| byte.is_ascii_digit()))
            .then_some(units);
    }
    let mut told = Money::default();
    told.see(text);
    (decimals.is_none() || told.decimals() == decimals).then(|| Money::units(text))?
}

/// A boolean as the server prints it.
fn truth(text: &str) -> Option<&'static str> {
    match text.to_lowercase().as_str() {
        "t" | "true" | "yes" | "on" | "1" => Some("t"),
        "f" | "false" | "no" | "off" | "0" => Some("f"),
        _ => None,
    }
}

impl Search {
    pub(super) fn new(text: &str) -> Self {
        let mut pattern = RegexBuilder::new(&regex::escape(text));
        // Only a text of megabytes makes no pattern: it is in no value.
        Search(pattern.case_insensitive(true).build().ok())
    }

    pub(super) fn finds(&self, value: &str) -> bool {
        self.0
            .as_ref()
            .is_some_and(|pattern| pattern.is_match(value))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn filter_of(text: &str, column: &Column) -> Filter {
        Filter::new(text, column, Money::default()).unwrap()
    }

    fn check(filter: &str, kind: Kind, holds: &[&str], not: &[&str]) {
        let type_name = match kind {
            Kind::Time => "timestamp with time zone",
            _ => "",
        };
        let filter = filter_of(filter, &Column::new("c", type_name, kind));
        assert!(
            holds.iter().all(|value| filter.holds(Some(value))),
            "{holds:?}"
        );
        assert!(
            not.iter().all(|value| !filter.holds(Some(value))),
            "{not:?}"
        );
    }

    #[test]
    fn a_filter_contains_compares_or_asks_for_null() {
        check(
            "größe",
            Kind::Text,
            &["Größe 1", "GRÖSSE GRÖßE"],
            &["Grosse"],
        );
        check("a.c", Kind::Text, &["xA.Cx"], &["abc"]);
        check(">= 10", Kind::Number, &["10", "10.0", "11"], &["9", "-10"]);
        check(
            "!= 1.50",
            Kind::Number,
            &["1.5000000000000000001"],
            &["1.5", "1.500"],
        );
        check("=NaN", Kind::Number, &["NaN"], &["1"]);
        check("< b", Kind::Text, &["a", "A"], &["b", "c"]);
        check(
            "> 2024-01-01",
            Kind::Time,
            &["2024-01-02"],
            &["2024-01-01", "2023-12-31"],
        );
        let null = filter_of(" NULL ", &Column::new("c", "", Kind::Text));
        assert!(null.holds(None) && !null.holds(Some("")));
        let some = filter_of("Is  Not NULL", &Column::new("c", "", Kind::Text));
        assert!(!some.holds(None) && some.holds(Some("")));
    }

    #[test]
    fn a_boolean_is_asked_for_as_it_is_shown() {
        for wanted in ["true", "TRUE", "t", "= true", "=t", "!= false", "> false"] {
            check(wanted, Kind::Boolean, &["t"], &["f"]);
        }
        check("false", Kind::Boolean, &["f"], &["t"]);
        check("= yes", Kind::Boolean, &["t"], &["f"]);
    }

    #[test]
    fn moments_are_compared_as_they_are_shown() {
        let night = "2024-01-01 00:30:00+02";
        check(
            ">= 2024-01-01",
            Kind::Time,
            &[night],
            &["2023-12-31 23:59:59+01"],
        );
        check("< 2024", Kind::Time, &["2023-12-31 23:59:59+01"], &[night]);
        check(
            "= 2024-01-01",
            Kind::Time,
            &[night],
            &["2024-01-02 00:00:00+02"],
        );
        check(
            "!= 2024-01",
            Kind::Time,
            &["2024-02-01 00:00:00+01"],
            &[night],
        );
        check(
            ">= 2024-01-01 00:30",
            Kind::Time,
            &[night],
            &["2024-01-01 00:29:00+02"],
        );
        // With an offset it is the instant that counts.
        check(
            "= 2023-12-31 22:30:00+00",
            Kind::Time,
            &[night],
            &["2023-12-31 22:30:00+02"],
        );
        check(
            "= Infinity",
            Kind::Time,
            &["infinity"],
            &[night, "-infinity"],
        );
    }

    #[test]
    fn numbers_are_typed_with_or_without_separators() {
        check("> 1,234", Kind::Number, &["1235"], &["1234", "2"]);
        check("= 1,234,567.5", Kind::Number, &["1234567.50"], &["1234567"]);
        check(">= inf", Kind::Number, &["Infinity", "NaN"], &["1e308"]);
        check("= nan", Kind::Number, &["NaN"], &["0"]);
        check("''", Kind::Text, &[""], &["''", "a"]);
        check("= 'null'", Kind::Text, &["null"], &[""]);
    }

    #[test]
    fn money_is_compared_in_any_language() {
        let column = Column::new("c", "money", Kind::Number);
        let mut money = Money::default();
        money.see("1.234,56 €");
        for wanted in [
            "= 1234.56",
            "= 1,234.56",
            "= 1.234,56 €",
            "> 1234.555",
            "< 1234.565",
        ] {
            let filter = Filter::new(wanted, &column, money).unwrap();
            assert!(filter.holds(Some("1.234,56 €")), "{wanted}");
            assert!(!filter.holds(Some(if wanted.starts_with('<') {
                "2.000,00 €"
            } else {
                "1,23 €"
            })));
        }
    }

    #[test]
    fn what_cannot_be_compared_is_said() {
        let check = |text: &str, type_name: &str, kind: Kind| {
            Filter::new(text, &Column::new("c", type_name, kind), Money::default()).unwrap_err()
        };
        assert!(check("> abc", "integer", Kind::Number).contains("a number"));
        assert!(check("> 1,5", "integer", Kind::Number).contains("a number"));
        assert!(is_begun(" >= ") && !is_begun("> 1") && !is_begun(""));
        assert!(check("= soon", "date", Kind::Time).contains("a date"));
        assert!(check("= maybe", "boolean", Kind::Boolean).contains("true or false"));
    }
}
