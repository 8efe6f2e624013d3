//! JSON, as text: reading it is left to a crate that can.

use std::fmt;

use crate::parameter::Value;
use crate::types::Type;
use crate::value::{FromSql, Unreadable};

/// A `json` or `jsonb`, as the server prints it. With `:dep serde_json` its `Value` can be read and
/// given directly.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Json(pub String);

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromSql for Json {
    fn accepts(ty: &Type<'_>) -> bool {
        ty.is(&["json", "jsonb"])
    }

    fn from_sql(_: &Type<'_>, text: &str) -> Result<Self, Unreadable> {
        Ok(Json(text.to_owned()))
    }
}

impl Value for Json {
    /// None: the server knows which of the two it wants.
    fn cast() -> Option<std::borrow::Cow<'static, str>> {
        None
    }

    fn text(&self) -> Option<String> {
        Some(self.0.clone())
    }
}
