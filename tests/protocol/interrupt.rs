//! Interrupts: a message to the running cell.

use serde_json::json;

use crate::frontend::Frontend;

#[tokio::test]
async fn an_interrupt_of_nothing_is_answered() {
    let mut front = Frontend::start().await;
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    let reply = front.control_reply(&interrupt).await;
    assert_eq!(
        (&*reply.kind, reply.content),
        ("interrupt_reply", json!({ "status": "ok" }))
    );
    front.expect_all(&interrupt, &["busy", "idle"]).await;
    // It is not kept for the next cell.
    let cell = front.execute("sleep 20").await;
    assert_eq!(front.reply(&cell).await.content["status"], "ok");
    front
        .expect_all(&cell, &["busy", "In [1]: sleep 20", "idle"])
        .await;
    front.end().await;
}

#[tokio::test]
async fn two_interrupts_are_two_however_close() {
    let mut front = Frontend::start().await;
    let cell = front.execute("sleep 100\nstubborn").await;
    front
        .expect_all(&cell, &["busy", "In [1]: sleep 100\nstubborn"])
        .await;
    // Both come before the cell listens.
    let first = front.ask_control("interrupt_request", json!({})).await;
    let second = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&first).await;
    front.control_reply(&second).await;
    for interrupt in [&first, &second] {
        let transcript = [(&**interrupt, "busy"), (interrupt, "idle"), (&cell, "busy")];
        front.expect(&transcript).await;
    }
    front
        .expect_all(&cell, &["stdout: once\n", "Interrupted: twice", "idle"])
        .await;
    assert_eq!(front.reply(&cell).await.content["evalue"], "twice");
    front.end().await;
}

#[tokio::test]
async fn an_interrupted_cell_takes_the_queue_with_it() {
    let mut front = Frontend::start().await;
    let first = front.execute("wait").await;
    front.expect_all(&first, &["busy", "In [1]: wait"]).await;
    let second = front.execute("second").await;
    front.silence().await;
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&interrupt).await;
    assert_eq!(front.reply(&first).await.content["status"], "error");
    assert_eq!(front.reply(&second).await.content["status"], "aborted");
    front.until_idle(3).await;
    front.end().await;
}
