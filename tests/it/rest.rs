//! REST as the description promises it.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::event_stream::EventStream;
use tests::rest::{Rest, integer};
use tests::until::{PATIENCE, until, until_true};

const TABLES: [&str; 8] = [
    "prices",
    "order_book_snapshots",
    "sol_stablecoin_trades",
    "whale_movements",
    "candles",
    "feed_events",
    "dead_letters",
    "user_events",
];

/// A play that follows everyone, and stays in what it enters.
fn follow_everyone(id: &str) -> String {
    json!({
        "name": id, "active": true, "maxEntriesPerCycle": 1000,
        "wallets": { "sql": "SELECT wallet AS wallet_address FROM sol_stablecoin_trades" },
        "exit": {
            "decreases": [{"from": -1, "to": 0, "tolerance": 0.2}], "increases": [{"from": 0, "to": 1, "tolerance": 0.2}]
        }
    })
    .to_string()
}

/// A path of the description with its parameters filled in: of plays and projects the ones that were made for it.
async fn filled(rest: &Rest, path: &str) -> String {
    let path = path.replace("{token}", "SOL").replace("{table}", "prices").replace("{kinds}", "prices");
    let path = path.replace("{exchange}", "bybit").replace("{name}", "ma_rsi-binance-BTCUSDT-300");
    if path.ends_with("/suggestions") {
        return format!("{path}?play_id=everyone");
    }
    if path.contains("/plays/") {
        return path.replace("{id}", "everyone");
    }
    if path.contains("/projects/") {
        return path.replace("{id}", "rule");
    }
    if !path.contains("{id}") {
        return path;
    }
    let open = until("a position is open", PATIENCE, async || {
        let answer = rest.json("/buyins?status=open&limit=1").await;
        Some(answer["positions"].get(0)?["id"].as_str()?.to_owned())
    })
    .await;
    path.replace("{id}", &open)
}

/// What a call that is no plain question is asked with. `number` makes names of their own.
fn body(verb: &str, path: &str, number: usize) -> String {
    let project = json!({ "name": format!("rule {number}"), "filters": [{ "feature": "pm_price_change_1m", "from": 0 }] });
    match (verb, path.trim_start_matches("/api/v1")) {
        ("post", path) if path.ends_with("/insert/batch") => {
            json!({ "events": [{ "user": { "feed": "mood", "json": "1" } }] }).to_string()
        }
        ("post", path) if path.contains("/insert") => {
            json!({ "user": { "feed": "mood", "json": "1" } }).to_string()
        }
        (_, "/query_sql") => json!({ "sql": "SELECT count(*) AS rows FROM pattern_analysis" }).to_string(),
        ("post", path) if path.ends_with("/plan") => {
            let play: Value = serde_json::from_str(&follow_everyone("everyone")).unwrap();
            // Before the log begins: the bounds of a span are what it is about here.
            json!({ "play": play, "from": "2026-01-03T00:00:00Z", "to": "2026-01-03T01:00:00Z" }).to_string()
        }
        ("post", "/posts/preview") => json!({ "kind": "lesson" }).to_string(),
        ("post", "/alerts/test" | "/publisher/resume" | "/publisher/backup" | "/trading/backup") => {
            "{}".to_owned()
        }
        ("post", "/publisher/stop") => json!({ "reason": "a test" }).to_string(),
        ("post", "/trading/parity") => json!({ "day": "2026-01-03" }).to_string(),
        (_, "/query") => json!({ "sql": "SELECT count(*) AS prices FROM prices" }).to_string(),
        ("post", "/plays") => follow_everyone(&format!("play-{number}")),
        ("put", path) if path.starts_with("/plays/") => follow_everyone("everyone"),
        ("post", path) if path.ends_with("/duplicate") => {
            json!({ "name": format!("copy {number}") }).to_string()
        }
        ("post", "/patterns/projects") => project.to_string(),
        ("put", path) if path.starts_with("/patterns/projects/") => project.to_string(),
        ("post", "/trading/pause" | "/trading/resume") => json!({ "reason": "a test" }).to_string(),
        ("post", path) if path.ends_with("/resume") => {
            json!({ "reason": "a test", "requestId": format!("resume {number}") }).to_string()
        }
        ("post", path) if path.ends_with("/close") => json!({ "reason": "a test" }).to_string(),
        ("delete", _) => String::new(),
        _ => panic!("{verb} {path} needs a body"),
    }
}

/// Makes what the calls are about; anew after it was deleted.
async fn make_play_and_project(rest: &Rest) {
    if rest.get("/plays/everyone").await.status == 404 {
        let made = rest.send(Method::POST, "/plays", &follow_everyone("everyone")).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
    if rest.get("/patterns/projects/rule").await.status == 404 {
        let rule = json!({ "name": "rule", "filters": [{ "feature": "pm_price_change_1m", "from": 0 }] })
            .to_string();
        let made = rest.send(Method::POST, "/patterns/projects", &rule).await;
        assert_eq!(made.status, 200, "{}", made.text);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_described_path_answers_as_described() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();

    let description = rest.json("/openapi.json").await;
    let paths = description["paths"].as_object().unwrap();
    let operations = paths.iter().flat_map(|(path, verbs)| {
        verbs.as_object().unwrap().iter().map(move |(verb, operation)| (path, verb, operation))
    });
    let mut asked = 0;
    for (path, verb, operation) in operations {
        make_play_and_project(&rest).await;
        let url = filled(&rest, path).await;
        if operation["responses"]["200"]["content"].get("text/event-stream").is_some() {
            let suffix =
                if url.contains("trading") || url.contains("subscribe") { "" } else { "?after_seq=0" };
            let mut stream = EventStream::open(&rest, &format!("{url}{suffix}"), None).await;
            stream.next(PATIENCE).await.unwrap_or_else(|| panic!("{path} ended at once"));
        } else {
            let answer = match verb.as_str() {
                "get" => rest.get(&url).await,
                verb => {
                    let method: Method = verb.to_uppercase().parse().unwrap();
                    rest.send(method, &url, &body(verb, path, asked)).await
                }
            };
            // No channel is configured here, which is said; `alerts` tests those that are.
            let expected = if path.ends_with("/alerts/test") { 400 } else { 200 };
            assert_eq!(answer.status, expected, "{verb} {path}: {}", answer.text);
            assert!(answer.json().is_object(), "{path}");
        }
        asked += 1;
    }
    assert!(asked >= 28, "{asked} paths are described");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prices_tables_feeds_and_health_say_what_they_must() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();

    let price = rest.json("/price/SOL").await;
    assert!(price["price"].as_f64().unwrap() > 0.0, "{price}");
    for field in ["eventTime", "receivedTime", "asOf", "seq", "source"] {
        assert!(price[field].is_string(), "{field}: {price}");
    }
    assert!(price["ageMs"].is_i64() && price["stale"].is_boolean(), "{price}");

    let latest = rest.json("/latest/prices?limit=3").await;
    let rows = latest["rows"].as_array().unwrap();
    assert_eq!((rows.len(), latest["count"].as_u64()), (3, Some(3)));
    for field in ["seq", "event_time", "received_time", "source", "token", "price"] {
        assert!(
            rows.iter().all(|row| row.get(field).is_some_and(|value| !value.is_null())),
            "{field}: {latest}"
        );
    }

    let tables = rest.json("/tables").await;
    let names: Vec<&Value> =
        tables["tables"].as_array().unwrap().iter().map(|table| &table["name"]).collect();
    assert_eq!(names, TABLES);
    let feeds = rest.json("/feeds").await;
    let names: Vec<&str> =
        feeds["feeds"].as_array().unwrap().iter().map(|feed| feed["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["prices", "books", "trades", "whales", "candles"]);

    let health = rest.get("/health").await;
    let body = health.json();
    assert_eq!(health.status, 200, "{body}");
    assert_eq!(
        (&body["market"]["state"], &body["trading"]["state"]),
        (&Value::from("up"), &Value::from("up"))
    );
    assert_eq!(body["market"]["mode"], "MODE_SIMULATED");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_of_events_is_resumed_without_hole_or_repetition() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();
    let path = "/stream/prices?symbols=SOL&after_seq=0";

    let mut whole = EventStream::open(&rest, path, None).await;
    let expected = whole.take(60, PATIENCE).await;
    let mut found = Vec::new();
    while found.len() < expected.len() {
        let last = found.last().and_then(|event: &tests::event_stream::Event| event.id);
        let mut stream = EventStream::open(&rest, path, last).await;
        let count = 13.min(expected.len() - found.len());
        found.extend(stream.take(count, PATIENCE).await);
    }

    assert_eq!(found, expected);
    for event in &expected {
        assert_eq!(event.id, Some(integer(&event.data["seq"])), "{event:?}");
        assert_eq!(event.data["token"], "SOL");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_trading_stream_begins_with_the_seven_active_cycles() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let mut stream = EventStream::open(&cluster.rest(), "/stream/trading", None).await;

    let events = stream.take(7, PATIENCE).await;

    let thresholds: Vec<f64> =
        events.iter().map(|event| event.data["cycle"]["thresholdPercent"].as_f64().unwrap()).collect();
    assert_eq!(thresholds, [0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5]);
    assert!(
        events.iter().all(|event| event.id.is_some() && event.data["cycle"]["active"] == true),
        "{events:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_request_is_refused_with_a_sentence_that_names_it() {
    let cluster = Cluster::start_with_trades(World::simulated(20)).await;
    let rest = cluster.rest();
    let refusals = [
        ("/latest/pries", 404, "pries"),
        ("/latest/prices?limit=0", 400, "limit"),
        ("/latest/prices?limit=1001", 400, "1001"),
        ("/latest/prices?limit=-1", 400, "limit"),
        ("/cycles?threshold=abc", 400, "threshold"),
        ("/cycles?threshold=abc", 400, "abc"),
        ("/cycles?threshold=0.33", 400, "0.33"),
        ("/price/DOGE", 404, "DOGE"),
        ("/price/SOL/history?hours=0", 400, "hours"),
        ("/stream/candy", 400, "candy"),
        ("/stream/prices?after_seq=999999999", 400, "999999999"),
        ("/latest/prices?nonsense=1", 400, "nonsense"),
    ];

    for (path, status, named) in refusals {
        let answer = rest.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.message().contains(named), "{path} does not name {named}: {}", answer.text);
        assert!(answer.json()["code"].is_u64(), "{path}: {}", answer.text);
    }
    assert_eq!(rest.get("/no/such/path").await.status, 404);
    assert_eq!(rest.send(Method::POST, "/price/SOL", "{}").await.status, 405);
    assert_eq!(rest.get("/health").await.status, 200);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_engine_that_is_down_is_named_and_the_other_goes_on() {
    let mut cluster = Cluster::start_with_trades(World::simulated(20)).await;
    cluster.expect_losses_of_the_data_engine();
    let rest = cluster.rest();

    cluster.trading_engine.kill();
    let cycles = rest.get("/cycles").await;
    assert_eq!(cycles.status, 503, "{}", cycles.text);
    assert!(cycles.message().contains("trading-engine"), "{}", cycles.text);
    let health = rest.get("/health").await;
    assert_eq!((health.status, &health.json()["trading"]["state"]), (503, &Value::from("down")));
    assert_eq!(rest.get("/price/SOL").await.status, 200);
    cluster.start_trading_engine().await;

    cluster.data_engine.kill();
    let price = rest.get("/price/SOL").await;
    assert_eq!(price.status, 503, "{}", price.text);
    assert!(price.message().contains("data-engine"), "{}", price.text);
    assert_eq!(rest.get("/health").await.status, 503);
    assert_eq!(rest.get("/cycles").await.status, 200);
    cluster.start_data_engine().await;

    let well = Duration::from_secs(10);
    until_true("all is well again without help", well, async || rest.get("/health").await.status == 200)
        .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_service_has_metrics_and_says_whether_it_is_ready() {
    let cluster = Cluster::start(World::simulated(20)).await;
    for address in cluster.addresses.metrics {
        let admin = tests::rest::Rest::new(address);
        assert_eq!(admin.get("/healthz").await.status, 200);
        assert_eq!(admin.get("/readyz").await.status, 200);
        let metrics = admin.get("/metrics").await;
        let own = metrics.text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert!(metrics.status == 200 && own > 0, "{address}: {}", metrics.text);
    }
}
