//! The language: each line of a cell is a word and its argument. A line that begins with no known
//! word is the cell's result.

use std::time::Duration;

use jupyter::{
    Bundle, Comm, Completeness, Completion, Completions, Failure, Info, Interpreter, Language,
    Request, Said,
};

const WORDS: [(&str, &str); 15] = [
    ("ask", "asks the user, and prints the answer"),
    ("clear", "takes the outputs away"),
    ("fail", "fails"),
    ("flood", "displays so many megabytes, one at a time"),
    ("panic", "has a bug"),
    ("page", "shows text in the pager"),
    ("print", "prints a line"),
    ("secret", "asks for a secret, and prints its length"),
    ("show", "displays text under the id `shown`"),
    (
        "sleep",
        "sleeps for so many milliseconds, whoever interrupts",
    ),
    ("talk", "opens a comm in the front end, and says this"),
    ("stubborn", "gives in to the second interrupt only"),
    ("update", "updates what was shown"),
    ("wait", "waits for an interrupt"),
    ("warn", "prints a line to the error stream"),
];

/// The kernel of that language.
pub(crate) struct Echo;

impl Interpreter for Echo {
    fn info(&self) -> Info {
        Info {
            implementation: "echo".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            banner: "It says what you say.".into(),
            language: Language {
                name: "echo".into(),
                version: "1".into(),
                mimetype: "text/plain".into(),
                file_extension: ".echo".into(),
                ..Language::default()
            },
            help_links: Vec::new(),
        }
    }

    async fn execute(&self, code: &str, request: &Request) -> Result<(), Failure> {
        for line in code.lines() {
            run(line, request).await?;
        }
        Ok(())
    }

    async fn complete(&self, code: &str, cursor: usize) -> Completions {
        let start = word_start(code, cursor);
        let typed = &code[start..cursor];
        let words = WORDS.iter().filter(|(word, _)| word.starts_with(typed));
        Completions {
            start,
            end: cursor,
            items: words
                .map(|(word, _)| Completion {
                    text: (*word).into(),
                    kind: "keyword".into(),
                    ..Completion::default()
                })
                .collect(),
        }
    }

    async fn inspect(&self, code: &str, cursor: usize, detail: u8) -> Option<Bundle> {
        let rest = &code[word_start(code, cursor)..];
        let word = rest.split_whitespace().next()?;
        if word == "bug" {
            panic!("inspected a bug");
        }
        let (word, meaning) = WORDS.iter().find(|(known, _)| *known == word)?;
        Some(Bundle::text(match detail {
            0 => (*meaning).to_owned(),
            _ => format!("{word}: {meaning}"),
        }))
    }

    fn completeness(&self, code: &str) -> Completeness {
        if code.ends_with('\\') {
            Completeness::Incomplete {
                indent: "  ".into(),
            }
        } else if code.contains('\0') {
            Completeness::Invalid
        } else {
            Completeness::Complete
        }
    }

    async fn evaluate(&self, expression: &str) -> Result<Bundle, Failure> {
        match expression.split_once(' ') {
            Some(("fail", why)) => Err(Failure::new("Failed", why)),
            _ => Ok(Bundle::text(expression)),
        }
    }

    async fn comm_opened(&self, target: &str, comm: Comm, said: Said) -> bool {
        let known = target == "echo";
        if known {
            comm.say(said).await;
        }
        known
    }

    /// Says the same; what asks for the end gets it.
    async fn comm_said(&self, comm: Comm, said: Said) {
        match said.data.as_str() {
            Some("bye") => comm.close().await,
            _ => comm.say(said).await,
        }
    }

    fn remembers(&self, code: &str) -> bool {
        !code.starts_with("secret")
    }
}

async fn run(line: &str, request: &Request) -> Result<(), Failure> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    let number = rest.parse().unwrap_or(1);
    let asked = |error: jupyter::InputError| Failure::new("InputError", error.to_string());
    match word {
        "ask" => {
            let answer = request.input(rest, false).await.map_err(asked)?;
            request.stdout(&format!("{answer}\n")).await;
        }
        "secret" => {
            let answer = request.input(rest, true).await.map_err(asked)?;
            request.stdout(&format!("{}\n", answer.len())).await;
        }
        "clear" => request.clear(rest == "wait").await,
        "fail" => return Err(Failure::new("Failed", rest)),
        "flood" => {
            let megabyte = "x".repeat(1 << 20);
            for _ in 0..number {
                request.display(Bundle::text(megabyte.as_str()), None).await;
            }
        }
        "panic" => panic!("{rest}"),
        "page" => request.page(Bundle::text(rest)),
        "print" => request.stdout(&format!("{rest}\n")).await,
        "warn" => request.stderr(&format!("{rest}\n")).await,
        "show" => request.display(Bundle::text(rest), Some("shown")).await,
        "update" => request.update("shown", Bundle::text(rest)).await,
        "sleep" => tokio::time::sleep(Duration::from_millis(number)).await,
        "talk" => {
            request.open_comm("echo", Said::data(rest.into())).await;
        }
        "stubborn" => {
            request.interrupted().await;
            request.stdout("once\n").await;
            request.interrupted().await;
            return Err(Failure::new("Interrupted", "twice"));
        }
        "wait" => {
            request.interrupted().await;
            return Err(Failure::new("Interrupted", "at your wish"));
        }
        _ => request.result(Bundle::text(line)).await,
    }
    Ok(())
}

fn word_start(code: &str, cursor: usize) -> usize {
    code[..cursor]
        .rfind(|char: char| !char.is_alphabetic())
        .map_or(0, |before| {
            before + code[before..].chars().next().map_or(0, char::len_utf8)
        })
}
