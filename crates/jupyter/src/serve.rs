//! A kernel from its first to its last moment.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::connection::Connection;
use crate::heartbeat::heartbeat;
use crate::history::History;
use crate::iopub::iopub;
use crate::kernel::{Farewell, Kernel, guard};
use crate::message::{Access, Session};
use crate::queue::queue;
use crate::router::router;
use crate::socket::House;
use crate::stdin::Stdin;
use crate::{Error, Interpreter, cells, channel, lifetime};

/// The bytes of cells that may wait; then shell is read no further.
const CELLS: u32 = 64 << 20;
/// The bytes of other messages that may wait at one channel, and of answers that nobody asked for.
const INBOX: u32 = 64 << 20;
const ANSWERS: u32 = 1 << 20;
/// How long closing may take. Launchers wait 2.5 s before they use force.
const CLOSE: Duration = Duration::from_millis(1500);
/// How long the cell that runs then may take to give in to its interrupt.
const GIVE_IN: Duration = Duration::from_millis(500);
/// How long the front ends may take to read the last words.
const FLUSH: Duration = Duration::from_millis(500);

/// How a kernel is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The file that keeps the history across sessions; in memory where there is none.
    pub history: Option<PathBuf>,
}

/// Runs a kernel until it is shut down, by a message, by SIGTERM, or because its launcher has
/// gone. SIGINT is ignored from the first call on. Works on either of tokio's runtimes.
pub async fn serve<I: Interpreter>(
    interpreter: I,
    connection: Connection,
    options: Options,
) -> Result<(), Error> {
    let terminated = lifetime::terminated().map_err(Error::System)?;
    let session = Arc::new(Session::new(connection.key()));
    if !session.key.signs() && connection.keys.is_none() {
        log::warn!(
            "the connection file has an empty key: whoever can connect to this kernel runs cells \
             in it and reads their output"
        );
    }
    let (listeners, ports) = connection.listen().await?;
    let history = History::start(options.history).map_err(Error::System)?;

    // Dropped with this function, and everything that listens or sends with it.
    let mut tasks = JoinSet::new();
    let house = House::new(connection.keys.clone());
    let (iopub, subscribing, publishing) = iopub(listeners.iopub, session.clone(), house.clone());
    tasks.spawn(subscribing);
    tasks.spawn(publishing);
    tasks.spawn(heartbeat(listeners.heartbeat, house.clone()));
    let mut open = |channel, listener, capacity| {
        let (session, house) = (session.clone(), house.clone());
        let (router, inbox, accepting) = router(listener, channel, session, house, capacity);
        tasks.spawn(accepting);
        (router, inbox)
    };
    let (stdin, answers) = open("stdin", listeners.stdin, ANSWERS);
    let (control, control_inbox) = open("control", listeners.control, INBOX);
    let (shell, shell_inbox) = open("shell", listeners.shell, INBOX);

    let (farewells, mut farewell) = mpsc::unbounded_channel();
    let stdin = Stdin::new(session.clone(), stdin, answers);
    let kernel = Arc::new(Kernel::new(
        interpreter,
        session.clone(),
        ports,
        iopub,
        stdin,
        history,
        farewells,
    ));
    let (cells, waiting) = queue(CELLS);
    let mut running = JoinSet::new();
    running.spawn(cells::run(kernel.clone(), shell.clone(), waiting));
    tasks.spawn(channel::listen(
        kernel.clone(),
        control.clone(),
        control_inbox,
        None,
    ));
    let reading = tasks.spawn(channel::listen(
        kernel.clone(),
        shell.clone(),
        shell_inbox,
        Some(cells),
    ));
    connection.register(&session.key, &ports).await?;

    let first = tokio::select! {
        first = farewell.recv() => first,
        () = terminated => None,
        () = lifetime::orphaned() => None,
    };
    // No more cells; the one that runs is asked to stop, and has its say.
    kernel.ending.store(true, Ordering::Relaxed);
    reading.abort();
    kernel.interrupt();
    let closing = async {
        let closed = guard(kernel.interpreter.close());
        tokio::join!(closed, timeout(GIVE_IN, running.join_next()))
    };
    if timeout(CLOSE, closing).await.is_err() {
        log::warn!("closing took longer than {CLOSE:?} and is given up");
    }
    running.shutdown().await;
    if let Some(request) = kernel.request_that_runs() {
        cells::cut_off(&kernel, &shell, &request);
    }
    let rest = std::iter::from_fn(|| farewell.try_recv().ok());
    for farewell in first.into_iter().chain(rest) {
        bid(&kernel, farewell).await;
    }
    let flushed = async {
        kernel.iopub.drained().await;
        control.drained().await;
        shell.drained().await;
        kernel.history.find(Access::Tail { n: Some(0) }).await;
    };
    if timeout(FLUSH, flushed).await.is_err() {
        log::warn!("a front end has not read the last messages");
    }
    tasks.shutdown().await;
    Ok(())
}

/// Answers a shutdown request, to its sender and to all.
async fn bid<I: Interpreter>(kernel: &Kernel<I>, farewell: Farewell) {
    let Farewell {
        message,
        router,
        restart,
    } = farewell;
    let content = json!({ "status": "ok", "restart": restart });
    let origin = &message.origin;
    kernel.reply(&router, origin, "shutdown_reply", &json!({}), &content);
    kernel.iopub.push("shutdown_reply", origin, &content);
    kernel.idle(origin);
}
