//! Paper strategies in posts and alerts: what they traded is told once each, in its order, whatever happens.
//!
//! Candles and books come from a feed of our own, so that every trade is known: a pair's candles stand still until the
//! last one makes the averages cross; the next book fills the entry, and the one after it touches stop or target.

use goat::values::UnixMicros;
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::fakes::x::{Fate, X};
use tests::rest::integer;
use tests::until::{until, until_true};

use super::{PATIENCE, kill_the_gateway, quick, texts, told, with_account};

const EXCHANGES: [&str; 2] = ["binance", "bybit"];
const PAIRS: [&str; 6] = ["AAAUSDT", "BBBUSDT", "CCCUSDT", "DDDUSDT", "EEEUSDT", "FFFUSDT"];
const INTERVAL_SECONDS: i64 = 300;
/// More than the rules look at.
const CANDLES: i64 = 30;
const PRICE: f64 = 1000.0;

fn world() -> World {
    let on = |pair: &str, exchange: &str| {
        format!(
            r#"{{strategy="ma_rsi",venue="{exchange}",symbol="{pair}",interval_seconds={INTERVAL_SECONDS}}}"#
        )
    };
    let all: Vec<String> =
        PAIRS.iter().flat_map(|pair| EXCHANGES.map(|exchange| on(pair, exchange))).collect();
    quick(World::webhook_alone())
        .with("GOAT_STRATEGIES", format!("[{}]", all.join(",")))
        .with("GOAT_TRADING__LATENCY_MS", 0)
        .with("GOAT_ALERTS__TRADES", true)
}

async fn insert(cluster: &Cluster, events: &[Value]) {
    let body = json!({ "events": events }).to_string();
    let answer = cluster.rest().send(Method::POST, "/insert/batch", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
}

/// Closes that go up and down by little, and the last one above both averages.
fn candles(pair: &str, exchange: &str, end_seconds: i64) -> Vec<Value> {
    let begins = end_seconds - CANDLES * INTERVAL_SECONDS;
    let candle = |number: i64| {
        let above = match number {
            _ if number + 1 == CANDLES => 3.0,
            _ if number % 2 == 0 => 0.0,
            _ => 1.0,
        };
        let close = PRICE + above;
        let open_time = UnixMicros::from_seconds(begins + number * INTERVAL_SECONDS).unwrap();
        json!({"candle": {
            "symbol": pair, "venue": format!("VENUE_{}", exchange.to_uppercase()),
            "intervalSeconds": INTERVAL_SECONDS,
            "openTime": open_time.to_string(), "open": close, "high": close, "low": close, "close": close,
            "volume": 1.0,
        }})
    };
    (0..CANDLES).map(candle).collect()
}

fn book(pair: &str, exchange: &str, price: f64) -> Value {
    json!({"book": {
        "symbol": pair, "venue": format!("VENUE_{}", exchange.to_uppercase()), "updateId": "1",
        "bids": [{"price": price - 0.01, "quantity": 5}], "asks": [{"price": price + 0.01, "quantity": 5}],
    }})
}

/// Both exchanges' strategies on a pair enter, and leave with a win or a loss.
async fn trade(cluster: &Cluster, pair: &str, is_win: bool) {
    let now = UnixMicros::now().get() / 1_000_000;
    for exchange in EXCHANGES {
        insert(cluster, &candles(pair, exchange, now)).await;
    }
    for exchange in EXCHANGES {
        let name = format!("ma_rsi-{exchange}-{pair}-{INTERVAL_SECONDS}");
        let state = async || {
            let strategy = cluster.rest().json(&format!("/strategies/{name}")).await;
            strategy["strategy"]["state"].as_str().unwrap().to_owned()
        };
        until_true("it orders", PATIENCE, async || state().await == "STATE_ORDERED").await;
        insert(cluster, &[book(pair, exchange, PRICE + 3.0)]).await;
        until_true("it holds", PATIENCE, async || state().await == "STATE_HOLDING").await;
        insert(cluster, &[book(pair, exchange, PRICE * if is_win { 1.1 } else { 0.9 })]).await;
        until_true("it has left", PATIENCE, async || {
            let trades = cluster.rest().json(&format!("/strategies/{name}/trades")).await;
            integer(&trades["count"]) == 1
        })
        .await;
    }
}

/// The trades that are over, in the order of their ends, by the ids that posts have for them.
async fn closed(cluster: &Cluster) -> Vec<(String, f64)> {
    let answer = cluster.rest().json("/strategy_trades?limit=1000").await;
    let mut trades = answer["trades"].as_array().unwrap().clone();
    trades.sort_by_key(|trade| integer(&trade["closedSeq"]));
    let id =
        |trade: &Value| format!("{}.{}", trade["strategy"].as_str().unwrap(), integer(&trade["closedSeq"]));
    trades.iter().map(|trade| (id(trade), trade["profitUsd"].as_f64().unwrap())).collect()
}

fn subject(post: &Value) -> String {
    post["id"].as_str().unwrap().rsplit('/').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_trade_of_a_strategy_is_told_once_and_in_order_through_faults_and_kills() {
    let x = X::start().await;
    let mut cluster = Cluster::prepare(with_account(world(), &x)).await;
    cluster.start_all().await;

    for (number, pair) in PAIRS.into_iter().enumerate() {
        match number {
            0 => x.next(&[Fate::Good, Fate::SilentAfter]),
            2 => x.next(&[Fate::Limited(1), Fate::FailingAfter]),
            4 => x.next(&[Fate::SilentAfter, Fate::Good, Fate::FailingAfter]),
            _ => {}
        }
        trade(&cluster, pair, number % 3 != 1).await;
        if number % 2 == 1 {
            kill_the_gateway(&mut cluster).await;
        }
        if number == 2 {
            cluster.trading_engine.kill();
            cluster.start_trading_engine().await;
        }
    }
    let expected = closed(&cluster).await;
    assert_eq!(expected.len(), PAIRS.len() * EXCHANGES.len());
    let told = until("every trade is told", PATIENCE, async || {
        let posts = told(&cluster).await;
        let all_sent = posts.iter().all(|post| post["state"] == "STATE_SENT");
        (posts.len() >= expected.len() && all_sent).then_some(posts)
    })
    .await;

    let ids: Vec<String> = told.iter().map(subject).collect();
    assert_eq!(ids, expected.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(), "once, in order");
    let of_trades: Vec<String> = told.iter().map(texts).collect::<Vec<_>>().concat();
    let posted: Vec<String> =
        x.tweets().into_iter().map(|tweet| tweet.text).filter(|text| of_trades.contains(text)).collect();
    assert_eq!(posted, of_trades, "each part once");
    for (post, (id, profit)) in told.iter().zip(&expected) {
        let text = texts(post).join("\n");
        let (verdict, sign) = if *profit > 0.0 { ("WIN", '+') } else { ("LOSS", '-') };
        assert!(text.contains(&format!("Paper trade closed: {verdict}")), "{id} {profit}: {text}");
        assert!(text.contains(&format!("P&L {sign}{}", dollars(cents(*profit)))), "{id} {profit}: {text}");
        assert!(text.contains("Chain 20") && text.contains(" #"), "{text}");
        assert!(text.contains("ma_rsi Binance") || text.contains("ma_rsi Bybit"), "{text}");
    }
    assert_eq!(x.fates_left(), 0);
    alerts_are_told_once(&cluster, &expected).await;
    reports_know_the_strategies(&cluster, expected.iter().map(|(_, profit)| cents(*profit)).sum()).await;
}

fn cents(dollars: f64) -> i64 {
    #[allow(clippy::cast_possible_truncation)]
    let cents = (dollars * 100.0).round() as i64;
    cents
}

/// Without its sign: `$1,234.50`.
fn dollars(cents: i64) -> String {
    let (whole, rest) = (cents.unsigned_abs() / 100, cents.unsigned_abs() % 100);
    match whole / 1000 {
        0 => format!("${whole}.{rest:02}"),
        thousands => format!("${thousands},{:03}.{rest:02}", whole % 1000),
    }
}

/// An entry and an exit of each trade.
async fn alerts_are_told_once(cluster: &Cluster, expected: &[(String, f64)]) {
    for kind in ["entry", "exit"] {
        let alerts = until("alerts are raised", PATIENCE, async || {
            let alerts = cluster.rest().json(&format!("/alerts?kind={kind}&limit=1000")).await;
            (integer(&alerts["count"]) >= expected.len() as u64).then_some(alerts)
        })
        .await;
        assert_eq!(integer(&alerts["count"]), expected.len() as u64, "{kind}: {alerts}");
        let title = alerts["alerts"][0]["title"].as_str().unwrap();
        assert!(title.starts_with(&format!("Paper {kind}: ma_rsi ")), "{title}");
    }
}

/// Daily, weekly and comparison, with what the strategies made.
async fn reports_know_the_strategies(cluster: &Cluster, profit: i64) {
    let preview = async |kind: &str| {
        let body = json!({ "kind": kind }).to_string();
        let answer = cluster.rest().send(Method::POST, "/posts/preview", &body).await;
        assert_eq!(answer.status, 200, "{kind}: {}", answer.text);
        let post = answer.json()["post"].clone();
        assert!(
            post["parts"].as_array().unwrap().iter().all(|part| part["weightedLength"].as_u64() <= Some(280))
        );
        texts(&post).join("\n")
    };
    let tally = format!("12 trades, 8 won, 4 lost, P&L +{}", dollars(profit));
    for kind in ["daily", "weekly"] {
        let text = preview(kind).await;
        assert!(text.contains(&tally) && text.contains("Chain 20"), "{text}, not {tally}");
    }
    assert!(preview("daily").await.contains("strategies $12"), "of twelve accounts");
    let compared = preview("exchanges").await;
    // They traded after the last candle that both have.
    assert!(compared.contains("Binance: 0 trades, 0 won, 0 lost, P&L $0.00, equity 0.00%"), "{compared}");
    assert!(compared.contains("A tie in equity"), "{compared}");
    assert!(compared.contains("Newest candle: Binance ") && compared.contains("Both from 20"), "{compared}");
    assert!(compared.contains("luck"), "{compared}");
    assert!(preview("comparison").await.contains("Not shown: 8 more"));
}
