//! The models of the whole schema of hard cases: all compile, as types of Rust cells and as modules of
//! programs, and rows go through them unchanged.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use query::There;

use crate::notebook::Notebook;
use crate::rust::beside;
use crate::server::Database;

/// What PostgreSQL's sessions are told: a zone whose clock is not off by whole hours.
const ZONE: &str = "Asia/Kathmandu";

/// A relation as a type.
struct Model {
    /// Its name in SQL.
    table: String,
    /// Its name in Rust.
    name: String,
    /// Its module for programs.
    module: PathBuf,
    /// Whether it is a table that has some.
    has_rows: bool,
}

#[tokio::test]
async fn hard_cases_become_models_and_rows_stay_what_they_are() {
    let database = Database::new().await;
    for script in [
        include_str!("../inspector/hard.sql"),
        include_str!("models/values.sql"),
    ] {
        let made = database.psql(script);
        assert!(made.status.success(), "{made:?}");
    }
    let notebook = Notebook::new(&database);
    notebook.good(&format!("set timezone = '{ZONE}'")).await;
    let folder = tempfile::tempdir().unwrap();
    let models = models(&database, &notebook, folder.path()).await;
    let mut given = query::Given::default();
    let cells = notebook
        .query
        .rust_values("", There::default(), &mut given)
        .await;
    let cells = cells.unwrap().unwrap();

    let here = folder.path().to_owned();
    let (cells, program) = std::thread::scope(|both| {
        let cells = both.spawn(|| compiled_cells(&here, &cells, &models));
        let program = compiled_program(&here, &models);
        (cells.join().unwrap(), program)
    });
    let target = format!("{} options='-c timezone={ZONE}'", database.target());
    run(Command::new(program).arg(target));
    let cells = move |socket| run(Command::new(cells).arg(socket));
    beside(&notebook, cells).await;
}

/// Has each relation made a type.
async fn models(database: &Database, notebook: &Notebook, folder: &Path) -> Vec<Model> {
    let relations = database.ask(
        "select format('%I.%I', nspname, relname), relkind in ('r', 'p') and
           query_to_xml(format('select from %I.%I', nspname, relname), true, true, '')::text like '%<row%'
         from pg_class join pg_namespace n on n.oid = relnamespace
         where relkind in ('r', 'p', 'v', 'm', 'f')
           and nspname not in ('pg_catalog', 'pg_toast', 'information_schema') order by 1",
    );
    let mut models = Vec::new();
    for (number, line) in relations.lines().enumerate() {
        let (table, has_rows) = line.rsplit_once('|').unwrap();
        let module = folder.join(format!("module_{number}.rs"));
        // Of those that share a name, a notebook has the one that was made last.
        let name = match table.strip_prefix("public.") {
            Some(_) => String::new(),
            None => format!("as Elsewhere{number}"),
        };
        let model = format!("%model {table} {name} --to {}", module.display());
        let said = notebook.good(&model).await.out();
        models.push(Model {
            table: table.to_owned(),
            name: said.split(' ').nth(1).unwrap().to_owned(),
            module,
            has_rows: has_rows == "t",
        });
    }
    let with_rows = models.iter().filter(|model| model.has_rows).count();
    assert!(
        models.len() > 70 && with_rows > 15,
        "{with_rows} of {}",
        models.len()
    );
    models
}

/// A program of the types that Rust cells are given.
fn compiled_cells(folder: &Path, cells: &str, models: &[Model]) -> PathBuf {
    let mut source = cells.to_owned();
    source.push_str("fn each(db: &db::Db) -> db::Result<()> {\n");
    for Model { name, has_rows, .. } in models {
        assert!(cells.contains(&format!("pub struct {name} {{")), "{name}");
        if *has_rows {
            writeln!(source, "again::<{name}>(db)?;").unwrap();
        }
    }
    source.push_str("Ok(())\n}\n");
    let models = folder.join("models.rs");
    std::fs::write(&models, source).unwrap();
    let library = folder.join("libdb.rlib");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../db/src/lib.rs");
    run(rustc(&root, &library).args(["--crate-name=db", "--crate-type=rlib"]));
    let program = folder.join("cells");
    run(rustc(&source_of("cells.rs"), &program)
        .args(["-D", "warnings", "--extern"])
        .arg(format!("db={}", library.display()))
        .env("MODELS", models));
    program
}

/// A program of the modules.
fn compiled_program(folder: &Path, models: &[Model]) -> PathBuf {
    let (mut source, mut each) = (String::new(), String::new());
    for (number, model) in models.iter().enumerate() {
        let Model {
            table,
            name,
            module,
            has_rows,
        } = model;
        writeln!(source, "#[path = {module:?}] mod module_{number};").unwrap();
        writeln!(source, "#[allow(unused_imports)] use module_{number}::*;").unwrap();
        if *has_rows {
            writeln!(each, "$again!(module_{number}::{name}, {table:?});").unwrap();
        }
    }
    writeln!(
        source,
        "macro_rules! each {{ ($again:ident) => {{ {each} }} }}"
    )
    .unwrap();
    let modules = folder.join("modules.rs");
    std::fs::write(&modules, source).unwrap();
    let program = folder.join("program");
    run(rustc(&source_of("program.rs"), &program)
        .args(["-D", "warnings"])
        .args(driver(folder))
        .env("MODULES", modules));
    program
}

/// How the compiler is told where `tokio-postgres` is, and the `tokio` that it was built with: cargo
/// has put them beside this test, with those of other builds.
fn driver(folder: &Path) -> Vec<String> {
    let beside_us = std::env::current_exe().unwrap();
    let beside_us = beside_us.parent().unwrap();
    let newest_first = |name: &str| {
        let files = std::fs::read_dir(beside_us)
            .unwrap()
            .map(|file| file.unwrap());
        let is_it =
            |file: &String| file.starts_with(&format!("lib{name}-")) && file.ends_with(".rlib");
        let mut found: Vec<(SystemTime, PathBuf)> = files
            .filter(|file| {
                file.file_name()
                    .to_str()
                    .map(str::to_owned)
                    .is_some_and(|file| is_it(&file))
            })
            .map(|file| (file.metadata().unwrap().modified().unwrap(), file.path()))
            .collect();
        found.sort();
        found.into_iter().rev().map(|(_, file)| file)
    };
    let fit = folder.join("fit.rs");
    std::fs::write(
        &fit,
        "pub fn fit<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(stream: S) {
             drop(tokio_postgres::Config::new().connect_raw(stream, tokio_postgres::NoTls));
         }",
    )
    .unwrap();
    for driver in newest_first("tokio_postgres") {
        for runtime in newest_first("tokio") {
            let options = [
                format!("-Ldependency={}", beside_us.display()),
                format!("--extern=tokio_postgres={}", driver.display()),
                format!("--extern=tokio={}", runtime.display()),
            ];
            let mut check = rustc(&fit, &folder.join("fit.rmeta"));
            check
                .args(["--crate-type=lib", "--emit=metadata"])
                .args(&options);
            if check.stderr(Stdio::null()).status().unwrap().success() {
                return options.to_vec();
            }
        }
    }
    panic!("no tokio-postgres beside {}", beside_us.display());
}

fn source_of(name: &str) -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/database/models");
    tests.join(name)
}

fn rustc(source: &Path, to: &Path) -> Command {
    let mut rustc = Command::new("rustc");
    rustc
        .arg(source)
        .arg("-o")
        .arg(to)
        .args(["--edition=2024", "-Cdebuginfo=0"]);
    rustc
}

fn run(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
