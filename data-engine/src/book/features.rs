//! What a book looks like in numbers.

use goat::event::Level;
use goat::wire::market::BookFeatures;

const DEPTH_LEVELS: usize = 10;
const SLOPE_LEVELS: usize = 5;

/// Computes the features of a book from its best levels, best first on both sides.
///
/// `depth_one_second_ago` is the ten-level depth of both sides of the newest snapshot that is at least one second
/// old. A side without levels leaves no mid price, and then nothing is known: all numbers are zero.
#[must_use]
pub fn features(bids: &[Level], asks: &[Level], depth_one_second_ago: Option<f64>) -> BookFeatures {
    let (Some(best_bid), Some(best_ask)) = (bids.first(), asks.first()) else {
        return BookFeatures::default();
    };
    let (bid, ask) = (best_bid.price.get(), best_ask.price.get());
    let mid_price = f64::midpoint(bid, ask);
    let spread = (ask - bid).max(0.0);
    let (bid_depth_10, ask_depth_10) = (depth(bids), depth(asks));
    let total = bid_depth_10 + ask_depth_10;
    let microprice = microprice(best_bid, best_ask).unwrap_or(mid_price);
    let below = |bps: f64| {
        let limit = mid_price * (1.0 - bps / 10_000.0);
        quantity_while(bids, |price| price >= limit)
    };
    let above = |bps: f64| {
        let limit = mid_price * (1.0 + bps / 10_000.0);
        quantity_while(asks, |price| price <= limit)
    };
    BookFeatures {
        mid_price,
        spread,
        spread_bps: spread / mid_price * 10_000.0,
        bid_depth_10,
        ask_depth_10,
        volume_imbalance: if total > 0.0 { (bid_depth_10 - ask_depth_10) / total } else { 0.0 },
        bid_vwap_10: vwap(bids),
        ask_vwap_10: vwap(asks),
        bid_slope: slope(bids),
        ask_slope: slope(asks),
        microprice,
        microprice_deviation_bps: (microprice - mid_price) / mid_price * 10_000.0,
        bid_depth_5bps: below(5.0),
        ask_depth_5bps: above(5.0),
        bid_depth_10bps: below(10.0),
        ask_depth_10bps: above(10.0),
        bid_depth_25bps: below(25.0),
        ask_depth_25bps: above(25.0),
        net_liquidity_change_1s: depth_one_second_ago.map(|before| total - before),
    }
}

/// The quantity of the ten best levels of one side.
#[must_use]
pub fn depth(levels: &[Level]) -> f64 {
    levels.iter().take(DEPTH_LEVELS).map(|level| level.quantity.get()).sum()
}

fn vwap(levels: &[Level]) -> f64 {
    let quantity = depth(levels);
    let notional: f64 =
        levels.iter().take(DEPTH_LEVELS).map(|level| level.price.get() * level.quantity.get()).sum();
    if quantity > 0.0 { notional / quantity } else { 0.0 }
}

fn microprice(bid: &Level, ask: &Level) -> Option<f64> {
    let quantity = bid.quantity.get() + ask.quantity.get();
    let weighted = bid.price.get() * ask.quantity.get() + ask.price.get() * bid.quantity.get();
    (quantity > 0.0).then(|| weighted / quantity)
}

fn quantity_while(levels: &[Level], within: impl Fn(f64) -> bool) -> f64 {
    levels.iter().take_while(|level| within(level.price.get())).map(|level| level.quantity.get()).sum()
}

/// The least-squares slope of quantity on price over the five best levels.
///
/// Distances from the best price stand for the prices themselves: the slope is the same, and squares of 10^5 with a
/// difference in the tenth digit would leave no digit to trust.
fn slope(levels: &[Level]) -> f64 {
    let Some(best) = levels.first() else { return 0.0 };
    if levels.len() < SLOPE_LEVELS {
        return 0.0;
    }
    let (mut n, mut sum_x, mut sum_y, mut products, mut squares) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for level in levels.iter().take(SLOPE_LEVELS) {
        let (x, y) = (level.price.get() - best.price.get(), level.quantity.get());
        n += 1.0;
        sum_x += x;
        sum_y += y;
        products += x * y;
        squares += x * x;
    }
    let denominator = n * squares - sum_x * sum_x;
    if denominator == 0.0 { 0.0 } else { (n * products - sum_x * sum_y) / denominator }
}

#[cfg(test)]
mod tests;
