use std::io::BufRead;
use std::path::PathBuf;

use goat::event::{PositionSide, Side, WalletTrade, WhaleMovement};
use goat::values::Price;
use proptest::prelude::*;

use super::*;

const RECEIVED: i64 = 1_767_478_433;

fn read(kind: PathKind, body: &str) -> Post {
    read_post(kind, body.as_bytes(), UnixMicros::from_seconds(RECEIVED).unwrap()).unwrap()
}

fn only_trade(body: &str) -> (i64, WalletTrade) {
    let post = read(PathKind::Trades, body);
    let [observation] = post.observations.as_slice() else { panic!("{post:?}") };
    let Payload::Trade(trade) = &observation.payload else { panic!("{observation:?}") };
    (observation.event_time.get(), trade.as_ref().clone())
}

fn only_whale(body: &str) -> WhaleMovement {
    let post = read(PathKind::Whales, body);
    let [Observation { payload: Payload::Whale(movement), .. }] = post.observations.as_slice() else {
        panic!("{post:?}")
    };
    movement.as_ref().clone()
}

fn refusal(kind: PathKind, item: &str) -> String {
    let post = read(kind, item);
    assert_eq!((post.received, post.rejected()), (1, 1));
    let [Observation { payload: Payload::DeadLetter(letter), .. }] = post.observations.as_slice() else {
        panic!("{post:?}")
    };
    letter.reason.clone()
}

const TRADE: &str = r#"{"signature":"s1","wallet_address":"w1","direction":"buy","sol_amount":1.5,"stablecoin":"USDC",
    "stablecoin_amount":200.0,"price":133.33,"block_height":369273129,"slot":391133295,"block_time":1767478430,
    "has_perp_position":true,"perp_platform":"drift","perp_direction":"long","perp_size":2.5,"perp_leverage":null}"#;
const WHALE: &str = r#"{"signature":"s2","wallet_address":"w2","whale_type":"WHALE","current_balance":12000,
    "sol_change":-600.5,"abs_change":600.5,"percentage_moved":4.7,"direction":"sending","action":"sell",
    "movement_significance":"MEDIUM","previous_balance":12600.5,"fee_paid":0.000005,"block_time":1767478430,"slot":7}"#;

fn with(field: &str, value: &str) -> String {
    let mut item: serde_json::Map<String, serde_json::Value> = serde_json::from_str(TRADE).unwrap();
    item.remove(field);
    let rest = serde_json::to_string(&item).unwrap();
    format!("{},\"{field}\":{value}}}", rest.trim_end_matches('}'))
}

fn without(field: &str) -> String {
    let mut item: serde_json::Map<String, serde_json::Value> = serde_json::from_str(TRADE).unwrap();
    item.remove(field);
    serde_json::to_string(&item).unwrap()
}

#[test]
fn every_shape_of_a_post_is_read() {
    let shapes = [
        (format!(r#"{{"matchedTransactions":[{TRADE}],"skippedOldBlocks":0}}"#), 1, 0),
        (format!(r#"{{"transactions":[{TRADE},{TRADE}]}}"#), 2, 0),
        (format!("[{TRADE},{TRADE}]"), 2, 0),
        (TRADE.to_owned(), 1, 0),
        (format!(r#"{{"whaleMovements":[{WHALE}],"summary":{{}}}}"#), 0, 1),
        (format!(r#"{{"movements":{WHALE}}}"#), 0, 1),
        (format!(r#"[{{"matchedTransactions":[{TRADE}]}},{{"whaleMovements":[{WHALE}]}},{TRADE}]"#), 2, 1),
        (format!(r#"{{"data":[{{"matchedTransactions":[{TRADE}]}}],"metadata":{{}}}}"#), 1, 0),
        (r#"{"matchedTransactions":[],"totalMatched":0}"#.to_owned(), 0, 0),
        (r#"{"matchedTransactions":null,"totalMatched":0}"#.to_owned(), 0, 0),
        ("[]".to_owned(), 0, 0),
        ("null".to_owned(), 0, 0),
    ];
    for (body, trades, whales) in shapes {
        let post = read(PathKind::Trades, &body);
        let count = |trade| {
            post.observations.iter().filter(|item| matches!(item.payload, Payload::Trade(_)) == trade).count()
        };
        assert_eq!((count(true), count(false), post.rejected()), (trades, whales, 0), "{body}");
    }
}

#[test]
fn a_ping_is_recognised_and_holds_no_item() {
    let post = read(PathKind::Whales, r#"{"message":"PING"}"#);
    assert_eq!((post.ping, post.received), (true, 0));
}

#[test]
fn the_path_decides_only_what_bare_items_are() {
    assert_eq!(only_whale(WHALE).direction, "out");
    assert_eq!(read(PathKind::Whales, &format!(r#"{{"matchedTransactions":[{TRADE}]}}"#)).rejected(), 0);
    assert!(refusal(PathKind::Trades, WHALE).starts_with("direction must be buy or sell"));
}

#[test]
fn all_of_a_trade_is_kept() {
    let (event_time, trade) = only_trade(TRADE);

    assert_eq!(event_time, 1_767_478_430_000_000);
    assert_eq!((trade.side, trade.slot, trade.block_height), (Side::Buy, 391_133_295, 369_273_129));
    assert_eq!((trade.perp.has_position, trade.perp.side), (true, Some(PositionSide::Long)));
    assert_eq!((trade.perp.size, trade.perp.leverage), (Some(2.5), None));
    assert!(trade.raw_json.starts_with(r#"{"signature":"s1","wallet_address":"w1""#));
    assert!(!trade.raw_json.contains('\n'));
}

#[test]
fn fields_are_found_under_all_their_names() {
    let (event_time, trade) = only_trade(
        r#"{"tx_signature":"s","walletAddress":"w","side":"SELL","amount_sol":"2","usdc_amount":"250.5",
            "avg_price":"125.25","timestamp":"2026-01-03T22:13:50.5Z"}"#,
    );
    assert_eq!((trade.side, trade.stablecoin.as_str(), trade.price.get()), (Side::Sell, "USDC", 125.25));
    assert_eq!(event_time, 1_767_478_430_500_000);
}

#[test]
fn a_missing_price_is_computed_and_a_price_of_zero_is_not_missing() {
    assert_eq!(only_trade(&without("price")).1.price, Price::new(200.0 / 1.5).unwrap());
    assert_eq!(
        refusal(PathKind::Trades, &with("price", "0")),
        "price must be greater than zero and at most 1e15, got 0"
    );
}

#[test]
fn times_are_read_in_every_unit() {
    let times = [
        "1767478430",
        "1767478430.25",
        "\"1767478430\"",
        "1767478430000",
        "1767478430000000",
        "\"2026-01-03T23:13:50+01:00\"",
        "\"2026-01-03 22:13:50\"",
    ];
    for time in times {
        let (event_time, _) = only_trade(&with("block_time", time));
        assert_eq!(event_time / 1_000_000, 1_767_478_430, "{time}");
    }
    let ahead = refusal(PathKind::Trades, &with("block_time", "1767478999"));
    assert_eq!(ahead, "block_time must be at most 5 minutes ahead of its arrival, got 2026-01-03T22:23:19Z");
    assert_eq!(
        refusal(PathKind::Trades, &without("block_time")),
        "trade_timestamp must be present, got nothing"
    );
}

#[test]
fn what_cannot_be_is_refused_by_field_and_value() {
    let cases = [
        ("sol_amount", "1e400", "sol_amount must be a value that can be read, got 1e400"),
        ("sol_amount", "\"NaN\"", "sol_amount must be a number of at most 1e15, got \"NaN\""),
        ("sol_amount", "-1", "sol_amount must be at least zero and at most 1e15, got -1"),
        ("sol_amount", "{}", "sol_amount must be a number of at most 1e15, got {}"),
        ("signature", "\"\\ud800\"", "signature must be a value that can be read, got \"\\ud800\""),
        (
            "signature",
            "\"a\\u0000b\"",
            "signature must be at most 128 bytes without control characters, got a\\0b",
        ),
        ("signature", "null", "signature must be present, got nothing"),
        ("direction", "\"hold\"", "direction must be buy or sell, got hold"),
        ("wallet_address", "17", "wallet_address must be a text, got 17"),
        ("block_time", "\"soon\"", "block_time must be Unix time or RFC 3339, got \"soon\""),
    ];
    for (field, value, reason) in cases {
        assert_eq!(refusal(PathKind::Trades, &with(field, value)), reason);
    }
    assert!(
        refusal(PathKind::Trades, &with("signature", &format!("\"{}\"", "x".repeat(1 << 20))))
            .contains("262144")
    );
}

#[test]
fn one_bad_item_does_not_hold_back_its_neighbours() {
    let body = format!(r#"{{"matchedTransactions":[{TRADE},17,{},null,{TRADE}]}}"#, with("price", "1e400"));
    let post = read(PathKind::Trades, &body);
    let read: Vec<bool> =
        post.observations.iter().map(|item| matches!(item.payload, Payload::Trade(_))).collect();
    assert_eq!(read, [true, false, false, false, true]);
    assert_eq!((post.received, post.rejected_trades), (5, 3));
}

#[test]
fn a_broken_field_that_is_not_needed_does_no_harm() {
    let (_, trade) = only_trade(&with("perp_debug_info", r#"{"a":1e999,"b":"\ud800"}"#));
    assert_eq!(trade.signature, "s1");
}

#[test]
fn a_movement_derives_what_it_lacks_and_nothing_else() {
    let movement = only_whale(
        r#"{"signature":"s","owner":"w","type":"whale","delta_sol":-50,"balance":"950","previous_balance":1000,
            "block_time":1767478430}"#,
    );
    assert_eq!((movement.abs_change.get(), movement.percentage_moved), (50.0, 5.0));
    assert_eq!((movement.direction.as_str(), movement.whale_type.as_str()), ("out", "WHALE"));
    assert_eq!(
        refusal(PathKind::Whales, r#"{"signature":"s","wallet":"w","block_time":1}"#),
        "sol_change must be present, got nothing"
    );
}

#[test]
fn what_is_no_post_is_malformed() {
    let received = UnixMicros::default();
    for body in ["", "{", "NaN", "17", "\"x\"", "true", "\u{0}", "[1,]"] {
        assert!(read_post(PathKind::Trades, body.as_bytes(), received).is_err(), "{body}");
    }
    let many = format!("[{}1]", "1,".repeat(ITEMS_MAX));
    assert!(matches!(read_post(PathKind::Trades, many.as_bytes(), received), Err(Malformed::TooManyItems)));
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(read_post(PathKind::Trades, deep.as_bytes(), received).unwrap().rejected(), 1);
}

/// Reads a recording; returns its posts, trades and skipped blocks.
fn recording(name: &str) -> Option<(usize, usize, u32)> {
    let folder = std::env::var("GOAT_RECORDINGS").unwrap_or_else(|_| "../../shared/recordings".to_owned());
    let path = PathBuf::from(folder).join(name);
    let Ok(file) = std::fs::File::open(&path) else {
        eprintln!("SKIPPED: {} is not there", path.display());
        return None;
    };
    let (mut posts, mut trades, mut skipped) = (0, 0, 0);
    for line in std::io::BufReader::new(flate2::read::MultiGzDecoder::new(file)).lines() {
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        let received = UnixMicros::parse(line["received_at"].as_str().unwrap()).unwrap();
        let post = read_post(PathKind::Trades, line["payload"].to_string().as_bytes(), received).unwrap();
        assert_eq!(post.rejected(), 0, "{line}");
        posts += 1;
        trades += post.observations.len();
        skipped += post.skipped_old;
    }
    Some((posts, trades, skipped))
}

#[test]
fn recorded_posts_are_read_without_loss() {
    if let Some(found) = recording("quicknode-trades-2026-01-03T2213Z.ndjson.gz") {
        assert_eq!(found, (3_156, 2_011, 0));
    }
    if let Some(found) = recording("quicknode-trades-2026-01-02T2322Z.ndjson.gz") {
        assert_eq!(found, (7_084, 251, 6_720));
    }
}

fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        "[0-9]{1,400}",
        "\\PC{0,8}".prop_map(|text| serde_json::Value::from(text).to_string()),
        Just(r#""\ud800""#.to_owned()),
    ];
    let name = prop::sample::select(vec![
        "matchedTransactions",
        "movements",
        "data",
        "message",
        "signature",
        "wallet",
        "direction",
        "sol_amount",
        "stablecoin_amount",
        "price",
        "block_time",
        "\\ud800",
        "skippedOldBlocks",
    ]);
    leaf.prop_recursive(4, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name.clone(), inner), 0..8).prop_map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    /// Whatever bytes arrive, reading them ends without a panic.
    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..256)) {
        let _ = read_post(PathKind::Trades, &body, UnixMicros::from_seconds(RECEIVED).unwrap());
    }

    /// Whatever JSON arrives, each of its items becomes exactly one observation.
    #[test]
    fn every_item_becomes_one_observation(body in json()) {
        for kind in [PathKind::Trades, PathKind::Whales] {
            if let Ok(post) = read_post(kind, body.as_bytes(), UnixMicros::from_seconds(RECEIVED).unwrap()) {
                let letters = post.observations.iter().filter(|item| matches!(item.payload, Payload::DeadLetter(_)));
                prop_assert_eq!(usize::try_from(post.rejected()).unwrap(), letters.count());
                prop_assert_eq!(usize::try_from(post.received).unwrap(), post.observations.len());
            }
        }
    }
}
