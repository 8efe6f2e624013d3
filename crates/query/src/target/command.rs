//! A pasted `psql …` command line.

use super::Pairs;
use super::options::VARIABLES;

/// psql's options that take a value, by their letter, with the connection option each sets; none
/// where it says nothing about the connection.
const VALUED: &[(char, &str, Option<&str>)] = &[
    ('h', "host", Some("host")),
    ('p', "port", Some("port")),
    ('U', "username", Some("user")),
    ('d', "dbname", Some("dbname")),
    ('c', "command", None),
    ('f', "file", None),
    ('F', "field-separator", None),
    ('L', "log-file", None),
    ('o', "output", None),
    ('P', "pset", None),
    ('R', "record-separator", None),
    ('T', "table-attr", None),
    ('v', "set", None),
];

/// The connection options of a command line. `PGPASSWORD=… psql …` is understood too.
///
/// # Errors
/// A sentence that repeats nothing of what was pasted: any word may be a piece of a password.
pub(super) fn pairs(text: &str) -> Result<Pairs, String> {
    let words = shell_words::split(text)
        .map_err(|_| "a quote in the psql command is not closed".to_owned())?;
    let mut pairs = Pairs::new();
    let mut words = words.into_iter().peekable();
    // Variables in front of the program, then the program itself.
    while let Some(word) = words.next_if(|word| !is_psql(word)) {
        match word
            .split_once('=')
            .map(|(name, value)| (name.to_uppercase(), value))
        {
            Some((name, value)) => {
                if let Some((_, option)) = VARIABLES.iter().find(|(known, _)| *known == name) {
                    pairs.push(((*option).to_owned(), value.to_owned()));
                }
            }
            None => return Err("this is no psql command".into()),
        }
    }
    words.next();
    let (mut databases, mut plain) = (Vec::new(), Vec::new());
    let mut only_plain = false;
    while let Some(word) = words.next() {
        if only_plain || !word.starts_with('-') || word == "-" {
            plain.push(word);
        } else if word == "--" {
            only_plain = true;
        } else if let Some((sets, value)) = option(&word) {
            let value = match value {
                Some(value) => value.to_owned(),
                None => words
                    .next()
                    .ok_or("the psql command ends behind an option")?,
            };
            match sets {
                Some("dbname") => databases.push(value),
                Some(name) => pairs.push((name.to_owned(), value)),
                None => {}
            }
        }
    }
    // As in psql: words stand for what no option names, the database first; and what stands in the
    // database's place may name everything else, which then counts more.
    let mut plain = plain.into_iter();
    if databases.is_empty() {
        databases.extend(plain.next());
    }
    if let Some(user) = plain
        .next()
        .filter(|_| !pairs.iter().any(|(name, _)| name == "user"))
    {
        pairs.push(("user".into(), user));
    }
    if let Some(text) = databases.pop() {
        database(&mut pairs, &text)?;
    }
    Ok(pairs)
}

/// Whether a text of several lines is such a command, and not fields, of which one may be called
/// "PSQL command".
pub(super) fn is_one(text: &str) -> bool {
    let words = shell_words::split(text)
        .unwrap_or_else(|_| text.split_whitespace().map(str::to_owned).collect());
    let mut words = words.iter().map(String::as_str);
    let first = words.find(|word| !word.starts_with("PG") || !word.contains('='));
    first.is_some_and(is_psql) && words.next().is_some_and(|word| word != "command")
}

/// Whether the text is the beginning of such a command, whose other lines are to come: a quote is
/// open at its end, or a backslash stands there.
pub(super) fn is_unfinished(text: &str) -> bool {
    is_one(text) && (text.ends_with('\\') || shell_words::split(text).is_err())
}

fn is_psql(word: &str) -> bool {
    let name = word.rsplit(['/', '\\']).next().unwrap_or(word);
    name == "psql" || name == "psql.exe"
}

/// `-h`, `-hNAME`, `-Xh`, `--host`, `--host=NAME`: what an option with a value sets, and the value
/// that is attached to it. Nothing for switches, such as `-X`.
fn option(word: &str) -> Option<(Option<&'static str>, Option<&str>)> {
    if let Some(long) = word.strip_prefix("--") {
        let (name, value) = match long.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (long, None),
        };
        let (.., sets) = VALUED.iter().find(|(_, known, _)| *known == name)?;
        return Some((*sets, value));
    }
    word.char_indices().skip(1).find_map(|(at, letter)| {
        let (.., sets) = VALUED.iter().find(|(known, ..)| *known == letter)?;
        let value = word
            .get(at + letter.len_utf8()..)
            .filter(|value| !value.is_empty());
        Some((*sets, value))
    })
}

/// Where psql takes a database's name it takes a URL or keywords, too.
fn database(pairs: &mut Pairs, text: &str) -> Result<(), String> {
    match text.trim().split_once("://") {
        Some(("postgresql" | "postgres", rest)) => pairs.extend(super::url::pairs(rest)?),
        _ if text.contains('=') => pairs.extend(super::keywords::broken(text)?),
        _ => pairs.push(("dbname".into(), text.to_owned())),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::owned;

    fn check(text: &str, expected: &[(&str, &str)]) {
        assert_eq!(pairs(text), Ok(owned(expected)), "{text}");
    }

    #[test]
    fn command_lines() {
        check(
            "psql 'sslmode=require host=acme.example port=80 dbname=prod:all user=1@AdobeOrg password=ey.x'",
            &[
                ("sslmode", "require"),
                ("host", "acme.example"),
                ("port", "80"),
                ("dbname", "prod:all"),
                ("user", "1@AdobeOrg"),
                ("password", "ey.x"),
            ],
        );
        check(
            "psql -h db -p5433 -U ada --dbname=sales",
            &[
                ("host", "db"),
                ("port", "5433"),
                ("user", "ada"),
                ("dbname", "sales"),
            ],
        );
        check(
            "/usr/bin/psql -X -W sales ada",
            &[("user", "ada"), ("dbname", "sales")],
        );
        check(
            "psql -d sales -Xh db -- ada",
            &[("host", "db"), ("user", "ada"), ("dbname", "sales")],
        );
        check(
            "PGPASSWORD='a b' psql -c 'select 1' sales",
            &[("password", "a b"), ("dbname", "sales")],
        );
        check(
            "psql \"postgresql://ada:s@db/sales\"",
            &[
                ("user", "ada"),
                ("password", "s"),
                ("host", "db"),
                ("dbname", "sales"),
            ],
        );
    }

    #[test]
    fn a_command_line_broken_over_lines() {
        check(
            "psql 'sslmode=require host=acme.example\nport=80 user=x password=eyJhbGci\nOiJSUzI1NiJ9==\n.abc'",
            &[
                ("sslmode", "require"),
                ("host", "acme.example"),
                ("port", "80"),
                ("user", "x"),
                ("password", "eyJhbGciOiJSUzI1NiJ9==.abc"),
            ],
        );
        check(
            "psql \\\n  -h db \\\n  sales",
            &[("host", "db"), ("dbname", "sales")],
        );
    }

    #[test]
    fn errors_repeat_nothing() {
        for text in ["psql 'host=x password=secret", "psql -h", "nonsense secret"] {
            let error = pairs(text).expect_err(text);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
