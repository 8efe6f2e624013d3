//! TLS: what is encrypted, what is checked, and what is said where a check fails; beside psql.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use native_tls::Identity;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509NameBuilder};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::notebook::Notebook;
use crate::server::{Server, psql, server, without_tls};

const ENCRYPTED: &str = "select case when ssl then 'with TLS' else 'plain' end from pg_stat_ssl where pid = pg_backend_pid()";

/// How the session is, or why there is none.
async fn connects(target: &str) -> Result<String, String> {
    let notebook = Notebook::with(target);
    let answer = notebook.run(ENCRYPTED).await;
    match answer.problem {
        Some(problem) => Err(problem.message),
        None => {
            let bundle = answer.bundles().last().unwrap();
            Ok(bundle.text().lines().nth(2).unwrap().trim().to_owned())
        }
    }
}

/// The same by psql.
fn psql_connects(target: &str) -> Result<String, String> {
    let output = psql(target, ENCRYPTED);
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout).unwrap().trim().to_owned()),
        false => Err(String::from_utf8(output.stderr).unwrap()),
    }
}

#[tokio::test]
async fn every_cell_of_the_table_is_as_in_libpq() {
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for (server, host) in [
        (server(), "host=localhost"),
        (server(), "host=127.0.0.1"),
        (server(), "host=db.example hostaddr=127.0.0.1"),
        (without_tls(), "host=localhost"),
    ] {
        for role in ["by_scram", "only_tls", "only_plain"] {
            for mode in [
                "",
                "disable",
                "allow",
                "prefer",
                "require",
                "verify-ca",
                "verify-full",
            ] {
                let right = server.file("authority.crt");
                let wrong_authority = another_authority(server);
                for root in ["", &right, &wrong_authority] {
                    let mut target = server.as_role(role).replace("host=localhost", host);
                    for (name, value) in [("sslmode", mode), ("sslrootcert", root)] {
                        if !value.is_empty() {
                            target += &format!(" {name}={value}");
                        }
                    }
                    // Their default is prefer for every host; ours only for this machine.
                    if mode.is_empty() && host.contains("example") {
                        continue;
                    }
                    let (ours, theirs) = (connects(&target).await, psql_connects(&target));
                    seen.insert(theirs.clone().map_err(|_| ()));
                    if ours.clone().map_err(|_| ()) != theirs.clone().map_err(|_| ()) {
                        wrong.push(format!(
                            "{host} {role} {mode} {root}: {ours:?}, psql {theirs:?}"
                        ));
                    }
                }
            }
        }
    }
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The certificate of an authority that has signed nothing here.
fn another_authority(server: &Server) -> String {
    let file = server.file("another.crt");
    if !std::path::Path::new(&file).exists() {
        openssl(
            server,
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 \
             -subj /CN=stranger -keyout another.key -out another.crt",
        );
    }
    file
}

fn openssl(server: &Server, arguments: &str) {
    let output = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(&server.folder)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments}: {output:?}");
}

#[tokio::test]
async fn a_failed_check_says_which_and_what_to_do() {
    let check = async |options: &str, expected: &[&str]| {
        let why = connects(&format!("{} {options}", server().as_role("by_scram")))
            .await
            .unwrap_err();
        for words in expected {
            assert!(why.contains(words), "{options}: {why}");
        }
    };
    let right = server().file("authority.crt");
    let stranger = another_authority(server());
    check(
        &format!("host=db.example hostaddr=127.0.0.1 sslmode=verify-full sslrootcert={right}"),
        &["not for \"db.example\"", "verify-full", "hostaddr"],
    )
    .await;
    check(
        &format!("sslmode=verify-ca sslrootcert={stranger}"),
        &["none of the authorities", "another.crt"],
    )
    .await;
    check(
        &format!("sslmode=require sslrootcert={stranger}"),
        &["none of the authorities"],
    )
    .await;
    check(
        "sslmode=verify-full",
        &["none of the authorities", "the system's", "sslrootcert"],
    )
    .await;
    check("sslmode=verify-ca", &["sslrootcert=FILE"]).await;
    check(
        "sslmode=verify-full sslrootcert=/nosuch.crt",
        &["sslrootcert /nosuch.crt", "No such file"],
    )
    .await;
    // libpq 16 has brought this word: with less than the name checked, it is refused there as well.
    check(
        "sslmode=verify-full sslrootcert=system",
        &["none of the authorities"],
    )
    .await;
    check("sslrootcert=system", &["none of the authorities"]).await;
    for mode in ["allow", "prefer", "require", "verify-ca"] {
        let options = format!("sslmode={mode} sslrootcert=system user=only_tls");
        check(&options, &["sslrootcert=system", "sslmode=verify-full"]).await;
    }
    let off = format!("{} sslmode=require", without_tls().as_role("by_scram"));
    let why = connects(&off).await.unwrap_err();
    assert!(
        why.contains("offers no TLS") && why.contains("sslmode=disable"),
        "{why}"
    );
}

#[tokio::test]
async fn client_certificates_with_every_kind_of_key() {
    let server = server();
    let request = "req -newkey KIND -nodes -subj /CN=by_certificate -keyout NAME.key -out NAME.csr";
    let sign = "x509 -req -days 2 -in NAME.csr -out NAME.crt -CA authority.crt -CAkey authority.key -CAcreateserial";
    let of = |text: &str, name: &str| text.replace("NAME", name);
    openssl(server, &of(&request.replace("KIND", "rsa:2048"), "rsa"));
    openssl(server, &of(sign, "rsa"));
    openssl(
        server,
        &of(
            &request.replace("KIND", "ec -pkeyopt ec_paramgen_curve:prime256v1"),
            "elliptic",
        ),
    );
    openssl(server, &of(sign, "elliptic"));
    openssl(server, "rsa -in rsa.key -traditional -out rsa1.key");
    openssl(server, "ec -in elliptic.key -out elliptic1.key");
    openssl(
        server,
        "pkcs8 -topk8 -in rsa.key -out locked.key -passout pass:sesame",
    );
    openssl(
        server,
        "rsa -in rsa.key -traditional -aes128 -out locked1.key -passout pass:sesame",
    );
    openssl(server, "rsa -in rsa.key -outform DER -out rsa.der");
    openssl(
        server,
        &of(
            &request
                .replace("KIND", "rsa:2048")
                .replace("by_certificate", "else"),
            "other",
        ),
    );
    openssl(server, &of(sign, "other"));

    let base = format!("{} sslmode=require", server.as_role("by_certificate"));
    let target = |certificate: &str, key: &str, more: &str| {
        let (certificate, key) = (server.file(certificate), server.file(key));
        allow(&key, 0o600);
        format!("{base} sslcert={certificate} sslkey={key} {more}")
    };
    for (certificate, key, more) in [
        ("rsa.crt", "rsa.key", ""),
        ("rsa.crt", "rsa1.key", ""),
        ("rsa.crt", "rsa.der", ""),
        ("elliptic.crt", "elliptic.key", ""),
        ("elliptic.crt", "elliptic1.key", ""),
        ("rsa.crt", "locked.key", "sslpassword=sesame"),
        ("rsa.crt", "locked1.key", "sslpassword=sesame"),
    ] {
        let target = target(certificate, key, more);
        assert_eq!(
            psql_connects(&target).as_deref(),
            Ok("with TLS"),
            "psql: {key}"
        );
        assert_eq!(connects(&target).await.as_deref(), Ok("with TLS"), "{key}");
    }
    let fails = async |target: &str, expected: &str| {
        assert!(psql_connects(target).is_err(), "psql: {target}");
        let why = connects(target).await.unwrap_err();
        // With TLS 1.3 the server refuses after the handshake: its closing can overtake its reason.
        let said = why.contains(expected) || why.contains("reset by peer");
        assert!(said, "{target}: {why}");
        assert!(
            !why.contains("sesame") && !why.contains("simsalabim"),
            "{why}"
        );
    };
    fails(&base, "valid client certificate").await;
    fails(
        &target("other.crt", "other.key", ""),
        "certificate authentication failed",
    )
    .await;
    fails(
        &target("rsa.crt", "locked.key", "sslpassword=simsalabim"),
        "sslpassword",
    )
    .await;
    fails(&target("rsa.crt", "locked.key", ""), "sslpassword").await;
    fails(&target("rsa.crt", "elliptic.key", ""), "sslcert").await;
    fails(&target("rsa.crt", "nosuch.key", ""), "sslkey").await;
    // A certificate of a stranger: the server says so after the handshake.
    another_authority(server);
    fails(
        &target("another.crt", "another.key", ""),
        "does not take the certificate",
    )
    .await;
    let open = target("rsa.crt", "rsa1.key", "");
    allow(&server.file("rsa1.key"), 0o644);
    fails(&open, "chmod 0600").await;
}

/// Who may read a file, if it is there.
fn allow(file: &str, mode: u32) {
    let _ = std::fs::set_permissions(file, PermissionsExt::from_mode(mode));
}

#[tokio::test]
async fn versions_names_and_channel_binding() {
    let check = async |server: &Server, options: &str, expected: Result<&str, &str>| {
        let target = format!("{} {options}", server.as_role("by_scram"));
        let (ours, theirs) = (connects(&target).await, psql_connects(&target));
        match expected {
            Ok(expected) => {
                assert_eq!(theirs.as_deref(), Ok(expected), "psql: {options}");
                assert_eq!(ours.as_deref(), Ok(expected), "{options}");
            }
            Err(expected) => {
                assert!(theirs.is_err(), "psql: {options}");
                let why = ours.unwrap_err();
                assert!(why.contains(expected), "{options}: {why}");
            }
        }
    };
    let tls = server();
    check(
        tls,
        "sslmode=require ssl_min_protocol_version=TLSv1.3",
        Ok("with TLS"),
    )
    .await;
    check(
        tls,
        "sslmode=require ssl_max_protocol_version=TLSv1.2",
        Ok("with TLS"),
    )
    .await;
    check(tls, "sslmode=require sslsni=0", Ok("with TLS")).await;
    check(
        tls,
        "sslmode=require channel_binding=require",
        Ok("with TLS"),
    )
    .await;
    check(
        tls,
        "sslmode=require channel_binding=disable",
        Ok("with TLS"),
    )
    .await;
    check(
        tls,
        "sslmode=disable channel_binding=require",
        Err("channel binding"),
    )
    .await;
    check(
        tls,
        "user=by_md5 sslmode=require channel_binding=require",
        Err("channel binding"),
    )
    .await;
    check(
        tls,
        "user=by_trust sslmode=require channel_binding=require",
        Err("channel binding"),
    )
    .await;
    check(
        without_tls(),
        "channel_binding=require",
        Err("channel binding"),
    )
    .await;
    check(without_tls(), "channel_binding=disable", Ok("plain")).await;

    let old = Server::start(&["-c", "ssl_max_protocol_version=TLSv1.2"]);
    let target = format!(
        "host=localhost port={} user=x dbname=x sslmode=require",
        old.port
    );
    let why = connects(&format!("{target} ssl_min_protocol_version=TLSv1.3"))
        .await
        .unwrap_err();
    assert!(why.contains("no version of TLS fits both sides"), "{why}");
}

#[tokio::test]
async fn a_password_is_not_sent_in_clear_to_a_distant_host() {
    // An address of this machine that does not look like one.
    let distant = |role: &str, mode: &str| {
        let target = without_tls().as_role(role);
        target.replace("host=localhost", "host=db.example hostaddr=0.0.0.0") + " sslmode=" + mode
    };
    for mode in ["allow", "prefer"] {
        let why = connects(&distant("by_clear", mode)).await.unwrap_err();
        assert!(
            why.contains("it was not sent") && why.contains("sslmode=disable"),
            "{why}"
        );
        // What does not show the password may go on.
        assert_eq!(
            connects(&distant("by_md5", mode)).await.as_deref(),
            Ok("plain")
        );
        assert_eq!(
            connects(&distant("by_scram", mode)).await.as_deref(),
            Ok("plain")
        );
        assert_eq!(
            connects(&distant("by_trust", mode)).await.as_deref(),
            Ok("plain")
        );
    }
    assert_eq!(
        connects(&distant("by_clear", "disable")).await.as_deref(),
        Ok("plain")
    );
    let why = connects(&distant("by_clear", "require")).await.unwrap_err();
    assert!(why.contains("offers no TLS"), "{why}");
    // To this machine there is no way on which anyone listens.
    assert_eq!(
        connects(&without_tls().as_role("by_clear"))
            .await
            .as_deref(),
        Ok("plain")
    );
}

/// A certificate of a key for a name, from and to so many days from now, signed by another key; by
/// itself where there is none.
fn certificate(
    name: &str,
    days: (i64, i64),
    key: &PKey<Private>,
    signer: Option<(&X509, &PKey<Private>)>,
) -> X509 {
    let day = |days: i64| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Asn1Time::from_unix(now.unwrap().as_secs() as i64 + days * 86400).unwrap()
    };
    let mut subject = X509NameBuilder::new().unwrap();
    subject.append_entry_by_text("CN", name).unwrap();
    let subject = subject.build();
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let number = BigNum::from_u32(serial())
        .unwrap()
        .to_asn1_integer()
        .unwrap();
    builder.set_serial_number(&number).unwrap();
    builder.set_subject_name(&subject).unwrap();
    builder.set_pubkey(key).unwrap();
    builder.set_not_before(&day(days.0)).unwrap();
    builder.set_not_after(&day(days.1)).unwrap();
    match signer {
        Some((issuer, _)) => builder.set_issuer_name(issuer.subject_name()).unwrap(),
        None => builder.set_issuer_name(&subject).unwrap(),
    }
    if signer.is_some() {
        let context = builder.x509v3_context(None, None);
        let names = SubjectAlternativeName::new().dns(name).build(&context);
        builder.append_extension(names.unwrap()).unwrap();
    } else {
        let authority = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(authority).unwrap();
    }
    let signing = signer.map_or(key, |(_, key)| key);
    builder.sign(signing, MessageDigest::sha256()).unwrap();
    builder.build()
}

/// A serial number that no other certificate of this test has.
fn serial() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn new_key() -> PKey<Private> {
    PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap()
}

/// Something that begins TLS with this certificate, and nothing else; the port it listens at.
async fn begins_tls(certificate: &X509, key: &PKey<Private>) -> u16 {
    let key = key.private_key_to_pem_pkcs8().unwrap();
    let identity = Identity::from_pkcs8(&certificate.to_pem().unwrap(), &key).unwrap();
    let acceptor = native_tls::TlsAcceptor::new(identity).unwrap();
    let acceptor = tokio_native_tls::TlsAcceptor::from(acceptor);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let mut request = [0; 8];
            if client.read_exact(&mut request).await.is_ok() {
                let _ = client.write_all(b"S").await;
                let _ = acceptor.accept(client).await;
            }
        }
    });
    port
}

#[tokio::test]
async fn each_fault_of_a_certificate_has_its_own_words() {
    let (authority_key, stranger_key, key) = (new_key(), new_key(), new_key());
    let always = (-10, 10);
    let authority = certificate("the authority", always, &authority_key, None);
    let stranger = certificate("a stranger", always, &stranger_key, None);
    let file = server().file("words-authority.crt");
    std::fs::write(&file, authority.to_pem().unwrap()).unwrap();
    let by_authority = Some((&authority, &authority_key));
    let by_stranger = Some((&stranger, &stranger_key));
    for (certificate, words) in [
        (
            certificate("localhost", (-10, -1), &key, by_authority),
            "has expired",
        ),
        (
            certificate("localhost", (1, 10), &key, by_authority),
            "is not valid yet",
        ),
        (
            certificate("db.example", always, &key, by_authority),
            "is not for \"localhost\"",
        ),
        (
            certificate("localhost", always, &key, by_stranger),
            "signed by none of the authorities",
        ),
        (
            certificate("localhost", always, &key, None),
            "is self-signed",
        ),
    ] {
        let port = begins_tls(&certificate, &key).await;
        let why = connects(&format!(
            "host=localhost hostaddr=127.0.0.1 port={port} user=u dbname=d sslmode=verify-full \
             sslrootcert={file}"
        ))
        .await
        .unwrap_err();
        assert!(why.contains(words), "{words}: {why}");
        let others = [
            "has expired",
            "is not valid yet",
            "is not for",
            "none of the",
            "revoked",
        ];
        let said = others.iter().filter(|other| why.contains(**other)).count();
        assert!(said <= 1, "{why}");
    }
}

#[tokio::test]
async fn a_clients_certificate_that_has_expired() {
    let server = server();
    let read = |name: &str| std::fs::read(server.file(name)).unwrap();
    let authority = X509::from_pem(&read("authority.crt")).unwrap();
    let authority_key = PKey::private_key_from_pem(&read("authority.key")).unwrap();
    let key = new_key();
    let signer = Some((&authority, &authority_key));
    let expired = certificate("by_certificate", (-10, -1), &key, signer);
    let (certificate, private) = (server.file("old.crt"), server.file("old.key"));
    std::fs::write(&certificate, expired.to_pem().unwrap()).unwrap();
    std::fs::write(&private, key.private_key_to_pem_pkcs8().unwrap()).unwrap();
    allow(&private, 0o600);
    // With this version the server says so in the handshake.
    let why = connects(&format!(
        "{} sslmode=require ssl_max_protocol_version=TLSv1.2 sslcert={certificate} sslkey={private}",
        server.as_role("by_certificate")
    ))
    .await
    .unwrap_err();
    assert!(why.contains("old.crt: it has expired"), "{why}");
}
