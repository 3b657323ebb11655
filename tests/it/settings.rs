//! What each program says about its settings.

use tests::cluster::{Cluster, World};
use tests::service::run_to_end;

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
