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
                let limit = seconds(value)
                    .ok_or_else(|| no(format!("--timeout is \"{value}\", not seconds")))?;
                options.timeout = Some(limit);
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

/// Seconds as a user writes them. What is longer than anyone waits is that: a moment so far away is
/// none that a clock could show.
fn seconds(text: &str) -> Option<Duration> {
    const LONGEST: f64 = 100.0 * 365.0 * 86400.0;
    let seconds: f64 = text.parse().ok()?;
    // Of NaN the lesser would be the other.
    let seconds = if seconds > LONGEST { LONGEST } else { seconds };
    Duration::try_from_secs_f64(seconds).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn seconds_of_any_size_are_a_time_to_come() {
        assert_eq!(seconds("0.2"), Some(Duration::from_millis(200)));
        assert_eq!(seconds("0"), Some(Duration::ZERO));
        for long in [
            "9223372036854775807",
            "1e300",
            "inf",
            "18446744073709551616",
        ] {
            let limit = seconds(long).unwrap();
            assert!(Instant::now().checked_add(limit).is_some(), "{long}");
        }
        for none in ["", "-1", "-inf", "NaN", "1s", "ten"] {
            assert_eq!(seconds(none), None, "{none}");
        }
    }
}
