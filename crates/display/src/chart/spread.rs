//! The spread of numbers: quartiles, whiskers and what lies beyond them, of a bounded sample.

/// Numbers of a group that are kept; of more, a fair sample.
const SAMPLE: usize = 20_000;
/// Numbers beyond the whiskers that are drawn, those farthest out.
const BEYOND: usize = 100;

/// A fair sample of the numbers of a group.
#[derive(Debug)]
pub(super) struct Sample {
    numbers: Vec<f64>,
    seen: u64,
    state: u64,
}

/// What a box shows.
#[derive(Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) quarter: f64,
    pub(super) median: f64,
    pub(super) three_quarters: f64,
    pub(super) most: f64,
    /// The farthest numbers within one and a half boxes of the box.
    pub(super) whiskers: (f64, f64),
    /// Numbers beyond the whiskers.
    pub(super) beyond: Vec<f64>,
    /// How many more lie there.
    pub(super) more: usize,
}

impl Sample {
    pub(super) fn new() -> Self {
        Sample {
            numbers: Vec::new(),
            seen: 0,
            // Any number but 0; always this one, for a chart is the same each time.
            state: 0x9E37_79B9_7F4A_7C15,
        }
    }

    pub(super) fn take(&mut self, number: f64) {
        self.seen += 1;
        if self.numbers.len() < SAMPLE {
            self.numbers.push(number);
        } else if let Some(place) = chosen(&mut self.state, self.seen, SAMPLE) {
            self.numbers[place] = number;
        }
    }

    /// Whether there were more numbers than are kept.
    pub(super) fn is_part(&self) -> bool {
        self.seen > SAMPLE as u64
    }

    pub(super) fn spread(&self) -> Option<Spread> {
        let mut numbers = self.numbers.clone();
        numbers.sort_by(f64::total_cmp);
        let (&least, &most) = (numbers.first()?, numbers.last()?);
        let quarter = quantile(&numbers, 0.25);
        let three_quarters = quantile(&numbers, 0.75);
        let reach = 1.5 * (three_quarters - quarter);
        let low = numbers
            .iter()
            .position(|number| *number >= quarter - reach)?;
        let high = numbers
            .iter()
            .rposition(|number| *number <= three_quarters + reach)?;
        let mut beyond: Vec<f64> = numbers[..low].to_vec();
        beyond.extend(&numbers[high + 1..]);
        let middle = f64::midpoint(quarter, three_quarters);
        beyond.sort_by(|a, b| (b - middle).abs().total_cmp(&(a - middle).abs()));
        let more = beyond.len().saturating_sub(BEYOND);
        beyond.truncate(BEYOND);
        Some(Spread {
            least,
            quarter,
            median: quantile(&numbers, 0.5),
            three_quarters,
            most,
            whiskers: (numbers[low], numbers[high]),
            beyond,
            more,
        })
    }
}

/// Where the `seen`th of things goes in a fair sample of `room`, if it is chosen.
pub(super) fn chosen(state: &mut u64, seen: u64, room: usize) -> Option<usize> {
    // xorshift64
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    let place = (*state % seen.max(1)) as usize;
    (place < room).then_some(place)
}

/// As `percentile_cont` computes it.
fn quantile(sorted: &[f64], share: f64) -> f64 {
    let at = share * (sorted.len() - 1) as f64;
    let (below, above) = (sorted[at.floor() as usize], sorted[at.ceil() as usize]);
    below + (above - below) * at.fract()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quartiles_are_those_of_percentile_cont() {
        let mut sample = Sample::new();
        for number in [1.0, 2.0, 3.0, 4.0, 100.0] {
            sample.take(number);
        }
        let spread = sample.spread().unwrap_or_else(|| unreachable!());
        assert_eq!(
            (spread.quarter, spread.median, spread.three_quarters),
            (2.0, 3.0, 4.0)
        );
        assert_eq!(spread.whiskers, (1.0, 4.0));
        assert_eq!((spread.beyond, spread.more), (vec![100.0], 0));
    }

    #[test]
    fn many_numbers_are_sampled_fairly() {
        let mut sample = Sample::new();
        for number in 0..1_000_000 {
            sample.take(f64::from(number));
        }
        let spread = sample.spread().unwrap_or_else(|| unreachable!());
        assert_eq!(sample.numbers.len(), SAMPLE);
        assert!(sample.is_part());
        assert!(
            (spread.median - 500_000.0).abs() < 15_000.0,
            "{}",
            spread.median
        );
        assert!(spread.beyond.is_empty());
    }

    #[test]
    fn nothing_has_no_spread() {
        assert_eq!(Sample::new().spread(), None);
    }
}
