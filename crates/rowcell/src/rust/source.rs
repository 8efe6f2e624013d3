//! The source of the `db` crate: carried in the program, unpacked where cargo can compile it.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::PathBuf;

/// Its files, by their paths.
macro_rules! files {
    ($($path:literal)+) => {
        &[$(($path, include_str!(concat!("../../../db/", $path)))),+]
    };
}

const FILES: &[(&str, &str)] = files! {
    "Cargo.toml"
    "src/array.rs"
    "src/composite.rs"
    "src/connection.rs"
    "src/error.rs"
    "src/inspect.rs"
    "src/json.rs"
    "src/lib.rs"
    "src/model.rs"
    "src/model/filter.rs"
    "src/model/key.rs"
    "src/net.rs"
    "src/numeric.rs"
    "src/others.rs"
    "src/parameter.rs"
    "src/range.rs"
    "src/record.rs"
    "src/row.rs"
    "src/show.rs"
    "src/stream.rs"
    "src/table.rs"
    "src/time.rs"
    "src/time/civil.rs"
    "src/time/interval.rs"
    "src/types.rs"
    "src/uuid.rs"
    "src/value.rs"
    "src/wire.rs"
};

/// The folder of the crate that has these features. Its name tells the version and what is in it, so
/// that what another version has unpacked is not taken for this one's.
///
/// # Errors
/// There is no place to write to.
pub(super) fn unpack(features: &[&str]) -> io::Result<PathBuf> {
    let mut hash = DefaultHasher::new();
    FILES.hash(&mut hash);
    features.hash(&mut hash);
    let name = format!("db-{}-{:016x}", env!("CARGO_PKG_VERSION"), hash.finish());
    let caches = cache()?;
    let folder = caches.join(name);
    if folder.is_dir() {
        return Ok(folder);
    }
    fs::create_dir_all(&caches)?;
    // Made aside and moved, so that nobody finds half of it.
    let aside = tempfile::tempdir_in(&caches)?;
    for (path, text) in FILES {
        let place = aside.path().join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        match *path {
            "Cargo.toml" => {
                let features = format!("\n[features]\ndefault = {features:?}\n");
                fs::write(place, [text, features.as_str()].concat())?;
            }
            _ => fs::write(place, text)?,
        }
    }
    match fs::rename(aside.path(), &folder) {
        Ok(()) => {
            // It has moved: there is nothing left to remove.
            let _ = aside.keep();
            Ok(folder)
        }
        // Another kernel was faster.
        Err(_) if folder.is_dir() => Ok(folder),
        Err(error) => Err(error),
    }
}

/// Where this user's caches are.
fn cache() -> io::Result<PathBuf> {
    let variable = std::env::var_os("XDG_CACHE_HOME").filter(|folder| !folder.is_empty());
    let caches = variable.map(PathBuf::from);
    let caches = caches.or_else(|| Some(std::env::home_dir()?.join(".cache")));
    let caches = caches.ok_or_else(|| io::Error::other("there is no home for a cache"))?;
    Ok(caches.join("rowcell"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn all_files_are_carried() {
        let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../db"));
        let mut folders = vec![root.join("src")];
        let mut found = BTreeSet::from(["Cargo.toml".to_owned()]);
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                match path.is_dir() {
                    true => folders.push(path),
                    false => {
                        found.insert(
                            path.strip_prefix(root)
                                .unwrap()
                                .to_str()
                                .unwrap()
                                .to_owned(),
                        );
                    }
                }
            }
        }
        let carried: BTreeSet<_> = FILES.iter().map(|(path, _)| (*path).to_owned()).collect();
        assert_eq!(carried, found);
    }
}
