//! Waits that may have nothing to wait for, and then never end: for the arms of a `select!`.

use tokio::time::{Instant, sleep_until};

/// Waits until a moment has come.
pub(crate) async fn until(moment: Option<impl Into<Instant>>) {
    match moment {
        Some(moment) => sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

/// Waits until some work is done.
pub(crate) async fn done<F: Future + Unpin>(work: &mut Option<F>) -> F::Output {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}
