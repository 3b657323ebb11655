//! `pm_`, `btc_`, `eth_`: the tokens' prices.

use super::{Feature, Group, Unit};
use crate::core::features::moment::{Minutes, Moment};
use crate::core::features::over_time::{mean, percent, percent_change, percent_over, ratio, shift, surge};
use crate::core::features::prices::Prices;

const fn sol(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::SolPrice, unit, formula, compute)
}

const fn btc(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::BtcPrice, unit, formula, compute)
}

const fn eth(
    name: &'static str,
    unit: Unit,
    formula: &'static str,
    compute: fn(&Moment, usize) -> Option<f64>,
) -> Feature {
    Feature::per_minute(name, Group::EthPrice, unit, formula, compute)
}

const CHANGE_1M: &str = "(c − o) / o × 100";
const CHANGE_5M: &str = "(c − c[5]) / c[5] × 100";
const CHANGE_10M: &str = "(c − c[10]) / c[10] × 100";
const VOLATILITY: &str = "(h − l) / mean price × 100";
const OPEN: &str = "o: the first price";
const CLOSE: &str = "c: the last price";

pub(super) const FEATURES: &[Feature] = &[
    sol("pm_price_change_1m", Unit::Percent, CHANGE_1M, |at, minute| change_1m(&at.sol, minute)),
    sol("pm_price_change_5m", Unit::Percent, CHANGE_5M, |at, minute| change(&at.sol, minute, 5)),
    sol("pm_price_change_10m", Unit::Percent, CHANGE_10M, |at, minute| change(&at.sol, minute, 10)),
    sol("pm_volatility_pct", Unit::Percent, VOLATILITY, |at, minute| volatility(&at.sol, minute)),
    sol("pm_momentum_volatility_ratio", Unit::Ratio, "price_change_1m / volatility_pct", |at, minute| {
        ratio(change_1m(&at.sol, minute)?, volatility(&at.sol, minute)?)
    }),
    sol(
        "pm_momentum_acceleration_1m",
        Unit::Percent,
        "price_change_1m − price_change_1m[1], in percentage points",
        |at, minute| shift(minute, 1, |minute| change_1m(&at.sol, minute)),
    ),
    sol("pm_body_range_ratio", Unit::Ratio, "|c − o| / (h − l)", |at, minute| {
        let prices = at.sol.get(minute)?;
        ratio((prices.close - prices.open).abs(), prices.high - prices.low)
    }),
    sol(
        "pm_volatility_surge_ratio",
        Unit::Ratio,
        "volatility_pct / mean of volatility_pct[1..5]",
        |at, minute| surge(minute, |minute| volatility(&at.sol, minute)),
    ),
    sol(
        "pm_price_stddev_pct",
        Unit::Percent,
        "sample standard deviation of the prices / mean price × 100; needs two prices",
        |at, minute| {
            let prices = at.sol.get(minute)?;
            percent(prices.standard_deviation()?, prices.mean)
        },
    ),
    sol(
        "pm_trend_consistency_3m",
        Unit::Ratio,
        "mean of the signs (1, 0, −1) of price_change_1m over minutes [0..2]: 1 three rises, −1 three falls",
        |at, minute| mean(minute, 3, |minute| change_1m(&at.sol, minute).map(sign)),
    ),
    sol(
        "pm_cumulative_return_5m",
        Unit::Percent,
        "(Π c / o over minutes [0..4] − 1) × 100: the five minutes' own changes compounded, without the steps between",
        |at, minute| cumulative_return(&at.sol, minute),
    ),
    sol("pm_candle_body_pct", Unit::Percent, "|c − o| / mean price × 100", |at, minute| {
        let prices = at.sol.get(minute)?;
        percent((prices.close - prices.open).abs(), prices.mean)
    }),
    sol("pm_upper_wick_pct", Unit::Percent, "(h − max(o, c)) / mean price × 100", |at, minute| {
        let prices = at.sol.get(minute)?;
        percent(upper_wick(prices), prices.mean)
    }),
    sol("pm_lower_wick_pct", Unit::Percent, "(min(o, c) − l) / mean price × 100", |at, minute| {
        let prices = at.sol.get(minute)?;
        percent(lower_wick(prices), prices.mean)
    }),
    sol(
        "pm_wick_balance_ratio",
        Unit::Ratio,
        "(lower wick − upper wick) / (lower wick + upper wick): 1 only a lower one, −1 only an upper one",
        |at, minute| {
            let (upper, lower) = (upper_wick(at.sol.get(minute)?), lower_wick(at.sol.get(minute)?));
            ratio(lower - upper, lower + upper)
        },
    ),
    sol(
        "pm_price_vs_ma5_pct",
        Unit::Percent,
        "(c − m) / m × 100, with m the mean of c over minutes [0..4]",
        |at, minute| {
            let close = |minute| close(&at.sol, minute);
            percent_over(close(minute)?, mean(minute, 5, close)?)
        },
    ),
    sol(
        "pm_breakout_strength_10m",
        Unit::Percent,
        "(c − H) / H × 100, with H the highest h of minutes [1..10]: above zero when the price closed above all of them",
        |at, minute| percent_over(close(&at.sol, minute)?, highest_before(&at.sol, minute)?),
    ),
    sol("pm_open_price", Unit::Usd, OPEN, |at, minute| open(&at.sol, minute)),
    sol("pm_high_price", Unit::Usd, "h: the highest price", |at, minute| Some(at.sol.get(minute)?.high)),
    sol("pm_low_price", Unit::Usd, "l: the lowest price", |at, minute| Some(at.sol.get(minute)?.low)),
    sol("pm_close_price", Unit::Usd, CLOSE, |at, minute| close(&at.sol, minute)),
    sol("pm_avg_price", Unit::Usd, "mean of the prices", |at, minute| Some(at.sol.get(minute)?.mean)),
    btc("btc_price_change_1m", Unit::Percent, CHANGE_1M, |at, minute| change_1m(&at.btc, minute)),
    btc("btc_price_change_5m", Unit::Percent, CHANGE_5M, |at, minute| change(&at.btc, minute, 5)),
    btc("btc_price_change_10m", Unit::Percent, CHANGE_10M, |at, minute| change(&at.btc, minute, 10)),
    btc("btc_volatility_pct", Unit::Percent, VOLATILITY, |at, minute| volatility(&at.btc, minute)),
    btc("btc_open_price", Unit::Usd, OPEN, |at, minute| open(&at.btc, minute)),
    btc("btc_close_price", Unit::Usd, CLOSE, |at, minute| close(&at.btc, minute)),
    eth("eth_price_change_1m", Unit::Percent, CHANGE_1M, |at, minute| change_1m(&at.eth, minute)),
    eth("eth_price_change_5m", Unit::Percent, CHANGE_5M, |at, minute| change(&at.eth, minute, 5)),
    eth("eth_price_change_10m", Unit::Percent, CHANGE_10M, |at, minute| change(&at.eth, minute, 10)),
    eth("eth_volatility_pct", Unit::Percent, VOLATILITY, |at, minute| volatility(&at.eth, minute)),
    eth("eth_open_price", Unit::Usd, OPEN, |at, minute| open(&at.eth, minute)),
    eth("eth_close_price", Unit::Usd, CLOSE, |at, minute| close(&at.eth, minute)),
];

fn open(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    Some(minutes.get(minute)?.open)
}

fn close(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    Some(minutes.get(minute)?.close)
}

fn change_1m(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    percent_over(close(minutes, minute)?, open(minutes, minute)?)
}

fn change(minutes: &Minutes<Prices>, minute: usize, lag: usize) -> Option<f64> {
    percent_change(minute, lag, |minute| close(minutes, minute))
}

fn volatility(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    let prices = minutes.get(minute)?;
    percent(prices.high - prices.low, prices.mean)
}

fn upper_wick(prices: &Prices) -> f64 {
    prices.high - prices.open.max(prices.close)
}

fn lower_wick(prices: &Prices) -> f64 {
    prices.open.min(prices.close) - prices.low
}

fn sign(change: f64) -> f64 {
    if change == 0.0 { 0.0 } else { change.signum() }
}

fn cumulative_return(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    let growth = |minute| ratio(close(minutes, minute)?, open(minutes, minute)?);
    let compounded: Option<f64> = (minute..minute + 5).map(growth).product();
    Some((compounded? - 1.0) * 100.0)
}

fn highest_before(minutes: &Minutes<Prices>, minute: usize) -> Option<f64> {
    let highs: Option<Vec<f64>> =
        (minute + 1..=minute + 10).map(|minute| Some(minutes.get(minute)?.high)).collect();
    highs?.into_iter().reduce(f64::max)
}
