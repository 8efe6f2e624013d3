//! What the channels of one kernel share, and the rules that hold for every request: busy before
//! it, idle after it, and a reply also after a panic.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicU32};
use std::sync::{Arc, Mutex, MutexGuard};

use futures_util::FutureExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::comm::Comms;
use crate::connection::Ports;
use crate::history::History;
use crate::iopub::IoPub;
use crate::lock::lock;
use crate::message::{Message, Origin, Session};
use crate::router::Router;
use crate::stdin::Stdin;
use crate::usage::Usage;
use crate::{Failure, Interpreter, Request};

/// One kernel.
pub(crate) struct Kernel<I> {
    pub(crate) interpreter: I,
    pub(crate) session: Arc<Session>,
    pub(crate) ports: Ports,
    pub(crate) iopub: IoPub,
    pub(crate) comms: Comms,
    pub(crate) stdin: Arc<Stdin>,
    pub(crate) history: History,
    pub(crate) usage: Mutex<Usage>,
    /// How many cells have been counted.
    pub(crate) count: AtomicU32,
    /// Whether no more cells are to be run.
    pub(crate) ending: AtomicBool,
    /// The request that runs.
    running: Mutex<Option<Request>>,
    /// Whoever wants the kernel to end says so here.
    pub(crate) farewells: mpsc::UnboundedSender<Farewell>,
}

/// A shutdown request, which is answered when all is done.
pub(crate) struct Farewell {
    pub(crate) message: Message,
    pub(crate) router: Router,
    pub(crate) restart: bool,
}

impl<I: Interpreter> Kernel<I> {
    pub(crate) fn new(
        interpreter: I,
        session: Arc<Session>,
        ports: Ports,
        iopub: IoPub,
        stdin: Stdin,
        history: History,
        farewells: mpsc::UnboundedSender<Farewell>,
    ) -> Self {
        Self {
            interpreter,
            session,
            ports,
            comms: Comms::new(iopub.clone()),
            iopub,
            stdin: Arc::new(stdin),
            history,
            usage: Mutex::default(),
            count: AtomicU32::new(0),
            ending: AtomicBool::new(false),
            running: Mutex::default(),
            farewells,
        }
    }

    /// Says that a request beside the cells is being worked on.
    pub(crate) fn busy(&self, origin: &Origin) {
        self.status(origin, "busy");
    }

    /// Says that it is done. Front ends take any idle for the kernel's, so while a cell runs its
    /// busy is said again; under the lock, so that the cell's own idle comes after.
    pub(crate) fn idle(&self, origin: &Origin) {
        let running = self.running();
        self.status(origin, "idle");
        if let Some(request) = &*running {
            self.status(request.origin(), "busy");
        }
    }

    /// A cell begins.
    pub(crate) fn begin(&self, request: &Request) {
        let mut running = self.running();
        self.status(request.origin(), "busy");
        *running = Some(request.clone());
    }

    /// It has ended.
    pub(crate) fn end(&self, request: &Request) {
        let mut running = self.running();
        *running = None;
        self.status(request.origin(), "idle");
    }

    /// Interrupts the cell that runs, if one does.
    pub(crate) fn interrupt(&self) {
        if let Some(request) = &*self.running() {
            request.interrupt();
        }
    }

    /// The request of the cell that runs, if one does.
    pub(crate) fn request_that_runs(&self) -> Option<Request> {
        self.running().clone()
    }

    /// Sends a reply over the channel the request came by.
    pub(crate) fn reply(
        &self,
        router: &Router,
        origin: &Origin,
        kind: &str,
        metadata: &Value,
        content: &Value,
    ) {
        let reply = self.session.seal(kind, &origin.header, metadata, content);
        let frames = [origin.identities.clone(), reply].concat();
        router.send(&origin.peer, &frames);
    }

    fn status(&self, origin: &Origin, state: &str) {
        let content = json!({ "execution_state": state });
        self.iopub.push("status", origin, &content);
    }

    fn running(&self) -> MutexGuard<'_, Option<Request>> {
        lock(&self.running)
    }
}

/// Awaits what an interpreter does, and makes a failure of its panic.
pub(crate) async fn guard<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let done = AssertUnwindSafe(work).catch_unwind().await;
    done.map_err(|panic| {
        Failure::new(
            "Panic",
            format!(
                "the kernel failed at a thing it should not fail at, and goes on: {}",
                message_of(&*panic)
            ),
        )
    })
}

fn message_of(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("no reason was given")
}

/// The content of a reply, or an entry of one, that says what went wrong.
pub(crate) fn failed(failure: &Failure) -> Value {
    json!({
        "status": "error",
        "ename": failure.name,
        "evalue": failure.value,
        "traceback": failure.traceback,
    })
}

/// The failure of a request whose content is not what it should be.
pub(crate) fn malformed(error: &serde_json::Error) -> Failure {
    Failure::new(
        "InvalidRequest",
        format!("the request is not what it should be: {error}"),
    )
}
