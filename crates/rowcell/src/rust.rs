//! Rust cells: a helper that runs them, started by the first one, and what it says as outputs.

mod show;

use std::time::Duration;

use display::{Bundle, Problem};
use query::{Host, RustCell, Shown, Unanswered};
use rustcell::{Done, Error, Helper, Output, Setup};
use tokio::sync::Mutex;
use tokio::time::timeout;

use self::show::{Shower, problem};

/// How long completion and inspection may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The Rust cells of a notebook.
#[derive(Default)]
pub(crate) struct Rust {
    /// None before the first cell, and after one that has ended the helper.
    helper: Mutex<Option<Helper>>,
}

/// A cell to be run as Rust.
pub(crate) struct Code<'a> {
    /// The whole cell.
    text: &'a str,
    /// Where its Rust begins, in bytes.
    body: usize,
    /// What stands behind `%%rust`.
    rest: &'a str,
}

impl<'a> Code<'a> {
    /// The cell as Rust, if its first line says so, or the front end does.
    pub(crate) fn of(text: &'a str, language: Option<&str>) -> Option<Self> {
        let (body, rest) = match RustCell::of(text) {
            Some(cell) => (cell.body, cell.rest),
            None if language == Some("rust") => (0, ""),
            None => return None,
        };
        Some(Code { text, body, rest })
    }

    /// Whether this byte of the cell is one of its Rust.
    pub(crate) fn holds(&self, at: usize) -> bool {
        at >= self.body
    }

    /// The code with as many lines as the cell has, so that the compiler counts as the user does.
    fn source(&self) -> String {
        let (head, body) = self.text.split_at(self.body);
        "\n".repeat(head.matches('\n').count()) + body
    }

    /// A place of the cell, in bytes, as one of [`Code::source`]; and back.
    fn shift(&self) -> usize {
        let head = self.text.get(..self.body).unwrap_or_default();
        head.len() - head.matches('\n').count()
    }
}

impl Rust {
    /// Runs a cell.
    ///
    /// # Errors
    /// What the compiler says, or how the code has ended.
    pub(crate) async fn run<H: Host>(&self, code: &Code<'_>, host: &H) -> Result<(), Problem> {
        if !code.rest.is_empty() {
            let why = format!(
                "%%rust takes nothing on its line, and here stands {}",
                code.rest
            );
            return Err(Problem::new("command_error", why));
        }
        let mut helper = self.helper.lock().await;
        let mut shower = Shower::new(host);
        if let Some(before) = helper.as_mut()
            && !before.alive()
        {
            let lost = before.variables().to_vec();
            shower.note(&show::lost(&lost, true)).await;
            *helper = None;
        }
        let done = cell(&mut helper, code, &mut shower).await;
        match done {
            Ok(Done { took, quit }) => {
                shower.end(true).await;
                if let Some(took) = took {
                    let line = format!("Time: {:.3} ms", took.as_secs_f64() * 1000.0);
                    shower.note(&line).await;
                }
                if let Some(lost) = quit {
                    *helper = None;
                    shower.note(&show::lost(&lost, true)).await;
                }
                Ok(())
            }
            Err(error) => {
                shower.end(false).await;
                if show::ends_helper(&error) {
                    *helper = None;
                }
                Err(problem(error, code.text))
            }
        }
    }

    /// What fits at this byte of a cell; nothing while a cell runs, or before the first one.
    pub(crate) async fn complete(&self, code: &Code<'_>, at: usize) -> rustcell::Completions {
        let nothing = rustcell::Completions {
            start: at,
            end: at,
            items: Vec::new(),
        };
        let (Ok(mut helper), Some(place)) = (self.helper.try_lock(), at.checked_sub(code.shift()))
        else {
            return nothing;
        };
        let Some(helper) = helper.as_mut() else {
            return nothing;
        };
        let found = timeout(PATIENCE, helper.complete(&code.source(), place)).await;
        match found {
            Ok(Some(found)) if !found.items.is_empty() => rustcell::Completions {
                start: found.start + code.shift(),
                end: found.end + code.shift(),
                items: found.items,
            },
            _ => nothing,
        }
    }

    /// What is known of the thing at this byte of a cell.
    pub(crate) async fn inspect(&self, code: &Code<'_>, at: usize) -> Option<Bundle> {
        let mut helper = self.helper.try_lock().ok()?;
        let helper = helper.as_mut()?;
        let place = at.checked_sub(code.shift())?;
        let known = timeout(PATIENCE, helper.inspect(&code.source(), place)).await;
        let known = known.ok()??;
        Some(Bundle::plain(known.text).with("text/html", known.html))
    }

    /// Ends the helper with all that it has started.
    pub(crate) async fn close(&self) {
        *self.helper.lock().await = None;
    }
}

/// Runs a cell and shows its outputs; starts a helper where there is none.
async fn cell<H: Host>(
    helper: &mut Option<Helper>,
    code: &Code<'_>,
    shower: &mut Shower<'_, H>,
) -> Result<Done, Error> {
    let unavailable = |error: std::io::Error| Error::Unavailable(error.to_string());
    let helper = match helper {
        Some(helper) => helper,
        None => helper.insert(Helper::start(&Setup::default()).map_err(unavailable)?),
    };
    helper.execute(&code.source()).await.map_err(unavailable)?;
    let host = shower.host;
    let mut nobody = None;
    loop {
        let output = tokio::select! {
            output = helper.next() => output,
            () = host.interrupted() => {
                helper.interrupt().await;
                continue;
            }
        };
        match output {
            Output::Out(text) => shower.text(Shown::Out(text)).await,
            Output::Err(text) => shower.text(Shown::Err(text)).await,
            Output::Content { mime, data, value } => shower.content(mime, data, value).await,
            Output::Ask { prompt, secret } => match host.ask(&prompt, secret).await {
                Ok(answer) => helper.answer(&answer).await,
                Err(unanswered) => {
                    if unanswered == Unanswered::Nobody {
                        nobody = Some("The cell asks for input, and nobody is here to type it");
                    }
                    helper.interrupt().await;
                }
            },
            Output::Done(done) => {
                return match (nobody, done) {
                    (Some(why), Err(Error::Interrupted { lost, all: false })) => {
                        Err(Error::Ended {
                            how: why.into(),
                            lost,
                        })
                    }
                    (_, done) => done,
                };
            }
        }
    }
}
