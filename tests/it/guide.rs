//! README and guide, run as a reader would: every shell block of a document in order, in one shell, in a folder that looks
//! like the repository after `make build`.
//!
//! - `sh` is run. A `json` block after it shows what some answer has: every key that is shown, with its value unless that
//!   is `…` or 0. A `text` block shows words that are printed.
//! - `js` is run by node, `toml` is read as settings, `html` is looked at by nobody.
//! - `console` is not run, for a reason that stands in [`NOT_RUN`].
//!
//! Blocks of nothing but grpcurl are run by `reflection`, the one that signs a post by `signed_posts`.

pub(crate) mod document;
mod scene;
mod shown;

use std::process::Stdio;

use tests::cluster::World;
use tests::service::command;

use crate::copy_trading::postgres;
use document::{Block, Document, documents};
use scene::Scene;

const TEST_ALERT: &str = "grpcurl -plaintext 127.0.0.1:5054 goat.publisher.v1.PublisherService/SendTestAlert";
/// The blocks that are not run, by document and first word, with the reason.
const NOT_RUN: [(&str, &str, &str); 11] = [
    (
        "README.md",
        "make run",
        "an hour of building; `goat run`, which it ends in, is what all blocks are run against",
    ),
    (
        "README.md",
        "# recordings",
        "an hour of building; tests of replay and of live feeds start the same worlds",
    ),
    ("README.md", "python3 -m venv", "half an hour of measuring beside two other programs"),
    ("access.md", "curl --cacert", "certificates of one's own; tests of access ask the same over TLS"),
    ("add-a-strategy.md", "cargo test", "the reader's own code"),
    ("debug-with-grpcurl.md", TEST_ALERT, "refuses without a channel; tests of alerts call it with one"),
    (
        "go-live.md",
        "data-engine --config",
        "refuses ports in use; tests of settings and of refused starts run it",
    ),
    ("go-live.md", "GOAT_FEEDS__MODE=live", "an hour of building, and the internet"),
    ("go-live.md", "export GOAT_FEEDS", "the reader's own keys"),
    ("move-to-postgresql.md", "sudo -u postgres", "rights on the machine"),
    (
        "write-a-play.md",
        "trading-engine backtest --recordings",
        "recordings and an archive of the reader's own",
    ),
];

/// Run against a database of its own.
const WITH_POSTGRESQL: &str = "move-to-postgresql.md";
/// Run last, because the services are killed in it.
const LAST: &str = "restart-without-fear.md";

#[test]
fn no_block_hides_from_being_run() {
    let documents = documents();
    let blocks: Vec<(&str, &Block)> = documents
        .iter()
        .flat_map(|document| document.blocks.iter().map(|block| (document.name.as_str(), block)))
        .collect();
    for (name, block) in &blocks {
        let known = ["sh", "json", "text", "js", "toml", "html", "console"];
        assert!(known.contains(&block.language.as_str()), "{name}:{}: {:?}", block.line, block.language);
        let told =
            NOT_RUN.iter().any(|(document, begin, _)| document == name && block.text.starts_with(begin));
        assert_eq!(block.language == "console", told, "{name}:{}: run it, or say why not", block.line);
    }
    for (name, begin, reason) in NOT_RUN {
        let is_there =
            blocks.iter().any(|(document, block)| *document == name && block.text.starts_with(begin));
        assert!(is_there, "{name} has no block that begins with {begin:?} ({reason})");
    }
    assert!(blocks.iter().filter(|(_, block)| block.is_run_here()).count() > 25);
}

/// What a reader would write for the `…` of this number, the first of which is 1.
fn value(place: usize) -> String {
    if place == 0 { String::new() } else { format!("a-value-of-the-reader-{place}") }
}

#[test]
fn settings_that_are_shown_are_understood() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("goat.toml");
    for document in documents() {
        for block in document.blocks.iter().filter(|block| block.language == "toml") {
            // Two tokens may not have one secret.
            let parts = block.text.split('…').enumerate();
            let filled: String = parts.flat_map(|(place, part)| [value(place), part.to_owned()]).collect();
            std::fs::write(&path, filled).unwrap();
            let mut engine = command("data-engine", folder.path(), &[]);
            let said = engine.args(["--config", "goat.toml", "--dump-config"]).output().unwrap();
            let errors = String::from_utf8_lossy(&said.stderr);
            assert!(said.status.success(), "{}:{}: {errors}", document.name, block.line);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_of_the_documents_does_what_they_say() {
    let mut documents: Vec<Document> =
        documents().into_iter().filter(|document| document.name != WITH_POSTGRESQL).collect();
    documents.sort_by_key(|document| document.name == LAST);
    assert_eq!(documents.last().map(|document| document.name.as_str()), Some(LAST));
    let plays = ["steady-wallets", "together"]
        .map(|name| format!("{}/../trading-engine/plays/{name}.toml", env!("CARGO_MANIFEST_DIR")));
    let world = World::simulated(1)
        .with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2)
        .with("GOAT_TRADING__PLAYS", format!("{plays:?}"));
    let scene = Scene::start(world, "run", None).await;

    for document in documents {
        scene.perform(&document).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_move_to_postgresql_loses_nothing() {
    let server = postgres::Cluster::start();
    server.psql("CREATE DATABASE goat");
    let address = server.url();
    let address = address.split(['@', '/']).nth(3).unwrap().to_owned();
    let document = documents().into_iter().find(|document| document.name == WITH_POSTGRESQL).unwrap();
    let scene = Scene::start(World::simulated(1), WITH_POSTGRESQL, Some(address)).await;

    scene.perform(&document).await;
}

#[test]
fn what_is_missing_on_a_fresh_machine_is_named_with_the_way_to_get_it() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let tools = ["cargo", "npm", "node", "cc"];
    for (missing, sentence) in [
        ("cargo", "Rust is missing: install it from https://rustup.rs (1.95 or newer)"),
        ("npm", "Node is missing: install Node 20.19 or newer with npm, from https://nodejs.org"),
        ("cc", "A C compiler is missing: apt-get install build-essential"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for tool in tools.iter().filter(|tool| **tool != missing) {
            scene::link(std::path::Path::new("/bin/true"), &folder.path().join(tool));
        }
        scene::link(std::path::Path::new("/bin/bash"), &folder.path().join("bash"));
        let mut make = std::process::Command::new("/usr/bin/make");
        make.args(["--no-print-directory", "tools"]).current_dir(root).env("PATH", folder.path());
        let said = make.stdin(Stdio::null()).output().unwrap();
        let text =
            format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
        assert!(!said.status.success() && text.contains(sentence), "without {missing}: {text}");
    }
}
