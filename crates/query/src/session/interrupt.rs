//! How far an interrupt has come: what runs, is being cancelled, and is given up in the end. It says
//! what is to be done, and does nothing itself.

use std::time::{Duration, Instant};

/// Interrupts that come closer together are one: a double click, a key that was held.
const ONE: Duration = Duration::from_secs(1);
/// This many interrupts give the connection up.
const TRIES: u32 = 3;
/// After this long without the server's word on a cancel, the user is told.
const NOTICE: Duration = Duration::from_secs(3);
/// After this long without it the connection is given up.
const LIMIT: Duration = Duration::from_secs(30);

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The server is asked to cancel: once.
    Cancel,
    /// The user hears that the server has not answered; so many more interrupts give it up.
    Tell(u32),
    /// The user wants no more of it.
    GiveUp,
    /// The server has had its time.
    TimeIsUp,
}

/// The interrupts of one statement.
pub(super) struct Interrupt {
    /// When the first came.
    since: Option<Instant>,
    /// When the last came that counted, …
    last: Option<Instant>,
    /// … and how many have counted.
    tries: u32,
    /// The user knows that it takes long.
    told: bool,
    limit: Duration,
}

impl Interrupt {
    /// None so far, of a statement of the user's.
    pub(super) fn new() -> Self {
        Interrupt::within(LIMIT)
    }

    /// The same with another time for the server.
    pub(super) fn within(limit: Duration) -> Self {
        Interrupt {
            since: None,
            last: None,
            tries: 0,
            told: false,
            limit,
        }
    }

    /// The user interrupts.
    pub(super) fn pressed(&mut self, now: Instant) -> Option<Step> {
        if self.last.is_some_and(|last| now < last + ONE) {
            return None;
        }
        self.last = Some(now);
        self.tries += 1;
        match self.tries {
            TRIES.. => Some(Step::GiveUp),
            tries if self.since.is_some() => {
                self.told = true;
                Some(Step::Tell(TRIES - tries))
            }
            _ => self.ended(now),
        }
    }

    /// What runs is to end, and the user has not said so: a time limit has passed, or nobody takes
    /// the rows any more.
    pub(super) fn ended(&mut self, now: Instant) -> Option<Step> {
        let first = self.since.is_none();
        self.since.get_or_insert(now);
        first.then_some(Step::Cancel)
    }

    /// When something is due without another word from anyone.
    pub(super) fn due(&self) -> Option<Instant> {
        let since = self.since?;
        Some(match self.told {
            false => since + NOTICE.min(self.limit),
            true => since + self.limit,
        })
    }

    /// That moment has come.
    pub(super) fn passed(&mut self, now: Instant) -> Option<Step> {
        let since = self.since?;
        if now >= since + self.limit {
            return Some(Step::TimeIsUp);
        }
        let told = std::mem::replace(&mut self.told, true);
        (!told).then_some(Step::Tell(TRIES.saturating_sub(self.tries).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Interrupts after so many milliseconds, and what each of them does.
    fn presses(at: &[u64]) -> Vec<Option<Step>> {
        let began = Instant::now();
        let mut interrupt = Interrupt::new();
        at.iter()
            .map(|at| interrupt.pressed(began + Duration::from_millis(*at)))
            .collect()
    }

    #[test]
    fn interrupts_within_a_second_are_one() {
        let cancel = Some(Step::Cancel);
        for gap in [0, 5, 20, 50, 100, 200, 400, 700, 999] {
            assert_eq!(presses(&[0, gap]), [cancel, None], "{gap}");
        }
        assert_eq!(presses(&[0, 300, 600, 900]), [cancel, None, None, None]);
    }

    #[test]
    fn the_third_gives_the_connection_up() {
        let (cancel, tell) = (Some(Step::Cancel), Some(Step::Tell(1)));
        assert_eq!(presses(&[0, 1000]), [cancel, tell]);
        assert_eq!(
            presses(&[0, 1000, 2000]),
            [cancel, tell, Some(Step::GiveUp)]
        );
        // A second double click is the second one, and a key that is held is one a second.
        assert_eq!(presses(&[0, 50, 1200, 1250]), [cancel, None, tell, None]);
        assert_eq!(
            presses(&[0, 400, 800, 1200, 1600, 2000, 2400]),
            [cancel, None, None, tell, None, None, Some(Step::GiveUp)]
        );
    }

    #[test]
    fn the_server_has_thirty_seconds_and_the_user_is_told_after_three() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut interrupt = Interrupt::new();
        assert_eq!(interrupt.due(), None);
        interrupt.pressed(began);
        assert_eq!(interrupt.due(), Some(after(3)));
        assert_eq!(interrupt.passed(after(3)), Some(Step::Tell(2)));
        assert_eq!(interrupt.due(), Some(after(30)));
        // One who asks is told, and the server keeps its time.
        assert_eq!(interrupt.pressed(after(10)), Some(Step::Tell(1)));
        assert_eq!(interrupt.due(), Some(after(30)));
        assert_eq!(interrupt.passed(after(30)), Some(Step::TimeIsUp));
    }

    #[test]
    fn a_time_limit_is_no_try_of_the_users() {
        let began = Instant::now();
        let after = |seconds| began + Duration::from_secs(seconds);
        let mut interrupt = Interrupt::new();
        assert_eq!(interrupt.ended(began), Some(Step::Cancel));
        assert_eq!(interrupt.ended(after(1)), None);
        assert_eq!(interrupt.pressed(after(2)), Some(Step::Tell(2)));
        assert_eq!(interrupt.pressed(after(4)), Some(Step::Tell(1)));
        assert_eq!(interrupt.pressed(after(6)), Some(Step::GiveUp));
    }
}
