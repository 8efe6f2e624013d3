//! A column summed up: how many values, how many different ones, from where to where, and how they
//! are spread.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};

use display::{Column, Kind, Money, grouped};

use super::weight::{Weigh, decimal_order, letter_order, shown};

/// Different values are counted up to this many.
const MOST_DIFFERENT: usize = 1_000_000;
/// The values whose number is known by name, up to this many.
const MOST_NAMED: usize = 50_000;
/// Bars of a histogram, or of the most frequent values.
const BARS: usize = 12;

/// A column in few words.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// What there is to know: a word, and its value.
    pub facts: Vec<(&'static str, String)>,
    /// How the values are spread, from the smallest; or the most frequent ones first.
    pub bars: Vec<Bar>,
}

/// One bar of a summary.
#[derive(Clone, Debug, PartialEq)]
pub struct Bar {
    /// The value, or where its range begins and ends.
    pub label: String,
    /// How many rows are in it.
    pub count: u64,
}

/// What one look at all values tells.
pub(super) struct Facts {
    weigh: Weigh,
    kind: Kind,
    rows: u64,
    nulls: u64,
    sum: f64,
    money: Money,
    least: Option<(f64, String)>,
    most: Option<(f64, String)>,
    different: HashSet<u64>,
    hasher: RandomState,
    /// How often each value was seen; `None` where there are too many.
    named: Option<HashMap<String, u64>>,
}

/// The histogram of numbers or moments, made with a second look.
pub(super) struct Bars {
    weigh: Weigh,
    from: f64,
    width: f64,
    counts: Vec<u64>,
    /// The least and the most in each, as printed.
    ends: Vec<Option<[(f64, String); 2]>>,
}

impl Facts {
    pub(super) fn new(column: &Column) -> Self {
        Facts {
            weigh: Weigh::new(column),
            kind: column.kind,
            rows: 0,
            nulls: 0,
            sum: 0.0,
            money: Money::default(),
            least: None,
            most: None,
            different: HashSet::new(),
            hasher: RandomState::new(),
            named: Some(HashMap::new()),
        }
    }

    pub(super) fn take(&mut self, value: Option<&str>) {
        self.rows += 1;
        let Some(value) = value else {
            self.nulls += 1;
            return;
        };
        let (weight, _) = self.weigh.of(value);
        self.sum += weight;
        if self.weigh == Weigh::Money {
            self.money.see(value);
        }
        let order = |known: &(f64, String)| {
            weight.total_cmp(&known.0).then_with(|| match self.weigh {
                Weigh::Number => decimal_order(value, &known.1),
                _ => letter_order(value, &known.1),
            })
        };
        if self.least.as_ref().is_none_or(|known| order(known).is_lt()) {
            self.least = Some((weight, value.to_owned()));
        }
        if self.most.as_ref().is_none_or(|known| order(known).is_gt()) {
            self.most = Some((weight, value.to_owned()));
        }
        if self.different.len() < MOST_DIFFERENT {
            self.different.insert(self.hasher.hash_one(value));
        }
        if let Some(named) = &mut self.named {
            if let Some(count) = named.get_mut(value) {
                *count += 1;
            } else if named.len() < MOST_NAMED {
                named.insert(value.to_owned(), 1);
            } else {
                self.named = None;
            }
        }
    }

    pub(super) fn bars(&self) -> Bars {
        let ends = self.least.as_ref().zip(self.most.as_ref());
        let finite = ends.filter(|((from, _), (to, _))| from.is_finite() && to.is_finite());
        let few = self.different.len() <= BARS;
        let (from, to) = match finite {
            Some(((from, _), (to, _))) if self.weigh.measures() && !few => (*from, *to),
            _ => (0.0, 0.0),
        };
        let bars = if to > from { BARS } else { 0 };
        Bars {
            weigh: self.weigh,
            from,
            width: (to - from) / BARS as f64,
            counts: vec![0; bars],
            ends: vec![None; bars],
        }
    }

    pub(super) fn summary(self, bars: Bars) -> Summary {
        let values = self.rows - self.nulls;
        let different = match self.different.len() {
            MOST_DIFFERENT.. => format!("{} or more", grouped(MOST_DIFFERENT as u64)),
            count => grouped(count as u64),
        };
        let mut facts = vec![
            ("rows", grouped(self.rows)),
            ("NULL", grouped(self.nulls)),
            ("different", different),
        ];
        let kind = self.kind;
        let short = |text: String| match text.char_indices().nth(80) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => shown(kind, &text).to_owned(),
        };
        if let (Some((_, least)), Some((_, most))) = (self.least, self.most) {
            facts.push(("least", short(least)));
            facts.push(("most", short(most)));
        }
        let unit = match self.weigh {
            Weigh::Money => self
                .money
                .decimals()
                .map(|decimals| 10_f64.powi(decimals as i32)),
            _ => Some(1.0),
        };
        if let (Kind::Number, Some(unit), 1..) = (self.kind, unit, values) {
            facts.push(("mean", mean(self.sum / values as f64 / unit)));
        }
        let bars = match bars.want_rows() {
            true => bars.done(),
            false => frequent(self.named.unwrap_or_default(), values)
                .into_iter()
                .map(|(label, count)| Bar {
                    label: short(label),
                    count,
                })
                .collect(),
        };
        Summary { facts, bars }
    }
}

/// With as many digits as say something.
fn mean(number: f64) -> String {
    match number.abs() {
        size if size != 0.0 && size.is_finite() && !(1e-3..1e15).contains(&size) => {
            format!("{number:.6e}")
        }
        _ => format!("{number:.6}"),
    }
}

impl Bars {
    /// Whether the values have to be looked at once more.
    pub(super) fn want_rows(&self) -> bool {
        !self.counts.is_empty()
    }

    pub(super) fn take(&mut self, value: Option<&str>) {
        let Some(value) = value else { return };
        let (weight, _) = self.weigh.of(value);
        let at = ((weight - self.from) / self.width) as usize;
        let at = at.min(self.counts.len().saturating_sub(1));
        let (Some(count), Some(ends)) = (self.counts.get_mut(at), self.ends.get_mut(at)) else {
            return;
        };
        *count += 1;
        let this = || (weight, value.to_owned());
        match ends {
            None => *ends = Some([this(), this()]),
            Some([least, _]) if weight < least.0 => *least = this(),
            Some([_, most]) if weight > most.0 => *most = this(),
            Some(_) => {}
        }
    }

    fn done(self) -> Vec<Bar> {
        let label = |ends: Option<[(f64, String); 2]>| match ends {
            None => "–".to_owned(),
            Some([(_, least), (_, most)]) if least == most => least,
            Some([(_, least), (_, most)]) => format!("{least} … {most}"),
        };
        let bars = self.ends.into_iter().zip(self.counts);
        bars.map(|(ends, count)| Bar {
            label: label(ends),
            count,
        })
        .collect()
    }
}

/// The most frequent values, and all others together.
fn frequent(named: HashMap<String, u64>, values: u64) -> Vec<(String, u64)> {
    let mut named: Vec<_> = named.into_iter().collect();
    named.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    // Where all are different, none is frequent.
    if named.first().is_none_or(|(_, count)| *count == 1) && named.len() > BARS {
        return Vec::new();
    }
    named.truncate(BARS);
    let others = values - named.iter().map(|(_, count)| count).sum::<u64>();
    if others > 0 {
        named.push(("all others".into(), others));
    }
    named
}
