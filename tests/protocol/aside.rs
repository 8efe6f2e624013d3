//! Everything beside the cells: answered at once, also while a cell runs.

use bytes::Bytes;
use serde_json::{Value, json};
use zeromq::SocketSend;

use crate::frontend::{Frontend, message, receive};

#[tokio::test]
async fn the_kernel_says_who_it_is_on_both_channels() {
    let mut front = Frontend::start().await;
    let on_shell = front.ask("kernel_info_request", json!({})).await;
    let reply = front.reply(&on_shell).await;
    assert_eq!(reply.kind, "kernel_info_reply");
    assert_eq!(reply.header["version"], "5.5");
    let expected = json!({
        "status": "ok",
        "protocol_version": "5.5",
        "implementation": "echo",
        "implementation_version": env!("CARGO_PKG_VERSION"),
        "language_info": {
            "name": "echo", "version": "1", "mimetype": "text/plain", "file_extension": ".echo",
        },
        "banner": "It says what you say.",
        "help_links": [],
        "debugger": false,
        "supported_features": [],
    });
    assert_eq!(reply.content, expected);
    front.expect_all(&on_shell, &["busy", "idle"]).await;
    let on_control = front.ask_control("kernel_info_request", json!({})).await;
    assert_eq!(front.control_reply(&on_control).await.content, expected);
    front.expect_all(&on_control, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn positions_are_code_points() {
    let mut front = Frontend::start().await;
    let content = json!({ "code": "é𝒳 s z", "cursor_pos": 4 });
    let request = front.ask("complete_request", content).await;
    let reply = front.reply(&request).await.content;
    let words = ["secret", "show", "sleep", "stubborn"];
    assert_eq!(reply["matches"], json!(words));
    assert_eq!(
        (&reply["cursor_start"], &reply["cursor_end"]),
        (&json!(3), &json!(4))
    );
    let types = &reply["metadata"]["_jupyter_types_experimental"];
    assert_eq!(types.as_array().unwrap().len(), words.len());
    let first = json!({
        "text": "secret", "type": "keyword", "signature": "", "start": 3, "end": 4,
    });
    assert_eq!(types[0], first);
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn a_wrong_position_is_made_to_fit() {
    let mut front = Frontend::start().await;
    let positions = [
        json!(-1),
        json!(1),
        json!(99),
        json!(1e300),
        json!(2.5),
        Value::Null,
    ];
    for position in positions {
        for kind in ["complete_request", "inspect_request"] {
            let content = json!({ "code": "𝒳a", "cursor_pos": position });
            let request = front.ask(kind, content).await;
            assert_eq!(
                front.reply(&request).await.content["status"],
                "ok",
                "{position}"
            );
            front.expect_all(&request, &["busy", "idle"]).await;
        }
    }
    let request = front
        .ask(
            "complete_request",
            json!({ "code": "a", "cursor_pos": "x" }),
        )
        .await;
    assert_eq!(
        front.reply(&request).await.content["ename"],
        "InvalidRequest"
    );
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn inspection_finds_or_says_that_it_does_not() {
    let mut front = Frontend::start().await;
    for (code, detail, expected) in [
        ("print x", 0, json!({ "text/plain": "prints a line" })),
        (
            "print x",
            1,
            json!({ "text/plain": "print: prints a line" }),
        ),
        ("nothing", 0, json!({})),
    ] {
        let content = json!({ "code": code, "cursor_pos": 1, "detail_level": detail });
        let request = front.ask("inspect_request", content).await;
        let reply = front.reply(&request).await.content;
        let found = expected != json!({});
        let expected = json!({ "status": "ok", "found": found, "data": expected, "metadata": {} });
        assert_eq!(reply, expected);
        front.expect_all(&request, &["busy", "idle"]).await;
    }
    front.end().await;
}

#[tokio::test]
async fn a_panic_aside_is_a_reply_too() {
    let mut front = Frontend::start().await;
    let request = front
        .ask("inspect_request", json!({ "code": "bug", "cursor_pos": 1 }))
        .await;
    let reply = front.reply(&request).await.content;
    assert_eq!(
        (&reply["status"], &reply["ename"]),
        (&json!("error"), &json!("Panic"))
    );
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn completeness_is_asked_before_enter() {
    let mut front = Frontend::start().await;
    for (code, expected) in [
        ("a", json!({ "status": "complete" })),
        ("a\\", json!({ "status": "incomplete", "indent": "  " })),
        ("a\0", json!({ "status": "invalid" })),
    ] {
        let request = front
            .ask("is_complete_request", json!({ "code": code }))
            .await;
        assert_eq!(front.reply(&request).await.content, expected);
        front.expect_all(&request, &["busy", "idle"]).await;
    }
    front.end().await;
}

#[tokio::test]
async fn an_unknown_comm_is_closed() {
    let mut front = Frontend::start().await;
    let content = json!({ "comm_id": "c", "target_name": "nobody", "data": {} });
    let request = front.ask("comm_open", content).await;
    front
        .expect_all(&request, &["busy", "comm_close c", "idle"])
        .await;
    for kind in ["comm_msg", "comm_close"] {
        let request = front.ask(kind, json!({ "comm_id": "c", "data": {} })).await;
        front.expect_all(&request, &["busy", "idle"]).await;
    }
    let request = front.ask("comm_info_request", json!({})).await;
    let reply = front.reply(&request).await;
    assert_eq!(reply.content, json!({ "status": "ok", "comms": {} }));
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn a_comm_carries_data_and_bytes_both_ways_until_it_is_closed() {
    let mut front = Frontend::start().await;
    let open = json!({ "comm_id": "c", "target_name": "echo", "data": { "a": 1 } });
    let request = front.ask("comm_open", open).await;
    let transcript = ["busy", r#"comm_msg c: {"a":1}"#, "idle"];
    front.expect_all(&request, &transcript).await;

    let request = front.ask("comm_info_request", json!({})).await;
    let reply = front.reply(&request).await;
    let comms = json!({ "c": { "target_name": "echo" } });
    assert_eq!(reply.content, json!({ "status": "ok", "comms": comms }));
    front.expect_all(&request, &["busy", "idle"]).await;
    let request = front
        .ask("comm_info_request", json!({ "target_name": "other" }))
        .await;
    let reply = front.reply(&request).await;
    assert_eq!(reply.content, json!({ "status": "ok", "comms": {} }));
    front.expect_all(&request, &["busy", "idle"]).await;

    // The signature does not cover the buffers: they stand after what is signed.
    let said = json!({ "comm_id": "c", "data": ["b"] });
    let (request, mut frames) = front.request("comm_msg", &said);
    let buffers = [Bytes::from_static(b"\0\xff"), Bytes::new()];
    frames.extend(buffers.clone());
    front.shell.send(message(frames)).await.unwrap();
    front.expect_all(&request, &["busy"]).await;
    let answer = front.next_published().await;
    assert_eq!(answer.kind, "comm_msg");
    assert_eq!(answer.content, said);
    assert_eq!(answer.metadata, json!({ "cellId": "a cell" }));
    assert_eq!(answer.buffers, buffers);
    front.expect_all(&request, &["idle"]).await;

    let bye = json!({ "comm_id": "c", "data": "bye" });
    let request = front.ask("comm_msg", bye.clone()).await;
    let transcript = ["busy", "comm_close c", "idle"];
    front.expect_all(&request, &transcript).await;
    let request = front.ask("comm_msg", bye).await;
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn a_cell_opens_a_comm_that_outlives_it() {
    let mut front = Frontend::start().await;
    let cell = front.execute("talk hello").await;
    front
        .expect_all(
            &cell,
            &[
                "busy",
                "In [1]: talk hello",
                r#"comm_open echo: "hello""#,
                "idle",
            ],
        )
        .await;
    front.reply(&cell).await;
    let request = front.ask("comm_info_request", json!({})).await;
    let reply = front.reply(&request).await;
    let comms = reply.content["comms"].as_object().unwrap();
    let id = comms.keys().next().unwrap().clone();
    front.expect_all(&request, &["busy", "idle"]).await;

    let said = json!({ "comm_id": id, "data": 7 });
    let request = front.ask("comm_msg", said).await;
    let answer = format!("comm_msg {id}: 7");
    front.expect_all(&request, &["busy", &answer, "idle"]).await;
    let request = front.ask("comm_close", json!({ "comm_id": id })).await;
    front.expect_all(&request, &["busy", "idle"]).await;
    let request = front.ask("comm_info_request", json!({})).await;
    assert_eq!(front.reply(&request).await.content["comms"], json!({}));
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn what_is_not_known_is_passed_over() {
    let mut front = Frontend::start().await;
    for kind in [
        "debug_request",
        "create_subshell_request",
        "brew_coffee_request",
        "",
        "_request",
    ] {
        let request = front.ask(kind, json!({ "anything": [1] })).await;
        front.expect_all(&request, &["busy", "idle"]).await;
    }
    let on_control = front
        .ask_control("execute_request", json!({ "code": "a" }))
        .await;
    front.expect_all(&on_control, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn ports_and_usage_are_told() {
    let mut front = Frontend::start().await;
    let request = front.ask("connect_request", json!({})).await;
    let reply = front.reply(&request).await.content;
    for port in [
        "shell_port",
        "iopub_port",
        "stdin_port",
        "control_port",
        "hb_port",
    ] {
        assert_eq!(reply[port], front.ports[port]);
    }
    front.expect_all(&request, &["busy", "idle"]).await;
    let request = front.ask_control("usage_request", json!({})).await;
    let reply = front.control_reply(&request).await;
    assert_eq!(reply.kind, "usage_reply");
    assert_eq!(reply.content["pid"], std::process::id());
    front.expect_all(&request, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn while_a_cell_runs_all_else_is_answered_and_it_stays_busy() {
    let mut front = Frontend::start().await;
    let cell = front.execute("wait").await;
    front.expect_all(&cell, &["busy", "In [1]: wait"]).await;
    for (kind, content) in [
        ("kernel_info_request", json!({})),
        ("complete_request", json!({ "code": "p", "cursor_pos": 1 })),
        ("inspect_request", json!({ "code": "p", "cursor_pos": 1 })),
        ("is_complete_request", json!({ "code": "p" })),
        (
            "history_request",
            json!({ "hist_access_type": "tail", "n": 5 }),
        ),
        ("comm_info_request", json!({})),
    ] {
        let request = front.ask(kind, content).await;
        front.reply(&request).await;
        let transcript = [(&*request, "busy"), (&request, "idle"), (&cell, "busy")];
        front.expect(&transcript).await;
    }
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&interrupt).await;
    assert_eq!(front.reply(&cell).await.content["ename"], "Interrupted");
    let rest = front.until_idle(2).await;
    assert!(
        rest.contains(&"Interrupted: at your wish".into()),
        "{rest:?}"
    );
    front.end().await;
}

#[tokio::test]
async fn the_heart_beats_while_a_cell_asks() {
    let mut front = Frontend::start().await;
    let cell = front.execute("ask ?").await;
    let question = front.question().await;
    front.heartbeat.send("still there".into()).await.unwrap();
    assert_eq!(receive(&mut front.heartbeat).await, ["still there"]);
    front.answer(&question.header, "yes").await;
    front.reply(&cell).await;
    front
        .expect_all(&cell, &["busy", "In [1]: ask ?", "stdout: yes\n", "idle"])
        .await;
    front.end().await;
}
