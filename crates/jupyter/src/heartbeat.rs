//! The heartbeat: what comes goes back.

use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::endpoint::Listener;
use crate::handshake::Welcome;
use crate::socket::{self, House, Hub, Peer};
use crate::told::Told;
use crate::zmtp::{self, Kind, Limits};

/// Answers all beats, as long as the future is polled.
pub(crate) fn heartbeat(listener: Listener, house: House) -> impl Future<Output = ()> + Send {
    let told = Arc::new(Told::of("heartbeat"));
    socket::accept(listener, Arc::new(Heart), house, told)
}

struct Heart;

impl Hub for Heart {
    const KIND: Kind = Kind::Router;
    const WELCOME: Welcome = Welcome::All;
    /// Nothing is queued but answers.
    const PEER_QUEUE: u32 = 1;
    const PROVES: bool = false;

    fn limits(_proved: bool) -> Limits {
        Limits {
            bytes: 4096,
            frames: 16,
        }
    }

    fn join(&self, _peer: &Peer) {}

    async fn message(&self, peer: &Peer, frames: Vec<Bytes>) -> io::Result<()> {
        peer.answer(zmtp::encode(&frames)).await;
        Ok(())
    }

    fn leave(&self, _peer: &Peer) {}
}
