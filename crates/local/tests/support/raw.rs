//! A connection without a driver, which can die at any byte.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use local::Server;

/// A session that has begun.
pub fn greeted(server: &Server) -> UnixStream {
    let path = server
        .socket_folder()
        .join(format!(".s.PGSQL.{}", server.port()));
    let mut client = UnixStream::connect(path).unwrap();
    let mut packet = vec![0, 3, 0, 0];
    packet.extend_from_slice(b"user\0postgres\0database\0postgres\0\0");
    client
        .write_all(&(packet.len() as u32 + 4).to_be_bytes())
        .unwrap();
    client.write_all(&packet).unwrap();
    let mut greeting = Vec::new();
    while !greeting.ends_with(b"Z\0\0\0\x05I") {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        greeting.extend_from_slice(&byte);
    }
    client
}

/// A simple query, as it stands on the wire.
pub fn query(sql: &str) -> Vec<u8> {
    [
        b"Q",
        &(sql.len() as u32 + 5).to_be_bytes()[..],
        sql.as_bytes(),
        b"\0",
    ]
    .concat()
}
