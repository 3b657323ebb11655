//! What holds whatever the market does.

use goat::event::{Observation, Side};
use goat::values::Seq;
use proptest::prelude::*;

use super::script::{book, plan, play, price, trade};
use crate::core::command::{Command, Order};
use crate::core::desk::Report;
use crate::core::exit::{ExitRules, UncheckedRules};
use crate::core::gate::Gate;
use crate::core::money::Usd;
use crate::core::position::{Position, Stage};
use crate::core::results::{Entered, Outline};
use crate::core::{Effect, Engine};
use crate::snapshot;

#[derive(Debug, Clone)]
enum Step {
    Price(i32),
    Book(i32, u8),
    Buy(u8, u16),
    Sell(u8),
}

fn steps() -> impl Strategy<Value = Vec<(u16, Step)>> {
    let step = prop_oneof![
        4 => (-30..30_i32).prop_map(Step::Price),
        2 => Just(Step::Price(0)),
        2 => (-30..30_i32, 1..20_u8).prop_map(|(moved, depth)| Step::Book(moved, depth)),
        3 => (0..4_u8, 0..200_u16).prop_map(|(wallet, signature)| Step::Buy(wallet, signature)),
        1 => (0..4_u8).prop_map(Step::Sell),
    ];
    prop::collection::vec((1..3_000_u16, step), 1..120)
}

const WALLETS: [&str; 4] = ["alice", "bob", "carol", "dave"];

fn observations(steps: &[(u16, Step)]) -> Vec<Observation> {
    let (mut millis, mut cents) = (0_i64, 10_000_i32);
    let mut events = vec![price(0, 100.0)];
    for (wait, step) in steps {
        millis += i64::from(*wait);
        events.push(match step {
            Step::Price(moved) => {
                cents += moved;
                price(millis, f64::from(cents) / 100.0)
            }
            Step::Book(moved, depth) => {
                cents += moved;
                let mid = f64::from(cents) / 100.0;
                book(millis, mid - 0.01, mid + 0.01, f64::from(*depth) / 10.0)
            }
            Step::Buy(wallet, signature) => {
                trade(millis, WALLETS[usize::from(*wallet)], &format!("s{signature}"), Side::Buy)
            }
            Step::Sell(wallet) => trade(millis, WALLETS[usize::from(*wallet)], "sold", Side::Sell),
        });
    }
    events
}

fn engine() -> Engine {
    let mut engine = Engine::new(plan(), Seq::ZERO);
    for (ordinal, (name, entries)) in (1..).zip([("one", 3), ("two", 1)]) {
        let mut play = play();
        if name == "two" {
            let held = UncheckedRules { maximum_hold_seconds: Some(20), ..UncheckedRules::default() };
            play.exit = ExitRules::new(held).unwrap();
        }
        play.id = crate::core::play::PlayId::new(name).unwrap();
        play.max_entries_per_cycle = entries;
        let order = Order::SavePlay(Box::new(play));
        let command = Command { ordinal, after_seq: Seq::ZERO, time: engine.now(), order };
        engine.command(&command, &mut Vec::new());
    }
    engine
}

fn fold(engine: &mut Engine, first: u64, events: &[Observation]) -> Vec<Effect> {
    let mut effects = Vec::new();
    for (seq, event) in (first..).zip(events) {
        engine.handle(Seq::new(seq), event, &mut effects);
    }
    effects
}

fn reports(effects: &[Effect]) -> impl Iterator<Item = &Report> {
    effects.iter().filter_map(|effect| match effect {
        Effect::Desk(report) => Some(report),
        _ => None,
    })
}

proptest! {
    /// What is known beside the state, such as which prices change nothing, changes nothing itself.
    #[test]
    fn a_state_that_is_stored_and_read_before_every_event_goes_on_alike(steps in steps()) {
        let (mut engine, mut read) = (engine(), engine());
        for (seq, event) in (1..).zip(observations(&steps)) {
            let event = std::slice::from_ref(&event);
            read = snapshot::decode(&snapshot::encode(&read).unwrap()).unwrap();
            prop_assert_eq!(fold(&mut read, seq, event), fold(&mut engine, seq, event));
            prop_assert_eq!(&read, &engine);
        }
    }

    #[test]
    fn one_decision_a_buy_and_play_and_no_position_without_one(steps in steps()) {
        let events = observations(&steps);
        let effects = fold(&mut engine(), 1, &events);

        let buys = steps.iter().filter(|(_, step)| matches!(step, Step::Buy(..))).count();
        let mut decided = std::collections::BTreeMap::new();
        let mut opened = std::collections::BTreeSet::new();
        for report in reports(&effects) {
            match report {
                Report::Decision(decision) => {
                    let failures = decision.evaluations.iter().filter(|one| !one.passed).count();
                    prop_assert_eq!(failures, usize::from(!decision.enters()));
                    prop_assert!(decided.insert(decision.id.clone(), decision.enters()).is_none());
                }
                Report::Position(position) => {
                    opened.insert(position.id.clone());
                }
                _ => {}
            }
        }
        prop_assert_eq!(decided.len(), 2 * buys);
        let entered: std::collections::BTreeSet<_> =
            decided.iter().filter(|(_, enters)| **enters).map(|(id, _)| id.clone()).collect();
        prop_assert_eq!(opened, entered);
    }

    #[test]
    fn the_account_explains_every_cent(steps in steps()) {
        let mut engine = engine();
        let mut closed = Usd::ZERO;
        let mut open_fees = std::collections::BTreeMap::new();
        for (seq, event) in (1..).zip(&observations(&steps)) {
            let effects = fold(&mut engine, seq, std::slice::from_ref(event));
            for report in reports(&effects) {
                let Report::Position(position) = report else { continue };
                let entry_fee = position.entry.as_ref().map_or(Usd::ZERO, |fill| fill.fee);
                if !matches!(position.stage, Stage::Closed { .. }) {
                    open_fees.insert(position.id.clone(), entry_fee);
                } else if open_fees.remove(&position.id).is_some() {
                    closed += position.profit().unwrap();
                }
            }
            let account = engine.desk().account();
            let fees: Usd = open_fees.values().copied().sum();
            prop_assert_eq!(account.imbalance(), Usd::ZERO);
            prop_assert_eq!(account.equity() - account.start(), closed + account.unrealized_pnl() - fees);
        }
    }

    #[test]
    fn every_shadow_is_one_rejected_candidate_or_sample_and_none_is_lost(steps in steps()) {
        let mut engine = engine();
        let effects = fold(&mut engine, 1, &observations(&steps));
        let mut turned_away = std::collections::BTreeSet::new();
        let mut complete = std::collections::BTreeMap::new();
        for report in reports(&effects) {
            match report {
                Report::Decision(decision) if !decision.enters() && decision.passed(Gate::WalletListed) => {
                    turned_away.insert(decision.id.clone());
                }
                Report::Shadow(shadow) => {
                    prop_assert!(shadow.outcome.is_complete());
                    prop_assert!(shadow.outcome.path.entry.time > shadow.decided_at);
                    prop_assert_eq!(shadow.kind.gate().is_some(), turned_away.contains(&shadow.id));
                    prop_assert!(complete.insert(shadow.id.clone(), shadow.kind).is_none());
                }
                _ => {}
            }
        }
        let counts = engine.desk().shadows().counts();
        let of_rejected = complete.values().filter(|kind| kind.gate().is_some()).count();
        prop_assert_eq!(counts.completed, complete.len() as u64);
        prop_assert_eq!(counts.overflowed, 0);
        let unaccounted = turned_away.len() - of_rejected - counts.rejected as usize;
        prop_assert!(unaccounted as u64 <= counts.missed);
    }

    #[test]
    fn cutting_the_future_off_changes_nothing_that_was_decided(steps in steps(), at in 0.0..1.0_f64) {
        let events = observations(&steps);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
        let cut = (events.len() as f64 * at) as usize;
        let whole = fold(&mut engine(), 1, &events);
        let part = fold(&mut engine(), 1, &events[..cut]);
        prop_assert_eq!(&whole[..part.len()], &part[..]);
    }

    #[test]
    fn a_restart_anywhere_changes_nothing(steps in steps(), at in 0.0..1.0_f64) {
        let events = observations(&steps);
        #[allow(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss)]
        let cut = (events.len() as f64 * at) as usize;
        let mut whole = engine();
        let effects = fold(&mut whole, 1, &events);

        let mut before = engine();
        let mut again = fold(&mut before, 1, &events[..cut]);
        let mut after = snapshot::decode(&snapshot::encode(&before).unwrap()).unwrap();
        again.extend(fold(&mut after, cut as u64 + 1, &events[cut..]));

        prop_assert_eq!(again, effects);
        prop_assert_eq!(snapshot::encode(&after).unwrap(), snapshot::encode(&whole).unwrap());
    }

    #[test]
    fn nothing_fills_before_it_is_due_nor_from_what_was_there_before(steps in steps()) {
        let events = observations(&steps);
        let effects = fold(&mut engine(), 1, &events);
        let of = |report: &Report| match report {
            Report::Position(position) => Some((**position).clone()),
            _ => None,
        };
        for position in reports(&effects).filter_map(of) {
            let document = serde_json::to_string(&position).unwrap();
            let Outline(outline) = serde_json::from_str(&document).unwrap();
            prop_assert_eq!(outline, Entered::of(&position), "read without the rest of it");
            let Position { entry, exit, .. } = &position;
            for fill in entry.iter().chain(exit) {
                prop_assert!(fill.filled_time > fill.order.due_time());
            }
        }
    }

    #[test]
    fn one_wallet_enters_once_in_a_cycle_and_a_play_no_more_than_it_may(steps in steps()) {
        let effects = fold(&mut engine(), 1, &observations(&steps));
        let mut entries = std::collections::BTreeMap::new();
        for report in reports(&effects) {
            let Report::Decision(decision) = report else { continue };
            if decision.enters() {
                let key = (decision.id.play.clone(), decision.cycle.unwrap());
                let wallets: &mut Vec<String> = entries.entry(key).or_default();
                prop_assert!(decision.passed(Gate::OnePerCycle));
                wallets.push(decision.trade.wallet.clone());
            }
        }
        for ((play, _), wallets) in entries {
            let most = if play.as_str() == "one" { 3 } else { 1 };
            // A missed entry gives its place back.
            let missed = reports(&effects)
                .filter(|report| matches!(report, Report::Position(one) if matches!(one.stage, Stage::Missed(_))))
                .count();
            prop_assert!(wallets.len() <= most + missed);
        }
    }
}
