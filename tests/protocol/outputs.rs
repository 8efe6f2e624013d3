//! Outputs: their order, gathered text, displays, the pager, and output that comes late.

use std::sync::Mutex;
use std::time::Duration;

use jupyter::{Bundle, Failure, Info, Interpreter, Options, Request};
use serde_json::json;

use crate::frontend::{Frontend, KEY};

#[tokio::test]
async fn text_is_gathered_and_keeps_its_place() {
    let mut front = Frontend::start().await;
    let code = "print a\nsleep 20\nprint b\nwarn c\nprint d\nshow e\nprint f\nclear\nprint g\nsleep 150\nprint h";
    let cell = front.execute(code).await;
    front.expect_all(&cell, &["busy"]).await;
    front.next_published().await;
    let transcript = [
        "stdout: a\nb\n",
        "stderr: c\n",
        "stdout: d\n",
        "display_data shown: e",
        "stdout: f\n",
        "clear wait=false",
        "stdout: g\n",
        "stdout: h\n",
        "idle",
    ];
    front.expect_all(&cell, &transcript).await;
    front.reply(&cell).await;
    front.end().await;
}

#[tokio::test]
async fn text_appears_while_the_cell_runs() {
    let mut front = Frontend::start().await;
    let cell = front.execute("print soon\nwait").await;
    let transcript = ["busy", "In [1]: print soon\nwait", "stdout: soon\n"];
    front.expect_all(&cell, &transcript).await;
    let interrupt = front.ask_control("interrupt_request", json!({})).await;
    front.control_reply(&interrupt).await;
    front.reply(&cell).await;
    front.until_idle(2).await;
    front.end().await;
}

#[tokio::test]
async fn displays_are_updated_by_their_id() {
    let mut front = Frontend::start().await;
    let cell = front.execute("show 1 %\nupdate 2 %\nclear wait").await;
    front
        .expect_all(&cell, &["busy", "In [1]: show 1 %\nupdate 2 %\nclear wait"])
        .await;
    let transcript = [
        "display_data shown: 1 %",
        "update_display_data shown: 2 %",
        "clear wait=true",
        "idle",
    ];
    front.expect_all(&cell, &transcript).await;
    front.reply(&cell).await;
    front.end().await;
}

#[tokio::test]
async fn the_pager_is_a_payload_of_the_reply() {
    let mut front = Frontend::start().await;
    let cell = front.execute("page much to read").await;
    let page = json!({ "source": "page", "data": { "text/plain": "much to read" }, "start": 0 });
    assert_eq!(front.reply(&cell).await.content["payload"], json!([page]));
    front
        .expect_all(&cell, &["busy", "In [1]: page much to read", "idle"])
        .await;
    front.end().await;
}

/// Keeps its first request, and prints to it when the second cell runs.
#[derive(Default)]
struct Late(Mutex<Option<Request>>);

impl Interpreter for Late {
    fn info(&self) -> Info {
        Info::default()
    }

    async fn execute(&self, code: &str, request: &Request) -> Result<(), Failure> {
        assert_eq!(request.metadata()["cellId"], "a cell");
        assert!(!request.silent());
        let before = self.0.lock().unwrap().replace(request.clone());
        if let Some(before) = before {
            before.stdout(code).await;
            before.display(Bundle::text(code), None).await;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
        Ok(())
    }
}

#[tokio::test]
async fn late_output_goes_to_the_cell_it_came_from() {
    let mut front = Frontend::start_with(Late::default(), Options::default(), KEY).await;
    let first = front.execute("first").await;
    front.reply(&first).await;
    let second = front.execute("second").await;
    front.reply(&second).await;
    front
        .expect_all(&first, &["busy", "In [1]: first", "idle"])
        .await;
    let transcript = [
        (&*second, "busy"),
        (&second, "In [2]: second"),
        (&first, "stdout: second"),
        (&first, "display_data -: second"),
        (&second, "idle"),
    ];
    front.expect(&transcript).await;
    front.end().await;
}
