//! The catalog: the names and types of a database, as completion and inspection know them.
//!
//! It is read in the background, a page at a time, only while the connection is idle and no
//! transaction is open, and anew after statements that may have changed it. A server that is not to
//! be asked in the background is known by what the user has asked it. Whoever completes reads what
//! is known so far and waits for nothing.

mod read;
mod standard;

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::watch;

use self::read::Outcome;
use crate::session::{Asker, lock};
use crate::split::leading_words;

/// What is known of a database. Parts are shared between one reading and the next.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names {
    pub(crate) schemas: Arc<Vec<Schema>>,
    /// By oid, as are all that have one.
    pub(crate) relations: Arc<Vec<Relation>>,
    pub(crate) functions: Arc<Vec<Function>>,
    pub(crate) types: Arc<Vec<Type>>,
    pub(crate) settings: Arc<Vec<Setting>>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Schema {
    pub(crate) name: String,
    /// Whether the search path has it; these come first, in its order.
    pub(crate) in_path: bool,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Relation {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) kind: RelationKind,
    /// The planner's guess, once the table has been analyzed.
    pub(crate) rows: Option<u64>,
    pub(crate) comment: Option<String>,
    pub(crate) columns: Vec<Column>,
    /// Primary and unique keys, then foreign keys.
    pub(crate) keys: Vec<Key>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum RelationKind {
    #[default]
    Table,
    Partitioned,
    View,
    Materialized,
    Foreign,
    Sequence,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Column {
    pub(crate) number: i16,
    pub(crate) name: String,
    pub(crate) type_oid: u32,
    /// As `format_type` prints it; one text for all columns of the type.
    pub(crate) type_name: Arc<str>,
    pub(crate) not_null: bool,
    pub(crate) default: Option<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Key {
    pub(crate) name: String,
    /// Numbers of the relation's columns.
    pub(crate) columns: Vec<i16>,
    pub(crate) kind: KeyKind,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum KeyKind {
    Primary,
    Unique,
    /// To these columns of the relation with this oid.
    Foreign(u32, Vec<i16>),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Function {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    pub(crate) returns_set: bool,
    pub(crate) arguments: String,
    /// Nothing for a procedure.
    pub(crate) result: Option<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Type {
    pub(crate) oid: u32,
    pub(crate) schema: String,
    pub(crate) name: String,
    /// In words: `enum`, `domain`, `composite type`.
    pub(crate) kind: String,
    /// What a domain is made from.
    pub(crate) base: Option<String>,
    /// An enum's, in their order.
    pub(crate) labels: Vec<String>,
    pub(crate) comment: Option<String>,
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Setting {
    pub(crate) name: String,
    /// When the connection was opened.
    pub(crate) value: String,
    pub(crate) unit: Option<String>,
    /// `bool`, `enum`, `integer`, `real` or `string`.
    pub(crate) kind: String,
    pub(crate) values: Vec<String>,
    pub(crate) does: String,
}

impl Names {
    /// Relations that are all found without their schemas.
    fn learned(relations: Vec<Relation>) -> Names {
        let mut schemas: Vec<Schema> = Vec::new();
        for relation in &relations {
            if !schemas.iter().any(|known| known.name == relation.schema) {
                schemas.push(Schema {
                    name: relation.schema.clone(),
                    in_path: true,
                    comment: None,
                });
            }
        }
        Names {
            schemas: Arc::new(schemas),
            relations: Arc::new(relations),
            ..Names::default()
        }
    }

    fn named(&self, schema: &str, name: &str) -> Option<&Relation> {
        let mut relations = self.relations.iter();
        relations.find(|known| known.schema == schema && known.name == name)
    }

    /// Whether names of this schema are found without it.
    pub(crate) fn is_visible(&self, schema: &str) -> bool {
        self.schemas
            .iter()
            .any(|known| known.in_path && known.name == schema)
    }

    /// The relation that a name, with or without a schema, means; `[schema, name]` or `[name]`.
    pub(crate) fn relation(&self, path: &[String]) -> Option<&Relation> {
        let (name, qualifiers) = path.split_last()?;
        let named = || {
            self.relations
                .iter()
                .filter(move |relation| relation.name == *name)
        };
        match qualifiers.last() {
            Some(schema) => named().find(|relation| relation.schema == *schema),
            None => self
                .schemas
                .iter()
                .filter(|schema| schema.in_path)
                .find_map(|schema| named().find(|relation| relation.schema == schema.name)),
        }
    }

    /// The relation of this oid.
    pub(crate) fn by_oid(&self, oid: u32) -> Option<&Relation> {
        let at = self
            .relations
            .binary_search_by_key(&oid, |relation| relation.oid)
            .ok()?;
        self.relations.get(at)
    }

    /// Whether a schema came with the server.
    pub(crate) fn is_servers(schema: &str) -> bool {
        matches!(schema, "pg_catalog" | "information_schema")
    }

    /// A type's labels; none where it is no enum.
    pub(crate) fn labels(&self, type_oid: u32) -> &[String] {
        match self
            .types
            .binary_search_by_key(&type_oid, |known| known.oid)
        {
            Ok(at) => &self.types[at].labels,
            Err(_) => &[],
        }
    }
}

impl Relation {
    /// The column of this name.
    pub(crate) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of the columns with these numbers.
    pub(crate) fn column_names(&self, numbers: &[i16]) -> Vec<&str> {
        let name = |number| self.columns.iter().find(|column| column.number == number);
        numbers
            .iter()
            .filter_map(|number| name(*number))
            .map(|column| column.name.as_str())
            .collect()
    }
}

impl Function {
    /// Whether it can stand in a value: procedures and the functions of triggers can not.
    pub(crate) fn gives_value(&self) -> bool {
        !matches!(
            self.result.as_deref(),
            None | Some("trigger" | "event_trigger")
        )
    }
}

impl RelationKind {
    /// In the words of SQL.
    pub(crate) fn words(self) -> &'static str {
        match self {
            RelationKind::Table => "table",
            RelationKind::Partitioned => "partitioned table",
            RelationKind::View => "view",
            RelationKind::Materialized => "materialized view",
            RelationKind::Foreign => "foreign table",
            RelationKind::Sequence => "sequence",
        }
    }
}

/// A session's catalog: what is known, and whether that is still so.
#[derive(Debug, Default)]
pub(crate) struct Catalog {
    names: Mutex<Arc<Names>>,
    state: watch::Sender<State>,
    way: Mutex<Way>,
}

/// How a server is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Way {
    /// As a PostgreSQL.
    #[default]
    Catalog,
    /// By the standard's views.
    Standard,
    /// No more: it has answered too slowly.
    Silent,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// What is known is so, or nothing can be known: no connection yet.
    #[default]
    Settled,
    /// To be read anew (all of it, on a new connection), as soon as no transaction is open.
    Stale { all: bool },
    /// To be read anew, now.
    Due { all: bool },
    /// Being read.
    Reading,
}

impl Catalog {
    /// What is known now.
    pub(crate) fn names(&self) -> Arc<Names> {
        lock(&self.names).clone()
    }

    /// Waits at most so long for a reading that is under way.
    pub(crate) async fn settle(&self, limit: Duration) {
        let mut state = self.state.subscribe();
        let settled = state.wait_for(|state| !matches!(state, State::Due { .. } | State::Reading));
        let _ = tokio::time::timeout(limit, settled).await;
    }

    /// A statement has run: on a connection opened for it, or on one of before; and now a
    /// transaction is open, or none is.
    pub(crate) fn ran(&self, sql: &str, opened: bool, idle: bool) {
        let changed = opened || may_change(sql);
        self.state.send_if_modified(|state| {
            let all =
                opened || matches!(state, State::Stale { all: true } | State::Due { all: true });
            let next = match *state {
                State::Stale { .. } | State::Due { .. } if idle => State::Due { all },
                _ if changed && idle => State::Due { all },
                _ if changed => State::Stale { all },
                unchanged => unchanged,
            };
            std::mem::replace(state, next) != next
        });
    }

    /// Takes in the relations that the user has asked for, of a server that is never asked in the
    /// background. Of those known before, the columns stay known.
    pub(crate) fn learn_relations(&self, mut relations: Vec<Relation>) {
        let mut names = lock(&self.names);
        for (relation, oid) in relations.iter_mut().zip(1..) {
            relation.oid = oid;
            if let Some(known) = names.named(&relation.schema, &relation.name) {
                relation.columns.clone_from(&known.columns);
            }
        }
        *names = Arc::new(Names::learned(relations));
    }

    /// Takes in the columns of a relation, which the user has seen of such a server.
    pub(crate) fn learn_columns(&self, schema: &str, name: &str, columns: Vec<Column>) {
        let mut names = lock(&self.names);
        let mut relations = names.relations.to_vec();
        let is_it = |known: &&mut Relation| known.schema == schema && known.name == name;
        match relations.iter_mut().find(is_it) {
            Some(known) => known.columns = columns,
            None => relations.push(Relation {
                oid: relations.last().map_or(1, |last| last.oid + 1),
                schema: schema.to_owned(),
                name: name.to_owned(),
                columns,
                ..Relation::default()
            }),
        }
        *names = Arc::new(Names::learned(relations));
    }

    /// What was not read in time is due once more.
    fn again(&self) {
        self.state.send_if_modified(|state| match *state {
            State::Stale { all } => {
                *state = State::Due { all };
                true
            }
            _ => false,
        });
    }

    fn publish(&self, names: &Names) {
        *lock(&self.names) = Arc::new(names.clone());
    }
}

/// Whether the names of a database, or where they are looked for, may be others after this.
fn may_change(sql: &str) -> bool {
    /// `INTO` is looked for among so many words of a SELECT.
    const SELECT: usize = 200;
    let words = leading_words(sql, 3);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [
            "CREATE" | "ALTER" | "DROP" | "COMMENT" | "IMPORT" | "DISCARD" | "DO" | "CALL"
            | "EXECUTE",
            ..,
        ] => true,
        ["SET" | "RESET", rest @ ..] => rest
            .iter()
            .any(|word| matches!(*word, "SEARCH_PATH" | "SCHEMA" | "ROLE" | "SESSION" | "ALL")),
        ["SELECT" | "WITH", ..] => leading_words(sql, SELECT)
            .iter()
            .any(|word| word == "INTO" || word == "SET_CONFIG"),
        _ => false,
    }
}

/// A question that gives up rather than hold anyone up.
pub(crate) fn gently(sql: &str) -> String {
    /// Nothing of ours is to hold the user up, be it a lock or a slow server.
    const LIMITS: &str = "set local statement_timeout = 500; set local lock_timeout = 50; ";
    format!("{LIMITS}{sql}")
}

/// Keeps a session's catalog until the session has ended.
pub(crate) async fn keep(catalog: Arc<Catalog>, asker: Asker) {
    /// What comes late so many times in a row is not to be had.
    const TRIES: u32 = 5;
    let mut state = catalog.state.subscribe();
    let mut late = 0;
    loop {
        tokio::select! {
            () = asker.closed() => return,
            _ = state.wait_for(|state| matches!(state, State::Due { .. })) => {}
            // A slow server may have a better time soon; the next statement does not wait for that.
            () = tokio::time::sleep(Duration::from_secs(1 << late)), if late > 0 => {
                catalog.again();
                continue;
            }
        }
        let begun = catalog.state.send_replace(State::Reading);
        let all = begun == State::Due { all: true };
        let outcome = read::read(&catalog, &asker, all).await;
        late = match outcome {
            Outcome::Late if late < TRIES => late + 1,
            _ => 0,
        };
        catalog.state.send_modify(|state| {
            *state = match (*state, outcome) {
                (State::Reading, Outcome::Late) if late == 0 => State::Settled,
                (State::Reading, Outcome::Done) => State::Settled,
                (State::Reading, Outcome::Busy | Outcome::Late) => State::Stale { all },
                (State::Stale { .. }, Outcome::Busy | Outcome::Late) if all => State::Stale { all },
                (State::Due { .. }, Outcome::Busy | Outcome::Late) if all => State::Due { all },
                (changed_meanwhile, _) => changed_meanwhile,
            };
        });
    }
}

/// Columns of the same type share its name.
#[derive(Default)]
struct Shared(HashMap<String, Arc<str>>);

impl Shared {
    fn get(&mut self, text: String) -> Arc<str> {
        self.0
            .entry(text)
            .or_insert_with_key(|text| text.as_str().into())
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_may_change_names() {
        let changing = [
            "create table t (a int)",
            "-- x\nALTER TABLE t RENAME TO u",
            "drop view v",
            "comment on table t is 'x'",
            "select 1 as a into t",
            "with a as (select 1) select * into t from a",
            "set search_path = sales",
            "set local search_path to sales",
            "reset all",
            "set role ada",
            "set session authorization ada",
            "select set_config('search_path', 'sales', false)",
            "do $$ begin create table t (); end $$",
            "call make_tables()",
        ];
        for sql in changing {
            assert!(may_change(sql), "{sql}");
        }
        let others = [
            "select 1",
            "select 'into'",
            "insert into t values (1)",
            "update t set a = 1",
            "set work_mem = '1MB'",
            "show search_path",
            "commit",
            "",
        ];
        for sql in others {
            assert!(!may_change(sql), "{sql}");
        }
    }

    #[test]
    fn read_when_no_transaction_is_open() {
        let catalog = Catalog::default();
        let state = || *catalog.state.borrow();
        catalog.ran("select 1", false, true);
        assert_eq!(state(), State::Settled);
        catalog.ran("begin", true, false);
        assert_eq!(state(), State::Stale { all: true });
        catalog.ran("create table t ()", false, false);
        assert_eq!(state(), State::Stale { all: true });
        catalog.ran("commit", false, true);
        assert_eq!(state(), State::Due { all: true });

        catalog.state.send_replace(State::Reading);
        catalog.ran("select 1", false, true);
        assert_eq!(state(), State::Reading);
        catalog.ran("drop table t", false, true);
        assert_eq!(state(), State::Due { all: false });
    }

    #[test]
    fn names_are_found_by_the_search_path() {
        let schema = |name: &str, in_path| Schema {
            name: name.into(),
            in_path,
            comment: None,
        };
        let relation = |oid, schema: &str| Relation {
            oid,
            schema: schema.into(),
            name: "t".into(),
            ..Relation::default()
        };
        let names = Names {
            schemas: Arc::new(vec![
                schema("sales", true),
                schema("public", true),
                schema("old", false),
            ]),
            relations: Arc::new(vec![
                relation(1, "public"),
                relation(2, "sales"),
                relation(3, "old"),
            ]),
            ..Names::default()
        };
        let oid = |path: &[&str]| {
            let path: Vec<String> = path.iter().map(|&part| part.to_owned()).collect();
            names.relation(&path).map(|relation| relation.oid)
        };
        assert_eq!(oid(&["t"]), Some(2));
        assert_eq!(oid(&["public", "t"]), Some(1));
        assert_eq!(oid(&["old", "t"]), Some(3));
        assert_eq!(oid(&["u"]), None);
        assert_eq!(oid(&[]), None);
        assert_eq!(
            names.by_oid(3).map(|relation| relation.schema.as_str()),
            Some("old")
        );
    }
}
