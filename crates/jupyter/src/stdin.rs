//! Questions to the user, one at a time.

use std::sync::Arc;

use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::message::{InputReply, Origin, Session};
use crate::router::{Inbox, Router};

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputError {
    /// The front end has said that it can not be asked (`allow_stdin` is false).
    NotAllowed,
    /// The user interrupted instead of answering.
    Interrupted,
    /// The front end is not connected to the stdin channel any more.
    Gone,
}

impl std::fmt::Display for InputError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            InputError::NotAllowed => "this front end can not be asked for input",
            InputError::Interrupted => "interrupted while waiting for input",
            InputError::Gone => "the front end that could be asked for input has gone",
        })
    }
}

impl std::error::Error for InputError {}

/// The stdin channel.
pub(crate) struct Stdin {
    session: Arc<Session>,
    router: Router,
    /// Held while one question waits for its answer.
    answers: Mutex<Inbox>,
}

impl Stdin {
    pub(crate) fn new(session: Arc<Session>, router: Router, answers: Inbox) -> Self {
        Self {
            session,
            router,
            answers: Mutex::new(answers),
        }
    }

    /// Asks whoever sent `origin`, and waits for the answer. May be dropped at any time.
    pub(crate) async fn ask(
        &self,
        origin: &Origin,
        prompt: &str,
        secret: bool,
    ) -> Result<String, InputError> {
        let mut answers = self.answers.lock().await;
        // Answers to a question that was given up are not the answer to this one.
        while answers.try_recv().is_some() {}
        let content = json!({ "prompt": prompt, "password": secret });
        let id = Uuid::new_v4().to_string();
        let question =
            self.session
                .seal_as(&id, "input_request", &origin.header, &json!({}), &content);
        let frames = [origin.identities.clone(), question].concat();
        if !self.router.send(&origin.peer, &frames) {
            return Err(InputError::Gone);
        }
        while let Some((message, _room)) = answers.recv().await {
            // jupyter_client's answers name no parent, others' do.
            let stale = message
                .answers
                .as_ref()
                .is_some_and(|answered| *answered != id);
            if message.kind != "input_reply" || message.origin.peer != origin.peer || stale {
                log::info!("stdin: a {} that nobody waits for is dropped", message.kind);
                continue;
            }
            match message.content::<InputReply>() {
                Ok(reply) => return Ok(reply.value),
                Err(error) => log::warn!("stdin: an input_reply is dropped: {error}"),
            }
        }
        Err(InputError::Gone)
    }
}
