//! The inspector's commands: what is no relation, the picture of a schema, and servers that know less
//! of themselves.

use display::Bundle;
use serde_json::{Value, json};

use crate::notebook::Notebook;
use crate::server::Database;

const SHOP: &str = "
    create type mood as enum ('happy', 'so so');
    create domain amount as numeric(10,2) default 1 not null check (value > 0);
    create type place as (street text, number integer);
    comment on type place is 'somewhere';
    create table customer (id serial primary key, name text not null unique, mood mood);
    create table orders (id bigint primary key, customer_id integer references customer, total amount);
    create unique index big on orders (total desc, lower('x')) include (id) where total > 10;
    create view happy as select * from customer where mood = 'happy';
    create schema stock;
    create table stock.item (a integer, b integer, order_id bigint references orders, primary key (a, b));
    create table stock.part (a integer, b integer, of integer, foreign key (a, b) references stock.item);
    create table stock.day (day date) partition by list (day);
    create table stock.today partition of stock.day default";

async fn shown(notebook: &Notebook, cell: &str) -> Bundle {
    notebook.good(cell).await.bundles().last().unwrap()
}

async fn json_of(notebook: &Notebook, cell: &str) -> Value {
    shown(notebook, cell)
        .await
        .get("application/json")
        .unwrap()
        .clone()
}

#[tokio::test]
async fn sequences_indexes_and_types_are_described() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good(SHOP).await;
    let check = async |name: &str, expected: &str| {
        let bundle = shown(&notebook, &format!("%describe {name}")).await;
        // psql sets a table's title in the middle.
        let lines: Vec<_> = bundle.text().lines().map(str::trim).collect();
        assert_eq!(lines.join("\n"), expected);
        assert!(bundle.html().is_some());
    };
    check(
        "customer_id_seq",
        "public.customer_id_seq · sequence of integer · owned by public.customer.id\n\n\
         Numbers\n\
         start | minimum |  maximum   | increment | cache | cycles\n\
         -------+---------+------------+-----------+-------+--------\n\
         1 |       1 | 2147483647 |         1 |     1 | no",
    )
    .await;
    check(
        "public.big",
        "public.big · btree index of public.orders · unique · where ((total)::numeric > (10)::numeric)\n\n\
         Columns\n\
         of        |    as\n\
         ------------------+----------\n\
         total desc       | key\n\
         lower('x'::text) | key\n\
         id               | included",
    )
    .await;
    check(
        "mood",
        "public.mood · enum\n\nLabels\nlabel\n-------\nhappy\nso so",
    )
    .await;
    check(
        "amount",
        "public.amount · domain of numeric(10,2) · not null · default 1\n\n\
         Constraints\n\
         name     |            what\n\
         --------------+----------------------------\n\
         amount_check | check (VALUE > 0::numeric)",
    )
    .await;
    check(
        "place",
        "public.place · composite type · somewhere\n\n\
         Columns\nname  |  type\n--------+---------\nstreet | text\nnumber | integer",
    )
    .await;
    let sequence = json_of(&notebook, "%describe customer_id_seq --json").await;
    assert_eq!(sequence["kind"], "sequence");
    assert_eq!(sequence["maxvalue"], 2_147_483_647);
    assert_eq!(
        sequence["owned_by"],
        json!({"schema": "public", "table": "customer", "column": "id"})
    );
    notebook
        .good("create table counted (id bigint generated always as identity)")
        .await;
    let identity = json_of(&notebook, "%describe counted_id_seq --json").await;
    assert_eq!(identity["type"], "bigint");
    assert_eq!(identity["owned_by"]["table"], "counted");
    let domain = json_of(&notebook, "%describe amount --json").await;
    assert_eq!(domain["check_constraints"][0]["name"], "amount_check");
    let index = json_of(&notebook, "%describe big --json").await;
    assert_eq!(
        (&index["table"], &index["unique"]),
        (&"orders".into(), &true.into())
    );
    let problem = notebook.bad("%describe bigg").await;
    assert_eq!(problem.message, "there is no table or view \"bigg\"");
}

#[tokio::test]
async fn numbers_of_a_sample_stand_right() {
    let notebook = Notebook::new(&Database::new().await);
    notebook.good("create table t (n numeric(5,1), word text); insert into t values (1.5, 'a'), (100, 'b')").await;
    let text = shown(&notebook, "%describe t").await;
    assert!(
        text.text()
            .contains("\n   n   | word \n-------+------\n   1.5 | a\n 100.0 | b"),
        "{}",
        text.text()
    );
}

#[tokio::test]
async fn a_schema_is_a_picture() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good(SHOP).await;
    let picture = shown(&notebook, "%schema").await;
    assert_eq!(
        picture.text(),
        "public · 2 tables · 1 view · 1 foreign key\n\n\
         customer\nview happy\norders\n  customer_id → customer (id)"
    );
    let svg = picture
        .get("image/svg+xml")
        .and_then(Value::as_str)
        .unwrap();
    assert!(svg.contains(">customer_id<") && svg.contains(">PK<") && svg.contains(">FK<"));
    assert_eq!(svg.matches("<path").count(), 1);
    let picture = shown(&notebook, "%schema stock").await;
    assert_eq!(
        picture.text(),
        "stock · 1 partitioned table · 2 tables · 2 foreign keys · 1 partition left out\n\n\
         partitioned table day\nitem\n  order_id → public.orders (id)\n\
         part\n  a, b → item (a, b)\npublic.orders"
    );
    let problem = notebook.bad("%schema stok").await;
    assert_eq!(problem.message, "no tables or views in a schema \"stok\"");
    assert_eq!(problem.advice, ["Did you mean stock?"]);
}

/// Somebody who may not read PostgreSQL's catalog sees what a server would show that has the
/// standard's views only.
#[tokio::test]
async fn a_server_without_a_catalog_is_asked_by_the_standards_views() {
    let database = Database::new().await;
    Notebook::new(&database).good(SHOP).await;
    let password = &database.server.password;
    let made = database.psql(&format!(
        "create role lowly login password '{password}';
         grant usage on schema stock to lowly;
         grant all on all tables in schema public, stock to lowly;
         revoke select on pg_class, pg_attribute, pg_constraint, pg_namespace from public",
    ));
    assert!(made.status.success(), "{made:?}");
    let user = format!("user={}", database.server.user);
    let notebook = Notebook::with(&database.target().replace(&user, "user=lowly"));
    let tables = json_of(&notebook, "%tables --json").await;
    let names = tables.as_array().unwrap().iter();
    let names: Vec<_> = names.map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "customer", "happy", "orders", "day", "item", "part", "today"
        ]
    );
    assert_eq!(tables[1]["kind"], "view");

    let item = json_of(&notebook, "%describe stock.item --json").await;
    assert_eq!(item["columns"][2]["type"], "bigint");
    assert_eq!(item["primary_key"]["columns"], json!(["a", "b"]));
    assert_eq!(item["foreign_keys"][0]["referred_schema"], "public");
    assert_eq!(item["foreign_keys"][0]["referred_columns"], json!(["id"]));
    let by = &item["referenced_by"][0];
    assert_eq!(
        (&by["referred_table"], &by["columns"]),
        (&"part".into(), &json!(["a", "b"]))
    );
    let customer = json_of(&notebook, "%describe customer --json").await;
    assert_eq!(
        customer["unique_constraints"][0]["columns"],
        json!(["name"])
    );

    // Of many relations at once it is those views that have their columns, too.
    let picture = shown(&notebook, "%schema stock").await;
    assert!(
        picture.text().contains("part\n  a, b → item (a, b)"),
        "{}",
        picture.text()
    );
    let svg = picture
        .get("image/svg+xml")
        .and_then(Value::as_str)
        .unwrap();
    assert!(
        svg.contains(">order_id<") && svg.contains(">bigint<"),
        "{svg}"
    );
}

/// A question about the catalog that fails, or that the user has no patience for, takes nothing of
/// the transaction that is open.
#[tokio::test]
async fn an_open_transaction_stands_whatever_is_asked() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table kept (id integer)").await;
    notebook.good("begin; insert into kept values (1)").await;
    let tables = json_of(&notebook, "%tables --json").await;
    assert_eq!(tables[0]["name"], "kept");
    for wrong in [
        "\\sv nothing",
        "\\sf nothing",
        "\\d a[",
        "%describe nothing",
    ] {
        notebook.run(wrong).await;
        assert_eq!(
            notebook.value("select count(*) from kept").await,
            "1",
            "{wrong}"
        );
    }
    // What is the user's mistake is no reason to ask in other ways from then on.
    notebook.good("create view seen as select 1 as one").await;
    let source = notebook.good("\\sv seen").await.out();
    assert!(
        source.contains("CREATE OR REPLACE VIEW public.seen AS"),
        "{source}"
    );
    notebook.good("commit").await;
    assert_eq!(notebook.value("select count(*) from kept").await, "1");
}

#[tokio::test]
async fn the_name_of_a_schema_means_what_is_in_it() {
    let notebook = Notebook::new(&Database::new().await);
    notebook
        .good("create schema shop; create table shop.orders (id int); create table shopping (id int);")
        .await;
    let listed = async |pattern: &str| {
        let tables = json_of(&notebook, &format!("%tables {pattern} --json")).await;
        let names = tables.as_array().unwrap().iter();
        let names: Vec<_> = names.map(|table| table["name"].as_str().unwrap()).collect();
        names.join(" ")
    };
    assert_eq!(listed("public").await, "shopping");
    assert_eq!(listed("SHOP").await, "orders");
    assert_eq!(listed("shop*").await, "shopping");
    // A table of that name comes first.
    notebook.good("create table public.shop (id int)").await;
    assert_eq!(listed("shop").await, "shop");
    assert_eq!(listed("nothing").await, "");
    assert_eq!(listed("shop.public").await, "");
}
