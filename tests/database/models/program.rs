//! What the modules of the hard cases do in a program with `tokio-postgres`: `models.rs` compiles it
//! with them, and a last macro that calls another with each table's type, and runs it.

use tokio_postgres::{Client, NoTls};

include!(env!("MODULES"));

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let target = std::env::args().nth(1).ok_or("which database?")?;
        let (client, connection) = tokio_postgres::connect(&target, NoTls).await?;
        tokio::spawn(connection);
        /// Takes all rows out of a table and puts them in again: they have to be what they were.
        macro_rules! again {
            ($model:ty, $table:literal) => {
                let rows = <$model>::all(&client).await?;
                if !rows.is_empty() {
                    let before = texts(&client, $table).await?;
                    client.execute(concat!("delete from ", $table), &[]).await?;
                    for row in &rows {
                        // One that is no number is not equal to itself.
                        assert_eq!(format!("{:?}", row.insert(&client).await?), format!("{row:?}"));
                    }
                    assert_eq!(texts(&client, $table).await?, before, $table);
                }
            };
        }
        each!(again);
        objects(&client).await
    })
}

/// The rows of a table as the server prints them.
async fn texts(client: &Client, table: &str) -> Result<Vec<String>, tokio_postgres::Error> {
    let sql = format!("select t::text from {table} t order by 1");
    let rows = client.query(&sql, &[]).await?;
    rows.iter().map(|row| row.try_get(0)).collect()
}

/// Rows of tables with odd keys, from the first to the last.
async fn objects(client: &Client) -> Result<(), Box<dyn std::error::Error>> {
    let option = RowOption { client: 3, a_b: 4, r#type: Some("x".into()), ..RowOption::default() };
    let mut option = option.insert(client).await?;
    assert_eq!(RowOption::find(client, &3, &4).await?, Some(option.clone()));
    option.stored_2 = Some("{}".into());
    assert_eq!(option.update(client).await?, Some(option.clone()));
    assert!(option.delete(client).await? && !option.delete(client).await?);
    assert_eq!(option.update(client).await?, None);

    let part = Parted { id: 1, day: "2026-02-03".into(), ..Parted::default() }.insert(client).await?;
    assert_eq!(Parted::find(client, &1, &part.day).await?, Some(part.clone()));
    assert!(part.delete(client).await?);

    let domains = Domains { b: Some("too long".into()), g: "g".into(), ..Domains::default() };
    let error = domains.insert(client).await.err().and_then(|error| error.code().cloned());
    assert_eq!(error, Some(tokio_postgres::error::SqlState::STRING_DATA_RIGHT_TRUNCATION));
    Ok(())
}
