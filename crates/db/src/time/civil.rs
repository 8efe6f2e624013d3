//! Days of the calendar that PostgreSQL uses for all times: the Gregorian one.

use std::fmt;

/// Microseconds of a day.
pub(super) const DAY: i64 = 86_400_000_000;
/// Days from 0000-03-01 to 2000-01-01: years begin in March here, so that February's end is the
/// year's.
const TO_2000: i64 = 730_425;
/// Days of four hundred years.
const ERA: i64 = 146_097;

/// A day; the year before 1 is 0.
#[derive(Clone, Copy)]
pub(super) struct Civil {
    pub(super) year: i64,
    pub(super) month: u32,
    pub(super) day: u32,
}

impl Civil {
    /// The day that is so many days after 2000-01-01.
    pub(super) fn of(days: i64) -> Self {
        let days = days + TO_2000;
        let era = days.div_euclid(ERA);
        let day = days.rem_euclid(ERA);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let in_year = day - (365 * year + year / 4 - year / 100);
        let month = (5 * in_year + 2) / 153;
        let small = |number: i64| u32::try_from(number).unwrap_or_default();
        Civil {
            year: year + 400 * era + i64::from(month >= 10),
            month: small(if month < 10 { month + 3 } else { month - 9 }),
            day: small(in_year - (153 * month + 2) / 5 + 1),
        }
    }

    /// Days after 2000-01-01; nothing where there is no such day.
    pub(super) fn days(self) -> Option<i64> {
        let Civil { year, month, day } = self;
        if !(1..=12).contains(&month) || day == 0 {
            return None;
        }
        let year = year - i64::from(month <= 2);
        let month = (i64::from(month) + 9) % 12;
        let in_era = year.rem_euclid(400);
        let in_year = (153 * month + 2) / 5 + i64::from(day) - 1;
        let days = year.div_euclid(400) * ERA + in_era * 365 + in_era / 4 - in_era / 100 + in_year
            - TO_2000;
        // A day that the month does not have is another one when it comes back.
        let back = Civil::of(days);
        ((back.month, back.day) == (self.month, self.day)).then_some(days)
    }

    /// `yyyy-mm-dd`, of a year counted backwards or not.
    pub(super) fn parse(text: &str, before_christ: bool) -> Option<Self> {
        let mut parts = text.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() || year.len() < 4 || month.len() != 2 || day.len() != 2 {
            return None;
        }
        let year = i64::from(digits(year)?);
        // There was no year 0.
        let year = match (year, before_christ) {
            (0, _) => return None,
            (year, true) => 1 - year,
            (year, false) => year,
        };
        Some(Civil {
            year,
            month: digits(month)?,
            day: digits(day)?,
        })
    }

    /// What is printed behind a day of a year before 1.
    pub(super) fn era(self) -> &'static str {
        if self.year <= 0 { " BC" } else { "" }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = if self.year <= 0 {
            1 - self.year
        } else {
            self.year
        };
        write!(f, "{year:04}-{:02}-{:02}", self.month, self.day)
    }
}

/// A number of digits and nothing else.
pub(super) fn digits(text: &str) -> Option<u32> {
    let all = text.bytes().all(|byte| byte.is_ascii_digit());
    if all { text.parse().ok() } else { None }
}
