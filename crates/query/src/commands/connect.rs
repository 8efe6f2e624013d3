//! The commands that name, list, switch and close connections.

use std::ops::Range;

use display::{Problem, Table};

use super::{failed, refused};
use crate::connections::Connections;
use crate::environment::variable;
use crate::host::Host;
use crate::query::Run;
use crate::session::{Session, expiry};
use crate::target::{Host as ServerHost, Target, token};
use crate::texts;
use crate::wire::Transaction;

/// `%connect TARGET [as NAME]`: opens nothing. One that does not work leaves no connection current:
/// what follows was not meant for the one before.
pub(super) async fn connect<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let done = connect_to(run, rest, at).await;
    done.map_err(|problem| not_connected(run, "%connect", problem))
}

/// The problem of a command that was to make another connection the current one.
pub(super) fn not_connected<H: Host>(
    run: &Run<'_, H>,
    command: &str,
    mut problem: Problem,
) -> Problem {
    run.query.connections.fail(command);
    problem.advice.push(
        "No connection is current now, so that no statement runs where it was not meant to: \
         %connect makes one, %use NAME goes back to another."
            .into(),
    );
    problem
}

async fn connect_to<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (target, name) = target_and_name(rest);
    if target.is_empty() {
        let mut problem = refused(run, at, "%connect needs a target");
        problem.advice = vec![
            "%connect local, or %connect postgresql://user@host/database, \
             or %connect host=… user=… dbname=…"
                .into(),
        ];
        return Err(problem);
    }
    let parsed = Target::parse(target, &variable).map_err(failed)?;
    refuse_command(run, &parsed)?;
    let alone = Target::parse(target, &nothing);
    add(run, name, parsed, alone).await;
    Ok(())
}

/// `%%connect [as NAME]`: the fields are in the body.
pub(super) async fn connect_fields<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    body: &str,
) -> Result<(), Problem> {
    let done = connect_to_fields(run, rest, body).await;
    done.map_err(|problem| not_connected(run, "%%connect", problem))
}

async fn connect_to_fields<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    body: &str,
) -> Result<(), Problem> {
    let name = match rest.split_whitespace().collect::<Vec<_>>().as_slice() {
        [] => None,
        [word, name] if word.eq_ignore_ascii_case("as") => Some(*name),
        _ => {
            let why = "%%connect takes only a name here (%%connect as NAME); \
                       the fields stand on the lines below";
            return Err(failed(why));
        }
    };
    let target = Target::parse_fields(body, &variable).map_err(failed)?;
    refuse_command(run, &target)?;
    let alone = Target::parse_fields(body, &nothing);
    add(run, name, target, alone).await;
    Ok(())
}

/// A program of a cell's is started only where whoever started this one has allowed it.
fn refuse_command<H: Host>(run: &Run<'_, H>, target: &Target) -> Result<(), Problem> {
    match target {
        Target::Server(settings) if settings.names_command && !run.query.programs => {
            let mut problem = failed("password_command would start a program, which cells may not");
            problem.advice.push(
                "If you trust this notebook: start Rowcell with --allow programs (rowcell install, \
                 kernel and run take it) or ROWCELL_ALLOW=programs; or put the command into your \
                 service file and write service=NAME."
                    .into(),
            );
            Err(problem)
        }
        _ => Ok(()),
    }
}

/// An environment in which every variable is empty.
fn nothing(_: &str) -> Option<String> {
    Some(String::new())
}

/// Adds a connection. `alone` is what the cell says without the environment: where there is a
/// password in it, it stands in the cell.
async fn add<H: Host>(
    run: &mut Run<'_, H>,
    name: Option<&str>,
    target: Target,
    alone: Result<Target, String>,
) {
    if let Ok(Target::Server(settings)) = alone
        && settings.password.is_some()
    {
        run.warn(
            "The password stands in this cell and is saved with the notebook: leave it out to be \
             asked for it, or write ${VARIABLE} in its place.\n",
        )
        .await;
    }
    let remark = run.query.connections.remark(&target);
    let session = run.query.connections.add(name, target);
    run.out(format!(
        "{} is the current connection; the first statement opens it.\n",
        named(&session)
    ))
    .await;
    if let Some(remark) = remark {
        run.out(remark + "\n").await;
    }
}

/// A session's name, and where it goes where the name does not say so.
fn named(session: &Session) -> String {
    let goes = session.target().describe();
    match session.name() {
        name if name == goes => goes,
        name => format!("{name} ({goes})"),
    }
}

/// Splits the name behind the last ` as ` from the target.
pub(crate) fn target_and_name(rest: &str) -> (&str, Option<&str>) {
    if let Some((before, name)) = rest.rsplit_once(char::is_whitespace)
        && let Some((target, word)) = before.trim_end().rsplit_once(char::is_whitespace)
        && word.eq_ignore_ascii_case("as")
    {
        return (target.trim_end(), Some(name));
    }
    (rest, None)
}

/// `%connections`.
pub(super) async fn connections<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let Some(table) = listed(&run.query.connections) else {
        run.out("No connections yet: the first statement makes one, or %connect.\n")
            .await;
        return Ok(());
    };
    run.show(table.without_nulls().bundle(&run.settings.print))
        .await;
    Ok(())
}

/// The connections as they are now, also while one of them runs a statement; nothing where there
/// are none.
pub(crate) fn listed(connections: &Connections) -> Option<Table> {
    let (sessions, current) = connections.list();
    if sessions.is_empty() {
        return None;
    }
    let names = [
        "",
        "name",
        "server",
        "state",
        "TLS",
        "user",
        "transaction",
        "token",
    ];
    let rows = sessions
        .iter()
        .map(|session| row(session, current.as_deref() == Some(session.name())))
        .collect();
    Some(Table::new(texts::columns(names), rows))
}

fn row(session: &Session, current: bool) -> Vec<Option<String>> {
    let status = session.status();
    let open = status.connection.as_ref();
    let state = match (open, status.running) {
        (_, Some(since)) => format!("running for {} s", since.elapsed().as_secs()),
        (Some(open), None) if open.query_service => {
            format!("open, Query Service {}", open.version)
        }
        (Some(open), None) => format!("open, PostgreSQL {}", open.version),
        (None, None) => "not open".into(),
    };
    let user = match (open, session.target()) {
        (Some(open), _) => open.user.clone(),
        (None, Target::Server(settings)) => settings.user.clone(),
        (None, Target::Local(_)) => String::new(),
    };
    let tls = open.map(|open| match (&open.tls, open.encrypted) {
        (Some(tls), _) => tls.clone(),
        (None, true) => "yes".into(),
        (None, false) => "no".into(),
    });
    let expires = match (open, session.target()) {
        (Some(open), _) => open.expires,
        (None, Target::Server(settings)) => {
            let password = settings.password.as_ref();
            password.and_then(|password| token::expiry(password.expose()))
        }
        (None, Target::Local(_)) => None,
    };
    let transaction = match status.transaction {
        Transaction::Idle => "none",
        Transaction::Open => "open",
        Transaction::Failed => "failed",
    };
    vec![
        Some(if current { "*" } else { "" }.into()),
        Some(session.name().into()),
        Some(session.target().describe()),
        Some(state),
        tls,
        Some(user),
        Some(transaction.into()),
        expires.map(expiry),
    ]
}

/// `%use NAME`.
pub(super) async fn switch<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let session = match rest {
        "" => Err("%use needs the name of a connection".to_owned()),
        name => run.query.connections.switch(name),
    };
    let session = match session {
        Ok(session) => session,
        Err(why) => {
            let problem = refused(run, at, why);
            return Err(not_connected(run, "%use", problem));
        }
    };
    run.out(format!("{} is the current connection.\n", named(&session)))
        .await;
    Ok(())
}

/// `%disconnect [NAME]`.
pub(super) async fn disconnect<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let name = Some(rest).filter(|name| !name.is_empty());
    let name = run
        .query
        .connections
        .remove(name)
        .map_err(|why| refused(run, at, why))?;
    run.out(format!("{name} is closed.\n")).await;
    Ok(())
}

/// `\conninfo`, in psql's words.
pub(super) async fn conninfo<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let session = run.query.connections.current();
    let open = session
        .as_ref()
        .and_then(|session| Some((session, session.status().connection?)));
    let line = match open {
        None => "You are currently not connected to a database.\n".to_owned(),
        Some((session, open)) => {
            let database = match session.target() {
                Target::Server(settings) => format!(
                    "database \"{}\" as user \"{}\" on {}",
                    settings.database,
                    settings.user,
                    settings
                        .hosts
                        .iter()
                        .map(ServerHost::describe)
                        .find(|host| *host == open.host)
                        .unwrap_or(open.host)
                ),
                Target::Local(_) => format!(
                    "{} (embedded PostgreSQL {}) as user \"{}\"",
                    session.target().describe(),
                    open.version,
                    open.user
                ),
            };
            let tls = if open.encrypted { " with TLS" } else { "" };
            format!("You are connected to {database}{tls}.\n")
        }
    };
    run.out(line).await;
    Ok(())
}
