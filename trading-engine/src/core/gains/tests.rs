use goat::values::Price;
use proptest::prelude::*;

use super::*;
use crate::core::Effect;
use crate::core::cycles::{Cycles, Threshold};

fn at(seq: u64, price: f64) -> Mark {
    let time = UnixMicros::new(1_767_000_000_000_000 + i64::try_from(seq).unwrap() * 1_000_000).unwrap();
    Mark { seq: Seq::new(seq), time, price }
}

/// Folds prices from the first position on; enters at the position `entered`, at `entry`.
fn outcome(prices: &[f64], entered: u64, entry: f64, direction: Direction) -> Outcome {
    let mut cycles = Cycles::new(&[Threshold::from_hundredths(30)]);
    let mut outcome = None;
    for (seq, &price) in (1..).zip(prices) {
        let tick = Tick { seq: Seq::new(seq), time: at(seq, price).time, price: Price::new(price).unwrap() };
        let mut effects = Vec::new();
        cycles.fold(&tick, &mut effects);
        let closed: Vec<Cycle> = effects
            .iter()
            .filter_map(|effect| match effect {
                Effect::CycleClosed(cycle) => Some(*cycle),
                _ => None,
            })
            .collect();
        if let Some(outcome) = &mut outcome {
            Outcome::fold_tick(outcome, &tick, &closed);
        }
        if seq == entered {
            let cycle = cycles.active().next().unwrap().id;
            outcome = Some(Outcome::new(direction, at(seq, entry), cycle));
        }
    }
    outcome.unwrap()
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() < 1e-9
}

#[test]
fn only_prices_after_the_entry_count() {
    let prices = [100.0, 105.0, 104.9, 105.0, 104.8, 104.0, 120.0];

    let gains = outcome(&prices, 3, 104.9, Direction::Long).gains(20.0);

    assert_eq!((gains.best.exit, gains.worst.exit), (at(4, 105.0), at(6, 104.0)));
    let end = gains.at_cycle_end.unwrap();
    assert_eq!(end.exit, at(6, 104.0));
    assert!(is_near(end.percent, (104.0 - 104.9) / 104.9 * 100.0));
    assert!(is_near(end.after_costs_percent, end.percent - 0.2));
    assert_eq!(gains.by_exit_rule, None);
}

#[test]
fn a_short_entry_is_mirrored() {
    let prices = [100.0, 100.2, 99.8];

    let gains = outcome(&prices, 1, 100.0, Direction::Short).gains(0.0);

    assert!(is_near(gains.best.percent, 0.2) && is_near(gains.worst.percent, -0.2));
    assert!(is_near(gains.at_cycle_end.unwrap().percent, 0.2));
}

#[test]
fn while_the_cycle_goes_on_there_is_no_gain_at_its_end() {
    let outcome = outcome(&[100.0, 100.1], 1, 100.0, Direction::Long);

    assert_eq!(outcome.gains(20.0).at_cycle_end, None);
    assert!(is_near(outcome.gains(20.0).best.percent, 0.1));
}

#[test]
fn an_entry_at_the_tick_that_ends_a_cycle_waits_for_the_end_of_the_next() {
    let outcome = outcome(&[100.0, 99.0, 99.2, 98.0], 2, 99.0, Direction::Long);

    assert_eq!(outcome.cycle_end, Some(at(4, 98.0)));
    assert_eq!(outcome.path.highest, at(3, 99.2));
}

#[test]
fn the_first_exit_of_the_rule_stands_and_completes_the_outcome() {
    let mut outcome = outcome(&[100.0, 100.2, 99.0], 1, 100.0, Direction::Long);
    assert!(!outcome.is_complete());

    outcome.left(at(2, 100.2));
    outcome.left(at(9, 50.0));

    assert!(outcome.is_complete());
    let by_rule = outcome.gains(20.0).by_exit_rule.unwrap();
    assert!(is_near(by_rule.percent, 0.2) && is_near(by_rule.after_costs_percent, 0.0));
}

proptest! {
    /// Best and worst bound what the end brought, the path stops at the end, and a state read back is the same.
    #[test]
    fn the_end_lies_between_the_worst_and_the_best(
        cents in prop::collection::vec(9950_u32..10_050, 2..60),
        entered in 0.0_f64..1.0,
        is_short in any::<bool>(),
    ) {
        let prices: Vec<f64> = cents.iter().map(|&cents| f64::from(cents) / 100.0).collect();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
        let entered = 1 + (entered * (prices.len() - 1) as f64) as u64;
        let direction = if is_short { Direction::Short } else { Direction::Long };
        let entry = prices[usize::try_from(entered).unwrap() - 1];
        let outcome = outcome(&prices, entered, entry, direction);
        let gains = outcome.gains(20.0);

        prop_assert!(gains.best.percent >= 0.0 && gains.worst.percent <= 0.0);
        if let Some(end) = gains.at_cycle_end {
            prop_assert!(gains.worst.percent <= end.percent && end.percent <= gains.best.percent);
            prop_assert!(gains.best.exit.seq <= end.exit.seq && gains.worst.exit.seq <= end.exit.seq);
        }
        let read: Outcome = postcard::from_bytes(&postcard::to_stdvec(&outcome).unwrap()).unwrap();
        prop_assert_eq!(read, outcome);
    }
}
