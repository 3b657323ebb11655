#![allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]

mod defects;
mod oracle;
mod stream;

use proptest::prelude::*;
use proptest::strategy::ValueTree;

use self::stream::{Event, Fold, THRESHOLDS, buy, events, limits, tick};
use super::*;

fn sorted(mut rows: Vec<Profile>) -> Vec<Profile> {
    rows.sort_by(|one, other| one.id.cmp(&other.id));
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// However trades come, late, twice, at the very tick that ends a cycle, or of wallets that buy too seldom: the
    /// rows are those of somebody who has the whole log before him and looks everything up in it.
    #[test]
    fn the_rows_are_those_of_the_whole_history(events in events()) {
        let mut fold = Fold::new(limits());
        fold.all(&events);

        let expected = oracle::rows(&events, &limits());

        prop_assert_eq!(sorted(fold.rows), sorted(expected));
    }

    /// Cutting the future off changes no row that was known before.
    #[test]
    fn what_comes_later_changes_no_row(events in events(), cut in 0.0_f64..1.0) {
        let cut = (events.len() as f64 * cut) as usize;
        let mut whole = Fold::new(limits());
        whole.all(&events);
        let mut first = Fold::new(limits());
        first.all(&events[..cut]);

        whole.rows.retain(|row| row.known_at.seq.get() <= cut as u64);

        prop_assert_eq!(first.rows, whole.rows);
    }

    /// A state written out in the middle and read back leads to the same rows and the same bytes.
    #[test]
    fn a_state_read_back_goes_on_alike(events in events(), cut in 0.0_f64..1.0) {
        let cut = (events.len() as f64 * cut) as usize;
        let mut whole = Fold::new(limits());
        whole.all(&events);
        let mut halves = Fold::new(limits());
        halves.all(&events[..cut]);

        halves.profiles = postcard::from_bytes(&postcard::to_stdvec(&halves.profiles).unwrap()).unwrap();
        halves.all(&events[cut..]);

        prop_assert_eq!(&halves.rows, &whole.rows);
        prop_assert_eq!(
            postcard::to_stdvec(&halves.profiles).unwrap(),
            postcard::to_stdvec(&whole.profiles).unwrap()
        );
    }

    /// Every buy has one fate, and nothing is kept without a bound.
    #[test]
    fn every_buy_is_counted_once_and_the_bounds_hold(events in events()) {
        let tight = Limits { followed_max: 5, held_max: 3, wallets_max: 3, ticks_max: 20, ..limits() };
        let mut fold = Fold::new(tight);
        for event in &events {
            fold.one(event);
            let (followed, held) = fold.profiles.waiting();
            prop_assert!(followed <= 5 && held <= 3);
            prop_assert!(fold.profiles.buyers.len() <= 3 && fold.profiles.seen.len() <= 5);
        }

        let counts = fold.profiles.counts();
        let buys = events.iter().filter(|event| matches!(event, Event::Trade { side: Side::Buy, .. })).count();
        let fates = counts.followed + counts.duplicate + counts.uncovered + counts.ahead + counts.refused;
        prop_assert_eq!(fates, buys as u64);
        prop_assert_eq!(counts.rows, fold.rows.len() as u64);
    }
}

/// The streams of the properties above do come to what they are about.
#[test]
fn the_streams_have_rows_and_late_trades_and_duplicates() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut rows, mut counts, mut late, mut at_the_end, mut sold) = (0, Counts::default(), 0, 0, 0);
    for _ in 0..50 {
        let events = events().new_tree(&mut runner).unwrap().current();
        let mut fold = Fold::new(limits());
        fold.all(&events);
        let one = fold.profiles.counts();
        rows += fold.rows.len();
        counts.duplicate += one.duplicate;
        counts.uncovered += one.uncovered;
        counts.expired += one.expired;
        late += fold.rows.iter().filter(|row| row.end.seq < row.trade.seq).count();
        at_the_end += fold.rows.iter().filter(|row| row.path.entry == row.end).count();
        sold += fold.rows.iter().filter(|row| row.wallet_sold.is_some()).count();
    }
    println!("{rows} rows, {late} after the end, {at_the_end} entered at it, {sold} sold, {counts:?}");
    assert!(rows > 1000 && late > 50 && at_the_end > 50 && sold > 50);
    assert!(counts.duplicate > 50 && counts.uncovered > 50 && counts.expired > 50);
}

#[test]
fn what_is_not_followed_is_counted() {
    let mut fold = Fold::new(Limits { followed_max: 2, ..limits() });
    fold.one(&buy(0, "A", "before the first price"));
    fold.one(&tick(10, 100.0));
    for (second, signature) in [(11, "1"), (11, "1"), (12, "2"), (13, "3")] {
        fold.one(&buy(second, "A", signature));
    }
    let mut far_ahead = buy(10_000, "A", "4");
    if let Event::Trade { now_ms, .. } = &mut far_ahead {
        *now_ms = 14_000;
    }
    fold.one(&far_ahead);

    let expected =
        Counts { followed: 2, duplicate: 1, uncovered: 1, ahead: 1, refused: 1, ..Counts::default() };
    assert_eq!(fold.profiles.counts(), expected);
}

/// What a snapshot costs: trades with signatures and wallets of real length, at seven thresholds.
#[test]
fn a_trade_on_its_way_is_kept_in_less_than_a_kibibyte() {
    let thresholds = [20, 25, 30, 35, 40, 45, 50].map(Threshold::from_hundredths);
    let mut fold = Fold::at(&thresholds, Limits::default());
    let signature = |number: u32| format!("{number:088}");
    let wallet = |number: u32| format!("{number:044}");
    for second in 0..3600 {
        fold.one(&tick(second, 100.0 + f64::from(second as u32 % 7) * 0.01));
        fold.one(&buy(second, &wallet(second as u32), &signature(second as u32)));
    }
    let followed = postcard::to_stdvec(&fold.profiles).unwrap().len();
    assert_eq!(fold.profiles.waiting(), (3600, 0));
    fold.one(&tick(3600, 90.0));
    let held = postcard::to_stdvec(&fold.profiles).unwrap().len();
    assert_eq!(fold.profiles.waiting(), (0, 3600));
    println!("{} bytes a followed trade, {} a held one", followed / 3600, held / 3600);
    assert!(followed / 3600 < 1024 && held / 3600 < 1024);
}

#[test]
fn a_copier_enters_at_the_first_price_strictly_after_the_delay() {
    let mut fold = Fold::new(limits());
    fold.all(&[tick(0, 100.0), buy(0, "A", "1"), buy(0, "A", "2"), buy(0, "A", "3")]);
    for second in 1..=12 {
        fold.one(&tick(second, 100.0 + second as f64 * 0.01));
    }
    fold.one(&tick(13, 99.0));

    let row = &fold.rows[0];
    let expected = [Some(100.01), Some(100.02), Some(100.03), Some(100.06), Some(100.11), None, None];
    assert_eq!(row.delayed_prices, expected);
    assert_eq!(fold.rows.len(), 3 * THRESHOLDS.len());
    let gain = row.delayed_gains_percent()[3].unwrap();
    assert!((gain - (99.0 - 100.06) / 100.06 * 100.0).abs() < 1e-12);
}
