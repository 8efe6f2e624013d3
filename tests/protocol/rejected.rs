//! Messages that are dropped without an answer, and strangers at the door.

use std::time::Duration;

use bytes::Bytes;
use jupyter::Options;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use zeromq::SocketSend;

use crate::echo::Echo;
use crate::frontend::{Frontend, KEY, message, seal};

/// The kernel is there, and has said nothing since.
async fn still_answers(front: &mut Frontend) {
    let request = front.ask("kernel_info_request", json!({})).await;
    front.reply(&request).await;
    front.expect_all(&request, &["busy", "idle"]).await;
}

#[tokio::test]
async fn truncated_messages_of_every_length_are_dropped() {
    for key in [KEY, ""] {
        let mut front = Frontend::start_with(Echo, Options::default(), key).await;
        let (_, whole) = front.request("kernel_info_request", &json!({}));
        for length in 1..whole.len() {
            let part = || message(whole[..length].to_vec());
            front.shell.send(part()).await.unwrap();
            front.control.send(part()).await.unwrap();
        }
        for index in 0..whole.len() {
            let mut part = whole.clone();
            part.remove(index);
            front.shell.send(message(part)).await.unwrap();
        }
        still_answers(&mut front).await;
        front.end().await;
    }
}

#[tokio::test]
async fn what_is_not_json_is_dropped_or_answered() {
    let mut front = Frontend::start_with(Echo, Options::default(), "").await;
    let (_, whole) = front.request("kernel_info_request", &json!({}));
    for part in 2..4 {
        for nonsense in ["", "{", "[]", "5", "{}x", "\u{feff}{}", "{\"msg_id\": 5}"] {
            let mut frames = whole.clone();
            frames[part] = Bytes::from(nonsense);
            let is_object = nonsense == "{\"msg_id\": 5}";
            if part == 2 || !is_object {
                front.shell.send(message(frames)).await.unwrap();
            }
        }
    }
    still_answers(&mut front).await;
    // The header tells who waits, so he gets a reply.
    let (id, mut frames) = front.request("is_complete_request", &json!({}));
    frames[5] = Bytes::from_static(b"\xff");
    front.shell.send(message(frames)).await.unwrap();
    assert_eq!(front.reply(&id).await.content["ename"], "InvalidRequest");
    front.expect_all(&id, &["busy", "idle"]).await;
    for nonsense in ["", "{", "[]", "5", "{}x", "\u{feff}{}"] {
        let (id, frames) = front.request_with("is_complete_request", nonsense, "{\"code\": \"\"}");
        front.shell.send(message(frames)).await.unwrap();
        assert_eq!(front.reply(&id).await.content["ename"], "InvalidRequest");
        front.expect_all(&id, &["busy", "idle"]).await;
    }
    front.end().await;
}

#[tokio::test]
async fn a_wrong_key_is_no_key() {
    let mut front = Frontend::start().await;
    let header = json!({ "msg_id": "1", "msg_type": "kernel_info_request" });
    let parts = [header, json!({}), json!({}), json!({})];
    for key in ["", "another key"] {
        front.shell.send(message(seal(key, &parts))).await.unwrap();
        front
            .control
            .send(message(seal(key, &parts)))
            .await
            .unwrap();
    }
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn a_message_is_taken_once() {
    let mut front = Frontend::start().await;
    let (id, frames) = front.request("kernel_info_request", &json!({}));
    front.shell.send(message(frames.clone())).await.unwrap();
    front.reply(&id).await;
    front.expect_all(&id, &["busy", "idle"]).await;
    front.shell.send(message(frames.clone())).await.unwrap();
    front.control.send(message(frames)).await.unwrap();
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn an_unsigned_kernel_takes_unsigned_messages() {
    let mut front = Frontend::start_with(Echo, Options::default(), "").await;
    still_answers(&mut front).await;
    front.end().await;
}

#[tokio::test]
async fn strangers_are_sent_away() {
    let mut front = Frontend::start().await;
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0];
    greeting.extend(b"NULL");
    greeting.resize(64, 0);
    let ready = |kind: &str| {
        let mut body = b"\x05READY\x0bSocket-Type\0\0\0".to_vec();
        body.push(kind.len() as u8);
        body.extend(kind.as_bytes());
        [&[4, body.len() as u8][..], &body].concat()
    };
    let huge = [&[2][..], &(1u64 << 60).to_be_bytes()].concat();
    let curve = [&greeting[..12], b"CURVE", &greeting[17..]].concat();
    for (port, bytes) in [
        (
            "shell_port",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(3),
        ),
        ("iopub_port", vec![0xff; 1000]),
        ("control_port", curve),
        ("control_port", [&greeting[..], &ready("SUB")].concat()),
        (
            "control_port",
            [&greeting[..], &ready("DEALER"), &huge].concat(),
        ),
        ("iopub_port", [&greeting[..], &ready("SUB"), &huge].concat()),
        (
            "stdin_port",
            [&greeting[..], &ready("DEALER"), &[0xf0, 1, 1]].concat(),
        ),
    ] {
        let address = format!("127.0.0.1:{}", front.ports[port]);
        let mut stranger = TcpStream::connect(address).await.unwrap();
        // The kernel may have closed while we still write.
        let _ = stranger.write_all(&bytes).await;
        let mut answer = Vec::new();
        let read = stranger.read_to_end(&mut answer);
        let closed = tokio::time::timeout(Duration::from_secs(5), read);
        assert!(
            closed.await.is_ok(),
            "{port}: the kernel closes the connection"
        );
    }
    still_answers(&mut front).await;
    front.end().await;
}
