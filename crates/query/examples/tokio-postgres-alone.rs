//! tokio-postgres by itself, as the benchmarks' peer: runs the query of its second argument on the
//! server of the first, adds up what is in the rows, a bigint, a text, a double and a boolean, and
//! prints the milliseconds from sending it to the last row, and the sum.

#![allow(clippy::print_stdout, reason = "an example's output")]

use std::error::Error;
use std::pin::pin;
use std::time::Instant;

use futures_util::TryStreamExt;
use tokio_postgres::NoTls;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(server), Some(query)) = (arguments.next(), arguments.next()) else {
        return Err("which server, and which query?".into());
    };
    let (client, connection) = tokio_postgres::connect(&server, NoTls).await?;
    tokio::spawn(connection);
    let began = Instant::now();
    let none: [&str; 0] = [];
    let mut rows = pin!(client.query_raw(&query, none).await?);
    let mut sum = 0.0;
    while let Some(row) = rows.try_next().await? {
        let (id, name): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
        let (score, flag): (f64, bool) = (row.try_get(2)?, row.try_get(3)?);
        sum += id as f64 + name.len() as f64 + score + f64::from(u8::from(flag));
    }
    println!("{:.1} {sum:.3}", began.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}
