//! Whatever Jupiter answers.

use goat::wire::market::feed_event::Kind;
use goat::wire::market::{Source, feed};
use tests::cluster::{Cluster, World};
use tests::fakes::jupiter::{Jupiter, Manner};
use tests::until::until_true;

use super::scene::{BTC, ETH, PATIENCE, SOL, Scene, told};

/// A fault that lasts: the first venue stands in, and gives way when Jupiter is back.
async fn stood_in_for(scene: &Scene, manner: Manner, why: &str) {
    let from = scene.head().await;
    scene.jupiter.set(manner.clone());
    scene.until_from(SOL, Source::Binance, PATIENCE).await;
    let state = scene.price_state(SOL).await.unwrap();
    assert!(state.source_reason.contains(why), "{manner:?}: {state:?}");
    scene.recovers(SOL).await;
    let said = told(&scene.log_after(from).await, SOL);
    let switches: Vec<_> = said.iter().filter(|event| event.kind() == Kind::SourceSwitch).collect();
    assert_eq!(switches.len(), 2, "{manner:?}: {said:#?}");
    assert!(switches[0].reason.starts_with("from jupiter to binance: "), "{said:#?}");
    assert_eq!(switches[1].reason, "from binance to jupiter: jupiter has answered 3 times in a row");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_exchanges_stand_in_for_a_jupiter_that_answers_nothing_of_use() {
    let scene = Scene::start().await;
    for (manner, why) in [
        (Manner::Failing, "jupiter answered 500"),
        (Manner::TooMany(1), "jupiter answered 429"),
        (Manner::Malformed, "cannot be read"),
        (Manner::Oversized, "larger than"),
        (Manner::Silent, "jupiter"),
        (Manner::OldBlock, "no price of SOL from jupiter"),
    ] {
        stood_in_for(&scene, manner, why).await;
        scene.until_from(BTC, Source::Jupiter, PATIENCE).await;
    }
    scene.check_prices().await;
    scene.check_other_feeds().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_without_a_price_is_stood_in_for_alone_and_one_without_a_book_is_a_gap() {
    let scene = Scene::start().await;
    for manner in [
        Manner::Without(SOL),
        Manner::Written(SOL, "0"),
        Manner::Written(SOL, "-100.5"),
        Manner::Written(SOL, "null"),
    ] {
        stood_in_for(&scene, manner, "no price of SOL from jupiter").await;
        assert_eq!(scene.price_state(BTC).await.unwrap().source(), Source::Jupiter);
    }

    let from = scene.head().await;
    scene.jupiter.set(Manner::Without(ETH));
    let stale = scene.until_told(from, ETH, Kind::Stale).await;
    assert!(stale.reason.starts_with("the newest price of ETH is 5."), "{stale:?}");
    let prices = scene.feed("prices").await.unwrap();
    assert_eq!((prices.state(), prices.reason.as_str()), (feed::State::Live, "no new price of ETH"));
    scene.jupiter.set(Manner::Good);
    let live = scene.until_told(from, ETH, Kind::Live).await;
    assert_eq!(live.from, stale.from);
    let kinds: Vec<_> =
        told(&scene.log_after(from).await, ETH).iter().map(goat::wire::market::FeedEvent::kind).collect();
    assert_eq!(kinds, [Kind::Stale, Kind::Gap, Kind::Live]);

    scene.check_prices().await;
    scene.check_other_feeds().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_jump_waits_for_its_confirmation_and_a_switch_is_none() {
    let scene = Scene::start().await;
    let from = scene.head().await;
    scene.jupiter.once(Manner::Times(1.5));
    scene.until_told(from, SOL, Kind::JumpHeld).await;
    scene.check_prices().await;

    // A jump that lasts; the exchanges stay where they are.
    scene.jupiter.set(Manner::Times(1.5));
    until_true("the jump is confirmed", PATIENCE, async || {
        let request = goat::wire::market::GetPriceRequest { token: SOL.to_owned() };
        let price = scene.cluster.market().get_price(request).await.unwrap().into_inner();
        price.price > 140.0
    })
    .await;
    let from = scene.head().await;
    scene.jupiter.set(Manner::Failing);
    scene.until_from(SOL, Source::Binance, PATIENCE).await;
    scene.jupiter.set(Manner::Times(1.5));
    scene.until_from(SOL, Source::Jupiter, PATIENCE).await;
    let said = told(&scene.log_after(from).await, SOL);
    assert!(said.iter().all(|event| event.kind() == Kind::SourceSwitch), "{said:#?}");
    scene.check_prices().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_first_venue_is_silent_too_the_second_stands_in_and_then_nobody() {
    let scene = Scene::start().await;
    let from = scene.head().await;
    scene.jupiter.set(Manner::Failing);
    scene.until_from(SOL, Source::Binance, PATIENCE).await;
    scene.binance.faults.set_silent("SOLUSDT", true);
    scene.until_from(SOL, Source::Bybit, PATIENCE).await;
    scene.bybit.faults.set_silent("SOLUSDT", true);
    scene.until_told(from, SOL, Kind::Stale).await;
    assert!(!scene.price_state(SOL).await.unwrap().live);
    scene.recovers(SOL).await;
    let said = told(&scene.log_after(from).await, SOL);
    let reasons: Vec<_> = said
        .iter()
        .filter(|event| event.kind() == Kind::SourceSwitch)
        .map(|event| event.reason.split(": ").last().unwrap())
        .collect();
    assert_eq!(
        reasons[1..],
        ["the book of binance is not live", "jupiter answers, and no book is live"],
        "{said:#?}"
    );
    assert!(said.iter().any(|event| event.kind() == Kind::Gap), "{said:#?}");
    scene.check_prices().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_no_more_is_asked_than_is_granted() {
    let jupiter = Jupiter::start().await;
    let world = World::webhook_alone()
        .with("GOAT_FEEDS__JUPITER__ENABLED", true)
        .with("GOAT_FEEDS__JUPITER__URL", &jupiter.url);
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    until_true("the first request", PATIENCE, async || jupiter.requests() > 0).await;
    let began = std::time::Instant::now();

    until_true("some requests", PATIENCE, async || jupiter.requests() >= 6).await;

    let apart = began.elapsed() / 5;
    assert!(apart > std::time::Duration::from_millis(1_950), "{apart:?} between two requests");
    assert_eq!(jupiter.refused(), 0);
}
