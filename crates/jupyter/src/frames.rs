//! The frames of a message: identities, delimiter, signature, four of JSON, buffers.
//!
//! Nothing is parsed before its signature has been checked, and nothing is indexed that may be
//! missing.

use std::collections::{HashSet, VecDeque};
use std::fmt;
use std::sync::Mutex;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::lock::lock;

const DELIMITER: &[u8] = b"<IDS|MSG>";
/// How many signatures are remembered; what jupyter_client keeps.
const REMEMBERED: usize = 1 << 16;

/// A message as it came, with its signature checked.
#[derive(Debug)]
pub(crate) struct Frames {
    /// What stood before the delimiter, where the ROUTER's peer put anything there.
    pub(crate) identities: Vec<Bytes>,
    pub(crate) header: Bytes,
    pub(crate) parent: Bytes,
    pub(crate) metadata: Bytes,
    pub(crate) content: Bytes,
    /// Bytes beside the JSON, which the signature does not cover.
    pub(crate) buffers: Vec<Bytes>,
}

/// Why a message is dropped.
#[derive(Debug, PartialEq)]
pub(crate) enum Rejected {
    NoDelimiter,
    Truncated(usize),
    BadSignature,
    Replayed,
    LargeHeader,
    Kernels,
    NotJson(&'static str),
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejected::NoDelimiter => f.write_str("it has no <IDS|MSG> delimiter"),
            Rejected::Truncated(count) => {
                write!(
                    f,
                    "it has {count} frames after the delimiter and not at least 5"
                )
            }
            Rejected::BadSignature => {
                f.write_str("its signature is not made with this kernel's key")
            }
            Rejected::Replayed => f.write_str("its signature has been seen before"),
            Rejected::Kernels => f.write_str("it is one that a kernel has sent itself"),
            Rejected::LargeHeader => f.write_str("its header is too large"),
            Rejected::NotJson(part) => write!(f, "its {part} is not what it should be"),
        }
    }
}

/// The key that signs and checks messages.
pub(crate) struct Key {
    /// `None` where the key is empty: messages are not signed then.
    mac: Option<Hmac<Sha256>>,
    seen: Mutex<Seen>,
}

impl Key {
    pub(crate) fn new(key: &str) -> Self {
        // HMAC takes a key of any length, so this is `None` only for an empty one.
        let mac = (!key.is_empty()).then(|| Hmac::new_from_slice(key.as_bytes()).ok());
        Self {
            mac: mac.flatten(),
            seen: Mutex::default(),
        }
    }

    /// Whether there is one.
    pub(crate) fn signs(&self) -> bool {
        self.mac.is_some()
    }

    /// Takes a message apart, if it is whole, signed with this key, and new.
    pub(crate) fn open(&self, frames: Vec<Bytes>) -> Result<Frames, Rejected> {
        let mut rest = frames.into_iter();
        let mut identities = Vec::new();
        loop {
            match rest.next() {
                Some(frame) if frame == DELIMITER => break,
                Some(frame) => identities.push(frame),
                None => return Err(Rejected::NoDelimiter),
            }
        }
        let count = rest.len();
        let truncated = || Rejected::Truncated(count);
        let signature = rest.next().ok_or_else(truncated)?;
        let header = rest.next().ok_or_else(truncated)?;
        let parent = rest.next().ok_or_else(truncated)?;
        let metadata = rest.next().ok_or_else(truncated)?;
        let content = rest.next().ok_or_else(truncated)?;
        self.check(&signature, &[&header, &parent, &metadata, &content])?;
        Ok(Frames {
            identities,
            header,
            parent,
            metadata,
            content,
            buffers: rest.collect(),
        })
    }

    /// Puts a message together and signs it; the frames begin with the delimiter.
    pub(crate) fn seal(&self, parts: [Bytes; 4]) -> Vec<Bytes> {
        let mut frames = vec![Bytes::from_static(DELIMITER), self.sign(&parts)];
        frames.extend(parts);
        frames
    }

    /// The registration's shape: one part instead of four.
    pub(crate) fn seal_one(&self, part: Bytes) -> Vec<Bytes> {
        let signature = self.sign(std::slice::from_ref(&part));
        vec![Bytes::from_static(DELIMITER), signature, part]
    }

    /// Takes a message of one part apart.
    pub(crate) fn open_one(&self, frames: &[Bytes]) -> Result<Bytes, Rejected> {
        let start = frames.iter().position(|frame| frame == DELIMITER);
        let start = start.ok_or(Rejected::NoDelimiter)?;
        let [_, signature, part, ..] = &frames[start..] else {
            return Err(Rejected::Truncated(frames.len() - start - 1));
        };
        self.check(signature, &[part])?;
        Ok(part.clone())
    }

    fn sign(&self, parts: &[Bytes]) -> Bytes {
        let Some(mac) = &self.mac else {
            return Bytes::new();
        };
        let mut mac = mac.clone();
        for part in parts {
            mac.update(part);
        }
        hex(&mac.finalize().into_bytes()).into()
    }

    fn check(&self, signature: &[u8], parts: &[&Bytes]) -> Result<(), Rejected> {
        let Some(mac) = &self.mac else {
            return Ok(());
        };
        let signature = unhex(signature).ok_or(Rejected::BadSignature)?;
        let mut mac = mac.clone();
        for part in parts {
            mac.update(part);
        }
        // Compares in constant time.
        mac.verify_slice(&signature)
            .map_err(|_| Rejected::BadSignature)?;
        if lock(&self.seen).insert(&signature) {
            Ok(())
        } else {
            Err(Rejected::Replayed)
        }
    }
}

/// The last signatures, so that nobody can send a message again that he has overheard.
#[derive(Default)]
struct Seen {
    known: HashSet<u128>,
    order: VecDeque<u128>,
}

impl Seen {
    /// Remembers a signature; false when it is known. Half of its bits are enough to know it by.
    fn insert(&mut self, signature: &[u8; 32]) -> bool {
        let mut half = [0; 16];
        half.copy_from_slice(&signature[..16]);
        let half = u128::from_be_bytes(half);
        if !self.known.insert(half) {
            return false;
        }
        self.order.push_back(half);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .map(|digit| DIGITS[usize::from(digit)])
        .collect()
}

fn unhex(text: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 2 * bytes.len() {
        return None;
    }
    for (byte, digits) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        let digits = std::str::from_utf8(digits).ok()?;
        if digits.starts_with('+') {
            return None; // which `from_str_radix` would take
        }
        *byte = u8::from_str_radix(digits, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn parts() -> [Bytes; 4] {
        ["{\"a\":1}", "{}", "{}", "{}"].map(Bytes::from)
    }

    #[test]
    fn a_truncated_message_of_any_length_is_rejected() {
        for key in ["", "key"] {
            let key = Key::new(key);
            let mut whole = vec![Bytes::from("identity")];
            whole.extend(key.seal(parts()));
            for length in 0..whole.len() {
                assert!(key.open(whole[..length].to_vec()).is_err(), "{length}");
            }
            let opened = key.open(whole).unwrap();
            assert_eq!(opened.identities, ["identity"]);
            assert_eq!(opened.header, "{\"a\":1}");
        }
    }

    #[test]
    fn a_message_is_taken_once_and_only_as_it_was_signed() {
        let key = Key::new("key");
        let sealed = key.seal(parts());
        assert_eq!(
            Key::new("other").open(sealed.clone()).unwrap_err(),
            Rejected::BadSignature
        );
        for part in 2..6 {
            let mut changed = sealed.clone();
            changed[part] = Bytes::from("{\"changed\":1}");
            assert_eq!(key.open(changed).unwrap_err(), Rejected::BadSignature);
        }
        for signature in ["", "00", "é", &"+0".repeat(32), &"z".repeat(64)] {
            let mut changed = sealed.clone();
            changed[1] = Bytes::from(signature.to_owned());
            assert_eq!(key.open(changed).unwrap_err(), Rejected::BadSignature);
        }
        assert!(key.open(sealed.clone()).is_ok());
        assert_eq!(key.open(sealed).unwrap_err(), Rejected::Replayed);
    }

    #[test]
    fn the_memory_of_signatures_is_bounded() {
        let mut seen = Seen::default();
        for number in 0..=REMEMBERED as u128 {
            let mut signature = [0; 32];
            signature[..16].copy_from_slice(&number.to_be_bytes());
            assert!(seen.insert(&signature));
            assert!(!seen.insert(&signature));
        }
        assert_eq!(seen.known.len(), REMEMBERED);
        assert!(seen.insert(&[0; 32]), "the oldest is forgotten");
    }
}
