//! Connections whose peers have proved nothing yet: only so many may be open, and the one that has
//! been there longest makes room for the next. So nobody who can connect keeps another out.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::lock::lock;

/// The most of them at one socket.
pub(crate) const MOST: usize = 100;

/// What is let go at once where the system has no file left.
const FEW: usize = 8;

/// The guests of all sockets of a kernel.
#[derive(Clone, Default)]
pub(crate) struct Guests {
    open: Arc<Mutex<Open>>,
}

/// By the numbers of their connections, which rise.
type Open = BTreeMap<u64, Guest>;

struct Guest {
    channel: &'static str,
    greeted: bool,
    dismissed: Arc<Notify>,
}

/// The place of one connection, until it is dropped.
pub(crate) struct Place {
    guests: Guests,
    number: u64,
}

impl Guests {
    /// Takes in a connection; `dismissed` is told when it has to make room. False where another
    /// one had to.
    pub(crate) fn admit(
        &self,
        channel: &'static str,
        number: u64,
        dismissed: Arc<Notify>,
    ) -> (Place, bool) {
        let mut open = lock(&self.open);
        let room = count(&open, channel) < MOST;
        if !room {
            dismiss_one(&mut open, channel);
        }
        let guest = Guest {
            channel,
            greeted: false,
            dismissed,
        };
        open.insert(number, guest);
        let place = Place {
            guests: self.clone(),
            number,
        };
        (place, room)
    }

    /// Lets a few go, of the channel that has most: they hold what another channel needs.
    pub(crate) fn make_room(&self) {
        let mut open = lock(&self.open);
        for _ in 0..FEW {
            let fullest = open.values().map(|guest| guest.channel);
            let fullest = fullest.max_by_key(|channel| count(&open, channel));
            if let Some(channel) = fullest {
                dismiss_one(&mut open, channel);
            }
        }
    }
}

fn count(open: &Open, channel: &str) -> usize {
    let of_it = open.values().filter(|guest| guest.channel == channel);
    of_it.count()
}

/// Ends the oldest connection of those that have not even greeted, or else of all.
fn dismiss_one(open: &mut Open, channel: &str) {
    let mut of_it = open.iter().filter(|(_, guest)| guest.channel == channel);
    let oldest = of_it.clone().next();
    let oldest = of_it.find(|(_, guest)| !guest.greeted).or(oldest);
    let oldest = oldest.map(|(number, _)| *number);
    if let Some(guest) = oldest.and_then(|number| open.remove(&number)) {
        guest.dismissed.notify_one();
    }
}

impl Place {
    /// Takes note that the handshake is done.
    pub(crate) fn greeted(&self) {
        if let Some(guest) = lock(&self.guests.open).get_mut(&self.number) {
            guest.greeted = true;
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.guests.open).remove(&self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_makes_room_and_before_it_who_has_not_greeted() {
        let guests = Guests::default();
        let mut places: Vec<_> = (0..MOST as u64)
            .map(|number| guests.admit("shell", number, Arc::default()))
            .inspect(|(_, room)| assert!(room))
            .map(|(place, _)| place)
            .collect();
        for (number, place) in places.iter().enumerate() {
            if number != 7 {
                place.greeted();
            }
        }
        let there = |number: u64| lock(&guests.open).contains_key(&number);
        for (number, gone) in [(1000, 7), (1001, 1000), (1002, 1001)] {
            let (place, room) = guests.admit("shell", number, Arc::default());
            assert!(!room);
            assert!(there(number) && !there(gone), "{gone} for {number}");
            places.push(place);
        }
        places.last().into_iter().for_each(Place::greeted);
        let (_place, room) = guests.admit("shell", 1003, Arc::default());
        assert!(!room && !there(0) && there(1002));
        drop(places);
        assert_eq!(lock(&guests.open).len(), 1);
    }

    #[test]
    fn each_channel_has_its_own_room_and_the_fullest_gives_what_is_short() {
        let guests = Guests::default();
        let admit = |channel, numbers: std::ops::Range<u64>| {
            let places = numbers.map(|number| guests.admit(channel, number, Arc::default()));
            places.collect::<Vec<_>>()
        };
        let shell = admit("shell", 0..MOST as u64);
        let control = admit("control", 1000..1005);
        assert!(control.iter().all(|(_, room)| *room));
        guests.make_room();
        assert_eq!(count(&lock(&guests.open), "shell"), MOST - FEW);
        assert_eq!(count(&lock(&guests.open), "control"), 5);
        drop(shell);
        guests.make_room();
        guests.make_room();
        assert_eq!(lock(&guests.open).len(), 0);
    }
}
