//! The text of a query string: its statements, and the words of one, by Spark's rules.

/// A word of a statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    /// A keyword or a name, in lower case; a number.
    Word(String),
    /// A name in double quotes or backticks, as it stands.
    Name(String),
    /// A string.
    Text(String),
    /// Anything else.
    Sign(char),
}

/// The statements of a query string. A block between `$$` and the next `$$` is one.
pub(super) fn statements(text: &str) -> Vec<String> {
    let mut statements = vec![String::new()];
    let (mut quote, mut block) = (None, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(statement) = statements.last_mut() else {
            break;
        };
        match (quote, c) {
            (Some('\''), '\\') => {
                statement.push(c);
                statement.extend(chars.next());
                continue;
            }
            (Some(open), c) if open == c => quote = None,
            (None, '\'' | '"' | '`') => quote = Some(c),
            (None, '$') if chars.next_if_eq(&'$').is_some() => {
                block = !block;
                statement.push('$');
            }
            (None, ';') if !block => {
                statements.push(String::new());
                continue;
            }
            _ => {}
        }
        statement.push(c);
    }
    statements.retain(|statement| !statement.trim().is_empty());
    statements
}

/// The words of a statement, comments left out.
pub(super) fn tokens(statement: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut chars = statement.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\'' => tokens.push(Token::Text(string(&mut chars))),
            '"' | '`' => {
                let mut name = String::new();
                while let Some(c) = chars.next_if(|other| *other != c) {
                    name.push(c);
                }
                chars.next();
                tokens.push(Token::Name(name));
            }
            '-' if chars.next_if_eq(&'-').is_some() => {
                while chars.next_if(|c| *c != '\n').is_some() {}
            }
            c if c.is_alphanumeric() || c == '_' => {
                let mut word = String::from(c);
                while let Some(c) = chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
                {
                    word.push(c);
                }
                tokens.push(Token::Word(word.to_lowercase()));
            }
            c if c.is_whitespace() => {}
            c => tokens.push(Token::Sign(c)),
        }
    }
    tokens
}

/// The rest of a string: a backslash escapes, as in Spark; a doubled quote is one, as everywhere.
fn string(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let mut text = String::new();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => text.push('\n'),
                Some('t') => text.push('\t'),
                other => text.extend(other),
            },
            '\'' if chars.next_if_eq(&'\'').is_none() => break,
            c => text.push(c),
        }
    }
    text
}
