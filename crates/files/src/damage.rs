//! What a damaged file does to those who read it. The readers of columns believe what a file says of
//! itself and panic where it is not so: that is an error of the file, and none of the program.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;

use crate::Error;

thread_local! {
    /// Whether this thread reads a file, and who panics is heard here.
    static READING: Cell<bool> = const { Cell::new(false) };
}

/// Reads some of a file; a panic is an error.
pub(crate) fn heard<T>(path: &Path, read: impl FnOnce() -> Result<T, Error>) -> Result<T, Error> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            // What is told as an error is not printed, too.
            if !READING.get() {
                before(panic);
            }
        }));
    });
    let outer = READING.replace(true);
    let done = panic::catch_unwind(AssertUnwindSafe(read));
    READING.set(outer);
    done.unwrap_or_else(|panic| {
        Err(
            Error::new(format!("{} is damaged: {}", path.display(), words(&*panic)))
                .advise("Nothing was loaded. Have the file written or fetched again."),
        )
    })
}

/// What a panic says.
fn words(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("it cannot be read")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        let at = |index: usize| Ok(["a"][index]);
        let path = Path::new("a.parquet");
        assert_eq!(heard(path, || at(std::hint::black_box(0))), Ok("a"));
        let error = heard(path, || at(std::hint::black_box(7))).err();
        let message = error.map(|error| error.message).unwrap_or_default();
        assert_eq!(
            message,
            "a.parquet is damaged: index out of bounds: the len is 1 but the index is 7"
        );
    }
}
