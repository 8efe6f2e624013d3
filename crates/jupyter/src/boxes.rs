//! NaCl's box, `crypto_box`: what only two can open, each with his own key and the other's.
//!
//! X25519 for what the two share, HSalsa20 to make a key of it, XSalsa20 to encrypt, Poly1305 to see
//! that nobody has touched it: all from crates, put together as NaCl's paper says.

use poly1305::Poly1305;
use poly1305::universal_hash::KeyInit;
use salsa20::cipher::consts::U10;
use salsa20::cipher::{KeyIvInit, StreamCipher};
use salsa20::{XSalsa20, hsalsa};
use subtle::ConstantTimeEq;
use x25519_dalek::{PublicKey, StaticSecret};

/// The bytes by which a box is longer than what is in it; they stand at its beginning.
pub(crate) const TAG: usize = 16;

/// A number that is used once with a key.
pub(crate) type Nonce = [u8; 24];

/// What two share.
#[derive(Clone)]
pub(crate) struct Shared(salsa20::Key);

impl Shared {
    /// `None` for a public key that is none: anybody could open a box for it.
    pub(crate) fn new(theirs: &PublicKey, ours: &StaticSecret) -> Option<Self> {
        let secret = ours.diffie_hellman(theirs);
        let key = hsalsa::<U10>(&(*secret.as_bytes()).into(), &[0; 16].into());
        secret.was_contributory().then_some(Shared(key))
    }

    /// Encrypts what stands in the box behind its tag.
    pub(crate) fn seal(&self, nonce: &Nonce, sealed: &mut [u8]) {
        if let Some((tag, content)) = sealed.split_at_mut_checked(TAG) {
            let (mut cipher, mac) = self.begin(nonce);
            cipher.apply_keystream(content);
            tag.copy_from_slice(&mac.compute_unpadded(content));
        }
    }

    /// Decrypts a box in its place; what is in it, if nobody has touched it.
    pub(crate) fn open<'a>(&self, nonce: &Nonce, sealed: &'a mut [u8]) -> Option<&'a mut [u8]> {
        let (tag, content) = sealed.split_at_mut_checked(TAG)?;
        let (mut cipher, mac) = self.begin(nonce);
        let right = mac.compute_unpadded(content);
        if !bool::from(right.as_slice().ct_eq(tag)) {
            return None;
        }
        cipher.apply_keystream(content);
        Some(content)
    }

    /// The stream's first 32 bytes are the key of the tag, the rest encrypts.
    fn begin(&self, nonce: &Nonce) -> (XSalsa20, Poly1305) {
        let mut cipher = XSalsa20::new(&self.0, &(*nonce).into());
        let mut key = [0; 32];
        cipher.apply_keystream(&mut key);
        (cipher, Poly1305::new(&key.into()))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// What libsodium's `crypto_box` makes of the same keys, nonce and content.
    #[test]
    fn as_libsodium_does() {
        let counted = |from: u8| -> [u8; 32] { std::array::from_fn(|index| from + index as u8) };
        let (ours, theirs) = (
            StaticSecret::from(counted(0)),
            StaticSecret::from(counted(32)),
        );
        let theirs = PublicKey::from(&theirs);
        assert_eq!(
            hex(theirs.as_bytes()),
            "358072d6365880d1aeea329adf9121383851ed21a28e3b75e965d0d2cd166254"
        );
        let nonce = std::array::from_fn(|index| 64 + index as u8);
        let mut sealed = vec![0; TAG];
        sealed.extend(b"what libsodium makes of it".repeat(4));
        Shared::new(&theirs, &ours)
            .unwrap()
            .seal(&nonce, &mut sealed);
        assert_eq!(
            hex(&sealed),
            "968d6d9ff0ea254a2e27f82de3821fa9c95d21faede654b6d03cff0bd8155836024e23e865928682482382\
             d8eb2bb387b403858e5d40275301c95bb1c940949c4e00293ff6eb68ab42c29ec7311e6de684955de8c4c9\
             2a341d9471f32d623e69eea45b0e9b39dabba59f872ef60b3fa7cc50f7923fafe5e4"
        );
    }

    #[test]
    fn a_box_is_opened_by_the_two_alone_and_as_it_was() {
        let secret = |byte: u8| StaticSecret::from([byte; 32]);
        let shared = |ours: u8, theirs: u8| {
            Shared::new(&PublicKey::from(&secret(theirs)), &secret(ours)).unwrap()
        };
        let mut sealed = [[0; TAG].as_slice(), b"content"].concat();
        shared(1, 2).seal(&[7; 24], &mut sealed);
        let open = |shared: Shared, nonce: u8, sealed: &[u8]| {
            let mut sealed = sealed.to_vec();
            shared
                .open(&[nonce; 24], &mut sealed)
                .map(|content| content.to_vec())
        };
        assert_eq!(open(shared(2, 1), 7, &sealed).unwrap(), b"content");
        assert_eq!(open(shared(2, 1), 8, &sealed), None);
        assert_eq!(open(shared(2, 3), 7, &sealed), None);
        assert_eq!(open(shared(2, 1), 7, &sealed[..TAG - 1]), None);
        for place in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[place] ^= 0x80;
            assert_eq!(open(shared(2, 1), 7, &changed), None, "{place}");
        }
        assert!(Shared::new(&PublicKey::from([0; 32]), &secret(1)).is_none());
    }
}
