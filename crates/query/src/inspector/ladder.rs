//! How a server is asked about what it holds: by all parts of the catalog as PostgreSQL has it, or
//! where it does not know them in the lesser ways (`lesser.rs`, `keys.rs`).

use display::Problem;

use super::model::*;
use super::read::{self, Part};
use super::{Path, Scope, keys, lesser, merge, oids};
use crate::host::Host;
use crate::query::Run;
use crate::template;
use crate::ways::CATALOG;

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
    let mut relations = lesser::relations(run).await?;
    lesser::columns(run, &mut relations).await?;
    keys::add(run, &mut relations).await?;
    Ok(Structure {
        relations,
        ..Structure::default()
    })
}

/// Which relations there are.
pub(super) async fn relations<H: Host>(run: &mut Run<'_, H>) -> Result<Vec<Relation>, Problem> {
    match from_catalog(run, &[read::RELATIONS], &Scope::All).await? {
        Some(structure) => Ok(structure.relations),
        None => lesser::relations(run).await,
    }
}

/// All of the relation of this name, if there is one.
pub(super) async fn relation<H: Host>(
    run: &mut Run<'_, H>,
    path: &Path,
) -> Result<Option<Relation>, Problem> {
    if asks_catalog(run).await? {
        let hold = run.hold(CATALOG).await?;
        let found = by_name(run, path).await;
        run.release(hold).await?;
        match found {
            // A server that does not know the rest may still answer that nothing has this name.
            Ok(relation) if knows(run).await? => return Ok(relation),
            Ok(_) => {}
            Err(problem) => run.next_way(CATALOG, 0, problem).await?,
        }
    }
    let known = lesser::relations(run).await?;
    let mut relations: Vec<Relation> = path.meant(known).into_iter().collect();
    lesser::columns(run, &mut relations).await?;
    keys::add(run, &mut relations).await?;
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
    all_columns(run, relations).await?;
    keys::add(run, relations).await
}

/// Adds columns to relations that the catalog does not tell of, where that is one question.
pub(super) async fn all_columns<H: Host>(
    run: &mut Run<'_, H>,
    relations: &mut [Relation],
) -> Result<(), Problem> {
    // Query Service tells columns of one relation at a time, and takes seconds for each.
    match run.session().await?.is_query_service() {
        true => Ok(()),
        false => lesser::columns(run, relations).await,
    }
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

/// Whether the server has the catalog: by what it has answered, else by asking it for nothing of
/// its relations.
pub(crate) async fn knows<H: Host>(run: &mut Run<'_, H>) -> Result<bool, Problem> {
    let session = run.session().await?;
    if asks_catalog(run).await? && !session.ways().is_answered(CATALOG) {
        from_catalog(run, &[read::RELATIONS], &Scope::These(&[0])).await?;
    }
    asks_catalog(run).await
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
    let hold = run.hold(CATALOG).await?;
    let read = read::read(run, parts, scope).await;
    run.release(hold).await?;
    match read {
        Ok(structure) => {
            run.session().await?.ways().answered(CATALOG, 0);
            Ok(Some(structure))
        }
        Err(problem) => {
            run.next_way(CATALOG, 0, problem).await?;
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
    run.session().await?.ways().answered(CATALOG, 0);
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
    Ok(!session.ways().only_resembles() && !session.is_query_service())
}
