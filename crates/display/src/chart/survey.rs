//! The first pass: how far each column reaches, and which names it holds.

use std::collections::HashMap;

use crate::Money;
use crate::chart::moment::{self, MILLISECOND, Unit};
use crate::chart::number;
use crate::chart::value::{From, Nature, Reading};

/// More different names than these are not told apart at once: the rarest half is forgotten.
const NAMES: usize = 20_000;
/// More different numbers or moments than these are no names.
const NUMBERS: usize = 2_000;

/// Numbers that lie closer together than this share of their size are counted from the least of them:
/// a scale has 52 bits, and a picture needs a dozen of them.
const CLOSE: f64 = 1.0 / (1_u64 << 36) as f64;
/// A clock is turned back no more often than this, in microseconds.
const TURNED: i64 = 150 * moment::DAY;
/// More clocks than these a column does not go by.
const ZONES: usize = 8;

/// What is known of a column after the first pass.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) reading: Reading,
    /// Rows whose value is NULL.
    pub(super) nulls: u64,
    /// Rows whose value cannot be drawn: not finite, or outside of the calendar.
    pub(super) strange: u64,
    /// Rows whose value is a number or a moment.
    numbers: u64,
    /// The reach of its numbers.
    pub(super) reach: Option<(f64, f64)>,
    /// The texts of the least and the greatest.
    ends: Option<(String, String)>,
    pub(super) whole: bool,
    /// The unit that all of its moments begin.
    pub(super) unit: Option<Unit>,
    /// The clocks that its moments go by: how far before UTC, and from when to when.
    zones: Vec<(i64, i64, i64)>,
    money: Money,
    /// Its different values, by [`Reading::name`].
    pub(super) names: HashMap<String, Name>,
    /// What is known of NULL as a name.
    pub(super) null: Option<Name>,
    /// There were more than `names` holds: of names only some are left, of numbers none.
    pub(super) forgotten: bool,
}

/// One of a column's values.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Name {
    /// How much it counts for being shown.
    pub(super) weight: f64,
    /// The row it came in first.
    pub(super) first: u64,
}

/// What a chart does with a column, as far as it matters to how the column is counted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// Nothing is measured from zero: numbers may be counted from another one.
    pub(super) floats: bool,
    /// So many ranges have room.
    pub(super) room: usize,
    /// As many values are shown each for itself.
    pub(super) each: bool,
}

impl Tally {
    pub(super) fn new(reading: Reading) -> Self {
        Tally {
            reading,
            nulls: 0,
            strange: 0,
            numbers: 0,
            reach: None,
            ends: None,
            whole: true,
            unit: None,
            zones: Vec::new(),
            money: Money::default(),
            names: HashMap::new(),
            null: None,
            forgotten: false,
        }
    }

    /// Takes a value in; `weight` is how much its row counts, and `named` whether its different
    /// values matter.
    pub(super) fn take(&mut self, row: u64, text: Option<&str>, weight: f64, named: bool) {
        match (text, self.reading.nature) {
            (None, _) => self.nulls += 1,
            (Some(_), Nature::Truth | Nature::Name) => {}
            (Some(text), Nature::Moment) => match moment::moment(text) {
                Some((at, offset)) => {
                    self.reach(at as f64, text);
                    if let Some(offset) = offset {
                        self.zone(at, offset);
                    }
                }
                None => self.strange += 1,
            },
            (Some(text), _) => match self.reading.read(text) {
                Some(number) => self.reach(number, text),
                None => self.strange += 1,
            },
        }
        if let (Some(text), From::Units) = (text, &self.reading.from) {
            self.money.see(text);
        }
        if named {
            self.name(row, text, weight);
        }
    }

    /// What its intervals are counted in, in seconds, and how that is called.
    pub(super) fn counted_in(&self) -> (f64, Option<&'static str>) {
        let (least, most) = self.reach.unwrap_or_default();
        match least.abs().max(most.abs()) {
            _ if self.reading.nature != Nature::Duration => (1.0, None),
            most if most >= 172_800.0 => (86_400.0, Some("days")),
            most if most >= 7_200.0 => (3_600.0, Some("hours")),
            most if most >= 120.0 => (60.0, Some("minutes")),
            most if most >= 0.5 || most == 0.0 => (1.0, Some("seconds")),
            _ => (0.001, Some("ms")),
        }
    }

    /// All values have been seen: how they are to be read from here on.
    pub(super) fn settle(&mut self, used: Use) {
        match (&self.reading.from, self.reading.nature) {
            (From::Units, _) => self.settle_money(),
            (_, Nature::Moment | Nature::Time) => self.settle_clock(used),
            _ => {}
        }
        if self.reading == Reading::number() && used.floats {
            self.settle_number();
        }
    }

    /// Whether it holds money of which nobody can tell how many decimals it has.
    pub(super) fn is_unclear(&self) -> bool {
        self.reading.from == From::Unclear && self.strange > 0
    }

    fn settle_number(&mut self) {
        let (Some((least, most)), Some((from, to))) = (self.reach, &self.ends) else {
            return;
        };
        let base = number::plain(from).into_owned();
        let spread = number::difference(&number::plain(to), &base).unwrap_or_default();
        if spread > 0.0 && spread < least.abs().max(most.abs()) * CLOSE {
            self.reach = Some((0.0, spread));
            self.reading.from = From::Number(base);
        }
    }

    fn settle_money(&mut self) {
        let Some(decimals) = self.money.decimals() else {
            self.reading.from = From::Unclear;
            (self.reach, self.names) = (None, HashMap::new());
            self.strange += std::mem::take(&mut self.numbers);
            return;
        };
        let ten = 10_f64.powi(i32::try_from(decimals).unwrap_or_default());
        self.reach = self.reach.map(|(least, most)| (least / ten, most / ten));
        self.whole = self.whole && decimals == 0;
        let names = std::mem::take(&mut self.names).into_iter();
        let pointed =
            |units: &str| Some(number::plain(&Money::number(units, decimals)?).into_owned());
        self.names = names
            .map(|(units, known)| (pointed(&units).unwrap_or(units), known))
            .collect();
        self.reading.from = From::Money(decimals);
    }

    fn settle_clock(&mut self, used: Use) {
        let (Some((least, most)), Some(unit)) = (self.reach, self.unit) else {
            return;
        };
        let (least, most) = (least as i64, most as i64);
        let spread = most - least;
        // Scales of time know nothing finer than a millisecond.
        if used.floats && unit.least() < MILLISECOND && (1..20 * MILLISECOND).contains(&spread) {
            let base = least.div_euclid(MILLISECOND) * MILLISECOND;
            self.reading = Reading {
                nature: Nature::Number,
                from: From::Moment(base),
            };
            self.reach = Some(((least - base) as f64, (most - base) as f64));
            self.unit = None;
            return;
        }
        let is_fine = |unit: Unit| unit.least() <= moment::HOUR;
        let each = used.each && !self.forgotten && self.names.len() <= used.room;
        if is_fine(unit) && (each || is_fine(Unit::fitting(least, most, used.room))) {
            self.settle_zones(spread);
        }
    }

    /// Where the clock is turned back, what was before and what is after would fall together.
    fn settle_zones(&mut self, spread: i64) {
        let mut zones: Vec<(i64, i64, i64)> = self.zones.clone();
        zones.sort_by_key(|(offset, from, _)| from - offset);
        let turned = zones
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if a.2 >= b.1));
        let Some((ahead, ..)) = zones.first().copied().filter(|_| turned && spread < TURNED) else {
            return;
        };
        let ends = zones
            .iter()
            .map(|(offset, from, to)| (from - offset, to - offset));
        let reach = ends.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        self.reach = reach.map(|(from, to)| ((from + ahead) as f64, (to + ahead) as f64));
        self.reading.from = From::Clock(ahead);
    }

    fn reach(&mut self, number: f64, text: &str) {
        let (least, most) = self.reach.unwrap_or((number, number));
        self.reach = Some((least.min(number), most.max(number)));
        self.numbers += 1;
        self.whole = self.whole && number.fract() == 0.0;
        if self.reading.nature.is_clock() {
            self.unit = Some(common(self.unit, number as i64));
        }
        if self.reading.nature != Nature::Number {
            return;
        }
        let Some((from, to)) = &mut self.ends else {
            let text = self.reading.name(text).into_owned();
            self.ends = Some((text.clone(), text));
            return;
        };
        // Numbers beyond the machine's may still differ.
        let long = text.len() > 15;
        if number < least || long && number == least && number::order(text, from).is_lt() {
            from.clear();
            from.push_str(&self.reading.name(text));
        }
        if number > most || long && number == most && number::order(text, to).is_gt() {
            to.clear();
            to.push_str(&self.reading.name(text));
        }
    }

    fn zone(&mut self, at: i64, offset: i64) {
        let room = self.zones.len() < ZONES;
        match self.zones.iter_mut().find(|(known, ..)| *known == offset) {
            Some((_, from, to)) => (*from, *to) = (at.min(*from), at.max(*to)),
            None if room => self.zones.push((offset, at, at)),
            None => {}
        }
    }

    fn name(&mut self, row: u64, text: Option<&str>, weight: f64) {
        let fresh = Name {
            weight: 0.0,
            first: row,
        };
        let Some(text) = text else {
            self.null.get_or_insert(fresh).weight += weight;
            return;
        };
        let is_name = self.reading.nature.is_name();
        if !is_name && self.forgotten {
            return;
        }
        let name = self.reading.name(text);
        match self.names.get_mut(name.as_ref()) {
            Some(known) => known.weight += weight,
            None => {
                let known = Name { weight, ..fresh };
                self.names.insert(name.into_owned(), known);
            }
        }
        if is_name && self.names.len() > NAMES {
            self.forget();
        } else if !is_name && self.names.len() > NUMBERS {
            self.forgotten = true;
            self.names = HashMap::new();
        }
    }

    /// Forgets the half that counts least.
    fn forget(&mut self) {
        self.forgotten = true;
        let mut weights: Vec<f64> = self.names.values().map(|name| name.weight).collect();
        let middle = weights.len() / 2;
        let (_, median, _) = weights.select_nth_unstable_by(middle, f64::total_cmp);
        let median = *median;
        let mut spare = NAMES / 2;
        self.names.retain(|_, name| {
            let stays = name.weight > median || name.weight == median && spare > 0;
            if stays {
                spare = spare.saturating_sub(1);
            }
            stays
        });
    }
}

/// The coarsest unit that all moments begin, with one more.
fn common(unit: Option<Unit>, at: i64) -> Unit {
    let other = match unit {
        Some(unit) if unit.start(at) == at => return unit,
        _ => Unit::begun_by(at),
    };
    let Some(unit) = unit else { return other };
    let finer = match other.is_finer_than(&unit) {
        true => other,
        false => unit,
    };
    // Weeks begin no months and months no weeks: days begin both.
    match finer.name {
        "week" => Unit::day(),
        _ => finer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(nature: Nature) -> Tally {
        Tally::new(Reading {
            nature,
            from: From::Itself,
        })
    }

    /// A column's tally after all values, where nothing is measured from zero.
    fn settled(mut tally: Tally, values: &[&str]) -> Tally {
        for (row, value) in values.iter().enumerate() {
            tally.take(row as u64, Some(value), 1.0, true);
        }
        tally.settle(Use {
            floats: true,
            room: 100,
            each: false,
        });
        tally
    }

    #[test]
    fn names_are_bounded_and_the_heavy_ones_stay() {
        let mut tally = tally(Nature::Name);
        for row in 0..100_000 {
            tally.take(row, Some(&format!("name {row}")), 1.0, true);
            tally.take(row, Some("often"), 1.0, true);
        }
        assert!(tally.forgotten);
        assert!(tally.names.len() <= NAMES);
        let often = tally.names["often"];
        assert_eq!((often.weight, often.first), (100_000.0, 0));
    }

    #[test]
    fn the_common_unit_is_begun_by_all() {
        let check = |moments: &[&str], expected: &str| {
            let mut tally = tally(Nature::Moment);
            for moment in moments {
                tally.take(0, Some(moment), 1.0, false);
            }
            assert_eq!(
                tally.unit.map(|unit| unit.name),
                Some(expected),
                "{moments:?}"
            );
        };
        check(&["2026-01-01", "2026-02-01"], "month");
        check(&["2026-01-01", "2026-11-16"], "day");
        check(&["2026-11-16", "2026-11-23"], "week");
        check(&["2026-11-16", "2026-12-01"], "day");
        check(&["2026-11-16", "2026-12-01 00:00:01"], "second");
    }

    #[test]
    fn what_cannot_be_drawn_is_counted() {
        let mut tally = tally(Nature::Number);
        for text in [Some("1"), Some("-2.5"), Some("NaN"), None] {
            tally.take(0, text, 1.0, false);
        }
        assert_eq!(tally.reach, Some((-2.5, 1.0)));
        assert_eq!((tally.nulls, tally.strange, tally.whole), (1, 1, false));
    }

    #[test]
    fn numbers_close_together_are_counted_from_the_least() {
        let check = |values: &[&str], from: From, reach: (f64, f64)| {
            let tally = settled(tally(Nature::Number), values);
            assert_eq!((&tally.reading.from, tally.reach), (&from, Some(reach)));
        };
        check(
            &["9007199254740993", "9007199254740992", "9007199254740999"],
            From::Number("9007199254740992".into()),
            (0.0, 7.0),
        );
        check(
            &["3220311137312768", "3220312332320768"],
            From::Itself,
            (3_220_311_137_312_768.0, 3_220_312_332_320_768.0),
        );
        check(&["1.5", "1.50"], From::Itself, (1.5, 1.5));
    }

    #[test]
    fn moments_close_together_are_counted_in_microseconds() {
        let values = ["2026-01-01 10:00:00.001", "2026-01-01 10:00:00.001007"];
        let tally = settled(tally(Nature::Moment), &values);
        assert_eq!(
            (tally.reading.nature, tally.reach),
            (Nature::Number, Some((0.0, 7.0)))
        );
    }

    #[test]
    fn a_clock_that_is_turned_back_goes_on() {
        let turned = ["2026-10-25 02:00:00+02", "2026-10-25 02:00:00+01"];
        let summer = From::Clock(2 * moment::HOUR);
        assert_eq!(settled(tally(Nature::Moment), &turned).reading.from, summer);
        // What lies an hour apart in spring does not fall together.
        let spring = ["2026-03-29 01:00:00+01", "2026-03-29 03:00:00+02"];
        assert_eq!(
            settled(tally(Nature::Moment), &spring).reading.from,
            From::Itself
        );
        // Days are those of the calendar.
        let days = ["2026-10-25 00:00:00+02", "2026-10-26 00:00:00+01"];
        assert_eq!(
            settled(tally(Nature::Moment), &days).reading.from,
            From::Itself
        );
    }

    #[test]
    fn money_waits_for_its_decimals() {
        let money = Reading {
            nature: Nature::Number,
            from: From::Units,
        };
        let german = settled(Tally::new(money.clone()), &["1.234,56 €", "-7,00 €"]);
        assert_eq!(
            (german.reading.from, german.reach),
            (From::Money(2), Some((-7.0, 1234.56)))
        );
        let mut names: Vec<&str> = german.names.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["-7", "1234.56"]);
        let unclear = settled(Tally::new(money), &["¥1,235"]);
        assert!(unclear.is_unclear() && unclear.reach.is_none());
    }
}
