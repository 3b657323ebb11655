#![allow(clippy::float_cmp)]

mod laws;
mod paths;

use std::time::Duration;

use goat::event::PositionSide;
use goat::values::{Price, Seq, UnixMicros};

use super::*;
use crate::core::cycles::Tick;

fn tier(from: f64, to: f64, tolerance: f64) -> Tier {
    Tier { from, to, tolerance }
}

/// A stop of 0.2 %, trailing 0.15 % to a gain of 0.25 %, 0.1 % to 0.4 % and 0.05 % above.
fn unchecked(algorithm: Algorithm) -> UncheckedRules {
    UncheckedRules {
        algorithm,
        decreases: vec![tier(-999_999.0, 0.0, 0.002)],
        increases: vec![tier(0.0, 0.0025, 0.0015), tier(0.0025, 0.004, 0.001), tier(0.004, 0.5, 0.0005)],
        ..UncheckedRules::default()
    }
}

fn rules(algorithm: Algorithm) -> ExitRules {
    ExitRules::new(unchecked(algorithm)).unwrap()
}

fn tick(seq: u64, price: f64) -> Tick {
    Tick { seq: Seq::new(seq), time: UnixMicros::default(), price: Price::new(price).unwrap() }
}

/// The steps of a position that is entered at the first price and sees all of them.
fn walked(rules: &ExitRules, side: PositionSide, prices: &[f64]) -> (Vec<StopStep>, StopState) {
    let entry = Entry { side, price: prices[0] };
    let mut state = StopState::new(rules, &entry);
    let steps = (1..)
        .zip(prices)
        .map(|(seq, &price)| step(rules, &mut state, &entry, &tick(seq, price), Duration::from_secs(seq)));
    (steps.collect(), state)
}
