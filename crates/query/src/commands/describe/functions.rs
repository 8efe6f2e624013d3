//! `\df`: functions, by kind, name and argument types.

use display::{Problem, Table};

use super::{Inquiry, refused, template};
use crate::host::Host;
use crate::pattern::{Names, Pattern};

/// The kinds of functions that `\df` takes: aggregate, normal, procedure, trigger, window.
const KINDS: &str = "anptw";

const NAMES: Names = Names {
    schema: Some("n.nspname"),
    name: "p.proname",
    or: None,
    visible: Some("pg_catalog.pg_function_is_visible(p.oid)"),
};

const ARGUMENT: Names = Names {
    schema: Some("nt.nspname"),
    name: "t.typname",
    or: Some("pg_catalog.format_type(t.oid, null)"),
    visible: Some("pg_catalog.pg_type_is_visible(t.oid)"),
};

/// As many as a function may have.
const MOST_ARGUMENTS: usize = 100;

impl<H: Host> Inquiry<'_, '_, H> {
    /// `\df [PATTERN [TYPE …]]`; `letters` are the kinds, all where there are none.
    pub(super) async fn functions(
        &mut self,
        letters: &str,
        pattern: Option<&str>,
    ) -> Result<(), Problem> {
        if letters.contains(|c| !KINDS.contains(c)) {
            let why = format!("\\df only takes [{KINDS}S+] as options");
            return Err(refused(self.run, self.at.clone(), why));
        }
        let parsed = self.pattern(pattern, &NAMES).await?;
        let mut condition = Pattern::condition(parsed.as_ref(), &NAMES);
        for place in 0..MOST_ARGUMENTS {
            let Some(argument) = self.argument()? else {
                break;
            };
            let has = match argument.as_str() {
                // A function that takes no more than those before.
                "-" => format!("p.pronargs <= {place}"),
                argument => {
                    let argument = self.pattern(Some(type_name(argument)), &ARGUMENT).await?;
                    let is = Pattern::condition(argument.as_ref(), &ARGUMENT);
                    format!(
                        "exists (select from pg_catalog.pg_type t\n  \
                         left join pg_catalog.pg_namespace nt on nt.oid = t.typnamespace\n  \
                         where t.oid = p.proargtypes[{place}] and {is})"
                    )
                }
            };
            condition = format!("{condition}\n  and {has}");
        }
        let kinds = if letters.is_empty() { KINDS } else { letters };
        let query = self.list_query(include_str!("functions.sql"), pattern.is_some(), |_| false);
        let query = template::with_constant(&query, "kinds", kinds);
        let found = self
            .run
            .ask(&template::with_condition(&query, &condition))
            .await?;
        let mut table = Table::new(found.columns, found.rows);
        table.title = Some("List of functions".into());
        self.show(table, &self.run.settings.print, true).await;
        Ok(())
    }
}

/// The name of a type in the catalogue, for one that only SQL's grammar knows.
pub(super) fn type_name(pattern: &str) -> &str {
    const NAMES: &[(&str, &str)] = &[
        ("decimal", "numeric"),
        ("float", "double precision"),
        ("int", "integer"),
        ("bool[]", "boolean[]"),
        ("decimal[]", "numeric[]"),
        ("float[]", "double precision[]"),
        ("float4[]", "real[]"),
        ("float8[]", "double precision[]"),
        ("int[]", "integer[]"),
        ("int2[]", "smallint[]"),
        ("int4[]", "integer[]"),
        ("int8[]", "bigint[]"),
        ("time[]", "time without time zone[]"),
        ("timetz[]", "time with time zone[]"),
        ("timestamp[]", "timestamp without time zone[]"),
        ("timestamptz[]", "timestamp with time zone[]"),
        ("varbit[]", "bit varying[]"),
        ("varchar[]", "character varying[]"),
    ];
    let known = NAMES
        .iter()
        .find(|(name, _)| pattern.eq_ignore_ascii_case(name));
    known.map_or(pattern, |(_, name)| name)
}
