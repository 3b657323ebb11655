#![allow(clippy::float_cmp, clippy::cast_precision_loss)]

mod golden;
mod market;
mod pattern;
mod plain;

use goat::event::{PositionSide, Side, Venue};
use goat::values::{Symbol, UnixMicros};
use proptest::prelude::*;

use self::market::{Known, book, booked, moved, movement, observed, price, time, trade};
use self::plain::Plain;
use super::{FeatureId, FeatureSet, Group, MINUTES, Windows, catalogue, find, near};

fn windows() -> Windows {
    Windows::new(Venue::Binance, Symbol::parse("SOLUSDT").unwrap())
}

fn folded(events: &[Known]) -> Windows {
    let mut windows = windows();
    for (now, event) in events {
        windows.fold(*now, event);
    }
    windows
}

fn value(features: &FeatureSet, name: &str, minute: u8) -> Option<f64> {
    features.value(find(name).unwrap(), minute)
}

/// What happens next, with some numbers between 0 and 1 to make it of.
#[derive(Debug, Clone)]
struct Step {
    wait_millis: i64,
    kind: u8,
    numbers: [f64; 3],
    flags: [bool; 2],
}

fn event(millis: i64, step: &Step) -> Known {
    let [a, b, c] = step.numbers;
    let [first, second] = step.flags;
    let payload = match step.kind {
        0..=3 => price("SOL", 120.0 + a),
        4 => price("BTC", 90_000.0 + 50.0 * a),
        5 => price("ETH", 3000.0 + 4.0 * a),
        6 => price("WIF", 1.0 + a),
        7..=11 => {
            let mut book =
                book(120.0 + a, 10.0 + 900.0 * b, 10.0 + 900.0 * c, first.then_some(500.0 * (a - c)));
            if second && b < 0.2 {
                book.venue = Venue::Bybit;
            } else if second && b < 0.3 {
                book.features = goat::wire::market::BookFeatures::default();
            } else if second && b < 0.5 {
                book.features.ask_slope = 0.0;
            }
            booked(book)
        }
        12..=15 => {
            let perp = if second { PositionSide::Long } else { PositionSide::Short };
            let side = if first { Side::Buy } else { Side::Sell };
            trade(side, 0.5 + 150.0 * a * b, 120.0 + c, (b < 0.6).then_some(perp))
        }
        _ => moved(movement((50.0 + 1000.0 * a) * if first { 1.0 } else { -1.0 }, 15.0 * b)),
    };
    observed(millis, payload)
}

/// Half an hour in which every source is sometimes silent for a minute or more.
fn stream() -> impl Strategy<Value = Vec<Known>> {
    let wait = prop_oneof![60 => 0_i64..2500, 30 => 2500_i64..6000, 1 => 60_000_i64..130_000];
    let numbers = [0.0_f64..1.0, 0.0..1.0, 0.0..1.0];
    let step = (wait, 0_u8..19, numbers, [any::<bool>(), any::<bool>()])
        .prop_map(|(wait_millis, kind, numbers, flags)| Step { wait_millis, kind, numbers, flags });
    prop::collection::vec(step, 100..900).prop_map(|steps| {
        let mut millis = 0;
        let events = steps.iter().map(|step| {
            millis += step.wait_millis;
            event(millis, step)
        });
        events.collect()
    })
}

fn is_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-7 * (1.0 + one.abs())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Every feature of every minute is what its formula gives on the bare events.
    #[test]
    fn features_are_what_the_events_give(events in stream(), after_millis in 0_i64..90_000) {
        let now = UnixMicros::new(events.last().unwrap().0.get() + after_millis * 1000).unwrap();
        let features = folded(&events).at(now);
        let plain = Plain::new(&events, now);

        for row in features.rows().filter(|row| row.feature.feature().group != Group::Patterns) {
            let expected = plain.value(row.feature.feature().name, usize::from(row.minute));
            let agree = match (row.value, expected) {
                (Some(value), Some(expected)) => is_close(value, expected),
                (value, expected) => value == expected,
            };
            prop_assert!(agree, "{} at {}: {:?}, plainly {expected:?}", row.feature, row.minute, row.value);
        }
    }

    /// What is known at a moment or later, and what was known more than 25 minutes before it, changes nothing.
    #[test]
    fn only_the_past_counts_and_only_the_recent(events in stream(), millis in 0_i64..1_500_000) {
        let now = time(millis);
        let end = now.get() - now.get().rem_euclid(1_000_000);
        let used = |known: &UnixMicros| (end - 1_500_000_000..end).contains(&known.get());
        let before: Vec<Known> = events.iter().filter(|(known, _)| known.get() <= now.get()).cloned().collect();
        let only: Vec<Known> = events.iter().filter(|(known, _)| used(known)).cloned().collect();

        prop_assert_eq!(folded(&before).at(now), folded(&only).at(now));
    }

    /// A state that was written and read back in the middle goes on as if nothing had been.
    #[test]
    fn a_restart_changes_nothing(events in stream(), cut in 0.0_f64..1.0) {
        let cut = (events.len() as f64 * cut).floor();
        let (before, after) = events.split_at(events.iter().enumerate().take_while(|(at, _)| (*at as f64) < cut).count());
        let whole = folded(&events);

        let written = postcard::to_stdvec(&folded(before)).unwrap();
        let mut resumed: Windows = postcard::from_bytes(&written).unwrap();
        for (now, event) in after {
            resumed.fold(*now, event);
        }

        prop_assert_eq!(postcard::to_stdvec(&resumed).unwrap(), postcard::to_stdvec(&whole).unwrap());
        prop_assert_eq!(resumed.at(events.last().unwrap().0), whole.at(events.last().unwrap().0));
    }

    /// Sums do not depend on the order within a second; only first and last do.
    #[test]
    fn the_order_within_a_second_matters_to_first_and_last_only(mut events in stream()) {
        const BY_ORDER: [&str; 4] = ["price", "momentum", "return", "mid"];
        let now = UnixMicros::new(events.last().unwrap().0.get() + 1_000_000).unwrap();
        let forth = folded(&events).at(now);
        events.sort_by_key(|(known, _)| known.get() / 1_000_000);
        for second in events.chunk_by_mut(|one, other| one.0.get() / 1_000_000 == other.0.get() / 1_000_000) {
            second.reverse();
        }
        let back = folded(&events).at(now);

        let free = |group: Group| matches!(group, Group::Transactions | Group::Whales | Group::OrderBook);
        for (one, other) in forth.rows().zip(back.rows()) {
            let name = one.feature.feature().name;
            // Each second's last change is the one that counts.
            let by_order = BY_ORDER.iter().any(|part| name.contains(part)) || name.starts_with("ob_net_flow");
            if free(one.feature.feature().group) && !by_order {
                let agree = match (one.value, other.value) {
                    (Some(one), Some(other)) => is_close(one, other),
                    (one, other) => one == other,
                };
                prop_assert!(agree, "{name} at {}: {:?} and {:?}", one.minute, one.value, other.value);
            }
        }
    }
}

#[test]
fn names_are_unique_and_begin_with_their_group() {
    let mut names: Vec<&str> = catalogue().iter().map(|feature| feature.name).collect();
    for feature in catalogue() {
        assert_eq!(feature.name.split_once('_').unwrap().0, feature.group.prefix(), "{}", feature.name);
        assert!(!feature.formula.is_empty(), "{}", feature.name);
        assert_eq!(find(feature.name).unwrap().feature().name, feature.name);
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), catalogue().len());
}

#[test]
fn the_catalogue_has_every_group_whole() {
    let counts = [
        Group::SolPrice,
        Group::BtcPrice,
        Group::EthPrice,
        Group::OrderBook,
        Group::Transactions,
        Group::Whales,
        Group::SecondPrices,
        Group::Patterns,
    ]
    .map(|group| catalogue().iter().filter(|feature| feature.group == group).count());
    assert_eq!(counts, [22, 6, 6, 23, 24, 28, 9, 26]);
}

#[test]
fn percent_and_basis_points_are_what_the_name_says() {
    for feature in catalogue() {
        if feature.name.ends_with("_pct") {
            assert_eq!(feature.unit, super::Unit::Percent, "{}", feature.name);
        }
        if feature.name.ends_with("_bps") {
            assert_eq!(feature.unit, super::Unit::BasisPoints, "{}", feature.name);
        }
    }
}

#[test]
fn a_name_that_is_nearly_right_is_recognized() {
    assert_eq!(near("pm_price_chnge_1m")[0], "pm_price_change_1m");
    assert_eq!(near("PM_Close_Price")[0], "pm_close_price");
    assert_eq!(near("price_change_1m"), ["pm_price_change_1m", "btc_price_change_1m", "eth_price_change_1m"]);
    assert!(near("the weather tomorrow in Lisbon").is_empty());
    assert!(find("pm_price_chnge_1m").is_none());
}

#[test]
fn a_feature_is_written_as_its_name() {
    let id = find("tx_vwap").unwrap();

    let written = postcard::to_stdvec(&id).unwrap();

    assert_eq!(written, postcard::to_stdvec("tx_vwap").unwrap());
    assert_eq!(postcard::from_bytes::<FeatureId>(&written).unwrap(), id);
    assert!(postcard::from_bytes::<FeatureId>(&postcard::to_stdvec("tx_wap").unwrap()).is_err());
}

#[test]
fn a_set_is_rows_of_every_feature_and_minute() {
    let features = windows().at(time(0));

    let per_minute = catalogue().iter().filter(|feature| feature.is_per_minute()).count();
    let once = catalogue().len() - per_minute;
    assert_eq!(features.rows().count(), per_minute * usize::from(MINUTES) + once);
    assert!(
        features.rows().all(|row| row.value.is_none() && features.value(row.feature, row.minute).is_none())
    );
    assert_eq!(value(&features, "pm_close_price", MINUTES), None);
}
