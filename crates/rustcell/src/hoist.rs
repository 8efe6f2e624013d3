//! Macros that declare structs, at the top of a cell, so that the structs outlive it.
//!
//! evcxr keeps items from cell to cell, and takes a macro's call for a statement. Inside of a module
//! it is an item; so the call is put into one, on the lines where it stands.

use std::fmt::Write as _;

use ra_ap_syntax::{AstNode, SyntaxKind, SyntaxNode, ast};

use crate::items::statements;

/// The code with each call of these macros in a module, and what it declares in scope.
pub(crate) fn hoist(code: &str, declaring: &[String]) -> String {
    let mut out = String::with_capacity(code.len());
    let mut done = 0;
    for (at, statement) in statements(code) {
        let Some((length, names)) = call(&statement, declaring) else {
            continue;
        };
        let place = at..at + length;
        let (Some(before), Some(call), Some(first)) = (
            code.get(done..place.start),
            code.get(place.clone()),
            names.first(),
        ) else {
            continue;
        };
        let module = format!("row_{}", first.to_lowercase());
        let end = if call.ends_with('}') { "" } else { ";" };
        // Writing to a string does not fail.
        let _ = write!(out, "{before}mod {module} {{ use super::*; {call}{end} }} ");
        for name in &names {
            let _ = write!(out, "use {module}::{name}; ");
        }
        done = place.end;
    }
    out.push_str(code.get(done..).unwrap_or_default());
    out
}

/// How long the call is with which a statement begins, in bytes, and the structs that it declares.
fn call(statement: &SyntaxNode, declaring: &[String]) -> Option<(usize, Vec<String>)> {
    let call = statement.descendants().find_map(ast::MacroCall::cast)?;
    let path = call.path()?.syntax().text().to_string();
    let path: String = path.split_whitespace().collect();
    let range = call.syntax().text_range();
    if range.start() != statement.text_range().start() || !declaring.contains(&path) {
        return None;
    }
    let mut names = Vec::new();
    let mut is_struct = false;
    for element in call.token_tree()?.syntax().children_with_tokens() {
        match element.kind() {
            kind if kind.is_trivia() => {}
            SyntaxKind::IDENT if is_struct => {
                names.extend(element.as_token().map(|token| token.text().to_owned()));
                is_struct = false;
            }
            kind => is_struct = kind == SyntaxKind::STRUCT_KW,
        }
    }
    Some((range.len().into(), names))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_an_item() {
        let check = |code: &str, expected: &str| {
            assert_eq!(hoist(code, &["db::row".into()]), expected, "{code}");
        };
        check(
            "\ndb::row! { struct Point { x: f64 } }\nlet a = 1;",
            "\nmod row_point { use super::*; db::row! { struct Point { x: f64 } } } use row_point::Point; \nlet a = 1;",
        );
        check(
            "db::row! {\n  struct A { x: f64 } // }\n  struct B { y: i32 }\n}",
            "mod row_a { use super::*; db::row! {\n  struct A { x: f64 } // }\n  struct B { y: i32 }\n} } use row_a::A; use row_a::B; ",
        );
        check(
            ":dep a = \"1\"\nlet r = r#\"{\"#; /* /* { */ { */ db::row!(struct P { x: f64 });",
            ":dep a = \"1\"\nlet r = r#\"{\"#; /* /* { */ { */ mod row_p { use super::*; db::row!(struct P { x: f64 }); } use row_p::P; ;",
        );
        for code in [
            "fn f() {\n  db::row! { struct P { x: f64 } }\n}",
            "// db::row! { struct P { x: f64 } }",
            "let a = r#\"\ndb::row! { struct P { x: f64 } }\"#;",
            "/* /* */\ndb::row! { struct P { x: f64 } } */",
            "other! { struct P { x: f64 } }",
            "db::row! { struct",
            "vec![1]; 'x'; \"{\"",
        ] {
            check(code, code);
        }
    }
}
