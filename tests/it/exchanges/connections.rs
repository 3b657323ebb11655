//! Connections that break, are silent, are refused, or grow old.

use std::sync::atomic::Ordering;
use std::time::Duration;

use data_engine::feeds::exchange::protocol::Timings;
use goat::event::FeedEventKind;
use goat::wire::market::book_state::State;
use tests::fakes;
use tests::fakes::binance::SHUTDOWN;
use tests::fakes::fault::Fault;
use tokio::time::sleep;

use super::scene::{HIT, SPARED, Scene, binance, bybit};

const LONG: Duration = Duration::from_hours(24);

/// A connection that ends is made anew, and the gap is told.
async fn ends(scene: &Scene, fault: Fault, told: &str) {
    let from = scene.length();
    scene.faults.inject(HIT, fault);
    scene.until_said(HIT, FeedEventKind::Live, from).await;
    scene.until_live(HIT).await;
    let outage = scene.outage(from);
    assert!(outage.kind == FeedEventKind::Resync && outage.reason.contains(told), "{outage:?}");
}

/// A connection that is open and silent is noticed by the age of its data.
async fn silence(scene: &Scene) {
    let from = scene.length();
    scene.faults.set_silent(HIT, true);
    scene.until_said(HIT, FeedEventKind::Stale, from).await;
    assert_ne!(scene.book(HIT).unwrap().state(), State::Live);
    sleep(Duration::from_secs(2)).await;
    scene.faults.set_silent(HIT, false);
    scene.until_live(HIT).await;
    let outage = scene.outage(from);
    assert!(
        outage.kind == FeedEventKind::Stale && outage.reason.contains("nothing came for 2."),
        "{outage:?}"
    );
}

/// A venue that is away is asked again until it is back.
async fn absence(scene: &Scene) {
    let from = scene.length();
    scene.faults.set_refusing(HIT, true);
    scene.until_said(HIT, FeedEventKind::Resync, from).await;
    sleep(Duration::from_secs(3)).await;
    let book = scene.book(HIT).unwrap();
    assert!(book.state() == State::Invalid && !book.reason.is_empty(), "{book:?}");
    scene.faults.set_refusing(HIT, false);
    scene.until_live(HIT).await;
    scene.outage(from);
}

#[tokio::test]
async fn binance_connections_end_in_every_way_and_come_back() {
    let venue = fakes::binance::Binance::start(&[HIT, SPARED], LONG).await;
    let scene = binance(&venue, Timings::default());
    scene.until_both_live().await;
    ends(&scene, Fault::Cut, "the connection").await;
    ends(&scene, Fault::Close(None), "the venue closed the connection").await;
    ends(&scene, Fault::Close(Some(SHUTDOWN.to_owned())), "the venue is shutting this connection down").await;
    silence(&scene).await;
    absence(&scene).await;
    scene.until_both_live().await;
    scene.check();
}

#[tokio::test]
async fn bybit_connections_end_in_every_way_and_come_back() {
    let venue = fakes::bybit::Bybit::start(&[HIT, SPARED], LONG).await;
    let scene = bybit(&venue, Timings::default());
    scene.until_both_live().await;
    ends(&scene, Fault::Cut, "the connection").await;
    ends(&scene, Fault::Close(None), "the venue closed the connection").await;
    silence(&scene).await;
    absence(&scene).await;
    scene.until_both_live().await;
    scene.check();
}

/// Binance cuts at 24 hours; here at three seconds.
#[tokio::test]
async fn a_connection_is_replaced_before_the_venue_cuts_it() {
    let venue = fakes::binance::Binance::start(&[HIT, SPARED], Duration::from_secs(3)).await;
    let scene = binance(&venue, Timings { lifetime: Duration::from_secs(2), ..Timings::default() });
    scene.until_both_live().await;

    sleep(Duration::from_secs(6)).await;

    scene.until_both_live().await;
    assert_eq!(venue.cuts.load(Ordering::SeqCst), 0);
    assert!(venue.connections.load(Ordering::SeqCst) >= 4);
    let told = scene.said(HIT, 0).into_iter().find(|event| event.kind == FeedEventKind::Resync).unwrap();
    assert!(told.reason.starts_with("binance: the connection is "), "{told:?}");
}

#[tokio::test]
async fn bybit_hears_our_heartbeat() {
    let venue = fakes::bybit::Bybit::start(&[HIT, SPARED], Duration::from_millis(1_500)).await;
    let scene = bybit(&venue, Timings { heartbeat: Duration::from_millis(500), ..Timings::default() });
    scene.until_both_live().await;

    sleep(Duration::from_secs(3)).await;

    assert_eq!((venue.cuts.load(Ordering::SeqCst), venue.connections.load(Ordering::SeqCst)), (0, 2));
    scene.check();
}

#[tokio::test]
async fn a_subscription_that_is_refused_is_shown_with_the_venues_words() {
    let venue = fakes::bybit::Bybit::start(&[SPARED], LONG).await;
    let scene = bybit(&venue, Timings::default());
    scene.until_live(SPARED).await;

    let book = scene.book(HIT).unwrap();

    assert_eq!(book.state(), State::Invalid);
    assert_eq!(book.reason, "the venue refused: error:handler not found,topic:orderbook.50.SOLUSDT");
    scene.check();
}
