//! The history, asked for as front ends do.

use jupyter::Options;
use serde_json::{Value, json};

use crate::echo::Echo;
use crate::frontend::{Frontend, KEY};

async fn history(front: &mut Frontend, content: Value) -> Value {
    let request = front.ask("history_request", content).await;
    let reply = front.reply(&request).await;
    assert_eq!(
        (&*reply.kind, &reply.content["status"]),
        ("history_reply", &json!("ok"))
    );
    front.expect_all(&request, &["busy", "idle"]).await;
    reply.content["history"].clone()
}

async fn run(front: &mut Frontend, content: Value) {
    let cell = front.ask("execute_request", content).await;
    front.reply(&cell).await;
    front.until_idle(1).await;
}

#[tokio::test]
async fn what_was_run_is_found() {
    let mut front = Frontend::start().await;
    for code in ["one", "two", "one"] {
        run(&mut front, json!({ "code": code })).await;
    }
    let tail = json!({ "hist_access_type": "tail", "n": 2, "raw": true, "output": false });
    let found = history(&mut front, tail).await;
    assert_eq!(found, json!([[1, 2, "two"], [1, 3, "one"]]));
    let outputs = json!({ "hist_access_type": "tail", "n": 1, "output": true });
    assert_eq!(
        history(&mut front, outputs).await,
        json!([[1, 3, ["one", null]]])
    );
    let range = json!({ "hist_access_type": "range", "session": 0, "start": 1, "stop": 3 });
    assert_eq!(
        history(&mut front, range).await,
        json!([[1, 1, "one"], [1, 2, "two"]])
    );
    let search = json!({
        "hist_access_type": "search", "pattern": "o*", "unique": true, "n": null,
        "session": 0, "start": 0, "stop": null,
    });
    assert_eq!(history(&mut front, search).await, json!([[1, 3, "one"]]));
    front.end().await;
}

#[tokio::test]
async fn what_must_not_be_remembered_is_not() {
    let mut front = Frontend::start().await;
    run(
        &mut front,
        json!({ "code": "secret", "allow_stdin": false }),
    )
    .await;
    run(&mut front, json!({ "code": "silent", "silent": true })).await;
    run(
        &mut front,
        json!({ "code": "not stored", "store_history": false }),
    )
    .await;
    run(&mut front, json!({ "code": " \n" })).await;
    run(&mut front, json!({ "code": "kept" })).await;
    let tail = json!({ "hist_access_type": "tail", "n": 10 });
    assert_eq!(history(&mut front, tail).await, json!([[1, 3, "kept"]]));
    front.end().await;
}

#[tokio::test]
async fn a_request_of_another_kind_is_answered() {
    let mut front = Frontend::start().await;
    for content in [json!({}), json!({ "hist_access_type": "future" })] {
        let request = front.ask("history_request", content).await;
        assert_eq!(
            front.reply(&request).await.content["ename"],
            "InvalidRequest"
        );
        front.expect_all(&request, &["busy", "idle"]).await;
    }
    front.end().await;
}

#[tokio::test]
async fn the_next_kernel_knows_it() {
    let folder = std::env::temp_dir().join(format!("protocol-{}", uuid::Uuid::new_v4()));
    let options = Options {
        history: Some(folder.join("history.jsonl")),
    };
    for session in 1..=2 {
        let mut front = Frontend::start_with(Echo, options.clone(), KEY).await;
        let code = format!("of session {session}");
        run(&mut front, json!({ "code": code })).await;
        if session == 2 {
            let tail = json!({ "hist_access_type": "tail", "n": 10 });
            let expected = json!([[1, 1, "of session 1"], [2, 1, "of session 2"]]);
            assert_eq!(history(&mut front, tail).await, expected);
        }
        front.end().await;
    }
    std::fs::remove_dir_all(folder).unwrap();
}
