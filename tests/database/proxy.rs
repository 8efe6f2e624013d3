//! A proxy before the server that can be told to misbehave: it swallows or delays requests to
//! cancel, is far away, cuts connections in the middle of an answer, leaves the kernel's own
//! questions without one, and goes away and comes back.

use std::io;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, mpsc};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, sleep_until};

use crate::server::{Database, server};

/// The code in the first packet of a connection that carries a request to cancel.
const CANCEL: u32 = 80_877_102;

/// A statement with this in it is the last of its connection.
pub(crate) const CUT: &str = "/* cut here */";

/// What the kernel's own questions about names begin with.
const QUESTION: &str = "set local statement_timeout";

/// Listens until it is dropped.
pub(crate) struct Proxy {
    port: u16,
    ways: Arc<Ways>,
    listening: Mutex<Vec<JoinHandle<()>>>,
}

/// What it does with what passes.
struct Ways {
    cancels: Mutex<Cancels>,
    cancels_seen: AtomicUsize,
    /// How many bytes of the server's answer pass before the connection is cut.
    bytes_passed: AtomicU64,
    /// How long a byte is on its way, there or back.
    distance: Mutex<Duration>,
    questions: Mutex<Questions>,
    questions_seen: AtomicUsize,
    /// What clients have said, the start of it.
    said: Mutex<Vec<u8>>,
    /// Told when no more connections are taken.
    door: Notify,
}

impl Ways {
    fn hears(&self, data: &[u8]) {
        let mut said = self.said.lock().unwrap();
        if said.len() < 1 << 20 {
            said.extend_from_slice(data);
        }
    }
}

/// What becomes of requests to cancel.
#[derive(Clone, Copy)]
pub(crate) enum Cancels {
    Pass,
    AreLost,
    AreLate(Duration),
}

/// What becomes of the kernel's own questions. One that is cancelled is answered, where cancels pass.
#[derive(Clone, Copy)]
pub(crate) enum Questions {
    Pass,
    /// The connection ends.
    Close,
    /// Nothing comes.
    AreSilent,
    /// Rows come, and more rows.
    AreEndless,
}

impl Proxy {
    pub(crate) async fn new() -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let ways = Arc::new(Ways {
            cancels: Mutex::new(Cancels::Pass),
            cancels_seen: AtomicUsize::new(0),
            bytes_passed: AtomicU64::new(0),
            distance: Mutex::default(),
            questions: Mutex::new(Questions::Pass),
            questions_seen: AtomicUsize::new(0),
            said: Mutex::default(),
            door: Notify::new(),
        });
        let port = listener.local_addr().unwrap().port();
        let listening = Mutex::new(vec![tokio::spawn(accept(listener, ways.clone()))]);
        Proxy {
            port,
            ways,
            listening,
        }
    }

    /// What `%connect` takes to come to the database through here.
    pub(crate) fn target(&self, database: &Database) -> String {
        database.target_at("127.0.0.1", self.port) + " sslmode=disable"
    }

    pub(crate) fn cancels(&self, become_of_them: Cancels) {
        *self.ways.cancels.lock().unwrap() = become_of_them;
    }

    /// How many requests to cancel have come.
    pub(crate) fn cancels_seen(&self) -> usize {
        self.ways.cancels_seen.load(Ordering::Relaxed)
    }

    pub(crate) fn questions(&self, become_of_them: Questions) {
        *self.ways.questions.lock().unwrap() = become_of_them;
    }

    /// How many of the kernel's own questions have come and were not passed on.
    pub(crate) fn questions_seen(&self) -> usize {
        self.ways.questions_seen.load(Ordering::Relaxed)
    }

    /// Returns once one has come.
    pub(crate) async fn question(&self) {
        let begun = Instant::now();
        while self.questions_seen() == 0 {
            assert!(begun.elapsed() < Duration::from_secs(10), "never asked");
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Returns once a client has said this, and it has come to the server.
    pub(crate) async fn passes(&self, words: &str) {
        while !says(&self.ways.said.lock().unwrap(), words) {
            sleep(Duration::from_millis(10)).await;
        }
        let distance = *self.ways.distance.lock().unwrap();
        sleep(distance + Duration::from_millis(100)).await;
    }

    /// From now on everything is on its way for so long.
    pub(crate) fn is_far(&self, distance: Duration) {
        *self.ways.distance.lock().unwrap() = distance;
    }

    /// Cuts a connection after so many bytes of the server's answer to what has [`CUT`] in it.
    pub(crate) fn cut_after(&self, bytes: u64) {
        self.ways.bytes_passed.store(bytes, Ordering::Relaxed);
    }

    /// Ends all connections and takes no new ones.
    pub(crate) async fn go_down(&self) {
        let listening = std::mem::take(&mut *self.listening.lock().unwrap());
        for listening in listening {
            listening.abort();
            let _ = listening.await;
        }
    }

    /// Takes no new connections; those there are stay.
    pub(crate) async fn close_the_door(&self) {
        self.ways.door.notify_one();
        while TcpStream::connect(("127.0.0.1", self.port)).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    }

    /// Takes connections again.
    pub(crate) async fn come_back(&self) {
        let listener = TcpListener::bind(("127.0.0.1", self.port)).await.unwrap();
        let listening = tokio::spawn(accept(listener, self.ways.clone()));
        self.listening.lock().unwrap().push(listening);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        for listening in self.listening.lock().unwrap().drain(..) {
            listening.abort();
        }
    }
}

/// Accepts connections; they end with it.
async fn accept(listener: TcpListener, ways: Arc<Ways>) {
    let mut connections = JoinSet::new();
    loop {
        let (client, _) = tokio::select! {
            client = listener.accept() => client.unwrap(),
            () = ways.door.notified() => break,
        };
        connections.spawn(pass(client, ways.clone()));
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

/// Bytes, and when they came.
type Piece = (Instant, Vec<u8>);

async fn pass(mut client: TcpStream, ways: Arc<Ways>) -> io::Result<()> {
    let mut head = [0; 8];
    client.read_exact(&mut head).await?;
    if u32::from_be_bytes([head[4], head[5], head[6], head[7]]) == CANCEL {
        ways.cancels_seen.fetch_add(1, Ordering::Relaxed);
        let cancels = *ways.cancels.lock().unwrap();
        match cancels {
            Cancels::Pass => {}
            Cancels::AreLost => return Ok(()),
            Cancels::AreLate(time) => sleep(time).await,
        }
    }
    let mut server = TcpStream::connect(("localhost", server().port)).await?;
    let distance = *ways.distance.lock().unwrap();
    // As long as it takes to connect.
    sleep(distance * 2).await;
    server.write_all(&head).await?;

    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let (client_pieces, for_client) = mpsc::channel(64);
    let (server_pieces, for_server) = mpsc::channel(64);
    let left = AtomicU64::new(u64::MAX);
    let answers = client_pieces.clone();
    let relay = async {
        tokio::select! {
            ended = there(from_client, server_pieces, answers, &left, &ways) => ended,
            ended = back(from_server, client_pieces, &left) => ended,
        }
    };
    tokio::select! {
        (ended, _) = async { tokio::join!(relay, deliver(for_client, to_client, &ways)) } => ended,
        ended = async {
            deliver(for_server, to_server, &ways).await?;
            std::future::pending().await
        } => ended,
    }
}

fn says(data: &[u8], words: &str) -> bool {
    let words = words.as_bytes();
    data.windows(words.len()).any(|part| part == words)
}

/// Writes what comes when it has been on its way for long enough.
async fn deliver(
    mut pieces: mpsc::Receiver<Piece>,
    mut to: impl AsyncWrite + Unpin,
    ways: &Ways,
) -> io::Result<()> {
    while let Some((came, data)) = pieces.recv().await {
        let distance = *ways.distance.lock().unwrap();
        sleep_until((came + distance).into()).await;
        to.write_all(&data).await?;
    }
    Ok(())
}

/// From the client to the server.
async fn there(
    mut from: impl AsyncRead + Unpin,
    to: mpsc::Sender<Piece>,
    answers: mpsc::Sender<Piece>,
    left: &AtomicU64,
    ways: &Ways,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return Ok(());
        }
        let data = &buffer[..count];
        ways.hears(data);
        if says(data, CUT) {
            left.store(ways.bytes_passed.load(Ordering::Relaxed), Ordering::Relaxed);
        }
        let questions = *ways.questions.lock().unwrap();
        if says(data, QUESTION) && !matches!(questions, Questions::Pass) {
            ways.questions_seen.fetch_add(1, Ordering::Relaxed);
            if matches!(questions, Questions::Close) {
                return Ok(());
            }
            let endless = matches!(questions, Questions::AreEndless);
            misbehave(&answers, endless, ways).await;
            continue;
        }
        if to.send((Instant::now(), data.to_vec())).await.is_err() {
            return Ok(());
        }
    }
}

/// Says nothing, or too much, until a request to cancel comes.
async fn misbehave(answers: &mpsc::Sender<Piece>, endless: bool, ways: &Ways) {
    let before = ways.cancels_seen.load(Ordering::Relaxed);
    let is_cancelled = || {
        let passes = matches!(*ways.cancels.lock().unwrap(), Cancels::Pass);
        passes && ways.cancels_seen.load(Ordering::Relaxed) > before
    };
    let message = |tag: u8, body: &[u8]| {
        let length = body.len() as u32 + 4;
        [&[tag], &length.to_be_bytes()[..], body].concat()
    };
    let say = async |data: Vec<u8>| answers.send((Instant::now(), data)).await.is_ok();
    if endless {
        // One column, a text.
        say(message(
            b'T',
            b"\0\x01n\0\0\0\0\0\0\0\0\0\0\x19\xff\xff\xff\xff\xff\xff\0\0",
        ))
        .await;
    }
    let row = message(b'D', b"\0\x01\0\0\0\x0812345678");
    while !is_cancelled() {
        match endless {
            true if !say(row.repeat(1000)).await => return,
            true => {}
            false => sleep(Duration::from_millis(10)).await,
        }
    }
    say(message(b'E', b"SERROR\0C57014\0Mcanceled\0\0")).await;
    say(message(b'Z', b"I")).await;
}

/// From the server to the client.
async fn back(
    mut from: impl AsyncRead + Unpin,
    to: mpsc::Sender<Piece>,
    left: &AtomicU64,
) -> io::Result<()> {
    let mut buffer = vec![0; 16 << 10];
    loop {
        let count = from.read(&mut buffer).await?;
        let passed = (count as u64).min(left.load(Ordering::Relaxed));
        let data = buffer[..passed as usize].to_vec();
        let gone = to.send((Instant::now(), data)).await.is_err();
        if gone || count == 0 || passed < count as u64 {
            return Ok(());
        }
        if left.load(Ordering::Relaxed) < u64::MAX {
            left.fetch_sub(passed, Ordering::Relaxed);
        }
    }
}
