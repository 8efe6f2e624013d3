//! What is a number by its grammar, whatever a server calls it: only such a text may stand without
//! quotes where others read numbers.

/// Whether this is a number as JSON, SQL and most others write one: `-1`, `0.10`, `1e-07`. NaN and
/// Infinity are none.
pub(crate) fn is_number(text: &[u8]) -> bool {
    let whole = text.strip_prefix(b"-").unwrap_or(text);
    let Some(rest) = behind_digits(whole) else {
        return false;
    };
    let digits = whole.len() - rest.len();
    if digits > 1 && whole.starts_with(b"0") {
        return false;
    }
    let rest = match rest.strip_prefix(b".") {
        Some(fraction) => match behind_digits(fraction) {
            Some(rest) => rest,
            None => return false,
        },
        None => rest,
    };
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            behind_digits(exponent) == Some(b"")
        }
        _ => false,
    }
}

/// What comes behind one digit or more.
fn behind_digits(text: &[u8]) -> Option<&[u8]> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count > 0).then(|| text.get(count..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_by_their_grammar() {
        for text in [
            "0",
            "-0",
            "7",
            "-9223372036854775808",
            "0.10",
            "-1.50",
            "1e-07",
            "1E+20",
            "1.5e10",
        ] {
            assert!(is_number(text.as_bytes()), "{text}");
        }
        for text in [
            "",
            "-",
            "+1",
            "00",
            "01",
            "1.",
            ".5",
            "1e",
            "1e+",
            "NaN",
            "Infinity",
            "-Infinity",
            "0x10",
            "1_000",
            "1 ",
            " 1",
            "1\n",
            "1);\n\\! id",
            "1;2",
            "1--1",
            "--1",
            "1,000",
            "1/0",
            "1e5e5",
            "\u{661}",
        ] {
            assert!(!is_number(text.as_bytes()), "{text:?}");
        }
    }
}
