use goat::event::PositionSide;

use super::script::{Script, play};
use crate::core::command::Order;
use crate::core::exit::ExitReason;
use crate::core::gate::Gate;
use crate::core::play::{Bundle, PlayId};
use crate::core::shadows::{REJECTED_MAX, SAMPLE_SECONDS, SAMPLES_MAX, Shadow, ShadowKind};

fn rejected(script: &Script) -> Vec<Shadow> {
    script.shadows().into_iter().filter(|shadow| shadow.kind != ShadowKind::Sample).collect()
}

/// A play that turns every candidate away at the bundle.
fn picky() -> Script {
    let mut script = Script::with(play());
    script.change_play(|play| play.bundle = Some(Bundle { wallets: 2, seconds: 5 }));
    script
}

#[test]
fn what_a_gate_turned_away_is_followed_to_its_exit_and_the_end_of_its_cycle() {
    let mut script = picky();
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    // Due at 1.25 s: not at the tick of that moment.
    script.price(1_250, 101.0);
    script.price(2_000, 100.0);
    script.price(3_000, 100.5);
    script.price(4_000, 99.5);
    assert!(rejected(&script).is_empty());
    script.price(5_000, 99.4);

    let shadow = rejected(&script).pop().unwrap();
    let outcome = &shadow.outcome;
    assert_eq!(shadow.kind, ShadowKind::Rejected(Gate::Bundle));
    assert_eq!(shadow.id, script.decisions()[0].id);
    assert_eq!(shadow.reason, ExitReason::StopLoss);
    assert_eq!((outcome.path.entry.price, outcome.path.highest.price), (100.0 * 1.0005, 100.5));
    assert_eq!(outcome.exit.unwrap().price, 99.4 * 0.9995);
    assert_eq!(outcome.cycle_end.unwrap().price, 99.5);
    let gain = outcome.gains(shadow.cost_bps).by_exit_rule.unwrap();
    assert!((gain.percent - gain.after_costs_percent - 0.2).abs() < 1e-12);
    assert_eq!(script.engine.desk().positions().len(), 0);
    assert_eq!(script.engine.desk().account().equity(), script.engine.desk().account().start());
}

#[test]
fn a_wallet_that_is_not_followed_casts_no_shadow_and_an_entry_none_either() {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    script.buy(1_000, "nobody", "one");
    script.buy(1_001, "alice", "two");
    assert_eq!(script.engine.desk().shadows().counts().rejected, 0);
    script.buy(1_002, "bob", "three");
    assert_eq!(script.engine.desk().shadows().counts().rejected, 1);
}

#[test]
fn an_active_play_is_sampled_at_its_pace_and_an_inactive_one_is_not() {
    let mut script = Script::with(play());
    let mut other = play();
    (other.id, other.active) = (PlayId::new("other").unwrap(), false);
    script.order(Order::SavePlay(Box::new(other)));
    for second in 0..=4 * SAMPLE_SECONDS {
        script.price(second * 1_000, 100.0);
    }
    let counts = script.engine.desk().shadows().counts();
    assert_eq!((counts.samples, counts.rejected), (5, 0));

    script.price(130_000, 101.0);
    script.price(131_000, 99.0);
    script.price(132_000, 99.0);
    let shadows = script.shadows();
    assert_eq!(shadows.len(), 5);
    assert!(shadows.iter().all(|shadow| shadow.kind == ShadowKind::Sample && shadow.id.play == play().id));
}

#[test]
fn a_short_play_has_short_shadows() {
    let mut script = picky();
    script.change_play(|play| play.side = PositionSide::Short);
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    for (millis, price) in [(2_000, 100.0), (3_000, 99.0), (4_000, 99.4), (5_000, 99.4)] {
        script.price(millis, price);
    }
    let shadow = rejected(&script).pop().unwrap();
    assert!(shadow.outcome.gains(shadow.cost_bps).by_exit_rule.unwrap().after_costs_percent > 0.0);
    assert_eq!(shadow.outcome.path.entry.price, 100.0 * 0.9995);
}

#[test]
fn a_shadow_of_a_play_that_mirrors_leaves_with_its_wallet() {
    for mirror in [false, true] {
        let mut script = picky();
        script.change_exit(|rules| rules.mirror = mirror);
        script.price(0, 100.0);
        script.buy(1_000, "alice", "one");
        script.price(2_000, 100.0);
        script.sell(3_000, "bob");
        script.sell(3_001, "alice");
        for (millis, price) in [(4_000, 100.0), (5_000, 99.0), (6_000, 99.0)] {
            script.price(millis, price);
        }
        let reason = rejected(&script).pop().unwrap().reason;
        assert_eq!(reason == ExitReason::Mirror, mirror);
    }
}

#[test]
fn an_entry_for_which_no_price_comes_is_given_up_and_counted() {
    let mut script = picky();
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(31_000, 100.0);
    let counts = script.engine.desk().shadows().counts();
    // The sample of the first tick waited as long.
    assert_eq!((counts.rejected, counts.missed), (0, 2));
}

#[test]
fn changed_rules_leave_a_shadow_to_those_it_began_with() {
    let mut script = picky();
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    script.change_exit(|rules| rules.decreases[0].tolerance = 0.5);
    script.price(3_000, 99.0);
    script.price(4_000, 99.0);
    let shadow = rejected(&script).pop().unwrap();
    assert_eq!((shadow.play_version, shadow.reason), (2, ExitReason::StopLoss));
}

#[test]
fn no_more_are_followed_than_there_is_room_for_and_the_rest_is_counted() {
    let mut script = picky();
    script.price(0, 100.0);
    for number in 0..i64::from(REJECTED_MAX) + 7 {
        script.buy(1_000, "alice", &format!("s{number}"));
    }
    let counts = script.engine.desk().shadows().counts();
    assert_eq!((counts.rejected, counts.overflowed), (REJECTED_MAX, 7));

    for sample in 1..i64::from(SAMPLES_MAX) + 9 {
        script.price(sample * SAMPLE_SECONDS * 1_000 - 29_000, 100.0);
        script.price(sample * SAMPLE_SECONDS * 1_000, 100.0);
    }
    assert_eq!(script.engine.desk().shadows().counts().samples, SAMPLES_MAX);
}

#[test]
fn features_are_kept_now_and_then_and_a_shadow_knows_those_of_its_second_only() {
    let mut script = picky();
    script.price(0, 100.0);
    script.price(15_000, 100.0);
    script.buy(16_000, "alice", "one");
    script.buy(16_900, "alice", "two");
    script.buy(17_000, "alice", "three");
    assert_eq!(script.moments().len(), 2);
    script.price(18_000, 100.0);
    script.price(19_000, 99.0);
    script.price(20_000, 99.0);
    let kept: Vec<_> = rejected(&script).iter().map(|shadow| shadow.features_seq).collect();
    assert_eq!(kept, [Some(script.moments()[1]), Some(script.moments()[1]), None]);
}
