//! What is checked of a server's certificate, and what is shown of ours.

use std::path::Path;

use native_tls::{Certificate, Identity, Protocol, TlsConnector};
use openssl::pkey::PKey;
use openssl::x509::X509;

use crate::target::{Tls, TlsMode, TlsVersion};

/// The connector for these settings.
///
/// # Errors
/// A file of certificates or a key that cannot be used, with its name and the reason.
pub(crate) fn connector(tls: &Tls) -> Result<TlsConnector, String> {
    let trust = trust(tls)?;
    let mut builder = TlsConnector::builder();
    builder
        .danger_accept_invalid_certs(matches!(trust, Trust::Anyone))
        .danger_accept_invalid_hostnames(tls.mode != TlsMode::VerifyFull)
        .use_sni(tls.sni)
        // libpq's default.
        .min_protocol_version(Some(protocol(tls.min_version.unwrap_or(TlsVersion::V1_2))))
        .max_protocol_version(tls.max_version.map(protocol));
    if let Trust::These(certificates) = trust {
        builder.disable_built_in_roots(true);
        for certificate in certificates {
            builder.add_root_certificate(certificate);
        }
    }
    match (&tls.certificate, &tls.key) {
        (Some(certificate), Some(key)) => {
            builder.identity(identity(certificate, key, tls)?);
        }
        (Some(certificate), None) => {
            return Err(format!(
                "sslcert {}: its key is missing; sslkey names the file",
                certificate.display()
            ));
        }
        (None, _) => {}
    }
    builder
        .build()
        .map_err(|error| format!("TLS could not be set up: {error}"))
}

/// Whose signature on the server's certificate will do.
enum Trust {
    /// It is not looked at.
    Anyone,
    /// The system's authorities.
    System,
    /// Those of a file.
    These(Vec<Certificate>),
}

/// As in libpq, a file of certificates is heeded in every mode; the system's authorities only where
/// the name is checked, too, because they sign for anyone.
fn trust(tls: &Tls) -> Result<Trust, String> {
    match (tls.mode, tls.root_certificate.as_deref()) {
        (TlsMode::VerifyFull, None) => Ok(Trust::System),
        (TlsMode::VerifyFull, Some(path)) if !is_file(path) => Ok(Trust::System),
        (_, Some(path)) if !is_file(path) => {
            Err("sslrootcert=system says little without the name: use sslmode=verify-full".into())
        }
        (TlsMode::VerifyCa, None) => Err("sslmode=verify-ca needs the authority's certificate: \
             sslrootcert=FILE (sslmode=verify-full trusts the system's authorities)"
            .into()),
        (_, None) => Ok(Trust::Anyone),
        (_, Some(path)) => {
            let told = |why: &str| format!("sslrootcert {}: {why}", path.display());
            let certificates = Certificate::stack_from_pem(&read(path, "sslrootcert")?)
                .map_err(|error| told(&error.to_string()))?;
            match certificates.is_empty() {
                true => Err(told("there is no certificate in it")),
                false => Ok(Trust::These(certificates)),
            }
        }
    }
}

fn protocol(version: TlsVersion) -> Protocol {
    match version {
        TlsVersion::V1_0 => Protocol::Tlsv10,
        TlsVersion::V1_1 => Protocol::Tlsv11,
        TlsVersion::V1_2 => Protocol::Tlsv12,
        TlsVersion::V1_3 => Protocol::Tlsv13,
    }
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
        format!("TLS with \"{name}\" failed: {}", explain(tls, &text))
    }
}

/// An error on the way in, with what it means where it is the server's word on our certificate:
/// that comes only after the handshake.
pub(crate) fn explain(tls: &Tls, text: &str) -> String {
    let lower = text.to_lowercase();
    let what = match &tls.certificate {
        _ if lower.contains("alert protocol version") || lower.contains("unsupported protocol") => {
            "no version of TLS fits both sides; see ssl_min_protocol_version and \
             ssl_max_protocol_version"
                .into()
        }
        _ if !lower.contains("alert") => return text.to_owned(),
        Some(path) => format!(
            "the server does not take the certificate of sslcert {}",
            path.display()
        ),
        None if lower.contains("certificate required") => {
            "the server asks for a certificate: sslcert and sslkey name one".into()
        }
        None => return text.to_owned(),
    };
    format!("{what} ({text})")
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
    private(key).map_err(told)?;
    let bytes = read(key, "sslkey")?;
    let pkey = PKey::private_key_from_pem_passphrase(&bytes, password.as_bytes())
        .or_else(|_| PKey::private_key_from_der(&bytes))
        .map_err(|_| told("it is no key, or none that this sslpassword opens".into()))?;
    let pkcs8 = pkey
        .private_key_to_pem_pkcs8()
        .map_err(|error| told(error.to_string()))?;
    let chain = read(certificate, "sslcert")?;
    let told = |why: String| format!("sslcert {}: {why}", certificate.display());
    // Else the library would go on without a certificate.
    let owner = X509::from_pem(&chain)
        .and_then(|certificate| certificate.public_key())
        .map_err(|_| told("there is no certificate in it".into()))?;
    if !owner.public_eq(&pkey) {
        return Err(told(format!(
            "the key of sslkey {} is another's",
            key.display()
        )));
    }
    Identity::from_pkcs8(&chain, &pkcs8).map_err(|error| told(error.to_string()))
}

/// As libpq: a key that others may read is not used; only root may share one with a group.
#[cfg(unix)]
fn private(key: &Path) -> Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let facts = std::fs::metadata(key).map_err(|error| error.to_string())?;
    let others = if facts.uid() == 0 { 0o037 } else { 0o077 };
    match facts.mode() & others {
        0 => Ok(()),
        _ => Err("others may read it, so it is not used; chmod 0600 it".into()),
    }
}

#[cfg(not(unix))]
fn private(_: &Path) -> Result<(), String> {
    Ok(())
}

fn read(path: &Path, option: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| format!("{option} {}: {error}", path.display()))
}
