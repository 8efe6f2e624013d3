//! `rowcell run`: a file without Jupyter.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Args;
use display::Problem;
use files::Output;
use query::{Query, Target};

use crate::allow::Allow;
use crate::embedded::Servers;
use crate::notebook::Notebook;
use crate::rust::{Code, Rust};
use crate::terminal::Terminal;

/// What to run, and how.
#[derive(Args)]
pub(crate) struct Arguments {
    /// A .sql file or an .ipynb notebook
    file: PathBuf,
    /// Also write what was run, with its outputs: a notebook (.ipynb) or a page (.html)
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Set a variable, for :NAME, :'NAME' and :"NAME": behind the cell tagged parameters, or before
    /// everything where there is none
    #[arg(short, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// Use this connection: a URL, keywords, or local
    #[arg(long, value_name = "TARGET")]
    connect: Option<String>,
    /// What the file is written in, where that is not UTF-8: latin1, windows-1252, …
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Go on after a cell of a notebook, or a statement of a script, that fails
    #[arg(long)]
    allow_errors: bool,
    #[command(flatten)]
    allow: Allow,
}

/// What `--to` asks for.
#[derive(Clone, Copy)]
enum Form {
    Notebook,
    Page,
}

/// How a run has ended, as psql tells it by its exit status.
enum Ended {
    Done,
    /// A cell of a notebook has failed.
    Cell,
    /// A script has ended without a connection.
    Disconnected,
    /// A script has ended at a problem.
    Script,
    /// A signal of this number has ended it.
    Signal(u8),
}

impl Ended {
    fn status(&self) -> ExitCode {
        match self {
            Ended::Done => ExitCode::SUCCESS,
            Ended::Cell => ExitCode::FAILURE,
            Ended::Disconnected => ExitCode::from(2),
            Ended::Script => ExitCode::from(3),
            // As shells tell it.
            Ended::Signal(number) => ExitCode::from(128 + number),
        }
    }
}

/// Runs the file. An error is the program's own failure: what fails in a cell has been printed.
pub(crate) fn run(arguments: &Arguments) -> Result<ExitCode, String> {
    let form = match &arguments.to {
        None => None,
        Some(path) => match ending(path) {
            "ipynb" => Some(Form::Notebook),
            "html" => Some(Form::Page),
            _ => {
                return Err(format!(
                    "--to {}: it ends in .ipynb or .html",
                    path.display()
                ));
            }
        },
    };
    let path = &arguments.file;
    let told = |why: String| format!("{}: {why}", path.display());
    let bytes = std::fs::read(path).map_err(|error| told(error.to_string()))?;
    let text = files::decode(&bytes, arguments.encoding.as_deref()).map_err(|error| {
        let help = error.advice.clone().unwrap_or_else(|| {
            "say what it is written in, for example --encoding windows-1252".into()
        });
        told(format!("{error}; {help}"))
    })?;
    let mut notebook = match ending(path) {
        "ipynb" => Notebook::parse(&text).map_err(told)?,
        _ => Notebook::of_sql(&text),
    };
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let target = match &arguments.connect {
        Some(text) => {
            Some(Target::parse(text, &variable).map_err(|why| format!("--connect: {why}"))?)
        }
        None => None,
    };
    // What cannot be written is told before anything is run.
    let failed = |error: files::Error| format!("--to {error}");
    let to = arguments.to.as_deref().map(std::path::absolute);
    let to = to.transpose().map_err(|error| format!("--to: {error}"))?;
    let mut output = match to {
        Some(to) => Some(Output::create(&to).map_err(failed)?),
        None => None,
    };

    let programs = arguments.allow.programs()?;
    // As under Jupyter, a notebook's own paths begin in its folder.
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    if let Some(folder) = folder.filter(|_| ending(path) == "ipynb") {
        std::env::set_current_dir(folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
    }

    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| error.to_string())?;
    let done = runtime.block_on(async {
        let engine = Engine::new(target, Terminal::new(), programs);
        let ended = match ending(path) {
            "ipynb" => engine.notebook(&mut notebook, arguments).await,
            _ => engine.script(&mut notebook, arguments).await,
        };
        // Written before anything is closed: whoever ends this process may have little patience.
        let written = ended.and_then(|ended| {
            if let (Some(form), Some(mut output)) = (form, output.take()) {
                let text = match form {
                    Form::Notebook => notebook.to_ipynb()?,
                    Form::Page => notebook.to_html(&title(path)),
                };
                let written = output.write_all(text.as_bytes());
                written.map_err(|error| failed(output.failed(&error)))?;
                output.keep().map_err(failed)?;
            }
            Ok(ended)
        });
        let printed = engine.close().await;
        let ended = written?;
        printed.map(|()| ended)
    });
    runtime.shutdown_background();
    done.map(|ended| ended.status())
}

/// What runs cells.
struct Engine {
    query: Query,
    servers: Servers,
    rust: Rust,
    terminal: Terminal,
}

impl Engine {
    /// `programs`: cells may start some.
    fn new(target: Option<Target>, terminal: Terminal, programs: bool) -> Self {
        let servers = Servers::default();
        Engine {
            query: Query::new(Arc::new(servers.clone()), target).allow_programs(programs),
            servers,
            rust: Rust::default(),
            terminal,
        }
    }

    /// Runs a notebook's cells, to the first that fails and was not meant to, or to the last.
    async fn notebook(
        &self,
        notebook: &mut Notebook,
        arguments: &Arguments,
    ) -> Result<Ended, String> {
        let parameters = parameters(arguments)?;
        // The cells before these have defaults, or are what sets them.
        let behind = notebook.parameters();
        if behind.is_none() {
            self.set(&parameters).await?;
        }
        let mut set = behind.is_none();
        notebook.clear();
        let name = arguments.file.display();
        for (count, cell) in notebook.code().into_iter().enumerate() {
            if !set && behind.is_some_and(|behind| cell.index > behind) {
                self.set(&parameters).await?;
                set = true;
            }
            let terminal = &self.terminal;
            let ran = async {
                match Code::of(&cell.source, cell.language.as_deref()) {
                    Some(code) => self.rust(&code).await,
                    None => self.query.run(&cell.source, terminal).await,
                }
            };
            let ran = tokio::select! {
                ran = ran => ran,
                () = terminal.lost_patience() => Ok(()),
            };
            let mut fails = false;
            if let Err(problem) = ran {
                fails = !cell.raises && !arguments.allow_errors;
                let line = problem.place.as_ref().map_or(1, display::Place::line);
                terminal.fail(&format!("{name}[{}]:{line}", count + 1), problem);
            }
            notebook.fill(cell.index, count + 1, &terminal.finish());
            if let Some(signal) = terminal.signal() {
                return Ok(Ended::Signal(signal));
            }
            if fails {
                return Ok(Ended::Cell);
            }
        }
        Ok(Ended::Done)
    }

    /// Runs a script, as psql does.
    async fn script(
        &self,
        notebook: &mut Notebook,
        arguments: &Arguments,
    ) -> Result<Ended, String> {
        self.set(&parameters(arguments)?).await?;
        let Some(cell) = notebook.code().into_iter().next() else {
            return Ok(Ended::Done);
        };
        let terminal = &self.terminal;
        let name = arguments.file.display();
        let failed = |problem: Problem, line: usize| {
            terminal.fail(&format!("{name}:{line}"), problem);
            terminal.signal().is_none()
        };
        let stop = !arguments.allow_errors;
        let ran = match Code::of(&cell.source, None) {
            Some(code) => match self.rust(&code).await {
                Ok(()) => query::Ending::Done,
                Err(problem) => {
                    failed(problem, 1);
                    query::Ending::Failed
                }
            },
            None => tokio::select! {
                ending = self.query.script(&cell.source, terminal, stop, failed) => ending,
                () = terminal.lost_patience() => query::Ending::Failed,
            },
        };
        notebook.fill(cell.index, 1, &terminal.finish());
        Ok(match (terminal.signal(), ran) {
            (Some(signal), _) => Ended::Signal(signal),
            (None, query::Ending::Done) => Ended::Done,
            (None, query::Ending::Failed) => Ended::Script,
            (None, query::Ending::Disconnected) => Ended::Disconnected,
        })
    }

    /// Runs a program of the user's own, which says what it says.
    async fn rust(&self, code: &Code<'_>) -> Result<(), Problem> {
        self.terminal.program(true);
        let ran = self.rust.run(code, &self.query, &self.terminal).await;
        self.terminal.program(false);
        ran
    }

    async fn set(&self, parameters: &[(&str, &str)]) -> Result<(), String> {
        for (name, value) in parameters {
            let set = self.query.set(name, value).await;
            set.map_err(|why| format!("-p {name}: {why}"))?;
        }
        Ok(())
    }

    /// Closes everything; an error where not all could be printed.
    async fn close(self) -> Result<(), String> {
        self.rust.close().await;
        self.query.close();
        self.servers.stop().await;
        self.terminal.printed()
    }
}

/// The parameters of the command line, held against the rules before anything runs.
fn parameters(arguments: &Arguments) -> Result<Vec<(&str, &str)>, String> {
    let given = arguments.parameter.iter();
    let pairs = given.map(|parameter| {
        let (name, value) = parameter
            .split_once('=')
            .ok_or_else(|| format!("-p {parameter}: write NAME=VALUE"))?;
        Query::check(name, value).map_err(|why| format!("-p {parameter}: {why}"))?;
        Ok((name, value))
    });
    pairs.collect()
}

fn ending(path: &Path) -> &str {
    path.extension()
        .and_then(|ending| ending.to_str())
        .unwrap_or_default()
}

fn title(path: &Path) -> String {
    path.file_stem()
        .map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}
