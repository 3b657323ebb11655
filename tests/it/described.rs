//! The description of REST against what is served: a client that reads nothing but `/openapi.json` asks for everything
//! in it, rightly and wrongly.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::cluster::{Cluster, World};
use tokio::process::Command;

mod bounds;

const CLIENT_PATIENCE: Duration = Duration::from_mins(10);

/// The program schemathesis: named by `SCHEMATHESIS`, as the Makefile does. Says SKIPPED when it is not at hand.
fn schemathesis() -> Option<PathBuf> {
    let named = std::env::var_os("SCHEMATHESIS").map(PathBuf::from).filter(|path| path.is_file());
    if named.is_none() {
        println!("SKIPPED: SCHEMATHESIS names no program (`make test` fetches one)");
    }
    named
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemathesis_finds_nothing() {
    let Some(program) = schemathesis() else { return };
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;

    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("it/described");
    let mut client = Command::new(program);
    client.current_dir(cluster.directory.path()).env("SCHEMATHESIS_HOOKS", here.join("checks.py"));
    client.arg("--config-file").arg(here.join("schemathesis.toml"));
    client.args(["run", "--no-color", &format!("{}/openapi.json", cluster.rest().base)]).kill_on_drop(true);
    let ended = tokio::time::timeout(CLIENT_PATIENCE, client.output()).await.expect("it ends").unwrap();

    let said = String::from_utf8_lossy(&ended.stdout);
    println!("{said}");
    // What it finds ends with a code of its own; so does an example that does not fit, and a run of nothing.
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(said.contains(" generated"), "it says how many cases it made");
}
