//! A server that lies: a proxy that puts other words into the mouth of the server behind it.

use std::io;
use std::sync::Arc;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use crate::server::{Database, server};

/// Listens until it is dropped.
pub(crate) struct Liar {
    port: u16,
    listening: JoinHandle<()>,
}

/// What the server says, and what is heard instead: as many bytes.
type Lies = Vec<(Vec<u8>, Vec<u8>)>;

impl Liar {
    pub(crate) async fn new(lies: &[(&str, &str)]) -> Liar {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let lies = lies.iter().map(|(truth, lie)| {
            assert_eq!(truth.len(), lie.len(), "{truth} {lie}");
            (truth.as_bytes().to_vec(), lie.as_bytes().to_vec())
        });
        let lies = Arc::new(lies.collect());
        let listening = tokio::spawn(accept(listener, lies));
        Liar { port, listening }
    }

    /// What `%connect` takes to come to the database through here.
    pub(crate) fn target(&self, database: &Database) -> String {
        database.target_at("127.0.0.1", self.port) + " sslmode=disable"
    }
}

impl Drop for Liar {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

async fn accept(listener: TcpListener, lies: Arc<Lies>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = listener.accept().await.unwrap();
        connections.spawn(pass(client, lies.clone()));
    }
}

async fn pass(client: TcpStream, lies: Arc<Lies>) -> io::Result<()> {
    let server = TcpStream::connect(("localhost", server().port)).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let there = tokio::io::copy(&mut from_client, &mut to_server);
    // Message by message, so that no word is cut in two.
    let back = async {
        loop {
            let mut head = [0; 5];
            from_server.read_exact(&mut head).await?;
            let length = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let mut body = vec![0; length - 4];
            from_server.read_exact(&mut body).await?;
            for (truth, lie) in lies.iter() {
                let places: Vec<_> = (0..body.len().saturating_sub(truth.len() - 1))
                    .filter(|at| body[*at..].starts_with(truth))
                    .collect();
                for at in places {
                    body[at..at + lie.len()].copy_from_slice(lie);
                }
            }
            to_client
                .write_all(&[&head[..], &body[..]].concat())
                .await?;
        }
    };
    tokio::select! {
        ended = there => ended.map(drop),
        ended = back => ended,
    }
}
