//! Rowcell: a Jupyter kernel whose cells are SQL. The program, where the crates meet.

mod allow;
mod embedded;
mod grid;
mod install;
mod interpreter;
mod kernel;
mod nbformat;
mod notebook;
mod run;
mod rust;
mod signals;
mod terminal;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

#[derive(Parser)]
#[command(version, about = "A Jupyter kernel whose cells are SQL")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Make the kernel known to Jupyter
    Install {
        #[command(flatten)]
        place: Where,
        #[command(flatten)]
        allow: allow::Allow,
    },
    /// Take the kernel back from Jupyter
    Uninstall(Where),
    /// Run the kernel: what Jupyter calls
    Kernel {
        /// The file that says where to listen
        connection_file: PathBuf,
        #[command(flatten)]
        allow: allow::Allow,
        /// What front ends put behind it: `jupyter run` its files. Nothing of it is heeded
        #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
        _rest: Vec<std::ffi::OsString>,
    },
    /// Run a .sql file or an .ipynb notebook, without Jupyter
    Run(run::Arguments),
}

/// Where Jupyter looks for kernels.
#[derive(Args)]
#[group(multiple = false)]
struct Where {
    /// This user's folder (the default)
    #[arg(long)]
    user: bool,
    /// The active virtual environment's, or the Python's on the path
    #[arg(long)]
    sys_prefix: bool,
    /// DIR/share/jupyter/kernels
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
}

fn main() -> ExitCode {
    // This program is what it starts beside itself, too: whatever Rust cells need, and the embedded
    // server.
    rustcell::child_hook();
    local::child_hook();
    let done = match Cli::parse().command {
        Command::Install { place, allow } => {
            install::install(&place, &allow).map(|()| ExitCode::SUCCESS)
        }
        Command::Uninstall(place) => install::uninstall(&place).map(|()| ExitCode::SUCCESS),
        Command::Kernel {
            connection_file,
            allow,
            ..
        } => kernel::kernel(&connection_file, &allow).map(|()| ExitCode::SUCCESS),
        Command::Run(arguments) => run::run(&arguments),
    };
    match done {
        Ok(status) => status,
        Err(why) => {
            terminal::complain(&why);
            ExitCode::FAILURE
        }
    }
}
