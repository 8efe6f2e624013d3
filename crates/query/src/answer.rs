//! A statement's answer: what comes back from the server, shown in the server's order.

mod arriving;
mod copy;

use std::time::{Duration, Instant};

use display::{Bundle, Column, Problem, Progress, Table, visible};

use self::arriving::Arriving;
use self::copy::{CopyOut, send};
use crate::failure::LOST;
use crate::fetch::Fetched;
use crate::host::{Host, Shown};
use crate::query::{Manner, Run};
use crate::query_service;
use crate::session::{Failure, Headway, Running, Session, Update};
use crate::split::Statement;
use crate::spool::{About, Writer};
use crate::wait;
use crate::wire::{Event, Field, Report, Transaction};
use crate::words::{elapsed, size, time};

/// A result that is not complete this long after its first row is shown as far as it has come.
const PATIENCE: Duration = Duration::from_millis(80);
/// A result that grows is shown anew this often at most; a large table less often, …
const TICK: Duration = Duration::from_millis(100);
/// … so that a front end gets no more bytes of it in a second.
const RATE: usize = 500_000;
/// A complete result waits this long for the word that it is the last one.
const HOLD: Duration = Duration::from_millis(50);

/// One statement on its way through the server.
pub(crate) struct Answer<'r, 'a, H> {
    run: &'r mut Run<'a, H>,
    session: Session,
    statement: Statement,
    manner: Manner,
    started: Instant,
    /// The result whose rows are arriving.
    arriving: Option<Arriving>,
    /// A complete result, not yet shown: it may turn out to be the cell's last.
    held: Option<(Arriving, Instant)>,
    /// The displays that were made or updated, in order.
    displays: Vec<u64>,
    copy: CopyOut,
    /// The last command's tag, and what the server said where one has failed.
    tag: String,
    refused: Option<Report>,
    problem: Option<Problem>,
    /// The time limit has passed.
    timed_out: bool,
    /// The display of how far a slow statement has come, and what it says the statement is.
    progress: Option<(u64, String)>,
    showing: Showing,
}

/// Where results are shown.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Showing {
    /// Where they belong: the cell's value, or a display.
    Once,
    /// In displays that the next time will update.
    First,
    /// In these displays, in place of what is there.
    Again(Vec<u64>),
    /// As ever, but for the last one, which is handed over instead.
    ButLast,
}

impl<'r, 'a, H: Host> Answer<'r, 'a, H> {
    pub(crate) fn new(
        run: &'r mut Run<'a, H>,
        session: Session,
        statement: Statement,
        manner: Manner,
    ) -> Self {
        Answer {
            run,
            session,
            statement,
            manner,
            started: Instant::now(),
            arriving: None,
            held: None,
            displays: Vec::new(),
            copy: CopyOut::default(),
            tag: String::new(),
            refused: None,
            problem: None,
            timed_out: false,
            progress: None,
            showing: Showing::Once,
        }
    }

    /// Shows results in displays that can be updated; answers the displays' numbers.
    pub(crate) async fn run_updating(mut self, showing: Showing) -> Result<Vec<u64>, Problem> {
        self.showing = showing;
        self.read().await?;
        Ok(self.displays)
    }

    /// Hands over the last result, of which more than a row is no more than counted.
    pub(crate) async fn run_fetching(mut self) -> Result<Option<Fetched>, Problem> {
        self.showing = Showing::ButLast;
        self.manner.rows_shown = self.manner.rows_shown.max(2);
        self.read().await?;
        Ok(self.held.take().map(|(arriving, _)| Fetched {
            columns: self.columns(&arriving.fields),
            fields: arriving.fields,
            rows: arriving.rows,
        }))
    }

    /// Runs the statement and shows all of its answer.
    pub(crate) async fn run(mut self) -> Result<(), Problem> {
        self.read().await
    }

    async fn read(&mut self) -> Result<(), Problem> {
        let done = self.ask().await;
        if let Some((number, what)) = self.progress.take() {
            let progress = Progress {
                what,
                ..Progress::default()
            };
            self.run
                .host
                .show(Shown::Update(number, progress.bundle()))
                .await;
        }
        done.map_err(|mut problem| {
            if self.timed_out {
                let whose = match self.run.options.timeout {
                    Some(_) => "--timeout",
                    None => "this connection",
                };
                let passed = format!("The time limit of {whose} had passed.");
                problem.advice.push(passed);
            }
            problem
        })
    }

    /// Asks the server; once more where it wants another password.
    async fn ask(&mut self) -> Result<(), Problem> {
        let mut password = None;
        let mut asked = false;
        loop {
            let sql = self.statement.text.clone();
            let mut running = self.session.run(sql, password.take()).await;
            match self.follow(&mut running).await {
                Ok(transaction) => return self.finish(transaction).await,
                Err(failure) => {
                    self.abandon().await;
                    if let Some(problem) = self.last_word(&failure) {
                        return Err(problem);
                    }
                    let another = self
                        .run
                        .another_password(&self.session, failure, asked)
                        .await?;
                    (password, asked) = (Some(another), true);
                }
            }
        }
    }

    /// What the server refused before the connection ended: it is why there is no answer, and says
    /// more than the end does.
    fn last_word(&mut self, failure: &Failure) -> Option<Problem> {
        let (Failure::Lost(why) | Failure::RolledBack(why)) = failure else {
            return None;
        };
        self.refused.as_ref().filter(|report| !report.is_fatal())?;
        let mut problem = self.problem.take()?;
        problem
            .advice
            .push(format!("Then the connection ended: {why}. {LOST}"));
        Some(problem)
    }

    /// Reads what comes, shows it, and passes interrupts on.
    async fn follow(&mut self, running: &mut Running) -> Result<Transaction, Failure> {
        let mut rows_for_copy = None;
        let mut limit = self
            .manner
            .timeout
            .and_then(|limit| self.started.checked_add(limit));
        loop {
            let due = self.due();
            tokio::select! {
                biased;
                () = self.run.host.interrupted() => {
                    self.run.interrupted = true;
                    running.interrupt();
                }
                update = running.updates.recv() => match update {
                    None => return Err(Failure::Lost("the session has ended".into())),
                    Some(Update::Done(transaction)) => return Ok(transaction),
                    Some(Update::Failed(failure)) => return Err(failure),
                    Some(Update::Opened { lost }) => {
                        self.started = Instant::now();
                        if let Some(why) = lost {
                            self.run.connected_again(&why).await;
                        }
                    }
                    Some(Update::StillRunning(left)) => self.run.still_running(left).await,
                    Some(Update::Remark(line)) => self.run.remark(&line).await,
                    Some(Update::Progress(headway)) => self.progress(&headway).await,
                    Some(Update::Rows(rows)) => {
                        let limit = self.manner.rows_shown;
                        if let Some(arriving) = &mut self.arriving {
                            arriving.add(rows, limit);
                        }
                        // Rows that never cease must not keep from being shown those that came.
                        if self.due().is_some_and(|due| due <= Instant::now()) {
                            self.tick().await;
                        }
                    }
                    Some(Update::CopyIn(to)) => {
                        self.release().await;
                        let lines = self.run.cell.copy_data();
                        let data = self.run.text.get(lines.range).unwrap_or_default();
                        rows_for_copy = Some(Box::pin(send(to, data)));
                    }
                    Some(Update::Event(event)) => self.event(event).await,
                },
                () = wait::done(&mut rows_for_copy) => rows_for_copy = None,
                () = wait::until(due) => self.tick().await,
                () = wait::until(limit) => {
                    limit = None;
                    self.timed_out = true;
                    running.end();
                }
            }
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Columns(fields) => {
                // A rule can make one statement answer twice: the first result is complete.
                self.hold();
                self.release().await;
                self.session.learn_columns(&self.statement.text, &fields);
                let kept = self.showing != Showing::ButLast;
                let writer = kept.then(|| Writer::new(&self.run.query.results));
                self.arriving = Some(Arriving::new(fields, writer));
            }
            Event::Complete(tag) => {
                let with_rows = self.arriving.is_some();
                self.hold();
                let said = match tag.split(' ').next() {
                    Some("INSERT" | "UPDATE" | "DELETE" | "MERGE") => true,
                    _ => !with_rows && !std::mem::take(&mut self.copy.quiet),
                };
                self.tag.clone_from(&tag);
                if said && !self.run.settings.variables.is_on("QUIET") {
                    // The tag of a result that is to be handed over does not push it out.
                    if !(with_rows && self.showing == Showing::ButLast) {
                        self.release().await;
                    }
                    self.run.out(format!("{}\n", visible(&tag))).await;
                }
            }
            Event::Empty => {}
            Event::Error(report) => {
                // As in psql, the rows of a statement that failed are none; those that are seen
                // already stay, and say so.
                let arriving = self.arriving.take();
                if let Some(mut arriving) = arriving.filter(|arriving| arriving.shown.is_some()) {
                    arriving.cut = Some("an error ended the statement");
                    self.held = Some((arriving, Instant::now()));
                }
                self.release().await;
                self.refused = Some((*report).clone());
                self.problem = Some(self.report(*report));
            }
            Event::Notice(report) => {
                self.release().await;
                let problem = self.run.notice(&self.session, &self.statement, *report);
                self.run.warn(problem.text() + "\n").await;
            }
            Event::Notification {
                process,
                channel,
                payload,
            } => {
                self.release().await;
                let payload = match payload.as_str() {
                    "" => String::new(),
                    payload => format!(" with payload \"{}\"", visible(payload)),
                };
                let channel = visible(&channel);
                self.run
                    .out(format!(
                        "Asynchronous notification \"{channel}\"{payload} received from server process with PID {process}.\n"
                    ))
                    .await;
            }
            Event::CopyOut => {
                self.release().await;
                self.copy = CopyOut::begun();
            }
            Event::CopyData(data) => {
                if let Some(text) = self.copy.text(&data) {
                    self.run.out(text).await;
                }
            }
            Event::CopyEnd => {
                if self.copy.left_out > 0 {
                    let line = format!("({} more bytes not shown)\n", self.copy.left_out);
                    self.run.out(line).await;
                }
            }
            Event::Rows(_)
            | Event::CopyIn
            | Event::Key { .. }
            | Event::Parameter { .. }
            | Event::Ready(_) => {}
        }
    }

    /// Shows how far a slow statement has come.
    async fn progress(&mut self, headway: &Headway) {
        let what = match &headway.relation {
            Some(relation) => format!("{} {relation}", headway.command),
            None => headway.command.clone(),
        };
        let rows = headway.rows.map(|rows| format!("{rows} rows"));
        let bundle = Progress {
            what: match headway.phase.as_str() {
                "" => what.clone(),
                phase => format!("{what}: {phase}"),
            },
            done: headway.done,
            total: headway.total,
            notes: rows
                .into_iter()
                .chain([elapsed(self.started.elapsed())])
                .collect(),
        }
        .bundle();
        let shown = match &self.progress {
            Some((number, _)) => Shown::Update(*number, bundle),
            None => {
                let number = self.run.new_display();
                self.progress = Some((number, what));
                Shown::Display(bundle, Some(number))
            }
        };
        self.run.host.show(shown).await;
    }

    /// All rows of a result have come.
    fn hold(&mut self) {
        if let Some(mut arriving) = self.arriving.take() {
            arriving.notes.extend(how_much(&arriving));
            if self.session.is_query_service() && arriving.total == query_service::ROW_CAP {
                arriving.notes.push(
                    "exactly 50,000 rows came, Query Service's cap: there may be more".into(),
                );
            }
            self.held = Some((arriving, Instant::now()));
        }
    }

    /// When something is due without news from the server.
    fn due(&self) -> Option<Instant> {
        if self.showing == Showing::ButLast {
            return None;
        }
        if let Some((_, since)) = &self.held {
            return Some(*since + HOLD);
        }
        let arriving = self.arriving.as_ref()?;
        match arriving.shown {
            Some((_, again)) => Some(again),
            None => arriving.since.map(|since| since + PATIENCE),
        }
    }

    async fn tick(&mut self) {
        if self.held.is_some() {
            return self.release().await;
        }
        if let Some(mut arriving) = self.arriving.take() {
            self.display(&mut arriving, true).await;
            self.arriving = Some(arriving);
        }
    }

    /// Shows the held result as one that is not the cell's value: something comes after it.
    async fn release(&mut self) {
        if let Some((mut arriving, _)) = self.held.take() {
            let lost = self.keep(&mut arriving).await;
            self.display(&mut arriving, false).await;
            self.tell(lost).await;
        }
    }

    /// Keeps a result for the cells after this one. Answers a line where not all rows are kept.
    async fn keep(&self, arriving: &mut Arriving) -> Option<String> {
        let writer = arriving.writer.take()?;
        let about = About {
            name: self.manner.name.clone(),
            sql: self.statement.text.clone(),
            connection: self.session.name().to_owned(),
            columns: self.columns(&arriving.fields),
            fields: arriving.fields.clone(),
            cut: arriving.cut,
        };
        let (kept, stopped) = writer.keep(about).await;
        let (stored, total) = (kept.stored(), arriving.total);
        arriving.kept = Some(kept);
        let part = format!("the first {stored} of {total} rows are kept");
        let line = stopped.map(|why| format!("{part}: {why}"))?;
        arriving.notes.push(line.clone());
        Some(line)
    }

    async fn tell(&self, lost: Option<String>) {
        if let Some(line) = lost {
            self.run.warn(format!("WARNING:  {line}\n")).await;
        }
    }

    /// Shows a result in a display of its own, or anew in the one it has.
    async fn display(&mut self, arriving: &mut Arriving, growing: bool) {
        let bundle = self.bundle(arriving, growing);
        let length = bundle.text().len() + bundle.html().map_or(0, str::len);
        let pause =
            TICK.max(Duration::from_secs(1) * (length / 1000) as u32 / (RATE / 1000) as u32);
        let browser = (!growing && self.showing == Showing::Once)
            .then(|| arriving.browser())
            .flatten();
        let known = match (arriving.shown, &self.showing) {
            (Some((number, _)), _) => Some(number),
            (None, Showing::Again(displays)) => displays.get(self.displays.len()).copied(),
            (None, _) => None,
        };
        let number = match known {
            Some(number) => {
                let shown = Shown::Update(number, bundle.clone());
                self.run.host.show(shown).await;
                number
            }
            None if growing
                || browser.is_some()
                || matches!(self.showing, Showing::First | Showing::Again(_)) =>
            {
                let number = self.run.new_display();
                let shown = Shown::Display(bundle.clone(), Some(number));
                self.run.host.show(shown).await;
                number
            }
            None => return self.run.host.show(Shown::Display(bundle, None)).await,
        };
        if let Some(browser) = browser {
            let shown = Shown::Browsable(number, bundle, browser);
            self.run.host.show(shown).await;
        }
        if arriving.shown.is_none() {
            self.displays.push(number);
        }
        arriving.shown = Some((number, Instant::now() + pause));
    }

    fn bundle(&self, arriving: &Arriving, growing: bool) -> Bundle {
        let mut notes = arriving.notes.clone();
        if growing {
            notes.extend(how_much(arriving));
            // Not where it stays: the same rows are to be the same bytes in a saved notebook.
            notes.push(elapsed(self.started.elapsed()));
        }
        let table = Table {
            columns: self.columns(&arriving.fields),
            rows: arriving.rows.clone(),
            cut: arriving.cut_values.clone(),
            total: arriving.total,
            footers: arriving.cut.map(|why| vec![format!("(incomplete: {why})")]),
            notes,
            running: growing,
            ..Table::default()
        };
        table.bundle(&self.manner.print)
    }

    fn columns(&self, fields: &[Field]) -> Vec<Column> {
        self.session.columns(fields)
    }

    /// The server is ready: shows what is held, and says what went wrong.
    async fn finish(&mut self, transaction: Transaction) -> Result<(), Problem> {
        self.run.learn_outcome(&self.tag, self.refused.as_ref());
        self.run.learn_connection(&self.session);
        if self.showing != Showing::ButLast
            && let Some((mut arriving, _)) = self.held.take()
        {
            if transaction == Transaction::Idle {
                self.session.learn_types(&arriving.fields).await;
            }
            if transaction == Transaction::Open {
                arriving.notes.push("transaction open".into());
            }
            arriving.notes.extend(self.session.expiry_warning());
            let lost = self.keep(&mut arriving).await;
            let is_value = arriving.shown.is_none()
                && arriving.total == arriving.rows.len() as u64
                && self.showing == Showing::Once
                && self.run.is_last();
            if is_value {
                let bundle = self.bundle(&arriving, false);
                self.run.host.show(Shown::Result(bundle)).await;
            } else {
                self.display(&mut arriving, false).await;
            }
            self.tell(lost).await;
        }
        if self.run.settings.timing {
            self.run.out(time(self.started.elapsed())).await;
        }
        match self.problem.take() {
            None => Ok(()),
            Some(mut problem) => {
                if transaction == Transaction::Failed {
                    problem.advice.push(
                        "The transaction has failed and takes no more statements: ROLLBACK ends it \
                         (ROLLBACK TO a savepoint keeps what came before)."
                            .into(),
                    );
                }
                Err(problem)
            }
        }
    }

    /// The connection is gone: what has come stays.
    async fn abandon(&mut self) {
        if let Some(mut arriving) = self.arriving.take() {
            arriving.cut = Some("the connection ended");
            self.held = Some((arriving, Instant::now()));
        }
        self.release().await;
    }

    fn report(&self, report: Report) -> Problem {
        self.run.report(&self.session, &self.statement, report)
    }
}

/// How much a result is, where not all of it is seen.
fn how_much(arriving: &Arriving) -> Option<String> {
    (arriving.total > arriving.rows.len() as u64).then(|| size(arriving.bytes))
}
