//! What each program says about its settings.

use std::time::Duration;

use tests::cluster::{Cluster, World};
use tests::fakes::binance::Binance;
use tests::fakes::bybit::Bybit;
use tests::fakes::jupiter::{Jupiter, Manner};
use tests::service::{Said, run_to_end};

const PROGRAMS: [&str; 3] = ["data-engine", "trading-engine", "gateway"];
const SECRET: &str = "canary-7f3a";
const FILE: &str = "\
[feeds.simulated]
seed = 4711

[feeds.jupiter]
api_key = \"canary-7f3a\"

[hot]
hours = 6

[log]
format = \"json\"
";

#[tokio::test]
async fn each_program_checks_its_surroundings_and_says_what_it_found() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    for service in [&cluster.data_engine, &cluster.trading_engine, &cluster.gateway] {
        let said = run_to_end(service.command(&["--check"]));

        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.output.ends_with(&format!("{}: ready to start", service.name())), "{said:?}");
        assert!(said.output.lines().count() >= 2, "it says what it looked at: {said:?}");
    }
}

#[tokio::test]
async fn a_check_of_the_live_feeds_asks_each_venue_for_its_clock() {
    let jupiter = Jupiter::start().await;
    let binance = Binance::start(&[], Duration::from_mins(1)).await;
    let bybit = Bybit::start(&[], Duration::from_mins(1)).await;
    let world = World::webhook_alone()
        .with("GOAT_FEEDS__JUPITER__ENABLED", true)
        .with("GOAT_FEEDS__JUPITER__URL", &jupiter.url)
        .with("GOAT_FEEDS__BINANCE__ENABLED", true)
        .with("GOAT_FEEDS__BINANCE__REST_URL", &binance.rest_url)
        .with("GOAT_FEEDS__BYBIT__ENABLED", true)
        .with("GOAT_FEEDS__BYBIT__REST_URL", &bybit.rest_url);
    let cluster = Cluster::prepare(world).await;
    let check = async || {
        let command = cluster.data_engine.command(&["--check"]);
        tokio::task::spawn_blocking(|| run_to_end(command)).await.unwrap()
    };
    let line = |said: &Said, name: &str| {
        let found = said.output.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        found.unwrap_or_else(|| panic!("nothing of {name}: {said:?}")).to_owned()
    };

    let said = check().await;
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(line(&said, "jupiter").starts_with("3 prices in "), "{said:?}");
    assert!(line(&said, "jupiter").ends_with(" without a key; asked every 2 s"), "{said:?}");
    for venue in ["binance", "bybit"] {
        assert!(line(&said, venue).ends_with("its clock and ours agree"), "{said:?}");
    }
    assert!(line(&said, "disk").contains(" free, the journal may take 20.0 GiB more"), "{said:?}");

    jupiter.set(Manner::Failing);
    let said = check().await;
    assert_eq!(said.code, Some(0), "a feed that is down is tried again: {said:?}");
    assert_eq!(line(&said, "jupiter"), "jupiter answered 500 Internal Server Error");
}

#[tokio::test]
async fn a_check_finds_what_a_start_would_fail_at() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let taken = std::net::TcpListener::bind(cluster.addresses.gateway).unwrap();

    let said = run_to_end(cluster.gateway.command(&["--check"]));

    assert_eq!(said.code, Some(69), "{said:?}");
    assert!(said.errors.contains(&taken.local_addr().unwrap().to_string()), "{said:?}");
}

#[tokio::test]
async fn settings_come_from_defaults_file_and_environment_and_secrets_are_masked() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let file = cluster.directory.path().join("mine.toml");
    std::fs::write(&file, FILE).unwrap();
    let file = file.to_str().unwrap();

    for service in [&cluster.data_engine, &cluster.trading_engine, &cluster.gateway] {
        let mut command = service.command(&["--config", file, "--dump-config"]);
        command.env("GOAT_HOT__HOURS", "7");
        let said = run_to_end(command);

        assert_eq!(said.code, Some(0), "{said:?}");
        for line in ["seed = 4711", "hours = 7", "trade_hours = 72", "format = \"json\"", "api_key = \"***\""]
        {
            assert!(said.output.lines().any(|found| found == line), "{line} is missing: {}", said.output);
        }
        assert!(!said.output.contains(SECRET) && !said.errors.contains(SECRET), "the secret shows");
    }
}

#[tokio::test]
async fn a_settings_file_that_is_not_there_or_has_an_unknown_key_is_refused() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let file = cluster.directory.path().join("goat.toml");

    let missing = run_to_end(cluster.gateway.command(&["--config", "nowhere.toml", "--check"]));
    assert_eq!(missing.code, Some(64), "{missing:?}");
    assert!(missing.errors.contains("nowhere.toml"), "{missing:?}");

    std::fs::write(file, "[journal]\nsnyc = \"os\"\n").unwrap();
    let unknown = run_to_end(cluster.gateway.command(&["--check"]));
    assert_eq!(unknown.code, Some(64), "{unknown:?}");
    assert!(unknown.errors.contains("snyc") && unknown.errors.contains("goat.toml"), "{unknown:?}");
}

#[test]
fn each_program_knows_its_version() {
    let directory = tempfile::tempdir().unwrap();
    for name in PROGRAMS.into_iter().chain(["goat"]) {
        let mut command = tests::service::command(name, directory.path(), &[]);
        command.arg("--version");
        let said = run_to_end(command);

        assert_eq!(said.code, Some(0), "{said:?}");
        assert_eq!(said.output.trim(), format!("{name} {}", env!("CARGO_PKG_VERSION")));
    }
}
