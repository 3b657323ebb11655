//! The operator's own feeds: what they publish is in the log, and told from what the venues say.

use goat::error::http_status;
use goat::wire::market::{
    self, InsertBatchRequest, InsertSyncRequest, NewEvent, QueryRequest, UserEvent, feed, new_event,
};
use reqwest::Method;
use serde_json::{Value, json};
use tests::cluster::{Cluster, World};
use tests::reader::Reader;
use tests::rest::{Answer, integer};
use tests::until::{PATIENCE, until, until_true};

fn mood(index: u32) -> NewEvent {
    let json = json!({ "index": index }).to_string();
    let event = UserEvent { feed: "mood".to_owned(), symbol: "SOL".to_owned(), json };
    NewEvent { event_time: None, payload: Some(new_event::Payload::User(event)) }
}

async fn running() -> Cluster {
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    cluster.start_gateway().await;
    cluster
}

async fn post(cluster: &Cluster, path: &str, body: &Value) -> Answer {
    cluster.rest().send(Method::POST, path, &body.to_string()).await
}

async fn rows(cluster: &Cluster, sql: &str) -> Vec<Value> {
    let answer = post(cluster, "/query", &json!({ "sql": sql })).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()["rows"].as_array().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_published_is_answered_with_its_place_and_read_back_by_every_way() {
    let cluster = running().await;

    let one = post(&cluster, "/insert", &json!({"user": {"feed": "mood", "json": "{\"index\":1}"}})).await;
    let two = post(&cluster, "/insert/sync", &json!({"price": {"token": "JUP", "price": 0.5}})).await;
    let many = post(
        &cluster,
        "/api/v1/insert/batch",
        &json!({"events": [
            {"user": {"feed": "mood", "symbol": "jup", "json": "[2]"}},
            {"candle": {"symbol": "JUPUSDT", "venue": "VENUE_BYBIT", "intervalSeconds": 60,
                "openTime": "2020-01-01T00:00:00Z", "open": 1, "high": 2, "low": 1, "close": 2, "volume": 3},
             "eventTime": null},
        ]}),
    )
    .await;

    assert_eq!((one.status, one.json()), (200, json!({"duplicate": false})), "{}", one.text);
    assert_eq!((two.status, integer(&two.json()["seq"])), (200, 2), "{}", two.text);
    // The candle is older than the table keeps: nothing of the batch was recorded.
    assert_eq!(many.status, 400, "{}", many.text);
    assert!(many.message().starts_with("events[1]: event_time must be no older than"), "{}", many.text);
    assert_eq!(cluster.market_status().await.head_seq, 2);

    let mut market = cluster.market();
    let batch = InsertBatchRequest { events: (0..1000).map(mood).collect() };
    let recorded = market.insert_batch(batch).await.unwrap().into_inner();
    assert_eq!((recorded.accepted, recorded.first_seq, recorded.last_seq), (1000, Some(3), Some(1002)));
    until_true("the tables have them", PATIENCE, async || {
        rows(&cluster, "SELECT count(*) FROM user_events").await == [json!([1001.0])]
    })
    .await;
    let newest = cluster.rest().json("/latest/user_events?limit=1").await;
    let row = &newest["rows"][0];
    assert_eq!(
        (&row["seq"], &row["source"], &row["feed"], &row["symbol"], &row["json"]),
        (&json!(1002.0), &json!("user"), &json!("mood"), &json!("SOL"), &json!("{\"index\":999}"))
    );
    assert_eq!(rows(&cluster, "SELECT token, source FROM prices").await, [json!(["JUP", "user"])]);
    let price = cluster.rest().json("/price/JUP").await;
    assert_eq!((&price["price"], &price["source"]), (&json!(0.5), &json!("SOURCE_USER")));

    let mut reader = Reader::new(cluster.addresses.market);
    reader.read_until(PATIENCE, |reader| reader.cursor() >= 1002).await;
    assert_eq!(reader.contents.last_seq(), 1002);
    // Nothing that the operator publishes makes a feed live.
    let feeds = market.list_feeds(market::ListFeedsRequest {}).await.unwrap().into_inner().feeds;
    assert!(feeds.iter().all(|feed| feed.accepted == 0 && feed.state() != feed::State::Live), "{feeds:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answered_event_survives_the_kill_and_a_repeated_one_is_a_duplicate() {
    let mut cluster = running().await;
    cluster.expect_losses_of_the_data_engine();
    let trade = json!({"trade": {
        "signature": "own-1", "wallet": "w", "side": "SIDE_BUY", "solAmount": 1.5, "stablecoin": "USDC",
        "stablecoinAmount": 200, "price": 133.3,
    }});
    let first = post(&cluster, "/insert/sync", &trade).await;
    assert_eq!((first.status, integer(&first.json()["seq"])), (200, 1), "{}", first.text);

    cluster.data_engine.kill();
    cluster.start_data_engine().await;
    let again = until("the gateway reaches it again", PATIENCE, async || {
        let answer = post(&cluster, "/insert/sync", &trade).await;
        (answer.status == 200).then(|| answer.json())
    })
    .await;

    assert_eq!((&again["duplicate"], &again["seq"]), (&json!(true), &Value::Null), "{again}");
    assert_eq!(cluster.market_status().await.head_seq, 1);
    let mut market = cluster.market();
    let next = market.insert_sync(InsertSyncRequest { event: Some(mood(7)) }).await.unwrap().into_inner();
    assert_eq!(next.seq, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_engine_says_itself_and_what_its_feeds_deliver_is_refused() {
    let mut cluster = Cluster::prepare(World::simulated(1)).await;
    cluster.start_data_engine().await;
    cluster.start_gateway().await;

    for (body, status, code, words) in [
        (
            json!({"price": {"token": "SOL", "price": 1}}),
            400,
            9,
            "the price of SOL comes from a feed of this instance",
        ),
        (json!({"feed": {"feed": "prices", "kind": "KIND_LIVE"}}), 400, 3, "feed"),
        (json!({"deadLetter": {"feed": "prices"}}), 400, 3, "deadLetter"),
        (json!({"user": {"feed": "Mood!", "json": "1"}}), 400, 3, "feed must be 1 to 64 of a-z"),
        (json!({"user": {"feed": "mood", "json": "{"}}), 400, 3, "json must be JSON, got {"),
        (json!({}), 400, 3, "is missing"),
    ] {
        let refused = post(&cluster, "/insert", &body).await;
        assert_eq!(
            (refused.status, refused.json()["code"].as_i64()),
            (status, Some(code)),
            "{body}: {}",
            refused.text
        );
        assert!(refused.message().contains(words), "{body}: {}", refused.text);
    }

    let mut market = cluster.market();
    let none = market.insert(market::InsertRequest { event: None }).await.unwrap_err();
    assert_eq!((none.message(), http_status(none.code())), ("event is missing", 400));
    let sql = "SELECT count(*) FROM prices WHERE source = 'user'".to_owned();
    let query = QueryRequest { sql, ..QueryRequest::default() };
    let counted =
        until("the tables are whole", PATIENCE, async || market.query(query.clone()).await.ok()).await;
    let count = counted.into_inner().rows.remove(0).values.remove(0);
    assert_eq!(
        count,
        goat::prost_types::Value { kind: Some(goat::prost_types::value::Kind::NumberValue(0.0)) }
    );
}
