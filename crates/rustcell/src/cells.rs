//! The processes of the cells: the filter, and below it the one that runs the user's code.

use std::sync::{Arc, Mutex, PoisonError};

use crate::system;

/// Knows the processes of a helper's cells, whenever they are started anew.
#[derive(Clone, Debug, Default)]
pub struct Cells(Arc<Mutex<Vec<u32>>>);

impl Cells {
    /// Whether this process runs the code of the cells, or was started by it. The compiler and the
    /// build scripts of crates are none.
    pub fn have(&self, process: u32) -> bool {
        if !cfg!(target_os = "linux") {
            // There is no telling.
            return true;
        }
        let own = self.processes();
        own.first()
            .is_some_and(|filter| system::descends(process, *filter))
    }

    pub(crate) fn are(&self, processes: &[u32]) {
        *self.lock() = processes.to_vec();
    }

    pub(crate) fn processes(&self) -> Vec<u32> {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
