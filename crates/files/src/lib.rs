//! Files of rows: CSV, TSV, JSON, JSON Lines, Parquet, Arrow, Markdown and SQL, written and read.
//! Knows rows, PostgreSQL's types and files, no server.
//!
//! Written is by [`Writer`], fed with rows as the server prints them or with the binary tuples of
//! COPY. Read is by [`Import`], of a file that was [`Looked`] through from end to end before.

mod arrays;
mod column_text;
mod column_types;
mod columnar;
mod columns;
mod copy;
mod csv;
mod damage;
mod error;
mod field;
mod format;
mod import;
mod infer;
mod insert;
mod json;
mod jsonb;
mod markdown;
mod names;
mod number;
mod options;
mod output;
mod read_columns;
mod read_csv;
mod read_json;
mod separated;
mod sql;
mod text;
mod values;
mod whole;
mod writer;

pub use copy::{Tuples, write_row};
pub use error::Error;
pub use field::Field;
pub use format::Format;
pub use import::{Blocks, Import, Looked};
pub use infer::{Inferred, Takes};
pub use insert::{Insert, Inserts};
pub use options::{OPTIONS, Options};
pub use output::Output;
pub use text::{GoOn, decode};
pub use writer::{Writer, Written};
