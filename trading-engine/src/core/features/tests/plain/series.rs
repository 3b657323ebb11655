//! `sp_`.

use goat::event::Payload;

use super::{Plain, max, mean, min};

pub(super) fn value(plain: &Plain<'_>, feature: &str) -> Option<f64> {
    let points = points(plain);
    let (first, last) = (points.first().copied()?, points.last().copied()?);
    let squares: Vec<f64> = points.iter().map(|point| (point - mean(&points)).powi(2)).collect();
    match feature {
        "price_count" => Some(points.len() as f64),
        "min_price" => Some(min(&points)),
        "max_price" => Some(max(&points)),
        "start_price" => Some(first),
        "end_price" => Some(last),
        "avg_price" => Some(mean(&points)),
        "price_range_pct" => Some((max(&points) - min(&points)) / first * 100.0),
        "total_change_pct" => Some((last / first - 1.0) * 100.0),
        "volatility_pct" => Some(mean(&squares).sqrt() / mean(&points) * 100.0),
        _ => panic!("the series' {feature} has no plain computation"),
    }
}

/// For each second by itself: the last price known in it, unless that is from more than five seconds before.
pub(in crate::core::features::tests) fn points(plain: &Plain<'_>) -> Vec<f64> {
    let end = plain.end / 1_000_000;
    let ticks: Vec<(i64, f64)> = plain
        .events
        .iter()
        .filter_map(|(known, event)| match &event.payload {
            Payload::Price(price) if price.token.as_str() == "SOL" => {
                Some((known.get() / 1_000_000, price.price.get()))
            }
            _ => None,
        })
        .collect();
    (end - 900..end)
        .filter_map(|second| {
            let (of, price) = ticks.iter().rfind(|(of, _)| *of <= second)?;
            (second - of <= 5).then_some(*price)
        })
        .collect()
}
