//! The data folder: whose it is, how a new one is filled, and what a killed server left in it.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::Error;
use crate::scratch::LOCK_FILE;

/// The version of the databases that `pglite-oxide` reads and writes.
const VERSION: &str = "17";

/// Where a new database grows until it is whole.
const UNFINISHED: &str = "rowcell.new";

/// Makes the folder where it is missing, and looks whether it is empty or holds a database of ours.
/// A folder that is neither is left as it was.
///
/// # Errors
/// [`Error::NotADatabase`], [`Error::OtherServer`], or what the operating system refuses.
pub(crate) fn admit(folder: &Path) -> Result<(), Error> {
    let failed = || Error::io("open the folder", folder);
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(failed())?;
    let ours = folder.join(LOCK_FILE).exists();
    match fs::read_to_string(folder.join("PG_VERSION")) {
        Ok(version) if ours && version.trim() == VERSION => return Ok(()),
        Ok(version) => {
            return Err(Error::OtherServer {
                folder: folder.to_path_buf(),
                version: version.trim().to_owned(),
            });
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed()(error)),
    }
    // What a process left that was killed while it created the database is as good as empty.
    if ours && folder.join(UNFINISHED).exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).map_err(failed())? {
        if entry.map_err(failed())?.file_name() != LOCK_FILE {
            return Err(Error::NotADatabase {
                folder: folder.to_path_buf(),
            });
        }
    }
    Ok(())
}

/// Fills an empty folder with a new database; one that holds a database already is tidied up.
pub(crate) fn prepare(folder: &Path, scratch: &Path) -> Result<(), Error> {
    if folder.join("PG_VERSION").exists() {
        tidy(folder);
        return Ok(());
    }
    create(folder, scratch).map_err(|error| {
        // It would take the room that was missing.
        let _ = fs::remove_dir_all(folder.join(UNFINISHED));
        Error::io("create a database in", folder)(error)
    })
}

/// Unpacks the new database that `pglite-oxide` carries.
///
/// `pglite-oxide` itself would keep only what differs from its cached original, so that the folder
/// would be worth nothing without that cache.
fn create(folder: &Path, scratch: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    let original = pglite_oxide::build_pgdata_template(scratch).map_err(io::Error::other)?;
    let unfinished = folder.join(UNFINISHED);
    if unfinished.exists() {
        fs::remove_dir_all(&unfinished)?;
    }
    let archive = zstd::Decoder::new(File::open(&original.archive_path)?)?;
    tar::Archive::new(archive).unpack(&unfinished)?;
    fs::remove_file(&original.archive_path)?;
    fs::remove_file(&original.manifest_path)?;
    // PG_VERSION last: a folder that has it has everything.
    let mut names = Vec::new();
    for entry in fs::read_dir(&unfinished)? {
        names.push(entry?.file_name());
    }
    names.sort_by_key(|name| name == "PG_VERSION");
    for name in names {
        let target = folder.join(&name);
        if target.is_dir() {
            fs::remove_dir_all(&target)?;
        }
        fs::rename(unfinished.join(&name), target)?;
    }
    fs::remove_dir(&unfinished)
}

/// Removes the files of sorts and temporary tables that a killed server left. A PostgreSQL server
/// does so when it starts; the embedded one does not. What cannot be removed only takes room.
fn tidy(folder: &Path) {
    for file in files(&folder.join("base/pgsql_tmp")) {
        let _ = fs::remove_file(file);
    }
    for database in files(&folder.join("base")) {
        for file in files(&database) {
            if file
                .file_name()
                .and_then(|name| name.to_str())
                .is_some_and(is_temporary_relation)
            {
                let _ = fs::remove_file(file);
            }
        }
    }
}

fn files(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

/// `t<backend>_<relation>`, with a fork or a segment behind it, as PostgreSQL names the files of temporary tables.
fn is_temporary_relation(name: &str) -> bool {
    name.strip_prefix('t')
        .and_then(|rest| rest.split_once('_'))
        .is_some_and(|(backend, relation)| {
            !backend.is_empty()
                && backend.bytes().all(|byte| byte.is_ascii_digit())
                && relation.starts_with(|first: char| first.is_ascii_digit())
        })
}

/// Writes everything that was written to the folder through to the disk.
///
/// `pglite-oxide` answers PostgreSQL's requests for this without passing them on, so that it is done
/// here, after a clean end.
pub(crate) fn sync(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        match entry.file_type()? {
            kind if kind.is_dir() => sync(&entry.path())?,
            kind if kind.is_file() => File::open(entry.path())?.sync_all()?,
            _ => {}
        }
    }
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::is_temporary_relation;

    #[test]
    fn knows_the_files_of_temporary_tables() {
        for name in ["t0_16384", "t3_16384_fsm", "t12_16384.1"] {
            assert!(is_temporary_relation(name), "{name}");
        }
        for name in [
            "16384",
            "t_16384",
            "t3",
            "t3_",
            "table_1",
            "pg_internal.init",
        ] {
            assert!(!is_temporary_relation(name), "{name}");
        }
    }
}
