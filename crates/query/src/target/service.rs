//! Service files: named sets of connection options. PostgreSQL documentation, "The Connection
//! Service File".

use std::path::{Path, PathBuf};

use super::Pairs;
use crate::nearest::nearest;

/// The options of a service: from `PGSERVICEFILE` or `~/.pg_service.conf`, else from the system's
/// file.
///
/// # Errors
/// No file has the service, or a file cannot be read.
pub(super) fn pairs(
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Pairs, String> {
    let user = variable("PGSERVICEFILE")
        .map(PathBuf::from)
        .or_else(|| Some(Path::new(&variable("HOME")?).join(".pg_service.conf")));
    let folder = variable("PGSYSCONFDIR").unwrap_or_else(|| "/etc/postgresql-common".into());
    let system = Some(Path::new(&folder).join("pg_service.conf"));
    let mut known = Vec::new();
    for path in [user, system]
        .into_iter()
        .flatten()
        .filter(|path| path.exists())
    {
        let told = |why: String| format!("{}: {why}", path.display());
        let text = std::fs::read_to_string(&path).map_err(|error| told(error.to_string()))?;
        if let Some(pairs) = find(&text, name, &mut known).map_err(told)? {
            return Ok(pairs);
        }
    }
    let hint = nearest(name, known.iter().map(String::as_str))
        .map_or(String::new(), |near| format!("; did you mean {near}?"));
    Err(format!(
        "no service is named \"{name}\" in the service files{hint}"
    ))
}

fn find(text: &str, name: &str, known: &mut Vec<String>) -> Result<Option<Pairs>, String> {
    let mut pairs: Option<Pairs> = None;
    for (number, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(section) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            if pairs.is_some() {
                return Ok(pairs);
            }
            known.push(section.to_owned());
            pairs = (section == name).then(Pairs::new);
        } else if let Some(pairs) = &mut pairs {
            let (key, value) = line
                .split_once('=')
                .ok_or_else(|| format!("line {} has no =", number + 1))?;
            pairs.push((key.trim().to_owned(), value.to_owned()));
        }
    }
    Ok(pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_a_service() {
        let text = "# ours\n[one]\nhost=a\nport=1\n\n[two]\nhost=b\npassword= x\n";
        let of = |name| find(text, name, &mut Vec::new()).expect("readable");
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(of("one"), Some(vec![pair("host", "a"), pair("port", "1")]));
        assert_eq!(
            of("two"),
            Some(vec![pair("host", "b"), pair("password", " x")])
        );
        assert_eq!(of("three"), None);
    }
}
