//! A file that is written beside its place and put there when it is whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

use rustix::fs::{OFlags, fcntl_setfl};
use rustix::io::Errno;

use crate::Error;

/// A file on its way. Until [`Output::keep`], what was at its place before is untouched; dropped
/// before that, nothing of it stays. What is no ordinary file (a device, a pipe) is written as it is.
#[derive(Debug)]
pub struct Output {
    file: File,
    /// As the user named it.
    path: PathBuf,
    /// Where it is written until it is whole, and its place.
    moves: Option<(PathBuf, PathBuf)>,
    written: u64,
}

impl Output {
    /// Begins a file.
    ///
    /// # Errors
    /// The path is a folder, or cannot be written.
    pub fn create(path: &Path) -> Result<Self, Error> {
        let failed = |error: io::Error| Error::io(path, &error);
        let before = match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                let what = format!("{} is a folder", path.display());
                return Err(Error::new(what).advise("Name a file in it."));
            }
            Ok(found) => {
                // A file that may not be written is not to be replaced either. And a pipe that
                // nobody reads is not waited for.
                let opened = OpenOptions::new()
                    .append(true)
                    .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
                    .open(path);
                let file = match opened {
                    Err(error) if error.raw_os_error() == Some(Errno::NXIO.raw_os_error()) => {
                        let what = format!("{} is a pipe that nobody reads", path.display());
                        return Err(Error::new(what).advise("Start its reader first."));
                    }
                    opened => opened.map_err(failed)?,
                };
                fcntl_setfl(&file, OFlags::APPEND).map_err(|error| failed(error.into()))?;
                if !found.is_file() {
                    return Ok(Output {
                        file,
                        path: path.to_owned(),
                        moves: None,
                        written: 0,
                    });
                }
                Some(found)
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        // A link stays a link: what it leads to is replaced.
        let place = match before {
            Some(_) => fs::canonicalize(path).map_err(failed)?,
            None => path.to_owned(),
        };
        let (file, temporary) = beside(&place).map_err(failed)?;
        let output = Output {
            file,
            path: path.to_owned(),
            moves: Some((temporary, place)),
            written: 0,
        };
        if let Some(before) = before {
            // Only root may give a file away, and only root needs to: a file of one's own stays
            // one's own. Permissions come after it, for it takes some of them away.
            let _ = fchown(&output.file, Some(before.uid()), Some(before.gid()));
            let permissions = before.permissions();
            output.file.set_permissions(permissions).map_err(failed)?;
        }
        Ok(output)
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// As the user named it.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a file, writes all of it, and puts it at its place.
    ///
    /// # Errors
    /// The path is a folder, or cannot be written: what was there before is untouched.
    pub fn write_whole(path: &Path, data: &[u8]) -> Result<(), Error> {
        let mut output = Output::create(path)?;
        let written = output.write_all(data);
        written.map_err(|error| output.failed(&error))?;
        output.keep().map(drop)
    }

    /// Puts the whole file at its place; answers its size in bytes.
    ///
    /// # Errors
    /// It cannot be put there.
    pub fn keep(mut self) -> Result<u64, Error> {
        if let Some((temporary, place)) = &self.moves {
            // Some disks say only here that they are full; and after a power failure there is
            // either file, not an empty one.
            let on_disk = self.file.sync_all();
            on_disk.map_err(|error| Error::io(&self.path, &error))?;
            fs::rename(temporary, place).map_err(|error| Error::io(&self.path, &error))?;
            self.moves = None;
        }
        Ok(self.written)
    }

    /// The error of a write that failed, in words.
    pub fn failed(&self, error: &io::Error) -> Error {
        Error::io(&self.path, error)
    }
}

/// A new file in the same folder, so that putting it at its place is one step.
fn beside(place: &Path) -> io::Result<(File, PathBuf)> {
    let name = place.file_name().unwrap_or_default().to_string_lossy();
    for number in 0.. {
        // A long name leaves room for what is added to it.
        let name: String = name.chars().take(50).collect();
        let unique = format!(".{name}.{}-{number}.part", std::process::id());
        let temporary = place.with_file_name(unique);
        match OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
        {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && number < 1000 => {}
            opened => return opened.map(|file| (file, temporary)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

impl Write for Output {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        let count = self.file.write(data)?;
        self.written += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if let Some((temporary, _)) = &self.moves {
            // Nothing can be done about a file that will not go.
            let _ = fs::remove_file(temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_file_is_there_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let mut output = Output::create(&path).unwrap();
        output.write_all(b"half").unwrap();
        assert!(!path.exists());
        drop(output);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);

        fs::write(&path, "before").unwrap();
        let mut output = Output::create(&path).unwrap();
        output.write_all(b"after").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "before");
        assert_eq!(output.keep().unwrap(), 5);
        assert_eq!(fs::read_to_string(&path).unwrap(), "after");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn places_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let check = |path: &Path, expected: &str| {
            let error = Output::create(path).unwrap_err();
            assert!(error.message.ends_with(expected), "{error}");
        };
        check(folder.path(), "is a folder");
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        check(&pipe, "is a pipe that nobody reads");
        check(&folder.path().join("no/a.csv"), "No such file or directory");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        check(&file.join("a.csv"), "Not a directory");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "before").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        let mut output = Output::create(&link).unwrap();
        output.write_all(b"after").unwrap();
        output.keep().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "after");
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );

        let mut full = Output::create(Path::new("/dev/full")).unwrap();
        let error = full.write_all(b"x").unwrap_err();
        assert!(
            full.failed(&error)
                .message
                .contains("No space left on device")
        );
    }
}
