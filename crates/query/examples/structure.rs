//! Prints what a database holds as JSON: everything at once, as the inspector reads it.

#![allow(clippy::print_stdout)]

use std::error::Error;
use std::io::{BufWriter, Write, stdout};
use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use query::{Embedded, Embedding, Host, Query, Shown, Target, Unanswered};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::args()
        .nth(1)
        .ok_or("which database? Give its URL")?;
    let target = Target::parse(&target, &|name| std::env::var(name).ok())?;
    let query = Query::new(Arc::new(Elsewhere), Some(target));
    let structure = query.structure(&Nobody).await;
    let structure = structure.map_err(|problem| problem.text())?;
    let mut out = BufWriter::new(stdout().lock());
    serde_json::to_writer(&mut out, &structure)?;
    out.flush()?;
    Ok(())
}

/// Nobody watches and nobody answers.
struct Nobody;

impl Host for Nobody {
    async fn show(&self, _: Shown) {}

    async fn ask(&self, _: &str, _: bool) -> Result<String, Unanswered> {
        Err(Unanswered::Nobody)
    }

    async fn interrupted(&self) {
        std::future::pending().await
    }
}

/// No embedded database.
struct Elsewhere;

impl Embedded for Elsewhere {
    fn start(&self, _: Option<&Path>) -> BoxFuture<'static, Result<Embedding, String>> {
        Box::pin(async { Err("name a server".into()) })
    }

    fn kill(&self, _: Option<&Path>) -> BoxFuture<'static, ()> {
        Box::pin(async {})
    }
}
