//! What is said once: strangers may knock a thousand times a second, and a log is for people.

use std::collections::BTreeSet;
use std::fmt::Display;
use std::sync::Mutex;

use crate::lock::lock;

/// The most different things that are said.
const MOST: usize = 64;

/// What one channel has told of those who connect to it.
pub(crate) struct Told {
    pub(crate) channel: &'static str,
    said: Mutex<BTreeSet<String>>,
}

impl Told {
    pub(crate) fn of(channel: &'static str) -> Self {
        Told {
            channel,
            said: Mutex::default(),
        }
    }

    /// Warns of something, if that is the first time.
    pub(crate) fn once(&self, what: impl Display) {
        let (channel, what) = (self.channel, what.to_string());
        if self.is_new(&what) {
            log::warn!("{channel}: {what} (said once)");
        } else {
            log::debug!("{channel}: {what}");
        }
    }

    fn is_new(&self, what: &str) -> bool {
        let mut said = lock(&self.said);
        said.len() < MOST && said.insert(what.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_thing_is_said_once_and_there_is_an_end() {
        let told = Told::of("shell");
        assert!(told.is_new("a"));
        assert!(!told.is_new("a"));
        let more = (0..1000).filter(|number| told.is_new(&number.to_string()));
        assert_eq!(more.count(), MOST - 1);
    }
}
