//! Makes connection strings, the same ones every time: from parts that fit, then with single
//! characters changed, dropped, doubled and swapped.

/// A string, and what a test has to know of it.
pub(crate) struct Sample {
    /// What `%connect` is given.
    pub(crate) text: String,
    /// The same for libpq: of a psql command the part that libpq is given.
    pub(crate) for_libpq: String,
    /// Pieces of its passwords, long enough to be no accident.
    pub(crate) secrets: Vec<String>,
}

/// The state of an xorshift.
pub(crate) struct Generator(u64);

/// Options with values that fit.
const OPTIONS: &[(&str, &[&str])] = &[
    (
        "sslmode",
        &[
            "disable",
            "allow",
            "prefer",
            "require",
            "verify-ca",
            "verify-full",
            "",
            "yes",
        ],
    ),
    ("connect_timeout", &["0", "1", "10", " 7", "-3", "x", ""]),
    (
        "application_name",
        &["app", "two words", "it's", "a\\b", "größe"],
    ),
    ("fallback_application_name", &["fallback"]),
    ("options", &["-c geqo=off", "-csearch_path=a,b -c x='y z'"]),
    ("sslrootcert", &["/ca.crt", "system", "with blank"]),
    ("sslkey", &["/key.pem"]),
    ("sslsni", &["0", "1"]),
    (
        "target_session_attrs",
        &["any", "read-write", "prefer-standby", "x"],
    ),
    ("channel_binding", &["require", "prefer", "disable"]),
    ("client_encoding", &["auto", "LATIN1"]),
    ("keepalives", &["1"]),
    ("gssencmode", &["disable", "require"]),
    ("ssl_min_protocol_version", &["TLSv1.2", "tlsv1.3", "TLSv9"]),
    ("requiressl", &["1", "0"]),
    ("hots", &["db"]),
];
const HOSTS: &[&str] = &[
    "db",
    "localhost",
    "db.example",
    "10.0.0.1",
    "::1",
    "/tmp/sock",
    "",
    "a-b_c",
    "größe.example",
];
const PORTS: &[&str] = &[
    "5432", "80", "", "1", "65535", "0", "65536", " 5433 ", "x", "+1",
];
const USERS: &[&str] = &[
    "ada",
    "ECBB80245ECFC73E8A095EC9@AdobeOrg",
    "a b",
    "o'neil",
    "back\\slash",
    "ä",
    "",
];
const DATABASES: &[&str] = &[
    "sales",
    "prod:all",
    "prod:all?FLATTEN",
    "a/b",
    "a b",
    "d@x",
    "postgresql://",
    "psql",
    "",
];
/// What passwords are made of: pieces that no error would say by itself.
const PIECES: &[&str] = &["zq7x", "Kv9w", "eyJhbGci", "j4xW"];
const BETWEEN: &[&str] = &[
    "", "", "", "@", ":", "/", "?", "%", "=", "'", "\\", " ", "&", "#", ",", "\"", "[", "ü", "\t",
    " psql ", "://",
];
/// What a mutation puts in.
const STRANGE: &[char] = &[
    ' ', '\'', '"', '\\', '=', '@', ':', '/', '?', '&', '%', ',', '[', ']', '#', '\n', '\t',
    '\u{b}', '\r', '0', 'a', 'ä', '\u{2028}', '\u{feff}', '$', '{', '}', '-', '~',
];

impl Generator {
    pub(crate) fn new(seed: u64) -> Generator {
        Generator(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One string: of every three one is a URL, one keywords, one a psql command; every other one
    /// is mangled.
    pub(crate) fn sample(&mut self) -> Sample {
        let (password, secrets) = self.password();
        let mut parts = self.parts(&password);
        let kind = self.below(3);
        let mut for_libpq = match self.below(2) {
            0 => self.url(&mut parts),
            _ => self.keywords(&parts),
        };
        if self.below(2) == 0 {
            for _ in 0..=self.below(3) {
                for_libpq = self.mangled(&for_libpq);
            }
        }
        // The blanks around a URL are the pasteboard's.
        if for_libpq.starts_with("postgres") {
            for_libpq = for_libpq.trim().to_owned();
        }
        // psql takes what has no = in it for a name, and a line end in it for the work of a
        // pasteboard; libpq does neither.
        let in_psql = for_libpq.contains('=') || for_libpq.starts_with("postgres");
        let text = match kind == 0 && in_psql && !for_libpq.contains(['\n', '\r', '\u{2028}']) {
            true => format!("psql '{}'", for_libpq.replace('\'', r"'\''")),
            false => for_libpq.clone(),
        };
        Sample {
            text,
            for_libpq,
            secrets,
        }
    }

    fn password(&mut self) -> (String, Vec<String>) {
        let mut password = String::new();
        let mut secrets = Vec::new();
        for _ in 0..=self.below(3) {
            let piece = self.one(PIECES);
            secrets.push(piece.to_owned());
            password.push_str(piece);
            password.push_str(self.one(BETWEEN));
        }
        (password, secrets)
    }

    /// Options with their values, in any order.
    fn parts(&mut self, password: &str) -> Vec<(&'static str, String)> {
        let mut parts = vec![("password", password.to_owned())];
        let several = 1 + self.below(8) / 6 * self.below(3);
        let list = |generator: &mut Generator, from: &[&str]| {
            let values: Vec<_> = (0..several).map(|_| generator.one(from)).collect();
            values.join(",")
        };
        parts.push(("host", list(self, HOSTS)));
        if self.below(2) == 0 {
            parts.push(("port", list(self, PORTS)));
        }
        if self.below(8) == 0 {
            parts.push(("hostaddr", list(self, &["10.0.0.1", "::1", "", "nonsense"])));
        }
        parts.push(("user", self.one(USERS).to_owned()));
        parts.push(("dbname", self.one(DATABASES).to_owned()));
        for _ in 0..self.below(4) {
            let (name, values) = OPTIONS[self.below(OPTIONS.len())];
            parts.push((name, self.one(values).to_owned()));
        }
        if self.below(10) == 0 {
            parts.push(("sslpassword", password.to_owned()));
        }
        for at in (1..parts.len()).rev() {
            parts.swap(at, self.below(at + 1));
        }
        parts
    }

    fn keywords(&mut self, parts: &[(&str, String)]) -> String {
        let mut text = String::new();
        for (name, value) in parts {
            text.push_str(self.one(&["", "", "", " ", "\t"]));
            text.push_str(name);
            text.push_str(self.one(&["=", "=", "=", " = ", "= ", " ="]));
            let escaped = value.replace('\\', r"\\").replace('\'', r"\'");
            let quoted =
                value.is_empty() || value.contains(char::is_whitespace) || self.below(4) == 0;
            match quoted {
                true => text.push_str(&format!("'{escaped}'")),
                false => text.push_str(&escaped),
            }
            text.push_str(self.one(&[" ", " ", "  ", "\n"]));
        }
        text
    }

    fn url(&mut self, parts: &mut Vec<(&str, String)>) -> String {
        let mut take = |name: &str| {
            let at = parts.iter().position(|(known, _)| *known == name)?;
            Some(parts.remove(at).1)
        };
        let (user, password) = (take("user"), take("password"));
        let (hosts, ports, database) = (take("host"), take("port"), take("dbname"));
        let mut url = self.one(&["postgresql://", "postgres://"]).to_owned();
        if self.below(5) > 0 {
            url.push_str(&self.encoded(&user.unwrap_or_default()));
            if self.below(4) > 0 {
                url.push(':');
                url.push_str(&self.encoded(&password.unwrap_or_default()));
            }
            url.push('@');
        }
        let ports = ports.unwrap_or_default();
        let mut ports = ports.split(',');
        let hosts = hosts.unwrap_or_default();
        for (at, host) in hosts.split(',').enumerate() {
            if at > 0 {
                url.push(',');
            }
            match host.contains("::") {
                true => url.push_str(&format!("[{host}]")),
                false => url.push_str(&self.encoded(host)),
            }
            if let Some(port) = ports.next().filter(|port| !port.is_empty()) {
                url.push_str(&format!(":{}", self.encoded(port)));
            }
        }
        if let Some(database) = database {
            url.push('/');
            url.push_str(&self.encoded(&database));
        }
        for (at, (name, value)) in parts.iter().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(&format!("{name}={}", self.encoded(value)));
        }
        url
    }

    /// Percent-encoded; seldom, something is forgotten.
    fn encoded(&mut self, value: &str) -> String {
        let forgets = self.below(12) == 0;
        let mut out = String::new();
        for byte in value.bytes() {
            match byte.is_ascii_alphanumeric()
                || b"-_.~".contains(&byte)
                || forgets && byte.is_ascii()
            {
                true => out.push(char::from(byte)),
                false => out.push_str(&format!("%{byte:02X}")),
            }
        }
        out
    }

    fn mangled(&mut self, text: &str) -> String {
        let mut chars: Vec<char> = text.chars().collect();
        let at = self.below(chars.len().max(1));
        let other = self.below(chars.len().max(1));
        match self.below(6) {
            _ if chars.is_empty() => {}
            0 => drop(chars.remove(at)),
            1 => chars.insert(at, chars[at]),
            2 => chars.swap(at, other),
            3 => chars.truncate(at),
            4 => chars[at] = STRANGE[self.below(STRANGE.len())],
            _ => chars.insert(at, STRANGE[self.below(STRANGE.len())]),
        }
        chars.into_iter().collect()
    }

    fn one<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }
}
