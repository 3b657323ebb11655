//! `pm_`, `btc_`, `eth_`.

use goat::event::Payload;

use super::{Plain, all, max, mean, min, minutes};

pub(super) fn value(plain: &Plain<'_>, token: &str, feature: &str, minute: usize) -> Option<f64> {
    let ticks = |minute: usize| {
        all(plain.minute(minute, |payload| match payload {
            Payload::Price(price) if price.token.as_str() == token => Some(price.price.get()),
            _ => None,
        }))
    };
    let close = |minute: usize| ticks(minute)?.last().copied();
    let change = |minute: usize| {
        let ticks = ticks(minute)?;
        Some((ticks[ticks.len() - 1] / ticks[0] - 1.0) * 100.0)
    };
    let volatility = |minute: usize| {
        let ticks = ticks(minute)?;
        Some((max(&ticks) - min(&ticks)) / mean(&ticks) * 100.0)
    };
    let now = ticks(minute)?;
    let (open, last) = (now[0], now[now.len() - 1]);
    let (body_top, body_bottom) = (open.max(last), open.min(last));
    let (upper, lower) = (max(&now) - body_top, body_bottom - min(&now));
    match feature {
        "price_change_1m" => change(minute),
        "price_change_5m" => Some((last / close(minute + 5)? - 1.0) * 100.0),
        "price_change_10m" => Some((last / close(minute + 10)? - 1.0) * 100.0),
        "volatility_pct" => volatility(minute),
        "momentum_volatility_ratio" => Some(change(minute)? / volatility(minute)?),
        "momentum_acceleration_1m" => Some(change(minute)? - change(minute + 1)?),
        "body_range_ratio" => Some((body_top - body_bottom) / (max(&now) - min(&now))),
        "volatility_surge_ratio" => Some(volatility(minute)? / mean(&minutes(minute + 1, 5, volatility)?)),
        "price_stddev_pct" => {
            let squares: f64 = now.iter().map(|tick| (tick - mean(&now)).powi(2)).sum();
            (now.len() > 1).then(|| (squares / (now.len() as f64 - 1.0)).sqrt() / mean(&now) * 100.0)
        }
        "trend_consistency_3m" => {
            let changes = minutes(minute, 3, change)?;
            let rises = changes.iter().filter(|change| **change > 0.0).count() as f64;
            let falls = changes.iter().filter(|change| **change < 0.0).count() as f64;
            Some((rises - falls) / 3.0)
        }
        "cumulative_return_5m" => {
            let growth: f64 = minutes(minute, 5, change)?.iter().map(|change| 1.0 + change / 100.0).product();
            Some((growth - 1.0) * 100.0)
        }
        "candle_body_pct" => Some((body_top - body_bottom) / mean(&now) * 100.0),
        "upper_wick_pct" => Some(upper / mean(&now) * 100.0),
        "lower_wick_pct" => Some(lower / mean(&now) * 100.0),
        "wick_balance_ratio" => Some((lower - upper) / (lower + upper)),
        "price_vs_ma5_pct" => Some((last / mean(&minutes(minute, 5, close)?) - 1.0) * 100.0),
        "breakout_strength_10m" => {
            let highs = minutes(minute + 1, 10, |minute| Some(max(&ticks(minute)?)))?;
            Some((last / max(&highs) - 1.0) * 100.0)
        }
        "open_price" => Some(open),
        "high_price" => Some(max(&now)),
        "low_price" => Some(min(&now)),
        "close_price" => Some(last),
        "avg_price" => Some(mean(&now)),
        _ => panic!("{token}'s {feature} has no plain computation"),
    }
}
