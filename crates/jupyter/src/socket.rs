//! A listening socket: accepts peers, greets them, and moves bytes between them and a hub.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::endpoint::{Duplex, Listener};
use crate::queue::{self, queue};
use crate::zmtp::{self, Incoming, Kind, Reader};

/// How long a new connection may take to greet.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The most connections of one socket.
const MAX_PEERS: usize = 1000;

/// Who the peers of a socket belong to.
pub(crate) trait Hub: Send + Sync + 'static {
    /// The socket type that is announced.
    const KIND: Kind;
    /// The bytes that may wait for one peer.
    const PEER_QUEUE: u32;

    /// A peer has come.
    fn join(&self, peer: &Peer);
    /// A message of this peer; while this waits, no more is read from it.
    fn message(
        &self,
        peer: &Peer,
        frames: Vec<Bytes>,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// A peer has gone.
    fn leave(&self, peer: &Peer);
}

/// One connected peer.
#[derive(Clone)]
pub(crate) struct Peer {
    /// Unique among the connections of this process.
    pub(crate) number: u64,
    /// The name it gave itself; empty where it did not care.
    pub(crate) identity: Bytes,
    /// What it is sent.
    pub(crate) queue: queue::Sender<Bytes>,
    taken: Arc<AtomicU64>,
    dismissed: Arc<Notify>,
}

impl Peer {
    /// Ends the connection.
    pub(crate) fn dismiss(&self) {
        self.dismissed.notify_one();
    }

    /// How many bytes it has taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }
}

/// Accepts peers for `hub` until this future is dropped, which ends all their connections.
pub(crate) async fn accept<H: Hub>(listener: Listener, hub: Arc<H>) {
    let mut peers = JoinSet::new();
    loop {
        let stream = tokio::select! {
            stream = listener.accept() => stream,
            Some(_) = peers.join_next() => continue,
        };
        match stream {
            Ok(_) if peers.len() == MAX_PEERS => {
                log::warn!("{listener}: a connection is refused, {MAX_PEERS} are open");
            }
            Ok(stream) => {
                let hub = hub.clone();
                peers.spawn(async move {
                    if let Err(error) = converse(stream, &*hub).await {
                        log::debug!("{:?}: a connection ended: {error}", H::KIND);
                    }
                });
            }
            Err(error) => {
                log::warn!("{listener}: no connection could be accepted: {error}");
                // Out of file descriptors, most likely: it will not help to ask at once.
                sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse<H: Hub>(stream: Box<dyn Duplex>, hub: &H) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = Reader::new(reader);
    let identity = timeout(
        HANDSHAKE,
        zmtp::handshake(&mut reader, &mut writer, H::KIND),
    )
    .await??;
    let (queue, waiting) = queue(H::PEER_QUEUE);
    let peer = Peer {
        number: NUMBER.fetch_add(1, Ordering::Relaxed),
        identity,
        queue,
        taken: Arc::default(),
        dismissed: Arc::default(),
    };
    let reading = async {
        loop {
            match reader.next().await? {
                Incoming::Message(frames) => hub.message(&peer, frames).await?,
                Incoming::Ping(pong) => peer.queue.push(pong),
            }
        }
    };
    let _membership = Membership::new(hub, &peer);
    tokio::select! {
        end = reading => end,
        end = write(&mut writer, waiting, &peer.taken) => end,
        () = peer.dismissed.notified() => Ok(()),
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    mut waiting: queue::Receiver<Bytes>,
    taken: &AtomicU64,
) -> io::Result<()> {
    while let Some((mut message, _room)) = waiting.recv().await {
        while message.has_remaining() {
            let count = writer.write_buf(&mut message).await?;
            if count == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            taken.fetch_add(count as u64, Ordering::Relaxed);
        }
    }
    Ok(())
}

/// Joins a hub and leaves it again, also when the connection's task is dropped.
struct Membership<'a, H: Hub> {
    hub: &'a H,
    peer: &'a Peer,
}

impl<'a, H: Hub> Membership<'a, H> {
    fn new(hub: &'a H, peer: &'a Peer) -> Self {
        hub.join(peer);
        Self { hub, peer }
    }
}

impl<H: Hub> Drop for Membership<'_, H> {
    fn drop(&mut self) {
        self.hub.leave(self.peer);
    }
}
