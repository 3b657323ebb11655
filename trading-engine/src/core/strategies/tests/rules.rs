//! What each strategy decides on which bars.

use goat::event::PositionSide;

use super::script::{INTERVAL, START, Script, time};
use crate::core::strategies::indicators::{average_close, relative_strength};
use crate::core::strategies::{Bar, Chosen, Decision, STRATEGIES, Signal, Situation};

fn bars(closes: &[f64]) -> Vec<Bar> {
    let bar = |(number, &close): (i64, &f64)| Bar {
        open_time: time(START + number * INTERVAL),
        open: close,
        high: close,
        low: close,
        close,
        volume: 1.0,
    };
    (0..).zip(closes).map(bar).collect()
}

fn decide(strategy: &str, closes: &[f64], script: Option<&Script>) -> Decision {
    let bars = bars(closes);
    let situation = Situation {
        time: time(START + i64::try_from(closes.len()).unwrap() * INTERVAL),
        holding: script.and_then(|script| script.strategies.instances()[0].holding()),
        closed_at: None,
        opened_today: 0,
    };
    Chosen::named(strategy).unwrap().get().decide(&bars, &situation)
}

fn entered(decision: &Decision) -> Option<PositionSide> {
    match &decision.signal {
        Signal::Enter(entry) => Some(entry.side),
        _ => None,
    }
}

/// The values of the original.
#[test]
fn averages_and_relative_strength_are_the_known_ones() {
    let closes = [
        44.0, 44.34, 44.09, 44.15, 43.61, 44.33, 44.83, 45.10, 45.42, 45.84, 46.08, 45.89, 46.03, 45.61,
        46.28, 46.28, 46.00, 46.03, 46.41, 46.22, 45.64,
    ];
    let bars = bars(&closes);
    for (count, expected) in [(15, 72.440_945), (16, 70.464_135), (18, 69.831_224), (21, 59.806_295)] {
        let rsi = relative_strength(&bars[..count], 14).unwrap();
        assert!((rsi - expected).abs() < 5e-7, "after {count}: {rsi}");
    }
    assert_eq!(relative_strength(&bars[..14], 14), None);
    assert!((average_close(&bars, 7).unwrap() - 46.122_857).abs() < 5e-7);
    assert_eq!(average_close(&bars, 22), None);
}

#[test]
fn relative_strength_at_its_ends_is_a_value() {
    assert_eq!(relative_strength(&bars(&[7.0; 15]), 14), Some(50.0));
    let rising: Vec<f64> = (0..15).map(f64::from).collect();
    let falling: Vec<f64> = (0..15).rev().map(f64::from).collect();
    assert_eq!(relative_strength(&bars(&rising), 14), Some(100.0));
    assert_eq!(relative_strength(&bars(&falling), 14), Some(0.0));
}

#[test]
fn names_are_unique_and_every_strategy_waits_for_enough_bars() {
    for (number, strategy) in STRATEGIES.iter().enumerate() {
        assert!(STRATEGIES[..number].iter().all(|other| other.name() != strategy.name()));
        let enough: Vec<f64> = vec![100.0; strategy.candles()];
        let too_few = decide(strategy.name(), &enough[1..], None);
        assert_eq!((too_few.reason.as_ref(), too_few.signal), ("too few candles", Signal::Nothing));
        assert_ne!(decide(strategy.name(), &enough, None).reason, "too few candles");
    }
}

/// Alternating closes and what comes after them.
fn after_swing(last: &[f64]) -> Vec<f64> {
    let swing = (0..27).map(|number| if number % 2 == 0 { 100.0 } else { 100.2 });
    swing.chain(last.iter().copied()).collect()
}

#[test]
fn ma_rsi_enters_at_a_crossing_below_70_and_nowhere_else() {
    let rising: Vec<f64> = (0..26).map(|number| 100.0 + f64::from(number)).collect();
    let drop_then_rise: Vec<f64> =
        (0..20).map(|_| 100.0).chain([99.0, 98.0, 98.0, 98.0, 98.0, 98.0, 130.0]).collect();
    let cases: [(&str, Vec<f64>, Option<PositionSide>); 5] = [
        ("crosses", after_swing(&[101.0]), Some(PositionSide::Long)),
        ("was above before", after_swing(&[101.0, 101.0]), None),
        ("falls", after_swing(&[99.0]), None),
        ("rises without a pause: overbought", rising, None),
        ("crosses overbought", drop_then_rise, None),
    ];
    for (name, closes, expected) in cases {
        assert_eq!(entered(&decide("ma_rsi", &closes, None)), expected, "{name}");
    }
}

#[test]
fn ma_rsi_enters_with_its_fraction_stop_and_target() {
    let Signal::Enter(entry) = decide("ma_rsi", &after_swing(&[101.0]), None).signal else {
        panic!("no entry");
    };
    assert_eq!((entry.fraction, entry.stop_percent, entry.target_percent), (0.30, 2.0, Some(6.0)));
}

#[test]
fn ma_rsi_relaxed_needs_no_crossing_where_the_averages_are_apart() {
    // A rise that has come half back: RSI below 70, SMA 7 well above SMA 25.
    let closes = after_swing(&[103.0, 101.0, 103.0, 101.0, 103.0, 101.0, 102.0]);
    assert_eq!(entered(&decide("ma_rsi", &closes, None)), None);
    let relaxed = decide("ma_rsi_relaxed", &closes, None);
    assert_eq!(entered(&relaxed), Some(PositionSide::Long));
    assert_eq!(relaxed.reason, "SMA 7 is more than 0.5 % above SMA 25");
}

#[test]
fn ma_rsi_leaves_below_whenever_the_crossing_was() {
    let held = Script::long();
    assert_eq!(decide("ma_rsi", &after_swing(&[101.0]), Some(&held)).signal, Signal::Nothing);
    let long_below = after_swing(&[99.0, 99.0, 99.0]);
    assert_eq!(decide("ma_rsi", &long_below, Some(&held)).signal, Signal::Leave("SIGNAL".into()));
}

#[test]
fn professional_trades_both_ways_with_three_confirmations() {
    let swing = |drift: f64| -> Vec<f64> {
        (0..51_i32).map(|number| 100.0 + drift * f64::from(number) + f64::from(number % 2) * 0.3).collect()
    };
    let up = decide("professional", &swing(0.02), None);
    assert_eq!((entered(&up), up.reason.as_ref()), (Some(PositionSide::Long), "TREND_CONTINUATION"));
    // The mirror of it, to the last change.
    let mirrored: Vec<f64> = swing(0.02).iter().map(|close| 200.0 - close).collect();
    let down = decide("professional", &mirrored, None);
    assert_eq!((entered(&down), down.reason.as_ref()), (Some(PositionSide::Short), "DOWNTREND_CONTINUATION"));
    // Without RSI and volume structure and trend are two.
    assert_eq!(entered(&decide("professional", &swing(1.0), None)), None);
}

#[test]
fn donchian_breaks_out_of_the_bars_before() {
    let mut closes = vec![100.0; 20];
    closes.push(100.0);
    assert_eq!(entered(&decide("donchian", &closes, None)), None);
    closes[20] = 100.1;
    assert_eq!(entered(&decide("donchian", &closes, None)), Some(PositionSide::Long));
    closes[20] = 99.9;
    assert_eq!(decide("donchian", &closes, Some(&Script::long())).signal, Signal::Leave("SIGNAL".into()));
}
