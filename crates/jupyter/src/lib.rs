//! A Jupyter kernel loop. Implement [`Interpreter`], call [`serve`], and have a kernel: the loop
//! speaks the messaging protocol (5.5) with all front ends and owns all bookkeeping.
//!
//! An echo kernel:
//!
//! ```no_run
//! use jupyter::{Bundle, Connection, Failure, Info, Interpreter, Options, Request};
//!
//! struct Echo;
//!
//! impl Interpreter for Echo {
//!     fn info(&self) -> Info {
//!         Info { implementation: "echo".into(), ..Info::default() }
//!     }
//!
//!     async fn execute(&self, code: &str, request: &Request) -> Result<(), Failure> {
//!         request.result(Bundle::text(code)).await;
//!         Ok(())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = std::env::args_os().nth(1).ok_or("which connection file?")?;
//! jupyter::serve(Echo, Connection::open(file.as_ref())?, Options::default()).await?;
//! # Ok(())
//! # }
//! ```
//!
//! From the wire to the interpreter: `endpoint` (TCP, Unix sockets), `zmtp`, `handshake`, `curve` and
//! `boxes` (ZeroMQ's frames and its encryption), `socket`, `guests`, `router`, `xpub` and `heartbeat` (its
//! sockets), `frames` and `message` (Jupyter's messages), `channel`, `cells`, `comm`, `iopub` and
//! `stdin` (the channels), `kernel` and `serve` (the whole).

mod boxes;
mod cells;
mod channel;
mod comm;
mod connection;
mod curve;
mod endpoint;
mod error;
mod frames;
mod guests;
mod handshake;
mod heartbeat;
mod history;
mod interpreter;
mod iopub;
mod kernel;
mod lifetime;
mod lock;
mod message;
mod offsets;
mod queue;
mod request;
mod router;
mod serve;
mod socket;
mod stdin;
mod told;
mod usage;
mod xpub;
mod zmtp;

pub use comm::{Comm, Said};
pub use connection::Connection;
pub use error::Error;
pub use interpreter::{
    Bundle, Completeness, Completion, Completions, Failure, HelpLink, Info, Interpreter, Language,
};
pub use request::Request;
pub use serve::{Options, serve};
pub use stdin::InputError;
