//! A script: run from top to bottom as `psql -f` runs a file, to its first problem or past it.

use display::Problem;

use crate::host::Host;
use crate::query::{Query, Run};

/// psql's variable that says whether a script ends at its first problem.
const STOP: &str = "ON_ERROR_STOP";

/// How a script has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// At its end; statements may have failed where that was allowed.
    Done,
    /// At a problem.
    Failed,
    /// Without a connection: none could be made, or the one there was is lost.
    Disconnected,
}

impl Query {
    /// Runs a script. Each problem is handed to `failed`, with the number of the line where what
    /// failed has its end; it answers whether the script may go on after it. It does so where
    /// `ON_ERROR_STOP`, which begins as `stop`, is off by then, and the connection still there.
    pub async fn script<H: Host>(
        &self,
        text: &str,
        host: &H,
        stop: bool,
        mut failed: impl FnMut(Problem, usize) -> bool + Send,
    ) -> Ending {
        let mut settings = self.settings.lock().await;
        if settings.variables.get(STOP).is_none() {
            let value = if stop { "on" } else { "off" };
            // A name that every variable may have.
            let _ = settings.variables.set(STOP, value);
        }
        let mut run = Run::outside(self, host, &mut settings, text);
        loop {
            let problem = match run.step().await {
                Ok(true) => continue,
                Ok(false) => return Ending::Done,
                Err(problem) => problem,
            };
            let lost = run.has_lost(&problem);
            let stop = run.settings.variables.get(STOP).is_some_and(is_on);
            let goes_on = failed(problem, run.cell.line());
            if lost {
                return Ending::Disconnected;
            }
            if stop || !goes_on {
                return Ending::Failed;
            }
        }
    }
}

impl<H: Host> Run<'_, H> {
    fn has_lost(&self, problem: &Problem) -> bool {
        let session = self.on.clone().or_else(|| self.query.connections.current());
        let is_open = session.is_some_and(|session| session.status().connection.is_some());
        !is_open && is_about_connections(problem)
    }
}

/// Whether a problem is of those that come when a connection is made or lost: of the classes of
/// connections, logins, databases, resources and operators, but for a statement that was cancelled.
fn is_about_connections(problem: &Problem) -> bool {
    let code = problem.code.as_deref().unwrap_or_default();
    let fatal = matches!(problem.severity.as_str(), "FATAL" | "PANIC");
    let class = ["08", "28", "3D", "53", "57"]
        .iter()
        .any(|class| code.starts_with(class));
    fatal || class && code != "57014"
}

/// A variable's value as psql takes it where something is on or off.
fn is_on(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    let begins = |word: &str, least: usize| value.len() >= least && word.starts_with(&value);
    value == "1" || begins("on", 2) || begins("true", 1) || begins("yes", 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_are_on() {
        for value in ["1", "on", "ON", "true", "t", "yes", "Y"] {
            assert!(is_on(value), "{value}");
        }
        for value in ["0", "off", "o", "false", "no", "", "2", "only"] {
            assert!(!is_on(value), "{value}");
        }
    }
}
