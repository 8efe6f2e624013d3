//! Cells become statements, statements become outputs: everything between the text of a cell and
//! what is shown of it. Knows no Jupyter and writes no HTML.

mod answer;
mod arguments;
mod browse;
mod catalog;
mod cell;
mod commands;
mod complete;
mod connections;
mod environment;
mod failure;
mod fetch;
mod forgotten;
mod generate;
mod guard;
mod host;
mod inspect;
pub mod inspector;
mod line;
mod nearest;
mod open;
mod pattern;
mod psql_variables;
mod query;
mod query_service;
mod remembers;
mod remote;
mod report;
mod rows;
mod script;
mod secret;
mod session;
mod split;
mod spool;
mod target;
mod template;
mod texts;
mod tls;
mod transfer;
mod types;
mod variables;
mod wait;
mod ways;
mod wire;
mod words;

pub use browse::{Bar, Browser, Summary, Unseen, View, Wish};
pub use cell::{Completeness, RustCell};
pub use complete::{Candidate, Completions};
pub use environment::secret_variables;
pub use host::{Host, Shown, Unanswered};
pub use query::Query;
pub use remote::{Given, Progress, Remote, There};
pub use script::Ending;
pub use secret::Secret;
pub use session::{Connected, Embedded, Embedding, Session, Status};
pub use target::{
    Address, ChannelBinding, Host as ServerHost, SessionKind, Settings, Target, Tls, TlsMode,
    TlsVersion,
};
pub use wire::Transaction;
