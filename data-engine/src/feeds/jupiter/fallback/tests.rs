use super::*;

/// What happens at a second.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Jupiter answers with this price of SOL and this block.
    Good(f64, u64),
    /// Jupiter answers without SOL.
    Absent,
    Failed,
    /// Mid prices of Binance and Bybit.
    Second(Option<f64>, Option<f64>),
}

use Step::{Absent, Failed, Good, Second};

fn sol() -> Symbol {
    Symbol::parse("SOL").unwrap()
}

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(seconds).unwrap()
}

/// What is done, in short: `jupiter 100`, `jupiter>binance`, `binance held 150`.
fn done(steps: &[(i64, Step)]) -> Vec<String> {
    let mut fallback = Fallback::new([sol()], 10.0, at(0));
    let mut all = Vec::new();
    for (second, step) in steps {
        let now = at(*second);
        let effects = match *step {
            Good(price, block_id) => {
                let price = TokenPrice { token: sol(), price: Price::new(price).unwrap(), block_id };
                fallback.answered(&[price], now)
            }
            Absent => fallback.answered(&[], now),
            Failed => {
                fallback.failed("jupiter answered 500");
                Vec::new()
            }
            Second(binance, bybit) => {
                let mid = |source, price| Mid { token: sol(), source, price: Price::new(price).unwrap() };
                let mids = [
                    binance.map(|price| mid(Source::Binance, price)),
                    bybit.map(|price| mid(Source::Bybit, price)),
                ];
                fallback.second(&mids.into_iter().flatten().collect::<Vec<_>>(), now)
            }
        };
        all.extend(effects.iter().map(short));
    }
    all
}

fn short(effect: &Effect) -> String {
    match effect {
        Effect::Price(price, source) => format!("{} {}", source.as_str(), price.price.get()),
        Effect::Held { price, source, .. } => format!("{} held {}", source.as_str(), price.price.get()),
        Effect::Switch { from, to, .. } => format!("{}>{}", from.as_str(), to.as_str()),
    }
}

const BOTH: Step = Second(Some(101.0), Some(102.0));

/// What happens in which second, and what is done.
type Case = (&'static str, &'static [(i64, Step)], &'static [&'static str]);

const CASES: &[Case] = &[
    ("jupiter answers: books are not asked", &[(1, Good(100.0, 1)), (2, BOTH)], &["jupiter 100"]),
    ("one failure is no outage", &[(1, Good(100.0, 1)), (2, Failed), (2, BOTH)], &["jupiter 100"]),
    (
        "two failures are",
        &[(1, Good(100.0, 1)), (2, Failed), (3, Failed), (3, BOTH), (4, BOTH)],
        &["jupiter 100", "jupiter>binance", "binance 101", "binance 101"],
    ),
    (
        "silence beyond the limit is",
        &[(1, Good(100.0, 1)), (6, BOTH), (7, BOTH)],
        &["jupiter 100", "jupiter>binance", "binance 101"],
    ),
    (
        "and so is a token that is left out of good answers",
        &[(1, Good(100.0, 1)), (6, Absent), (7, Absent), (7, BOTH)],
        &["jupiter 100", "jupiter>binance", "binance 101"],
    ),
    ("without a live book nothing is priced", &[(9, Second(None, None))], &[]),
    (
        "the second venue when the first is not live, and it is kept",
        &[(9, Second(None, Some(102.0))), (10, BOTH)],
        &["jupiter>bybit", "bybit 102", "bybit 102"],
    ),
    (
        "a venue whose book breaks is left",
        &[(9, BOTH), (10, Second(None, Some(102.0))), (11, Second(None, None))],
        &["jupiter>binance", "binance 101", "binance>bybit", "bybit 102"],
    ),
    (
        "three good answers in a row bring jupiter back",
        &[(9, BOTH), (10, Good(100.0, 1)), (10, BOTH), (11, Good(100.0, 2)), (11, BOTH), (12, Good(99.0, 3))],
        &["jupiter>binance", "binance 101", "binance 101", "binance 101", "binance>jupiter", "jupiter 99"],
    ),
    (
        "a failure between them begins the count anew",
        &[
            (9, BOTH),
            (10, Good(100.0, 1)),
            (10, Good(100.0, 1)),
            (10, Failed),
            (10, Good(100.0, 1)),
            (10, Absent),
            (10, Good(100.0, 1)),
            (10, Good(100.0, 1)),
        ],
        &["jupiter>binance", "binance 101"],
    ),
    (
        "one is enough while no book is live",
        &[(9, BOTH), (20, Good(100.0, 1))],
        &["jupiter>binance", "binance 101", "binance>jupiter", "jupiter 100"],
    ),
    (
        "the difference between two sources is no jump",
        &[
            (1, Good(100.0, 1)),
            (6, Second(Some(130.0), None)),
            (7, Second(Some(130.0), None)),
            (8, Good(100.0, 2)),
            (20, Good(100.0, 3)),
        ],
        &["jupiter 100", "jupiter>binance", "binance 130", "binance>jupiter", "jupiter 100"],
    ),
    (
        "a venue's own jump is held, also when it prices nothing",
        &[
            (1, Good(100.0, 1)),
            (6, BOTH),
            (7, Second(Some(150.0), None)),
            (8, Second(Some(151.0), None)),
            (9, Second(Some(101.0), None)),
        ],
        &["jupiter 100", "jupiter>binance", "binance 151", "binance held 101"],
    ),
    (
        "a jump of jupiter does not bring it back",
        &[
            (1, Good(100.0, 1)),
            (7, BOTH),
            (8, Good(150.0, 2)),
            (8, Good(50.0, 3)),
            (8, Good(51.0, 4)),
            (8, Good(51.0, 5)),
        ],
        &["jupiter 100", "jupiter>binance", "binance 101"],
    ),
    (
        "a price of an older block is none, for as long as the last is believed",
        &[(1, Good(100.0, 50)), (2, Good(90.0, 49)), (3, Good(101.0, 50)), (70, Good(91.0, 7))],
        &["jupiter 100", "jupiter 101", "jupiter 91"],
    ),
];

#[test]
fn every_way_to_a_venue_and_back() {
    for (what, steps, expected) in CASES {
        assert_eq!(done(steps), *expected, "{what}");
    }
}

#[test]
fn a_switch_says_why() {
    let mut fallback = Fallback::new([sol()], 10.0, at(0));
    fallback.failed("jupiter cannot be reached: refused");
    fallback.failed("jupiter answered 429 Too Many Requests");
    let mid = Mid { token: sol(), source: Source::Bybit, price: Price::new(100.0).unwrap() };
    let effects = fallback.second(&[mid], at(2));
    let Effect::Switch { reason, last, .. } = &effects[0] else { panic!("{effects:?}") };
    assert_eq!(reason, "2 requests in a row failed: jupiter answered 429 Too Many Requests");
    assert!(last.is_none() && fallback.stands_in(at(4)) && !fallback.stands_in(at(5)));
}
