//! The whole data-engine against both venues.

use std::time::Duration;

use goat::wire::market::book_state::State;
use goat::wire::market::{GetLatestRequest, ListFeedsRequest};
use tests::cluster::{Cluster, World};
use tests::fakes;
use tests::until::{PATIENCE, until};

use super::scene::{HIT, SPARED};

const LONG: Duration = Duration::from_hours(24);

#[tokio::test]
async fn live_books_and_candles_reach_the_users_of_the_engine() {
    let binance = fakes::binance::Binance::start(&[HIT, SPARED], LONG).await;
    let bybit = fakes::bybit::Bybit::start(&[HIT, SPARED], LONG).await;
    let world = World::webhook_alone()
        .with("GOAT_FEEDS__BINANCE__ENABLED", true)
        .with("GOAT_FEEDS__BINANCE__WEBSOCKET_URL", &binance.websocket_url)
        .with("GOAT_FEEDS__BINANCE__REST_URL", &binance.rest_url)
        .with("GOAT_FEEDS__BYBIT__ENABLED", true)
        .with("GOAT_FEEDS__BYBIT__WEBSOCKET_URL", &bybit.websocket_url)
        .with("GOAT_FEEDS__BYBIT__REST_URL", &bybit.rest_url)
        .with("GOAT_FEEDS__CANDLES__INTERVALS", r#"["5m"]"#)
        .with("GOAT_FEEDS__CANDLES__HISTORY", 50);
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    let mut client = cluster.market();

    let books = until("four live books", PATIENCE, async || {
        let feeds = client.list_feeds(ListFeedsRequest::default()).await.ok()?.into_inner().feeds;
        let books = feeds.into_iter().find(|feed| feed.name == "books")?.books;
        let live = books.iter().filter(|book| book.state() == State::Live).count();
        (live == 4).then_some(books)
    })
    .await;

    assert!(books.iter().all(|book| book.update_id > 0 && book.age_ms.is_some()), "{books:#?}");
    for (table, count) in [("order_book_snapshots", 4), ("candles", 100), ("feed_events", 4)] {
        let mut client = cluster.market();
        until(table, PATIENCE, async || {
            let request = GetLatestRequest { table: table.to_owned(), limit: Some(200) };
            let rows = client.get_latest(request).await.ok()?.into_inner().rows.len();
            (rows >= count).then_some(())
        })
        .await;
    }
}
