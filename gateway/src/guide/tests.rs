use std::collections::{BTreeMap, BTreeSet};

use super::*;

fn pages() -> BTreeMap<String, String> {
    let files = files(&Schema::load().unwrap(), None).into_iter();
    files.map(|(name, content)| (name, String::from_utf8_lossy(&content).into_owned())).collect()
}

fn is_page(name: &str) -> bool {
    has_ending(name, "html")
}

fn has_ending(name: &str, ending: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|found| found == ending)
}

/// The values of an attribute of a page.
fn attributes<'a>(page: &'a str, name: &str) -> BTreeSet<&'a str> {
    let begin = format!(" {name}=\"");
    page.split(begin.as_str()).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn every_document_is_in_the_list_and_every_link_leads_somewhere() {
    let pages = pages();
    let html: Vec<_> = pages.iter().filter(|(name, _)| is_page(name)).collect();
    let written = Documents::iter().filter(|name| has_ending(name, "md")).count();
    assert_eq!(html.len(), written + 3, "a document is missing in guide/{FIRST}");

    for (name, page) in html {
        assert!(page.contains("<h1 "), "{name} has no heading");
        let places = ["href", "src"].into_iter().flat_map(|attribute| attributes(page, attribute));
        for link in places.filter(|link| !link.starts_with("http")) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let file = match file.strip_prefix("../") {
                Some(outside) => outside.to_owned(),
                None if file.is_empty() => name.clone(),
                None => format!("guide/{file}"),
            };
            let of_the_dashboard = ["/", "/api-docs/", "/goat.svg", "/theme.js"].contains(&link);
            assert!(of_the_dashboard || pages.contains_key(&file), "{name} leads to {link}");
            let is_there = || attributes(&pages[&file], "id").contains(place);
            assert!(place.is_empty() || is_there(), "{name} leads to {link}, and there is no such heading");
        }
    }
}

#[test]
fn every_picture_is_shown_and_small() {
    let pages = pages();
    let readme = std::fs::read_to_string("../README.md").unwrap();
    for name in Pictures::iter() {
        let shown = pages.values().any(|page| page.contains(&format!("src=\"../pictures/{name}\"")));
        assert!(shown || readme.contains(&format!("gateway/pictures/{name}")), "{name} is shown nowhere");
        let size = Pictures::get(&name).unwrap().data.len();
        assert!(size <= 200_000, "{name} has {size} bytes");
    }
}

#[test]
fn every_call_and_every_message_is_in_the_reference() {
    let (schema, pages) = (Schema::load().unwrap(), pages());
    let (calls, messages) = (&pages["guide/reference.html"], &pages["guide/messages.html"]);

    for (operation, binding) in schema.bindings() {
        let path = format!("<code>{} {}</code>", binding.verb, binding.template);
        assert!(calls.contains(&path), "{}: {path}", operation.rpc.full_name());
    }
    let named = |message: &str| messages.contains(&format!(">{message}</h2>"));
    assert!(named("goat.market.v1.GetPriceRequest") && named("goat.trading.v1.Play"));
    let field = "<td><code>max_entries_per_cycle</code></td>";
    assert!(messages.contains(field), "fields are told with their comments");
    assert!(pages["guide/settings.html"].contains("[feeds.webhook]"));
}

#[test]
fn a_page_has_nothing_that_the_content_policy_refuses() {
    for (name, page) in pages().iter().filter(|(name, _)| is_page(name)) {
        assert_eq!(page.matches("<script").count(), 1, "{name}");
        for refused in [" style=\"", "<style", " onclick", "javascript:"] {
            assert!(!page.contains(refused), "{name} has {refused}");
        }
    }
}
