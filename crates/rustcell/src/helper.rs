//! The kernel's side: starts the helper, has it run cells, and sees to its end.

mod interrupt;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::io;
use std::os::unix::net::UnixDatagram as Direct;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use serde::de::DeserializeOwned;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::net::UnixDatagram;
use tokio::process::{Child, ChildStderr, ChildStdin, Command as Program};
use tokio::time::{Instant, sleep_until, timeout};

use self::interrupt::Interrupted;
use crate::cells::Cells;
use crate::error::Error;
use crate::host::VALUE;
use crate::message::{Command, Event, Failure, Fault, LARGEST, Located, Outcome, Question};
use crate::output::{Completions, Done, Known, Output, Setup};
use crate::places::socket_folder;
use crate::system::{self, Signal};
use crate::text::Text;
use crate::workshop::Workshop;
use crate::{EVENTS, HELPER, LIBRARY};

/// Where evcxr compiles, if it is told.
pub(crate) const WORKSHOP: &str = "EVCXR_TMPDIR";

/// What has this program wrapped around the compiler: for cargo, and for the program itself.
pub(crate) const WRAPPER: [&str; 2] = ["RUSTC_WRAPPER", "EVCXR_RUSTC_WRAPPER"];

/// Where rust-analyzer looks for the source of Rust's own library first.
const SOURCE: &str = "RUST_SRC_PATH";

/// Of what a cell prints, so much is handed on, in bytes; the rest is counted.
const PRINTED: u64 = 10 << 20;
/// An output may be so large, in bytes: beyond, text is cut, and anything else is left out.
const LARGEST_OUTPUT: usize = 64 << 20;
/// The same for plain text.
const LARGEST_TEXT: usize = 1 << 20;
/// Of what is printed while no cell runs, so much is kept for the next one, in events.
const LATE: usize = 100;
/// Of what the helper itself writes, the last lines are told where it crashes.
const LAST_WORDS: usize = 20;
/// How long the search for a place in the cell may take.
const LOCATED: Duration = Duration::from_millis(300);
/// How long what was sent before the helper ended may take to arrive.
const ARRIVING: Duration = Duration::from_millis(50);

/// A helper process with its group. Dropping it ends them all.
pub struct Helper {
    child: Child,
    group: u32,
    commands: ChildStdin,
    complaints: Option<Lines<BufReader<ChildStderr>>>,
    last_words: VecDeque<String>,
    events: UnixDatagram,
    /// The same socket, read at once.
    direct: Direct,
    buffer: Vec<u8>,
    /// What was read at once and is to be heard next.
    heard: VecDeque<Event>,
    /// Answers that were asked for, and those that have come.
    asked: u64,
    answered: u64,
    part: Vec<u8>,
    /// Whether it has answered ever.
    started: bool,
    /// Whether what is written is of no cell.
    quiet: bool,
    variables: Vec<String>,
    items: Vec<String>,
    prelude: String,
    declaring: Vec<String>,
    /// The processes that stay while only the compiler runs.
    cells: Cells,
    cell: Running,
    late: VecDeque<Output>,
    _folder: TempDir,
    _workshop: Option<Workshop>,
}

/// The cell that runs.
#[derive(Default)]
struct Running {
    /// Outputs that are ready.
    outputs: VecDeque<Output>,
    content: Option<(String, Vec<u8>, usize)>,
    out: Text,
    err: Text,
    printed: u64,
    fault: Option<Fault>,
    /// Whether compiled code runs, not the compiler.
    runs: bool,
    asks: bool,
    /// Whether it was interrupted.
    interrupted: Option<Interrupted>,
}

/// What the helper has to tell.
enum News {
    Event(Event),
    Complaint(String),
    Stage,
    Ended(ExitStatus),
}

impl Helper {
    /// Starts a helper. It takes some seconds until it runs its first cell; nothing waits for that
    /// here.
    ///
    /// # Errors
    /// The system's.
    pub fn start(setup: &Setup) -> io::Result<Self> {
        let folder = socket_folder("rowcell-rust-")?;
        let direct = Direct::bind(folder.path().join(EVENTS))?;
        direct.set_nonblocking(true)?;
        let events = UnixDatagram::from_std(direct.try_clone()?)?;
        let workshop = match std::env::var_os(WORKSHOP) {
            Some(_) => None,
            None => Workshop::take(&setup.lasting),
        };
        let this = crate::this_program()?;
        let mut program = Program::new(&this);
        // evcxr has its wrapper around the compiler only with a cache; and without the wrapper it
        // takes a library from where its search path for others does not fit.
        program.envs(WRAPPER.map(|name| (name, &this)));
        match &workshop {
            Some(workshop) => {
                program.env(WORKSHOP, workshop.path());
            }
            None if std::env::var_os(WORKSHOP).is_some() => {}
            // There is no cache to keep one in, or none is free.
            None => {
                program.env(WORKSHOP, folder.path().join("workshop"));
            }
        }
        for name in &setup.withheld {
            program.env_remove(name);
        }
        if std::env::var_os(SOURCE).is_none() {
            program.env(SOURCE, folder.path().join(LIBRARY));
        }
        let mut child = program
            .arg0("rowcell")
            .arg(HELPER)
            .arg(folder.path())
            .env("PATH", path_with_cargo())
            // Where it is off, evcxr takes the cell before from its cache for this one.
            .env_remove("CARGO_INCREMENTAL")
            .envs(setup.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let gone = || io::Error::other("the helper has ended at once");
        let complaints = child
            .stderr
            .take()
            .map(|stderr| BufReader::new(stderr).lines());
        Ok(Helper {
            group: child.id().ok_or_else(gone)?,
            commands: child.stdin.take().ok_or_else(gone)?,
            complaints,
            child,
            last_words: VecDeque::new(),
            events,
            direct,
            buffer: Vec::with_capacity(LARGEST + 1),
            heard: VecDeque::new(),
            asked: 0,
            answered: 0,
            part: Vec::new(),
            started: false,
            quiet: false,
            variables: Vec::new(),
            items: Vec::new(),
            prelude: setup.prelude.clone(),
            declaring: setup.declaring.clone(),
            cells: Cells::default(),
            cell: Running::default(),
            late: VecDeque::new(),
            _folder: folder,
            _workshop: workshop,
        })
    }

    /// Whether it has not ended.
    pub fn alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// The names of the variables that the cells have.
    pub fn variables(&self) -> &[String] {
        &self.variables
    }

    /// The names of functions, types and all else that the cells have declared.
    pub fn items(&self) -> &[String] {
        &self.items
    }

    /// The processes of the cells, to know them by.
    pub fn cells(&self) -> Cells {
        self.cells.clone()
    }

    /// Has the processes of the cells begin with this from now on, and the one that runs catch up.
    pub fn begin_with(&mut self, prelude: String) {
        self.prelude = prelude;
    }

    /// Has a cell run: take its outputs with [`Helper::next`] until it is done. Nothing is shown of
    /// what is to be run `before` it, such as types made for it; empty is nothing.
    ///
    /// # Errors
    /// The helper has ended.
    pub async fn execute(&mut self, before: &str, code: &str) -> io::Result<()> {
        self.cell = Running::default();
        self.cell.outputs.append(&mut self.late);
        let command = Command::Execute {
            prelude: self.prelude.clone(),
            before: before.to_owned(),
            code: code.to_owned(),
            declaring: self.declaring.clone(),
        };
        self.ask(&command).await
    }

    /// The next output of the cell that runs. Dropping the future loses none.
    pub async fn next(&mut self) -> Output {
        loop {
            if let Some(output) = self.cell.outputs.pop_front() {
                return output;
            }
            match self.news().await {
                News::Event(Event::Reply(json)) => {
                    let outcome = self.done(&json).await;
                    self.cell.outputs.push_back(Output::Done(outcome));
                }
                News::Event(event) => self.take(event),
                News::Complaint(line) => {
                    // What cargo compiles of others' crates is worth knowing, for it takes a while.
                    if line.trim_start().starts_with("Compiling ") {
                        let line = format!("{}\n", line.trim_start());
                        self.cell.outputs.push_back(Output::Err(line));
                    }
                    self.keep(line);
                }
                News::Stage => self.go_on_interrupting(),
                News::Ended(status) => {
                    let outcome = self.ended(status).await;
                    self.cell.outputs.push_back(Output::Done(outcome));
                }
            }
        }
    }

    /// Answers the question of the cell that runs.
    pub async fn answer(&mut self, text: &str) {
        self.cell.asks = false;
        // One line is what is asked for.
        let line = text.lines().next().unwrap_or_default().to_owned();
        let _ = self.send(&Command::Answer(line)).await;
    }

    /// What fits at this byte of a cell.
    pub async fn complete(&mut self, code: &str, at: usize) -> Option<Completions> {
        let command = Command::Complete(code.to_owned(), at);
        self.ask(&command).await.ok()?;
        self.answer_to_question().await
    }

    /// What is known of the thing at this byte of a cell.
    pub async fn inspect(&mut self, code: &str, at: usize) -> Option<Known> {
        let command = Command::Inspect(code.to_owned(), at);
        self.ask(&command).await.ok()?;
        self.answer_to_question::<Option<Known>>().await?
    }

    async fn ask(&mut self, command: &Command) -> io::Result<()> {
        self.asked += 1;
        match self.send(command).await {
            // It has ended; what it has said of that is still to be read.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            sent => sent,
        }
    }

    async fn send(&mut self, command: &Command) -> io::Result<()> {
        let mut line = serde_json::to_vec(command)?;
        line.push(b'\n');
        self.commands.write_all(&line).await?;
        self.commands.flush().await
    }

    /// The answer, while no cell runs. What comes before it is kept for the next cell.
    async fn answer_to_question<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            match self.news().await {
                News::Event(Event::Reply(json)) => return serde_json::from_slice(&json).ok(),
                News::Event(event) => {
                    self.take(event);
                    self.late.append(&mut self.cell.outputs);
                    self.late.truncate(LATE);
                }
                News::Complaint(line) => self.keep(line),
                News::Stage => {}
                News::Ended(_) => return None,
            }
        }
    }

    /// Dropping the future loses nothing.
    async fn news(&mut self) -> News {
        loop {
            if let Some(event) = self.heard.pop_front() {
                return News::Event(event);
            }
            let stage = self
                .cell
                .interrupted
                .as_ref()
                .map(|interrupted| interrupted.next);
            let complaints = async {
                match &mut self.complaints {
                    Some(lines) => lines.next_line().await.ok().flatten(),
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                received = self.events.recv_buf(&mut self.buffer) => {
                    let event = received.ok().and_then(|_| Event::read(&self.buffer));
                    self.buffer.clear();
                    if let Some(event) = event.and_then(|event| self.current(event)) {
                        return News::Event(event);
                    }
                }
                line = complaints => match line {
                    Some(line) => return News::Complaint(line),
                    None => self.complaints = None,
                },
                () = sleep_until(stage.unwrap_or_else(Instant::now)), if stage.is_some() => {
                    return News::Stage;
                }
                status = self.child.wait() => return News::Ended(status.unwrap_or_default()),
            }
        }
    }

    /// An event that means something now: an answer is whole, and to the last question.
    fn current(&mut self, event: Event) -> Option<Event> {
        match event {
            Event::Part(bytes) => {
                self.part.extend(bytes);
                None
            }
            Event::Reply(bytes) => {
                self.started = true;
                self.answered += 1;
                let mut whole = std::mem::take(&mut self.part);
                whole.extend(bytes);
                (self.answered == self.asked).then_some(Event::Reply(whole))
            }
            event => Some(event),
        }
    }

    fn take(&mut self, event: Event) {
        let cell = &mut self.cell;
        match event {
            Event::Quiet(quiet) => self.quiet = quiet,
            Event::Gone(json) => {
                let names: Vec<String> = serde_json::from_slice(&json).unwrap_or_default();
                self.variables.retain(|name| !names.contains(name));
                cell.outputs.push_back(Output::Gone(names));
            }
            Event::Stdout(_) | Event::Begin(_) if self.quiet => {}
            Event::Stderr(bytes) if self.quiet => {
                let text = String::from_utf8_lossy(&bytes);
                text.lines().for_each(|line| self.keep(line.to_owned()));
            }
            // What is not shown is only counted.
            Event::Stdout(bytes) | Event::Stderr(bytes) if cell.printed >= PRINTED => {
                cell.printed += bytes.len() as u64;
            }
            Event::Stdout(bytes) => {
                let text = cell.out.decode(&bytes);
                cell.print(Output::Out, text);
            }
            Event::Stderr(bytes) => {
                let text = cell.err.decode(&bytes);
                cell.print(Output::Err, text);
            }
            Event::Begin(mime) => cell.content = Some((mime, Vec::new(), 0)),
            Event::Content(bytes) => {
                if let Some((_, content, length)) = &mut cell.content {
                    *length += bytes.len();
                    if content.len() <= LARGEST_OUTPUT {
                        content.extend(bytes);
                    }
                }
            }
            Event::End => cell.end_content(),
            Event::Fault(json) => cell.fault = serde_json::from_slice(&json).ok(),
            Event::Runs => cell.runs = true,
            Event::Rests => cell.runs = false,
            Event::Spare(processes) => {
                self.cells.are(&processes);
                cell.runs = false;
            }
            Event::Asks(json) => {
                if let Ok(Question { prompt, secret }) = serde_json::from_slice(&json) {
                    cell.asks = true;
                    cell.outputs.push_back(Output::Ask { prompt, secret });
                }
            }
            Event::Part(_) | Event::Reply(_) => {}
        }
    }

    async fn done(&mut self, json: &[u8]) -> Result<Done, Error> {
        self.cell.finish();
        let outcome: Outcome = serde_json::from_slice(json).unwrap_or_default();
        let before = std::mem::take(&mut self.variables);
        self.items = outcome.items;
        self.variables = outcome
            .variables
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let lost = before
            .into_iter()
            .filter(|name| !self.variables.contains(name))
            .collect();
        if self.cell.interrupted.take().is_some() {
            return Err(Error::Interrupted { lost, all: false });
        }
        let shown = outcome.shown.into_iter();
        for (mime, data) in shown.filter(|(_, data)| !data.trim().is_empty()) {
            let value = false;
            let content = Output::Content { mime, data, value };
            self.cell.outputs.push_back(content);
        }
        match (outcome.failure, self.cell.fault.take()) {
            (Some(Failure::NoToolchain(said)), _) => Err(Error::NoToolchain(said)),
            (Some(Failure::Unavailable(why)), _) => {
                Err(Error::Unavailable(self.with_last_words(why)))
            }
            (Some(Failure::Refused(diagnostics)), _) => Err(Error::Refused(diagnostics)),
            (Some(Failure::Unprepared(why)), _) => {
                Err(Error::Unprepared(self.with_last_words(why)))
            }
            (Some(Failure::Other(why)), _) => Err(Error::Other(why)),
            (Some(Failure::Ended), fault) => Err(Error::Ended {
                how: how_it_ended(fault.as_ref()),
                lost,
            }),
            (None, Some(Fault::Returned(message))) => Err(Error::Returned(message)),
            (None, Some(fault)) => Err(self.panicked(fault).await),
            (None, None) => Ok(Done {
                warnings: outcome.warnings,
                took: outcome.took,
                quit: None,
            }),
        }
    }

    async fn panicked(&mut self, fault: Fault) -> Error {
        let Fault::Panic {
            message,
            file,
            line,
            column,
        } = fault
        else {
            return Error::Panicked {
                message: "the cell has panicked".into(),
                source: String::new(),
                place: None,
            };
        };
        if file == "src/lib.rs" && self.ask(&Command::Locate(line, column)).await.is_ok() {
            let located = timeout(LOCATED, self.answer_to_question::<Located>()).await;
            if let Ok(Some(Located { text, place })) = located {
                return Error::Panicked {
                    message,
                    source: text,
                    place,
                };
            }
        }
        Error::Panicked {
            message,
            source: format!("{file}:{line}:{column}"),
            place: None,
        }
    }

    async fn ended(&mut self, status: ExitStatus) -> Result<Done, Error> {
        system::signal_group(self.group, Signal::Kill);
        // What was said before the end.
        loop {
            let event = match self.heard.pop_front() {
                Some(event) => Some(event),
                None => match timeout(ARRIVING, self.events.recv_buf(&mut self.buffer)).await {
                    Ok(Ok(_)) => {
                        let event = Event::read(&self.buffer);
                        self.buffer.clear();
                        event.and_then(|event| self.current(event))
                    }
                    _ => break,
                },
            };
            match event {
                Some(Event::Reply(json)) => return self.done(&json).await,
                Some(event) => self.take(event),
                None => {}
            }
        }
        if let Some(lines) = &mut self.complaints {
            while let Ok(Ok(Some(line))) = timeout(ARRIVING, lines.next_line()).await {
                if self.last_words.len() == LAST_WORDS {
                    self.last_words.pop_front();
                }
                self.last_words.push_back(line);
            }
        }
        self.cell.finish();
        let lost = std::mem::take(&mut self.variables);
        if self.cell.interrupted.take().is_some() {
            return Err(Error::Interrupted { lost, all: true });
        }
        if status.success() {
            return Ok(Done {
                quit: Some(lost),
                ..Done::default()
            });
        }
        Err(Error::Crashed {
            said: self.with_last_words(status.to_string()),
            lost,
        })
    }

    fn with_last_words(&mut self, why: String) -> String {
        let mut said: Vec<_> = self.last_words.drain(..).collect();
        said.push(why);
        said.join("\n")
    }

    fn keep(&mut self, line: String) {
        if self.last_words.len() == LAST_WORDS {
            self.last_words.pop_front();
        }
        self.last_words.push_back(line);
    }
}

impl Drop for Helper {
    fn drop(&mut self) {
        // Not yet waited for, so its number is still its own.
        if self.alive() {
            system::signal_group(self.group, Signal::Kill);
        }
    }
}

impl Running {
    fn print(&mut self, kind: fn(String) -> Output, text: String) {
        self.printed += text.len() as u64;
        if !text.is_empty() {
            self.outputs.push_back(kind(text));
        }
    }

    fn end_content(&mut self) {
        let Some((mime, content, length)) = self.content.take() else {
            return;
        };
        let mut data = String::from_utf8_lossy(&content).into_owned();
        let limit = match mime.as_str() {
            "text/plain" => LARGEST_TEXT,
            _ => LARGEST_OUTPUT,
        };
        let value = data.starts_with(VALUE);
        data = data.replacen(VALUE, "", 1);
        if length > limit {
            if mime != "text/plain" {
                let note =
                    format!("An output of {length} bytes ({mime}) is too large to be shown.\n");
                return self.outputs.push_back(Output::Err(note));
            }
            data.truncate(data.floor_char_boundary(limit));
            data += &format!("… ({limit} of {length} bytes shown)");
        }
        self.outputs
            .push_back(Output::Content { mime, data, value });
    }

    /// Hands out what is left when the cell is done.
    fn finish(&mut self) {
        self.end_content();
        let (out, err) = (self.out.finish(), self.err.finish());
        self.print(Output::Out, out);
        self.print(Output::Err, err);
        if self.printed > PRINTED {
            let rest = (self.printed - PRINTED) as f64 / f64::from(1 << 20);
            let note =
                format!("\n(The cell has printed {rest:.1} MB more, which are not shown.)\n");
            self.outputs.push_back(Output::Err(note));
        }
    }
}

fn how_it_ended(fault: Option<&Fault>) -> String {
    match fault {
        Some(Fault::Ended {
            out_of_memory: true,
            ..
        }) => "The code wants more memory than there is".into(),
        Some(Fault::Ended { signal: Some(number), .. }) => match number {
            6 => "The code has aborted its process (SIGABRT)".into(),
            9 => "The process of the code was killed (SIGKILL): the machine may have run out of memory".into(),
            11 | 7 => "The code has touched memory that is not its own (SIGSEGV): endless recursion, or unsafe code".into(),
            number => format!("The process of the code was ended by signal {number}"),
        },
        Some(Fault::Ended { code: Some(code), .. }) => {
            format!("The code has ended its process with exit status {code}")
        }
        _ => "The process of the code has ended".into(),
    }
}

/// The search path, with cargo's own folder at its end: a kernel that a desktop starts does not have it.
fn path_with_cargo() -> OsString {
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    let cargo = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    if let Some(cargo) = cargo
        .map(|folder| folder.join("bin"))
        .filter(|folder| Path::is_dir(folder))
    {
        path.push(":");
        path.push(cargo);
    }
    path
}
