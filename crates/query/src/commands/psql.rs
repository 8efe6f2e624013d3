//! psql's commands that send, repeat or forget a statement, print text, and set variables.

use std::time::Duration;

use display::{Expanded, Problem};

use super::failed;
use crate::answer::Showing;
use crate::arguments::{Argument, Kind};
use crate::failure::interrupted;
use crate::host::{Host, Shown};
use crate::query::Run;
use crate::split::Statement;

/// The seconds between two runs of `\watch`, and the least that is taken.
const WATCH: f64 = 2.0;

/// `\g` and `\gx`.
pub(super) async fn g<H: Host>(run: &mut Run<'_, H>, expanded: bool) -> Result<(), Problem> {
    if let Some(argument) = argument(run)? {
        return Err(failed(format!(
            "\\g takes no file or program here (\"{argument}\")"
        )));
    }
    let statement = statement(run, "\\g")?;
    let mut manner = run.manner();
    if expanded {
        manner.print.expanded = Expanded::On;
    }
    run.statement_in(statement, manner).await
}

/// `\gset [PREFIX]`.
pub(super) async fn gset<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let prefix = argument_as(run, Kind::Lenient)?.unwrap_or_default();
    let statement = statement(run, "\\gset")?;
    let manner = run.manner();
    let answer = run.answer(statement, manner).await?;
    // As in psql, a statement without a result sets nothing.
    let Some(fetched) = answer.run_fetching().await? else {
        return Ok(());
    };
    let [row] = fetched.rows.as_slice() else {
        let count = if fetched.rows.is_empty() {
            "no rows"
        } else {
            "more than one row"
        };
        return Err(failed(format!("{count} returned for \\gset")));
    };
    for (column, value) in fetched.columns.iter().zip(row) {
        let name = format!("{prefix}{}", column.name);
        match value {
            Some(value) => run
                .settings
                .variables
                .set(&name, value.clone())
                .map_err(|error| failed(error.to_string()))?,
            // NULL unsets, as in psql.
            None => run
                .settings
                .variables
                .unset(&name)
                .map_err(|error| failed(error.to_string()))?,
        }
    }
    Ok(())
}

/// `\watch [[i=]SECONDS] [c=TIMES]`: until interrupted, or as often as said.
pub(super) async fn watch<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let (mut seconds, mut times) = (WATCH, None);
    while let Some(text) = argument_as(run, Kind::Lenient)? {
        let bad = |what: &str| failed(format!("\\watch: incorrect {what} \"{text}\""));
        if let Some(count) = text.strip_prefix("c=") {
            let count: u64 = count.parse().map_err(|_| bad("iteration count"))?;
            times = Some(count.max(1));
        } else {
            let interval = text.strip_prefix("i=").unwrap_or(&text);
            seconds = interval.parse().map_err(|_| bad("interval value"))?;
        }
    }
    let pause = Duration::try_from_secs_f64(seconds)
        .map_err(|_| failed(format!("\\watch: incorrect interval value \"{seconds}\"")))?;
    let statement = statement(run, "\\watch")?;
    let mut showing = Showing::First;
    let mut round = 0;
    loop {
        round += 1;
        let manner = run.manner();
        let answer = run.answer(statement.clone(), manner).await?;
        let displays = answer.run_updating(showing.clone()).await?;
        if run.interrupted {
            return Err(stopped(round));
        }
        if times.is_some_and(|times| round >= times) {
            return Ok(());
        }
        tokio::select! {
            () = run.host.interrupted() => return Err(stopped(round)),
            () = tokio::time::sleep(pause) => {}
        }
        // What the cell showed before the first repeat goes away; from then on displays are updated
        // in their places. A statement without rows has none: its tag is said each time.
        if round == 1 {
            run.host.show(Shown::Clear).await;
        } else {
            showing = Showing::Again(displays);
        }
    }
}

fn stopped(rounds: u64) -> Problem {
    let mut problem = interrupted();
    problem.message = format!("\\watch was interrupted after {rounds} runs");
    problem
}

/// `\p`.
pub(super) async fn p<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let line = match run.cell.begun().or(run.last.as_ref()) {
        Some(statement) => format!("{}\n", statement.text),
        None => "Query buffer is empty.\n".into(),
    };
    run.out(line).await;
    Ok(())
}

/// `\r`.
pub(super) async fn r<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    run.cell.take();
    run.last = None;
    run.out("Query buffer reset (cleared).\n").await;
    Ok(())
}

/// `\echo`, `\qecho` and `\warn`.
pub(super) async fn echo<H: Host>(run: &mut Run<'_, H>, to_stderr: bool) -> Result<(), Problem> {
    let mut words = Vec::new();
    let mut end = "\n";
    while let Some(argument) = argument_in_cell(run, Kind::Normal)? {
        if words.is_empty() && !argument.quoted && argument.text == "-n" {
            end = "";
        } else {
            words.push(argument.text);
        }
    }
    let text = words.join(" ") + end;
    match to_stderr {
        true => run.warn(text).await,
        false => run.out(text).await,
    }
    Ok(())
}

/// `\set [NAME [VALUE …]]`.
pub(super) async fn set<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let Some(name) = argument(run)? else {
        let lines: String = run
            .settings
            .variables
            .iter()
            .map(|(name, value)| format!("{name} = '{value}'\n"))
            .collect();
        run.out(lines).await;
        return Ok(());
    };
    let mut value = String::new();
    while let Some(part) = argument(run)? {
        value.push_str(&part);
    }
    run.settings
        .variables
        .set(&name, value)
        .map_err(|error| failed(error.to_string()))
}

/// `\unset NAME`.
pub(super) async fn unset<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    match argument_as(run, Kind::Lenient)? {
        Some(name) => {
            let unset = run.settings.variables.unset(&name);
            unset.map_err(|error| failed(error.to_string()))
        }
        None => Err(failed("\\unset: missing required argument")),
    }
}

/// `\getenv VARIABLE NAME`: as in psql, one that is not set leaves the variable as it is.
pub(super) async fn getenv<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let environment = |run: &mut Run<'_, H>| argument_as(run, Kind::Lenient);
    let (Some(name), Some(environment)) = (argument(run)?, environment(run)?) else {
        let why = "\\getenv: missing required argument";
        return Err(failed(why));
    };
    let Ok(value) = std::env::var(&environment) else {
        return Ok(());
    };
    run.settings
        .variables
        .set(&name, value)
        .map_err(|error| failed(error.to_string()))
}

/// The next argument of the command that runs.
pub(super) fn argument<H: Host>(run: &mut Run<'_, H>) -> Result<Option<String>, Problem> {
    argument_as(run, Kind::Normal)
}

/// The same, read in another way.
pub(super) fn argument_as<H: Host>(
    run: &mut Run<'_, H>,
    kind: Kind,
) -> Result<Option<String>, Problem> {
    let argument = argument_in_cell(run, kind)?;
    Ok(argument.map(|argument| argument.text))
}

/// The same with its place in the cell.
pub(super) fn argument_in_cell<H: Host>(
    run: &mut Run<'_, H>,
    kind: Kind,
) -> Result<Option<Argument>, Problem> {
    let argument = run.cell.argument(&run.settings.variables, kind);
    argument.map_err(|unreadable| run.unreadable(&unreadable))
}

/// The statement begun before the command, else the last one that was sent.
fn statement<H: Host>(run: &mut Run<'_, H>, command: &str) -> Result<Statement, Problem> {
    run.cell.take().or_else(|| run.last.clone()).ok_or_else(|| {
        failed(format!(
            "{command} stands behind a statement, and there is none before it in this cell"
        ))
    })
}
