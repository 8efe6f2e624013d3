//! Rust cells: a helper that runs them, started by the first one, and what it says as outputs.

mod door;
mod opened;
mod show;
mod source;

use std::ffi::OsString;
use std::pin::pin;
use std::time::Duration;

use display::{Bundle, Problem};
use query::{Given, Host, Query, RustCell, Shown, There, Unanswered};
use rustcell::{Done, Error, Helper, Output, Setup};
use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until, timeout};

use self::door::Door;
use self::opened::{Opened, says_db};
use self::show::{Shower, problem};

/// How long completion and inspection may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long a cell whose statement was interrupted may take to come to an end by itself.
const GRACE: Duration = Duration::from_millis(400);

/// The Rust cells of a notebook.
#[derive(Default)]
pub(crate) struct Rust {
    /// None before the first cell, and after one that has ended the helper.
    helper: Mutex<Option<Started>>,
}

/// A helper that was started, and its way to the session.
struct Started {
    helper: Helper,
    door: Door,
    given: Given,
    /// Crates that the cells depend on, and whose types `db` is to know.
    features: Vec<&'static str>,
}

/// The crates whose types `db` knows where the cells have them.
const FEATURES: &[&str] = &["chrono", "rust_decimal", "serde_json", "uuid"];

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
    pub(crate) async fn run<H: Host>(
        &self,
        code: &Code<'_>,
        query: &Query,
        host: &H,
    ) -> Result<(), Problem> {
        if !code.rest.is_empty() {
            let why = format!(
                "%%rust takes nothing on its line, and here stands {}",
                code.rest
            );
            return Err(Problem::new("command_error", why));
        }
        let mut started = self.helper.lock().await;
        let mut shower = Shower::new(host, query);
        if let Some(Started { helper, .. }) = started.as_mut()
            && !helper.alive()
        {
            let lost = helper.variables().to_vec();
            shower.note(&show::lost(&lost, true)).await;
            *started = None;
        }
        let in_transaction = query.in_transaction();
        let done = cell(&mut started, code, query, &mut shower).await;
        let result = match done {
            Ok(Done {
                warnings,
                took,
                quit,
            }) => {
                shower.end(true).await;
                if !warnings.is_empty() {
                    let bundle = show::warnings(warnings, code.text);
                    host.show(Shown::Display(bundle, None)).await;
                }
                if let Some(took) = took {
                    let line = format!("Time: {:.3} ms", took.as_secs_f64() * 1000.0);
                    shower.note(&line).await;
                }
                if let Some(lost) = quit {
                    *started = None;
                    shower.note(&show::lost(&lost, true)).await;
                }
                Ok(())
            }
            Err(Stopped::Cell(error)) => {
                shower.end(false).await;
                if show::ends_helper(&error) {
                    *started = None;
                }
                Err(problem(error, code.text))
            }
            Err(Stopped::Before(problem)) => Err(*problem),
        };
        if !in_transaction && query.in_transaction() {
            let line = "This cell has left a transaction open: commit or rollback ends it.\n";
            host.show(Shown::Err(line.into())).await;
        }
        result
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
        let Some(Started { helper, .. }) = helper.as_mut() else {
            return nothing;
        };
        let opened = Opened::of(&code.source(), !has_own_db(helper));
        let found = helper.complete(&opened.code, opened.shift(place));
        match timeout(PATIENCE, found).await {
            Ok(Some(found)) if !found.items.is_empty() => rustcell::Completions {
                start: opened.unshift(found.start) + code.shift(),
                end: opened.unshift(found.end) + code.shift(),
                items: found.items,
            },
            _ => nothing,
        }
    }

    /// What is known of the thing at this byte of a cell.
    pub(crate) async fn inspect(&self, code: &Code<'_>, at: usize) -> Option<Bundle> {
        let mut helper = self.helper.try_lock().ok()?;
        let Started { helper, .. } = helper.as_mut()?;
        let place = at.checked_sub(code.shift())?;
        let opened = Opened::of(&code.source(), !has_own_db(helper));
        let known = helper.inspect(&opened.code, opened.shift(place));
        let known = timeout(PATIENCE, known).await.ok()??;
        Some(Bundle::plain(known.text).with("text/html", known.html))
    }

    /// Ends the helper with all that it has started.
    pub(crate) async fn close(&self) {
        *self.helper.lock().await = None;
    }
}

/// Why a cell has not run to its end.
enum Stopped {
    /// It failed itself.
    Cell(Error),
    /// What it needs could not be had.
    Before(Box<Problem>),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Stopped::Cell(error)
    }
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Stopped::Cell(Error::Unavailable(error.to_string()))
    }
}

/// Runs a cell and shows its outputs; starts a helper where there is none. What the cell asks of the
/// session is answered meanwhile.
async fn cell<H: Host>(
    started: &mut Option<Started>,
    code: &Code<'_>,
    query: &Query,
    shower: &mut Shower<'_, H>,
) -> Result<Done, Stopped> {
    let Started {
        helper,
        door,
        given,
        features,
    } = match started {
        Some(started) => started,
        None => started.insert(start()?),
    };
    let source = code.source();
    let mut wanted = [features.as_slice(), &depended(&source)].concat();
    wanted.sort_unstable();
    wanted.dedup();
    if wanted != *features {
        helper.begin_with(door.prelude(&wanted));
    }
    let interrupts = Notify::new();
    let inside = Inside {
        host: shower.host,
        interrupts: &interrupts,
    };
    let mut serve = pin!(door.serve(query, &inside));
    let work = async {
        // Behind these commands the cells stand on other ground: what it takes away is to be there
        // again for the code.
        let (commands, rest) = source.split_at(rustcell::ground(&source));
        if !commands.is_empty() {
            helper.execute("", commands).await?;
            let statement = || door.is_busy().then_some(&interrupts);
            follow(helper, shower, given, statement).await?;
        }
        let rest = "\n".repeat(commands.matches('\n').count()) + rest;
        let there = There {
            variables: helper.variables(),
            items: helper.items(),
        };
        let values = query.rust_values(&rest, there, given).await;
        let values = values
            .map_err(|problem| Stopped::Before(Box::new(problem)))?
            .unwrap_or_default();
        let opened = Opened::of(&rest, says_db(&rest) && !has_own_db(helper));
        helper.execute(&values, &opened.code).await?;
        let statement = || door.is_busy().then_some(&interrupts);
        match follow(helper, shower, given, statement).await {
            Ok(mut done) => {
                opened.settle_diagnostics(&mut done.warnings);
                Ok(done)
            }
            Err(error) => Err(Stopped::Cell(opened.settle(error))),
        }
    };
    let done = tokio::select! {
        done = work => done,
        never = &mut serve => match never {},
    };
    door.settle(serve).await;
    match done {
        // As before: the next cell may do without what could not be had.
        Err(Stopped::Cell(Error::Unprepared(_))) => helper.begin_with(door.prelude(features)),
        _ => *features = wanted,
    }
    done
}

/// Shows what comes of what was given to be run, up to its end. `statement` is the one of it that runs
/// at the moment, to be interrupted.
async fn follow<'n, H: Host>(
    helper: &mut Helper,
    shower: &mut Shower<'_, H>,
    given: &Given,
    statement: impl Fn() -> Option<&'n Notify>,
) -> Result<Done, Error> {
    let host = shower.host;
    let mut nobody = None;
    let mut grace: Option<Instant> = None;
    loop {
        let output = tokio::select! {
            output = helper.next() => output,
            () = host.interrupted() => {
                match statement() {
                    // A second word of the same: it is being done.
                    _ if grace.is_some() => {}
                    // A statement that is cancelled is an error of the cell's, which may end by it
                    // and keep its variables.
                    Some(statement) => {
                        statement.notify_one();
                        grace = Some(Instant::now() + GRACE);
                    }
                    None => helper.interrupt().await,
                }
                continue;
            }
            () = at(grace) => {
                grace = None;
                helper.interrupt().await;
                continue;
            }
        };
        match output {
            Output::Out(text) => shower.text(Shown::Out(text)).await,
            // That it compiles what the notebook itself has brought is nobody's business.
            Output::Err(text) if text.starts_with("Compiling db v") => {}
            Output::Err(text) => shower.text(Shown::Err(text)).await,
            Output::Gone(mut names) => {
                // A kept result is there again where it is named.
                names.retain(|name| !given.is_result(name));
                if !names.is_empty() {
                    shower.note(&show::gone(&names)).await;
                }
            }
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

/// Whether the cells have a variable of their own that is called `db`.
fn has_own_db(helper: &Helper) -> bool {
    helper.variables().iter().any(|name| name == "db")
}

/// Those of [`FEATURES`] that this code says it depends on.
fn depended(code: &str) -> Vec<&'static str> {
    let lines = code
        .lines()
        .filter_map(|line| line.trim_start().strip_prefix(":dep "));
    let names: Vec<&str> = lines
        .filter_map(|rest| rest.split(['=', ' ']).find(|word| !word.is_empty()))
        .collect();
    let known = FEATURES.iter().copied();
    known.filter(|feature| names.contains(feature)).collect()
}

fn start() -> Result<Started, std::io::Error> {
    let mut door = Door::open()?;
    let setup = Setup {
        environment: door.environment(),
        withheld: query::secret_variables()
            .into_iter()
            .map(OsString::from)
            .collect(),
        prelude: door.prelude(&[]),
        declaring: vec!["db::row".into()],
        lasting: vec!["db".into()],
    };
    let helper = Helper::start(&setup)?;
    door.admit(helper.cells());
    Ok(Started {
        helper,
        door,
        given: Given::default(),
        features: Vec::new(),
    })
}

/// The cell's host, as the statements of its code see it: interrupts reach them when the cell says so.
struct Inside<'h, H> {
    host: &'h H,
    interrupts: &'h Notify,
}

impl<H: Host> Host for Inside<'_, H> {
    async fn show(&self, shown: Shown) {
        self.host.show(shown).await;
    }

    async fn ask(&self, prompt: &str, secret: bool) -> Result<String, Unanswered> {
        self.host.ask(prompt, secret).await
    }

    async fn interrupted(&self) {
        self.interrupts.notified().await;
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}
