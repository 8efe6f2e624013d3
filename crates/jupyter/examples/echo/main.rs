//! A kernel for a language of a dozen words: what implementing a kernel means, and what the tests
//! of the kernel loop speak to.
//!
//! `echo CONNECTION_FILE [HISTORY_FILE]`

mod interpreter;

use jupyter::{Connection, Options};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let file = arguments
        .next()
        .ok_or("usage: echo CONNECTION_FILE [HISTORY_FILE]")?;
    let connection = Connection::open(file.as_ref())?;
    let options = Options {
        history: arguments.next().map(Into::into),
    };
    jupyter::serve(interpreter::Echo, connection, options).await?;
    Ok(())
}
