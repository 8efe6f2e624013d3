//! A host for tests: keeps what is shown, gives the answers it was told to give, and interrupts.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use query::{Host, Shown, Unanswered};
use tokio::sync::{Notify, Semaphore};

/// Whoever runs a cell, as a test plays it.
pub(crate) struct Recorder {
    shown: Mutex<Vec<Shown>>,
    news: Notify,
    answers: Mutex<VecDeque<Result<String, Unanswered>>>,
    asked: Mutex<Vec<(String, bool)>>,
    interrupts: Semaphore,
}

impl Recorder {
    pub(crate) fn new() -> Recorder {
        Recorder {
            shown: Mutex::default(),
            news: Notify::new(),
            answers: Mutex::default(),
            asked: Mutex::default(),
            interrupts: Semaphore::new(0),
        }
    }

    /// The user presses the button.
    pub(crate) fn interrupt(&self) {
        self.interrupts.add_permits(1);
    }

    /// The user presses the button after a while.
    pub(crate) async fn interrupt_after(&self, time: Duration) {
        tokio::time::sleep(time).await;
        self.interrupt();
    }

    /// The user presses the button once something is shown that is so.
    pub(crate) async fn interrupt_once(&self, is_so: impl Fn(&Shown) -> bool) {
        self.until(is_so).await;
        self.interrupt();
    }

    /// Forgets an interrupt that nothing has taken; says whether there was one.
    pub(crate) fn calm(&self) -> bool {
        self.interrupts.forget_permits(1) == 1
    }

    /// What the next question is answered with. Without one, nobody is there.
    pub(crate) fn will_answer(&self, answer: Result<&str, Unanswered>) {
        lock(&self.answers).push_back(answer.map(str::to_owned));
    }

    /// The questions asked so far, and whether the answer was to be hidden.
    pub(crate) fn asked(&self) -> Vec<(String, bool)> {
        lock(&self.asked).clone()
    }

    /// Everything shown so far, in order; forgets it.
    pub(crate) fn take(&self) -> Vec<Shown> {
        std::mem::take(&mut *lock(&self.shown))
    }

    /// Returns once something is shown that is so.
    pub(crate) async fn until(&self, is_so: impl Fn(&Shown) -> bool) {
        let seen = async {
            loop {
                let news = self.news.notified();
                if lock(&self.shown).iter().any(&is_so) {
                    return;
                }
                news.await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(10), seen).await;
        assert!(waited.is_ok(), "never shown; instead: {:#?}", self.take());
    }
}

impl Host for Recorder {
    async fn show(&self, shown: Shown) {
        lock(&self.shown).push(shown);
        self.news.notify_waiters();
    }

    async fn ask(&self, prompt: &str, secret: bool) -> Result<String, Unanswered> {
        lock(&self.asked).push((prompt.to_owned(), secret));
        lock(&self.answers)
            .pop_front()
            .unwrap_or(Err(Unanswered::Nobody))
    }

    async fn interrupted(&self) {
        self.interrupts.acquire().await.unwrap().forget();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
