//! The helper process: evcxr, at the service of the kernel.

use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use evcxr::{CommandContext, CompilationError, Error, EvalCallbacks, EvalContext};

use crate::diagnostic::{Diagnostic, Label, locate, notes};
use crate::helper::{Completion, Completions, Known, WORKSHOP};
use crate::message::{Command, Event, Events, Failure, Located, Outcome, Question};
use crate::system::{self, Signal};
use crate::{FILTER, LIBRARY, footing, warning};

/// Of the memory of the machine, what one process of the group may have for itself.
const SHARE: (u64, u64) = (3, 4);

/// What evcxr is told first: to keep what it has compiled of others' crates, in MB; and to mark the
/// value of a cell's last expression, which is an output like any other otherwise.
const SETTINGS: &str = ":cache 500\n:fmt \u{e000}{:?}";

/// What marks the value of a cell's last expression.
pub(crate) const VALUE: char = '\u{e000}';

/// What is said where evcxr keeps the compiler's error to itself, for it is not of the user's text.
const AROUND: &str = "the cell does not compile inside of what a Rust cell has around it; \
    a type written out, or a function of its own, may help";

/// Serves until the kernel is gone, and gives the exit status.
pub(crate) fn run(folder: &Path) -> i32 {
    let Ok(events) = Events::open(&folder.join(crate::EVENTS)) else {
        return 2;
    };
    if let Some(memory) = system::memory() {
        system::limit_memory(memory / SHARE.1 * SHARE.0);
    }
    let (work, commands) = channel();
    let (answer, answers) = channel();
    let place = folder.to_owned();
    thread::spawn(move || listen(&place, &work, &answer));
    // evcxr begins with a cell of its own.
    let _ = events.send(&Event::Quiet(true));
    let opened = open(folder).and_then(|context| {
        let workshop = std::env::var_os(WORKSHOP).map_or(folder.to_owned(), PathBuf::from);
        let footing = footing::unpack(&workshop).map_err(|error| error.to_string())?;
        Ok((context, footing, workshop))
    });
    match opened {
        Ok((context, footing, workshop)) => {
            let mut host = Host {
                context,
                footing,
                workshop,
                prepared: None,
                events,
                answers,
                cell: String::new(),
            };
            for command in commands {
                if host.obey(command).is_err() {
                    break;
                }
            }
            0
        }
        Err(why) => {
            // The first command is waiting for its answer.
            let failure = Some(match no_toolchain() {
                Some(said) => Failure::NoToolchain(said),
                None => Failure::Unavailable(why),
            });
            let _ = events.reply(&Outcome {
                failure,
                ..Outcome::default()
            });
            1
        }
    }
}

/// What the machine says where there is no compiler to be started: also rustup's `rustc` may have
/// none behind it.
fn no_toolchain() -> Option<String> {
    match Program::new("rustc").arg("--version").output() {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            let before_backtrace = said.split("\n\n").next().unwrap_or_default();
            Some(before_backtrace.trim().to_owned())
        }
        Err(error) => Some(format!("rustc: {error}")),
    }
}

/// Takes the kernel's commands as they come; when the kernel is gone, ends the whole group.
fn listen(folder: &Path, work: &Sender<Command>, answer: &Sender<String>) {
    for line in io::stdin().lock().lines().map_while(Result::ok) {
        let sent = match serde_json::from_str(&line) {
            Ok(Command::Answer(text)) => answer.send(text).is_ok(),
            Ok(command) => work.send(command).is_ok(),
            Err(_) => true,
        };
        if !sent {
            break;
        }
    }
    let _ = fs::remove_dir_all(folder);
    system::signal_group(std::process::id(), Signal::Kill);
}

fn open(folder: &Path) -> Result<CommandContext, String> {
    // evcxr begins with a cell of its own, before it can be told of any dependency; and with the
    // first one it has rust-analyzer read everything anew. Seconds of that are Rust's own library:
    // until then, an empty one does.
    let library = folder.join(LIBRARY);
    let _ = fs::create_dir_all(library.join("core"));
    let context = start(folder);
    let _ = fs::remove_dir_all(library);
    context
}

fn start(folder: &Path) -> Result<CommandContext, String> {
    let mut filter = Program::new(crate::this_program().map_err(|error| error.to_string())?);
    filter.arg(FILTER).arg(folder);
    let (context, outputs) =
        EvalContext::with_subprocess_command(filter).map_err(|error| error.to_string())?;
    // The filter lets nothing of the user's through.
    thread::spawn(move || outputs.stdout.iter().for_each(drop));
    thread::spawn(move || outputs.stderr.iter().for_each(drop));
    let mut context = CommandContext::with_eval_context(context);
    context
        .execute(SETTINGS)
        .map_err(|error| error.to_string())?;
    Ok(context)
}

struct Host {
    context: CommandContext,
    /// The process of the cells that is prepared for them, and what it has begun with.
    prepared: Option<(Option<u32>, String)>,
    /// The commands and the code that lay the footing.
    footing: (String, String),
    /// Where they are compiled.
    workshop: PathBuf,
    events: Events,
    answers: Receiver<String>,
    /// The last cell.
    cell: String,
}

impl Host {
    /// # Errors
    /// The kernel is gone.
    fn obey(&mut self, command: Command) -> io::Result<()> {
        match command {
            Command::Execute {
                prelude,
                before,
                code,
            } => {
                let outcome = self.execute(prelude, &before, code);
                self.events.reply(&outcome)
            }
            Command::Complete(code, at) => {
                let completions = self.complete(&code, at);
                self.events.reply(&completions)
            }
            Command::Inspect(code, at) => {
                let known = self.inspect(&code, at);
                self.events.reply(&known)
            }
            Command::Locate(line, column) => {
                let compiled = self.context.last_source().unwrap_or_default();
                let text = line
                    .checked_sub(1)
                    .and_then(|line| compiled.lines().nth(line));
                self.events.reply(&Located {
                    text: text.unwrap_or_default().trim().to_owned(),
                    place: locate(&compiled, &self.cell, (line, column)),
                })
            }
            // Listened to where it is waited for.
            Command::Answer(_) => Ok(()),
        }
    }

    fn execute(&mut self, prelude: String, before: &str, mut code: String) -> Outcome {
        let mut outcome = Outcome::default();
        let ran = match self.prepare(prelude, before) {
            Ok(()) => {
                warning::forget(&self.workshop);
                let ran = self.run(&code);
                match ran.as_ref().err().and_then(|error| typed(&code, error)) {
                    Some(typed) => {
                        code = typed;
                        self.run(&code).map_err(failure)
                    }
                    None => ran.map_err(failure),
                }
            }
            Err(why) => Err(why),
        };
        self.cell = code;
        match ran {
            Ok(outputs) => {
                let compiled = self.context.last_source().unwrap_or_default();
                outcome.warnings = warning::of(&self.workshop, &compiled, &self.cell);
                outcome.took = outputs.timing;
                outcome.shown = outputs.content_by_mime_type.into_iter().collect();
            }
            Err(failure) => outcome.failure = Some(failure),
        }
        let variables = self.context.variables_and_types();
        outcome.variables = variables
            .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
            .collect();
        outcome.variables.sort();
        outcome
    }

    /// Runs what every process of the cells begins with, where it is a new one, and what this cell
    /// begins with; at once, for each compilation takes its time.
    fn prepare(&mut self, prelude: String, before: &str) -> Result<(), Failure> {
        let (commands, lay) = &self.footing;
        let code = match &self.prepared {
            Some((process, begun)) if *process == self.process() => match *begun == prelude {
                true => before.to_owned(),
                false => format!("{prelude}\n{before}"),
            },
            _ => format!("{commands}\n{prelude}\n{before}\n{lay}"),
        };
        if code.trim().is_empty() {
            return Ok(());
        }
        let _ = self.events.send(&Event::Quiet(true));
        let ran = self.run(&code);
        let _ = self.events.send(&Event::Quiet(false));
        ran.map_err(|error| Failure::Unprepared(error.to_string()))?;
        self.prepared = Some((self.process(), prelude));
        Ok(())
    }

    fn process(&self) -> Option<u32> {
        let handle = self.context.process_handle();
        handle.lock().ok().map(|process| process.id())
    }

    fn run(&mut self, code: &str) -> Result<evcxr::EvalOutputs, Error> {
        // An answer to a question that was given up is not one to the next.
        self.answers.try_iter().for_each(drop);
        let (events, answers) = (&self.events, &self.answers);
        let ask = |question: &Question| -> io::Result<String> {
            events.send(&Event::Asks(serde_json::to_vec(question)?))?;
            answers.recv().map_err(io::Error::other)
        };
        let mut callbacks = EvalCallbacks {
            input_reader: &|request| {
                let question = Question {
                    prompt: request.prompt,
                    secret: request.is_password,
                };
                ask(&question).unwrap_or_default()
            },
        };
        self.context.execute_with_callbacks(code, &mut callbacks)
    }

    fn complete(&mut self, code: &str, at: usize) -> Completions {
        let Ok(found) = self.context.completions(code, at) else {
            return Completions::default();
        };
        let items = found.completions.into_iter().map(|item| Completion {
            text: item.code,
            kind: item.kind.to_owned(),
            detail: item.label,
        });
        Completions {
            start: found.start_offset,
            end: found.end_offset,
            items: items.collect(),
        }
    }

    fn inspect(&mut self, code: &str, at: usize) -> Option<Known> {
        // What it looks at is what ends there; a method with the parenthesis behind it.
        let rest = code.get(at..)?;
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        let called = rest.get(word..).is_some_and(|rest| rest.starts_with('('));
        let end = at + word + usize::from(called);
        let (text, html) = self.context.hover_at(code, end).ok()?;
        let known = text != "No documentation found" && !text.is_empty();
        known.then_some(Known { text, html })
    }
}

/// The code with the type of a number written out, where that is all that is wrong with it: evcxr
/// shows the last expression by a method of its own, before Rust would have made `let n = 5` an
/// `i32`, and hides from itself that there is another way.
fn typed(code: &str, error: &Error) -> Option<String> {
    let Error::CompilationErrors(said) = error else {
        return None;
    };
    let [said] = said.as_slice() else {
        return None;
    };
    let number = "you must specify a type for this binding, like ";
    let kind = said.message();
    let kind = kind.strip_prefix(number)?.trim_matches('`');
    let span = said.spanned_messages().first()?.span?;
    let lines = code.split_inclusive('\n');
    let line: usize = lines
        .take(span.end_line.checked_sub(1)?)
        .map(str::len)
        .sum();
    let mut columns = code.get(line..)?.char_indices();
    let at = line + columns.nth(span.end_column.checked_sub(1)?)?.0;
    let (before, after) = code.split_at_checked(at)?;
    Some(format!("{before}: {kind}{after}"))
}

fn failure(error: Error) -> Failure {
    match error {
        Error::CompilationErrors(said) => {
            // Among them are warnings, also of what earlier cells have defined. An error that evcxr
            // keeps to itself, for it is not of the user's text, leaves nothing else.
            let errors = said.iter().filter(|said| said.level() != "warning");
            let errors: Vec<_> = errors.map(diagnostic).collect();
            match errors.is_empty() {
                true => Failure::Other(AROUND.into()),
                false => Failure::Refused(errors),
            }
        }
        Error::SubprocessTerminated(_) => Failure::Ended,
        error => Failure::Other(error.to_string()),
    }
}

/// What evcxr knows of an error, without what it says twice.
fn diagnostic(error: &CompilationError) -> Diagnostic {
    let labels = error.spanned_messages().iter().filter_map(|message| {
        let span = message.span?;
        let repeats = message.label == format!("error: {}", error.message());
        Some(Label {
            start: (span.start_line, span.start_column),
            end: (span.end_line, span.end_column),
            text: if repeats {
                String::new()
            } else {
                message.label.clone()
            },
            primary: message.is_primary,
        })
    });
    let mut notes = notes(&error.json);
    notes.extend(error.evcxr_extra_hint().map(|hint| format!("note: {hint}")));
    Diagnostic {
        level: error.level().to_owned(),
        code: error.code().map(str::to_owned),
        message: error.message(),
        labels: labels.collect(),
        notes,
    }
}
