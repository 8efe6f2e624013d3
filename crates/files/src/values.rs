//! A value's text, as the server prints it, in the forms a typed file keeps.

/// Why a value is not what its column's type says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// Infinite, not a number, or beyond what the file's type holds.
    Beyond,
    /// Printed in a form that is not read here.
    Form(&'static str),
}

const ISO: Unfit = Unfit::Form("is not a date in the ISO form: set datestyle = iso, and ask again");
const TIME: Unfit = Unfit::Form("is not a time");
const INTERVAL: Unfit = Unfit::Form(
    "is not an interval in PostgreSQL's form: set intervalstyle = postgres, and ask again",
);
const NUMBER: Unfit = Unfit::Form("is not a number");

/// Microseconds of a day.
pub(crate) const DAY: i64 = 86_400_000_000;

/// Days since 1970-01-01.
pub(crate) fn date(text: &str) -> Result<i32, Unfit> {
    if matches!(text, "infinity" | "-infinity") {
        return Err(Unfit::Beyond);
    }
    let (text, before_christ) = era(text);
    let days = days(text, before_christ)?;
    i32::try_from(days).map_err(|_| Unfit::Beyond)
}

/// Microseconds since 1970-01-01 00:00, in UTC where the text has an offset.
pub(crate) fn timestamp(text: &str) -> Result<i64, Unfit> {
    if matches!(text, "infinity" | "-infinity") {
        return Err(Unfit::Beyond);
    }
    let (text, before_christ) = era(text);
    let (day, clock) = text.split_once([' ', 'T']).ok_or(ISO)?;
    let days = days(day, before_christ)?;
    let (clock, offset) = match clock.find(['+', '-']) {
        Some(at) => (&clock[..at], offset(&clock[at..])?),
        None => (clock, 0),
    };
    let micros = time(clock)?.checked_sub(offset).ok_or(Unfit::Beyond)?;
    let days = days.checked_mul(DAY).ok_or(Unfit::Beyond)?;
    days.checked_add(micros).ok_or(Unfit::Beyond)
}

/// Microseconds since midnight.
pub(crate) fn time(text: &str) -> Result<i64, Unfit> {
    let mut parts = text.split(':');
    let mut part = || parts.next().ok_or(TIME);
    let (hours, minutes) = (whole(part()?)?, whole(part()?)?);
    let seconds = micros(parts.next().unwrap_or("0"))?;
    Ok((hours * 60 + minutes) * 60_000_000 + seconds)
}

/// Months, days and microseconds.
pub(crate) fn interval(text: &str) -> Result<(i32, i32, i64), Unfit> {
    let (mut months, mut days, mut clock) = (0_i64, 0_i64, 0_i64);
    let mut words = text.split(' ');
    while let Some(word) = words.next() {
        if word.contains(':') {
            let (sign, word) = signed(word);
            clock = sign * time(word)?;
            continue;
        }
        let (sign, digits) = signed(word);
        let count = sign * whole(digits).map_err(|_| INTERVAL)?;
        match words.next().ok_or(INTERVAL)? {
            "year" | "years" => months += 12 * count,
            "mon" | "mons" => months += count,
            "day" | "days" => days += count,
            _ => return Err(INTERVAL),
        }
    }
    let small = |count: i64| i32::try_from(count).map_err(|_| Unfit::Beyond);
    Ok((small(months)?, small(days)?, clock))
}

/// A decimal number times ten to the `scale`, as its digits with their sign.
pub(crate) fn decimal(text: &str, scale: usize) -> Result<String, Unfit> {
    let (sign, digits) = signed(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let bytes = whole.bytes().chain(fraction.bytes());
    if !bytes.clone().all(|byte| byte.is_ascii_digit()) || bytes.count() == 0 {
        return Err(Unfit::Beyond);
    }
    if fraction.len() > scale {
        return Err(NUMBER);
    }
    let sign = if sign < 0 { "-" } else { "" };
    Ok(format!("{sign}{whole}{fraction:0<scale$}"))
}

/// The bytes of a bytea, in either of its two forms.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    if let Some(hex) = text.strip_prefix("\\x") {
        return hex_bytes(hex.as_bytes());
    }
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, rest) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                rest = after;
            }
            (b'\\', [a, b, c, after @ ..]) => {
                let digits = str::from_utf8(&[*a, *b, *c]).ok().map(str::to_owned)?;
                bytes.push(u8::from_str_radix(&digits, 8).ok()?);
                rest = after;
            }
            (b'\\', _) => return None,
            (other, _) => bytes.push(*other),
        }
    }
    Some(bytes)
}

/// A boolean: PostgreSQL prints a letter, and engines that resemble it print the word.
pub(crate) fn truth(text: &[u8]) -> Option<bool> {
    match text {
        b"t" | b"true" => Some(true),
        b"f" | b"false" => Some(false),
        _ => None,
    }
}

/// The sixteen bytes of a UUID.
pub(crate) fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    hex_bytes(&digits)?.try_into().ok()
}

fn hex_bytes(digits: &[u8]) -> Option<Vec<u8>> {
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    pairs
        .iter()
        .map(|[high, low]| u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok())
        .collect()
}

/// A text without ` BC`, and whether it had it.
fn era(text: &str) -> (&str, bool) {
    match text.strip_suffix(" BC") {
        Some(text) => (text, true),
        None => (text, false),
    }
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(text: &str, before_christ: bool) -> Result<i64, Unfit> {
    let mut parts = text.split('-');
    let mut part = || whole(parts.next().unwrap_or_default()).map_err(|_| ISO);
    let (year, month, day) = (part()?, part()?, part()?);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return Err(ISO);
    }
    // The year before 1 is 1 BC.
    let year = if before_christ { 1 - year } else { year };
    // Years that begin in March have their leap day at the end.
    let year = if month > 2 { year } else { year - 1 };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Ok(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// The year, month and day that is so many days after 1970-01-01; the inverse of [`date`].
pub(crate) fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + i64::from(month <= 2), month, day)
}

/// `+02`, `-03:30`, `+00:17:30` in microseconds.
fn offset(text: &str) -> Result<i64, Unfit> {
    let (sign, text) = signed(text);
    let mut seconds = 0;
    for (part, unit) in text.split(':').zip([3600, 60, 1]) {
        seconds += whole(part)? * unit;
    }
    Ok(sign * seconds * 1_000_000)
}

fn signed(text: &str) -> (i64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    }
}

/// Seconds with a fraction, in microseconds.
fn micros(text: &str) -> Result<i64, Unfit> {
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    let scale = 10_i64.pow(u32::try_from(6_usize.saturating_sub(fraction.len())).unwrap_or(0));
    let fraction = match fraction.get(..6.min(fraction.len())).unwrap_or_default() {
        "" => 0,
        digits => whole(digits)?,
    };
    Ok(whole(seconds)? * 1_000_000 + fraction * scale)
}

/// At most fifteen digits, so that no product of them overflows.
fn whole(text: &str) -> Result<i64, Unfit> {
    match text.len() {
        1..=15 if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().map_err(|_| TIME),
        _ => Err(TIME),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn dates() {
        assert_eq!(date("1970-01-01"), Ok(0));
        assert_eq!(date("2000-02-29"), Ok(11_016));
        assert_eq!(date("1969-12-31"), Ok(-1));
        assert_eq!(date("0001-01-01"), Ok(-719_162));
        assert_eq!(date("0001-12-31 BC"), Ok(-719_163));
        assert_eq!(date("4713-01-01 BC"), Ok(-2_440_550));
        assert_eq!(civil(11_016), (2000, 2, 29));
        assert_eq!(civil(-719_163), (0, 12, 31));
        assert_eq!(civil(-2_440_550), (-4712, 1, 1));
        assert_eq!(date("infinity"), Err(Unfit::Beyond));
        assert_eq!(date("29.02.2000"), Err(ISO));
        assert_eq!(date("2000-13-01"), Err(ISO));
    }

    #[test]
    fn times() {
        assert_eq!(time("00:00:00"), Ok(0));
        assert_eq!(time("23:59:59.999999"), Ok(DAY - 1));
        assert_eq!(time("24:00:00"), Ok(DAY));
        assert_eq!(timestamp("1970-01-02 00:00:00.5"), Ok(DAY + 500_000));
        assert_eq!(timestamp("1970-01-01 02:00:00+02"), Ok(0));
        assert_eq!(timestamp("1969-12-31 20:30:00-03:30"), Ok(0));
        assert_eq!(
            timestamp("1900-01-01 00:17:30+00:17:30"),
            timestamp("1900-01-01 00:00:00")
        );
        assert_eq!(timestamp("-infinity"), Err(Unfit::Beyond));
        assert_eq!(timestamp("294276-12-31 23:59:59"), Err(Unfit::Beyond));
        assert_eq!(timestamp("Sat Jan 01 00:00:00 2000"), Err(ISO));
    }

    #[test]
    fn intervals() {
        let hour = 3_600_000_000;
        assert_eq!(
            interval("1 year 2 mons -3 days +04:00:00"),
            Ok((14, -3, 4 * hour))
        );
        assert_eq!(interval("-01:00:00.5"), Ok((0, 0, -hour - 500_000)));
        assert_eq!(interval("00:00:00"), Ok((0, 0, 0)));
        assert_eq!(interval("P1Y"), Err(INTERVAL));
    }

    #[test]
    fn decimals_and_bytes() {
        assert_eq!(decimal("-12.5", 3).unwrap(), "-12500");
        assert_eq!(decimal("7", 0).unwrap(), "7");
        assert_eq!(decimal("NaN", 2), Err(Unfit::Beyond));
        assert_eq!(decimal("1.25", 1), Err(NUMBER));
        assert_eq!(bytes("\\x00ff"), Some(vec![0, 255]));
        assert_eq!(bytes("a\\\\b\\377"), Some(vec![b'a', b'\\', b'b', 255]));
        assert_eq!(bytes("\\x0"), None);
        assert!(uuid("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11").is_some());
        assert!(uuid("a0ee").is_none());
    }
}
