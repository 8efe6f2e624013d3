//! What is drawn: the groups in their order, the numbers in their units, and what is to be said.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::Problem;
use crate::chart::layout::{Layout, Measure, Part, Place, problem};
use crate::chart::moment::{self, Unit};
use crate::chart::plot::{Gathered, Group, Key, Sum, Values, axis_part};
use crate::chart::scale::Scale;
use crate::chart::survey::Tally;
use crate::chart::value::{Nature, printed};
use crate::chart::{By, Function, Kind};

/// Everything there is to draw.
pub(super) struct Drawing<'a> {
    pub(super) layout: &'a Layout,
    pub(super) tallies: &'a [Tally],
    /// The rows themselves, where each is a point.
    pub(super) points: Vec<Values>,
    pub(super) gathered: Gathered,
    /// How many rows were pushed, and how many the result had.
    pub(super) rows: (u64, u64),
    /// The groups in the order of the axes.
    pub(super) keys: Vec<Key>,
}

impl<'a> Drawing<'a> {
    pub(super) fn new(
        layout: &'a Layout,
        tallies: &'a [Tally],
        points: Vec<Values>,
        gathered: Gathered,
        rows: (u64, u64),
    ) -> Result<Self, Problem> {
        let mut drawing = Drawing {
            layout,
            tallies,
            points,
            gathered,
            rows,
            keys: Vec::new(),
        };
        drawing.keys = drawing.sorted_keys();
        match drawing.is_empty() {
            true => Err(problem(
                "no row has a value in each column that is drawn: there is nothing to draw",
                match drawing
                    .tallies
                    .iter()
                    .any(|tally| tally.nature.is_clock() && tally.strange > 0)
                {
                    true => "Dates are read in ISO form only: set datestyle to iso.",
                    false => "Numbers have to be finite, and above zero on a logarithmic scale.",
                },
            )),
            false => Ok(drawing),
        }
    }

    fn is_empty(&self) -> bool {
        let drawn = |key: &Key| match self.layout.measure() {
            Some(measure) => self
                .group(key)
                .is_some_and(|group| self.number(group, 0, measure).is_some()),
            None => true,
        };
        match self.points.is_empty() {
            true => !self.keys.iter().any(drawn),
            false => self.point_values().is_empty(),
        }
    }

    pub(super) fn group(&self, key: &Key) -> Option<&Group> {
        self.gathered.groups.get(key)
    }

    /// A part with its scale.
    pub(super) fn part(&self, place: Place) -> Option<(usize, &'a Part, &Scale)> {
        let at = self.layout.part(place)?;
        Some((
            at,
            self.layout.parts.get(at)?,
            self.gathered.scales.get(at)?,
        ))
    }

    pub(super) fn tally(&self, part: &Part) -> Option<&'a Tally> {
        self.tallies.get(part.at)
    }

    /// What a measure makes of a group, in the unit it is shown in; nothing where that cannot be
    /// drawn.
    pub(super) fn number(&self, group: &Group, at: usize, measure: &Measure) -> Option<f64> {
        let number = group.sums.get(at)?.result(measure.function)?;
        let number = number / self.unit(measure).0;
        let is_log = at == 0 && self.is_log(measure.place);
        (number.is_finite() && !(is_log && number <= 0.0)).then_some(number)
    }

    /// Whether a place has a logarithmic scale. What is computed has it by `log`, wherever it is.
    pub(super) fn is_log(&self, place: Place) -> bool {
        let chart = &self.layout.chart;
        let measured = self
            .layout
            .measure()
            .is_some_and(|measure| measure.place == place);
        match (chart.kind, place) {
            (Kind::Point, Place::Y) => chart.log_y,
            (Kind::Point, Place::X) | (Kind::Line | Kind::Area, Place::X) => chart.log_x,
            (Kind::Point | Kind::Heatmap | Kind::Arc, _) => false,
            _ => measured && chart.log_y,
        }
    }

    /// What intervals are counted in, and how that is called.
    pub(super) fn unit(&self, measure: &Measure) -> (f64, Option<&'static str>) {
        let duration = measure.nature == Nature::Duration && measure.function != Function::Count;
        let tally = measure.at.and_then(|at| self.tallies.get(at));
        match tally {
            Some(tally) if duration => tally.counted_in(),
            _ => (1.0, None),
        }
    }

    /// What a measure is called: `average of points (hours)`.
    pub(super) fn title(&self, measure: &Measure) -> String {
        let unit = match self.unit(measure).1 {
            Some(unit) => format!(" ({unit})"),
            None => String::new(),
        };
        let name = &measure.name;
        match measure.at {
            None => "rows".into(),
            Some(_) if measure.asked || self.is_computed() => {
                format!("{} of {name}{unit}", measure.function.noun())
            }
            Some(_) => format!("{name}{unit}"),
        }
    }

    /// Whether some group has more than one row.
    pub(super) fn is_computed(&self) -> bool {
        let kind = self.layout.chart.kind;
        kind != Kind::Box && self.gathered.groups.values().any(|group| group.rows > 1)
    }

    /// The places of a part that occur, in the order they are shown.
    pub(super) fn domain(&self, at: usize) -> Vec<i64> {
        let Some(scale) = self.gathered.scales.get(at) else {
            return Vec::new();
        };
        let mut places: Vec<i64> = match self.points.is_empty() {
            true => {
                let places: BTreeSet<i64> = self.keys_or_groups().map(|key| key[at]).collect();
                places.into_iter().collect()
            }
            false => {
                let part = &self.layout.parts[at];
                let place = |row: &Values| scale.place(part.nature, row[part.at].as_deref());
                let places: BTreeSet<i64> = self.points.iter().filter_map(place).collect();
                places.into_iter().collect()
            }
        };
        scale.sort(&mut places);
        if let Scale::Names(names) = scale
            && at == axis_part(self.layout)
        {
            self.sort_names(at, &mut places);
            // The rest is the last, however much it is.
            places.sort_by_key(|place| names.is_other(*place));
        }
        places
    }

    fn keys_or_groups(&self) -> impl Iterator<Item = &Key> {
        self.gathered.groups.keys()
    }

    fn sort_names(&self, at: usize, places: &mut [i64]) {
        let Some(sort) = self.layout.chart.sort else {
            return;
        };
        let (part, scale) = (&self.layout.parts[at], &self.gathered.scales[at]);
        let is_own = match sort.by {
            By::X => part.place != Place::Y,
            By::Y => part.place == Place::Y,
            By::Column(_) => false,
        };
        match sort.by {
            // Numbers are in their order already.
            _ if is_own && !part.nature.is_name() => {}
            _ if is_own => places.sort_by_cached_key(|place| scale.label(part.nature, *place)),
            By::X | By::Y => {
                let function = self
                    .layout
                    .measure()
                    .map_or(Function::Count, |first| first.function);
                let total = |place: i64| -> f64 {
                    let groups = self
                        .gathered
                        .groups
                        .iter()
                        .filter(|(key, _)| key[at] == place);
                    let sums = groups.filter_map(|(_, group)| group.sums.first().copied());
                    let sum = sums.fold(Sum::default(), Sum::with);
                    sum.result(function).unwrap_or(f64::NEG_INFINITY)
                };
                places.sort_by_cached_key(|place| Total(total(*place)));
            }
            By::Column(_) => {
                let nature = self
                    .layout
                    .sorter
                    .map_or(Nature::Name, |at| self.layout.columns[at].1);
                let first = |place: i64| self.gathered.sorters.get(&place).cloned().flatten();
                match nature.is_name() {
                    true => places.sort_by_cached_key(|place| first(*place)),
                    false => places.sort_by_cached_key(|place| {
                        let number = first(*place).and_then(|text| nature.read(&text));
                        Total(number.unwrap_or(f64::INFINITY))
                    }),
                }
            }
        }
        if sort.descending {
            places.reverse();
        }
    }

    fn sorted_keys(&self) -> Vec<Key> {
        let domains: Vec<Vec<i64>> = (0..self.layout.parts.len())
            .map(|at| self.domain(at))
            .collect();
        let mut keys: Vec<Key> = self.gathered.groups.keys().copied().collect();
        let rank = |key: &Key| -> Vec<usize> {
            let ranks = domains.iter().zip(key);
            ranks
                .map(|(domain, place)| {
                    domain
                        .iter()
                        .position(|known| known == place)
                        .unwrap_or_default()
                })
                .collect()
        };
        keys.sort_by_cached_key(rank);
        keys
    }

    /// The rows as points: each with all that is drawn of it.
    pub(super) fn point_values(&self) -> Vec<Value> {
        let point = |row: &Values| -> Option<Value> {
            let text = |at: usize| row.get(at).and_then(Option::as_deref);
            let mut value = Map::new();
            for (part, scale) in self.layout.parts.iter().zip(&self.gathered.scales) {
                let field = part.place.name();
                let shown = match (part.place, scale) {
                    (Place::X | Place::Y, Scale::Steps(_) | Scale::Units(_) | Scale::Each) => {
                        let number = part.nature.read(text(part.at)?)? / self.part_unit(part).0;
                        let is_log = self.is_log(part.place);
                        (!(is_log && number <= 0.0)).then(|| json!(number))?
                    }
                    _ => json!(scale.label(part.nature, scale.place(part.nature, text(part.at))?)),
                };
                value.insert(field.into(), shown);
            }
            for measure in &self.layout.measures {
                let number = match measure.at {
                    None => Some(1.0),
                    Some(at) => text(at).and_then(|text| measure.nature.read(text)),
                };
                let number = number.map(|number| number / self.unit(measure).0);
                value.insert(measure.place.name().into(), json!(number));
            }
            Some(Value::Object(value))
        };
        self.points.iter().filter_map(point).collect()
    }

    /// What an axis of intervals is counted in.
    pub(super) fn part_unit(&self, part: &Part) -> (f64, Option<&'static str>) {
        match self.tally(part) {
            Some(tally) if part.nature == Nature::Duration => tally.counted_in(),
            _ => (1.0, None),
        }
    }

    /// What an axis is called.
    pub(super) fn part_title(&self, part: &Part) -> String {
        match self.part_unit(part).1 {
            Some(unit) => format!("{} ({unit})", part.name),
            None => part.name.clone(),
        }
    }

    /// A place of a part in words.
    pub(super) fn label(&self, at: usize, place: i64) -> String {
        let (part, scale) = (&self.layout.parts[at], &self.gathered.scales[at]);
        let (divisor, unit) = self.part_unit(part);
        match (scale, unit) {
            (Scale::Each, Some(_)) => printed(scale.range(place).0 / divisor),
            (Scale::Steps(_), Some(_)) => {
                let (from, to) = scale.range(place);
                format!("{} – {}", printed(from / divisor), printed(to / divisor))
            }
            (Scale::Each | Scale::Units(_), _) if part.nature.is_clock() => {
                let at = scale.range(place).0 as i64;
                moment::print(at, self.clock_format(part, scale))
            }
            _ => scale.label(part.nature, place),
        }
    }

    /// How moments of a part are printed.
    pub(super) fn clock_format(&self, part: &Part, scale: &Scale) -> &'static str {
        match (part.nature, scale, self.tally(part)) {
            (Nature::Time, ..) => "%H:%M:%S",
            (_, Scale::Units(unit), _) if self.points.is_empty() => unit.format,
            (
                _,
                _,
                Some(Tally {
                    unit: Some(unit), ..
                }),
            ) => match unit.is_finer_than(&Unit::day()) {
                true => unit.format,
                false => "%Y-%m-%d",
            },
            _ => "%Y-%m-%d %H:%M:%S",
        }
    }
}

/// A number in the order of numbers.
#[derive(PartialEq)]
struct Total(f64);

impl Eq for Total {}

impl PartialOrd for Total {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Total {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
