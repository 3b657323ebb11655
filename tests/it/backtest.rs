//! Replay is the back-test: the same recordings and plays lead to the same decisions.

mod archive;

use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;
use tests::recordings;
use tests::service::{Said, command, run_to_end};

/// Follows everyone who traded, with one entry a cycle.
const PLAY: &str = r#"
id = "everyone"
name = "Everyone"
active = true
max_entries_per_cycle = 5

[wallets]
sql = "SELECT DISTINCT wallet AS wallet_address FROM sol_stablecoin_trades"
cache_seconds = 10

[exit]
maximum_hold_seconds = 120
"#;

/// The recorded hour that has trades, with the play beside it.
fn hour() -> Option<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    let recorded = folder.path().join("recordings");
    std::fs::create_dir(&recorded).unwrap();
    for name in ["prices-2026-01-03T21Z.parquet", "quicknode-trades-2026-01-03T2213Z.ndjson.gz"] {
        std::fs::copy(recordings::file(name)?, recorded.join(name)).unwrap();
    }
    std::fs::write(folder.path().join("play.toml"), PLAY).unwrap();
    Some(folder)
}

fn said(folder: &Path, arguments: &[&str]) -> Said {
    let mut command = command("trading-engine", folder, &[]);
    command.args(arguments);
    run_to_end(command)
}

fn backtested(folder: &Path, play: &str) -> Value {
    let arguments = [
        "backtest",
        "--recordings",
        "recordings",
        "--play",
        play,
        "--json",
        "report.json",
        "--html",
        "report.html",
    ];
    let said = said(folder, &arguments);
    assert_eq!(said.code, Some(0), "{}", said.errors);
    assert!(said.output.contains("max drawdown USD"), "{}", said.output);
    serde_json::from_str(&std::fs::read_to_string(folder.join("report.json")).unwrap()).unwrap()
}

#[test]
fn a_recorded_hour_back_tested_twice_is_the_same_to_the_last_bit() {
    let Some(folder) = hour() else { return };

    let first = backtested(folder.path(), "play.toml");
    let second = backtested(folder.path(), "play.toml");

    for field in ["state_hash", "positions", "decisions", "account", "events", "last_seq"] {
        assert_eq!(first[field], second[field], "{field}");
    }
    let account = &first["account"];
    assert!(account["trades"].as_u64().unwrap() > 0, "{account}");
    let number = |field: &str| account[field].as_f64().unwrap();
    let explained = number("realised_usd") + number("unrealised_usd") - number("fees_usd");
    assert!((number("equity_usd") - number("start_usd") - explained).abs() < 0.005, "{account}");
    let entered = |one: &&Value| one["verdict"] == "enter";
    let decisions = first["decisions"].as_array().unwrap();
    let positions = first["positions"].as_array().unwrap();
    assert_eq!(decisions.iter().filter(entered).count(), positions.len());
    let page = std::fs::read_to_string(folder.path().join("report.html")).unwrap();
    assert!(page.contains("<svg") && page.contains(first["state_hash"].as_str().unwrap()));
    assert!(!page.contains("http"), "the page loads nothing");
}

#[test]
fn a_plan_says_which_positions_a_change_removes() {
    let Some(folder) = hour() else { return };
    let changed = PLAY.replace("max_entries_per_cycle = 5", "max_entries_per_cycle = 1");
    std::fs::write(folder.path().join("changed.toml"), changed).unwrap();

    let span = ["--recordings", "recordings", "--against", "play.toml", "--json", "plan.json"];
    let same = said(folder.path(), &[&["plan", "play.toml"], &span[..]].concat());
    assert_eq!(same.code, Some(0), "{}", same.errors);
    assert!(same.output.contains("every decision is the same"), "{}", same.output);

    let other = said(folder.path(), &[&["plan", "changed.toml"], &span[..]].concat());
    assert_eq!(other.code, Some(0), "{}", other.errors);
    let plan: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.path().join("plan.json")).unwrap()).unwrap();
    assert!(!plan["removed"].as_array().unwrap().is_empty(), "{plan}");
    assert!(other.output.contains("rejected at max_per_cycle"), "{}", other.output);
}

#[test]
fn what_cannot_be_tried_is_refused_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("play.toml"), PLAY.replace("active", "aktive")).unwrap();

    let refused = said(folder.path(), &["backtest", "--recordings", ".", "--play", "play.toml"]);
    assert_eq!(refused.code, Some(64), "{}", refused.errors);
    assert!(refused.errors.contains("aktive"), "{}", refused.errors);
}
