//! Reads what the process of the cells writes: the user's bytes, and evcxr's own lines between them.
//!
//! evcxr tells its lines from the user's by their text, and so does this; but evcxr reads lines of
//! UTF-8, and takes no more than one output of a kind. Here the user's bytes pass as they come, and
//! a line of evcxr's is known also behind a line that the user has not ended.

/// A piece of what was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// The user's bytes.
    Text(Vec<u8>),
    /// An output of this MIME type begins.
    Begin(String),
    /// Some of its content.
    Content(Vec<u8>),
    /// It is complete.
    End,
    /// A line for evcxr, without its end.
    Line(Line, Vec<u8>),
}

/// A line that evcxr listens to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// The code of a cell has run.
    Complete,
    /// It has panicked.
    Panicked,
    /// A `?` of it has returned an error.
    Returned,
    /// A variable has another type than it had.
    Changed,
    /// It asks the user for a line.
    Asks,
}

/// What every line of evcxr's begins with.
const BEGINNING: &[u8] = b"EVCXR_";
const BEGIN: &[u8] = b"EVCXR_BEGIN_CONTENT ";
const END: &[u8] = b"EVCXR_END_CONTENT";

/// Lines that are the word alone, and lines that go on behind it.
const WHOLE: &[(&[u8], Line)] = &[
    (b"EVCXR_EXECUTION_COMPLETE", Line::Complete),
    (b"EVCXR_PANIC_NOTIFICATION", Line::Panicked),
    (b"EVCXR_ERROR_OCCURRED", Line::Returned),
];
const BEGUN: &[(&[u8], Line)] = &[
    (b"EVCXR_VARIABLE_CHANGED_TYPE:", Line::Changed),
    (b"EVCXR_INPUT_REQUEST:", Line::Asks),
    (b"EVCXR_INPUT_REQUEST_PASSWORD:", Line::Asks),
];

/// No line of evcxr's is longer, in bytes.
const LONGEST: usize = 4096;

/// Takes bytes as they are read, and gives pieces as soon as it is clear what they are.
#[derive(Debug, Default)]
pub(crate) struct Scanner {
    /// What may be the beginning of a line of evcxr's.
    held: Vec<u8>,
    /// In an output: whether its last byte so far is a line end, which is not part of it if it is
    /// the last.
    inside: Option<Inside>,
}

#[derive(Debug, Default)]
struct Inside {
    begun: bool,
    line_end: bool,
}

/// What the bytes at some place are.
enum Found {
    /// This line; it takes so many bytes.
    Line(Meaning, usize),
    /// More has to come.
    Unclear,
    /// Nothing of evcxr's.
    Nothing,
}

enum Meaning {
    Begin(String),
    End,
    Line(Line, Vec<u8>),
}

impl Scanner {
    /// Reads on.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Piece> {
        let mut bytes = [std::mem::take(&mut self.held).as_slice(), bytes].concat();
        let mut pieces = Vec::new();
        let mut from = 0;
        while let Some(at) = self.candidate(&bytes, from) {
            let rest = bytes.get(at..).unwrap_or_default();
            match self.find(rest) {
                Found::Line(meaning, length) => {
                    self.put(bytes.get(..at).unwrap_or_default(), &mut pieces);
                    bytes.drain(..at + length);
                    from = 0;
                    self.take(meaning, &mut pieces);
                }
                Found::Unclear => {
                    self.held = bytes.split_off(at);
                    break;
                }
                Found::Nothing => from = at + 1,
            }
        }
        self.put(&bytes, &mut pieces);
        pieces
    }

    /// Nothing more comes: what was held is what it looks like. An output without its end ends.
    pub(crate) fn finish(&mut self) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let held = std::mem::take(&mut self.held);
        self.put(&held, &mut pieces);
        if self.inside.take().is_some() {
            pieces.push(Piece::End);
        }
        pieces
    }

    /// The first place from here on where a line of evcxr's may begin.
    fn candidate(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        loop {
            let next = |byte: &u8| Some(byte) == BEGINNING.first();
            at += bytes.get(at..)?.iter().position(next)?;
            let rest = bytes.get(at..).unwrap_or_default();
            let alike = rest.iter().zip(BEGINNING).all(|(a, b)| a == b);
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            let inside = self.inside.as_ref();
            if alike && inside.is_none_or(|inside| inside.line_begins(before)) {
                return Some(at);
            }
            at += 1;
        }
    }

    fn find(&self, rest: &[u8]) -> Found {
        let line_end = rest.iter().position(|byte| *byte == b'\n');
        let unclear = line_end.is_none() && rest.len() < LONGEST;
        let whole = |word: &[u8]| match line_end {
            Some(end) => rest.get(..end) == Some(word),
            None => false,
        };
        let possible = |word: &[u8]| unclear && word.starts_with(rest);
        if self.inside.is_some() {
            if whole(END) {
                return Found::Line(Meaning::End, END.len() + 1);
            }
            if possible(END) {
                return Found::Unclear;
            }
        } else if let Some(argument) = rest.strip_prefix(BEGIN) {
            return match line_end {
                Some(end) => {
                    let mime = argument.get(..end - BEGIN.len()).unwrap_or_default();
                    match mime_type(mime) {
                        Some(mime) => Found::Line(Meaning::Begin(mime), end + 1),
                        None => Found::Nothing,
                    }
                }
                None if unclear => Found::Unclear,
                None => Found::Nothing,
            };
        } else {
            for (word, line) in BEGUN {
                if rest.starts_with(word) {
                    return match line_end {
                        Some(end) => {
                            let text = rest.get(..end).unwrap_or_default().to_vec();
                            Found::Line(Meaning::Line(*line, text), end + 1)
                        }
                        None if unclear => Found::Unclear,
                        None => Found::Nothing,
                    };
                }
            }
            if possible(BEGIN) || BEGUN.iter().any(|(word, _)| possible(word)) {
                return Found::Unclear;
            }
        }
        for (word, line) in WHOLE {
            if whole(word) {
                return Found::Line(Meaning::Line(*line, word.to_vec()), word.len() + 1);
            }
            if possible(word) {
                return Found::Unclear;
            }
        }
        Found::Nothing
    }

    fn take(&mut self, meaning: Meaning, pieces: &mut Vec<Piece>) {
        match meaning {
            Meaning::Begin(mime) => {
                self.inside = Some(Inside::default());
                pieces.push(Piece::Begin(mime));
            }
            Meaning::End => {
                self.inside = None;
                pieces.push(Piece::End);
            }
            Meaning::Line(line, text) => {
                // It stands outside of every output: one that is open has been forgotten.
                if self.inside.take().is_some() {
                    pieces.push(Piece::End);
                }
                pieces.push(Piece::Line(line, text));
            }
        }
    }

    fn put(&mut self, bytes: &[u8], pieces: &mut Vec<Piece>) {
        if bytes.is_empty() {
            return;
        }
        match &mut self.inside {
            None => pieces.push(Piece::Text(bytes.to_vec())),
            Some(inside) => {
                let mut content = Vec::with_capacity(bytes.len() + 1);
                if std::mem::take(&mut inside.line_end) {
                    content.push(b'\n');
                }
                content.extend_from_slice(bytes);
                if content.last() == Some(&b'\n') {
                    content.pop();
                    inside.line_end = true;
                }
                inside.begun = true;
                if !content.is_empty() {
                    pieces.push(Piece::Content(content));
                }
            }
        }
    }
}

impl Inside {
    /// Whether a line begins behind this byte, the first of those not yet put.
    fn line_begins(&self, before: Option<&u8>) -> bool {
        match before {
            Some(byte) => *byte == b'\n',
            None => self.line_end || !self.begun,
        }
    }
}

/// What front ends take for a MIME type.
fn mime_type(bytes: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(bytes).ok()?.trim_end();
    let (kind, subkind) = text.split_once('/')?;
    let valid = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "_-+.".contains(c))
    };
    (valid(kind) && valid(subkind)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds the text whole, and byte by byte: the same comes out.
    fn check(text: &str, expected: &[Piece]) {
        let mut scanner = Scanner::default();
        let mut whole = scanner.feed(text.as_bytes());
        whole.extend(scanner.finish());
        assert_eq!(joined(whole), expected, "{text:?} as one");
        let mut bytewise = Vec::new();
        for byte in text.as_bytes() {
            bytewise.extend(scanner.feed(&[*byte]));
        }
        bytewise.extend(scanner.finish());
        assert_eq!(joined(bytewise), expected, "{text:?} byte by byte");
    }

    fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
        let mut joined: Vec<Piece> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Piece::Text(last)), Piece::Text(more))
                | (Some(Piece::Content(last)), Piece::Content(more)) => last.extend(more),
                (_, piece) => joined.push(piece),
            }
        }
        joined
    }

    fn text(text: &str) -> Piece {
        Piece::Text(text.into())
    }

    fn content(text: &str) -> Piece {
        Piece::Content(text.into())
    }

    fn begin(mime: &str) -> Piece {
        Piece::Begin(mime.into())
    }

    fn complete() -> Piece {
        Piece::Line(Line::Complete, b"EVCXR_EXECUTION_COMPLETE".to_vec())
    }

    #[test]
    fn text_passes_as_it_comes() {
        let mut scanner = Scanner::default();
        assert_eq!(scanner.feed(b"a"), [text("a")]);
        assert_eq!(scanner.feed(b"b\nEV"), [text("b\n")]);
        assert_eq!(scanner.feed(b"ERY"), [text("EVERY")]);
        assert_eq!(scanner.feed(b"\xff\0"), [Piece::Text(vec![0xff, 0])]);
    }

    #[test]
    fn lines_of_evcxr_are_taken_out() {
        check("EVCXR_EXECUTION_COMPLETE\n", &[complete()]);
        check(
            "one\nEVCXR_EXECUTION_COMPLETE\ntwo",
            &[text("one\n"), complete(), text("two")],
        );
        let asks = b"EVCXR_INPUT_REQUEST_PASSWORD:Word: ".to_vec();
        check(
            "EVCXR_INPUT_REQUEST_PASSWORD:Word: \n",
            &[Piece::Line(Line::Asks, asks)],
        );
    }

    #[test]
    fn also_behind_a_line_that_is_not_ended() {
        check(
            "half EVCXR_EXECUTION_COMPLETE\n",
            &[text("half "), complete()],
        );
        check(
            "half EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\n",
            &[
                text("half "),
                begin("text/html"),
                content("<b>"),
                Piece::End,
            ],
        );
    }

    #[test]
    fn what_only_looks_like_one_is_text() {
        for same in [
            "EVCXR_",
            "EVCXR_EXECUTION_COMPLETELY\n",
            "EVCXR_EXECUTION_COMPLETE, it says\n",
            "EVCXR_BEGIN_CONTENT \n",
            "EVCXR_BEGIN_CONTENT text\n",
            "EVCXR_END_CONTENT\n",
            "EEVCXR_ x EVCXR_PANIC",
        ] {
            check(same, &[text(same)]);
        }
        let endless = format!("EVCXR_INPUT_REQUEST:{}", "x".repeat(LONGEST));
        check(&endless, &[text(&endless)]);
    }

    #[test]
    fn outputs_keep_their_lines_but_the_last_end() {
        let output =
            |inner: &str| format!("EVCXR_BEGIN_CONTENT text/plain\n{inner}EVCXR_END_CONTENT\n");
        let pieces = |inner: &str| match inner {
            "" => vec![begin("text/plain"), Piece::End],
            inner => vec![begin("text/plain"), content(inner), Piece::End],
        };
        check(&output(""), &pieces(""));
        check(&output("a\nb\n"), &pieces("a\nb"));
        check(&output("\n\na\n\n"), &pieces("\n\na\n"));
        check(
            &output("EVCXR_END_CONTENT, not\n"),
            &pieces("EVCXR_END_CONTENT, not"),
        );
        check(
            &output("not at a line's begin: EVCXR_END_CONTENT\n"),
            &pieces("not at a line's begin: EVCXR_END_CONTENT"),
        );
    }

    #[test]
    fn an_output_without_end_ends_with_the_cell() {
        check(
            "EVCXR_BEGIN_CONTENT image/png\nAAAA\nEVCXR_EXECUTION_COMPLETE\nmore",
            &[
                begin("image/png"),
                content("AAAA"),
                Piece::End,
                complete(),
                text("more"),
            ],
        );
        check(
            "EVCXR_BEGIN_CONTENT image/png\nAAAA",
            &[begin("image/png"), content("AAAA"), Piece::End],
        );
    }
}
