//! What all front ends see: one task owns the socket and sends what is queued, in order.
//!
//! Text is gathered for a moment, since front ends are limited in messages a second; everything
//! else sends the gathered text first.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::endpoint::Listener;
use crate::message::{NO_PARENT, Origin, Session};
use crate::queue::{self, queue};
use crate::socket::House;
use crate::xpub::{XPub, xpub};
use crate::zmtp;

/// The bytes of output that may wait to be sent; then those who print wait.
const CAPACITY: u32 = 8 << 20;
/// The bytes of small messages that may wait beside it; then no more requests are taken up.
const SMALL: u32 = 8 << 20;
/// What one request may say in small messages, about.
const REQUEST: u32 = 64 << 10;
/// How long text is gathered.
const GATHER: Duration = Duration::from_millis(100);
/// How much text is gathered at most.
const GATHERED: usize = 64 << 10;

/// One of the two streams of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// The way out; clones share it.
#[derive(Clone)]
pub(crate) struct IoPub {
    session: Arc<Session>,
    queue: queue::Sender<Item>,
    /// Room for small messages.
    small: Arc<Semaphore>,
}

enum Item {
    Message {
        topic: String,
        message: Bytes,
    },
    Text(Text),
    /// Answers when everything before it has been handed to all subscribers.
    Mark(oneshot::Sender<()>),
    /// The same, when they have also taken it.
    End(oneshot::Sender<()>),
}

struct Text {
    origin: Arc<Origin>,
    stream: Stream,
    text: String,
}

/// Makes the way out, and the two futures that accept subscribers and send.
pub(crate) fn iopub(
    listener: Listener,
    session: Arc<Session>,
    house: House,
) -> (
    IoPub,
    impl Future<Output = ()> + Send,
    impl Future<Output = ()> + Send,
) {
    let greeter = session.clone();
    let started = AtomicBool::new(false);
    let welcome = move |topic: &Bytes| {
        let Ok(name) = std::str::from_utf8(topic) else {
            return Vec::new();
        };
        let content = json!({ "subscription": name });
        let mut frames = vec![topic.clone()];
        frames.extend(greeter.seal("iopub_welcome", &NO_PARENT, &json!({}), &content));
        let mut messages = vec![zmtp::encode(&frames)];
        // Said once, and to the first who listens: before that, nobody would hear it.
        if !started.swap(true, Ordering::Relaxed) {
            let content = json!({ "execution_state": "starting" });
            let (_, message) = address(&greeter, "status", &NO_PARENT, &content);
            messages.push(message);
        }
        messages
    };
    let (socket, accepting) = xpub(listener, house, Box::new(welcome));
    let (queue, items) = queue(CAPACITY);
    let sending = send(socket, items, session.clone());
    let iopub = IoPub {
        session,
        queue,
        small: Arc::new(Semaphore::new(SMALL as usize)),
    };
    (iopub, accepting, sending)
}

impl IoPub {
    /// Publishes a message as soon as there is room for it.
    pub(crate) async fn publish(&self, kind: &str, origin: &Origin, content: &Value) {
        self.publish_with(kind, origin, &Map::new(), content, &[])
            .await;
    }

    /// The same with metadata, and with bytes beside the JSON.
    pub(crate) async fn publish_with(
        &self,
        kind: &str,
        origin: &Origin,
        metadata: &Map<String, Value>,
        content: &Value,
        buffers: &[Bytes],
    ) {
        let metadata = Value::Object(metadata.clone());
        let topic = topic(&self.session, kind);
        let mut frames = vec![Bytes::from(topic.clone())];
        frames.extend(self.session.seal(kind, &origin.header, &metadata, content));
        frames.extend_from_slice(buffers);
        let message = zmtp::encode(&frames);
        let size = message.len();
        // Closed only when the kernel ends.
        let _ = self
            .queue
            .send(Item::Message { topic, message }, size)
            .await;
    }

    /// Queues a message without waiting for room: for small ones, of which there are two a
    /// request. So interrupts are answered even when a front end stalls.
    pub(crate) fn push(&self, kind: &str, origin: &Origin, content: &Value) {
        let (topic, message) = address(&self.session, kind, &origin.header, content);
        let size = u32::try_from(message.len()).unwrap_or(SMALL).min(SMALL);
        let room = self.small.clone().try_acquire_many_owned(size).ok();
        self.queue.push_with(Item::Message { topic, message }, room);
    }

    /// Waits until there is room for the small messages of one more request: before it is taken
    /// up, not while it is answered.
    pub(crate) async fn calm(&self) {
        let _ = self.small.acquire_many(REQUEST).await;
    }

    /// Publishes text, with what else comes within a moment.
    pub(crate) async fn text(&self, origin: &Arc<Origin>, stream: Stream, text: &str) {
        if text.is_empty() {
            return;
        }
        let item = Item::Text(Text {
            origin: origin.clone(),
            stream,
            text: text.to_owned(),
        });
        let _ = self.queue.send(item, text.len()).await;
    }

    /// Waits until everything so far is on its way.
    pub(crate) async fn flush(&self) {
        let (done, wait) = oneshot::channel();
        self.queue.push(Item::Mark(done));
        let _ = wait.await;
    }

    /// Waits until everything so far has left this process.
    pub(crate) async fn drained(&self) {
        let (done, wait) = oneshot::channel();
        self.queue.push(Item::End(done));
        let _ = wait.await;
    }
}

/// The task that owns the socket.
async fn send(socket: XPub, mut items: queue::Receiver<Item>, session: Arc<Session>) {
    let mut gathered: Option<(Text, Instant)> = None;
    loop {
        let deadline = gathered.as_ref().map(|(_, deadline)| *deadline);
        let next = tokio::select! {
            next = items.recv() => next,
            // The instant is not looked at where nothing is gathered.
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => {
                publish_text(&socket, &session, gathered.take()).await;
                continue;
            }
        };
        let Some((item, _room)) = next else { return };
        match item {
            Item::Text(more) => {
                if let Some((text, _)) = &mut gathered
                    && Arc::ptr_eq(&text.origin, &more.origin)
                    && text.stream == more.stream
                {
                    text.text += &more.text;
                } else {
                    publish_text(&socket, &session, gathered.take()).await;
                    gathered = Some((more, Instant::now() + GATHER));
                }
                if gathered
                    .as_ref()
                    .is_some_and(|(text, _)| text.text.len() >= GATHERED)
                {
                    publish_text(&socket, &session, gathered.take()).await;
                }
            }
            Item::Message { topic, message } => {
                publish_text(&socket, &session, gathered.take()).await;
                socket.publish(topic.as_bytes(), &message).await;
            }
            Item::Mark(done) => {
                publish_text(&socket, &session, gathered.take()).await;
                let _ = done.send(());
            }
            Item::End(done) => {
                publish_text(&socket, &session, gathered.take()).await;
                socket.drained().await;
                let _ = done.send(());
            }
        }
    }
}

async fn publish_text(socket: &XPub, session: &Session, gathered: Option<(Text, Instant)>) {
    let Some((text, _)) = gathered else { return };
    let name = match text.stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
    };
    let content = json!({ "name": name, "text": text.text });
    let (topic, message) = address(session, "stream", &text.origin.header, &content);
    socket.publish(topic.as_bytes(), &message).await;
}

/// A message under its topic, ready for any number of subscribers.
fn address(session: &Session, kind: &str, parent: &Bytes, content: &Value) -> (String, Bytes) {
    let topic = topic(session, kind);
    let mut frames = vec![Bytes::from(topic.clone())];
    frames.extend(session.seal(kind, parent, &json!({}), content));
    (topic, zmtp::encode(&frames))
}

fn topic(session: &Session, kind: &str) -> String {
    format!("kernel.{}.{kind}", session.id)
}
