//! `goat run` as `make run` ends in it, in a folder that looks like the repository, and a shell beside it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::process::Signal;
use tests::cluster::{Cluster, World};
use tests::rest::rows_of;
use tests::service::{Service, Variable, program};
use tests::until::until_true;
use tokio::process::Command;

use super::document::{Block, Document};
use super::shown::{assert_answered, assert_not_refused, assert_printed};
use crate::supervision::Supervised;

/// Debug builds beside other tests on two cores.
const PATIENCE: Duration = Duration::from_mins(5);
/// Printed before each block; nothing else prints it.
const MARK: &str = "=== block";
/// A command that waits for what does not come ends by itself.
const CURL: &str = "max-time = 60\n";

/// A running instance, and the place beside it.
pub(super) struct Scene {
    goat: Service,
    // After `goat` in the order of dropping: it ends what that has started.
    _supervised: Supervised,
    cluster: Cluster,
    postgresql: Option<String>,
}

impl Scene {
    /// Runs that world in the folder of this name until it has trades, shadows and a price.
    pub(super) async fn start(world: World, folder: &str, postgresql: Option<String>) -> Self {
        let cluster = Cluster::prepare(world).await;
        let data = cluster.directory.path().join("data/simulated");
        let folder = make_place(cluster.directory.path(), folder);
        let mut goat = Service::new("goat", &folder, cluster.environment.clone());
        goat.set("GOAT_DATA_DIR", data.display());
        goat.set_arguments(&["run"]);
        goat.start();
        let scene = Self { goat, _supervised: Supervised::in_data_dir(&data), cluster, postgresql };
        let rest = scene.cluster.rest();
        until_true("trades are recorded and followed", PATIENCE, async || {
            let Ok(tables) = rest.try_get("/tables").await else { return false };
            let healthy = rest.try_get("/health").await.is_ok_and(|answer| answer.status == 200);
            healthy && tables.status == 200 && rows_of(&tables.json(), "sol_stablecoin_trades") > 0
        })
        .await;
        until_true("the tables are whole", PATIENCE, async || {
            let body = r#"{"sql":"SELECT count(*) FROM prices"}"#;
            rest.send(reqwest::Method::POST, "/query", body).await.status == 200
        })
        .await;
        scene
    }

    /// Runs the blocks of a document and holds what they print against what it shows.
    pub(super) async fn perform(&self, document: &Document) {
        let folder = make_place(self.cluster.directory.path(), &document.name);
        self.perform_shell(document, &folder).await;
        for (place, block) in document.blocks.iter().enumerate().filter(|(_, block)| block.language == "js") {
            std::fs::write(folder.join("page.mjs"), self.addressed(&block.text)).unwrap();
            let output = self.run(&["node", "page.mjs"], &folder).await;
            judge(document, place, &output);
        }
    }

    /// One shell for all blocks, so that a later one knows what an earlier one has set.
    async fn perform_shell(&self, document: &Document, folder: &Path) {
        let run = || document.blocks.iter().enumerate().filter(|(_, block)| block.is_run_here());
        let mut script = String::new();
        for (place, block) in run() {
            let _ = writeln!(script, "echo '{MARK} {place}'\n{}", self.addressed(&block.text));
        }
        if script.is_empty() {
            return;
        }
        std::fs::write(folder.join("blocks.sh"), script).unwrap();
        let output = self.run(&["bash", "-eu", "blocks.sh"], folder).await;
        for (place, _) in run() {
            let mark = format!("{MARK} {place}\n");
            let after = output.split_once(&mark).map(|(_, after)| after);
            let after = after.unwrap_or_else(|| panic!("{}: block {place} was not reached", document.name));
            judge(document, place, after.split(MARK).next().unwrap_or_default());
        }
    }

    /// The documents' addresses become those of this scene.
    fn addressed(&self, text: &str) -> String {
        let addresses = &self.cluster.addresses;
        let [data, trading, gateway] = addresses.metrics;
        let known = [
            (5050, addresses.market),
            (5052, addresses.trading),
            (5054, addresses.publisher),
            (8000, addresses.gateway),
            (8001, addresses.webhook),
            (9050, data),
            (9052, trading),
            (9000, gateway),
        ];
        let mut text = text.to_owned();
        if let Some(address) = &self.postgresql {
            text = text.replace("127.0.0.1:5432", address);
        }
        known.iter().fold(text, |text, (port, address)| {
            text.replace(&format!("127.0.0.1:{port}"), &address.to_string())
        })
    }

    /// What a program prints that comes to a good end.
    async fn run(&self, words: &[&str], folder: &Path) -> String {
        let mut command = Command::new(words[0]);
        for (name, _) in
            std::env::vars().filter(|(name, _)| name.starts_with("GOAT_") || name == "CARGO_TARGET_DIR")
        {
            command.env_remove(name);
        }
        let is_address = |(name, _): &&Variable| name.ends_with("LISTEN");
        let variables = self.cluster.environment.iter().filter(is_address);
        command.envs(variables.map(|(name, value)| (name, value)));
        let programs = program("goat").parent().unwrap().to_owned();
        let path = std::env::var("PATH").unwrap_or_default();
        command
            .args(&words[1..])
            .current_dir(folder)
            .env("PATH", format!("{}:{path}", programs.display()))
            .env("CURL_HOME", folder)
            .env("GOAT_DATA_DIR", self.cluster.directory.path().join("data/simulated"))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").unwrap();
        let (output, errors) =
            (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
        assert!(ended.status.success(), "{}: {}\n{errors}\n{output}", folder.display(), ended.status);
        output.into_owned()
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("--- the last lines of goat run ---\n{}", self.goat.logs.tail(40));
        }
        if self.goat.is_running() {
            self.goat.signal(Signal::KILL);
        }
    }
}

/// Holds what a block printed against the blocks that follow it.
fn judge(document: &Document, place: usize, output: &str) {
    let block = &document.blocks[place];
    let place_name = format!("{}:{}", document.name, block.line);
    // Its last fence, a blank line, the next fence.
    let adjacent = block.line + block.text.lines().count() + 3;
    let follows = |language: &str| {
        let next: Option<&Block> = document.blocks.get(place + 1);
        next.filter(|next| next.language == language && next.line == adjacent)
            .map(|block| block.text.as_str())
    };
    assert_not_refused(output, follows("json"), &place_name);
    if let Some(shown) = follows("json") {
        assert_answered(output, shown, &place_name);
    }
    if let Some(shown) = follows("text") {
        assert_printed(output, shown, &place_name);
    }
}

/// A folder that looks like the repository after `make build`.
fn make_place(directory: &Path, name: &str) -> PathBuf {
    let (root, folder) = (Path::new(env!("CARGO_MANIFEST_DIR")).join(".."), directory.join(name));
    if folder.is_dir() {
        return folder;
    }
    std::fs::create_dir_all(folder.join("target")).unwrap();
    std::fs::create_dir_all(directory.join("data/simulated")).unwrap();
    std::fs::write(folder.join(".curlrc"), CURL).unwrap();
    link(&root.canonicalize().unwrap().join("Makefile"), &folder.join("Makefile"));
    link(program("goat").parent().unwrap(), &folder.join("target/release"));
    link(&directory.join("data"), &folder.join("data"));
    folder
}

/// Makes `to` lead to `from`.
pub(super) fn link(from: &Path, to: &Path) {
    std::os::unix::fs::symlink(from, to).unwrap();
}
