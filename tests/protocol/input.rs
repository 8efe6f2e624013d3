//! Questions to the user.

use serde_json::json;

use crate::frontend::Frontend;

#[tokio::test]
async fn a_question_comes_after_what_was_printed_and_is_answered() {
    let mut front = Frontend::start().await;
    let cell = front.execute("print listen\nask name: ").await;
    let transcript = [
        "busy",
        "In [1]: print listen\nask name: ",
        "stdout: listen\n",
    ];
    front.expect_all(&cell, &transcript).await;
    let question = front.question().await;
    assert_eq!(question.parent, cell);
    assert_eq!(
        question.content,
        json!({ "prompt": "name: ", "password": false })
    );
    front.answer(&question.header, "𝒳").await;
    front.expect_all(&cell, &["stdout: 𝒳\n", "idle"]).await;
    front.reply(&cell).await;
    front.end().await;
}

#[tokio::test]
async fn a_secret_is_asked_for_as_one() {
    let mut front = Frontend::start().await;
    let cell = front.execute("secret password: ").await;
    let question = front.question().await;
    assert_eq!(
        question.content,
        json!({ "prompt": "password: ", "password": true })
    );
    // jupyter_client's answers name no parent.
    front.answer(&json!({}), "1234").await;
    front.reply(&cell).await;
    let transcript = ["busy", "In [1]: secret password: ", "stdout: 4\n", "idle"];
    front.expect_all(&cell, &transcript).await;
    front.end().await;
}

#[tokio::test]
async fn a_front_end_that_can_not_be_asked_is_not() {
    let mut front = Frontend::start().await;
    let content = json!({ "code": "ask ?", "allow_stdin": false });
    let cell = front.ask("execute_request", content).await;
    let reply = front.reply(&cell).await.content;
    assert_eq!(reply["ename"], "InputError");
    front.expect_all(&cell, &["busy", "In [1]: ask ?"]).await;
    let error = front.next_published().await;
    assert_eq!(
        error.content["evalue"],
        "this front end can not be asked for input"
    );
    front.expect_all(&cell, &["idle"]).await;
    front.end().await;
}

#[tokio::test]
async fn an_interrupt_ends_a_question_and_its_late_answer_is_no_other_ones() {
    let mut front = Frontend::start().await;
    let cell = front.execute("ask first").await;
    let first = front.question().await;
    front
        .expect_all(&cell, &["busy", "In [1]: ask first"])
        .await;
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&interrupt).await;
    let reply = front.reply(&cell).await.content;
    assert_eq!(reply["evalue"], "interrupted while waiting for input");
    front.until_idle(2).await;

    // Answered too late, before and after the next question.
    front.answer(&first.header, "stale").await;
    front.answer(&json!({}), "stale").await;
    front.silence().await;
    let cell = front.execute("ask second").await;
    let second = front.question().await;
    front.answer(&first.header, "stale").await;
    front.answer(&second.header, "fresh").await;
    front.reply(&cell).await;
    let transcript = ["busy", "In [2]: ask second", "stdout: fresh\n", "idle"];
    front.expect_all(&cell, &transcript).await;
    front.end().await;
}
