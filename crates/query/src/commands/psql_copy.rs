//! `\copy`: psql's COPY from and to a file of this machine.

use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use display::Problem;
use files::Output;

use super::failed;
use super::psql::argument_in_cell;
use crate::arguments::Kind;
use crate::host::Host;
use crate::query::Run;
use crate::report::byte;
use crate::split::Statement;
use crate::transfer::{self, Ended, Fed, Progress, Sink, file_problem};
use crate::wire::Report;

/// What a `\copy` line says.
#[derive(Debug, PartialEq, Eq)]
struct Line<'l> {
    /// A table, with its columns if named, or a query in parentheses.
    what: &'l str,
    from: bool,
    /// None is the cell itself.
    file: Option<String>,
    options: &'l str,
}

/// `\copy TABLE|(QUERY) from|to FILE [OPTIONS]`.
pub(super) async fn copy<H: Host>(run: &mut Run<'_, H>) -> Result<(), Problem> {
    let Some(argument) = argument_in_cell(run, Kind::WholeLine)? else {
        return Err(failed("\\copy: arguments required"));
    };
    let line = parse(&argument.text).map_err(failed)?;
    let direction = if line.from { "FROM STDIN" } else { "TO STDOUT" };
    let sql = format!("COPY {} {direction} {}", line.what, line.options);
    let statement = Statement::own(sql);
    let Some(name) = &line.file else {
        // The rows are in the cell, or go there.
        return run.statement(statement).await;
    };
    let session = run.session().await?;
    run.admit(&session, &statement).await?;
    run.begin_where_wanted(&session, &statement.text).await?;
    let path = transfer::path(name);
    // Before the server is asked, as in psql.
    let mut progress = Progress::new(name);
    let start = argument.at.start + argument.text.find(line.what).unwrap_or_default();
    let rows = if line.from {
        let file = open(&path)?;
        transfer::open(run, &session).await?;
        let blocks = transfer::bytes(file, path, progress.counts());
        match transfer::feed(run, &session, statement.text, (blocks, None), &mut progress).await {
            Ok(Fed::Done(tag)) => Ok(tag),
            Ok(Fed::Refused(refused) | Fed::Untaken(refused)) => {
                Err(located(run, *refused, start, line.what))
            }
            Err(problem) => Err(problem),
        }
    } else {
        let sink = Sink::Raw(Output::create(&path).map_err(file_problem)?);
        match transfer::write(run, &session, statement.text, sink, &mut progress).await {
            Ok(Ended::Written(written)) => Ok(format!("COPY {}", written.rows)),
            Ok(Ended::Refused(refused)) => Err(located(run, *refused, start, line.what)),
            Err(problem) => Err(problem),
        }
    };
    match rows {
        Ok(tag) => {
            progress.done(run, tag).await;
            Ok(())
        }
        Err(problem) => {
            progress.failed(run).await;
            Err(problem)
        }
    }
}

/// Reads the arguments as psql does.
fn parse(text: &str) -> Result<Line<'_>, String> {
    let end = || "\\copy: parse error at end of line".to_owned();
    let mut words = Words(text);
    // The table's columns and a query are one word, being in parentheses.
    let mut last = 0;
    let from = loop {
        let word = words.next().ok_or_else(end)?;
        let is = |keyword: &str| last > 0 && word.eq_ignore_ascii_case(keyword);
        if is("from") || is("to") {
            break is("from");
        }
        last = text.len() - words.0.len();
    };
    let what = text.get(..last).unwrap_or_default().trim();
    let name = words.next().ok_or_else(end)?;
    let unquoted = name
        .strip_prefix('\'')
        .and_then(|name| name.strip_suffix('\''));
    let file = match unquoted {
        Some(name) => Some(name.replace("''", "'")),
        None => match name.to_ascii_lowercase().as_str() {
            "stdin" | "pstdin" if from => None,
            "stdout" | "pstdout" if !from => None,
            "program" => {
                return Err("\\copy: a program runs in psql, but not here".into());
            }
            _ => Some(name.to_owned()),
        },
    };
    Ok(Line {
        what,
        from,
        file,
        options: words.0.trim(),
    })
}

/// Words of a line: what is in quotes or parentheses holds together.
struct Words<'l>(&'l str);

impl<'l> Iterator for Words<'l> {
    type Item = &'l str;

    fn next(&mut self) -> Option<&'l str> {
        let text = self.0.trim_start();
        let (mut depth, mut quote) = (0_usize, None);
        let mut end = text.len();
        for (at, c) in text.char_indices() {
            match (quote, c) {
                (Some(open), _) if c == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(c),
                (None, '(') if depth == 0 && at > 0 => {
                    end = at;
                    break;
                }
                (None, '(') => depth += 1,
                (None, ')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 {
                        end = at + 1;
                        break;
                    }
                }
                (None, c) if c.is_whitespace() && depth == 0 => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        (!word.is_empty() && depth == 0 && quote.is_none()).then_some(word)
    }
}

fn open(path: &Path) -> Result<std::fs::File, Problem> {
    let unread = |error: std::io::Error| file_problem(files::Error::io(path, &error));
    let found = std::fs::metadata(path).map_err(unread)?;
    if found.is_dir() {
        return Err(failed(format!(
            "{}: cannot copy from/to a directory",
            path.display()
        )));
    }
    // Opening one waits for a writer, and nothing could end that.
    if found.file_type().is_fifo() {
        return Err(failed(format!(
            "{}: cannot copy from a pipe",
            path.display()
        )));
    }
    std::fs::File::open(path).map_err(unread)
}

/// An error of the server, with its place in the cell where what the user wrote is wrong.
fn located<H: Host>(run: &Run<'_, H>, report: Report, start: usize, what: &str) -> Problem {
    let position = report.position;
    let mut problem = Problem::from(report);
    if let Some(position) = position.and_then(|position| position.checked_sub("COPY ".len())) {
        let sent = byte(what, position);
        if sent < what.len() {
            problem.place = Some(run.place(start + sent));
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_as_psql_reads_them() {
        let check = |text: &str, what: &str, from: bool, file: Option<&str>, options: &str| {
            let expected = Line {
                what,
                from,
                file: file.map(str::to_owned),
                options,
            };
            assert_eq!(parse(text), Ok(expected), "{text}");
        };
        check(
            "t to 'a b.csv' csv header",
            "t",
            false,
            Some("a b.csv"),
            "csv header",
        );
        check("t from a.csv", "t", true, Some("a.csv"), "");
        check(
            "s.\"from\"(a, b) FROM x",
            "s.\"from\"(a, b)",
            true,
            Some("x"),
            "",
        );
        check(
            "(select 'to' from t) to x with (format csv)",
            "(select 'to' from t)",
            false,
            Some("x"),
            "with (format csv)",
        );
        check("t from stdin", "t", true, None, "");
        check("t to STDOUT csv", "t", false, None, "csv");
        check("t to 'stdout'", "t", false, Some("stdout"), "");
    }

    #[test]
    fn lines_that_cannot_be_read() {
        for text in ["t", "t to", "(select 1 to x", "to x"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse("t to program 'cat'").is_err());
    }
}
