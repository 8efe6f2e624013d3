//! Identifiers of 128 bits.

use std::fmt;
use std::str::FromStr;

use crate::parameter::printed;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A `uuid`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Uuid(pub u128);

impl FromStr for Uuid {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let digits: String = text.chars().filter(|c| *c != '-').collect();
        let is_hex = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        match u128::from_str_radix(&digits, 16) {
            Ok(number) if is_hex => Ok(Uuid(number)),
            _ => Err(Unreadable::new(text, "uuid")),
        }
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = |from: u32, digits: u32| (self.0 >> from) & ((1 << (4 * digits)) - 1);
        write!(
            f,
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        )
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromSql for Uuid {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["uuid"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        text.parse()
    }
}

printed! {
    Uuid: Some("uuid");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_comes_back_as_it_went() {
        let text = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
        assert_eq!(text.parse::<Uuid>().unwrap().to_string(), text);
        assert!("a0eebc99-9c0b-4ef8-bb6d".parse::<Uuid>().is_err());
        assert!(
            "+0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
                .parse::<Uuid>()
                .is_err()
        );
    }
}
