//! The dashboard in a browser.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tests::cluster::{Cluster, World};
use tests::service::Service;
use tests::until::{PATIENCE, until_true};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::Command;

const PATIENCE_WITH_THE_BROWSER: Duration = Duration::from_mins(25);

const TOKEN: &str = "a-token-for-the-dashboard";

fn chromium() -> PathBuf {
    let path = std::env::var_os("CHROMIUM").map_or_else(|| PathBuf::from("/usr/bin/chromium"), PathBuf::from);
    assert!(
        path.is_file(),
        "there is no browser at {}: run `make test`, or apt-get install chromium",
        path.display()
    );
    path
}

fn web() -> PathBuf {
    let web = Path::new(env!("CARGO_MANIFEST_DIR")).join("../gateway/web");
    assert!(web.join("node_modules").is_dir(), "the dashboard's packages are missing: run `make web`");
    web
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_page_shows_the_market_in_a_browser() {
    // A plan folds a quarter of an hour twice: slow programs need their time for it.
    let world = World::simulated(1)
        .with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2)
        .with("GOAT_LIMITS__CALL_TIMEOUT_MS", 110_000);
    let cluster = Cluster::start(world).await;
    let rest = cluster.rest();
    until_true("trades and whales are told", PATIENCE, async || {
        let tables = rest.json("/tables").await;
        tests::rest::rows_of(&tables, "whale_movements") > 0 && rest.get("/health").await.status == 200
    })
    .await;

    browse("e2e", &[("GOAT_URL", format!("http://{}", cluster.addresses.gateway))]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_is_asked_for_where_one_is_needed() {
    let world = World::simulated(1)
        .with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2)
        .with("GOAT_ACCESS__TOKENS__VIEWER__SECRET", TOKEN)
        .with("GOAT_ACCESS__SERVICE_TOKEN", "viewer");
    let mut cluster = Cluster::prepare(world).await;
    cluster.expect("authentication failed");
    cluster.data_engine.start();
    cluster.trading_engine.start();
    cluster.gateway.start();
    let (client, url) = (reqwest::Client::new(), format!("http://{}", cluster.addresses.gateway));
    until_true("the gateway and both engines answer", PATIENCE, async || {
        let answer = client.get(format!("{url}/health")).bearer_auth(TOKEN).send().await;
        answer.is_ok_and(|answer| answer.status() == 200)
    })
    .await;

    browse("e2e-login", &[("GOAT_URL", url), ("GOAT_TOKEN", TOKEN.to_owned())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_page_lives_through_the_restart_of_each_service() {
    let world = World::simulated(1).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2);
    let mut cluster = Cluster::start(world).await;
    cluster.expect_losses_of_the_data_engine();
    cluster.expect("the publisher waits for the engines");
    let url = format!("http://{}", cluster.addresses.gateway);
    let mut browser = script("e2e-restart", &[("GOAT_URL", url)]);
    browser.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut browser = browser.spawn().expect("npm is installed: run `make test`");
    let mut answers = browser.stdin.take().unwrap();
    let mut lines = BufReader::new(browser.stdout.take().unwrap()).lines();

    let mut said = String::new();
    let turns = async {
        while let Some(line) = lines.next_line().await.unwrap() {
            match line.split_once(' ') {
                Some(("ends", name)) => service(&mut cluster, name).kill(),
                Some(("starts", name)) => service(&mut cluster, name).start(),
                _ => {
                    said.extend([line.as_str(), "\n"]);
                    continue;
                }
            }
            answers.write_all(b"done\n").await.unwrap();
        }
    };
    tokio::time::timeout(PATIENCE_WITH_THE_BROWSER, turns).await.expect("the browser comes to an end");

    let ended = browser.wait_with_output().await.unwrap();
    assert!(ended.status.success(), "{said}\n{}", String::from_utf8_lossy(&ended.stderr));
}

fn service<'a>(cluster: &'a mut Cluster, name: &str) -> &'a mut Service {
    match name {
        "data-engine" => &mut cluster.data_engine,
        "trading-engine" => &mut cluster.trading_engine,
        _ => &mut cluster.gateway,
    }
}

/// A script of the dashboard's package.
fn script(name: &str, variables: &[(&str, String)]) -> Command {
    let mut script = Command::new("npm");
    script.args(["run", "--silent", name]).current_dir(web()).env("CHROMIUM", chromium()).kill_on_drop(true);
    script.envs(variables.iter().map(|(name, value)| (name, value)));
    script
}

/// Runs a script, which comes to a good end.
async fn browse(name: &str, variables: &[(&str, String)]) {
    let mut browser = script(name, variables);
    let ended = tokio::time::timeout(PATIENCE_WITH_THE_BROWSER, browser.output()).await;

    let output = ended.expect("the browser comes to an end").expect("npm is installed: run `make test`");
    let said =
        format!("{}\n{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
}
