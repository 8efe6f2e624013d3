//! What is drawn: the groups in their order, the numbers in their units, and what is to be said.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::Problem;
use crate::chart::layout::{Layout, Measure, Part, Place, problem};
use crate::chart::moment::{self, MILLISECOND, Unit};
use crate::chart::number::printed;
use crate::chart::plot::{Gathered, Group, Key, Sum, Values, axis_part};
use crate::chart::scale::Scale;
use crate::chart::survey::Tally;
use crate::chart::value::{Nature, Reading};
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
        // A logarithmic axis has no place for zero and below.
        let shown: Vec<Key> = drawing
            .keys
            .iter()
            .filter(|key| drawing.has_place(key))
            .copied()
            .collect();
        drawing.keys = shown;
        if drawing.is_empty() {
            return Err(drawing.nothing());
        }
        match drawing.misleads() {
            Some(problem) => Err(problem),
            None => Ok(drawing),
        }
    }

    /// Whether a group is where its axes reach.
    fn has_place(&self, key: &Key) -> bool {
        let scales = self.layout.parts.iter().zip(&self.gathered.scales).zip(key);
        scales.into_iter().all(|((part, scale), place)| {
            let (from, to) = scale.range(*place);
            let is_name = matches!(scale, Scale::Names(_));
            is_name || !self.is_log(part.place) || f64::midpoint(from, to) > 0.0
        })
    }

    /// Why there is nothing to draw.
    fn nothing(&self) -> Problem {
        let any = |is: &dyn Fn(&Tally) -> bool| self.tallies.iter().any(is);
        let advice = if any(&|tally| tally.is_unclear()) {
            "Money reads differently in each language, and these amounts do not tell how many decimals \
             they have: cast them, as in price::numeric."
        } else if any(&|tally| tally.reading.nature.is_clock() && tally.strange > 0) {
            "Dates are read in ISO form only: set datestyle to iso."
        } else if any(&|tally| tally.nulls == self.rows.0) {
            "A column that is drawn holds nothing but NULL."
        } else {
            "Numbers have to be finite, and above zero on a logarithmic scale."
        };
        problem(
            "no row has a value in each column that is drawn: there is nothing to draw",
            advice,
        )
    }

    /// What a picture of this kind would show as something else.
    fn misleads(&self) -> Option<Problem> {
        let chart = &self.layout.chart;
        let numbers = |at: usize| {
            let measure = self.layout.measures.get(at);
            let number = move |key: &Key| {
                let number = self.number(self.group(key)?, at, measure?)?;
                Some((number, *key))
            };
            self.keys.iter().filter_map(number)
        };
        for (part, scale) in self.layout.parts.iter().zip(&self.gathered.scales) {
            let reach = self.tally(part).and_then(|tally| tally.reach);
            if let (Some((least, most)), false) = (reach, matches!(scale, Scale::Names(_)))
                && !(most - least).is_finite()
            {
                return Some(problem(
                    format!(
                        "no scale reaches from {} to {}",
                        printed(least),
                        printed(most)
                    ),
                    format!(
                        "Draw {} in another unit, or without what lies far out.",
                        part.name
                    ),
                ));
            }
        }
        let below = || numbers(0).find(|(number, _)| *number < 0.0);
        let told = |(number, key): (f64, Key)| (printed(number), self.key_words(&key));
        if chart.kind == Kind::Arc {
            if let Some((number, at)) = below().map(told) {
                return Some(problem(
                    format!("a ring shows parts of a whole, and {at} is below zero: {number}"),
                    "Bars show what is below zero: %chart bar.",
                ));
            }
            if numbers(0).all(|(number, _)| number == 0.0) {
                return Some(problem(
                    "a ring shows parts of a whole, and all of them are zero",
                    "Bars show zeros: %chart bar.",
                ));
            }
        }
        let colored = self.layout.part(Place::Color).is_some();
        if chart.kind == Kind::Area
            && chart.stacked
            && colored
            && let Some((number, at)) = below().map(told)
        {
            return Some(problem(
                format!("stacked areas add up to a whole, and {at} is below zero: {number}"),
                "Leave out stacked, or draw bars: below zero they are stacked downwards.",
            ));
        }
        let mut sizes = self.layout.measures.iter();
        let size = sizes.find(|measure| measure.place == Place::Size)?;
        let (least, _) = self.tallies.get(size.at?)?.reach?;
        let counts = size.function == Function::Count;
        (least < 0.0 && !counts).then(|| {
            problem(
                format!(
                    "no point is smaller than nothing, and {} goes down to {}",
                    size.name,
                    printed(least)
                ),
                format!("Colours show what is below zero: color={}.", size.name),
            )
        })
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
        let reading = measure.at.and_then(|at| self.layout.reading(at));
        let base = reading.and_then(Reading::base).unwrap_or_default();
        let name = format!("{}{base}", measure.name);
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
        // Places are in the order of their scale.
        let mut places: Vec<i64> = match self.points.is_empty() {
            true => {
                let places: BTreeSet<i64> = self.keys_or_groups().map(|key| key[at]).collect();
                places.into_iter().collect()
            }
            false => {
                let part = &self.layout.parts[at];
                let reading = self.layout.reading(part.at);
                let place = |row: &Values| scale.place(reading?, row[part.at].as_deref());
                let places: BTreeSet<i64> = self.points.iter().filter_map(place).collect();
                places.into_iter().collect()
            }
        };
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
            _ if is_own => places.sort_by_cached_key(|place| scale.label(*place)),
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
                let reading = self.layout.sorter.and_then(|at| self.layout.reading(at));
                let Some(reading) = reading else { return };
                let key = |place: i64| {
                    let text = self.gathered.sorters.get(&place)?.as_deref()?;
                    let number = reading.read(text).unwrap_or(f64::INFINITY);
                    Some((Total(number), reading.name(text)))
                };
                places.sort_by(|a, b| match (key(*a), key(*b)) {
                    (Some(a), Some(b)) => a.0.cmp(&b.0).then_with(|| reading.order(&a.1, &b.1)),
                    // What has no value comes last.
                    (a, b) => a.is_none().cmp(&b.is_none()),
                });
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
                let reading = self.layout.reading(part.at)?;
                if let (Place::X | Place::Y, Scale::Steps(_) | Scale::Units(_) | Scale::Each(_)) =
                    (part.place, scale)
                {
                    let number = reading.read(text(part.at)?)? / self.part_unit(part).0;
                    if self.is_log(part.place) && number <= 0.0 {
                        return None;
                    }
                    value.insert(field.into(), json!(number));
                    if self.is_fine(part) {
                        value.insert(format!("{field}_words"), json!(text(part.at)?));
                    }
                } else {
                    self.name(
                        &mut value,
                        part,
                        scale,
                        scale.place(reading, text(part.at))?,
                    );
                }
            }
            for measure in &self.layout.measures {
                let number = match measure.at {
                    None => Some(1.0),
                    Some(at) => text(at).and_then(|text| self.layout.reading(at)?.read(text)),
                };
                let number = number.map(|number| number / self.unit(measure).0);
                value.insert(measure.place.name().into(), json!(number));
            }
            Some(Value::Object(value))
        };
        self.points.iter().filter_map(point).collect()
    }

    /// Puts a name into the chart's data, and all of it where its label leaves something out.
    pub(super) fn name(
        &self,
        value: &mut Map<String, Value>,
        part: &Part,
        scale: &Scale,
        place: i64,
    ) {
        let field = part.place.name();
        let Scale::Names(names) = scale else {
            value.insert(field.into(), json!(scale.label(place)));
            return;
        };
        let Some(label) = names.label(place) else {
            return;
        };
        value.insert(field.into(), json!(label.text));
        if names.labels.iter().any(|label| label.whole.is_some()) {
            let whole = label.whole.as_ref().unwrap_or(&label.text);
            value.insert(format!("{field}_whole"), json!(whole));
        }
    }

    /// Whether moments are told to the microsecond.
    pub(super) fn is_fine(&self, part: &Part) -> bool {
        let unit = self.tally(part).and_then(|tally| tally.unit);
        part.nature.is_clock() && unit.is_some_and(|unit| unit.least() < MILLISECOND)
    }

    /// What an axis is counted in: intervals in what suits them, moments in milliseconds.
    pub(super) fn part_unit(&self, part: &Part) -> (f64, Option<&'static str>) {
        match self.tally(part) {
            Some(tally) if part.nature == Nature::Duration => tally.counted_in(),
            _ if part.nature.is_clock() => (MILLISECOND as f64, None),
            _ => (1.0, None),
        }
    }

    /// What an axis is called.
    pub(super) fn part_title(&self, part: &Part) -> String {
        let scale = self.part(part.place).map(|(_, _, scale)| scale);
        let reading = self.layout.reading(part.at);
        match (self.part_unit(part).1, reading.and_then(Reading::base)) {
            (Some(unit), _) => format!("{} ({unit})", part.name),
            // Names are what they are.
            (None, Some(base)) if !matches!(scale, Some(Scale::Names(_))) => {
                format!("{}{base}", part.name)
            }
            _ => part.name.clone(),
        }
    }

    /// A place of a part in words.
    pub(super) fn label(&self, at: usize, place: i64) -> String {
        let (part, scale) = (&self.layout.parts[at], &self.gathered.scales[at]);
        let (divisor, unit) = self.part_unit(part);
        match (scale, unit) {
            (Scale::Each(_), Some(_)) => printed(scale.range(place).0 / divisor),
            (Scale::Each(_) | Scale::Units(_), _) if part.nature.is_clock() => {
                let at = scale.range(place).0 as i64;
                moment::print(at, self.clock_format(part, scale))
            }
            _ => scale.label(place),
        }
    }

    /// How moments of a part are printed.
    pub(super) fn clock_format(&self, part: &Part, scale: &Scale) -> &'static str {
        match (part.nature, scale, self.tally(part)) {
            (
                Nature::Time,
                _,
                Some(Tally {
                    unit: Some(unit), ..
                }),
            ) => unit.clock(),
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
