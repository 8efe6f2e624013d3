//! Messages over a stream, one at a time.

use std::io;

use bytes::BytesMut;
use pgwire::messages::response::ErrorResponse;
use pgwire::messages::{DecodeContext, PgWireBackendMessage, PgWireFrontendMessage};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What the service refuses, and why.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: &'static str,
    pub(super) message: String,
}

/// A stream and what has come on it.
pub(super) struct Talk<S> {
    stream: S,
    received: BytesMut,
    to_send: BytesMut,
    context: DecodeContext,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Talk<S> {
    /// Listens for a session's first message: about TLS, or past that.
    pub(super) fn new(stream: S, before_tls: bool) -> Talk<S> {
        let mut context = DecodeContext::default();
        context.awaiting_frontend_ssl = before_tls;
        Talk {
            stream,
            received: BytesMut::new(),
            to_send: BytesMut::new(),
            context,
        }
    }

    /// The next message; none where the client is gone or talks nonsense.
    pub(super) async fn receive(&mut self) -> Option<PgWireFrontendMessage> {
        loop {
            if let Some(message) =
                PgWireFrontendMessage::decode(&mut self.received, &self.context).ok()?
            {
                match &message {
                    PgWireFrontendMessage::SslNegotiation(_) => {
                        self.context.awaiting_frontend_ssl = false;
                    }
                    PgWireFrontendMessage::Startup(_) => {
                        self.context.awaiting_frontend_startup = false;
                    }
                    _ => {}
                }
                return Some(message);
            }
            if self.stream.read_buf(&mut self.received).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Puts a message behind those that wait to be sent, and sends them where they are many.
    pub(super) async fn feed(&mut self, message: PgWireBackendMessage) -> io::Result<()> {
        message
            .encode(&mut self.to_send)
            .map_err(io::Error::other)?;
        match self.to_send.len() {
            ..0x1_0000 => Ok(()),
            _ => self.flush().await,
        }
    }

    pub(super) async fn send(&mut self, message: PgWireBackendMessage) -> io::Result<()> {
        self.feed(message).await?;
        self.flush().await
    }

    /// An error; none of the fields that only PostgreSQL's own code could fill.
    pub(super) async fn refuse(&mut self, severity: &str, refusal: &Refusal) -> io::Result<()> {
        let fields = [
            (b'S', severity),
            (b'C', refusal.code),
            (b'M', &refusal.message),
        ];
        let fields = fields
            .map(|(field, text)| (field, text.to_owned()))
            .to_vec();
        self.send(PgWireBackendMessage::ErrorResponse(ErrorResponse::new(
            fields,
        )))
        .await
    }

    pub(super) async fn close(mut self) -> io::Result<()> {
        self.flush().await?;
        self.stream.shutdown().await
    }

    /// The stream, to be made a safe one.
    pub(super) fn into_stream(self) -> S {
        self.stream
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.stream.write_all_buf(&mut self.to_send).await?;
        self.stream.flush().await
    }
}

/// A refusal with this SQLSTATE.
pub(super) fn refuse<T>(code: &'static str, message: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal {
        code,
        message: message.into(),
    })
}
