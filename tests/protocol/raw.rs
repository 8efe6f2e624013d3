//! A peer that says whatever a test wants, byte by byte: no ZeroMQ would.

use std::io;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long anything may take that has to come.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Raw {
    pub(crate) stream: TcpStream,
}

impl Raw {
    /// Connects, and says nothing.
    pub(crate) async fn connect(ports: &Value, port: &str) -> Self {
        let address = format!("127.0.0.1:{}", ports[port]);
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Raw { stream }
    }

    /// Connects and greets, as a socket of this type that calls itself so.
    pub(crate) async fn greeted(ports: &Value, port: &str, kind: &str, name: &[u8]) -> Self {
        let mut raw = Self::connect(ports, port).await;
        raw.write(&greeting("NULL")).await.unwrap();
        raw.write(&frame(4, &ready(kind, name))).await.unwrap();
        raw.read_exact(64).await.unwrap();
        let (flags, body) = raw.frame().await.unwrap();
        assert_eq!(flags, 4);
        assert!(body.starts_with(b"\x05READY"), "{body:?}");
        raw
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes).await
    }

    pub(crate) async fn read_exact(&mut self, length: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; length];
        let read = timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await;
        read.expect("the kernel answers")?;
        Ok(bytes)
    }

    /// The next frame: flags and body.
    pub(crate) async fn frame(&mut self) -> io::Result<(u8, Vec<u8>)> {
        let flags = self.read_exact(1).await?[0];
        let length = if flags & 2 == 0 {
            u64::from(self.read_exact(1).await?[0])
        } else {
            u64::from_be_bytes(self.read_exact(8).await?.try_into().unwrap())
        };
        Ok((flags & !2, self.read_exact(length as usize).await?))
    }

    /// Waits until the kernel has closed the connection, which it has to after this.
    pub(crate) async fn closed(&mut self, what: &str) {
        let mut rest = Vec::new();
        let read = timeout(PATIENCE, self.stream.read_to_end(&mut rest)).await;
        assert!(read.is_ok(), "{what}: the kernel closes the connection");
    }

    /// Whether the kernel has closed it by now.
    pub(crate) fn is_closed(&self) -> bool {
        let mut bytes = [0; 1024];
        loop {
            match self.stream.try_read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return error.kind() != io::ErrorKind::WouldBlock,
            }
        }
    }
}

pub(crate) fn greeting(mechanism: &str) -> Vec<u8> {
    let mut greeting = vec![0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0x7f, 3, 0];
    greeting.extend(mechanism.as_bytes());
    greeting.resize(64, 0);
    greeting
}

pub(crate) fn frame(flags: u8, body: &[u8]) -> Vec<u8> {
    [&head(flags, body.len()), body].concat()
}

/// What announces a frame.
pub(crate) fn head(flags: u8, length: usize) -> Vec<u8> {
    match u8::try_from(length) {
        Ok(length) => vec![flags, length],
        Err(_) => [&[flags | 2][..], &(length as u64).to_be_bytes()].concat(),
    }
}

fn ready(kind: &str, name: &[u8]) -> Vec<u8> {
    [b"\x05READY", &metadata(kind, name)[..]].concat()
}

/// What a peer says of itself.
pub(crate) fn metadata(kind: &str, name: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for (property, value) in [("Socket-Type", kind.as_bytes()), ("Identity", name)] {
        out.push(property.len() as u8);
        out.extend(property.as_bytes());
        out.extend((value.len() as u32).to_be_bytes());
        out.extend(value);
    }
    out
}
