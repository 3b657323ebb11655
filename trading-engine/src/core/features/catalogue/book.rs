//! `ob_`: the configured book. Averages are over its snapshots, ten levels a side.

use super::{Feature, Group, Unit};
use crate::core::features::book::Snapshots;
use crate::core::features::moment::Moment;
use crate::core::features::over_time::{percent, percent_change, percent_over, ratio, shift, sum, trend_3m};

const fn book(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::OrderBook, unit, formula, compute)
}

pub(super) const FEATURES: &[Feature] = &[
    book("ob_mid_price", Unit::Quote, "mid: the last mid price", mid),
    book("ob_price_change_1m", Unit::Percent, "(mid − mid[1]) / mid[1] × 100", |at, minute| {
        percent_change(minute, 1, |minute| mid(at, minute))
    }),
    book("ob_price_change_5m", Unit::Percent, "(mid − mid[5]) / mid[5] × 100", |at, minute| {
        percent_change(minute, 5, |minute| mid(at, minute))
    }),
    book("ob_price_change_10m", Unit::Percent, "(mid − mid[10]) / mid[10] × 100", |at, minute| {
        percent_change(minute, 10, |minute| mid(at, minute))
    }),
    book(
        "ob_volume_imbalance",
        Unit::Ratio,
        "mean of (bid depth − ask depth) / (bid depth + ask depth)",
        imbalance,
    ),
    book("ob_imbalance_shift_1m", Unit::Ratio, "volume_imbalance − volume_imbalance[1]", |at, minute| {
        shift(minute, 1, |minute| imbalance(at, minute))
    }),
    book(
        "ob_imbalance_trend_3m",
        Unit::RatioPerMinute,
        "least-squares slope of volume_imbalance over minutes [0..2]",
        |at, minute| trend_3m(minute, |minute| imbalance(at, minute)),
    ),
    book("ob_depth_imbalance_ratio", Unit::Ratio, "mean bid depth / mean ask depth", |at, minute| {
        let book = at.book.get(minute)?;
        ratio(book.bid_depth(), book.ask_depth())
    }),
    book(
        "ob_bid_liquidity_share_pct",
        Unit::Percent,
        "mean bid depth / total_liquidity × 100",
        |at, minute| {
            let book = at.book.get(minute)?;
            percent(book.bid_depth(), book.total_depth())
        },
    ),
    book(
        "ob_ask_liquidity_share_pct",
        Unit::Percent,
        "mean ask depth / total_liquidity × 100",
        |at, minute| {
            let book = at.book.get(minute)?;
            percent(book.ask_depth(), book.total_depth())
        },
    ),
    book(
        "ob_depth_imbalance_pct",
        Unit::Percent,
        "(mean bid depth − mean ask depth) / total_liquidity × 100",
        |at, minute| {
            let book = at.book.get(minute)?;
            percent(book.bid_depth() - book.ask_depth(), book.total_depth())
        },
    ),
    book("ob_total_liquidity", Unit::Base, "mean bid depth + mean ask depth", liquidity),
    book(
        "ob_liquidity_change_3m",
        Unit::Percent,
        "(total_liquidity − total_liquidity[3]) / total_liquidity[3] × 100",
        |at, minute| percent_change(minute, 3, |minute| liquidity(at, minute)),
    ),
    book(
        "ob_microprice_deviation",
        Unit::BasisPoints,
        "mean of (microprice − mid) / mid × 10,000",
        microprice_deviation,
    ),
    book(
        "ob_microprice_acceleration_2m",
        Unit::BasisPoints,
        "microprice_deviation − microprice_deviation[2]",
        |at, minute| shift(minute, 2, |minute| microprice_deviation(at, minute)),
    ),
    book(
        "ob_spread_bps",
        Unit::BasisPoints,
        "mean of (best ask − best bid) / mid × 10,000",
        |at, minute| Some(at.book.get(minute)?.spread_bps()),
    ),
    book(
        "ob_aggression_ratio",
        Unit::Ratio,
        "|mean bid slope| / |mean ask slope|: quantity over price on five levels, of the snapshots that have them",
        |at, minute| {
            let (bid, ask) = at.book.get(minute)?.slopes()?;
            ratio(bid.abs(), ask.abs())
        },
    ),
    book(
        "ob_vwap_spread_bps",
        Unit::BasisPoints,
        "(mean ask VWAP − mean bid VWAP) / mean bid VWAP × 10,000",
        |at, minute| {
            let book = at.book.get(minute)?;
            Some(percent_over(book.ask_vwap(), book.bid_vwap())? * 100.0)
        },
    ),
    book(
        "ob_net_flow_1m",
        Unit::Base,
        "sum over the minute's seconds of the last change of bid depth + ask depth against one second before",
        net_flow,
    ),
    book("ob_net_flow_5m", Unit::Base, "sum of net_flow_1m over minutes [0..4]", |at, minute| {
        sum(minute, 5, |minute| net_flow(at, minute))
    }),
    book("ob_net_flow_to_liquidity_ratio", Unit::Ratio, "net_flow_1m / total_liquidity", |at, minute| {
        ratio(net_flow(at, minute)?, liquidity(at, minute)?)
    }),
    book("ob_sample_count", Unit::Count, "snapshots", |at, minute| {
        Some(f64::from(at.book.get(minute)?.count))
    }),
    book("ob_coverage_seconds", Unit::Seconds, "seconds with a snapshot, of 60", |at, minute| {
        Some(f64::from(at.book.get(minute)?.seconds))
    }),
];

fn mid(at: &Moment, minute: usize) -> Option<f64> {
    Some(at.book.get(minute)?.last_mid)
}

fn imbalance(at: &Moment, minute: usize) -> Option<f64> {
    at.book.get(minute).map(Snapshots::volume_imbalance)
}

fn liquidity(at: &Moment, minute: usize) -> Option<f64> {
    at.book.get(minute).map(Snapshots::total_depth)
}

fn microprice_deviation(at: &Moment, minute: usize) -> Option<f64> {
    at.book.get(minute).map(Snapshots::microprice_deviation_bps)
}

fn net_flow(at: &Moment, minute: usize) -> Option<f64> {
    at.book.get(minute)?.net_flow
}
