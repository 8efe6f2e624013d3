//! `%import`: a file's rows into a table, which is made where it is missing.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use display::Problem;
use files::{GoOn, Import, Inferred, Looked, Options, Takes};

use super::export::{file, usage};
use super::present::{Present, destination};
use super::refused;
use crate::host::{Host, Shown};
use crate::inspector::as_sql;
use crate::line::unquoted;
use crate::nearest::nearest;
use crate::query::Run;
use crate::session::Session;
use crate::split::Statement;
use crate::transfer::{self, Fed, Progress, Receiver, Whole, file_problem};
use crate::variables::identifier;
use crate::wire::Report;
use crate::words::counted;

/// What is tried first, and remembered of a server: `COPY … FROM STDIN`.
pub(super) const COPY: &str = "COPY FROM STDIN";

/// How it is written.
const FORM: &str = "%import FILE [into TABLE] [header=yes|no] [delimiter=C] [null=TEXT] \
                    [encoding=NAME] [columns=NAME:TYPE,NAME:-]";

/// `%import FILE [into TABLE] [OPTION=…]…`.
pub(super) async fn import<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (name, words) = file(run, rest, &at, FORM)?;
    let path = transfer::path(&name);
    let (table, options) = match arguments(&words) {
        Some(said) => said.map_err(file_problem)?,
        None => return Err(usage(run, at, FORM)),
    };
    let table = match table {
        None => identifier(&stem(&path)),
        Some(table) => as_sql(table).map_err(|why| refused(run, at.clone(), why))?,
    };
    let session = run.session().await?;
    if session.is_query_service() {
        return Err(refused(run, at, "Query Service takes no rows from a file"));
    }
    let statement = Statement::own(format!("copy {table} from stdin"));
    run.admit(&session, &statement).await?;
    let mut progress = Progress::new(&name);
    let file = (&*path, options);
    let done = load(run, &session, file, &table, &mut progress).await;
    let (line, remarks) = match done {
        Ok(done) => done,
        Err(problem) => {
            progress.failed(run).await;
            return Err(problem);
        }
    };
    progress.done(run, format!("{line}.")).await;
    for remark in remarks {
        run.host.show(Shown::Note(remark + "\n")).await;
    }
    Ok(())
}

/// The table, and what is said of the file; nothing where the words say something else.
fn arguments<'w>(words: &[&'w str]) -> Option<Result<(Option<&'w str>, Options), files::Error>> {
    let (mut table, mut options) = (None, Options::default());
    let mut words = words.iter();
    while let Some(word) = words.next() {
        if word.eq_ignore_ascii_case("into") && table.is_none() {
            table = Some(*words.next()?);
            continue;
        }
        let (name, value) = word.split_once('=')?;
        // The names of columns may stand in quotes of their own.
        let value = match value.starts_with('"') && name.eq_ignore_ascii_case("columns") {
            true => value.to_owned(),
            false => unquoted(value),
        };
        if let Err(error) = options.set(name, &value) {
            return Some(Err(error));
        }
    }
    Some(Ok((table, options)))
}

/// Looks through the file, then loads all of it or nothing; answers what was done.
async fn load<H: Host>(
    run: &mut Run<'_, H>,
    session: &Session,
    (path, options): (&Path, Options),
    table: &str,
    progress: &mut Progress,
) -> Result<(String, Vec<String>), Problem> {
    let looked = look_through(run, path, options, progress).await?;
    let there = destination(run, table).await?;
    let known = there.columns.as_ref();
    let known: Option<Vec<&str>> =
        known.map(|present| present.iter().map(|column| &*column.name).collect());
    let mut import = looked.settle(known.as_deref()).map_err(file_problem)?;
    let mut remarks = import.remarks.clone();
    let (names, bytes): (Vec<&str>, Vec<bool>) = match &there.columns {
        Some(present) => {
            let targets = targets(&import, present, table)?;
            let takes: Vec<Takes> = targets.iter().map(|column| column.takes).collect();
            import.fit(&takes);
            if import.is_told_types() {
                remarks.push(format!("{table} was there, so its own types count."));
            }
            let columns = targets.iter();
            columns.map(|column| (&*column.name, column.bytes)).unzip()
        }
        None => {
            let columns = import.columns.iter();
            columns.map(|column| (&*column.name, false)).unzip()
        }
    };
    let columns: Vec<String> = names.into_iter().map(identifier).collect();
    let mut load = Load {
        session,
        path,
        table,
        columns,
        bytes,
        made: there.columns.is_none(),
        import: Arc::new(import),
    };
    let copies = there.takes_copy && session.ways().of(COPY) == 0;
    let rows = match copies {
        true => load.by_copy(run, progress).await?,
        false => None,
    };
    let rows = match rows {
        Some(rows) => rows,
        None => {
            if let Some(import) = Arc::get_mut(&mut load.import) {
                import.as_text();
            }
            load.by_inserts(run, progress).await?
        }
    };
    let rows = counted(rows, "row");
    let made = match load.made {
        false => String::new(),
        true => format!(", made with {}", definitions(&load.import.columns)),
    };
    Ok((format!("{rows} imported into {table}{made}"), remarks))
}

/// What is loaded, and where.
struct Load<'l> {
    session: &'l Session,
    path: &'l Path,
    table: &'l str,
    /// The table's columns that the file's go to, as SQL.
    columns: Vec<String>,
    /// Which of them take bytes.
    bytes: Vec<bool>,
    /// Whether the table is made for it.
    made: bool,
    import: Arc<Import>,
}

impl Load<'_> {
    /// By COPY; nothing where this server has none.
    async fn by_copy<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<Option<u64>, Problem> {
        let into = match self.columns.is_empty() {
            true => String::new(),
            false => format!(" ({})", self.columns.join(", ")),
        };
        let sql = format!(
            "copy {}{into} from stdin ({})",
            self.table,
            self.import.options()
        );
        let whole = transfer::begin(run, self.session).await?;
        let mut untaken = false;
        let done = async {
            let blocks = self.ready(run, progress).await?;
            match transfer::feed(run, self.session, sql, (blocks, Some(self.table)), progress)
                .await?
            {
                Fed::Done(tag) => Ok(tag),
                Fed::Untaken(report) => {
                    untaken = true;
                    Err(self.report(*report).await)
                }
                Fed::Refused(report) => Err(self.report(*report).await),
            }
        }
        .await;
        match transfer::end(run, whole, done).await {
            Ok(tag) => {
                self.session.ways().answered(COPY, 0);
                Ok(Some(transfer::copied(&tag).unwrap_or(self.import.rows)))
            }
            Err(problem) if untaken && whole != Whole::Users => {
                run.next_way(COPY, 0, problem).await?;
                Ok(None)
            }
            Err(problem) => Err(problem),
        }
    }

    /// By INSERTs, all of which have to arrive.
    async fn by_inserts<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<u64, Problem> {
        let whole = transfer::begin(run, self.session).await?;
        let done = async {
            let blocks = self.ready(run, progress).await?;
            let target = transfer::InsertTarget {
                table: self.table,
                columns: &self.columns,
                bytes: self.bytes.clone(),
            };
            transfer::insert(run, self.session, target, blocks, progress).await
        };
        let mut done = done.await;
        if let Err(problem) = &mut done
            && whole == Whole::Ours
        {
            problem.advice.push("Nothing was loaded.".into());
        }
        transfer::end(run, whole, done).await
    }

    /// Makes the table where it is missing; then the file's rows.
    async fn ready<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<Receiver, Problem> {
        if self.made {
            run.ask(&create(self.table, &self.import.columns)).await?;
        }
        let counts = progress.counts();
        counts.bytes.store(0, Ordering::Relaxed);
        Ok(transfer::rows(self.import.clone(), counts))
    }

    async fn report(&self, report: Report) -> Problem {
        report_with_line(report, self.import.clone(), self.path).await
    }
}

/// Reads the file once from end to end, in a thread of its own.
async fn look_through<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
    options: Options,
    progress: &mut Progress,
) -> Result<Looked, Problem> {
    let counts = progress.counts();
    let task = {
        let (path, counts) = (path.to_owned(), counts.clone());
        let go_on: GoOn = Arc::new(move |bytes| {
            counts.bytes.store(bytes, Ordering::Relaxed);
            !counts.is_stopped()
        });
        tokio::task::spawn_blocking(move || Looked::read(&path, options, go_on))
    };
    let read = progress.watch(run, task, || counts.stop()).await;
    read.map_err(|_| transfer::ended())?
        .map_err(|error| counts.problem(error))
}

/// The table's columns that the file's go to, in the file's order. None are named where the file
/// names none: its values go to the first ones.
fn targets<'p>(
    import: &Import,
    present: &'p [Present],
    table: &str,
) -> Result<Vec<&'p Present>, Problem> {
    let wrong = |why: String| {
        let mut problem = Problem::new("file_error", why);
        problem.advice.push("Nothing was loaded.".into());
        problem
    };
    if !import.has_names() {
        let count = import.columns.len();
        return match present.get(..count) {
            Some(first) => Ok(first.iter().collect()),
            None => Err(wrong(format!(
                "the file has {count} columns, and {table} has {}",
                present.len()
            ))),
        };
    }
    let find = |column: &Inferred| {
        let name = &column.name;
        if let Some(same) = present.iter().find(|other| other.name == *name) {
            return Ok(same);
        }
        let mut alike = present
            .iter()
            .filter(|other| other.name.to_lowercase() == name.to_lowercase());
        if let (Some(only), None) = (alike.next(), alike.next()) {
            return Ok(only);
        }
        let mut problem = wrong(format!("{table} has no column \"{name}\""));
        if let Some(near) = nearest(name, present.iter().map(|column| &*column.name)) {
            problem.advice.push(format!("Did you mean {near}?"));
        }
        if import.may_have_no_names() {
            let advice = "If the first line is a row, say header=no.";
            problem.advice.push(advice.into());
        }
        Err(problem)
    };
    let found: Vec<&Present> = import.columns.iter().map(find).collect::<Result<_, _>>()?;
    for (at, column) in found.iter().enumerate() {
        if let Some(before) = found[..at]
            .iter()
            .position(|other| other.name == column.name)
        {
            let (one, other) = (&import.columns[before].name, &import.columns[at].name);
            let why = format!(
                "\"{one}\" and \"{other}\" of the file both go to {table}'s \"{}\"",
                column.name
            );
            let mut problem = wrong(why);
            problem.advice.push("columns=NAME:- leaves one out.".into());
            return Err(problem);
        }
    }
    Ok(found)
}

fn create(table: &str, columns: &[Inferred]) -> String {
    format!("create table {table} ({})", definitions(columns))
}

/// `"id" bigint, "name" text`.
fn definitions(columns: &[Inferred]) -> String {
    let definition =
        |column: &Inferred| format!("{} {}", identifier(&column.name), column.type_name);
    let definitions: Vec<String> = columns.iter().map(definition).collect();
    definitions.join(", ")
}

/// The server's error with the line of the file that it is about.
async fn report_with_line(report: Report, import: Arc<Import>, path: &Path) -> Problem {
    let counted = report.context.as_deref().and_then(|context| {
        let (_, rest) = context.split_once(", line ")?;
        let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse::<u64>().ok()
    });
    let mut problem = Problem::from(report);
    let line = match counted {
        Some(counted) => {
            let found = tokio::task::spawn_blocking(move || import.line(counted)).await;
            found.ok().flatten()
        }
        None => None,
    };
    problem.advice.push(match line {
        Some(line) => format!(
            "This is line {line} of {}. Nothing was loaded.",
            path.display()
        ),
        None => "Nothing was loaded.".into(),
    });
    problem
}

/// A table's name from a file's: `Sales 2024.csv` is `sales_2024`.
fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |c: char| if c.is_alphanumeric() { c } else { '_' };
    stem.to_lowercase().chars().map(letter).collect()
}
