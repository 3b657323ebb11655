//! The time in which the engine did not run.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use goat::wire::market::FeedEvent;
use goat::wire::market::feed_event::Kind;
use goat::wire::market::market_event::Payload;
use tests::until::until;

use super::scene::{BTC, ETH, SOL, SYMBOLS, Scene, told};

/// Longer than prices may be missing.
const DOWN: Duration = Duration::from_secs(6);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn downtime_is_a_gap_of_every_feed_once_and_no_candle_comes_twice() {
    let mut scene = Scene::start().await;
    recorded_books_after(&scene, 0).await;
    let before = scene.head().await;
    scene.cluster.expect_losses_of_the_data_engine();
    scene.cluster.data_engine.terminate(Duration::from_secs(10));
    tokio::time::sleep(DOWN).await;
    scene.cluster.start_data_engine().await;
    scene.until_well().await;
    // A short restart misses books, and no prices.
    recorded_books_after(&scene, before).await;
    let between = scene.head().await;
    scene.cluster.data_engine.kill();
    scene.cluster.start_data_engine().await;
    scene.until_well().await;
    recorded_books_after(&scene, between).await;

    let log = scene.log_after(before).await;
    let gaps = |symbol: &str, after: u64, until: u64| -> Vec<FeedEvent> {
        let part: Vec<_> =
            log.iter().filter(|event| event.seq > after && event.seq <= until).cloned().collect();
        told(&part, symbol).into_iter().filter(|said| said.kind() == Kind::Gap).collect()
    };
    for token in [SOL, BTC, ETH] {
        let found = gaps(token, before, between);
        let [gap] = found.as_slice() else { panic!("{token}: {found:#?}") };
        let (from, to) = (gap.from.unwrap().seconds, gap.to.unwrap().seconds);
        assert!(to - from >= 5, "{gap:?}");
    }
    for symbol in SYMBOLS {
        for (after, until) in [(before, between), (between, u64::MAX)] {
            let found = gaps(symbol, after, until);
            assert_eq!(found.len(), 2, "{symbol}: {found:#?}");
            let while_down = |gap: &&FeedEvent| gap.reason.ends_with("while the engine did not run");
            assert_eq!(found.iter().filter(while_down).count(), 2, "{symbol}: {found:#?}");
        }
    }
    let mut candles = BTreeMap::new();
    for event in scene.log_after(0).await {
        let Some(Payload::Candle(candle)) = event.payload else { continue };
        let open = candle.open_time.unwrap().seconds;
        *candles.entry((candle.venue, candle.symbol.clone(), open)).or_insert(0) += 1;
    }
    assert!(candles.len() >= 40 && candles.values().all(|count| *count == 1), "{candles:?}");
    scene.check_prices().await;
}

/// Waits until the log holds every book of the exchanges, and that it is live.
async fn recorded_books_after(scene: &Scene, seq: u64) {
    until("every book is recorded", Duration::from_secs(10), async || {
        let log = scene.log_after(seq).await;
        let live = SYMBOLS.iter().flat_map(|symbol| told(&log, symbol));
        let is_live = live.filter(|said| said.feed == "books" && said.kind() == Kind::Live).count()
            == 2 * SYMBOLS.len();
        let books = log.iter().filter_map(|event| match &event.payload {
            Some(Payload::Book(book)) => Some((book.venue, book.symbol.as_str())),
            _ => None,
        });
        (is_live && books.collect::<BTreeSet<_>>().len() == 2 * SYMBOLS.len()).then_some(())
    })
    .await;
}
