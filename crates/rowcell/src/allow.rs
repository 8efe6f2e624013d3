//! What cells may do beside asking a server: nothing, unless whoever starts the program says so.

use clap::Args;

/// The variable that allows what no flag does.
const VARIABLE: &str = "ROWCELL_ALLOW";

/// What cells may do.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allow {
    /// Let cells start programs (password_command in %connect); also ROWCELL_ALLOW=programs
    #[arg(long, value_name = "WHAT", value_delimiter = ',', value_parser = ["programs"])]
    allow: Vec<String>,
}

impl Allow {
    /// Whether cells may start programs.
    ///
    /// # Errors
    /// The environment allows what there is not.
    pub(crate) fn programs(&self) -> Result<bool, String> {
        let variable = std::env::var(VARIABLE).unwrap_or_default();
        let given = words(&variable)?;
        Ok(!self.allow.is_empty() || !given.is_empty())
    }

    /// The arguments that say the same to another start of this program.
    pub(crate) fn arguments(&self) -> Vec<String> {
        match self.allow.is_empty() {
            true => Vec::new(),
            false => vec!["--allow=programs".into()],
        }
    }
}

/// What the environment allows.
fn words(text: &str) -> Result<Vec<&str>, String> {
    let words = text
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty());
    words
        .map(|word| match word {
            "programs" => Ok(word),
            _ => Err(format!(
                "{VARIABLE}: there is no \"{word}\" to allow; programs is"
            )),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_environment_allows() {
        assert_eq!(words(""), Ok(vec![]));
        assert_eq!(words(" programs ,"), Ok(vec!["programs"]));
        assert!(words("everything").is_err());
    }
}
