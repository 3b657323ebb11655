//! The log's stream, from outside.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use goat::tonic::Code;
use goat::wire::market::feed::State;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{EventKind, GetStatusResponse, StreamPricesRequest, SubscribeRequest};
use tests::checker::{Contents, Coverage};
use tests::cluster::{Cluster, World};
use tests::reader::{Reader, after, client};
use tests::until::PATIENCE;

const SLEEP: Duration = Duration::from_secs(40);
const GROWTH_BYTES_MAX: u64 = 64 * 1024 * 1024;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_greets_catches_up_and_beats_each_second_when_nothing_happens() {
    let mut cluster = Cluster::prepare(World::webhook_alone()).await;
    cluster.start_data_engine().await;
    let mut stream = client(cluster.addresses.market).subscribe(after(0)).await.unwrap().into_inner();

    let mut messages = Vec::new();
    let began = Instant::now();
    while messages.len() < 5 {
        messages.push(stream.message().await.unwrap().unwrap().parse().unwrap());
    }
    let took = began.elapsed();

    let Message::Hello(hello) = &messages[0] else { panic!("{:?}", messages[0]) };
    assert_eq!((hello.head_seq, hello.start_seq, hello.oldest_seq), (0, 1, 1));
    assert_eq!(hello.log_id.len(), 32);
    assert!(matches!(&messages[1], Message::CaughtUp(caught_up) if caught_up.seq == 0), "{:?}", messages[1]);
    for message in &messages[2..] {
        assert!(
            matches!(message, Message::Heartbeat(beat) if beat.seq == 0 && beat.time.is_some()),
            "{message:?}"
        );
    }
    assert!((2.9..4.0).contains(&took.as_secs_f64()), "three heartbeats took {took:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_start_beyond_the_head_is_refused_and_an_end_is_an_end() {
    let mut cluster = Cluster::prepare(World::simulated(20)).await;
    cluster.start_data_engine().await;
    let head = cluster
        .market_status_when("there are events", PATIENCE, |status| status.head_seq > 500)
        .await
        .head_seq;
    let mut market = client(cluster.addresses.market);

    let refused = market.subscribe(after(head + 1_000_000)).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert!(refused.message().contains(&(head + 1_000_000).to_string()), "{}", refused.message());

    let request =
        SubscribeRequest { start: Some(Start::AfterSeq(0)), follow: false, ..SubscribeRequest::default() };
    let mut stream = market.subscribe(request).await.unwrap().into_inner();
    let (mut coverage, mut contents, mut caught_up) = (Coverage::default(), Contents::default(), None);
    while let Some(frame) = stream.message().await.unwrap() {
        match frame.parse().unwrap() {
            Message::Batch(batch) => {
                coverage.cover(batch.covers_from, batch.covers_to, &batch.events);
                batch.events.iter().for_each(|event| contents.see(event));
            }
            Message::CaughtUp(told) => caught_up = Some(told.seq),
            _ => {}
        }
    }
    contents.assert_whole(coverage.to());
    assert!(coverage.to() >= head && caught_up == Some(coverage.to()), "{caught_up:?} {}", coverage.to());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_sleeps_for_forty_seconds_is_not_cut_off_and_then_has_everything() {
    // An hour of history fills what the data-engine keeps in memory, so that only the readers can make it grow.
    let world = World::simulated(20).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 1);
    let mut cluster = Cluster::prepare(world).await;
    cluster.start_data_engine().await;
    let told = |status: &GetStatusResponse| status.feeds.iter().any(|feed| feed.state() == State::Live);
    cluster.market_status_when("the history is told", PATIENCE, told).await;
    let request = StreamPricesRequest { after_seq: Some(0), ..StreamPricesRequest::default() };
    // One small message a tick: the shape that HTTP/2 is least patient with.
    let mut prices = client(cluster.addresses.market).stream_prices(request).await.unwrap().into_inner();
    let mut batches = client(cluster.addresses.market).subscribe(after(0)).await.unwrap().into_inner();
    let mut positions = vec![prices.message().await.unwrap().unwrap().seq];
    batches.message().await.unwrap().unwrap();
    let before = cluster.data_engine.resident_bytes();

    tokio::time::sleep(SLEEP).await;

    let head = cluster.market_status().await.head_seq;
    let grown = cluster.data_engine.resident_bytes().saturating_sub(before);
    let mut whole = Reader::filtered(cluster.addresses.market, &[EventKind::Price], &[]);
    whole.read_until(PATIENCE, |reader| reader.cursor() >= head).await;
    let expected: Vec<u64> = whole.contents.positions().take_while(|&seq| seq <= head).collect();
    while positions.len() < expected.len() {
        positions.push(prices.message().await.unwrap().unwrap().seq);
    }
    assert_eq!(positions, expected);
    let mut coverage = Coverage::default();
    while coverage.to() < head {
        if let Message::Batch(batch) = batches.message().await.unwrap().unwrap().parse().unwrap() {
            coverage.cover(batch.covers_from, batch.covers_to, &batch.events);
        }
    }
    println!(
        "asleep for {SLEEP:?}: {} prices, {head} events; memory grew by {} KiB",
        expected.len(),
        grown / 1024
    );
    assert!(grown <= GROWTH_BYTES_MAX, "the data-engine grew by {grown} bytes");
}

/// The parts that the log falls into: every event passes exactly one of these filters.
const PARTS: [(&[EventKind], &[&str]); 11] = [
    (&[EventKind::Price], &["SOL"]),
    (&[EventKind::Price], &["BTC"]),
    (&[EventKind::Price], &["ETH"]),
    (&[EventKind::Book], &["SOLUSDT"]),
    (&[EventKind::Book], &["BTCUSDT"]),
    (&[EventKind::Trade], &[]),
    (&[EventKind::Whale], &[]),
    (&[EventKind::Candle], &[]),
    (&[EventKind::Feed], &[]),
    (&[EventKind::DeadLetter], &[]),
    (&[EventKind::User], &[]),
];
/// Unions of parts.
const UNIONS: [(&[EventKind], &[&str]); 5] = [
    (&[], &[]),
    (&[], &[]),
    (&[EventKind::Price], &[]),
    (&[EventKind::Book], &[]),
    (&[EventKind::Price, EventKind::Trade, EventKind::Whale], &[]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_readers_with_different_filters_see_the_same_contents() {
    let mut cluster = Cluster::prepare(World::simulated(20)).await;
    cluster.start_data_engine().await;
    let address = cluster.addresses.market;
    let target = 10_000;
    let mut readers = tokio::task::JoinSet::new();
    for (place, (kinds, symbols)) in PARTS.into_iter().chain(UNIONS).enumerate() {
        let mut reader = Reader::filtered(address, kinds, symbols);
        readers.spawn(async move {
            reader.read_until(Duration::from_secs(90), |reader| reader.cursor() >= target).await;
            (place, reader)
        });
    }

    let mut seen = readers.join_all().await;
    seen.sort_by_key(|(place, _)| *place);

    let (parts, unions) = seen.split_at(PARTS.len());
    let whole = &unions[0].1.contents;
    whole.assert_whole(unions[0].1.cursor());
    let mut covered = BTreeSet::new();
    for (place, reader) in parts {
        reader.contents.assert_agrees_with(whole);
        for seq in reader.contents.positions() {
            assert!(covered.insert(seq), "position {seq} passed two filters, the second at {place}");
        }
    }
    assert!(covered.into_iter().take_while(|&seq| seq <= target).eq(1..=target), "an event passed no filter");
    for (_, reader) in unions {
        reader.contents.assert_agrees_with(whole);
        assert_eq!(reader.reconnects, 0);
    }
}
