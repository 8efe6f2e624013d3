//! The source of the `db` crate: carried in the program, unpacked where cargo can compile it.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// What the names of its folders begin with.
const PREFIX: &str = "db-";

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

/// The crate in a folder of the user's cache, which stays while this does.
pub(super) struct Source {
    folder: PathBuf,
    _lock: File,
    /// The folder around it, where it is no cache.
    own: Option<TempDir>,
}

impl Source {
    /// Unpacks it, where that is not done yet, and removes what other versions have left.
    ///
    /// # Errors
    /// There is no place to write to.
    pub(super) fn unpack() -> io::Result<Self> {
        let kept = rustcell::cache().map(|cache| Self::unpack_in(&cache.join("rowcell")));
        match kept {
            Some(Ok(source)) => Ok(source),
            // A home that cannot be written to: it is compiled for this helper alone.
            _ => {
                let own = tempfile::Builder::new().prefix("rowcell-db-").tempdir()?;
                let mut source = Self::unpack_in(own.path())?;
                source.own = Some(own);
                Ok(source)
            }
        }
    }

    /// The name of the folder tells the version and what is in it, so that what another version has
    /// unpacked is not taken for this one's, and what is compiled once is known by it.
    fn unpack_in(caches: &Path) -> io::Result<Self> {
        let mut hash = DefaultHasher::new();
        FILES.hash(&mut hash);
        let version = env!("CARGO_PKG_VERSION");
        let folder = caches.join(format!("{PREFIX}{version}-{:016x}", hash.finish()));
        remove_others(caches, &folder);
        loop {
            if !folder.is_dir() {
                write(caches, &folder)?;
            }
            let lock = File::open(&folder)?;
            // Where nothing can be locked, nobody removes it either.
            let _ = lock.lock_shared();
            // Another version may have removed it just before.
            if folder.is_dir() {
                return Ok(Source {
                    folder,
                    _lock: lock,
                    own: None,
                });
            }
        }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Removes the folders of other versions that no kernel uses.
fn remove_others(caches: &Path, own: &Path) {
    let entries = fs::read_dir(caches).into_iter().flatten().flatten();
    let others = entries.map(|entry| entry.path()).filter(|path| {
        let name = path.file_name().and_then(OsStr::to_str);
        name.is_some_and(|name| name.starts_with(PREFIX)) && path != own
    });
    for other in others {
        if let Ok(folder) = File::open(&other)
            && folder.try_lock().is_ok()
        {
            // What cannot be removed is tried again by the next kernel.
            let _ = fs::remove_dir_all(&other);
        }
    }
}

/// Writes the folder: made aside and moved, so that nobody finds half of it.
fn write(caches: &Path, folder: &Path) -> io::Result<()> {
    fs::create_dir_all(caches)?;
    let aside = tempfile::tempdir_in(caches)?;
    for (path, text) in FILES {
        let place = aside.path().join(path);
        if let Some(parent) = place.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(place, text)?;
    }
    match fs::rename(aside.path(), folder) {
        Ok(()) => {
            // It has moved: there is nothing left to remove.
            let _ = aside.keep();
            Ok(())
        }
        // Another kernel was faster.
        Err(_) if folder.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_other_versions_have_left_is_removed_unless_it_is_used() {
        let caches = tempfile::tempdir().unwrap();
        let place = |name: &str| caches.path().join(name);
        for name in ["db-0.0.0-used", "db-0.0.0-left/src", "rust", "venv"] {
            fs::create_dir_all(place(name)).unwrap();
        }
        let used = File::open(place("db-0.0.0-used")).unwrap();
        used.lock_shared().unwrap();
        let source = Source::unpack_in(caches.path()).unwrap();
        let again = Source::unpack_in(caches.path()).unwrap();
        assert_eq!(source.folder(), again.folder());
        assert!(source.folder().join("src/lib.rs").is_file());
        for (name, stays) in [
            ("db-0.0.0-used", true),
            ("db-0.0.0-left", false),
            ("rust", true),
            ("venv", true),
        ] {
            assert_eq!(place(name).exists(), stays, "{name}");
        }
    }

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
