#![allow(clippy::float_cmp)]

mod automatic;
mod laws;
mod rows;
pub(in crate::core) mod script;
mod shadows;

use goat::event::{FeedEventKind, PositionSide};

use super::Limits;
use crate::core::command::Order;
use crate::core::exit::ExitReason;
use crate::core::gate::Gate;
use crate::core::money::Usd;
use crate::core::play::{Bundle, PerpMode, Timing};
use crate::core::position::Stage;
use script::{Script, play};

/// The gate at which the only decision of the newest trade ended; none when it entered.
fn outcome(script: &Script) -> Option<Gate> {
    script.decisions().last().unwrap().failed().map(|evaluation| evaluation.gate)
}

#[test]
fn a_wallets_buy_becomes_a_position_that_leaves_by_its_trailing_stop() {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    // Due at 1.25 s: neither the tick of that moment nor one before may fill it.
    script.price(1_250, 100.0);
    assert!(matches!(script.position().stage, Stage::Opening(_)));
    script.price(2_000, 100.0);
    assert!(matches!(script.position().stage, Stage::Open));
    let entry = script.position().entry.clone().unwrap();
    assert_eq!((entry.average_price, entry.mid_price), (100.05, Some(100.0)));

    script.price(3_000, 101.0);
    script.price(4_000, 100.8);
    assert!(matches!(script.position().stage, Stage::Closing { reason: ExitReason::TrailingStop, .. }));
    script.price(5_000, 100.7);

    let closed = script.last_position();
    assert!(matches!(closed.stage, Stage::Closed { reason: ExitReason::TrailingStop, .. }));
    assert!((closed.exit.as_ref().unwrap().average_price - 100.7 * 0.9995).abs() < 1e-9);
    let account = script.engine.desk().account();
    assert_eq!(account.equity() - account.start(), closed.profit().unwrap());
    assert!(script.raises() >= 1);
}

#[test]
fn every_play_decides_about_every_buy_exactly_once() {
    let mut script = Script::with(play());
    let mut other = play();
    other.id = crate::core::play::PlayId::new("other").unwrap();
    other.active = false;
    script.order(Order::SavePlay(Box::new(other)));
    script.price(0, 100.0);
    for number in 0..20 {
        script.buy(1_000 + number, if number % 2 == 0 { "alice" } else { "nobody" }, &format!("s{number}"));
    }

    assert_eq!(script.decisions().len(), 40);
    let inactive = script.decisions().iter().filter(|one| one.id.play.as_str() == "other").count();
    assert_eq!(inactive, 20);
}

fn check(expected: Gate, change: fn(&mut Script)) {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    change(&mut script);
    assert_eq!(outcome(&script), Some(expected), "{:?}", script.decisions().last());
}

#[test]
fn each_gate_of_the_trade_ends_what_it_is_for() {
    check(Gate::TradingOn, |script| {
        script.order(Order::PauseTrading(crate::core::command::Request::default()));
        script.buy(1_000, "alice", "one");
    });
    check(Gate::FeedQuality, |script| script.buy(5_001, "alice", "one"));
    check(Gate::FeedQuality, |script| {
        script.feed(500, "prices", FeedEventKind::Stale);
        script.buy(1_000, "alice", "one");
    });
    check(Gate::WalletListed, |script| script.buy(1_000, "nobody", "one"));
    check(Gate::TradeFresh, |script| script.late_buy(1_000, 301_000, "alice", "one"));
    check(Gate::TradeSize, |script| {
        script.change_play(|play| play.source_min_usd = Some(1e6));
        script.buy(1_000, "alice", "one");
    });
    check(Gate::NotSeen, |script| {
        script.buy(1_000, "alice", "one");
        script.buy(1_001, "alice", "one");
    });
    check(Gate::PerpMode, |script| {
        script.change_play(|play| play.perp_mode = PerpMode::LongOnly);
        script.buy(1_000, "alice", "one");
    });
    check(Gate::Bundle, |script| {
        script.change_play(|play| play.bundle = Some(Bundle { wallets: 2, seconds: 5 }));
        script.buy(1_000, "alice", "one");
    });
    check(Gate::Timing, |script| {
        let timing = Timing { increase: true, window_seconds: 1, change_percent: 0.1 };
        script.change_play(|play| play.timing = Some(timing));
        script.buy(1_000, "alice", "one");
    });
}

#[test]
fn each_gate_of_the_account_ends_what_it_is_for() {
    check(Gate::OnePerCycle, |script| {
        script.buy(1_000, "alice", "one");
        script.buy(1_001, "alice", "two");
    });
    check(Gate::MaxPerCycle, |script| {
        script.buy(1_000, "alice", "one");
        script.buy(1_001, "bob", "two");
    });
    check(Gate::MaxOpen, |script| {
        script.limits(|limits| limits.open_max = 0);
        script.buy(1_000, "alice", "one");
    });
    check(Gate::MaxExposure, |script| {
        script.limits(|limits| limits.exposure_max = Usd::from_dollars(50));
        script.buy(1_000, "alice", "one");
    });
    check(Gate::Cooldown, |script| {
        script.limits(|limits| limits.cooldown_seconds = 60);
        script.change_play(|play| play.max_entries_per_cycle = 9);
        script.buy(1_000, "alice", "one");
        script.buy(1_001, "bob", "two");
    });
    check(Gate::Cash, |script| {
        script.limits(|limits| {
            (limits.start, limits.exposure_max) = (Usd::from_dollars(99), Usd::from_dollars(1_000));
        });
        script.buy(1_000, "alice", "one");
    });
    check(Gate::Validator, |script| {
        script.change_play(|play| {
            play.validator = Some(crate::core::play::Validator::Projects(vec!["missing".to_owned()]));
        });
        script.buy(1_000, "alice", "one");
    });
}

#[test]
fn a_bundle_is_wallets_of_the_play_within_the_time_before_the_trade() {
    let mut script = Script::with(play());
    script.change_play(|play| play.bundle = Some(Bundle { wallets: 2, seconds: 5 }));
    script.price(0, 100.0);
    script.buy(1_000, "stranger", "one");
    script.buy(2_000, "alice", "two");
    assert_eq!(outcome(&script), Some(Gate::Bundle));
    script.buy(3_000, "bob", "three");
    assert_eq!(outcome(&script), None);
}

#[test]
fn a_position_is_left_when_its_wallet_sells_and_the_play_mirrors() {
    for mirror in [false, true] {
        let mut script = Script::with(play());
        script.change_exit(|rules| rules.mirror = mirror);
        script.price(0, 100.0);
        script.buy(1_000, "alice", "one");
        script.price(2_000, 100.0);
        script.sell(3_000, "alice");
        let closing = matches!(script.position().stage, Stage::Closing { reason: ExitReason::Mirror, .. });
        assert_eq!(closing, mirror);
    }
}

#[test]
fn a_live_book_fills_and_a_price_does_not_while_it_is_live() {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    script.book(500, 99.99, 100.01, 5.0);
    script.buy(1_000, "alice", "one");
    script.price(1_500, 100.0);
    assert!(matches!(script.position().stage, Stage::Opening(_)));
    script.book(1_600, 99.99, 100.01, 5.0);
    assert_eq!(script.position().entry.as_ref().unwrap().average_price, 100.01);
}

#[test]
fn a_book_that_is_fetched_anew_fills_nothing_until_its_next_snapshot() {
    let mut script = Script::with(play());
    script.limits(|limits| limits.book_required = true);
    script.price(0, 100.0);
    script.book(500, 99.99, 100.01, 5.0);
    script.feed(600, "books", FeedEventKind::Resync);
    script.buy(1_000, "alice", "one");
    assert_eq!(outcome(&script), Some(Gate::FeedQuality));
}

#[test]
fn an_entry_that_finds_too_little_is_given_up_and_does_not_count() {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    script.book(900, 99.99, 100.01, 0.01);
    script.buy(1_000, "alice", "one");
    for second in 2..40 {
        script.book(second * 1_000, 99.99, 100.01, 0.01);
        script.price(second * 1_000 + 1, 100.0);
    }
    assert!(matches!(script.last_position().stage, Stage::Missed(_)), "{:?}", script.last_position().stage);
    script.buy(41_000, "alice", "two");
    assert_eq!(outcome(&script), None);
}

#[test]
fn a_person_closes_one_and_a_maximum_hold_the_other() {
    let mut script = Script::with(play());
    script.change_exit(|rules| rules.maximum_hold_seconds = Some(60));
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    let id = script.position().id.clone();
    let request = crate::core::command::Request { requested_by: "ops".into(), reason: "enough".into() };
    script.order(Order::ClosePosition { id, request });
    let stage = script.position().stage.clone();
    assert!(matches!(&stage, Stage::Closing { reason: ExitReason::Manual, note, .. } if note == "enough"));

    let mut script = Script::with(play());
    script.change_exit(|rules| rules.maximum_hold_seconds = Some(60));
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    script.price(61_999, 100.0);
    assert!(matches!(script.position().stage, Stage::Open));
    script.price(62_000, 100.0);
    assert!(matches!(script.position().stage, Stage::Closing { reason: ExitReason::MaximumHold, .. }));
}

#[test]
fn a_short_gains_when_the_price_falls() {
    let mut script = Script::with(play());
    script.change_play(|play| play.side = PositionSide::Short);
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    script.price(3_000, 99.0);
    script.price(4_000, 99.3);
    script.price(5_000, 99.2);
    let closed = script.last_position();
    assert!(closed.profit().unwrap().is_positive(), "{closed:?}");
}

#[test]
fn deleting_a_play_leaves_its_positions_to_their_rules() {
    let mut script = Script::with(play());
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    script.order(Order::DeletePlay(play().id));
    script.price(3_000, 99.0);
    assert!(matches!(script.position().stage, Stage::Closing { reason: ExitReason::StopLoss, .. }));
    script.order(Order::SavePlay(Box::new(play())));
    assert_eq!(script.engine.desk().plays().get(&play().id).unwrap().version, 2);
}

#[test]
fn limits_count_from_the_next_decision_and_the_start_of_a_used_account_stays() {
    let mut script = Script::with(play());
    script.limits(|limits| limits.start = Usd::from_dollars(500));
    assert_eq!(script.engine.desk().account().equity(), Usd::from_dollars(500));
    script.price(0, 100.0);
    script.buy(1_000, "alice", "one");
    script.price(2_000, 100.0);
    script.limits(|limits| limits.start = Usd::from_dollars(9_000));
    assert_eq!(script.engine.desk().limits().start, Usd::from_dollars(500));
    assert_eq!(Limits::default().start, Usd::from_dollars(10_000));
}
