//! A front end for tests, on another ZeroMQ than the kernel's own. It finds the kernel by the
//! registration handshake, so that there is no race for ports.

use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use jupyter::{Connection, Error, Interpreter, Options};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use uuid::Uuid;
use zeromq::util::PeerIdentity;
use zeromq::{
    DealerSocket, ReqSocket, RouterSocket, Socket, SocketOptions, SocketRecv, SocketSend,
    SubSocket, ZmqMessage,
};

use crate::echo::Echo;

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long it is watched whether anything comes that must not.
const SILENCE: Duration = Duration::from_millis(60);

/// The key of all kernels of these tests.
pub(crate) const KEY: &str = "a key";

pub(crate) struct Frontend {
    pub(crate) kernel: JoinHandle<Result<(), Error>>,
    pub(crate) shell: DealerSocket,
    pub(crate) control: DealerSocket,
    pub(crate) stdin: DealerSocket,
    pub(crate) heartbeat: ReqSocket,
    iopub: SubSocket,
    key: &'static str,
    /// The fields of the kernel's registration.
    pub(crate) ports: Value,
}

/// A message from the kernel.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) kind: String,
    /// The `msg_id` of the request it belongs to; empty where there is none.
    pub(crate) parent: String,
    pub(crate) header: Value,
    pub(crate) metadata: Value,
    pub(crate) content: Value,
    pub(crate) buffers: Vec<Bytes>,
}

impl Frontend {
    /// Starts an echo kernel and connects to it.
    pub(crate) async fn start() -> Self {
        Self::start_with(Echo, Options::default(), KEY).await
    }

    pub(crate) async fn start_with(
        interpreter: impl Interpreter,
        options: Options,
        key: &'static str,
    ) -> Self {
        let (kernel, ports) = launch(interpreter, options, key, json!({})).await;
        let mut front = Self::connect(kernel, key, ports, PeerIdentity::new()).await;
        let welcome = front.next_published().await;
        assert_eq!(welcome.kind, "iopub_welcome", "the first message");
        assert_eq!(welcome.content, json!({ "subscription": "" }));
        front.expect(&[("", "starting")]).await;
        front
    }

    /// Connects under this name to a kernel that runs.
    pub(crate) async fn connect(
        kernel: JoinHandle<Result<(), Error>>,
        key: &'static str,
        ports: Value,
        identity: PeerIdentity,
    ) -> Self {
        let dealer = || {
            let mut options = SocketOptions::default();
            options.peer_identity(identity.clone());
            DealerSocket::with_options(options)
        };
        let mut front = Frontend {
            kernel,
            shell: dealer(),
            control: dealer(),
            stdin: dealer(),
            heartbeat: ReqSocket::new(),
            iopub: SubSocket::new(),
            key,
            ports,
        };
        let at = |name: &str| format!("tcp://127.0.0.1:{}", front.ports[name]);
        let endpoints = [
            "shell_port",
            "control_port",
            "stdin_port",
            "hb_port",
            "iopub_port",
        ];
        let [shell, control, stdin, heartbeat, iopub] = endpoints.map(at);
        front.shell.connect(&shell).await.unwrap();
        front.control.connect(&control).await.unwrap();
        front.stdin.connect(&stdin).await.unwrap();
        front.heartbeat.connect(&heartbeat).await.unwrap();
        front.iopub.connect(&iopub).await.unwrap();
        front.iopub.subscribe("").await.unwrap();
        front
    }

    /// Sends a request over shell, and returns its `msg_id`.
    pub(crate) async fn ask(&mut self, kind: &str, content: Value) -> String {
        let (id, frames) = self.request(kind, &content);
        self.shell.send(message(frames)).await.unwrap();
        id
    }

    /// Sends a request over control.
    pub(crate) async fn ask_control(&mut self, kind: &str, content: Value) -> String {
        let (id, frames) = self.request(kind, &content);
        self.control.send(message(frames)).await.unwrap();
        id
    }

    /// Sends a cell as front ends do.
    pub(crate) async fn execute(&mut self, code: &str) -> String {
        let content = json!({
            "code": code, "silent": false, "store_history": true, "user_expressions": {},
            "allow_stdin": true, "stop_on_error": true,
        });
        self.ask("execute_request", content).await
    }

    /// The `msg_id` and the frames of a request, signed.
    pub(crate) fn request(&self, kind: &str, content: &Value) -> (String, Vec<Bytes>) {
        let metadata = json!({ "cellId": "a cell" });
        self.request_with(kind, &metadata.to_string(), &content.to_string())
    }

    /// The same, of a metadata and a content that need be no JSON.
    pub(crate) fn request_with(
        &self,
        kind: &str,
        metadata: &str,
        content: &str,
    ) -> (String, Vec<Bytes>) {
        let id = Uuid::new_v4().to_string();
        let header = json!({
            "msg_id": id, "msg_type": kind, "session": "front", "username": "user",
            "date": "2026-11-22T10:00:00.000000Z", "version": "5.4", "subshell_id": null,
        });
        let header = header.to_string();
        let parts = [&header, "{}", metadata, content].map(|part| Bytes::from(part.to_owned()));
        (id, seal_bytes(self.key, parts))
    }

    /// The reply over shell, which has to be one to this request.
    pub(crate) async fn reply(&mut self, request: &str) -> Message {
        let reply = receive(&mut self.shell).await;
        let reply = open(self.key, reply);
        assert_eq!(reply.parent, request, "{reply:?}");
        reply
    }

    /// The reply over control.
    pub(crate) async fn control_reply(&mut self, request: &str) -> Message {
        let reply = receive(&mut self.control).await;
        let reply = open(self.key, reply);
        assert_eq!(reply.parent, request, "{reply:?}");
        reply
    }

    /// The question over stdin.
    pub(crate) async fn question(&mut self) -> Message {
        let question = receive(&mut self.stdin).await;
        let question = open(self.key, question);
        assert_eq!(question.kind, "input_request");
        question
    }

    /// Answers a question; `parent` is its header, or what the front end makes of it.
    pub(crate) async fn answer(&mut self, parent: &Value, value: &str) {
        let header = json!({ "msg_id": Uuid::new_v4().to_string(), "msg_type": "input_reply" });
        let parts = [header, parent.clone(), json!({}), json!({ "value": value })];
        let frames = seal(self.key, &parts);
        self.stdin.send(message(frames)).await.unwrap();
    }

    /// The next messages of IOPub are these, in this order: each with its request, in short form.
    pub(crate) async fn expect(&mut self, transcript: &[(&str, &str)]) {
        for (index, (parent, expected)) in transcript.iter().enumerate() {
            let message = self.next_published().await;
            assert_eq!(short(&message), *expected, "message {index}: {message:?}");
            assert_eq!(message.parent, *parent, "message {index}: {message:?}");
        }
    }

    /// The same, where all belong to one request.
    pub(crate) async fn expect_all(&mut self, parent: &str, transcript: &[&str]) {
        let transcript: Vec<_> = transcript.iter().map(|text| (parent, *text)).collect();
        self.expect(&transcript).await;
    }

    /// Reads on until so many requests have become idle, in whatever order.
    pub(crate) async fn until_idle(&mut self, count: usize) -> Vec<String> {
        let mut read = Vec::new();
        while read.iter().filter(|text| *text == "idle").count() < count {
            read.push(short(&self.next_published().await));
        }
        read
    }

    /// The next message of IOPub.
    pub(crate) async fn next_published(&mut self) -> Message {
        let frames = receive(&mut self.iopub).await;
        open(self.key, frames)
    }

    /// Nothing more comes, on any channel.
    pub(crate) async fn silence(&mut self) {
        let more = timeout(SILENCE, async {
            tokio::select! {
                more = self.iopub.recv() => ("iopub", more),
                more = self.shell.recv() => ("shell", more),
                more = self.control.recv() => ("control", more),
                more = self.stdin.recv() => ("stdin", more),
            }
        });
        if let Ok((channel, more)) = more.await {
            let more = open(self.key, more.unwrap().into_vec());
            panic!("{channel}: nobody expected {more:?}");
        }
    }

    /// Shuts the kernel down; it may not have said anything beyond the transcript.
    pub(crate) async fn end(mut self) {
        self.silence().await;
        let request = self
            .ask_control("shutdown_request", json!({ "restart": false }))
            .await;
        let reply = self.control_reply(&request).await;
        assert_eq!(reply.content, json!({ "status": "ok", "restart": false }));
        self.expect_all(&request, &["busy", "shutdown_reply restart=false", "idle"])
            .await;
        timeout(PATIENCE, self.kernel)
            .await
            .expect("the kernel ends")
            .unwrap()
            .unwrap();
    }
}

/// Starts a kernel, and tells its ports; `fields` are added to its registration file.
pub(crate) async fn launch(
    interpreter: impl Interpreter,
    options: Options,
    key: &str,
    fields: Value,
) -> (JoinHandle<Result<(), Error>>, Value) {
    let mut registrar = RouterSocket::new();
    let endpoint = registrar.bind("tcp://127.0.0.1:0").await.unwrap();
    let mut file = json!({
        "transport": "tcp",
        "kernel_id": "the kernel",
        "registration_ip": "127.0.0.1",
        "registration_port": port_of(&endpoint.to_string()),
        "signature_scheme": "hmac-sha256",
        "key": key,
    });
    for (name, value) in fields.as_object().unwrap() {
        file[name] = value.clone();
    }
    let connection = Connection::parse(&file.to_string()).unwrap();
    let kernel = tokio::spawn(jupyter::serve(interpreter, connection, options));
    let ports = acknowledge(&mut registrar, key).await;
    (kernel, ports)
}

/// What a message says, as a transcript writes it.
fn short(message: &Message) -> String {
    let content = &message.content;
    let text = |field: &str| content[field].as_str().unwrap_or_default().to_owned();
    let plain = || content["data"]["text/plain"].as_str().unwrap_or_default();
    let count = &content["execution_count"];
    match message.kind.as_str() {
        "status" => text("execution_state"),
        "execute_input" => format!("In [{count}]: {}", text("code")),
        "execute_result" => format!("Out[{count}]: {}", plain()),
        "stream" => format!("{}: {}", text("name"), text("text")),
        "display_data" | "update_display_data" => {
            let id = content["transient"]["display_id"].as_str().unwrap_or("-");
            format!("{} {id}: {}", message.kind, plain())
        }
        "clear_output" => format!("clear wait={}", content["wait"]),
        "error" => format!("{}: {}", text("ename"), text("evalue")),
        "comm_open" => format!("comm_open {}: {}", text("target_name"), content["data"]),
        "comm_msg" => format!("comm_msg {}: {}", text("comm_id"), content["data"]),
        "comm_close" => format!("comm_close {}", text("comm_id")),
        "shutdown_reply" => format!("shutdown_reply restart={}", content["restart"]),
        _ => format!("{message:?}"),
    }
}

/// Signs the four parts of a message.
pub(crate) fn seal(key: &str, parts: &[Value; 4]) -> Vec<Bytes> {
    seal_bytes(key, parts.clone().map(|part| part.to_string().into()))
}

fn seal_bytes(key: &str, parts: [Bytes; 4]) -> Vec<Bytes> {
    let mut frames = vec![Bytes::from("<IDS|MSG>"), sign(key, &parts)];
    frames.extend(parts);
    frames
}

fn sign(key: &str, parts: &[Bytes]) -> Bytes {
    if key.is_empty() {
        return Bytes::new();
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).unwrap();
    for part in parts {
        mac.update(part);
    }
    let signature = mac.finalize().into_bytes();
    let hex: String = signature.iter().map(|byte| format!("{byte:02x}")).collect();
    hex.into()
}

pub(crate) fn open(key: &str, frames: Vec<Bytes>) -> Message {
    let start = frames
        .iter()
        .position(|frame| frame == "<IDS|MSG>")
        .unwrap();
    let [signature, header, parent, metadata, content, buffers @ ..] = &frames[start + 1..] else {
        panic!("{frames:?}");
    };
    let signed = &frames[start + 2..start + 6];
    assert_eq!(sign(key, signed), *signature, "the kernel's signature");
    let json = |part| serde_json::from_slice::<Value>(part).unwrap();
    let header = json(header);
    Message {
        kind: header["msg_type"].as_str().unwrap().into(),
        parent: json(parent)["msg_id"].as_str().unwrap_or_default().into(),
        header,
        metadata: json(metadata),
        content: json(content),
        buffers: buffers.to_vec(),
    }
}

async fn acknowledge(registrar: &mut RouterSocket, key: &str) -> Value {
    let mut frames = receive(registrar).await;
    assert_eq!(frames.len(), 4);
    let identity = frames.remove(0);
    assert_eq!(sign(key, &frames[2..]), frames[1]);
    let ports: Map<String, Value> = serde_json::from_slice(&frames[2]).unwrap();
    let word = Bytes::from("ACK");
    let answer = vec![
        identity,
        frames[0].clone(),
        sign(key, std::slice::from_ref(&word)),
        word,
    ];
    registrar.send(message(answer)).await.unwrap();
    ports.into()
}

/// The next frames; it has to come soon.
pub(crate) async fn receive(socket: &mut impl SocketRecv) -> Vec<Bytes> {
    let received = timeout(PATIENCE, socket.recv()).await;
    received.expect("a message").unwrap().into_vec()
}

pub(crate) fn message(frames: Vec<Bytes>) -> ZmqMessage {
    frames.try_into().unwrap()
}

fn port_of(endpoint: &str) -> u16 {
    endpoint.rsplit(':').next().unwrap().parse().unwrap()
}
