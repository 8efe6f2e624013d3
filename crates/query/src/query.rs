//! A notebook's engine: takes a cell, runs its steps from top to bottom, shows what comes.

use std::sync::Arc;
use std::time::Duration;

use display::{Bundle, Place, Print, Problem, visible};
use tokio::sync::Mutex;

use crate::answer::Answer;
use crate::cell::{Cell, Completeness, Step, Unreadable, completeness};
use crate::commands;
use crate::connections::Connections;
use crate::failure::{connection_problem, interrupted_between};
use crate::generate::model::Model;
use crate::host::{Host, Shown};
use crate::inspector::{self, Structure};
use crate::remembers::remembers;
use crate::session::{Embedded, Session, lock};
use crate::split::{Dialect, Statement};
use crate::spool::Results;
use crate::target::Target;
use crate::variables::Variables;

/// Rows of a result that are shown where the notebook sets nothing else.
const ROWS_SHOWN: usize = 100;

/// Everything between the text of a cell and what is shown of it: the notebook's connections and
/// what its cells have set.
pub struct Query {
    pub(crate) connections: Connections,
    pub(crate) results: Results,
    /// The tables that `%model` has made types of.
    pub(crate) models: std::sync::Mutex<Vec<Model>>,
    /// Cells may start programs.
    pub(crate) programs: bool,
    /// Held by the cell that runs.
    pub(crate) settings: Mutex<Settings>,
    /// The variables as they were when the cell that runs was begun.
    before: std::sync::Mutex<Variables>,
}

/// What cells set for those after them.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) variables: Variables,
    pub(crate) print: Print,
    /// Rows of a result that are shown.
    pub(crate) rows_shown: usize,
    /// `\timing`.
    pub(crate) timing: bool,
    /// The number of the last display that may be updated.
    pub(crate) displays: u64,
}

impl Query {
    /// An engine without connections. The first statement uses `first`, else what the environment
    /// names, else the embedded PostgreSQL.
    pub fn new(embedded: Arc<dyn Embedded>, first: Option<Target>) -> Self {
        Query {
            connections: Connections::new(embedded, first),
            results: Results::new(),
            models: std::sync::Mutex::default(),
            programs: false,
            settings: Mutex::new(Settings {
                variables: Variables::default(),
                print: Print::default(),
                rows_shown: ROWS_SHOWN,
                timing: false,
                displays: 0,
            }),
            before: std::sync::Mutex::default(),
        }
    }

    /// Lets cells start programs, which nothing in a cell can allow.
    #[must_use]
    pub fn allow_programs(mut self, allowed: bool) -> Self {
        self.programs = allowed;
        self
    }

    /// Sets a variable, as `\set` does.
    ///
    /// # Errors
    /// The name is none a variable can have.
    pub async fn set(&self, name: &str, value: &str) -> Result<(), String> {
        let mut settings = self.settings.lock().await;
        settings
            .variables
            .set(name, value)
            .map_err(|error| error.to_string())
    }

    /// Whether a variable can have this name, and this value.
    ///
    /// # Errors
    /// It cannot.
    pub fn check(name: &str, value: &str) -> Result<(), String> {
        let set = Variables::default().set(name, value);
        set.map_err(|error| error.to_string())
    }

    /// Runs a cell. Cells run one after the other: a second call waits for the first.
    ///
    /// # Errors
    /// The first problem, at which the cell stops.
    pub async fn run<H: Host>(&self, text: &str, host: &H) -> Result<(), Problem> {
        let mut settings = self.settings.lock().await;
        *lock(&self.before) = settings.variables.clone();
        let mut run = Run::outside(self, host, &mut settings, text);
        run.steps().await
    }

    /// Everything that the current connection's database holds, as far as its server tells. Waits
    /// while a cell runs.
    ///
    /// # Errors
    /// The server cannot be reached, or refuses every way to ask.
    pub async fn structure<H: Host>(&self, host: &H) -> Result<Structure, Problem> {
        let mut settings = self.settings.lock().await;
        inspector::structure(&mut Run::outside(self, host, &mut settings, "")).await
    }

    /// Whether a console should run this text or wait for more of it.
    pub fn completeness(&self, text: &str) -> Completeness {
        completeness(text, self.dialect(text))
    }

    /// Whether a cell may be kept in a history: not where it seems to hold a password.
    pub fn remembers(&self, text: &str) -> bool {
        remembers(text, self.dialect(text))
    }

    /// Closes every connection and forgets every result.
    pub fn close(&self) {
        self.connections.clear();
        self.results.clear();
    }

    /// The variables; while a cell runs, those of before.
    pub(crate) fn known_variables(&self) -> Variables {
        match self.settings.try_lock() {
            Ok(settings) => settings.variables.clone(),
            Err(_) => lock(&self.before).clone(),
        }
    }

    /// The session that the SQL of a cell goes to: the one that its first line names, else the
    /// current one.
    pub(crate) fn session_of(&self, text: &str) -> Option<Session> {
        let named = commands::connection_named(text);
        let named = named.and_then(|name| self.connections.find(name).ok());
        named.or_else(|| self.connections.current())
    }

    /// How the SQL of a cell is read.
    pub(crate) fn dialect(&self, text: &str) -> Dialect {
        let session = self.session_of(text);
        session.map_or_else(Dialect::default, |session| session.dialect())
    }
}

/// A cell that runs.
pub(crate) struct Run<'a, H> {
    pub(crate) host: &'a H,
    pub(crate) query: &'a Query,
    pub(crate) settings: &'a mut Settings,
    /// The connection that `%%sql --on` names.
    pub(crate) on: Option<Session>,
    /// What `%%sql` sets for all of its statements.
    pub(crate) options: Options,
    /// The whole cell.
    pub(crate) text: &'a str,
    pub(crate) cell: Cell<'a>,
    /// The last statement sent, for `\g` and `\watch`.
    pub(crate) last: Option<Statement>,
    /// The user has interrupted this cell: what runs may still come to its own end, but nothing more
    /// is begun.
    pub(crate) interrupted: bool,
}

/// The options of `%%sql`.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// `--limit`: rows of a result that are shown.
    pub(crate) rows_shown: Option<usize>,
    /// `--timeout`: after this long a statement is interrupted.
    pub(crate) timeout: Option<Duration>,
    /// `--as`: the name results are kept under; the last one has it in the end.
    pub(crate) name: Option<String>,
}

/// What one statement is run with.
#[derive(Clone)]
pub(crate) struct Manner {
    pub(crate) print: Print,
    pub(crate) rows_shown: usize,
    /// After this long a statement is interrupted.
    pub(crate) timeout: Option<Duration>,
    /// The name its result is kept under.
    pub(crate) name: Option<String>,
}

impl<'a, H: Host> Run<'a, H> {
    /// For a statement that stands in no SQL cell.
    pub(crate) fn outside(
        query: &'a Query,
        host: &'a H,
        settings: &'a mut Settings,
        text: &'a str,
    ) -> Self {
        Run {
            host,
            query,
            settings,
            on: None,
            options: Options::default(),
            text,
            cell: Cell::new(text),
            last: None,
            interrupted: false,
        }
    }

    pub(crate) async fn steps(&mut self) -> Result<(), Problem> {
        while self.step().await? {}
        Ok(())
    }

    /// Runs the next step; whether there was one.
    pub(crate) async fn step(&mut self) -> Result<bool, Problem> {
        self.learn_connection_where_named().await?;
        let dialect = self.dialect();
        let step = match self.cell.next(&self.settings.variables, dialect) {
            None => return Ok(false),
            Some(Err(unreadable)) => return Err(self.unreadable(&unreadable)),
            Some(Ok(step)) => step,
        };
        if self.interrupted {
            return Err(interrupted_between());
        }
        match step {
            Step::Statement(statement) => self.statement(statement).await?,
            Step::Command { name, at } => {
                commands::psql(self, &name, at).await?;
                self.warn_of_extra_arguments(&name).await?;
            }
            Step::Percent { name, rest, at } => {
                commands::percent(self, name, rest, at).await?;
            }
            Step::Block {
                name,
                rest,
                body,
                at,
            } => commands::block(self, name, rest, body, at).await?,
        }
        Ok(true)
    }

    /// Says which arguments a `\` command has not asked for.
    async fn warn_of_extra_arguments(&mut self, name: &str) -> Result<(), Problem> {
        loop {
            let extra = self.cell.extra();
            match extra.map_err(|unreadable| self.unreadable(&unreadable))? {
                None => return Ok(()),
                Some(text) => {
                    let line = format!("\\{name}: extra argument \"{text}\" ignored\n");
                    self.warn(line).await;
                }
            }
        }
    }

    /// Runs a statement as the notebook's settings say.
    pub(crate) async fn statement(&mut self, statement: Statement) -> Result<(), Problem> {
        let manner = self.manner();
        self.statement_in(statement, manner).await
    }

    pub(crate) fn manner(&self) -> Manner {
        Manner {
            print: self.settings.print.clone(),
            rows_shown: self.options.rows_shown.unwrap_or(self.settings.rows_shown),
            timeout: self.options.timeout,
            name: self.options.name.clone(),
        }
    }

    /// Runs a statement in a manner of its own.
    pub(crate) async fn statement_in(
        &mut self,
        statement: Statement,
        manner: Manner,
    ) -> Result<(), Problem> {
        self.answer(statement, manner).await?.run().await
    }

    /// The answer to a statement, which has been held against the guards and is not sent yet.
    pub(crate) async fn answer(
        &mut self,
        statement: Statement,
        mut manner: Manner,
    ) -> Result<Answer<'_, 'a, H>, Problem> {
        let session = self.session().await?;
        if let Target::Server(settings) = session.target() {
            manner.timeout = manner.timeout.or(settings.timeout);
        }
        self.admit(&session, &statement).await?;
        if self.settings.variables.says("ECHO", "queries") {
            self.out(format!("{}\n", statement.text)).await;
        }
        self.begin_where_wanted(&session, &statement.text).await?;
        self.last = Some(statement.clone());
        Ok(Answer::new(self, session, statement, manner))
    }

    /// The current session; the first statement of a notebook chooses one and says which.
    pub(crate) async fn session(&mut self) -> Result<Session, Problem> {
        if let Some(session) = &self.on {
            return Ok(session.clone());
        }
        let (session, chosen) = self
            .query
            .connections
            .current_or_first()
            .map_err(|why| connection_problem(why, &[]))?;
        if let Some(line) = chosen {
            self.host.show(Shown::Note(line + "\n")).await;
        }
        Ok(session)
    }

    /// How SQL is read here: as the session that it goes to reads it.
    pub(crate) fn dialect(&self) -> Dialect {
        let session = self.on.clone().or_else(|| self.query.connections.current());
        session.map_or_else(Dialect::default, |session| session.dialect())
    }

    /// Whether anything that runs comes after the step that runs.
    pub(crate) fn is_last(&self) -> bool {
        let mut ahead = self.cell.clone();
        ahead
            .next(&self.settings.variables, self.dialect())
            .is_none()
    }

    /// Shows what a step has made: the cell's value, where the cell ends here.
    pub(crate) async fn show(&self, bundle: Bundle) {
        let shown = match self.is_last() {
            true => Shown::Result(bundle),
            false => Shown::Display(bundle, None),
        };
        self.host.show(shown).await;
    }

    pub(crate) async fn out(&self, text: impl Into<String>) {
        self.host.show(Shown::Out(text.into())).await;
    }

    /// Says something beside the results, in words that may be a server's: made visible.
    pub(crate) async fn warn(&self, text: impl Into<String>) {
        let text = visible(&text.into()).into_owned();
        self.host.show(Shown::Err(text)).await;
    }

    /// Says that a request to cancel is still without an answer; so many more interrupts give the
    /// connection up.
    pub(crate) async fn still_running(&self, left: u32) {
        let again = match left {
            0 | 1 => "interrupt once more",
            2 => "interrupt twice more",
            _ => "interrupt three times",
        };
        self.warn(format!(
            "The server has not answered the request to cancel yet; it is waited for, up to 30 s. \
             To give the connection up before that, {again}.\n"
        ))
        .await;
    }

    /// Says something about the connection that is no word of the server's.
    pub(crate) async fn remark(&self, line: &str) {
        self.warn(format!("{line}\n")).await;
    }

    /// Says that the connection before has ended.
    pub(crate) async fn connected_again(&self, why: &str) {
        self.warn(format!(
            "Connected again: the connection before had ended ({why}). \
             Temporary tables, SET and prepared statements are gone.\n"
        ))
        .await;
    }

    /// A number for a display that will be updated.
    pub(crate) fn new_display(&mut self) -> u64 {
        self.settings.displays += 1;
        self.settings.displays
    }

    pub(crate) fn unreadable(&self, unreadable: &Unreadable) -> Problem {
        let mut problem = Problem::server("ERROR", "42601", unreadable.to_string());
        problem.place = Some(self.place(unreadable.at.start));
        problem
    }

    /// A place in this cell.
    pub(crate) fn place(&self, offset: usize) -> Place {
        Place {
            text: self.text.to_owned(),
            offset,
        }
    }
}
