//! Killed at any moment: nothing that was told is ever untold.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use goat::tonic::transport::Channel;
use goat::wire::TradingServiceClient;
use goat::wire::market::EventKind;
use goat::wire::trading::feed_connection::State;
use goat::wire::trading::restart::Kind;
use goat::wire::trading::{FeedConnection, GetStatusRequest, GetStatusResponse};
use rustix::process::Signal;
use tests::cluster::{Cluster, World, trading_status_of};
use tests::event_stream::EventStream;
use tests::ports::free_address;
use tests::reader::Reader;
use tests::recordings;
use tests::service::Service;
use tests::until::{PATIENCE, until, until_true};

const DATA_ENGINE_KILLS: u32 = 60;
const TRADING_ENGINE_KILLS: u32 = 40;
/// Moments between kills: from right after the start to well under way.
const PAUSES_MS: [u64; 9] = [0, 15, 40, 90, 160, 280, 430, 700, 1300];
/// The most that may be asked for, and more than all the simulated time that passes here: a cold
/// trading-engine begins at position 1.
const COLD_HOURS: u32 = 168;

/// Another moment for every kill.
fn pause(kill: u32) -> Duration {
    Duration::from_millis(PAUSES_MS[kill as usize * 5 % PAUSES_MS.len()] + u64::from(kill % 7))
}

/// A reader of everything, on a task of its own, until it has reached `target`.
fn follow(cluster: &Cluster, target: &Arc<AtomicU64>) -> tokio::task::JoinHandle<Reader> {
    let (mut reader, target) = (Reader::new(cluster.addresses.market), Arc::clone(target));
    tokio::spawn(async move {
        let patience = Duration::from_mins(5);
        reader.read_until(patience, |reader| reader.cursor() >= target.load(Ordering::Relaxed)).await;
        reader
    })
}

/// Kills both engines in turn, at many moments. Returns how long the data-engine's starts took.
async fn kill_both(cluster: &mut Cluster) -> Vec<Duration> {
    let mut starts = Vec::new();
    for kill in 0..DATA_ENGINE_KILLS + TRADING_ENGINE_KILLS {
        tokio::time::sleep(pause(kill)).await;
        if kill % 5 < 3 {
            cluster.data_engine.kill();
            let began = Instant::now();
            cluster.start_data_engine().await;
            starts.push(began.elapsed());
        } else {
            cluster.trading_engine.kill();
            cluster.trading_engine.start();
        }
    }
    starts
}

/// The hashes of both engines' states at positions where both were seen: they are the same.
/// Both have read everything, and the states that they committed there are one.
async fn assert_same_states(
    mut one: TradingServiceClient<Channel>,
    mut other: TradingServiceClient<Channel>,
) {
    let [ours, theirs] = until("both engines stand at the log's end", PATIENCE, async || {
        let mut stand = Vec::new();
        for client in [&mut one, &mut other] {
            let status = client.get_status(GetStatusRequest {}).await.unwrap().into_inner();
            stand.push((status.cursor_seq, status.state_seq, status.state_hash));
        }
        let rests = stand.iter().all(|(cursor, state, _)| cursor == state && *cursor == stand[0].0);
        <[_; 2]>::try_from(stand).ok().filter(|_| rests)
    })
    .await;
    assert_eq!(ours, theirs, "the states differ");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_kills_lose_nothing_repeat_nothing_and_lead_to_the_same_state() {
    let world = World::simulated(60).with("GOAT_TRADING_ENGINE__COLD_HOURS", COLD_HOURS);
    let mut cluster = Cluster::prepare(world).await;
    cluster.expect_losses_of_the_data_engine();
    cluster.start_data_engine().await;
    cluster.start_trading_engine().await;
    let target = Arc::new(AtomicU64::new(u64::MAX));
    let following = follow(&cluster, &target);

    let mut starts = kill_both(&mut cluster).await;
    let head = cluster.market_status().await.head_seq;
    target.store(head, Ordering::Relaxed);
    let seen = following.await.unwrap();
    let mut again = Reader::new(cluster.addresses.market);
    again.read_until(PATIENCE, |reader| reader.cursor() >= seen.cursor()).await;

    seen.contents.assert_whole(seen.cursor());
    seen.contents.assert_agrees_with(&again.contents);
    again.contents.assert_whole(again.cursor());
    assert!(seen.reconnects >= DATA_ENGINE_KILLS / 2, "{} reconnects", seen.reconnects);
    starts.sort();
    println!(
        "{DATA_ENGINE_KILLS} + {TRADING_ENGINE_KILLS} kills, {head} events, lost 0, repeated 0; \
         data-engine from exec to its first answer: median {:?}, longest {:?}",
        starts[starts.len() / 2],
        starts.last().unwrap()
    );
    assert_state_is_that_of_an_uninterrupted_engine(&mut cluster).await;
}

/// Starts a second trading-engine on the same log, which folds it from position 1 in one go.
async fn assert_state_is_that_of_an_uninterrupted_engine(cluster: &mut Cluster) {
    let warm = cluster.trading_status(|status| status.caught_up).await;
    assert_eq!(warm.restart.unwrap().kind(), Kind::Warm);
    let (listen, directory) = (free_address(), cluster.directory.path().join("fresh"));
    let mut fresh = Service::new("trading-engine", cluster.directory.path(), cluster.environment.clone());
    fresh.set("GOAT_DATA_DIR", directory.display());
    fresh.set("GOAT_TRADING_ENGINE__LISTEN", listen);
    fresh.set("GOAT_TRADING_ENGINE__METRICS_LISTEN", free_address());
    fresh.start();
    let client = TradingServiceClient::new(goat::service::channel(listen));
    let cold = trading_status_of(client.clone(), |status| status.caught_up).await;
    assert_eq!(
        cold.restart.as_ref().map(|restart| (restart.kind(), restart.from_seq)),
        Some((Kind::Cold, 0))
    );

    assert!(fresh.logs.complaints(&[]).is_empty(), "{}", fresh.logs.text());
    // No event comes any more, so both come to rest at the same position.
    cluster.data_engine.kill();
    assert_same_states(cluster.trading(), client).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_trading_engine_is_back_with_two_hours_to_catch_up() {
    let world = World::simulated(1).with("GOAT_FEEDS__SIMULATED__HISTORY_HOURS", 2);
    let mut cluster = Cluster::prepare_alone(world).await;
    cluster.expect("the stream from the data-engine");
    cluster.start_data_engine().await;
    let told = |status: &goat::wire::market::GetStatusResponse| {
        status.head_seq > 250_000
            && status.feeds.iter().all(|feed| {
                feed.state() == goat::wire::market::feed::State::Live
                    || matches!(feed.name.as_str(), "whales" | "candles" | "trades")
            })
    };
    cluster.market_status_when("the history is told", Duration::from_mins(2), told).await;

    let began = Instant::now();
    let cold = cluster.start_trading_engine().await;
    let cold_took = began.elapsed();
    cluster.trading_engine.kill();
    let began = Instant::now();
    let warm = cluster.start_trading_engine().await;
    let warm_took = began.elapsed();

    println!(
        "trading-engine from exec to caught up: {cold_took:?} with 2 h of events (cold, {} events), {warm_took:?} warm",
        cold.restart.as_ref().unwrap().events
    );
    assert_eq!(cold.restart.unwrap().kind(), Kind::Cold);
    assert_eq!(warm.restart.unwrap().kind(), Kind::Warm);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_engine_with_a_day_in_its_journal_answers_before_its_tables_are_whole() {
    let Some(path) = recordings::file("prices-2025-12-29.parquet") else { return };
    let mut cluster = Cluster::prepare_alone(World::replay(&path)).await;
    cluster.start_data_engine().await;
    let head = cluster.quiet_head().await;
    cluster.data_engine.kill();

    let began = Instant::now();
    let status = cluster.start_data_engine().await;
    let took = began.elapsed();

    println!("data-engine from exec to its first answer with {head} events in its journal: {took:?}");
    assert_eq!(status.head_seq, head);
    let whole = |status: &goat::wire::market::GetStatusResponse| {
        status.hot_store.as_ref().is_some_and(|hot| hot.ready)
    };
    cluster.market_status_when("the tables are rebuilt", PATIENCE, whole).await;
    println!("… and to whole tables: {:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_that_is_killed_harms_nobody_and_its_readers_resume() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    let path = "/stream/prices?symbols=SOL&after_seq=0";
    let mut positions: Vec<u64> = Vec::new();

    for _ in 0..5 {
        let mut stream = EventStream::open(&cluster.rest(), path, positions.last().copied()).await;
        for event in stream.take(10, PATIENCE).await {
            positions.push(event.id.unwrap());
        }
        cluster.gateway.kill();
        while stream.next(PATIENCE).await.is_some() {}
        cluster.start_gateway().await;
    }

    let last = *positions.last().unwrap();
    let mut whole = Reader::filtered(cluster.addresses.market, &[EventKind::Price], &["SOL"]);
    whole.read_until(PATIENCE, |reader| reader.cursor() >= last).await;
    assert!(positions.iter().copied().eq(whole.contents.positions().take(positions.len())), "{positions:?}");
    assert!(cluster.trading_engine.is_running() && cluster.data_engine.is_running());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_data_engine_that_stands_still_is_noticed_and_all_is_well_when_it_goes_on() {
    let mut cluster = Cluster::start(World::simulated(20)).await;
    cluster.expect("the stream from the data-engine");
    let rest = cluster.rest();

    cluster.data_engine.signal(Signal::STOP);
    let feed = |status: &GetStatusResponse| status.feed.as_ref().map(FeedConnection::state);
    cluster.trading_status(|status| feed(status) == Some(State::Stale)).await;
    let health = rest.get("/health").await;
    cluster.data_engine.signal(Signal::CONT);

    assert_eq!((health.status, &health.json()["market"]["state"]), (503, &"down".into()), "{}", health.text);
    cluster.trading_status(|status| feed(status) == Some(State::Live)).await;
    until_true("health is back without help", PATIENCE, async || rest.get("/health").await.status == 200)
        .await;
    let mut reader = Reader::new(cluster.addresses.market);
    let head = cluster.market_status().await.head_seq;
    reader.read_until(PATIENCE, |reader| reader.cursor() >= head).await;
    reader.contents.assert_whole(reader.cursor());
}
