//! What was copied while everything ran is what goes on after everything else was lost.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use goat::wire::trading::restart::Kind;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::integer;
use tests::service::{Said, command, run_to_end};
use tests::until::{PATIENCE, until};

fn goat(cluster: &Cluster, data: &Path, arguments: [&str; 2]) -> Said {
    let mut goat = command("goat", cluster.directory.path(), &cluster.environment);
    goat.env("GOAT_DATA_DIR", data).args(arguments);
    run_to_end(goat)
}

fn manifest(folder: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(folder.join("manifest.json")).unwrap()).unwrap()
}

/// How many decisions there are up to a position; and that beside sums over the positions of their inputs.
async fn decisions_up_to(cluster: &Cluster, seq: u64) -> (f64, Value) {
    let sql = format!("SELECT count(*), sum(seq), sum(seq * seq) FROM decisions WHERE seq <= {seq}");
    let answer = cluster.rest().send(Method::POST, "/query_sql", &json!({ "sql": sql }).to_string()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let row = answer.json()["rows"][0].clone();
    (row[0].as_f64().unwrap_or_else(|| panic!("no count: {row}")), row)
}

/// Everything runs and there is something to lose: a play made over REST, with decisions and a position.
async fn trading() -> Cluster {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    cluster.expect_losses_of_the_data_engine();
    let play = json!({
        "name": "everyone", "active": true, "maxEntriesPerCycle": 50,
        "wallets": { "sql": "SELECT wallet AS wallet_address FROM sol_stablecoin_trades" },
    });
    let made = cluster.rest().send(Method::POST, "/plays", &play.to_string()).await;
    assert_eq!(made.status, 200, "{}", made.text);
    until("there is a position", PATIENCE, async || {
        let answer = cluster.rest().json("/buyins?limit=1").await;
        answer["positions"].get(0).map(|_| ())
    })
    .await;
    cluster
}

fn kill_all(cluster: &mut Cluster) {
    for service in [&mut cluster.gateway, &mut cluster.trading_engine, &mut cluster.data_engine] {
        service.kill();
    }
}

fn folders(cluster: &Cluster) -> (PathBuf, PathBuf) {
    (cluster.directory.path().join("data"), cluster.directory.path().join("backup"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_taken_while_everything_runs_goes_on_after_everything_else_was_lost() {
    let mut cluster = trading().await;
    let (data, backup) = folders(&cluster);

    let said = goat(&cluster, &data, ["backup", backup.to_str().unwrap()]);

    assert_eq!(said.code, Some(0), "{said:?}");
    let contents = manifest(&backup);
    let names: Vec<&String> = contents["files"].as_object().unwrap().keys().collect();
    for name in
        ["market/identity.json", "trading/ledger.duckdb", "trading/signing.key", "gateway/outbox.sqlite"]
    {
        assert!(names.iter().any(|found| *found == name), "{name} is not in {names:?}");
    }
    assert!(!names.iter().any(|name| name.ends_with("wal")), "copied as it lay: {names:?}");
    let key = std::fs::metadata(backup.join("trading/signing.key")).unwrap().permissions().mode() & 0o777;
    assert_eq!(key, 0o600);
    let (cursor, head) =
        (integer(&contents["ledger"]["cursor_seq"]), integer(&contents["journal"]["head_seq"]));
    assert!(0 < cursor && cursor <= head, "the ledger is at {cursor}, the log at {head}");
    let again = goat(&cluster, &data, ["backup", backup.to_str().unwrap()]);
    assert!(again.code == Some(1) && again.output.contains("is there already"), "{again:?}");
    // What the workspace is asked for follows the core.
    cluster.trading_status(|status| status.cursor_seq > head).await;
    let (count, decided) = decisions_up_to(&cluster, cursor).await;
    assert!(count > 0.0, "{decided}");

    kill_all(&mut cluster);
    std::fs::remove_dir_all(&data).unwrap();
    let said = goat(&cluster, &data, ["restore", backup.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let state_hash = contents["ledger"]["state_hash"].as_str().unwrap();
    assert!(said.output.contains(&format!("position {cursor} with state {state_hash}")), "{said:?}");

    // Without the log it stands where it was.
    cluster.trading_engine.start();
    let there = cluster.trading_status(|status| status.state_seq == cursor).await;
    assert_eq!((there.state_hash.as_str(), there.cursor_seq), (state_hash, cursor));
    cluster.start_data_engine().await;
    let on = cluster.trading_status(|status| status.caught_up && status.cursor_seq > head).await;
    assert_eq!(on.restart.map(|restart| (restart.kind(), restart.from_seq)), Some((Kind::Warm, cursor)));
    cluster.start_gateway().await;
    assert_eq!(decisions_up_to(&cluster, cursor).await.1, decided);
    until("it decides again", PATIENCE, async || {
        let (now, _) = decisions_up_to(&cluster, u64::MAX >> 1).await;
        (now > count).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_still_is_copied_as_it_lies_and_nothing_is_overwritten() {
    let mut cluster = trading().await;
    kill_all(&mut cluster);
    let (data, backup) = folders(&cluster);

    let said = goat(&cluster, &data, ["backup", backup.to_str().unwrap()]);

    assert_eq!(said.code, Some(0), "{said:?}");
    let refused = goat(&cluster, &data, ["restore", backup.to_str().unwrap()]);
    assert!(refused.code == Some(1) && refused.output.contains("nothing is overwritten"), "{refused:?}");
    std::fs::remove_dir_all(&data).unwrap();
    let said = goat(&cluster, &data, ["restore", backup.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    cluster.start_all().await;
    let status = cluster.trading_status(|status| status.caught_up).await;
    assert_eq!(status.restart.unwrap().kind(), Kind::Warm);
    let plays = cluster.rest().json("/plays").await;
    assert_eq!(plays["plays"][0]["id"], "everyone", "{plays}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_not_whole_is_refused_and_leaves_nothing() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    cluster.expect_losses_of_the_data_engine();
    cluster.trading_status(|status| status.state_seq > 0).await;
    let (data, backup) = folders(&cluster);
    let said = goat(&cluster, &data, ["backup", backup.to_str().unwrap()]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let elsewhere = cluster.directory.path().join("elsewhere");
    let refused = |said: &Said, what: &str| {
        assert!(said.code == Some(1) && said.output.contains(what), "{what}: {said:?}");
        for part in ["market", "trading", "gateway", "restoring"] {
            assert!(!elsewhere.join(part).try_exists().unwrap(), "{part} is left");
        }
    };

    let ledger = backup.join("trading/ledger.duckdb");
    let whole = std::fs::read(&ledger).unwrap();
    let mut damaged = whole.clone();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    std::fs::write(&ledger, damaged).unwrap();
    refused(&goat(&cluster, &elsewhere, ["restore", backup.to_str().unwrap()]), "is not what was written");
    std::fs::write(&ledger, whole).unwrap();

    let added = backup.join("market/journal/note");
    std::fs::write(&added, "x").unwrap();
    refused(&goat(&cluster, &elsewhere, ["restore", backup.to_str().unwrap()]), "is not of the backup");
    std::fs::remove_file(&added).unwrap();

    std::fs::remove_file(backup.join("trading/signing.key")).unwrap();
    refused(&goat(&cluster, &elsewhere, ["restore", backup.to_str().unwrap()]), "is missing");
    let nothing = cluster.directory.path().join("nothing");
    refused(&goat(&cluster, &elsewhere, ["restore", nothing.to_str().unwrap()]), "is no backup");
}
