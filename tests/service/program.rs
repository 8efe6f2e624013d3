//! The stand-in for Query Service as a program, for tests that are no Rust.
//!
//! When it listens it prints one line,
//!
//!     READY host=… port=… user=… password=… database=… rootcert=…
//!
//! (rootcert: the authority that signed its certificate), and it ends when its standard input ends.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

#[allow(dead_code)] // the tests in Rust look at more of it
mod stand_in;

use stand_in::{HOST, Quirks, Service, USER};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let service = Service::start(Quirks::default()).await;
    let Service { port, token, .. } = &service;
    let root = service.root_certificate();
    println!(
        "READY host={HOST} port={port} user={USER} password={token} database=prod:all rootcert={}",
        root.display()
    );
    let ended = || std::io::copy(&mut std::io::stdin(), &mut std::io::sink());
    tokio::task::spawn_blocking(ended).await.unwrap().unwrap();
}
