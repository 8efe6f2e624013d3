//! Where the cursor stands, written into the text as `|`.

use super::*;

/// The cursor is written as `|`.
#[track_caller]
fn check(marked: &str, expected: &str) {
    let cursor = marked.find('|').unwrap_or(marked.len());
    let text = marked.replacen('|', "", 1);
    let found = match find(&text, cursor, Dialect::default()) {
        Place::Nothing => "nothing".to_owned(),
        Place::Command { name } => format!("command {} of {}", name.text, &text[name.range]),
        Place::Argument {
            command,
            before,
            word,
        } => {
            format!("argument {} of {command}, after [{before}]", word.text)
        }
        Place::Variable { name } => format!("variable {} of {}", name.text, &text[name.range]),
        Place::Sql(statement) => {
            let words: Vec<_> = statement.tokens[..statement.at]
                .iter()
                .map(|token| token.text)
                .collect();
            let after: Vec<_> = statement.tokens[statement.at..]
                .iter()
                .map(|token| token.text)
                .collect();
            format!(
                "{} [{}] {}",
                words.join(" "),
                statement.typed.text,
                after.join(" ")
            )
        }
    };
    assert_eq!(found.trim_matches(' '), expected, "{marked}");
}

#[test]
fn sql() {
    check("|", "[]");
    check("sel|", "[sel] sel");
    check(
        "select * from peo|ple where x",
        "select * from [peo] people where x",
    );
    check("select 1; select na|", "select [na] na");
    check("select 1;|", "[]");
    check("select a| ; select b", "select [a] a");
    check("select count(| from t", "select count ( [] from t");
    check("select größe, é|", "select größe , [é] é");
    check("select p.| from p", "select p . [] from p");
}

#[test]
fn quoted_names() {
    check("select \"Mi|\" from t", "select [\"Mi] \"Mi\" from t");
    check("select \"Mi| from t", "select [\"Mi] \"Mi from t");
    check(
        "select \"Mi| from \"T\" x",
        "select [\"Mi] \"Mi from \"T\" x",
    );
    assert_eq!(unquoted("\"a\"\"b\""), "a\"b");
    assert_eq!(unquoted("\"a"), "a");
}

#[test]
fn strings_comments_and_numbers_hold_nothing() {
    check("select 'a|'", "nothing");
    check("select 'a|", "nothing");
    check("select 'a'|", "select 'a' []");
    check("select E'it\\'s |", "nothing");
    check("do $$ begin |", "nothing");
    check("do $x$ | $x$", "nothing");
    check("-- a|", "nothing");
    check("-- a\nsel|", "[sel] sel");
    check("/* a /* b */ |", "nothing");
    check("select 1|", "nothing");
    check("select $1|", "nothing");
    check("copy t from stdin;\n1\t|\n\\.\n", "nothing");
    check("copy t from stdin;\n1\t'\n\\.\nsel|", "[sel] sel");
}

#[test]
fn commands() {
    check("\\ec|", "command \\ec of \\ec");
    check("\\e|cho x", "command \\e of \\echo");
    check("%|", "command % of %");
    check("%use sa|", "argument sa of %use, after []");
    check(
        "%connect local as |",
        "argument  of %connect, after [local as]",
    );
    check("%%sql --on |\nselect 1", "argument  of %%sql, after [--on]");
    check("%%sql\nselect fr|", "select [fr] fr");
    check("%%nothing\nselect fr|", "nothing");
    check("select 1 \\g|", "command \\g of \\g");
    check("select 1 \\gx\nsel|", "[sel] sel");
    check(
        "select a\n\\echo 'hi\nfrom t whe|",
        "select a from t [whe] whe",
    );
    check("\\echo a \\set b|", "argument b of \\set, after []");
    check("select 10\n% 3|", "nothing");
    check("  %use x\n%con|", "command %con of %con");
}

#[test]
fn variables() {
    check("select :na|", "variable na of na");
    check("select :|", "variable  of");
    check("select :'na|'", "variable na of na");
    check("select :'na| from t", "variable na of na");
    check("select :\"n|a\"", "variable n of na");
    check("select x::|", "select x :: []");
    check("\\echo :na|", "variable na of na");
    check("\\echo :'na|", "variable na of na");
}

#[test]
fn any_offset_will_do() {
    let text = "select 'é', ä from \"größe\" where :'ü' = $$é$$ \\echo é\n%use ñ";
    for cursor in 0..text.len() + 3 {
        for end in 0..=text.len() {
            find(
                &text[..text.floor_char_boundary(end)],
                cursor,
                Dialect::default(),
            );
        }
    }
}
