//! Money as the server prints it, whose language nobody knows: `$1,234.50`, `1.234,50 €`, `¥1,235`.
//!
//! Which of the separators is the decimal one cannot be told by its looks. But every amount of a column
//! has as many decimals, so its digits alone are its amount in the smallest unit, and one value whose
//! last group has not three digits, or two different separators, tells how many decimals that are.
//! Where no value tells, nothing is guessed.

/// What the values of a column tell of its decimals.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Money {
    decimals: Option<usize>,
    contradicts: bool,
}

impl Money {
    /// Looks at a value.
    pub fn see(&mut self, text: &str) {
        match (decimals(text), self.decimals) {
            (None, _) => {}
            (found, None) => self.decimals = found,
            (found, known) => self.contradicts |= found != known,
        }
    }

    /// How many decimals amounts have; nothing where no value told, or not all the same.
    pub fn decimals(self) -> Option<usize> {
        self.decimals.filter(|_| !self.contradicts)
    }

    /// The amount in the smallest unit: `123450`. Nothing where the text has no digits.
    pub fn units(text: &str) -> Option<String> {
        let mut digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() {
            return None;
        }
        // Some languages put what is below zero into parentheses.
        let is_negative = |c: char| matches!(c, '-' | '−' | '(');
        if text.contains(is_negative) && digits.contains(|c: char| c != '0') {
            digits.insert(0, '-');
        }
        Some(digits)
    }

    /// The amount as a number: `1234.50`, where it has two decimals.
    pub fn number(text: &str, decimals: usize) -> Option<String> {
        let units = Money::units(text)?;
        let (sign, digits) = match units.strip_prefix('-') {
            Some(digits) => ("-", digits),
            None => ("", units.as_str()),
        };
        let digits = format!("{digits:0>width$}", width = decimals + 1);
        let (whole, fraction) = digits.split_at(digits.len() - decimals);
        Some(match fraction {
            "" => format!("{sign}{whole}"),
            fraction => format!("{sign}{whole}.{fraction}"),
        })
    }
}

/// How many decimals a value has, where it tells.
fn decimals(text: &str) -> Option<usize> {
    let start = text.find(|c: char| c.is_ascii_digit())?;
    let end = text.rfind(|c: char| c.is_ascii_digit())?;
    let amount = text.get(start..=end)?;
    let groups: Vec<&str> = amount
        .split(|c: char| !c.is_ascii_digit())
        .filter(|group| !group.is_empty())
        .collect();
    let separators: Vec<&str> = amount
        .split(|c: char| c.is_ascii_digit())
        .filter(|separator| !separator.is_empty())
        .collect();
    match (groups.as_slice(), separators.as_slice()) {
        // With decimals it had a separator.
        ([_], _) => Some(0),
        ([.., last], _) if last.len() != 3 => Some(last.len()),
        ([.., last], [.., before, sign]) => Some(if before == sign { 0 } else { last.len() }),
        // No group of thousands begins with a zero, or is longer than three.
        ([first, last], _) if first.starts_with('0') || first.len() > 3 => Some(last.len()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_told_by_what_cannot_be_otherwise() {
        let check = |texts: &[&str], expected: Option<usize>| {
            let mut money = Money::default();
            texts.iter().for_each(|text| money.see(text));
            assert_eq!(money.decimals(), expected, "{texts:?}");
        };
        check(&["$1,234.50"], Some(2));
        check(&["1.234,56 €"], Some(2));
        check(&["1\u{202f}234,56 €"], Some(2));
        check(&["($5.00)"], Some(2));
        check(&["Rs. 12.00"], Some(2));
        check(&["¥1,235"], None);
        check(&["¥1,235", "¥12,000"], None);
        check(&["¥1,235", "¥7"], Some(0));
        check(&["¥1,234,567"], Some(0));
        check(&["KD 1.235"], None);
        check(&["KD 0.235", "KD 1.235"], Some(3));
        check(&["KD 1,234.567"], Some(3));
        check(&["$1.00", "1"], None);
        check(&["", "€"], None);
    }

    #[test]
    fn amounts_are_their_digits() {
        let check = |text: &str, decimals: usize, expected: Option<&str>| {
            assert_eq!(Money::number(text, decimals).as_deref(), expected);
        };
        check("1.234,56 €", 2, Some("1234.56"));
        check("-1 234,56 €", 2, Some("-1234.56"));
        check("($0.05)", 2, Some("-0.05"));
        check("-$0.00", 2, Some("0.00"));
        check("¥1,235", 0, Some("1235"));
        check("KD 1.235", 3, Some("1.235"));
        check("€", 2, None);
    }
}
