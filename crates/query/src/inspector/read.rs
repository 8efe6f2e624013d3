//! How the catalog of a PostgreSQL is read: a statement for each kind of thing, all in one message,
//! each row put at its place in the [`Structure`] as it comes.

use std::collections::HashMap;
use std::sync::Arc;

use display::Problem;

use super::Scope;
use super::model::*;
use crate::complete::keywords::quoted;
use crate::fetch::is_true;
use crate::host::Host;
use crate::query::Run;
use crate::rows::Row;

/// More rows than this, of all kinds together, are not held.
const MOST: usize = 5_000_000;

/// One statement, and who takes its rows.
#[derive(Clone, Copy)]
pub(super) struct Part {
    sql: &'static str,
    take: fn(&mut Reading, &Cells) -> Option<()>,
}

macro_rules! parts {
    ($($name:ident $file:literal $take:ident;)*) => {
        $(pub(super) const $name: Part = Part {
            sql: include_str!($file),
            take: Reading::$take,
        };)*
    };
}

parts! {
    SCHEMAS "schemas.sql" schema;
    RELATIONS "relations.sql" relation;
    SIZES "sizes.sql" size;
    PAGES "pages.sql" size;
    COLUMNS "columns.sql" column;
    SEQUENCES "sequences.sql" sequence;
    ELSEWHERE "elsewhere.sql" elsewhere;
    OPERATOR_CLASSES "operator_classes.sql" operator_class;
    INDEXES "indexes.sql" index;
    CONSTRAINTS "constraints.sql" constraint;
    INHERITANCE "inheritance.sql" inheritance;
    VIEWS "views.sql" view;
    TRIGGERS "triggers.sql" trigger;
    POLICIES "policies.sql" policy;
    ENUMS "enums.sql" an_enum;
    DOMAINS "domains.sql" domain;
    COMPOSITES "composites.sql" composite;
    FUNCTIONS "functions.sql" function;
}

/// Reads these parts.
pub(super) async fn read<H: Host>(
    run: &mut Run<'_, H>,
    parts: &[Part],
    scope: &Scope<'_>,
) -> Result<Structure, Problem> {
    let version = run.server_version().await?;
    let queries = parts.iter().map(|part| scope.query(part.sql, version));
    let queries: Vec<String> = queries.collect();
    let mut reading = Reading::default();
    let mut rows = 0;
    let queries = queries.join(";\n");
    let asked = run.ask_each(&queries, |question, row| {
        rows += 1;
        if let Some(part) = parts.get(question).filter(|_| rows <= MOST) {
            (part.take)(&mut reading, &Cells(row));
        }
    });
    let (_, answers) = asked.await?;
    if answers != parts.len() {
        let why = "this server does not answer several questions at once";
        return Err(Problem::server("ERROR", "0A000", why));
    }
    if rows > MOST {
        let why = format!("this database holds more than {MOST} columns, keys and other things");
        return Err(Problem::server("ERROR", "54000", why));
    }
    Ok(reading.structure)
}

/// What has been read so far.
#[derive(Default)]
struct Reading {
    structure: Structure,
    /// Places of relations, by oid.
    places: HashMap<u32, usize>,
    /// Columns of the same type share its name.
    types: HashMap<String, Arc<str>>,
    /// Relations that are not read but referred to, with the columns that are.
    elsewhere: HashMap<u32, (Name, HashMap<i16, String>)>,
    /// Those that are not their types' own.
    operator_classes: HashMap<u32, String>,
    /// Places of relations and of their indexes, by the index's oid.
    indexes: HashMap<u32, (usize, usize)>,
}

impl Reading {
    fn of(&mut self, oid: u32) -> Option<&mut Relation> {
        self.structure.relations.get_mut(*self.places.get(&oid)?)
    }

    fn schema(&mut self, row: &Cells) -> Option<()> {
        self.structure.schemas.push(Schema {
            name: row.text(0)?,
            owner: row.text(1)?,
            comment: row.text(2),
        });
        Some(())
    }

    fn relation(&mut self, row: &Cells) -> Option<()> {
        let oid = row.number(0)?;
        // Before version 14 a table that was never analyzed has 0 rows in 0 pages, then -1.
        let (rows, pages): (i64, i64) = (row.number(8)?, row.number(9)?);
        let rows = u64::try_from(rows).ok();
        self.places.insert(oid, self.structure.relations.len());
        self.structure.relations.push(Relation {
            oid,
            schema: row.text(1),
            name: row.text(2)?,
            kind: Kind::read(row.get(3)?),
            temporary: row.get(4)? == "t",
            unlogged: row.get(4)? == "u",
            visible: row.is(5),
            owner: row.text(6),
            comment: row.text(7),
            rows_estimate: rows.filter(|rows| *rows > 0 || pages > 0),
            partition_bound: row.text(10),
            partition_key: row.text(11),
            row_security: row.is(12),
            ..Relation::default()
        });
        Some(())
    }

    fn size(&mut self, row: &Cells) -> Option<()> {
        self.of(row.number(0)?)?.bytes = row.number(1);
        Some(())
    }

    fn column(&mut self, row: &Cells) -> Option<()> {
        let type_name = row.get(3).unwrap_or_default();
        let type_name = match self.types.get(type_name) {
            Some(known) => known.clone(),
            None => {
                let new: Arc<str> = type_name.into();
                self.types.insert(type_name.into(), new.clone());
                new
            }
        };
        let expression = row.text(6);
        let generated = row.get(5).filter(|how| !how.is_empty());
        let (default, computed) = match (generated, expression) {
            (Some(how), Some(sqltext)) => {
                let persisted = how == "s";
                (None, Some(Box::new(Computed { sqltext, persisted })))
            }
            (_, expression) => (expression.or_else(|| row.text(7)), None),
        };
        let collation = row.text(8).map(|name| {
            let schema = row.text(9);
            Box::new(Collation { name, schema })
        });
        let column = Column {
            number: row.number(1)?,
            name: row.text(2)?,
            type_name,
            dimensions: row.number(11).unwrap_or(0),
            nullable: row.is(4),
            default,
            identity: None,
            computed,
            collation,
            comment: row.text(10),
        };
        self.of(row.number(0)?)?.columns.push(column);
        Some(())
    }

    fn sequence(&mut self, row: &Cells) -> Option<()> {
        let options = Counting {
            start: row.number(3)?,
            increment: row.number(4)?,
            minvalue: row.number(5)?,
            maxvalue: row.number(6)?,
            cache: row.number(7)?,
            cycle: row.is(8),
        };
        if row.get(10) == Some("i") {
            let number: i16 = row.number(12)?;
            // The relations may not have been asked for.
            let relation = self.of(row.number(11)?);
            let mut columns = relation.into_iter().flat_map(|of| &mut of.columns);
            if let Some(column) = columns.find(|column| column.number == number) {
                column.identity = Some(Box::new(Identity {
                    always: row.is(13),
                    options: options.clone(),
                }));
            }
        }
        self.structure.sequences.push(Sequence {
            schema: row.text(0)?,
            name: row.text(1)?,
            type_name: row.text(2)?,
            options,
            visible: row.is(14),
            owned_by: row.text(16).and_then(|table| {
                Some(ColumnName {
                    schema: row.text(15)?,
                    table,
                    column: row.text(17)?,
                })
            }),
            comment: row.text(9),
        });
        Some(())
    }

    fn elsewhere(&mut self, row: &Cells) -> Option<()> {
        let name = Name {
            schema: row.text(1)?,
            name: row.text(2)?,
        };
        let (_, columns) = self
            .elsewhere
            .entry(row.number(0)?)
            .or_insert_with(|| (name, HashMap::new()));
        columns.insert(row.number(3)?, row.text(4)?);
        Some(())
    }

    fn operator_class(&mut self, row: &Cells) -> Option<()> {
        self.operator_classes.insert(row.number(0)?, row.text(1)?);
        Some(())
    }

    fn index(&mut self, row: &Cells) -> Option<()> {
        /// Bits of `pg_index.indoption`.
        const DESC: i16 = 1;
        const NULLS_FIRST: i16 = 2;
        let place = *self.places.get(&row.number(0)?)?;
        let relation = self.structure.relations.get_mut(place)?;
        let numbers: Vec<i16> = row.numbers(8);
        let keys: usize = row.number(9)?;
        let sql = row.list(12);
        let name = |number: &i16| relation.column(*number).map(|column| column.name.clone());
        let names: Vec<Option<String>> = numbers.iter().map(name).collect();
        let (columns, include) = names.split_at(keys.min(names.len()));
        // A part goes by its column's name, or by its expression.
        let part = |at: usize| columns.get(at)?.clone().or_else(|| sql.get(at).cloned());
        let options: Vec<i16> = row.numbers(10);
        let sorting = options.iter().enumerate().filter_map(|(at, option)| {
            let words: &[_] = match (option & DESC != 0, option & NULLS_FIRST != 0) {
                (false, false) => return None,
                (false, true) => &["nulls_first"],
                (true, true) => &["desc"],
                (true, false) => &["desc", "nulls_last"],
            };
            Some((part(at)?, words.to_vec()))
        });
        let sorting = sorting.collect();
        let classes: Vec<u32> = row.numbers(11);
        let classes = classes.iter().enumerate().take(keys);
        let classes = classes
            .filter_map(|(at, class)| Some((part(at)?, self.operator_classes.get(class)?.clone())));
        let index = Index {
            name: row.text(2)?,
            expressions: match columns.contains(&None) {
                true => (0..columns.len()).filter_map(part).collect(),
                false => Vec::new(),
            },
            columns: columns.to_vec(),
            unique: row.is(4),
            primary: row.is(5),
            include: include.iter().flatten().cloned().collect(),
            method: row.text(3)?,
            condition: row.text(13),
            sorting,
            operator_classes: classes.collect(),
            nulls_not_distinct: row.is(7),
            invalid: !row.is(6),
            constraint: None,
            storage: row.list(14),
            comment: row.text(15),
        };
        self.indexes
            .insert(row.number(1)?, (place, relation.indexes.len()));
        relation.indexes.push(index);
        Some(())
    }

    fn constraint(&mut self, row: &Cells) -> Option<()> {
        let (oid, name) = (row.number(0)?, row.text(2)?);
        let timing = Timing {
            deferrable: row.is(10),
            initially_deferred: row.is(11),
        };
        let comment = row.text(17);
        match row.get(1)? {
            "f" => self.foreign_key(row, oid, name, timing, comment)?,
            "c" => self.of(oid)?.check_constraints.push(Check {
                name,
                sqltext: row.text(16)?,
                no_inherit: row.is(13),
                not_valid: !row.is(12),
                comment,
            }),
            kind => {
                let columns = self.names(oid, &row.numbers(3)).unwrap_or_default();
                let index = self.index_of(row.number(15)?)?;
                index.constraint = Some(name.clone());
                let key = Key {
                    name: Some(name.clone()),
                    columns,
                    include: index.include.clone(),
                    nulls_not_distinct: index.nulls_not_distinct,
                    timing,
                    comment,
                };
                let relation = self.of(oid)?;
                match kind {
                    "p" => relation.primary_key = Some(key),
                    "u" => relation.unique_constraints.push(key),
                    _ => relation.exclusion_constraints.push(Exclusion {
                        name,
                        definition: row.text(16)?,
                        timing,
                        comment: key.comment,
                    }),
                }
            }
        }
        Some(())
    }

    fn foreign_key(
        &mut self,
        row: &Cells,
        oid: u32,
        name: String,
        timing: Timing,
        comment: Option<String>,
    ) -> Option<()> {
        let to = row.number(4)?;
        let numbers: Vec<i16> = row.numbers(3);
        let only_some = self.names(oid, &row.numbers(8)).unwrap_or_default();
        let options = Options {
            onupdate: action(row.get(6)?, &[]),
            ondelete: action(row.get(7)?, &only_some),
            initially: timing.initially_deferred.then_some("DEFERRED"),
            deferrable: timing.deferrable.then_some(true),
            matching: match row.get(9)? {
                "f" => Some("FULL"),
                "p" => Some("PARTIAL"),
                _ => None,
            },
        };
        let here = self.name(oid)?;
        let there = self.name(to)?;
        let key = ForeignKey {
            name: Some(name),
            columns: self.names(oid, &numbers)?,
            referred_schema: Some(there.schema),
            referred_table: there.name,
            referred_columns: self.names(to, &row.numbers(5))?,
            options,
            not_valid: !row.is(12),
            comment,
        };
        // A partition's key is its parent's: whom it refers to hears of it once.
        if !row.is(14)
            && let Some(referred) = self.of(to)
        {
            referred.referenced_by.push(ForeignKey {
                columns: key.referred_columns.clone(),
                referred_schema: Some(here.schema),
                referred_table: here.name,
                referred_columns: key.columns.clone(),
                ..key.clone()
            });
        }
        if let Some(relation) = self.of(oid) {
            relation.foreign_keys.push(key);
        }
        Some(())
    }

    fn index_of(&mut self, oid: u32) -> Option<&mut Index> {
        let (relation, index) = *self.indexes.get(&oid)?;
        self.structure
            .relations
            .get_mut(relation)?
            .indexes
            .get_mut(index)
    }

    /// The name of a relation, read or referred to.
    fn name(&self, oid: u32) -> Option<Name> {
        match self.places.get(&oid) {
            Some(place) => {
                let relation = self.structure.relations.get(*place)?;
                Some(Name {
                    schema: relation.schema.clone().unwrap_or_default(),
                    name: relation.name.clone(),
                })
            }
            None => Some(self.elsewhere.get(&oid)?.0.clone()),
        }
    }

    /// The names of its columns with these numbers.
    fn names(&self, oid: u32, numbers: &[i16]) -> Option<Vec<String>> {
        let name = |number: &i16| match self.places.get(&oid) {
            Some(place) => {
                let column = self.structure.relations.get(*place)?.column(*number)?;
                Some(column.name.clone())
            }
            None => self.elsewhere.get(&oid)?.1.get(number).cloned(),
        };
        numbers.iter().map(name).collect()
    }

    fn inheritance(&mut self, row: &Cells) -> Option<()> {
        let (child, parent) = (row.number(0)?, row.number(3)?);
        let name = |at| {
            Some(Name {
                schema: row.text(at)?,
                name: row.text(at + 1)?,
            })
        };
        let (child_name, parent_name) = (name(1)?, name(4)?);
        if let Some(relation) = self.of(child) {
            relation.parents.push(parent_name);
        }
        if let Some(relation) = self.of(parent) {
            relation.children.push(child_name);
        }
        Some(())
    }

    fn view(&mut self, row: &Cells) -> Option<()> {
        self.of(row.number(0)?)?.definition = row.text(1);
        Some(())
    }

    fn trigger(&mut self, row: &Cells) -> Option<()> {
        self.of(row.number(0)?)?.triggers.push(Trigger {
            name: row.text(1)?,
            definition: row.text(2)?,
            enabled: row.is(3),
            comment: row.text(4),
        });
        Some(())
    }

    fn policy(&mut self, row: &Cells) -> Option<()> {
        self.of(row.number(0)?)?.policies.push(Policy {
            name: row.text(1)?,
            permissive: row.is(2),
            command: row.text(3)?,
            roles: row.list(4),
            using: row.text(5),
            check: row.text(6),
        });
        Some(())
    }

    fn an_enum(&mut self, row: &Cells) -> Option<()> {
        self.structure.enums.push(Enum {
            schema: row.text(0)?,
            name: row.text(1)?,
            visible: row.is(2),
            labels: row.list(3),
            comment: row.text(4),
        });
        Some(())
    }

    fn domain(&mut self, row: &Cells) -> Option<()> {
        self.structure.domains.push(Domain {
            schema: row.text(0)?,
            name: row.text(1)?,
            visible: row.is(2),
            base: row.text(3)?,
            nullable: row.is(4),
            default: row.text(5),
            collation: row.text(6),
            checks: row.list(7),
            comment: row.text(8),
        });
        Some(())
    }

    fn composite(&mut self, row: &Cells) -> Option<()> {
        self.structure.composites.push(Composite {
            schema: row.text(0)?,
            name: row.text(1)?,
            visible: row.is(2),
            fields: row.list(3),
            comment: row.text(4),
        });
        Some(())
    }

    fn function(&mut self, row: &Cells) -> Option<()> {
        self.structure.functions.push(Function {
            schema: row.text(0)?,
            name: row.text(1)?,
            kind: row.text(2)?,
            arguments: row.text(3).unwrap_or_default(),
            result: row.text(4),
            language: row.text(5)?,
            volatility: row.text(6)?,
            comment: row.text(7),
        });
        Some(())
    }
}

/// What a foreign key does to the rows that refer, by `pg_constraint`'s letter; `columns` are those
/// that it does it to, where not all. Nothing for the ordinary.
fn action(letter: &str, columns: &[String]) -> Option<String> {
    let words = match letter {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => return None,
    };
    Some(match columns {
        [] => words.to_owned(),
        columns => {
            let names: Vec<String> = columns.iter().map(|name| quoted(name)).collect();
            format!("{words} ({})", names.join(", "))
        }
    })
}

/// A row's values.
struct Cells<'a>(Row<'a>);

impl Cells<'_> {
    fn get(&self, at: usize) -> Option<&str> {
        self.0.get(at)
    }

    fn text(&self, at: usize) -> Option<String> {
        self.get(at).map(str::to_owned)
    }

    fn is(&self, at: usize) -> bool {
        is_true(self.get(at))
    }

    fn number<T: std::str::FromStr>(&self, at: usize) -> Option<T> {
        self.get(at)?.parse().ok()
    }

    /// Numbers with blanks between them.
    fn numbers<T: std::str::FromStr>(&self, at: usize) -> Vec<T> {
        let text = self.get(at).unwrap_or_default();
        text.split(' ')
            .filter_map(|number| number.parse().ok())
            .collect()
    }

    /// A JSON array.
    fn list<T: serde::de::DeserializeOwned>(&self, at: usize) -> Vec<T> {
        let list = self
            .get(at)
            .and_then(|json| serde_json::from_str(json).ok());
        list.unwrap_or_default()
    }
}
