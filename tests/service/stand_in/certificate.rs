//! The service's certificate, and the authority that signed it; made anew for each run.

use std::sync::OnceLock;

use native_tls::{Identity, Protocol, TlsAcceptor};
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::hash::MessageDigest;
use openssl::pkey::{PKey, Private};
use openssl::rsa::Rsa;
use openssl::x509::extension::{BasicConstraints, SubjectAlternativeName};
use openssl::x509::{X509, X509Name, X509NameBuilder};

use super::HOST;

struct Certificates {
    authority: X509,
    certificate: X509,
    key: PKey<Private>,
}

/// The authority's certificate, as PEM.
pub(super) fn authority() -> Vec<u8> {
    certificates().authority.to_pem().unwrap()
}

/// The service's side of TLS: version 1.2 and no other.
pub(super) fn acceptor() -> tokio_native_tls::TlsAcceptor {
    let Certificates {
        certificate, key, ..
    } = certificates();
    let key = key.private_key_to_pem_pkcs8().unwrap();
    let identity = Identity::from_pkcs8(&certificate.to_pem().unwrap(), &key).unwrap();
    let acceptor = TlsAcceptor::builder(identity)
        .min_protocol_version(Some(Protocol::Tlsv12))
        .max_protocol_version(Some(Protocol::Tlsv12))
        .build();
    acceptor.unwrap().into()
}

fn certificates() -> &'static Certificates {
    static CERTIFICATES: OnceLock<Certificates> = OnceLock::new();
    CERTIFICATES.get_or_init(|| {
        let key = || PKey::from_rsa(Rsa::generate(2048).unwrap()).unwrap();
        let (authority_key, key) = (key(), key());
        let name = name("Rowcell test authority");
        let authority = certificate(&name, &authority_key, &name, &authority_key, true);
        let certificate = certificate(&self::name(HOST), &key, &name, &authority_key, false);
        Certificates {
            authority,
            certificate,
            key,
        }
    })
}

fn name(common: &str) -> X509Name {
    let mut name = X509NameBuilder::new().unwrap();
    name.append_entry_by_text("CN", common).unwrap();
    name.build()
}

fn certificate(
    subject: &X509Name,
    key: &PKey<Private>,
    issuer: &X509Name,
    issuer_key: &PKey<Private>,
    is_authority: bool,
) -> X509 {
    let mut builder = X509::builder().unwrap();
    builder.set_version(2).unwrap();
    let serial = BigNum::from_u32(if is_authority { 1 } else { 2 }).unwrap();
    builder
        .set_serial_number(&serial.to_asn1_integer().unwrap())
        .unwrap();
    builder.set_subject_name(subject).unwrap();
    builder.set_issuer_name(issuer).unwrap();
    builder.set_pubkey(key).unwrap();
    builder
        .set_not_before(&Asn1Time::days_from_now(0).unwrap())
        .unwrap();
    builder
        .set_not_after(&Asn1Time::days_from_now(2).unwrap())
        .unwrap();
    if is_authority {
        let extension = BasicConstraints::new().critical().ca().build().unwrap();
        builder.append_extension(extension).unwrap();
    } else {
        let mut names = SubjectAlternativeName::new();
        names.dns("localhost").dns(HOST);
        let extension = names.build(&builder.x509v3_context(None, None)).unwrap();
        builder.append_extension(extension).unwrap();
    }
    builder.sign(issuer_key, MessageDigest::sha256()).unwrap();
    builder.build()
}
