//! What a client sees: PostgreSQL, one session at a time.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing test is to panic"
)]

mod support;

use std::fmt::Write as _;
use std::io::{Read, Write};
use std::time::{Duration, Instant};

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt, future, pin_mut};
use local::Place;
use support::raw::{greeted, query};
use support::{connect, start, try_connect, until, works};
use tokio_postgres::{AsyncMessage, NoTls, SimpleQueryMessage};

fn main() {
    local::child_hook();
    support::run(tests![
        is_postgresql_17_in_utf8,
        an_error_leaves_the_session_in_step,
        many_rows_stream_by,
        large_values_go_both_ways,
        notices_come_while_the_statement_runs,
        copy_goes_both_ways,
        prepared_statements_work,
        nothing_of_a_session_is_left_for_the_next,
        settings_of_the_startup_packet_apply,
        a_second_client_is_told_so,
        a_cancel_request_disturbs_nobody,
        a_client_that_dies_in_the_middle_leaves_the_place_free,
        endless_recursion_ends_the_session_only,
    ]);
}

async fn is_postgresql_17_in_utf8() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    assert!(
        session
            .value("select version()")
            .await
            .starts_with("PostgreSQL 17.")
    );
    assert_eq!(session.value("show server_encoding").await, "UTF8");
    assert_eq!(
        session
            .value("select current_user || ' ' || current_database()")
            .await,
        "postgres postgres"
    );
    assert_eq!(session.value("select upper('größe')").await, "GRÖẞE");
    let zone = iana_time_zone::get_timezone().unwrap();
    if std::env::var_os("TZ").is_none() {
        assert_eq!(session.value("show timezone").await, zone);
    }
}

async fn an_error_leaves_the_session_in_step() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    session.run("create temp table kept (n int)").await;
    assert_eq!(session.failure("select 1/0").await.0, "22012");
    assert_eq!(session.failure("select 'a\nb' frmo x").await.0, "42601");
    assert_eq!(
        session
            .failure("insert into kept values (1); select no_such_column from kept")
            .await
            .0,
        "42703"
    );
    assert_eq!(session.value("select count(*) from kept").await, "0");
    session.run("begin").await;
    assert_eq!(session.failure("select * from nowhere").await.0, "42P01");
    assert_eq!(session.failure("select 1").await.0, "25P02");
    session.run("rollback").await;
    assert_eq!(session.value("select 1").await, "1");
    let messages = session
        .client
        .simple_query("select 1; create table a (b int); select 2, 3")
        .await
        .unwrap();
    let rows = messages
        .iter()
        .filter(|message| matches!(message, SimpleQueryMessage::Row(_)));
    assert_eq!(rows.count(), 2);
}

async fn many_rows_stream_by() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    let made = "create table many as select n, md5(n::text) from generate_series(1, 300000) n";
    session.run(made).await;
    let rows = session
        .client
        .simple_query_raw("select * from many")
        .await
        .unwrap();
    let rows =
        rows.filter(|message| future::ready(matches!(message, Ok(SimpleQueryMessage::Row(_)))));
    assert_eq!(rows.count().await, 300_000);

    // The first rows are there long before the last.
    let begun = Instant::now();
    let endless = "select a.* from many a, generate_series(1, 10)";
    let rows = session.client.simple_query_raw(endless).await.unwrap();
    pin_mut!(rows);
    while !matches!(rows.next().await, Some(Ok(SimpleQueryMessage::Row(_)))) {}
    let first = begun.elapsed();
    assert_eq!(rows.count().await, 3_000_000);
    assert!(
        first < begun.elapsed() / 4,
        "first row after {first:?} of {:?}",
        begun.elapsed()
    );
}

async fn large_values_go_both_ways() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    assert_eq!(
        session.value("select repeat('x', 20000000)").await.len(),
        20_000_000
    );
    let long = "y".repeat(20_000_000);
    assert_eq!(
        session.value(&format!("select length('{long}')")).await,
        "20000000"
    );
    assert_eq!(
        session.value("select 'still in step'").await,
        "still in step"
    );
}

async fn notices_come_while_the_statement_runs() {
    let server = start(Place::Temporary).await;
    let (client, mut connection) = tokio_postgres::Config::new()
        .host_path(server.socket_folder())
        .user(server.user())
        .connect(NoTls)
        .await
        .unwrap();
    let mut messages = Box::pin(futures_util::stream::poll_fn(move |cx| {
        connection.poll_message(cx)
    }));
    let begun = Instant::now();
    let work =
        "do $$ begin raise notice 'begun'; perform pg_sleep(1); raise warning 'done'; end $$";
    let statement = tokio::spawn(async move { client.batch_execute(work).await });
    let mut heard = Vec::new();
    while heard.len() < 2 {
        if let Some(Ok(AsyncMessage::Notice(notice))) = messages.next().await {
            heard.push((
                notice.severity().to_owned(),
                notice.message().to_owned(),
                begun.elapsed(),
            ));
        }
    }
    assert_eq!(
        (heard[0].0.as_str(), heard[0].1.as_str()),
        ("NOTICE", "begun")
    );
    assert_eq!(
        (heard[1].0.as_str(), heard[1].1.as_str()),
        ("WARNING", "done")
    );
    assert!(
        heard[0].2 < Duration::from_millis(900),
        "heard after {:?}",
        heard[0].2
    );
    while !statement.is_finished() {
        let _ = tokio::time::timeout(Duration::from_millis(10), messages.next()).await;
    }
    statement.await.unwrap().unwrap();
}

async fn copy_goes_both_ways() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    session.run("create table copied (n int, word text)").await;
    let sink = session
        .client
        .copy_in::<_, Bytes>("copy copied from stdin")
        .await
        .unwrap();
    pin_mut!(sink);
    let mut lines = String::new();
    for n in 0..100_000 {
        writeln!(lines, "{n}\tword {n}").unwrap();
    }
    for piece in lines.as_bytes().chunks(50_000) {
        sink.send(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    assert_eq!(sink.finish().await.unwrap(), 100_000);
    let out = session
        .client
        .copy_out("copy copied to stdout")
        .await
        .unwrap();
    let out: Vec<_> = out.map(Result::unwrap).collect().await;
    assert_eq!(String::from_utf8(out.concat()).unwrap(), lines);

    let sink = session
        .client
        .copy_in::<_, Bytes>("copy copied from stdin")
        .await
        .unwrap();
    pin_mut!(sink);
    sink.send(Bytes::from_static(b"no number\tx\n"))
        .await
        .unwrap();
    assert_eq!(
        sink.finish().await.unwrap_err().code().unwrap().code(),
        "22P02"
    );
    assert_eq!(session.value("select count(*) from copied").await, "100000");
}

async fn prepared_statements_work() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    let add = session
        .client
        .prepare("select $1::int4 + 1, $2::text")
        .await
        .unwrap();
    for n in 0..100 {
        let row = session
            .client
            .query_one(&add, &[&n, &"word"])
            .await
            .unwrap();
        assert_eq!(
            (row.get::<_, i32>(0), row.get::<_, &str>(1)),
            (n + 1, "word")
        );
    }
    let divide = session
        .client
        .query("select 1 / $1::int4", &[&0])
        .await
        .unwrap_err();
    assert_eq!(divide.code().unwrap().code(), "22012");
    // A NUL fits in no text.
    let nul = session
        .client
        .query("select $1::text", &[&"a\0b"])
        .await
        .unwrap_err();
    assert_eq!(nul.code().unwrap().code(), "22021");
    let row = session
        .client
        .query_one("select $1::bytea", &[&&b"a\0b"[..]])
        .await
        .unwrap();
    assert_eq!(row.get::<_, &[u8]>(0), b"a\0b");
    assert_eq!(session.value("select 1").await, "1");
}

async fn nothing_of_a_session_is_left_for_the_next() {
    let server = start(Place::Temporary).await;
    for _ in 0..3 {
        let session = connect(&server).await;
        assert_eq!(session.value("show work_mem").await, "4MB");
        assert_eq!(
            session
                .value("select count(*) from pg_class where relname in ('gone', 'open')")
                .await,
            "0"
        );
        session.run("create temp table gone (n int); set work_mem = '77MB'; create table if not exists kept (n int)").await;
        session
            .run("begin; insert into kept values (1); create table open (n int)")
            .await;
        session.leave().await;
    }
    assert_eq!(
        connect(&server)
            .await
            .value("select count(*) from kept")
            .await,
        "0"
    );
}

async fn settings_of_the_startup_packet_apply() {
    let server = start(Place::Temporary).await;
    let mut config = tokio_postgres::Config::new();
    config
        .host_path(server.socket_folder())
        .user(server.user())
        .dbname("template1")
        .application_name("it's \\ me");
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let row = client
        .query_one(
            "select current_setting('application_name'), current_database()::text",
            &[],
        )
        .await
        .unwrap();
    assert_eq!(
        (row.get::<_, &str>(0), row.get::<_, &str>(1)),
        ("it's \\ me", "template1")
    );
    drop(client);
    let refused = config
        .dbname("no_such_database")
        .connect(NoTls)
        .await
        .err()
        .unwrap();
    assert_eq!(refused.code().unwrap().code(), "3D000");
    assert_eq!(connect(&server).await.value("select 1").await, "1");
}

async fn a_second_client_is_told_so() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    session.run("begin; create table mine (n int)").await;
    let (refused, slept) = future::join(
        try_connect(server.socket_folder()),
        session.run("select pg_sleep(2)"),
    )
    .await;
    let () = slept;
    assert_eq!(refused.err().unwrap().code().unwrap().code(), "53300");
    session.run("insert into mine values (1); commit").await;
    session.leave().await;
    assert_eq!(
        connect(&server)
            .await
            .value("select count(*) from mine")
            .await,
        "1"
    );
}

async fn a_cancel_request_disturbs_nobody() {
    let server = start(Place::Temporary).await;
    let session = connect(&server).await;
    let cancel = session.client.cancel_token();
    let statement = session.value("select pg_sleep(1), 'x'");
    let (cancelled, _) = future::join(cancel.cancel_query(NoTls), statement).await;
    cancelled.unwrap();
    assert_eq!(session.value("select 1").await, "1");
}

async fn a_client_that_dies_in_the_middle_leaves_the_place_free() {
    let mut server = start(Place::Temporary).await;
    let session = connect(&server).await;
    session
        .run("create table many as select generate_series(1, 1000) n")
        .await;
    session.leave().await;
    // In the middle of a message.
    let mut client = greeted(&server);
    client.write_all(b"Q\0\0\0\x64select").unwrap();
    drop(client);
    works(&server).await;
    // In the middle of an answer.
    let mut client = greeted(&server);
    client
        .write_all(&query("select repeat('x', 1000) from many a, many b"))
        .unwrap();
    client.read_exact(&mut [0; 10_000]).unwrap();
    drop(client);
    works(&server).await;
    // In the middle of a statement that does not end: then the process does.
    let mut client = greeted(&server);
    client.write_all(&query("select pg_sleep(60)")).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(client);
    until(Duration::from_secs(8), "the child ends", || !server.alive()).await;
    server.restart().await.unwrap();
    let session = connect(&server).await;
    let count = session.value("select count(*) from many").await;
    assert_eq!(count, "1000");
}

async fn endless_recursion_ends_the_session_only() {
    let mut server = start(Place::Temporary).await;
    let session = connect(&server).await;
    session.run("create function deeper(n int) returns int language plpgsql as $$ begin return deeper(n + 1); end $$").await;
    let (code, message) = session.failure("select deeper(1)").await;
    assert_eq!(code, "57P02");
    assert!(message.contains("stack"), "{message}");
    assert!(server.alive());
    assert_eq!(connect(&server).await.value("select 1").await, "1");
}
