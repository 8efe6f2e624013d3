//! The spool: results kept for the cells after them, the small ones in memory, the others on disk.
//!
//! A result's rows are kept as the server sent them. They go to a file without a name, which
//! nobody else can open and which ends with the result or with the kernel, however that ends. All
//! files together have a cap: the oldest results without a name make room; the current one and
//! those with a name stay, and what does not fit is counted, not kept.

mod kept;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use display::Problem;

pub(crate) use self::kept::Kept;
pub(crate) use self::writer::{About, Writer};
use crate::environment::variable;
use crate::nearest::nearest;
use crate::session::lock;

/// The setting for the cap.
const VARIABLE: &str = "ROWCELL_SPOOL";
/// What all files together may hold, where nothing else is set.
const CAP: u64 = 2 << 30;
/// Results without a name beyond so many go, oldest first …
const MOST: usize = 100;
/// … and those that together hold more than so many bytes in memory.
const MEMORY: usize = 16 << 20;

/// The results kept so far of a notebook. Clones share them.
#[derive(Clone)]
pub(crate) struct Results(Arc<Shelf>);

struct Shelf {
    folder: PathBuf,
    cap: u64,
    /// What was wrong with the setting for the cap.
    complaint: Option<String>,
    /// Bytes on disk, of results that are not kept any more but still read, too.
    used: Arc<AtomicU64>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// In the order in which they came.
    kept: Vec<Arc<Kept>>,
    /// How many have come.
    count: u64,
}

/// A part of the cap, given back when dropped.
struct Share {
    used: Arc<AtomicU64>,
    bytes: u64,
}

impl Results {
    /// Nothing kept yet; folder and cap as the environment says.
    pub(crate) fn new() -> Self {
        let (cap, complaint) = match variable(VARIABLE) {
            None => (CAP, None),
            Some(text) => match bytes(&text) {
                Some(cap) => (cap, None),
                None => {
                    let why = format!("{VARIABLE} is \"{text}\", no size such as 512MiB or 8GiB");
                    (CAP, Some(why))
                }
            },
        };
        Results::with(folder(), cap, complaint)
    }

    fn with(folder: PathBuf, cap: u64, complaint: Option<String>) -> Self {
        Results(Arc::new(Shelf {
            folder,
            cap,
            complaint,
            used: Arc::default(),
            inner: Mutex::default(),
        }))
    }

    /// The last result.
    pub(crate) fn latest(&self) -> Result<Arc<Kept>, Problem> {
        let inner = lock(&self.0.inner);
        let latest = inner.kept.last().cloned();
        latest.ok_or_else(|| failed("there is no result yet: run a query first"))
    }

    /// The result of this name, or of this number.
    pub(crate) fn named(&self, name: &str) -> Result<Arc<Kept>, Problem> {
        let kept = self.list();
        let found = kept.iter().rev().find(|kept| kept.is(name));
        found.cloned().ok_or_else(|| {
            let names = kept.iter().filter_map(|kept| kept.name.as_deref());
            let hint = match nearest(name, names) {
                Some(near) => format!("did you mean {near}?"),
                None => "%results lists those there are, %%sql --as NAME keeps one".into(),
            };
            failed(format!("no result is kept as \"{name}\"; {hint}"))
        })
    }

    /// The one that is named, else the last.
    pub(crate) fn from(&self, name: Option<&str>) -> Result<Arc<Kept>, Problem> {
        match name {
            Some(name) => self.named(name),
            None => self.latest(),
        }
    }

    /// All of them, oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<Kept>> {
        lock(&self.0.inner).kept.clone()
    }

    /// Forgets all of them.
    pub(crate) fn clear(&self) {
        lock(&self.0.inner).kept.clear();
    }

    /// Bytes on disk.
    pub(crate) fn used(&self) -> u64 {
        self.0.used.load(Ordering::Relaxed)
    }

    pub(crate) fn cap(&self) -> u64 {
        self.0.cap
    }

    pub(crate) fn folder(&self) -> &Path {
        &self.0.folder
    }

    pub(crate) fn complaint(&self) -> Option<&str> {
        self.0.complaint.as_deref()
    }

    /// Takes in a result, which is the last one now, in place of one of the same name.
    fn keep(&self, mut result: Kept) -> Arc<Kept> {
        let mut inner = lock(&self.0.inner);
        inner.count += 1;
        result.number = inner.count;
        if result.name.is_some() {
            inner.kept.retain(|kept| kept.name != result.name);
        }
        while inner.is_too_much(result.memory()) && inner.drop_oldest(|_| true) {}
        let result = Arc::new(result);
        inner.kept.push(result.clone());
        result
    }

    /// Adds to a share of the cap; the oldest results make room. False when there is none.
    fn claim(&self, share: &mut Share, bytes: u64) -> bool {
        let mut inner = lock(&self.0.inner);
        while self.used() + bytes > self.0.cap {
            // One that is being read would give nothing back.
            if !inner.drop_oldest(|kept| kept.is_on_disk() && Arc::strong_count(kept) == 1) {
                return false;
            }
        }
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
        share.bytes += bytes;
        true
    }

    fn share(&self) -> Share {
        Share {
            used: self.0.used.clone(),
            bytes: 0,
        }
    }
}

impl Inner {
    /// Whether there is no place for one more result, of so many bytes in memory.
    fn is_too_much(&self, more: usize) -> bool {
        let unnamed = self.kept.iter().filter(|kept| kept.name.is_none()).count();
        let memory: usize = self.kept.iter().map(|kept| kept.memory()).sum();
        unnamed >= MOST || memory + more > MEMORY
    }

    /// Forgets the oldest result without a name that is so; false where there is none.
    fn drop_oldest(&mut self, is_so: impl Fn(&Arc<Kept>) -> bool) -> bool {
        let mut kept = self.kept.iter();
        let oldest = kept.position(|kept| kept.name.is_none() && is_so(kept));
        oldest.map(|oldest| self.kept.remove(oldest)).is_some()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

fn failed(why: impl Into<String>) -> Problem {
    Problem::new("command_error", why)
}

/// Where temporary files go that may be large: `/tmp` may be memory.
fn folder() -> PathBuf {
    let large = Path::new("/var/tmp");
    match variable("TMPDIR") {
        Some(folder) => folder.into(),
        None if large.is_dir() => large.into(),
        None => std::env::temp_dir(),
    }
}

/// A size in words: `2 GiB`, `512 MB`, a bare number of bytes.
fn bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit: u64 = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests;
