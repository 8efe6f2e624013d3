//! What has been run, in this session and in earlier ones.
//!
//! The file holds one JSON object a line, and several kernels may append to it at once: each line
//! is written in one piece, under the lock of a file beside it, which also protects the rewriting
//! when the file has grown large. A thread owns it all, so that a slow disk stops nobody.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
#[cfg(unix)]
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::message::Access;

/// When there are more bytes of entries than this, …
const LARGE: usize = 4 << 20;
/// … the last ones are kept, up to this many bytes of them.
const KEPT: usize = 2 << 20;
/// Longer cells were made by programs; nobody looks for them in a history.
const LONGEST: usize = 256 << 10;
/// The characters that one search compares: five times the longest history. Patterns can be
/// made that would take hours.
const STEPS: usize = 20_000_000;
/// What may wait for the thread.
const QUEUE: usize = 1000;

/// One cell that has been run.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub(crate) struct Entry {
    pub(crate) session: i64,
    pub(crate) line: i64,
    pub(crate) input: String,
}

/// The handle of the history; clones share it.
#[derive(Clone)]
pub(crate) struct History {
    queue: SyncSender<Job>,
}

enum Job {
    Add { line: u32, input: String },
    Find(Access, oneshot::Sender<Vec<Entry>>),
}

impl History {
    /// Starts a history kept in `file`, or in memory only. It ends with its last handle.
    pub(crate) fn start(file: Option<PathBuf>) -> io::Result<Self> {
        let (queue, jobs) = sync_channel(QUEUE);
        std::thread::Builder::new()
            .name("history".into())
            .spawn(move || run(Book::open(file), &jobs))?;
        Ok(Self { queue })
    }

    /// Adds a cell of this session.
    pub(crate) fn add(&self, line: u32, input: &str) {
        let input = input.to_owned();
        if self.queue.try_send(Job::Add { line, input }).is_err() {
            log::warn!("a cell is missing from the history, its file is too slow");
        }
    }

    /// The entries asked for, oldest first.
    pub(crate) async fn find(&self, access: Access) -> Vec<Entry> {
        let (answer, wait) = oneshot::channel();
        if self.queue.try_send(Job::Find(access, answer)).is_err() {
            return Vec::new();
        }
        wait.await.unwrap_or_default()
    }
}

fn run(mut book: Book, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        match job {
            Job::Add { line, input } => book.add(i64::from(line), input),
            Job::Find(access, answer) => {
                book.refresh();
                // The front end may not wait any more.
                let _ = answer.send(book.find(&access));
            }
        }
    }
}

/// The entries, and the file they are kept in.
struct Book {
    file: Option<PathBuf>,
    entries: Vec<Entry>,
    /// The bytes of the entries, about.
    size: usize,
    /// Which file has been read, and up to where.
    read: (FileId, u64),
    session: i64,
}

impl Book {
    fn open(file: Option<PathBuf>) -> Self {
        let mut book = Book {
            file,
            entries: Vec::new(),
            size: 0,
            read: Default::default(),
            session: 1,
        };
        book.attempt(Self::begin);
        book
    }

    fn add(&mut self, line: i64, input: String) {
        if input.len() > LONGEST {
            return;
        }
        let entry = Entry {
            session: self.session,
            line,
            input,
        };
        self.attempt(|book, path| book.append(path, &entry));
        if self.file.is_none() {
            self.remember(entry);
            if self.size > LARGE {
                self.forget();
            }
        }
    }

    fn refresh(&mut self) {
        self.attempt(Self::read_on);
    }

    /// Does something with the file under its lock. Where that fails it goes on in memory: a
    /// history that can not be kept is no reason not to run cells.
    fn attempt(&mut self, act: impl FnOnce(&mut Self, &Path) -> io::Result<()>) {
        let Some(path) = self.file.clone() else {
            return;
        };
        let done = make_folder(&path).and_then(|()| {
            let _lock = lock(&path)?;
            act(self, &path)
        });
        if let Err(error) = done {
            let path = path.display();
            log::warn!("the history is kept in memory only, {path} can not be used: {error}");
            self.file = None;
        }
    }

    /// Takes the next session's number. An entry of line 0 claims it, since it may be long until
    /// this session runs anything.
    fn begin(&mut self, path: &Path) -> io::Result<()> {
        self.read_on(path)?;
        let last = self.entries.iter().map(|entry| entry.session).max();
        self.session = last.unwrap_or(0).clamp(0, i64::MAX - 1) + 1;
        let claim = Entry {
            session: self.session,
            line: 0,
            input: String::new(),
        };
        self.append(path, &claim)
    }

    fn append(&mut self, path: &Path, entry: &Entry) -> io::Result<()> {
        let mut file = options().append(true).open(path)?;
        file.write_all(&line_of(entry)?)?;
        drop(file);
        self.read_on(path)?;
        if self.size > LARGE {
            self.forget();
            self.rewrite(path)?;
        }
        Ok(())
    }

    /// Reads what has been added since the last time, by whomever.
    fn read_on(&mut self, path: &Path) -> io::Result<()> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let found = file.metadata()?;
        let (id, mut start) = (file_id(&found), self.read.1);
        if id != self.read.0 || found.len() < start {
            // Another kernel has rewritten it.
            self.entries.clear();
            self.size = 0;
            start = 0;
        }
        file.seek(SeekFrom::Start(start))?;
        let mut added = Vec::new();
        file.read_to_end(&mut added)?;
        self.read = (id, start + added.len() as u64);
        // Lines that are none of ours (cut off by a full disk) are passed over.
        for line in added.split(|byte| *byte == b'\n') {
            if let Ok(entry) = serde_json::from_slice(line) {
                self.remember(entry);
            }
        }
        Ok(())
    }

    fn rewrite(&mut self, path: &Path) -> io::Result<()> {
        let fresh = beside(path, "new");
        let mut file = options().write(true).truncate(true).open(&fresh)?;
        for entry in &self.entries {
            file.write_all(&line_of(entry)?)?;
        }
        file.sync_all()?;
        self.read = (file_id(&file.metadata()?), file.stream_position()?);
        std::fs::rename(&fresh, path)
    }

    fn remember(&mut self, entry: Entry) {
        self.size += size_of(&entry);
        self.entries.push(entry);
    }

    fn forget(&mut self) {
        let mut dropped = 0;
        let oldest = self.entries.iter().take_while(|entry| {
            let more = self.size - dropped > KEPT;
            dropped += size_of(entry);
            more
        });
        let oldest = oldest.count();
        self.entries.drain(..oldest);
        self.size = self.entries.iter().map(size_of).sum();
    }

    fn find(&self, access: &Access) -> Vec<Entry> {
        let cells = self.entries.iter().filter(|entry| entry.line > 0);
        match access {
            Access::Tail { n } => last(cells.collect(), *n),
            Access::Range {
                session,
                start,
                stop,
            } => {
                let session = match session {
                    ..=0 => self.session + session,
                    _ => *session,
                };
                let stop = stop.unwrap_or(i64::MAX);
                cells
                    .filter(|entry| entry.session == session)
                    .filter(|entry| (*start..stop).contains(&entry.line))
                    .cloned()
                    .collect()
            }
            Access::Search { n, pattern, unique } => {
                let pattern = pattern.as_deref().unwrap_or("*");
                let mut steps = STEPS;
                // The newest first, should it have to end before the last.
                let cells = cells.rev();
                let mut found: Vec<_> = cells
                    .filter(|entry| matches(pattern, &entry.input, &mut steps))
                    .collect();
                if *unique {
                    let mut seen = HashSet::new();
                    found.retain(|entry| seen.insert(&entry.input));
                }
                found.reverse();
                last(found, *n)
            }
        }
    }
}

/// The last `n` of the entries, or all.
fn last(mut entries: Vec<&Entry>, n: Option<i64>) -> Vec<Entry> {
    let n = n.map_or(entries.len(), |n| usize::try_from(n).unwrap_or(0));
    let skipped = entries.len().saturating_sub(n);
    entries.drain(skipped..).cloned().collect()
}

/// Whether all of `text` matches `pattern`, where `*` is anything and `?` is any one character.
/// Brackets are themselves: front ends put a star behind what was typed, and escape nothing. Each
/// comparison takes one of `steps`; nothing matches when there are none left.
fn matches(pattern: &str, text: &str, steps: &mut usize) -> bool {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // Where to go on when the last star has to take one more character.
    let mut retry = None;
    loop {
        match steps.checked_sub(1) {
            Some(left) => *steps = left,
            None => return false,
        }
        let before = (pattern.clone(), text.clone());
        match (pattern.next(), text.next()) {
            (None, None) => return true,
            (Some('*'), _) => {
                text = before.1;
                retry = Some((pattern.clone(), text.clone()));
            }
            (Some('?'), Some(_)) => {}
            (Some(wanted), Some(found)) if wanted == found => {}
            _ => {
                let Some((after_star, mut from)) = retry.take() else {
                    return false;
                };
                if from.next().is_none() {
                    return false;
                }
                (pattern, text) = (after_star.clone(), from.clone());
                retry = Some((after_star, from));
            }
        }
    }
}

fn size_of(entry: &Entry) -> usize {
    entry.input.len() + 40
}

fn line_of(entry: &Entry) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    Ok(line)
}

/// Tells a file from the one that another kernel has put in its place.
type FileId = u64;

#[cfg(unix)]
fn file_id(metadata: &Metadata) -> FileId {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn file_id(_: &Metadata) -> FileId {
    0 // there, only the length tells
}

fn make_folder(path: &Path) -> io::Result<()> {
    let Some(folder) = path.parent() else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    builder.mode(0o700);
    builder.create(folder)
}

/// Waits for the other kernels of this user; held until dropped.
fn lock(path: &Path) -> io::Result<File> {
    let file = options().write(true).open(beside(path, "lock"))?;
    file.lock()?;
    Ok(file)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Files are made for their owner alone.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true);
    #[cfg(unix)]
    options.mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    struct Folder(PathBuf);

    impl Folder {
        fn new() -> Self {
            Folder(std::env::temp_dir().join(format!("history-{}", uuid::Uuid::new_v4())))
        }

        fn book(&self) -> Book {
            Book::open(Some(self.0.join("kept").join("history.jsonl")))
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            std::fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn inputs(entries: &[Entry]) -> Vec<&str> {
        entries.iter().map(|entry| entry.input.as_str()).collect()
    }

    fn search(pattern: &str, n: Option<i64>, unique: bool) -> Access {
        Access::Search {
            n,
            pattern: Some(pattern.into()),
            unique,
        }
    }

    #[test]
    fn earlier_sessions_and_kernels_beside_are_found() {
        let folder = Folder::new();
        let mut first = folder.book();
        first.add(1, "one".into());
        let mut second = folder.book();
        first.add(2, "two".into());
        second.add(1, "three".into());
        second.refresh();
        first.refresh();
        assert_eq!((first.session, second.session), (1, 2));
        assert_eq!(first.entries, second.entries);
        let tail = second.find(&Access::Tail { n: Some(2) });
        assert_eq!(inputs(&tail), ["two", "three"]);
        let range = |session, start, stop| Access::Range {
            session,
            start,
            stop,
        };
        assert_eq!(inputs(&second.find(&range(0, 0, None))), ["three"]);
        assert_eq!(inputs(&second.find(&range(-1, 2, None))), ["two"]);
        assert_eq!(inputs(&second.find(&range(1, 1, Some(2)))), ["one"]);
    }

    #[test]
    fn a_search_takes_patterns_and_leaves_duplicates_out_on_demand() {
        let mut book = Book::open(None);
        for (line, input) in ["select 1", "select 2", "insert", "select 1"]
            .iter()
            .enumerate()
        {
            book.add(line as i64 + 1, (*input).into());
        }
        let found = book.find(&search("select*", None, false));
        assert_eq!(inputs(&found), ["select 1", "select 2", "select 1"]);
        let found = book.find(&search("select*", None, true));
        assert_eq!(inputs(&found), ["select 2", "select 1"]);
        let found = book.find(&search("*", Some(2), false));
        assert_eq!(inputs(&found), ["insert", "select 1"]);
        assert!(book.find(&search("*", Some(-1), false)).is_empty());
    }

    #[test]
    fn patterns() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("a*b*c", "a_b_b_c", true),
            ("a?c", "aéc", true),
            ("a?c", "ac", false),
            ("select a[1]*", "select a[1] from t", true),
            ("*one*two", "one two\none two", true),
            ("abc", "ab", false),
        ] {
            let found = matches(pattern, text, &mut 100);
            assert_eq!(found, expected, "{pattern:?} {text:?}");
        }
    }

    #[test]
    fn a_search_that_would_take_hours_ends_and_finds_the_newest() {
        let mut book = Book::open(None);
        for line in 1..=10 {
            book.add(line, "a".repeat(200_000) + "c");
        }
        book.add(11, "an end".into());
        let pattern = format!("*{}d", "a".repeat(100_000));
        assert!(book.find(&search(&pattern, None, false)).is_empty());
        let mut steps = STEPS;
        assert!(!matches(&pattern, &"a".repeat(200_000), &mut steps));
        assert_eq!(steps, 0);
        let found = book.find(&search("a*", Some(1), true));
        assert_eq!(inputs(&found), ["an end"]);
    }

    #[test]
    fn a_large_file_is_shortened_and_foreign_lines_are_passed_over() {
        let folder = Folder::new();
        let mut book = folder.book();
        let path = book.file.clone().unwrap();
        let long = "x".repeat(100_000);
        for line in 1..=45 {
            book.add(line, long.clone());
        }
        let mut file = OpenOptions::new().append(true).open(&path).unwrap();
        file.write_all(b"{\"cut\": \n\xff\n\n").unwrap();
        let mut next = folder.book();
        next.add(1, "kept".into());
        assert!(path.metadata().unwrap().len() < LARGE as u64);
        assert_eq!(next.session, 2);
        let tail = next.find(&Access::Tail { n: Some(2) });
        assert_eq!(inputs(&tail), [long.as_str(), "kept"]);
        // The kernel that runs beside it finds another file, and all that is in it.
        let before = book.entries.len();
        for line in 2..=45 {
            next.add(line, long.clone());
        }
        book.add(46, "beside".into());
        next.refresh();
        assert_eq!(book.entries, next.entries);
        assert!(book.entries.len() < before + 45);
    }

    #[cfg(unix)]
    #[test]
    fn the_history_is_for_its_owner_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = Folder::new();
        let path = folder.book().file.unwrap();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
    }

    #[test]
    fn without_its_file_it_goes_on_in_memory() {
        let mut book = Book::open(Some("/dev/null/history".into()));
        book.add(1, "one".into());
        assert_eq!(inputs(&book.find(&Access::Tail { n: None })), ["one"]);
    }
}
