//! A chart in words: its title, what its reader has to know, and a description for those who do not
//! see it.

use std::collections::BTreeSet;

use crate::chart::drawing::Drawing;
use crate::chart::layout::Place;
use crate::chart::moment;
use crate::chart::number::{printed, printed_in, reach};
use crate::chart::plot::Key;
use crate::chart::scale::Scale;
use crate::chart::value::From;
use crate::chart::{Function, Kind};

/// So many names of an axis are told.
const TOLD: usize = 8;
/// A line of a title that is longer is parted.
const LINE: usize = 90;

impl Drawing<'_> {
    /// The title: the user's, or what is drawn of what.
    pub(super) fn heading(&self) -> String {
        let chart = &self.layout.chart;
        match &chart.title {
            Some(title) => title.clone(),
            None => self.subject(),
        }
    }

    fn subject(&self) -> String {
        let name = |place| self.part(place).map(|(_, part, _)| part.name.clone());
        let measure = self.layout.measure();
        let what = measure
            .map(|measure| self.title(measure))
            .unwrap_or_default();
        let axes: Vec<String> = [Place::X, Place::Y, Place::Color]
            .into_iter()
            .filter_map(name)
            .collect();
        let by = match axes.is_empty() {
            true => String::new(),
            false => format!(" by {}", axes.join(" and ")),
        };
        match self.layout.chart.kind {
            Kind::Point => {
                let (x, y) = (name(Place::X), name(Place::Y));
                format!("{} by {}", y.unwrap_or_default(), x.unwrap_or_default())
            }
            Kind::Histogram => format!("distribution of {}", axes.join(" and ")),
            Kind::Box => {
                let spread = measure.map_or("", |measure| &measure.name);
                format!("spread of {spread}{by}")
            }
            _ => format!("{what}{by}"),
        }
    }

    /// What the picture does not show as it is, one thing a line.
    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        let rows = match self.rows {
            (1, 1) => "1 row".to_owned(),
            (rows, of) if rows < of => {
                let (rows, of) = (printed(rows as f64), printed(of as f64));
                format!("the first {rows} of {of} rows, which are kept")
            }
            (rows, _) => format!("{} rows", printed(rows as f64)),
        };
        let steps: Vec<String> = (0..self.layout.parts.len())
            .filter_map(|at| self.cut(at))
            .collect();
        let gathered = self.points.is_empty() && self.layout.chart.kind == Kind::Point;
        if gathered {
            let size = match self
                .layout
                .measures
                .iter()
                .any(|measure| measure.place == Place::Size)
            {
                true => "",
                false => "; the size is how many",
            };
            notes.push(format!(
                "{rows} as a point a cell{size}: {}",
                steps.join(", ")
            ));
        } else if !steps.is_empty() {
            notes.push(format!("{rows}, {}", steps.join(", ")));
        } else if self.is_computed() || self.rows.0 < self.rows.1 {
            notes.push(rows);
        }
        for (part, scale) in self.layout.parts.iter().zip(&self.gathered.scales) {
            if let Scale::Names(names) = scale
                && names.has_other()
            {
                let most = match self.layout.measure() {
                    Some(measure) if measure.function == Function::Sum => "greatest",
                    _ => "most frequent",
                };
                let total = match names.more {
                    true => format!("more than {}", printed(names.total as f64)),
                    false => printed(names.total as f64),
                };
                notes.push(format!(
                    "{}: the {} {most} of {total}, the others as one",
                    part.name,
                    names.labels.len() - 1
                ));
            }
        }
        if self
            .gathered
            .groups
            .values()
            .any(|group| group.sample.as_ref().is_some_and(|sample| sample.is_part()))
        {
            notes.push("quartiles of a sample of each group".into());
        }
        let spreads = self.gathered.groups.values();
        let spreads = spreads.filter_map(|group| group.sample.as_ref()?.spread());
        let more: usize = spreads.map(|spread| spread.more).sum();
        if more > 0 {
            notes.push(format!(
                "{} numbers beyond the whiskers are not drawn: of each group the farthest are",
                printed(more as f64)
            ));
        }
        for part in &self.layout.parts {
            let reading = self.layout.reading(part.at);
            if let Some(From::Clock(ahead)) = reading.map(|reading| &reading.from) {
                let clock = moment::offset_words(*ahead);
                notes.push(format!(
                    "{} by the clock of {clock} throughout, for the clock is turned back in between",
                    part.name
                ));
            }
        }
        notes.extend(self.left_out());
        notes.extend(self.undrawn());
        notes
    }

    /// How a part is cut: `placed by week`, `points in steps of 10`.
    fn cut(&self, at: usize) -> Option<String> {
        let (part, scale) = (self.layout.parts.get(at)?, self.gathered.scales.get(at)?);
        // A point that is a row has its own place; its colour may still be that of a range.
        if !self.points.is_empty() && matches!(part.place, Place::X | Place::Y) {
            return None;
        }
        match scale {
            Scale::Units(unit) => match self.tally(part)?.unit {
                Some(known) if known == *unit => None,
                _ => Some(format!("{} by {}", part.name, unit.name)),
            },
            Scale::Steps(steps) => {
                let step = steps.length();
                let step = match self.part_unit(part).1 {
                    None => step,
                    Some("ms") => format!("{step} ms"),
                    Some(units) if step == "1" => format!("1 {}", units.trim_end_matches('s')),
                    Some(units) => format!("{step} {units}"),
                };
                Some(format!("{} in steps of {step}", part.name))
            }
            Scale::Names(_) | Scale::Each(_) => None,
        }
    }

    /// Which rows are not in the picture.
    fn left_out(&self) -> Option<String> {
        let mut whys = Vec::new();
        let parts = self.layout.parts.iter().zip(&self.gathered.scales);
        let mut columns: Vec<(usize, &str)> = parts
            .filter(|(_, scale)| !matches!(scale, Scale::Names(_)))
            .map(|(part, _)| (part.at, part.name.as_str()))
            .collect();
        let counted = |function| function == Function::Count;
        let measures = self
            .layout
            .measures
            .iter()
            .filter(|measure| !counted(measure.function));
        columns.extend(measures.filter_map(|measure| Some((measure.at?, measure.name.as_str()))));
        for (at, name) in columns {
            let Some(tally) = self.tallies.get(at) else {
                continue;
            };
            if tally.nulls > 0 {
                whys.push(format!(
                    "{} with NULL in {name}",
                    printed(tally.nulls as f64)
                ));
            }
            if tally.strange > 0 {
                let count = printed(tally.strange as f64);
                whys.push(format!("{count} whose {name} cannot be drawn"));
            }
        }
        let log = [Place::X, Place::Y]
            .into_iter()
            .any(|place| self.is_log(place));
        let at_or_below = |at: Option<usize>| {
            let tally = at.and_then(|at| self.tallies.get(at));
            tally
                .and_then(|tally| tally.reach)
                .is_some_and(|(least, _)| least <= 0.0)
        };
        let logged = self
            .layout
            .parts
            .iter()
            .filter(|part| self.is_log(part.place))
            .map(|part| Some(part.at));
        let measured = self
            .layout
            .measures
            .iter()
            .filter(|measure| self.is_log(measure.place))
            .map(|measure| measure.at);
        if log && logged.chain(measured).any(at_or_below) {
            whys.push("what is not above zero, which a logarithmic scale cannot show".into());
        }
        (!whys.is_empty()).then(|| format!("left out: {}", whys.join(", ")))
    }

    /// Which colours and small charts show nothing.
    fn undrawn(&self) -> Option<String> {
        let kind = self.layout.chart.kind;
        let measure = self.layout.measure()?;
        if kind == Kind::Point {
            return None;
        }
        let drawn = |key: &&Key| {
            let group = self.group(key);
            match (kind, group.and_then(|group| self.number(group, 0, measure))) {
                (Kind::Box, _) => group.is_some_and(|group| {
                    group
                        .sample
                        .as_ref()
                        .is_some_and(|sample| sample.spread().is_some())
                }),
                (Kind::Arc, number) => number.is_some_and(|number| number != 0.0),
                (_, number) => number.is_some(),
            }
        };
        let mut empty = Vec::new();
        for (at, part) in self.layout.parts.iter().enumerate() {
            let scale = self.gathered.scales.get(at);
            let by_name = matches!(scale, Some(Scale::Names(_)));
            if !by_name && !matches!(part.place, Place::Color | Place::Facet) {
                continue;
            }
            let shown: BTreeSet<i64> = self.keys.iter().filter(drawn).map(|key| key[at]).collect();
            let places = self.domain(at).into_iter();
            let label = |place| self.label(at, place);
            empty.extend(places.filter(|place| !shown.contains(place)).map(label));
        }
        let more = match empty.len().saturating_sub(TOLD) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        empty.truncate(TOLD);
        (!empty.is_empty()).then(|| format!("nothing is drawn of {}{more}", empty.join(", ")))
    }

    /// The notes as the lines of a subtitle.
    pub(super) fn subtitle(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for note in self.notes() {
            let mut line = String::new();
            for word in note.split(' ') {
                if !line.is_empty() && line.chars().count() + word.chars().count() > LINE {
                    lines.push(std::mem::take(&mut line));
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
            }
            lines.push(line);
        }
        lines
    }

    /// The description.
    pub(super) fn words(&self) -> String {
        let kind = match self.layout.chart.kind {
            Kind::Bar => "Bar chart",
            Kind::Line => "Line chart",
            Kind::Area => "Area chart",
            Kind::Point => "Scatter plot",
            Kind::Histogram => "Histogram",
            Kind::Box => "Box plot",
            Kind::Heatmap => "Heat map",
            Kind::Arc => "Ring chart",
        };
        let mut lines = vec![format!("{kind}: {}", self.heading())];
        if self.layout.chart.title.is_some() {
            lines.push(self.subject());
        }
        lines.extend(self.notes());
        for at in 0..self.layout.parts.len() {
            lines.extend(self.part_words(at));
        }
        match self.layout.chart.kind {
            Kind::Box => lines.extend(self.box_words()),
            _ if self.points.is_empty() => lines.extend(self.measure_words()),
            _ => lines.push(format!(
                "{} points",
                printed(self.point_values().len() as f64)
            )),
        }
        lines.join("\n")
    }

    fn part_words(&self, at: usize) -> Option<String> {
        let (part, scale) = (self.layout.parts.get(at)?, self.gathered.scales.get(at)?);
        let name = &part.name;
        let place = match part.place {
            Place::X => "x",
            Place::Y => "y",
            Place::Color => "colour",
            Place::Facet => "a chart each",
            Place::Size => "size",
        };
        let domain = self.domain(at);
        if let Scale::Names(_) = scale {
            let told: Vec<String> = domain
                .iter()
                .take(TOLD)
                .map(|place| self.label(at, *place))
                .collect();
            let more = match domain.len().saturating_sub(TOLD) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            return Some(format!("{place}: {name}: {}{more}", told.join(", ")));
        }
        let (least, most) = self.tally(part)?.reach?;
        let least = match self.is_log(part.place) {
            // What is below has no place there.
            true => domain
                .iter()
                .map(|place| scale.range(*place).1)
                .filter(|number| *number > 0.0)
                .fold(most, f64::min),
            false => least,
        };
        let divisor = self.part_unit(part).0;
        let print = |number: f64| match part.nature.is_clock() {
            true => moment::print(number as i64, self.clock_format(part, scale)),
            false => printed_in(number / divisor, reach(least, most) / divisor),
        };
        Some(format!(
            "{place}: {} from {} to {}",
            self.part_title(part),
            print(least),
            print(most)
        ))
    }

    /// From where to where the numbers drawn reach, and at which names.
    fn measure_words(&self) -> Option<String> {
        let measure = self.layout.measure()?;
        let numbered = self
            .keys
            .iter()
            .filter_map(|key| Some((self.number(self.group(key)?, 0, measure)?, key)));
        let numbers: Vec<(f64, &Key)> = numbered.collect();
        let least = numbers.iter().min_by(|a, b| a.0.total_cmp(&b.0))?;
        let most = numbers.iter().max_by(|a, b| a.0.total_cmp(&b.0))?;
        let title = self.title(measure);
        let printed = |number| printed_in(number, reach(least.0, most.0));
        if numbers.len() == 1 {
            let at = self.key_words(most.1);
            return Some(format!("{title}: {} ({at})", printed(most.0)));
        }
        Some(format!(
            "{title} from {} ({}) to {} ({})",
            printed(least.0),
            self.key_words(least.1),
            printed(most.0),
            self.key_words(most.1)
        ))
    }

    fn box_words(&self) -> Vec<String> {
        let spread = |key: &Key| {
            let spread = self.group(key)?.sample.as_ref()?.spread()?;
            let divisor = self
                .layout
                .measure()
                .map_or(1.0, |measure| self.unit(measure).0);
            let reach = reach(spread.least, spread.most) / divisor;
            let print = |number: f64| printed_in(number / divisor, reach);
            Some(format!(
                "{}: median {}, half between {} and {}, all between {} and {}",
                match self.layout.parts.is_empty() {
                    true => "all".to_owned(),
                    false => self.key_words(key),
                },
                print(spread.median),
                print(spread.quarter),
                print(spread.three_quarters),
                print(spread.least),
                print(spread.most)
            ))
        };
        self.keys.iter().filter_map(spread).collect()
    }

    /// A key in words: where its parts are.
    pub(super) fn key_words(&self, key: &Key) -> String {
        let labels: Vec<String> = (0..self.layout.parts.len())
            .map(|part| self.label(part, key[part]))
            .collect();
        labels.join(", ")
    }
}
