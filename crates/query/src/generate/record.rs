//! The struct of a result's rows.

use std::fmt::Write as _;

use db::Type;
use display::Column;

use super::names::{Names, text};
use crate::wire::Field;

/// A struct with a typed field a column, and how it is read from a row: by the columns' numbers,
/// because two may share a name. It shows itself as `shown_as`.
pub(crate) fn record(
    struct_name: &str,
    shown_as: &str,
    about: &str,
    columns: &[Column],
    fields: &[Field],
    nulls: &[bool],
) -> String {
    let mut names = Names::default();
    let (mut declared, mut known, mut read, mut written, mut shown) = (
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
    );
    for (index, (column, field)) in columns.iter().zip(fields).enumerate() {
        let ty = Type {
            oid: field.oid,
            name: &column.type_name,
        };
        let rust = match nulls.get(index) {
            Some(false) => ty.rust(),
            _ => format!("Option<{}>", ty.rust()),
        };
        let rust_name = names.field(&column.name);
        // Writing to a string does not fail.
        let _ = writeln!(
            declared,
            "    #[doc = {}]\n    pub {rust_name}: {rust},",
            text(&doc(column))
        );
        let _ = writeln!(
            known,
            "        db::Field::of::<{rust}>({}),",
            text(&column.name)
        );
        let _ = write!(read, "{rust_name}: row.get({index}usize)?, ");
        let _ = write!(written, "db::ToSql::parameter(&self.{rust_name}), ");
        let plain = rust_name.strip_prefix("r#").unwrap_or(&rust_name);
        let _ = write!(shown, ".field({}, &self.{rust_name})", text(plain));
    }
    format!(
        "#[doc = {about}]\n\
         #[derive(Clone, Default, PartialEq)]\n\
         #[allow(non_camel_case_types)]\n\
         pub struct {struct_name} {{\n{declared}}}\n\
         impl std::fmt::Debug for {struct_name} {{\n    \
             fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{ f.debug_struct({shown_as}){shown}.finish() }}\n\
         }}\n\
         impl db::Record for {struct_name} {{\n    \
             const FIELDS: &'static [db::Field] = &[\n{known}    ];\n    \
             fn read(row: &db::Row) -> db::Result<Self> {{ Ok({struct_name} {{ {read}}}) }}\n    \
             fn write(&self) -> Vec<db::Parameter> {{ vec![{written}] }}\n\
         }}\n",
        about = text(about),
        shown_as = text(shown_as),
    )
}

fn doc(column: &Column) -> String {
    match column.type_name.as_str() {
        "" => column.name.clone(),
        type_name => format!("{} {type_name}", column.name),
    }
}

#[cfg(test)]
mod tests {
    use display::Kind;

    use super::*;

    #[test]
    fn a_result_is_a_struct() {
        let column = |name: &str, type_name: &str| Column::new(name, type_name, Kind::Other);
        let field = |oid| Field {
            name: String::new(),
            oid,
            modifier: -1,
        };
        let source = record(
            "People_1",
            "People",
            "A row of people.",
            &[
                column("id", "integer"),
                column("id", "numeric(10,2)"),
                column("type", "text[]"),
            ],
            &[field(23), field(1700), field(1009)],
            &[false, true, false],
        );
        let expected = "\
#[doc = \"A row of people.\"]
#[derive(Clone, Default, PartialEq)]
#[allow(non_camel_case_types)]
pub struct People_1 {
    #[doc = \"id integer\"]
    pub id: i32,
    #[doc = \"id numeric(10,2)\"]
    pub id_2: Option<db::Numeric>,
    #[doc = \"type text[]\"]
    pub r#type: Vec<Option<String>>,
}
impl std::fmt::Debug for People_1 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { f.debug_struct(\"People\").field(\"id\", &self.id).field(\"id_2\", &self.id_2).field(\"type\", &self.r#type).finish() }
}
impl db::Record for People_1 {
    const FIELDS: &'static [db::Field] = &[
        db::Field::of::<i32>(\"id\"),
        db::Field::of::<Option<db::Numeric>>(\"id\"),
        db::Field::of::<Vec<Option<String>>>(\"type\"),
    ];
    fn read(row: &db::Row) -> db::Result<Self> { Ok(People_1 { id: row.get(0usize)?, id_2: row.get(1usize)?, r#type: row.get(2usize)?, }) }
    fn write(&self) -> Vec<db::Parameter> { vec![db::ToSql::parameter(&self.id), db::ToSql::parameter(&self.id_2), db::ToSql::parameter(&self.r#type), ] }
}
";
        assert_eq!(source, expected);
    }
}
