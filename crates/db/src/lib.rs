//! What a Rust cell has without asking: the notebook's session as `db`, typed rows, models.
//!
//! ```no_run
//! # fn main() -> db::Result<()> {
//! # let db = db::Db::at("socket");
//! for row in db.query("select id, name from people where id > $1", &[&10])? {
//!     println!("{} {}", row.get::<i64>("id")?, row.get::<String>("name")?);
//! }
//! db.transaction(|t| t.execute("delete from people where id = $1", &[&7]))?;
//! # Ok(())
//! # }
//! ```
//!
//! Nothing here speaks to a database: the kernel does, over a local socket in the format of
//! [`wire`], so that SQL cells and Rust cells share one session. Values travel as the server prints
//! them. Built on the standard library alone, because a first Rust cell waits for it to compile, once
//! for each version on a machine; and what is generic is small, because every cell compiles that.

mod array;
mod composite;
mod connection;
mod error;
pub mod inspect;
mod json;
mod model;
mod net;
mod numeric;
#[cfg(any(
    feature = "chrono",
    feature = "rust_decimal",
    feature = "serde_json",
    feature = "uuid"
))]
mod others;
mod parameter;
mod range;
mod record;
mod row;
mod show;
mod stream;
mod table;
mod time;
mod types;
mod uuid;
mod value;
pub mod wire;

pub use composite::Composite;
pub use connection::Db;
#[doc(hidden)]
pub use connection::ready;
pub use error::{Error, Result};
pub use inspect::Inspector;
pub use json::Json;
pub use model::{Filter, Key, Model, Stored};
pub use net::{Cidr, Inet, MacAddr};
pub use numeric::Numeric;
pub use parameter::{Parameter, ToSql, Value};
pub use range::{Multirange, Range, RangeElement};
pub use record::{Field, Record};
pub use row::{Place, Row};
pub use show::Show;
pub use stream::{Kept, Records, Rows};
pub use time::{Date, Interval, Time, TimeTz, Timestamp, Timestamptz};
pub use types::Type;
pub use uuid::Uuid;
pub use value::{FromSql, Unreadable};
