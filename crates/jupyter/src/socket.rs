//! A listening socket: accepts peers, greets them, and moves bytes between them and a hub.
//!
//! Whoever can reach the machine can connect. So there are two kinds of peers: those who have
//! proved that they have the connection file's keys, by a signed message or by the handshake of
//! CURVE, and guests, who may hold little, for a short while, and must make room for others.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::curve::{Keys, Sealer};
use crate::endpoint::{Duplex, Listener};
use crate::guests::{self, Guests, Place};
use crate::handshake::{Greeted, Welcome, handshake};
use crate::queue::{self, queue};
use crate::told::Told;
use crate::zmtp::{Incoming, Kind, Limits, Purse, Reader, UNPROVED, broken};

/// How long a new connection may take to greet; how long a guest may take for a message, and from
/// the first byte of its first one to a proof.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most connections of one socket.
const MAX_PEERS: usize = 1000;
/// What a guest may say before it proves anything. A large first message borrows more.
const OWN: usize = 64 << 10;
/// What all guests of all channels may borrow together.
pub(crate) const BORROWED: usize = 32 << 20;
/// What one peer may have waiting of that which it asked for itself.
const ANSWERS: usize = 64 << 10;

/// Who the peers of a socket belong to.
pub(crate) trait Hub: Send + Sync + 'static {
    /// The socket type that is announced.
    const KIND: Kind;
    /// Who may come where the kernel has keys.
    const WELCOME: Welcome;
    /// The bytes that may wait for one peer.
    const PEER_QUEUE: u32;
    /// Whether peers prove themselves by what they say.
    const PROVES: bool;

    /// The largest message of a peer that has proved itself, or not.
    fn limits(proved: bool) -> Limits;
    /// A peer has come.
    fn join(&self, peer: &Peer);
    /// A message of this peer, which may prove who it is. While this waits, no more is read from
    /// it.
    fn message(
        &self,
        peer: &Peer,
        frames: Vec<Bytes>,
    ) -> impl Future<Output = io::Result<()>> + Send;
    /// A peer has gone.
    fn leave(&self, peer: &Peer);
}

/// What the sockets of one kernel have in common.
#[derive(Clone)]
pub(crate) struct House {
    /// The keys of CURVE, where the connection file has them.
    pub(crate) keys: Option<Arc<Keys>>,
    /// What guests may borrow.
    budget: Arc<Semaphore>,
    guests: Guests,
    patience: Duration,
}

impl House {
    pub(crate) fn new(keys: Option<Arc<Keys>>) -> Self {
        House {
            keys,
            budget: Arc::new(Semaphore::new(BORROWED)),
            guests: Guests::default(),
            patience: PATIENCE,
        }
    }
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
    /// Room for what it asked for itself.
    answers: Arc<Semaphore>,
    proved: Arc<AtomicBool>,
    taken: Arc<AtomicU64>,
    dismissed: Arc<Notify>,
}

impl Peer {
    fn new<H: Hub>(number: u64, dismissed: Arc<Notify>) -> (Self, queue::Receiver<Bytes>) {
        let (queue, waiting) = queue(H::PEER_QUEUE);
        let peer = Peer {
            number,
            identity: Bytes::new(),
            queue,
            answers: Arc::new(Semaphore::new(ANSWERS)),
            proved: Arc::default(),
            taken: Arc::default(),
            dismissed,
        };
        (peer, waiting)
    }

    /// Ends the connection.
    pub(crate) fn dismiss(&self) {
        self.dismissed.notify_one();
    }

    /// How many bytes it has taken so far.
    pub(crate) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// Whether it has proved that it has the kernel's key.
    pub(crate) fn proved(&self) -> bool {
        self.proved.load(Ordering::Relaxed)
    }

    /// Takes note that it has.
    pub(crate) fn prove(&self) {
        self.proved.store(true, Ordering::Relaxed);
    }

    /// Waits until it has taken enough of what it asked for before, so that asking fills nothing.
    pub(crate) async fn room(&self, size: usize) -> queue::Room {
        let size = size.min(ANSWERS) as u32;
        self.answers.clone().acquire_many_owned(size).await.ok()
    }

    /// Sends it what it asked for, when there is room.
    pub(crate) async fn answer(&self, message: Bytes) {
        let room = self.room(message.len()).await;
        self.queue.push_with(message, room);
    }
}

/// Accepts peers for `hub` until this future is dropped, which ends all their connections.
pub(crate) async fn accept<H: Hub>(listener: Listener, hub: Arc<H>, house: House, told: Arc<Told>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut peers = JoinSet::new();
    loop {
        let stream = tokio::select! {
            // Those who have been dismissed are let go before others come.
            biased;
            Some(_) = peers.join_next() => continue,
            stream = listener.accept(), if peers.len() < MAX_PEERS => stream,
        };
        let stream = match stream {
            Ok(stream) => stream,
            Err(error) => {
                told.once(format!("no connection could be accepted: {}", error.kind()));
                // Out of file descriptors, most likely: guests give some back, and it will not help
                // to ask at once.
                house.guests.make_room();
                sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let dismissed = Arc::new(Notify::new());
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let (place, room) = house.guests.admit(told.channel, number, dismissed.clone());
        if !room {
            let most = guests::MOST;
            told.once(format!(
                "of more than {most} connections that have shown no key the oldest are closed"
            ));
        }
        if peers.len() + 1 == MAX_PEERS {
            told.once(format!("{MAX_PEERS} connections are open, others wait"));
        }
        let (peer, waiting) = Peer::new::<H>(number, dismissed);
        let (hub, house, told) = (hub.clone(), house.clone(), told.clone());
        peers.spawn(async move {
            let dismissed = peer.dismissed.clone();
            let ended = tokio::select! {
                end = converse(stream, peer, waiting, &*hub, &house, place) => end,
                () = dismissed.notified() => Ok(()),
            };
            match ended {
                Err(error) if error.kind() == io::ErrorKind::InvalidData => {
                    told.once(format!("a connection is closed: {error}"));
                }
                Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                    let seconds = PATIENCE.as_secs();
                    told.once(format!(
                        "a connection is closed that had shown no key after {seconds} s"
                    ));
                }
                _ => log::debug!("{:?}: a connection ended: {ended:?}", H::KIND),
            }
        });
    }
}

async fn converse<H: Hub>(
    stream: Box<dyn Duplex>,
    mut peer: Peer,
    waiting: queue::Receiver<Bytes>,
    hub: &H,
    house: &House,
    place: Place,
) -> io::Result<()> {
    let (reader, mut writer) = tokio::io::split(stream);
    let mut reader = Reader::new(reader);
    let keys = house.keys.as_deref().map(|keys| (keys, H::WELCOME));
    let greeting = handshake(&mut reader, &mut writer, H::KIND, keys);
    let Greeted { identity, sealer } = timeout(house.patience, greeting).await??;
    peer.identity = identity;
    // With keys, nobody comes as far as this without them.
    let place = if sealer.is_some() {
        peer.prove();
        None
    } else {
        place.greeted();
        if H::PROVES {
            reader.charge(Purse::new(OWN, house.budget.clone()));
        }
        Some(place)
    };
    let _membership = Membership::new(hub, &peer);
    tokio::select! {
        end = read(&mut reader, hub, &peer, place, house.patience) => end,
        end = write(&mut writer, waiting, sealer, &peer.taken) => end,
    }
}

/// Reads until the connection ends. A guest gives up its `place` among them when it has proved
/// itself.
async fn read<H: Hub>(
    reader: &mut Reader<impl AsyncRead + Unpin>,
    hub: &H,
    peer: &Peer,
    mut place: Option<Place>,
    patience: Duration,
) -> io::Result<()> {
    // When a guest has to have proved itself: it has begun to speak.
    let mut deadline = None;
    loop {
        let limits = H::limits(peer.proved());
        // Who only listens may do so for days; a guest that has begun to speak has to go on.
        match deadline {
            Some(deadline) if !peer.proved() => timeout_at(deadline, reader.wait()).await??,
            _ => reader.wait().await?,
        }
        let until = deadline.unwrap_or_else(|| Instant::now() + patience);
        let incoming = if peer.proved() {
            reader.next(limits).await?
        } else {
            timeout_at(until, reader.next(limits)).await??
        };
        let frames = match incoming {
            Incoming::Message(frames) => frames,
            Incoming::Ping(pong) => {
                peer.answer(pong).await;
                continue;
            }
        };
        hub.message(peer, frames).await?;
        if peer.proved() {
            reader.trust();
            drop(place.take());
        } else if H::PROVES {
            if reader.overdrawn() {
                return Err(broken(UNPROVED));
            }
            deadline.get_or_insert(until);
        }
    }
}

async fn write(
    writer: &mut (impl AsyncWrite + Unpin),
    mut waiting: queue::Receiver<Bytes>,
    mut sealer: Option<Sealer>,
    taken: &AtomicU64,
) -> io::Result<()> {
    while let Some((mut message, _room)) = waiting.recv().await {
        if let Some(sealer) = &mut sealer {
            message = sealer.seal(message);
        }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use tokio::io::{AsyncReadExt, DuplexStream, duplex};

    use super::*;
    use crate::zmtp::{command, encode};

    const SHORT: Duration = Duration::from_millis(100);

    /// Believes who says that he has signed.
    struct Trusting;

    impl Hub for Trusting {
        const KIND: Kind = Kind::Router;
        const WELCOME: Welcome = Welcome::Holders;
        const PEER_QUEUE: u32 = 1000;
        const PROVES: bool = true;

        fn limits(_proved: bool) -> Limits {
            Limits {
                bytes: 1000,
                frames: 10,
            }
        }

        fn join(&self, _peer: &Peer) {}

        async fn message(&self, peer: &Peer, frames: Vec<Bytes>) -> io::Result<()> {
            if frames[0] == "signed" {
                peer.prove();
            }
            Ok(())
        }

        fn leave(&self, _peer: &Peer) {}
    }

    /// A connection that has said this, after its greeting.
    async fn said(bytes: &[u8]) -> DuplexStream {
        let (ours, theirs) = duplex(10_000);
        tokio::spawn(async move {
            let (peer, waiting) = Peer::new::<Trusting>(0, Arc::default());
            let (place, _) = Guests::default().admit("shell", 0, Arc::default());
            let house = House {
                patience: SHORT,
                ..House::new(None)
            };
            converse(Box::new(theirs), peer, waiting, &Trusting, &house, place).await
        });
        let mut ours = ours;
        let mut reader = Reader::new(tokio::io::empty());
        // What it says of itself does not matter to who has no ear.
        let mut greeting = Vec::new();
        let _ = handshake(&mut reader, &mut greeting, Kind::Dealer, None).await;
        greeting.extend(command(b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER"));
        ours.write_all(&greeting).await.unwrap();
        ours.write_all(bytes).await.unwrap();
        ours
    }

    /// Whether it is still there a good while later, and answers.
    async fn lives_on(mut connection: DuplexStream) -> bool {
        sleep(3 * SHORT).await;
        let ping = command(b"\x04PING\0\0still there");
        if connection.write_all(&ping).await.is_err() {
            return false;
        }
        let mut heard = Vec::new();
        while !heard.ends_with(b"\x04PONGstill there") {
            if connection.read_buf(&mut heard).await.unwrap_or(0) == 0 {
                return false;
            }
        }
        true
    }

    #[tokio::test]
    async fn who_only_listens_may_and_who_speaks_has_to_prove_himself() {
        let signed = encode(&["signed".into()]);
        let unsigned = encode(&["unsigned".into()]);
        let begun = &encode(&[vec![0; 100].into()])[..50];
        for (said_first, lives) in [
            (&b""[..], true),
            (&command(b"\x04PING\0\0"), true),
            (&unsigned, false),
            (begun, false),
            (&signed, true),
            (&[&unsigned[..], &signed].concat(), true),
            (&encode(&[vec![0; 1001].into()]), false),
        ] {
            let connection = said(said_first).await;
            assert_eq!(lives_on(connection).await, lives, "{said_first:?}");
        }
    }

    #[tokio::test]
    async fn who_does_not_greet_is_not_waited_for() {
        let (mut ours, theirs) = duplex(1000);
        let (peer, waiting) = Peer::new::<Trusting>(0, Arc::default());
        let (place, _) = Guests::default().admit("shell", 0, Arc::default());
        let house = House {
            patience: SHORT,
            ..House::new(None)
        };
        ours.write_all(&[0xff]).await.unwrap();
        let ended = converse(Box::new(theirs), peer, waiting, &Trusting, &house, place).await;
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::TimedOut);
    }
}
