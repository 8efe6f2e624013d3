//! The life of the child, and of the folders: begun, killed, begun again, left behind, refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing test is to panic"
)]

mod support;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use local::{Error, Place, Server};
use support::parent::{self, AS_PARENT, Parent, child_at, runs, signal};
use support::{connect, folder, start, until};

/// A process that is gone must be so within this time.
const GONE: Duration = Duration::from_secs(1);

fn main() {
    local::child_hook();
    if let Ok(place) = std::env::var(AS_PARENT) {
        return parent::serve(&place);
    }
    support::run(tests![
        stop_leaves_nothing_behind,
        the_socket_is_for_this_user_only,
        a_killed_child_starts_again_with_what_was_committed,
        the_child_ends_with_its_parent,
        a_computing_child_ends_with_its_parent,
        what_killed_processes_left_is_removed,
        a_folder_keeps_its_data,
        a_folder_in_use_is_refused,
        a_folder_of_a_killed_process_is_free,
        a_folder_that_is_no_database_is_left_alone,
        an_interrupted_creation_is_repeated,
        what_cannot_be_written_is_refused,
        several_start_at_once_on_a_new_machine,
        works_without_a_home,
        takes_the_time_zone_of_the_environment,
        a_plain_user_can_use_it,
    ]);
}

async fn stop_leaves_nothing_behind() {
    let mut server = start(Place::Temporary).await;
    assert!(server.alive());
    connect(&server).await.run("create table t (n int)").await;
    let folder = server.socket_folder().to_owned();
    let child = child_at(&folder);
    server.stop().await;
    assert!(!folder.exists());
    assert!(!runs(child));
}

async fn the_socket_is_for_this_user_only() {
    let server = start(Place::Temporary).await;
    let folder = server.socket_folder();
    assert_eq!(
        fs::metadata(folder).unwrap().permissions().mode() & 0o777,
        0o700
    );
    assert!(folder.join(".s.PGSQL.5432").exists());
    // Sockets in these tables would be of the network.
    let child = child_at(folder);
    let files = fs::read_dir(format!("/proc/{child}/fd")).unwrap();
    let open: Vec<_> = files
        .filter_map(|file| fs::read_link(file.ok()?.path()).ok())
        .collect();
    assert!(
        open.iter()
            .any(|file| file.to_string_lossy().starts_with("socket:"))
    );
    for table in ["tcp", "tcp6", "udp", "udp6"] {
        let table = fs::read_to_string(format!("/proc/{child}/net/{table}")).unwrap_or_default();
        for inode in table
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().nth(9))
        {
            assert!(!open.contains(&PathBuf::from(format!("socket:[{inode}]"))));
        }
    }
}

async fn a_killed_child_starts_again_with_what_was_committed() {
    let kept = folder();
    for place in [
        Place::Temporary,
        Place::Folder(kept.path().join("new/folder")),
    ] {
        let mut server = start(place.clone()).await;
        let data = match place {
            Place::Temporary => server.socket_folder().join("data"),
            Place::Folder(folder) => folder,
        };
        let session = connect(&server).await;
        session
            .run("create table t as select generate_series(1, 100000) n")
            .await;
        session
            .run("set work_mem = '64kB'; create temp table gone as select * from t")
            .await;
        session.run("begin; insert into t values (0)").await;
        let sorting =
            "select count(*) from (select a.n from t a, t b order by a.n + b.n offset 0) s";
        let working = tokio::spawn(async move {
            let _ = session.client.batch_execute(sorting).await;
        });
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(
            leftovers(&data).len() >= 2,
            "nothing to clean: {:?}",
            leftovers(&data)
        );
        let begun = Instant::now();
        server.kill();
        assert!(!server.alive());
        assert!(begun.elapsed() < GONE, "killed in {:?}", begun.elapsed());
        working.await.unwrap();
        server.restart().await.unwrap();
        assert!(server.alive());
        assert_eq!(leftovers(&data), Vec::<PathBuf>::new());
        let session = connect(&server).await;
        assert_eq!(session.value("select count(*) from t").await, "100000");
        session.run("create temp table gone (n int)").await;
        session.leave().await;
        server.stop().await;
    }
}

async fn the_child_ends_with_its_parent() {
    let mut parent = Parent::spawn(&[]);
    let (child, folder) = (parent.child(), parent.folder());
    parent.signal("KILL");
    until(GONE, "the child ends", || !runs(child)).await;
    assert!(!folder.exists());
}

async fn a_computing_child_ends_with_its_parent() {
    let mut parent = Parent::spawn(&[]);
    let session = parent.connect().await;
    let computing = tokio::spawn(async move {
        let endless =
            "select count(*) from generate_series(1, 10000000) a, generate_series(1, 10000000) b";
        session.client.batch_execute(endless).await
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let child = parent.child();
    parent.signal("KILL");
    until(GONE, "the child ends", || !runs(child)).await;
    assert!(computing.await.unwrap().is_err());
}

async fn what_killed_processes_left_is_removed() {
    let mut parent = Parent::spawn(&[]);
    let (child, folder) = (parent.child(), parent.folder());
    // The child first, or it would clean up when it sees its parent gone.
    signal(child, "KILL");
    parent.signal("KILL");
    parent.process.wait().unwrap();
    until(GONE, "the child ends", || !runs(child)).await;
    assert!(folder.exists());
    let other = start(Place::Temporary).await;
    assert!(!folder.exists());
    let _another = start(Place::Temporary).await;
    assert!(other.socket_folder().exists());
}

async fn a_folder_keeps_its_data() {
    let kept = folder();
    let place = Place::Folder(kept.path().to_owned());
    let server = start(place.clone()).await;
    connect(&server)
        .await
        .run("create table t as select generate_series(1, 1000) n")
        .await;
    server.stop().await;
    assert_eq!(
        fs::metadata(kept.path()).unwrap().permissions().mode() & 0o777,
        0o700
    );
    // A server that was switched off leaves this; no process has that number for long.
    fs::write(kept.path().join("postmaster.pid"), "1\n/base\n").unwrap();
    let mut server = start(place.clone()).await;
    let session = connect(&server).await;
    assert_eq!(session.value("select count(*) from t").await, "1000");
    session.run("insert into t values (1001)").await;
    server.kill();
    drop(server);
    let server = start(place).await;
    assert_eq!(
        connect(&server).await.value("select count(*) from t").await,
        "1001"
    );
}

async fn a_folder_in_use_is_refused() {
    let kept = folder();
    let place = Place::Folder(kept.path().to_owned());
    let server = start(place.clone()).await;
    match Server::start(place.clone()).await {
        Err(error @ Error::InUse { .. }) => {
            let text = error.to_string();
            assert!(
                text.contains(&format!("process {}", std::process::id())),
                "{text}"
            );
            assert!(text.contains(&kept.path().display().to_string()), "{text}");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(connect(&server).await.value("select 1").await, "1");
    drop(server);
    start(place).await;
}

async fn a_folder_of_a_killed_process_is_free() {
    let kept = folder();
    let place = Place::Folder(kept.path().to_owned());
    let mut parent = Parent::spawn(&[(AS_PARENT, kept.path().to_str().unwrap())]);
    // The child holds the lock, too: it may write as long as it is there.
    let held = fs::read_link(format!("/proc/{}/fd/1", parent.child())).unwrap();
    assert_eq!(held, kept.path().join("rowcell.lock"));
    parent.signal("KILL");
    let server = start(place).await;
    assert_eq!(connect(&server).await.value("select 1").await, "1");
}

async fn a_folder_that_is_no_database_is_left_alone() {
    let kept = folder();
    let refuse = async |expected: fn(&Error) -> bool| {
        let before = listing(kept.path());
        let error = Server::start(Place::Folder(kept.path().to_owned()))
            .await
            .unwrap_err();
        assert!(expected(&error), "{error:?}");
        assert!(
            error
                .to_string()
                .contains(&kept.path().display().to_string()),
            "{error}"
        );
        assert_eq!(listing(kept.path()), before);
    };
    fs::write(kept.path().join("thesis.tex"), "years of work").unwrap();
    refuse(|error| matches!(error, Error::NotADatabase { .. })).await;
    fs::write(kept.path().join("PG_VERSION"), "16\n").unwrap();
    fs::write(kept.path().join("postmaster.pid"), "1\n").unwrap();
    refuse(|error| matches!(error, Error::OtherServer { version, .. } if version == "16")).await;
    fs::write(kept.path().join("PG_VERSION"), "17\n").unwrap();
    refuse(|error| matches!(error, Error::OtherServer { version, .. } if version == "17")).await;
    fs::write(kept.path().join("rowcell.lock"), "").unwrap();
    fs::write(kept.path().join("PG_VERSION"), "18\n").unwrap();
    refuse(|error| matches!(error, Error::OtherServer { version, .. } if version == "18")).await;
    let file = kept.path().join("thesis.tex");
    let error = Server::start(Place::Folder(file.clone()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("thesis.tex"), "{error}");
    assert_eq!(fs::read_to_string(file).unwrap(), "years of work");
}

async fn an_interrupted_creation_is_repeated() {
    let kept = folder();
    fs::write(kept.path().join("rowcell.lock"), "1\n").unwrap();
    fs::create_dir_all(kept.path().join("rowcell.new/base")).unwrap();
    fs::create_dir_all(kept.path().join("global")).unwrap();
    let server = start(Place::Folder(kept.path().to_owned())).await;
    assert_eq!(connect(&server).await.value("select 1").await, "1");
    assert!(!kept.path().join("rowcell.new").exists());
}

async fn a_plain_user_can_use_it() {
    let (mut parent, _program) = Parent::spawn_as_plain_user(&[("HOME", "/root")]);
    assert_eq!(parent.connect().await.value("select 1").await, "1");
}

async fn what_cannot_be_written_is_refused() {
    let kept = folder();
    let read_only = kept.path().join("read-only");
    start(Place::Folder(read_only.clone())).await.stop().await;
    // A file system that is read-only for everyone is not to be had in a test.
    fs::set_permissions(kept.path(), Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(&read_only, Permissions::from_mode(0o555)).unwrap();
    fs::set_permissions(
        read_only.join("rowcell.lock"),
        Permissions::from_mode(0o444),
    )
    .unwrap();
    for folder in [&read_only, &read_only.join("new")] {
        let folder = folder.to_str().unwrap();
        let (mut parent, _program) = Parent::spawn_as_plain_user(&[(AS_PARENT, folder)]);
        let said = parent.said();
        assert!(
            said.starts_with("error: ") && said.contains("Permission denied"),
            "{said}"
        );
        assert!(
            said.contains(folder) && said.contains("choose another folder"),
            "{said}"
        );
    }
    fs::set_permissions(&read_only, Permissions::from_mode(0o755)).unwrap();
}

async fn several_start_at_once_on_a_new_machine() {
    let cache = folder();
    let environment = [("XDG_CACHE_HOME", cache.path().to_str().unwrap())];
    let mut parents: Vec<_> = (0..4).map(|_| Parent::spawn(&environment)).collect();
    for parent in &mut parents {
        assert_eq!(parent.connect().await.value("select 1").await, "1");
    }
    assert!(cache.path().join("rowcell/pglite-oxide").exists());
}

async fn works_without_a_home() {
    let mut parent = Parent::spawn(&[("HOME", "/proc/nowhere"), ("XDG_CACHE_HOME", "")]);
    assert_eq!(parent.connect().await.value("select 1").await, "1");
    assert!(parent.folder().join("cache").exists());
}

async fn takes_the_time_zone_of_the_environment() {
    for (zone, expected) in [("America/Caracas", "America/Caracas"), ("No/Where", "UTC")] {
        let mut parent = Parent::spawn(&[("TZ", zone)]);
        assert_eq!(
            parent.connect().await.value("show timezone").await,
            expected
        );
    }
}

/// The files of sorts and temporary tables in a data folder.
fn leftovers(data: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in fs::read_dir(data.join("base"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
    {
        for file in fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
        {
            let name = file.file_name().unwrap().to_str().unwrap();
            if folder.ends_with("pgsql_tmp") || (name.starts_with('t') && name.contains('_')) {
                found.push(file);
            }
        }
    }
    found
}

/// The names and contents of the files in a folder.
fn listing(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut files: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}
