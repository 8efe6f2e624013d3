//! Rust cells on the service, which only appends.

use db::{Db, Model, Record, Stored, ToSql};
use query::Remote;
use tokio::net::UnixListener;

use crate::notebook::Notebook;
use crate::stand_in::{Quirks, Service};

/// As `%model` makes it, of what matters here.
#[derive(Clone, Debug, PartialEq)]
struct Archived {
    name: String,
    points: i32,
    stored: Stored<Archived>,
}

impl Record for Archived {
    const FIELDS: &'static [db::Field] = &[
        db::Field::of::<String>("name"),
        db::Field::of::<i32>("points"),
    ];

    fn read(row: &db::Row) -> db::Result<Self> {
        let (name, points) = (row.get("name")?, row.get("points")?);
        Ok(Stored::keep(Archived {
            name,
            points,
            stored: Stored::default(),
        }))
    }

    fn write(&self) -> Vec<db::Parameter> {
        vec![self.name.parameter(), self.points.parameter()]
    }
}

impl Model for Archived {
    const TABLE: &'static str = "loyalty_archive";
    const KEY: &'static [&'static str] = &["name"];
    const DEFAULTS: &'static [&'static str] = &[];
    const GENERATED: &'static [&'static str] = &[];

    fn new() -> Self {
        Archived {
            name: String::new(),
            points: 0,
            stored: Stored::default(),
        }
    }

    fn stored(&mut self) -> &mut Stored<Self> {
        &mut self.stored
    }
}

#[tokio::test]
async fn rows_are_appended_and_never_changed() {
    let service = Service::start(Quirks::default()).await;
    let notebook = Notebook::connected(&service).await;
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let listener = UnixListener::bind(&socket).unwrap();
    let cell = tokio::task::spawn_blocking(move || {
        let db = Db::at(socket);
        Archived {
            name: "O'Hara \\".into(),
            points: 7,
            ..Archived::new()
        }
        .insert(&db)?;
        let mut found = Archived::filter("name = $1", &[&"O'Hara \\"]).all(&db)?;
        assert_eq!((found.len(), found[0].points), (1, 7));
        found[0].points = 8;
        let refused = [
            found[0].update(&db).unwrap_err(),
            found[0].delete(&db).unwrap_err(),
            found[0].upsert(&db).unwrap_err(),
        ];
        Ok::<_, db::Error>(refused)
    });
    let serve = async {
        let mut remote = Remote::new(listener.accept().await.unwrap().0);
        remote.serve(&notebook.query, &notebook.host).await.unwrap();
        panic!("the cell has closed its connection");
    };
    let refused = tokio::select! {
        done = cell => done.unwrap().unwrap(),
        () = serve => unreachable!(),
    };
    for error in refused {
        assert_eq!(error.code.as_deref(), Some("0A000"));
        assert!(error.message.starts_with("Query Service cannot"), "{error}");
    }
}
