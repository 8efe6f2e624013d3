//! Charts: rows become a Vega-Lite specification, the same chart as a PNG, and its words.
//!
//! A [`Chart`] says what is drawn from which column. [`Chart::plan`] holds that against the types of
//! a result's columns and gives a [`Plot`], which takes the rows, in as many passes as it wants.
//! However many come, it keeps little: it counts in a first pass and, where the rows are more than a
//! picture can use, gathers them into groups in a second.
//!
//! ```
//! use display::chart::{Channel, Chart, Kind};
//! use display::{Column, Kind as Values};
//!
//! let columns = [Column::new("city", "text", Values::Text), Column::new("n", "bigint", Values::Number)];
//! let mut chart = Chart::new(Kind::Bar);
//! chart.x = Some(Channel::column(0));
//! chart.y = Some(Channel::column(1));
//! let mut plot = chart.plan(&columns)?;
//! while plot.wants_rows() {
//!     for row in [["Rome", "3"], ["Oslo", "5"]] {
//!         plot.push(|column| row.get(column).copied());
//!     }
//!     plot.end_pass();
//! }
//! let bundle = plot.bundle(|| false)?;
//! assert!(bundle.text().starts_with("Bar chart: n by city\n"));
//! # Ok::<(), display::Problem>(())
//! ```

mod axes;
mod drawing;
mod labels;
mod layout;
mod lone;
mod moment;
mod number;
mod own;
mod picture;
mod plot;
mod scale;
mod source;
mod spec;
mod spread;
mod survey;
mod value;
mod words;

pub use own::Own;
pub use plot::Plot;

use crate::{Column, Problem};
use layout::Layout;

/// What a chart is drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bars; lying, where the numbers are on x.
    Bar,
    /// Lines through points.
    Line,
    /// The surface below a line.
    Area,
    /// A point a row.
    Point,
    /// How many rows there are, by ranges of a column.
    Histogram,
    /// Quartiles, whiskers and what lies beyond.
    Box,
    /// Rectangles whose colour is a number.
    Heatmap,
    /// Slices of a ring.
    Arc,
}

/// What is computed of a column's values within a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Function {
    /// How many values there are, NULL aside; rows, where there is no column.
    Count,
    /// Their sum.
    Sum,
    /// Their average.
    Avg,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// What a part of the chart shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Channel {
    /// The column, by its place; none counts rows.
    pub column: Option<usize>,
    /// What is computed of it; none leaves that to the kind of chart.
    pub function: Option<Function>,
}

/// The order of an axis of names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sort {
    /// By what.
    pub by: By,
    /// The greatest first.
    pub descending: bool,
}

/// What names are ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// What x shows: the names themselves, or the numbers drawn of them.
    X,
    /// What y shows.
    Y,
    /// The first value of a column, by its place.
    Column(usize),
}

/// What is drawn, from which columns.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// As what.
    pub kind: Kind,
    /// From left to right.
    pub x: Option<Channel>,
    /// From bottom to top.
    pub y: Option<Channel>,
    /// By colours.
    pub color: Option<Channel>,
    /// By small charts side by side.
    pub facet: Option<Channel>,
    /// By the size of points.
    pub size: Option<Channel>,
    /// The order of names; none keeps that of the rows.
    pub sort: Option<Sort>,
    /// Colours stand on top of each other.
    pub stacked: bool,
    /// x has a logarithmic scale.
    pub log_x: bool,
    /// y, or the number that is drawn, has one.
    pub log_y: bool,
    /// The title, in place of one that says what is drawn.
    pub title: Option<String>,
}

impl Kind {
    /// All kinds with their names.
    pub const ALL: [(&'static str, Kind); 8] = [
        ("bar", Kind::Bar),
        ("line", Kind::Line),
        ("area", Kind::Area),
        ("point", Kind::Point),
        ("histogram", Kind::Histogram),
        ("box", Kind::Box),
        ("heatmap", Kind::Heatmap),
        ("arc", Kind::Arc),
    ];

    /// The words a kind takes beside `title` and `facet`, which all take.
    pub fn takes(self) -> &'static [&'static str] {
        match self {
            Kind::Bar => &["x", "y", "color", "sort", "stacked", "log"],
            Kind::Line => &["x", "y", "color", "sort", "log"],
            Kind::Area => &["x", "y", "color", "sort", "stacked", "log"],
            Kind::Point => &["x", "y", "color", "size", "sort", "log"],
            Kind::Histogram => &["x", "color", "log"],
            Kind::Box => &["x", "y", "sort", "log"],
            Kind::Heatmap => &["x", "y", "color", "sort"],
            Kind::Arc => &["x", "y", "color", "sort"],
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        let named = Self::ALL.iter().find(|(_, kind)| *kind == self);
        named.map_or("", |(name, _)| name)
    }
}

impl Function {
    /// All functions with their names.
    pub const ALL: [(&'static str, Function); 5] = [
        ("count", Function::Count),
        ("sum", Function::Sum),
        ("avg", Function::Avg),
        ("min", Function::Min),
        ("max", Function::Max),
    ];

    /// What an axis calls it.
    fn noun(self) -> &'static str {
        match self {
            Function::Count => "count",
            Function::Sum => "sum",
            Function::Avg => "average",
            Function::Min => "least",
            Function::Max => "greatest",
        }
    }
}

impl Channel {
    /// A column as it is.
    pub fn column(column: usize) -> Self {
        Channel {
            column: Some(column),
            function: None,
        }
    }
}

impl Chart {
    /// A chart of this kind, of nothing yet.
    pub fn new(kind: Kind) -> Self {
        Chart {
            kind,
            x: None,
            y: None,
            color: None,
            facet: None,
            size: None,
            sort: None,
            stacked: false,
            log_x: false,
            log_y: false,
            title: None,
        }
    }

    /// Holds the chart against the columns of a result.
    ///
    /// # Errors
    /// What cannot be drawn of columns of these types, and what could.
    pub fn plan(&self, columns: &[Column]) -> Result<Plot, Problem> {
        Ok(Plot::new(Layout::new(self, columns)?))
    }
}
