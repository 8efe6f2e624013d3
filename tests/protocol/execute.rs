//! Cells: counting, silence, failure, panic, and what a failure takes down with it.

use serde_json::{Value, json};

use crate::frontend::Frontend;

#[tokio::test]
async fn a_cell_is_answered_in_order() {
    let mut front = Frontend::start().await;
    let cell = front.execute("print hello\n1 + 1").await;
    let transcript = [
        "busy",
        "In [1]: print hello\n1 + 1",
        "stdout: hello\n",
        "Out[1]: 1 + 1",
        "idle",
    ];
    front.expect_all(&cell, &transcript).await;
    let reply = front.reply(&cell).await;
    assert_eq!(reply.kind, "execute_reply");
    let expected = json!({
        "status": "ok", "user_expressions": {}, "payload": [], "execution_count": 1,
    });
    assert_eq!(reply.content, expected);
    assert!(reply.metadata["started"].is_string());
    front.end().await;
}

#[tokio::test]
async fn the_parent_is_the_header_as_it_came() {
    let mut front = Frontend::start().await;
    let (id, frames) = front.request("kernel_info_request", &json!({}));
    let sent = frames[2].clone();
    let message = crate::frontend::message(frames);
    zeromq::SocketSend::send(&mut front.shell, message)
        .await
        .unwrap();
    let reply = crate::frontend::receive(&mut front.shell).await;
    assert_eq!(reply[3], sent, "with its fields that nobody knows");
    front.expect_all(&id, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn only_what_is_stored_is_counted() {
    let mut front = Frontend::start().await;
    for (content, count, published) in [
        (
            json!({ "code": "a" }),
            1,
            vec!["busy", "In [1]: a", "Out[1]: a", "idle"],
        ),
        (
            json!({ "code": "b", "silent": true }),
            1,
            vec!["busy", "idle"],
        ),
        (
            json!({ "code": "c", "store_history": false }),
            1,
            vec!["busy", "In [1]: c", "Out[1]: c", "idle"],
        ),
        (
            json!({ "code": "", "silent": true, "store_history": true }),
            1,
            vec!["busy", "idle"],
        ),
        (
            json!({ "code": "fail silently", "silent": true }),
            1,
            vec!["busy", "idle"],
        ),
        (
            json!({ "code": "d" }),
            2,
            vec!["busy", "In [2]: d", "Out[2]: d", "idle"],
        ),
    ] {
        let cell = front.ask("execute_request", content).await;
        assert_eq!(front.reply(&cell).await.content["execution_count"], count);
        front.expect_all(&cell, &published).await;
    }
    front.end().await;
}

#[tokio::test]
async fn user_expressions_are_evaluated_one_by_one() {
    let mut front = Frontend::start().await;
    let content = json!({
        "code": "", "user_expressions": { "good": "1", "bad": "fail on purpose", "odd": 5 },
    });
    let cell = front.ask("execute_request", content).await;
    let reply = front.reply(&cell).await.content;
    assert_eq!(reply["status"], "ok");
    let values = &reply["user_expressions"];
    let good = json!({ "status": "ok", "data": { "text/plain": "1" }, "metadata": {} });
    assert_eq!(values["good"], good);
    assert_eq!(values["bad"]["status"], "error");
    assert_eq!(values["bad"]["evalue"], "on purpose");
    assert_eq!(values["odd"]["status"], "ok");
    front.expect_all(&cell, &["busy", "In [1]: ", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn a_failure_is_one_message_and_a_reply() {
    let mut front = Frontend::start().await;
    let cell = front.execute("fail at once").await;
    let transcript = ["busy", "In [1]: fail at once", "Failed: at once", "idle"];
    front.expect_all(&cell, &transcript).await;
    let expected = json!({
        "status": "error", "ename": "Failed", "evalue": "at once",
        "traceback": ["Failed: at once"], "execution_count": 1,
    });
    assert_eq!(front.reply(&cell).await.content, expected);
    front.end().await;
}

#[tokio::test]
async fn a_panic_is_a_failure_and_the_next_cell_runs() {
    let mut front = Frontend::start().await;
    let cell = front.execute("print before\npanic at the disco").await;
    front
        .expect_all(&cell, &["busy", "In [1]: print before\npanic at the disco"])
        .await;
    front.expect_all(&cell, &["stdout: before\n"]).await;
    let error = front.next_published().await;
    assert_eq!(error.content["ename"], "Panic");
    assert!(
        error.content["evalue"]
            .as_str()
            .unwrap()
            .ends_with("at the disco")
    );
    front.expect_all(&cell, &["idle"]).await;
    assert_eq!(front.reply(&cell).await.content["status"], "error");

    let cell = front.execute("next").await;
    front
        .expect_all(&cell, &["busy", "In [2]: next", "Out[2]: next", "idle"])
        .await;
    front.reply(&cell).await;
    front.end().await;
}

#[tokio::test]
async fn a_failure_aborts_what_is_queued_and_nothing_later() {
    let mut front = Frontend::start().await;
    let first = front.execute("sleep 50\nfail").await;
    let second = front.execute("second").await;
    let third = front.execute("third").await;
    assert_eq!(front.reply(&first).await.content["status"], "error");
    let fourth = front.execute("fourth").await;
    for aborted in [&second, &third] {
        let reply = front.reply(aborted).await;
        // Front ends show the count of a reply as the cell's, and this one has none.
        assert_eq!(reply.content, json!({ "status": "aborted" }));
        assert!(reply.metadata["started"].is_string());
    }
    assert_eq!(front.reply(&fourth).await.content["execution_count"], 2);
    let transcript = ["busy", "In [1]: sleep 50\nfail", "Failed: ", "idle"];
    front.expect_all(&first, &transcript).await;
    front.expect_all(&second, &["busy", "idle"]).await;
    front.expect_all(&third, &["busy", "idle"]).await;
    front
        .expect_all(
            &fourth,
            &["busy", "In [2]: fourth", "Out[2]: fourth", "idle"],
        )
        .await;
    front.end().await;
}

#[tokio::test]
async fn what_is_still_on_its_way_is_aborted_too() {
    let mut front = Frontend::start().await;
    let first = front.execute("fail").await;
    front
        .expect_all(&first, &["busy", "In [1]: fail", "Failed: "])
        .await;
    // The cell has failed, and its reply has not been sent yet.
    let second = front.execute("second").await;
    assert_eq!(front.reply(&first).await.content["status"], "error");
    assert_eq!(front.reply(&second).await.content["status"], "aborted");
    front.expect_all(&first, &["idle"]).await;
    front.expect_all(&second, &["busy", "idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn without_stop_on_error_the_queue_goes_on() {
    let mut front = Frontend::start().await;
    let content = json!({ "code": "sleep 20\nfail", "stop_on_error": false });
    let first = front.ask("execute_request", content).await;
    let second = front.execute("second").await;
    assert_eq!(front.reply(&first).await.content["status"], "error");
    assert_eq!(front.reply(&second).await.content["status"], "ok");
    front
        .expect_all(
            &first,
            &["busy", "In [1]: sleep 20\nfail", "Failed: ", "idle"],
        )
        .await;
    front
        .expect_all(
            &second,
            &["busy", "In [2]: second", "Out[2]: second", "idle"],
        )
        .await;
    front.end().await;
}

#[tokio::test]
async fn a_request_without_code_is_answered() {
    let mut front = Frontend::start().await;
    for content in [json!({}), json!({ "code": 5 }), json!([]), Value::Null] {
        let cell = front.ask("execute_request", content).await;
        let reply = front.reply(&cell).await.content;
        assert_eq!(reply["status"], "error");
        assert_eq!(reply["ename"], "InvalidRequest");
        assert_eq!(reply["execution_count"], 0);
        front.expect_all(&cell, &["busy", "idle"]).await;
    }
    front.end().await;
}

#[tokio::test]
async fn a_cell_may_be_large_and_hold_anything() {
    let mut front = Frontend::start().await;
    let large = "𝒳\0".repeat(1_000_000);
    let cell = front.execute(&large).await;
    front.expect_all(&cell, &["busy"]).await;
    assert_eq!(front.next_published().await.content["code"], *large);
    let result = front.next_published().await;
    assert_eq!(result.content["data"]["text/plain"], *large);
    front.expect_all(&cell, &["idle"]).await;
    front.reply(&cell).await;
    front.end().await;
}
