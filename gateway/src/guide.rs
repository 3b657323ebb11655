//! The guide: the documents of `guide/` as pages under `/guide/`, and what the schema and the settings say of themselves.
//!
//! - `page`: Markdown becomes a page.
//! - `reference`: services, calls and messages, written from the descriptors, so that nothing else can be said of them.

use std::borrow::Cow;

use axum::body::Bytes;
use rust_embed::RustEmbed;

use crate::schema::Schema;
use crate::site::bytes;

mod page;
mod reference;

use page::Document;

#[derive(RustEmbed)]
#[folder = "guide"]
struct Documents;

#[derive(RustEmbed)]
#[folder = "pictures"]
struct Pictures;

/// Lists the others, in the order in which they are read.
const FIRST: &str = "README.md";
const LOOK: &str = "look.css";
const SETTINGS: &str = include_str!("../../.deploy/goat.example.toml");
/// The dashboard's colours, and where its font lies while it is built.
const TOKENS: &str = include_str!("../web/src/look/tokens.css");
const FONT_SOURCE: &str = "../../generated/inter.woff2";

/// Every file of the guide by its name on the site. `font` is the name of the dashboard's font there.
pub(crate) fn files(schema: &Schema, font: Option<&str>) -> Vec<(String, Bytes)> {
    let documents = documents(schema);
    let mut files: Vec<(String, Bytes)> = documents
        .iter()
        .map(|document| (format!("guide/{}", document.file()), Bytes::from(document.page(&documents))))
        .collect();
    files.push((format!("guide/{LOOK}"), Bytes::from(look(font))));
    let pictures = Pictures::iter()
        .filter_map(|name| Some((format!("pictures/{name}"), bytes(Pictures::get(&name)?.data))));
    files.extend(pictures);
    files
}

/// In the order of the first one's links; then those that are written here.
fn documents(schema: &Schema) -> Vec<Document> {
    let first = Document::new(FIRST, text(FIRST));
    let mut documents: Vec<Document> =
        first.linked().into_iter().map(|name| Document::new(&name, text(&name))).collect();
    documents.insert(0, first);
    documents.push(Document::new("reference.md", reference::calls(schema)));
    documents.push(Document::new("messages.md", reference::messages(schema)));
    documents.push(Document::new("settings.md", settings()));
    documents
}

fn settings() -> String {
    format!(
        "# Settings\n\nEvery setting with its default and its explanation. Copy what you change into `goat.toml`, or set it \
         in the environment: `GOAT_FEEDS__MODE=live` is `mode` of `[feeds]`.\n\n```toml\n{SETTINGS}```\n"
    )
}

fn look(font: Option<&str>) -> String {
    let tokens =
        font.map_or(Cow::from(TOKENS), |font| TOKENS.replace(FONT_SOURCE, &format!("/{font}")).into());
    format!("{tokens}{}", text(LOOK))
}

/// What a file of the guide says; empty when there is none, which a test of the links tells.
fn text(name: &str) -> String {
    Documents::get(name).map_or_else(String::new, |file| String::from_utf8_lossy(&file.data).into_owned())
}

#[cfg(test)]
mod tests;
