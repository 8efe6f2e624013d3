//! The words of a `%` line: what stands in quotes holds together.

/// The words, with their quotes: `"…"` anywhere in a word, as in a name of SQL, `'…'` from a word's
/// start or behind a `=`.
pub(crate) fn words(line: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let (mut start, mut quote, mut before) = (None, None, ' ');
    for (at, c) in line.char_indices() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"') => quote = Some('"'),
            (None, '\'') if before == '=' || before.is_whitespace() => quote = Some('\''),
            (None, c) if c.is_whitespace() => {
                words.extend(start.take().and_then(|start| line.get(start..at)));
                before = c;
                continue;
            }
            _ => {}
        }
        start.get_or_insert(at);
        before = c;
    }
    words.extend(start.and_then(|start| line.get(start..)));
    words
}

/// A word without the quotes around it, in which two of them are one.
pub(crate) fn unquoted(word: &str) -> String {
    for quote in ['\'', '"'] {
        let inside = word.strip_prefix(quote);
        if let Some(inside) = inside.and_then(|inside| inside.strip_suffix(quote)) {
            return inside.replace(&format!("{quote}{quote}"), &quote.to_string());
        }
    }
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_hold_together_in_quotes() {
        let check = |line: &str, expected: &[&str]| assert_eq!(words(line), expected, "{line}");
        check("", &[]);
        check("  a  b ", &["a", "b"]);
        check(
            "\"S\".\"a \"\"b\"\"\" from x",
            &["\"S\".\"a \"\"b\"\"\"", "from", "x"],
        );
        check("into o'brien x", &["into", "o'brien", "x"]);
        check(
            "null='n a' columns=\"a b\":text,c:-",
            &["null='n a'", "columns=\"a b\":text,c:-"],
        );
        check("'a b' \"open end", &["'a b'", "\"open end"]);
    }

    #[test]
    fn quotes_go() {
        let check = |word: &str, expected: &str| assert_eq!(unquoted(word), expected);
        check("a", "a");
        check("'it''s'", "it's");
        check("\"\"", "");
        check("'", "'");
    }
}
