//! Rust made from SQL: structs of results and of tables, for Rust cells and for programs.

pub(crate) mod model;
mod names;
mod program;
pub(crate) mod record;
mod types;
