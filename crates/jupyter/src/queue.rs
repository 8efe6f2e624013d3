//! A queue bounded in bytes: what waits in it may be large, so counting items would bound nothing.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError, mpsc};

/// Makes a queue that holds `capacity` bytes; one item may be larger, and then has it alone.
pub(crate) fn queue<T>(capacity: u32) -> (Sender<T>, Receiver<T>) {
    let (items, rest) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(capacity as usize));
    let sender = Sender {
        items,
        room: room.clone(),
        capacity,
    };
    (sender, Receiver { items: rest, room })
}

/// The bytes an item holds in its queue, given back when this is dropped.
pub(crate) type Room = Option<OwnedSemaphorePermit>;

/// Nobody receives any more.
#[derive(Debug)]
pub(crate) struct Closed;

/// Why nothing was queued.
#[derive(Debug, PartialEq)]
pub(crate) enum Refused {
    Full,
    Closed,
}

pub(crate) struct Sender<T> {
    items: mpsc::UnboundedSender<(T, Room)>,
    room: Arc<Semaphore>,
    capacity: u32,
}

impl<T> Sender<T> {
    /// Queues `item` as soon as there is room for its `size`.
    pub(crate) async fn send(&self, item: T, size: usize) -> Result<(), Closed> {
        let room = self.room.clone().acquire_many_owned(self.share(size));
        let room = room.await.map_err(|_| Closed)?;
        self.items.send((item, Some(room))).map_err(|_| Closed)
    }

    /// Queues `item` if there is room now.
    pub(crate) fn try_send(&self, item: T, size: usize) -> Result<(), Refused> {
        let room = self.room.clone().try_acquire_many_owned(self.share(size));
        let room = room.map_err(|error| match error {
            TryAcquireError::NoPermits => Refused::Full,
            TryAcquireError::Closed => Refused::Closed,
        })?;
        let sent = self.items.send((item, Some(room)));
        sent.map_err(|_| Refused::Closed)
    }

    /// Queues `item` without asking for room: for small ones that must never wait.
    pub(crate) fn push(&self, item: T) {
        self.push_with(item, None);
    }

    /// Queues `item`, which holds room that somebody else counts.
    pub(crate) fn push_with(&self, item: T, room: Room) {
        // A closed queue means that the kernel is ending.
        let _ = self.items.send((item, room));
    }

    /// Waits until everything queued with `send` or `try_send` has been worked off.
    pub(crate) async fn drained(&self) {
        let _ = self.room.acquire_many(self.capacity).await;
    }

    fn share(&self, size: usize) -> u32 {
        u32::try_from(size).unwrap_or(u32::MAX).min(self.capacity)
    }
}

impl<T> Clone for Sender<T> {
    fn clone(&self) -> Self {
        Self {
            items: self.items.clone(),
            room: self.room.clone(),
            capacity: self.capacity,
        }
    }
}

pub(crate) struct Receiver<T> {
    items: mpsc::UnboundedReceiver<(T, Room)>,
    room: Arc<Semaphore>,
}

impl<T> Receiver<T> {
    /// The next item with the room it holds; `None` when no sender is left.
    pub(crate) async fn recv(&mut self) -> Option<(T, Room)> {
        self.items.recv().await
    }

    /// The next item, if one waits.
    pub(crate) fn try_recv(&mut self) -> Option<T> {
        self.items.try_recv().ok().map(|(item, _room)| item)
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Wakes those who wait for room that nobody will make.
        self.room.close();
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn a_full_queue_refuses_until_an_item_is_done_with() {
        let (sender, mut receiver) = queue(10);
        sender.send("first", 8).await.unwrap();
        assert_eq!(sender.try_send("second", 8), Err(Refused::Full));
        let (item, room) = receiver.recv().await.unwrap();
        assert_eq!(item, "first");
        assert_eq!(sender.try_send("second", 8), Err(Refused::Full));
        drop(room);
        assert_eq!(sender.try_send("second", 8), Ok(()));
    }

    #[tokio::test]
    async fn an_item_larger_than_the_queue_has_it_alone() {
        let (sender, mut receiver) = queue(10);
        sender.send("huge", 1 << 40).await.unwrap();
        assert_eq!(sender.try_send("small", 1), Err(Refused::Full));
        drop(receiver.recv().await.unwrap());
        sender.drained().await;
    }

    #[tokio::test]
    async fn a_dropped_receiver_wakes_those_who_wait() {
        let (sender, receiver) = queue(1);
        sender.send((), 1).await.unwrap();
        let waiting = tokio::spawn(async move { sender.send((), 1).await.is_err() });
        tokio::task::yield_now().await;
        drop(receiver);
        assert!(waiting.await.unwrap());
    }
}
