//! The way to a server: connection strings as libpq reads them, TLS as libpq checks it, every way
//! to log in, poolers, and networks that fail.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generator;
// The tests of the engine look at a notebook in the same way, and at more of it.
#[allow(dead_code)]
#[path = "../database/notebook.rs"]
mod notebook;
#[allow(dead_code)]
#[path = "../support/recorder.rs"]
mod recorder;
mod server;

mod login;
mod network;
mod pooler;
mod settings;
mod standby;
mod strings;
mod tls;
