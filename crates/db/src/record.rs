//! Structs that are rows.

use std::borrow::Cow;

use crate::error::Result;
use crate::parameter::{Parameter, Value};
use crate::row::Row;

/// A struct with a field a column. [`row!`](crate::row) declares one, and so do `--as` and `%model`.
pub trait Record: Sized {
    /// Its columns, in order.
    const FIELDS: &'static [Field];

    /// The struct of a row.
    ///
    /// # Errors
    /// A column is missing or of another type.
    fn read(row: &Row) -> Result<Self>;

    /// The values, in the order of the columns.
    fn write(&self) -> Vec<Parameter>;
}

/// A field of a [`Record`].
#[derive(Clone, Copy, Debug)]
pub struct Field {
    name: &'static str,
    cast: fn() -> Option<Cow<'static, str>>,
}

impl Field {
    /// A field of this SQL name and Rust type.
    pub const fn of<T: Value>(name: &'static str) -> Self {
        Field {
            name,
            cast: T::cast,
        }
    }

    /// The column's name.
    pub fn name(&self) -> &'static str {
        // `r#type` is how Rust writes a name that is a word of its own.
        self.name.strip_prefix("r#").unwrap_or(self.name)
    }

    /// The column's type; text where the Rust type could be several.
    pub fn type_name(&self) -> Cow<'static, str> {
        (self.cast)().unwrap_or(Cow::Borrowed("text"))
    }
}

/// Declares a struct whose fields are columns of the same names.
///
/// ```
/// db::row! {
///     /// A point that may have no height.
///     struct Point { x: f64, y: f64, height: Option<f64> }
/// }
/// # fn points(db: db::Db) -> db::Result<()> {
/// let points: Vec<Point> = db.query_as("select x, y, height from points", &[])?;
/// # Ok(())
/// # }
/// ```
#[macro_export]
macro_rules! row {
    ($($(#[$about:meta])* $visible:vis struct $name:ident {
        $($(#[$field_about:meta])* $field_visible:vis $field:ident: $type:ty),* $(,)?
    })+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct $name {
            $($(#[$field_about])* pub $field: $type),*
        }

        impl $crate::Record for $name {
            const FIELDS: &'static [$crate::Field] =
                &[$($crate::Field::of::<$type>(stringify!($field))),*];

            fn read(row: &$crate::Row) -> $crate::Result<Self> {
                let mut names = Self::FIELDS.iter().map($crate::Field::name);
                Ok($name { $($field: row.get(names.next().unwrap_or(stringify!($field)))?),* })
            }

            fn write(&self) -> Vec<$crate::Parameter> {
                vec![$($crate::ToSql::parameter(&self.$field)),*]
            }
        }
    )+};
}

#[cfg(test)]
mod tests {
    crate::row! {
        struct Point { x: f64, r#type: Option<String> }
    }

    #[test]
    fn a_row_knows_its_columns() {
        use crate::Record;
        let fields: Vec<_> = Point::FIELDS
            .iter()
            .map(|field| (field.name(), field.type_name()))
            .collect();
        assert_eq!(fields, [("x", "float8".into()), ("type", "text".into())]);
        let point = Point {
            x: 1.0,
            r#type: None,
        };
        assert_eq!(point.write().len(), 2);
    }
}
