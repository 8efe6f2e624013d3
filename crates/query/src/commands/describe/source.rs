//! `\sf` and `\sv`: the statement that makes a function or a view.

use display::Problem;

use super::{Inquiry, argument_as, refused, template};
use crate::arguments::Kind;
use crate::host::Host;

impl<H: Host> Inquiry<'_, '_, H> {
    /// `\sf NAME`, the argument types in parentheses where the name alone is not enough.
    pub(super) async fn function_source(&mut self, name: &str) -> Result<(), Problem> {
        let query = self.query(include_str!("function_source.sql"));
        let found = self
            .run
            .ask(&template::with_constant(&query, "function", name))
            .await?;
        if let Some([Some(source)]) = found.rows.first().map(Vec::as_slice) {
            let body = |line: &str| {
                ["AS ", "BEGIN ", "RETURN "]
                    .iter()
                    .any(|word| line.starts_with(word))
            };
            self.source(source, body).await;
        }
        Ok(())
    }

    /// `\sv NAME`.
    pub(super) async fn view_source(&mut self, name: &str) -> Result<(), Problem> {
        let query = self.query(include_str!("view_source.sql"));
        let found = self
            .run
            .ask(&template::with_constant(&query, "view", name))
            .await?;
        if let Some([Some(name), Some(kind), Some(source)]) = found.rows.first().map(Vec::as_slice)
        {
            if kind != "v" {
                return Err(refused(
                    self.run,
                    self.at.clone(),
                    format!("\"{name}\" is not a view"),
                ));
            }
            self.source(source, |_| true).await;
        }
        Ok(())
    }

    /// The name that the command needs.
    pub(super) fn name(&mut self, what: &str) -> Result<String, Problem> {
        let name = argument_as(self.run, Kind::WholeLine)?;
        let name = name.map(|name| name.trim_end_matches([';', ' ']).to_owned());
        name.filter(|name| !name.is_empty()).ok_or_else(|| {
            refused(
                self.run,
                self.at.clone(),
                format!("{what} name is required"),
            )
        })
    }

    /// Prints a source; with `+`, lines have numbers from the one that `body` says begins it, as
    /// the server counts them in its messages.
    pub(super) async fn source(&self, source: &str, body: impl Fn(&str) -> bool) {
        let source = source.strip_suffix('\n').unwrap_or(source);
        if !self.verbose {
            self.run.out(format!("{source}\n")).await;
            return;
        }
        let header = source.lines().take_while(|line| !body(line)).count();
        let numbered =
            source
                .split('\n')
                .enumerate()
                .map(|(n, line)| match n.checked_sub(header) {
                    Some(n) => format!("{:<7} {line}\n", n + 1),
                    None => format!("        {line}\n"),
                });
        self.run.out(numbered.collect::<String>()).await;
    }
}
