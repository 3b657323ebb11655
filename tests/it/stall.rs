//! A stream of trades that stalls: its posts keep coming, and are answered.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use goat::wire::market::{Feed, Gap, GetLatestRequest, ListFeedsRequest, ListGapsRequest, feed, feed_event};
use tests::cluster::{Cluster, World};
use tests::recordings;
use tests::until::until;
use tests::webhook::Poster;

const RECORDING: &str = "quicknode-trades-2026-01-02T2322Z.ndjson.gz";
/// Posts from the beginning of the stall, none of which has a trade.
const POSTS: usize = 1_500;
const NOTICED_WITHIN: Duration = Duration::from_secs(30);

async fn trades(cluster: &Cluster) -> Feed {
    let feeds = cluster.market().list_feeds(ListFeedsRequest::default()).await.unwrap().into_inner().feeds;
    feeds.into_iter().find(|feed| feed.name == "trades").unwrap()
}

async fn until_state(cluster: &Cluster, state: feed::State) -> Feed {
    until(&format!("the trades are {state:?}"), NOTICED_WITHIN, async || {
        let trades = trades(cluster).await;
        (trades.state() == state).then_some(trades)
    })
    .await
}

#[allow(clippy::disallowed_methods)] // A sender has a clock of its own.
fn post_of_now(signature: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    format!(
        r#"{{"matchedTransactions":[{{"signature":"{signature}","wallet_address":"w","direction":"buy","sol_amount":1.5,"stablecoin":"USDC","stablecoin_amount":150.0,"price":100.0,"block_height":1,"slot":2,"block_time":{now}}}]}}"#
    )
}

async fn stale_notices(cluster: &Cluster) -> Vec<Gap> {
    until("the tables are whole", NOTICED_WITHIN, async || {
        let request = ListGapsRequest { hours: Some(24.0), limit: None };
        let gaps = cluster.market().list_gaps(request).await.ok()?.into_inner().gaps;
        let stale = |gap: &Gap| gap.feed == "trades" && gap.kind() == feed_event::Kind::Stale;
        let gaps: Vec<Gap> = gaps.into_iter().filter(stale).collect();
        (!gaps.is_empty()).then_some(gaps)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_that_only_skip_old_blocks_are_answered_and_the_feed_is_stale() {
    let Some(recording) = recordings::file(RECORDING) else { return };
    let posts = recordings::posts(&recording);
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    let poster = Poster::new(cluster.addresses.webhook);
    let (status, answer) = poster.post("/", &[], post_of_now("before")).await.unwrap();
    assert_eq!(status, 200, "{answer}");
    until_state(&cluster, feed::State::Live).await;

    let began = std::time::Instant::now();
    let stale = loop {
        for post in &posts[..POSTS] {
            let (status, answer) = poster.post(&post.path, &[], post.body.clone()).await.unwrap();
            assert_eq!(status, 200, "{answer}");
        }
        let trades = trades(&cluster).await;
        if trades.state() == feed::State::Stale {
            break trades;
        }
        assert!(began.elapsed() < NOTICED_WITHIN + Duration::from_secs(5), "{trades:?}");
    };

    assert!(stale.reason.contains("limit 30 s; the stream lags: "), "{stale:?}");
    assert!(stale.blocks_skipped >= 1_000 && stale.since.is_some(), "{stale:?}");
    let notices = stale_notices(&cluster).await;
    assert_eq!(notices.len(), 1, "{notices:#?}");
    assert!(notices[0].from.is_some() && notices[0].reason.ends_with("limit 30 s"), "{notices:#?}");

    // Block times are whole seconds: two more, and the hole is longer than the limit whatever they are rounded from.
    tokio::time::sleep(Duration::from_secs(2)).await;
    poster.post("/", &[], post_of_now("after")).await.unwrap();
    let live = until_state(&cluster, feed::State::Live).await;
    assert_eq!(live.blocks_skipped, 0);
    let rows = until("the end is in the tables", NOTICED_WITHIN, async || {
        let request = GetLatestRequest { table: "feed_events".to_owned(), limit: Some(10) };
        let rows = cluster.market().get_latest(request).await.ok()?.into_inner().rows;
        (rows.len() >= 3).then_some(rows)
    })
    .await;
    let text = format!("{rows:?}");
    assert!(text.contains("trade: live again after 3"), "{text}");
    assert!(text.contains("no trade for 3"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trades_that_come_old_are_recorded_and_the_feed_is_stale() {
    let Some(recording) = recordings::file(RECORDING) else { return };
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    let poster = Poster::new(cluster.addresses.webhook);

    poster.post_all(&recordings::posts(&recording)).await;

    let stale = until_state(&cluster, feed::State::Stale).await;
    assert!(stale.accepted == 251 && stale.late == 251, "{stale:?}");
    assert_eq!(stale_notices(&cluster).await.len(), 1);
    assert!(cluster.data_engine.logs.contain("the feed is stale; its posts come to us"));
}
