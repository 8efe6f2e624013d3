//! `%%sql`: a SQL cell with options.

use std::ops::Range;
use std::time::Duration;

use display::Problem;

use super::refused;
use crate::host::Host;
use crate::query::Run;

/// Takes the options for all statements of the cell; the lines below are read next.
pub(super) fn sql<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let mut options = run.options.clone();
    let mut on = run.on.clone();
    let mut words = rest.split_whitespace();
    while let Some(option) = words.next() {
        let no = |why: String| refused(run, at.clone(), why);
        if !matches!(option, "--on" | "--as" | "--limit" | "--timeout") {
            return Err(no(format!(
                "%%sql has no option {option}; it takes --on NAME, --as RESULT, --limit N, \
                 --timeout SECONDS"
            )));
        }
        let Some(value) = words.next() else {
            return Err(no(format!("{option} needs a value")));
        };
        match option {
            "--on" => on = Some(run.query.connections.find(value).map_err(no)?),
            "--as" if is_name(value) => options.name = Some(value.to_owned()),
            "--as" => {
                return Err(no(format!(
                    "--as is \"{value}\": a name has letters, digits and _, and begins with no digit"
                )));
            }
            "--limit" => {
                let limit = value
                    .parse()
                    .map_err(|_| no(format!("--limit is \"{value}\", not a number of rows")))?;
                options.rows_shown = Some(limit);
            }
            _ => {
                let seconds = value
                    .parse()
                    .ok()
                    .and_then(|s| Duration::try_from_secs_f64(s).ok());
                options.timeout = Some(
                    seconds.ok_or_else(|| no(format!("--timeout is \"{value}\", not seconds")))?,
                );
            }
        }
    }
    run.on = on;
    run.options = options;
    run.cell.enter(&at);
    Ok(())
}

/// Whether a result can have this name: Rust cells take it for a variable.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.chars().all(is_part) && !text.starts_with(char::is_numeric) && text != "_"
}
