//! The body of `%%connect`: a field a line, as a credentials page shows them, or credentials JSON.

use serde_json::Value;

use super::Pairs;
use super::options::{OPTIONS, refuse_command};

/// Other names of options, in lower case; nothing where the field says nothing about the way in.
const NAMES: &[(&str, Option<&str>)] = &[
    ("hostname", Some("host")),
    ("server", Some("host")),
    ("address", Some("host")),
    ("database", Some("dbname")),
    ("databasename", Some("dbname")),
    ("db", Some("dbname")),
    ("username", Some("user")),
    ("login", Some("user")),
    ("token", Some("password")),
    ("ssl mode", Some("sslmode")),
    ("psql command", None),
    ("expires", None),
    ("name", None),
    ("description", None),
    ("version", None),
    ("compressedtoken", None),
    ("websockethost", None),
    ("technicalaccountname", None),
];

/// Reads the fields: `key = value`, `key: value` or `key value`, in any order and any case, a value
/// as it stands; one that goes on over lines is put together again. A key alone has its value on
/// the next line.
///
/// # Errors
/// A sentence that repeats no value.
pub(super) fn pairs(body: &str) -> Result<Pairs, String> {
    let (fields, json) = without_json(body)?;
    let mut pairs = json.as_ref().map_or(Ok(Pairs::new()), credentials)?;
    refuse_command(&pairs, "credentials in JSON")?;
    let mut last: Option<(Option<&str>, String)> = None;
    for (number, line) in fields
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
    {
        match (field(line), &mut last) {
            (Some((name, value)), _) => {
                finish(&mut pairs, last.take());
                last = Some((name, value.to_owned()));
            }
            // A token broken over lines, or a value below its key.
            (None, Some((name, value))) if value.is_empty() || *name == Some("password") => {
                value.push_str(line.trim());
            }
            (None, Some((None, _))) => {}
            (None, _) => {
                return Err(format!(
                    "line {} of the body begins with no known field; \
                     Host, Port, Database, Username and Password are some",
                    number + 1
                ));
            }
        }
    }
    finish(&mut pairs, last);
    let has = |name: &str| pairs.iter().any(|(known, _)| known == name);
    match json.as_ref().is_some_and(is_file) && !has("host") && !has("service") {
        true => Err(
            "this file holds half of what it takes: add the Host, Database and Username of the \
             Query Service page, a line each"
                .into(),
        ),
        false => Ok(pairs),
    }
}

fn finish(pairs: &mut Pairs, field: Option<(Option<&str>, String)>) {
    if let Some((Some(name), value)) = field {
        pairs.push((name.to_owned(), value));
    }
}

/// The option that a line sets and its value; no option where the field is not one.
fn field(line: &str) -> Option<(Option<&'static str>, &str)> {
    let line = line.trim();
    let lower = line.to_lowercase();
    let known = OPTIONS.iter().map(|name| (*name, Some(*name)));
    let names = known.chain(NAMES.iter().copied());
    let fits = names.filter_map(|(name, option)| {
        // Lower case may differ in length only beyond ASCII, where no name is.
        let rest = lower
            .strip_prefix(name)
            .and_then(|_| line.get(name.len()..))?;
        let value = rest.trim_start();
        let separated = value.len() < rest.len() || rest.is_empty();
        match value.strip_prefix([':', '=']) {
            Some(value) => Some((name, option, value.trim())),
            None if separated => Some((name, option, value)),
            None => None,
        }
    });
    fits.max_by_key(|(name, ..)| name.len())
        .map(|(_, option, value)| (option, value))
}

/// The first JSON object of a text, and the text without it.
fn without_json(body: &str) -> Result<(String, Option<Value>), String> {
    let Some(start) = body
        .lines()
        .find(|line| line.trim_start().starts_with('{'))
        .and_then(|line| {
            let offset = line.as_ptr() as usize - body.as_ptr() as usize;
            body.get(offset..)?.find('{').map(|at| offset + at)
        })
    else {
        return Ok((body.to_owned(), None));
    };
    let (before, json) = body.split_at(start);
    let mut values = serde_json::Deserializer::from_str(json).into_iter::<Value>();
    match values.next() {
        Some(Ok(value)) => {
            let after = json.get(values.byte_offset()..).unwrap_or_default();
            Ok((format!("{before}\n{after}"), Some(value)))
        }
        // Serde's own words could repeat a piece of the text.
        Some(Err(error)) => Err(format!(
            "the credentials are no valid JSON (line {} of them, column {})",
            error.line(),
            error.column()
        )),
        None => Ok((body.to_owned(), None)),
    }
}

/// Whether it is the file of non-expiring credentials, which names no server.
fn is_file(json: &Value) -> bool {
    json.get("technicalAccountId").is_some()
}

/// The options of a credentials file (`technicalAccountId` and `credential`), of Query Service's
/// connection parameters (`dbName`, `token`, …), or of any object with the names above.
fn credentials(json: &Value) -> Result<Pairs, String> {
    let object = json
        .as_object()
        .ok_or("the credentials are no JSON object")?;
    let text = |name: &str| {
        object
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| match value {
                Value::String(text) => text.clone(),
                value => value.to_string(),
            })
    };
    let mut pairs = Pairs::new();
    if let (Some(account), Some(credential)) = (text("technicalAccountId"), text("credential")) {
        // Braces that came along from the documentation; those of a variable stay.
        let bare = |text: String| match text.strip_prefix('{') {
            Some(rest) => rest.trim_end_matches('}').to_owned(),
            None => text,
        };
        pairs.push((
            "password".into(),
            format!("{}:{}", bare(account), bare(credential)),
        ));
    }
    for key in object.keys() {
        if let (Some((Some(name), _)), Some(value)) = (field(key), text(key)) {
            pairs.push((name.to_owned(), value));
        }
    }
    match pairs.is_empty() {
        true => Err(
            "the JSON holds no credentials: neither technicalAccountId and credential \
             nor host, dbName, username, token"
                .into(),
        ),
        false => Ok(pairs),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::owned;

    fn check(body: &str, expected: &[(&str, &str)]) {
        assert_eq!(pairs(body), Ok(owned(expected)), "{body}");
    }

    #[test]
    fn fields_in_any_order_and_case() {
        check(
            "Host: acme.platform.adobe.io\nPORT = 80\ndatabase prod:all\nUsername: 1@AdobeOrg\nPassword: a b=c:d\nExpires: 24/11/2026",
            &[
                ("host", "acme.platform.adobe.io"),
                ("port", "80"),
                ("dbname", "prod:all"),
                ("user", "1@AdobeOrg"),
                ("password", "a b=c:d"),
            ],
        );
    }

    #[test]
    fn a_key_above_its_value() {
        check(
            "Host\nacme.example\n\nPort\n80\nPassword\neyJh\nbGci",
            &[
                ("host", "acme.example"),
                ("port", "80"),
                ("password", "eyJhbGci"),
            ],
        );
    }

    #[test]
    fn credentials_files() {
        check(
            r#"host: acme.example
{"technicalAccountName":"x@TECHACCT.ADOBE.COM","credential":"{0f}","technicalAccountId":"{1A}"}"#,
            &[("password", "1A:0f"), ("host", "acme.example")],
        );
        check(
            r#"{"username":"1@AdobeOrg","dbName":"prod:all","host":"acme.example","port":80,"token":"ey.x","compressedToken":"z","version":1}"#,
            &[
                ("user", "1@AdobeOrg"),
                ("dbname", "prod:all"),
                ("host", "acme.example"),
                ("port", "80"),
                ("password", "ey.x"),
            ],
        );
    }

    #[test]
    fn no_credentials_start_a_program() {
        let body = r#"{"host": "h", "token": "t", "Password_Command": "touch x"}"#;
        let error = pairs(body).expect_err(body);
        assert!(
            error.contains("never taken from credentials in JSON"),
            "{error}"
        );
        check(
            "password_command: pass show x",
            &[("password_command", "pass show x")],
        );
    }

    #[test]
    fn errors_repeat_no_value() {
        for body in [
            "host x\nnonsense secret",
            "{\"token\": secret}",
            "{\"a\": \"secret\"}",
            "{\"technicalAccountId\": \"x\", \"credential\": \"secret\"}",
            "secret",
        ] {
            let error = pairs(body).expect_err(body);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
