//! A notebook as a page for a browser: one file, no scripts, light or dark as the reader's system.

use pulldown_cmark::{Event, Options, Parser, html::push_html};

use crate::markup::{escape, escape_lines};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { font: 13px/1.4 ui-monospace, monospace; margin: 0.5rem 0; overflow-x: auto; white-space: pre-wrap; }
pre.code { padding: 0.6rem 0.8rem; border-left: 3px solid #888; background: rgba(128, 128, 128, 0.12); }
pre.error { color: #c33; }
table { border-collapse: collapse; border-color: rgba(128, 128, 128, 0.4); font-size: 13px; }
img { max-width: 100%; height: auto; }
th, td { padding: 0.25rem 0.6rem; border-color: rgba(128, 128, 128, 0.4); }
";

/// A page that grows from top to bottom.
#[derive(Debug)]
pub struct Page {
    title: String,
    body: String,
}

impl Page {
    /// An empty page of this title.
    pub fn new(title: impl Into<String>) -> Self {
        Page {
            title: title.into(),
            body: String::new(),
        }
    }

    /// Prose in Markdown. HTML inside it is shown as text: a page holds nothing that runs.
    pub fn markdown(&mut self, text: &str) {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let events = Parser::new_ext(text, options).map(|event| match event {
            Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
            event => event,
        });
        push_html(&mut self.body, events);
    }

    /// What was run.
    pub fn code(&mut self, text: &str) {
        self.pre("code", text);
    }

    /// Plain output; `error` sets it apart. Terminal colours are left out.
    pub fn text(&mut self, text: &str, error: bool) {
        self.pre(
            if error { "error" } else { "output" },
            &without_colours(text),
        );
    }

    /// HTML of our own making.
    pub fn trusted(&mut self, html: &str) {
        self.body += html;
        self.body.push('\n');
    }

    /// A PNG in base64: how many pixels of the page it is wide, and its words, for those who do not
    /// see it.
    pub fn picture(&mut self, base64: &str, width: Option<u64>, words: &str) {
        let mut alt = String::new();
        escape(&mut alt, &words.replace('\n', "; "));
        let mut data = String::new();
        escape(&mut data, base64);
        let width = width.map_or(String::new(), |width| format!(" width=\"{width}\""));
        self.body += &format!("<img{width} alt=\"{alt}\" src=\"data:image/png;base64,{data}\">\n");
    }

    /// The whole page.
    pub fn html(&self) -> String {
        let mut title = String::new();
        escape(&mut title, &self.title);
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
            self.body
        )
    }

    fn pre(&mut self, class: &str, text: &str) {
        self.body += &format!("<pre class=\"{class}\">");
        escape_lines(&mut self.body, text);
        self.body += "</pre>\n";
    }
}

/// Text without its SGR sequences, the only ones that problems are printed with.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1B[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out += part.split_once('m').map_or(part, |(_, rest)| rest);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_on_a_page_runs() {
        let mut page = Page::new("<script>1</script>");
        page.markdown("# Title\n\n<script>2</script> and <b>bold</b>");
        page.code("select '<script>3</script>'");
        page.text("\x1B[31mERROR:\x1B[0m <script>4</script>", true);
        page.picture("iVBO", Some(9), "\"><script>5</script>");
        let html = page.html();
        assert!(!html.contains("<script"), "{html}");
        assert!(html.contains("<h1>Title</h1>"));
        assert!(html.contains("ERROR: &lt;script&gt;4"));
    }
}
