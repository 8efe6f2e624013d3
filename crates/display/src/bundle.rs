//! A bundle: one output in several MIME forms; the front end picks the one it likes best.

use serde_json::{Map, Value};

/// One output in its MIME forms, in the order they were added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Bundle {
    /// Each MIME type's data: a string for text and base64, anything for JSON.
    pub data: Map<String, Value>,
    /// Each MIME type's metadata, such as an image's size.
    pub metadata: Map<String, Value>,
}

impl Bundle {
    /// A bundle of plain text alone.
    pub fn plain(text: impl Into<String>) -> Self {
        Self::default().with("text/plain", text.into())
    }

    /// The same bundle with one more form, or with this form replaced.
    pub fn with(mut self, mime: &str, value: impl Into<Value>) -> Self {
        self.data.insert(mime.into(), value.into());
        self
    }

    /// The form of this MIME type.
    pub fn get(&self, mime: &str) -> Option<&Value> {
        self.data.get(mime)
    }

    /// The plain text, which every bundle should have; empty where it has none.
    pub fn text(&self) -> &str {
        self.get("text/plain")
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The same bundle, its HTML in an element of this class, by which a page can find it.
    #[must_use]
    pub fn marked(self, class: &str) -> Self {
        match self.html() {
            Some(html) => {
                let html = format!("<div class=\"{class}\">\n{html}\n</div>");
                self.with("text/html", html)
            }
            None => self,
        }
    }

    /// The HTML, if there is any.
    pub fn html(&self) -> Option<&str> {
        self.get("text/html").and_then(Value::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_keep_their_order_and_are_replaced_in_place() {
        let bundle = Bundle::plain("a")
            .with("text/html", "<b>a</b>")
            .with("text/plain", "b");
        assert_eq!(
            bundle.data.keys().collect::<Vec<_>>(),
            ["text/plain", "text/html"]
        );
        assert_eq!(bundle.text(), "b");
        assert_eq!(bundle.html(), Some("<b>a</b>"));
        assert_eq!(Bundle::default().text(), "");
    }
}
