//! A password: the one type that cannot be printed.

use std::fmt;

/// A password or a token. `Debug` hides it, there is no `Display`, and only the code that hands it
/// to the server asks for the text.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a password as it was given.
    pub fn new(text: impl Into<String>) -> Self {
        Secret(text.into())
    }

    /// A password as it was pasted: a token loses the blanks and line ends around and in it.
    pub fn pasted(text: impl Into<String>) -> Self {
        let text = text.into();
        match text.trim_start().starts_with("eyJ") && text.contains(char::is_whitespace) {
            true => Secret(text.split_whitespace().collect()),
            false => Secret(text),
        }
    }

    /// The text itself, for the server alone.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", Secret::new("s3cret")), "Secret");
    }

    #[test]
    fn a_token_has_no_blanks() {
        assert_eq!(Secret::pasted("\n eyJab\ncd \n").expose(), "eyJabcd");
        assert_eq!(Secret::pasted("two words").expose(), "two words");
    }
}
