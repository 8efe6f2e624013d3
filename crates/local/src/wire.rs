//! The few words of PostgreSQL's protocol that the front itself speaks.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What a client may send first.
pub(crate) enum Opening {
    /// It asks for encryption, which a socket in a private folder needs not.
    Encryption,
    /// It wants another connection's statement cancelled.
    Cancel,
    /// It wants a session, with these settings.
    Startup(Vec<(String, String)>),
}

/// A message of the server: its type and its body.
pub(crate) struct Message {
    pub(crate) kind: u8,
    pub(crate) body: Vec<u8>,
}

const PROTOCOL_3: u32 = 196_608;
const CANCEL: u32 = 80_877_102;
const ENCRYPT_TLS: u32 = 80_877_103;
const ENCRYPT_GSS: u32 = 80_877_104;

/// PostgreSQL's own limit for a startup packet.
const LONGEST_STARTUP: u32 = 10_000;

/// No message of a session's beginning is longer than this, in bytes.
const LONGEST_MESSAGE: u32 = 1 << 20;

/// Reads the first packet of a client.
pub(crate) async fn read_opening(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Opening> {
    let length = stream.read_u32().await?;
    if !(8..=LONGEST_STARTUP).contains(&length) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a startup packet",
        ));
    }
    let code = stream.read_u32().await?;
    let mut body = vec![0; length as usize - 8];
    stream.read_exact(&mut body).await?;
    match code {
        ENCRYPT_TLS | ENCRYPT_GSS => Ok(Opening::Encryption),
        CANCEL => Ok(Opening::Cancel),
        PROTOCOL_3 => Ok(Opening::Startup(settings(&body))),
        code => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("unknown protocol {}.{}", code >> 16, code & 0xffff),
        )),
    }
}

/// The names and values of a startup packet.
fn settings(body: &[u8]) -> Vec<(String, String)> {
    let mut words = body
        .split(|byte| *byte == 0)
        .map(|word| String::from_utf8_lossy(word).into_owned());
    let mut settings = Vec::new();
    while let (Some(name), Some(value)) = (words.next(), words.next()) {
        if name.is_empty() {
            break;
        }
        settings.push((name, value));
    }
    settings
}

/// Reads one message of the server.
pub(crate) async fn read_message(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Message> {
    let kind = stream.read_u8().await?;
    let length = stream.read_u32().await?;
    if !(4..=LONGEST_MESSAGE).contains(&length) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a message of PostgreSQL",
        ));
    }
    let mut body = vec![0; length as usize - 4];
    stream.read_exact(&mut body).await?;
    Ok(Message { kind, body })
}

impl Message {
    /// The message as it stands on the wire.
    pub(crate) fn write_to(&self, out: &mut Vec<u8>) {
        frame(out, self.kind, &self.body);
    }

    /// The text of an `ErrorResponse`.
    pub(crate) fn error_text(&self) -> String {
        self.body
            .split(|byte| *byte == 0)
            .find_map(|field| field.strip_prefix(b"M"))
            .map(|text| String::from_utf8_lossy(text).into_owned())
            .unwrap_or_default()
    }
}

/// A startup packet with these settings.
pub(crate) fn startup(settings: &[(&str, &str)]) -> Vec<u8> {
    let mut body = PROTOCOL_3.to_be_bytes().to_vec();
    for (name, value) in settings {
        for word in [name, value] {
            body.extend_from_slice(word.as_bytes());
            body.push(0);
        }
    }
    body.push(0);
    let mut packet = (body.len() as u32 + 4).to_be_bytes().to_vec();
    packet.append(&mut body);
    packet
}

/// A simple query.
pub(crate) fn query(sql: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(sql.len() + 6);
    frame(&mut out, b'Q', &[sql.as_bytes(), b"\0"].concat());
    out
}

/// An `ErrorResponse` that ends the connection.
pub(crate) fn fatal(code: &str, text: &str) -> Vec<u8> {
    let mut body = Vec::new();
    for (field, value) in [(b'S', "FATAL"), (b'V', "FATAL"), (b'C', code), (b'M', text)] {
        body.push(field);
        body.extend_from_slice(value.as_bytes());
        body.push(0);
    }
    body.push(0);
    let mut out = Vec::new();
    frame(&mut out, b'E', &body);
    out
}

fn frame(out: &mut Vec<u8>, kind: u8, body: &[u8]) {
    out.push(kind);
    out.extend_from_slice(&(body.len() as u32 + 4).to_be_bytes());
    out.extend_from_slice(body);
}
