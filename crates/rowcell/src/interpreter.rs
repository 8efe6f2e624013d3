//! The kernel's meaning: Jupyter's requests on one side, the engine on the other.

use std::ops::Range;
use std::sync::Arc;

use display::Problem;
use jupyter::{Bundle, Comm, Completeness, Completion, Completions, Failure, Info, InputError};
use jupyter::{HelpLink, Interpreter, Language, Request, Said};
use query::{Host, Query, Shown, Unanswered};
use serde_json::{Map, Value};

use crate::embedded::Servers;
use crate::grid::Grids;
use crate::rust::{Code, Rust};

/// The interpreter of SQL cells, and of Rust cells among them.
pub(crate) struct Sql {
    query: Query,
    servers: Servers,
    rust: Rust,
    grids: Grids,
}

impl Sql {
    /// `programs`: cells may start some.
    pub(crate) fn new(programs: bool) -> Self {
        let servers = Servers::default();
        Sql {
            query: Query::new(Arc::new(servers.clone()), None).allow_programs(programs),
            servers,
            rust: Rust::default(),
            grids: Grids::default(),
        }
    }
}

impl Interpreter for Sql {
    fn info(&self) -> Info {
        let version = env!("CARGO_PKG_VERSION");
        let link = |text: &str, url: &str| HelpLink {
            text: text.into(),
            url: url.into(),
        };
        Info {
            implementation: "rowcell".into(),
            version: version.into(),
            banner: format!(
                "Rowcell {version}: SQL cells, psql's commands (\\?) and %help. \
                 %connect names a database; without it there is an embedded PostgreSQL."
            ),
            language: sql(),
            help_links: vec![
                link("PostgreSQL", "https://www.postgresql.org/docs/current/"),
                link(
                    "psql",
                    "https://www.postgresql.org/docs/current/app-psql.html",
                ),
            ],
        }
    }

    async fn execute(&self, code: &str, request: &Request) -> Result<(), Failure> {
        let cell = Cell {
            request,
            grids: &self.grids,
        };
        let ran = match Code::of(code, language(request.metadata())) {
            Some(rust) => self.rust.run(&rust, &self.query, &cell).await,
            None => self.query.run(code, &cell).await,
        };
        ran.map_err(failure)
    }

    async fn complete(&self, code: &str, cursor: usize) -> Completions {
        match Code::of(code, None).filter(|rust| rust.holds(cursor)) {
            Some(rust) => {
                let found = self.rust.complete(&rust, cursor).await;
                let items = found.items.into_iter();
                let items = items.map(|item| (item.text, item.kind, item.detail));
                completions(found.start..found.end, items)
            }
            None => {
                let found = self.query.complete(code, cursor).await;
                let items = found.items.into_iter();
                let items = items.map(|item| (item.text, item.kind.to_owned(), item.detail));
                completions(found.start..found.end, items)
            }
        }
    }

    async fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        match Code::of(code, None).filter(|rust| rust.holds(cursor)) {
            Some(rust) => self.rust.inspect(&rust, cursor).await.map(bundle),
            None => self.query.inspect(code, cursor, detail).await.map(bundle),
        }
    }

    fn completeness(&self, code: &str) -> Completeness {
        match self.query.completeness(code) {
            query::Completeness::Complete => Completeness::Complete,
            query::Completeness::Incomplete => Completeness::Incomplete {
                indent: String::new(),
            },
            query::Completeness::Invalid => Completeness::Invalid,
        }
    }

    fn remembers(&self, code: &str) -> bool {
        self.query.remembers(code)
    }

    async fn comm_opened(&self, target: &str, _comm: Comm, _said: Said) -> bool {
        self.grids.opened(target)
    }

    async fn comm_said(&self, comm: Comm, said: Said) {
        self.grids.said(&comm, said).await;
    }

    async fn comm_closed(&self, id: &str) {
        self.grids.closed(id).await;
    }

    async fn close(&self) {
        self.rust.close().await;
        self.grids.close().await;
        self.query.close();
        self.servers.stop().await;
    }
}

/// The language of a notebook.
pub(crate) fn sql() -> Language {
    Language {
        name: "sql".into(),
        // The standard's.
        version: "2023".into(),
        // The names under which front ends colour PostgreSQL's dialect.
        mimetype: "text/x-pgsql".into(),
        codemirror_mode: "text/x-pgsql".into(),
        pygments_lexer: "postgresql".into(),
        file_extension: ".sql".into(),
    }
}

/// The language of a cell, where the front end says that it is not the notebook's.
fn language(metadata: &Map<String, Value>) -> Option<&str> {
    metadata.get("vscode")?.get("languageId")?.as_str()
}

/// Candidates for a part of a cell, each with its kind and its signature.
fn completions(
    range: Range<usize>,
    items: impl Iterator<Item = (String, String, String)>,
) -> Completions {
    let items = items.map(|(text, kind, signature)| Completion {
        text,
        kind,
        signature,
    });
    Completions {
        start: range.start,
        end: range.end,
        items: items.collect(),
    }
}

fn failure(problem: Problem) -> Failure {
    Failure {
        traceback: problem.traceback(),
        name: problem.name,
        value: problem.message,
    }
}

fn bundle(bundle: display::Bundle) -> Bundle {
    Bundle {
        data: bundle.data,
        metadata: bundle.metadata,
    }
}

/// The cell that runs, as the engine's host.
struct Cell<'a> {
    request: &'a Request,
    grids: &'a Grids,
}

impl Host for Cell<'_> {
    async fn show(&self, shown: Shown) {
        let Cell { request, grids } = self;
        match shown {
            Shown::Out(text) | Shown::Note(text) => request.stdout(&text).await,
            Shown::Err(text) => request.stderr(&text).await,
            Shown::Result(value) => request.result(bundle(value)).await,
            Shown::Display(value, None) => request.display(bundle(value), None).await,
            Shown::Display(value, Some(number)) => {
                request.display(bundle(value), Some(&id(number))).await;
            }
            Shown::Update(number, value) => request.update(&id(number), bundle(value)).await,
            Shown::Browsable(number, table, browser) => {
                grids.offer(request, id(number), table, browser).await;
            }
            Shown::Clear => request.clear(true).await,
            Shown::Page(value) => request.page(bundle(value)),
        }
    }

    async fn ask(&self, prompt: &str, secret: bool) -> Result<String, Unanswered> {
        self.request
            .input(prompt, secret)
            .await
            .map_err(|error| match error {
                InputError::Interrupted => Unanswered::Interrupted,
                _ => Unanswered::Nobody,
            })
    }

    async fn interrupted(&self) {
        self.request.interrupted().await;
    }
}

/// A display's name for the front end: another process's first display is not this one's.
fn id(number: u64) -> String {
    format!("rowcell-{}-{number}", std::process::id())
}
