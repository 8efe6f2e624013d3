//! Query Service, Adobe Experience Platform's SQL engine: what is known of it and worth saying.
//!
//! It speaks PostgreSQL's protocol and Spark's SQL. Facts from its documentation: Experience League,
//! "Query Service": guardrails, troubleshooting guide, writing queries.

use crate::split::pieces;
use crate::target::{Address, Host};

/// Rows after which an answer without its own LIMIT is cut.
pub(crate) const ROW_CAP: u64 = 50_000;
/// What it reports as the version of the server.
const VERSION: &str = "0.1.0";

/// Whether this host, or a server of this version, is Query Service.
pub(crate) fn is_it(host: &Host, version: &str) -> bool {
    let named = matches!(&host.place, Address::Tcp(name, _) if name.ends_with(".adobe.io"));
    named || version == VERSION
}

/// Why the service may not answer at all.
pub(crate) const UNREACHABLE: &str = "Query Service: where an organization allows only some \
    addresses, all others are refused without a word; its administrator knows the list.";

/// What an error means there and what to do, in one sentence.
pub(crate) fn explain(code: &str, message: &str) -> Option<&'static str> {
    if message.contains("Session Limit Reached") {
        return Some(
            "Query Service: all sessions of the licence are taken; close other notebooks and \
             clients, or wait until idle ones end.",
        );
    }
    Some(match code {
        "28P01" => {
            "Query Service: the token is wrong or has expired (after 24 hours, where nothing else \
             is set); copy a new one from Queries, Credentials."
        }
        "42P12" => {
            "Query Service: the database name stands for no tables; it is a sandbox and what is in \
             it, such as prod:all."
        }
        "53400" => {
            "Query Service: a query may run for 10 minutes and a LIMIT may be 100,000 at most; ask \
             for less, or write the result with CREATE TABLE … AS."
        }
        "0A000" => {
            "Query Service: it does not do this; of what writes data it has INSERT INTO … SELECT \
             and CREATE TABLE … AS."
        }
        "08P01" => "Query Service: it does not understand a message that PostgreSQL would.",
        "58000" => {
            "Query Service: an error inside the service; what stands behind Reason is the engine's \
             own word, often about a function or a type that Spark's SQL does not have."
        }
        _ => return None,
    })
}

/// A warning to give before a statement is sent.
pub(crate) fn warning(text: &str) -> Option<&'static str> {
    let mut pieces = pieces(text).map(|(_, piece)| piece);
    let mut limit_zero = false;
    while !limit_zero && pieces.any(|piece| piece.eq_ignore_ascii_case("limit")) {
        limit_zero = pieces.next() == Some("0");
    }
    limit_zero.then_some(
        "Query Service: LIMIT 0 means no limit and returns everything; \
         WHERE 1=0 gives the columns alone.\n",
    )
}

/// The schema of all that is in a sandbox.
pub(crate) const SCHEMA: &str = "public";

/// The table, with its schema, whose columns the answer to this statement has: that of
/// `select * from TABLE`, whatever is asked of its rows.
pub(crate) fn whole_table(text: &str) -> Option<(&str, String)> {
    let mut words = text.trim_end_matches([';', ' ', '\n']).split_whitespace();
    let mut is = |word: &str| words.next().is_some_and(|w| w.eq_ignore_ascii_case(word));
    if !(is("select") && is("*") && is("from")) {
        return None;
    }
    let name = words.next()?;
    let alone = words
        .next()
        .is_none_or(|word| ["where", "order", "limit"].contains(&word.to_lowercase().as_str()));
    let (schema, name) = name.rsplit_once('.').unwrap_or((SCHEMA, name));
    let plain = |name: &str| name.chars().all(|c| c.is_alphanumeric() || c == '_');
    (alone && plain(schema) && plain(name)).then(|| (schema, name.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limit_zero_is_warned_about() {
        assert!(warning("select * from t LIMIT 0").is_some());
        assert!(warning("select * from t limit 0;").is_some());
        assert!(warning("select * from t limit 10").is_none());
        assert!(warning("select 'limit 0'").is_none());
        assert!(warning("select 'limit 0' from t -- limit 0\nlimit 10").is_none());
        assert!(warning("select (select a from t limit 10) limit /* none */ 0").is_some());
    }

    #[test]
    fn whose_columns_an_answer_has() {
        for (text, expected) in [
            ("select * from t", Some(("public", "t"))),
            ("SELECT * FROM Sales.T\nWHERE 1=0;\n", Some(("Sales", "t"))),
            ("select * from t limit 10", Some(("public", "t"))),
            ("select * from t, u", None),
            ("select * from t join u", None),
            ("select a from t", None),
            ("select * from (select 1)", None),
            ("", None),
        ] {
            let found = whole_table(text);
            let found = found
                .as_ref()
                .map(|(schema, name)| (*schema, name.as_str()));
            assert_eq!(found, expected, "{text}");
        }
    }

    #[test]
    fn it_is_known_by_its_name() {
        let host = |name: &str| Host {
            place: Address::Tcp(name.into(), None),
            port: 80,
        };
        assert!(is_it(&host("acme.platform.adobe.io"), ""));
        assert!(is_it(&host("localhost"), "0.1.0"));
        assert!(!is_it(&host("adobe.io.example"), "17.5"));
    }
}
