//! `rowcell run`: a file without Jupyter.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use query::{Query, Target};

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
    /// Set a variable, for :NAME, :'NAME' and :"NAME"
    #[arg(short, value_name = "NAME=VALUE")]
    parameter: Vec<String>,
    /// Use this connection: a URL, keywords, or local
    #[arg(long, value_name = "TARGET")]
    connect: Option<String>,
    /// What the file is written in, where that is not UTF-8: latin1, windows-1252, …
    #[arg(long, value_name = "NAME")]
    encoding: Option<String>,
    /// Go on after a cell that fails
    #[arg(long)]
    allow_errors: bool,
}

/// What `--to` asks for.
#[derive(Clone, Copy)]
enum Form {
    Notebook,
    Page,
}

/// Runs the file; an error where a cell has failed.
pub(crate) fn run(arguments: &Arguments) -> Result<(), String> {
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

    // As under Jupyter, a notebook's own paths begin in its folder.
    let to = arguments.to.as_deref().map(std::path::absolute);
    let to = to.transpose().map_err(|error| format!("--to: {error}"))?;
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
    let failed = runtime.block_on(cells(&mut notebook, arguments, target))?;
    runtime.shutdown_background();

    if let (Some(form), Some(to)) = (form, to) {
        let text = match form {
            Form::Notebook => notebook.to_ipynb()?,
            Form::Page => notebook.to_html(&title(path)),
        };
        std::fs::write(&to, text).map_err(|error| format!("{}: {error}", to.display()))?;
    }
    // The problem itself has been printed.
    if failed { Err(String::new()) } else { Ok(()) }
}

/// Runs the cells; true where one has failed that was not meant to.
async fn cells(
    notebook: &mut Notebook,
    arguments: &Arguments,
    target: Option<Target>,
) -> Result<bool, String> {
    let servers = Servers::default();
    let query = Query::new(Arc::new(servers.clone()), target);
    for parameter in &arguments.parameter {
        let (name, value) = parameter
            .split_once('=')
            .ok_or_else(|| format!("-p {parameter}: write NAME=VALUE"))?;
        query
            .set(name, value)
            .await
            .map_err(|why| format!("-p {parameter}: {why}"))?;
    }
    let rust = Rust::default();
    let terminal = Terminal::new();
    let mut failed = false;
    notebook.clear();
    for (count, cell) in notebook.code().into_iter().enumerate() {
        let ran = match Code::of(&cell.source, cell.language.as_deref()) {
            Some(code) => rust.run(&code, &query, &terminal).await,
            None => query.run(&cell.source, &terminal).await,
        };
        let problem = ran.err();
        let fails = problem.is_some() && !cell.raises && !arguments.allow_errors;
        failed |= fails;
        notebook.fill(cell.index, count + 1, &terminal.finish(problem));
        if fails {
            break;
        }
    }
    rust.close().await;
    query.close();
    servers.stop().await;
    Ok(failed)
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
