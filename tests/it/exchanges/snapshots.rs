//! Snapshots that are refused or too old.

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_engine::feeds::exchange::protocol::Timings;
use goat::event::FeedEventKind;
use goat::wire::market::book_state::State;
use tests::fakes;
use tests::fakes::binance::Snapshots;
use tests::fakes::fault::Fault;
use tokio::time::sleep;

use super::scene::{HIT, SPARED, binance};

#[tokio::test]
async fn a_venue_that_has_had_enough_is_left_alone_for_as_long_as_it_says() {
    let venue = fakes::binance::Binance::start(&[HIT, SPARED], Duration::from_hours(24)).await;
    let scene = binance(&venue, Timings::default());
    scene.until_both_live().await;
    let (from, asked) = (scene.length(), venue.snapshot_requests.load(Ordering::SeqCst));
    *venue.snapshots.lock().unwrap() = Snapshots::TooMany(4);
    scene.faults.inject(HIT, Fault::Lose(1));
    scene.until_said(HIT, FeedEventKind::Resync, from).await;

    sleep(Duration::from_secs(3)).await;

    let book = scene.book(HIT).unwrap();
    assert_eq!(book.state(), State::Invalid);
    assert!(book.reason.contains("/api/v3/depth"), "{book:?}");
    assert_eq!(venue.snapshot_requests.load(Ordering::SeqCst), asked + 1);
    *venue.snapshots.lock().unwrap() = Snapshots::Good;
    scene.until_live(HIT).await;
    scene.outage(from);
    scene.check();
}

#[tokio::test]
async fn a_snapshot_from_before_the_first_event_is_fetched_again() {
    let venue = fakes::binance::Binance::start(&[HIT, SPARED], Duration::from_hours(24)).await;
    *venue.snapshots.lock().unwrap() = Snapshots::Old(900);
    let scene = binance(&venue, Timings::default());
    sleep(Duration::from_secs(2)).await;
    assert_eq!(scene.book(HIT).unwrap().state(), State::Syncing);
    assert!(venue.snapshot_requests.load(Ordering::SeqCst) >= 4);

    *venue.snapshots.lock().unwrap() = Snapshots::Good;

    scene.until_both_live().await;
    scene.check();
}
