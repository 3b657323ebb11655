//! What cannot work is refused at the start, with a sentence and an exit code of its own.

use std::net::TcpListener;

use tests::cluster::{Cluster, World};
use tests::service::{Said, run_to_end};

/// What the data-engine says when it is started with one more setting.
fn data_engine_with(cluster: &Cluster, variable: &str, value: &str) -> Said {
    let mut command = cluster.data_engine.command(&[]);
    command.env(variable, value);
    run_to_end(command)
}

fn assert_refused(said: &Said, code: i32, names: &[&str]) {
    assert_eq!(said.code, Some(code), "{said:?}");
    for name in names {
        let errors = said.errors.to_lowercase();
        assert!(errors.contains(&name.to_lowercase()), "{name:?} is not named: {}", said.errors);
    }
    assert!(!said.errors.contains("panicked"), "{}", said.errors);
}

#[tokio::test]
async fn settings_that_cannot_be_are_refused_by_name() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let refusals = [
        ("GOAT_FEEDS__REPLAI__PATH", "x", "replai"),
        ("GOAT_FEEDS__MODE", "dreaming", "dreaming"),
        ("GOAT_GATEWAY__LISTEN", "0.0.0.0:8000", "gateway.listen is 0.0.0.0:8000"),
        ("GOAT_DATA_ENGINE__LISTEN", "somewhere", "data_engine.listen"),
        ("GOAT_FEEDS__SIMULATED__SPEED", "0", "feeds.simulated.speed"),
        ("GOAT_JOURNAL__SEGMENT_BYTES", "7", "journal.segment_bytes"),
        ("GOAT_CYCLES__THRESHOLDS_PERCENT", "[]", "cycles.thresholds_percent"),
        // More than the data-engine lets anybody look back: such an engine would never begin.
        ("GOAT_TRADING_ENGINE__COLD_HOURS", "169", "trading_engine.cold_hours"),
    ];

    for (variable, value, named) in refusals {
        assert_refused(&data_engine_with(&cluster, variable, value), 64, &[named]);
    }
}

#[tokio::test]
async fn a_replay_without_its_recording_is_refused() {
    let missing = "/there/is/no/such/recording.parquet";
    let cluster = Cluster::prepare(World::replay(missing.as_ref())).await;

    let said = run_to_end(cluster.data_engine.command(&[]));

    assert_refused(&said, 74, &[missing]);
    assert_refused(&data_engine_with(&cluster, "GOAT_FEEDS__REPLAY__PATH", ""), 64, &["feeds.replay.path"]);
}

#[tokio::test]
async fn an_address_that_is_taken_is_named_with_its_setting() {
    let cluster = Cluster::prepare(World::simulated(1)).await;
    let addresses = cluster.addresses;
    let taken = [
        (&cluster.data_engine, addresses.market, "data_engine.listen"),
        (&cluster.data_engine, addresses.webhook, "feeds.webhook.listen"),
        (&cluster.trading_engine, addresses.trading, "trading_engine.listen"),
        (&cluster.gateway, addresses.gateway, "gateway.listen"),
        (&cluster.gateway, addresses.metrics[2], "gateway.metrics_listen"),
    ];

    for (service, address, setting) in taken {
        let _holder = TcpListener::bind(address).unwrap();
        assert_refused(&run_to_end(service.command(&[])), 69, &[&address.to_string(), setting]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_directory_has_one_engine_and_one_mode() {
    let mut cluster = Cluster::prepare(World::simulated(1)).await;
    cluster.start_data_engine().await;
    let mut second = cluster.data_engine.command(&[]);
    for variable in
        ["GOAT_DATA_ENGINE__LISTEN", "GOAT_DATA_ENGINE__METRICS_LISTEN", "GOAT_FEEDS__WEBHOOK__LISTEN"]
    {
        second.env(variable, tests::ports::free_address().to_string());
    }

    assert_refused(&run_to_end(second), 69, &["another data-engine has the data directory"]);
    cluster.market_status().await;
    cluster.data_engine.kill();
    let mut live = cluster.data_engine.command(&[]);
    live.env("GOAT_FEEDS__MODE", "live").env("GOAT_FEEDS__JUPITER__ENABLED", "false");

    assert_refused(&run_to_end(live), 64, &["holds a journal of mode simulated, not live"]);
    cluster.start_data_engine().await;
}
