//! The shell and control channels: requests are read as they come. Cells go to their queue;
//! everything else is answered at once, also while a cell runs.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::kernel::{Farewell, Kernel, failed, guard, malformed};
use crate::lock::lock;
use crate::message::{
    CommInfo, CommMessage, Complete, History, Inspect, IsComplete, Message, PROTOCOL, Shutdown,
};
use crate::offsets;
use crate::queue::Sender;
use crate::router::{Inbox, Router};
use crate::{Completeness, Failure, Interpreter, Said};

/// How many completions and their like may be worked on at once.
const ASIDE: usize = 32;

/// Reads and answers one channel; `cells` takes the execute requests of shell.
pub(crate) async fn listen<I: Interpreter>(
    kernel: Arc<Kernel<I>>,
    router: Router,
    mut inbox: Inbox,
    cells: Option<Sender<Message>>,
) {
    let mut aside = JoinSet::new();
    loop {
        let received = tokio::select! {
            received = inbox.recv(), if aside.len() < ASIDE => received,
            Some(_) = aside.join_next() => continue,
        };
        let Some((message, _room)) = received else {
            return;
        };
        // What a request is answered with is small, but who does not read it may send many.
        kernel.iopub.calm().await;
        match (message.kind.as_str(), &cells) {
            ("execute_request", Some(cells)) => {
                let size = message.size();
                if cells.send(message, size).await.is_err() {
                    return;
                }
            }
            // Those that may have to think.
            ("complete_request" | "inspect_request" | "history_request" | "comm_msg", _) => {
                let (kernel, router) = (kernel.clone(), router.clone());
                aside.spawn(async move { answer(&kernel, &router, message).await });
            }
            _ => answer(&kernel, &router, message).await,
        }
    }
}

async fn answer<I: Interpreter>(kernel: &Kernel<I>, router: &Router, message: Message) {
    if message.kind == "interrupt_request" {
        kernel.interrupt();
    }
    let origin = message.origin.clone();
    kernel.busy(&origin);
    if message.kind == "shutdown_request" {
        // Answered, and made idle, by whoever ends the kernel.
        let restart = message.content::<Shutdown>().is_ok_and(|it| it.restart);
        let farewell = Farewell {
            message,
            router: router.clone(),
            restart,
        };
        let _ = kernel.farewells.send(farewell);
        return;
    }
    let content = match guard(reply_to(kernel, &message)).await.flatten() {
        Ok(content) => content,
        Err(failure) => Some(failed(&failure)),
    };
    if let (Some(content), Some(kind)) = (content, message.kind.strip_suffix("_request")) {
        let kind = format!("{kind}_reply");
        kernel.reply(router, &origin, &kind, &json!({}), &content);
    }
    kernel.idle(&origin);
}

/// The content of the reply; `None` for messages that get none, and for unknown ones.
async fn reply_to<I: Interpreter>(
    kernel: &Kernel<I>,
    message: &Message,
) -> Result<Option<Value>, Failure> {
    let malformed = |error| malformed(&error);
    let content = match message.kind.as_str() {
        "kernel_info_request" => kernel_info(kernel),
        "complete_request" => complete(kernel, message.content().map_err(malformed)?).await,
        "inspect_request" => inspect(kernel, message.content().map_err(malformed)?).await,
        "is_complete_request" => {
            let IsComplete { code } = message.content().map_err(malformed)?;
            is_complete(kernel.interpreter.completeness(&code))
        }
        "history_request" => history(kernel, message.content().map_err(malformed)?).await,
        "comm_info_request" => {
            let CommInfo { target_name } = message.content().map_err(malformed)?;
            kernel.comms.info(target_name.as_deref())
        }
        "comm_open" | "comm_msg" | "comm_close" => {
            comm(kernel, message, message.content().map_err(malformed)?).await;
            return Ok(None);
        }
        "connect_request" => {
            let mut content = kernel.ports.fields();
            content["status"] = json!("ok");
            content
        }
        "interrupt_request" => json!({ "status": "ok" }),
        "usage_request" => {
            let mut usage = lock(&kernel.usage);
            usage.read()
        }
        unknown => {
            log::debug!("nothing is known of a {unknown}");
            return Ok(None);
        }
    };
    Ok(Some(content))
}

fn kernel_info<I: Interpreter>(kernel: &Kernel<I>) -> Value {
    let info = kernel.interpreter.info();
    let links = info.help_links.iter();
    let links = links.map(|link| json!({ "text": link.text, "url": link.url }));
    json!({
        "status": "ok",
        "protocol_version": PROTOCOL,
        "implementation": info.implementation,
        "implementation_version": info.version,
        "language_info": info.language.info(),
        "banner": info.banner,
        "help_links": links.collect::<Vec<_>>(),
        "debugger": false,
        "supported_features": [],
    })
}

async fn complete<I: Interpreter>(kernel: &Kernel<I>, request: Complete) -> Value {
    let code = &request.code;
    let cursor = offsets::to_bytes(code, request.cursor_pos);
    let found = kernel.interpreter.complete(code, cursor).await;
    let start = offsets::to_code_points(code, found.start);
    let end = offsets::to_code_points(code, found.end).max(start);
    let matches: Vec<_> = found.items.iter().map(|item| item.text.as_str()).collect();
    let types = found.items.iter().map(|item| {
        json!({
            "text": item.text,
            "type": item.kind,
            "signature": item.signature,
            "start": start,
            "end": end,
        })
    });
    json!({
        "status": "ok",
        "matches": matches,
        "cursor_start": start,
        "cursor_end": end,
        "metadata": { "_jupyter_types_experimental": types.collect::<Vec<_>>() },
    })
}

async fn inspect<I: Interpreter>(kernel: &Kernel<I>, request: Inspect) -> Value {
    let cursor = offsets::to_bytes(&request.code, request.cursor_pos);
    let detail = request.detail_level;
    let found = kernel
        .interpreter
        .inspect(&request.code, cursor, detail)
        .await;
    let is_found = found.is_some();
    let bundle = found.unwrap_or_default();
    json!({
        "status": "ok",
        "found": is_found,
        "data": bundle.data,
        "metadata": bundle.metadata,
    })
}

fn is_complete(completeness: Completeness) -> Value {
    match completeness {
        Completeness::Complete => json!({ "status": "complete" }),
        Completeness::Incomplete { indent } => json!({ "status": "incomplete", "indent": indent }),
        Completeness::Invalid => json!({ "status": "invalid" }),
        Completeness::Unknown => json!({ "status": "unknown" }),
    }
}

async fn comm<I: Interpreter>(kernel: &Kernel<I>, message: &Message, comm: CommMessage) {
    let (id, origin) = (&comm.comm_id, &message.origin);
    let said = Said {
        data: comm.data,
        metadata: message.metadata.clone(),
        buffers: message.buffers.clone(),
    };
    match message.kind.as_str() {
        "comm_open" => {
            let target = &comm.target_name;
            let wanted = match kernel.comms.opened(id, target, origin) {
                Some(comm) => kernel.interpreter.comm_opened(target, comm, said).await,
                None => false,
            };
            if !wanted {
                log::info!("a comm is closed, its target is unknown: {target}");
                kernel.comms.end(id.clone(), origin).close().await;
            }
        }
        "comm_msg" => match kernel.comms.find(id, origin) {
            Some(comm) => kernel.interpreter.comm_said(comm, said).await,
            None => log::info!("what is said over a comm that is not open is dropped: {id}"),
        },
        _ => {
            if kernel.comms.forget(id) {
                kernel.interpreter.comm_closed(id).await;
            }
        }
    }
}

async fn history<I: Interpreter>(kernel: &Kernel<I>, request: History) -> Value {
    let found = kernel.history.find(request.access).await;
    let entries = found.into_iter().map(|entry| {
        if request.output {
            // Results may be large or secret, so they are not kept.
            json!([entry.session, entry.line, [entry.input, null]])
        } else {
            json!([entry.session, entry.line, entry.input])
        }
    });
    json!({ "status": "ok", "history": entries.collect::<Vec<_>>() })
}
