//! Scales: what a chart keeps apart of a column's values, so that a picture has room for it.

use std::collections::HashMap;

use crate::chart::labels::{self, Label};
use crate::chart::moment::Unit;
use crate::chart::number;
use crate::chart::survey::{Name, Tally};
use crate::chart::value::{Nature, Reading};

/// What values become: a row's place in the chart is one number a scale.
#[derive(Debug)]
pub(super) enum Scale {
    /// Each name for itself, the places in the order they are shown.
    Names(Names),
    /// Each number or moment for itself.
    Each(Each),
    /// Numbers by ranges of equal length.
    Steps(Steps),
    /// Moments by units of time.
    Units(Unit),
}

/// Names, those beyond what there is room for being one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) labels: Vec<Label>,
    places: HashMap<String, i64>,
    null: Option<i64>,
    other: Option<i64>,
    /// How many names there were; at least these, where `more`.
    pub(super) total: usize,
    pub(super) more: bool,
}

/// Numbers or moments in their order, told apart to their last digit.
#[derive(Debug)]
pub(super) struct Each {
    names: Vec<(String, f64)>,
    places: HashMap<String, i64>,
}

/// Ranges of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    /// A step is so many times a power of ten; …
    times: i64,
    exponent: i32,
    /// … of what the numbers are counted in.
    unit: f64,
}

/// In which order names are shown where the chart says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    /// As the rows came.
    Rows,
    /// By themselves.
    Alphabet,
}

/// What the rest of the names is called.
const OTHER: &str = "other";

impl Scale {
    /// Names, at most `room`; numbers and moments by ranges where they are more.
    pub(super) fn discrete(tally: &Tally, room: usize, order: Order) -> Self {
        match tally.reading.nature {
            Nature::Truth => Scale::Names(Names::new(tally, room, Order::Alphabet)),
            Nature::Name => Scale::Names(Names::new(tally, room, order)),
            nature if nature.is_clock() => Scale::units(tally, room),
            _ if !tally.forgotten && tally.names.len() <= room => {
                Scale::Names(Names::new(tally, room, Order::Alphabet))
            }
            // The first and the last step may reach beyond the numbers.
            _ => Scale::steps(tally, room.saturating_sub(1)),
        }
    }

    /// Each value for itself where there is room, else ranges.
    pub(super) fn continuous(tally: &Tally, room: usize) -> Self {
        match tally.reading.nature {
            Nature::Name | Nature::Truth => Scale::discrete(tally, room.min(100), Order::Rows),
            _ if !tally.forgotten && tally.names.len() <= room => Scale::Each(Each::new(tally)),
            _ => Scale::ranges(tally, room),
        }
    }

    /// Ranges, also where the values are few.
    pub(super) fn ranges(tally: &Tally, room: usize) -> Self {
        match tally.reading.nature {
            Nature::Name | Nature::Truth => Scale::discrete(tally, room, Order::Rows),
            nature if nature.is_clock() => Scale::units(tally, room),
            _ => Scale::steps(tally, room),
        }
    }

    fn steps(tally: &Tally, room: usize) -> Self {
        let (least, most) = tally.reach.unwrap_or_default();
        // Intervals by steps of what they are counted in.
        let (unit, counted) = tally.counted_in();
        let whole = tally.whole && counted.is_none();
        let steps = Steps::new(least / unit, most / unit, room, whole);
        Scale::Steps(Steps { unit, ..steps })
    }

    /// The unit that all moments begin, or a coarser one.
    fn units(tally: &Tally, room: usize) -> Self {
        let (least, most) = tally.reach.unwrap_or_default();
        let fitting = Unit::fitting(least as i64, most as i64, room);
        match tally.unit {
            Some(unit) if fitting.is_finer_than(&unit) => Scale::Units(unit),
            _ => Scale::Units(fitting),
        }
    }

    /// The place of a value; nothing where it has none in this chart.
    pub(super) fn place(&self, reading: &Reading, text: Option<&str>) -> Option<i64> {
        match self {
            Scale::Names(names) => names.place(reading, text),
            Scale::Each(each) => each.places.get(reading.name(text?).as_ref()).copied(),
            Scale::Steps(steps) => Some(steps.place(reading.read(text?)?)),
            Scale::Units(unit) => Some(unit.start(reading.read(text?)? as i64)),
        }
    }

    /// Where a place begins and ends, on an axis of numbers.
    pub(super) fn range(&self, place: i64) -> (f64, f64) {
        match self {
            Scale::Names(_) => (place as f64, place as f64),
            Scale::Each(each) => {
                let number = each.get(place).map_or(f64::NAN, |(_, number)| *number);
                (number, number)
            }
            Scale::Steps(steps) => (
                steps.edge(place) * steps.unit,
                steps.edge(place.saturating_add(1)) * steps.unit,
            ),
            Scale::Units(unit) => (place as f64, unit.next(place) as f64),
        }
    }

    /// A place in words.
    pub(super) fn label(&self, place: i64) -> String {
        match self {
            Scale::Names(names) => names
                .label(place)
                .map_or("", |label| &label.text)
                .to_owned(),
            Scale::Each(each) => each
                .get(place)
                .map_or(String::new(), |(name, _)| labels::number(name, 1)),
            Scale::Steps(steps) => steps.label(place),
            Scale::Units(unit) => unit.print(place),
        }
    }
}

impl Names {
    fn new(tally: &Tally, room: usize, order: Order) -> Self {
        let mut names: Vec<(Option<&str>, Name)> = tally
            .names
            .iter()
            .map(|(name, known)| (Some(name.as_str()), *known))
            .chain(tally.null.map(|known| (None, known)))
            .collect();
        let total = names.len();
        let cut = total > room || tally.forgotten;
        let reading = &tally.reading;
        if cut {
            // By weight, the rest being one; by age among equals, so that it is the same each time.
            names.sort_by(|(_, a), (_, b)| {
                b.weight.total_cmp(&a.weight).then(a.first.cmp(&b.first))
            });
            names.truncate(room.saturating_sub(1));
        } else if order == Order::Alphabet {
            // NULL last.
            names.sort_by(|(a, _), (b, _)| match (a, b) {
                (Some(a), Some(b)) => reading.order(a, b),
                (a, b) => a.is_none().cmp(&b.is_none()),
            });
        } else {
            names.sort_by_key(|(_, known)| known.first);
        }
        let names: Vec<Option<&str>> = names.into_iter().map(|(name, _)| name).collect();
        let places = names.iter().enumerate();
        Names {
            labels: labels::labels(reading, &names, cut.then_some(OTHER)),
            places: places
                .filter_map(|(place, name)| Some(((*name)?.to_owned(), place as i64)))
                .collect(),
            null: names
                .iter()
                .position(Option::is_none)
                .map(|place| place as i64),
            other: cut.then_some(names.len() as i64),
            total,
            more: tally.forgotten,
        }
    }

    fn place(&self, reading: &Reading, text: Option<&str>) -> Option<i64> {
        match text {
            None => self.null.or(self.other),
            Some(text) => {
                let known = self.places.get(reading.name(text).as_ref());
                known.copied().or(self.other)
            }
        }
    }

    /// What a place is called.
    pub(super) fn label(&self, place: i64) -> Option<&Label> {
        self.labels.get(usize::try_from(place).ok()?)
    }

    /// Whether this place is that of the rest.
    pub(super) fn is_other(&self, place: i64) -> bool {
        self.other == Some(place)
    }

    pub(super) fn has_other(&self) -> bool {
        self.other.is_some()
    }
}

impl Each {
    fn new(tally: &Tally) -> Self {
        let reading = &tally.reading;
        let number = |name: &String| Some((name.clone(), reading.of_name(name)?));
        let mut names: Vec<(String, f64)> = tally.names.keys().filter_map(number).collect();
        names.sort_by(|(a, x), (b, y)| x.total_cmp(y).then_with(|| reading.order(a, b)));
        let places = names.iter().enumerate();
        Each {
            places: places
                .map(|(place, (name, _))| (name.clone(), place as i64))
                .collect(),
            names,
        }
    }

    fn get(&self, place: i64) -> Option<&(String, f64)> {
        self.names.get(usize::try_from(place).ok()?)
    }
}

impl Steps {
    /// At most `room` steps of a length that people count in.
    fn new(least: f64, most: f64, room: usize, whole: bool) -> Self {
        let size = least.abs().max(most.abs());
        let digits = |number: f64| number.log10().floor() as i32;
        let steps = |times: i64, exponent: i32| Steps {
            times,
            exponent,
            unit: 1.0,
        };
        if most <= least {
            // One number is in a step that tells it.
            let is_usual = size == 0.0 || (1.0..1e15).contains(&size);
            return steps(1, if is_usual { 0 } else { digits(size) - 1 });
        }
        let room = room as f64;
        let least_step = match whole {
            true => 1.0,
            false => f64::MIN_POSITIVE,
        };
        // A finer step numbers of this size cannot tell.
        let finest = size / (1_u64 << 50) as f64;
        let wanted = (most / room - least / room).max(least_step).max(finest);
        let exponent = digits(wanted);
        [(1, 0), (2, 0), (5, 0), (1, 1)]
            .map(|(times, more)| steps(times, exponent + more))
            .into_iter()
            .find(|steps| steps.edge(1) >= wanted * 0.999_999)
            .unwrap_or(steps(1, exponent + 1))
    }

    fn place(&self, number: f64) -> i64 {
        let mut number = number / self.unit;
        if self.unit != 1.0 {
            // What is counted in minutes has been divided: a border may have been missed by a hair.
            number += self.edge(1) * 1e-9;
        }
        let place = (number / self.edge(1)).floor() as i64;
        // 0.3 / 0.1 is 2.999…, and yet 0.3 is where the fourth step begins.
        if number >= self.edge(place.saturating_add(1)) {
            place.saturating_add(1)
        } else if number < self.edge(place) {
            place.saturating_sub(1)
        } else {
            place
        }
    }

    /// Where a step begins, in its unit: the number nearest to the decimal one.
    fn edge(&self, place: i64) -> f64 {
        let times = place.saturating_mul(self.times);
        // Both are exact, so the result is rounded once.
        let exact = times.unsigned_abs() < 1 << 53;
        match self.exponent {
            exponent @ 0..=22 if exact => times as f64 * 10_f64.powi(exponent),
            exponent @ -22..0 if exact => times as f64 / 10_f64.powi(-exponent),
            exponent => {
                let number: f64 = format!("{times}e{exponent}").parse().unwrap_or_default();
                number.clamp(f64::MIN, f64::MAX)
            }
        }
    }

    /// Where a step begins, in words.
    fn told(&self, place: i64) -> String {
        number::scaled(place.saturating_mul(self.times), self.exponent)
    }

    fn label(&self, place: i64) -> String {
        format!(
            "{} – {}",
            self.told(place),
            self.told(place.saturating_add(1))
        )
    }

    /// How long a step is, in words.
    pub(super) fn length(&self) -> String {
        self.told(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::value::From;

    fn reading(nature: Nature) -> Reading {
        Reading {
            nature,
            from: From::Itself,
        }
    }

    fn tally(nature: Nature, values: &[Option<&str>]) -> Tally {
        let mut tally = Tally::new(reading(nature));
        for (row, value) in values.iter().enumerate() {
            tally.take(row as u64, *value, 1.0, true);
        }
        tally
    }

    fn labels(scale: &Scale) -> Vec<String> {
        match scale {
            Scale::Names(names) => names
                .labels
                .iter()
                .map(|label| label.text.clone())
                .collect(),
            _ => Vec::new(),
        }
    }

    #[test]
    fn names_keep_the_order_of_rows() {
        let names = tally(
            Nature::Name,
            &[Some("b"), None, Some("a"), Some("b"), Some("NULL")],
        );
        let scale = Scale::discrete(&names, 10, Order::Rows);
        assert_eq!(labels(&scale), ["b", "(NULL)", "a", "NULL"]);
        assert_eq!(scale.place(&reading(Nature::Name), None), Some(1));
        let scale = Scale::discrete(&names, 10, Order::Alphabet);
        assert_eq!(labels(&scale), ["NULL", "a", "b", "(NULL)"]);
    }

    #[test]
    fn names_without_room_are_one() {
        let names = tally(
            Nature::Name,
            &[
                Some("a"),
                Some("b"),
                Some("c"),
                Some("b"),
                Some("other"),
                Some("other"),
                Some("other"),
            ],
        );
        let scale = Scale::discrete(&names, 3, Order::Rows);
        assert_eq!(labels(&scale), ["other", "b", "(other)"]);
        assert_eq!(scale.place(&reading(Nature::Name), Some("a")), Some(2));
        assert_eq!(
            scale.place(&reading(Nature::Name), Some("never seen")),
            Some(2)
        );
    }

    #[test]
    fn numbers_are_names_where_they_are_few() {
        let years = tally(
            Nature::Number,
            &[Some("2026"), Some("2024"), Some("2025.0")],
        );
        let scale = Scale::discrete(&years, 10, Order::Rows);
        assert_eq!(labels(&scale), ["2024", "2025", "2026"]);
        assert_eq!(
            scale.place(&reading(Nature::Number), Some("2025.00")),
            Some(1)
        );
        assert_eq!(scale.place(&reading(Nature::Number), Some("NaN")), None);
    }

    #[test]
    fn numbers_are_told_apart_to_their_last_digit() {
        let values = [
            Some("9007199254740993"),
            Some("9007199254740992"),
            None,
            Some("1"),
        ];
        let lanes = tally(Nature::Number, &values);
        let scale = Scale::continuous(&lanes, 10);
        let place = |text: &str| scale.place(&lanes.reading, Some(text));
        let places = ["1", "9007199254740992", "9007199254740993", "NaN"].map(place);
        assert_eq!(places, [Some(0), Some(1), Some(2), None]);
        assert_eq!(scale.label(2), "9007199254740993");
    }

    #[test]
    fn steps_are_lengths_people_count_in() {
        let check = |least: f64, most: f64, room: usize, whole: bool, expected: (f64, f64)| {
            let steps = Steps::new(least, most, room, whole);
            let start = steps.edge(steps.place(least));
            assert_eq!((start, steps.edge(1)), expected);
            // The last is in the last step.
            assert!(
                steps.place(most) - steps.place(least) <= room as i64,
                "{steps:?}"
            );
        };
        check(3.0, 97.0, 10, true, (0.0, 10.0));
        check(3.0, 97.0, 20, true, (0.0, 5.0));
        check(0.0, 1.0, 10, false, (0.0, 0.1));
        check(1.0, 4.0, 30, true, (1.0, 1.0));
        check(7.0, 7.0, 30, false, (7.0, 1.0));
        check(-15.0, 15.0, 3, false, (-20.0, 10.0));
        check(1.602e-19, 11.214e-19, 30, false, (1.5e-19, 5e-20));
        check(1e300, 7e300, 30, false, (1e300, 2e299));
        check(1.602e-19, 1.602e-19, 30, false, (1.6e-19, 1e-20));
        check(1e300, 1e300, 30, true, (1e300, 1e299));
        check(f64::MIN, f64::MAX, 30, false, (f64::MIN, 2e307));
        check(5e-324, 1e-323, 30, false, (0.0, 5e-308));
        let tenths = Steps::new(0.0, 1.0, 10, false);
        assert_eq!(tenths.place(0.3), 3);
        assert_eq!(Scale::Steps(tenths).range(3), (0.3, 0.4));
        let tiny = Steps::new(1.602e-19, 11.214e-19, 30, false);
        assert_eq!(tiny.label(tiny.place(1.602e-19)), "1.5e-19 – 2e-19");
    }
}
