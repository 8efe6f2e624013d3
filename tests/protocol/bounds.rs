//! What whoever can connect may cost the kernel, before anything proves that he has its key.

use std::time::Duration;

use bytes::Bytes;
use jupyter::Options;
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::timeout;
use zeromq::SocketSend;
use zeromq::util::PeerIdentity;

use crate::echo::Echo;
use crate::frontend::{Frontend, KEY, message, seal};
use crate::raw::{Raw, frame, head};

const CHANNELS: [(&str, &str); 5] = [
    ("shell_port", "DEALER"),
    ("control_port", "DEALER"),
    ("stdin_port", "DEALER"),
    ("hb_port", "REQ"),
    ("iopub_port", "SUB"),
];

/// The kernel is there, and has said nothing since.
async fn still_answers(front: &mut Frontend) {
    let request = front.ask("kernel_info_request", json!({})).await;
    front.reply(&request).await;
    front.expect_all(&request, &["busy", "idle"]).await;
}

#[tokio::test]
async fn what_is_announced_is_not_waited_for() {
    let mut front = Frontend::start().await;
    for (port, kind) in CHANNELS {
        for (what, bytes) in [
            ("a frame of 200 MiB", head(0, 200 << 20)),
            (
                "one after another",
                [frame(1, b"x"), head(1, 200 << 20)].concat(),
            ),
            ("a command of 1 MiB", head(4, 1 << 20)),
            ("many frames", frame(1, b"").repeat(5000)),
        ] {
            let mut stranger = Raw::greeted(&front.ports, port, kind, b"").await;
            // The kernel may have closed while we still write.
            let _ = stranger.write(&bytes).await;
            stranger.closed(&format!("{port}, {what}")).await;
        }
    }
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn a_ping_gets_sixteen_bytes_back_and_a_long_one_the_door() {
    let mut front = Frontend::start().await;
    for (port, kind) in CHANNELS {
        let mut peer = Raw::greeted(&front.ports, port, kind, b"").await;
        let ping = [&b"\x04PING\x00\x0a"[..], &[b'x'; 200]].concat();
        peer.write(&frame(4, &ping)).await.unwrap();
        let pong = [&b"\x04PONG"[..], &[b'x'; 16]].concat();
        assert_eq!(peer.frame().await.unwrap(), (4, pong));
    }
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn who_asks_and_does_not_read_is_read_no_further() {
    let mut front = Frontend::start().await;
    let ping = frame(4, b"\x04PING\x00\x0a0123456789abcdef").repeat(10_000);
    let beat = [frame(1, b""), frame(0, &[0; 4000])].concat().repeat(100);
    let subscribe = [frame(0, b"\x01topic"), frame(0, b"\x00topic")].concat();
    for (port, kind, bytes) in [
        ("shell_port", "DEALER", &ping),
        ("iopub_port", "SUB", &ping),
        ("hb_port", "REQ", &beat),
        ("iopub_port", "SUB", &subscribe.repeat(10_000)),
    ] {
        let mut peer = Raw::greeted(&front.ports, port, kind, b"").await;
        let mut written = 0;
        // What goes on beyond this is in the buffers of the system.
        let most = 64 << 20;
        while written < most {
            let rest = &bytes[written % bytes.len()..];
            match timeout(Duration::from_secs(2), peer.stream.write(rest)).await {
                Ok(count) => written += count.unwrap(),
                Err(_) => break,
            }
        }
        assert!(written < most, "{port}: it is asked and asked");
        still_answers(&mut front).await;
    }
    front.end().await;
}

#[tokio::test]
async fn a_topic_is_short() {
    let mut front = Frontend::start().await;
    let subscription = |length: usize| frame(0, &[&[1][..], &vec![b'x'; length]].concat());
    let mut peer = Raw::greeted(&front.ports, "iopub_port", "SUB", b"").await;
    peer.write(&subscription(1024)).await.unwrap();
    let (_, topic) = peer.frame().await.unwrap();
    assert_eq!(topic.len(), 1024, "its welcome");
    let _ = peer.write(&subscription(1025)).await;
    peer.closed("a long topic").await;
    let mut peer = Raw::greeted(&front.ports, "iopub_port", "SUB", b"").await;
    let _ = peer.write(&subscription(32 << 20)).await;
    peer.closed("a long topic").await;
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn what_is_said_without_a_signature_has_an_end() {
    let mut front = Frontend::start().await;
    let header = json!({ "msg_id": "1", "msg_type": "kernel_info_request" });
    let parts = [
        header,
        json!({}),
        json!({}),
        json!({ "x": "x".repeat(1000) }),
    ];
    let sealed = seal("another key", &parts);
    let mut forged: Vec<u8> = Vec::new();
    for (index, part) in sealed.iter().enumerate() {
        forged.extend(frame(u8::from(index + 1 < sealed.len()), part));
    }
    let large = [frame(1, b"<IDS|MSG>"), frame(0, &vec![0; 1 << 20])].concat();
    for port in ["shell_port", "control_port", "stdin_port"] {
        let mut stranger = Raw::greeted(&front.ports, port, "DEALER", b"").await;
        stranger.write(&forged).await.unwrap();
        let _ = stranger.write(&forged.repeat(100)).await;
        stranger.closed(port).await;
        let mut stranger = Raw::greeted(&front.ports, port, "DEALER", b"").await;
        let _ = stranger.write(&large).await;
        stranger.closed(port).await;
    }
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn nobody_is_kept_out_by_those_who_only_stand_there() {
    let front = Frontend::start().await;
    let mut strangers = Vec::new();
    for (index, (port, kind)) in CHANNELS.iter().cycle().take(750).enumerate() {
        strangers.push(if index % 2 == 0 {
            Raw::greeted(&front.ports, port, kind, b"").await
        } else {
            Raw::connect(&front.ports, port).await
        });
    }
    // One that comes later than they all, and waits for a question without a word.
    let name = PeerIdentity::new();
    let ports = front.ports.clone();
    let nobody = tokio::spawn(async { Ok(()) });
    let mut late = Frontend::connect(nobody, KEY, ports, name).await;
    assert_eq!(late.next_published().await.kind, "iopub_welcome");
    late.heartbeat.send("there?".into()).await.unwrap();
    assert_eq!(
        crate::frontend::receive(&mut late.heartbeat).await,
        ["there?"]
    );
    let cell = late.execute("ask ?").await;
    let question = late.question().await;
    late.answer(&question.header, "yes").await;
    assert_eq!(late.reply(&cell).await.content["status"], "ok");
    let request = late.ask_control("kernel_info_request", json!({})).await;
    late.control_reply(&request).await;
    let open = strangers.iter().filter(|stranger| !stranger.is_closed());
    let open = open.count();
    assert!(open <= 500, "{open} of 750 strangers are still there");
    // The one who was there before them has signed nothing over iopub, and is back by now or not;
    // over shell it has signed nothing either, but may.
    let request = late.ask("kernel_info_request", json!({})).await;
    late.reply(&request).await;
    front.kernel.abort();
}

#[tokio::test]
async fn anothers_name_gets_nothing_of_his() {
    let (kernel, ports) = crate::frontend::launch(Echo, Options::default(), KEY, json!({})).await;
    let name = "the same name";
    let identity = PeerIdentity::try_from(name.as_bytes().to_vec()).unwrap();
    let mut front = Frontend::connect(kernel, KEY, ports.clone(), identity).await;
    assert_eq!(front.next_published().await.kind, "iopub_welcome");
    front.expect(&[("", "starting")]).await;
    still_answers(&mut front).await;
    let mut others = Vec::new();
    for port in ["shell_port", "control_port", "stdin_port"] {
        others.push(Raw::greeted(&ports, port, "DEALER", name.as_bytes()).await);
    }
    still_answers(&mut front).await;
    let request = front.ask_control("kernel_info_request", json!({})).await;
    front.control_reply(&request).await;
    front.expect_all(&request, &["busy", "idle"]).await;
    let cell = front.execute("ask ?").await;
    let question = front.question().await;
    // Who took the name may hear the question, but not answer it.
    let forged = seal(
        "",
        &[
            json!({ "msg_id": "1", "msg_type": "input_reply" }),
            question.header.clone(),
            json!({}),
            json!({ "value": "no" }),
        ],
    );
    let last = forged.len() - 1;
    for (index, part) in forged.iter().enumerate() {
        let bytes = frame(u8::from(index < last), part);
        others[2].write(&bytes).await.unwrap();
    }
    front.answer(&question.header, "yes").await;
    front.reply(&cell).await;
    let transcript = ["busy", "In [1]: ask ?", "stdout: yes\n", "idle"];
    front.expect_all(&cell, &transcript).await;
    still_answers(&mut front).await;
    assert!(
        others[0].stream.try_read(&mut [0; 1]).is_err(),
        "no reply came here"
    );
    front.end().await;
}

#[tokio::test]
async fn what_the_kernel_has_signed_proves_nothing() {
    let mut front = Frontend::start().await;
    let mut listener = Raw::greeted(&front.ports, "iopub_port", "SUB", b"").await;
    listener.write(&frame(0, b"\x01")).await.unwrap();
    let cell = front.execute("talk hello").await;
    front.reply(&cell).await;
    front
        .expect_all(&cell, &["busy", "In [1]: talk hello"])
        .await;
    front
        .expect_all(&cell, &["comm_open echo: \"hello\"", "idle"])
        .await;
    // All that was published up to there is sent back as it came.
    let mut heard = Vec::new();
    let mut comms = 0;
    while comms == 0 {
        let mut parts = vec![listener.frame().await.unwrap()];
        while parts.last().unwrap().0 & 1 == 1 {
            parts.push(listener.frame().await.unwrap());
        }
        let parts: Vec<_> = parts
            .into_iter()
            .map(|(_, body)| Bytes::from(body))
            .collect();
        comms += usize::from(parts[0].ends_with(b"comm_open"));
        heard.push(parts[1..].to_vec());
    }
    for frames in heard {
        front.control.send(message(frames.clone())).await.unwrap();
        front.shell.send(message(frames)).await.unwrap();
    }
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn a_header_is_small_and_a_metadata_that_cannot_be_read_is_answered() {
    let mut front = Frontend::start().await;
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(200), "]".repeat(200));
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(5 << 20));
    let content = json!({ "code": "a" });
    for metadata in [deep.clone(), large, "[]".into()] {
        let (id, frames) = front.request_with("execute_request", &metadata, &content.to_string());
        front.shell.send(message(frames)).await.unwrap();
        let reply = front.reply(&id).await.content;
        assert_eq!(reply["ename"], "InvalidRequest", "{reply}");
        assert!(
            reply["evalue"].as_str().unwrap().contains("metadata"),
            "{reply}"
        );
        front.expect_all(&id, &["busy", "idle"]).await;
    }
    for kind in ["execute_request", "complete_request", "comm_info_request"] {
        let (id, frames) = front.request_with(kind, "{}", &deep);
        front.shell.send(message(frames)).await.unwrap();
        assert_eq!(front.reply(&id).await.content["ename"], "InvalidRequest");
        front.expect_all(&id, &["busy", "idle"]).await;
    }
    let id = "x".repeat(20_000);
    let header = json!({ "msg_id": id, "msg_type": "kernel_info_request" });
    let parts = [header, json!({}), json!({}), json!({})];
    front.shell.send(message(seal(KEY, &parts))).await.unwrap();
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn ten_thousand_cells_wait_and_are_given_up_behind_an_error() {
    let mut front = Frontend::start().await;
    let first = front.execute("wait").await;
    let mut queued = Vec::new();
    for _ in 0..10_000 {
        queued.push(front.execute("never").await);
    }
    front.expect_all(&first, &["busy", "In [1]: wait"]).await;
    // Its reply says that all before it have been read.
    let request = front.ask("kernel_info_request", json!({})).await;
    front.reply(&request).await;
    front
        .expect(&[(&*request, "busy"), (&request, "idle"), (&first, "busy")])
        .await;
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&interrupt).await;
    assert_eq!(front.reply(&first).await.content["ename"], "Interrupted");
    for cell in &queued {
        let reply = front.reply(cell).await;
        assert_eq!(reply.content, json!({ "status": "aborted" }));
    }
    // Two of the cell's own and of the interrupt's, and those of each cell.
    front.until_idle(2 + queued.len()).await;
    front.end().await;
}
