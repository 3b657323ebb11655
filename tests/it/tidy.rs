//! What the whole tree promises about itself.

use std::path::{Path, PathBuf};

use goat::prost::Message;
use goat::prost_types::FileDescriptorSet;

const LINES_MAX: usize = 400;
const FUNCTION_LINES_MAX: usize = 70;
const SOURCES: [&str; 7] = [
    "proto/src",
    "data-engine/src",
    "trading-engine/src",
    "gateway/src",
    "gateway/web/src",
    "tests/src",
    "tests/it",
];

/// Files that may be longer, each with the reason.
const LONGER_FILES: [(&str, &str); 1] =
    [("trading-engine/src/serve.rs", "a service is one implementation, with a method for each of its calls")];

/// Written with a hole, so that this file is not found by its own search.
const BANNED: [(&str, &str); 6] =
    [("todo!", "("), ("dbg!", "("), ("unimplemented!", "("), ("FIX", "ME"), ("XX", "X"), ("#[ign", "ore")];

const BANNED_FOLDERS: [&str; 6] = ["utils", "util", "common", "helpers", "helper", "managers"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Every source file with its path from the root.
fn sources() -> Vec<(String, String)> {
    let mut files = Vec::new();
    for folder in SOURCES.into_iter().chain(["tests/benches", "trading-engine/tests"]) {
        collect(&root().join(folder), &mut files);
    }
    files.sort();
    let named = files.into_iter().map(|path| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().display().to_string(), text)
    });
    named.collect()
}

fn is_rust(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|kind| kind == "rs")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path
            .extension()
            .is_some_and(|kind| ["rs", "ts", "svelte"].iter().any(|known| kind == *known))
        {
            files.push(path);
        }
    }
}

#[test]
fn no_file_is_longer_than_four_hundred_lines() {
    let is_allowed = |path: &str| LONGER_FILES.iter().any(|(allowed, _)| *allowed == path);
    let long: Vec<_> = sources()
        .into_iter()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(path, lines)| *lines > LINES_MAX && !is_allowed(path))
        .collect();
    assert!(long.is_empty(), "two rooms became one: {long:?}");
}

#[test]
fn an_exception_that_is_no_longer_needed_is_removed() {
    let sources = sources();
    for (path, reason) in LONGER_FILES {
        let lines = sources.iter().find(|(found, _)| found == path).map(|(_, text)| text.lines().count());
        assert!(lines > Some(LINES_MAX), "{path} may be long because {reason}, and has {lines:?} lines");
    }
}

#[test]
fn no_function_is_longer_than_seventy_lines() {
    let mut long = Vec::new();
    for (path, text) in sources().into_iter().filter(|(path, _)| is_rust(path)) {
        let lines: Vec<&str> = text.lines().collect();
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| begins_a_function(line)) {
            let indent = line.len() - line.trim_start().len();
            let end = format!("{}}}", " ".repeat(indent));
            let signature = lines[number..].iter().find(|line| line.ends_with('{') || line.ends_with(';'));
            if signature.is_none_or(|line| line.ends_with(';')) {
                continue;
            }
            let length = lines[number..].iter().position(|line| *line == end).map_or(0, |end| end + 1);
            if length > FUNCTION_LINES_MAX {
                long.push(format!("{path}:{}: {length} lines", number + 1));
            }
        }
    }
    assert!(long.is_empty(), "two rooms became one: {long:#?}");
}

/// Whether a line is the first of a function with a body on further lines.
fn begins_a_function(line: &str) -> bool {
    let before_the_name = |word: &&str| word.starts_with("pub") || matches!(*word, "async" | "const");
    let is_function = line.split_whitespace().find(|word| !before_the_name(word)) == Some("fn");
    is_function && !line.ends_with([';', '}'])
}

#[test]
fn words_that_stand_for_unfinished_work_are_not_there() {
    for (path, text) in sources() {
        for (beginning, end) in BANNED {
            let word = format!("{beginning}{end}");
            let line = text.lines().position(|line| line.contains(&word));
            assert!(line.is_none(), "{path}:{}: {word}", line.unwrap_or_default() + 1);
        }
    }
}

#[test]
fn folders_are_concepts_of_the_field() {
    for (path, _) in sources() {
        let named = path.split(['/', '.']).find(|part| BANNED_FOLDERS.contains(part));
        assert!(named.is_none(), "{path} is named {}", named.unwrap_or_default());
    }
}

/// No clock, no randomness, no I/O, no async: what the core imports cannot do any of it.
#[test]
fn the_core_imports_nothing_but_std_serde_and_the_domain() {
    const ALLOWED: [&str; 7] =
        ["std::", "serde::", "goat::event", "goat::values", "super::", "self::", "crate::core"];
    const FORBIDDEN: [&str; 9] = [
        "std::time::Instant",
        "SystemTime",
        "std::fs",
        "std::net",
        "std::thread",
        "std::env",
        "HashMap",
        "HashSet",
        "UnixMicros::now",
    ];
    let is_core =
        |path: &str| path == "trading-engine/src/core.rs" || path.starts_with("trading-engine/src/core/");
    let is_test = |path: &str| path.ends_with("tests.rs") || path.contains("/tests/");
    let sources = sources();
    let core = sources.iter().filter(|(path, _)| is_core(path) && !is_test(path));
    let mut seen = 0;
    for (path, text) in core {
        seen += 1;
        for line in text.lines().take_while(|line| *line != "#[cfg(test)]") {
            let statement = line.split("//").next().unwrap_or_default();
            if let Some(import) = statement.trim_start().trim_start_matches("pub ").strip_prefix("use ") {
                let is_own =
                    text.contains(&format!("mod {};", import.split("::").next().unwrap_or_default()));
                assert!(
                    is_own || ALLOWED.iter().any(|allowed| import.starts_with(allowed)),
                    "{path}: {line}"
                );
            }
            for forbidden in FORBIDDEN {
                assert!(!statement.contains(forbidden), "{path}: {line}");
            }
        }
    }
    assert!(seen >= 3, "the core is somewhere else");
}

#[test]
fn the_engines_do_not_know_one_another() {
    for (one, other) in [("data-engine", "trading-engine"), ("trading-engine", "data-engine")] {
        let manifest = std::fs::read_to_string(root().join(one).join("Cargo.toml")).unwrap();
        let depends = manifest.lines().any(|line| line.starts_with(other));
        assert!(!depends, "{one} depends on {other}");
    }
    let gateway = std::fs::read_to_string(root().join("gateway/Cargo.toml")).unwrap();
    assert!(
        !gateway.contains("data-engine") && !gateway.contains("trading-engine"),
        "the gateway imports an engine"
    );
}

/// A second connection would be a second database, or a second owner of a file.
#[test]
fn a_database_is_opened_in_one_place() {
    // Recordings are read and exports are made in databases of their own.
    for (service, places_max) in [("data-engine", 2), ("trading-engine", 2), ("gateway", 1)] {
        let mut places = Vec::new();
        for (path, text) in
            sources().into_iter().filter(|(path, _)| path.starts_with(&format!("{service}/src")))
        {
            let shipped = text.lines().take_while(|line| *line != "#[cfg(test)]");
            let opens = shipped.filter(|line| line.contains("Connection::open")).count();
            if !path.contains("tests") && opens > 0 {
                places.push((path, opens));
            }
        }
        let opened: usize = places.iter().map(|(_, opens)| opens).sum();
        assert!(opened <= places_max, "{service} opens databases in {places:?}");
    }
}

#[test]
fn every_call_of_the_schema_has_a_path_in_rest() {
    /// The field of method options that `google.api.http` is.
    const HTTP_FIELD: u32 = 72_295_728;
    let mut calls = 0;
    // The types that the crate generates drop options that they do not know; the bytes have them.
    let key = {
        let mut key = Vec::new();
        goat::prost::encoding::encode_key(
            HTTP_FIELD,
            goat::prost::encoding::WireType::LengthDelimited,
            &mut key,
        );
        key
    };
    let files = FileDescriptorSet::decode(goat::wire::DESCRIPTORS).unwrap();
    for service in files.file.iter().flat_map(|file| &file.service) {
        calls += service.method.len();
    }
    let annotated = goat::wire::DESCRIPTORS.windows(key.len()).filter(|window| *window == key).count();
    assert!(calls >= 17, "{calls} calls");
    assert_eq!(annotated, calls, "of {calls} calls {annotated} have a path");
}
