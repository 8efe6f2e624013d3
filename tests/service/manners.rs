//! The stand-in itself, met by clients that do what the engine never does.

use native_tls::TlsConnector;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode;

use crate::stand_in::{Quirks, Service, USER};

#[tokio::test]
async fn a_session_without_tls_is_refused() {
    let service = Service::start(Quirks::default()).await;
    let mut config = config(&service);
    config.ssl_mode(SslMode::Disable);
    let error = config.connect(tokio_postgres::NoTls).await.err().unwrap();
    assert_eq!(error.code().map(|code| code.code()), Some("28000"));
    let log = service.log();
    assert_eq!((log.plain, log.logins.len()), (1, 0));
}

#[tokio::test]
async fn gssapi_is_not_understood() {
    let service = Service::start(Quirks::default()).await;
    let mut stream = TcpStream::connect(("127.0.0.1", service.port))
        .await
        .unwrap();
    stream
        .write_all(&[0, 0, 0, 8, 4, 210, 22, 48])
        .await
        .unwrap();
    assert_eq!(
        stream.read(&mut [0; 8]).await.unwrap(),
        0,
        "closed without a word"
    );
}

#[tokio::test]
async fn the_extended_protocol_is_refused() {
    let service = Service::start(Quirks::default()).await;
    let connector = TlsConnector::builder()
        .danger_accept_invalid_certs(true)
        .build()
        .unwrap();
    let connector = postgres_native_tls::MakeTlsConnector::new(connector);
    let (client, connection) = config(&service).connect(connector).await.unwrap();
    tokio::spawn(connection);
    let error = client.query("select 1", &[]).await.err().unwrap();
    assert_eq!(error.code().map(|code| code.code()), Some("08P01"));
    assert!(service.log().extended > 0);
    client.simple_query("select 1").await.unwrap();
}

fn config(service: &Service) -> Config {
    let mut config = Config::new();
    config
        .host("localhost")
        .port(service.port)
        .dbname("prod:all")
        .user(USER);
    config.password(&service.token);
    config
}
