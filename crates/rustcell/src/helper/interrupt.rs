//! An interrupt of a cell: what it ends, and when.

use std::time::Duration;

use tokio::time::Instant;

use super::Helper;
use crate::message::{Event, LARGEST};
use crate::system::{self, Signal};
use crate::{FILTER, HELPER};

/// How often what an interrupted cell has begun meanwhile is ended: evcxr tries a cell in several ways.
const AGAIN: Duration = Duration::from_millis(50);
/// What is not over by then costs the helper.
const LONGEST: Duration = Duration::from_secs(2);

/// An interrupt on its way.
pub(super) struct Interrupted {
    since: Instant,
    /// When it is looked after next.
    pub(super) next: Instant,
}

impl Helper {
    /// Stops the cell that runs: the compiler, or the user's code with all that it has started. It
    /// is done at once or soon, at the price of the helper itself if need be. Doing it twice is as
    /// good as once.
    pub async fn interrupt(&mut self) {
        if self.cell.interrupted.is_some() {
            return;
        }
        if !self.started {
            system::signal_group(self.group, Signal::Kill);
        }
        let now = Instant::now();
        self.cell.interrupted = Some(Interrupted {
            since: now,
            next: now,
        });
        if self.cell.asks {
            self.answer("").await;
        }
        self.go_on_interrupting();
    }

    /// Ends what the cell has begun by now; and the helper, where that has taken too long.
    pub(super) fn go_on_interrupting(&mut self) {
        let Some(interrupted) = &self.cell.interrupted else {
            return;
        };
        match interrupted.since.elapsed() < LONGEST {
            true => self.end_what_runs(),
            false => system::signal_group(self.group, Signal::Kill),
        }
        if let Some(interrupted) = &mut self.cell.interrupted {
            interrupted.next = Instant::now() + AGAIN;
        }
    }

    /// Ends what the cell runs at this moment: the user's code with all that it has started, or the
    /// compiler. For the former, helper and filter stand still, so that what is known is how it is: an
    /// interrupt that meets the end of a cell is not to reach the next one.
    fn end_what_runs(&mut self) {
        if !cfg!(target_os = "linux") {
            return system::signal_group(self.group, Signal::Kill);
        }
        if !self.runs() {
            // Whatever happens meanwhile: these run none of the user's code.
            let own = [FILTER, HELPER];
            return system::end_others_of_group(self.group, |argument| own.contains(&argument));
        }
        let filter = self.cells.processes().first().copied();
        let still = [Some(self.group), filter].into_iter().flatten();
        still
            .clone()
            .for_each(|process| system::signal(process, Signal::Stop));
        still.clone().for_each(system::wait_until_still);
        if self.runs() {
            system::end_others_of_group(self.group, |_| false);
            // What is started in its place has nothing to run yet.
            self.heard.push_back(Event::Rests);
        }
        still.for_each(|process| system::signal(process, Signal::Continue));
    }

    /// Whether the user's code runs, by all that was said up to now.
    fn runs(&mut self) -> bool {
        self.hear();
        let known = self.cell.runs;
        self.heard.iter().fold(known, |runs, event| match event {
            Event::Runs => true,
            Event::Rests | Event::Spare(_) | Event::Reply(_) => false,
            _ => runs,
        })
    }

    /// Reads what has been said and is not read yet.
    fn hear(&mut self) {
        let mut buffer = vec![0; LARGEST + 1];
        while let Ok(count) = self.direct.recv(&mut buffer) {
            let event = buffer.get(..count).and_then(Event::read);
            let Some(event) = event.and_then(|event| self.current(event)) else {
                continue;
            };
            self.heard.push_back(event);
        }
    }
}
