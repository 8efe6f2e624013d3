//! What is asked of a column: `berlin` (contains it), `>= 10` (compares), `null`, `not null`.

use std::cmp::Ordering;

use display::Column;
use regex::{Regex, RegexBuilder};

use super::weight::{Weigh, order};

/// One question to a column.
pub(super) enum Filter {
    Null(bool),
    Contains(Search),
    Compares {
        weigh: Weigh,
        orders: &'static [Ordering],
        with: String,
    },
}

/// A text to be found, whatever its case.
pub(super) struct Search(Option<Regex>);

impl Filter {
    pub(super) fn new(text: &str, column: &Column) -> Self {
        use Ordering::{Equal, Greater, Less};
        // The longer operators first, which begin like the shorter ones.
        const OPERATORS: [(&str, &[Ordering]); 7] = [
            ("<=", &[Less, Equal]),
            (">=", &[Greater, Equal]),
            ("!=", &[Less, Greater]),
            ("<>", &[Less, Greater]),
            ("<", &[Less]),
            (">", &[Greater]),
            ("=", &[Equal]),
        ];
        let text = text.trim();
        match text.to_lowercase().as_str() {
            "null" => return Filter::Null(true),
            "not null" => return Filter::Null(false),
            _ => {}
        }
        for (operator, orders) in OPERATORS {
            if let Some(with) = text.strip_prefix(operator) {
                return Filter::Compares {
                    weigh: Weigh::new(column),
                    orders,
                    with: with.trim().to_owned(),
                };
            }
        }
        Filter::Contains(Search::new(text))
    }

    pub(super) fn holds(&self, value: Option<&str>) -> bool {
        match (self, value) {
            (Filter::Null(wanted), value) => value.is_none() == *wanted,
            (_, None) => false,
            (Filter::Contains(search), Some(value)) => search.finds(value),
            (
                Filter::Compares {
                    weigh,
                    orders,
                    with,
                },
                Some(value),
            ) => orders.contains(&order(*weigh, value, with)),
        }
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
    use display::Kind;

    use super::*;

    fn check(filter: &str, kind: Kind, holds: &[&str], not: &[&str]) {
        let filter = Filter::new(filter, &Column::new("c", "", kind));
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
        let null = Filter::new(" NULL ", &Column::new("c", "", Kind::Text));
        assert!(null.holds(None) && !null.holds(Some("")));
        let some = Filter::new("not null", &Column::new("c", "", Kind::Text));
        assert!(!some.holds(None) && some.holds(Some("")));
    }
}
