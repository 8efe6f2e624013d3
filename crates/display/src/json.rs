//! JSON laid out for reading, by its text alone: a value's digits, keys and escapes stay as sent,
//! which parsing would not warrant (`json` keeps double keys and numbers of any length).

/// What fits in this many characters stays on one line.
const LINE: usize = 60;

/// The same JSON, indented. Of text that is cut off or is no JSON it makes what it can.
pub(crate) fn pretty(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    let mut depth = 0;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let token = match c {
            '{' | '[' => {
                if let Some(group) = short_group(rest) {
                    write_short(&mut out, group);
                    rest = &rest[group.len()..];
                    continue;
                }
                depth += 1;
                out.push(c);
                new_line(&mut out, depth);
                1
            }
            '}' | ']' => {
                depth = usize::saturating_sub(depth, 1);
                new_line(&mut out, depth);
                out.push(c);
                1
            }
            ',' => {
                out.push(c);
                new_line(&mut out, depth);
                1
            }
            ':' => {
                out += ": ";
                1
            }
            _ if c.is_ascii_whitespace() => 1,
            _ => {
                let token = token(rest);
                out += token;
                token.len()
            }
        };
        rest = &rest[token..];
    }
    out
}

fn new_line(out: &mut String, depth: usize) {
    out.push('\n');
    // Deep nesting must not make the text grow with its square.
    out.extend(std::iter::repeat_n("  ", depth.min(40)));
}

/// The object or array that the text begins with, if it fits on a line.
fn short_group(text: &str) -> Option<&str> {
    let mut depth = 0;
    let mut end = 0;
    while end <= LINE {
        let rest = text.get(end..)?;
        let c = rest.chars().next()?;
        match c {
            '{' | '[' => depth += 1,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        end += token(rest).len();
        if depth == 0 {
            return text
                .get(..end)
                .filter(|group| group.chars().count() <= LINE);
        }
    }
    None
}

/// On one line, with a space after each comma and colon.
fn write_short(out: &mut String, group: &str) {
    let mut rest = group;
    while let Some(c) = rest.chars().next() {
        let token = token(rest);
        match c {
            ',' => *out += ", ",
            ':' => *out += ": ",
            _ if c.is_ascii_whitespace() => {}
            _ => *out += token,
        }
        rest = &rest[token.len()..];
    }
}

/// The string, the number or word, or the single character that the text begins with.
fn token(text: &str) -> &str {
    let length = match text.chars().next() {
        Some('"') => string_length(text),
        Some(c) if is_word(c) => text.find(|c| !is_word(c)),
        Some(c) => Some(c.len_utf8()),
        None => None,
    };
    &text[..length.unwrap_or(text.len())]
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || "+-._".contains(c)
}

fn string_length(text: &str) -> Option<usize> {
    let mut escaped = false;
    let end = text.bytes().skip(1).position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented() {
        let check = |text: &str, expected: &str| assert_eq!(pretty(text), expected);
        check(
            r#"{"a":1,"b":[true,null]}"#,
            r#"{"a": 1, "b": [true, null]}"#,
        );
        check(" 12.50 ", "12.50");
        check(r#""a\"b{\\""#, r#""a\"b{\\""#);
        let long = "x".repeat(60);
        check(
            &format!(r#"{{"k":"{long}","k": {{ }},"n":[1,2]}}"#),
            &format!("{{\n  \"k\": \"{long}\",\n  \"k\": {{}},\n  \"n\": [1, 2]\n}}"),
        );
    }

    #[test]
    fn broken_json_is_kept() {
        for text in ["{\"a", "[[[1,", "}}]]", "\"\\", "é{ü:ß", "{\"日本\":[1,2"] {
            let kept: String = pretty(text)
                .chars()
                .filter(|c| !c.is_whitespace())
                .collect();
            assert_eq!(kept, text);
        }
    }
}
