//! Cells become statements, statements become outputs: everything between the text of a cell and
//! what is shown of it. Knows no Jupyter and writes no HTML.

mod arguments;
mod cell;
mod nearest;
mod open;
mod secret;
mod session;
mod split;
mod target;
mod variables;
mod wire;

pub use secret::Secret;
pub use session::{Connected, Embedded, Embedding, Session, Status};
pub use target::{Address, Host, Settings, Target, TlsMode};
pub use wire::Transaction;
