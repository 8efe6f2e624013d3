//! The handle of one execute request: whatever it puts out carries its parent.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Map, Value, json};
use tokio::sync::Semaphore;

use crate::comm::Comms;
use crate::iopub::{IoPub, Stream};
use crate::lock::lock;
use crate::message::{Message, Origin};
use crate::stdin::{InputError, Stdin};
use crate::{Bundle, Comm, Said};

/// One execute request. Clones are the same request; output that comes late, from a clone that
/// outlives the cell, still goes to the cell it came from.
///
/// The functions that put something out wait while the front ends do not keep up. A silent
/// request puts nothing out.
#[derive(Clone)]
pub struct Request {
    inner: Arc<Inner>,
}

struct Inner {
    origin: Arc<Origin>,
    metadata: Map<String, Value>,
    silent: bool,
    allow_stdin: bool,
    count: u32,
    iopub: IoPub,
    comms: Comms,
    stdin: Arc<Stdin>,
    /// A permit for each interrupt that nobody has been told of yet.
    interrupts: Semaphore,
    payload: Mutex<Vec<Value>>,
}

/// How a request wants to be run, beside its code.
pub(crate) struct Manner {
    pub(crate) silent: bool,
    pub(crate) allow_stdin: bool,
    pub(crate) count: u32,
}

impl Request {
    pub(crate) fn new(
        message: &Message,
        manner: Manner,
        iopub: IoPub,
        comms: Comms,
        stdin: Arc<Stdin>,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                origin: message.origin.clone(),
                metadata: message.metadata.clone(),
                silent: manner.silent,
                allow_stdin: manner.allow_stdin,
                count: manner.count,
                iopub,
                comms,
                stdin,
                interrupts: Semaphore::new(0),
                payload: Mutex::default(),
            }),
        }
    }

    /// Prints text. Text is gathered for up to 100 ms, and sent before any other output.
    pub async fn stdout(&self, text: &str) {
        self.print(Stream::Stdout, text).await;
    }

    /// Prints text to the error stream.
    pub async fn stderr(&self, text: &str) {
        self.print(Stream::Stderr, text).await;
    }

    async fn print(&self, stream: Stream, text: &str) {
        if !self.inner.silent {
            self.inner
                .iopub
                .text(&self.inner.origin, stream, text)
                .await;
        }
    }

    /// Shows the result of the cell (`execute_result`).
    pub async fn result(&self, bundle: Bundle) {
        let content = json!({
            "execution_count": self.inner.count,
            "data": bundle.data,
            "metadata": bundle.metadata,
        });
        self.publish("execute_result", &content).await;
    }

    /// Shows something beside the result; with an `id` it can be updated later.
    pub async fn display(&self, bundle: Bundle, id: Option<&str>) {
        let transient = match id {
            Some(id) => json!({ "display_id": id }),
            None => json!({}),
        };
        self.show("display_data", bundle, transient).await;
    }

    /// Replaces whatever was displayed with this `id`.
    pub async fn update(&self, id: &str, bundle: Bundle) {
        let transient = json!({ "display_id": id });
        self.show("update_display_data", bundle, transient).await;
    }

    async fn show(&self, kind: &str, bundle: Bundle, transient: Value) {
        let content = json!({
            "data": bundle.data,
            "metadata": bundle.metadata,
            "transient": transient,
        });
        self.publish(kind, &content).await;
    }

    /// Takes away what the cell has put out so far: at once, or when the next output comes.
    pub async fn clear(&self, wait: bool) {
        self.publish("clear_output", &json!({ "wait": wait })).await;
    }

    /// Opens a comm in all front ends. It stays open when the cell has ended; what they say over
    /// it comes to [`Interpreter::comm_said`](crate::Interpreter::comm_said).
    pub async fn open_comm(&self, target: &str, said: Said) -> Comm {
        self.inner
            .comms
            .open(target, &self.inner.origin, said)
            .await
    }

    /// Shows something beside the notebook (a pager), when the cell is done.
    pub fn page(&self, bundle: Bundle) {
        let payload = json!({ "source": "page", "data": bundle.data, "start": 0 });
        self.payload().push(payload);
    }

    /// Asks the user, and waits for the answer or an interrupt. Always ask for secrets with
    /// `secret`: front ends keep a visible answer in the notebook.
    pub async fn input(&self, prompt: &str, secret: bool) -> Result<String, InputError> {
        if !self.inner.allow_stdin {
            return Err(InputError::NotAllowed);
        }
        // What was printed before the question is read before it.
        self.inner.iopub.flush().await;
        tokio::select! {
            answer = self.inner.stdin.ask(&self.inner.origin, prompt, secret) => answer,
            () = self.interrupted() => Err(InputError::Interrupted),
        }
    }

    /// Resolves once for each interrupt while this request runs. Made for `select!`: an interrupt
    /// that comes between two calls resolves the next one, and dropping the future loses none.
    pub async fn interrupted(&self) {
        match self.inner.interrupts.acquire().await {
            Ok(interrupt) => interrupt.forget(),
            Err(_) => std::future::pending().await,
        }
    }

    /// The metadata of the message, where front ends put the metadata of the cell.
    pub fn metadata(&self) -> &Map<String, Value> {
        &self.inner.metadata
    }

    /// Whether nothing of this request is to be seen.
    pub fn silent(&self) -> bool {
        self.inner.silent
    }

    /// The number of the cell, as in `In [1]`.
    pub fn execution_count(&self) -> u32 {
        self.inner.count
    }

    pub(crate) fn interrupt(&self) {
        self.inner.interrupts.add_permits(1);
    }

    pub(crate) fn origin(&self) -> &Arc<Origin> {
        &self.inner.origin
    }

    pub(crate) fn take_payload(&self) -> Vec<Value> {
        std::mem::take(&mut *self.payload())
    }

    /// Publishes a message of this request, unless it is silent.
    pub(crate) async fn publish(&self, kind: &str, content: &Value) {
        if !self.inner.silent {
            self.inner
                .iopub
                .publish(kind, &self.inner.origin, content)
                .await;
        }
    }

    fn payload(&self) -> MutexGuard<'_, Vec<Value>> {
        lock(&self.inner.payload)
    }
}
