//! Axes and colours: what they are called, how far they reach and how their numbers are printed.

use serde_json::{Value, json};

use crate::chart::drawing::Drawing;
use crate::chart::layout::{Measure, Part, Place};
use crate::chart::plot::{COLORS as COUNT, Key};
use crate::chart::scale::Scale;
use crate::chart::value::Nature;
use crate::chart::{Kind, moment};
use crate::width::width;

/// Vega's own, which tell apart also where colours are seen less well.
const COLORS: [&str; COUNT] = [
    "#4c78a8", "#f58518", "#e45756", "#72b7b2", "#54a24b", "#eeca3b", "#b279a2", "#ff9da6",
    "#9d755d", "#79706e", "#9ecae9", "#b4602a", "#8c1d40", "#2f8f8a", "#88d27a", "#8a7a1d",
    "#6b4c9a", "#d67195", "#3a4f66", "#c7b198",
];
/// The rest's.
const OTHER: &str = "#bab0ac";

impl Drawing<'_> {
    /// The axis of a part.
    pub(super) fn axis(&self, at: usize, part: &Part, scale: &Scale) -> Value {
        let title = self.part_title(part);
        let name = part.place.name();
        if self.is_discrete(part, scale) {
            let labels = self.labels(at);
            // They are as short as they can be.
            let mut axis = json!({"labelLimit": 0, "grid": false});
            if part.place == Place::X {
                let longest = labels.iter().map(|label| width(label)).max();
                let room = self.size().0 / labels.len().max(1);
                let fits = longest.unwrap_or_default() * 6 + 6 <= room;
                axis["labelAngle"] = json!(if fits { 0 } else { -40 });
            }
            return json!({"field": name, "type": "nominal", "sort": labels, "title": title, "axis": axis});
        }
        if part.nature.is_clock() {
            let mut axis = json!({"field": name, "type": "temporal", "title": title, "scale": {"type": "utc"}});
            let tally = self.tally(part);
            let reach = tally.and_then(|tally| tally.reach).unwrap_or_default();
            if part.nature == Nature::Time && reach.1 - reach.0 > moment::HOUR as f64 / 6.0 {
                axis["axis"] = json!({"labelExpr": "utcFormat(datum.value, '%H:%M')"});
            }
            return axis;
        }
        let mut axis = json!({"field": name, "type": "quantitative", "title": title});
        axis["scale"] = match self.is_log(part.place) {
            true => json!({"type": "log", "nice": false}),
            false => json!({"zero": false}),
        };
        let reach = self
            .tally(part)
            .and_then(|tally| Some((tally.whole, tally.reach?)));
        if let Some((true, (least, most))) = reach
            && least >= 1000.0
            && most < 3000.0
        {
            // Years have no comma.
            axis["axis"] = json!({"format": "d"});
        } else if let Some((_, (least, most))) = reach {
            let divisor = self.part_unit(part).0;
            if let Some(format) = format(least / divisor, most / divisor) {
                axis["axis"] = json!({"format": format});
            }
        }
        axis
    }

    /// From where to where the numbers of a measure that are drawn reach.
    fn measure_reach(&self, at: usize) -> Option<(f64, f64)> {
        let measure = self.layout.measures.get(at)?;
        if self.points.is_empty() && self.layout.chart.kind != Kind::Box {
            let number = |key: &Key| self.number(self.group(key)?, at, measure);
            let numbers = self
                .keys
                .iter()
                .filter_map(number)
                .map(|number| (number, number));
            return numbers.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)));
        }
        let (least, most) = self.tallies.get(measure.at?)?.reach?;
        let unit = self.unit(measure).0;
        Some((least / unit, most / unit))
    }

    /// How the numbers of a measure are to be printed, where Vega would not print them well.
    pub(super) fn measure_format(&self, at: usize) -> Option<&'static str> {
        let (least, most) = self.measure_reach(at)?;
        // What is long begins at zero.
        let floats = matches!(self.layout.chart.kind, Kind::Line | Kind::Point | Kind::Box);
        format(if floats { least } else { least.min(0.0) }, most)
    }

    pub(super) fn measure_axis(&self, measure: &Measure) -> Value {
        let kind = self.layout.chart.kind;
        let mut axis = json!({
            "field": measure.place.name(),
            "type": "quantitative",
            "title": self.title(measure),
        });
        if measure.place == Place::X {
            axis["axis"] = json!({"tickCount": 6});
        }
        if let Some(format) = self.measure_format(0) {
            axis["axis"]["format"] = json!(format);
        }
        if self.is_log(measure.place) {
            axis["scale"] = json!({"type": "log", "nice": false});
            let grounded = matches!(kind, Kind::Bar | Kind::Area | Kind::Histogram);
            if let (true, Some((least, _))) = (grounded, self.measure_reach(0)) {
                // The least bar has a length as well.
                let below = 10_f64.powf(least.log10().ceil() - 1.0);
                axis["scale"]["domainMin"] = json!(below);
            }
        } else if matches!(kind, Kind::Line | Kind::Point) {
            axis["scale"] = json!({"zero": false});
        }
        if matches!(kind, Kind::Bar | Kind::Area | Kind::Histogram) {
            let stacked = self.layout.chart.stacked
                || kind == Kind::Histogram
                || kind == Kind::Bar && self.side_by_side().is_none();
            let colored = self.layout.part(Place::Color).is_some();
            let zero = stacked && colored && !self.is_log(measure.place);
            axis["stack"] = if zero { json!("zero") } else { Value::Null };
        }
        axis
    }

    pub(super) fn colors(&self, at: usize, part: &Part, scale: &Scale) -> Value {
        let places = self.domain(at);
        let colors: Vec<&str> = places
            .iter()
            .enumerate()
            .map(|(rank, place)| match scale {
                Scale::Names(names) if names.is_other(*place) => OTHER,
                _ => COLORS[rank % COLORS.len()],
            })
            .collect();
        json!({
            "field": "color",
            "type": "nominal",
            "title": self.part_title(part),
            "sort": self.labels(at),
            "legend": {"labelLimit": 0},
            "scale": {"domain": self.labels(at), "range": colors},
        })
    }

    /// Colours of a number.
    pub(super) fn shades(&self, measure: &Measure) -> Value {
        let mut shades = json!({
            "field": "color",
            "type": "quantitative",
            "title": self.title(measure),
            "scale": {"scheme": "viridis"},
        });
        let at = self
            .layout
            .measures
            .iter()
            .position(|one| one.place == measure.place);
        if let Some(format) = at.and_then(|at| self.measure_format(at)) {
            shades["legend"] = json!({"format": format});
        }
        shades
    }
}

/// The format of an axis from one number to another, where Vega's own is not enough: it would write out
/// all zeros of numbers that want an exponent, and six of a number that is alone.
fn format(least: f64, most: f64) -> Option<&'static str> {
    let size = least.abs().max(most.abs());
    match size != 0.0 && !(1e-5..1e15).contains(&size) {
        true => Some("~e"),
        false => (least == most).then_some(",.15~g"),
    }
}
