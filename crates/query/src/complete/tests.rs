//! Completion, with the cursor written into the text.

use std::sync::Arc;

use super::*;
use crate::catalog::{self, Key, KeyKind, Relation, Schema};
use crate::split::Dialect;

fn column(number: i16, name: &str, type_name: &str) -> catalog::Column {
    let type_oid = if type_name == "mood" { 20000 } else { 25 };
    catalog::Column {
        number,
        name: name.into(),
        type_name: type_name.into(),
        type_oid,
        ..catalog::Column::default()
    }
}

fn relation(oid: u32, schema: &str, name: &str, columns: &[(&str, &str)]) -> Relation {
    let columns = columns
        .iter()
        .zip(1..)
        .map(|((name, type_name), number)| column(number, name, type_name));
    Relation {
        oid,
        schema: schema.into(),
        name: name.into(),
        columns: columns.collect(),
        ..Relation::default()
    }
}

fn names() -> Names {
    let schema = |name: &str, in_path| Schema {
        name: name.into(),
        in_path,
        comment: None,
    };
    let mut orders = relation(
        16401,
        "public",
        "orders",
        &[
            ("id", "bigint"),
            ("person_id", "bigint"),
            ("total", "numeric(10,2)"),
            ("order", "integer"),
        ],
    );
    orders.keys = vec![Key {
        name: "orders_person_id_fkey".into(),
        columns: vec![2],
        kind: KeyKind::Foreign(16400, vec![1]),
    }];
    let function = |name: &str, arguments: &str, returns_set| catalog::Function {
        schema: "pg_catalog".into(),
        name: name.into(),
        arguments: arguments.into(),
        result: Some("integer".into()),
        returns_set,
        ..catalog::Function::default()
    };
    Names {
        schemas: Arc::new(vec![
            schema("pg_catalog", true),
            schema("public", true),
            schema("sales", false),
        ]),
        relations: Arc::new(vec![
            relation(1259, "pg_catalog", "pg_class", &[("relname", "name")]),
            relation(
                16400,
                "public",
                "people",
                &[("id", "bigint"), ("name", "text"), ("mood", "mood")],
            ),
            orders,
            relation(
                16402,
                "sales",
                "offers",
                &[("Mixed Case", "text"), ("größe", "integer")],
            ),
            relation(16403, "public", "Weird", &[("a", "text")]),
        ]),
        functions: Arc::new(vec![
            function("length", "text", false),
            function("generate_series", "integer, integer", true),
        ]),
        types: Arc::new(vec![catalog::Type {
            oid: 20000,
            schema: "public".into(),
            name: "mood".into(),
            kind: "enum".into(),
            labels: vec!["happy".into(), "it's so".into()],
            ..catalog::Type::default()
        }]),
        settings: Arc::new(vec![
            catalog::Setting {
                name: "DateStyle".into(),
                kind: "string".into(),
                ..catalog::Setting::default()
            },
            catalog::Setting {
                name: "enable_seqscan".into(),
                kind: "bool".into(),
                ..catalog::Setting::default()
            },
        ]),
    }
}

fn completed(marked: &str) -> (String, Completions) {
    let cursor = marked.find('|').unwrap_or(marked.len());
    let text = marked.replacen('|', "", 1);
    let mut variables = Variables::default();
    variables.set("city", "Ulm").unwrap_or_default();
    let connections = ["sales".to_owned(), "local".to_owned()];
    let names = names();
    let column = |name: &str| Column::new(name, "text", display::Kind::Text);
    let results = [KnownResult {
        name: Some("takings".into()),
        columns: vec![column("town"), column("total sum")],
    }];
    let known = Known {
        names: &names,
        variables: &variables,
        connections: &connections,
        results: &results,
    };
    let completions = complete(cursor::find(&text, cursor, Dialect::default()), &known);
    (text, completions)
}

/// All candidates, the best first.
#[track_caller]
fn all(marked: &str, expected: &[&str]) {
    let (_, completions) = completed(marked);
    let texts: Vec<&str> = completions
        .items
        .iter()
        .map(|item| item.text.as_str())
        .collect();
    assert_eq!(texts, expected, "{marked}");
}

/// The best candidates.
#[track_caller]
fn best(marked: &str, expected: &[&str]) {
    let (_, completions) = completed(marked);
    let texts: Vec<&str> = completions
        .items
        .iter()
        .map(|item| item.text.as_str())
        .take(expected.len())
        .collect();
    assert_eq!(texts, expected, "{marked}");
}

/// None of these.
#[track_caller]
fn none(marked: &str, unexpected: &[&str]) {
    let (_, completions) = completed(marked);
    let found: Vec<_> = completions
        .items
        .iter()
        .filter(|item| unexpected.contains(&item.text.as_str()))
        .collect();
    assert!(found.is_empty(), "{marked}: {found:?}");
}

/// The text with the best candidate put in.
#[track_caller]
fn put(marked: &str, expected: &str) {
    let (mut text, completions) = completed(marked);
    let first = completions
        .items
        .first()
        .map(|item| item.text.as_str())
        .unwrap_or("nothing");
    text.replace_range(completions.start..completions.end, first);
    assert_eq!(text, expected, "{marked}");
}

#[test]
fn statements_begin_with_keywords() {
    all("sel|", &["select"]);
    all("selec", &["select"]);
    all("SEL|", &["SELECT"]);
    all("select 1; upd|", &["update"]);
    best("create ta|", &["table"]);
    best("create materialized vi|", &["view"]);
    best("DROP materialized V|", &["VIEW"]);
    best("alter table people add c|", &["column"]);
    best("explain an|", &["analyze"]);
    best("explain se|", &["select"]);
}

#[test]
fn relations_after_from() {
    put("select * from peo|", "select * from people");
    put("select * from sales.of|", "select * from sales.offers");
    put("select * from of|", "select * from sales.offers");
    put("select * from wei|", "select * from \"Weird\"");
    put("select * from \"We|\"", "select * from \"Weird\"");
    put("select * from \"We|", "select * from \"Weird\"");
    put(
        "select * from people join ord|",
        "select * from people join orders",
    );
    put("select * from people, ord|", "select * from people, orders");
    put("select 'é', * from peo|", "select 'é', * from people");
    put("select * from pg_cl|", "select * from pg_class");
    put("insert into peo|", "insert into people");
    put("update peo|", "update people");
    put("delete from peo|", "delete from people");
    put("truncate peo|", "truncate people");
    put("drop table if exists peo|", "drop table if exists people");
    put(
        "create view v as select * from peo|",
        "create view v as select * from people",
    );
    put(
        "explain (analyze) select * from peo|",
        "explain (analyze) select * from people",
    );
    put("table peo|", "table people");
    put("select * from gener|", "select * from generate_series");
    put(
        "select (select count(*) from peo|)",
        "select (select count(*) from people)",
    );
    best(
        "select * from |",
        &["people", "orders", "\"Weird\"", "lateral"],
    );
    none("select * from |", &["pg_class", "where"]);
    none("select * from people |", &["people", "orders"]);
    none("select distinct a is distinct from peo|", &["people"]);
}

#[test]
fn what_goes_on_after_a_relation() {
    best("select * from people wh|", &["where"]);
    best("select * from people left jo|", &["join"]);
    best("select * from people join orders o|", &["on"]);
    best("select * from people group |", &["by"]);
    best("SELECT * FROM people GR|", &["GROUP BY"]);
    best("SELECT * FROM people |", &["WHERE", "JOIN"]);
    best("select * from people order by name de|", &["desc"]);
    best("delete from people wh|", &["where"]);
    best("update people se|", &["set"]);
    best("insert into people va|", &["values"]);
    best("insert into people values (1) on con|", &["conflict"]);
    best("select name fr|", &["from"]);
}

#[test]
fn columns_in_scope() {
    put("select na| from people", "select name from people");
    put("select p.na| from people p", "select p.name from people p");
    put(
        "select people.na| from people",
        "select people.name from people",
    );
    put(
        "select * from people where na|",
        "select * from people where name",
    );
    put(
        "select * from people where name = 'a' and mo|",
        "select * from people where name = 'a' and mood",
    );
    put(
        "select upper(na|) from people",
        "select upper(name) from people",
    );
    put(
        "select * from people order by na|",
        "select * from people order by name",
    );
    put(
        "select name as label from people order by lab|",
        "select name as label from people order by label",
    );
    put("update people set na|", "update people set name");
    put(
        "update people set name = na|",
        "update people set name = name",
    );
    put(
        "insert into people (id, na|",
        "insert into people (id, name",
    );
    put(
        "insert into people values (1) returning na|",
        "insert into people values (1) returning name",
    );
    put("select ord| from orders", "select \"order\" from orders");
    put(
        "select mix| from sales.offers",
        "select \"Mixed Case\" from sales.offers",
    );
    put(
        "select grö| from sales.offers",
        "select größe from sales.offers",
    );
    put(
        "select 'größe', o.grö| from sales.offers o",
        "select 'größe', o.größe from sales.offers o",
    );
    put(
        "select * from people join orders on people.id = pers|",
        "select * from people join orders on people.id = person_id",
    );
    put(
        "select * from people join orders using (i|",
        "select * from people join orders using (id",
    );
    put(
        "alter table people drop column na|",
        "alter table people drop column name",
    );
    put(
        "create index on people (na|",
        "create index on people (name",
    );
    put(
        "select * from people p where exists (select from orders where person_id = p.i|)",
        "select * from people p where exists (select from orders where person_id = p.id)",
    );
    best("insert into people (|", &["id", "name", "mood"]);
    best("insert into people (name, |", &["id", "mood"]);
    best(
        "select p.| from people p join orders o on true",
        &["id", "name", "mood"],
    );
    // Both have one, so each is named in full.
    best(
        "select i| from people p join orders o on true",
        &["p.id", "o.id"],
    );
    none("select | from people p", &["total"]);
    none(
        "select a from (select * from people) x where to|",
        &["total"],
    );
    none(
        "select * from orders o join (select * from people where to|) p on true",
        &["total"],
    );
    best("select na|", &["name"]);
}

#[test]
fn conditions_of_joins() {
    best(
        "select * from people p join orders o on |",
        &["o.person_id = p.id"],
    );
    best(
        "select * from orders join people on |",
        &["orders.person_id = people.id"],
    );
    best(
        "select * from people p join orders o on |\nwhere true",
        &["o.person_id = p.id"],
    );
    best(
        "select * from people p join orders o on true join people q on |",
        &["o.person_id = q.id"],
    );
    none(
        "select * from people p join sales.offers o on |",
        &["o.person_id = p.id"],
    );
}

#[test]
fn queries_of_the_statement() {
    put(
        "with a as (select id, name as label from people) select lab| from a",
        "with a as (select id, name as label from people) select label from a",
    );
    put(
        "with abc as (select 1) select * from ab|",
        "with abc as (select 1) select * from abc",
    );
    put(
        "with a (x, yes) as (values (1, 2)) select ye| from a",
        "with a (x, yes) as (values (1, 2)) select yes from a",
    );
    put(
        "with a as (select * from people), b as (select * from a) select b.na| from b",
        "with a as (select * from people), b as (select * from a) select b.name from b",
    );
    put(
        "with a as (insert into people values (1) returning *) select na| from a",
        "with a as (insert into people values (1) returning *) select name from a",
    );
    put(
        "select s.to| from (select o.*, 1 as one from orders o) s",
        "select s.total from (select o.*, 1 as one from orders o) s",
    );
    put(
        "select s.on| from (select 1::int as one from orders o) s",
        "select s.one from (select 1::int as one from orders o) s",
    );
    put(
        "select s.cou| from (select count(*) from orders o) s",
        "select s.count from (select count(*) from orders o) s",
    );
    put(
        "select lat| from generate_series(1, 2) as late",
        "select late from generate_series(1, 2) as late",
    );
    put(
        "select t.lat| from generate_series(1, 2) as t (late)",
        "select t.late from generate_series(1, 2) as t (late)",
    );
    put(
        "select id from people union select tot| from orders",
        "select id from people union select total from orders",
    );
    best("with a as (select 1) |", &["select"]);
}

#[test]
fn functions_types_labels_and_settings() {
    put("select len| from people", "select length from people");
    put("select coal|", "select coalesce");
    put("select 1::nume|", "select 1::numeric");
    put("select cast(1 as moo|", "select cast(1 as mood");
    put("create table t (a nume|", "create table t (a numeric");
    put(
        "create table t (a int, b bool|",
        "create table t (a int, b boolean",
    );
    put(
        "create table t (a int refer|",
        "create table t (a int references",
    );
    put(
        "create table t (a int references peo|",
        "create table t (a int references people",
    );
    put(
        "create table t (a int references people (i|",
        "create table t (a int references people (id",
    );
    put(
        "alter table people add column x te|",
        "alter table people add column x text",
    );
    put(
        "select * from people where mood = |",
        "select * from people where mood = 'happy'",
    );
    put(
        "select * from people p where p.mood in (it|",
        "select * from people p where p.mood in ('it''s so'",
    );
    put("set dates|", "set datestyle");
    put("show dates|", "show datestyle");
    put("set enable_seqscan to of|", "set enable_seqscan to off");
    put("set search_path to sal|", "set search_path to sales");
    put("select extract(ye|", "select extract(year");
    put(
        "select sum(total) over (par|",
        "select sum(total) over (partition by",
    );
    put("select case when true th|", "select case when true then");
    let (_, completions) = completed("select length|");
    assert_eq!(completions.items[0].detail, "(text) integer");
    let (_, completions) = completed("select p.mood| from people p");
    assert_eq!(
        (
            completions.items[0].kind,
            completions.items[0].detail.as_str()
        ),
        ("field", "mood")
    );
}

#[test]
fn commands_and_variables() {
    all("\\ech|", &["\\echo"]);
    all("%connections", &["%connections"]);
    all("%us|", &["%use"]);
    best("%%s|", &["%%sql"]);
    none("select 1;\n%|", &["%%sql"]);
    best("%use |", &["sales", "local"]);
    put("%use sa|", "%use sales");
    put("%%sql --on lo|\nselect 1", "%%sql --on local\nselect 1");
    put("select :ci|", "select :city");
    put("select :'ci|'", "select :'city'");
    put("\\d peo|", "\\d people");
    put("\\h create ta|", "\\h create table");
    put("\\unset ci|", "\\unset city");
    put("%copy peo|", "%copy people");
    put("%schema sa|", "%schema sales");
    put("%describe wei|", "%describe \"Weird\"");
    put("%describe moo|", "%describe mood");
    put("%model off|", "%model sales.offers");
    put("%results tak|", "%results takings");
    put("%chart hist|", "%chart histogram");
    put("%chart bar st|", "%chart bar stacked");
    put("%chart bar x=to|", "%chart bar x=town");
    put("%chart bar y=total|", "%chart bar y=\"total sum\"");
    put(
        "%chart bar x=town from t|",
        "%chart bar x=town from takings",
    );
    put("%copy people from sa|", "%copy people from sales");
    put(
        "%%copy from sales t|\nselect 1",
        "%%copy from sales to\nselect 1",
    );
    put(
        "%%copy from a to b as c\nsel|",
        "%%copy from a to b as c\nselect",
    );
    put("\\dt+ peo|", "\\dt+ people");
    put("\\dn sal|", "\\dn sales");
    put("\\dT moo|", "\\dT mood");
    all("\\dv peo|", &[]);
    put("select 1 \\g|", "select 1 \\g");
}

#[test]
fn nothing_in_strings_and_comments() {
    for marked in [
        "select 'sel|'",
        "select 'sel|",
        "-- sel|",
        "/* sel|",
        "select $$ sel|",
        "select 12|",
        "select a as x|",
    ] {
        let (_, completions) = completed(marked);
        assert_eq!(completions.items, [], "{marked}");
    }
}

#[test]
fn without_a_catalog() {
    let known = Known {
        names: &Names::default(),
        variables: &Variables::default(),
        connections: &[],
        results: &[],
    };
    let best = |text: &str| {
        let completions = complete(cursor::find(text, text.len(), Dialect::default()), &known);
        completions.items.into_iter().next().map(|item| item.text)
    };
    assert_eq!(best("sel").as_deref(), Some("select"));
    assert_eq!(best("select date_tr").as_deref(), Some("date_trunc"));
    assert_eq!(best("select 1::jso").as_deref(), Some("jsonb"));
    assert_eq!(best("select * from peo"), None);
}

#[test]
fn any_text_and_any_offset_will_do() {
    let names = names();
    let known = Known {
        names: &names,
        variables: &Variables::default(),
        connections: &[],
        results: &[],
    };
    let texts = [
        "with a (x) as (select 1, (values (2))) select p.ä, * from people p join (a cross join b) on (p.id = é) where 'ü' in (",
        "insert into people (id, name) select from orders o on conflict (id) do update set name = excluded.name returning *",
        "create table t (a int references people (id), check (a > 0)); alter table t alter column a type text using (a::text)",
        ")) select ) from ( . . , as as with with ( with a as as (( select select from from from . x . y . z . ((((((",
        "\\set a 'é\n%use ü\nmerge into a using b on c when matched then update set x = 1 :: :: order by group by by",
    ];
    for text in texts {
        for end in 0..=text.len() {
            let cut = &text[..text.floor_char_boundary(end)];
            complete(cursor::find(cut, end, Dialect::default()), &known);
            complete(cursor::find(text, end, Dialect::default()), &known);
        }
    }
}

#[test]
fn deep_nesting_is_no_danger() {
    let text = format!("select {}", "(select * from (".repeat(10_000));
    complete(
        cursor::find(&text, text.len(), Dialect::default()),
        &Known {
            names: &names(),
            variables: &Variables::default(),
            connections: &[],
            results: &[],
        },
    );
}
