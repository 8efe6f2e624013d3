//! The ladders: how servers that know less of themselves than PostgreSQL are asked. Each question
//! has its ways, the best first; the first that is answered is the one for the connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use display::{Problem, Row};

use super::model::*;
use super::read::{self, Part};
use super::{Path, Scope, merge, oids};
use crate::catalog::{self, RelationKind};
use crate::complete::keywords::quoted;
use crate::fetch::Fetched;
use crate::host::Host;
use crate::query::Run;
use crate::query_service;
use crate::template;
use crate::variables::literal;
use crate::wire::Transaction;

/// What a server has refused: the catalog with all its parts, and so many of the ways below that to
/// ask each question.
#[derive(Debug, Default)]
pub(crate) struct Rungs {
    catalog: AtomicBool,
    relations: AtomicUsize,
    columns: AtomicUsize,
    keys: AtomicUsize,
    /// What psql's `\d NAME` asks …
    pub(crate) describing: AtomicBool,
    /// … and what its lists of relations do.
    pub(crate) listing: AtomicBool,
}

/// The ways to ask which relations there are, below the catalog.
const RELATIONS: &[&str] = &[
    include_str!("plain_relations.sql"),
    "show tables",
    include_str!("standard_relations.sql"),
];

/// Columns and keys, in the order in which one part needs the other.
const KEYED: &[Part] = &[
    read::RELATIONS,
    read::COLUMNS,
    read::ELSEWHERE,
    read::INDEXES,
    read::CONSTRAINTS,
];

/// Everything, by all parts of the catalog or else by what can be had.
pub(super) async fn structure<H: Host>(
    run: &mut Run<'_, H>,
    parts: &[Part],
) -> Result<Structure, Problem> {
    if let Some(structure) = from_catalog(run, parts, &Scope::All).await? {
        return Ok(structure);
    }
    let mut relations = lesser(run).await?;
    columns(run, &mut relations).await?;
    keys(run, &mut relations).await?;
    Ok(Structure {
        relations,
        ..Structure::default()
    })
}

/// Which relations there are.
pub(super) async fn relations<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    match from_catalog(run, &[read::RELATIONS], &Scope::All).await? {
        Some(structure) => Ok(structure.relations),
        None => lesser(run).await,
    }
}

/// All of the relation of this name, if there is one.
pub(super) async fn relation<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
) -> Result<Option<Relation>, Problem> {
    if asks_catalog(run).await? {
        match by_name(run, path).await {
            Ok(relation) => return Ok(relation),
            Err(problem) => leave_catalog(run, problem).await?,
        }
    }
    let mut relations = lesser(run).await?;
    relations.retain(|relation| path.is(relation));
    relations.truncate(1);
    columns(run, &mut relations).await?;
    keys(run, &mut relations).await?;
    Ok(relations.pop())
}

/// Adds columns and keys to relations.
pub(super) async fn keyed<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let oids = oids(relations);
    if !oids.contains(&0)
        && let Some(read) = from_catalog(run, KEYED, &Scope::of(&oids)).await?
    {
        merge(relations, read.relations, |relation, read| {
            relation.columns = read.columns;
            relation.primary_key = read.primary_key;
            relation.foreign_keys = read.foreign_keys;
        });
        return Ok(());
    }
    // Query Service tells columns of one relation at a time, and takes seconds for each.
    if !run.session().await?.is_query_service() {
        columns(run, relations).await?;
    }
    keys(run, relations).await
}

/// The index, sequence or type of this name, if there is one; servers without a catalog have none.
pub(super) async fn other<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
) -> Result<Option<Other>, Problem> {
    const OTHERS: &[Part] = &[
        read::SEQUENCES,
        read::ENUMS,
        read::DOMAINS,
        read::COMPOSITES,
    ];
    let Some(known) = from_catalog(run, OTHERS, &Scope::All).await? else {
        return Ok(None);
    };
    let is_it = |schema: &str, name: &str, visible: bool| {
        let wanted = path.schema.as_deref();
        name == path.name && wanted.map_or(visible, |wanted| wanted == schema)
    };
    let mut sequences = known.sequences.into_iter();
    let mut enums = known.enums.into_iter();
    let mut domains = known.domains.into_iter();
    let mut composites = known.composites.into_iter();
    let sequence = sequences.find(|one| is_it(&one.schema, &one.name, one.visible));
    let an_enum = enums.find(|one| is_it(&one.schema, &one.name, one.visible));
    let domain = domains.find(|one| is_it(&one.schema, &one.name, one.visible));
    let composite = composites.find(|one| is_it(&one.schema, &one.name, one.visible));
    let found = sequence
        .map(Other::Sequence)
        .or(an_enum.map(Other::Enum))
        .or(domain.map(Other::Domain))
        .or(composite.map(Other::Composite));
    match found {
        Some(found) => Ok(Some(found)),
        None => index(run, path).await,
    }
}

/// The index of this name.
async fn index<H: Host>(run: &mut Run<'_, H>, path: &Path) -> Result<Option<Other>, Problem> {
    let Some(oid) = oid(run, include_str!("index_of.sql"), path).await? else {
        return Ok(None);
    };
    let structure = read::read(run, super::RELATION, &Scope::These(&[oid])).await?;
    let Some(relation) = structure.relations.into_iter().next() else {
        return Ok(None);
    };
    let of = Name {
        schema: relation.schema.unwrap_or_default(),
        name: relation.name,
    };
    let mut indexes = relation.indexes.into_iter();
    let index = indexes.find(|index| index.name == path.name);
    Ok(index.map(|index| Other::Index(of, index)))
}

/// These parts of the catalog; nothing where there is none.
pub(super) async fn parts<H: Host>(
    run: &mut Run<'_, H>,
    parts: &[Part],
) -> Result<Structure, Problem> {
    let structure = from_catalog(run, parts, &Scope::All).await?;
    Ok(structure.unwrap_or_default())
}

/// What these parts of the catalog say; nothing where the server does not know all of them.
async fn from_catalog<H: Host>(
    run: &mut Run<'_, H>,
    parts: &[Part],
    scope: &Scope<'_>,
) -> Result<Option<Structure>, Problem> {
    if !asks_catalog(run).await? {
        return Ok(None);
    }
    match read::read(run, parts, scope).await {
        Ok(structure) => Ok(Some(structure)),
        Err(problem) => {
            leave_catalog(run, problem).await?;
            Ok(None)
        }
    }
}

/// All of a relation, by all parts of the catalog.
async fn by_name<H: Host>(run: &mut Run<'_, H>, path: &Path) -> Result<Option<Relation>, Problem> {
    let Some(oid) = oid(run, include_str!("find.sql"), path).await? else {
        return Ok(None);
    };
    let mut parts = super::RELATION.to_vec();
    parts.push(read::SIZES);
    let structure = read::read(run, &parts, &Scope::These(&[oid])).await?;
    Ok(structure.relations.into_iter().next())
}

/// The oid that a query finds for a name.
async fn oid<H: Host>(
    run: &mut Run<'_, H>,
    query: &str,
    path: &Path,
) -> Result<Option<u32>, Problem> {
    let find = template::with_condition(query, &path.condition());
    let found = run.ask(&find).await?;
    let oid = found.rows.first().and_then(|row| row.first()?.as_deref());
    Ok(oid.and_then(|oid| oid.parse().ok()))
}

/// Whether the server is asked for all parts of the catalog.
async fn asks_catalog<H: Host>(run: &mut Run<'_, H>) -> Result<bool, Problem> {
    let session = run.session().await?;
    // Every question takes Query Service seconds, and it does not know these.
    let lacks = session.rungs().catalog.load(Ordering::Relaxed) || session.is_query_service();
    Ok(!lacks)
}

/// The server does not know all parts of the catalog: they are not asked for again.
async fn leave_catalog<H: Host>(run: &mut Run<'_, H>, problem: Problem) -> Result<(), Problem> {
    if !goes_on(run, &problem).await? {
        return Err(problem);
    }
    let session = run.session().await?;
    session.rungs().catalog.store(true, Ordering::Relaxed);
    Ok(())
}

/// Whether another way may be tried after this problem: the server answered that it does not know
/// this one, and no transaction was ended by it.
pub(crate) async fn goes_on<H: Host>(
    run: &mut Run<'_, H>,
    problem: &Problem,
) -> Result<bool, Problem> {
    let session = run.session().await?;
    let stands = session.status().transaction == Transaction::Idle;
    let code = problem.code.as_deref().unwrap_or("08");
    let about_more = ["08", "25", "28", "53", "54", "55", "57"];
    Ok(stands && !about_more.iter().any(|class| code.starts_with(class)))
}

/// Relations, by the ways below the catalog.
async fn lesser<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    let session = run.session().await?;
    let rung = &session.rungs().relations;
    loop {
        let at = rung.load(Ordering::Relaxed);
        let sql = RELATIONS.get(at).copied().unwrap_or_default();
        match run.ask(sql).await {
            Ok(fetched) => {
                let mut relations = listed(&fetched);
                if sql == "show tables"
                    && let Ok(views) = run.ask("show views").await
                {
                    relations.extend(listed(&views).into_iter().map(|view| Relation {
                        kind: Kind::View,
                        ..view
                    }));
                }
                // Completion asks Query Service nothing: it knows what others have been told.
                if session.is_query_service() {
                    let known = relations.iter().map(known).collect();
                    session.catalog().learn_relations(known);
                }
                return Ok(relations);
            }
            Err(problem) if at + 1 < RELATIONS.len() && goes_on(run, &problem).await? => {
                rung.store(at + 1, Ordering::Relaxed);
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// Reads a list of relations by its columns' names: the catalog's, the standard's, or those of
/// `SHOW TABLES` and its kin.
fn listed(fetched: &Fetched) -> Vec<Relation> {
    let named = |names: &[&str]| fetched.place(names);
    let schema = named(&[
        "nspname",
        "table_schema",
        "schema",
        "schema_name",
        "schema name",
    ]);
    let name = named(&["relname", "table_name", "name", "tablename"]).unwrap_or(0);
    let kind = named(&["relkind", "table_type", "type", "kind"]);
    let comment = named(&["description", "comment"]);
    let cell = |row: &Row, at: Option<usize>| row.get(at?)?.clone().filter(|text| !text.is_empty());
    let relation = |row: &Row| {
        Some(Relation {
            schema: cell(row, schema),
            name: cell(row, Some(name))?,
            kind: Kind::read(&cell(row, kind).unwrap_or_default()),
            comment: cell(row, comment),
            ..Relation::default()
        })
    };
    fetched.rows.iter().filter_map(relation).collect()
}

/// A relation of Query Service as completion knows it.
fn known(relation: &Relation) -> catalog::Relation {
    let schema = relation.schema.as_deref().unwrap_or(query_service::SCHEMA);
    catalog::Relation {
        schema: schema.into(),
        name: relation.name.clone(),
        kind: match relation.kind {
            Kind::View => RelationKind::View,
            _ => RelationKind::Table,
        },
        comment: relation.comment.clone(),
        ..catalog::Relation::default()
    }
}

/// Adds columns: by the plain catalog, by a query without rows (of one relation), by the standard's
/// views. A way that knows none is no answer.
async fn columns<H: Host>(run: &mut Run<'_, H>, relations: &mut [Relation]) -> Result<(), Problem> {
    const WAYS: usize = 3;
    let session = run.session().await?;
    let rung = &session.rungs().columns;
    for way in rung.load(Ordering::Relaxed)..WAYS {
        let asked = match (way, &mut *relations) {
            (1, [relation]) => by_no_rows(run, relation).await,
            (1, _) => Ok(()),
            (way, relations) => by_catalog(run, way, relations).await,
        };
        match asked {
            Ok(())
                if relations
                    .iter()
                    .any(|relation| !relation.columns.is_empty()) =>
            {
                rung.store(way, Ordering::Relaxed);
                return Ok(());
            }
            Ok(()) => {}
            Err(problem) if goes_on(run, &problem).await? => {}
            Err(problem) => return Err(problem),
        }
    }
    Ok(())
}

/// Columns by the plain catalog, or by the standard's views.
async fn by_catalog<H: Host>(
    run: &mut Run<'_, H>,
    way: usize,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let (file, schema, name) = match way {
        0 => (include_str!("plain_columns.sql"), "n.nspname", "c.relname"),
        _ => (
            include_str!("standard_columns.sql"),
            "n.table_schema",
            "n.table_name",
        ),
    };
    let condition = match &*relations {
        [one] => {
            let of_schema = one
                .schema
                .as_deref()
                .map(|of| format!(" and {schema} = {}", literal(of)));
            format!(
                "{name} = {}{}",
                literal(&one.name),
                of_schema.unwrap_or_default()
            )
        }
        _ => "true".into(),
    };
    let fetched = run.ask(&template::with_condition(file, &condition)).await?;
    for row in fetched.rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (schema, name) = (next(), next());
        let column = Column {
            name: next().unwrap_or_default(),
            type_name: next().unwrap_or_default().into(),
            nullable: matches!(next().as_deref(), None | Some("f" | "YES")),
            default: next(),
            ..Column::default()
        };
        let of = |relation: &&mut Relation| {
            Some(&relation.name) == name.as_ref()
                && (relation.schema.is_none() || relation.schema == schema)
        };
        if let Some(relation) = relations.iter_mut().find(of) {
            relation.columns.push(column);
        }
    }
    Ok(())
}

/// Columns as a query that gives no rows describes them.
async fn by_no_rows<H: Host>(run: &mut Run<'_, H>, relation: &mut Relation) -> Result<(), Problem> {
    let session = run.session().await?;
    let name = match relation.schema.as_deref() {
        // Its names have no schemas before them.
        Some(schema) if !session.is_query_service() => {
            format!("{}.{}", quoted(schema), quoted(&relation.name))
        }
        _ => quoted(&relation.name),
    };
    let answer = run.ask(&format!("select * from {name} where 1=0")).await?;
    relation.columns = answer
        .columns
        .into_iter()
        .map(|column| Column {
            name: column.name,
            type_name: Arc::from(column.type_name),
            nullable: true,
            ..Column::default()
        })
        .collect();
    Ok(())
}

/// Adds primary, unique and foreign keys: by `SHOW … KEYS`, by the standard's views. They are none
/// where a server tells of none.
async fn keys<H: Host>(run: &mut Run<'_, H>, relations: &mut [Relation]) -> Result<(), Problem> {
    const WAYS: usize = 2;
    let session = run.session().await?;
    let rung = &session.rungs().keys;
    loop {
        let way = rung.load(Ordering::Relaxed);
        let asked = match way {
            0 => by_show(run, relations).await,
            1 => by_standard(run, relations).await,
            _ => return Ok(()),
        };
        match asked {
            Ok(()) => return Ok(()),
            Err(problem) if way < WAYS && goes_on(run, &problem).await? => {
                rung.store(way + 1, Ordering::Relaxed);
            }
            Err(problem) => return Err(problem),
        }
    }
}

/// Keys as Query Service declares them: a row for each column of each, without a name.
async fn by_show<H: Host>(run: &mut Run<'_, H>, relations: &mut [Relation]) -> Result<(), Problem> {
    let primary = run.ask("show primary keys").await?;
    let foreign = run.ask("show foreign keys").await?;
    let columns = |fetched: &Fetched| {
        let place = |name| fetched.place(&[name]).unwrap_or(usize::MAX);
        [
            "tablename",
            "columnname",
            "referencedtablename",
            "referencedcolumnname",
        ]
        .map(place)
    };
    let cells = |row: &Row, places: [usize; 4]| {
        places.map(|place| row.get(place).cloned().flatten().unwrap_or_default())
    };
    let places = columns(&primary);
    for row in &primary.rows {
        let [table, column, ..] = cells(row, places);
        if let Some(relation) = relations.iter_mut().find(|known| known.name == table) {
            let key = relation.primary_key.get_or_insert_default();
            key.columns.push(column);
        }
    }
    let places = columns(&foreign);
    for row in &foreign.rows {
        let [table, column, to, to_column] = cells(row, places);
        let schema = relations.first().and_then(|known| known.schema.clone());
        let key = |column: &String, to: &String, to_column: &String| ForeignKey {
            columns: vec![column.clone()],
            referred_schema: schema.clone(),
            referred_table: to.clone(),
            referred_columns: vec![to_column.clone()],
            ..ForeignKey::default()
        };
        for relation in relations.iter_mut() {
            if relation.name == table {
                relation.foreign_keys.push(key(&column, &to, &to_column));
            }
            if relation.name == to {
                relation
                    .referenced_by
                    .push(key(&to_column, &table, &column));
            }
        }
    }
    Ok(())
}

/// Keys by the standard's views: a row for each column of each.
async fn by_standard<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    let fetched = run.ask(include_str!("standard_keys.sql")).await?;
    for row in fetched.rows {
        let mut cells = row.into_iter();
        let mut next = || cells.next().flatten();
        let (kind, name, schema, table) = (next(), next(), next(), next());
        let (Some(table), Some(column)) = (table, next()) else {
            continue;
        };
        let (to_schema, to_table, to_column) = (next(), next(), next());
        let is = |relation: &Relation, schema: &Option<String>, table: &str| {
            relation.name == table && (relation.schema.is_none() || relation.schema == *schema)
        };
        for relation in relations.iter_mut() {
            if is(relation, &schema, &table) {
                match kind.as_deref() {
                    Some("PRIMARY KEY") => {
                        let key = relation.primary_key.get_or_insert_default();
                        key.name.clone_from(&name);
                        key.columns.push(column.clone());
                    }
                    Some("UNIQUE") => {
                        let keys = &mut relation.unique_constraints;
                        match keys.iter_mut().find(|key| key.name == name) {
                            Some(key) => key.columns.push(column.clone()),
                            None => keys.push(Key {
                                name: name.clone(),
                                columns: vec![column.clone()],
                                ..Key::default()
                            }),
                        }
                    }
                    _ => refer(
                        &mut relation.foreign_keys,
                        &name,
                        &column,
                        (&to_schema, &to_table, &to_column),
                    ),
                }
            }
            if let (Some(to), Some(to_column)) = (&to_table, &to_column)
                && is(relation, &to_schema, to)
            {
                let there = (&schema, &Some(table.clone()), &Some(column.clone()));
                refer(&mut relation.referenced_by, &name, to_column, there);
            }
        }
    }
    Ok(())
}

/// Adds a column to the foreign key of this name, which may be new.
fn refer(
    keys: &mut Vec<ForeignKey>,
    name: &Option<String>,
    column: &str,
    (schema, table, there): (&Option<String>, &Option<String>, &Option<String>),
) {
    let same =
        |key: &&mut ForeignKey| key.name == *name && Some(&key.referred_table) == table.as_ref();
    let there = there.clone().unwrap_or_default();
    match keys.iter_mut().find(same) {
        Some(key) => {
            key.columns.push(column.to_owned());
            key.referred_columns.push(there);
        }
        None => keys.push(ForeignKey {
            name: name.clone(),
            columns: vec![column.to_owned()],
            referred_schema: schema.clone(),
            referred_table: table.clone().unwrap_or_default(),
            referred_columns: vec![there],
            ..ForeignKey::default()
        }),
    }
}

#[cfg(test)]
mod tests {
    use display::{Column, Kind as Values};

    use super::*;

    #[test]
    fn lists_are_read_by_their_names() {
        let columns = ["name", "dataSetId", "dataSet", "description", "resolved"];
        let fetched = Fetched {
            columns: columns
                .map(|name| Column::new(name, "", Values::Text))
                .to_vec(),
            rows: vec![
                ["events", "5f", "Events", "clicks", "true"]
                    .map(|text| Some(text.to_owned()))
                    .to_vec(),
            ],
            ..Fetched::default()
        };
        let relations = listed(&fetched);
        assert_eq!(relations[0].name, "events");
        assert_eq!(relations[0].comment.as_deref(), Some("clicks"));
    }
}
