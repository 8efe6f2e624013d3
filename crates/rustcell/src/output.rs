//! What a helper is started with, and what comes of a cell.

use std::ffi::OsString;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::diagnostic::Diagnostic;
use crate::error::Error;

/// What the helper is started with.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Environment variables for it and the code of the cells.
    pub environment: Vec<(OsString, OsString)>,
    /// Environment variables that neither it nor anything below it is to see: compilers, build
    /// scripts and the code of the cells would.
    pub withheld: Vec<OsString>,
    /// A cell that every process of the cells begins with; nothing of it is shown.
    pub prelude: String,
    /// Macros whose calls declare structs, such as `db::row`: at the top of a cell they are items.
    pub declaring: Vec<String>,
    /// Crates that have a folder of their own for each state of their source: what is compiled of
    /// them for one notebook is good for all.
    pub lasting: Vec<String>,
}

/// What comes of a cell, in its order.
#[derive(Clone, Debug, PartialEq)]
pub enum Output {
    /// Text on standard output, as it was written.
    Out(String),
    /// Text on standard error; also what cargo says of the crates it compiles.
    Err(String),
    /// One form of an output. Forms that follow each other belong together, until one comes twice.
    Content {
        /// What it is.
        mime: String,
        /// Text; base64 where it is binary.
        data: String,
        /// Whether it is the value of the cell's last expression.
        value: bool,
    },
    /// These variables are gone: the cell declares anew what their types are made of.
    Gone(Vec<String>),
    /// The user is asked: [`Helper::answer`](crate::Helper::answer) goes on.
    Ask {
        /// The question.
        prompt: String,
        /// Whether the answer is hidden as it is typed.
        secret: bool,
    },
    /// The cell is done.
    Done(Result<Done, Error>),
}

/// What is told of a cell that has run to its end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Done {
    /// What the compiler warns of.
    pub warnings: Vec<Diagnostic>,
    /// How long it took, where `:timing` is on.
    pub took: Option<Duration>,
    /// The helper has ended because the cell said so; with the variables that are gone.
    pub quit: Option<Vec<String>>,
}

/// What fits at a place of a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completions {
    /// Where the part begins that is replaced, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The candidates.
    pub items: Vec<Completion>,
}

/// One candidate of a completion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What is put in.
    pub text: String,
    /// What it is, in Jupyter's words.
    pub kind: String,
    /// How it looks in its declaration.
    pub detail: String,
}

/// What is known of a thing in a cell.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Known {
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}
