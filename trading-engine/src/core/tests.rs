#![allow(
    clippy::float_cmp,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

use goat::event::{Observation, Payload, Source, TokenPrice, Venue};
use goat::values::{Price, Seq, Symbol, UnixMicros};
use proptest::prelude::*;

use super::cycles::{Cycle, Threshold};
use super::market::PricingBook;
use super::{Effect, Engine, Plan};
use crate::snapshot;

const THRESHOLDS: [u32; 7] = [20, 25, 30, 35, 40, 45, 50];

fn plan() -> Plan {
    Plan {
        cycle_token: Symbol::parse("SOL").unwrap(),
        cycle_thresholds: THRESHOLDS.map(Threshold::from_hundredths).to_vec(),
        entry_threshold: Threshold::from_hundredths(30),
        book: PricingBook { venue: Venue::Binance, symbol: Symbol::parse("SOLUSDT").unwrap() },
    }
}

fn tick(token: &str, millis: i64, price: f64) -> Observation {
    let time = UnixMicros::new(1_767_000_000_000_000 + millis * 1000).unwrap();
    let price =
        TokenPrice { token: Symbol::parse(token).unwrap(), price: Price::new(price).unwrap(), block_id: 0 };
    Observation {
        event_time: time,
        received_time: time,
        source: Source::Replay,
        source_position: 0,
        payload: Payload::Price(price),
    }
}

fn fold(engine: &mut Engine, first_seq: u64, events: &[Observation]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (seq, event) in (first_seq..).zip(events) {
        engine.handle(Seq::new(seq), event, &mut effects);
    }
    effects
}

fn folded(prices: &[f64]) -> (Engine, Vec<Effect>) {
    let events: Vec<_> =
        (0..).zip(prices).map(|(second, &price)| tick("SOL", second * 1000, price)).collect();
    let mut engine = Engine::new(plan(), Seq::ZERO);
    let effects = fold(&mut engine, 1, &events);
    (engine, effects)
}

fn closed(effects: &[Effect], hundredths: u32) -> Vec<Cycle> {
    let of_threshold = |effect: &Effect| match effect {
        Effect::CycleClosed(cycle) if cycle.id.threshold.hundredths() == hundredths => Some(*cycle),
        _ => None,
    };
    effects.iter().filter_map(of_threshold).collect()
}

/// Walks of small steps with now and then a larger one, as prices go; times may stand still or go back.
fn walk() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let step = (-1500_i64..8000, prop_oneof![4 => -0.0008_f64..0.0008, 1 => -0.006_f64..0.006]);
    prop::collection::vec(step, 1..300).prop_map(|steps| {
        let (mut millis, mut price) = (0, 125.0);
        let walked = steps.into_iter().map(|(wait, change)| {
            millis += wait;
            price *= 1.0 + change;
            (millis, price)
        });
        walked.collect()
    })
}

fn events_of(walk: &[(i64, f64)]) -> Vec<Observation> {
    walk.iter().map(|&(millis, price)| tick("SOL", millis, price)).collect()
}

#[test]
fn a_fall_of_exactly_the_threshold_ends_the_cycle() {
    let (engine, effects) = folded(&[100.0, 99.51, 99.5]);

    let ended = closed(&effects, 50);
    assert_eq!(ended.len(), 1);
    assert_eq!(
        (ended[0].id.to_string().as_str(), ended[0].data_points, ended[0].end.unwrap().seq.get()),
        ("50.1", 2, 3)
    );
    let active = engine.cycles().active().last().unwrap();
    assert_eq!((active.id.to_string().as_str(), active.data_points, active.start_price), ("50.3", 1, 99.5));
}

#[test]
fn the_tick_that_ends_a_cycle_leaves_no_mark_on_it() {
    let (_, effects) = folded(&[100.0, 99.9, 100.1, 90.0]);

    let cycle = closed(&effects, 50)[0];
    assert_eq!((cycle.lowest_price, cycle.highest_price, cycle.data_points), (99.9, 100.1, 3));
    assert_eq!(cycle.max_percent_increase, (100.1 - 100.0) / 100.0 * 100.0);
    assert_eq!(cycle.max_percent_increase_from_lowest, (100.1 - 99.9) / 99.9 * 100.0);
}

#[test]
fn a_silence_is_recorded_on_the_cycle_that_it_lies_in() {
    let events = [
        tick("SOL", 0, 100.0),
        tick("SOL", 1000, 100.0),
        tick("SOL", 802_000, 90.0),
        tick("SOL", 803_500, 90.0),
    ];
    let mut engine = Engine::new(plan(), Seq::ZERO);

    let effects = fold(&mut engine, 1, &events);

    assert_eq!(closed(&effects, 20)[0].longest_gap_ms, 801_000);
    assert!(engine.cycles().active().all(|cycle| cycle.longest_gap_ms == 1500));
}

#[test]
fn other_tokens_only_move_the_cursor() {
    let mut engine = Engine::new(plan(), Seq::new(6));

    let effects = fold(&mut engine, 7, &[tick("BTC", 0, 90_000.0), tick("ETH", 500, 3000.0)]);

    assert!(effects.iter().all(|effect| matches!(effect, Effect::HourBegan(_))), "{effects:?}");
    assert_eq!(engine.cursor().seq.get(), 8);
    assert_eq!(engine.cursor().event_time(), Some(tick("ETH", 500, 1.0).event_time));
}

#[test]
fn each_tick_is_analyzed_once_for_each_threshold() {
    let (_, effects) = folded(&[100.0, 99.0, 99.1]);

    let analyzed = effects.iter().filter(|effect| matches!(effect, Effect::PriceAnalyzed(_))).count();
    assert_eq!(analyzed, 3 * THRESHOLDS.len());
}

#[test]
fn a_threshold_is_a_whole_number_of_hundredths_of_a_percent() {
    assert_eq!(Threshold::from_percent(0.35).map(Threshold::hundredths), Some(35));
    assert_eq!(Threshold::from_percent(0.35).map(Threshold::percent), Some(0.35));
    for refused in [0.0, -0.2, 0.225, f64::NAN, 51.0] {
        assert_eq!(Threshold::from_percent(refused), None, "{refused}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Each cycle begins at the tick that ended the one before, and exactly one a threshold is active.
    #[test]
    fn cycles_of_one_threshold_tile(walk in walk()) {
        let events = events_of(&walk);
        let mut engine = Engine::new(plan(), Seq::ZERO);
        let effects = fold(&mut engine, 1, &events);

        for (track, hundredths) in engine.cycles().tracks().iter().zip(THRESHOLDS) {
            let mut cycles = closed(&effects, hundredths);
            prop_assert_eq!(track.closed as usize, cycles.len());
            cycles.push(track.active.unwrap());
            prop_assert_eq!(cycles[0].id.start_seq.get(), 1);
            for pair in cycles.windows(2) {
                let end = pair[0].end.unwrap();
                prop_assert_eq!((end.seq, end.time), (pair[1].id.start_seq, pair[1].start_time));
            }
            let ticks: u32 = cycles.iter().map(|cycle| cycle.data_points).sum();
            prop_assert_eq!(ticks as usize, events.len());
            prop_assert!(cycles.last().unwrap().is_active());
        }
    }

    /// A larger fall ends at most as many cycles as a smaller one.
    #[test]
    fn a_larger_threshold_never_has_more_cycles(walk in walk()) {
        let mut engine = Engine::new(plan(), Seq::ZERO);
        fold(&mut engine, 1, &events_of(&walk));

        let counts: Vec<u32> = engine.cycles().tracks().iter().map(|track| track.closed).collect();
        prop_assert!(counts.is_sorted_by(|smaller, larger| smaller >= larger), "{:?}", counts);
    }

    /// Peak, low and draw-up are those of the cycle's own ticks, looked at one by one.
    #[test]
    fn the_draw_up_is_the_running_maximum_over_the_low_before_it(walk in walk()) {
        let mut engine = Engine::new(plan(), Seq::ZERO);
        let effects = fold(&mut engine, 1, &events_of(&walk));

        for hundredths in THRESHOLDS {
            for cycle in closed(&effects, hundredths) {
                let (from, to) = (cycle.id.start_seq.get() as usize - 1, cycle.end.unwrap().seq.get() as usize - 1);
                let prices: Vec<f64> = walk[from..to].iter().map(|&(_, price)| price).collect();
                let draw_up = (0..prices.len()).map(|at| {
                    let lowest = prices[..=at].iter().copied().fold(f64::INFINITY, f64::min);
                    (prices[at] - lowest) / lowest * 100.0
                });
                prop_assert_eq!(cycle.max_percent_increase_from_lowest, draw_up.fold(0.0, f64::max));
                prop_assert_eq!(cycle.highest_price, prices.iter().copied().fold(0.0, f64::max));
                prop_assert_eq!(cycle.lowest_price, prices.iter().copied().fold(f64::INFINITY, f64::min));
                let ending = walk[to].1;
                let fall = (ending - cycle.highest_price) / cycle.highest_price * 100.0;
                prop_assert!(fall <= -cycle.id.threshold.percent());
            }
        }
    }

    /// A state written out in the middle and read back leads to the same end.
    #[test]
    fn folding_in_two_halves_equals_folding_whole(walk in walk(), cut in 0.0_f64..1.0) {
        let events = events_of(&walk);
        let mut whole = Engine::new(plan(), Seq::ZERO);
        let effects = fold(&mut whole, 1, &events);

        let middle = (events.len() as f64 * cut) as usize;
        let mut first = Engine::new(plan(), Seq::ZERO);
        let mut halves = fold(&mut first, 1, &events[..middle]);
        let mut second = snapshot::decode(&snapshot::encode(&first).unwrap()).unwrap();
        halves.extend(fold(&mut second, 1 + middle as u64, &events[middle..]));

        prop_assert_eq!(effects, halves);
        prop_assert_eq!(snapshot::state_hash(&whole).unwrap(), snapshot::state_hash(&second).unwrap());
    }
}
