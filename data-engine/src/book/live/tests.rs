use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::book::sequence::{BinanceJudge, BybitJudge};

fn at(millis: i64) -> UnixMicros {
    UnixMicros::new(millis * 1000).unwrap()
}

/// Bids and asks by price in whole units: what the venue itself has.
type Truth = (BTreeMap<u32, u32>, BTreeMap<u32, u32>);

fn levels(side: &BTreeMap<u32, u32>) -> Vec<ExactLevel> {
    side.iter()
        .map(|(price, quantity)| ExactLevel::parse(&price.to_string(), &quantity.to_string()).unwrap())
        .collect()
}

fn update(is_snapshot: bool, first: u64, last: u64, book: &Truth) -> DepthUpdate {
    DepthUpdate {
        numbers: Numbers { is_snapshot, first, last, cross_sequence: last },
        event_time: None,
        bids: levels(&book.0),
        asks: levels(&book.1),
        limit: None,
    }
}

fn one(bid: u32, ask: u32) -> Truth {
    (BTreeMap::from([(bid, 1)]), BTreeMap::from([(ask, 1)]))
}

fn served<J: Judge>(book: &mut LiveBook<J>) -> Option<BookSnapshot> {
    let symbol = Symbol::parse("SOLUSDT").unwrap();
    book.snapshot(Venue::Binance, symbol).unwrap().map(|(_, snapshot)| snapshot)
}

#[test]
fn events_wait_for_the_snapshot_and_go_in_behind_it() {
    let mut book = LiveBook::<BinanceJudge>::default();
    assert_eq!(book.update(update(false, 11, 12, &one(98, 102)), at(0)), Outcome::Kept);
    assert_eq!(book.update(update(false, 13, 14, &one(99, 101)), at(1)), Outcome::Kept);
    assert!(book.wants_snapshot() && served(&mut book).is_none());

    assert_eq!(book.update(update(true, 10, 10, &one(97, 103)), at(2)), Outcome::TooOld);
    assert_eq!(book.update(update(true, 12, 12, &one(97, 103)), at(3)), Outcome::Live(None));

    let snapshot = served(&mut book).unwrap();
    assert_eq!((snapshot.update_id, snapshot.bids[0].price.get()), (14, 99.0));
}

#[test]
fn a_gap_invalidates_and_the_snapshot_names_what_was_missed() {
    let mut book = LiveBook::<BybitJudge>::default();
    book.update(update(true, 5, 5, &one(99, 101)), at(0));

    let broken = book.update(update(false, 8, 8, &one(98, 102)), at(1));

    assert_eq!(broken, Outcome::Broken("updates 6 to 7 never came".to_owned()));
    assert_eq!(book.update(update(false, 9, 9, &one(98, 102)), at(2)), Outcome::Ignored);
    assert!(served(&mut book).is_none());
    assert_eq!(book.update(update(true, 12, 12, &one(99, 101)), at(3)), Outcome::Live(Some((6, 12))));
}

#[test]
fn a_book_that_is_crossed_or_one_sided_after_an_update_is_invalid() {
    let reason = "the book is crossed after a complete update";
    for (bid, ask) in [(101, 101), (105, 101)] {
        let mut book = LiveBook::<BybitJudge>::default();
        book.update(update(true, 5, 5, &one(99, 101)), at(0));
        assert_eq!(
            book.update(update(false, 6, 6, &one(bid, ask)), at(1)),
            Outcome::Broken(reason.to_owned())
        );
        assert_eq!(*book.state(), State::Invalid(reason.to_owned()));
    }
    let mut book = LiveBook::<BybitJudge>::default();
    let broken = book.update(update(true, 5, 5, &(BTreeMap::new(), BTreeMap::from([(1, 1)]))), at(0));
    assert_eq!(broken, Outcome::Broken("a side of the book is empty".to_owned()));
}

#[test]
fn updates_wait_in_a_bounded_number() {
    let mut book = LiveBook::<BinanceJudge>::default();
    for number in 1..=WAITING_MAX as u64 {
        assert_eq!(book.update(update(false, number, number, &one(1, 2)), at(0)), Outcome::Kept);
    }
    let broken = book.update(update(false, 9999, 9999, &one(1, 2)), at(0));
    assert!(matches!(broken, Outcome::Broken(_)));
    assert!(book.waiting.is_empty());
}

#[test]
fn the_change_of_depth_is_measured_over_one_second_of_updates() {
    let mut book = LiveBook::<BybitJudge>::default();
    book.update(update(true, 5, 5, &one(99, 101)), at(0));
    assert_eq!(served(&mut book).unwrap().features.net_liquidity_change_1s, None);

    let deeper = (BTreeMap::from([(99, 4)]), BTreeMap::from([(101, 1)]));
    book.update(update(false, 6, 6, &deeper), at(1000));

    assert_eq!(served(&mut book).unwrap().features.net_liquidity_change_1s, Some(3.0));
}

/// What the venue did, and how its messages fare on their way.
#[derive(Debug, Clone)]
enum Fate {
    Delivered,
    Lost,
    Doubled,
    /// Comes behind the one after it.
    Late,
    /// A snapshot comes here too.
    Snapshot,
}

fn fates() -> impl Strategy<Value = Vec<(bool, u32, u32, Fate)>> {
    let fate = prop_oneof![
        8 => Just(Fate::Delivered),
        1 => Just(Fate::Lost),
        1 => Just(Fate::Doubled),
        1 => Just(Fate::Late),
        2 => Just(Fate::Snapshot),
    ];
    prop::collection::vec((any::<bool>(), 1_u32..30, 0_u32..4, fate), 1..120)
}

/// Plays a market to a book; whenever it is served it has to be what the venue had at that number.
fn plays<J: Judge>(changes: Vec<(bool, u32, u32, Fate)>) -> Result<(), TestCaseError> {
    let mut truth: Truth = (BTreeMap::from([(1, 9)]), BTreeMap::from([(100, 9)]));
    // Number one would be a whole book at Bybit.
    let mut past = vec![truth.clone(); 2];
    let mut book = LiveBook::<J>::default();
    let mut late = None;
    for (number, (is_bid, place, quantity, fate)) in (2_u64..).zip(changes) {
        let (side, price) = if is_bid { (&mut truth.0, 1 + place) } else { (&mut truth.1, 99 - place) };
        side.insert(price, quantity);
        let (mut bids, mut asks) = (BTreeMap::new(), BTreeMap::new());
        if is_bid {
            bids.insert(price, quantity)
        } else {
            asks.insert(price, quantity)
        };
        side.retain(|_, quantity| *quantity > 0);
        past.push(truth.clone());
        let delta = update(false, number, number, &(bids, asks));
        let mut sent = Vec::new();
        match fate {
            Fate::Delivered => sent.push(delta),
            Fate::Lost => {}
            Fate::Doubled => sent.extend([delta.clone(), delta]),
            Fate::Late => late = Some(delta),
            Fate::Snapshot => sent.extend([delta, update(true, number, number, &truth)]),
        }
        if !sent.is_empty() {
            sent.extend(late.take());
        }
        for message in sent {
            book.update(message, at(i64::try_from(number).unwrap()));
            if let Some(snapshot) = served(&mut book) {
                let (bids, asks) = &past[usize::try_from(snapshot.update_id).unwrap()];
                let found = |levels: &[goat::event::Level]| -> Vec<(f64, f64)> {
                    levels.iter().map(|level| (level.price.get(), level.quantity.get())).collect()
                };
                let pair = |(price, quantity): (&u32, &u32)| (f64::from(*price), f64::from(*quantity));
                let bids: Vec<_> = bids.iter().rev().take(TOP_LEVELS).map(pair).collect();
                let asks: Vec<_> = asks.iter().take(TOP_LEVELS).map(pair).collect();
                prop_assert_eq!(found(&snapshot.bids), bids);
                prop_assert_eq!(found(&snapshot.asks), asks);
            }
        }
    }
    Ok(())
}

proptest! {
    /// Whatever is lost, repeated or reordered: a book that is served equals Binance's at the number it names.
    #[test]
    fn a_live_binance_book_equals_the_venues(changes in fates()) {
        plays::<BinanceJudge>(changes)?;
    }

    /// Whatever is lost, repeated or reordered: a book that is served equals Bybit's at the number it names.
    #[test]
    fn a_live_bybit_book_equals_the_venues(changes in fates()) {
        plays::<BybitJudge>(changes)?;
    }
}
