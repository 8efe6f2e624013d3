//! When a kernel has to end by itself.

use std::io;
use std::time::Duration;

use tokio::time::sleep;

/// How often the parent is looked for.
const LOOK: Duration = Duration::from_secs(1);

/// Ignores SIGINT from now on, and returns a future that resolves on SIGTERM.
///
/// A front end interrupts with a message; a terminal's Ctrl-C, or a launcher that sends SIGINT
/// before every shutdown, must not end the kernel.
#[cfg(unix)]
pub(crate) fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    use tokio::signal::unix::{SignalKind, signal};

    let interrupts = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        // Kept, for a dropped listener may one day restore the default.
        let _interrupts = interrupts;
        terminate.recv().await;
        log::info!("SIGTERM: the kernel ends");
    })
}

/// Ignores Ctrl-C from now on. There is no SIGTERM here.
#[cfg(not(unix))]
pub(crate) fn terminated() -> io::Result<impl Future<Output = ()> + Send> {
    let mut interrupts = tokio::signal::windows::ctrl_c()?;
    Ok(async move { while interrupts.recv().await.is_some() {} })
}

/// Resolves when the process that launched this kernel, and said so in `JPY_PARENT_PID`, is no
/// longer its parent.
#[cfg(unix)]
pub(crate) async fn orphaned() {
    use std::os::unix::process::parent_id;

    let launcher = std::env::var("JPY_PARENT_PID").ok();
    let Some(launcher) = launcher.and_then(|pid| pid.parse::<u32>().ok()) else {
        return std::future::pending().await;
    };
    // A wrapper may stand between the launcher and us: then it is the wrapper that is watched.
    let parent = parent_id();
    let lost = |now: u32| now != parent || (now == 1 && launcher != 1);
    while !lost(parent_id()) {
        sleep(LOOK).await;
    }
    log::info!("the process that launched the kernel has gone: the kernel ends");
}

/// Never resolves: there, launchers end their kernels with a job object.
#[cfg(not(unix))]
pub(crate) async fn orphaned() {
    std::future::pending().await
}
