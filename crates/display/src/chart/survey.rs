//! The first pass: how far each column reaches, and which names it holds.

use std::collections::HashMap;

use crate::chart::moment::Unit;
use crate::chart::value::Nature;

/// More different names than these are not told apart at once: the rarest half is forgotten.
const NAMES: usize = 20_000;
/// More different numbers or moments than these are no names.
const NUMBERS: usize = 2_000;

/// What is known of a column after the first pass.
#[derive(Debug)]
pub(super) struct Tally {
    pub(super) nature: Nature,
    /// Rows whose value is NULL.
    pub(super) nulls: u64,
    /// Rows whose value cannot be drawn: not finite, or outside of the calendar.
    pub(super) strange: u64,
    /// The reach of its numbers, and of the positive ones.
    pub(super) reach: Option<(f64, f64)>,
    pub(super) least_positive: Option<f64>,
    pub(super) whole: bool,
    /// The unit that all of its moments begin.
    pub(super) unit: Option<Unit>,
    /// Its different values, by [`Nature::name`].
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

impl Tally {
    pub(super) fn new(nature: Nature) -> Self {
        Tally {
            nature,
            nulls: 0,
            strange: 0,
            reach: None,
            least_positive: None,
            whole: true,
            unit: None,
            names: HashMap::new(),
            null: None,
            forgotten: false,
        }
    }

    /// Takes a value in; `weight` is how much its row counts, and `named` whether its different
    /// values matter.
    pub(super) fn take(&mut self, row: u64, text: Option<&str>, weight: f64, named: bool) {
        match text {
            None => self.nulls += 1,
            Some(text) if !self.nature.is_name() => match self.nature.read(text) {
                Some(number) => self.reach(number),
                None => self.strange += 1,
            },
            Some(_) => {}
        }
        if named {
            self.name(row, text, weight);
        }
    }

    /// What its intervals are counted in, in seconds, and how that is called.
    pub(super) fn counted_in(&self) -> (f64, Option<&'static str>) {
        let (least, most) = self.reach.unwrap_or_default();
        match least.abs().max(most.abs()) {
            _ if self.nature != Nature::Duration => (1.0, None),
            most if most >= 172_800.0 => (86_400.0, Some("days")),
            most if most >= 7_200.0 => (3_600.0, Some("hours")),
            most if most >= 120.0 => (60.0, Some("minutes")),
            most if most >= 0.5 || most == 0.0 => (1.0, Some("seconds")),
            _ => (0.001, Some("ms")),
        }
    }

    fn reach(&mut self, number: f64) {
        let (least, most) = self.reach.unwrap_or((number, number));
        self.reach = Some((least.min(number), most.max(number)));
        if number > 0.0 {
            let positive = self.least_positive.unwrap_or(number);
            self.least_positive = Some(positive.min(number));
        }
        self.whole = self.whole && number.fract() == 0.0;
        if self.nature.is_clock() {
            self.unit = Some(common(self.unit, number as i64));
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
        let many = !self.nature.is_name() && self.forgotten;
        let Some(name) = (!many).then(|| self.nature.name(text)).flatten() else {
            return;
        };
        match self.names.get_mut(name.as_ref()) {
            Some(known) => known.weight += weight,
            None => {
                let known = Name { weight, ..fresh };
                self.names.insert(name.into_owned(), known);
            }
        }
        if self.nature.is_name() && self.names.len() > NAMES {
            self.forget();
        } else if !self.nature.is_name() && self.names.len() > NUMBERS {
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

    #[test]
    fn names_are_bounded_and_the_heavy_ones_stay() {
        let mut tally = Tally::new(Nature::Name);
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
            let mut tally = Tally::new(Nature::Moment);
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
        let mut tally = Tally::new(Nature::Number);
        for text in [Some("1"), Some("-2.5"), Some("NaN"), None] {
            tally.take(0, text, 1.0, false);
        }
        assert_eq!(tally.reach, Some((-2.5, 1.0)));
        assert_eq!(tally.least_positive, Some(1.0));
        assert_eq!((tally.nulls, tally.strange, tally.whole), (1, 1, false));
    }
}
