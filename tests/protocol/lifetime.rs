//! How a kernel ends, and why it may not start.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jupyter::{Connection, Failure, Info, Interpreter, Options, Request};
use serde_json::json;
use tokio::net::TcpListener;

use crate::echo::Echo;
use crate::frontend::{Frontend, KEY};

#[tokio::test]
async fn a_restart_is_a_shutdown_that_says_so() {
    for on_control in [true, false] {
        let mut front = Frontend::start().await;
        let content = json!({ "restart": true });
        let (request, reply) = if on_control {
            let request = front.ask_control("shutdown_request", content.clone()).await;
            let reply = front.control_reply(&request).await;
            (request, reply)
        } else {
            let request = front.ask("shutdown_request", content.clone()).await;
            let reply = front.reply(&request).await;
            (request, reply)
        };
        assert_eq!(reply.content, json!({ "status": "ok", "restart": true }));
        let transcript = ["busy", "shutdown_reply restart=true", "idle"];
        front.expect_all(&request, &transcript).await;
        front.kernel.await.unwrap().unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_runs_on_several_threads_too() {
    let mut front = Frontend::start().await;
    let cell = front.execute("a").await;
    front
        .expect_all(&cell, &["busy", "In [1]: a", "Out[1]: a", "idle"])
        .await;
    front.reply(&cell).await;
    front.end().await;
}

#[tokio::test]
async fn a_cell_that_runs_is_interrupted_and_has_its_say() {
    let mut front = Frontend::start().await;
    let cell = front.execute("wait").await;
    front.expect_all(&cell, &["busy", "In [1]: wait"]).await;
    let queued = front.execute("never run").await;
    front.silence().await;
    let content = json!({ "restart": false });
    let request = front.ask_control("shutdown_request", content).await;
    front.control_reply(&request).await;
    assert_eq!(front.reply(&cell).await.content["ename"], "Interrupted");
    let mut transcript = vec![
        (&*request, "busy"),
        (&cell, "Interrupted: at your wish"),
        (&cell, "idle"),
    ];
    // What was queued behind it is given up like behind any failure.
    transcript.extend([(&*queued, "busy"), (&queued, "idle")]);
    transcript.extend([
        (&*request, "shutdown_reply restart=false"),
        (&request, "idle"),
    ]);
    front.expect(&transcript).await;
    assert_eq!(front.reply(&queued).await.content["status"], "aborted");
    front.kernel.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_cell_that_does_not_give_in_is_cut_off() {
    let mut front = Frontend::start().await;
    let cell = front.execute("sleep 60000").await;
    front
        .expect_all(&cell, &["busy", "In [1]: sleep 60000"])
        .await;
    front.execute("never run").await;
    let content = json!({ "restart": false });
    let request = front.ask_control("shutdown_request", content).await;
    front.control_reply(&request).await;
    let reply = front.reply(&cell).await.content;
    assert_eq!(reply, json!({ "status": "aborted", "execution_count": 1 }));
    let transcript = [
        (&*request, "busy"),
        (&cell, "idle"),
        (&request, "shutdown_reply restart=false"),
        (&request, "idle"),
    ];
    front.expect(&transcript).await;
    front.kernel.await.unwrap().unwrap();
}

/// Takes its time to close, or forever, or fails at it.
struct Closing {
    takes: Duration,
    panics: bool,
    closed: Arc<AtomicBool>,
}

impl Interpreter for Closing {
    fn info(&self) -> Info {
        Info::default()
    }

    async fn execute(&self, _code: &str, _request: &Request) -> Result<(), Failure> {
        Ok(())
    }

    async fn close(&self) {
        assert!(!self.panics, "while closing");
        tokio::time::sleep(self.takes).await;
        self.closed.store(true, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn closing_is_awaited_but_not_for_ever() {
    for (takes, panics, closes) in [
        (Duration::from_millis(100), false, true),
        (Duration::from_secs(60), false, false),
        (Duration::ZERO, true, false),
    ] {
        let closed = Arc::new(AtomicBool::new(false));
        let interpreter = Closing {
            takes,
            panics,
            closed: closed.clone(),
        };
        let front = Frontend::start_with(interpreter, Options::default(), KEY).await;
        let start = Instant::now();
        front.end().await;
        assert_eq!(closed.load(Ordering::Relaxed), closes);
        assert!(
            start.elapsed() < Duration::from_millis(2400),
            "launchers wait 2.5 s"
        );
    }
}

#[tokio::test]
async fn a_used_port_is_an_error_that_names_it() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = taken.local_addr().unwrap().port();
    let file = json!({
        "transport": "tcp", "ip": "127.0.0.1", "key": "", "shell_port": port, "iopub_port": 0,
        "stdin_port": 0, "control_port": 0, "hb_port": 0,
    });
    let connection = Connection::parse(&file.to_string()).unwrap();
    let error = jupyter::serve(Echo, connection, Options::default())
        .await
        .unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&format!("tcp://127.0.0.1:{port}")), "{text}");
    assert!(text.contains("start the kernel again"), "{text}");
}

#[tokio::test]
async fn a_launcher_that_is_not_there_is_an_error() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = gone.local_addr().unwrap().port();
    drop(gone);
    let file = json!({
        "transport": "tcp", "registration_ip": "127.0.0.1", "registration_port": port,
        "kernel_id": "k", "key": "",
    });
    let connection = Connection::parse(&file.to_string()).unwrap();
    let error = jupyter::serve(Echo, connection, Options::default())
        .await
        .unwrap_err();
    assert!(error.to_string().contains("could not register"), "{error}");
}
