//! Numbers to their last digit: as servers print them, of any length, and as people read them.

use std::borrow::Cow;
use std::cmp::Ordering;

/// Digits before and behind the point.
struct Decimal<'a> {
    negative: bool,
    whole: &'a str,
    fraction: &'a str,
}

impl<'a> Decimal<'a> {
    /// Nothing where the text is none: `NaN`, `1e+20`.
    fn read(text: &'a str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        (!digits.is_empty() && is_number(whole) && is_number(fraction)).then(|| Decimal {
            negative,
            whole: whole.trim_start_matches('0'),
            fraction: fraction.trim_end_matches('0'),
        })
    }

    fn is_zero(&self) -> bool {
        self.whole.is_empty() && self.fraction.is_empty()
    }

    fn size(&self, other: &Decimal<'_>) -> Ordering {
        let length = self.whole.len().cmp(&other.whole.len());
        length
            .then_with(|| self.whole.cmp(other.whole))
            .then_with(|| self.fraction.cmp(other.fraction))
    }

    fn order(&self, other: &Decimal<'_>) -> Ordering {
        let below = |number: &Decimal<'_>| number.negative && !number.is_zero();
        match (below(self), below(other)) {
            (false, false) => self.size(other),
            (true, true) => other.size(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }

    /// Its digits with so many before and behind the point.
    fn digits(&self, whole: usize, fraction: usize) -> Vec<u8> {
        format!("{:0>whole$}{:0<fraction$}", self.whole, self.fraction).into_bytes()
    }
}

/// A number without what says nothing: equal numbers of a column have equal ones, different numbers
/// different ones, however long they are.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    let bytes = text.trim_start_matches('-').as_bytes();
    let begins = matches!(bytes, [b'1'..=b'9', ..]);
    let ends = !matches!(bytes.last(), Some(b'0' | b'.')) || !bytes.contains(&b'.');
    if begins && ends {
        return Cow::Borrowed(text);
    }
    let Some(number) = Decimal::read(text) else {
        return Cow::Borrowed(text);
    };
    let sign = if number.negative && !number.is_zero() {
        "-"
    } else {
        ""
    };
    let whole = if number.whole.is_empty() {
        "0"
    } else {
        number.whole
    };
    Cow::Owned(match number.fraction {
        "" => format!("{sign}{whole}"),
        fraction => format!("{sign}{whole}.{fraction}"),
    })
}

/// The order of numbers, to their last digit; what is none comes last.
pub(super) fn order(a: &str, b: &str) -> Ordering {
    // What has been cut is still of its size.
    let [a, b] = [a, b].map(|text| text.split('…').next().unwrap_or(text));
    let [x, y] = [a, b].map(|text| text.parse::<f64>().unwrap_or(f64::NAN));
    let rough = x.is_nan().cmp(&y.is_nan());
    let rough = rough.then_with(|| x.partial_cmp(&y).unwrap_or(Ordering::Equal));
    rough.then_with(|| match (Decimal::read(a), Decimal::read(b)) {
        (Some(a), Some(b)) => a.order(&b),
        _ => Ordering::Equal,
    })
}

/// What is left of a number after another one is taken from it; exact where both are near.
pub(super) fn difference(text: &str, base: &str) -> Option<f64> {
    let (Some(a), Some(b)) = (Decimal::read(text), Decimal::read(base)) else {
        // Numbers with an exponent are the machine's own, and near ones differ exactly.
        let (a, b): (f64, f64) = (text.parse().ok()?, base.parse().ok()?);
        return Some(a - b).filter(|number| number.is_finite());
    };
    let whole = a.whole.len().max(b.whole.len());
    let fraction = a.fraction.len().max(b.fraction.len());
    let (mut x, mut y) = (a.digits(whole, fraction), b.digits(whole, fraction));
    let adds = a.negative != b.negative;
    let turned = !adds && x < y;
    if turned {
        std::mem::swap(&mut x, &mut y);
    }
    let mut carry = 0;
    for (x, y) in x.iter_mut().zip(&y).rev() {
        let (this, that) = (i32::from(*x - b'0'), i32::from(*y - b'0'));
        let digit = if adds {
            this + that + carry
        } else {
            this - that + carry
        };
        carry = digit.div_euclid(10);
        *x = b'0' + digit.rem_euclid(10) as u8;
    }
    let digits = String::from_utf8(x).ok()?;
    let sign = if a.negative != turned { "-" } else { "" };
    let carried = if carry > 0 { "1" } else { "" };
    let number: f64 = format!("{sign}{carried}{digits}e-{fraction}")
        .parse()
        .ok()?;
    Some(number).filter(|number| number.is_finite())
}

/// A number as people read it, with as many digits as matter.
pub(super) fn printed(number: f64) -> String {
    printed_in(number, number)
}

/// The same beside others: with as many digits as tell it from those that lie around it within this
/// reach.
pub(super) fn printed_in(number: f64, reach: f64) -> String {
    if number == 0.0 || !number.is_finite() {
        return if number == 0.0 {
            "0".into()
        } else {
            number.to_string()
        };
    }
    let size = number.abs().log10().floor() as i32;
    let reach = match reach.abs() {
        reach if reach > 0.0 && reach.is_finite() => reach.log10().floor() as i32,
        _ => size,
    };
    // Six digits matter, and three of the reach; more than sixteen there are not.
    let last = (size - 5).min(reach - 2).max(size - 15);
    let is_exact = number.fract() == 0.0 && number.abs() < (1_u64 << 53) as f64;
    if !(-4..15).contains(&size) && !is_exact {
        let digits = (size - last) as usize;
        let text = format!("{number:.digits$e}");
        return match text.split_once('e') {
            Some((digits, exponent)) => format!("{}e{exponent}", trimmed(digits)),
            None => text,
        };
    }
    // Those of whole numbers all do.
    let decimals = (-last).clamp(0, 20) as usize;
    thousands(trimmed(&format!("{number:.decimals$}")))
}

/// How far two numbers are apart, for [`printed_in`].
pub(super) fn reach(least: f64, most: f64) -> f64 {
    match most - least {
        reach if reach > 0.0 => reach,
        _ => most,
    }
}

/// `times` with the point moved: what [`printed`] makes of `times × 10^exponent`, to its last digit.
pub(super) fn scaled(times: i64, exponent: i32) -> String {
    let digits = times.unsigned_abs().to_string();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return "0".into();
    }
    let exponent = exponent + (times.unsigned_abs().to_string().len() - digits.len()) as i32;
    let sign = if times < 0 { "-" } else { "" };
    let size = digits.len() as i32 - 1 + exponent;
    if !(-7..15).contains(&size) {
        let (first, rest) = digits.split_at(1);
        let point = if rest.is_empty() { "" } else { "." };
        return format!("{sign}{first}{point}{rest}e{size}");
    }
    if exponent >= 0 {
        return thousands(&format!("{sign}{digits}{}", "0".repeat(exponent as usize)));
    }
    let digits = format!(
        "{digits:0>width$}",
        width = exponent.unsigned_abs() as usize + 1
    );
    let (whole, fraction) = digits.split_at(digits.len() - exponent.unsigned_abs() as usize);
    thousands(&format!("{sign}{whole}.{fraction}"))
}

fn trimmed(text: &str) -> &str {
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.'),
        false => text,
    }
}

/// `1234567.5` with commas; four digits need none, and may be a year.
fn thousands(text: &str) -> String {
    let (sign, text) = match text.strip_prefix('-') {
        Some(rest) => ("-", rest),
        None => ("", text),
    };
    let (whole, fraction) = text.split_at(text.find('.').unwrap_or(text.len()));
    if whole.len() <= 4 {
        return format!("{sign}{text}");
    }
    let mut out = String::from(sign);
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out + fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_are_one_and_no_others() {
        let check = |text: &str, expected: &str| assert_eq!(plain(text), expected);
        check("42", "42");
        check("100", "100");
        check("2025.0", "2025");
        check("2025.00", "2025");
        check("-0.50", "-0.5");
        check("-0", "0");
        check("-0.00", "0");
        check("007", "7");
        check("9007199254740993", "9007199254740993");
        check("1e+20", "1e+20");
        check("NaN", "NaN");
    }

    #[test]
    fn numbers_are_ordered_to_their_last_digit() {
        let numbers = [
            "-Infinity",
            "-9007199254740993",
            "-9007199254740992",
            "0",
            "0.12345678901234567890",
            "0.12345678901234567891",
            "9007199254740992",
            "9007199254740993",
            "1e+20",
            "Infinity",
            "NaN",
        ];
        for pair in numbers.windows(2) {
            assert_eq!(order(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(order(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(order("1.0", "1"), Ordering::Equal);
    }

    #[test]
    fn differences_are_exact() {
        let check = |a: &str, b: &str, expected: f64| {
            assert_eq!(difference(a, b), Some(expected), "{a} - {b}");
        };
        check("9007199254740993", "9007199254740992", 1.0);
        check("9007199254740992", "9007199254740993", -1.0);
        check("0.12345678901234567891", "0.1234567890123456789", 1e-20);
        check("-5", "-7.5", 2.5);
        check("-5", "7", -12.0);
        check("95", "-7", 102.0);
        check("7", "7.0", 0.0);
        check("1e+20", "99999999999999983616", 16384.0);
        assert_eq!(difference("NaN", "1"), None);
    }

    #[test]
    fn numbers_are_printed_as_people_read_them() {
        let check = |number: f64, expected: &str| assert_eq!(printed(number), expected);
        check(0.0, "0");
        check(1_234_567.0, "1,234,567");
        check(-12345.5, "-12,345.5");
        check(0.1 + 0.2, "0.3");
        check(12.345_678, "12.3457");
        check(1e20, "1e20");
        check(1.602e-19, "1.602e-19");
        check(100.0, "100");
    }

    #[test]
    fn numbers_beside_others_differ() {
        let check = |least: f64, most: f64, expected: [&str; 2]| {
            let reach = reach(least, most);
            assert_eq!([least, most].map(|at| printed_in(at, reach)), expected);
        };
        check(1234.5678, 1234.5679, ["1234.5678", "1234.5679"]);
        check(
            3_220_311_137_312_768.0,
            3_220_312_332_320_768.0,
            ["3,220,311,137,312,768", "3,220,312,332,320,768"],
        );
        check(3.2203111e25, 3.2203112e25, ["3.2203111e25", "3.2203112e25"]);
        check(2.0, 7.0, ["2", "7"]);
    }

    #[test]
    fn whole_numbers_of_steps_are_printed_to_the_last_digit() {
        let check = |times: i64, exponent: i32, expected: &str| {
            assert_eq!(scaled(times, exponent), expected);
        };
        check(3, -1, "0.3");
        check(-25, -1, "-2.5");
        check(0, -20, "0");
        check(12, -20, "1.2e-19");
        check(100, 298, "1e300");
        check(12345, 1, "123,450");
        check(20, -1, "2");
    }
}
