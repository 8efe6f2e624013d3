//! Access tokens as Adobe's login makes them: a JWT of more than 1,000 characters that says when
//! it was made and for how long it lives, in milliseconds as text.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openssl::rand::rand_bytes;
use serde_json::Value;

/// A new token; its signature is nobody's.
pub(crate) fn token(made: SystemTime, lives: Duration) -> String {
    let made = made.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let claims = serde_json::json!({
        "type": "access_token",
        "client_id": "exc_app",
        "scope": "AdobeID,openid,session,read_organizations,".repeat(12),
        "created_at": made.to_string(),
        "expires_in": lives.as_millis().to_string(),
    });
    let mut signature = [0; 256];
    rand_bytes(&mut signature).unwrap();
    let part = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
    let header = part(br#"{"alg":"RS256","x5u":"ims_na1-key-at-1.cer","itt":"at"}"#);
    format!(
        "{header}.{}.{}",
        part(claims.to_string().as_bytes()),
        part(&signature)
    )
}

/// Whether a token's time is over; what is no token has no time.
pub(super) fn has_expired(password: &str) -> bool {
    let claims = password
        .split('.')
        .nth(1)
        .and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims = claims.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
    let number = |name: &str| claims.as_ref()?.get(name)?.as_str()?.parse::<u64>().ok();
    match (number("created_at"), number("expires_in")) {
        (Some(made), Some(lives)) => {
            UNIX_EPOCH + Duration::from_millis(made + lives) < SystemTime::now()
        }
        _ => false,
    }
}
