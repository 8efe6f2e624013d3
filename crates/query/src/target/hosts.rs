//! The servers that a connection names.

use std::net::IpAddr;
use std::path::Path;

use super::{Address, Host};

/// The servers that `host`, `hostaddr` and `port` name.
///
/// # Errors
/// A sentence that repeats no value.
pub(super) fn hosts(
    hosts: Option<&str>,
    addresses: Option<&str>,
    ports: Option<&str>,
) -> Result<Vec<Host>, String> {
    let names: Vec<&str> = hosts.or(addresses).unwrap_or_default().split(',').collect();
    let addresses: Vec<&str> = addresses.map_or(Vec::new(), |list| list.split(',').collect());
    let ports: Vec<&str> = ports.unwrap_or("5432").split(',').collect();
    if !addresses.is_empty() && addresses.len() != names.len() {
        return Err("host and hostaddr name different numbers of hosts".into());
    }
    if ports.len() != 1 && ports.len() != names.len() {
        return Err("host and port name different numbers of hosts".into());
    }
    names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let port = ports.get(n).or(ports.first()).copied().unwrap_or_default();
            let port = match port.trim() {
                "" => 5432,
                port => port
                    .parse()
                    .ok()
                    .filter(|port| *port != 0)
                    .ok_or("a port is a number from 1 to 65535")?,
            };
            let address = match addresses.get(n).filter(|address| !address.is_empty()) {
                Some(address) => Some(address.parse().map_err(|_| "hostaddr is no IP address")?),
                None => None,
            };
            let place = match *name {
                "" => this_machine(port, address),
                // As in libpq, an address counts more than a folder.
                folder if folder.starts_with('/') && address.is_none() => {
                    Address::Socket(folder.into())
                }
                name => Address::Tcp(name.to_owned(), address),
            };
            Ok(Host { place, port })
        })
        .collect()
}

/// Where libpq looks when no host is named: a socket in one of the usual folders, else `localhost`.
fn this_machine(port: u16, address: Option<IpAddr>) -> Address {
    let folders = ["/var/run/postgresql", "/tmp"].map(Path::new);
    let socket = |folder: &&Path| folder.join(format!(".s.PGSQL.{port}")).exists();
    match folders
        .iter()
        .copied()
        .find(|folder| address.is_none() && socket(folder))
    {
        Some(folder) => Address::Socket(folder.to_owned()),
        None => Address::Tcp("localhost".into(), address),
    }
}
