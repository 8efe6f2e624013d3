//! What a kernel means: the one trait to implement, and the plain data it speaks in.

use std::future::Future;

use serde_json::{Map, Value, json};

use crate::{Comm, Request, Said};

/// The meaning of a kernel. The loop owns all bookkeeping: counting, busy and idle, parents,
/// replies on every path (also after a panic), history, signatures and sockets.
///
/// All positions are byte offsets on a character boundary. `complete` and `inspect` are called
/// while a cell runs, too; no method may block its thread.
pub trait Interpreter: Send + Sync + 'static {
    /// Who this kernel is; asked at each `kernel_info_request`.
    fn info(&self) -> Info;

    /// Runs one cell. Output goes through `request`, a failure comes back as the result.
    /// Interrupts are a message to the running work ([`Request::interrupted`]); the future is
    /// dropped only when the kernel shuts down.
    fn execute(
        &self,
        code: &str,
        request: &Request,
    ) -> impl Future<Output = Result<(), Failure>> + Send;

    /// What fits at the cursor.
    fn complete(&self, _code: &str, cursor: usize) -> impl Future<Output = Completions> + Send {
        std::future::ready(Completions {
            start: cursor,
            end: cursor,
            items: Vec::new(),
        })
    }

    /// What is known of the thing at the cursor. `detail` is 0 or, where more is wanted, 1.
    fn inspect(
        &self,
        _code: &str,
        _cursor: usize,
        _detail: u8,
    ) -> impl Future<Output = Option<Bundle>> + Send {
        std::future::ready(None)
    }

    /// Whether a console should run this code or ask for another line.
    fn completeness(&self, _code: &str) -> Completeness {
        Completeness::Unknown
    }

    /// Evaluates one of a request's `user_expressions`, after its cell has succeeded.
    fn evaluate(&self, _expression: &str) -> impl Future<Output = Result<Bundle, Failure>> + Send {
        std::future::ready(Err(Failure::new(
            "Unsupported",
            "this kernel evaluates no user expressions",
        )))
    }

    /// Whether this cell may be kept in the history; false for one that sets a password.
    fn remembers(&self, _code: &str) -> bool {
        true
    }

    /// A front end opened a comm of this target. It stays open where this answers true; other
    /// messages wait for the answer, so it comes at once.
    fn comm_opened(
        &self,
        _target: &str,
        _comm: Comm,
        _said: Said,
    ) -> impl Future<Output = bool> + Send {
        std::future::ready(false)
    }

    /// A front end said something over an open comm. Called also while cells run and while what
    /// was said before is still being answered.
    fn comm_said(&self, _comm: Comm, _said: Said) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// A front end closed a comm.
    fn comm_closed(&self, _id: &str) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }

    /// Awaited once before [`serve`](crate::serve) returns, for at most 1.5 seconds: the place to
    /// close sessions and to publish last updates.
    fn close(&self) -> impl Future<Output = ()> + Send {
        std::future::ready(())
    }
}

/// Who a kernel is.
#[derive(Clone, Debug, Default)]
pub struct Info {
    /// The kernel's name, `rowcell`.
    pub implementation: String,
    /// The kernel's version.
    pub version: String,
    /// What a console greets with.
    pub banner: String,
    /// The language of its cells.
    pub language: Language,
    /// Entries for a front end's help menu.
    pub help_links: Vec<HelpLink>,
}

/// The language of a kernel's cells, as front ends need it to colour and save them.
#[derive(Clone, Debug, Default)]
pub struct Language {
    /// The language's name, lower case.
    pub name: String,
    /// The language's version. Front ends write it into notebooks, so the program's own would
    /// change every notebook with every release.
    pub version: String,
    /// Its MIME type.
    pub mimetype: String,
    /// The CodeMirror mode that colours it, where that is not the name.
    pub codemirror_mode: String,
    /// The Pygments lexer that colours it, where that is not the name.
    pub pygments_lexer: String,
    /// The ending of its files, with the dot.
    pub file_extension: String,
}

impl Language {
    /// What the kernel says of its language, and front ends write into notebooks.
    pub fn info(&self) -> Value {
        let mut info = json!({
            "name": self.name,
            "version": self.version,
            "mimetype": self.mimetype,
            "file_extension": self.file_extension,
        });
        // Front ends fall back on the name, but not on an empty text.
        for (field, value) in [
            ("codemirror_mode", &self.codemirror_mode),
            ("pygments_lexer", &self.pygments_lexer),
        ] {
            if !value.is_empty() {
                info[field] = value.as_str().into();
            }
        }
        info
    }
}

/// One entry of a front end's help menu.
#[derive(Clone, Debug)]
pub struct HelpLink {
    /// What the entry says.
    pub text: String,
    /// Where it leads.
    pub url: String,
}

/// One thing in all the forms a front end may choose from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    /// MIME type → content: a string (base64 for images), or JSON for JSON types.
    pub data: Map<String, Value>,
    /// MIME type → hints for showing it.
    pub metadata: Map<String, Value>,
}

impl Bundle {
    /// A bundle of plain text alone.
    pub fn text(text: impl Into<String>) -> Self {
        Self::default().with("text/plain", text.into())
    }

    /// The same bundle with one more form.
    #[must_use]
    pub fn with(mut self, mime: &str, content: impl Into<Value>) -> Self {
        self.data.insert(mime.to_owned(), content.into());
        self
    }
}

/// Why a cell failed, in three sizes.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind of error.
    pub name: String,
    /// What went wrong.
    pub value: String,
    /// What front ends show, line by line; may carry ANSI colours.
    pub traceback: Vec<String>,
}

impl Failure {
    /// A failure that shows as `name: value`.
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> Self {
        let (name, value) = (name.into(), value.into());
        let traceback = vec![format!("{name}: {value}")];
        Self {
            name,
            value,
            traceback,
        }
    }
}

/// What fits at a cursor: each item replaces `start..end`.
#[derive(Clone, Debug, Default)]
pub struct Completions {
    /// Where the replaced text begins, in bytes.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// The candidates, best first.
    pub items: Vec<Completion>,
}

/// One candidate of a completion.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// What is inserted.
    pub text: String,
    /// What it is: `keyword`, `function`, `class`, `field`, … (front ends map it to an icon).
    pub kind: String,
    /// How it is called, for a function; else empty.
    pub signature: String,
}

/// Whether code can be run as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can.
    Complete,
    /// More is to come, on a line that begins with this indent.
    Incomplete {
        /// The white space to begin the next line with.
        indent: String,
    },
    /// It can not, and more text would not help.
    Invalid,
    /// The kernel can not tell.
    Unknown,
}
