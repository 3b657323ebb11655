//! What holds for all rules and all paths.

use proptest::prelude::*;

use super::*;

const ENTRY_PRICE: f64 = 100.0;

fn side() -> impl Strategy<Value = PositionSide> {
    prop_oneof![Just(PositionSide::Long), Just(PositionSide::Short)]
}

/// Tiers in hundredths of a percent that may overlap, leave gaps, and stand in any order.
fn tiers() -> impl Strategy<Value = Vec<Tier>> {
    let one = (-60_i32..60, 1_i32..60, 1_i32..60).prop_map(|(from, width, tolerance)| {
        tier(f64::from(from) * 1e-4, f64::from(from + width) * 1e-4, f64::from(tolerance) * 1e-4)
    });
    prop::collection::vec(one, 1..5)
}

fn any_rules() -> impl Strategy<Value = ExitRules> {
    let algorithm = prop_oneof![Just(Algorithm::DualCheck), Just(Algorithm::Locked)];
    (algorithm, tiers(), tiers(), 0_u32..4, prop::option::of(40_u32..80)).prop_map(
        |(algorithm, decreases, increases, minimum_hold_seconds, maximum_hold_seconds)| {
            let rules = UncheckedRules {
                algorithm,
                decreases,
                increases,
                minimum_hold_seconds,
                maximum_hold_seconds,
                mirror: false,
            };
            ExitRules::new(rules).unwrap()
        },
    )
}

/// Prices around the entry's, to the cent or as they come, as venues and aggregators have them.
fn prices() -> impl Strategy<Value = Vec<f64>> {
    let to_the_cent = (9920_i32..10080).prop_map(|cents| f64::from(cents) / 100.0);
    prop::collection::vec(prop_oneof![to_the_cent, 99.0_f64..101.0], 1..60)
}

fn chosen(tiers: &[Tier], gain: f64) -> f64 {
    let found = tiers.iter().find(|tier| tier.from <= gain && gain < tier.to);
    found.unwrap_or(tiers.last().unwrap()).tolerance
}

/// The algorithms as they are written down, on best price and tolerance alone.
fn by_the_book(
    rules: &UncheckedRules,
    side: PositionSide,
    best: &mut f64,
    lock: &mut f64,
    price: f64,
) -> Option<ExitReason> {
    let sign = if side == PositionSide::Long { 1.0 } else { -1.0 };
    let change = |from: f64, to: f64| sign * (to - from) / from;
    if sign * price > sign * *best {
        *best = price;
    }
    let gain = change(ENTRY_PRICE, price);
    let drop = change(*best, price);
    if rules.algorithm == Algorithm::Locked {
        let tiers = if gain > 0.0 { &rules.increases } else { &rules.decreases };
        *lock = lock.min(chosen(tiers, gain));
        let is_hit = if gain > 0.0 { drop < -*lock } else { gain < -*lock };
        let reason = if gain > 0.0 { ExitReason::TrailingStop } else { ExitReason::StopLoss };
        return is_hit.then_some(reason);
    }
    *lock = lock.min(chosen(&rules.increases, change(ENTRY_PRICE, *best)));
    if gain < -chosen(&rules.decreases, gain) {
        return Some(ExitReason::StopLoss);
    }
    (change(ENTRY_PRICE, *best) > 0.0 && drop < -*lock).then_some(ExitReason::TrailingStop)
}

/// Prices at which rounding could make the stop price and the formula differ, and some others.
fn near(stop_price: f64) -> [f64; 9] {
    let (up, down) = (f64::next_up(stop_price), f64::next_down(stop_price));
    let factors = [1.0 - 1e-9, 1.0 + 1e-9, 1.0 - 1e-13, 1.0 + 1e-13].map(|factor| stop_price * factor);
    [
        stop_price,
        up,
        down,
        f64::next_up(up),
        factors[0],
        factors[1],
        factors[2],
        factors[3],
        stop_price * 1.01,
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A step decides as the formulas do, at every price and to the last bit, and leaves the same state; where it is
    /// quiet it leaves everything as it was.
    #[test]
    fn a_step_equals_the_formula_and_what_is_quiet_changes_nothing(rules in any_rules(), side in side(), prices in prices()) {
        let entry = Entry { side, price: ENTRY_PRICE };
        let mut state = StopState::new(&rules, &entry);
        let (mut best, mut lock) = (ENTRY_PRICE, 1.0);
        for (seq, price) in (1..).zip(prices) {
            let held = Duration::from_secs(seq);
            for probed in near(state.stop_price).into_iter().chain([price]) {
                let (mut probe, mut best, mut lock) = (state, best, lock);
                let seen = step(&rules, &mut probe, &entry, &tick(seq, probed), held);
                let hit = by_the_book(rules.get(), side, &mut best, &mut lock, probed);

                let permitted = |reason: &ExitReason| rules.permit(*reason, held);
                let reason = hit.filter(permitted).or(Some(ExitReason::MaximumHold).filter(permitted));
                prop_assert_eq!(seen.decision, reason.map_or(Decision::Hold, Decision::Exit), "at {}", probed);
                prop_assert_eq!((probe.best_price, probe.tolerance), (best, lock), "at {}", probed);
                let opened_at = UnixMicros::default();
                if state.quiet(&rules, &entry, opened_at).holds(opened_at.plus(held), probed) {
                    prop_assert_eq!((seen.decision, seen.raised), (Decision::Hold, None), "at {}", probed);
                    prop_assert_eq!(probe, state, "at {}", probed);
                }
            }
            step(&rules, &mut state, &entry, &tick(seq, price), held);
            by_the_book(rules.get(), side, &mut best, &mut lock, price);
        }
    }

    /// Just beyond the stop price the position is left, just before it it is not.
    #[test]
    fn the_stop_price_is_where_the_position_is_left(rules in any_rules(), side in side(), prices in prices()) {
        let rules = ExitRules::new(UncheckedRules {
            minimum_hold_seconds: 0,
            maximum_hold_seconds: None,
            ..rules.get().clone()
        }).unwrap();
        let entry = Entry { side, price: ENTRY_PRICE };
        let mut state = StopState::new(&rules, &entry);
        for (seq, price) in (1..).zip(prices) {
            let outward = if side == PositionSide::Long { -1e-9 } else { 1e-9 };
            for (factor, is_left) in [(1.0 + outward, true), (1.0 - outward, false)] {
                let mut probe = state;
                let probed = tick(seq, state.stop_price * factor);
                let seen = step(&rules, &mut probe, &entry, &probed, Duration::ZERO);
                prop_assert_eq!(seen.decision != Decision::Hold, is_left, "{:?}", state);
            }
            step(&rules, &mut state, &entry, &tick(seq, price), Duration::ZERO);
        }
    }

    /// The stop of a long never falls and that of a short never rises; each move is a raise, reported once.
    #[test]
    fn the_stop_only_comes_nearer(rules in any_rules(), side in side(), prices in prices()) {
        let entry = Entry { side, price: ENTRY_PRICE };
        let mut state = StopState::new(&rules, &entry);
        for (seq, price) in (1..).zip(prices) {
            let before = state;
            let step = step(&rules, &mut state, &entry, &tick(seq, price), Duration::ZERO);

            let moved = state.stop_price - before.stop_price;
            let is_nearer = if side == PositionSide::Long { moved >= 0.0 } else { moved <= 0.0 };
            prop_assert!(is_nearer);
            prop_assert!(state.tolerance <= before.tolerance);
            prop_assert_eq!(step.raised.is_some(), moved != 0.0);
            if let Some(raise) = step.raised {
                let told = StopState {
                    best_price: raise.best_price,
                    tolerance: raise.tolerance,
                    stop_price: raise.stop_price,
                };
                prop_assert_eq!((told, raise.seq.get(), raise.price), (state, seq, price));
            }
        }
    }

    /// A short gains and loses on a path as a long does on its reflection at the entry price. Binary fractions, so
    /// that nothing is rounded; the trailing stop, which refers to the best price, is wide open.
    #[test]
    fn a_short_is_stopped_as_a_long_on_the_reflected_path(
        decreases in tiers(),
        steps in prop::collection::vec(-64_i32..64, 1..60),
    ) {
        let rules = ExitRules::new(UncheckedRules {
            decreases,
            increases: vec![tier(0.0, 1.0, 0.99)],
            ..UncheckedRules::default()
        }).unwrap();
        let path = |sign: f64| -> Vec<f64> {
            let later = steps.iter().map(|&step| 128.0 + sign * f64::from(step) / 64.0);
            std::iter::once(128.0).chain(later).collect()
        };

        let (long, _) = walked(&rules, PositionSide::Long, &path(1.0));
        let (short, _) = walked(&rules, PositionSide::Short, &path(-1.0));

        for (long, short) in long.iter().zip(&short) {
            prop_assert_eq!(long.decision, short.decision);
            prop_assert!((long.stop_price - 128.0 + short.stop_price - 128.0).abs() < 1e-9);
        }
    }

    /// After the same best gain, the same part of the best price given back means the same for long and short.
    #[test]
    fn a_short_trails_as_a_long(rules in any_rules(), gain in 1_i32..64, fall in 0_i32..64) {
        let rules = ExitRules::new(UncheckedRules {
            algorithm: Algorithm::DualCheck,
            decreases: vec![tier(-1.0, 0.0, 0.99)],
            ..rules.get().clone()
        }).unwrap();
        let path = |sign: f64| {
            let best = 4096.0 + sign * f64::from(gain);
            // A binary fraction of the best price, so that what is given back is the same number.
            [4096.0, best, best - sign * best * f64::from(fall) / 4096.0]
        };

        let (long, long_state) = walked(&rules, PositionSide::Long, &path(1.0));
        let (short, short_state) = walked(&rules, PositionSide::Short, &path(-1.0));

        prop_assert_eq!(long[2].decision, short[2].decision);
        prop_assert_eq!(long_state.tolerance, short_state.tolerance);
    }

    /// Rules and state survive as bytes, and equal ones have equal bytes.
    #[test]
    fn rules_and_state_survive_as_bytes(rules in any_rules(), side in side(), prices in prices()) {
        let (_, state) = walked(&rules, side, &prices);

        let bytes = postcard::to_stdvec(&(&rules, &state)).unwrap();
        let read: (ExitRules, StopState) = postcard::from_bytes(&bytes).unwrap();

        prop_assert_eq!(&read, &(rules, state));
        prop_assert_eq!(postcard::to_stdvec(&read).unwrap(), bytes);
    }
}
