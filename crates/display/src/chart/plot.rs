//! A plot takes a result's rows: a first pass surveys them, a second gathers them into groups.

use std::collections::HashMap;

use crate::chart::drawing::Drawing;
use crate::chart::layout::{Layout, Measure, Place, problem};
use crate::chart::scale::{Order, Scale};
use crate::chart::spread::Sample;
use crate::chart::survey::{Tally, Use};
use crate::chart::value::Nature;
use crate::chart::{Function, Kind, picture};
use crate::lines::visible;
use crate::{Bundle, Problem};

/// So many rows are kept from the first pass; a result of no more needs no second one.
const KEPT: usize = 3_000;
/// Groups in all; a picture shows no more.
const GROUPS: usize = 3_000;

/// Colours that can be told apart.
pub(super) const COLORS: usize = 20;

/// The place of a group: one number a part of the layout.
pub(super) type Key = [i64; 4];

/// A row's values of the columns that are read.
pub(super) type Values = Box<[Option<String>]>;

/// A chart on its way through the rows.
#[derive(Debug)]
pub struct Plot {
    layout: Layout,
    rows: u64,
    /// How many rows the result had.
    of: u64,
    tallies: Vec<Tally>,
    /// Which columns' different values matter.
    named: Vec<bool>,
    kept: Vec<Values>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Survey,
    Gather(Gathered),
    Done(Gathered),
}

/// What the second pass keeps.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// One a part of the layout.
    pub(super) scales: Vec<Scale>,
    pub(super) groups: HashMap<Key, Group>,
    /// Of each name of the sorted axis, the first value of the column it is sorted by.
    pub(super) sorters: HashMap<i64, Option<String>>,
    /// Rows that have no place in the chart.
    pub(super) left_out: u64,
}

/// The rows of one place.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) rows: u64,
    pub(super) sums: Vec<Sum>,
    pub(super) sample: Option<Sample>,
}

/// What is added up of a group's values.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sum {
    count: u64,
    sum: f64,
    least: f64,
    most: f64,
}

impl Plot {
    pub(super) fn new(layout: Layout) -> Self {
        let columns = &layout.columns;
        let tallies = columns
            .iter()
            .map(|(_, reading)| Tally::new(reading.clone()))
            .collect();
        let parts = |at: usize| layout.parts.iter().any(|part| part.at == at);
        let named = (0..columns.len()).map(parts).collect();
        Plot {
            layout,
            rows: 0,
            of: 0,
            tallies,
            named,
            kept: Vec::new(),
            stage: Stage::Survey,
        }
    }

    /// Says how many rows the result had, where not all of them are pushed.
    pub fn is_part_of(&mut self, rows: u64) {
        self.of = rows;
    }

    /// Whether the rows are to be pushed, once more.
    pub fn wants_rows(&self) -> bool {
        !matches!(self.stage, Stage::Done(_))
    }

    /// Takes a row: `value` gives the server's text of a column by its place, `None` being NULL.
    pub fn push<'v>(&mut self, value: impl Fn(usize) -> Option<&'v str>) {
        let Plot { layout, .. } = self;
        let read = |at: usize| {
            layout
                .columns
                .get(at)
                .and_then(|(column, _)| value(*column))
        };
        match &mut self.stage {
            Stage::Survey => {
                let weight = weight(layout, read);
                for (at, (tally, named)) in self.tallies.iter_mut().zip(&self.named).enumerate() {
                    tally.take(self.rows, read(at), weight, *named);
                }
                if self.kept.len() < KEPT {
                    let columns = layout.columns.iter().enumerate();
                    let kept = columns.map(|(at, (_, reading))| Some(reading.kept(read(at)?)));
                    self.kept.push(kept.collect());
                }
                self.rows += 1;
            }
            Stage::Gather(gathered) => gathered.take(layout, read),
            Stage::Done(_) => {}
        }
    }

    /// All rows have been pushed.
    pub fn end_pass(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Survey);
        self.stage = match stage {
            Stage::Survey => {
                let whole = self.kept.len() as u64 == self.rows;
                for (at, tally) in self.tallies.iter_mut().enumerate() {
                    tally.settle(used(&self.layout, at));
                }
                self.layout.settle(&self.tallies);
                let mut gathered = Gathered::new(&self.layout, &self.tallies);
                if !whole {
                    self.kept = Vec::new();
                    Stage::Gather(gathered)
                } else {
                    // Few points are drawn as they are.
                    if self.layout.chart.kind != Kind::Point {
                        for row in std::mem::take(&mut self.kept) {
                            let read = |at: usize| row.get(at).and_then(Option::as_deref);
                            gathered.take(&self.layout, read);
                        }
                    }
                    Stage::Done(gathered)
                }
            }
            Stage::Gather(gathered) | Stage::Done(gathered) => Stage::Done(gathered),
        };
    }

    /// The chart: `application/vnd.vegalite.v5+json`, `image/png` where this build can draw it, and
    /// its words as `text/plain`. Drawing ends as soon as `stop` says so.
    ///
    /// # Errors
    /// There is nothing to draw, or drawing was stopped.
    pub fn bundle(self, stop: impl Fn() -> bool + Send + 'static) -> Result<Bundle, Problem> {
        if self.rows == 0 {
            return Err(problem(
                "the result has no rows: there is nothing to draw",
                "Draw a result that has some; from NAME names another one.",
            ));
        }
        let gathered = match self.stage {
            Stage::Gather(gathered) | Stage::Done(gathered) => gathered,
            Stage::Survey => Gathered::default(),
        };
        let rows = (self.rows, self.of.max(self.rows));
        let drawing = Drawing::new(&self.layout, &self.tallies, self.kept, gathered, rows)?;
        let spec = drawing.spec();
        let bundle = Bundle::plain(visible(&drawing.words()));
        picture::add(bundle, spec, stop)
    }
}

/// How much a row counts for its names being shown: what it adds to what is drawn.
fn weight<'v>(layout: &Layout, read: impl Fn(usize) -> Option<&'v str>) -> f64 {
    match layout.measure() {
        Some(measure) if measure.function == Function::Sum => {
            let number = measure
                .at
                .and_then(read)
                .and_then(|text| layout.reading(measure.at?)?.read(text));
            number.map_or(0.0, f64::abs)
        }
        _ => 1.0,
    }
}

impl Gathered {
    fn new(layout: &Layout, tallies: &[Tally]) -> Self {
        // Colours and facets first: what they leave is the axes' room.
        let mut room = GROUPS;
        let mut scales: Vec<Option<Scale>> = layout.parts.iter().map(|_| None).collect();
        for (part, scale) in layout.parts.iter().zip(&mut scales) {
            let Some(tally) = tallies.get(part.at) else {
                continue;
            };
            let most = match (part.place, layout.chart.kind) {
                (Place::Color, Kind::Arc) => 12,
                (Place::Color, _) => COLORS,
                (Place::Facet, _) => 12,
                _ => continue,
            };
            let order = match layout.chart.kind {
                Kind::Arc => Order::Rows,
                _ => Order::Alphabet,
            };
            let found = Scale::discrete(tally, most, order);
            room /= match &found {
                Scale::Names(names) => names.labels.len().max(1),
                _ => most,
            };
            *scale = Some(found);
        }
        for (part, scale) in layout.parts.iter().zip(&mut scales) {
            if let (None, Some(tally)) = (&scale, tallies.get(part.at)) {
                *scale = Some(axis(layout, part.place, tally, room.max(60)));
            }
        }
        Gathered {
            scales: scales.into_iter().flatten().collect(),
            ..Gathered::default()
        }
    }

    /// Takes a row in; the values are those of the layout's columns.
    fn take<'v>(&mut self, layout: &Layout, read: impl Fn(usize) -> Option<&'v str>) {
        let mut key = Key::default();
        for ((part, scale), place) in layout.parts.iter().zip(&self.scales).zip(&mut key) {
            let reading = layout.reading(part.at);
            match reading.and_then(|reading| scale.place(reading, read(part.at))) {
                Some(found) => *place = found,
                None => {
                    self.left_out += 1;
                    return;
                }
            }
        }
        let group = self.groups.entry(key).or_insert_with(|| Group {
            rows: 0,
            sums: vec![Sum::default(); layout.measures.len()],
            sample: (layout.chart.kind == Kind::Box).then(Sample::new),
        });
        group.rows += 1;
        for (measure, sum) in layout.measures.iter().zip(&mut group.sums) {
            let number = match measure.at {
                None => Some(1.0),
                Some(at) => match read(at) {
                    None => None,
                    Some(_) if measure.function == Function::Count => Some(1.0),
                    Some(text) => layout.reading(at).and_then(|reading| reading.read(text)),
                },
            };
            if let Some(number) = number {
                sum.add(number);
                if let Some(sample) = &mut group.sample {
                    sample.take(number);
                }
            }
        }
        if let Some(sorter) = layout.sorter {
            let axis = key[axis_part(layout)];
            let kept = |text| Some(layout.reading(sorter)?.kept(text));
            self.sorters
                .entry(axis)
                .or_insert_with(|| read(sorter).and_then(kept));
        }
    }
}

/// The part whose names are sorted.
pub(super) fn axis_part(layout: &Layout) -> usize {
    let place = match layout.chart.kind {
        Kind::Arc => Place::Color,
        _ if layout.lies() => Place::Y,
        _ => Place::X,
    };
    layout.part(place).unwrap_or_default()
}

/// What is kept apart on an axis.
fn axis(layout: &Layout, place: Place, tally: &Tally, room: usize) -> Scale {
    let nature = tally.reading.nature;
    let ranges = ranges(layout.chart.kind, place, nature).min(room);
    match layout.chart.kind {
        Kind::Bar if nature.is_clock() => Scale::ranges(tally, ranges),
        Kind::Bar if nature.is_name() => Scale::discrete(tally, 50, Order::Rows),
        Kind::Bar if !tally.forgotten && tally.names.len() <= 30 => {
            Scale::discrete(tally, 30, Order::Alphabet)
        }
        Kind::Line | Kind::Area => Scale::continuous(tally, ranges),
        Kind::Box => Scale::discrete(tally, ranges, Order::Rows),
        Kind::Heatmap if !nature.is_clock() => Scale::discrete(tally, ranges, Order::Rows),
        Kind::Bar | Kind::Histogram | Kind::Heatmap | Kind::Point | Kind::Arc => {
            Scale::ranges(tally, ranges)
        }
    }
}

/// How many ranges an axis has room for.
fn ranges(kind: Kind, place: Place, nature: Nature) -> usize {
    match kind {
        Kind::Bar if nature.is_clock() => 120,
        Kind::Line | Kind::Area => 1_500,
        Kind::Histogram if !nature.is_clock() => 30,
        Kind::Box => 30,
        Kind::Histogram | Kind::Heatmap | Kind::Point if nature.is_clock() => 60,
        Kind::Point if place == Place::X => 50,
        _ => 40,
    }
}

/// What the chart does with a column it reads.
fn used(layout: &Layout, at: usize) -> Use {
    let chart = &layout.chart;
    let part = layout.parts.iter().find(|part| part.at == at);
    let is_line = matches!(chart.kind, Kind::Line | Kind::Area);
    let is_log = chart.log_x || chart.log_y;
    let measured = layout
        .measures
        .iter()
        .filter(|measure| measure.at == Some(at));
    // Bars and areas are as long as their number, and so is the size of a point.
    let grounded = |measure: &Measure| {
        let is_middle = matches!(
            measure.function,
            Function::Avg | Function::Min | Function::Max
        );
        let is_long = matches!(chart.kind, Kind::Bar | Kind::Area | Kind::Arc);
        !is_middle || is_long || measure.place == Place::Size
    };
    let place = part.map_or(Place::X, |part| part.place);
    let nature = layout
        .reading(at)
        .map_or(Nature::Name, |reading| reading.nature);
    Use {
        floats: !is_log && layout.sorter != Some(at) && !measured.into_iter().any(grounded),
        room: ranges(chart.kind, place, nature),
        each: is_line,
    }
}

impl Sum {
    fn add(&mut self, number: f64) {
        if self.count == 0 {
            (self.least, self.most) = (number, number);
        }
        self.count += 1;
        self.sum += number;
        self.least = self.least.min(number);
        self.most = self.most.max(number);
    }

    /// The sum of two groups together.
    pub(super) fn with(self, other: Sum) -> Sum {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        Sum {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            least: self.least.min(other.least),
            most: self.most.max(other.most),
        }
    }

    /// What a function makes of it; nothing of no values, as in SQL.
    pub(super) fn result(&self, function: Function) -> Option<f64> {
        if function == Function::Count {
            return Some(self.count as f64);
        }
        (self.count > 0).then(|| match function {
            Function::Count => self.count as f64,
            Function::Sum => self.sum,
            Function::Avg => self.sum / self.count as f64,
            Function::Min => self.least,
            Function::Max => self.most,
        })
    }
}
