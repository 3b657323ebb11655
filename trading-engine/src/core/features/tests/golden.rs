//! Small markets whose features are worked out by hand.

use goat::event::{PositionSide, Side, Venue};

use super::market::{Known, book, booked, moved, movement, observed, price, time, trade};
use super::{FeatureSet, folded, is_close, value, windows};
use crate::core::features::seconds::HISTORY_SECONDS;
use crate::core::features::{FeatureId, Group, MINUTES};

const MINUTE: i64 = 60_000;

/// Of events told as milliseconds before the moment.
fn features(events: &[Known]) -> FeatureSet {
    folded(events).at(time(25 * MINUTE))
}

fn before(millis: i64, payload: goat::event::Payload) -> Known {
    observed(25 * MINUTE - millis, payload)
}

fn assert_values(features: &FeatureSet, expected: &[(&str, u8, f64)]) {
    for &(name, minute, expected) in expected {
        let found = value(features, name, minute);
        assert!(found.is_some_and(|found| is_close(found, expected)), "{name} at {minute}: {found:?}");
    }
}

fn assert_none(features: &FeatureSet, minute: u8, names: &[&str]) {
    for name in names {
        assert_eq!(value(features, name, minute), None, "{name} at {minute}");
    }
}

#[test]
fn a_minute_of_prices() {
    let ticks = [(58_000, 100.0), (40_000, 102.0), (20_000, 99.0), (1000, 101.0)];
    let features = features(&ticks.map(|(millis, tick)| before(millis, price("SOL", tick))));

    assert_values(
        &features,
        &[
            ("pm_open_price", 0, 100.0),
            ("pm_high_price", 0, 102.0),
            ("pm_low_price", 0, 99.0),
            ("pm_close_price", 0, 101.0),
            ("pm_avg_price", 0, 100.5),
            ("pm_price_change_1m", 0, 1.0),
            ("pm_volatility_pct", 0, 300.0 / 100.5),
            ("pm_momentum_volatility_ratio", 0, 100.5 / 300.0),
            ("pm_body_range_ratio", 0, 1.0 / 3.0),
            // Deviations −0.5, 1.5, −1.5, 0.5: squares add up to 5.
            ("pm_price_stddev_pct", 0, (5.0_f64 / 3.0).sqrt() / 1.005),
            ("pm_candle_body_pct", 0, 1.0 / 1.005),
            ("pm_upper_wick_pct", 0, 1.0 / 1.005),
            ("pm_lower_wick_pct", 0, 1.0 / 1.005),
            ("pm_wick_balance_ratio", 0, 0.0),
            // Each price is taken for current in its own second and five more, the last in its own.
            ("sp_price_count", 0, 19.0),
            ("sp_total_change_pct", 0, 1.0),
            ("sp_price_range_pct", 0, 3.0),
        ],
    );
    assert_none(&features, 0, &["pm_price_change_5m", "pm_price_vs_ma5_pct", "btc_close_price"]);
    assert_none(&features, 1, &["pm_close_price", "pm_price_change_1m"]);
}

#[test]
fn a_minute_begins_with_its_first_moment_and_the_running_second_is_left_out() {
    let events = vec![
        before(MINUTE + 1, price("SOL", 101.0)),
        before(MINUTE, price("SOL", 102.0)),
        before(1, price("SOL", 103.0)),
        before(0, price("SOL", 104.0)),
        before(-600, price("SOL", 105.0)),
    ];

    let features = folded(&events).at(time(25 * MINUTE + 700));

    let expected = [("pm_close_price", 1, 101.0), ("pm_open_price", 0, 102.0), ("pm_close_price", 0, 103.0)];
    assert_values(&features, &expected);
    assert_values(&features, &[("sp_end_price", 0, 103.0), ("pm_high_price", 0, 103.0)]);
}

#[test]
fn lags_are_by_time_and_a_missing_minute_is_no_other_minute() {
    let closes = [6_i32, 5, 4, 2, 1, 0].map(|minute| (i64::from(minute), 100.0 + f64::from(minute)));
    let features =
        features(&closes.map(|(minute, close)| before(minute * MINUTE + 1000, price("SOL", close))));

    assert_values(
        &features,
        &[("pm_price_change_5m", 0, -500.0 / 105.0), ("pm_price_change_5m", 1, -500.0 / 106.0)],
    );
    assert_none(&features, 2, &["pm_price_change_5m"]);
    assert_none(&features, 3, &["pm_close_price", "pm_volatility_pct"]);
    assert_none(&features, 0, &["pm_price_vs_ma5_pct", "pm_cumulative_return_5m"]);
    assert_values(&features, &[("pm_trend_consistency_3m", 0, 0.0)]);
}

#[test]
fn a_flow_counts_each_second_once() {
    let flow = |millis, change| before(millis, booked(book(120.0, 60.0, 40.0, change)));
    let features = features(&[
        flow(4 * MINUTE + 5000, Some(1.0)),
        flow(3 * MINUTE + 5000, Some(2.0)),
        flow(2 * MINUTE + 5000, Some(4.0)),
        flow(MINUTE + 5000, Some(8.0)),
        flow(3900, Some(500.0)),
        flow(3500, Some(600.0)),
        flow(3100, Some(-10.0)),
        flow(3050, None),
        flow(2000, Some(30.0)),
    ]);

    assert_values(
        &features,
        &[
            ("ob_net_flow_1m", 0, 20.0),
            ("ob_net_flow_5m", 0, 35.0),
            ("ob_net_flow_to_liquidity_ratio", 0, 0.2),
            ("ob_sample_count", 0, 5.0),
            ("ob_coverage_seconds", 0, 2.0),
            ("ob_depth_imbalance_ratio", 0, 1.5),
            ("ob_depth_imbalance_pct", 0, 20.0),
            ("ob_aggression_ratio", 0, 180.0 / 80.0),
            ("ob_volume_imbalance", 0, 0.2),
        ],
    );
    assert_none(&features, 1, &["ob_net_flow_5m"]);
}

#[test]
fn only_the_configured_book_with_two_sides_counts() {
    let mut elsewhere = book(500.0, 1.0, 1.0, None);
    elsewhere.venue = Venue::Bybit;
    let mut one_sided = book(500.0, 1.0, 1.0, None);
    one_sided.features = goat::wire::market::BookFeatures::default();
    let mut broken = book(500.0, 1.0, 1.0, None);
    broken.features.spread_bps = f64::NAN;
    let mut thin = book(120.0, 60.0, 40.0, None);
    thin.features.bid_slope = 0.0;

    let features = features(&[thin, elsewhere, one_sided, broken].map(|book| before(5000, booked(book))));

    assert_values(&features, &[("ob_mid_price", 0, 120.0), ("ob_sample_count", 0, 1.0)]);
    assert_none(&features, 0, &["ob_aggression_ratio", "ob_net_flow_1m"]);
}

#[test]
fn a_minute_of_trades() {
    let features = features(&[
        before(MINUTE + 1, trade(Side::Sell, 10.0, 100.0, None)),
        before(50_000, trade(Side::Buy, 150.0, 100.0, Some(PositionSide::Long))),
        before(30_000, trade(Side::Sell, 50.0, 102.0, None)),
    ]);

    assert_values(
        &features,
        &[
            ("tx_buy_sell_pressure", 0, 0.5),
            ("tx_buy_volume_pct", 0, 75.0),
            ("tx_pressure_shift_1m", 0, 1.5),
            ("tx_perp_dominance_pct", 0, 75.0),
            ("tx_long_volume_pct", 0, 100.0),
            ("tx_total_volume_usd", 0, 20_100.0),
            ("tx_volume_acceleration_ratio", 0, 20.1),
            ("tx_whale_volume_pct", 0, 15_000.0 / 201.0),
            ("tx_large_trade_count", 0, 1.0),
            ("tx_trades_per_second", 0, 2.0 / 60.0),
            ("tx_buy_trade_pct", 0, 50.0),
            ("tx_price_change_1m", 0, 2.0),
            ("tx_vwap", 0, 100.5),
        ],
    );
    // Nobody was short; nobody with a position traded in minute 1.
    assert_none(&features, 0, &["tx_long_short_ratio", "tx_long_ratio_shift_1m"]);
    assert_none(&features, 2, &["tx_trade_count", "tx_trades_per_second"]);
}

#[test]
fn a_minute_of_whales() {
    let mut unnamed = movement(-100.0, 6.0);
    unnamed.direction = String::new();
    unnamed.abs_change = goat::values::Quantity::new(0.0).unwrap();
    let mut unknown_share = movement(300.0, f64::NAN);
    unknown_share.sol_change = f64::NAN;
    let mut nothing = movement(1.0, 90.0);
    nothing.abs_change = goat::values::Quantity::new(0.0).unwrap();
    nothing.sol_change = 0.0;

    let events = [unnamed, unknown_share, movement(600.0, 12.0), nothing];
    let features = features(&events.map(|movement| before(5000, moved(movement))));

    assert_values(
        &features,
        &[
            ("wh_net_flow_ratio", 0, 0.8),
            ("wh_net_flow_sol", 0, 800.0),
            ("wh_accumulation_ratio", 0, 9.0),
            ("wh_strong_accumulation", 0, 600.0),
            ("wh_strong_distribution", 0, 100.0),
            ("wh_distribution_pressure_pct", 0, -50.0),
            ("wh_massive_move_pct", 0, 60.0),
            ("wh_largest_move_dominance", 0, 0.6),
            ("wh_avg_wallet_pct_moved", 0, 9.0),
            ("wh_movement_count", 0, 3.0),
            ("wh_movement_imbalance_pct", 0, 100.0 / 3.0),
        ],
    );
}

#[test]
fn only_inflows_have_no_ratio_to_outflows() {
    let features = features(&[
        before(MINUTE + 5000, moved(movement(10.0, 1.0))),
        before(5000, moved(movement(10.0, 1.0))),
    ]);

    assert_none(&features, 0, &["wh_accumulation_ratio", "wh_outflow_surge_pct"]);
    assert_values(&features, &[("wh_outflow_sol", 0, 0.0), ("wh_strong_accumulation", 0, 0.0)]);
}

/// Every source in every second, and more than once.
fn busy(seconds: i64) -> Vec<Known> {
    let mut events = Vec::new();
    for second in 0..seconds {
        for (part, change) in [(0, 1.0), (300, -2.0), (600, 4.0)] {
            let millis = second * 1000 + part;
            let drift = f64::from(i32::try_from(second * 37 % 101).unwrap()) / 100.0 + change / 10.0;
            let perp = if part == 0 { PositionSide::Long } else { PositionSide::Short };
            let side = if change < 0.0 { Side::Sell } else { Side::Buy };
            events.extend(["SOL", "BTC", "ETH"].map(|token| observed(millis, price(token, 120.0 + drift))));
            events.push(observed(millis, booked(book(120.0 + drift, 60.0 + drift, 40.0, Some(drift)))));
            events.push(observed(millis, trade(side, 90.0 + drift, 120.0 + drift, Some(perp))));
            events.push(observed(millis, moved(movement(change * (100.0 + drift), 4.0 * change.abs()))));
        }
    }
    events
}

#[test]
fn a_market_without_holes_has_every_value() {
    let features = folded(&busy(25 * 60)).at(time(25 * MINUTE));

    let missing: Vec<_> = features
        .rows()
        .filter(|row| row.value.is_none() && row.feature.feature().group != Group::Patterns)
        .map(|row| format!("{} at {}", row.feature, row.minute))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let per_minute = FeatureId::all().filter(|id| id.feature().is_per_minute());
    assert!(per_minute.map(|id| features.value(id, MINUTES)).all(|value| value.is_none()));
}

#[test]
fn the_state_is_bounded_however_long_and_busy_the_market() {
    const BYTES_MAX: usize = 750_000;
    let long = folded(&busy(2 * HISTORY_SECONDS));

    let bytes = postcard::to_stdvec(&long).unwrap().len();

    assert!(bytes < BYTES_MAX, "{bytes} bytes");
    assert!(bytes > BYTES_MAX * 8 / 10, "{bytes} bytes: the bound that is promised is too high");
}

#[test]
fn a_second_with_one_price_takes_a_few_bytes() {
    let mut windows = windows();
    let empty = postcard::to_stdvec(&windows).unwrap().len();
    for second in 0..HISTORY_SECONDS {
        let (now, event) = observed(second * 1000, price("SOL", 120.0));
        windows.fold(now, &event);
    }

    let bytes = postcard::to_stdvec(&windows).unwrap().len() - empty;

    assert!(bytes < 15 * 1560, "{bytes} bytes");
}
