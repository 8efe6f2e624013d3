//! A table in Markdown in which no value can be anything but text.

use crate::Field;

/// The names, and the line below them.
pub(crate) fn header(fields: &[Field], to: &mut Vec<u8>) {
    let names = fields.iter().map(|field| Some(field.name.as_bytes()));
    row(names, to);
    for field in fields {
        to.extend_from_slice(if field.is_number() {
            b"| ---: "
        } else {
            b"| --- "
        });
    }
    to.extend_from_slice(b"|\n");
}

/// A row on a line; NULL is *null*, in italics, as no value can be.
pub(crate) fn row<'v>(values: impl Iterator<Item = Option<&'v [u8]>>, to: &mut Vec<u8>) {
    for value in values {
        to.extend_from_slice(b"| ");
        match value {
            None => to.extend_from_slice(b"*null*"),
            Some(value) => escape(value, to),
        }
        to.push(b' ');
    }
    to.extend_from_slice(b"|\n");
}

fn escape(value: &[u8], to: &mut Vec<u8>) {
    for (at, byte) in value.iter().enumerate() {
        let next = value.get(at + 1);
        match byte {
            b'&' => to.extend_from_slice(b"&amp;"),
            b'<' => to.extend_from_slice(b"&lt;"),
            b'>' => to.extend_from_slice(b"&gt;"),
            b'\r' if next == Some(&b'\n') => {}
            b'\r' | b'\n' => to.extend_from_slice(b"<br>"),
            b'|' | b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'~' | b'$' => {
                to.extend_from_slice(&[b'\\', *byte]);
            }
            // An address becomes a link by itself.
            b':' if next == Some(&b'/') => to.extend_from_slice(b"&#58;"),
            other => to.push(*other),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_value_is_text_whatever_it_says() {
        let check = |value: &str, expected: &str| {
            let mut line = Vec::new();
            row([Some(value.as_bytes())].into_iter(), &mut line);
            assert_eq!(
                String::from_utf8(line).unwrap(),
                format!("| {expected} |\n")
            );
        };
        check("a|b", "a\\|b");
        check(
            "<script>alert(1)</script>",
            "&lt;script&gt;alert(1)&lt;/script&gt;",
        );
        check("two\nlines\r\nand more", "two<br>lines<br>and more");
        check("[x](javascript:y)", "\\[x\\](javascript:y)");
        check("http://x", "http&#58;//x");
        check("*null*", "\\*null\\*");
        check("", "");
    }
}
