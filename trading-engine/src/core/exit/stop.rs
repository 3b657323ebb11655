//! Where the stop is: the first price at which a position would be left.
//!
//! The formulas of [`super`] decide; here they are solved for the price, so that a price can be compared with one
//! number. Tiers may be written so that a larger fall is tolerated where a smaller one is not. The stop price is
//! then where the first fall begins to count, and what lies beyond it is for the formulas to say.

use goat::event::PositionSide;

use super::rules::{Algorithm, ExitRules};

/// The price that a long must not fall under, and a short not rise over.
///
/// `best_price` is the best since entry, `tolerance` the tightest so far.
pub(super) fn stop_price(
    rules: &ExitRules,
    side: PositionSide,
    entry_price: f64,
    best_price: f64,
    tolerance: f64,
) -> f64 {
    let trailing = match rules.algorithm() {
        Algorithm::DualCheck => dual_check_trailing(side, entry_price, best_price, tolerance),
        Algorithm::Locked => locked_trailing(rules, side, entry_price, best_price, tolerance),
    };
    let cap = match rules.algorithm() {
        Algorithm::DualCheck => 1.0,
        Algorithm::Locked => tolerance,
    };
    let stop_loss = price_at(side, entry_price, stop_loss_gain(rules, cap));
    trailing.map_or(stop_loss, |trailing| nearer(side, trailing, stop_loss))
}

/// The price that lies a fraction on the gaining side of another.
fn price_at(side: PositionSide, price: f64, gain: f64) -> f64 {
    match side {
        PositionSide::Long => price * (1.0 + gain),
        PositionSide::Short => price * (1.0 - gain),
    }
}

/// Of two stops the one that is met first on the way from the best price.
fn nearer(side: PositionSide, one: f64, other: f64) -> f64 {
    match side {
        PositionSide::Long => one.max(other),
        PositionSide::Short => one.min(other),
    }
}

fn dual_check_trailing(side: PositionSide, entry_price: f64, best_price: f64, tolerance: f64) -> Option<f64> {
    let has_gained = (best_price - entry_price).abs() > 0.0;
    has_gained.then(|| price_at(side, best_price, -tolerance))
}

/// The highest gain at which the stop-loss is hit. No tolerance is larger than `cap`.
fn stop_loss_gain(rules: &ExitRules, cap: f64) -> f64 {
    let hit = rules.decreases().pieces().rev().find_map(|piece| {
        let below = piece.to.min(-piece.tolerance.min(cap));
        (below > piece.from).then_some(below)
    });
    // The lowest piece reaches without end, so there is one.
    hit.unwrap_or(-1.0)
}

/// The highest of the gaining prices at which the trailing stop is hit, if it is at any.
fn locked_trailing(
    rules: &ExitRules,
    side: PositionSide,
    entry_price: f64,
    best_price: f64,
    tolerance: f64,
) -> Option<f64> {
    rules.increases().pieces().rev().filter(|piece| piece.to > 0.0).find_map(|piece| {
        let trailing = price_at(side, best_price, -piece.tolerance.min(tolerance));
        let from = price_at(side, entry_price, piece.from.max(0.0));
        let to = price_at(side, entry_price, piece.to);
        let below = match side {
            PositionSide::Long => trailing.min(to),
            PositionSide::Short => trailing.max(to),
        };
        let is_within = match side {
            PositionSide::Long => below > from,
            PositionSide::Short => below < from,
        };
        is_within.then_some(below)
    })
}
