//! The tables that the service knows: loyalty members with their nested fields, and web events,
//! more of them than a client is given.

/// A column and the OID of its type.
#[derive(Clone, Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) oid: u32,
}

/// Values as the service prints them.
pub(super) type Row = Vec<Option<String>>;

/// A table or a view.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) is_view: bool,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Row>,
}

/// All of them, by name.
pub(super) type Tables = Vec<Table>;

pub(super) const TEXT: u32 = 25;
pub(super) const INTEGER: u32 = 23;
pub(super) const TIMESTAMP: u32 = 1114;
/// Types of the service's own: a struct, a map, a list of structs. PostgreSQL knows none of them.
const STRUCT: u32 = 16_402;
const MAP: u32 = 16_405;
const LIST: u32 = 16_408;

/// Web events: more than any LIMIT may ask for.
const EVENTS: usize = 120_000;

/// What there is in the beginning.
pub(super) fn tables() -> Tables {
    let members = [
        (
            "Ada Lopez",
            "4210",
            "gold",
            "2022-09-02 19:47:14.0",
            r#"("12 Rue Cler",Paris)"#,
        ),
        (
            "Bram de Vries",
            "1180",
            "silver",
            "2022-09-01 08:15:00.0",
            r#"("3 Damrak",NULL)"#,
        ),
        (
            "Chidi Okafor",
            "560",
            "bronze",
            "2022-08-30 21:03:59.0",
            r#"("9 Marina Rd",Lagos)"#,
        ),
        (
            "Dora Nagy",
            "3975",
            "gold",
            "2022-09-02 06:30:41.0",
            r#"("1 Fő utca",Budapest)"#,
        ),
        (
            "Emil Hansen",
            "75",
            "bronze",
            "2022-07-14 12:00:00.0",
            "NULL",
        ),
    ];
    let rows = members
        .iter()
        .enumerate()
        .map(|(number, (name, points, tier, seen, address))| {
            vec![
                Some((*name).to_owned()),
                Some((*points).to_owned()),
                Some((*tier).to_owned()),
                Some((*seen).to_owned()),
                Some((*address).to_owned()).filter(|text| text != "NULL"),
                Some(format!(r#"[ECID -> "{{(6{number}1097-5702,t)}}"]"#)),
                Some(format!(r#"("(SKU-{number},2)")"#)).filter(|_| number != 4),
            ]
        });
    let member = columns(&[
        ("name", TEXT),
        ("points", INTEGER),
        ("tier", TEXT),
        ("lastseen", TIMESTAMP),
        ("address", STRUCT),
        ("identitymap", MAP),
        ("items", LIST),
    ]);
    let events = (0..EVENTS).map(|number| {
        vec![
            Some(format!("event-{number}")),
            Some(format!(
                "2022-09-02 {:02}:{:02}:{:02}.0",
                number / 3600 % 24,
                number / 60 % 60,
                number % 60
            )),
            Some(["home", "coffee", "cart"][number % 3].to_owned()),
        ]
    });
    let event = columns(&[("_id", TEXT), ("timestamp", TIMESTAMP), ("page", TEXT)]);
    vec![
        Table {
            name: "loyalty_members",
            is_view: false,
            columns: member,
            rows: rows.collect(),
        },
        Table {
            name: "loyalty_archive",
            is_view: false,
            columns: columns(&[("name", TEXT), ("points", INTEGER)]),
            rows: Vec::new(),
        },
        Table {
            name: "web_events",
            is_view: false,
            columns: event.clone(),
            rows: events.collect(),
        },
        Table {
            name: "web_carts",
            is_view: true,
            columns: event,
            rows: Vec::new(),
        },
    ]
}

/// Columns from names and types.
pub(super) fn columns(columns: &[(&str, u32)]) -> Vec<Column> {
    columns
        .iter()
        .map(|(name, oid)| Column {
            name: (*name).to_owned(),
            oid: *oid,
        })
        .collect()
}

/// A table as a database with `?FLATTEN` shows it: a struct's fields are columns of their own.
pub(super) fn flat(table: &Table) -> (Vec<Column>, Vec<Row>) {
    let Some(at) = table.columns.iter().position(|column| column.oid == STRUCT) else {
        return (table.columns.clone(), table.rows.clone());
    };
    let mut columns = table.columns.clone();
    let name = columns[at].name.clone();
    let field = |field| Column {
        name: format!("{name}.{field}"),
        oid: TEXT,
    };
    columns.splice(at..=at, [field("street"), field("city")]);
    let fields = |value: Option<String>| -> [Option<String>; 2] {
        let value = value.unwrap_or_default();
        let fields = value
            .trim_matches(['(', ')'])
            .split_once(',')
            .unwrap_or_default();
        let bare = |text: &str| Some(text.trim_matches('"').to_owned());
        [fields.0, fields.1]
            .map(|text| bare(text).filter(|text| !matches!(text.as_str(), "" | "NULL")))
    };
    let rows = table.rows.iter().cloned().map(|mut row| {
        let value = row[at].take();
        row.splice(at..=at, fields(value));
        row
    });
    (columns, rows.collect())
}
