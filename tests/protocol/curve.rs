//! CurveZMQ: who has the connection file's keys speaks with the kernel, and nobody else hears it.
//! The client is written from RFC 26 for these tests; that libzmq agrees is tested in Python.

use std::io;

use bytes::Bytes;
use jupyter::{Connection, Error, Options};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use x25519_dalek::{PublicKey, StaticSecret};

use crate::boxes::{Shared, TAG};
use crate::echo::Echo;
use crate::frontend::{KEY, launch, open, seal};
use crate::raw::{Raw, frame, greeting, metadata};

/// A kernel with keys.
struct Kernel {
    kernel: JoinHandle<Result<(), Error>>,
    ports: Value,
    secret: StaticSecret,
}

impl Kernel {
    async fn start() -> Self {
        let secret = fresh();
        let keys = json!({
            "curve_publickey": z85(&public(&secret)),
            "curve_secretkey": z85(&secret.to_bytes()),
        });
        let (kernel, ports) = launch(Echo, Options::default(), KEY, keys).await;
        Kernel {
            kernel,
            ports,
            secret,
        }
    }

    /// A front end that has the connection file.
    async fn client(&self, port: &str, kind: &str) -> Client {
        let client = Client::connect(self, port, kind, &self.secret).await;
        client.expect("the kernel takes its own keys")
    }

    /// It speaks with those who have the keys, as before.
    async fn still_answers(&self) {
        let mut shell = self.client("shell_port", "DEALER").await;
        let reply = shell.ask("kernel_info_request", json!({})).await;
        assert_eq!(reply.content["status"], "ok");
    }

    async fn end(self) {
        let mut control = self.client("control_port", "DEALER").await;
        control
            .ask("shutdown_request", json!({ "restart": false }))
            .await;
        self.kernel.await.unwrap().unwrap();
    }
}

/// A client of CURVE.
struct Client {
    raw: Raw,
    secret: Shared,
    sent: u64,
    received: u64,
}

/// The way through a handshake, which a test may leave.
struct Hello {
    raw: Raw,
    transient: StaticSecret,
    /// What the kernel's WELCOME held: its key for this connection, and the cookie.
    server: PublicKey,
    cookie: Vec<u8>,
}

impl Hello {
    async fn say(kernel: &Kernel, port: &str) -> io::Result<Self> {
        let transient = fresh();
        let lasting = shared(&PublicKey::from(&kernel.secret), &transient);
        let mut raw = Raw::connect(&kernel.ports, port).await;
        raw.write(&greeting("CURVE")).await?;
        raw.write(&frame(4, &hello(&lasting, &transient))).await?;
        let theirs = raw.read_exact(64).await?;
        assert_eq!(theirs[12..17], *b"CURVE");
        assert_eq!(theirs[32], 1, "it is the server");
        let (flags, welcome) = raw.frame().await?;
        assert_eq!((flags, welcome.len()), (4, 168));
        let nonce = [b"WELCOME-", &welcome[8..24]].concat();
        let content = unseal(&lasting, &nonce, &welcome[24..]).unwrap();
        Ok(Hello {
            raw,
            transient,
            server: PublicKey::from(<[u8; 32]>::try_from(&content[..32]).unwrap()),
            cookie: content[32..].to_vec(),
        })
    }

    /// An INITIATE of a client with this lasting key, that means this server.
    fn initiate(&self, kind: &str, own: &StaticSecret, server: &PublicKey) -> Vec<u8> {
        let vouch = [public(&self.transient), server.to_bytes()].concat();
        let vouch = sealed(
            &shared(&self.server, own),
            b"VOUCH---0123456789abcdef",
            &vouch,
        );
        let content = [
            &public(own)[..],
            b"0123456789abcdef",
            &vouch,
            &metadata(kind, b""),
        ]
        .concat();
        let secret = shared(&self.server, &self.transient);
        let sealed = sealed(&secret, &nonce(b"CurveZMQINITIATE", 2), &content);
        let parts = [
            &b"\x08INITIATE"[..],
            &self.cookie,
            &2u64.to_be_bytes(),
            &sealed,
        ];
        parts.concat()
    }
}

/// A HELLO that is signed with this box.
fn hello(lasting: &Shared, transient: &StaticSecret) -> Vec<u8> {
    let mut hello = b"\x05HELLO\x01\x00".to_vec();
    hello.resize(80, 0);
    hello.extend(public(transient));
    hello.extend(1u64.to_be_bytes());
    hello.extend(sealed(lasting, &nonce(b"CurveZMQHELLO---", 1), &[0; 64]));
    hello
}

impl Client {
    async fn connect(
        kernel: &Kernel,
        port: &str,
        kind: &str,
        own: &StaticSecret,
    ) -> io::Result<Self> {
        let mut hello = Hello::say(kernel, port).await?;
        let initiate = hello.initiate(kind, own, &PublicKey::from(&kernel.secret));
        hello.raw.write(&frame(4, &initiate)).await?;
        let (flags, ready) = hello.raw.frame().await?;
        if !ready.starts_with(b"\x05READY") {
            return Err(io::Error::other(format!("{:?}", Bytes::from(ready))));
        }
        assert_eq!(flags, 4);
        let secret = shared(&hello.server, &hello.transient);
        let nonce = [b"CurveZMQREADY---", &ready[6..14]].concat();
        let said = unseal(&secret, &nonce, &ready[14..]).expect("a READY for us");
        assert!(said.windows(11).any(|name| name == b"Socket-Type"));
        Ok(Client {
            raw: hello.raw,
            secret,
            sent: 2,
            received: u64::from_be_bytes(ready[6..14].try_into().unwrap()),
        })
    }

    /// A MESSAGE of one frame, with the next number.
    fn message(&mut self, flags: u8, body: &[u8]) -> Vec<u8> {
        self.sent += 1;
        let content = [&[flags], body].concat();
        let sealed = sealed(
            &self.secret,
            &nonce(b"CurveZMQMESSAGEC", self.sent),
            &content,
        );
        let parts = [&b"\x07MESSAGE"[..], &self.sent.to_be_bytes(), &sealed];
        frame(0, &parts.concat())
    }

    async fn send(&mut self, frames: &[Bytes]) -> io::Result<()> {
        for (index, part) in frames.iter().enumerate() {
            let bytes = self.message(u8::from(index + 1 < frames.len()), part);
            self.raw.write(&bytes).await?;
        }
        Ok(())
    }

    /// The next frame, decrypted: flags and body.
    async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let (flags, body) = self.raw.frame().await?;
        assert_eq!(flags, 0, "what encrypts is always one frame");
        assert!(body.starts_with(b"\x07MESSAGE"), "{body:?}");
        let number = u64::from_be_bytes(body[8..16].try_into().unwrap());
        assert!(number > self.received, "no number is used twice");
        self.received = number;
        let content = unseal(
            &self.secret,
            &nonce(b"CurveZMQMESSAGES", number),
            &body[16..],
        );
        let content = content.expect("a message for us");
        Ok((content[0], content[1..].to_vec()))
    }

    async fn receive(&mut self) -> io::Result<Vec<Bytes>> {
        let mut frames = Vec::new();
        loop {
            let (flags, body) = self.frame().await?;
            frames.push(body.into());
            if flags & 1 == 0 {
                return Ok(frames);
            }
        }
    }

    async fn ask(&mut self, kind: &str, content: Value) -> crate::frontend::Message {
        let header = json!({ "msg_id": uuid::Uuid::new_v4().to_string(), "msg_type": kind });
        let parts = [header, json!({}), json!({}), content];
        self.send(&seal(KEY, &parts)).await.unwrap();
        open(KEY, self.receive().await.unwrap())
    }
}

fn nonce(purpose: &[u8; 16], number: u64) -> Vec<u8> {
    [&purpose[..], &number.to_be_bytes()].concat()
}

fn sealed(secret: &Shared, nonce: &[u8], content: &[u8]) -> Vec<u8> {
    let mut sealed = [&[0; TAG], content].concat();
    secret.seal(nonce.try_into().unwrap(), &mut sealed);
    sealed
}

fn unseal(secret: &Shared, nonce: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
    let mut sealed = sealed.to_vec();
    let opened = secret.open(nonce.try_into().unwrap(), &mut sealed);
    opened.map(|content| content.to_vec())
}

fn fresh() -> StaticSecret {
    let halves = [uuid::Uuid::new_v4(), uuid::Uuid::new_v4()];
    let bytes = halves.map(uuid::Uuid::into_bytes).concat();
    StaticSecret::from(<[u8; 32]>::try_from(bytes).unwrap())
}

fn shared(theirs: &PublicKey, ours: &StaticSecret) -> Shared {
    Shared::new(theirs, ours).unwrap()
}

fn public(secret: &StaticSecret) -> [u8; 32] {
    PublicKey::from(secret).to_bytes()
}

fn z85(key: &[u8; 32]) -> String {
    let digits =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut text = String::new();
    for bytes in key.chunks(4) {
        let value = u32::from_be_bytes(bytes.try_into().unwrap());
        for power in [85u32.pow(4), 85u32.pow(3), 85u32.pow(2), 85, 1] {
            text.push(char::from(digits[(value / power % 85) as usize]));
        }
    }
    text
}

#[tokio::test]
async fn who_has_the_keys_is_answered_on_every_channel() {
    let kernel = Kernel::start().await;
    for port in ["shell_port", "control_port"] {
        let mut client = kernel.client(port, "DEALER").await;
        let reply = client.ask("kernel_info_request", json!({})).await;
        assert_eq!(reply.content["implementation"], "echo");
        // A ping comes encrypted, and so does its answer.
        let ping = client.message(2, b"\x04PING\x00\x0acontext");
        client.raw.write(&ping).await.unwrap();
        assert_eq!(
            client.frame().await.unwrap(),
            (2, b"\x04PONGcontext".to_vec())
        );
    }
    // Jupyter's heartbeat has a pair of its own.
    let another = fresh();
    let heart = Client::connect(&kernel, "hb_port", "REQ", &another).await;
    let mut heart = heart.unwrap();
    let beat = [Bytes::new(), Bytes::from("there?")];
    heart.send(&beat).await.unwrap();
    assert_eq!(heart.receive().await.unwrap(), beat);

    let mut iopub = kernel.client("iopub_port", "SUB").await;
    iopub.send(&[Bytes::from("\x01")]).await.unwrap();
    let welcome = open(KEY, iopub.receive().await.unwrap());
    assert_eq!(welcome.kind, "iopub_welcome");
    let mut shell = kernel.client("shell_port", "DEALER").await;
    let large = "x".repeat(3 << 20);
    let cell = shell
        .ask("execute_request", json!({ "code": large.clone() }))
        .await;
    assert_eq!(cell.content["status"], "ok");
    let result = loop {
        let message = open(KEY, iopub.receive().await.unwrap());
        if message.kind == "execute_result" {
            break message;
        }
    };
    assert_eq!(result.content["data"]["text/plain"], *large);
    kernel.end().await;
}

#[tokio::test]
async fn another_pair_of_keys_is_refused_where_something_is_said() {
    let kernel = Kernel::start().await;
    let another = fresh();
    for (port, kind) in [
        ("shell_port", "DEALER"),
        ("control_port", "DEALER"),
        ("stdin_port", "DEALER"),
        ("iopub_port", "SUB"),
    ] {
        let refused = Client::connect(&kernel, port, kind, &another).await;
        let refused = refused.err().expect("it does not get in").to_string();
        assert!(refused.contains("ERROR"), "{port}: {refused}");
    }
    // Who does not know the kernel's public key is not even welcomed.
    for port in ["hb_port", "iopub_port"] {
        let transient = fresh();
        let wrong = shared(&PublicKey::from(&another), &transient);
        let mut raw = Raw::connect(&kernel.ports, port).await;
        raw.write(&greeting("CURVE")).await.unwrap();
        raw.write(&frame(4, &hello(&wrong, &transient)))
            .await
            .unwrap();
        raw.read_exact(64).await.unwrap();
        assert!(raw.frame().await.is_err(), "{port}");
    }
    kernel.still_answers().await;
    kernel.end().await;
}

#[tokio::test]
async fn a_vouch_is_for_this_client_and_this_server() {
    let kernel = Kernel::start().await;
    let another = fresh();
    let public = PublicKey::from(&kernel.secret);
    for what in [
        "another server",
        "no key of its own",
        "another cookie",
        "another connection",
    ] {
        let mut hello = Hello::say(&kernel, "shell_port").await.unwrap();
        let initiate = match what {
            "another server" => {
                hello.initiate("DEALER", &kernel.secret, &PublicKey::from(&another))
            }
            "another cookie" => {
                hello.cookie[5] ^= 1;
                hello.initiate("DEALER", &kernel.secret, &public)
            }
            "another connection" => {
                let other = Hello::say(&kernel, "shell_port").await.unwrap();
                other.initiate("DEALER", &kernel.secret, &public)
            }
            // It claims the kernel's key, and vouches with its own.
            _ => {
                let honest = hello.initiate("DEALER", &another, &public);
                let secret = shared(&hello.server, &hello.transient);
                let nonce = nonce(b"CurveZMQINITIATE", 2);
                let mut content = unseal(&secret, &nonce, &honest[113..]).unwrap();
                content[..32].copy_from_slice(public.as_bytes());
                [&honest[..113], &sealed(&secret, &nonce, &content)].concat()
            }
        };
        hello.raw.write(&frame(4, &initiate)).await.unwrap();
        assert!(hello.raw.frame().await.is_err(), "{what}");
    }
    kernel.still_answers().await;
    kernel.end().await;
}

#[tokio::test]
async fn a_handshake_that_is_cut_off_or_garbage_ends_the_connection() {
    let kernel = Kernel::start().await;
    let transient = fresh();
    let public = PublicKey::from(&kernel.secret);
    let good = hello(&shared(&public, &transient), &transient);
    for length in [0, 1, 6, 79, 112, 120, 199] {
        let mut raw = Raw::connect(&kernel.ports, "shell_port").await;
        let said = [greeting("CURVE"), frame(4, &good[..length])].concat();
        let _ = raw.write(&said).await;
        raw.closed(&format!("a HELLO of {length}")).await;
    }
    for place in [0, 3, 6, 80, 112, 119, 120, 199] {
        let mut changed = good.clone();
        changed[place] ^= 1;
        let mut raw = Raw::connect(&kernel.ports, "shell_port").await;
        let _ = raw
            .write(&[greeting("CURVE"), frame(4, &changed)].concat())
            .await;
        raw.closed("garbage").await;
    }
    for garbage in [
        frame(0, &good),
        frame(4, b"\x05READY"),
        frame(4, &[0xff; 2000]),
        frame(4, &[0xff; 3000]),
        frame(0, b"message"),
    ] {
        let mut raw = Raw::connect(&kernel.ports, "control_port").await;
        let _ = raw.write(&[greeting("CURVE"), garbage].concat()).await;
        raw.closed("garbage").await;
    }
    let reference = Hello::say(&kernel, "shell_port").await.unwrap();
    let whole = reference.initiate("DEALER", &kernel.secret, &public).len();
    for length in [0, 8, 9, 100, 112, 113, 129, 200, whole - 1] {
        let mut hello = Hello::say(&kernel, "shell_port").await.unwrap();
        let initiate = hello.initiate("DEALER", &kernel.secret, &public);
        let _ = hello.raw.write(&frame(4, &initiate[..length])).await;
        hello.raw.closed("garbage").await;
    }
    for place in [0, 9, 105, 113, 130, 280] {
        let mut hello = Hello::say(&kernel, "iopub_port").await.unwrap();
        let mut initiate = hello.initiate("SUB", &kernel.secret, &public);
        initiate[place] ^= 1;
        let _ = hello.raw.write(&frame(4, &initiate)).await;
        hello.raw.closed("garbage").await;
    }
    kernel.still_answers().await;
    kernel.end().await;
}

#[tokio::test]
async fn nothing_is_taken_twice_out_of_order_changed_or_plain() {
    let kernel = Kernel::start().await;
    for what in [
        "twice",
        "out of order",
        "changed",
        "plain",
        "short",
        "a command",
    ] {
        let mut client = kernel.client("shell_port", "DEALER").await;
        client.ask("kernel_info_request", json!({})).await;
        let (first, second) = (client.message(1, b"a"), client.message(1, b"b"));
        let bytes = match what {
            "twice" => [first.clone(), first].concat(),
            "out of order" => [second, first].concat(),
            "changed" => {
                let mut changed = first;
                *changed.last_mut().unwrap() ^= 1;
                changed
            }
            "short" => frame(0, &first[2..20]),
            "a command" => frame(4, &first[2..]),
            _ => frame(0, b"plain"),
        };
        client.raw.write(&bytes).await.unwrap();
        client.raw.closed(what).await;
    }
    kernel.still_answers().await;
    kernel.end().await;
}

#[tokio::test]
async fn who_does_not_encrypt_hears_nothing_and_the_other_way_round() {
    let kernel = Kernel::start().await;
    for port in [
        "shell_port",
        "control_port",
        "stdin_port",
        "hb_port",
        "iopub_port",
    ] {
        let mut plain = Raw::connect(&kernel.ports, port).await;
        plain.write(&greeting("NULL")).await.unwrap();
        plain.read_exact(64).await.unwrap();
        assert!(plain.frame().await.is_err(), "{port}");
    }
    kernel.still_answers().await;
    kernel.end().await;

    let front = crate::frontend::Frontend::start().await;
    for port in [
        "shell_port",
        "control_port",
        "stdin_port",
        "hb_port",
        "iopub_port",
    ] {
        let mut encrypting = Raw::connect(&front.ports, port).await;
        encrypting.write(&greeting("CURVE")).await.unwrap();
        encrypting.read_exact(64).await.unwrap();
        assert!(encrypting.frame().await.is_err(), "{port}");
    }
    front.end().await;
}

#[test]
fn keys_that_do_not_fit_are_said_without_being_said() {
    let pair = || {
        let secret = fresh();
        (z85(&public(&secret)), z85(&secret.to_bytes()))
    };
    let ((public, secret), (_, another)) = (pair(), pair());
    let file = |public: Value, secret: Value| {
        json!({
            "transport": "tcp", "ip": "127.0.0.1", "key": "the signing key", "shell_port": 0,
            "iopub_port": 0, "stdin_port": 0, "control_port": 0, "hb_port": 0,
            "curve_publickey": public, "curve_secretkey": secret,
        })
        .to_string()
    };
    let good = Connection::parse(&file(json!(public), json!(secret))).unwrap();
    let printed = format!("{good:?}");
    assert!(
        !printed.contains(&secret) && !printed.contains("the signing key"),
        "{printed}"
    );
    assert!(Connection::parse(&file(Value::Null, Value::Null)).is_ok());
    for (public, secret, said) in [
        (json!(public), Value::Null, "belong together"),
        (Value::Null, json!(secret), "belong together"),
        (json!(5), json!(secret), "belong together"),
        (json!(public), json!([secret]), "belong together"),
        (json!(public), json!(another), "does not belong to"),
        (json!(""), json!(""), "curve_publickey is not"),
        (json!(public), json!(&secret[1..]), "curve_secretkey is not"),
        (
            json!(public),
            json!("~".repeat(40)),
            "curve_secretkey is not",
        ),
        (
            json!("#".repeat(40)),
            json!(secret),
            "curve_publickey is not",
        ),
        (
            json!(public),
            json!("é".repeat(20)),
            "curve_secretkey is not",
        ),
    ] {
        let error = Connection::parse(&file(public, secret.clone())).unwrap_err();
        assert!(error.contains(said), "{error}");
        for key in [&secret, &json!(another)] {
            let key = key.as_str().unwrap_or("nothing");
            assert!(key.is_empty() || !error.contains(key), "{error}");
        }
    }
}
