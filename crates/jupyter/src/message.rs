//! Messages: requests are typed here, what is sent is built where it is sent.

use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::frames::{Frames, Key, Rejected};

/// The version of the messaging protocol that is spoken.
pub(crate) const PROTOCOL: &str = "5.5";

/// How the ids of kernels begin. Whoever subscribes has messages that are signed with the key, those
/// of this process and of the one before a restart: sent back, they are no front end's.
const KERNELS: &str = "kernel-";
/// The largest header taken: it goes back with each message of its request.
const MAX_HEADER: usize = 16 << 10;
/// The largest metadata taken.
const MAX_METADATA: usize = 4 << 20;
/// What a message holds beside its bytes, about, and by how much JSON grows when it is read.
const MESSAGE: usize = 1 << 10;
const PARSED: usize = 8;

/// This process as a partner of the conversation: its id, and the key all messages are signed
/// with. Front ends see a restart by the id.
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) key: Key,
}

impl Session {
    pub(crate) fn new(key: &str) -> Self {
        Self {
            id: format!("{KERNELS}{}", Uuid::new_v4()),
            key: Key::new(key),
        }
    }

    /// Checks and reads a message that came from `peer`.
    pub(crate) fn open(&self, peer: Bytes, frames: Vec<Bytes>) -> Result<Message, Rejected> {
        let frames = self.key.open(frames)?;
        Message::read(peer, frames)
    }

    /// Builds and signs a message; `parent` is the header of the request it belongs to.
    pub(crate) fn seal(
        &self,
        kind: &str,
        parent: &Bytes,
        metadata: &Value,
        content: &Value,
    ) -> Vec<Bytes> {
        self.seal_as(&Uuid::new_v4().to_string(), kind, parent, metadata, content)
    }

    /// The same with an id that the caller knows.
    pub(crate) fn seal_as(
        &self,
        id: &str,
        kind: &str,
        parent: &Bytes,
        metadata: &Value,
        content: &Value,
    ) -> Vec<Bytes> {
        let header = json!({
            "msg_id": id,
            "msg_type": kind,
            "session": self.id,
            "username": "kernel",
            "date": now(),
            "version": PROTOCOL,
        });
        self.key.seal([
            header.to_string().into(),
            parent.clone(),
            metadata.to_string().into(),
            content.to_string().into(),
        ])
    }
}

/// The present time as messages carry it; jupyter_client reads six decimals at most.
pub(crate) fn now() -> String {
    format!("{:.6}", jiff::Timestamp::now())
}

/// A message that belongs to no request has this for a parent.
pub(crate) const NO_PARENT: Bytes = Bytes::from_static(b"{}");

/// Whom an answer goes to, and what it says it answers.
#[derive(Debug)]
pub(crate) struct Origin {
    /// The connection it came over.
    pub(crate) peer: Bytes,
    /// Frames before the delimiter, which go back as they came.
    pub(crate) identities: Vec<Bytes>,
    /// The request's header as it came, so that unknown fields come back, too.
    pub(crate) header: Bytes,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: String,
    pub(crate) origin: Arc<Origin>,
    /// The `msg_id` of the message that this one answers, if any.
    pub(crate) answers: Option<String>,
    pub(crate) metadata: Map<String, Value>,
    /// What is wrong with its metadata. Whoever waits for an answer is told.
    flaw: Option<String>,
    content: Bytes,
    /// Bytes beside the JSON; comms have them.
    pub(crate) buffers: Vec<Bytes>,
    /// About how many bytes it holds.
    size: usize,
}

impl Message {
    fn read(peer: Bytes, frames: Frames) -> Result<Self, Rejected> {
        if frames.header.len().max(frames.parent.len()) > MAX_HEADER {
            return Err(Rejected::LargeHeader);
        }
        let header: Header =
            serde_json::from_slice(&frames.header).map_err(|_| Rejected::NotJson("header"))?;
        if header.session.is_some_and(|id| id.starts_with(KERNELS)) {
            return Err(Rejected::Kernels);
        }
        let (metadata, flaw) = match metadata(&frames.metadata) {
            Ok(metadata) => (metadata, None),
            Err(flaw) => (Map::new(), Some(flaw)),
        };
        let parent: Map<String, Value> =
            serde_json::from_slice(&frames.parent).map_err(|_| Rejected::NotJson("parent"))?;
        let answers = parent.get("msg_id").and_then(Value::as_str);
        let buffers: usize = frames.buffers.iter().map(Bytes::len).sum();
        let read = frames.header.len() + frames.content.len() + PARSED * frames.metadata.len();
        Ok(Self {
            kind: header.msg_type,
            answers: answers.map(str::to_owned),
            origin: Arc::new(Origin {
                peer,
                identities: frames.identities,
                header: frames.header,
            }),
            metadata,
            flaw,
            content: frames.content,
            buffers: frames.buffers,
            size: MESSAGE + read + buffers,
        })
    }

    /// The content as a `T`. A field that is null counts as missing, as front ends mean it.
    pub(crate) fn content<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        if let Some(flaw) = &self.flaw {
            return Err(serde::de::Error::custom(flaw));
        }
        let mut content: Map<String, Value> = serde_json::from_slice(&self.content)?;
        content.retain(|_, value| !value.is_null());
        serde_json::from_value(content.into())
    }

    /// About how many bytes it holds.
    pub(crate) fn size(&self) -> usize {
        self.size
    }
}

fn metadata(text: &[u8]) -> Result<Map<String, Value>, String> {
    if text.len() > MAX_METADATA {
        let most = MAX_METADATA >> 20;
        return Err(format!("its metadata is larger than {most} MiB"));
    }
    serde_json::from_slice(text).map_err(|error| format!("its metadata: {error}"))
}

#[derive(Deserialize)]
struct Header {
    msg_type: String,
    /// Required by the protocol, and by those who look for their answers.
    #[serde(rename = "msg_id")]
    _id: String,
    session: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Execute {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) silent: bool,
    /// Unless it says otherwise, a request that is not silent is stored.
    pub(crate) store_history: Option<bool>,
    #[serde(default)]
    pub(crate) user_expressions: Map<String, Value>,
    #[serde(default)]
    pub(crate) allow_stdin: bool,
    #[serde(default = "yes")]
    pub(crate) stop_on_error: bool,
}

fn yes() -> bool {
    true
}

#[derive(Deserialize)]
pub(crate) struct Complete {
    pub(crate) code: String,
    /// Code points. A number of any kind is taken and made to fit; missing is the end.
    pub(crate) cursor_pos: Option<f64>,
}

#[derive(Deserialize)]
pub(crate) struct Inspect {
    pub(crate) code: String,
    pub(crate) cursor_pos: Option<f64>,
    #[serde(default)]
    pub(crate) detail_level: u8,
}

#[derive(Deserialize)]
pub(crate) struct IsComplete {
    pub(crate) code: String,
}

#[derive(Deserialize)]
pub(crate) struct History {
    #[serde(default)]
    pub(crate) output: bool,
    #[serde(flatten)]
    pub(crate) access: Access,
}

/// Which entries of the history are asked for.
#[derive(Debug, Deserialize)]
#[serde(tag = "hist_access_type", rename_all = "lowercase")]
pub(crate) enum Access {
    /// The last `n`.
    Tail { n: Option<i64> },
    /// The lines `start..stop` of a session; 0 is the present one, -1 the one before.
    Range {
        #[serde(default)]
        session: i64,
        #[serde(default)]
        start: i64,
        stop: Option<i64>,
    },
    /// The last `n` that match a pattern of `*` and `?`.
    Search {
        n: Option<i64>,
        pattern: Option<String>,
        #[serde(default)]
        unique: bool,
    },
}

#[derive(Deserialize)]
pub(crate) struct Shutdown {
    #[serde(default)]
    pub(crate) restart: bool,
}

/// A `comm_open`, `comm_msg` or `comm_close`.
#[derive(Deserialize)]
pub(crate) struct CommMessage {
    pub(crate) comm_id: String,
    #[serde(default)]
    pub(crate) target_name: String,
    #[serde(default)]
    pub(crate) data: Value,
}

#[derive(Deserialize)]
pub(crate) struct CommInfo {
    /// Only comms of this target are asked for.
    pub(crate) target_name: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct InputReply {
    #[serde(default)]
    pub(crate) value: String,
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn execute(content: &str) -> Result<Execute, serde_json::Error> {
        let message = Message {
            kind: String::new(),
            origin: Arc::new(Origin {
                peer: Bytes::new(),
                identities: Vec::new(),
                header: NO_PARENT,
            }),
            answers: None,
            metadata: Map::new(),
            flaw: None,
            content: Bytes::from(content.to_owned()),
            buffers: Vec::new(),
            size: 0,
        };
        message.content()
    }

    #[test]
    fn missing_null_and_unknown_fields_are_taken() {
        let bare = execute(r#"{"code": "x"}"#).unwrap();
        assert!(!bare.silent && !bare.allow_stdin && bare.stop_on_error);
        assert_eq!(bare.store_history, None);
        let nulls = execute(r#"{"code": "x", "silent": null, "cell_meta": {}}"#).unwrap();
        assert!(!nulls.silent);
        assert!(execute(r#"{"code": 5}"#).is_err());
        assert!(execute("[]").is_err());
        assert!(execute("").is_err());
    }

    #[test]
    fn the_date_is_one_that_jupyter_client_reads() {
        let date = now();
        assert_eq!(date.len(), "2026-11-22T10:00:00.000000Z".len(), "{date}");
    }
}
