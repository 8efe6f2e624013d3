//! CurveZMQ, as its server: who has the keys of the connection file gets in, and nobody else can
//! read along, change a byte or send one again.
//!
//! Specified in ZeroMQ's RFC 26.

use std::fmt;
use std::io;

use bytes::{BufMut, Bytes, BytesMut};
use x25519_dalek::{PublicKey, StaticSecret};

use crate::boxes::{Nonce, Shared, TAG};
use crate::zmtp::{COMMAND, Frame, broken, put_head, split_frame};

const KEY: usize = 32;
const COOKIE: usize = 96;
/// A HELLO: name, version, padding, key, nonce, and a box of zeros.
const HELLO: usize = 6 + 2 + 72 + KEY + 8 + TAG + 64;
/// What an INITIATE holds before its metadata: the client's key, and its vouch.
const VOUCHED: usize = KEY + 16 + TAG + 2 * KEY;
/// What stands before a message's box: name and nonce.
const MESSAGE: &[u8] = b"\x07MESSAGE";
const HEAD: usize = MESSAGE.len() + 8;

/// The kernel's pair of keys. Whoever has the connection file has both.
pub(crate) struct Keys {
    public: PublicKey,
    secret: StaticSecret,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

impl Keys {
    /// Reads a pair from its texts. What is wrong with them is said without them.
    pub(crate) fn parse(public: &str, secret: &str) -> Result<Self, &'static str> {
        let public = z85(public).ok_or("its curve_publickey is not 40 characters of Z85")?;
        let secret = z85(secret).ok_or("its curve_secretkey is not 40 characters of Z85")?;
        let (public, secret) = (PublicKey::from(public), StaticSecret::from(secret));
        if PublicKey::from(&secret) != public {
            return Err("its curve_publickey does not belong to its curve_secretkey");
        }
        Ok(Keys { public, secret })
    }

    /// Answers a client's HELLO with a WELCOME.
    pub(crate) fn welcome(&self, hello: &[u8]) -> io::Result<(Welcomed, Vec<u8>)> {
        let refused = || broken("the other side does not know this kernel's key");
        if hello.len() != HELLO || !hello.starts_with(b"\x05HELLO\x01\x00") {
            return Err(broken("this is no HELLO of CURVE"));
        }
        let [client, nonce, signature] = parts(&hello[80..], [KEY, 8, TAG + 64])?;
        let client = key(client)?;
        let hello = Shared::new(&client, &self.secret).ok_or_else(refused)?;
        let mut signature = signature.to_vec();
        let zeros = hello.open(&short(b"CurveZMQHELLO---", nonce), &mut signature);
        if zeros != Some(&mut [0; 64]) {
            return Err(refused());
        }
        // A key for this connection alone, so that nobody who finds the other one later can read
        // it. The cookie is for servers that forget a client until it comes again; this one does
        // not, so that it means nothing but itself.
        let secret = StaticSecret::from(random::<KEY>()?);
        let (cookie, nonce) = (random::<COOKIE>()?, random::<16>()?);
        let mut answer = b"\x07WELCOME".to_vec();
        answer.extend(nonce);
        let content = [PublicKey::from(&secret).as_bytes(), &cookie[..]].concat();
        seal(&hello, &long(b"WELCOME-", &nonce), &content, &mut answer);
        let welcomed = Welcomed {
            client,
            secret,
            cookie,
        };
        Ok((welcomed, answer))
    }
}

/// A client that has said HELLO.
pub(crate) struct Welcomed {
    /// Its key for this connection, and ours.
    client: PublicKey,
    secret: StaticSecret,
    cookie: [u8; COOKIE],
}

/// A client that has shown who it is.
pub(crate) struct Secured {
    pub(crate) sealer: Sealer,
    pub(crate) opener: Opener,
    /// What it says of itself.
    pub(crate) metadata: Bytes,
    /// Whether it has both of the kernel's keys.
    pub(crate) holds_keys: bool,
}

impl Welcomed {
    /// Takes the client's INITIATE.
    pub(crate) fn initiate(self, keys: &Keys, initiate: &mut [u8]) -> io::Result<Secured> {
        let refused = || broken("this is no INITIATE of CURVE");
        let body = initiate.strip_prefix(b"\x08INITIATE").ok_or_else(refused)?;
        let rest = body.len().checked_sub(COOKIE + 8).ok_or_else(refused)?;
        let [cookie, nonce, _] = parts(body, [COOKIE, 8, rest])?;
        if *cookie != self.cookie {
            return Err(refused());
        }
        let number = number(nonce);
        let nonce = short(b"CurveZMQINITIATE", nonce);
        let sealed = &mut initiate[9 + COOKIE + 8..];
        let transient = Shared::new(&self.client, &self.secret).ok_or_else(refused)?;
        let content = transient.open(&nonce, sealed).ok_or_else(refused)?;
        let metadata = content.len().checked_sub(VOUCHED).ok_or_else(refused)?;
        let [client, nonce, vouch, metadata] = parts(content, [KEY, 16, TAG + 2 * KEY, metadata])?;
        // The vouch: who has the client's lasting key says that this connection's key is its own,
        // and that it means this server.
        let client = key(client)?;
        let lasting = Shared::new(&client, &self.secret).ok_or_else(refused)?;
        let mut vouch = vouch.to_vec();
        let vouched = lasting.open(&long(b"VOUCH---", nonce), &mut vouch);
        let expected = [self.client.as_bytes(), &keys.public.as_bytes()[..]].concat();
        if vouched.as_deref() != Some(&expected[..]) {
            return Err(broken("the other side does not vouch for itself"));
        }
        Ok(Secured {
            metadata: Bytes::copy_from_slice(metadata),
            holds_keys: client == keys.public,
            sealer: Sealer {
                secret: transient.clone(),
                number: 0,
            },
            opener: Opener {
                secret: transient,
                number,
            },
        })
    }
}

/// Encrypts what is sent over one connection.
pub(crate) struct Sealer {
    secret: Shared,
    /// How often it has been used. No number is used twice.
    number: u64,
}

impl Sealer {
    /// The READY that ends the handshake.
    pub(crate) fn ready(&mut self, metadata: &[u8]) -> Vec<u8> {
        let number = self.next();
        let mut out = b"\x05READY".to_vec();
        out.extend(number);
        let nonce = short(b"CurveZMQREADY---", &number);
        seal(&self.secret, &nonce, metadata, &mut out);
        out
    }

    /// Encrypts the frames of encoded messages or commands, each by itself.
    pub(crate) fn seal(&mut self, mut plain: Bytes) -> Bytes {
        let mut out = BytesMut::with_capacity(plain.len() + 64);
        while let Some((flags, body)) = split_frame(&mut plain) {
            let number = self.next();
            let nonce = short(b"CurveZMQMESSAGES", &number);
            put_head(&mut out, 0, HEAD + TAG + 1 + body.len());
            out.put_slice(MESSAGE);
            out.put_slice(&number);
            let start = out.len();
            out.put_bytes(0, TAG);
            let command = if flags & COMMAND == 0 { 0 } else { IS_COMMAND };
            out.put_u8((flags & MORE) | command);
            out.put_slice(&body);
            self.secret.seal(&nonce, &mut out[start..]);
        }
        out.freeze()
    }

    fn next(&mut self) -> [u8; 8] {
        self.number += 1;
        self.number.to_be_bytes()
    }
}

/// What stands in a box before a frame: whether more follow, and whether it is a command.
const MORE: u8 = 1;
const IS_COMMAND: u8 = 2;

/// Decrypts what comes over one connection.
pub(crate) struct Opener {
    secret: Shared,
    /// The last number that was used; each has to be above the one before, so that nothing can be
    /// sent again.
    number: u64,
}

impl Opener {
    /// The bytes by which an encrypted frame is longer.
    pub(crate) fn overhead(&self) -> usize {
        HEAD + TAG + 1
    }

    /// Takes a frame out of what encrypts it.
    pub(crate) fn open(&mut self, mut body: BytesMut) -> io::Result<Frame> {
        let refused = || broken("a frame that was changed or made with another key");
        if body.len() < self.overhead() || !body.starts_with(MESSAGE) {
            return Err(broken("a frame that is not encrypted"));
        }
        let mut sealed = body.split_off(HEAD);
        let nonce = &body[MESSAGE.len()..];
        let number = number(nonce);
        if number <= self.number {
            return Err(broken("a frame that has been sent before, or out of order"));
        }
        let nonce = short(b"CurveZMQMESSAGEC", nonce);
        self.secret.open(&nonce, &mut sealed).ok_or_else(refused)?;
        self.number = number;
        let body = sealed.split_off(TAG + 1);
        let flags = sealed[TAG];
        let command = if flags & IS_COMMAND == 0 { 0 } else { COMMAND };
        Ok(Frame {
            flags: (flags & MORE) | command,
            body,
        })
    }
}

/// Bytes as parts of these lengths.
fn parts<const N: usize>(mut bytes: &[u8], lengths: [usize; N]) -> io::Result<[&[u8]; N]> {
    let mut parts = [&[][..]; N];
    for (part, length) in parts.iter_mut().zip(lengths) {
        let (first, rest) = bytes
            .split_at_checked(length)
            .ok_or_else(|| broken("a command of CURVE is cut off"))?;
        (*part, bytes) = (first, rest);
    }
    Ok(parts)
}

fn key(bytes: &[u8]) -> io::Result<PublicKey> {
    let bytes: [u8; KEY] = bytes.try_into().map_err(|_| broken("this is no key"))?;
    Ok(bytes.into())
}

fn random<const N: usize>() -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(io::Error::from)?;
    Ok(bytes)
}

fn number(nonce: &[u8]) -> u64 {
    let bytes = nonce.iter();
    bytes.fold(0, |number, byte| (number << 8) | u64::from(*byte))
}

/// A nonce of a number that its sender counts up.
fn short(purpose: &[u8; 16], number: &[u8]) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..16].copy_from_slice(purpose);
    nonce[16..].copy_from_slice(number);
    nonce
}

/// A nonce that is for the most part random.
fn long(purpose: &[u8; 8], random: &[u8]) -> Nonce {
    let mut nonce = Nonce::default();
    nonce[..8].copy_from_slice(purpose);
    nonce[8..].copy_from_slice(random);
    nonce
}

/// Puts a box at the end of `out`.
fn seal(secret: &Shared, nonce: &Nonce, content: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; TAG]);
    out.extend(content);
    secret.seal(nonce, &mut out[start..]);
}

/// The 32 bytes of a key that is written in 40 characters, as ZeroMQ's RFC 32 says.
fn z85(text: &str) -> Option<[u8; KEY]> {
    const DIGITS: &[u8; 85] =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut key = [0; KEY];
    if text.len() != KEY / 4 * 5 {
        return None;
    }
    for (bytes, digits) in key.chunks_exact_mut(4).zip(text.as_bytes().chunks_exact(5)) {
        let mut value = 0u32;
        for digit in digits {
            let digit = DIGITS.iter().position(|known| known == digit)?;
            value = value.checked_mul(85)?.checked_add(digit as u32)?;
        }
        bytes.copy_from_slice(&value.to_be_bytes());
    }
    Some(key)
}
