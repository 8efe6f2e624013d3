//! Environment variables, and which of them hold a password.

use crate::target::Target;

/// libpq's own for a password.
const PASSWORD: &str = "PGPASSWORD";
/// Those that name a connection, which may have a password in it.
const CONNECTIONS: [&str; 2] = ["ROWCELL_CONNECT", "DATABASE_URL"];

/// An environment variable that is set to something.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The environment variables that hold a password: no program that this one starts is to be given
/// them.
pub fn secret_variables() -> Vec<&'static str> {
    secret_in(&variable)
}

fn secret_in(variable: &dyn Fn(&str) -> Option<String>) -> Vec<&'static str> {
    let others = |name: &str| variable(name).filter(|_| name != PASSWORD);
    let holds_one = |name: &&str| {
        variable(name).is_some_and(|text| match Target::parse(&text, &others) {
            Ok(Target::Local(_)) => false,
            Ok(Target::Server(settings)) => {
                settings.password.is_some()
                    || settings.password_command.is_some()
                    || settings.tls.key_password.is_some()
            }
            // What cannot be read may hold anything.
            Err(_) => true,
        })
    };
    let connections = CONNECTIONS.into_iter().filter(holds_one);
    std::iter::once(PASSWORD).chain(connections).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_holds_a_password_is_known() {
        let check = |text: &str, expected: bool| {
            let variable = |name: &str| match name {
                "DATABASE_URL" => Some(text.to_owned()),
                PASSWORD => Some("other".into()),
                "SECRET" => Some("s3cret".into()),
                "USER" => Some("ada".into()),
                _ => None,
            };
            let found = secret_in(&variable).contains(&"DATABASE_URL");
            assert_eq!(found, expected, "{text}");
        };
        check("postgresql://ada@host/shop", false);
        check("postgresql://ada:s3cret@host/shop", true);
        check("postgresql://ada:${SECRET}@host/shop", true);
        check("postgresql://host/shop?password=s3cret", true);
        check("host=h password=s3cret", true);
        check("host=h user=ada", false);
        check("host=h password_command='pass show db'", true);
        check("local", false);
        check("mysql://ada:s3cret@host/shop", true);
        assert_eq!(secret_in(&|_| None), [PASSWORD]);
    }
}
