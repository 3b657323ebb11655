//! A price line thinned to what a chart can show.

use goat::values::UnixMicros;
use goat::wire::market::{PriceGap, PricePoint};

use crate::hot::Point;

/// A stretch longer than this without a price is a gap.
const GAP_MICROS: i64 = 5_000_000;

/// The last price of each of at most `points_max` equal slots of time. Slots without a price have no point.
pub(super) fn thin(points: &[Point], points_max: u32) -> Vec<PricePoint> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let span = last.time.get() - first.time.get();
    let slot_micros = (span / i64::from(points_max.max(1))).max(0) + 1;
    let slot = |time: UnixMicros| (time.get() - first.time.get()) / slot_micros;
    let mut thinned: Vec<(i64, Point)> = Vec::new();
    for &point in points {
        let place = slot(point.time);
        match thinned.last_mut() {
            Some((last_place, kept)) if *last_place == place => *kept = point,
            _ => thinned.push((place, point)),
        }
    }
    let as_wire = |(_, point): (i64, Point)| PricePoint { time: Some(point.time.into()), price: point.price };
    thinned.into_iter().map(as_wire).collect()
}

/// The stretches without any price.
pub(super) fn gaps(points: &[Point]) -> Vec<PriceGap> {
    let mut gaps = Vec::new();
    for pair in points.windows(2) {
        if let [before, after] = pair
            && after.time.get() - before.time.get() > GAP_MICROS
        {
            gaps.push(PriceGap { from: Some(before.time.into()), to: Some(after.time.into()) });
        }
    }
    gaps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(seconds: impl IntoIterator<Item = i64>) -> Vec<Point> {
        let point =
            |second| Point { seq: 1, time: UnixMicros::from_seconds(second).unwrap(), price: second as f64 };
        seconds.into_iter().map(point).collect()
    }

    #[test]
    fn each_slot_keeps_its_last_price_and_the_newest_price_is_always_there() {
        let thinned = thin(&points(1000..2000), 10);
        assert_eq!(thinned.len(), 10);
        assert_eq!(thinned.last().unwrap().price, 1999.0);
        assert_eq!(thin(&points([5]), 10).len(), 1);
        assert_eq!(thin(&[], 10), Vec::new());
        assert_eq!(thin(&points(0..5), 100).len(), 5);
    }

    #[test]
    fn a_stretch_without_prices_is_a_gap() {
        let gaps = gaps(&points([0, 1, 6, 12, 13]));
        assert_eq!(gaps.len(), 1);
        assert_eq!(gaps[0].from.unwrap().seconds, 6);
        assert_eq!(gaps[0].to.unwrap().seconds, 12);
    }
}
