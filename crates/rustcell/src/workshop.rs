//! Where the cells are compiled: a folder in the user's cache, which is kept, so that what was
//! compiled for one notebook is there for the next.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// How many notebooks may have one at a time; others compile in a temporary folder.
const MOST: usize = 8;
/// A folder that has grown larger, in bytes, is begun anew.
const LARGEST: u64 = 2 << 30;

/// A folder that is locked for one helper.
pub(crate) struct Workshop {
    path: PathBuf,
    _lock: File,
}

impl Workshop {
    /// Takes the first one that is free, where `lasting` crates are compiled for all of them. None
    /// where there is no cache to have it in.
    pub(crate) fn take(lasting: &[String]) -> Option<Self> {
        // evcxr is told of it by an environment variable that it reads as text.
        let cache = crate::places::cache().filter(|cache| cache.to_str().is_some())?;
        let folder = cache.join("rowcell/rust");
        let workshop = (0..MOST).find_map(|number| Self::lock(folder.join(number.to_string())))?;
        // Without it, each workshop compiles them for itself.
        let _ = share(&folder, lasting);
        Some(workshop)
    }

    fn lock(path: PathBuf) -> Option<Self> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700).create(&path).ok()?;
        // What is compiled in here is run: it has to be this user's own.
        let own = fs::metadata("/proc/self").map(|own| own.uid());
        if own.is_ok_and(|own| path.metadata().is_ok_and(|folder| folder.uid() != own)) {
            return None;
        }
        let lock = File::create(path.join("lock")).ok()?;
        lock.try_lock().ok()?;
        let workshop = Workshop { path, _lock: lock };
        workshop.tidy();
        Some(workshop)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Takes away the cells of the notebook before.
    fn tidy(&self) {
        let _ = fs::remove_file(self.path.join("src/lib.rs"));
        let target = self.path.join("target");
        if size(&target) > LARGEST {
            let _ = fs::remove_dir_all(&target);
        }
        let cells = |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str());
            name.is_some_and(|name| name.starts_with("libcode_"))
        };
        let folders = fs::read_dir(&target).into_iter().flatten().flatten();
        for folder in folders.map(|platform| platform.path().join("debug")) {
            for folder in [folder.join("deps"), folder] {
                let files = fs::read_dir(folder).into_iter().flatten().flatten();
                for file in files.map(|file| file.path()).filter(|path| cells(path)) {
                    let _ = fs::remove_file(file);
                }
            }
        }
    }
}

/// Has cargo compile these crates as it does those that it downloads. Local ones it compiles
/// incrementally, and those evcxr does not keep: their source may change.
fn share(folder: &Path, lasting: &[String]) -> io::Result<()> {
    let folder = folder.join(".cargo");
    let text: String = lasting
        .iter()
        .map(|name| format!("[profile.dev.package.{name}]\nincremental = false\n"))
        .collect();
    let file = folder.join("config.toml");
    if fs::read_to_string(&file).is_ok_and(|before| before == text) {
        return Ok(());
    }
    fs::create_dir_all(&folder)?;
    // Made aside and moved: another notebook's cargo may be reading it.
    let aside = tempfile::NamedTempFile::new_in(&folder)?;
    fs::write(&aside, text)?;
    aside.persist(file)?;
    Ok(())
}

/// The size of a folder with all that is in it, in bytes.
fn size(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(data) if data.is_dir() => size(&entry.path()),
        Ok(data) => data.len(),
        Err(_) => 0,
    });
    sizes.sum()
}
