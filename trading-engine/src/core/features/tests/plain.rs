//! Every feature once more, straight from the events: no buckets, no rings, no sums that go on.

mod book;
mod prices;
mod series;
mod trades;
mod whales;

use goat::event::Payload;
use goat::values::UnixMicros;

use super::market::Known;

/// The events that are known, and the moment.
pub(super) struct Plain<'a> {
    events: &'a [Known],
    end: i64,
}

impl<'a> Plain<'a> {
    pub(super) fn new(events: &'a [Known], now: UnixMicros) -> Self {
        Self { events, end: now.get() - now.get().rem_euclid(1_000_000) }
    }

    /// A feature's value; panics for one that is not written down here.
    pub(super) fn value(&self, name: &str, minute: usize) -> Option<f64> {
        let (group, feature) = name.split_once('_').unwrap();
        let value = match group {
            "pm" => prices::value(self, "SOL", feature, minute),
            "btc" => prices::value(self, "BTC", feature, minute),
            "eth" => prices::value(self, "ETH", feature, minute),
            "ob" => book::value(self, feature, minute),
            "tx" => trades::value(self, feature, minute),
            "wh" => whales::value(self, feature, minute),
            "sp" => series::value(self, feature),
            _ => panic!("{name} has no plain computation"),
        };
        value.filter(|value| value.is_finite())
    }

    /// What a minute's events say to `read`, each with the second in which it became known.
    fn minute<T>(&self, minute: usize, read: impl Fn(&'a Payload) -> Option<T>) -> Vec<(i64, T)> {
        let to = self.end - i64::try_from(minute).unwrap() * 60_000_000;
        let within = self.events.iter().filter(|(known, _)| (to - 60_000_000..to).contains(&known.get()));
        within.filter_map(|(known, event)| Some((known.get() / 1_000_000, read(&event.payload)?))).collect()
    }
}

fn all<T>(values: Vec<(i64, T)>) -> Option<Vec<T>> {
    (!values.is_empty()).then(|| values.into_iter().map(|(_, value)| value).collect())
}

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

fn mean(values: &[f64]) -> f64 {
    sum(values) / values.len() as f64
}

fn max(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

fn min(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

/// The values of as many minutes, newest first; none when one is missing.
fn minutes(from: usize, count: usize, of: impl Fn(usize) -> Option<f64>) -> Option<Vec<f64>> {
    (from..from + count).map(of).collect()
}

/// The textbook formula, per minute.
fn least_squares_slope(newest_first: &[f64]) -> f64 {
    let n = newest_first.len() as f64;
    let points: Vec<(f64, f64)> =
        newest_first.iter().rev().enumerate().map(|(x, &y)| (x as f64, y)).collect();
    let sums = points.iter().fold((0.0, 0.0, 0.0, 0.0), |(x, y, xy, xx), point| {
        (x + point.0, y + point.1, xy + point.0 * point.1, xx + point.0 * point.0)
    });
    (n * sums.2 - sums.0 * sums.1) / (n * sums.3 - sums.0 * sums.0)
}
