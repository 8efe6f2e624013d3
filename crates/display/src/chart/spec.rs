//! The Vega-Lite specification of what is drawn.
//!
//! Data go under names of our own (`x`, `y`, `color`, …), so that no name of a column has to be
//! escaped; moments go as milliseconds on a UTC scale, so that a chart shows the same clock as the
//! table, wherever it is looked at. Colours suit a light and a dark page.

use serde_json::{Map, Value, json};

use crate::chart::drawing::Drawing;
use crate::chart::layout::{Part, Place};
use crate::chart::lone::POINTED;
use crate::chart::plot::Key;
use crate::chart::scale::Scale;
use crate::chart::{Kind, moment, own};

const WIDTH: usize = 560;
const HEIGHT: usize = 320;
/// Grey enough for black and white pages.
pub(super) const INK: &str = "#767676";
const COLOR: &str = "#4c78a8";
impl Drawing<'_> {
    pub(super) fn spec(&self) -> Value {
        let mut spec = own::frame();
        spec["description"] = json!(self.words());
        spec["title"] = json!({"text": self.heading(), "subtitle": self.subtitle()});
        spec["data"] = json!({"values": self.values()});
        if self.breaks() {
            spec["config"]["mark"] = json!({"aria": false});
        }
        let mut unit = self.unit_spec();
        let transforms: Vec<Value> = [Place::X, Place::Y]
            .into_iter()
            .filter_map(|place| self.when(place)?.1)
            .collect();
        if !transforms.is_empty() {
            spec["transform"] = json!(transforms);
        }
        let (width, height) = self.size();
        unit.insert("width".into(), json!(width));
        unit.insert("height".into(), json!(height));
        match self.part(Place::Facet) {
            Some((at, part, _)) => {
                spec["columns"] = json!(columns(self.domain(at).len()));
                // The titles of axes stand side by side.
                spec["config"]["axisX"] = json!({"titleLimit": width});
                spec["facet"] = json!({
                    "field": "facet",
                    "type": "nominal",
                    "title": self.part_title(part),
                    "sort": self.labels(at),
                });
                spec["spec"] = Value::Object(unit);
            }
            None => {
                for (key, value) in unit {
                    spec[key] = value;
                }
            }
        }
        spec
    }

    /// A row of the chart's data a group, a number of a box, or a point.
    fn values(&self) -> Vec<Value> {
        match self.layout.chart.kind {
            _ if !self.points.is_empty() => self.point_values(),
            Kind::Box => self.box_values(),
            _ => self.group_values(),
        }
    }

    fn group_values(&self) -> Vec<Value> {
        let lone = self.lone();
        let value = |(rank, key): (usize, &Key)| {
            let group = self.group(key)?;
            let mut value = self.place_values(key);
            for (at, measure) in self.layout.measures.iter().enumerate() {
                let number = self.number(group, at, measure);
                value.insert(measure.place.name().into(), json!(number));
            }
            match self.layout.chart.kind {
                Kind::Point => {
                    value.insert("rows".into(), json!(group.rows));
                }
                Kind::Arc => {
                    value.insert("rank".into(), json!(rank));
                }
                _ => {}
            }
            if let Some(height) = lone.get(key) {
                value.insert("lone".into(), json!(height));
            }
            Some(Value::Object(value))
        };
        self.keys.iter().enumerate().filter_map(value).collect()
    }

    /// The parts of a group.
    fn place_values(&self, key: &[i64]) -> Map<String, Value> {
        let mut value = Map::new();
        for (at, part) in self.layout.parts.iter().enumerate() {
            let (name, scale) = (part.place.name(), &self.gathered.scales[at]);
            if matches!(scale, Scale::Names(_)) {
                self.name(&mut value, part, scale, key[at]);
                continue;
            }
            if self.is_discrete(part, scale) {
                value.insert(name.into(), json!(self.label(at, key[at])));
                continue;
            }
            if self.is_fine(part) {
                let from = scale.range(key[at]).0 as i64;
                let words = moment::print(from, self.clock_format(part, scale));
                value.insert(format!("{name}_words"), json!(words));
            }
            let divisor = self.part_unit(part).0;
            let (from, to) = scale.range(key[at]);
            let (from, to) = (from / divisor, to / divisor);
            match self.layout.chart.kind {
                _ if matches!(scale, Scale::Each(_)) => value.insert(name.into(), json!(from)),
                Kind::Line | Kind::Area if part.nature.is_clock() => {
                    value.insert(name.into(), json!(from))
                }
                Kind::Line | Kind::Area | Kind::Point => {
                    value.insert(name.into(), json!(f64::midpoint(from, to)))
                }
                _ => {
                    value.insert(name.into(), json!(from));
                    value.insert(format!("{name}2"), json!(to))
                }
            };
        }
        value
    }

    fn box_values(&self) -> Vec<Value> {
        let mut values = Vec::new();
        let divisor = self
            .layout
            .measure()
            .map_or(1.0, |measure| self.unit(measure).0);
        let log = self.layout.chart.log_y;
        for key in &self.keys {
            let spread = self
                .group(key)
                .and_then(|group| group.sample.as_ref()?.spread());
            let Some(spread) = spread else { continue };
            let place = self.place_values(key);
            let shown = |number: f64| (!(log && number <= 0.0)).then_some(number / divisor);
            let mut value = place.clone();
            for (name, number) in [
                ("low", spread.whiskers.0),
                ("quarter", spread.quarter),
                ("median", spread.median),
                ("three_quarters", spread.three_quarters),
                ("high", spread.whiskers.1),
            ] {
                value.insert(name.into(), json!(shown(number)));
            }
            values.push(Value::Object(value));
            for number in spread.beyond {
                let mut value = place.clone();
                value.insert("beyond".into(), json!(shown(number)));
                values.push(Value::Object(value));
            }
        }
        values
    }

    pub(super) fn is_discrete(&self, part: &Part, scale: &Scale) -> bool {
        let by_name = matches!(part.place, Place::Color | Place::Facet)
            || self.layout.chart.kind == Kind::Box;
        by_name || matches!(scale, Scale::Names(_))
    }

    /// The mark and its encoding, or layers of them.
    fn unit_spec(&self) -> Map<String, Value> {
        let mut encoding = Map::new();
        for (place, name) in [(Place::X, "x"), (Place::Y, "y"), (Place::Color, "color")] {
            if let Some((at, part, scale)) = self.part(place) {
                let axis = match place {
                    Place::Color => self.colors(at, part, scale),
                    _ => self.axis(at, part, scale),
                };
                encoding.insert(name.into(), axis);
                let ranged = !matches!(
                    self.layout.chart.kind,
                    Kind::Line | Kind::Area | Kind::Point
                );
                let steps = matches!(scale, Scale::Steps(_) | Scale::Units(_));
                if ranged && steps && !self.is_discrete(part, scale) {
                    encoding.insert(format!("{name}2"), json!({"field": format!("{name}2")}));
                    encoding[name]["bin"] = json!("binned");
                }
            }
        }
        if self.layout.chart.kind == Kind::Box {
            return self.box_layers(&encoding);
        }
        for measure in &self.layout.measures {
            let (name, channel) = match (measure.place, self.layout.chart.kind) {
                (Place::Y, Kind::Arc) => (
                    "theta",
                    json!({"field": "y", "type": "quantitative", "stack": true}),
                ),
                (Place::Color, _) => ("color", self.shades(measure)),
                (Place::Size, _) => (
                    "size",
                    json!({"field": "size", "type": "quantitative", "title": self.title(measure)}),
                ),
                (place, _) => (place.name(), self.measure_axis(measure)),
            };
            encoding.insert(name.into(), channel);
        }
        if self.layout.chart.kind == Kind::Point
            && self.points.is_empty()
            && !encoding.contains_key("size")
        {
            encoding.insert(
                "size".into(),
                json!({"field": "rows", "type": "quantitative", "title": "rows"}),
            );
        }
        if self.layout.chart.kind == Kind::Arc {
            encoding.insert(
                "order".into(),
                json!({"field": "rank", "type": "quantitative"}),
            );
        }
        if let Some(offset) = self.side_by_side() {
            let sort = self.layout.part(Place::Color).map(|at| self.labels(at));
            encoding.insert(
                offset.into(),
                json!({"field": "color", "type": "nominal", "sort": sort}),
            );
        }
        encoding.insert("tooltip".into(), json!(self.tooltips()));
        let mut unit = Map::new();
        if self.lone().is_empty() {
            unit.insert("mark".into(), self.mark());
        } else {
            let mut height = encoding.get("y").cloned().unwrap_or_default();
            (height["field"], height["stack"]) = (json!("lone"), Value::Null);
            let point = json!({"type": "circle", "color": COLOR, "size": 36, "opacity": 1});
            let points = json!({"mark": point, "encoding": {"y": height}});
            unit.insert("layer".into(), json!([{"mark": self.mark()}, points]));
        }
        unit.insert("encoding".into(), Value::Object(encoding));
        unit
    }

    /// Whether some title breaks the expression that Vega-Lite makes of all of them, to read it to those
    /// who do not see a mark.
    fn breaks(&self) -> bool {
        let parts = self.layout.parts.iter().map(|part| self.part_title(part));
        let measures = self
            .layout
            .measures
            .iter()
            .map(|measure| self.title(measure));
        parts
            .chain(measures)
            .any(|title| expressed(&title) != title)
    }

    fn mark(&self) -> Value {
        let colored = self.layout.part(Place::Color).is_some();
        match self.layout.chart.kind {
            Kind::Bar | Kind::Histogram => json!({"type": "bar", "color": COLOR}),
            Kind::Line => match self.keys.len() <= POINTED {
                true => json!({"type": "line", "color": COLOR, "point": {"size": 36}}),
                false => json!({"type": "line", "color": COLOR, "strokeWidth": 1.5}),
            },
            Kind::Area => {
                let opacity = match colored && !self.layout.chart.stacked {
                    true => 0.4,
                    false => 0.85,
                };
                json!({"type": "area", "color": COLOR, "line": {"strokeWidth": 1.5}, "opacity": opacity})
            }
            Kind::Point if self.points.is_empty() => {
                json!({"type": "circle", "color": COLOR, "opacity": 0.8})
            }
            Kind::Point => {
                let opacity = match self.points.len() {
                    ..100 => 0.9,
                    100..1000 => 0.6,
                    _ => 0.35,
                };
                json!({"type": "circle", "color": COLOR, "opacity": opacity, "size": 40})
            }
            Kind::Heatmap => json!({"type": "rect"}),
            Kind::Arc => json!({"type": "arc", "innerRadius": 60, "padAngle": 0.01}),
            Kind::Box => json!({}),
        }
    }

    /// Bars of several colours at the same name stand side by side.
    pub(super) fn side_by_side(&self) -> Option<&'static str> {
        self.layout.part(Place::Color)?;
        let place = match self.layout.lies() {
            true => Place::Y,
            false => Place::X,
        };
        let (_, part, scale) = self.part(place)?;
        let bars = self.layout.chart.kind == Kind::Bar && !self.layout.chart.stacked;
        (bars && self.is_discrete(part, scale)).then_some(match place {
            Place::Y => "yOffset",
            _ => "xOffset",
        })
    }

    pub(super) fn labels(&self, at: usize) -> Vec<String> {
        self.domain(at)
            .into_iter()
            .map(|place| self.label(at, place))
            .collect()
    }

    /// What a pointer on a mark is told.
    fn tooltips(&self) -> Vec<Value> {
        let mut tooltips = Tooltips::default();
        for part in &self.layout.parts {
            let Some((_, _, scale)) = self.part(part.place) else {
                continue;
            };
            let name = part.place.name();
            let shortened = match scale {
                Scale::Names(names) => names.labels.iter().any(|label| label.whole.is_some()),
                _ => false,
            };
            let (field, kind) = match self.when(part.place) {
                Some((words, _)) => (words, "nominal"),
                None if shortened => (format!("{name}_whole"), "nominal"),
                None if self.is_discrete(part, scale) => (name.to_owned(), "nominal"),
                None => (name.to_owned(), "quantitative"),
            };
            tooltips.add(&field, kind, &self.part_title(part), name);
        }
        for measure in &self.layout.measures {
            let name = measure.place.name();
            tooltips.add(name, "quantitative", &self.title(measure), name);
        }
        if self.layout.chart.kind == Kind::Point && self.points.is_empty() {
            tooltips.add("rows", "quantitative", "rows", "count");
        }
        tooltips.0
    }

    /// The field of the words for a place, where it is a moment or a range; and the transform that
    /// makes it, where the data have none.
    fn when(&self, place: Place) -> Option<(String, Option<Value>)> {
        let (_, part, scale) = self.part(place)?;
        if self.is_discrete(part, scale) {
            return None;
        }
        let name = place.name();
        let words = format!("{name}_words");
        let ranged = matches!(
            self.layout.chart.kind,
            Kind::Bar | Kind::Histogram | Kind::Heatmap
        );
        if self.is_fine(part) {
            return Some((words, None));
        }
        let calculate = if part.nature.is_clock() {
            format!(
                "utcFormat(datum.{name}, '{}')",
                self.clock_format(part, scale)
            )
        } else if ranged && matches!(scale, Scale::Steps(_)) {
            format!("format(datum.{name}, ',') + ' – ' + format(datum.{name}2, ',')")
        } else {
            return None;
        };
        let transform = json!({"calculate": calculate, "as": words});
        Some((words, Some(transform)))
    }

    fn box_layers(&self, encoding: &Map<String, Value>) -> Map<String, Value> {
        let Some(measure) = self.layout.measure() else {
            return Map::new();
        };
        let (along, along2) = match self.layout.lies() {
            true => ("x", "x2"),
            false => ("y", "y2"),
        };
        let title = self.title(measure);
        let mut scale = json!({"zero": false});
        if self.layout.chart.log_y {
            scale = json!({"type": "log", "nice": false});
        }
        let format = self.measure_format(0);
        let axis = |name: &str| {
            let mut axis =
                json!({"field": name, "type": "quantitative", "title": title, "scale": scale});
            if let Some(format) = format {
                axis["axis"] = json!({"format": format});
            }
            axis
        };
        let mut tooltip = Tooltips::default();
        for part in &self.layout.parts {
            tooltip.add(
                part.place.name(),
                "nominal",
                &self.part_title(part),
                part.place.name(),
            );
        }
        let mut number = Tooltips::default();
        number.add("beyond", "quantitative", &title, "beyond");
        for (name, title) in [
            ("high", "upper whisker"),
            ("three_quarters", "three quarters"),
            ("median", "median"),
            ("quarter", "quarter"),
            ("low", "lower whisker"),
        ] {
            tooltip.add(name, "quantitative", title, "spread");
        }
        let layer = |mark: Value, from: &str, to: Option<&str>, tooltip: Value| {
            let mut layer = encoding.clone();
            layer.insert(along.into(), axis(from));
            if let Some(to) = to {
                layer.insert(along2.into(), json!({"field": to}));
            }
            layer.insert("tooltip".into(), tooltip);
            json!({"mark": mark, "encoding": layer})
        };
        let (tooltip, number) = (json!(tooltip.0), json!(number.0));
        let layers = vec![
            layer(
                json!({"type": "rule", "color": INK}),
                "low",
                Some("high"),
                tooltip.clone(),
            ),
            layer(
                json!({"type": "bar", "size": 22, "color": COLOR}),
                "quarter",
                Some("three_quarters"),
                tooltip.clone(),
            ),
            layer(
                json!({"type": "tick", "size": 22, "thickness": 2, "color": "white"}),
                "median",
                None,
                tooltip,
            ),
            layer(
                json!({"type": "point", "size": 16, "color": COLOR, "opacity": 0.6}),
                "beyond",
                None,
                number,
            ),
        ];
        let mut unit = Map::new();
        unit.insert("layer".into(), json!(layers));
        unit
    }

    /// The size of one chart, in pixels: names have the room they need, side by side less is left.
    pub(super) fn size(&self) -> (usize, usize) {
        let facets = self
            .layout
            .part(Place::Facet)
            .map(|at| self.domain(at).len());
        let columns = facets.map_or(1, columns);
        let (width, height) = match columns {
            1 => (WIDTH, HEIGHT),
            2 => (280, 200),
            _ => (190, 150),
        };
        let each = self.side_by_side().and(self.layout.part(Place::Color));
        let each = each.map_or(1, |at| self.domain(at).len());
        let names = |place: Place| {
            let (at, part, scale) = self.part(place)?;
            self.is_discrete(part, scale).then(|| self.domain(at).len())
        };
        let grows = matches!(
            self.layout.chart.kind,
            Kind::Bar | Kind::Box | Kind::Heatmap
        );
        let width = match names(Place::X) {
            Some(count) if grows => (count * 56.max(16 * each)).clamp(220.min(width), width),
            _ => width,
        };
        let height = match names(Place::Y) {
            Some(count) if grows || self.layout.chart.kind == Kind::Point => {
                (count * 24.max(12 * each)).clamp(60, 900)
            }
            None if self.layout.lies() => 60,
            _ => height,
        };
        match self.layout.chart.kind {
            Kind::Arc => (height.min(260), height.min(260)),
            _ => (width, height),
        }
    }
}

/// How many small charts stand side by side.
fn columns(facets: usize) -> usize {
    match facets {
        ..=1 => 1,
        2 | 4 => 2,
        _ => 3,
    }
}

/// What a pointer on a mark is told, no two things by the same name.
#[derive(Default)]
struct Tooltips(Vec<Value>);

impl Tooltips {
    fn add(&mut self, field: &str, kind: &str, title: &str, place: &str) {
        let mut title = expressed(title);
        let known = |title: &str| self.0.iter().any(|tooltip| tooltip["title"] == title);
        while known(&title) {
            title = format!("{title} ({place})");
        }
        let mut tooltip = json!({"field": field, "type": kind, "title": title});
        if kind == "quantitative" {
            // As many digits as there are.
            tooltip["format"] = json!(",.15~g");
        }
        self.0.push(tooltip);
    }
}

/// A title as Vega-Lite takes it over into an expression, between quotes and as it stands.
fn expressed(title: &str) -> String {
    title.replace('\\', "\\\\").replace('"', "\\\"")
}
