//! What is asked of a column: `berlin` (contains it), `>= 10` (compares), `null`, `not null`.

use std::cmp::Ordering;

use display::Column;
use regex::{Regex, RegexBuilder};

use super::weight::{Weigh, decimal_order, letter_order};

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

fn order(weigh: Weigh, a: &str, b: &str) -> Ordering {
    let ((a_weight, a_text), (b_weight, b_text)) = (weigh.of(a), weigh.of(b));
    a_weight.total_cmp(&b_weight).then_with(|| match weigh {
        // One of them may be short enough to be told by its weight alone.
        Weigh::Number if a_text.is_empty() && b_text.is_empty() => Ordering::Equal,
        Weigh::Number => decimal_order(a, b),
        _ => letter_order(a_text, b_text),
    })
}
