//! A bar: how far something slow has come.

use std::fmt::Write;

use crate::Bundle;
use crate::lines::visible;
use crate::markup::{FAINT, escape};

/// The bar's length in text.
const LENGTH: u64 = 20;

/// Something slow, and how far it has come.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// What is done: `CREATE INDEX on people: building index`.
    pub what: String,
    /// How much of it, of how much; of 0 where that is not known.
    pub done: u64,
    /// See `done`.
    pub total: u64,
    /// Remarks, such as how long it has taken so far.
    pub notes: Vec<String>,
}

impl Progress {
    /// The bar as text and as HTML.
    pub fn bundle(&self) -> Bundle {
        let percent = self.percent();
        let notes: Vec<String> = percent
            .map(|percent| format!("{percent} %"))
            .into_iter()
            .chain(self.notes.iter().cloned())
            .collect();
        let notes = notes.join(" · ");

        let mut text = self.what.clone();
        if let Some(percent) = percent {
            let full = percent * LENGTH / 100;
            let bar = (0..LENGTH).map(|n| if n < full { '#' } else { '.' });
            let _ = write!(text, " [{}]", bar.collect::<String>());
        }
        if !notes.is_empty() {
            let _ = write!(text, " {notes}");
        }

        let mut html = String::from("<div class=\"tex2jax_ignore mathjax_ignore\">");
        if let Some(percent) = percent {
            let _ = write!(
                html,
                "<progress max=\"100\" value=\"{percent}\"></progress> "
            );
        }
        escape(&mut html, &self.what);
        if !notes.is_empty() {
            let _ = write!(html, " <small style=\"{FAINT}\">");
            escape(&mut html, &notes);
            html += "</small>";
        }
        html += "</div>";
        Bundle::plain(visible(&text)).with("text/html", html)
    }

    fn percent(&self) -> Option<u64> {
        let done = self.done.min(self.total);
        (done.saturating_mul(100)).checked_div(self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars() {
        let check = |done, total, expected: &str| {
            let progress = Progress {
                what: "COPY to <t>".into(),
                done,
                total,
                notes: vec!["3 s".into()],
            };
            let bundle = progress.bundle();
            assert_eq!(bundle.text(), expected);
            assert!(bundle.html().is_some_and(|html| html.contains("&lt;t&gt;")));
        };
        check(0, 0, "COPY to <t> 3 s");
        check(0, 10, "COPY to <t> [....................] 0 % · 3 s");
        check(55, 110, "COPY to <t> [##########..........] 50 % · 3 s");
        check(12, 10, "COPY to <t> [####################] 100 % · 3 s");
    }
}
