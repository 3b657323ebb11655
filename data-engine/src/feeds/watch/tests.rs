use goat::event::{Source, TokenPrice, WalletTrade};
use goat::values::{Price, Quantity};

use super::*;

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(seconds).unwrap()
}

fn moment(event: i64, received: i64) -> Moment {
    Moment { event_time: at(event), received_time: at(received) }
}

fn sol() -> Symbol {
    Symbol::parse("SOL").unwrap()
}

/// What a machine is told.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// An event that happened then and came then.
    Came(i64, i64),
    Tick(i64),
}

use FeedEventKind::{Gap, Live, Stale};
use Step::{Came, Tick};

type Heard = (FeedEventKind, i64, Option<i64>);

fn heard(watch: &mut Watch, steps: &[Step]) -> Vec<Heard> {
    let seconds = |time: UnixMicros| time.get() / 1_000_000;
    let mut all = Vec::new();
    for step in steps {
        let events = match *step {
            Came(event, received) => watch.came(moment(event, received)),
            Tick(now) => watch.tick(at(now)).into_iter().collect(),
        };
        all.extend(
            events.iter().map(|event| (event.kind, seconds(event.from.unwrap()), event.to.map(seconds))),
        );
    }
    all
}

/// A subject, what is in the log before the start at 100, what happens, what the log is told.
type Case = (Subject, Option<(i64, i64)>, &'static [Step], &'static [Heard]);

#[test]
fn every_way_of_silence_is_told_once_with_both_its_ends() {
    let price = Subject::Price(sol());
    let candles = Subject::Candles(Venue::Bybit, sol(), 300);
    let cases: &[Case] = &[
        // The first event ever is no change of anything.
        (price, None, &[Tick(300), Came(301, 301), Tick(306)], &[]),
        // Silence beyond the limit, and its end.
        (
            price,
            None,
            &[Came(100, 100), Tick(105), Tick(106), Tick(107), Came(110, 110), Tick(111)],
            &[(Stale, 100, None), (Gap, 100, Some(110)), (Live, 100, Some(110))],
        ),
        // Nobody ticked meanwhile: what is missing is told all the same.
        (price, None, &[Came(100, 100), Came(110, 110)], &[(Gap, 100, Some(110))]),
        // Silence before the limit is none.
        (price, None, &[Came(100, 100), Came(105, 105), Tick(110)], &[]),
        // A short restart leaves no hole; a long one does, once.
        (price, Some((97, 97)), &[Came(101, 101), Came(102, 102)], &[(Live, 97, Some(101))]),
        (
            price,
            Some((50, 50)),
            &[Tick(104), Came(104, 104), Tick(105)],
            &[(Gap, 50, Some(104)), (Live, 50, Some(104))],
        ),
        // Silent before and after the start.
        (price, Some((50, 50)), &[Tick(101), Tick(106), Tick(107)], &[(Stale, 50, None)]),
        // Trades that keep coming, but old ones, are no life.
        (
            Subject::Trades,
            None,
            &[Came(100, 102), Came(101, 140), Came(103, 142), Tick(143), Came(150, 152)],
            &[(Stale, 101, None), (Gap, 103, Some(150)), (Live, 101, Some(150))],
        ),
        (
            Subject::Trades,
            None,
            &[Came(100, 100), Tick(130), Tick(131), Came(125, 132), Came(135, 136)],
            &[(Stale, 100, None), (Live, 100, Some(125))],
        ),
        // A sender's clock that runs ahead makes nothing younger.
        (Subject::Trades, None, &[Came(500, 100), Tick(131)], &[(Stale, 100, None)]),
        // Posts that were kept for us and sent again after a restart leave no hole.
        (Subject::Trades, Some((90, 90)), &[Came(92, 110), Came(115, 118)], &[(Live, 90, Some(92))]),
        // Two intervals behind the last candle's end; holes are fetched, not told by time.
        (
            candles,
            None,
            &[Came(300, 301), Tick(900), Tick(901), Came(600, 902), Came(900, 903)],
            &[(Stale, 300, None), (Live, 300, Some(600))],
        ),
        // History is no silence, unless it does not lead to the present in time.
        (
            candles,
            None,
            &[Came(300, 650), Tick(650), Came(600, 651), Tick(1200), Tick(1201)],
            &[(Stale, 600, None)],
        ),
        (candles, None, &[Came(-900, 101), Tick(600), Tick(701)], &[(Stale, -900, None)]),
        (Subject::Whales, None, &[Came(100, 100), Tick(700), Tick(701)], &[(Stale, 100, None)]),
    ];
    for (subject, before, steps, expected) in cases {
        let newest = before.map(|(event, received)| moment(event, received));
        let mut watch = Watch::new(*subject, newest, at(100));
        assert_eq!(heard(&mut watch, steps), *expected, "{subject} with {before:?}: {steps:?}");
    }
}

#[test]
fn an_episode_that_the_log_knows_is_not_told_again_after_a_restart() {
    let watch = Watch::new(Subject::Price(sol()), Some(moment(50, 50)), at(100));
    let told = heard(&mut watch.known_to_be_out(), &[Tick(110), Tick(120), Came(121, 121)]);
    assert_eq!(told, [(Gap, 50, Some(121)), (Live, 50, Some(121))]);
}

#[test]
fn what_is_said_is_a_sentence_with_figures() {
    let mut watch = Watch::new(Subject::Trades, None, at(0));
    watch.came(moment(100, 101));
    let stale = watch.tick(at(145)).unwrap();
    assert_eq!(stale.reason, "the newest trade is 45.0 s old, limit 30 s");
    assert_eq!((stale.feed.as_ref(), stale.symbol), ("trades", None));
    let [gap, live] = watch.came(moment(150, 151)).try_into().unwrap();
    assert_eq!(gap.reason, "no trade for 50.0 s");
    assert_eq!(live.reason, "trade: live again after 50.0 s");
}

fn price(seconds: i64) -> Observation {
    let (token, price) = (sol(), Price::new(100.0).unwrap());
    Observation {
        event_time: at(seconds),
        received_time: at(seconds),
        source: Source::Jupiter,
        source_position: 0,
        payload: Payload::Price(TokenPrice { token, price, block_id: 0 }),
    }
}

fn trade(seconds: i64) -> Observation {
    let payload = Payload::Trade(Box::new(WalletTrade {
        signature: "s".to_owned(),
        wallet: "w".to_owned(),
        side: goat::event::Side::Buy,
        sol_amount: Quantity::new(1.0).unwrap(),
        stablecoin: "USDC".to_owned(),
        stablecoin_amount: Quantity::new(100.0).unwrap(),
        price: Price::new(100.0).unwrap(),
        slot: 1,
        block_height: 1,
        perp: goat::event::Perp::default(),
        raw_json: String::new(),
    }));
    Observation { source: Source::QuickNode, payload, ..price(seconds) }
}

#[test]
fn subjects_do_not_touch_one_another() {
    let mut watches = Watches::new(&Seen::default(), at(0));
    watches.came(&price(100));
    watches.came(&trade(100));

    let told = watches.tick(at(110), 0);

    let [(subject, event)] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((*subject, event.kind), (Subject::Price(sol()), Stale));
}

#[test]
fn a_stream_that_only_skips_old_blocks_is_stale_from_its_first_post() {
    let mut watches = Watches::new(&Seen::default(), at(0));
    assert_eq!(watches.tick(at(1), 0), []);
    let told = watches.tick(at(2), 7);
    assert_eq!(told[0].1.reason, "no trade came, and 7 blocks were skipped as too old");
    assert_eq!(watches.tick(at(3), 9), []);
    assert_eq!(watches.came(&trade(4))[0].1.kind, Live);
}

#[test]
fn what_the_log_says_is_gone_on_from() {
    let mut seen = Seen::default();
    seen.event(Subject::Trades, moment(40, 41));
    seen.event(Subject::Price(sol()), moment(50, 50));
    seen.event(Subject::Book(Venue::Bybit, sol()), moment(50, 50));
    let stale = Watch::new(Subject::Trades, Some(moment(40, 41)), at(0)).lost(Stale, String::new());
    seen.told(&stale.unwrap());

    let told = Watches::new(&seen, at(100)).tick(at(200), 0);

    let subjects: Vec<_> = told.iter().map(|(subject, _)| *subject).collect();
    assert_eq!(subjects, [Subject::Price(sol())]);
}
