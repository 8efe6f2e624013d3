//! Rust cells: evcxr, in a helper process of its own.
//!
//! evcxr brings a whole rust-analyzer, hundreds of megabytes of it, and takes seconds to start; it ends
//! its process where a cell says `:quit`, and leaves cargo running where it is told to stop. So it
//! runs in a [`Helper`]: this same program, started again in a process group of its own, which can be
//! ended whole. [`child_hook`] must be the first statement of `main`.
//!
//! ```text
//! kernel ── commands ──▶ helper (evcxr) ── lines ──▶ filter ── lines ──▶ the process of the cells
//!   ▲                      │                          │  ◀─ what the user's code writes ─┘
//!   └────── events ────────┴────────── events ────────┘
//! ```

mod cells;
mod diagnostic;
mod error;
mod filter;
mod footing;
mod helper;
mod hoist;
mod host;
mod items;
mod local;
mod message;
mod output;
mod places;
mod scan;
mod system;
mod text;
mod warning;
mod workshop;

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::exit;

pub use cells::Cells;
pub use diagnostic::{Diagnostic, Label};
pub use error::Error;
pub use helper::Helper;
pub use items::ground;
pub use output::{Completion, Completions, Done, Known, Output, Setup};
pub use places::{cache, dependency, socket_folder};

/// The first argument of a process that is to be the helper; the second is its folder.
const HELPER: &str = "rust-cells";
/// The first argument of a process that is to be the filter; the second is its folder.
const FILTER: &str = "rust-cells-filter";
/// In that folder: the socket of events.
const EVENTS: &str = "events";
/// In that folder: what rust-analyzer takes for the source of Rust's own library while evcxr starts.
const LIBRARY: &str = "library";

/// To be called as the first statement of `main`: when this process was started as one of those that
/// Rust cells need, it serves as that and never returns.
#[allow(
    clippy::exit,
    reason = "nothing else runs in a process that was started for this"
)]
pub fn child_hook() {
    let mut arguments = std::env::args_os().skip(1);
    let role = arguments.next();
    let serve: fn(&std::path::Path) -> i32 = match role.as_deref().and_then(OsStr::to_str) {
        Some(HELPER) => host::run,
        Some(FILTER) => filter::run,
        _ => {
            if std::env::var_os("EVCXR_IS_RUNTIME").is_some() {
                system::end_with_parent();
            }
            // The process of the cells, or the compiler's wrapper.
            return evcxr::runtime_hook();
        }
    };
    match arguments.next() {
        Some(folder) => exit(serve(&PathBuf::from(folder))),
        None => exit(2),
    }
}

/// This program, also where its file was replaced since by a newer one.
fn this_program() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    if !cfg!(target_os = "linux") {
        return Ok(program);
    }
    // By number: others are to start it, too. But cargo knows the compiler's wrapper by its name.
    let running = PathBuf::from(format!("/proc/{}/exe", std::process::id()));
    let file = |path: &PathBuf| path.metadata().map(|data| (data.dev(), data.ino()));
    match file(&program).is_ok_and(|known| file(&running).is_ok_and(|own| own == known)) {
        true => Ok(program),
        false => Ok(running),
    }
}
