//! `rowcell kernel`: the kernel that Jupyter starts.

use std::path::{Path, PathBuf};

use jupyter::{Connection, Options, serve};

use crate::allow::Allow;
use crate::interpreter::Sql;

/// Runs the kernel until it is shut down.
pub(crate) fn kernel(connection_file: &Path, allow: &Allow) -> Result<(), String> {
    let programs = allow.programs()?;
    // Warnings and nothing finer: what a driver says below them may be a statement, and a statement
    // may hold a password.
    env_logger::Builder::new()
        .filter_level(log::LevelFilter::Warn)
        .init();
    let connection = Connection::open(connection_file).map_err(|error| error.to_string())?;
    // Two threads: rows may stream on one while the other answers heartbeats and interrupts.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|error| format!("the kernel cannot start: {error}"))?;
    let options = Options { history: history() };
    let served = runtime.block_on(serve(Sql::new(programs), connection, options));
    // What still runs then is ended with the process.
    runtime.shutdown_background();
    served.map_err(|error| error.to_string())
}

/// Where the history of all sessions is kept; nowhere, without a home.
fn history() -> Option<PathBuf> {
    let data = std::env::var_os("XDG_DATA_HOME")
        .filter(|folder| !folder.is_empty())
        .map(PathBuf::from)
        .or_else(|| Some(std::env::home_dir()?.join(".local/share")))?;
    Some(data.join("rowcell/history.jsonl"))
}
