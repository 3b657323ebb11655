//! Every number that the services say they show is there, and no other.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use goat::service::measure::{ENTRANCE, Kind, Metric};
use tests::cluster::{Cluster, World};
use tests::rest::Rest;
use tests::until::{PATIENCE, until};

/// The names of the samples, without what a histogram adds to them.
fn names(text: &str, table: &[Metric]) -> BTreeSet<String> {
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let name = |line: &str| {
        let name = line.split(['{', ' ']).next().unwrap_or_default();
        let base = ["_bucket", "_sum", "_count"].iter().find_map(|part| name.strip_suffix(part));
        let is_histogram =
            |base: &&str| table.iter().any(|metric| metric.name == *base && metric.kind == Kind::Histogram);
        base.filter(is_histogram).unwrap_or(name).to_owned()
    };
    lines.map(name).collect()
}

async fn check(service: &str, address: SocketAddr, own: &[Metric]) {
    let table = &[own, ENTRANCE].concat();
    let expected: BTreeSet<String> = table.iter().map(|metric| metric.name.to_owned()).collect();
    let rest = Rest::new(address);
    let text = until(&format!("everything that the {service} measures"), PATIENCE, async || {
        let text = rest.try_get("/metrics").await.ok()?.text;
        expected.is_subset(&names(&text, table)).then_some(text)
    })
    .await;

    let shown = names(&text, table);
    let unknown: Vec<_> = shown.difference(&expected).collect();
    assert!(unknown.is_empty(), "the {service} shows what its table does not have: {unknown:?}");
    for metric in table {
        let help = format!("# HELP {} {}", metric.name, metric.help);
        assert!(text.lines().any(|line| line == help), "{help}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_documented_number_is_shown_and_no_other() {
    let cluster = Cluster::start(World::simulated(10)).await;
    cluster.rest().json("/tables").await;
    let [data, trading, gateway] = cluster.addresses.metrics;
    check("data-engine", data, data_engine::measure::METRICS).await;
    check("trading-engine", trading, trading_engine::measure::METRICS).await;
    check("gateway", gateway, gateway::measure::METRICS).await;

    let live = r#"goat_feed_state{feed="prices",state="live"} 1"#;
    until("the prices are shown to be live", PATIENCE, async || {
        Rest::new(data).get("/metrics").await.text.lines().any(|line| line == live).then_some(())
    })
    .await;
}

#[test]
fn no_two_services_mean_different_things_by_one_name() {
    let own = [data_engine::measure::METRICS, trading_engine::measure::METRICS, gateway::measure::METRICS];
    let tables = own.into_iter().chain([ENTRANCE]);
    let mut seen = BTreeSet::new();
    for metric in tables.flatten() {
        assert!(metric.name.starts_with("goat_") && seen.insert(metric.name), "{}", metric.name);
        let is_counter = metric.kind == Kind::Counter;
        assert_eq!(metric.name.ends_with("_total"), is_counter, "{}", metric.name);
    }
}
