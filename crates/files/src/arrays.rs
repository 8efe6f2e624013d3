//! PostgreSQL's text of an array: read piece by piece, and its elements written.

/// A piece of an array.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    Open,
    Close,
    Null,
    /// An element, without its quotes.
    Element(&'a [u8]),
}

/// An array that is read.
pub(crate) struct Array<'a> {
    rest: &'a [u8],
    /// An element with escapes, without them.
    text: Vec<u8>,
    depth: usize,
    /// The brace that it began with is closed.
    closed: bool,
}

impl<'a> Array<'a> {
    /// Begins to read `{…}`; bounds before it (`[2:3]=`) are passed over.
    pub(crate) fn new(text: &'a [u8]) -> Self {
        let start = match text.first() {
            Some(b'[') => text
                .iter()
                .position(|byte| *byte == b'=')
                .map_or(0, |at| at + 1),
            _ => 0,
        };
        Array {
            rest: &text[start..],
            text: Vec::new(),
            depth: 0,
            closed: false,
        }
    }

    /// Whether it was read to its end, with nothing behind that.
    pub(crate) fn is_whole(&self) -> bool {
        self.closed && self.rest.is_empty()
    }

    /// The next piece; `None` at the end, and where this is no array.
    #[allow(clippy::should_implement_trait)] // a piece lends from the buffer
    pub(crate) fn next(&mut self) -> Option<Piece<'_>> {
        if self.closed {
            return None;
        }
        while let [b',' | b' ', rest @ ..] = self.rest {
            self.rest = rest;
        }
        let (first, after) = self.rest.split_first()?;
        match first {
            b'{' => {
                self.depth += 1;
                self.rest = after;
                Some(Piece::Open)
            }
            b'}' => {
                self.depth = self.depth.checked_sub(1)?;
                self.closed = self.depth == 0;
                self.rest = after;
                Some(Piece::Close)
            }
            _ if self.depth == 0 => None,
            b'"' => {
                self.quoted(after)?;
                Some(Piece::Element(&self.text))
            }
            _ => {
                let end = self
                    .rest
                    .iter()
                    .position(|byte| matches!(byte, b',' | b'}'))?;
                let (element, rest) = self.rest.split_at(end);
                self.rest = rest;
                if element.eq_ignore_ascii_case(b"NULL") {
                    return Some(Piece::Null);
                }
                Some(Piece::Element(element))
            }
        }
    }

    fn quoted(&mut self, mut rest: &'a [u8]) -> Option<()> {
        self.text.clear();
        loop {
            let (first, after) = rest.split_first()?;
            rest = after;
            match first {
                b'"' => {
                    self.rest = rest;
                    return Some(());
                }
                b'\\' => {
                    let (escaped, after) = rest.split_first()?;
                    self.text.push(*escaped);
                    rest = after;
                }
                other => self.text.push(*other),
            }
        }
    }
}

/// Appends an element in quotes, in which it is no NULL and no array, whatever it says.
pub(crate) fn quote(element: &[u8], to: &mut Vec<u8>) {
    to.push(b'"');
    for byte in element {
        if matches!(byte, b'"' | b'\\') {
            to.push(b'\\');
        }
        to.push(*byte);
    }
    to.push(b'"');
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn arrays_come_apart() {
        let check = |text: &str, expected: &str| {
            let mut array = Array::new(text.as_bytes());
            let mut pieces = String::new();
            while let Some(piece) = array.next() {
                pieces += &match piece {
                    Piece::Open => "[".to_owned(),
                    Piece::Close => "]".to_owned(),
                    Piece::Null => "∅".to_owned(),
                    Piece::Element(text) => format!("<{}>", str::from_utf8(text).unwrap()),
                };
            }
            assert_eq!(pieces, expected, "{text}");
        };
        check("{}", "[]");
        check("{1,2,NULL}", "[<1><2>∅]");
        check(r#"{"a b","c\"d\\","NULL",""}"#, "[<a b><c\"d\\><NULL><>]");
        check("{{1,2},{3,4}}", "[[<1><2>][<3><4>]]");
        check("[2:3]={7,8}", "[<7><8>]");
        check("no array", "");
        check("{1,\"open", "[<1>");
    }
}
