//! What Rust cells ask of the session, asked here by the same crate over the same socket.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use db::wire::Request;
use db::{
    Cidr, Composite, Date, Db, Error, FromSql, Inet, Interval, Json, MacAddr, Multirange, Numeric,
    Range, Time, TimeTz, Timestamp, Timestamptz, ToSql, Uuid,
};
use query::{Remote, There};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use crate::notebook::Notebook;
use crate::server::Database;

db::row! {
    struct Person { id: i32, name: String, born: Option<Date> }
}

/// Runs what a Rust cell would, while the notebook answers it.
async fn rust<T: Send + 'static>(
    notebook: &Notebook,
    cell: impl FnOnce(Db) -> T + Send + 'static,
) -> T {
    beside(notebook, |socket| cell(Db::at(socket))).await
}

/// Runs what asks at a socket, while the notebook answers there.
pub(crate) async fn beside<T: Send + 'static>(
    notebook: &Notebook,
    cell: impl FnOnce(PathBuf) -> T + Send + 'static,
) -> T {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let cell = tokio::task::spawn_blocking(move || cell(socket));
    let serve = async {
        let mut remote = Remote::new(listener.accept().await.unwrap().0);
        remote.serve(&notebook.query, &notebook.host).await.unwrap();
        std::future::pending().await
    };
    tokio::select! {
        done = cell => done.unwrap(),
        () = serve => unreachable!(),
    }
}

#[tokio::test]
async fn one_session_for_both() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("begin; create temp table people (id int primary key, name text not null, born date)")
        .await;
    let people: Vec<Person> = rust(&notebook, |db| {
        let insert = "insert into people values ($1, $2, $3)";
        assert_eq!(
            db.execute(insert, &[&1, &"Ada", &Date::new(1815, 12, 10)])?,
            1
        );
        assert_eq!(
            db.execute(insert, &[&2, &"O'Hara \\ \"x\"", &None::<Date>])?,
            1
        );
        db.query_as("select * from people order by id", &[])
    })
    .await
    .unwrap();
    assert_eq!(people[0].born, Date::new(1815, 12, 10));
    assert_eq!(
        people[1],
        Person {
            id: 2,
            name: "O'Hara \\ \"x\"".into(),
            born: None
        }
    );
    assert_eq!(notebook.value("select count(*) from people").await, "2");
    notebook.good("rollback").await;
    let error = rust(&notebook, |db| db.query("select * from people", &[]))
        .await
        .unwrap_err();
    assert_eq!(error.code.as_deref(), Some("42P01"));
}

/// One value there and back: as a parameter, and as the server prints the same value.
fn same<T>(db: &Db, sql: &str, value: T) -> Result<(), Error>
where
    T: FromSql + ToSql + PartialEq + std::fmt::Debug,
{
    let statement =
        format!("select $1 as went, ({sql}) as printed, ($1) is not distinct from ({sql})");
    let row = db
        .query_one(&statement, &[&value])
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    assert_eq!(row.get::<T>("went")?, value, "{sql}");
    assert_eq!(row.get::<T>("printed")?, value, "{sql}");
    assert!(row.get::<bool>(2)?, "{sql} is not {value:?}");
    assert_eq!(row.get::<Option<T>>("went")?, Some(value), "{sql}");
    Ok(())
}

fn of<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().unwrap()
}

#[tokio::test]
async fn every_type_comes_back_exactly() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("create type mood as enum ('sad', 'so ''so\\'); create type pair as (a int, b text); set timezone = 'Asia/Kathmandu'")
        .await;
    rust(&notebook, |db| {
        same(&db, "true", true)?;
        same(&db, "(-32768)::int2", i16::MIN)?;
        same(&db, "(-2147483648)::int4", i32::MIN)?;
        same(&db, "(-9223372036854775808)::int8", i64::MIN)?;
        same(&db, "'Infinity'::float8", f64::INFINITY)?;
        same(&db, "'-Infinity'::float4", f32::NEG_INFINITY)?;
        same(&db, "0.1::float8", 0.1)?;
        same(&db, "'5e-324'::float8", 5e-324)?;
        same(&db, "'1e300'::float8", 1e300)?;
        same(&db, "0.1::float4", 0.1_f32)?;
        assert!(db.query_one("select 'NaN'::float8", &[])?.get::<f64>(0)?.is_nan());
        for numeric in ["0.000", "-12345678901234567890.123456789012345678901234567890", "NaN", "Infinity", "1.10"] {
            same(&db, &format!("'{numeric}'::numeric"), of::<Numeric>(numeric))?;
        }
        same(&db, "'a'::text", "a".to_owned())?;
        same(&db, "''::text", String::new())?;
        same(&db, "E'it''s \\\\ \\n \"q\" $1 €𝄞'::text", "it's \\ \n \"q\" $1 €𝄞".to_owned())?;
        same(&db, "'\\x00ff5c27'::bytea", vec![0_u8, 255, 92, 39])?;
        same(&db, "''::bytea", Vec::<u8>::new())?;
        for date in ["2024-02-29", "infinity", "-infinity", "4714-11-24 BC", "5874897-12-31"] {
            same(&db, &format!("'{date}'::date"), of::<Date>(date))?;
        }
        for time in ["00:00:00", "24:00:00", "23:59:59.999999"] {
            same(&db, &format!("'{time}'::time"), of::<Time>(time))?;
        }
        same(&db, "'12:30:00.5-03:30'::timetz", of::<TimeTz>("12:30:00.5-03:30"))?;
        for stamp in ["2024-01-02 03:04:05.000006", "infinity", "-infinity", "0044-03-15 12:00:00 BC", "294276-12-31 23:59:59.999999"] {
            same(&db, &format!("'{stamp}'::timestamp"), of::<Timestamp>(stamp))?;
        }
        for stamp in ["2024-01-02 03:04:05.000006+00", "infinity", "0044-03-15 12:00:00+00 BC", "1880-01-01 00:00:00-05:50:36"] {
            same(&db, &format!("'{stamp}'::timestamptz"), of::<Timestamptz>(stamp))?;
        }
        for interval in ["1 year 2 mons -3 days +04:05:06.789", "-00:00:00.000001", "-178000000 years", "00:00:00"] {
            same(&db, &format!("'{interval}'::interval"), of::<Interval>(interval))?;
        }
        let uuid = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        same(&db, &format!("'{uuid}'::uuid"), of::<Uuid>(uuid))?;
        same(&db, "'10.1.2.3/8'::inet", of::<Inet>("10.1.2.3/8"))?;
        same(&db, "'::1'::inet", of::<Inet>("::1"))?;
        same(&db, "'2001:db8::/32'::cidr", of::<Cidr>("2001:db8::/32"))?;
        same(&db, "'08:00:2b:01:02:03'::macaddr", of::<MacAddr>("08:00:2b:01:02:03"))?;
        same(&db, "'{1,-2,3}'::int4[]", vec![1, -2, 3])?;
        same(&db, "'{}'::int8[]", Vec::<i64>::new())?;
        same(&db, "'{{1,NULL},{3,4}}'::int4[]", vec![vec![Some(1), None], vec![Some(3), Some(4)]])?;
        let texts = ["a b", "NULL", "", "{\"\\,}", "€"].map(|text| Some(text.to_owned()));
        same(&db, "array['a b', 'NULL', '', '{\"\\,}', '€', null]", [texts.to_vec(), vec![None]].concat())?;
        same(&db, "array['2024-01-01'::date, 'infinity']", vec![of::<Date>("2024-01-01"), Date::INFINITY])?;
        same(&db, "array['\\x00'::bytea]", vec![vec![0_u8]])?;
        same(&db, "'[1,10)'::int4range", Range::from(1..10))?;
        same(&db, "'empty'::int8range", Range::<i64>::Empty)?;
        same(&db, "'(,2024-01-01)'::daterange", Range::Between(std::ops::Bound::Unbounded, std::ops::Bound::Excluded(of::<Date>("2024-01-01"))))?;
        same(&db, "'{[1,3),[7,9)}'::int4multirange", Multirange(vec![(1..3).into(), (7..9).into()]))?;
        let json = db.query_one("select $1::jsonb as a, $2::json as b", &[&Json("{\"a\": [1, null]}".into()), &"[ 1 ]"])?;
        assert_eq!(json.get::<Json>("a")?.0, "{\"a\": [1, null]}");
        assert_eq!(json.get::<Json>("b")?.0, "[ 1 ]");
        // Types that somebody made, and those without a Rust type of their own.
        let row = db.query_one("select $1::mood as m, array['sad'::mood, null] as ms, row(1, 'a \"b\"', null)::text as r, (7, 'x')::pair as p, '1 & 2'::tsquery as q", &[&"so 'so\\"])?;
        assert_eq!(row.get::<String>("m")?, "so 'so\\");
        assert_eq!(row.get::<Vec<Option<String>>>("ms")?, [Some("sad".into()), None]);
        let pair: Composite = row.get("p")?;
        assert_eq!((pair.get::<i32>(0).unwrap(), pair.get::<String>(1).unwrap()), (7, "x".into()));
        assert_eq!(row.get::<String>("q")?, "'1' & '2'");
        let back = db.query_one("select ($1::pair).a", &[&Composite::default().with(&9).with(&"y,\"z")])?;
        assert_eq!(back.get::<i32>(0), Ok(9));
        // Other settings of the session.
        db.execute("set bytea_output = escape; set intervalstyle = iso_8601", &[])?;
        same(&db, "'\\x00ff5c27'::bytea", vec![0_u8, 255, 92, 39])?;
        same(&db, "'1 mon -2 days 03:00:00.5'::interval", of::<Interval>("1 mon -2 days +03:00:00.5"))?;
        db.execute("set datestyle = german; set standard_conforming_strings = off", &[])?;
        let error = db.query_one("select date '2024-01-01' as d", &[])?.get::<Date>("d").unwrap_err();
        assert!(error.message.contains("set datestyle to iso"), "{error}");
        same(&db, "E'\\\\'::text", "\\".to_owned())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn an_error_says_all() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("create table t (id int constraint one_of_each primary key, n int not null)")
        .await;
    let [twice, unknown, missing] = rust(&notebook, |db| {
        let insert = "insert into t values ($1, 0)";
        db.execute(insert, &[&7]).unwrap();
        [
            db.execute(insert, &[&7]).unwrap_err(),
            db.query("select\n  nn from t where id = $1", &[&7])
                .unwrap_err(),
            db.execute("insert into t values ($1)", &[]).unwrap_err(),
        ]
    })
    .await;
    assert!(twice.is_unique_violation());
    assert_eq!(twice.constraint.as_deref(), Some("one_of_each"));
    assert_eq!(twice.table.as_deref(), Some("t"));
    assert_eq!(
        twice.detail.as_deref(),
        Some("Key (id)=(7) already exists.")
    );
    assert_eq!(
        unknown.place.as_deref(),
        Some("LINE 2:   nn from t where id = $1\n          ^")
    );
    assert_eq!(
        missing.message,
        "there is no parameter $1: 0 parameters were given"
    );
}

#[tokio::test]
async fn guards_and_notices_are_those_of_sql_cells() {
    let database = Database::new().await;
    let target = database.target();
    let careful = Notebook::with(&format!("{target} confirm=on"));
    careful.good("create table t (a int)").await;
    careful.host.will_answer(Ok("n"));
    let error = rust(&careful, |db| db.execute("drop table t", &[]))
        .await
        .unwrap_err();
    assert_eq!(error.message, "DROP TABLE T was not confirmed");
    assert_eq!(careful.host.asked().len(), 1);
    let reader = Notebook::with(&format!("{target} read_only=on"));
    let error = rust(&reader, |db| {
        db.execute("delete from t where a = $1", &[&1])
    })
    .await
    .unwrap_err();
    assert_eq!(error.code.as_deref(), Some("25006"));
    careful.host.will_answer(Ok("y"));
    rust(&careful, |db| {
        db.execute("do $$ begin raise notice 'said'; end $$", &[])
    })
    .await
    .unwrap();
    let said = crate::notebook::Answer {
        shown: careful.host.take(),
        problem: None,
    };
    assert_eq!(said.err(), "NOTICE:  said\n");
}

#[tokio::test]
async fn rows_come_as_they_are_taken() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    rust(&notebook, |db| {
        let many = "select i, repeat('x', 100) from generate_series(1, 100000) i";
        let mut sum = 0;
        for row in db.stream(many, &[])? {
            sum += row?.get::<i64>(0)?;
        }
        assert_eq!(sum, 100_000 * 100_001 / 2);
        let count = db.stream(many, &[])?.count();
        assert_eq!(count, 100_000);
        // Dropped before its end, the next statement finds the session ready.
        let mut rows = db.stream(many, &[])?;
        assert_eq!(rows.next().unwrap()?.get::<i32>(0), Ok(1));
        let error = db.query("select 1", &[]).unwrap_err();
        assert!(error.message.contains("still being read"), "{error}");
        drop(rows);
        assert_eq!(db.query_one("select 1", &[])?.get::<i32>(0), Ok(1));
        // An error after some rows comes in its place.
        let mut rows = db.stream("select 1 / (3 - i) from generate_series(1, 5) i", &[])?;
        let error = rows.find_map(Result::err).unwrap();
        assert_eq!(error.code.as_deref(), Some("22012"));
        assert!(rows.next().is_none());
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn transactions_end_as_their_work_does() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create table t (a int)").await;
    rust(&notebook, |db| {
        let insert = |t: &Db, a: i32| t.execute("insert into t values ($1)", &[&a]);
        db.transaction(|t| insert(t, 1))?;
        let failed = db.transaction(|t| {
            insert(t, 2)?;
            Err::<(), _>(Error::new("no"))
        });
        assert_eq!(failed, Err(Error::new("no")));
        let _ = std::panic::catch_unwind(|| {
            db.transaction(|_| -> db::Result<()> { panic!("at last") })
        });
        db.transaction(|t| {
            insert(t, 3)?;
            let inner = t.transaction(|t| {
                insert(t, 4)?;
                t.execute("select 1/0", &[])
            });
            assert!(inner.is_err());
            insert(t, 5)
        })?;
        let swallowed = db.transaction(|t| {
            let _ = t.execute("select 1/0", &[]);
            Ok(())
        });
        assert!(swallowed.unwrap_err().message.contains("rolled back"));
        let rows = db.query("select a from t order by a", &[])?;
        let all: Vec<i32> = rows
            .iter()
            .map(|row| row.get("a"))
            .collect::<db::Result<_>>()?;
        assert_eq!(all, [1, 3, 5]);
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_table_of_structs() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let made = |name: &'static str| {
        move |db: Db| {
            let person = |id: i32| Person {
                id,
                name: format!("{name} '{id}"),
                born: None,
            };
            db.table("my people", &(0..1200).map(person).collect::<Vec<_>>())
        }
    };
    assert_eq!(rust(&notebook, made("a")).await, Ok(1200));
    assert_eq!(rust(&notebook, made("b")).await, Ok(1200));
    let sql = "select count(*) || ' ' || max(name) from \"my people\"";
    assert_eq!(notebook.value(sql).await, "1200 b '999");
}

#[tokio::test]
async fn an_interrupt_cancels_on_the_server() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook.good("create temp table kept (a int)").await;
    let began = Instant::now();
    let cell = rust(&notebook, |db| db.query("select pg_sleep(60)", &[]));
    let button = notebook.host.interrupt_after(Duration::from_millis(300));
    let (answer, ()) = tokio::join!(cell, button);
    assert_eq!(answer.unwrap_err().code.as_deref(), Some("57014"));
    assert!(began.elapsed() < Duration::from_secs(10));
    assert_eq!(notebook.value("select count(*) from kept").await, "0");
}

#[tokio::test]
async fn a_statement_does_not_outlive_its_asker() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    let (here, mut there) = UnixStream::pair().unwrap();
    let mut remote = Remote::new(here);
    let began = Instant::now();
    let asker = async {
        let hello = Request::Hello {
            version: db::wire::VERSION,
        };
        there.write_all(&hello.frame()).await.unwrap();
        let query = Request::Query {
            sql: "select pg_sleep(60)".into(),
            parameters: vec![],
        };
        there.write_all(&query.frame()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(there);
    };
    let (served, ()) = tokio::join!(remote.serve(&notebook.query, &notebook.host), asker);
    assert!(served.is_err());
    assert!(began.elapsed() < Duration::from_secs(10));
    notebook.good("select 1").await;
}

#[tokio::test]
async fn strangers_are_not_answered() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    for word in [
        Request::Hello { version: 1 }.frame(),
        Request::About.frame(),
        b"GET / HTTP/1.1\r\n\r\n".to_vec(),
        vec![255; 8],
    ] {
        let (here, mut there) = UnixStream::pair().unwrap();
        there.write_all(&word).await.unwrap();
        let mut remote = Remote::new(here);
        assert!(remote.serve(&notebook.query, &notebook.host).await.is_err());
        drop(remote);
        let mut heard = Vec::new();
        let _ = there.read_to_end(&mut heard).await;
        assert!(heard.is_empty());
    }
}

#[tokio::test]
async fn kept_results_and_the_inspector_answer_too() {
    let database = Database::new().await;
    let notebook = Notebook::new(&database);
    notebook
        .good("create table shop (id int primary key, name text not null default 'x', unique (name)); create view open as select * from shop")
        .await;
    notebook
        .good("%%sql --as numbers\nselect i as id, 'n' || i as name, null::date as born from generate_series(1, 20000) i")
        .await;
    let mut given = query::Given::default();
    let values = notebook
        .query
        .rust_values("numbers.len()", There::default(), &mut given)
        .await
        .unwrap()
        .unwrap();
    assert!(values.contains("pub born: Option<db::Date>"), "{values}");
    assert!(values.contains("pub name: String"), "{values}");
    let there = There {
        variables: &["numbers".to_owned()],
        items: &["Numbers".to_owned(), "Numbers_1".to_owned()],
    };
    let again = notebook
        .query
        .rust_values("numbers", there, &mut given)
        .await;
    assert_eq!(again, Ok(None));
    rust(&notebook, |db| {
        let numbers: Vec<Person> = db.kept("numbers")?.collect::<db::Result<_>>()?;
        assert_eq!(
            (numbers.len(), numbers[19_999].name.as_str()),
            (20_000, "n20000")
        );
        assert!(db.kept::<Person>("number").is_err());
        let inspector = db.inspect()?;
        assert_eq!(inspector.table_names()?, ["shop"]);
        assert_eq!(inspector.view_names()?, ["open"]);
        assert_eq!(inspector.primary_key("shop")?.unwrap().columns, ["id"]);
        assert_eq!(inspector.unique_constraints("shop")?[0].columns, ["name"]);
        assert_eq!(inspector.indexes("shop")?.len(), 2);
        let columns = inspector.columns("shop")?;
        assert_eq!(columns[1].default.as_deref(), Some("'x'::text"));
        assert!(inspector.has_table("shop")? && !inspector.has_table("shops")?);
        assert!(
            inspector
                .columns("shops")
                .unwrap_err()
                .message
                .contains("shops")
        );
        Ok::<_, Error>(())
    })
    .await
    .unwrap();
}
