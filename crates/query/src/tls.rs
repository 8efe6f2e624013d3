//! What is checked of a server's certificate, and what is shown of ours.

use std::path::Path;

use native_tls::{Certificate, Identity, Protocol, TlsConnector};
use openssl::pkey::PKey;

use crate::target::{Tls, TlsMode, TlsVersion};

/// The connector for these settings.
///
/// # Errors
/// A file of certificates or a key that cannot be used, with its name and the reason.
pub(crate) fn connector(tls: &Tls) -> Result<TlsConnector, String> {
    let root = tls.root_certificate.as_deref();
    let mut builder = TlsConnector::builder();
    let verify = verified(tls);
    builder
        .danger_accept_invalid_certs(verify == TlsMode::Require)
        .danger_accept_invalid_hostnames(verify != TlsMode::VerifyFull)
        .use_sni(tls.sni)
        .min_protocol_version(Some(match tls.min_version {
            Some(TlsVersion::V1_0) => Protocol::Tlsv10,
            Some(TlsVersion::V1_1) => Protocol::Tlsv11,
            // libpq's default.
            Some(TlsVersion::V1_2) | None => Protocol::Tlsv12,
            Some(TlsVersion::V1_3) => Protocol::Tlsv13,
        }));
    if let Some(path) = root.filter(|path| is_file(path) && verify != TlsMode::Require) {
        let told = |why: &str| format!("sslrootcert {}: {why}", path.display());
        let certificates = Certificate::stack_from_pem(&read(path, "sslrootcert")?)
            .map_err(|error| told(&error.to_string()))?;
        if certificates.is_empty() {
            return Err(told("there is no certificate in it"));
        }
        builder.disable_built_in_roots(true);
        for certificate in certificates {
            builder.add_root_certificate(certificate);
        }
    }
    if let (Some(certificate), Some(key)) = (&tls.certificate, &tls.key) {
        builder.identity(identity(certificate, key, tls)?);
    }
    builder
        .build()
        .map_err(|error| format!("TLS could not be set up: {error}"))
}

/// Why a TLS handshake failed, and what to do.
pub(crate) fn failed(tls: &Tls, name: &str, error: &native_tls::Error) -> String {
    let text = error.to_string();
    let trusted = match tls.root_certificate.as_deref().filter(|path| is_file(path)) {
        Some(path) => format!("those of sslrootcert {}", path.display()),
        None => "the system's".into(),
    };
    // Each version of OpenSSL has its own capitals.
    let lower = text.to_lowercase();
    if lower.contains("hostname mismatch") || lower.contains("ip address mismatch") {
        format!(
            "the server's certificate is not for \"{name}\" (sslmode=verify-full); \
             use the name in the certificate as host, and hostaddr for the address to dial"
        )
    } else if text.contains("certificate verify failed") || text.contains("self-signed") {
        format!(
            "the server's certificate is signed by none of the authorities trusted, {trusted}; \
             sslrootcert names a file with the right one ({text})"
        )
    } else {
        format!("TLS with \"{name}\" failed: {text}")
    }
}

/// What is checked: nothing (`require`), the signature, or the name, too. As in libpq, `require`
/// with a file of trusted certificates means `verify-ca`, and `system` means `verify-full`.
fn verified(tls: &Tls) -> TlsMode {
    match (tls.mode, tls.root_certificate.as_deref()) {
        (TlsMode::VerifyFull, _) => TlsMode::VerifyFull,
        (_, Some(path)) if !is_file(path) => TlsMode::VerifyFull,
        (TlsMode::VerifyCa, _) | (TlsMode::Require, Some(_)) => TlsMode::VerifyCa,
        _ => TlsMode::Require,
    }
}

/// False for libpq's word for the system's own certificates.
fn is_file(path: &Path) -> bool {
    path.as_os_str() != "system"
}

/// This client's certificate. The TLS library takes only unencrypted PKCS#8 keys; libpq takes the
/// older kinds and encrypted ones, too, and so they are turned into that first.
fn identity(certificate: &Path, key: &Path, tls: &Tls) -> Result<Identity, String> {
    let told = |why: String| format!("sslkey {}: {why}", key.display());
    let password = tls
        .key_password
        .as_ref()
        .map_or("", |password| password.expose());
    let pem = read(key, "sslkey")?;
    let pkey = PKey::private_key_from_pem_passphrase(&pem, password.as_bytes())
        .map_err(|_| told("no key in PEM form that sslpassword opens".into()))?;
    let pkcs8 = pkey
        .private_key_to_pem_pkcs8()
        .map_err(|error| told(error.to_string()))?;
    Identity::from_pkcs8(&read(certificate, "sslcert")?, &pkcs8)
        .map_err(|error| format!("sslcert {}: {error}", certificate.display()))
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))
}
