//! Values become text and HTML: what a user sees of a result or an error.
//!
//! Pure functions of their input: no I/O, no clock, no runtime. A [`Table`] holds the server's own
//! text of each value; [`Table::text`] prints it as psql does, [`Table::html`] as a notebook shows
//! it, and [`Table::bundle`] gives both. A [`Problem`] is an error or a notice with its place. In
//! [`chart`] rows become pictures.
//!
//! ```
//! use display::{Column, Kind, Print, Table};
//!
//! let columns = vec![Column::new("id", "integer", Kind::Number), Column::new("name", "text", Kind::Text)];
//! let rows = vec![vec![Some("1".into()), Some("Ada".into())], vec![Some("2".into()), None]];
//! let table = Table::new(columns, rows);
//!
//! let print = Print::default();
//! assert_eq!(table.text(&print), " id | name \n----+------\n  1 | Ada\n  2 | \n(2 rows)");
//! assert!(table.html(&print).contains("NULL</em>"));
//! ```

mod aligned;
mod bundle;
pub mod chart;
mod conditions;
mod csv;
mod diagnostic;
mod diagram;
mod expanded;
mod fit;
mod html;
mod json;
mod lines;
mod markup;
mod money;
mod outline;
mod page;
#[cfg(vega)]
mod pdf;
mod picture;
mod print;
mod problem;
mod progress;
mod table;
mod unaligned;
mod width;

pub use bundle::Bundle;
pub use diagnostic::{Diagnostic, Label};
pub use diagram::{Card, Diagram, Field, Link};
pub use html::grouped;
pub use lines::visible;
pub use money::Money;
pub use outline::{Body, Outline, Section};
pub use page::Page;
pub use print::{Expanded, Format, Print};
pub use problem::{Place, Problem};
pub use progress::Progress;
pub use table::{Column, Kind, Row, Table};
pub use width::width;
