//! Options become settings: what is left out comes from the service, the environment and libpq's
//! defaults.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::hosts::hosts;
use super::options::{self, COMMAND, REFUSED, VARIABLES};
use super::{ChannelBinding, Host, Pairs, SessionKind, Settings, Tls, TlsMode, TlsVersion};
use super::{home, service};
use crate::commands::print::boolean;
use crate::query_service;
use crate::secret::Secret;

impl Settings {
    pub(super) fn from_pairs(
        mut pairs: Pairs,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let names_command = last(&pairs, COMMAND).is_some_and(|command| !command.is_empty());
        let service = last(&pairs, "service").map(str::to_owned);
        if let Some(service) = service
            .or_else(|| variable("PGSERVICE"))
            .filter(|s| !s.is_empty())
        {
            // What is given here counts more than what the service says.
            let mut all = service::pairs(&service, variable)?;
            all.append(&mut pairs);
            pairs = all;
        }
        options::check(&pairs)?;
        for (name, value) in pairs.iter_mut().filter(|(name, _)| name == "requiressl") {
            // As in libpq, an older way to say it.
            let mode = if value.starts_with('1') {
                "require"
            } else {
                "prefer"
            };
            (*name, *value) = ("sslmode".into(), mode.into());
        }
        // Given but empty is as good as the default, whatever the environment says.
        let get = |name: &str| {
            let environment = VARIABLES.iter().find(|(_, option)| *option == name);
            last(&pairs, name)
                .map(str::to_owned)
                .or_else(|| variable(environment?.0))
                .filter(|value| !value.is_empty())
        };
        for (name, nothing, why) in REFUSED {
            if get(name).is_some_and(|value| !nothing.contains(&value.as_str())) {
                return Err(format!("{name} cannot be had: {why}"));
            }
        }
        let path = |name: &str| get(name).map(|path| home(&path, variable));

        let hosts = hosts(
            get("host").as_deref(),
            get("hostaddr").as_deref(),
            get("port").as_deref(),
        )?;
        let user = match get("user") {
            Some(user) => user,
            None => whoami::username()
                .map_err(|_| "no user is named, and this process has none: add user=NAME")?,
        };
        let seconds = |name: &str| match get(name) {
            None => Ok(None),
            Some(seconds) => match seconds.trim().parse::<i32>() {
                Ok(seconds) => Ok(Some(seconds)),
                Err(_) => Err(format!("{name} is not a number of seconds")),
            },
        };
        let switch = |name: &str| match get(name) {
            None => Ok(false),
            Some(value) => boolean(&value).ok_or_else(|| format!("{name} is on or off")),
        };
        let mode = get("sslmode").or_else(|| {
            let required = variable("PGREQUIRESSL")?.starts_with('1');
            required.then(|| "require".to_owned())
        });
        // As in libpq, where else anyone with a certificate would do.
        let trusts_system = get("sslrootcert").as_deref() == Some("system");
        Ok(Settings {
            password: get("password").map(Secret::pasted),
            passfile: path("passfile")
                .or_else(|| Some(Path::new(&variable("HOME")?).join(".pgpass"))),
            password_keyring: get("password_keyring"),
            password_command: get(COMMAND).map(Secret::new),
            names_command,
            database: get("dbname").unwrap_or_else(|| user.clone()),
            user,
            tls: Tls {
                mode: match tls_mode(mode.as_deref(), &hosts)? {
                    _ if trusts_system && mode.is_none() => TlsMode::VerifyFull,
                    mode => mode,
                },
                root_certificate: path("sslrootcert").or_else(|| libpq_file("root.crt", variable)),
                certificate: match get("sslcertmode").as_deref() {
                    None | Some("allow") => {
                        path("sslcert").or_else(|| libpq_file("postgresql.crt", variable))
                    }
                    Some("disable") => None,
                    Some(_) => return Err("sslcertmode is disable or allow here".into()),
                },
                key: path("sslkey").or_else(|| libpq_file("postgresql.key", variable)),
                key_password: get("sslpassword").map(Secret::new),
                sni: get("sslsni").as_deref() != Some("0"),
                min_version: tls_version(get("ssl_min_protocol_version").as_deref())?,
                max_version: tls_version(get("ssl_max_protocol_version").as_deref())?,
            },
            channel_binding: match get("channel_binding").as_deref() {
                None | Some("prefer") => ChannelBinding::Prefer,
                Some("disable") => ChannelBinding::Disable,
                Some("require") => ChannelBinding::Require,
                Some(_) => return Err("channel_binding is disable, prefer or require".into()),
            },
            connect_timeout: match seconds("connect_timeout")? {
                None => Duration::from_secs(30),
                // libpq waits for ever on 0 and below; nothing here may.
                Some(seconds) if seconds <= 0 => Duration::from_secs(24 * 3600),
                Some(seconds) => Duration::from_secs(seconds.max(2).unsigned_abs().into()),
            },
            timeout: seconds("timeout")?
                .filter(|seconds| *seconds > 0)
                .map(|seconds| Duration::from_secs(seconds.unsigned_abs().into())),
            read_only: switch("read_only")?,
            confirm: switch("confirm")?,
            application_name: get("application_name")
                .or_else(|| get("fallback_application_name"))
                .unwrap_or_else(|| "rowcell".into()),
            options: get("options"),
            session: match get("target_session_attrs").as_deref() {
                None | Some("any") => SessionKind::Any,
                Some("read-write") => SessionKind::ReadWrite,
                Some("read-only") => SessionKind::ReadOnly,
                Some("primary") => SessionKind::Primary,
                Some("standby") => SessionKind::Standby,
                Some("prefer-standby") => SessionKind::PreferStandby,
                Some(_) => {
                    return Err(
                        "target_session_attrs is any, read-write, read-only, primary, \
                         standby or prefer-standby"
                            .into(),
                    );
                }
            },
            shuffle: match get("load_balance_hosts").as_deref() {
                None | Some("disable") => false,
                Some("random") => true,
                Some(_) => return Err("load_balance_hosts is disable or random".into()),
            },
            hosts,
        })
    }
}

/// The value of an option; given twice, the last one counts, as in libpq.
fn last<'a>(pairs: &'a Pairs, name: &str) -> Option<&'a str> {
    let given = pairs.iter().rev().find(|(key, _)| key == name);
    given.map(|(_, value)| value.as_str())
}

fn tls_mode(mode: Option<&str>, hosts: &[Host]) -> Result<TlsMode, String> {
    let here = hosts.iter().all(Host::is_this_machine);
    // It takes the password in clear, and so never without TLS.
    let query_service = hosts.iter().any(|host| query_service::is_it(host, ""));
    Ok(match mode {
        // libpq's default is prefer; a password for a distant host deserves better.
        None if here => TlsMode::Prefer,
        None => TlsMode::Require,
        Some("disable") if query_service => {
            return Err("Query Service is reached with TLS only: sslmode=require".into());
        }
        Some("allow" | "prefer") if query_service => TlsMode::Require,
        Some("disable") => TlsMode::Disable,
        Some("allow") => TlsMode::Allow,
        Some("prefer") => TlsMode::Prefer,
        Some("require") => TlsMode::Require,
        Some("verify-ca") => TlsMode::VerifyCa,
        Some("verify-full") => TlsMode::VerifyFull,
        Some(_) => {
            return Err(
                "sslmode is disable, allow, prefer, require, verify-ca or verify-full".into(),
            );
        }
    })
}

fn tls_version(version: Option<&str>) -> Result<Option<TlsVersion>, String> {
    Ok(match version.map(str::to_lowercase).as_deref() {
        None => None,
        Some("tlsv1") => Some(TlsVersion::V1_0),
        Some("tlsv1.1") => Some(TlsVersion::V1_1),
        Some("tlsv1.2") => Some(TlsVersion::V1_2),
        Some("tlsv1.3") => Some(TlsVersion::V1_3),
        Some(_) => {
            return Err("a version of TLS is TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3".into());
        }
    })
}

/// A file in `~/.postgresql`, which libpq uses where it exists.
fn libpq_file(name: &str, variable: &dyn Fn(&str) -> Option<String>) -> Option<PathBuf> {
    let path = Path::new(&variable("HOME")?).join(".postgresql").join(name);
    path.exists().then_some(path)
}
