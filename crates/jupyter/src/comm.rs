//! Comms: conversations with things in a front end that live longer than a cell, such as widgets.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::iopub::IoPub;
use crate::lock::lock;
use crate::message::Origin;

/// The most comms that may be open; what a front end opens beyond that is closed.
const MAX_OPEN: usize = 4096;
/// The longest id and target of one, each.
const MAX_NAME: usize = 1024;

/// What is said over a comm.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Said {
    /// What the two ends understand.
    pub data: Value,
    /// The metadata of the message; widgets keep the version of their protocol there.
    pub metadata: Map<String, Value>,
    /// Bytes beside the JSON, in order.
    pub buffers: Vec<Bytes>,
}

impl Said {
    /// Data alone.
    pub fn data(data: Value) -> Self {
        Said {
            data,
            ..Said::default()
        }
    }
}

/// One end of a comm. What is said through it belongs to the request or message it was got with.
#[derive(Clone)]
pub struct Comm {
    id: String,
    origin: Arc<Origin>,
    comms: Comms,
}

impl Comm {
    /// The name both ends know it by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Says something to all front ends; waits while they do not keep up.
    pub async fn say(&self, said: Said) {
        let content = json!({ "comm_id": self.id, "data": said.data });
        self.publish("comm_msg", &content, &said).await;
    }

    /// Ends the comm.
    pub async fn close(&self) {
        self.comms.forget(&self.id);
        let content = json!({ "comm_id": self.id, "data": {} });
        self.publish("comm_close", &content, &Said::default()).await;
    }

    async fn publish(&self, kind: &str, content: &Value, said: &Said) {
        self.comms
            .iopub
            .publish_with(kind, &self.origin, &said.metadata, content, &said.buffers)
            .await;
    }
}

/// The comms of a kernel that are open; clones share them.
#[derive(Clone)]
pub(crate) struct Comms {
    iopub: IoPub,
    /// Their targets, by id.
    open: Arc<Mutex<BTreeMap<String, String>>>,
}

impl Comms {
    pub(crate) fn new(iopub: IoPub) -> Self {
        Comms {
            iopub,
            open: Arc::default(),
        }
    }

    /// Opens one in all front ends.
    pub(crate) async fn open(&self, target: &str, origin: &Arc<Origin>, said: Said) -> Comm {
        let comm = self.end(Uuid::new_v4().to_string(), origin);
        self.lock().insert(comm.id.clone(), target.to_owned());
        let content = json!({ "comm_id": comm.id, "target_name": target, "data": said.data });
        comm.publish("comm_open", &content, &said).await;
        comm
    }

    /// Takes note of one that a front end has opened; `None` where there are too many, or its
    /// names are too long to keep.
    pub(crate) fn opened(&self, id: &str, target: &str, origin: &Arc<Origin>) -> Option<Comm> {
        let mut open = self.lock();
        if open.len() >= MAX_OPEN || id.len().max(target.len()) > MAX_NAME {
            return None;
        }
        open.insert(id.to_owned(), target.to_owned());
        Some(self.end(id.to_owned(), origin))
    }

    /// The end of an open comm.
    pub(crate) fn find(&self, id: &str, origin: &Arc<Origin>) -> Option<Comm> {
        let known = self.lock().contains_key(id);
        known.then(|| self.end(id.to_owned(), origin))
    }

    /// The end of a comm, open or not.
    pub(crate) fn end(&self, id: String, origin: &Arc<Origin>) -> Comm {
        Comm {
            id,
            origin: origin.clone(),
            comms: self.clone(),
        }
    }

    /// True where it was open.
    pub(crate) fn forget(&self, id: &str) -> bool {
        self.lock().remove(id).is_some()
    }

    /// The content of a `comm_info_reply`: those of a target, or all.
    pub(crate) fn info(&self, target: Option<&str>) -> Value {
        let open = self.lock();
        let wanted = open
            .iter()
            .filter(|(_, of)| target.is_none_or(|target| target == of.as_str()));
        let comms: Map<_, _> = wanted
            .map(|(id, target)| (id.clone(), json!({ "target_name": target })))
            .collect();
        json!({ "status": "ok", "comms": comms })
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, String>> {
        lock(&self.open)
    }
}
