//! What a cell prints is what psql prints, byte for byte. The cases are the files of `psql/`: each
//! begins with a line `--- what it shows` and is run by psql and by the engine, in a session of its
//! own and in two databases that have seen the same cases before.

use query::Shown;

use crate::notebook::{Answer, Notebook};
use crate::server::Database;

/// A test for each file, so that they run side by side.
macro_rules! topics {
    ($($topic:ident)*) => {
        $(
            #[tokio::test]
            async fn $topic() {
                check(include_str!(concat!("psql/", stringify!($topic), ".sql"))).await;
            }
        )*
        const TOPICS: &[&str] = &[$(stringify!($topic)),*];
    };
}

topics! {
    numbers text times nested others layout commands copies errors meta describe
}

#[test]
fn every_topic_is_a_test() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/database/psql");
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap().path();
        let topic = file.file_stem().unwrap().to_str().unwrap();
        assert!(TOPICS.contains(&topic), "{topic} is not in the list above");
    }
}

async fn check(topic: &str) {
    let for_psql = Database::new().await;
    let for_us = for_psql.another();
    let mut wrong = String::new();
    for case in topic.split("\n--- ").skip(1) {
        let (name, cell) = case.split_once('\n').unwrap();
        let psql = for_psql.psql(cell);
        let answer = Notebook::new(&for_us).run(cell).await;

        let stdout = String::from_utf8(psql.stdout).unwrap();
        let printed = printed(&answer, &stdout);
        if printed != stdout {
            wrong += &format!("\n=== {name}: psql prints\n{stdout}=== and we\n{printed}");
        }
        let stderr = without_places(&String::from_utf8(psql.stderr).unwrap());
        let warned = warned(&answer);
        if warned != stderr {
            wrong += &format!("\n=== {name}: psql warns\n{stderr}=== and we\n{warned}");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Standard output with the results among it, each followed by as many line ends as psql prints
/// after it: one, and with most formats a second for a blank line.
fn printed(answer: &Answer, psql: &str) -> String {
    let mut out = String::new();
    for shown in answer.screen() {
        match shown {
            Shown::Out(text) => out += &text,
            Shown::Result(bundle) | Shown::Display(bundle, _) => {
                out += bundle.text();
                out.push('\n');
                if psql[out.len().min(psql.len())..].starts_with('\n') {
                    out.push('\n');
                }
            }
            _ => {}
        }
    }
    out
}

/// Standard error with the problem at its end, without our advice.
fn warned(answer: &Answer) -> String {
    let problem = answer.problem.clone().map(|mut problem| {
        problem.advice.clear();
        problem.text() + "\n"
    });
    answer.err() + &problem.unwrap_or_default()
}

/// psql's lines without the `psql:<stdin>:12: ` in front of each message, and the `error: ` or
/// `warning: ` that it says only there.
fn without_places(stderr: &str) -> String {
    let lines = stderr.split_inclusive('\n').map(|line| {
        let message = line
            .strip_prefix("psql:<stdin>:")
            .and_then(|rest| rest.split_once(": "));
        let message = message.map_or(line, |(_, message)| message);
        let words = ["error: ", "warning: "];
        let message_alone = words.iter().find_map(|word| message.strip_prefix(word));
        message_alone.unwrap_or(message)
    });
    lines.collect()
}
