//! The commands of a cell: psql's own (`\`), Rowcell's (`%`), and those that take the whole cell
//! (`%%`). Each is an entry of a table here, from which help and completion are made, and an arm of
//! one of the three functions that run them.

pub(crate) mod chart;
pub(crate) mod connect;
mod copy;
mod describe;
mod export;
pub(crate) mod help;
mod import;
mod inspector;
mod model;
mod present;
pub(crate) mod print;
mod psql;
mod psql_copy;
mod results;
mod schema;
mod sql;

use std::ops::Range;

use display::Problem;

use crate::host::Host;
use crate::nearest::nearest;
use crate::query::Run;

/// A command as help shows it.
pub(crate) struct Entry {
    /// With its sign: `\echo`, `%connect`, `%%sql`.
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) arguments: &'static str,
    /// What it does, in one line.
    pub(crate) does: &'static str,
    /// A cell to try.
    pub(crate) example: &'static str,
}

const fn entry(
    name: &'static str,
    arguments: &'static str,
    does: &'static str,
    example: &'static str,
) -> Entry {
    Entry {
        name,
        arguments,
        does,
        example,
    }
}

/// Rowcell's own commands, in the order help lists them.
pub(crate) const PERCENT: &[Entry] = &[
    entry(
        "%connect",
        "TARGET [as NAME]",
        "names a connection and makes it the current one; the first statement opens it",
        "%connect postgresql://ada@db.example/sales as sales",
    ),
    entry(
        "%%connect",
        "[as NAME]",
        "the same from the lines below: a field a line, as a credentials page shows them, or credentials JSON",
        "%%connect as service\nHost: acme.platform.adobe.io\nPort: 80\nDatabase: prod:all\nUsername: …@AdobeOrg\nPassword: ${TOKEN}",
    ),
    entry(
        "%connections",
        "",
        "lists the connections; so does Shift-Tab on it, also while a statement runs",
        "%connections",
    ),
    entry(
        "%use",
        "NAME",
        "makes another connection the current one",
        "%use sales",
    ),
    entry(
        "%disconnect",
        "[NAME]",
        "closes a connection",
        "%disconnect sales",
    ),
    entry(
        "%tables",
        "[PATTERN] [--json]",
        "lists the tables and views of the connection",
        "%tables shop.*",
    ),
    entry(
        "%describe",
        "NAME [--json]",
        "shows all of a table or view: columns, keys both ways, indexes, size, a sample; or of a sequence, an index or a type",
        "%describe people",
    ),
    entry(
        "%schema",
        "[NAME]",
        "draws the tables and views of a schema with their foreign keys",
        "%schema public",
    ),
    entry(
        "%%sql",
        "[--on NAME] [--as RESULT] [--limit N] [--timeout SECONDS]",
        "a SQL cell with options: on another connection, its result kept under a name, with more or fewer rows shown, with a time limit",
        "%%sql --limit 10\nselect * from generate_series(1, 1000)",
    ),
    entry(
        "%results",
        "[NAME]",
        "lists the results kept so far, or shows where one is from and where its rows are",
        "%%sql --as numbers\nselect n, n * n as square from generate_series(1, 1000000) as n;\n%results numbers",
    ),
    entry(
        "%chart",
        "KIND x=COLUMN y=COLUMN [color=COLUMN] … [from RESULT]",
        "draws the last result, or a named one: bar, line, area, point, histogram, box, heatmap or arc, with color, facet, size, sort, stacked, log and title",
        "select 'Rome' as city, 3 as n union all select 'Oslo', 5;\n%chart bar x=city y=n sort=-y",
    ),
    entry(
        "%%chart",
        "[from RESULT]",
        "draws it from a Vega-Lite specification in the lines below, JSON or YAML, whose data it is",
        "%%chart from sales\nmark: bar\nencoding:\n  x: {field: city}\n  y: {field: amount, aggregate: sum}",
    ),
    entry(
        "%export",
        "FILE [from RESULT]",
        "writes the last result, or a named one, to a file: .csv, .tsv, .json, .jsonl, .parquet, .arrow, .md or .sql",
        "%export people.parquet",
    ),
    entry(
        "%%export",
        "FILE",
        "writes the rows of the query below to a file as they come",
        "%%export orders.csv\nselect * from orders",
    ),
    entry(
        "%import",
        "FILE [into TABLE] [header=yes|no] [delimiter=C] [null=TEXT] [encoding=NAME] [columns=NAME:TYPE,NAME:-]",
        "loads a .csv, .tsv, .jsonl, .parquet or .arrow file into a table, which is made where it is missing; the options say what the file does not: whether its first line names the columns, what stands between values and for NULL, its encoding, the types of columns (a dash leaves one out)",
        "%import people.csv into people",
    ),
    entry(
        "%copy",
        "TABLE from NAME to NAME [as TABLE]",
        "streams a table from one connection to another, and makes it there where it is missing",
        "%copy people from local to sales",
    ),
    entry(
        "%%copy",
        "from NAME to NAME as TABLE",
        "streams the rows of the query below from one connection to another",
        "%%copy from sales to local as recent\nselect * from orders where placed > current_date - 7",
    ),
    entry(
        "%%rust",
        "",
        "a Rust cell: what it defines stays for the cells after it, the value of its last expression is shown",
        "%%rust\nlet squares: Vec<u32> = (1..=3).map(|n| n * n).collect();\nsquares",
    ),
    entry(
        "%model",
        "TABLE [as NAME] [--to FILE]",
        "makes a Rust type of a table, for Rust cells; or writes it as a module for programs",
        "%model people",
    ),
    entry(
        "%help",
        "[COMMAND]",
        "lists what there is, or shows one command",
        "%help %connect",
    ),
];

/// psql's commands, in the order help lists them.
pub(crate) const PSQL: &[Entry] = &[
    entry("\\?", "", "lists the commands", "\\?"),
    entry(
        "\\h",
        "[NAME]",
        "shows the syntax of a SQL command, * of all",
        "\\h create table",
    ),
    entry(
        "\\d",
        "[PATTERN]",
        "lists tables, views and sequences, or describes one",
        "\\d people",
    ),
    entry(
        "\\dt",
        "[PATTERN]",
        "lists tables; letters add up, + says more, S adds the system's",
        "\\dtv+",
    ),
    entry("\\dv", "[PATTERN]", "lists views", "\\dv"),
    entry("\\dm", "[PATTERN]", "lists materialized views", "\\dm"),
    entry("\\di", "[PATTERN]", "lists indexes", "\\di people*"),
    entry("\\ds", "[PATTERN]", "lists sequences", "\\ds"),
    entry("\\dE", "[PATTERN]", "lists foreign tables", "\\dE"),
    entry(
        "\\dP",
        "[PATTERN]",
        "lists partitioned tables and indexes",
        "\\dP+",
    ),
    entry("\\dn", "[PATTERN]", "lists schemas", "\\dn+"),
    entry(
        "\\df",
        "[PATTERN [TYPE …]]",
        "lists functions; a aggregates, n normal ones, p procedures, t triggers, w window functions",
        "\\df *_at timestamptz",
    ),
    entry("\\dT", "[PATTERN]", "lists data types", "\\dT+"),
    entry(
        "\\dx",
        "[PATTERN]",
        "lists extensions; + what belongs to each",
        "\\dx",
    ),
    entry(
        "\\dp",
        "[PATTERN]",
        "lists who may do what with tables, views and sequences; \\z does, too",
        "\\dp people",
    ),
    entry("\\du", "[PATTERN]", "lists roles; \\dg does, too", "\\du"),
    entry("\\l", "[PATTERN]", "lists databases", "\\l+"),
    entry(
        "\\sf",
        "NAME[(TYPE, …)]",
        "shows the source of a function; + numbers its lines",
        "\\sf+ greet(text)",
    ),
    entry(
        "\\sv",
        "NAME",
        "shows the source of a view; + numbers its lines",
        "\\sv adults",
    ),
    entry("\\g", "", "sends the statement before it", "select 1 \\g"),
    entry(
        "\\gx",
        "",
        "sends the statement before it, one line a column",
        "select 1 as a, 2 as b \\gx",
    ),
    entry(
        "\\gset",
        "[PREFIX]",
        "sends the statement before it and keeps its one row in variables",
        "select 1 as a \\gset",
    ),
    entry(
        "\\watch",
        "[[i=]SECONDS] [c=TIMES]",
        "sends the statement before it again and again",
        "select now() \\watch 1 c=5",
    ),
    entry(
        "\\copy",
        "TABLE|(QUERY) from|to FILE [OPTIONS]",
        "copies between a table or a query and a file of this machine",
        "\\copy people to people.csv csv header",
    ),
    entry("\\p", "", "prints the statement begun", "select 1 \\p"),
    entry("\\r", "", "forgets the statement begun", "select 1 \\r"),
    entry(
        "\\echo",
        "[-n] [TEXT …]",
        "prints on standard output",
        "\\echo hello, world",
    ),
    entry(
        "\\qecho",
        "[-n] [TEXT …]",
        "prints on standard output",
        "\\qecho hello",
    ),
    entry(
        "\\warn",
        "[-n] [TEXT …]",
        "prints on standard error",
        "\\warn look out",
    ),
    entry(
        "\\set",
        "[NAME [VALUE …]]",
        "sets a variable, for :NAME, :'NAME' and :\"NAME\"; alone lists them; psql's own (AUTOCOMMIT, VERBOSITY, QUIET, …) are heeded, or refused",
        "\\set city 'São Paulo'\nselect :'city'",
    ),
    entry("\\unset", "NAME", "forgets a variable", "\\unset city"),
    entry(
        "\\getenv",
        "NAME ENVIRONMENT_VARIABLE",
        "sets a variable to an environment variable's value",
        "\\getenv home HOME\n\\echo :home",
    ),
    entry(
        "\\x",
        "[on|off|auto]",
        "switches between one line a row and one line a column",
        "\\x",
    ),
    entry(
        "\\t",
        "[on|off]",
        "shows rows without names and footer",
        "\\t on",
    ),
    entry(
        "\\pset",
        "[NAME [VALUE]]",
        "sets how results are printed; rows is how many are shown",
        "\\pset null ∅",
    ),
    entry(
        "\\timing",
        "[on|off]",
        "prints the time each statement takes",
        "\\timing on",
    ),
    entry(
        "\\conninfo",
        "",
        "says what the notebook is connected to",
        "\\conninfo",
    ),
];

/// Runs one of psql's commands; `name` is without its backslash.
pub(crate) async fn psql<H: Host>(
    run: &mut Run<'_, H>,
    name: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    match name {
        "?" => help::psql(run).await,
        "h" | "help" => help::sql(run).await,
        "g" => psql::g(run, false).await,
        "gx" => psql::g(run, true).await,
        "gset" => psql::gset(run).await,
        "watch" => psql::watch(run).await,
        "p" | "print" => psql::p(run).await,
        "r" | "reset" => psql::r(run).await,
        "echo" | "qecho" => psql::echo(run, false).await,
        "warn" => psql::echo(run, true).await,
        "set" => psql::set(run).await,
        "unset" => psql::unset(run).await,
        "getenv" => psql::getenv(run).await,
        "x" => print::switch(run, "expanded").await,
        "t" => print::switch(run, "tuples_only").await,
        "pset" => print::pset(run).await,
        "timing" => print::timing(run).await,
        "conninfo" => connect::conninfo(run).await,
        "copy" => psql_copy::copy(run).await,
        _ => match describe::noun(name) {
            Some(noun) => describe::run(run, noun, name, at).await,
            None => Err(unknown(run, &format!("\\{name}"), at, PSQL)),
        },
    }
}

/// Runs a `%` line; `name` is without its sign.
pub(crate) async fn percent<H: Host>(
    run: &mut Run<'_, H>,
    name: &str,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    match name {
        "connect" => connect::connect(run, rest, at).await,
        "connections" => connect::connections(run).await,
        "use" => connect::switch(run, rest, at).await,
        "disconnect" => connect::disconnect(run, rest, at).await,
        "chart" => chart::chart(run, rest, at).await,
        "copy" => copy::table(run, rest, at).await,
        "export" => export::result(run, rest, at).await,
        "import" => import::import(run, rest, at).await,
        "results" => results::results(run, rest).await,
        "schema" => schema::schema(run, rest, at).await,
        "tables" => inspector::tables(run, rest, at).await,
        "describe" => inspector::describe(run, rest, at).await,
        "model" => model::model(run, rest, at).await,
        "help" => help::percent(run, rest, at).await,
        _ => Err(unknown(run, &format!("%{name}"), at, PERCENT)),
    }
}

/// Runs a cell whose first line is a `%%` command; `name` is without its sign.
pub(crate) async fn block<H: Host>(
    run: &mut Run<'_, H>,
    name: &str,
    rest: &str,
    body: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    match name {
        "chart" => chart::own(run, rest, body, at).await,
        "connect" => connect::connect_fields(run, rest, body).await,
        "copy" => copy::query(run, rest, at).await,
        "export" => export::query(run, rest, at).await,
        "sql" => sql::sql(run, rest, at),
        // Whoever can run Rust takes such a cell before it comes here.
        "rust" => Err(refused(run, at, "Rust cells cannot be run here")),
        _ => Err(unknown(run, &format!("%%{name}"), at, PERCENT)),
    }
}

/// The connection that a cell's first line names for the SQL below it: `%%sql --on NAME`,
/// `%%copy from NAME …`.
pub(crate) fn connection_named(text: &str) -> Option<&str> {
    let mut words = text.trim_start().lines().next()?.split_whitespace();
    let before = match words.next()? {
        "%%sql" => "--on",
        "%%copy" => "from",
        _ => return None,
    };
    words.find(|word| word.eq_ignore_ascii_case(before))?;
    words.next()
}

fn unknown<H: Host>(run: &Run<'_, H>, name: &str, at: Range<usize>, entries: &[Entry]) -> Problem {
    let names = entries.iter().map(|entry| entry.name);
    let help = match name.starts_with('%') {
        true => "%help lists the commands.",
        false => "\\? lists the commands.",
    };
    let mut problem = refused(run, at, format!("invalid command {name}"));
    let near = nearest(name, names);
    problem.advice = match near {
        Some(near) => vec![format!("Did you mean {near}? {help}")],
        None => vec![help.into()],
    };
    // Whoever mistypes one of these wants to be elsewhere, too.
    match matches!(near, Some("%connect" | "%%connect" | "%use"))
        || matches!(name, "\\c" | "\\connect")
    {
        true => connect::not_connected(run, name, problem),
        false => problem,
    }
}

/// A command that cannot do what it was asked, without its place: what is wrong stands in the
/// message, or the line may hold a password.
fn failed(why: impl Into<String>) -> Problem {
    Problem::new("command_error", why)
}

/// The same with its place.
fn refused<H: Host>(run: &Run<'_, H>, at: Range<usize>, why: impl Into<String>) -> Problem {
    let mut problem = failed(why);
    problem.place = Some(run.place(at.start));
    problem
}
