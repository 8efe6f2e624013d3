//! A ROUTER socket: messages come with the identity of their sender, and go to one.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;

use crate::endpoint::Listener;
use crate::lock::lock;
use crate::queue::{self, queue};
use crate::socket::{self, Hub, Peer};
use crate::zmtp::{self, Kind};

/// The bytes that may wait to be received; then the senders wait.
const INBOX: u32 = 64 << 20;

/// The sending half; clones share the socket.
#[derive(Clone)]
pub(crate) struct Router {
    hub: Arc<Routes>,
}

/// The receiving half.
pub(crate) struct Inbox {
    messages: queue::Receiver<(Bytes, Vec<Bytes>)>,
}

/// Makes a ROUTER of a listener. It lives as long as the future, which only accepts.
pub(crate) fn router(listener: Listener) -> (Router, Inbox, impl Future<Output = ()> + Send) {
    let (inbox, messages) = queue(INBOX);
    let hub = Arc::new(Routes {
        peers: Mutex::default(),
        inbox,
    });
    let accepting = socket::accept(listener, hub.clone());
    (Router { hub }, Inbox { messages }, accepting)
}

impl Router {
    /// Sends a message to the peer of that identity. Never waits: a front end that has gone, or
    /// that has left 64 MiB of replies unread, does not get this one; false says so.
    pub(crate) fn send(&self, identity: &Bytes, frames: &[Bytes]) -> bool {
        let peer = self.hub.lock().get(identity).cloned();
        let Some(peer) = peer else {
            log::debug!("a message is dropped, its receiver has gone");
            return false;
        };
        let message = zmtp::encode(frames);
        let size = message.len();
        let sent = peer.queue.try_send(message, size);
        if let Err(reason) = &sent {
            log::warn!("a message of {size} bytes is dropped, its receiver's queue: {reason:?}");
        }
        sent.is_ok()
    }

    /// Waits until all peers have taken what was sent to them.
    pub(crate) async fn drained(&self) {
        let peers: Vec<Peer> = self.hub.lock().values().cloned().collect();
        for peer in peers {
            peer.queue.drained().await;
        }
    }
}

impl Inbox {
    /// The next message and the identity of its sender.
    pub(crate) async fn recv(&mut self) -> Option<(Bytes, Vec<Bytes>)> {
        self.messages.recv().await.map(|(message, _room)| message)
    }

    /// The next message if there is one.
    pub(crate) fn try_recv(&mut self) -> Option<(Bytes, Vec<Bytes>)> {
        self.messages.try_recv()
    }
}

struct Routes {
    peers: Mutex<HashMap<Bytes, Peer>>,
    inbox: queue::Sender<(Bytes, Vec<Bytes>)>,
}

impl Routes {
    fn lock(&self) -> MutexGuard<'_, HashMap<Bytes, Peer>> {
        lock(&self.peers)
    }
}

impl Hub for Routes {
    const KIND: Kind = Kind::Router;
    const PEER_QUEUE: u32 = 64 << 20;

    fn join(&self, peer: &Peer) {
        // A front end that reconnects may be here before its old connection has ended.
        if let Some(before) = self.lock().insert(name(peer), peer.clone()) {
            before.dismiss();
        }
    }

    async fn message(&self, peer: &Peer, frames: Vec<Bytes>) -> io::Result<()> {
        let size = frames.iter().map(Bytes::len).sum();
        let queued = self.inbox.send((name(peer), frames), size).await;
        queued.map_err(|_| io::ErrorKind::ConnectionAborted.into())
    }

    fn leave(&self, peer: &Peer) {
        let mut peers = self.lock();
        let name = name(peer);
        // Not its successor of the same name.
        if peers
            .get(&name)
            .is_some_and(|now| now.number == peer.number)
        {
            peers.remove(&name);
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
