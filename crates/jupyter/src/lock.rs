//! Locks of plain data, which no panic can leave half done.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks it, also where somebody has panicked with it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
