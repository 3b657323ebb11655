//! The dashboard in a browser.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tests::cluster::{Cluster, World};
use tests::until::{PATIENCE, until_true};
use tokio::process::Command;

const PATIENCE_WITH_THE_BROWSER: Duration = Duration::from_mins(6);

fn chromium() -> PathBuf {
    let path = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    assert!(
        path.is_file(),
        "there is no browser at {}: run `make test`, or apt-get install chromium",
        path.display()
    );
    path
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_shows_the_market_in_a_browser() {
    let chromium = chromium();
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/web");
    assert!(web.join("node_modules").is_dir(), "the dashboard's packages are missing: run `make web`");
    let cluster = Cluster::start(World::simulated(1).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2)).await;
    let rest = cluster.rest();
    until_true("trades and whales are told", PATIENCE, async || {
        let tables = rest.json("/tables").await;
        tests::rest::rows_of(&tables, "whale_movements") > 0 && rest.get("/health").await.status == 200
    })
    .await;

    let mut browser = Command::new("npm");
    browser.args(["run", "--silent", "e2e"]).current_dir(web).env("CHROMIUM", chromium).kill_on_drop(true);
    browser.env("GOAT_URL", format!("http://{}", cluster.addresses.gateway));
    let ended = tokio::time::timeout(PATIENCE_WITH_THE_BROWSER, browser.output()).await;

    let output = ended.expect("the browser comes to an end").expect("npm is installed: run `make test`");
    let said =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
