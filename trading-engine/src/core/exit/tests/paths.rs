//! Paths with a known end, and rules that are refused.

use super::*;

use Algorithm::{DualCheck, Locked};
use ExitReason::{MaximumHold, StopLoss, TrailingStop};
use PositionSide::{Long, Short};

/// The first of the prices is the entry; the reason is that of the last one, and all before it hold.
#[test]
fn known_paths_end_as_they_should() {
    let paths: [(Algorithm, PositionSide, &[f64], Option<ExitReason>); 17] = [
        (DualCheck, Long, &[100.0, 100.30, 100.19], Some(TrailingStop)),
        (Locked, Long, &[100.0, 100.30, 100.19], Some(TrailingStop)),
        (DualCheck, Long, &[100.0, 100.30, 100.21], None),
        (Locked, Long, &[100.0, 100.30, 100.21], None),
        (DualCheck, Long, &[100.0, 100.10, 99.95], None),
        (Locked, Long, &[100.0, 100.10, 99.95], None),
        (DualCheck, Long, &[100.0, 100.10, 99.95, 99.94], Some(TrailingStop)),
        (Locked, Long, &[100.0, 100.10, 99.95, 99.94], None),
        // The lock of 0.15 % from above the entry counts below it too.
        (Locked, Long, &[100.0, 100.10, 99.84], Some(StopLoss)),
        (Locked, Long, &[100.0, 99.84], None),
        (DualCheck, Long, &[100.0, 99.81, 99.79], Some(StopLoss)),
        // Both stops are hit: the stop-loss is named.
        (DualCheck, Long, &[100.0, 100.50, 99.0], Some(StopLoss)),
        (DualCheck, Short, &[100.0, 99.70, 99.81], Some(TrailingStop)),
        (Locked, Short, &[100.0, 99.70, 99.81], Some(TrailingStop)),
        (DualCheck, Short, &[100.0, 99.90, 100.04], None),
        (DualCheck, Short, &[100.0, 99.90, 100.04, 100.06], Some(TrailingStop)),
        (DualCheck, Short, &[100.0, 100.19, 100.21], Some(StopLoss)),
    ];
    for (algorithm, side, prices, reason) in paths {
        let (steps, _) = walked(&rules(algorithm), side, prices);

        let (last, before) = steps.split_last().unwrap();
        let decision = reason.map_or(Decision::Hold, Decision::Exit);
        assert_eq!(last.decision, decision, "{algorithm:?} {side:?} {prices:?}");
        assert!(before.iter().all(|step| step.decision == Decision::Hold), "{prices:?}");
    }
}

#[test]
fn a_tolerance_that_was_locked_does_not_loosen() {
    for algorithm in [DualCheck, Locked] {
        let (_, state) = walked(&rules(algorithm), Long, &[100.0, 100.30, 100.25, 100.24]);

        assert_eq!(
            state,
            StopState { best_price: 100.30, tolerance: 0.001, stop_price: 100.30 * (1.0 - 0.001) }
        );
    }
}

/// Binary fractions, so that nothing is rounded: the stop lies exactly at the price.
#[test]
fn a_price_at_the_stop_holds_and_the_next_one_beyond_it_does_not() {
    let exact = UncheckedRules {
        decreases: vec![tier(-1.0, 0.0, 1.0 / 64.0)],
        increases: vec![tier(0.0, 1.0, 1.0 / 32.0)],
        ..unchecked(DualCheck)
    };
    for algorithm in [DualCheck, Locked] {
        let rules = ExitRules::new(UncheckedRules { algorithm, ..exact.clone() }).unwrap();
        for (side, path, stop, beyond, reason) in [
            (Long, vec![128.0], 126.0, f64::next_down(126.0), StopLoss),
            (Short, vec![128.0], 130.0, f64::next_up(130.0), StopLoss),
            (Long, vec![128.0, 256.0], if algorithm == Locked { 252.0 } else { 248.0 }, 0.0, TrailingStop),
        ] {
            let beyond = if beyond == 0.0 { f64::next_down(stop) } else { beyond };
            let last = |price: f64| {
                let prices: Vec<f64> = path.iter().copied().chain([price]).collect();
                walked(&rules, side, &prices).0.last().unwrap().to_owned()
            };

            assert_eq!((last(stop).decision, last(stop).stop_price), (Decision::Hold, stop), "{algorithm:?}");
            assert_eq!(last(beyond).decision, Decision::Exit(reason), "{algorithm:?} {side:?}");
            assert_eq!(last(stop).distance_percent, 0.0);
            assert!(last(beyond).distance_percent < 0.0);
        }
    }
}

#[test]
fn each_raise_of_the_stop_is_reported_with_what_it_came_from() {
    let (steps, _) = walked(&rules(DualCheck), Long, &[100.0, 100.10, 100.05, 100.30, 100.30]);

    let raises: Vec<_> = steps.iter().filter_map(|step| step.raised).collect();
    let told: Vec<_> =
        raises.iter().map(|raise| (raise.seq.get(), raise.best_price, raise.tolerance)).collect();
    assert_eq!(told, [(2, 100.10, 0.0015), (4, 100.30, 0.001)]);
    assert_eq!(raises[0].stop_price, 100.10 * (1.0 - 0.0015));
    assert_eq!(raises[1].stop_price, steps[4].stop_price);
}

#[test]
fn the_shortest_hold_delays_stops_and_nothing_else() {
    let rules = ExitRules::new(UncheckedRules {
        minimum_hold_seconds: 60,
        maximum_hold_seconds: Some(90),
        ..unchecked(DualCheck)
    })
    .unwrap();
    let entry = Entry { side: Long, price: 100.0 };
    let at = |seconds, price| {
        let mut state = StopState::new(&rules, &entry);
        step(&rules, &mut state, &entry, &tick(1, price), Duration::from_millis(seconds)).decision
    };

    assert_eq!(at(59_999, 90.0), Decision::Hold);
    assert_eq!(at(60_000, 90.0), Decision::Exit(StopLoss));
    assert_eq!(at(89_999, 100.0), Decision::Hold);
    assert_eq!(at(90_000, 100.0), Decision::Exit(MaximumHold));
    assert_eq!(at(90_000, 90.0), Decision::Exit(StopLoss));
    for (reason, permitted) in [
        (ExitReason::Manual, true),
        (ExitReason::Halt, true),
        (ExitReason::Mirror, false),
        (TrailingStop, false),
        (MaximumHold, false),
    ] {
        assert_eq!(rules.permit(reason, Duration::ZERO), permitted, "{reason}");
    }
}

/// While the shortest hold lasts the price moves the stop, so that it is hit as soon as it may be.
#[test]
fn the_stop_follows_the_price_while_it_may_not_be_acted_on() {
    let rules = ExitRules::new(UncheckedRules { minimum_hold_seconds: 3, ..unchecked(DualCheck) }).unwrap();

    let (steps, _) = walked(&rules, Long, &[100.0, 100.50, 100.40]);

    assert_eq!(steps[1].decision, Decision::Hold);
    assert_eq!(steps[2].decision, Decision::Exit(TrailingStop));
}

/// The first tier of the list that contains the gain, and where none does, the last.
#[test]
fn overlaps_go_to_the_first_tier_and_gaps_to_the_last() {
    let rules = ExitRules::new(UncheckedRules {
        increases: vec![tier(0.0, 0.002, 0.01), tier(0.001, 0.003, 0.02), tier(0.005, 0.006, 0.03)],
        ..unchecked(DualCheck)
    })
    .unwrap();

    for (gain, tolerance) in [
        (0.0, 0.01),
        (0.0015, 0.01),
        (0.002, 0.02),
        (0.0029, 0.02),
        (0.003, 0.03),
        (0.0055, 0.03),
        (7.0, 0.03),
    ] {
        assert_eq!(rules.increases().tolerance(gain), tolerance, "{gain}");
    }
    assert_eq!(rules.decreases().tolerance(0.0), 0.002);
}

#[test]
fn rules_are_refused_with_the_field_and_the_value() {
    type Spoil = fn(&mut UncheckedRules);
    let spoilt: [(Spoil, &str); 9] = [
        (|rules| rules.decreases.clear(), "decreases must be a list of 1 to 64 tiers, got 0 tiers"),
        (
            |rules| rules.increases = vec![rules.increases[0]; 65],
            "increases must be a list of 1 to 64 tiers, got 65 tiers",
        ),
        (
            |rules| rules.increases[1].tolerance = 0.0,
            "increases[1].tolerance must be a fraction greater than 0 and less than 1, got 0",
        ),
        (
            |rules| rules.increases[2].tolerance = 5.0,
            "increases[2].tolerance must be a fraction greater than 0 and less than 1, got 5",
        ),
        (
            |rules| rules.decreases[0].tolerance = f64::NAN,
            "decreases[0].tolerance must be a fraction greater than 0 and less than 1, got NaN",
        ),
        (
            |rules| rules.decreases[0].from = f64::NEG_INFINITY,
            "decreases[0].from must be a fraction between -999999 and 999999, got -inf",
        ),
        (
            |rules| rules.increases[0].to = 0.0,
            "increases[0].to must be greater than from and at most 999999, got 0",
        ),
        (
            |rules| rules.increases[0].to = f64::NAN,
            "increases[0].to must be greater than from and at most 999999, got NaN",
        ),
        (
            |rules| {
                rules.minimum_hold_seconds = 60;
                rules.maximum_hold_seconds = Some(60);
            },
            "maximum_hold_seconds must be greater than minimum_hold_seconds, got 60",
        ),
    ];
    for (spoil, message) in spoilt {
        let mut rules = unchecked(DualCheck);
        spoil(&mut rules);

        assert_eq!(ExitRules::new(rules.clone()).unwrap_err().to_string(), message);
        let bytes = postcard::to_stdvec(&rules).unwrap();
        assert!(postcard::from_bytes::<ExitRules>(&bytes).is_err(), "bytes of {message}");
    }
}

#[test]
fn the_rules_of_a_play_that_names_none_can_be_used() {
    assert_eq!(ExitRules::new(UncheckedRules::default()).unwrap(), ExitRules::default());
}
