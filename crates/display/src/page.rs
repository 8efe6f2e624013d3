//! A notebook as a page for a browser: one file, no scripts, light or dark as the reader's system.

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd, html::push_html};

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
        // Of links and pictures that lead where they should not, only the words are left.
        let mut kept = Vec::new();
        let events = Parser::new_ext(text, options).filter_map(|event| match event {
            Event::Html(html) | Event::InlineHtml(html) => Some(Event::Text(html)),
            Event::Start(Tag::Link { ref dest_url, .. }) => {
                kept.push(leads_somewhere(dest_url));
                kept.last().is_some_and(|kept| *kept).then_some(event)
            }
            Event::Start(Tag::Image { ref dest_url, .. }) => {
                kept.push(is_picture(dest_url));
                kept.last().is_some_and(|kept| *kept).then_some(event)
            }
            Event::End(TagEnd::Link | TagEnd::Image) => kept.pop().unwrap_or(true).then_some(event),
            event => Some(event),
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

/// Text without its SGR sequences (colours, bold). All other sequences stay, and are made visible.
fn without_colours(text: &str) -> String {
    let mut parts = text.split("\x1B[");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let numbers = |c: char| c.is_ascii_digit() || matches!(c, ';' | ':');
        match part.trim_start_matches(numbers).strip_prefix('m') {
            Some(rest) => out += rest,
            None => {
                out += "\x1B[";
                out += part;
            }
        }
    }
    out
}

/// Where a link may lead: to pages, to mail, and into this page or beside it.
fn leads_somewhere(url: &str) -> bool {
    scheme(url).is_none_or(|scheme| matches!(&*scheme, "http" | "https" | "mailto"))
}

/// Where a picture may be: the same, and in the page itself.
fn is_picture(url: &str) -> bool {
    let embedded = scheme(url).is_some_and(|scheme| scheme == "data") && {
        let rest = url.trim_start().get("data:".len()..).unwrap_or_default();
        let kind = rest.get(.."image/".len()).unwrap_or_default();
        // An SVG in an image runs nothing, but opened by itself it would.
        kind.eq_ignore_ascii_case("image/") && !rest.to_ascii_lowercase().starts_with("image/svg")
    };
    embedded || scheme(url).is_none_or(|scheme| matches!(&*scheme, "http" | "https"))
}

/// The scheme of a URL as a browser finds it, which passes over blanks and control characters;
/// nothing where it is relative.
fn scheme(url: &str) -> Option<String> {
    let read: String = url
        .chars()
        .filter(|c| !c.is_control() && !c.is_whitespace())
        .collect();
    let (before, _) = read.split_once(':')?;
    let relative = before.contains(['/', '?', '#']);
    (!relative).then(|| before.to_ascii_lowercase())
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

    fn markdown(text: &str) -> String {
        let mut page = Page::new("");
        page.markdown(text);
        page.body
    }

    #[test]
    fn links_lead_to_pages_and_to_mail() {
        for link in [
            "https://rust-lang.org/a?b=c:d",
            "HTTP://x.example",
            "mailto:ada@x.example",
            "#place",
            "other.html",
            "a/b:c",
            "?q=a:b",
        ] {
            let html = markdown(&format!("[x]({link})"));
            assert!(html.contains("<a href="), "{link}: {html}");
        }
        assert!(markdown("<ada@x.example>").contains("href=\"mailto:ada@x.example\""));
        for link in [
            "[x](javascript:alert(1))",
            "[x](JavaScript:alert(1))",
            "[x](<java\tscript:alert(1)>)",
            "[x](java&Tab;script:alert(1))",
            "[x](&#1;javascript:alert(1))",
            "[x](javascript&#58;alert(1))",
            "[x](javascript&colon;alert(1))",
            "[x](vbscript:x)",
            "[x](data:text/html,<b>)",
            "[x](file:///etc/passwd)",
            "[x][y]\n\n[y]: javascript:alert(1)",
            "[y]\n\n[y]: javascript:alert(1)",
            "<javascript:alert(1)>",
            "<a href=\"javascript:alert(1)\">x</a>",
            "[![p](https://x.example/p.png)](javascript:alert(1))",
        ] {
            let html = markdown(link);
            assert!(!html.contains("<a"), "{link}: {html}");
        }
    }

    #[test]
    fn pictures_come_from_pages_and_from_the_page_itself() {
        for picture in [
            "p.png",
            "https://x.example/p.png",
            "data:image/png;base64,iVBO",
        ] {
            assert!(
                markdown(&format!("![p]({picture})")).contains("<img"),
                "{picture}"
            );
        }
        for picture in [
            "javascript:alert(1)",
            "data:text/html;base64,eA==",
            "data:image/svg+xml,<svg>",
            "Data:Image/SVG+xml;base64,eA==",
        ] {
            let html = markdown(&format!("![the words]({picture})"));
            assert!(
                !html.contains("<img") && html.contains("the words"),
                "{html}"
            );
        }
        let inside = markdown("[![p](javascript:x)](https://x.example)");
        assert!(
            inside.contains("<a href=") && !inside.contains("<img"),
            "{inside}"
        );
    }

    #[test]
    fn html_in_prose_is_text() {
        for html in [
            "<iframe src=\"https://x.example\"></iframe>",
            "a <img src=x onerror=alert(1)> b",
            "<svg onload=alert(1)>",
            "<!-- -->\n<style>x</style>",
        ] {
            let shown = markdown(html);
            for tag in ["<iframe", "<img", "<svg", "<style", "<!--"] {
                assert!(!shown.contains(tag), "{shown}");
            }
        }
    }

    #[test]
    fn only_colours_are_left_out() {
        let check = |text, expected| assert_eq!(without_colours(text), expected);
        check("\x1B[1;31mred\x1B[0m", "red");
        check("\x1B[38:5:1mred\x1B[m", "red");
        check("a\x1B[2Kb, made of m", "a\x1B[2Kb, made of m");
        check("\x1B[", "\x1B[");
        check("\x1B]0;title\x07", "\x1B]0;title\x07");
        let mut page = Page::new("");
        page.text("a\x1B[2Kb and more", true);
        assert!(page.html().contains("a\\x1B[2Kb and more"));
    }
}
