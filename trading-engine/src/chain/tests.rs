use goat::event::PositionSide;
use goat::values::{Seq, UnixMicros};

use super::*;
use crate::core::money::Usd;
use crate::core::results::{End, Entered, Quote};

/// A midnight of UTC.
const DAY: i64 = 20_000;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(DAY * 86_400 + seconds).unwrap()
}

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

fn trade(opened: i64, left: Option<(i64, f64)>) -> Entered {
    let end = left.map(|(closed, price)| End {
        closed_at: at(closed),
        realized: usd(price - 100.0),
        exit_fee: usd(0.1),
    });
    Entered {
        side: PositionSide::Long,
        opened_at: at(opened),
        quantity: 1.0,
        notional: usd(100.0),
        entry_fee: usd(0.1),
        excursion: None,
        end,
    }
}

fn open(id: &str, trade: Entered) -> Open {
    Open { id: id.into(), play: "play".into(), wallet: "wallet".into(), trade }
}

fn began() -> Began {
    Began {
        reason: "day".into(),
        at_micros: at(0).get(),
        log_id: "log".into(),
        mode: "MODE_SIMULATED".into(),
        token: "SOL".into(),
        price: Some(102.0),
        start: usd(10_000.0),
        account: Balance { base: usd(9_990.0), open: vec![open("1.play", trade(-60, None))] },
        strategies: vec![("ma_rsi".into(), Balance { base: usd(10_000.0), open: vec![] })],
    }
}

fn quote(seconds: i64, price: f64) -> Quote {
    Quote { time: at(seconds), price }
}

/// One of every kind.
fn entries() -> Vec<(i64, Entry)> {
    let strategy = || "ma_rsi".to_owned();
    vec![
        (0, Entry::Began(Box::new(began()))),
        (1, Entry::Priced(quote(1, 102.5))),
        (2, Entry::StrategyMarked { strategy: strategy(), close: quote(0, 100.0), equity: usd(10_000.0) }),
        (
            3,
            Entry::Decided {
                id: "2.play".into(),
                play_version: 1,
                wallet: "wallet".into(),
                signature: "signature".into(),
                gate: Some("bundle".into()),
            },
        ),
        (4, Entry::StrategyOpened { strategy: strategy(), trade: trade(4, None) }),
        (5, Entry::Opened(Box::new(open("3.play", trade(5, None))))),
        (61, Entry::Priced(quote(61, 104.0))),
        (70, Entry::Closed(Box::new(open("1.play", trade(-60, Some((70, 105.0))))))),
        (
            80,
            Entry::StrategyClosed {
                strategy: strategy(),
                number: 1,
                reason: "SIGNAL".into(),
                trade: trade(4, Some((80, 99.0))),
            },
        ),
        (121, Entry::Priced(quote(121, 103.0))),
        (300, Entry::StrategyMarked { strategy: strategy(), close: quote(300, 99.0), equity: usd(9_998.8) }),
    ]
}

fn bundle() -> Bundle {
    let mut head = Head { number: 41, hash: "a".repeat(64), time: UnixMicros::default() };
    let previous = head.hash.clone();
    let links = (100..)
        .zip(entries())
        .map(|(seq, (seconds, entry))| head.append(Seq::new(seq), at(seconds), &entry).unwrap());
    Bundle { day: DAY, links: links.collect(), previous }
}

fn signed() -> (String, Key) {
    let folder = tempfile::tempdir().unwrap();
    let key = Key::of_folder(folder.path()).unwrap();
    (bundle().text(&key).unwrap(), key)
}

#[test]
fn the_figures_of_a_day_go_on_from_its_beginning() {
    let figures = bundle().figures().unwrap();

    let subjects: Vec<_> = figures.iter().map(|one| (one.subject.as_str(), one.from_link)).collect();
    assert_eq!(subjects, [("account", 42), ("play:play", 42), ("strategy:ma_rsi", 42)]);
    let of = |place: usize, name: &str| figures[place].figures[name].as_f64().unwrap();
    // 9990 and one open at 100, worth 102, its fee paid; left at 105. Another is open at 100, worth 103.
    assert!((of(0, "start_usd") - 9_991.9).abs() < 1e-9);
    assert!((of(0, "equity_usd") - (9_990.0 + 5.0 - 0.2 + 3.0 - 0.1)).abs() < 1e-9);
    assert_eq!((of(0, "trades"), of(0, "open")), (1.0, 1.0));
    assert!((of(1, "start_usd") - 10_001.9).abs() < 1e-9);
    assert!((of(2, "profit_usd") + 1.2).abs() < 1e-9);
}

#[test]
fn a_chain_never_goes_back_in_time_and_links_one_to_the_next() {
    let mut head = Head::default();
    let first = head.append(Seq::new(1), at(10), &Entry::Priced(quote(10, 1.0))).unwrap();
    let second = head.append(Seq::new(2), at(5), &Entry::Priced(quote(5, 1.0))).unwrap();

    assert_eq!((first.number, first.previous.as_str()), (1, "0".repeat(64).as_str()));
    assert_eq!((second.number, &second.previous, second.time), (2, &first.hash, at(10)));
    assert_eq!((second.expected_hash(), &head), (second.hash.clone(), &Head::at(&second)));
}

#[test]
fn an_untouched_bundle_is_what_was_signed() {
    let (text, key) = signed();

    let verified = verify(text.as_bytes(), Some(&key.public())).unwrap();

    assert_eq!((verified.day.as_str(), verified.links, verified.subjects), ("2024-10-04", 11, 3));
    assert_eq!(verified.head, bundle().links.last().unwrap().hash);
    let other = verify(text.as_bytes(), Some(&"0".repeat(64))).unwrap_err();
    assert_eq!(other.record, "the signature");
}

/// What the line with that number, from 0, is called when it was changed.
fn name_of(line: usize, lines: usize) -> String {
    match line {
        0 => "the header".to_owned(),
        line if line == lines - 1 => "the signature".to_owned(),
        line if line >= lines - 4 => "the figures".to_owned(),
        line => format!("record {}", 41 + line),
    }
}

#[test]
fn one_byte_that_is_altered_anywhere_is_found_and_its_record_named() {
    let (text, _) = signed();
    let lines = text.lines().count();
    let mut line = 0;
    let previous = text.find("\"previous\":\"").unwrap() + 12;
    for (place, &byte) in text.as_bytes().iter().enumerate() {
        let mut altered = text.clone().into_bytes();
        // Another digit, letter or sign: what is likest to go unnoticed.
        altered[place] = match byte {
            b'9' => b'8',
            b'f' | b'z' => b'a',
            b'0'..=b'8' | b'a'..=b'y' => byte + 1,
            _ => b' ',
        };
        let found = verify(&altered, None).unwrap_err();
        let in_previous = (previous..previous + 64).contains(&place);
        let expected = if in_previous { "record 42".to_owned() } else { name_of(line, lines) };
        // A line that no longer ends takes the next one with it.
        let joined = byte == b'\n' && (found.record == "the signature" || found.record == "the end");
        assert!(
            found.record.starts_with(&expected) || joined,
            "byte {place} of line {line}: {found}, not {expected}"
        );
        line += usize::from(byte == b'\n');
    }
}

#[test]
fn a_line_that_is_taken_out_put_in_or_moved_is_found() {
    let (text, _) = signed();
    let lines: Vec<&str> = text.lines().collect();
    let joined = |lines: &[&str]| lines.iter().flat_map(|line| [*line, "\n"]).collect::<String>();
    for place in 0..lines.len() {
        let mut without = lines.clone();
        without.remove(place);
        assert!(verify(joined(&without).as_bytes(), None).is_err(), "without line {place}");
        let mut twice = lines.clone();
        twice.insert(place, lines[place]);
        assert!(verify(joined(&twice).as_bytes(), None).is_err(), "with line {place} twice");
        let mut moved = lines.clone();
        moved.swap(place, (place + 1) % lines.len());
        assert!(verify(joined(&moved).as_bytes(), None).is_err(), "with line {place} moved");
    }
    assert!(verify(b"", None).is_err());
    assert!(verify(b"\n\n\n", None).is_err());
}
