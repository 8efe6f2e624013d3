//! The names of a table's columns, made of what a file calls its own.

use std::collections::HashSet;

/// PostgreSQL cuts longer names, in bytes.
const LONGEST: usize = 63;

/// A name for each column: none empty, none too long, no two alike.
pub(crate) fn distinct<'n>(given: impl Iterator<Item = Option<&'n str>>) -> Vec<String> {
    let mut taken = HashSet::new();
    let name = |(number, given): (usize, Option<&str>)| {
        let given = given.unwrap_or_default().trim();
        let name = match given {
            "" => format!("column{}", number + 1),
            name => cut(name, LONGEST).to_owned(),
        };
        let mut unique = name.clone();
        let mut count = 1;
        while !taken.insert(unique.clone()) {
            count += 1;
            let end = format!("_{count}");
            unique = cut(&name, LONGEST - end.len()).to_owned() + &end;
        }
        unique
    };
    given.enumerate().map(name).collect()
}

/// As much of a name as fits.
fn cut(name: &str, longest: usize) -> &str {
    &name[..name.floor_char_boundary(longest)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_distinct() {
        let check = |given: &[&str], expected: &[&str]| {
            let given = given.iter().map(|name| Some(*name));
            assert_eq!(distinct(given), expected);
        };
        check(&["a", "A", " a ", "a_2"], &["a", "A", "a_2", "a_2_2"]);
        check(&["", "x", ""], &["column1", "x", "column3"]);
        let long = "é".repeat(40);
        let first = "é".repeat(31);
        let second = "é".repeat(30) + "_2";
        check(&[&long, &long], &[&first, &second]);
    }
}
