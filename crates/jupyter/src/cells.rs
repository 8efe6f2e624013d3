//! Cells: execute requests, one after the other in the order they came.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Map, Value, json};
use tokio::time::sleep;

use crate::kernel::{Kernel, failed, guard, malformed};
use crate::message::{self, Execute, Message, Origin};
use crate::queue::Receiver;
use crate::request::Manner;
use crate::router::Router;
use crate::{Failure, Interpreter, Request};

/// After an error, what a front end has sent by then is given up; this is how long the last of it
/// may take from its socket to our queue.
const IN_FLIGHT: Duration = Duration::from_millis(10);

/// Runs the queued cells until the kernel ends.
pub(crate) async fn run<I: Interpreter>(
    kernel: Arc<Kernel<I>>,
    router: Router,
    mut cells: Receiver<Message>,
) {
    while let Some((message, _room)) = cells.recv().await {
        if kernel.ending.load(Ordering::Relaxed) {
            return;
        }
        let cell = Cell {
            kernel: &kernel,
            router: &router,
            message,
        };
        let abandoned = cell.run(&mut cells).await;
        for message in abandoned {
            let cell = Cell {
                kernel: &kernel,
                router: &router,
                message,
            };
            cell.abort();
        }
    }
}

/// Answers the cell that ran when the kernel had to end.
pub(crate) fn cut_off<I: Interpreter>(kernel: &Kernel<I>, router: &Router, request: &Request) {
    let count = request.execution_count();
    let content = json!({ "status": "aborted", "execution_count": count });
    abort(kernel, router, request.origin(), &content);
    kernel.end(request);
}

/// The reply to a cell that has not run, or not to its end.
fn abort<I: Interpreter>(kernel: &Kernel<I>, router: &Router, origin: &Origin, content: &Value) {
    let metadata = json!({ "started": message::now(), "status": "aborted" });
    kernel.reply(router, origin, "execute_reply", &metadata, content);
}

struct Cell<'a, I> {
    kernel: &'a Kernel<I>,
    router: &'a Router,
    message: Message,
}

impl<I: Interpreter> Cell<'_, I> {
    /// Runs this cell, and returns the queued ones that it takes down with it.
    async fn run(&self, queued: &mut Receiver<Message>) -> Vec<Message> {
        let started = message::now();
        let (request, outcome, stop_on_error) = match self.message.content::<Execute>() {
            Ok(execute) => {
                let request = self.request(&execute);
                self.kernel.begin(&request);
                let outcome = self.execute(&execute, &request).await;
                let stop = execute.stop_on_error && !execute.silent;
                (request, outcome, stop)
            }
            Err(error) => {
                let request = self.handle(true, false);
                self.kernel.begin(&request);
                (request, Err(malformed(&error)), false)
            }
        };
        let mut abandoned = Vec::new();
        if let Err(failure) = &outcome {
            let mut content = failed(failure);
            if let Some(fields) = content.as_object_mut() {
                fields.shift_remove("status");
            }
            request.publish("error", &content).await;
            if stop_on_error {
                sleep(IN_FLIGHT).await;
                abandoned.extend(std::iter::from_fn(|| queued.try_recv()));
            }
        }
        let mut content = match outcome {
            Ok(expressions) => json!({
                "status": "ok",
                "user_expressions": expressions,
                "payload": request.take_payload(),
            }),
            Err(failure) => failed(&failure),
        };
        content["execution_count"] = json!(request.execution_count());
        let metadata = json!({ "started": started, "status": content["status"] });
        self.reply(&metadata, &content);
        self.kernel.end(&request);
        abandoned
    }

    /// Answers a cell that is not run, because one before it has failed.
    fn abort(&self) {
        let request = self.handle(true, false);
        self.kernel.begin(&request);
        // Without a count, since it has none: front ends show the one they get as the cell's.
        let content = json!({ "status": "aborted" });
        abort(self.kernel, self.router, request.origin(), &content);
        self.kernel.end(&request);
    }

    /// Counts and remembers a request, as it wants, and makes its handle.
    fn request(&self, execute: &Execute) -> Request {
        let kernel = self.kernel;
        let stored = !execute.silent && execute.store_history.unwrap_or(true);
        if stored {
            let count = kernel.count.fetch_add(1, Ordering::Relaxed) + 1;
            if !execute.code.trim().is_empty() && kernel.interpreter.remembers(&execute.code) {
                kernel.history.add(count, &execute.code);
            }
        }
        self.handle(execute.silent, execute.allow_stdin)
    }

    fn handle(&self, silent: bool, allow_stdin: bool) -> Request {
        let manner = Manner {
            silent,
            allow_stdin,
            count: self.kernel.count.load(Ordering::Relaxed),
        };
        let kernel = &self.kernel;
        Request::new(
            &self.message,
            manner,
            kernel.iopub.clone(),
            kernel.comms.clone(),
            kernel.stdin.clone(),
        )
    }

    async fn execute(
        &self,
        execute: &Execute,
        request: &Request,
    ) -> Result<Map<String, Value>, Failure> {
        let input = json!({
            "code": execute.code,
            "execution_count": request.execution_count(),
        });
        request.publish("execute_input", &input).await;
        let interpreter = &self.kernel.interpreter;
        guard(interpreter.execute(&execute.code, request)).await??;
        let mut expressions = Map::new();
        for (name, expression) in &execute.user_expressions {
            let expression = expression.as_str().unwrap_or_default();
            let value = match guard(interpreter.evaluate(expression)).await.flatten() {
                Ok(bundle) => json!({
                    "status": "ok",
                    "data": bundle.data,
                    "metadata": bundle.metadata,
                }),
                Err(failure) => failed(&failure),
            };
            expressions.insert(name.clone(), value);
        }
        Ok(expressions)
    }

    fn reply(&self, metadata: &Value, content: &Value) {
        let origin = &self.message.origin;
        self.kernel
            .reply(self.router, origin, "execute_reply", metadata, content);
    }
}
