//! What the models of the hard cases do in a Rust cell, as a program: `models.rs` compiles it with
//! their source, and a last function that calls `again` with each, and runs it.

#![allow(dead_code)]

use db::Model;

include!(env!("MODELS"));

fn main() -> db::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, socket] = arguments.as_slice() else {
        panic!("which socket?");
    };
    let db = db::Db::at(socket);
    each(&db)?;
    objects(&db)
}

/// Takes all rows out of a table and puts them in again: they have to be what they were.
fn again<T: Model + std::fmt::Debug>(db: &db::Db) -> db::Result<()> {
    let rows = T::all(db)?;
    assert_eq!(T::count(db)?, rows.len() as u64);
    if rows.is_empty() {
        return Ok(());
    }
    let before = texts::<T>(db)?;
    db.execute(&format!("delete from {}", T::TABLE), &[])?;
    let inserted = T::insert_all(db, &rows)?;
    assert_eq!(texts::<T>(db)?, before);
    // One that is no number is not equal to itself.
    assert_eq!(format!("{inserted:?}"), format!("{rows:?}"));
    Ok(())
}

/// The rows of a table as the server prints them.
fn texts<T: Model>(db: &db::Db) -> db::Result<Vec<String>> {
    let sql = format!("select t::text from {} t order by 1", T::TABLE);
    let rows = db.query(&sql, &[])?;
    rows.iter().map(|row| row.get(0)).collect()
}

/// Rows of tables with odd keys, from the first to the last.
fn objects(db: &db::Db) -> db::Result<()> {
    let mut first = Select { from: 1, table: Some("a".into()), ..Select::new() };
    first.insert(db)?;
    let mut second = Select { from: 2, order: Some(1), ..Select::new() };
    second.upsert(db)?;
    assert_eq!(second.order_select(db)?, Some(first.clone()));
    assert_eq!(first.select_by_order(db)?, [second.clone()]);
    second.user = Some("b".into());
    assert!(second.update(db)? && !second.update(db)?);
    assert_eq!(Select::find(db, 2)?, Some(second.clone()));
    second.delete(db)?;
    assert_eq!(Select::all(db)?, [first]);

    let mut mixed = MixedCase { id: 7, a_quoted_name: Some("\"".into()), ..MixedCase::new() };
    mixed.insert(db)?;
    mixed.blank = Some(" ".into());
    assert!(mixed.update(db)?);
    assert_eq!(MixedCase::filter("\" blank \" = $1", &[&" "]).first(db)?, Some(mixed));

    let mut option = RowOption { client: 1, a_b: 2, r#type: Some("x".into()), ..RowOption::new() };
    option.insert(db)?;
    let mut error = Error { id: 1, option: Some(1), a_b: Some(2), ..Error::new() };
    error.insert(db)?;
    assert_eq!(error.option(db)?, RowOption::find(db, (1, 2))?);
    assert_eq!(option.error(db)?, [error]);

    let mut part = Parted { id: 1, day: "2026-02-03".parse()?, ..Parted::new() };
    part.insert(db)?;
    let there = Parted2A::all(db)?;
    assert_eq!((there.len(), there[0].day), (1, part.day));
    part.delete(db)?;

    let mut counted = Identities::new();
    counted.insert(db)?;
    assert_eq!((counted.a, counted.b, counted.c), (1, 10, 1));
    Ok(())
}
