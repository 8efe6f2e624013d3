//! An XPUB socket that loses nothing for those who read, and lets go of one who does not.
//!
//! Every subscriber has a queue of its own and a task that writes it out. A full queue makes the
//! publisher wait; a subscriber that has taken next to nothing while someone waited is let go
//! (its ZeroMQ will connect and subscribe again when it lives), and the others go on.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::join_all;
use tokio::time::timeout;

use crate::endpoint::Listener;
use crate::handshake;
use crate::lock::lock;
use crate::queue::Refused;
use crate::socket::{self, House, Hub, Peer};
use crate::told::Told;
use crate::zmtp::{Kind, Limits};

/// How long a subscriber may take less than `PACE` bytes while it keeps the others waiting.
const PATIENCE: Duration = Duration::from_secs(5);
const PACE: u64 = 64 << 10;
/// The most subscriptions of one subscriber.
const MAX_TOPICS: usize = 100;
/// The longest of them.
const MAX_TOPIC: usize = 1024;

/// Makes, for the topic of a new subscription, the messages that its subscriber sees first.
pub(crate) type Welcome = Box<dyn Fn(&Bytes) -> Vec<Bytes> + Send + Sync>;

/// The publisher; clones share the socket.
#[derive(Clone)]
pub(crate) struct XPub {
    hub: Arc<Subscribers>,
    told: Arc<Told>,
}

/// Makes an XPUB of a listener. It lives as long as the future, which only accepts.
pub(crate) fn xpub(
    listener: Listener,
    house: House,
    welcome: Welcome,
) -> (XPub, impl Future<Output = ()> + Send) {
    let hub = Arc::new(Subscribers {
        peers: Mutex::default(),
        welcome,
    });
    let told = Arc::new(Told::of("iopub"));
    let accepting = socket::accept(listener, hub.clone(), house, told.clone());
    (XPub { hub, told }, accepting)
}

impl XPub {
    /// Hands an encoded message to all who subscribed to its topic, waiting for those who are
    /// slow.
    pub(crate) async fn publish(&self, topic: &[u8], message: &Bytes) {
        let size = message.len();
        let slow: Vec<Peer> = self
            .hub
            .lock()
            .values()
            .filter(|subscriber| subscriber.wants(topic))
            .map(|subscriber| &subscriber.peer)
            .filter(|peer| peer.queue.try_send(message.clone(), size) == Err(Refused::Full))
            .cloned()
            .collect();
        if !slow.is_empty() {
            join_all(slow.iter().map(|peer| self.wait_for(peer, message))).await;
        }
    }

    async fn wait_for(&self, peer: &Peer, message: &Bytes) {
        let sending = peer.queue.send(message.clone(), message.len());
        tokio::pin!(sending);
        loop {
            let before = peer.taken();
            // Sent, or the peer has gone by itself.
            if timeout(PATIENCE, &mut sending).await.is_ok() {
                return;
            }
            if peer.taken() - before < PACE {
                let seconds = PATIENCE.as_secs();
                self.told.once(format!(
                    "a front end has not read its output for {seconds} s; it is let go"
                ));
                self.hub.leave(peer);
                peer.dismiss();
                return;
            }
        }
    }

    /// Waits until all subscribers have taken what was published.
    pub(crate) async fn drained(&self) {
        let peers: Vec<Peer> = self.hub.lock().values().map(|s| s.peer.clone()).collect();
        for peer in peers {
            peer.queue.drained().await;
        }
    }
}

struct Subscribers {
    peers: Mutex<HashMap<u64, Subscriber>>,
    welcome: Welcome,
}

struct Subscriber {
    peer: Peer,
    topics: Vec<Bytes>,
}

impl Subscriber {
    fn wants(&self, topic: &[u8]) -> bool {
        self.topics.iter().any(|wanted| topic.starts_with(wanted))
    }
}

impl Subscribers {
    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Subscriber>> {
        lock(&self.peers)
    }

    async fn subscribe(&self, peer: &Peer, topic: Bytes) {
        let may = |subscriber: &Subscriber| subscriber.topics.len() < MAX_TOPICS;
        if !self.lock().get(&peer.number).is_some_and(may) {
            return;
        }
        let mut welcome = Vec::new();
        for message in (self.welcome)(&topic) {
            // Who subscribes without reading waits.
            let room = peer.room(message.len()).await;
            welcome.push((message, room));
        }
        let mut peers = self.lock();
        if let Some(subscriber) = peers.get_mut(&peer.number) {
            // Under the lock, so that nothing is published to it before its welcome.
            for (message, room) in welcome {
                peer.queue.push_with(message, room);
            }
            subscriber.topics.push(topic);
        }
    }
}

impl Hub for Subscribers {
    const KIND: Kind = Kind::XPub;
    const WELCOME: handshake::Welcome = handshake::Welcome::Holders;
    const PEER_QUEUE: u32 = 8 << 20;
    const PROVES: bool = false;

    fn limits(_proved: bool) -> Limits {
        Limits {
            bytes: 1 + MAX_TOPIC,
            frames: 16,
        }
    }

    fn join(&self, peer: &Peer) {
        let subscriber = Subscriber {
            peer: peer.clone(),
            topics: Vec::new(),
        };
        self.lock().insert(peer.number, subscriber);
    }

    async fn message(&self, peer: &Peer, frames: Vec<Bytes>) -> io::Result<()> {
        let [frame] = frames.as_slice() else {
            return Ok(());
        };
        match frame.split_first() {
            Some((1, topic)) => self.subscribe(peer, Bytes::copy_from_slice(topic)).await,
            Some((0, topic)) => {
                if let Some(subscriber) = self.lock().get_mut(&peer.number) {
                    let known = subscriber.topics.iter().position(|known| known == topic);
                    if let Some(index) = known {
                        subscriber.topics.swap_remove(index);
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn leave(&self, peer: &Peer) {
        self.lock().remove(&peer.number);
    }
}
