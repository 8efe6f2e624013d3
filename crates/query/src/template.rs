//! Catalogue queries as their files hold them: SQL that psql runs as it is on a new server.
//!
//! A remark at the end of a line says when the line counts; it holds where all of its words do:
//!
//! - `-- 12..`: on servers of version 12 and later, `-- 10..13` on those from 10 to 13
//! - `-- +` and others: where the command that asks says so
//!
//! A line only for older servers is a remark as a whole (`-- ..10: and not p.proisagg`). psql's way
//! to write a variable stands where a value goes in: `:'relation'` a constant, `:condition` SQL.

use crate::variables::literal;

/// The query that a file holds for a server of this major version; `holds` says whether a remark's
/// word does.
pub(crate) fn query(file: &str, version: u32, holds: impl Fn(&str) -> bool) -> String {
    let counts = |remark: &str| {
        remark.split(", ").all(|word| match word.split_once("..") {
            Some((first, last)) => {
                let bound = |text: &str, open| text.parse().unwrap_or(open);
                (bound(first, 0)..=bound(last, u32::MAX)).contains(&version)
            }
            None => holds(word),
        })
    };
    let mut query = String::with_capacity(file.len());
    for line in file.lines() {
        let line = match line.trim_start().strip_prefix("-- ") {
            None => line,
            Some(remark) => match remark.split_once(": ") {
                Some((range, line)) if range.starts_with("..") && counts(range) => line,
                _ => continue,
            },
        };
        let line = match line.rsplit_once(" -- ") {
            None => line,
            Some((line, remark)) if counts(remark) => line,
            Some(_) => continue,
        };
        query.push_str(line);
        query.push('\n');
    }
    query
}

/// The query with a constant in the place of `:'name'`.
pub(crate) fn with_constant(query: &str, name: &str, value: &str) -> String {
    query.replace(&format!(":'{name}'"), &literal(value))
}

/// The query with a condition in the place of `:condition`.
pub(crate) fn with_condition(query: &str, condition: &str) -> String {
    query.replace(":condition", condition)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "-- What it is.\n\
        select a\n\
        , b -- +\n\
        , c -- 12..\n\
        , d -- +, 12..13\n\
        -- ..11: , e\n\
        -- ..11: , f -- +\n\
        from t where :condition and u = :'name'\n";

    #[track_caller]
    fn check(version: u32, plus: bool, expected: &str) {
        let query = query(FILE, version, |word| word == "+" && plus);
        let words: Vec<_> = query.split_whitespace().collect();
        let expected = format!("select a {expected} from t where :condition and u = :'name'");
        assert_eq!(
            words.join(" ").replace(" , ", ", "),
            expected.replace(" , ", ", ")
        );
    }

    #[test]
    fn lines_count_where_their_remarks_hold() {
        check(15, false, ", c");
        check(15, true, ", b, c");
        check(13, true, ", b, c, d");
        check(11, true, ", b, e, f");
        check(11, false, ", e");
    }

    #[test]
    fn values_go_in() {
        let query = with_condition(
            &with_constant("u = :'name' and :condition", "name", "o'b"),
            "x = 1",
        );
        assert_eq!(query, "u = 'o''b' and x = 1");
    }
}
