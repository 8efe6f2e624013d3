//! Values that no line goes to and no area lies below: those between gaps, shown as points.

use std::collections::{BTreeMap, HashMap};

use crate::chart::Kind;
use crate::chart::drawing::Drawing;
use crate::chart::layout::Place;
use crate::chart::plot::Key;

/// Lines of so few values show each as a point anyway.
pub(super) const POINTED: usize = 100;

impl Drawing<'_> {
    /// The lone values by their groups: where their points lie.
    pub(super) fn lone(&self) -> HashMap<Key, f64> {
        let (Some(measure), Some(x)) = (self.layout.measure(), self.layout.part(Place::X)) else {
            return HashMap::new();
        };
        match self.layout.chart.kind {
            Kind::Area => {}
            Kind::Line if self.keys.len() > POINTED => {}
            _ => return HashMap::new(),
        }
        let number = |key: &Key| self.number(self.group(key)?, 0, measure);
        if self.layout.chart.stacked && self.layout.part(Place::Color).is_some() {
            return self.alone(&number);
        }
        // One line is of one colour and in one small chart.
        let mut lines: BTreeMap<Key, Vec<&Key>> = BTreeMap::new();
        for key in &self.keys {
            let mut line = *key;
            line[x] = 0;
            lines.entry(line).or_default().push(key);
        }
        let mut lone = HashMap::new();
        for line in lines.values() {
            for (at, key) in line.iter().enumerate() {
                let beside = [at.checked_sub(1), Some(at + 1)];
                let joined = beside
                    .into_iter()
                    .flatten()
                    .any(|at| line.get(at).is_some_and(|key| number(key).is_some()));
                if let (false, Some(number)) = (joined, number(key)) {
                    lone.insert(**key, number);
                }
            }
        }
        lone
    }

    /// Stacked areas have no gaps, but where a small chart has one place only: there the points lie as
    /// high as the stack.
    fn alone(&self, number: &impl Fn(&Key) -> Option<f64>) -> HashMap<Key, f64> {
        let parts = [Place::X, Place::Color, Place::Facet].map(|place| self.layout.part(place));
        let [Some(x), Some(color), facet] = parts else {
            return HashMap::new();
        };
        let mut charts: BTreeMap<i64, Vec<&Key>> = BTreeMap::new();
        for key in &self.keys {
            charts
                .entry(facet.map_or(0, |at| key[at]))
                .or_default()
                .push(key);
        }
        let mut lone = HashMap::new();
        for mut keys in charts.into_values() {
            if keys.iter().any(|key| key[x] != keys[0][x]) {
                continue;
            }
            // As Vega stacks: by the colours' names, the last at the bottom.
            keys.sort_by_cached_key(|key| std::cmp::Reverse(self.label(color, key[color])));
            let mut height = 0.0;
            for key in keys {
                if let Some(number) = number(key) {
                    height += number;
                    lone.insert(*key, height);
                }
            }
        }
        lone
    }
}
