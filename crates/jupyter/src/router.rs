//! A ROUTER socket: signed messages come with the identity of their sender, and go to one.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use crate::endpoint::Listener;
use crate::handshake::Welcome;
use crate::lock::lock;
use crate::message::{Message, Session};
use crate::queue::{self, queue};
use crate::socket::{self, BORROWED, House, Hub, Peer};
use crate::told::Told;
use crate::zmtp::{self, Kind, Limits};

/// The largest message taken in, all frames together: far above any cell or widget buffer.
const MAX_MESSAGE: usize = 256 << 20;
/// The most frames of one message.
const MAX_FRAMES: usize = 4096;
/// The most of one whose sender has signed nothing yet.
const MAX_FIRST: usize = 64;

/// The sending half; clones share the socket.
#[derive(Clone)]
pub(crate) struct Router {
    hub: Arc<Routes>,
}

/// The receiving half: the messages whose signatures are valid.
pub(crate) type Inbox = queue::Receiver<Message>;

/// Makes a ROUTER of a listener. It lives as long as the future, which only accepts. Up to
/// `capacity` bytes may wait to be received; then the senders wait.
pub(crate) fn router(
    listener: Listener,
    channel: &'static str,
    session: Arc<Session>,
    house: House,
    capacity: u32,
) -> (Router, Inbox, impl Future<Output = ()> + Send) {
    let (inbox, messages) = queue(capacity);
    let told = Arc::new(Told::of(channel));
    let hub = Arc::new(Routes {
        session,
        peers: Mutex::default(),
        inbox,
        told: told.clone(),
    });
    let accepting = socket::accept(listener, hub.clone(), house, told);
    (Router { hub }, messages, accepting)
}

impl Router {
    /// Sends a message to the peer of that identity. Never waits: a front end that has gone, or
    /// that has left 64 MiB of replies unread, does not get this one; false says so.
    pub(crate) fn send(&self, identity: &Bytes, frames: &[Bytes]) -> bool {
        let peers = self.hub.lock().get(identity).cloned().unwrap_or_default();
        // Anybody may call himself by another's name, but not sign for him. Where none of that name
        // has signed yet (one who waits for a question has nothing to say before it), all get it.
        let proved = peers.iter().rev().find(|peer| peer.proved());
        let receivers = proved.map_or(&peers[..], std::slice::from_ref);
        if receivers.is_empty() {
            log::debug!("a message is dropped, its receiver has gone");
        }
        let message = zmtp::encode(frames);
        let size = message.len();
        let mut sent = false;
        for peer in receivers {
            match peer.queue.try_send(message.clone(), size) {
                Ok(()) => sent = true,
                Err(reason) => {
                    let told = &self.hub.told;
                    told.once(format!(
                        "a message is dropped, its receiver's queue: {reason:?}"
                    ));
                }
            }
        }
        sent
    }

    /// Waits until all peers have taken what was sent to them.
    pub(crate) async fn drained(&self) {
        let peers: Vec<Peer> = self.hub.lock().values().flatten().cloned().collect();
        for peer in peers {
            peer.queue.drained().await;
        }
    }
}

struct Routes {
    session: Arc<Session>,
    /// By their names; those of one name in the order they came.
    peers: Mutex<HashMap<Bytes, Vec<Peer>>>,
    inbox: queue::Sender<Message>,
    told: Arc<Told>,
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, HashMap<Bytes, Vec<Peer>>> {
        lock(&self.peers)
    }

    /// A front end that reconnects may be here before its old connection has ended.
    fn replaces(&self, peer: &Peer) {
        let peers = self.lock();
        let namesakes = peers.get(&name(peer)).into_iter().flatten();
        for before in namesakes.filter(|other| other.proved() && other.number < peer.number) {
            before.dismiss();
        }
    }
}

impl Hub for Routes {
    const KIND: Kind = Kind::Router;
    const WELCOME: Welcome = Welcome::Holders;
    const PEER_QUEUE: u32 = 64 << 20;
    const PROVES: bool = true;

    fn limits(proved: bool) -> Limits {
        match proved {
            true => Limits {
                bytes: MAX_MESSAGE,
                frames: MAX_FRAMES,
            },
            false => Limits {
                bytes: BORROWED,
                frames: MAX_FIRST,
            },
        }
    }

    fn join(&self, peer: &Peer) {
        self.lock()
            .entry(name(peer))
            .or_default()
            .push(peer.clone());
        if peer.proved() {
            self.replaces(peer);
        }
    }

    async fn message(&self, peer: &Peer, frames: Vec<Bytes>) -> io::Result<()> {
        let message = match self.session.open(name(peer), frames) {
            Ok(message) => message,
            Err(reason) => {
                self.told.once(format!("a message is dropped: {reason}"));
                return Ok(());
            }
        };
        if !peer.proved() {
            peer.prove();
            self.replaces(peer);
        }
        let size = message.size();
        let queued = self.inbox.send(message, size).await;
        queued.map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    fn leave(&self, peer: &Peer) {
        let mut peers = self.lock();
        let name = name(peer);
        if let Some(namesakes) = peers.get_mut(&name) {
            namesakes.retain(|other| other.number != peer.number);
            if namesakes.is_empty() {
                peers.remove(&name);
            }
        }
    }
}

/// The identity a peer is addressed by. Those it did not choose begin with a zero, which ZeroMQ
/// keeps for them.
fn name(peer: &Peer) -> Bytes {
    if peer.identity.is_empty() {
        [&[0][..], &peer.number.to_be_bytes()].concat().into()
    } else {
        peer.identity.clone()
    }
}
