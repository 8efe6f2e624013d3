//! What a guard reads of some SQL: each statement's words and names, without strings and comments.

use crate::split::Dialect;
use crate::split::tokens::{Inside, Token, token};

/// One statement of a query string.
pub(crate) struct Sentence(Vec<Word>);

/// A word of a statement, in upper case, and where it stands.
struct Word {
    text: String,
    kind: Kind,
    /// How many parentheses are open around it.
    depth: usize,
    /// A parenthesis opens right behind it, as behind a function's name.
    calls: bool,
    /// A string stands between it and the word before.
    apart: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A word of SQL, or a plain name.
    Plain,
    /// A name in quotes, which is never a keyword.
    Quoted,
    /// A name in quotes whose escapes are read in a way of its own (`U&"…"`).
    Escaped,
}

/// The statements of a query string. A semicolon in parentheses ends none, as in psql.
pub(crate) fn sentences(text: &str, dialect: Dialect) -> Vec<Sentence> {
    let mut sentences = vec![Vec::new()];
    let (mut at, mut depth) = (0, 0_usize);
    // Whether the token before is a word, and whether a string stands behind the last one.
    let (mut near, mut apart) = (false, false);
    while let Some((token, len)) = token(&text.as_bytes()[at..], dialect) {
        let piece = text.get(at..at + len).unwrap_or_default();
        at += len;
        let was_near = near;
        near = near && token == Token::Blank;
        let mut word = |text: &str, kind| {
            near = true;
            let words = sentences.last_mut();
            words.into_iter().for_each(|words| {
                words.push(Word {
                    text: text.to_uppercase(),
                    kind,
                    depth,
                    calls: false,
                    apart: std::mem::take(&mut apart),
                });
            });
        };
        match token {
            Token::Word => word(piece, Kind::Plain),
            Token::Open(mut inside) => {
                let (len, closed) = inside.close(&text.as_bytes()[at..]);
                let content = text.get(at..at + len).unwrap_or_default();
                at += len;
                match inside {
                    Inside::Double | Inside::Backtick => {
                        let content = &content[..content.len() - usize::from(closed)];
                        let quote = if inside == Inside::Double { "\"" } else { "`" };
                        let kind = match piece.len() > 1 && content.contains('\\') {
                            true => Kind::Escaped,
                            false => Kind::Quoted,
                        };
                        word(&content.replace(&quote.repeat(2), quote), kind);
                    }
                    Inside::Comment(_) => near = was_near,
                    _ => apart = true,
                }
            }
            Token::Parenthesis => {
                depth += 1;
                let last = sentences.last_mut().and_then(|words| words.last_mut());
                if let Some(word) = last.filter(|_| was_near) {
                    word.calls = true;
                }
            }
            Token::ParenthesisEnd => depth = depth.saturating_sub(1),
            Token::Semicolon if depth == 0 => {
                apart = false;
                sentences.push(Vec::new());
            }
            _ => {}
        }
    }
    let filled = sentences.into_iter().filter(|words| !words.is_empty());
    filled.map(Sentence).collect()
}

impl Sentence {
    /// Its first word of SQL.
    pub(crate) fn first(&self) -> &str {
        self.at(0)
    }

    /// A word of SQL by its place, counted without names in quotes; empty where there are fewer.
    pub(crate) fn at(&self, place: usize) -> &str {
        let mut plain = self.0.iter().filter(|word| word.kind == Kind::Plain);
        plain.nth(place).map_or("", |word| &word.text)
    }

    /// Whether it has this word of SQL.
    pub(crate) fn has(&self, text: &str) -> bool {
        self.plain().any(|word| word == text)
    }

    /// Whether it has one of these.
    pub(crate) fn has_any(&self, texts: &[&str]) -> bool {
        self.plain().any(|word| texts.contains(&word))
    }

    /// Whether it has these words of SQL one behind the other.
    pub(crate) fn has_all(&self, texts: &[&str]) -> bool {
        let words: Vec<&str> = self.plain().collect();
        words.windows(texts.len()).any(|window| window == texts)
    }

    /// The words of SQL outside of parentheses.
    pub(crate) fn outside(&self) -> impl Iterator<Item = &str> {
        let outside = |word: &&Word| word.kind == Kind::Plain && word.depth == 0;
        self.0.iter().filter(outside).map(|word| &*word.text)
    }

    /// Whether outside of parentheses this word comes right behind that one.
    pub(crate) fn follows(&self, before: &str, text: &str) -> bool {
        self.0.windows(2).any(|pair| {
            let plain = pair
                .iter()
                .all(|word| word.kind == Kind::Plain && word.depth == 0);
            plain && pair[0].text == before && pair[1].text == text && !pair[1].apart
        })
    }

    /// Its words of SQL and its names, quoted or not.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|word| &*word.text)
    }

    /// The names that stand before a parenthesis, as those of functions do.
    pub(crate) fn calls(&self) -> impl Iterator<Item = &str> {
        self.0
            .iter()
            .filter(|word| word.calls)
            .map(|word| &*word.text)
    }

    /// Whether a name in it cannot be told by its letters.
    pub(crate) fn is_disguised(&self) -> bool {
        self.0.iter().any(|word| word.kind == Kind::Escaped)
    }

    /// Its first words as they would be said, names and all.
    pub(crate) fn words(&self, count: usize) -> String {
        let words: Vec<&str> = self.names().take(count).collect();
        words.join(" ")
    }

    /// For each of the statements inside it that begin with this verb, whether a `WHERE` stands
    /// behind it in the same parentheses.
    pub(crate) fn bounded(&self, verb: &str) -> impl Iterator<Item = bool> {
        /// Behind these a verb begins no statement: `FOR UPDATE`, `DO UPDATE`, `THEN DELETE`.
        const PARTS: &[&str] = &["FOR", "KEY", "DO", "THEN", "ON"];
        let verbs = self.0.iter().enumerate().filter(move |(at, word)| {
            let before = at.checked_sub(1).and_then(|before| self.0.get(before));
            let part = before.is_some_and(|before| PARTS.contains(&&*before.text));
            word.kind == Kind::Plain && word.text == verb && !part
        });
        verbs.map(|(at, verb)| {
            let mut behind = self.0[at + 1..].iter();
            let inside = behind.by_ref().take_while(|word| word.depth >= verb.depth);
            inside
                .filter(|word| word.kind == Kind::Plain && word.depth == verb.depth)
                .any(|word| word.text == "WHERE")
        })
    }

    fn plain(&self) -> impl Iterator<Item = &str> {
        let plain = self.0.iter().filter(|word| word.kind == Kind::Plain);
        plain.map(|word| &*word.text)
    }
}
