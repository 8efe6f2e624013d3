//! What is known of a table that rows are to go into.

use display::{Problem, Row};
use files::Takes;

use crate::fetch::is_true;
use crate::host::Host;
use crate::inspector::{self, Path};
use crate::query::Run;
use crate::variables::literal;

/// A column of a table that is there.
pub(super) struct Present {
    pub(super) name: String,
    pub(super) takes: Takes,
    /// Whether it takes bytes.
    pub(super) bytes: bool,
}

/// A table that rows are to go into.
pub(super) struct Destination {
    /// Its columns that can be written to; nothing where there is no such table.
    pub(super) columns: Option<Vec<Present>>,
    /// Whether the server knows so much of PostgreSQL that COPY is worth a try: one that only
    /// resembles it may take `FROM STDIN` for a file of its own.
    pub(super) takes_copy: bool,
}

/// What there is under this name, which is SQL.
pub(super) async fn destination<H: Host>(
    run: &mut Run<'_, H>,
    table: &str,
) -> Result<Destination, Problem> {
    const WHAT: &str = "a table's columns";
    let session = run.session().await?;
    if session.ways().of(WHAT) == 0 {
        match run.look_up(WHAT, &question(table)).await {
            Ok(fetched) => {
                session.ways().answered(WHAT, 0);
                let columns = fetched.rows.iter().filter_map(present).collect();
                return Ok(Destination {
                    columns: (!fetched.rows.is_empty()).then_some(columns),
                    takes_copy: true,
                });
            }
            Err(problem) => run.next_way(WHAT, 0, problem).await?,
        }
    }
    let path = Path::parse(table).map_err(|why| Problem::new("file_error", why))?;
    let columns = match inspector::relation(run, &path).await {
        Ok(relation) => {
            let columns = relation.columns.iter().map(|column| {
                let type_name = column.type_name.to_lowercase();
                Present {
                    name: column.name.clone(),
                    takes: match type_name.as_str() {
                        "json" | "jsonb" => Takes::Json,
                        name if name.ends_with("[]") => Takes::Array,
                        _ => Takes::Text,
                    },
                    bytes: ["bytea", "blob", "bytes", "binary"].contains(&&*type_name),
                }
            });
            Some(columns.collect())
        }
        Err(problem) if problem.code.as_deref() == Some("42P01") => None,
        Err(problem) => return Err(problem),
    };
    Ok(Destination {
        columns,
        takes_copy: false,
    })
}

/// The columns of a table, as a PostgreSQL tells them. A domain has the category of the type below
/// it.
fn question(table: &str) -> String {
    format!(
        "select a.attname, y.typcategory, \
         (case y.typtype when 'd' then y.typbasetype else y.oid end) in (114, 3802), \
         (case y.typtype when 'd' then y.typbasetype else y.oid end) = 17 \
         from (select pg_catalog.to_regclass({}) as oid) as t \
         left join pg_catalog.pg_attribute as a on a.attrelid = t.oid and a.attnum > 0 \
         and not a.attisdropped and a.attgenerated = '' \
         left join pg_catalog.pg_type as y on y.oid = a.atttypid \
         where t.oid is not null order by a.attnum",
        literal(table)
    )
}

fn present(row: &Row) -> Option<Present> {
    let value = |at: usize| row.get(at)?.as_deref();
    Some(Present {
        name: value(0)?.to_owned(),
        takes: match value(1) {
            _ if is_true(value(2)) => Takes::Json,
            Some("A") => Takes::Array,
            _ => Takes::Text,
        },
        bytes: is_true(value(3)),
    })
}
