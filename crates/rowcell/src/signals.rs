//! The signals that end a run: each interrupts what runs, and nothing is begun after it.

use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

/// What runs has so long to answer the first signal before it is interrupted again, which costs its
/// connection, and as long again before it is not waited for any more.
const PATIENCE: Duration = Duration::from_secs(3);

/// The signals that have come.
#[derive(Clone, Copy, Default)]
pub(crate) struct Signals {
    /// How often what runs is to be interrupted.
    pub(crate) interrupts: u32,
    /// The number of the first one.
    pub(crate) first: Option<u8>,
    /// What runs is not waited for any more.
    pub(crate) lost_patience: bool,
}

/// Listens from now on: to Ctrl-C, to a request to end, to the end of the terminal.
pub(crate) fn listen() -> watch::Receiver<Signals> {
    let (signals, listener) = watch::channel(Signals::default());
    for kind in [
        SignalKind::interrupt(),
        SignalKind::terminate(),
        SignalKind::hangup(),
    ] {
        let number = u8::try_from(kind.as_raw_value()).unwrap_or_default();
        // Whoever started this program may want it to heed none: `nohup` does.
        if is_ignored(number) {
            continue;
        }
        let Ok(mut come) = signal(kind) else { continue };
        let signals = signals.clone();
        tokio::spawn(async move {
            while come.recv().await.is_some() {
                let is_first = signals.borrow().first.is_none();
                signals.send_modify(|signals| {
                    signals.interrupts += 1;
                    signals.first.get_or_insert(number);
                });
                if is_first {
                    tokio::spawn(hurry(signals.clone(), number));
                }
            }
        });
    }
    listener
}

async fn hurry(signals: watch::Sender<Signals>, number: u8) {
    tokio::time::sleep(PATIENCE).await;
    signals.send_modify(|signals| signals.interrupts += 1);
    tokio::time::sleep(PATIENCE).await;
    signals.send_modify(|signals| signals.lost_patience = true);
    // Time to write what was done. What still holds this process up then (a reader of its output
    // who does not read) holds it no longer.
    tokio::time::sleep(PATIENCE).await;
    #[allow(clippy::exit)]
    std::process::exit(128 + i32::from(number));
}

/// Whether this process was started to ignore a signal. Where there is no such file nobody can tell.
fn is_ignored(number: u8) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_some_and(|mask| mask >> (number - 1) & 1 == 1)
}
