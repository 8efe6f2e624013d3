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
    in_words(tls, name, &error.to_string())
}

/// What the library says of a failed handshake, in words of our own.
fn in_words(tls: &Tls, name: &str, text: &str) -> String {
    let trusted = match tls.root_certificate.as_deref().filter(|path| is_file(path)) {
        Some(path) => format!("those of sslrootcert {}", path.display()),
        None => "the system's".into(),
    };
    // Each version of OpenSSL has its own capitals.
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    // The library adds what it thinks of the certificate even where nobody has asked, and it is the
    // server that has ended the handshake, with an alert.
    let refused = has(&["certificate verify failed"])
        || has(&["self-signed", "self signed"]) && !has(&["alert"]);
    if !refused {
        return format!("TLS with \"{name}\" failed: {}", explain(tls, text));
    }
    if has(&["hostname mismatch", "ip address mismatch"]) {
        return format!(
            "the server's certificate is not for \"{name}\" (sslmode=verify-full); \
             use the name in the certificate as host, and hostaddr for the address to dial"
        );
    }
    let certificate = format!("the server's certificate for \"{name}\"");
    let why = if has(&["has expired"]) {
        format!(
            "{certificate}, or one that it is signed with, has expired; whoever runs the server has \
             to renew it, unless the clock of this machine is wrong"
        )
    } else if has(&["not yet valid"]) {
        format!(
            "{certificate}, or one that it is signed with, is not valid yet; is the clock of this \
             machine right?"
        )
    } else if has(&["revoked"]) {
        format!("{certificate} has been revoked by the authority that signed it")
    } else if has(&[
        "self-signed certificate in certificate chain",
        "self signed certificate in",
    ]) {
        format!(
            "{certificate} is signed by an authority that is none of the authorities trusted, \
             {trusted}; sslrootcert names a file with it"
        )
    } else if has(&["self-signed", "self signed"]) {
        format!(
            "{certificate} is self-signed, by none of the authorities trusted, {trusted}; \
             sslrootcert may name a file with this very certificate"
        )
    } else if has(&["unable to get", "unable to verify"]) {
        format!(
            "{certificate} is signed by none of the authorities trusted, {trusted}; \
             sslrootcert names a file with the right one"
        )
    } else {
        format!("{certificate} does not pass the check, by the authorities trusted, {trusted}")
    };
    format!("{why} ({text})")
}

/// An error on the way in, with what it means where it is the server's word on our certificate:
/// that comes only after the handshake.
pub(crate) fn explain(tls: &Tls, text: &str) -> String {
    let lower = text.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|words| lower.contains(words));
    let what = match &tls.certificate {
        _ if has(&["alert protocol version", "unsupported protocol"]) => {
            "no version of TLS fits both sides; see ssl_min_protocol_version and \
             ssl_max_protocol_version"
                .into()
        }
        _ if !lower.contains("alert") => return text.to_owned(),
        Some(path) => {
            let whose = format!("the certificate of sslcert {}", path.display());
            if has(&["certificate expired"]) {
                format!("the server does not take {whose}: it has expired, by the server's clock")
            } else if has(&["certificate revoked"]) {
                format!("the server does not take {whose}: it has been revoked")
            } else if has(&["unknown ca"]) {
                format!("the server does not take {whose}: it does not trust who signed it")
            } else {
                format!("the server does not take {whose}")
            }
        }
        None if has(&["certificate required"]) => {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn tls(certificate: Option<&str>) -> Tls {
        Tls {
            mode: TlsMode::VerifyFull,
            root_certificate: None,
            certificate: certificate.map(Into::into),
            key: None,
            key_password: None,
            sni: true,
            min_version: None,
            max_version: None,
        }
    }

    #[test]
    fn what_is_wrong_with_a_servers_certificate() {
        // The library's words, of versions 1.1 and 3.
        for (words, expected) in [
            ("certificate has expired", "has expired; whoever runs"),
            ("certificate is not yet valid", "is not valid yet"),
            ("certificate revoked", "has been revoked"),
            ("self signed certificate", "is self-signed"),
            ("self-signed certificate", "is self-signed"),
            (
                "self-signed certificate in certificate chain",
                "an authority that is none of the authorities",
            ),
            (
                "unable to get local issuer certificate",
                "signed by none of the authorities trusted, the system's",
            ),
            ("Hostname mismatch", "is not for \"db.example\""),
            ("IP address mismatch", "is not for \"db.example\""),
            ("EE certificate key too weak", "does not pass the check"),
        ] {
            let text = format!("error:0A000086:SSL routines::certificate verify failed ({words})");
            let told = in_words(&tls(None), "db.example", &text);
            assert!(told.contains(expected), "{words}: {told}");
        }
    }

    #[test]
    fn what_a_server_says_of_a_clients_certificate() {
        for (alert, expected) in [
            ("sslv3 alert certificate expired", "it has expired"),
            ("ssl/tls alert certificate revoked", "it has been revoked"),
            ("tlsv1 alert unknown ca", "does not trust who signed it"),
            (
                "sslv3 alert bad certificate",
                "does not take the certificate of",
            ),
        ] {
            let told = explain(&tls(Some("mine.crt")), alert);
            assert!(
                told.contains(expected) && told.contains("mine.crt"),
                "{alert}: {told}"
            );
        }
        let text = "sslv3 alert certificate expired: SSL alert number 45 (self-signed certificate)";
        let told = in_words(&tls(Some("mine.crt")), "db.example", text);
        assert!(told.contains("mine.crt: it has expired"), "{told}");
        let told = explain(&tls(None), "tlsv13 alert certificate required");
        assert!(told.contains("sslcert and sslkey"), "{told}");
    }
}
