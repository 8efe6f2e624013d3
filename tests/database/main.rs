//! The engine against a real PostgreSQL: cells go in, and what they show is recorded and compared
//! with what is right, or with what psql prints.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod catalog;
mod liar;
mod notebook;
mod proxy;
#[path = "../support/recorder.rs"]
mod recorder;
mod server;

mod between;
mod bounds;
mod chart;
mod commands;
mod copy;
mod files;
mod hostile;
mod imports;
mod inspector;
mod interrupt;
mod login;
mod loss;
mod models;
mod psql;
mod questions;
mod read_only;
mod results;
mod rust;
mod session;
mod variables;
