//! Recorded posts, sent to the running webhook: every trade once, whatever happens.

use std::time::Duration;

use tests::checker::Contents;
use tests::cluster::{Cluster, World};
use tests::reader::Reader;
use tests::recordings::{self, Post};
use tests::until::{PATIENCE, until_true};
use tests::webhook::Poster;

use goat::wire::market::{EventKind, ListTablesRequest};

const RECORDING: &str = "quicknode-trades-2026-01-03T2213Z.ndjson.gz";
const TRADES: u32 = 2011;
const KILLS: usize = 10;

/// The posts of half an hour; none when the recording is not there.
fn posts() -> Option<Vec<Post>> {
    let posts = recordings::posts(&recordings::file(RECORDING)?);
    assert_eq!(posts.len(), 3156);
    Some(posts)
}

/// The rows of the trades' table, once the tables contain all that is in the log.
async fn trade_rows(cluster: &Cluster) -> u32 {
    let folded = |status: &goat::wire::market::GetStatusResponse| {
        status.hot_store.as_ref().is_some_and(|store| store.ready && store.applied_seq == status.head_seq)
    };
    cluster.market_status_when("the tables are whole", PATIENCE, folded).await;
    let tables = cluster.market().list_tables(ListTablesRequest {}).await.unwrap().into_inner().tables;
    tables.into_iter().find(|table| table.name == "sol_stablecoin_trades").unwrap().rows
}

async fn trades_in_the_log(cluster: &Cluster) -> Contents {
    let head = cluster.market_status().await.head_seq;
    let mut reader = Reader::filtered(cluster.addresses.market, &[EventKind::Trade], &[]);
    reader.read_until(PATIENCE, |reader| reader.cursor() >= head).await;
    reader.contents
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_recorded_trade_is_kept_once_and_again_once_when_all_is_posted_again() {
    let Some(posts) = posts() else { return };
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    let poster = Poster::new(cluster.addresses.webhook);

    poster.post_all(&posts).await;
    assert_eq!(trade_rows(&cluster).await, TRADES);
    let once = trades_in_the_log(&cluster).await;
    poster.post_all(&posts).await;

    assert_eq!(trade_rows(&cluster).await, TRADES);
    assert_eq!(trades_in_the_log(&cluster).await, once);
    assert_eq!(once.count(), TRADES as usize);
}

/// Posts everything from several senders while the engine is killed again and again.
async fn kill_under_load(world: World, poster: impl FnOnce(&Cluster) -> Poster) {
    let Some(posts) = posts() else { return };
    let mut cluster = Cluster::prepare(world).await;
    cluster.expect_losses_of_the_data_engine();
    cluster.start_data_engine().await;
    let poster = poster(&cluster);
    let sender = poster.clone();
    let count = posts.len();

    let sending = tokio::spawn(async move { sender.post_all(&posts).await });
    for kill in 1..=KILLS {
        let due = kill * count / (KILLS + 1);
        until_true("posts are answered", Duration::from_mins(1), async || poster.answered() >= due).await;
        cluster.data_engine.kill();
        cluster.start_data_engine().await;
    }
    sending.await.unwrap();

    assert_eq!(poster.answered(), count);
    assert_eq!(trade_rows(&cluster).await, TRADES);
    assert_eq!(trades_in_the_log(&cluster).await.count(), TRADES as usize);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_acknowledged_trade_is_lost_when_the_engine_is_killed_ten_times() {
    kill_under_load(World::webhook_alone(), |cluster| Poster::new(cluster.addresses.webhook)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nor_is_one_that_was_signed_and_sent_again_as_it_was() {
    let token = "qnsec_of-the-kills";
    let world = World::webhook_alone().with("GOAT_FEEDS__WEBHOOK__TOKENS", token);
    kill_under_load(world, |cluster| Poster::signing(cluster.addresses.webhook, token)).await;
}
