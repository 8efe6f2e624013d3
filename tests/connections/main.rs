//! The way to a server: connection strings as libpq reads them, TLS as libpq checks it, every way
//! to log in, poolers, and networks that fail.

#![allow(clippy::unwrap_used, clippy::expect_used)]

mod generator;

mod strings;
