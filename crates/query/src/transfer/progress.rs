//! Progress: one line that is updated in place, and replaced by what came of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use display::{Bundle, Problem};
use tokio::time::{Instant, sleep_until};

use super::file_problem;
use crate::host::{Host, Shown};
use crate::query::Run;
use crate::words::{elapsed, size, time};

/// What takes longer than this shows its progress …
const PATIENCE: Duration = Duration::from_millis(500);
/// … and shows it anew this often.
const TICK: Duration = Duration::from_millis(200);

/// How far some work is. Those who do it count, and look whether they should stop.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) rows: AtomicU64,
    pub(crate) bytes: AtomicU64,
    stop: AtomicBool,
}

impl Counts {
    /// Whoever does the work should stop.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether to stop.
    pub(crate) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// What ended the work: what is wrong with a file, or the user's interrupt.
    pub(crate) fn problem(&self, error: files::Error) -> Problem {
        match self.is_stopped() {
            true => Problem::server("ERROR", "57014", error.message),
            false => file_problem(error),
        }
    }
}

/// The line that tells how far some work is.
pub(crate) struct Progress {
    /// What is worked on: `people.csv`.
    what: String,
    started: Instant,
    due: Instant,
    /// The display that shows it.
    shown: Option<u64>,
    counts: Arc<Counts>,
}

impl Progress {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        let started = Instant::now();
        Progress {
            what: what.into(),
            started,
            due: started + PATIENCE,
            shown: None,
            counts: Arc::default(),
        }
    }

    /// Where the work is counted, and hears that it should stop.
    pub(crate) fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Waits for the next piece of the work. Shows meanwhile how far it is, and calls `interrupt`
    /// where the user wants no more of it; the piece is waited for all the same.
    pub(crate) async fn watch<H: Host, T>(
        &mut self,
        run: &mut Run<'_, H>,
        next: impl Future<Output = T>,
        interrupt: impl Fn(),
    ) -> T {
        let mut next = std::pin::pin!(next);
        loop {
            tokio::select! {
                biased;
                () = run.host.interrupted() => {
                    run.interrupted = true;
                    interrupt();
                }
                () = sleep_until(self.due) => self.tick(run).await,
                next = &mut next => return next,
            }
        }
    }

    /// Shows how far the work is.
    async fn tick<H: Host>(&mut self, run: &mut Run<'_, H>) {
        let rows = self.counts.rows.load(Ordering::Relaxed);
        let bytes = self.counts.bytes.load(Ordering::Relaxed);
        let rows = match rows {
            0 => String::new(),
            rows => format!("{rows} rows, "),
        };
        let line = format!(
            "{}: {rows}{}, {} …",
            self.what,
            size(bytes),
            elapsed(self.started.elapsed())
        );
        let bundle = Bundle::plain(line);
        match self.shown {
            Some(number) => run.host.show(Shown::Update(number, bundle)).await,
            None => {
                let number = run.new_display();
                self.shown = Some(number);
                run.host.show(Shown::Display(bundle, Some(number))).await;
            }
        }
        self.due = Instant::now() + TICK;
    }

    /// Says what came of it, in place of the progress where that was shown. How long it took is said
    /// where the user wants to know: a notebook that does the same again is to be the same.
    pub(crate) async fn done<H: Host>(&self, run: &Run<'_, H>, line: String) {
        let took = self.started.elapsed();
        match self.shown {
            Some(number) => {
                let bundle = Bundle::plain(line);
                run.host.show(Shown::Update(number, bundle)).await;
            }
            None => run.out(line + "\n").await,
        }
        if run.settings.timing {
            run.out(time(took)).await;
        }
    }

    /// Leaves no progress on the screen of work that failed.
    pub(crate) async fn failed<H: Host>(&self, run: &Run<'_, H>) {
        if let Some(number) = self.shown {
            let bundle = Bundle::plain(format!("{}: stopped", self.what));
            run.host.show(Shown::Update(number, bundle)).await;
        }
    }
}
