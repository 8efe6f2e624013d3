//! The house rules: who may depend on whom, what a source may not say, what every file opens with,
//! and that documents name only what exists. A new edge is a change of a line in a table here.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate with the siblings it may depend on, tests and build scripts included.
const SIBLINGS: &[(&str, &[&str])] = &[
    ("db", &[]),
    ("display", &[]),
    ("files", &[]),
    ("jupyter", &[]),
    ("local", &[]),
    ("query", &["db", "display", "files"]),
    (
        "rowcell",
        &[
            "db", "display", "files", "jupyter", "local", "query", "rustcell",
        ],
    ),
    ("rustcell", &[]),
];

/// What comes from outside with the one crate that may see it.
const ALONE: &[(&str, &str)] = &[
    ("arrow", "files"),
    ("evcxr", "rustcell"),
    ("hmac", "jupyter"),
    ("linux-keyutils", "query"),
    ("parquet", "files"),
    ("pglite-oxide", "local"),
    ("poly1305", "jupyter"),
    ("postgres-native-tls", "query"),
    ("salsa20", "jupyter"),
    ("ra_ap_syntax", "rustcell"),
    ("tokio-postgres", "query"),
    ("x25519-dalek", "jupyter"),
    ("zeromq", "jupyter"),
];

/// What the tests of a crate may see beyond that.
const IN_TESTS: &[(&str, &str)] = &[("local", "tokio-postgres")];

/// What the code of a crate may not say, and why.
const WORDS: &[(&[&str], &[&str], &str)] = &[
    (
        &["display", "files", "jupyter", "local", "query"],
        &["println!", "eprintln!", "print!(", "eprint!("],
        "only the program prints",
    ),
    (
        &["display", "files", "jupyter", "query"],
        &["process::exit"],
        "a library ends no process",
    ),
    (
        &["display"],
        &[
            "tokio",
            "async ",
            "std::fs",
            "std::net",
            "std::env",
            "Instant",
            "SystemTime",
        ],
        "display is pure",
    ),
    (
        &["jupyter", "query"],
        &["</", "<table", "<td", "<div"],
        "only display writes HTML",
    ),
];

/// How a file says what it is, by the end of its name.
const OPENINGS: &[(&str, &str)] = &[
    (".rs", "//! "),
    (".py", "\"\"\""),
    (".sql", "-- "),
    (".svg", "<!-- "),
    (".sh", "# "),
    (".ini", "# "),
    ("requirements.txt", "# "),
    ("Makefile", "# "),
    (".ci/run", "# "),
];

/// Where a path that a document names may begin (or at a crate's name, or beside the document).
const FOLDERS: &[&str] = &[
    ".ci",
    "benches",
    "crates",
    "docs",
    "kernelspec",
    "notebooks",
    "tests",
];

#[test]
fn crates_depend_only_on_whom_they_may() {
    let crates: BTreeSet<_> = SIBLINGS.iter().map(|(name, _)| name.to_string()).collect();
    let found: BTreeSet<_> = entries(Path::new("crates"))
        .map(|path| name(&path))
        .collect();
    assert_eq!(found, crates, "the crates of this table");

    let mut wrong = Vec::new();
    for (crate_name, siblings) in SIBLINGS {
        for (kind, dependency) in dependencies(crate_name) {
            let stranger = crates.contains(&dependency) && !siblings.contains(&&*dependency);
            let taken = ALONE
                .iter()
                .any(|(what, who)| *what == dependency && who != crate_name);
            let excused = IN_TESTS.contains(&(*crate_name, &*dependency));
            if (stranger || taken) && !(kind == "dev-dependencies" && excused) {
                wrong.push(format!("{crate_name} may not depend on {dependency}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn sources_say_nothing_they_may_not() {
    let mut wrong = Vec::new();
    for (crates, words, why) in WORDS {
        for file in crates
            .iter()
            .flat_map(|name| files(&Path::new("crates").join(name).join("src")))
        {
            for (number, line) in read(&file).lines().enumerate() {
                let code = line.split("//").next().unwrap_or_default();
                for word in words.iter().filter(|word| code.contains(**word)) {
                    wrong.push(format!("{}:{}: {word} ({why})", file.display(), number + 1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_file_opens_with_what_it_is() {
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for file in files(Path::new("")) {
        let path = file.to_string_lossy();
        let Some((end, opening)) = OPENINGS.iter().find(|(end, _)| path.ends_with(end)) else {
            continue;
        };
        seen.insert(*end);
        let text = read(&file);
        let first = text
            .lines()
            .find(|line| !line.starts_with("#!/"))
            .unwrap_or_default();
        if !first.starts_with(opening) {
            wrong.push(format!("{path}: begins with {first:?}, not {opening:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(
        [".rs", ".py", ".sh", "Makefile"]
            .iter()
            .all(|end| seen.contains(end)),
        "{seen:?}"
    );
}

#[test]
fn documents_name_only_what_exists() {
    let mut wrong = Vec::new();
    for file in files(Path::new("")).filter(|file| file.extension().is_some_and(|end| end == "md"))
    {
        for path in named_paths(&read(&file)) {
            let beside = file.with_file_name(&path);
            let in_crate = Path::new("crates").join(path.replacen('/', "/src/", 1));
            let places = [
                PathBuf::from(&path),
                beside,
                Path::new("crates").join(&path),
                in_crate,
            ];
            if !places.iter().any(|place| root().join(place).exists()) {
                wrong.push(format!("{} names {path}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn paths_are_found_in_a_document() {
    let text = "[a](docs/a.md#part), `make x`, `text/html`, `query/split.rs`, `target/x.md`\n\
                ```\ncrates/no\n```\n`tests/kernel/` and [b](https://example.org/c.md)";
    assert_eq!(
        named_paths(text),
        ["docs/a.md", "query/split.rs", "tests/kernel/"]
    );
}

/// The names of all that a crate's manifest depends on, each with the kind of dependency.
fn dependencies(crate_name: &str) -> Vec<(&'static str, String)> {
    let manifest = read(&Path::new("crates").join(crate_name).join("Cargo.toml"));
    let manifest: toml::Table = manifest.parse().unwrap();
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .into_iter()
        .filter_map(|kind| Some((kind, manifest.get(kind)?.as_table()?)))
        .flat_map(|(kind, table)| table.keys().map(move |name| (kind, name.clone())))
        .collect()
}

/// The paths of this repository that a document links to or sets in backticks.
fn named_paths(text: &str) -> Vec<String> {
    let prose: Vec<_> = text.split("```").step_by(2).collect();
    let prose = prose.join("\n");
    let links = prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split([')', '#']).next());
    let links = links.filter(|link| !link.is_empty() && !link.contains(':'));
    let spans = prose
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|span| is_path(span));
    links.chain(spans).map(str::to_owned).collect()
}

/// Whether a word in backticks is a path that has to exist.
fn is_path(word: &str) -> bool {
    let Some((first, _)) = word.split_once('/') else {
        return word.ends_with(".md") && word != ".md";
    };
    let known = FOLDERS.contains(&first) || SIBLINGS.iter().any(|(name, _)| *name == first);
    known && !word.contains([' ', '*', '<', '{', '…'])
}

/// All files below a folder of the repository, as paths from its root; what is made is left out.
fn files(folder: &Path) -> Box<dyn Iterator<Item = PathBuf>> {
    Box::new(entries(folder).flat_map(|path| {
        if root().join(&path).is_dir() {
            files(&path)
        } else {
            Box::new([path].into_iter())
        }
    }))
}

fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let mut paths: Vec<_> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| folder.join(entry.unwrap().file_name()))
        .filter(|path| !["target", "__pycache__"].contains(&&*name(path)))
        .filter(|path| !name(path).starts_with('.') || name(path) == ".ci")
        .collect();
    paths.sort();
    paths.into_iter()
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn read(file: &Path) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
