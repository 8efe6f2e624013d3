//! The embedded PostgreSQL: version 17 as a library (`pglite-oxide`), in a child process.
//!
//! It runs in a process of its own because a statement of it cannot be cancelled: what computes too
//! long is ended with [`Server::kill`] and started again on the same data with [`Server::restart`];
//! what was committed is there, what was open is not. The child is this same program, started again:
//! [`child_hook`] must be the first statement of `main`.
//!
//! A [`Server`] listens on a Unix socket in a folder that only this user may enter, never on a port
//! of the network, and takes one connection at a time. It ends with its parent, however that ends.
//!
//! ```no_run
//! # async fn example() -> Result<(), local::Error> {
//! let server = local::Server::start(local::Place::Temporary).await?;
//! println!("psql -h {} -U {} {}", server.socket_folder().display(), server.user(), server.database());
//! server.stop().await;
//! # Ok(())
//! # }
//! ```

mod backend;
mod child;
mod data;
mod error;
mod front;
mod room;
mod scratch;
mod server;
mod wire;

pub use child::child_hook;
pub use error::Error;
pub use server::{Place, Server};
