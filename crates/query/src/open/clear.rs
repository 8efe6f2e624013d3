//! Keeps a password from being sent in clear to a distant host.
//!
//! The driver answers a request for a cleartext password by itself; so the request is caught before
//! the driver reads it. The other ways to authenticate do not show the password to who listens.

use std::io;

/// Listens to what a server says until it has let the user in.
pub(crate) struct ClearWatch {
    /// The message's type, its length, and the first number in it.
    head: [u8; 9],
    known: usize,
    /// Bytes of the message that say nothing.
    skip: usize,
    over: bool,
}

impl ClearWatch {
    pub(super) fn new() -> Self {
        ClearWatch {
            head: [0; 9],
            known: 0,
            skip: 0,
            over: false,
        }
    }

    /// Takes what the server says next.
    ///
    /// # Errors
    /// It asks for the password in clear.
    pub(super) fn sees(&mut self, bytes: &[u8]) -> io::Result<()> {
        for byte in bytes {
            if self.over {
                return Ok(());
            }
            if self.skip > 0 {
                self.skip -= 1;
                continue;
            }
            if let Some(place) = self.head.get_mut(self.known) {
                *place = *byte;
                self.known += 1;
            }
            let [kind, a, b, c, d, code @ ..] = self.head;
            let length = u32::from_be_bytes([a, b, c, d]) as usize;
            match (self.known, kind) {
                (5, b'R') => {}
                (5, _) => self.pass(length.saturating_sub(4)),
                (9, _) => match u32::from_be_bytes(code) {
                    0 => self.over = true,
                    3 => {
                        return Err(io::Error::other(
                            "the server asks for the password over a connection without TLS, on \
                             which anyone could read it; it was not sent (sslmode=require encrypts \
                             it, sslmode=disable sends it all the same)",
                        ));
                    }
                    _ => self.pass(length.saturating_sub(8)),
                },
                _ => {}
            }
        }
        Ok(())
    }

    fn pass(&mut self, skip: usize) {
        (self.known, self.skip) = (0, skip);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether a watch stops these bytes, however they come.
    fn stops(bytes: &[u8]) -> bool {
        let at_once = ClearWatch::new().sees(bytes).is_err();
        let mut watch = ClearWatch::new();
        let one_by_one = bytes.iter().any(|byte| watch.sees(&[*byte]).is_err());
        assert_eq!(at_once, one_by_one);
        at_once
    }

    #[test]
    fn a_request_for_a_cleartext_password() {
        assert!(stops(b"R\0\0\0\x08\0\0\0\x03"));
        // After a notice, and after another way has begun.
        assert!(stops(b"N\0\0\0\x05\0R\0\0\0\x08\0\0\0\x03"));
        assert!(stops(b"R\0\0\0\x0c\0\0\0\x05saltR\0\0\0\x08\0\0\0\x03"));
    }

    #[test]
    fn everything_else() {
        assert!(!stops(b"R\0\0\0\x0c\0\0\0\x05salt"));
        assert!(!stops(b"R\0\0\0\x17\0\0\0\x0aSCRAM-SHA-256\0\0"));
        // Once the user is in, rows may look like anything.
        assert!(!stops(b"R\0\0\0\x08\0\0\0\0R\0\0\0\x08\0\0\0\x03"));
        assert!(!stops(b""));
    }
}
