use std::path::PathBuf;

use goat::values::{Price, Quantity, UnixMicros};
use proptest::prelude::*;

use super::*;
use crate::book::depth_history::DepthHistory;

fn levels(side: &[(f64, f64)]) -> Vec<Level> {
    side.iter()
        .map(|(price, quantity)| Level {
            price: Price::new(*price).unwrap(),
            quantity: Quantity::new(*quantity).unwrap(),
        })
        .collect()
}

#[test]
fn a_small_book_gives_the_numbers_that_can_be_checked_by_hand() {
    let found = features(&levels(&[(99.0, 1.0), (98.0, 3.0)]), &levels(&[(101.0, 3.0)]), Some(5.0));

    assert_eq!((found.mid_price, found.spread, found.spread_bps), (100.0, 2.0, 200.0));
    assert_eq!((found.bid_depth_10, found.ask_depth_10), (4.0, 3.0));
    assert_eq!(Some(found.microprice), Some(99.5));
    assert_eq!((found.bid_vwap_10, found.bid_slope), (98.25, 0.0));
    assert_eq!(found.net_liquidity_change_1s, Some(2.0));
}

#[test]
fn a_slope_survives_prices_of_five_digits() {
    let bids = levels(&[(87_000.4, 5.0), (87_000.3, 4.0), (87_000.2, 3.0), (87_000.1, 2.0), (87_000.0, 1.0)]);
    let found = features(&bids, &levels(&[(87_000.5, 1.0)]), None);
    assert!((found.bid_slope - 10.0).abs() < 1e-8, "{}", found.bid_slope);
}

#[test]
fn a_book_without_one_side_has_no_features() {
    assert_eq!(features(&[], &levels(&[(1.0, 1.0)]), None), BookFeatures::default());
}

proptest! {
    /// The microprice lies between the best prices, and no depth exceeds the next wider one.
    #[test]
    fn features_stay_within_the_book(quantities in prop::collection::vec(0.001_f64..5000.0, 40)) {
        let (bids, asks) = quantities.split_at(20);
        let side = |quantities: &[f64], best: f64, step: f64| -> Vec<Level> {
            let at = |(level, quantity): (i32, &f64)| (best + step * f64::from(level), *quantity);
            levels(&(0..).zip(quantities).map(at).collect::<Vec<_>>())
        };
        let found = features(&side(bids, 123.65, -0.01), &side(asks, 123.66, 0.01), None);
        prop_assert!((123.65..=123.66).contains(&found.microprice));
        prop_assert!(found.bid_depth_5bps <= found.bid_depth_10bps && found.bid_depth_10bps <= found.bid_depth_25bps);
        prop_assert!((-1.0..=1.0).contains(&found.volume_imbalance));
    }
}

/// One recorded snapshot with what the original system computed from it.
struct Recorded {
    time: UnixMicros,
    bids: Vec<Level>,
    asks: Vec<Level>,
    expected: Vec<f64>,
    net_liquidity_change: Option<f64>,
}

const COLUMNS: &str = "mid_price, absolute_spread, relative_spread_bps, bid_depth_10, ask_depth_10, volume_imbalance, \
    bid_vwap_10, ask_vwap_10, microprice, microprice_dev_bps, bid_depth_bps_5, ask_depth_bps_5, bid_depth_bps_10, \
    ask_depth_bps_10, bid_depth_bps_25, ask_depth_bps_25, bid_slope, ask_slope";

fn recorded(path: &str) -> Vec<Recorded> {
    let connection = duckdb::Connection::open_in_memory().unwrap();
    let sql = format!(
        "SELECT epoch_us(ts), bids_json, asks_json, net_liquidity_change_1s, {COLUMNS} FROM read_parquet(?) ORDER BY ts"
    );
    let mut statement = connection.prepare(&sql).unwrap();
    let side = |json: String| levels(&serde_json::from_str::<Vec<(f64, f64)>>(&json).unwrap());
    let rows = statement.query_map([path], |row| {
        Ok(Recorded {
            time: UnixMicros::new(row.get(0)?).unwrap(),
            bids: side(row.get(1)?),
            asks: side(row.get(2)?),
            net_liquidity_change: row.get(3)?,
            expected: (4..22).map(|column| row.get(column)).collect::<Result<_, _>>()?,
        })
    });
    rows.unwrap().map(Result::unwrap).collect()
}

fn near(found: f64, expected: f64, relative: f64) -> bool {
    (found - expected).abs() <= relative * expected.abs().max(1e-3)
}

#[test]
fn the_formulas_agree_with_what_was_recorded() {
    let folder = std::env::var("GOAT_RECORDINGS").unwrap_or_else(|_| "../../shared/recordings".to_owned());
    let path = PathBuf::from(folder).join("books-2025-12-29.parquet");
    if !path.is_file() {
        eprintln!("SKIPPED: {} is not there", path.display());
        return;
    }
    let mut history = DepthHistory::default();
    let snapshots = recorded(path.to_str().unwrap());
    assert_eq!(snapshots.len(), 14_532);
    for (row, snapshot) in snapshots.iter().enumerate() {
        let found = features(&snapshot.bids, &snapshot.asks, history.one_second_before(snapshot.time));
        history.push(snapshot.time, found.bid_depth_10 + found.ask_depth_10);
        let values = [
            found.mid_price,
            found.spread,
            found.spread_bps,
            found.bid_depth_10,
            found.ask_depth_10,
            found.volume_imbalance,
            found.bid_vwap_10,
            found.ask_vwap_10,
            found.microprice,
            found.microprice_deviation_bps,
            found.bid_depth_5bps,
            found.ask_depth_5bps,
            found.bid_depth_10bps,
            found.ask_depth_10bps,
            found.bid_depth_25bps,
            found.ask_depth_25bps,
        ];
        for (column, (found, expected)) in values.iter().zip(&snapshot.expected).enumerate() {
            assert!(near(*found, *expected, 1e-9), "row {row}, column {column}: {found} for {expected}");
        }
        // The original subtracted squares of whole prices and kept seven digits of the slopes; ours keep all.
        for (found, expected) in
            [(found.bid_slope, snapshot.expected[16]), (found.ask_slope, snapshot.expected[17])]
        {
            assert!(near(found, expected, 1e-7), "row {row}: slope {found} for {expected}");
        }
        // The recording begins in the middle: its first second knows snapshots that we do not.
        if let Some(change) = found.net_liquidity_change_1s {
            // A difference of two sums keeps no more digits than the sums have.
            let error = (change - snapshot.net_liquidity_change.unwrap()).abs();
            assert!(error <= 1e-9 * (found.bid_depth_10 + found.ask_depth_10), "row {row}: change {change}");
        }
    }
}
