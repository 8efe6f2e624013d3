//! Addresses of networks and of what is in them.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::parameter::printed;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// An `inet`: an address, and how many bits of it name its network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Inet {
    /// The address.
    pub address: IpAddr,
    /// Bits of the network: all of them for a single host.
    pub bits: u8,
}

/// A `cidr`: a network.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cidr {
    /// The network's own address.
    pub address: IpAddr,
    /// Bits of the network.
    pub bits: u8,
}

/// A `macaddr`.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MacAddr(pub [u8; 6]);

fn most(address: &IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn parse(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address.parse().ok()?, Some(bits.parse().ok()?)),
        None => (text.parse().ok()?, None),
    };
    let most = most(&address);
    let bits = bits.unwrap_or(most);
    (bits <= most).then_some((address, bits))
}

impl From<IpAddr> for Inet {
    fn from(address: IpAddr) -> Self {
        Inet {
            address,
            bits: most(&address),
        }
    }
}

impl Default for Inet {
    /// `0.0.0.0`, which is no host.
    fn default() -> Self {
        Inet::from(IpAddr::from([0; 4]))
    }
}

impl Default for Cidr {
    /// `0.0.0.0/0`, which is every host.
    fn default() -> Self {
        Cidr {
            address: IpAddr::from([0; 4]),
            bits: 0,
        }
    }
}

impl FromStr for Inet {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (address, bits) = parse(text).ok_or_else(|| Unreadable::new(text, "inet"))?;
        Ok(Inet { address, bits })
    }
}

impl FromStr for Cidr {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let (address, bits) = parse(text).ok_or_else(|| Unreadable::new(text, "cidr"))?;
        Ok(Cidr { address, bits })
    }
}

impl FromStr for MacAddr {
    type Err = Unreadable;

    fn from_str(text: &str) -> Result<Self, Unreadable> {
        let mut address = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut address {
            let part = parts
                .next()
                .and_then(|part| u8::from_str_radix(part, 16).ok());
            *byte = part.ok_or_else(|| Unreadable::new(text, "macaddr"))?;
        }
        match parts.next() {
            None => Ok(MacAddr(address)),
            Some(_) => Err(Unreadable::new(text, "macaddr")),
        }
    }
}

impl fmt::Display for Inet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.bits == most(&self.address) {
            true => write!(f, "{}", self.address),
            false => write!(f, "{}/{}", self.address, self.bits),
        }
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl FromSql for IpAddr {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["inet"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        text.parse()
            .map_err(|_| Unreadable::new(text, "single host: read it as db::Inet"))
    }
}

macro_rules! read {
    ($($rust:ty: $sql:literal;)+) => {$(
        impl FromSql for $rust {
            fn accepts(ty: &Type<'_>) -> bool {
                ty.is(&[$sql])
            }

            fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
                text.parse()
            }
        }

        impl fmt::Debug for $rust {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}

read! {
    Inet: "inet";
    Cidr: "cidr";
    MacAddr: "macaddr";
}

printed! {
    IpAddr: Some("inet");
    Inet: Some("inet");
    Cidr: Some("cidr");
    MacAddr: Some("macaddr");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_come_back_as_they_went() {
        for text in ["10.0.0.1", "10.0.0.1/8", "::1", "2001:db8::/32"] {
            assert_eq!(text.parse::<Inet>().unwrap().to_string(), text);
        }
        assert_eq!(
            "10.0.0.0/8".parse::<Cidr>().unwrap().to_string(),
            "10.0.0.0/8"
        );
        let mac = "08:00:2b:01:02:03";
        assert_eq!(mac.parse::<MacAddr>().unwrap().to_string(), mac);
        assert!("10.0.0.1/33".parse::<Inet>().is_err());
        assert!("08:00:2b:01:02".parse::<MacAddr>().is_err());
    }
}
