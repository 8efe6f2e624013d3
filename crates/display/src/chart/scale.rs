//! Scales: what a chart keeps apart of a column's values, so that a picture has room for it.

use std::collections::HashMap;

use crate::chart::moment::Unit;
use crate::chart::survey::{Name, Tally};
use crate::chart::value::{Nature, printed};

/// What values become: a row's place in the chart is one number a scale.
#[derive(Debug)]
pub(super) enum Scale {
    /// Each name for itself, the places in the order they are shown.
    Names(Names),
    /// Each number or moment for itself, its bits being its place.
    Each,
    /// Numbers by ranges of equal length.
    Steps(Steps),
    /// Moments by units of time.
    Units(Unit),
}

/// Names, those beyond what there is room for being one.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) labels: Vec<String>,
    places: HashMap<String, i64>,
    null: Option<i64>,
    other: Option<i64>,
    /// How many names there were; at least these, where `more`.
    pub(super) total: usize,
    pub(super) more: bool,
}

/// Ranges of numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Steps {
    start: f64,
    pub(super) step: f64,
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
        match tally.nature {
            Nature::Truth => Scale::Names(Names::new(tally, room, Order::Alphabet)),
            Nature::Name => Scale::Names(Names::new(tally, room, order)),
            nature if nature.is_clock() => Scale::units(tally, room),
            _ if !tally.forgotten && tally.names.len() <= room => {
                Scale::Names(Names::new(tally, room, Order::Alphabet))
            }
            _ => Scale::steps(tally, room),
        }
    }

    /// Each value for itself where there is room, else ranges.
    pub(super) fn continuous(tally: &Tally, room: usize) -> Self {
        match tally.nature {
            Nature::Name | Nature::Truth => Scale::discrete(tally, room.min(100), Order::Rows),
            _ if !tally.forgotten && tally.names.len() <= room => Scale::Each,
            _ => Scale::ranges(tally, room),
        }
    }

    /// Ranges, also where the values are few.
    pub(super) fn ranges(tally: &Tally, room: usize) -> Self {
        match tally.nature {
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
        Scale::Steps(Steps {
            start: steps.start * unit,
            step: steps.step * unit,
        })
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
    pub(super) fn place(&self, nature: Nature, text: Option<&str>) -> Option<i64> {
        match self {
            Scale::Names(names) => names.place(nature, text),
            Scale::Each => Some(nature.read(text?)?.to_bits() as i64),
            Scale::Steps(steps) => Some(steps.place(nature.read(text?)?)),
            Scale::Units(unit) => Some(unit.start(nature.read(text?)? as i64)),
        }
    }

    /// Where a place begins and ends, on an axis of numbers.
    pub(super) fn range(&self, place: i64) -> (f64, f64) {
        match self {
            Scale::Names(_) => (place as f64, place as f64),
            Scale::Each => {
                let number = f64::from_bits(place as u64);
                (number, number)
            }
            Scale::Steps(steps) => steps.range(place),
            Scale::Units(unit) => (place as f64, unit.next(place) as f64),
        }
    }

    /// A place in words.
    pub(super) fn label(&self, nature: Nature, place: i64) -> String {
        let (from, to) = self.range(place);
        match self {
            Scale::Names(names) => {
                let label = usize::try_from(place)
                    .ok()
                    .and_then(|at| names.labels.get(at));
                label.cloned().unwrap_or_default()
            }
            Scale::Units(unit) => unit.print(place),
            Scale::Each => label(nature, &from.to_string()),
            Scale::Steps(_) => format!("{} – {}", printed(from), printed(to)),
        }
    }

    /// Places in the order of an axis.
    pub(super) fn sort(&self, places: &mut [i64]) {
        places.sort_by(|a, b| self.range(*a).0.total_cmp(&self.range(*b).0));
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
        if cut {
            // By weight, the rest being one; by age among equals, so that it is the same each time.
            names.sort_by(|(_, a), (_, b)| {
                b.weight.total_cmp(&a.weight).then(a.first.cmp(&b.first))
            });
            names.truncate(room.saturating_sub(1));
        } else if order == Order::Alphabet {
            names.sort_by(|(a, _), (b, _)| alphabet(tally.nature, *a, *b));
        } else {
            names.sort_by_key(|(_, known)| known.first);
        }
        let mut found = Names {
            labels: Vec::new(),
            places: HashMap::new(),
            null: None,
            other: None,
            total,
            more: tally.forgotten,
        };
        let mut null = None;
        for (name, _) in names {
            let place = found.labels.len() as i64;
            match name {
                Some(name) => {
                    found.places.insert(name.to_owned(), place);
                    found.labels.push(label(tally.nature, name));
                }
                None => {
                    null = Some(place);
                    found.labels.push(String::new());
                }
            }
        }
        if let Some(place) = null {
            let label = found.fresh("NULL");
            found.labels[place as usize] = label;
        }
        found.null = null;
        if cut {
            found.other = Some(found.labels.len() as i64);
            let label = found.fresh(OTHER);
            found.labels.push(label);
        }
        found
    }

    /// A label like this one which no name has.
    fn fresh(&self, label: &str) -> String {
        let mut label = label.to_owned();
        while self.labels.contains(&label) {
            label = format!("({label})");
        }
        label
    }

    fn place(&self, nature: Nature, text: Option<&str>) -> Option<i64> {
        match text {
            None => self.null.or(self.other),
            Some(text) => {
                let name = nature.name(text)?;
                self.places.get(name.as_ref()).copied().or(self.other)
            }
        }
    }

    /// Whether this place is that of the rest.
    pub(super) fn is_other(&self, place: i64) -> bool {
        self.other == Some(place)
    }

    pub(super) fn has_other(&self) -> bool {
        self.other.is_some()
    }
}

/// What a name is shown as.
fn label(nature: Nature, name: &str) -> String {
    let number = (!nature.is_name()).then(|| name.parse().ok()).flatten();
    match number {
        // Whole numbers as they are: a year has no comma.
        Some(number) if f64::fract(number) == 0.0 && number.abs() < 1e15 => format!("{number}"),
        Some(number) => printed(number),
        None => name.replace(['\n', '\r', '\t'], " "),
    }
}

/// NULL last.
fn alphabet(nature: Nature, a: Option<&str>, b: Option<&str>) -> std::cmp::Ordering {
    let number = |name: &str| name.parse::<f64>().unwrap_or_default();
    match (a, b) {
        (Some(a), Some(b)) if !nature.is_name() => number(a).total_cmp(&number(b)),
        (Some(a), Some(b)) => a.cmp(b),
        (a, b) => a.is_none().cmp(&b.is_none()),
    }
}

impl Steps {
    /// At most `room` steps of a length that people count in.
    fn new(least: f64, most: f64, room: usize, whole: bool) -> Self {
        let least_step = match whole {
            true => 1.0,
            false => f64::MIN_POSITIVE,
        };
        let wanted = ((most - least) / room as f64).max(least_step);
        let ten = 10_f64.powf(wanted.log10().floor());
        let lengths = [1.0, 2.0, 5.0, 10.0].map(|times| times * ten);
        let step = lengths.into_iter().find(|step| *step >= wanted * 0.999_999);
        let step = match most > least {
            true => step.unwrap_or(wanted),
            false => 1.0,
        };
        Steps {
            start: (least / step).floor() * step,
            step,
        }
    }

    fn place(&self, number: f64) -> i64 {
        // Within a millionth of a step below a border a number is on it: 0.3 / 0.1 is 2.999….
        ((number - self.start) / self.step + 1e-6).floor() as i64
    }

    fn range(&self, place: i64) -> (f64, f64) {
        // Rounded to what a step can tell apart, for 3 × 0.1 is 0.30000000000000004.
        let digits = 10_f64.powf((2.0 - self.step.log10().floor()).clamp(0.0, 15.0));
        let at = |place: f64| {
            let at = self.start + place * self.step;
            match (at * digits).is_finite() {
                true => (at * digits).round() / digits,
                false => at,
            }
        };
        (at(place as f64), at(place as f64 + 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(nature: Nature, values: &[Option<&str>]) -> Tally {
        let mut tally = Tally::new(nature);
        for (row, value) in values.iter().enumerate() {
            tally.take(row as u64, *value, 1.0, true);
        }
        tally
    }

    fn labels(scale: &Scale) -> Vec<String> {
        match scale {
            Scale::Names(names) => names.labels.clone(),
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
        assert_eq!(scale.place(Nature::Name, None), Some(1));
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
        assert_eq!(scale.place(Nature::Name, Some("a")), Some(2));
        assert_eq!(scale.place(Nature::Name, Some("never seen")), Some(2));
    }

    #[test]
    fn numbers_are_names_where_they_are_few() {
        let years = tally(
            Nature::Number,
            &[Some("2026"), Some("2024"), Some("2025.0")],
        );
        let scale = Scale::discrete(&years, 10, Order::Rows);
        assert_eq!(labels(&scale), ["2024", "2025", "2026"]);
        assert_eq!(scale.place(Nature::Number, Some("2025.00")), Some(1));
        assert_eq!(scale.place(Nature::Number, Some("NaN")), None);
    }

    #[test]
    fn steps_are_lengths_people_count_in() {
        let check = |least: f64, most: f64, room: usize, whole: bool, expected: (f64, f64)| {
            let steps = Steps::new(least, most, room, whole);
            assert_eq!((steps.start, steps.step), expected);
        };
        check(3.0, 97.0, 10, true, (0.0, 10.0));
        check(3.0, 97.0, 20, true, (0.0, 5.0));
        check(0.0, 1.0, 10, false, (0.0, 0.1));
        check(1.0, 4.0, 30, true, (1.0, 1.0));
        check(7.0, 7.0, 30, false, (7.0, 1.0));
        check(-15.0, 15.0, 3, false, (-20.0, 10.0));
        let tenths = Steps::new(0.0, 1.0, 10, false);
        assert_eq!(tenths.place(0.3), 3);
        assert_eq!(tenths.range(3), (0.3, 0.4));
    }
}
