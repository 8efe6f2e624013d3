//! The helper process: evcxr, at the service of the kernel.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use evcxr::{CommandContext, CompilationError, Error, EvalCallbacks, EvalContext, EvalOutputs};

use crate::diagnostic::{Diagnostic, Label, locate, notes};
use crate::helper::WORKSHOP;
use crate::hoist::hoist;
use crate::items::{self, Items};
use crate::local::LocalCrates;
use crate::message::{Command, Event, Events, Failure, Located, Outcome, Question};
use crate::output::{Completion, Completions, Known};
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
                items: Items::default(),
                crates: LocalCrates::default(),
                told: HashSet::new(),
                gone: Vec::new(),
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
    /// What the cells have declared.
    items: Items,
    /// Crates of the user's own.
    crates: LocalCrates,
    /// The commands that have been told, of those that change the ground the cells stand on.
    told: HashSet<(String, String)>,
    /// The variables that the cell was told it has no longer.
    gone: Vec<String>,
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
                declaring,
            } => {
                let outcome = self.execute(prelude, &before, hoist(&code, &declaring));
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
        self.gone.clear();
        let edited = self.crates.edited();
        if self
            .items
            .reach(&edited, self.context.variables_and_types())
        {
            // What they were is not compiled any more, so nothing could drop them as that.
            let variables = self.variables();
            self.restart();
            self.tell_gone(variables);
        }
        let ran = self
            .prepare(&prelude, before)
            .and_then(|()| self.cell(&mut code).map_err(failure));
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
        let items = self.context.defined_item_names();
        outcome.items = items.map(str::to_owned).collect();
        outcome
    }

    /// Runs the user's code.
    fn cell(&mut self, code: &mut String) -> Result<EvalOutputs, Error> {
        warning::forget(&self.workshop);
        if items::ground(code) == code.len() && !code.is_empty() {
            return self.commands(code);
        }
        let ran = self.run(code);
        match ran.as_ref().err().and_then(|error| typed(code, error)) {
            Some(typed) => {
                *code = typed;
                self.run(code)
            }
            None => ran,
        }
    }

    /// Runs commands behind which the cells stand on other ground. The variables of a crate that is
    /// another one are no longer what they were, and evcxr is to find out before the next cell does:
    /// it would forget with them what that declares by their names.
    fn commands(&mut self, commands: &str) -> Result<EvalOutputs, Error> {
        let told: HashSet<(String, String)> = items::told(commands)
            .map(|(command, rest)| (command.to_owned(), rest.trim().to_owned()))
            .collect();
        let is_told = |word: &str| told.iter().any(|(command, _)| command == word);
        if is_told(":restart") {
            // Behind its own word for it alone, evcxr still reckons with the variables.
            self.restart();
        }
        let clears = is_told(":clear");
        if clears {
            self.told.clear();
        }
        let outputs = match clears || self.variables().is_empty() || told.is_subset(&self.told) {
            true => self.run(commands)?,
            // With a statement, evcxr looks at what the variables are now.
            false => self.quietly(&format!("{commands}\n();"))?,
        };
        self.learn(told);
        Ok(outputs)
    }

    fn learn(&mut self, commands: HashSet<(String, String)>) {
        for (command, rest) in &commands {
            if command == ":dep" {
                self.crates.add(rest);
            }
        }
        self.told.extend(commands);
    }

    fn variables(&self) -> Vec<String> {
        let variables = self.context.variables_and_types();
        variables.map(|(name, _)| name.to_owned()).collect()
    }

    /// Runs code of which nothing is shown but which variables are gone with it.
    fn quietly(&mut self, code: &str) -> Result<EvalOutputs, Error> {
        let before = self.variables();
        let _ = self.events.send(&Event::Quiet(true));
        let ran = self.run(code);
        let _ = self.events.send(&Event::Quiet(false));
        let after = self.variables();
        let is_told = |name: &String| after.contains(name) || self.gone.contains(name);
        let mut gone: Vec<_> = before.into_iter().filter(|name| !is_told(name)).collect();
        gone.sort();
        if ran.is_ok() && !gone.is_empty() {
            self.tell_gone(gone);
        }
        ran
    }

    /// Runs what every process of the cells begins with, where it is a new one, and what this cell
    /// begins with; at once, for each compilation takes its time.
    fn prepare(&mut self, prelude: &str, before: &str) -> Result<(), Failure> {
        let (commands, lay) = &self.footing;
        let codes = match &self.prepared {
            Some((process, begun)) if *process == self.process() => {
                let again = if begun == prelude { "" } else { prelude };
                [again.to_owned(), before.to_owned()]
            }
            _ => [
                format!("{commands}\n{prelude}\n{before}\n{lay}"),
                String::new(),
            ],
        };
        for code in codes.iter().filter(|code| !code.trim().is_empty()) {
            self.quietly(code)
                .map_err(|error| Failure::Unprepared(error.to_string()))?;
        }
        self.prepared = Some((self.process(), prelude.to_owned()));
        Ok(())
    }

    fn process(&self) -> Option<u32> {
        let handle = self.context.process_handle();
        handle.lock().ok().map(|process| process.id())
    }

    /// Runs code as evcxr does, and sees to it that no variable outlives its type, nor its process.
    fn run(&mut self, code: &str) -> Result<EvalOutputs, Error> {
        let new = Items::of(code);
        let variables = self.context.variables_and_types();
        let concerned = self.items.concerned(&new, variables);
        if !concerned.is_empty() {
            self.check(code)?;
            self.forget(&concerned)?;
        }
        let mut ran = self.evaluate(code);
        if ran.is_ok() {
            self.items.take(new);
        }
        self.items.keep(self.context.defined_item_names());
        // Where it was ended while evcxr did not listen to it, evcxr takes it for alive.
        if self.has_ended() {
            self.restart();
            ran = Err(Error::SubprocessTerminated(String::new()));
        }
        ran
    }

    fn evaluate(&mut self, code: &str) -> Result<EvalOutputs, Error> {
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

    /// Refuses what does not compile, before anything is given up for it.
    fn check(&mut self, code: &str) -> Result<(), Error> {
        // Of evcxr's commands, only dependencies have a say.
        let (commands, rest) = code.split_at(items::commands(code));
        let lines = commands.split_inclusive('\n').map(|line| {
            let is_said = line.trim_start_matches(' ').starts_with(":dep ");
            if is_said { line } else { "\n" }
        });
        let mut said = self.context.check(&(lines.collect::<String>() + rest))?;
        said.retain(|said| said.level() != "warning" && said.is_from_user_code());
        match said.is_empty() {
            true => Ok(()),
            false => Err(Error::CompilationErrors(said)),
        }
    }

    /// Forgets variables while their types are still what they were. evcxr drops what stands in a
    /// variable that is declared anew, and forgets one that is moved away.
    fn forget(&mut self, names: &[String]) -> Result<(), Error> {
        let code: String = names
            .iter()
            .map(|name| {
                format!("let {name}: &'static mut [u8] = &mut []; std::mem::drop({name});\n")
            })
            .collect();
        let ran = self.evaluate(&code);
        let left = |name: &String| {
            let mut variables = self.context.variables_and_types();
            variables.any(|(variable, _)| variable == name)
        };
        if ran.is_err() || names.iter().any(left) || self.has_ended() {
            // Whatever it is that keeps them: they are not to be read as what they are not.
            self.restart();
            return Err(Error::SubprocessTerminated(String::new()));
        }
        self.tell_gone(names.to_vec());
        Ok(())
    }

    fn tell_gone(&mut self, names: Vec<String>) {
        // Where it cannot be said, the kernel is gone, and nobody asks.
        let _ = serde_json::to_vec(&names).map(|json| self.events.send(&Event::Gone(json)));
        self.gone.extend(names);
    }

    fn has_ended(&self) -> bool {
        let handle = self.context.process_handle();
        let ended = handle
            .lock()
            .map(|mut process| !matches!(process.try_wait(), Ok(None)));
        ended.unwrap_or(true)
    }

    /// Begins a new process of the cells, without their variables. Behind a command that fails, evcxr
    /// does not put back what it knew of them.
    fn restart(&mut self) {
        let _ = self.context.execute(":restart\n:fails");
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
