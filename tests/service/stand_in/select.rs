//! The little of SELECT that the service's tables need: columns, constants and `count(*)` of one
//! table, WHERE with one comparison, ORDER BY one column, LIMIT.

use std::cmp::Ordering;

use super::tables::{Column, INTEGER, Row, TEXT};
use super::talk::{Refusal, refuse};
use super::tokens::Token;

/// Rows that a client is given where the query has no LIMIT.
const CAP: usize = 50_000;
/// The highest LIMIT.
const HIGHEST: usize = 100_000;

/// One column of the answer.
enum Item {
    Column(usize),
    Constant(Option<String>),
    Count,
}

/// Answers what stands behind SELECT.
pub(super) fn select(
    tokens: &[Token],
    table: impl FnOnce(&str) -> Option<(Vec<Column>, Vec<Row>)>,
) -> Result<(Vec<Column>, Vec<Row>), Refusal> {
    let mut rest = tokens;
    let items = until(&mut rest, &["from", "where", "order", "limit"]);
    let (columns, mut rows) = match keyword(&mut rest, "from") {
        false => (Vec::new(), vec![Row::new()]),
        true => {
            let name = rest.split_off_first().and_then(name).unwrap_or_default();
            match table(name) {
                Some(table) => table,
                None => return refuse("42P01", format!("Table or view not found: {name}")),
            }
        }
    };
    if keyword(&mut rest, "where") {
        filter(until(&mut rest, &["order", "limit"]), &columns, &mut rows)?;
    }
    if keyword(&mut rest, "order") {
        order(until(&mut rest, &["limit"]), &columns, &mut rows)?;
    }
    let limit = match keyword(&mut rest, "limit") {
        false => CAP,
        true => match rest.split_off_first().and_then(Token::word).map(str::parse) {
            // Not what it means elsewhere.
            Some(Ok(0)) => usize::MAX,
            Some(Ok(limit)) if limit <= HIGHEST => limit,
            Some(Ok(_)) => return refuse("53400", "LIMIT may be 100000 at most"),
            _ => return refuse("42601", "a number is missing behind LIMIT"),
        },
    };
    if let Some(token) = rest.first() {
        return refuse("42601", format!("mismatched input {token:?}"));
    }

    let mut answer = Vec::new();
    let mut items_of_answer = Vec::new();
    for tokens in items.split(|token| *token == Token::Sign(',')) {
        if tokens == [Token::Sign('*')] {
            items_of_answer.extend((0..columns.len()).map(Item::Column));
            answer.extend(columns.iter().cloned());
        } else {
            let (item, column) = item(tokens, &columns)?;
            items_of_answer.push(item);
            answer.push(column);
        }
    }
    let total = rows.len().to_string();
    if items_of_answer
        .iter()
        .any(|item| matches!(item, Item::Count))
    {
        rows.truncate(1);
        rows.resize_with(1, || vec![None; columns.len()]);
    }
    let value = |item: &Item, row: &Row| match item {
        Item::Column(at) => row[*at].clone(),
        Item::Constant(value) => value.clone(),
        Item::Count => Some(total.clone()),
    };
    let rows = rows.iter().take(limit);
    let rows = rows.map(|row| {
        items_of_answer
            .iter()
            .map(|item| value(item, row))
            .collect()
    });
    Ok((answer, rows.collect()))
}

/// One item of the list, with the column it makes: `EXPRESSION [[AS] NAME]`.
fn item(tokens: &[Token], columns: &[Column]) -> Result<(Item, Column), Refusal> {
    let (expression, alias) = match tokens {
        [expression @ .., Token::Word(word), alias] if word == "as" => (expression, name(alias)),
        [expression, alias] if name(alias).is_some() => {
            (std::slice::from_ref(expression), name(alias))
        }
        expression => (expression, None),
    };
    let made = |item, name: &str, oid| {
        (
            item,
            Column {
                name: alias.unwrap_or(name).to_owned(),
                oid,
            },
        )
    };
    Ok(match expression {
        [Token::Text(text)] => made(Item::Constant(Some(text.clone())), text, TEXT),
        [Token::Word(word)] if word == "null" => made(Item::Constant(None), "NULL", TEXT),
        [Token::Word(word)] if word.parse::<i64>().is_ok() => {
            made(Item::Constant(Some(word.clone())), word, INTEGER)
        }
        [
            Token::Word(function),
            Token::Sign('('),
            Token::Sign('*'),
            Token::Sign(')'),
        ] if function == "count" => made(Item::Count, "count(1)", 20),
        [Token::Word(function), Token::Sign('('), ..] => {
            return analysis(&format!("Function [{function}] not defined."));
        }
        [token] => {
            let at = position(token, columns)?;
            made(Item::Column(at), &columns[at].name, columns[at].oid)
        }
        _ => return refuse("42601", "syntax error in the list of columns"),
    })
}

/// Keeps the rows for which `COLUMN = VALUE` (or another comparison) is true, or `1 = 0` is.
fn filter(tokens: &[Token], columns: &[Column], rows: &mut Vec<Row>) -> Result<(), Refusal> {
    let [left, signs @ .., right] = tokens else {
        return refuse("42601", "a comparison is missing behind WHERE");
    };
    let signs: String = signs
        .iter()
        .map(|sign| if let Token::Sign(c) = sign { *c } else { ' ' })
        .collect();
    let right = match right {
        Token::Word(text) | Token::Text(text) => text,
        _ => return refuse("42601", "WHERE compares with a string or a number"),
    };
    let constant = left.word().filter(|word| word.parse::<i64>().is_ok());
    let at = match constant {
        Some(_) => None,
        None => Some(position(left, columns)?),
    };
    let holds = |row: &Row| {
        let left = match at {
            Some(at) => row[at].as_deref(),
            None => constant,
        };
        let Some(compared) = left.map(|left| compare(left, right)) else {
            return false;
        };
        match signs.as_str() {
            "=" => compared.is_eq(),
            "<>" | "!=" => compared.is_ne(),
            "<" => compared.is_lt(),
            ">" => compared.is_gt(),
            "<=" => compared.is_le(),
            ">=" => compared.is_ge(),
            _ => false,
        }
    };
    rows.retain(holds);
    Ok(())
}

/// `BY COLUMN [ASC | DESC]`.
fn order(tokens: &[Token], columns: &[Column], rows: &mut [Row]) -> Result<(), Refusal> {
    let [_by, column, direction @ ..] = tokens else {
        return refuse("42601", "a column is missing behind ORDER BY");
    };
    let at = position(column, columns)?;
    let text = |row: &Row| row[at].clone().unwrap_or_default();
    rows.sort_by(|a, b| compare(&text(a), &text(b)));
    if direction.first().and_then(Token::word) == Some("desc") {
        rows.reverse();
    }
    Ok(())
}

/// Numbers as numbers, all else as text.
fn compare(a: &str, b: &str) -> Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(a), Ok(b)) => a.total_cmp(&b),
        _ => a.cmp(b),
    }
}

fn position(token: &Token, columns: &[Column]) -> Result<usize, Refusal> {
    let wanted = name(token).unwrap_or_default();
    match columns.iter().position(|column| column.name == wanted) {
        Some(at) => Ok(at),
        None => analysis(&format!(
            "cannot resolve '{wanted}' given the input columns"
        )),
    }
}

/// What the engine under the service does not understand is passed on in a wrapping of its own.
fn analysis<T>(reason: &str) -> Result<T, Refusal> {
    refuse(
        "58000",
        format!(
            "ErrorCode: 58000 queryId: 7d4c6f1e-3a52-4c1f-9a57-5c0d5f1b2e9a Unknown error \
             encountered. Reason: [sessionId: 8c1b2f5d {reason}]"
        ),
    )
}

fn name(token: &Token) -> Option<&str> {
    match token {
        Token::Word(name) | Token::Name(name) => Some(name),
        _ => None,
    }
}

/// The tokens up to one of these keywords.
fn until<'a>(rest: &mut &'a [Token], keywords: &[&str]) -> &'a [Token] {
    let is_one = |token: &Token| token.word().is_some_and(|word| keywords.contains(&word));
    let end = rest.iter().position(is_one).unwrap_or(rest.len());
    let (before, after) = rest.split_at(end);
    *rest = after;
    before
}

/// Takes a keyword, where it is next.
fn keyword(rest: &mut &[Token], keyword: &str) -> bool {
    let is_next = rest.first().and_then(Token::word) == Some(keyword);
    if is_next {
        *rest = &rest[1..];
    }
    is_next
}
