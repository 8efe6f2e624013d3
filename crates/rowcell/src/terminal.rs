//! A terminal as the engine's host; it keeps what is shown, for the executed notebook.

use std::io::{ErrorKind, IsTerminal, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use display::{Bundle, Problem};
use query::{Host, Shown, Unanswered};
use tokio::sync::watch;

use crate::signals::{self, Signals};

/// One output of a cell, as a notebook keeps it.
pub(crate) enum Output {
    /// Text on `stdout` or `stderr`.
    Stream(&'static str, String),
    /// The cell's value.
    Result(Bundle),
    /// Another display; with a number, one that updates reach.
    Display(Bundle, Option<u64>),
    /// The error that ended the cell.
    Problem(Problem),
}

/// Prints what a cell shows. A display that is updated is printed when it has its last form.
///
/// What goes to a terminal does nothing there: control characters are made visible, whoever they
/// come from, but for what the user's own Rust code prints.
pub(crate) struct Terminal {
    signals: watch::Receiver<Signals>,
    seen: AtomicU32,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    outputs: Vec<Output>,
    /// The outputs before this one are printed.
    printed: usize,
    /// Why not all could be printed.
    unprinted: Option<String>,
    /// Text comes from the user's own program.
    program: bool,
}

impl Terminal {
    /// Listens for signals from now on.
    pub(crate) fn new() -> Self {
        Terminal {
            signals: signals::listen(),
            seen: AtomicU32::new(0),
            inner: Mutex::default(),
        }
    }

    /// Prints a problem with the place of what has failed, and keeps it.
    pub(crate) fn fail(&self, place: &str, problem: Problem) {
        let mut inner = self.lock();
        inner.print(0);
        let lines = match std::io::stderr().is_terminal() {
            true => problem.traceback().join("\n"),
            false => problem.text(),
        };
        // Its colours are our own; the rest is made visible in it.
        let place = display::visible(place);
        inner.wrote(write_stream("stderr", &format!("{place}: {lines}\n")));
        inner.outputs.push(Output::Problem(problem));
        inner.printed = inner.outputs.len();
    }

    /// Ends a cell: prints what is left, and hands its outputs over.
    pub(crate) fn finish(&self) -> Vec<Output> {
        let mut inner = self.lock();
        inner.print(0);
        inner.printed = 0;
        std::mem::take(&mut inner.outputs)
    }

    /// The signal that ends the run, where one has come.
    pub(crate) fn signal(&self) -> Option<u8> {
        self.signals.borrow().first
    }

    /// Returns when what runs is not waited for any more after a signal.
    pub(crate) async fn lost_patience(&self) {
        let mut signals = self.signals.clone();
        if signals
            .wait_for(|signals| signals.lost_patience)
            .await
            .is_err()
        {
            std::future::pending::<()>().await;
        }
    }

    /// An error where not all could be printed.
    pub(crate) fn printed(&self) -> Result<(), String> {
        match self.lock().unprinted.take() {
            Some(why) => Err(format!("not everything could be printed: {why}")),
            None => Ok(()),
        }
    }

    /// Whether the cells from now on are the user's own programs.
    pub(crate) fn program(&self, is_one: bool) {
        self.lock().program = is_one;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Inner {
    fn take(&mut self, shown: Shown) {
        match shown {
            Shown::Out(text) => self.stream("stdout", "stdout", text),
            Shown::Err(text) => self.stream("stderr", "stderr", text),
            // Printed apart from what the server said, and kept as the kernel shows it.
            Shown::Note(text) => self.stream("stderr", "stdout", text),
            Shown::Result(bundle) => self.outputs.push(Output::Result(bundle)),
            Shown::Page(bundle) => self.outputs.push(Output::Display(bundle, None)),
            Shown::Display(bundle, number) => self.outputs.push(Output::Display(bundle, number)),
            Shown::Update(number, bundle) => {
                for output in &mut self.outputs {
                    if let Output::Display(shown, Some(known)) = output
                        && *known == number
                    {
                        *shown = bundle.clone();
                    }
                }
            }
            // A terminal shows its table only.
            Shown::Browsable(..) => {}
            // What is printed is printed; in the notebook only the latest stays.
            Shown::Clear => {
                self.print(0);
                self.outputs.clear();
                self.printed = 0;
            }
        }
        // The last one may still grow.
        self.print(1);
    }

    fn stream(&mut self, printed: &str, name: &'static str, text: String) {
        // Printed at once: whoever waits should see why.
        self.print(0);
        match self.program {
            true => self.wrote(write_stream(printed, &text)),
            false => self.write(printed, &text),
        }
        match self.outputs.last_mut() {
            Some(Output::Stream(last, so_far)) if *last == name => so_far.push_str(&text),
            _ => self.outputs.push(Output::Stream(name, text)),
        }
        self.printed = self.outputs.len();
    }

    /// Prints all outputs but the last `spare` ones.
    fn print(&mut self, spare: usize) {
        let until = self.outputs.len().saturating_sub(spare);
        for at in self.printed..until {
            if let Output::Result(bundle) | Output::Display(bundle, _) = &self.outputs[at] {
                // psql closes each table with an empty line.
                let text = format!("{}\n\n", bundle.text().trim_end_matches('\n'));
                self.write("stdout", &text);
            }
        }
        self.printed = self.printed.max(until);
    }

    fn write(&mut self, name: &str, text: &str) {
        self.wrote(print_stream(name, text));
    }

    fn wrote(&mut self, done: std::io::Result<()>) {
        match done {
            // A reader that has gone, such as `head`, is no reason to fail.
            Err(error) if error.kind() != ErrorKind::BrokenPipe => {
                self.unprinted.get_or_insert(error.to_string());
            }
            _ => {}
        }
    }
}

/// Prints a text of anybody's. A file or a program behind a pipe gets on standard output what was
/// asked for, byte by byte.
fn print_stream(name: &str, text: &str) -> std::io::Result<()> {
    match name {
        "stdout" if !std::io::stdout().is_terminal() => write_stream(name, text),
        _ => write_stream(name, &display::visible(text)),
    }
}

fn write_stream(name: &str, text: &str) -> std::io::Result<()> {
    match name {
        "stderr" => std::io::stderr().write_all(text.as_bytes()),
        _ => std::io::stdout()
            .write_all(text.as_bytes())
            .and_then(|()| std::io::stdout().flush()),
    }
}

impl Host for Terminal {
    async fn show(&self, shown: Shown) {
        self.lock().take(shown);
    }

    async fn ask(&self, prompt: &str, secret: bool) -> Result<String, Unanswered> {
        if !std::io::stdin().is_terminal() {
            return Err(Unanswered::Nobody);
        }
        let prompt = prompt.to_owned();
        let typed = tokio::task::spawn_blocking(move || match secret {
            true => rpassword::prompt_password(display::visible(&prompt)),
            false => {
                print_stream("stderr", &prompt)?;
                let mut line = String::new();
                std::io::stdin()
                    .read_line(&mut line)
                    .map(|_| line.trim_end_matches(['\r', '\n']).to_owned())
            }
        });
        match typed.await {
            Ok(Ok(text)) => Ok(text),
            _ => Err(Unanswered::Interrupted),
        }
    }

    async fn interrupted(&self) {
        let mut signals = self.signals.clone();
        let seen = self.seen.load(Ordering::SeqCst);
        let more = signals.wait_for(|signals| signals.interrupts > seen);
        if more.await.is_err() {
            // Without a listener there are no interrupts.
            std::future::pending::<()>().await;
        }
        self.seen.store(seen + 1, Ordering::SeqCst);
    }
}

/// A line on standard output.
pub(crate) fn say(line: &str) {
    let _ = print_stream("stdout", &format!("{line}\n"));
}

/// A line on standard error, where there is one.
pub(crate) fn complain(why: &str) {
    if !why.is_empty() {
        let _ = print_stream("stderr", &format!("rowcell: {why}\n"));
    }
}
