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
    let mut before = None;
    for byte in value {
        match byte {
            b'&' => to.extend_from_slice(b"&amp;"),
            b'<' => to.extend_from_slice(b"&lt;"),
            b'>' => to.extend_from_slice(b"&gt;"),
            b'\r' => to.extend_from_slice(b"<br>"),
            b'\n' if before == Some(b'\r') => {}
            b'\n' => to.extend_from_slice(b"<br>"),
            b'|' | b'\\' | b'`' | b'*' | b'_' | b'[' | b']' | b'~' | b'$' => {
                to.extend_from_slice(&[b'\\', *byte]);
            }
            // A bare address or mail becomes a link by itself.
            b':' => to.extend_from_slice(b"&#58;"),
            b'@' => to.extend_from_slice(b"&#64;"),
            other => to.push(*other),
        }
        before = Some(*byte);
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
        check("[x](javascript:y)", "\\[x\\](javascript&#58;y)");
        check("*null*", "\\*null\\*");
        check("", "");
    }
}
