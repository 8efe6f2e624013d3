//! Crates that the cells have from folders of the user's, whose source may be edited meanwhile: cargo
//! compiles it anew, and its types have the names they had.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// No more files are looked at.
const MOST: usize = 5000;

/// A state of a crate's source: when it was last written to, and how many files it has.
type State = (Option<SystemTime>, usize);

/// The crates, by what they are called in code.
#[derive(Debug, Default)]
pub(crate) struct LocalCrates(BTreeMap<String, (PathBuf, State)>);

impl LocalCrates {
    /// Takes note of what stands behind a `:dep`, if it is one in a folder.
    pub(crate) fn add(&mut self, dependency: &str) {
        let dependency = dependency.trim();
        let (name, folder) = match dependency.split_once('=') {
            Some((name, rest)) => (Some(name.trim().to_owned()), path(rest)),
            None if dependency.starts_with(['.', '/']) => (None, Some(dependency)),
            None => return,
        };
        let Some(folder) = folder.map(PathBuf::from) else {
            return;
        };
        // Where its name cannot be read, cargo has something to say of it.
        let Some(name) = name.or_else(|| package(&folder)) else {
            return;
        };
        let state = state(&folder);
        self.0.insert(name.replace('-', "_"), (folder, state));
    }

    /// Those whose source is another one than when this was last asked.
    pub(crate) fn edited(&mut self) -> BTreeSet<String> {
        let mut edited = BTreeSet::new();
        for (name, (folder, before)) in &mut self.0 {
            let now = state(folder);
            if now != *before {
                *before = now;
                edited.insert(name.clone());
            }
        }
        edited
    }
}

/// The path in a dependency's table.
fn path(table: &str) -> Option<&str> {
    let (_, rest) = table.split_once("path")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start();
    rest.strip_prefix('"')?.split('"').next()
}

/// The name of the package in a folder.
fn package(folder: &Path) -> Option<String> {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok()?;
    let names = manifest.lines().filter_map(|line| {
        let rest = line.trim().strip_prefix("name")?.trim_start();
        rest.strip_prefix('=')?.trim().trim_matches('"').into()
    });
    names.map(str::to_owned).next()
}

fn state(folder: &Path) -> State {
    let (mut newest, mut count) = (None, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let hidden = name.to_string_lossy().starts_with('.') || name == "target";
            let Some(data) = entry.metadata().ok().filter(|_| !hidden && count < MOST) else {
                continue;
            };
            count += 1;
            match data.is_dir() {
                true => folders.push(entry.path()),
                false => newest = newest.max(data.modified().ok()),
            }
        }
    }
    (newest, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edited_crate_is_noticed_once() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        write("Cargo.toml", "[package]\nname = \"my-crate\"\n");
        let place = folder.path().display();
        for dependency in [
            format!("{place}"),
            format!("my-crate = {{ path = \"{place}\" }}"),
        ] {
            let mut crates = LocalCrates::default();
            crates.add(&dependency);
            assert!(crates.edited().is_empty());
            write(&format!("{}.rs", dependency.len()), "");
            assert_eq!(crates.edited(), BTreeSet::from(["my_crate".to_owned()]));
            assert!(crates.edited().is_empty());
        }
        let mut crates = LocalCrates::default();
        for dependency in ["regex", "regex = \"1\"", "a = { version = \"1\" }", ""] {
            crates.add(dependency);
        }
        assert!(crates.0.is_empty());
    }
}
