//! The system's keyrings: the Linux kernel's, which is there on every machine, and the desktop's
//! (GNOME Keyring, KWallet, KeePassXC; the keychain of macOS), which the system's own tool reads.
//!
//! A password goes by a service and a user, in the names that other programs use: the desktop's
//! attributes `service` and `username`, which Python's `keyring` writes, too; the kernel's key
//! `SERVICE:USER`. The Secret Service is not spoken here: every crate that does brings a D-Bus with
//! it, minutes to compile, for one question that libsecret's `secret-tool` answers.

use std::io;

use tokio::process::Command;

use super::{ended, first_line};
use crate::secret::Secret;

/// The password of a user of a service.
///
/// # Errors
/// Why neither keyring has it.
pub(super) async fn find(service: &str, user: &str) -> Result<Secret, String> {
    let name = format!("{service}:{user}");
    let kernels = match tokio::task::spawn_blocking(move || kernels(&name)).await {
        Ok(Ok(password)) => return Ok(password),
        Ok(Err(why)) => why,
        Err(_) => "the kernel's keyring could not be read".into(),
    };
    let desktops = match desktops(service, user).await {
        Ok(password) => return Ok(password),
        Err(why) => why,
    };
    Err(format!(
        "no password of {user} for {service} ({kernels}; {desktops})"
    ))
}

/// From the kernel's keyring.
#[cfg(target_os = "linux")]
fn kernels(name: &str) -> Result<Secret, String> {
    use linux_keyutils::{KeyError, KeyRing, KeyRingIdentifier as Id};

    let read = || -> Result<Vec<u8>, KeyError> {
        let user = KeyRing::from_special_id(Id::User, false)?;
        let key = match KeyRing::from_special_id(Id::Session, false)?.search(name) {
            Ok(key) => key,
            Err(_) => {
                // A key may be read by whoever holds a keyring that leads to it. A user's session
                // does not always have the user's keyring in it.
                KeyRing::from_special_id(Id::Thread, true)?.link_keyring(user)?;
                user.search(name)?
            }
        };
        key.read_to_vec()
    };
    match read() {
        Ok(bytes) => String::from_utf8(bytes)
            .ok()
            .and_then(|text| first_line(&text))
            .ok_or_else(|| format!("the kernel's key {name} is no text")),
        Err(KeyError::KeyDoesNotExist) => Err(format!("the kernel has no key {name}")),
        Err(error) => Err(format!("the kernel's key {name}: {error}")),
    }
}

#[cfg(not(target_os = "linux"))]
fn kernels(_: &str) -> Result<Secret, String> {
    Err("only Linux has a keyring in its kernel".into())
}

/// From the desktop's keyring, which may ask its user to unlock it.
async fn desktops(service: &str, user: &str) -> Result<Secret, String> {
    let tool = if cfg!(target_os = "macos") {
        "security"
    } else {
        "secret-tool"
    };
    let mut command = Command::new(tool);
    match tool {
        "security" => command.args(["find-generic-password", "-w", "-s", service, "-a", user]),
        _ => command.args(["lookup", "service", service, "username", user]),
    };
    let ended = match ended(&mut command).await {
        Ok(ended) => ended,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(format!(
                "{tool}, which reads the desktop's, is not installed"
            ));
        }
        Err(error) => return Err(format!("{tool}: {error}")),
    };
    let found = first_line(&ended.printed).filter(|_| ended.status.success());
    found.ok_or_else(|| match ended.complaint.trim() {
        "" => "the desktop's has none".into(),
        complaint => complaint.to_owned(),
    })
}
