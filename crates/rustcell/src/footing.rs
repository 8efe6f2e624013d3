//! The footing: code of ours that runs in the process of the cells. It sees what only Rust itself
//! knows there: panics with their places, and the buffer of standard output. It is a crate that is
//! written where the cells are compiled.

use std::fs;
use std::io;
use std::path::Path;

use crate::message::Fault;
use crate::places::dependency;

/// The environment variable with the socket that the footing calls.
pub(crate) const DOOR: &str = "ROWCELL_CELLS";

const FILES: [(&str, &str); 2] = [
    (
        "Cargo.toml",
        "[package]\nname = \"rowcell-footing\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
    ),
    ("src/lib.rs", include_str!("footing/library.rs")),
];

/// Writes the crate into this folder, and gives the commands and the code for a cell to begin with.
///
/// # Errors
/// It cannot be written.
pub(crate) fn unpack(folder: &Path) -> io::Result<(String, String)> {
    let folder = folder.join("footing");
    fs::create_dir_all(folder.join("src"))?;
    for (name, text) in FILES {
        let file = folder.join(name);
        // As it was, cargo takes it for unchanged.
        if fs::read_to_string(&file).is_ok_and(|before| before == text) {
            continue;
        }
        fs::write(file, text)?;
    }
    let commands = dependency("rowcell-footing", &folder, &[]);
    Ok((commands, "rowcell_footing::lay();".to_owned()))
}

/// Has the buffer of standard output emptied; answered with the same.
pub(crate) const FLUSH: &[u8] = b"f";

/// A panic: then the length of what follows in four bytes, little end first, and that: file, line, column
/// and message, with NUL between them.
const PANIC: u8 = b'p';

/// What the footing says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    Flushed,
    Panicked(Fault),
}

/// Puts together what was read in pieces.
#[derive(Debug, Default)]
pub(crate) struct Reader(Vec<u8>);

impl Reader {
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Vec<Said> {
        self.0.extend_from_slice(bytes);
        std::iter::from_fn(|| self.next()).collect()
    }

    fn next(&mut self) -> Option<Said> {
        let (said, length) = match self.0.split_first()? {
            (&PANIC, rest) => {
                let (length, rest) = rest.split_first_chunk::<4>()?;
                let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
                (Said::Panicked(panic(rest.get(..length)?)), 5 + length)
            }
            _ => (Said::Flushed, 1),
        };
        self.0.drain(..length);
        Some(said)
    }
}

fn panic(text: &[u8]) -> Fault {
    let text = String::from_utf8_lossy(text);
    let mut parts = text.splitn(4, '\0');
    let mut part = || parts.next().unwrap_or_default().to_owned();
    let (file, line, column) = (part(), part(), part());
    Fault::Panic {
        message: part(),
        file,
        line: line.parse().unwrap_or_default(),
        column: column.parse().unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_pieces_is_put_together() {
        let text = b"src/lib.rs\x0012\x005\0one\ntwo";
        let mut bytes = vec![b'f', PANIC];
        bytes.extend(u32::try_from(text.len()).unwrap_or_default().to_le_bytes());
        bytes.extend(text);
        bytes.push(b'f');
        let panicked = Said::Panicked(Fault::Panic {
            message: "one\ntwo".into(),
            file: "src/lib.rs".into(),
            line: 12,
            column: 5,
        });
        let mut reader = Reader::default();
        let said: Vec<_> = bytes
            .iter()
            .flat_map(|byte| reader.feed(&[*byte]))
            .collect();
        assert_eq!(said, [Said::Flushed, panicked, Said::Flushed]);
    }
}
