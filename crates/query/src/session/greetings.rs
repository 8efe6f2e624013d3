//! What a server says while nobody asks it: kept for the next statement, up to a bound.

use std::collections::VecDeque;

use crate::wire::{Event, Report};

/// Messages that are kept: nobody reads a thousand notices of an idle hour; …
const KEPT: usize = 100;
/// … and no more bytes than these.
const BYTES: usize = 1 << 20;

/// Notices and notifications that came between statements. Older ones make room.
#[derive(Default)]
pub(super) struct Greetings {
    kept: VecDeque<Event>,
    bytes: usize,
    left_out: u64,
}

impl Greetings {
    pub(super) fn keep(&mut self, event: Event) {
        let size = size(&event);
        if size > BYTES {
            self.left_out += 1;
            return;
        }
        self.bytes += size;
        self.kept.push_back(event);
        while self.kept.len() > KEPT || self.bytes > BYTES {
            let oldest = self.kept.pop_front();
            self.bytes -= oldest.as_ref().map_or(self.bytes, self::size);
            self.left_out += 1;
        }
    }

    /// All that is kept; and how many there were beside them.
    pub(super) fn take(&mut self) -> (VecDeque<Event>, u64) {
        self.bytes = 0;
        (
            std::mem::take(&mut self.kept),
            std::mem::take(&mut self.left_out),
        )
    }
}

fn size(event: &Event) -> usize {
    match event {
        Event::Notice(report) => Report::size(report),
        Event::Notification {
            channel, payload, ..
        } => channel.len() + payload.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(length: usize) -> Event {
        let message = "x".repeat(length);
        Event::Notice(Box::new(Report {
            message,
            ..Report::default()
        }))
    }

    #[test]
    fn what_is_kept_has_a_bound_in_number_and_in_bytes() {
        let mut greetings = Greetings::default();
        for _ in 0..1000 {
            greetings.keep(notice(10));
        }
        let (kept, left_out) = greetings.take();
        assert_eq!((kept.len(), left_out), (100, 900));

        for _ in 0..50 {
            greetings.keep(notice(100_000));
        }
        greetings.keep(notice(2 << 20));
        let (kept, left_out) = greetings.take();
        assert_eq!((kept.len(), left_out), (10, 41));
        assert_eq!(greetings.take().0.len(), 0);
    }
}
