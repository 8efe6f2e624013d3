//! Folders: where sockets lie, and how one with a crate in it is named.

use std::fs::Permissions;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

/// A Unix socket's path has room for 107 bytes (103 on macOS); our own part takes 40 of them.
const LONGEST: usize = 60;
/// Where folders are made if the system's own place will not do.
const ELSEWHERE: &str = "/tmp";

/// A new folder of mode 0700 for sockets, which goes with the value. It lies in the system's place
/// for temporary files, unless that makes a path too long for a socket, or has a space or what is no
/// text in it, which evcxr does not take, or cannot be written to.
///
/// # Errors
/// The system's.
pub fn socket_folder(prefix: &str) -> io::Result<TempDir> {
    let folder = |base: &Path| {
        tempfile::Builder::new()
            .prefix(prefix)
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in(base)
    };
    let base = std::env::temp_dir();
    let fits = is_plain(&base) && base.as_os_str().len() <= LONGEST && base.is_absolute();
    match fits.then(|| folder(&base)) {
        Some(Ok(folder)) => Ok(folder),
        _ => folder(Path::new(ELSEWHERE)),
    }
}

/// Whether evcxr takes a path as it is.
fn is_plain(path: &Path) -> bool {
    path.to_str().is_some() && !path.as_os_str().as_bytes().contains(&b' ')
}

/// The user's own folder for caches.
pub fn cache() -> Option<PathBuf> {
    let variable = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let cache = variable.filter(|folder| folder.is_absolute());
    cache.or_else(|| Some(std::env::home_dir()?.join(".cache")))
}

/// The command that has the cells depend on the crate in this folder.
pub fn dependency(name: &str, folder: &Path, features: &[&str]) -> String {
    let mut path = String::new();
    for c in folder.to_string_lossy().chars() {
        match c {
            '"' | '\\' => path.extend(['\\', c]),
            c if c.is_control() => path += &format!("\\u{:04X}", u32::from(c)),
            c => path.push(c),
        }
    }
    format!(":dep {name} = {{ path = \"{path}\", features = {features:?} }}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_named_as_toml_writes_it() {
        let named = dependency(
            "db",
            Path::new("/ho me/\"q\"/\\/e\u{301}\u{1b}/$x"),
            &["uuid"],
        );
        let expected = ":dep db = { path = \"/ho me/\\\"q\\\"/\\\\/e\u{301}\\u001B/$x\", features = [\"uuid\"] }";
        assert_eq!(named, expected);
    }
}
