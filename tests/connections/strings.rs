//! Ten thousand connection strings, well-formed and mangled: none panics, none gives its password
//! away in an error, and what libpq accepts as well is read the same.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use query::{Address, Secret, Settings, Target, TlsMode};
use serde_json::Value;

use crate::generator::{Generator, Sample};

/// What libpq made of a string.
type Options = BTreeMap<String, String>;

#[test]
fn ten_thousand_strings_are_read_as_libpq_reads_them() {
    let mut generator = Generator::new(1);
    let samples: Vec<Sample> = (0..10_000).map(|_| generator.sample()).collect();
    let judged = judge(samples.iter().map(|sample| sample.for_libpq.as_str()));

    let (mut both, mut wrong) = (0, Vec::new());
    for (sample, options) in samples.iter().zip(judged) {
        let read = Target::parse(&sample.text, &|_| None);
        match read {
            Err(why) => {
                let leaks = sample
                    .secrets
                    .iter()
                    .any(|secret| why.contains(secret.as_str()));
                assert!(!leaks, "{}: {why}", sample.text);
            }
            Ok(Target::Local(_)) => assert!(sample.text.trim_start().starts_with("local")),
            Ok(Target::Server(settings)) => {
                if let Some(options) = options
                    && !differs_on_purpose(&sample.for_libpq)
                {
                    both += 1;
                    let differences = differences(&settings, &options);
                    if !differences.is_empty() {
                        wrong.push(format!("{}: {differences:?}", sample.text));
                    }
                }
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} read otherwise: {:#?}",
        wrong.len(),
        &wrong[..wrong.len().min(20)]
    );
    assert!(both > 3_500, "only {both} strings were accepted by both");
}

/// Where more is understood than libpq does, and so something else is.
fn differs_on_purpose(text: &str) -> bool {
    let url = text
        .strip_prefix("postgresql://")
        .or(text.strip_prefix("postgres://"));
    let raw_at = url.is_some_and(|rest| {
        // The login ends at the last @ before the path; for libpq at the first.
        let authority = rest.split('/').next().unwrap_or_default();
        authority.matches('@').count() > 1
    });
    // Variables, which libpq does not have; and files in the home folder.
    raw_at || text.contains("${") || text.contains("~/")
}

/// What is read in another way than by libpq.
fn differences(settings: &Settings, options: &Options) -> Vec<&'static str> {
    // Given but empty is as if not given.
    let given = |name: &str| {
        options
            .get(name)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    };
    let mut differences = Vec::new();
    let mut same = |name, same: bool| {
        if !same {
            differences.push(name);
        }
    };
    same(
        "user",
        given("user").is_none_or(|user| user == settings.user),
    );
    same(
        "password",
        given("password").map(Secret::pasted) == settings.password,
    );
    same(
        "dbname",
        given("dbname").unwrap_or(&settings.user) == settings.database,
    );
    same("options", given("options") == settings.options.as_deref());
    let name = given("application_name").or(given("fallback_application_name"));
    same(
        "application_name",
        name.is_none_or(|name| name == settings.application_name),
    );
    let mode = match settings.tls.mode {
        TlsMode::Disable => "disable",
        TlsMode::Allow => "allow",
        TlsMode::Prefer => "prefer",
        TlsMode::Require => "require",
        TlsMode::VerifyCa => "verify-ca",
        TlsMode::VerifyFull => "verify-full",
    };
    same(
        "sslmode",
        given("sslmode").is_none_or(|wanted| wanted == mode),
    );
    let limit = given("connect_timeout").map(|seconds| seconds.trim().parse::<i32>().unwrap());
    let seconds = i32::try_from(settings.connect_timeout.as_secs()).unwrap();
    same(
        "connect_timeout",
        limit.is_none_or(|limit| limit <= 0 || limit.max(2) == seconds),
    );
    let file = |name| given(name).map(std::path::Path::new);
    let tls = &settings.tls;
    same(
        "sslrootcert",
        file("sslrootcert").is_none_or(|path| tls.root_certificate.as_deref() == Some(path)),
    );
    same(
        "sslkey",
        file("sslkey").is_none_or(|path| tls.key.as_deref() == Some(path)),
    );
    same(
        "sslpassword",
        given("sslpassword").map(Secret::new) == tls.key_password,
    );
    same(
        "hosts",
        hosts(settings) == expected_hosts(given("host"), given("hostaddr"), given("port")),
    );
    differences
}

/// The hosts, one line each: name, address, port.
fn hosts(settings: &Settings) -> Vec<String> {
    let hosts = settings.hosts.iter().map(|host| match &host.place {
        Address::Tcp(name, None) => format!("{name} - {}", host.port),
        Address::Tcp(name, Some(address)) => format!("{name} {address} {}", host.port),
        Address::Socket(folder) => format!("{} - {}", folder.display(), host.port),
    });
    // Where no host is named it depends on the machine: a socket, or this.
    hosts
        .map(|line| line.replace("/var/run/postgresql -", "localhost -"))
        .collect()
}

fn expected_hosts(
    names: Option<&str>,
    addresses: Option<&str>,
    ports: Option<&str>,
) -> Vec<String> {
    let list = |text: Option<&str>| -> Vec<String> {
        text.map_or(Vec::new(), |text| {
            text.split(',').map(str::to_owned).collect()
        })
    };
    let (names, addresses, ports) = (list(names), list(addresses), list(ports));
    (0..names.len().max(addresses.len()).max(1))
        .map(|n| {
            let at = |list: &Vec<String>| list.get(n).cloned().filter(|text| !text.is_empty());
            let address =
                at(&addresses).map(|ip| ip.parse::<std::net::IpAddr>().unwrap().to_string());
            let port = if ports.len() == 1 {
                ports.first().cloned()
            } else {
                at(&ports)
            };
            let port = port
                .filter(|port| !port.trim().is_empty())
                .map_or(5432, |port| port.trim().parse::<u16>().unwrap());
            let name = match at(&names) {
                Some(name) => name,
                None if names.is_empty() => at(&addresses).unwrap_or("localhost".into()),
                None => "localhost".into(),
            };
            format!("{name} {} {port}", address.unwrap_or("-".into()))
        })
        .collect()
}

/// What libpq makes of the strings.
fn judge<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Option<Options>> {
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/connections/judge.py"
    );
    let mut judge = Command::new("python3")
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let texts = Value::Array(texts.map(Value::from).collect()).to_string();
    // It reads everything before it writes.
    judge
        .stdin
        .take()
        .unwrap()
        .write_all(texts.as_bytes())
        .unwrap();
    let output = judge.wait_with_output().unwrap();
    assert!(output.status.success());
    let judged: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    let options = |value: &Value| {
        let options = value.as_object()?.iter();
        Some(
            options
                .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                .collect(),
        )
    };
    judged.iter().map(options).collect()
}
