//! The first words of a connection: the greeting, who is who, and the keys where there are any.
//!
//! Specified in ZeroMQ's RFC 23; the mechanisms are NULL, and CURVE of RFC 26.

use std::io;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

use crate::curve::{self, Keys, Sealer};
use crate::zmtp::{COMMAND, Frame, Kind, Reader, broken, command};

/// The largest command of a handshake, which holds a few short names.
const MAX_COMMAND: usize = 2048;
/// The longest name that a peer may give itself.
const MAX_IDENTITY: usize = 255;

/// Who has come.
pub(crate) struct Greeted {
    /// The name it gave itself; empty where it did not care.
    pub(crate) identity: Bytes,
    /// Encrypts what it is sent, where the kernel has keys.
    pub(crate) sealer: Option<Sealer>,
}

/// Who may come where the kernel has keys.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Welcome {
    /// Whoever holds both keys of the connection file.
    Holders,
    /// Whoever knows the kernel's public key: Jupyter's client makes a pair of its own for the
    /// heartbeat.
    All,
}

/// Greets the other side, and checks that the two fit together. With keys, nobody is let in who
/// does not have them.
pub(crate) async fn handshake<R, W>(
    reader: &mut Reader<R>,
    writer: &mut W,
    kind: Kind,
    keys: Option<(&Keys, Welcome)>,
) -> io::Result<Greeted>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mechanism = if keys.is_some() { CURVE } else { NULL };
    writer.write_all(&greeting(mechanism)).await?;
    let theirs = reader.take(GREETING, false).await?;
    if theirs[0] != 0xff || theirs[9] & 1 == 0 {
        return Err(broken("this is not ZeroMQ"));
    }
    if theirs[10] < 3 {
        return Err(broken("the other side speaks a ZMTP older than 3.0"));
    }
    if theirs[12..32] != mechanism {
        return Err(broken(match keys {
            Some(_) => "the other side does not encrypt, as the connection file wants it",
            None => "the other side encrypts, and the connection file holds no keys for it",
        }));
    }
    let ours = metadata(kind);
    let (theirs, sealer) = match keys {
        Some((keys, welcome)) => {
            let secured = secure(reader, writer, keys, welcome, &ours).await?;
            reader.decrypt(secured.opener);
            (secured.metadata, Some(secured.sealer))
        }
        None => {
            writer.write_all(&ready(&ours)).await?;
            let body = command_of(reader).await?;
            let Some(properties) = body.strip_prefix(b"\x05READY") else {
                return Err(broken("the handshake was refused"));
            };
            (Bytes::copy_from_slice(properties), None)
        }
    };
    let identity = identity(kind, theirs)?;
    Ok(Greeted { identity, sealer })
}

/// The handshake of CURVE.
async fn secure<R, W>(
    reader: &mut Reader<R>,
    writer: &mut W,
    keys: &Keys,
    welcome: Welcome,
    metadata: &[u8],
) -> io::Result<curve::Secured>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let hello = command_of(reader).await?;
    let (welcomed, answer) = keys.welcome(&hello)?;
    writer.write_all(&command(&answer)).await?;
    let mut initiate = command_of(reader).await?;
    let mut secured = welcomed.initiate(keys, &mut initiate)?;
    if welcome == Welcome::Holders && !secured.holds_keys {
        // By RFC 27's code for this, a client need not try again.
        writer.write_all(&command(b"\x05ERROR\x03400")).await?;
        return Err(broken("the other side has another key than this kernel's"));
    }
    let ready = secured.sealer.ready(metadata);
    writer.write_all(&command(&ready)).await?;
    Ok(secured)
}

async fn command_of<R: AsyncRead + Unpin>(reader: &mut Reader<R>) -> io::Result<BytesMut> {
    match reader.frame(0, MAX_COMMAND).await? {
        Frame {
            flags: COMMAND,
            body,
        } => Ok(body),
        _ => Err(broken("a message came before the handshake was done")),
    }
}

const GREETING: usize = 64;
type Mechanism = [u8; 20];
const NULL: Mechanism = *b"NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const CURVE: Mechanism = *b"CURVE\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

fn greeting(mechanism: Mechanism) -> [u8; GREETING] {
    let mut greeting = [0; GREETING];
    greeting[0] = 0xff;
    greeting[9] = 0x7f;
    greeting[10] = 3; // 3.0, so that subscriptions come as messages and not as commands
    greeting[12..32].copy_from_slice(&mechanism);
    greeting[32] = u8::from(mechanism == CURVE); // as the server
    greeting
}

fn metadata(kind: Kind) -> BytesMut {
    let mut out = BytesMut::new();
    for (name, value) in [("Socket-Type", kind.name()), ("Identity", "")] {
        out.put_u8(name.len() as u8);
        out.put_slice(name.as_bytes());
        out.put_u32(value.len() as u32);
        out.put_slice(value.as_bytes());
    }
    out
}

fn ready(metadata: &[u8]) -> Bytes {
    command(&[b"\x05READY", metadata].concat())
}

/// The other side's name, if its socket is of a type that fits.
fn identity(kind: Kind, mut metadata: Bytes) -> io::Result<Bytes> {
    let mut identity = Bytes::new();
    let mut fits = false;
    while let Some((name, value)) = property(&mut metadata) {
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            fits = kind.talks_to(&value);
        } else if name.eq_ignore_ascii_case(b"Identity") {
            identity = value;
        }
    }
    if !fits {
        return Err(broken("the other side's socket type does not fit"));
    }
    if identity.len() > MAX_IDENTITY {
        return Err(broken("the other side's name is too long"));
    }
    // A copy of its own: it would hold the whole command.
    Ok(Bytes::copy_from_slice(&identity))
}

/// Takes one property of the metadata off `rest`; `None` at its end and where it is broken.
fn property(rest: &mut Bytes) -> Option<(Bytes, Bytes)> {
    let name = rest.try_get_u8().ok()? as usize;
    let name = (name <= rest.len()).then(|| rest.split_to(name))?;
    let value = rest.try_get_u32().ok()? as usize;
    let value = (value <= rest.len()).then(|| rest.split_to(value))?;
    Some((name, value))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[tokio::test]
    async fn strangers_are_turned_away() {
        for stranger in [
            &b"GET / HTTP/1.1\r\nHost: localhost\r\nAccept: text/html, application/json\r\n\r\n"[..],
            &[0xff; 64],
            &[0; 64],
            b"",
        ] {
            let mut reader = Reader::new(stranger);
            let greeted = handshake(&mut reader, &mut Vec::new(), Kind::Router, None).await;
            assert!(greeted.is_err(), "{stranger:?}");
        }
    }

    #[test]
    fn a_name_is_short() {
        let named = |length: usize| {
            let mut metadata = BytesMut::from(&b"\x0bSocket-Type\0\0\0\x06DEALER\x08Identity"[..]);
            metadata.put_u32(length as u32);
            metadata.put_bytes(b'x', length);
            identity(Kind::Router, metadata.freeze())
        };
        assert_eq!(named(255).unwrap().len(), 255);
        assert!(named(256).is_err());
        assert!(identity(Kind::XPub, Bytes::from_static(b"\x0bSocket-Type")).is_err());
    }
}
