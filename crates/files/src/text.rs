//! Files of text: opened, watched while they are read, and handed out as UTF-8 without their mark.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;
use std::sync::Arc;

use encoding_rs::{CoderResult, Decoder, DecoderResult, Encoding, UTF_8};

use crate::Error;

/// Bytes read at a time where they are decoded.
const CHUNK: usize = 1 << 16;

/// A line, or a record, beyond so many bytes is none: memory would grow with it.
pub(crate) const LONGEST: usize = 256 << 20;

/// Whether to go on, told bytes read so far. Asked once a block at least.
pub type GoOn = Arc<dyn Fn(u64) -> bool + Send + Sync>;

/// A text file without its byte order mark, as UTF-8.
pub(crate) struct Text {
    file: Watched,
    /// The first bytes, where they are no mark.
    start: Vec<u8>,
    decoding: Option<Decoding>,
    /// What was done to it.
    pub(crate) remark: Option<String>,
    /// What is handed out is what is in the file, all of it.
    pub(crate) plain: bool,
}

/// A file that is read for as long as somebody wants it.
struct Watched {
    file: File,
    read: u64,
    go_on: GoOn,
}

struct Decoding {
    decoder: Decoder,
    /// Bytes that are not decoded, from `at`.
    bytes: Vec<u8>,
    at: usize,
    /// Text that is not handed out, from `taken`.
    text: Vec<u8>,
    taken: usize,
    ended: bool,
}

impl Text {
    /// Opens a file in an encoding: the one that its mark says, else this one, else UTF-8.
    pub(crate) fn open(
        path: &Path,
        encoding: Option<&'static Encoding>,
        go_on: &GoOn,
    ) -> Result<Self, Error> {
        let mut file = Watched {
            file: open(path)?,
            read: 0,
            go_on: go_on.clone(),
        };
        let mut start = vec![0; 3];
        let mut count = 0;
        while count < start.len() {
            match file
                .read(&mut start[count..])
                .map_err(|error| failed(path, &error))?
            {
                0 => break,
                more => count += more,
            }
        }
        start.truncate(count);
        let marked = Encoding::for_bom(&start);
        if let Some((_, mark)) = marked {
            start.drain(..mark);
        }
        let remark = match marked {
            Some((told, _)) if told != UTF_8 => {
                Some(format!("The file is {} and was read as such.", told.name()))
            }
            _ => None,
        };
        let encoding = marked.map(|(told, _)| told).or(encoding).unwrap_or(UTF_8);
        let decoding = (encoding != UTF_8).then(|| Decoding {
            decoder: encoding.new_decoder_without_bom_handling(),
            bytes: std::mem::take(&mut start),
            at: 0,
            text: vec![0; 3 * CHUNK],
            taken: 3 * CHUNK,
            ended: false,
        });
        Ok(Text {
            file,
            start,
            plain: marked.is_none() && decoding.is_none(),
            decoding,
            remark,
        })
    }
}

impl Read for Text {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if let Some(decoding) = &mut self.decoding {
            return decoding.read(&mut self.file, to);
        }
        if self.start.is_empty() {
            return self.file.read(to);
        }
        let count = to.len().min(self.start.len());
        to[..count].copy_from_slice(&self.start[..count]);
        self.start.drain(..count);
        Ok(count)
    }
}

impl Read for Watched {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if !(self.go_on)(self.read) {
            return Err(io::Error::other(Stopped));
        }
        let count = self.file.read(to)?;
        self.read += count as u64;
        Ok(count)
    }
}

impl Decoding {
    fn read(&mut self, file: &mut Watched, to: &mut [u8]) -> io::Result<usize> {
        while self.taken == self.text.len() {
            if self.ended {
                return Ok(0);
            }
            self.decode(file)?;
        }
        let count = to.len().min(self.text.len() - self.taken);
        to[..count].copy_from_slice(&self.text[self.taken..self.taken + count]);
        self.taken += count;
        Ok(count)
    }

    fn decode(&mut self, file: &mut Watched) -> io::Result<()> {
        let left = self.bytes.len() - self.at;
        let mut last = false;
        if left < 4 {
            self.bytes.drain(..self.at);
            self.at = 0;
            self.bytes.resize(left + CHUNK, 0);
            let count = file.read(&mut self.bytes[left..])?;
            self.bytes.truncate(left + count);
            last = count == 0;
        }
        self.text.resize(3 * CHUNK, 0);
        let (result, read, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.bytes[self.at..],
            &mut self.text,
            last,
        );
        self.at += read;
        self.text.truncate(written);
        self.taken = 0;
        match result {
            DecoderResult::Malformed(..) => {
                let name = self.decoder.encoding().name();
                let before = file.read - (self.bytes.len() - self.at) as u64;
                let why = format!("what stands before byte {before} is no {name}");
                Err(io::Error::new(io::ErrorKind::InvalidData, why))
            }
            DecoderResult::InputEmpty => {
                self.ended = last;
                Ok(())
            }
            DecoderResult::OutputFull => Ok(()),
        }
    }
}

/// Nobody wants the file any more.
#[derive(Debug)]
struct Stopped;

impl fmt::Display for Stopped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("interrupted")
    }
}

impl std::error::Error for Stopped {}

/// Why a file could not be read on, in words.
pub(crate) fn failed(path: &Path, error: &io::Error) -> Error {
    match error.get_ref() {
        Some(inner) if inner.is::<Stopped>() => stopped(),
        _ => Error::io(path, error),
    }
}

pub(crate) fn stopped() -> Error {
    Error::new("interrupted; nothing was loaded")
}

/// Opens a file to read.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    let failed = |error| Error::io(path, &error);
    let found = std::fs::metadata(path).map_err(failed)?;
    if found.is_dir() {
        let what = format!("{} is a folder", path.display());
        return Err(Error::new(what).advise("Name a file in it."));
    }
    if found.file_type().is_fifo() {
        let what = format!("{} is a pipe, and a file is read twice", path.display());
        return Err(Error::new(what).advise("Have it written to a file first."));
    }
    File::open(path).map_err(failed)
}

/// The encoding that a user names.
///
/// # Errors
/// There is none of that name.
pub(crate) fn encoding(name: &str) -> Result<&'static Encoding, Error> {
    Encoding::for_label(name.as_bytes()).ok_or_else(|| {
        Error::new(format!("no encoding is called \"{name}\"")).advise(
            "Some that are: utf-8, utf-16le, latin1, windows-1252, windows-1251, iso-8859-2, \
             iso-8859-15, macintosh, shift_jis, gbk, big5, euc-kr.",
        )
    })
}

/// All of a text file, in the encoding that its mark says, else in the one of this name, else in
/// UTF-8.
///
/// # Errors
/// There is no encoding of that name, or the text is not in it: then its line is named.
pub fn decode(bytes: &[u8], name: Option<&str>) -> Result<String, Error> {
    let named = name.map(encoding).transpose()?;
    let (encoding, mark) = match Encoding::for_bom(bytes) {
        Some((told, mark)) => (told, mark),
        None => (named.unwrap_or(UTF_8), 0),
    };
    let bytes = bytes.get(mark..).unwrap_or_default();
    if encoding == UTF_8 {
        return match str::from_utf8(bytes) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => {
                let byte = bytes.get(error.valid_up_to()).copied().unwrap_or_default();
                let line = 1 + memchr::memchr_iter(b'\n', &bytes[..error.valid_up_to()]).count();
                Err(Error::new(format!("line {line}: {}", no_utf8(byte))))
            }
        };
    }
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let mut text = String::new();
    text.reserve(
        decoder
            .max_utf8_buffer_length(bytes.len())
            .unwrap_or(bytes.len()),
    );
    match decoder.decode_to_string(bytes, &mut text, true) {
        (CoderResult::InputEmpty, _, false) => Ok(text),
        _ => {
            let before = text.split('\u{fffd}').next().unwrap_or_default();
            let line = 1 + before.matches('\n').count();
            Err(Error::new(format!("line {line}: no {}", encoding.name())))
        }
    }
}

/// `the byte 0xe9 (é in Latin-1) makes the file no UTF-8`.
fn no_utf8(byte: u8) -> String {
    let latin = char::from(byte);
    let like = match latin.is_alphanumeric() {
        true => format!(" ({latin} in Latin-1)"),
        false => String::new(),
    };
    format!("the byte 0x{byte:02x}{like} makes the file no UTF-8")
}

pub(crate) fn not_utf8(path: &Path, line: u64, byte: u8) -> Error {
    Error::new(format!(
        "{}, line {line}: {}",
        path.display(),
        no_utf8(byte)
    ))
    .advise("Say what it is in, for example encoding=windows-1252 (which is Latin-1, too).")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn always() -> GoOn {
        Arc::new(|_| true)
    }

    fn read(bytes: &[u8], encoding: Option<&str>) -> io::Result<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, bytes).unwrap();
        let encoding = encoding.map(|name| super::encoding(name).unwrap());
        let mut text = String::new();
        let mut file = Text::open(&path, encoding, &always()).unwrap();
        file.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn utf16_is_read() {
        for big_endian in [false, true] {
            let unit = |unit: u16| match big_endian {
                true => unit.to_be_bytes(),
                false => unit.to_le_bytes(),
            };
            let text = "\u{feff}é,😀\n".repeat(50_000);
            let bytes: Vec<u8> = text.encode_utf16().flat_map(unit).collect();
            assert_eq!(read(&bytes, None).unwrap(), text[3..]);
            let name = if big_endian { "utf-16be" } else { "utf-16le" };
            assert_eq!(read(&bytes[2..], Some(name)).unwrap(), text[3..]);
            // Half a character at the end, and half a pair.
            assert!(read(&bytes[..bytes.len() - 1], None).is_err());
            assert!(read(&bytes[..bytes.len() - 4], None).is_err());
        }
    }

    #[test]
    fn other_encodings_are_read() {
        assert_eq!(read(b"caf\xe9 \x80", Some("latin1")).unwrap(), "café €");
        assert_eq!(read(b"\x83e", Some("shift_jis")).unwrap(), "テ");
        assert!(read(b"\x83", Some("shift_jis")).is_err());
        assert_eq!(read(b"\xef\xbb\xbfa", Some("latin1")).unwrap(), "a");
        assert_eq!(read(b"", Some("latin1")).unwrap(), "");
        assert!(encoding("latin-nine").is_err());
    }

    #[test]
    fn a_whole_text_is_decoded_or_its_line_named() {
        assert_eq!(decode(b"caf\xe9", Some("windows-1252")).unwrap(), "café");
        assert_eq!(decode("\u{feff}é".as_bytes(), None).unwrap(), "é");
        let error = decode(b"a\nb\ncaf\xe9", None).unwrap_err();
        assert_eq!(
            error.message,
            "line 3: the byte 0xe9 (é in Latin-1) makes the file no UTF-8"
        );
        let error = decode(b"a\n\x83", Some("shift_jis")).unwrap_err();
        assert_eq!(error.message, "line 2: no Shift_JIS");
    }

    #[test]
    fn reading_ends_where_nobody_wants_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.csv");
        std::fs::write(&path, vec![b'x'; 10 << 20]).unwrap();
        let go_on: GoOn = Arc::new(|read| read < 1 << 20);
        let mut text = Text::open(&path, None, &go_on).unwrap();
        let error = text.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(
            failed(&path, &error).message,
            "interrupted; nothing was loaded"
        );
    }
}
