//! The grid: the widget that pages through a kept result. The static table stands first and stays in
//! the notebook: the grid takes its place on the open page alone. So what is saved is the table, in
//! whatever way a notebook is closed.
//!
//! When the widget's script has said hello, the table is shown anew with a mark in it; the script
//! finds the mark on the page, draws the grid there, and the mark goes.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use display::{Bundle, Kind};
use jupyter::{Comm, Request, Said};
use query::{Browser, Unseen, View, Wish};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// What runs in the front end, and how it looks.
const SCRIPT: &str = include_str!("grid/grid.js");
const STYLE: &str = include_str!("grid/grid.css");
/// The comm by which a front end that has widgets asks for those there are.
const CONTROL: &str = "jupyter.widget.control";
const WIDGET: &str = "jupyter.widget";
/// Grids that are open at once; of more, the oldest become tables again.
const OPEN: usize = 50;
/// The most rows a page has, and the most bytes that go to a clipboard.
const PAGE: usize = 1000;
const CLIPBOARD: usize = 8 << 20;

/// The grids of a notebook.
#[derive(Default)]
pub(crate) struct Grids {
    /// Whether the front end has widgets: it has asked for them.
    widgets: AtomicBool,
    /// Locked while one is opened: the front end's hello waits until it is known here.
    open: tokio::sync::Mutex<VecDeque<Arc<Grid>>>,
}

struct Grid {
    comm: Comm,
    request: Request,
    /// The display it takes the place of, and what stood there.
    display: String,
    table: Bundle,
    /// The class by which its script finds the table on the page.
    mark: String,
    browser: Browser,
    seen: Mutex<Seen>,
}

/// The view that was asked for last.
#[derive(Default)]
struct Seen {
    wish: Wish,
    /// Locked while it is made: whoever asks for the same waits.
    view: Arc<Mutex<Option<Arc<View>>>>,
    /// Stops the making of it, when another is wanted.
    stop: Arc<AtomicBool>,
}

/// What the front end asks.
#[derive(Deserialize)]
struct Ask {
    kind: String,
    generation: u64,
    #[serde(default)]
    view: AskedView,
    #[serde(default)]
    from: u64,
    #[serde(default)]
    count: u64,
    #[serde(default)]
    column: usize,
    #[serde(default)]
    columns: Vec<usize>,
}

#[derive(Default, Deserialize)]
struct AskedView {
    sort: Option<Sort>,
    filters: Vec<AskedFilter>,
    search: String,
}

#[derive(Deserialize)]
struct Sort {
    column: usize,
    descending: bool,
}

#[derive(Deserialize)]
struct AskedFilter {
    column: usize,
    text: String,
}

impl Grids {
    /// A result that is larger than its table is shown in `display`: offers a grid in its place.
    pub(crate) async fn offer(
        &self,
        request: &Request,
        display: String,
        table: Bundle,
        browser: Browser,
    ) {
        if !self.widgets.load(Ordering::Relaxed) {
            return;
        }
        // Another kernel's tables may stand on the same page.
        let mark = format!("rowcell-{:016x}", RandomState::new().hash_one(()));
        let said = Said {
            data: json!({ "state": state(&browser, &mark), "buffer_paths": [] }),
            metadata: version("2.1.0"),
            buffers: Vec::new(),
        };
        let mut open = self.open.lock().await;
        let comm = request.open_comm(WIDGET, said).await;
        let grid = Grid {
            comm,
            request: request.clone(),
            display,
            table,
            mark,
            browser,
            seen: Mutex::default(),
        };
        open.push_back(Arc::new(grid));
        if open.len() > OPEN
            && let Some(oldest) = open.pop_front()
        {
            oldest.end().await;
        }
    }

    /// A front end opens a comm; only one is known.
    pub(crate) fn opened(&self, target: &str) -> bool {
        let known = target == CONTROL;
        if known {
            self.widgets.store(true, Ordering::Relaxed);
        }
        known
    }

    /// What a front end says over a comm.
    pub(crate) async fn said(&self, comm: &Comm, said: Said) {
        let of_comm = |grid: &&Arc<Grid>| grid.comm.id() == comm.id();
        let grid = self.open.lock().await.iter().find(of_comm).cloned();
        let method = said.data["method"].as_str().unwrap_or_default();
        match (grid, method) {
            (None, "request_states") => self.tell_states(comm).await,
            (Some(grid), "request_state") => {
                let state = state(&grid.browser, &grid.mark);
                let data = json!({ "method": "update", "state": state, "buffer_paths": [] });
                comm.say(Said::data(data)).await;
            }
            (Some(grid), "custom") => match said.data["content"]["kind"].as_str() {
                Some("hello") => {
                    grid.show(grid.table.clone().marked(&grid.mark)).await;
                    comm.say(custom(json!({ "kind": "marked" }))).await;
                }
                // It has found the table, or there is none on its page.
                Some("looked") => grid.show(grid.table.clone()).await,
                _ => match Ask::deserialize(&said.data["content"]) {
                    Ok(ask) => grid.answer(comm, ask).await,
                    Err(error) => log::info!("a grid asks what is not understood: {error}"),
                },
            },
            // The front end keeps the state of its widgets; the kernel's never changes.
            _ => {}
        }
    }

    /// Forgets a grid that the front end has closed.
    pub(crate) async fn closed(&self, id: &str) {
        let mut open = self.open.lock().await;
        open.retain(|grid| grid.comm.id() != id);
    }

    /// Ends all of them: their tables are seen again.
    pub(crate) async fn close(&self) {
        let open: Vec<_> = self.open.lock().await.drain(..).collect();
        for grid in open {
            grid.end().await;
        }
    }

    async fn tell_states(&self, comm: &Comm) {
        let open = self.open.lock().await;
        let states: Map<String, Value> = open
            .iter()
            .map(|grid| {
                let state = state(&grid.browser, &grid.mark);
                let model = json!({
                    "model_name": state["_model_name"],
                    "model_module": state["_model_module"],
                    "model_module_version": state["_model_module_version"],
                    "state": state,
                });
                (grid.comm.id().to_owned(), model)
            })
            .collect();
        let data = json!({ "method": "update_states", "states": states, "buffer_paths": [] });
        comm.say(Said {
            data,
            metadata: version("1.0.0"),
            buffers: Vec::new(),
        })
        .await;
    }
}

impl Grid {
    /// Shows the table anew where it stands.
    async fn show(&self, table: Bundle) {
        let bundle = jupyter::Bundle {
            data: table.data,
            metadata: table.metadata,
        };
        self.request.update(&self.display, bundle).await;
    }

    /// Has the script take the grid away.
    async fn end(&self) {
        self.comm.say(custom(json!({ "kind": "gone" }))).await;
        self.comm.close().await;
    }

    /// Answers what is asked of the result, on a thread that may wait for the disk.
    async fn answer(self: Arc<Self>, comm: &Comm, ask: Ask) {
        let generation = ask.generation;
        let working = tokio::task::spawn_blocking(move || self.work(&ask)).await;
        let (mut content, buffers) = match working {
            Ok(Ok(answer)) => answer,
            Ok(Err(Unseen::Stopped)) => return,
            Ok(Err(unseen)) => (problem(&unseen.to_string()), Vec::new()),
            Err(_) => (
                problem("the grid failed at this; run the cell again"),
                Vec::new(),
            ),
        };
        content["generation"] = generation.into();
        comm.say(Said {
            buffers,
            ..custom(content)
        })
        .await;
    }

    fn work(&self, ask: &Ask) -> Result<(Value, Vec<Bytes>), Unseen> {
        let view = self.view(&ask.view)?;
        Ok(match ask.kind.as_str() {
            "page" => {
                let count = usize::try_from(ask.count).map_or(PAGE, |count| count.min(PAGE));
                let rows = view.page(ask.from, count)?;
                let content = json!({
                    "kind": "page", "from": ask.from, "count": rows.len(), "rows": view.rows(),
                });
                (content, vec![encode(&rows)])
            }
            "row" => {
                let rows = view.whole(ask.from, 1)?;
                let content = json!({ "kind": "row", "from": ask.from });
                (content, vec![encode(&rows)])
            }
            "copy" => {
                let (text, count) = view.tsv(ask.from, ask.count, &ask.columns, CLIPBOARD)?;
                let wanted = ask.count.min(view.rows().saturating_sub(ask.from));
                let content = json!({ "kind": "copy", "count": count, "cut": count < wanted });
                (content, vec![text.into()])
            }
            "summary" => {
                let stop = AtomicBool::new(false);
                let summary = view.summary(ask.column, &stop)?;
                let bars = summary.bars.iter();
                let bars = bars.map(|bar| json!({ "label": bar.label, "count": bar.count }));
                let content = json!({
                    "kind": "summary", "column": ask.column, "facts": summary.facts,
                    "bars": bars.collect::<Vec<_>>(),
                });
                (content, Vec::new())
            }
            unknown => (
                problem(&format!("the kernel knows no {unknown}")),
                Vec::new(),
            ),
        })
    }

    /// The view that is asked for: the present one, or another, which ends the making of that.
    fn view(&self, asked: &AskedView) -> Result<Arc<View>, Unseen> {
        let filters = asked.filters.iter();
        let wish = Wish {
            sort: asked
                .sort
                .as_ref()
                .map(|sort| (sort.column, sort.descending)),
            filters: filters
                .map(|filter| (filter.column, filter.text.clone()))
                .collect(),
            search: asked.search.clone(),
        };
        let (view, stop) = {
            let mut seen = lock(&self.seen);
            if seen.wish != wish {
                seen.stop.store(true, Ordering::Relaxed);
                *seen = Seen {
                    wish: wish.clone(),
                    ..Seen::default()
                };
            }
            (seen.view.clone(), seen.stop.clone())
        };
        let mut view = lock(&view);
        if let Some(view) = &*view {
            return Ok(view.clone());
        }
        let made = Arc::new(self.browser.view(&wish, &stop)?);
        *view = Some(made.clone());
        Ok(made)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The widget's state: what anywidget needs, and what the grid begins with.
fn state(browser: &Browser, mark: &str) -> Value {
    let columns = browser.columns().iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.type_name,
            "right": column.kind == Kind::Number,
            "boolean": column.kind == Kind::Boolean,
        })
    });
    json!({
        "_model_module": "anywidget",
        "_model_name": "AnyModel",
        // Front ends take what they have installed; an older range would take nothing.
        "_model_module_version": "*",
        "_view_module": "anywidget",
        "_view_name": "AnyView",
        "_view_module_version": "*",
        "_view_count": null,
        "_anywidget_id": "rowcell.Grid",
        "_esm": SCRIPT,
        "_css": STYLE,
        "mark": mark,
        "title": browser.title(),
        "rows": browser.rows(),
        "columns": columns.collect::<Vec<_>>(),
    })
}

/// A message that widgets of any kind may send.
fn custom(content: Value) -> Said {
    Said::data(json!({ "method": "custom", "content": content }))
}

fn version(version: &str) -> Map<String, Value> {
    Map::from_iter([("version".to_owned(), version.into())])
}

fn problem(text: &str) -> Value {
    json!({ "kind": "problem", "text": text })
}

/// A page as grid.js reads it: the length of each value in bytes (−1 is NULL), then the text.
fn encode(rows: &[display::Row]) -> Bytes {
    let values = || rows.iter().flatten();
    let text: usize = values().flatten().map(String::len).sum();
    let mut bytes = Vec::with_capacity(4 * values().count() + text);
    for value in values() {
        let length = value
            .as_ref()
            .map_or(-1, |value| i32::try_from(value.len()).unwrap_or(i32::MAX));
        bytes.extend(length.to_le_bytes());
    }
    for value in values().flatten() {
        bytes.extend(value.as_bytes());
    }
    bytes.into()
}
