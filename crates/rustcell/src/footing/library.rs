//! The footing: what runs of ours in the process of the cells. A crate of its own, so that it is
//! compiled once; whoever starts the process calls [`lay`] before the first cell.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::panic::{self, PanicHookInfo};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

/// Calls the filter, tells it of panics of this thread, and empties the buffer of standard output
/// when it asks for that.
pub fn lay() {
    let path = std::env::var_os("ROWCELL_CELLS").unwrap_or_default();
    let Ok(door) = UnixStream::connect(path) else {
        return;
    };
    let Ok(says) = door.try_clone() else {
        return;
    };
    let says = Arc::new(Mutex::new(says));
    tell_of_panics(Arc::clone(&says));
    thread::spawn(move || flush_on_request(door, &says));
}

fn tell_of_panics(says: Arc<Mutex<UnixStream>>) {
    let cells = thread::current().id();
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if thread::current().id() != cells {
            return usual(panic);
        }
        let text = describe(panic);
        let mut bytes = vec![b'p'];
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        let _ = say(&says, &bytes);
    }));
}

/// File, line, column and message, with NUL between them.
fn describe(panic: &PanicHookInfo<'_>) -> String {
    let (file, line, column) = match panic.location() {
        Some(place) => (place.file(), place.line(), place.column()),
        None => ("", 0, 0),
    };
    let payload = panic.payload();
    let message = match (payload.downcast_ref::<&str>(), payload.downcast_ref::<String>()) {
        (Some(text), _) => text,
        (_, Some(text)) => text.as_str(),
        _ => "a value that is no text",
    };
    let message: String = message.chars().take(10_000).collect();
    format!("{file}\0{line}\0{column}\0{message}")
}

fn flush_on_request(mut door: UnixStream, says: &Mutex<UnixStream>) {
    let mut request = [0];
    while matches!(door.read(&mut request), Ok(1)) {
        let _ = io::stdout().flush();
        if say(says, b"f").is_err() {
            break;
        }
    }
}

fn say(says: &Mutex<UnixStream>, bytes: &[u8]) -> io::Result<()> {
    let mut says = says.lock().unwrap_or_else(PoisonError::into_inner);
    says.write_all(bytes)
}
