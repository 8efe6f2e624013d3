//! Where a kernel is to be found: the file that its launcher hands it, of either kind.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::curve::Keys;
use crate::endpoint::{Endpoint, Listener};
use crate::error::Error;
use crate::frames::Key;
use crate::handshake::handshake;
use crate::zmtp::{self, Incoming, Kind, Limits, Reader};

/// How long the launcher may take to acknowledge a registration.
const ACKNOWLEDGE: Duration = Duration::from_secs(10);
/// How large its answer may be, which is one word.
const ANSWER: Limits = Limits {
    bytes: 64 << 10,
    frames: 16,
};

/// How the front ends reach a kernel, or where it has to say how.
#[derive(Clone, Debug)]
pub struct Connection {
    transport: Transport,
    ip: String,
    signing: SigningKey,
    /// The keys that encrypt, where the launcher has made any.
    pub(crate) keys: Option<Arc<Keys>>,
    channels: Channels,
}

/// The text that messages are signed with; nothing prints it.
#[derive(Clone, Default, Deserialize)]
struct SigningKey(String);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey")
    }
}

#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Transport {
    #[default]
    Tcp,
    #[cfg(unix)]
    Ipc,
}

#[derive(Clone, Debug)]
enum Channels {
    /// A connection file: the launcher has chosen the ports.
    Given(Ports),
    /// A registration file: the kernel chooses, and tells the launcher.
    Register { kernel: String, port: u16 },
}

/// The ports of the five channels.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(crate) struct Ports {
    #[serde(rename = "shell_port")]
    pub(crate) shell: u16,
    #[serde(rename = "iopub_port")]
    pub(crate) iopub: u16,
    #[serde(rename = "stdin_port")]
    pub(crate) stdin: u16,
    #[serde(rename = "control_port")]
    pub(crate) control: u16,
    #[serde(rename = "hb_port")]
    pub(crate) heartbeat: u16,
}

impl Ports {
    /// The ports under the names they have in messages.
    pub(crate) fn fields(&self) -> Value {
        json!({
            "shell_port": self.shell,
            "iopub_port": self.iopub,
            "stdin_port": self.stdin,
            "control_port": self.control,
            "hb_port": self.heartbeat,
        })
    }
}

/// The fields of either file.
#[derive(Deserialize)]
struct Fields {
    #[serde(default)]
    transport: Transport,
    #[serde(default)]
    key: SigningKey,
    #[serde(default = "only_scheme")]
    signature_scheme: String,
    /// Read apart, so that no error repeats a key.
    #[serde(default)]
    curve_publickey: Value,
    #[serde(default)]
    curve_secretkey: Value,
    #[serde(flatten)]
    shape: Shape,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Shape {
    Registration {
        kernel_id: String,
        registration_ip: String,
        registration_port: u16,
    },
    Connection {
        ip: String,
        #[serde(flatten)]
        ports: Ports,
    },
}

fn only_scheme() -> String {
    "hmac-sha256".into()
}

impl Connection {
    /// Reads a connection file, or a registration file.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let failed = |reason| Error::ConnectionFile {
            path: PathBuf::from(path),
            reason,
        };
        let text = std::fs::read_to_string(path).map_err(|error| failed(error.to_string()))?;
        Self::parse(&text).map_err(failed)
    }

    /// Reads the text of such a file; the error says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let fields: Value =
            serde_json::from_str(text).map_err(|error| format!("it is not JSON: {error}"))?;
        let fields: Fields = serde_json::from_value(fields).map_err(|error| {
            format!(
                "it is neither a connection file (transport, ip, key and five ports) nor a \
                 registration file (kernel_id, registration_ip, registration_port): {error}"
            )
        })?;
        if fields.signature_scheme != only_scheme() && !fields.key.0.is_empty() {
            return Err(format!(
                "it asks for signatures by {}, and only hmac-sha256 is known here",
                fields.signature_scheme
            ));
        }
        let keys = keys(&fields.curve_publickey, &fields.curve_secretkey)?;
        let (ip, channels) = match fields.shape {
            Shape::Registration {
                kernel_id: kernel,
                registration_ip,
                registration_port: port,
            } => (registration_ip, Channels::Register { kernel, port }),
            Shape::Connection { ip, ports } => (ip, Channels::Given(ports)),
        };
        Ok(Self {
            transport: fields.transport,
            ip,
            signing: fields.key,
            keys: keys.map(Arc::new),
            channels,
        })
    }

    /// What messages are signed with; empty where they are not.
    pub(crate) fn key(&self) -> &str {
        &self.signing.0
    }

    /// Listens on all five channels.
    pub(crate) async fn listen(&self) -> Result<(Listeners, Ports), Error> {
        let wanted = match self.channels {
            Channels::Given(ports) => ports,
            Channels::Register { .. } => Ports::default(),
        };
        let listeners = Listeners {
            shell: self.listen_on(wanted.shell).await?,
            iopub: self.listen_on(wanted.iopub).await?,
            stdin: self.listen_on(wanted.stdin).await?,
            control: self.listen_on(wanted.control).await?,
            heartbeat: self.listen_on(wanted.heartbeat).await?,
        };
        let ports = listeners.ports().map_err(|source| Error::Listen {
            endpoint: self.endpoint(0).to_string(),
            source,
        })?;
        Ok((listeners, ports))
    }

    async fn listen_on(&self, port: u16) -> Result<Listener, Error> {
        let endpoint = self.endpoint(port);
        endpoint.listen().await.map_err(|source| Error::Listen {
            endpoint: endpoint.to_string(),
            source,
        })
    }

    fn endpoint(&self, port: u16) -> Endpoint {
        match self.transport {
            Transport::Tcp => Endpoint::Tcp(self.ip.clone(), port),
            #[cfg(unix)]
            Transport::Ipc => Endpoint::Ipc(self.ip.clone(), port),
        }
    }

    /// Tells the launcher the ports, where it has asked to be told, and waits for its word.
    pub(crate) async fn register(&self, key: &Key, ports: &Ports) -> Result<(), Error> {
        let Channels::Register { kernel, port } = &self.channels else {
            return Ok(());
        };
        let endpoint = self.endpoint(*port);
        let mut content = ports.fields();
        content["kernel_id"] = json!(kernel);
        let registration = key.seal_one(content.to_string().into());
        let answer = timeout(ACKNOWLEDGE, exchange(&endpoint, &registration)).await;
        let acknowledged = match answer {
            Ok(Ok(frames)) => match key.open_one(&frames) {
                Ok(word) if word == "ACK" => Ok(()),
                Ok(_) => Err("it answered something else than ACK".to_owned()),
                Err(rejected) => Err(format!("its answer is not to be trusted: {rejected}")),
            },
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {} s", ACKNOWLEDGE.as_secs())),
        };
        acknowledged.map_err(|reason| Error::Registration {
            endpoint: endpoint.to_string(),
            reason,
        })
    }
}

/// The pair of keys that encrypts, if there is one.
fn keys(public: &Value, secret: &Value) -> Result<Option<Keys>, String> {
    let both = "its curve_publickey and curve_secretkey belong together, and both are texts";
    match (public, secret) {
        (Value::Null, Value::Null) => Ok(None),
        (Value::String(public), Value::String(secret)) => Ok(Some(Keys::parse(public, secret)?)),
        _ => Err(both.into()),
    }
}

/// Connects, sends one message and waits for one.
async fn exchange(endpoint: &Endpoint, message: &[bytes::Bytes]) -> io::Result<Vec<bytes::Bytes>> {
    use tokio::io::AsyncWriteExt;

    let (reader, mut writer) = tokio::io::split(endpoint.connect().await?);
    let mut reader = Reader::new(reader);
    handshake(&mut reader, &mut writer, Kind::Dealer, None).await?;
    writer.write_all(&zmtp::encode(message)).await?;
    loop {
        match reader.next(ANSWER).await? {
            Incoming::Message(frames) => return Ok(frames),
            Incoming::Ping(pong) => writer.write_all(&pong).await?,
        }
    }
}

/// The five channels, each with someone listening.
pub(crate) struct Listeners {
    pub(crate) shell: Listener,
    pub(crate) iopub: Listener,
    pub(crate) stdin: Listener,
    pub(crate) control: Listener,
    pub(crate) heartbeat: Listener,
}

impl Listeners {
    fn ports(&self) -> io::Result<Ports> {
        Ok(Ports {
            shell: self.shell.port()?,
            iopub: self.iopub.port()?,
            stdin: self.stdin.port()?,
            control: self.control.port()?,
            heartbeat: self.heartbeat.port()?,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn both_files_are_known_by_their_shape() {
        let connection = Connection::parse(
            r#"{"transport": "tcp", "ip": "127.0.0.1", "key": "k", "kernel_name": "x",
                "signature_scheme": "hmac-sha256", "shell_port": 1, "iopub_port": 2,
                "stdin_port": 3, "control_port": 4, "hb_port": 5}"#,
        );
        let connection = connection.unwrap();
        assert!(matches!(connection.channels, Channels::Given(ports) if ports.heartbeat == 5));
        assert_eq!(connection.endpoint(7).to_string(), "tcp://127.0.0.1:7");
        let registration = Connection::parse(
            r#"{"transport": "ipc", "registration_ip": "/tmp/r", "registration_port": 9,
                "kernel_id": "id", "key": "", "signature_scheme": ""}"#,
        );
        let registration = registration.unwrap();
        assert!(matches!(
            registration.channels,
            Channels::Register { port: 9, .. }
        ));
        assert_eq!(registration.endpoint(9).to_string(), "ipc:///tmp/r-9");
    }

    #[test]
    fn a_file_that_is_neither_says_why() {
        for (text, expected) in [
            ("", "not JSON"),
            ("[]", "neither a connection file"),
            (
                r#"{"transport": "tcp", "ip": "127.0.0.1"}"#,
                "neither a connection file",
            ),
            (
                r#"{"registration_ip": "::1", "registration_port": 70000, "kernel_id": ""}"#,
                "neither a connection file",
            ),
            (
                r#"{"registration_ip": "::1", "registration_port": 1, "kernel_id": "",
                    "key": "k", "signature_scheme": "hmac-md5"}"#,
                "signatures by hmac-md5",
            ),
        ] {
            let error = Connection::parse(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
        let error = Connection::open(Path::new("/does/not/exist")).unwrap_err();
        assert!(error.to_string().contains("/does/not/exist"), "{error}");
    }
}
