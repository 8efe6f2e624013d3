//! PgBouncer between: sessions of the server are lent for a transaction each, so nothing may need
//! the same one twice, and nothing may be left behind in one.

use std::net::TcpListener;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::notebook::Notebook;
use crate::server::{Server, server, without_tls};

/// A PgBouncer in transaction mode, with one session of the server for everyone.
struct Pooler {
    port: u16,
    process: Child,
}

impl Pooler {
    /// Before the server without TLS.
    async fn start() -> Pooler {
        Pooler::before(without_tls(), "").await
    }

    /// Before the server with TLS, which it makes sure of; and it takes TLS only itself.
    async fn start_with_tls() -> Pooler {
        let server = server();
        let [authority, certificate, key] =
            ["authority.crt", "server.crt", "server.key"].map(|name| server.file(name));
        let settings = format!(
            "server_tls_sslmode = verify-full\nserver_tls_ca_file = {authority}\n\
             client_tls_sslmode = require\nclient_tls_cert_file = {certificate}\n\
             client_tls_key_file = {key}\n"
        );
        Pooler::before(server, &settings).await
    }

    async fn before(server: &Server, more: &str) -> Pooler {
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        // Of its own for each: they run side by side before one server.
        let file = |ending| server.file(&format!("pgbouncer-{port}.{ending}"));
        let users = file("users");
        std::fs::write(&users, format!("\"by_scram\" \"{}\"\n", server.password)).unwrap();
        let (settings, log) = (file("ini"), file("log"));
        let server = server.port;
        std::fs::write(
            &settings,
            format!(
                "[databases]\n* = host=127.0.0.1 port={server}\n[pgbouncer]\n\
                 listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n\
                 auth_type = scram-sha-256\nauth_file = {users}\nlogfile = {log}\n\
                 pool_mode = transaction\ndefault_pool_size = 1\n{more}"
            ),
        )
        .unwrap();
        // It refuses to be root, and goes when the tests go.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "INT"]);
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.args([
                "--reuid",
                "postgres",
                "--regid",
                "postgres",
                "--clear-groups",
            ]);
        }
        let process = command
            .args(["/usr/sbin/pgbouncer", "--quiet", &settings])
            .spawn()
            .expect("no PgBouncer here; install it: sudo apt-get install pgbouncer");
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(10),
                "{}",
                std::fs::read_to_string(&log).unwrap_or_default()
            );
            sleep(Duration::from_millis(20)).await;
        }
        Pooler { port, process }
    }

    fn notebook(&self, more: &str) -> Notebook {
        let target = without_tls().as_role("by_scram");
        let target = target.replace(
            &format!("port={}", without_tls().port),
            &format!("port={}", self.port),
        );
        Notebook::with(&format!(
            "{} {more}",
            target.replace("localhost", "127.0.0.1")
        ))
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn everything_works_through_a_pooler() {
    let pooler = Pooler::start().await;
    let (one, two) = (pooler.notebook(""), pooler.notebook(""));
    assert_eq!(one.value("select 1").await, "1");
    one.good("create table pooled (a int); insert into pooled values (1)")
        .await;
    assert_eq!(two.value("select a from pooled").await, "1");
    assert_eq!(
        two.value("select count(*) from pg_prepared_statements")
            .await,
        "0"
    );

    // A transaction over three cells.
    one.good("begin").await;
    one.good("insert into pooled values (2)").await;
    one.good("commit").await;
    assert_eq!(two.value("select count(*) from pooled").await, "2");

    // An error, a copy, and types that have to be asked about.
    two.bad("select nosuch").await;
    one.good("copy pooled from stdin;\n3\n\\.\n").await;
    assert_eq!(one.value("select sum(a) from pooled").await, "6");
    one.good("create type mood as enum ('fine')").await;
    assert_eq!(two.value("select 'fine'::mood").await, "fine");

    // What completion asks on its own.
    let begun = Instant::now();
    let offers = async || {
        let completions = one.query.complete("select * from pool", 18).await;
        completions.items.iter().any(|item| item.text == "pooled")
    };
    while !offers().await {
        assert!(begun.elapsed() < Duration::from_secs(10), "never completed");
        sleep(Duration::from_millis(50)).await;
    }

    // A cancel goes through it, and hits what it was meant for.
    let interrupt = one.host.interrupt_after(Duration::from_millis(300));
    let begun = Instant::now();
    let (problem, ()) = tokio::join!(one.bad("select pg_sleep(20)"), interrupt);
    assert_eq!(problem.name, "57014 query_canceled");
    assert!(begun.elapsed() < Duration::from_secs(3));
    assert_eq!(two.value("select 4").await, "4");
    assert_eq!(one.value("select 5").await, "5");

    let answer = one.good("%connections").await;
    let text = answer.bundles().last().unwrap().text().to_owned();
    assert!(
        text.contains(&format!("127.0.0.1:{}", pooler.port)),
        "{text}"
    );
    one.good("drop table pooled; drop type mood").await;
}

#[tokio::test]
async fn a_read_only_notebook_leaves_nothing_behind() {
    let pooler = Pooler::start().await;
    let careful = pooler.notebook("read_only=on");
    assert_eq!(careful.value("select 1").await, "1");
    careful.bad("create table nosuch ()").await;
    // The next one gets the same session of the server.
    let other = pooler.notebook("");
    assert_eq!(other.value("show transaction_read_only").await, "off");
    // The server's own transactions hold behind it, too, and an error leaves none open.
    let made = without_tls().sql(
        "create table if not exists held (a int); grant all on held to by_scram; \
         create or replace function held() returns int language sql as \
         'insert into held values (1) returning a'; select 1",
    );
    assert!(made.ends_with('1'), "{made}");
    for cell in [
        "select held()",
        "selec 1",
        "select nosuch",
        "select set_config('default_transaction_read_only', 'off', false); select held()",
        "begin; select held()",
    ] {
        careful.bad(cell).await;
        careful.run("rollback").await;
        assert_eq!(
            other.value("select count(*) from held").await,
            "0",
            "{cell}"
        );
        assert_eq!(careful.value("select 2").await, "2");
    }
    let answers = careful
        .good("select 1 as a; select 2 as b; show transaction_read_only")
        .await;
    assert_eq!(answers.bundles().count(), 3);
    assert_eq!(other.value("select held()").await, "1");
    // Not behind a pooler, the server is told.
    let direct = Notebook::with(&(server().as_role("by_scram") + " read_only=on"));
    assert_eq!(direct.value("show transaction_read_only").await, "on");
}

#[tokio::test]
async fn the_kind_of_session_is_asked_for_through_a_pooler() {
    let pooler = Pooler::start().await;
    assert_eq!(
        pooler
            .notebook("target_session_attrs=read-write")
            .value("select 1")
            .await,
        "1"
    );
    pooler
        .notebook("target_session_attrs=standby")
        .fails("select 1", "target_session_attrs")
        .await;
}

#[tokio::test]
async fn tls_on_both_sides_of_a_pooler() {
    let pooler = Pooler::start_with_tls().await;
    let verified = format!(
        "sslmode=verify-full sslrootcert={}",
        server().file("authority.crt")
    );
    let notebook = pooler.notebook(&verified);
    let question = "select ssl from pg_stat_ssl where pid = pg_backend_pid()";
    assert_eq!(notebook.value(question).await, "t");
    // It is the pooler's that this side has, of which the server knows nothing.
    let answer = notebook.good("%connections").await;
    let text = answer.bundles().last().unwrap().text().to_owned();
    assert!(text.contains("| yes |"), "{text}");

    // A cancel goes through both.
    let interrupt = notebook.host.interrupt_after(Duration::from_millis(300));
    let (problem, ()) = tokio::join!(notebook.bad("select pg_sleep(20)"), interrupt);
    assert_eq!(problem.name, "57014 query_canceled");
    assert_eq!(notebook.value("select 5").await, "5");

    let plain = pooler.notebook("sslmode=disable").bad("select 1").await;
    assert!(plain.message.contains("SSL required"), "{plain:?}");
}

#[tokio::test]
async fn interrupts_through_a_pooler_are_one_cancel_that_hits_what_it_was_meant_for() {
    let pooler = Pooler::start().await;
    let (one, two) = (pooler.notebook(""), pooler.notebook(""));
    one.good("create table clicked as select a from generate_series(1, 20) as a")
        .await;
    let update = "update clicked set a = a + 100 where (select true from pg_sleep(0.15)) \
                  and pg_sleep(0.15) is not null";
    for gap in [0, 5, 20, 50, 100, 200, 400, 700, 1000] {
        let interrupts = async {
            one.host.interrupt_after(Duration::from_millis(300)).await;
            one.host.interrupt_after(Duration::from_millis(gap)).await;
        };
        let (problem, ()) = tokio::join!(one.bad(update), interrupts);
        assert_eq!(problem.name, "57014 query_canceled", "{gap}: {problem:?}");
        assert!(problem.message.contains("user request"), "{problem:?}");
        one.host.calm();
        assert_eq!(
            two.value("select sum(a) from clicked").await,
            "210",
            "{gap}"
        );
        one.good("select 1").await;
    }
    one.good("drop table clicked").await;
}
