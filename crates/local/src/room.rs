//! Whether a disk is full: from inside, PostgreSQL only sees that something cannot be written.

use std::path::Path;

use rustix::fs::statvfs;

/// PostgreSQL's log of changes grows by this much at a time, in bytes.
const NEEDED: u64 = 16 << 20;

/// What to say where the disk that a folder is on is full.
pub(crate) fn full(folder: &Path) -> Option<String> {
    let disk = statvfs(folder).ok()?;
    let full = disk.f_bavail.saturating_mul(disk.f_frsize) < NEEDED;
    full.then(|| {
        format!(
            "the disk of {} is full: make room there, or choose a folder on another disk",
            folder.display()
        )
    })
}
