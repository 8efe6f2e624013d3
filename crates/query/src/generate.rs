//! Rust made from SQL: structs of results, for Rust cells.

mod names;
pub(crate) mod record;
