//! Markdown as a page: without scripts of its own, without HTML of the document's, with a name for every heading.

use std::fmt::Write;

use pulldown_cmark::html::push_html;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, TagEnd};

/// A document in Markdown.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// Its file on the site, such as `tour.html`.
    file: String,
    title: String,
    markdown: String,
}

impl Document {
    /// The document of this file, such as `tour.md`; its first heading is its title.
    pub(super) fn new(name: &str, markdown: String) -> Self {
        let title = title(&markdown);
        Self { file: address(name), title, markdown }
    }

    /// Its name on the site.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    /// The documents that it leads to, in their order, each once.
    pub(super) fn linked(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for event in Parser::new(&self.markdown) {
            let Event::Start(Tag::Link { dest_url, .. }) = event else { continue };
            if is_document(&dest_url) && !names.iter().any(|name| **name == *dest_url) {
                names.push(dest_url.into_string());
            }
        }
        names
    }

    /// The page, with a list of all documents.
    pub(super) fn page(&self, all: &[Self]) -> String {
        let (title, body) = (escaped(&self.title), body(&self.markdown));
        let mut list = String::new();
        for document in all {
            let current = if document.file == self.file { " aria-current=\"page\"" } else { "" };
            // Writing into a string cannot fail.
            let _ = write!(list, "<a href=\"{}\"{current}>{}</a>", document.file, escaped(&document.title));
        }
        format!(
            "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\
             <meta name=\"color-scheme\" content=\"light dark\"><title>{title} · Follow The Goat</title>\
             <link rel=\"icon\" href=\"/goat.svg\" type=\"image/svg+xml\"><link rel=\"stylesheet\" href=\"look.css\">\
             <script src=\"/theme.js\"></script></head><body>\
             <header><a href=\"/\">Follow The Goat</a><a href=\"/api-docs/\">API</a></header>\
             <div class=\"guide\"><nav aria-label=\"Guide\">{list}</nav><main>{body}</main></div></body></html>"
        )
    }
}

/// The name of a heading in an address, as code forges make it.
pub(super) fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase().replace(' ', "-");
    kept.chars().filter(|sign| sign.is_alphanumeric() || matches!(sign, '-' | '_')).collect()
}

fn is_document(link: &str) -> bool {
    link.strip_suffix(".md").is_some_and(|name| !name.contains('/'))
}

/// Where a link between documents leads on the site.
fn address(link: &str) -> String {
    let (file, place) = link.split_once('#').map_or((link, None), |(file, place)| (file, Some(place)));
    let mut address = match file.strip_suffix(".md").filter(|_| is_document(file)) {
        Some("README") => "index.html".to_owned(),
        Some(name) => format!("{name}.html"),
        None => file.to_owned(),
    };
    if let Some(place) = place {
        address.push('#');
        address.push_str(place);
    }
    address
}

fn title(markdown: &str) -> String {
    let first = markdown.lines().find_map(|line| line.strip_prefix("# "));
    first.unwrap_or_default().to_owned()
}

fn body(markdown: &str) -> String {
    let mut events: Vec<Event<'_>> = Parser::new_ext(markdown, Options::ENABLE_TABLES).map(plain).collect();
    name_headings(&mut events);
    let mut html = String::with_capacity(markdown.len() * 2);
    push_html(&mut html, events.into_iter());
    html
}

/// HTML is shown as it is written; links between documents lead to their pages.
fn plain(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Event::Text(text),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            let dest_url = CowStr::from(address(&dest_url));
            Event::Start(Tag::Link { link_type, dest_url, title, id })
        }
        other => other,
    }
}

fn name_headings(events: &mut [Event<'_>]) {
    let mut text = String::new();
    // Backwards, because a heading's text follows its beginning.
    for event in events.iter_mut().rev() {
        match event {
            Event::End(TagEnd::Heading(_)) => text.clear(),
            Event::Text(part) | Event::Code(part) => text.insert_str(0, part),
            Event::Start(Tag::Heading { id, .. }) => *id = Some(anchor(&text).into()),
            _ => {}
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_page_with_a_place_for_every_heading() {
        let first = Document::new("README.md", "# The guide\n\n[a](a.md), [b](b.md#c), [a](a.md)".to_owned());
        let document = Document::new("a.md", "# A & `b`\n\n## What it is\n\n[first](README.md)".to_owned());

        assert_eq!(first.linked(), ["a.md"]);
        assert_eq!((first.file(), document.file()), ("index.html", "a.html"));
        let page = document.page(&[first, document.clone()]);
        assert!(page.contains("<title>A &amp; `b` · Follow The Goat</title>"), "{page}");
        assert!(page.contains("<h2 id=\"what-it-is\">What it is</h2>"), "{page}");
        assert!(page.contains("<a href=\"index.html\">first</a>"), "{page}");
        assert!(page.contains("<a href=\"a.html\" aria-current=\"page\">"), "{page}");
    }

    #[test]
    fn html_of_a_document_is_shown_and_not_obeyed() {
        let page = body("a <script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n");

        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }

    #[test]
    fn a_link_to_another_document_leads_to_its_page_and_others_stay() {
        assert_eq!(address("tour.md#feeds"), "tour.html#feeds");
        assert_eq!(address("../pictures/market.png"), "../pictures/market.png");
        assert_eq!(address("https://rustup.rs"), "https://rustup.rs");
        assert_eq!(address("#here"), "#here");
    }
}
