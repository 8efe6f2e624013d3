//! Tokens that are passwords: when one expires is written in itself.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// When a token (a JWT) expires; nothing for any other password. Adobe's tokens say when they were
/// made and for how long they live, in milliseconds as text; others say `exp` in seconds.
pub(crate) fn expiry(password: &str) -> Option<SystemTime> {
    let payload = password.strip_prefix("eyJ")?.split('.').nth(1)?;
    let bytes = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let claims: Value = serde_json::from_slice(&bytes).ok()?;
    let number = |name: &str| match claims.get(name)? {
        Value::String(text) => text.parse::<u64>().ok(),
        value => value.as_u64(),
    };
    let since_epoch = match (number("created_at"), number("expires_in"), number("exp")) {
        (Some(made), Some(lives), _) => Duration::from_millis(made.checked_add(lives)?),
        (.., Some(seconds)) => Duration::from_secs(seconds),
        _ => return None,
    };
    SystemTime::UNIX_EPOCH.checked_add(since_epoch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> String {
        let part = |text: &str| URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.x", part(r#"{"alg":"RS256"}"#), part(claims))
    }

    #[test]
    fn expiry_is_read_from_the_token() {
        let at = |seconds| Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(
            expiry(&token(r#"{"created_at":"5000","expires_in":"86400000"}"#)),
            at(86405)
        );
        assert_eq!(expiry(&token(r#"{"exp":1700000000}"#)), at(1_700_000_000));
        assert_eq!(expiry(&token(r#"{"exp":18446744073709551615}"#)), None);
        assert_eq!(expiry(&token("{}")), None);
        assert_eq!(expiry("eyJ"), None);
        assert_eq!(expiry("ordinary"), None);
    }
}
