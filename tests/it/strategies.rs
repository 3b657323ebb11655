//! Paper strategies on two exchanges, and the results of everything that trades.

use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::rest::{Rest, integer};
use tests::service::{Said, command, run_to_end};
use tests::until::{PATIENCE, until};

const BINANCE: &str = "ma_rsi-binance-BTCUSDT-300";
const BYBIT: &str = "ma_rsi-bybit-BTCUSDT-300";

/// The names of the original's files, in its order.
const ORIGINAL_NAMES: [&str; 13] = [
    "exchange",
    "timestamp",
    "balance",
    "totalPnL",
    "totalPnLPercent",
    "totalTrades",
    "wins",
    "losses",
    "currentStreak",
    "recentTrades",
    "riskControl",
    "startBalance",
    "equity",
];

/// The names of a trade in the original's files.
const NAMES_OF_A_TRADE: [&str; 11] = [
    "id",
    "symbol",
    "side",
    "entryPrice",
    "exitPrice",
    "amount",
    "pnl",
    "pnlPercent",
    "holdTime",
    "reason",
    "timestamp",
];

async fn running() -> Cluster {
    Cluster::start(World::simulated(60).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 4)).await
}

fn number(value: &Value, field: &str) -> f64 {
    value[field].as_f64().unwrap_or_else(|| panic!("{field}: {value}"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_exchanges_run_and_are_compared() {
    let cluster = running().await;
    let rest = cluster.rest();

    let compared = until("both exchanges have candles in common", PATIENCE, async || {
        let compared = rest.json("/stats/comparison").await;
        compared["until"].is_string().then_some(compared)
    })
    .await;

    assert_eq!((&compared["strategy"], &compared["symbol"]), (&json!("ma_rsi"), &json!("BTCUSDT")));
    let sides = compared["exchanges"].as_array().unwrap();
    assert_eq!((&sides[0]["strategy"], &sides[1]["strategy"]), (&json!(BINANCE), &json!(BYBIT)));
    let (one, other) = (number(&sides[0], "returnPercent"), number(&sides[1], "returnPercent"));
    let hundredths = |percent: f64| (percent * 100.0).round();
    let tie = (hundredths(one) - hundredths(other)).abs() < 0.5;
    assert_eq!(compared["tie"], tie, "{compared}");
    let leader = if tie {
        ""
    } else if one > other {
        "binance"
    } else {
        "bybit"
    };
    assert_eq!(compared["leader"], leader, "{compared}");
    assert_eq!(compared["simulated"], true);

    for exchange in ["binance", "bybit"] {
        let stats = rest.json(&format!("/stats/{exchange}")).await;
        for name in ORIGINAL_NAMES {
            assert!(!stats[name].is_null(), "{name}: {stats}");
        }
        assert_eq!((&stats["exchange"], &stats["simulated"]), (&json!(exchange), &json!(true)));
        assert_eq!(stats["riskControl"]["tradingPaused"], false);
        let told_at = stats["timestamp"].as_str().unwrap();
        assert!(told_at.len() == "2026-01-01T00:00:00.000Z".len() && told_at.ends_with('Z'), "{told_at}");
    }
    let strategy = rest.json(&format!("/strategies/{BYBIT}")).await["strategy"].clone();
    assert_eq!((&strategy["rules"], &strategy["venue"]), (&json!("ma_rsi"), &json!("VENUE_BYBIT")));
    assert!(number(&strategy["account"], "equityUsd") > 0.0, "{strategy}");
    assert_eq!(strategy["parameters"]["coolOffSeconds"], 14_400);
    let points = rest.json(&format!("/strategies/{BYBIT}/equity?hours=48&max_points=10")).await;
    let points = points["points"].as_array().unwrap();
    assert!((2..=11).contains(&points.len()), "{} points", points.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_asked_is_refused_by_its_name() {
    let cluster = running().await;
    let rest = cluster.rest();
    let refusals = [
        ("/strategies/nobody", 404, BINANCE),
        ("/strategies/nobody/trades", 404, "nobody"),
        ("/strategy_trades?page_token=abc", 400, "abc"),
        ("/stats/kraken", 404, "kraken"),
        ("/stats/bybit?strategy=donchian", 404, "donchian"),
        ("/stats/comparison?strategy=donchian", 400, "donchian"),
        ("/results?play_id=nobody", 404, "nobody"),
        ("/results?wallet_address=nobody", 404, "nobody"),
        ("/results?play_id=a&strategy=b", 400, "strategy"),
    ];
    until("the strategies are there", PATIENCE, async || {
        (rest.get(&format!("/strategies/{BINANCE}")).await.status == 200).then_some(())
    })
    .await;

    for (path, status, named) in refusals {
        let answer = rest.get(path).await;
        assert_eq!(answer.status, status, "{path}: {}", answer.text);
        assert!(answer.message().contains(named), "{path} does not name {named}: {}", answer.text);
    }
    let resumed = rest.send(Method::POST, &format!("/strategies/{BINANCE}/resume"), "{}").await;
    assert_eq!(resumed.status, 400, "{}", resumed.text);
    assert!(resumed.message().contains("not paused"), "{}", resumed.text);
}

/// Equity − start = realised + unrealised − fees, and no window contradicts a longer one.
fn assert_adds_up(results: &Value) {
    let windows = results["windows"].as_array().unwrap();
    let names: Vec<_> = windows.iter().map(|window| window["window"].as_str().unwrap()).collect();
    assert_eq!(names, ["24h", "7d", "30d", "all"]);
    for window in windows {
        for ledger in ["alwaysOn", "onTime"] {
            let found = &window[ledger];
            let made =
                number(found, "realisedUsd") + number(found, "unrealisedUsd") - number(found, "feesUsd");
            let grown = number(found, "equityUsd") - number(found, "startUsd");
            assert!((made - grown).abs() < 1e-6, "{ledger}: {window}");
            let trades = number(found, "trades");
            assert!(trades >= number(found, "wins") + number(found, "losses"), "{window}");
            assert_eq!(found["nTooSmall"], trades < 20.0, "{window}");
            assert_eq!(found["winRate"].is_null(), trades < 20.0, "{window}");
        }
        let (all, punctual) = (number(&window["alwaysOn"], "trades"), number(&window["onTime"], "trades"));
        assert!((all - punctual - number(window, "decidedLate")).abs() < 0.5, "{window}");
    }
    let equity = |window: &Value| number(&window["alwaysOn"], "equityUsd");
    assert!(windows.iter().all(|window| (equity(window) - equity(&windows[3])).abs() < 0.005), "{results}");
}

async fn results(rest: &Rest, query: &str) -> Value {
    rest.json(&format!("/results{query}")).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_results_of_account_play_wallet_and_strategy_add_up() {
    let cluster = running().await;
    let rest = cluster.rest();
    let play = json!({
        "name": "everyone", "active": true, "maxEntriesPerCycle": 1000,
        "wallets": { "sql": "SELECT wallet AS wallet_address FROM sol_stablecoin_trades" },
        "exit": { "maximumHoldSeconds": 30 }
    });
    let made = rest.send(Method::POST, "/plays", &play.to_string()).await;
    assert_eq!(made.status, 200, "{}", made.text);

    let account = until("twenty positions are closed", PATIENCE, async || {
        let account = results(&rest, "").await;
        let closed = account["windows"][3]["alwaysOn"]["trades"].as_u64()?;
        (closed >= 20).then_some(account)
    })
    .await;

    assert_adds_up(&account);
    let all = &account["windows"][3]["alwaysOn"];
    assert!(all["winRate"].is_f64() && all["averageHoldSeconds"].is_f64(), "{all}");
    assert!(number(all, "meanWorstPercent") <= 0.0 && number(all, "meanBestPercent") >= 0.0, "{all}");
    assert!(all["buyAndHoldPercent"].is_f64() && account["benchmark"] == "SOL", "{account}");
    assert_adds_up(&results(&rest, "?play_id=everyone").await);
    assert_adds_up(&results(&rest, &format!("?strategy={BINANCE}")).await);
    let closed = rest.json("/buyins?status=closed&limit=1").await;
    let wallet = closed["positions"][0]["walletAddress"].as_str().unwrap();
    let of_wallet = results(&rest, &format!("?wallet_address={wallet}")).await;
    assert_eq!(of_wallet["subject"], format!("wallet:{wallet}"));
    assert_adds_up(&of_wallet);
}

/// A bundle of the newest day, put together from its parts.
async fn bundle(rest: &Rest) -> String {
    let (mut text, mut part) = (String::new(), rest.json("/bundle").await);
    loop {
        text.push_str(part["text"].as_str().unwrap());
        let (offset, last) = (integer(&part["nextOffset"]), integer(&part["lastRecord"]));
        if offset == 0 {
            assert_eq!(text.len() as u64, integer(&part["bytes"]));
            return text;
        }
        part = rest.json(&format!("/bundle?offset={offset}&last_record={last}")).await;
    }
}

fn first_record(bundle: &str) -> u64 {
    let header: Value = serde_json::from_str(bundle.lines().next().unwrap()).unwrap();
    header["first"].as_u64().unwrap()
}

fn verified(folder: &Path, key: &str) -> Said {
    let mut command = command("trading-engine", folder, &[]);
    command.args(["verify-stats", "bundle.jsonl", "--public-key", key]);
    run_to_end(command)
}

fn all_verified(cluster: &Cluster) -> Said {
    let mut goat = command("goat", cluster.directory.path(), &cluster.environment);
    goat.arg("verify");
    run_to_end(goat)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_is_verified_and_an_altered_record_is_named() {
    let mut cluster = running().await;
    let rest = cluster.rest();
    until("there are candles in the chain", PATIENCE, async || {
        let chain = rest.json("/chain").await;
        (integer(&chain["records"]) > 20).then_some(())
    })
    .await;
    for day in rest.json("/chain").await["days"].as_array().unwrap() {
        assert!(day["day"].as_str().unwrap() > "2026", "a day before the log began: {day}");
    }
    // What a killed engine had not committed is written once more, as it was.
    cluster.trading_engine.kill();
    cluster.start_trading_engine().await;

    // Neither is anything forgotten by an engine that begins anew.
    let (before, first) = (rest.json("/chain").await, first_record(&bundle(&rest).await));
    assert!(integer(&before["committed"]["number"]) <= integer(&before["records"]), "{before}");
    cluster.trading_engine.kill();
    cluster.trading_engine.set_arguments(&["--cold"]);
    cluster.start_trading_engine().await;
    let chain = rest.json("/chain").await;
    assert!(integer(&chain["records"]) > integer(&before["committed"]["number"]), "{chain}");
    let key = chain["publicKey"].as_str().unwrap();
    // What it did since is there when it is committed.
    let text = until("the cold start is committed", PATIENCE, async || {
        Some(bundle(&rest).await).filter(|text| text.contains("cold start: asked for with --cold"))
    })
    .await;
    if chain["days"].as_array().unwrap().len() == before["days"].as_array().unwrap().len() {
        assert_eq!(first_record(&text), first, "all of the day is in it");
        let told = before["committed"]["hash"].as_str().unwrap();
        assert!(text.contains(told), "what was committed stays: {told}");
    }
    let kept = cluster.directory.path().join("data/trading/bundles/day.jsonl");
    std::fs::create_dir_all(kept.parent().unwrap()).unwrap();
    let path = cluster.directory.path().join("bundle.jsonl");
    for path in [&path, &kept] {
        std::fs::write(path, &text).unwrap();
    }
    let all = all_verified(&cluster);
    assert!(all.code == Some(0) && all.output.contains("the log and 1 signed days are whole"), "{all:?}");
    let said = verified(cluster.directory.path(), key);
    assert_eq!(said.code, Some(0), "{}", said.errors);
    assert!(said.output.contains(key) && said.output.contains("records"), "{}", said.output);

    let price = text.find(r#""price":"#).unwrap() + 8;
    let line = text[..price].lines().count();
    let mut altered = text.into_bytes();
    altered[price] = if altered[price] == b'1' { b'2' } else { b'1' };
    for path in [&path, &kept] {
        std::fs::write(path, &altered).unwrap();
    }
    let all = all_verified(&cluster);
    assert!(all.code == Some(1) && all.errors.contains("day.jsonl: record "), "{all:?}");
    let said = verified(cluster.directory.path(), key);
    let first: Value = serde_json::from_slice(altered.split(|byte| *byte == b'\n').next().unwrap()).unwrap();
    let record = first["first"].as_u64().unwrap() + line as u64 - 2;
    assert_eq!(said.code, Some(65), "{}", said.output);
    let named = |end: char| said.errors.contains(&format!("record {record}{end}"));
    assert!(named(' ') || named(':'), "record {record}: {}", said.errors);
    let wrong = verified(cluster.directory.path(), &"0".repeat(64));
    assert_eq!(wrong.code, Some(65), "{}", wrong.output);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_originals_files_are_written_whole_with_all_of_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let world = World::simulated(60)
        .with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 4)
        .with("GOAT_TRADING__STATS_FOLDER", folder.path().display());
    let _cluster = Cluster::start(world).await;

    for exchange in ["binance", "bybit"] {
        let path = folder.path().join(format!("{exchange}_trading_stats.json"));
        let mut stamps = Vec::new();
        // Whenever it is read, it is whole.
        let stats: Value = until("it is written again and again", PATIENCE, async || {
            let stats: Value = serde_json::from_slice(&std::fs::read(&path).ok()?).unwrap();
            let stamp = stats["timestamp"].as_str().unwrap().to_owned();
            if stamps.last() != Some(&stamp) {
                stamps.push(stamp);
            }
            (stamps.len() >= 3).then_some(stats)
        })
        .await;
        let names = stats.as_object().unwrap();
        for name in
            ORIGINAL_NAMES.into_iter().chain(["winRate", "profitFactor", "bestTrade", "currentPosition"])
        {
            assert!(names.contains_key(name), "{name}: {stats}");
        }
        assert!(stats["riskControl"].as_object().unwrap().contains_key("pauseReason"), "{stats}");
        for trade in stats["recentTrades"].as_array().unwrap() {
            assert!(NAMES_OF_A_TRADE.iter().all(|name| !trade[*name].is_null()), "{trade}");
        }
        assert_eq!(stats["exchange"], exchange);
    }
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert!(left.len() <= 3, "nothing else is left there but the file that is being written: {left:?}");
}
