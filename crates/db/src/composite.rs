//! Composite values: `(1,"a b",)` and back.

use std::fmt;

use crate::array::{quote, quoted};
use crate::parameter::Value;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A value of a row type or an anonymous record: the texts of its fields, in order; none is NULL.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Composite(pub Vec<Option<String>>);

impl Composite {
    /// The field of this number, from 0.
    ///
    /// # Errors
    /// There is none, or its text is no such value.
    pub fn get<T: FromSql>(&self, number: usize) -> Result<T, Unreadable> {
        // The server tells no types of fields: the text has to do.
        let any = Type { oid: 0, name: "" };
        match self.0.get(number) {
            None => Err(Unreadable(format!(
                "the composite value has no field {number}"
            ))),
            Some(None) => T::null().ok_or_else(|| Unreadable(format!("field {number} is NULL"))),
            Some(Some(text)) => T::from_sql(&any, text),
        }
    }

    /// Adds a field.
    pub fn with(mut self, value: &impl Value) -> Self {
        self.0.push(value.text());
        self
    }

    fn parse(text: &str) -> Option<Self> {
        let mut rest = text.strip_prefix('(')?.strip_suffix(')')?;
        let mut fields = Vec::new();
        loop {
            let (field, after) = match rest.starts_with('"') {
                true => {
                    let (value, after) = quoted(rest)?;
                    (Some(value), after)
                }
                false => {
                    let (value, after) = rest.split_at(rest.find(',').unwrap_or(rest.len()));
                    ((!value.is_empty()).then(|| value.to_owned()), after)
                }
            };
            fields.push(field);
            match after.strip_prefix(',') {
                Some(after) => rest = after,
                None => return after.is_empty().then_some(Composite(fields)),
            }
        }
    }
}

impl FromSql for Composite {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is_foreign()
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        Composite::parse(text).ok_or_else(|| Unreadable::new(text, "composite value"))
    }
}

impl Value for Composite {
    fn cast() -> Option<std::borrow::Cow<'static, str>> {
        None
    }

    fn text(&self) -> Option<String> {
        let mut out = String::from("(");
        for (index, field) in self.0.iter().enumerate() {
            if index > 0 {
                out.push(',');
            }
            if let Some(text) = field {
                quote(&mut out, text);
            }
        }
        out.push(')');
        Some(out)
    }
}

impl fmt::Debug for Composite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn composites_come_back_as_they_went() {
        let value = Composite::parse("(1,\"a \"\"b\"\" \\\\c\",,\"\")").unwrap();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(value.0, [text("1"), text("a \"b\" \\c"), None, text("")]);
        assert_eq!(
            Composite::parse(&value.text().unwrap()),
            Some(value.clone())
        );
        assert_eq!(value.get::<i32>(0), Ok(1));
        assert_eq!(value.get::<Option<i32>>(2), Ok(None));
        assert!(value.get::<i32>(2).is_err());
        assert!(value.get::<i32>(4).is_err());
        assert_eq!(Composite::parse("(1"), None);
    }
}
