//! A problem: an error or a notice with its place in the cell, as psql prints it.

use crate::Diagnostic;
use crate::conditions::condition;
use crate::lines::{sign, visible};
use crate::width::columns;

/// An error, or a notice or warning, in the server's words or our own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Problem {
    /// The word in front: `ERROR`, `FATAL`, `WARNING`, `NOTICE`, …, as the server sent it.
    pub severity: String,
    /// The SQLSTATE; none where the problem is not the server's.
    pub code: Option<String>,
    /// What front ends show as the kind of error: `42P01 undefined_table`, or a word of our own.
    pub name: String,
    /// What happened.
    pub message: String,
    /// Where, if known.
    pub place: Option<Place>,
    /// The server's DETAIL.
    pub detail: Option<String>,
    /// The server's HINT.
    pub hint: Option<String>,
    /// The statement inside a function, which the server gives where the place is in that.
    pub query: Option<String>,
    /// The server's CONTEXT. psql shows it with errors only: leave it out of notices.
    pub context: Option<String>,
    /// What psql says of it only when asked to say all: lines with their labels.
    pub origin: Vec<String>,
    /// What a compiler says: shown in the place of all of the above.
    pub diagnostics: Vec<Diagnostic>,
    /// How to go on, in our words; one line each.
    pub advice: Vec<String>,
}

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text whose lines are counted: the whole cell, or [`Problem::query`].
    pub text: String,
    /// Where in it, in bytes from its start.
    pub offset: usize,
}

/// How many terminal columns of the cell's line are shown, as in libpq.
const SHOWN: usize = 60;
/// How many of them libpq tries to keep behind the place.
const BEHIND: usize = 10;

const RED: &str = "31";
/// Without a colour: a bold red could not be read on a dark front end's red ground.
const BOLD: &str = "1";

impl Problem {
    /// An error of our own, such as an unknown command.
    pub fn new(name: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: "ERROR".into(),
            name: name.into(),
            message: message.into(),
            ..Self::default()
        }
    }

    /// What the server sent, named by its SQLSTATE and that code's condition name.
    pub fn server(
        severity: impl Into<String>,
        code: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let code = code.into();
        let name = match condition(&code) {
            Some(condition) => format!("{code} {condition}"),
            None => code.clone(),
        };
        Self {
            severity: severity.into(),
            code: Some(code),
            ..Self::new(name, message)
        }
    }

    /// psql's lines, then the advice: plain text for a terminal or a stream, without a line end.
    /// Control characters are made visible, for the text may quote anybody's data.
    pub fn text(&self) -> String {
        self.lines(|_, text| visible(text).into_owned()).join("\n")
    }

    /// The same for a notebook's `error` message: the word in front bold and the caret red.
    pub fn traceback(&self) -> Vec<String> {
        self.lines(|colour, text| {
            let text = visible(text).into_owned();
            match colour {
                Some(colour) => format!("\x1B[{colour}m{text}\x1B[0m"),
                None => text,
            }
        })
    }

    fn lines(&self, paint: impl Fn(Option<&str>, &str) -> String) -> Vec<String> {
        let mut lines = match self.diagnostics.is_empty() {
            true => self.server_lines(&paint),
            false => {
                let said = self.diagnostics.iter();
                let said: Vec<_> = said.map(|diagnostic| diagnostic.lines(&paint)).collect();
                said.join(&String::new())
            }
        };
        if !self.advice.is_empty() {
            let advice = self.advice.iter();
            lines.push(String::new());
            lines.extend(advice.map(|advice| paint(None, &format!("→ {advice}"))));
        }
        lines
    }

    fn server_lines(&self, paint: &impl Fn(Option<&str>, &str) -> String) -> Vec<String> {
        let plain = |text: &str| paint(None, text);
        let severity = paint(Some(BOLD), &format!("{}:", self.severity));
        let mut lines = vec![format!("{severity}  {}", plain(&self.message))];
        if let Some((line, caret)) = self.place.as_ref().and_then(Place::excerpt) {
            lines.push(plain(&line));
            lines.push(paint(Some(RED), &caret));
        }
        let fields = [
            ("DETAIL", &self.detail),
            ("HINT", &self.hint),
            ("QUERY", &self.query),
            ("CONTEXT", &self.context),
        ];
        for (label, text) in fields {
            if let Some(text) = text {
                lines.push(plain(&format!("{label}:  {text}")));
            }
        }
        lines.extend(self.origin.iter().map(|line| plain(line)));
        lines
    }
}

impl Place {
    /// The number of the line, from 1; `\r\n` ends one line, and so does a lone `\r`, as in libpq.
    pub fn line(&self) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..self.offset)
            .unwrap_or(self.text.as_bytes());
        let ends = before.iter().enumerate().filter(|&(i, &byte)| match byte {
            b'\r' => true,
            b'\n' => i == 0 || before[i - 1] != b'\r',
            _ => false,
        });
        1 + ends.count()
    }

    /// `LINE n: …` and the line with the caret, as libpq makes them: tabs are spaces, a long line
    /// is cut around the place. Nothing where the place is outside of the text.
    fn excerpt(&self) -> Option<(String, String)> {
        let (before, after) = self.text.split_at_checked(self.offset)?;
        let ends = ['\r', '\n'];
        let before = before.rsplit(ends).next()?;
        let after = after.split(ends).next()?;
        let place = before.chars().count();
        let line: Vec<char> = before.chars().chain(after.chars()).collect();
        // Where each character starts, and the line ends, in columns; none takes less than one.
        let mut at = vec![0];
        let mut end = 0;
        at.extend(line.iter().map(|&c| {
            end += columns(c).unwrap_or(1).max(1);
            end
        }));

        let (mut first, mut last) = (0, line.len());
        if at[last] > SHOWN && at[place] + BEHIND <= SHOWN {
            while at[last] > SHOWN {
                last -= 1;
            }
        } else if at[last] > SHOWN {
            while at[place] + BEHIND < at[last] {
                last -= 1;
            }
            while at[last] - at[first] > SHOWN {
                first += 1;
            }
        }
        let dots = |cut: bool| if cut { "..." } else { "" };
        let label = format!("LINE {}: {}", self.line(), dots(first > 0));
        let shown: String = line[first..last].iter().map(|&c| sign(c)).collect();
        let caret = " ".repeat(label.len() + at[place] - at[first]) + "^";
        Some((format!("{label}{shown}{}", dots(last < line.len())), caret))
    }
}
