//! Recorded days, replayed through all three processes.

use std::path::Path;

use serde_json::Value;
use tests::checker::{assert_cycles_tile, assert_one_active_each};
use tests::cluster::{Cluster, World};
use tests::recordings;
use tests::rest::{integer, rows_of};

const THRESHOLDS: usize = 7;

/// A recording, replayed to its end: the cluster with everything folded.
async fn replayed(path: &Path) -> Cluster {
    // The recorded days are some minutes longer than a day.
    let cluster = Cluster::start(World::replay(path).with("GOAT_HOT__HOURS", 48)).await;
    let head = cluster.quiet_head().await;
    println!("the recording ends at position {head}");
    cluster.trading_status(|status| status.cursor_seq == head).await;
    cluster
}

fn closed_counts(cycles: &Value) -> Vec<u64> {
    let counts = cycles["closed"].as_array().unwrap().iter();
    counts.map(|count| count["closed"].as_u64().unwrap()).collect()
}

async fn a_day_closes(recording: &str, ticks: usize, expected: [u64; THRESHOLDS]) {
    let Some(path) = recordings::file(recording) else { return };
    let prices = recordings::sol_prices(&path);
    assert_eq!(prices.len(), ticks);

    let cluster = replayed(&path).await;
    let rest = cluster.rest();
    let all = rest.json("/cycle_tracker?limit=10000").await;
    let active = rest.json("/cycle_tracker?active_only=true").await;

    assert_eq!(closed_counts(&all), expected);
    let cycles = all["cycles"].as_array().unwrap();
    assert_eq!(cycles.len() as u64, expected.iter().sum::<u64>() + THRESHOLDS as u64);
    assert_cycles_tile(cycles);
    assert_eq!(active["count"], THRESHOLDS);
    assert_one_active_each(active["cycles"].as_array().unwrap(), THRESHOLDS);
    assert_extremes_are_those_of_the_prices(cycles, &prices);
    let tables = rest.json("/tables").await;
    assert_eq!(rows_of(&tables, "prices"), 3 * ticks as u64, "three tokens tick together");
}

/// Every figure of a cycle again, from all pairs of its prices.
fn assert_extremes_are_those_of_the_prices(cycles: &[Value], prices: &[(i64, f64)]) {
    for cycle in cycles {
        let from = micros(&cycle["startTime"]);
        let to = if cycle["active"] == true { i64::MAX } else { micros(&cycle["endTime"]) };
        let first = prices.partition_point(|&(time, _)| time < from);
        let last = prices.partition_point(|&(time, _)| time < to);
        let own: Vec<f64> = prices[first..last].iter().map(|&(_, price)| price).collect();
        let id = &cycle["id"];
        assert_eq!(cycle["dataPoints"].as_u64().unwrap(), own.len() as u64, "{id}");
        assert_same(&cycle["startPrice"], own[0], id);
        assert_same(&cycle["highestPrice"], own.iter().copied().fold(f64::MIN, f64::max), id);
        assert_same(&cycle["lowestPrice"], own.iter().copied().fold(f64::MAX, f64::min), id);
        assert_same(&cycle["maxPercentIncreaseFromLowest"], greatest_rise(&own), id);
    }
}

/// The greatest rise in percent from any price to any later one.
fn greatest_rise(prices: &[f64]) -> f64 {
    let mut greatest = 0.0_f64;
    for (place, low) in prices.iter().enumerate() {
        let highest_later = prices[place..].iter().copied().fold(f64::MIN, f64::max);
        greatest = greatest.max((highest_later - low) / low * 100.0);
    }
    greatest
}

fn assert_same(found: &Value, expected: f64, id: &Value) {
    let found = found.as_f64().unwrap_or_default();
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{id}: {found}, not {expected}");
}

fn micros(time: &Value) -> i64 {
    goat::values::UnixMicros::parse(time.as_str().unwrap()).unwrap().get()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cycles_of_29_december_are_those_that_were_counted() {
    a_day_closes("prices-2025-12-29.parquet", 77_189, [174, 117, 86, 62, 53, 43, 33]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cycles_of_30_december_are_those_that_were_counted() {
    a_day_closes("prices-2025-12-30.parquet", 83_718, [105, 73, 51, 34, 30, 24, 17]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_whole_folder_is_replayed_in_the_order_of_time_and_ends() {
    let Some(folder) = recordings::folder() else { return };

    let cluster = replayed(&folder).await;

    let rest = cluster.rest();
    let status = rest.json("/api/v1/market/status").await;
    assert_eq!(status["mode"], "MODE_REPLAY");
    assert!(integer(&status["headSeq"]) > 493_506, "{status}");
    let active = rest.json("/cycles?active_only=true").await;
    assert_one_active_each(active["cycles"].as_array().unwrap(), THRESHOLDS);
    let latest = rest.json("/latest/prices?limit=1").await;
    assert_eq!(latest["rows"].as_array().unwrap().len(), 1);
}
