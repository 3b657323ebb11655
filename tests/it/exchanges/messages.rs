//! Messages that are lost, repeated, late, unreadable or wrong.

use std::time::Duration;

use data_engine::feeds::exchange::protocol::Timings;
use goat::event::{FeedEventKind, Payload};
use tests::fakes;
use tests::fakes::fault::Fault;
use tokio::time::sleep;

use super::scene::{HIT, SPARED, Scene, binance, bybit, range};

const LONG: Duration = Duration::from_hours(24);

async fn at_binance() -> (fakes::binance::Binance, Scene) {
    let venue = fakes::binance::Binance::start(&[HIT, SPARED], LONG).await;
    let scene = binance(&venue, Timings::default());
    scene.until_both_live().await;
    (venue, scene)
}

async fn at_bybit() -> (fakes::bybit::Bybit, Scene) {
    let venue = fakes::bybit::Bybit::start(&[HIT, SPARED], LONG).await;
    let scene = bybit(&venue, Timings::default());
    scene.until_both_live().await;
    (venue, scene)
}

/// Messages that come again change nothing, and nothing is said of them.
async fn repetition(scene: &Scene) {
    let from = scene.length();
    scene.faults.inject(HIT, Fault::Repeat(3));
    sleep(Duration::from_millis(500)).await;
    scene.until_live(HIT).await;
    assert_eq!(scene.said(HIT, from), []);
}

/// What is lost or late is a gap with its numbers, and a new snapshot heals it.
async fn loss(scene: &Scene) {
    for fault in [Fault::Lose(1), Fault::Lose(5), Fault::Swap] {
        // Snapshots are not asked for more than once a second.
        sleep(Duration::from_millis(1_100)).await;
        let (from, before) = (scene.length(), scene.market.whole(HIT).unwrap().id);
        scene.faults.inject(HIT, fault.clone());
        scene.until_said(HIT, FeedEventKind::Live, from).await;
        scene.until_live(HIT).await;

        let outage = scene.outage(from);
        assert_eq!(outage.kind, FeedEventKind::Resync, "{fault:?}: {outage:?}");
        let (lost, missing) = (range(&outage.reason), range(&outage.gap));
        assert!(before < lost.0 && missing.0 <= lost.0 && lost.1 <= missing.1, "{fault:?}: {outage:?}");
    }
}

/// What cannot be read is kept with the reason, and the hole that it leaves is healed.
async fn garbage(scene: &Scene) {
    for garbage in ["not json", r#"{"data":{"e":"depthUpdate"},"topic":"orderbook.50.X"}"#] {
        sleep(Duration::from_millis(1_100)).await;
        let from = scene.length();
        scene.faults.inject(HIT, Fault::Garble(garbage.to_owned()));
        scene.until_said(HIT, FeedEventKind::Live, from).await;

        let log = scene.log();
        let letter = log[from..].iter().find_map(|observation| match &observation.payload {
            Payload::DeadLetter(letter) => Some(letter.clone()),
            _ => None,
        });
        assert_eq!(letter.unwrap().raw(), garbage);
        assert!(scene.outage(from).reason.contains("never came"));
    }
    assert_eq!(scene.feed("books").rejected, 2);
}

/// A message larger than any that is meant for us ends the connection, not the feed.
async fn excess(scene: &Scene) {
    let from = scene.length();
    scene.faults.inject(HIT, Fault::Garble(" ".repeat(2 * 1024 * 1024)));
    scene.until_said(HIT, FeedEventKind::Live, from).await;
    let outage = scene.outage(from);
    assert!(outage.reason.contains("the connection broke"), "{outage:?}");
}

/// A book that is crossed after a complete update is not served.
async fn crossing(scene: &Scene) {
    sleep(Duration::from_millis(1_100)).await;
    let from = scene.length();
    scene.faults.inject(HIT, Fault::Cross);
    scene.until_said(HIT, FeedEventKind::Live, from).await;
    let outage = scene.outage(from);
    assert!(outage.reason.ends_with("the book is crossed after a complete update"), "{outage:?}");
}

#[tokio::test]
async fn a_binance_book_is_right_or_not_served_whatever_befalls_its_messages() {
    let (venue, scene) = at_binance().await;
    repetition(&scene).await;
    loss(&scene).await;
    garbage(&scene).await;
    excess(&scene).await;
    crossing(&scene).await;
    scene.until_both_live().await;
    scene.check();
    assert!(venue.pongs.load(std::sync::atomic::Ordering::SeqCst) > 2, "pings are answered");
}

#[tokio::test]
async fn a_bybit_book_is_right_or_not_served_whatever_befalls_its_messages() {
    let (_venue, scene) = at_bybit().await;
    repetition(&scene).await;
    loss(&scene).await;
    garbage(&scene).await;
    excess(&scene).await;
    crossing(&scene).await;
    scene.until_both_live().await;
    scene.check();
}
