//! A jump waits for the next tick to confirm it.

use std::collections::BTreeMap;

use goat::event::TokenPrice;
use goat::values::{Price, Symbol};

/// What becomes of a price.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// It is passed on.
    Emit,
    /// It jumped too far from `from` to be believed at once.
    Hold {
        /// The last price that was believed.
        from: Price,
        /// How far it jumped.
        percent: f64,
    },
}

#[derive(Debug, Clone, Copy)]
struct Known {
    believed: Price,
    held: Option<Price>,
}

/// The last prices, by token.
#[derive(Debug)]
pub struct Confirmation {
    max_jump_percent: f64,
    known: BTreeMap<Symbol, Known>,
}

impl Confirmation {
    /// Holds jumps above `max_jump_percent`.
    #[must_use]
    pub fn new(max_jump_percent: f64) -> Self {
        Self { max_jump_percent, known: BTreeMap::new() }
    }

    /// Judges the next price of a token.
    ///
    /// A held price is never passed on itself: the next one is, when it lies as near to the held one as a tick
    /// may, and the held one is forgotten.
    pub fn judge(&mut self, price: &TokenPrice) -> Verdict {
        let fresh = Known { believed: price.price, held: None };
        let Some(known) = self.known.get_mut(&price.token) else {
            self.known.insert(price.token, fresh);
            return Verdict::Emit;
        };
        let percent = jump_percent(known.believed, price.price);
        let confirmed =
            known.held.is_some_and(|held| jump_percent(held, price.price) <= self.max_jump_percent);
        if percent <= self.max_jump_percent || confirmed {
            *known = fresh;
            return Verdict::Emit;
        }
        known.held = Some(price.price);
        Verdict::Hold { from: known.believed, percent }
    }
}

fn jump_percent(from: Price, to: Price) -> f64 {
    (to.get() / from.get() - 1.0).abs() * 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn emitted(prices: &[f64]) -> Vec<f64> {
        let mut confirmation = Confirmation::new(10.0);
        let token = Symbol::parse("SOL").unwrap();
        let tick = |price: &&f64| TokenPrice { token, price: Price::new(**price).unwrap(), block_id: 0 };
        prices.iter().filter(|price| confirmation.judge(&tick(price)) == Verdict::Emit).copied().collect()
    }

    #[test]
    fn a_jump_is_passed_on_by_the_tick_that_confirms_it() {
        assert_eq!(emitted(&[100.0, 150.0, 151.0, 152.0]), [100.0, 151.0, 152.0]);
    }

    #[test]
    fn a_jump_that_is_taken_back_is_never_passed_on() {
        assert_eq!(emitted(&[100.0, 1.0, 100.5]), [100.0, 100.5]);
    }

    #[test]
    fn two_different_jumps_do_not_confirm_each_other() {
        assert_eq!(emitted(&[100.0, 150.0, 50.0, 51.0]), [100.0, 51.0]);
    }

    #[test]
    fn moves_within_the_limit_pass_at_once() {
        assert_eq!(emitted(&[100.0, 109.0, 99.0]), [100.0, 109.0, 99.0]);
    }
}
