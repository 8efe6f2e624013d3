//! Rust made from SQL: structs of results, for Rust cells.

pub(crate) mod model;
pub(crate) mod names;
mod program;
pub(crate) mod record;
mod types;
