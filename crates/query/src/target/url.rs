//! Connection URLs.

use percent_encoding::percent_decode_str;

use super::Pairs;
use super::options::{OPTIONS, is_option, refuse_command};
use crate::nearest::nearest;

/// Reads what stands behind `postgresql://`:
/// `user:password@host:port,host:port/database?option=value&…`, percent-encoded.
///
/// As libpq, with two things more that people paste: the user may have a raw `@` (the login ends at
/// the last one before the path), and an option without `=`, such as Query Service's `?FLATTEN`,
/// belongs to the database's name.
///
/// # Errors
/// A sentence that repeats no value.
pub(super) fn pairs(rest: &str) -> Result<Pairs, String> {
    let mut pairs = Pairs::new();
    let path = rest.find('/').unwrap_or(rest.len());
    let rest = match rest[..path].rsplit_once('@') {
        Some((login, _)) => {
            let (user, password) = match login.split_once(':') {
                Some((user, password)) => (user, Some(password)),
                None => (login, None),
            };
            pairs.push(("user".into(), decode(user, "user")?));
            if let Some(password) = password {
                pairs.push(("password".into(), decode(password, "password")?));
            }
            &rest[login.len() + 1..]
        }
        None => rest,
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, query),
        None => (rest, ""),
    };
    let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
    hosts(authority, &mut pairs)?;
    let mut database = decode(database, "database")?;
    let options = pairs.len();
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("ssl", "true")) => pairs.push(("sslmode".into(), "require".into())),
            Some((name, value)) => {
                let (name, value) = (decode(name, "option")?, decode(value, "option")?);
                if !is_option(&name) {
                    return Err(unknown(&name));
                }
                pairs.push((name, value));
            }
            None => {
                database.push('?');
                database.push_str(&decode(option, "option")?);
            }
        }
    }
    refuse_command(&pairs, "a URL")?;
    if !database.is_empty() {
        // Before the options: one of them may name the database, too.
        pairs.insert(options, ("dbname".into(), database));
    }
    Ok(pairs)
}

fn hosts(authority: &str, pairs: &mut Pairs) -> Result<(), String> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in authority.split(',') {
        let (name, port) = match host.strip_prefix('[') {
            Some(address) => {
                let (address, port) = address
                    .split_once(']')
                    .ok_or("a [ of an IPv6 address has no ]")?;
                if address.is_empty() {
                    return Err("an IPv6 address is empty".into());
                }
                match port.strip_prefix(':') {
                    Some(port) => (address, port),
                    None if port.is_empty() => (address, ""),
                    None => return Err("something stands behind the ] of an IPv6 address".into()),
                }
            }
            None => host.split_once(':').unwrap_or((host, "")),
        };
        names.push(decode(name, "host")?);
        ports.push(decode(port, "port")?);
    }
    for (option, list) in [("host", names.join(",")), ("port", ports.join(","))] {
        if !list.is_empty() {
            pairs.push((option.into(), list));
        }
    }
    Ok(())
}

/// Where a password has a raw `/` or `?` in it, a piece of it stands where options do: the name is
/// not repeated.
fn unknown(name: &str) -> String {
    let near = nearest(name, OPTIONS.iter().copied());
    let near = near.map_or(String::new(), |near| format!("; did you mean {near}?"));
    format!(
        "behind the ? of the URL stands an unknown option{near} \
         (in a password / is written %2F, ? %3F and @ %40)"
    )
}

fn decode(text: &str, what: &str) -> Result<String, String> {
    let encoded = text.split('%').skip(1).all(|rest| {
        rest.get(..2)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .is_some_and(|digits| digits != "00")
    });
    let decoded = percent_decode_str(text)
        .decode_utf8()
        .ok()
        .filter(|_| encoded);
    decoded.map(|text| text.into_owned()).ok_or_else(|| {
        format!("the {what} in the URL is not percent-encoded UTF-8 (a % itself is written %25)")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::tests::owned;

    fn check(rest: &str, expected: &[(&str, &str)]) {
        assert_eq!(pairs(rest), Ok(owned(expected)), "{rest}");
    }

    #[test]
    fn parts() {
        check("", &[]);
        check("db", &[("host", "db")]);
        check(
            "ada:s@db:5433/sales",
            &[
                ("user", "ada"),
                ("password", "s"),
                ("host", "db"),
                ("port", "5433"),
                ("dbname", "sales"),
            ],
        );
        check(
            "a:1,b:2/x",
            &[("host", "a,b"), ("port", "1,2"), ("dbname", "x")],
        );
        check(
            "[::1]:5433/x",
            &[("host", "::1"), ("port", "5433"), ("dbname", "x")],
        );
        check("%2Ftmp/x", &[("host", "/tmp"), ("dbname", "x")]);
        check(
            "/x?host=/tmp&user=ada",
            &[("dbname", "x"), ("host", "/tmp"), ("user", "ada")],
        );
        check(
            "u%40x:p%3A%2F@h",
            &[("user", "u@x"), ("password", "p:/"), ("host", "h")],
        );
        check("h/db@x", &[("host", "h"), ("dbname", "db@x")]);
        check(
            "u:p?w@h",
            &[("user", "u"), ("password", "p?w"), ("host", "h")],
        );
    }

    #[test]
    fn what_people_paste() {
        check(
            "1@AdobeOrg:t@h:80/prod:all",
            &[
                ("user", "1@AdobeOrg"),
                ("password", "t"),
                ("host", "h"),
                ("port", "80"),
                ("dbname", "prod:all"),
            ],
        );
        check(
            "h/prod:all?FLATTEN",
            &[("host", "h"), ("dbname", "prod:all?FLATTEN")],
        );
        check(
            "h/prod:all%3FFLATTEN?sslmode=require",
            &[
                ("host", "h"),
                ("dbname", "prod:all?FLATTEN"),
                ("sslmode", "require"),
            ],
        );
        check(
            "h/x?ssl=true",
            &[("host", "h"), ("dbname", "x"), ("sslmode", "require")],
        );
    }

    #[test]
    fn no_url_starts_a_program() {
        for option in ["password_command", "password%5fcommand"] {
            let error = pairs(&format!("h/d?{option}=touch%20x")).expect_err(option);
            assert!(error.contains("never taken from a URL"), "{error}");
        }
    }

    #[test]
    fn errors_repeat_no_value() {
        for rest in [
            "u:secret%@h",
            "u:%00secret@h",
            "u:secret%zz@h",
            "[::1/secret",
            "[]secret",
        ] {
            let error = pairs(rest).expect_err(rest);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
