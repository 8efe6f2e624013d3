//! `%export` and `%%export`: a kept result, or a query's rows as they come, into a file.

use std::ops::Range;
use std::path::Path;

use display::Problem;
use files::{Format, Output, Tuples, Writer, Written};

use super::refused;
use crate::cell::Step;
use crate::host::{Host, Shown};
use crate::line;
use crate::query::Run;
use crate::report::byte;
use crate::session::Session;
use crate::split::{Statement, leading_words};
use crate::transfer::{self, Ended, Progress, Sink, as_files, file_problem};
use crate::wire::Report;
use crate::words::{counted, size};

/// What is tried first, and remembered of a server.
const COPY: &str = "COPY in binary";

/// `%export FILE [from RESULT]`.
pub(super) async fn result<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (name, words) = file(run, rest, &at, "%export FILE [from RESULT]")?;
    let result = match words.as_slice() {
        [] => None,
        [from, result] if from.eq_ignore_ascii_case("from") => Some(*result),
        _ => return Err(usage(run, at, "%export FILE [from RESULT]")),
    };
    let path = transfer::path(&name);
    let format = Format::of(&path).map_err(file_problem)?;
    let kept = run.query.results.from(result)?;
    let mut progress = Progress::new(&name);
    let counts = progress.counts();
    let task = {
        let (kept, counts) = (kept.clone(), counts.clone());
        tokio::task::spawn_blocking(move || transfer::keep(&kept, &path, format, &counts))
    };
    let written = progress.watch(run, task, || counts.stop()).await;
    match written.map_err(|_| transfer::ended())? {
        Ok(mut written) => {
            let (rows, stored) = (kept.rows(), kept.stored());
            if stored < rows {
                written.remarks.push(format!(
                    "The result has {rows} rows, of which the first {stored} are kept; \
                     %%export FILE with its query writes all."
                ));
            }
            done(run, &name, &written, &progress).await;
            Ok(())
        }
        Err(error) => {
            progress.failed(run).await;
            Err(counts.problem(error))
        }
    }
}

/// `%%export FILE`; the query is the body.
pub(super) async fn query<H: Host>(
    run: &mut Run<'_, H>,
    rest: &str,
    at: Range<usize>,
) -> Result<(), Problem> {
    let (name, words) = file(run, rest, &at, "%%export FILE")?;
    if !words.is_empty() {
        return Err(usage(run, at, "%%export FILE"));
    }
    let path = transfer::path(&name);
    let format = Format::of(&path).map_err(file_problem)?;
    let statement = body(run, &at, "%%export")?;
    let session = run.session().await?;
    run.admit(&session, &statement).await?;
    run.begin_where_wanted(&session, &statement.text).await?;
    let mut progress = Progress::new(&name);
    let query = Export {
        session: &session,
        statement: &statement,
        path: &path,
        format,
    };
    match query.carry_out(run, &mut progress).await {
        Ok(written) => {
            done(run, &name, &written, &progress).await;
            Ok(())
        }
        Err(problem) => {
            progress.failed(run).await;
            Err(problem)
        }
    }
}

/// The one statement of a block's body.
pub(super) fn body<H: Host>(
    run: &mut Run<'_, H>,
    at: &Range<usize>,
    command: &str,
) -> Result<Statement, Problem> {
    let dialect = run.query.dialect(run.text);
    run.cell.enter(at);
    let first = run.cell.next(&run.settings.variables, dialect);
    let first = first.transpose().map_err(|error| run.unreadable(&error))?;
    let Some(Step::Statement(statement)) = first else {
        let why = format!("{command} needs a query on the lines below");
        return Err(refused(run, at.clone(), why));
    };
    if !run.is_last() {
        let why = format!("{command} takes one query, and there is more below");
        return Err(refused(run, at.clone(), why));
    }
    Ok(statement)
}

/// `inet` and its arrays.
const INET: [u32; 2] = [869, 1041];

/// A query on its way into a file.
struct Export<'e> {
    session: &'e Session,
    statement: &'e Statement,
    path: &'e Path,
    format: Format,
}

impl Export<'_> {
    async fn carry_out<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<Written, Problem> {
        // Tried before the server is asked for anything, which may take long.
        Output::create(self.path).map_err(file_problem)?;
        if self.by_copy()
            && let Some(written) = self.copy(run, progress).await?
        {
            return Ok(written);
        }
        let sink = Sink::Rows(self.path.to_owned(), self.format, None);
        let sql = self.statement.text.clone();
        match transfer::write(run, self.session, sql, sink, progress).await? {
            Ended::Written(written) => Ok(written),
            Ended::Refused(report) => Err(self.report(run, *report, 0)),
        }
    }

    /// Whether COPY can take the query, and is faster than its rows: only the binary form is.
    fn by_copy(&self) -> bool {
        // Query Service has no COPY; others have been found to have none that is binary.
        self.format.is_columnar()
            && !self.session.is_query_service()
            && self.session.ways().of(COPY) == 0
            && is_plain_query(self.query())
    }

    fn query(&self) -> &str {
        self.statement.text.trim_end().trim_end_matches(';')
    }

    /// By COPY; nothing where this server has none.
    async fn copy<H: Host>(
        &self,
        run: &mut Run<'_, H>,
        progress: &mut Progress,
    ) -> Result<Option<Written>, Problem> {
        let query = self.query();
        transfer::open(run, self.session).await?;
        let probe = format!("select * from (\n{query}\n) as source where false");
        // A query that fails here fails as itself, too, with its own error.
        let fields = match run.look_up(COPY, &probe).await {
            Ok(fetched) => as_files(&fetched.fields),
            Err(problem) if problem.code.as_deref() == Some("57014") => return Err(problem),
            Err(_) => return Ok(None),
        };
        // A cast adds the mask that the server does not print.
        if fields.iter().any(|field| INET.contains(&field.oid)) {
            return Ok(None);
        }
        let writer = Writer::create(self.path, self.format, &fields).map_err(file_problem)?;
        let (begin, end) = around(&fields, self.format);
        let sink = Sink::Tuples(writer, Tuples::default());
        let sql = format!("{begin}{query}{end}");
        let hold = run.hold(COPY).await?;
        let written = transfer::write(run, self.session, sql, sink, progress).await;
        run.release(hold).await?;
        let ways = self.session.ways();
        match written? {
            Ended::Written(written) => {
                ways.answered(COPY, 0);
                Ok(Some(written))
            }
            Ended::Refused(report) => {
                // Not known to COPY, or COPY itself not allowed: the rows alone tell which.
                let own = matches!(&*report.code, "42601" | "0A000" | "42501");
                let problem = self.report(run, *report, begin.len());
                match run.next_way(COPY, 0, problem).await {
                    Err(problem) if !own => return Err(problem),
                    _ => {}
                }
                Ok(None)
            }
        }
    }

    /// An error of the server, with its place in the cell; the query began at `start` of what was
    /// sent.
    fn report<H: Host>(&self, run: &Run<'_, H>, report: Report, start: usize) -> Problem {
        let position = report.position;
        let mut problem = Problem::from(report);
        if let Some(position) = position {
            // What was sent before the query is ASCII.
            let sent = byte(&self.statement.text, position.saturating_sub(start));
            problem.place = Some(run.place(self.statement.in_cell(sent)));
        }
        let name = self.path.display();
        problem
            .advice
            .push(format!("Nothing was written: {name} is as it was."));
        problem
    }
}

/// Whether a query is one that COPY takes and that can stand in FROM.
fn is_plain_query(query: &str) -> bool {
    let words = leading_words(query, usize::MAX);
    let has = |word: &str| words.iter().any(|other| other == word);
    let writes = ["INTO", "INSERT", "UPDATE", "DELETE", "MERGE"];
    match words.first().map(String::as_str) {
        Some("SELECT" | "VALUES" | "TABLE" | "WITH") => !writes.into_iter().any(has),
        _ => false,
    }
}

/// What stands before and behind a query whose rows are to come in binary form. Columns whose
/// binary form is not known here come as text.
fn around(fields: &[files::Field], format: Format) -> (String, String) {
    const BINARY: &str = "\n) to stdout (format binary)";
    let casts: Vec<_> = fields
        .iter()
        .map(|field| Writer::cast(field, format))
        .collect();
    if casts.iter().all(Option::is_none) {
        return ("copy (\n".into(), BINARY.into());
    }
    let names: Vec<String> = (1..=fields.len())
        .map(|number| format!("c{number}"))
        .collect();
    let values: Vec<String> = names
        .iter()
        .zip(&casts)
        .map(|(name, cast)| match cast {
            Some(to) => format!("{name}::{to}"),
            None => name.clone(),
        })
        .collect();
    (
        format!("copy (select {} from (\n", values.join(", ")),
        format!("\n) as source ({}){BINARY}", names.join(", ")),
    )
}

/// Says what was written.
async fn done<H: Host>(run: &Run<'_, H>, name: &str, written: &Written, progress: &Progress) {
    let line = format!(
        "{} written to {name}: {}.",
        counted(written.rows, "row"),
        size(written.bytes),
    );
    progress.done(run, line).await;
    for remark in &written.remarks {
        run.host.show(Shown::Note(format!("{remark}\n"))).await;
    }
}

/// A file's name, which may stand in quotes, and the words behind it.
pub(super) fn file<'r, H: Host>(
    run: &Run<'_, H>,
    rest: &'r str,
    at: &Range<usize>,
    form: &str,
) -> Result<(String, Vec<&'r str>), Problem> {
    let quote = rest
        .chars()
        .next()
        .filter(|first| matches!(first, '\'' | '"'));
    let parts = match quote {
        Some(quote) => rest[1..].split_once(quote),
        None => Some(rest.split_once(char::is_whitespace).unwrap_or((rest, ""))),
    };
    match parts {
        Some((name, words)) if !name.is_empty() => Ok((name.to_owned(), line::words(words))),
        _ => Err(usage(run, at.clone(), form)),
    }
}

pub(super) fn usage<H: Host>(run: &Run<'_, H>, at: Range<usize>, form: &str) -> Problem {
    let mut problem = refused(run, at, format!("write {form}"));
    problem.advice = vec!["A name with blanks in it stands in quotes.".into()];
    problem
}
