//! The password file. PostgreSQL documentation, "The Password File".

use std::path::Path;

use crate::secret::Secret;

/// The password of the first line that fits; each of its fields may be `*`.
///
/// # Errors
/// The file is there and may not be used, with the reason.
pub(crate) fn find(
    path: &Path,
    host: &str,
    port: u16,
    database: &str,
    user: &str,
) -> Result<Option<Secret>, String> {
    let told = |why: &str| format!("password file {}: {why}", path.display());
    let Ok(facts) = std::fs::metadata(path) else {
        return Ok(None);
    };
    if !facts.is_file() {
        return Err(told("not a plain file"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if facts.permissions().mode() & 0o077 != 0 {
            return Err(told("others may read it, so it is not used; chmod 0600 it"));
        }
    }
    let text = std::fs::read_to_string(path).map_err(|error| told(&error.to_string()))?;
    let port = port.to_string();
    let wanted = [host, &port, database, user];
    Ok(text.lines().find_map(|line| password(line, &wanted)))
}

fn password(line: &str, wanted: &[&str; 4]) -> Option<Secret> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line;
    for wanted in wanted {
        let (field, after) = field(rest);
        if field != *wanted && field != "*" {
            return None;
        }
        rest = after?;
    }
    let (password, _) = field(rest);
    (!password.is_empty()).then(|| Secret::new(password))
}

/// The text up to the next colon, without its backslashes; what comes after the colon.
fn field(text: &str) -> (String, Option<&str>) {
    let mut out = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => out.extend(chars.next().map(|(_, c)| c)),
            ':' => return (out, text.get(at + 1..)),
            c => out.push(c),
        }
    }
    (out, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_what_they_fit() {
        let wanted = ["db", "5432", "sales", "ada"];
        let of = |line| password(line, &wanted).map(|secret| secret.expose().to_owned());
        assert_eq!(of("db:5432:sales:ada:s3cret").as_deref(), Some("s3cret"));
        assert_eq!(of("*:*:*:*:a\\:b\\\\c").as_deref(), Some("a:b\\c"));
        assert_eq!(of("*:*:*:ada:x:ignored").as_deref(), Some("x"));
        assert_eq!(of("other:*:*:*:x"), None);
        assert_eq!(of("# *:*:*:*:x"), None);
        assert_eq!(of("*:*:*"), None);
        assert_eq!(of("*:*:*:*:"), None);
    }
}
