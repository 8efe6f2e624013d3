//! Bytes become text, also where a character comes in two pieces.

/// A decoder of UTF-8 that takes bytes as they come. What is no UTF-8 becomes `�`.
#[derive(Debug, Default)]
pub(crate) struct Text {
    /// The beginning of a character.
    held: Vec<u8>,
}

impl Text {
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> String {
        let bytes = [std::mem::take(&mut self.held).as_slice(), bytes].concat();
        let unfinished = unfinished(&bytes);
        let (whole, rest) = bytes.split_at(bytes.len() - unfinished);
        self.held = rest.to_vec();
        String::from_utf8_lossy(whole).into_owned()
    }

    /// Nothing more comes.
    pub(crate) fn finish(&mut self) -> String {
        String::from_utf8_lossy(&std::mem::take(&mut self.held)).into_owned()
    }
}

/// How many bytes at the end may be the beginning of a character.
fn unfinished(bytes: &[u8]) -> usize {
    let chunk = bytes.utf8_chunks().last();
    let invalid = chunk.map_or(&[][..], |chunk| chunk.invalid());
    let more = |length: usize| invalid.len() < length;
    let begun = match invalid.first() {
        Some(0xC2..=0xDF) => more(2),
        Some(0xE0..=0xEF) => more(3),
        Some(0xF0..=0xF4) => more(4),
        _ => false,
    };
    if begun { invalid.len() } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pieces: &[&[u8]], expected: &[&str]) {
        let mut text = Text::default();
        let mut decoded: Vec<_> = pieces.iter().map(|piece| text.decode(piece)).collect();
        decoded.push(text.finish());
        assert_eq!(decoded, expected);
    }

    #[test]
    fn characters_come_whole() {
        check(&[b"a", "é".as_bytes()], &["a", "é", ""]);
        check(&[b"a\xc3", b"\xa9b"], &["a", "éb", ""]);
        check(&[b"\xf0\x9f", b"\x99", b"\x82"], &["", "", "🙂", ""]);
        check(&[b"\xff", b"a\xc3"], &["�", "a", "�"]);
        check(&[b"\xc3a"], &["�a", ""]);
        check(&[b"\xe2\x82", b"x"], &["", "�x", ""]);
    }
}
