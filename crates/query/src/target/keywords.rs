//! libpq's `key = value` pairs.

use super::Pairs;
use super::options::is_option;

/// Reads pairs as libpq does: values in single quotes, backslash escapes.
///
/// # Errors
/// A sentence that repeats no value.
pub(super) fn pairs(text: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| is_space(*c)).is_some() {}
        let mut name = String::new();
        while let Some(c) = chars.next_if(|c| *c != '=' && !is_space(*c)) {
            name.push(c);
        }
        while chars.next_if(|c| is_space(*c)).is_some() {}
        if name.is_empty() && chars.peek().is_none() {
            return Ok(pairs);
        }
        if chars.next_if_eq(&'=').is_none() {
            // The word may be a piece of a password with a blank in it: it is not repeated.
            let place = pairs.iter().rfind(|(key, _)| is_option(key));
            let place = place.map_or("at the start".to_owned(), |(key, _)| {
                format!("behind the value of \"{key}\"")
            });
            return Err(format!(
                "an = is missing {place}; a value with blanks in it stands in single quotes"
            ));
        }
        while chars.next_if(|c| is_space(*c)).is_some() {}
        let mut value = String::new();
        let quoted = chars.next_if_eq(&'\'').is_some();
        loop {
            match chars.next_if(|c| quoted || !is_space(*c)) {
                Some('\'') if quoted => break,
                Some('\\') => value.extend(chars.next()),
                Some(c) => value.push(c),
                None if quoted => return Err("a value's quote is not closed".into()),
                None => break,
            }
        }
        pairs.push((name, value));
    }
}

/// What C calls a space.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}

/// Reads pairs that pasting has broken over lines: a line that begins with no option goes on with
/// the value before it.
pub(super) fn broken(text: &str) -> Result<Pairs, String> {
    if text.lines().nth(1).is_none() {
        return pairs(text);
    }
    let mut joined = String::with_capacity(text.len());
    for line in text.lines().map(str::trim) {
        let name = line.split('=').next().unwrap_or_default().trim_end();
        if is_option(name) && !joined.is_empty() {
            joined.push(' ');
        }
        joined.push_str(line);
    }
    pairs(&joined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::owned;

    fn check(text: &str, expected: &[(&str, &str)]) {
        assert_eq!(pairs(text), Ok(owned(expected)), "{text}");
    }

    #[test]
    fn as_libpq_reads_them() {
        check("host=a port=1", &[("host", "a"), ("port", "1")]);
        check("  host = a\tport\n=\n1 ", &[("host", "a"), ("port", "1")]);
        check(
            "password='a b' user=''",
            &[("password", "a b"), ("user", "")],
        );
        check(
            r"password='it\'s' user=a\ b\\",
            &[("password", "it's"), ("user", r"a b\")],
        );
        check("user= password=x", &[("user", "password=x")]);
        check(
            "dbname=prod:all?FLATTEN user=X@AdobeOrg",
            &[("dbname", "prod:all?FLATTEN"), ("user", "X@AdobeOrg")],
        );
        check("", &[]);
    }

    #[test]
    fn errors_repeat_no_value() {
        for text in ["password=a secret host=b", "password='secret", "secret"] {
            let error = pairs(text).expect_err(text);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
