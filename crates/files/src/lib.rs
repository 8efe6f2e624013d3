//! Files of rows: CSV, TSV, JSON, JSON Lines, Parquet, Arrow, Markdown and SQL, written and read.
//! Knows rows, PostgreSQL's types and files, no server.
//!
//! Written is by [`Writer`], fed with rows as the server prints them or with the binary tuples of
//! COPY. Read is by [`Import`], which looks through the whole file before it hands out a row.

mod arrays;
mod columnar;
mod columns;
mod copy;
mod csv;
mod error;
mod field;
mod format;
mod import;
mod infer;
mod json;
mod markdown;
mod output;
mod read_csv;
mod read_json;
mod read_parquet;
mod sql;
mod values;
mod writer;

pub use copy::{Tuples, write_row};
pub use error::Error;
pub use field::Field;
pub use format::Format;
pub use import::{Blocks, GoOn, Import};
pub use infer::{Inferred, Takes};
pub use output::Output;
pub use writer::{Writer, Written};
