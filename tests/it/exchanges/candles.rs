//! Closed candles, contiguous, with history and holes fetched.

use std::time::Duration;

use data_engine::feeds::binance::feed::Binance;
use data_engine::feeds::bybit::feed::Bybit;
use data_engine::feeds::exchange::protocol::Timings;
use data_engine::feeds::exchange::venue::Newest;
use goat::event::{Candle, Payload, Venue};
use goat::settings;
use goat::values::{Symbol, UnixMicros};
use tests::fakes;
use tests::fakes::candles::{Candles, INTERVAL_MS};
use tokio::time::{Instant, sleep};

use super::scene::{SPARED, Scene};

const HISTORY: usize = 700;
const LONG: Duration = Duration::from_hours(24);

fn wanted() -> settings::Candles {
    settings::Candles {
        symbols: vec![SPARED.to_owned()],
        intervals: vec!["5m".to_owned()],
        history: u32::try_from(HISTORY).unwrap(),
    }
}

fn recorded(scene: &Scene) -> Vec<Candle> {
    let candle = |payload: &Payload| if let Payload::Candle(candle) = payload { Some(*candle) } else { None };
    scene.log().iter().filter_map(|observation| candle(&observation.payload)).collect()
}

async fn until_recorded(scene: &Scene, count: usize) -> Vec<Candle> {
    let begun = Instant::now();
    while recorded(scene).len() < count {
        let found = recorded(scene).len();
        assert!(begun.elapsed() < Duration::from_secs(10), "{found} of {count}: {:?}", scene.feed("candles"));
        sleep(Duration::from_millis(20)).await;
    }
    recorded(scene)
}

/// Candles follow one another without a hole or a repetition, and are the venue's.
fn check(candles: &[Candle]) {
    for candle in candles {
        let start = u64::try_from(candle.open_time.get() / 1000).unwrap();
        let values = Candles::values(start).map(|text| text.parse::<f64>().unwrap());
        let found = [candle.open, candle.high, candle.low, candle.close].map(goat::values::Price::get);
        assert_eq!((found, candle.volume.get()), ([values[0], values[1], values[2], values[3]], values[4]));
    }
    let step = i64::try_from(INTERVAL_MS * 1000).unwrap();
    assert!(candles.windows(2).all(|pair| pair[1].open_time.get() - pair[0].open_time.get() == step));
}

/// History, then candles that close, then one that was not told.
async fn history_and_holes(scene: &Scene, truth: &Candles) {
    check(&until_recorded(scene, HISTORY).await);
    // Connected, so that what closes is told.
    sleep(Duration::from_millis(500)).await;
    truth.close(true);
    check(&until_recorded(scene, HISTORY + 1).await);

    truth.close(false);
    truth.close(false);
    truth.close(true);

    let all = until_recorded(scene, HISTORY + 4).await;
    check(&all);
    assert_eq!(all.len(), HISTORY + 4);
}

#[tokio::test]
async fn binance_candles_are_contiguous_also_after_a_hole_and_a_restart() {
    let venue = fakes::binance::Binance::start(&[SPARED], LONG).await;
    let settings = settings::Binance {
        websocket_url: venue.websocket_url.clone(),
        rest_url: venue.rest_url.clone(),
        ..settings::Binance::default()
    };
    let protocol = Binance::new(&settings, Timings::default()).unwrap();
    let start =
        |newest| Scene::follow(protocol.clone(), &venue.market, &venue.faults, &[], &wanted(), &newest);
    let scene = start(Newest::default());
    history_and_holes(&scene, &venue.candles).await;
    drop(scene);

    let open = i64::try_from(venue.candles.open_ms() * 1000).unwrap();
    let last = UnixMicros::new(open - 10 * i64::try_from(INTERVAL_MS * 1000).unwrap()).unwrap();
    let key = (Venue::Binance, Symbol::parse(SPARED).unwrap(), 300);
    let scene = start(Newest { candles: [(key, last)].into(), ..Newest::default() });
    let begin = last.plus(Duration::from_millis(INTERVAL_MS));
    // By the wall clock four of the nine candles have not closed yet: the venue's clock runs ahead of it.
    let candles = until_recorded(&scene, 5).await;
    check(&candles);
    assert_eq!(candles[0].open_time, begin);
}

#[tokio::test]
async fn bybit_candles_are_contiguous_also_after_a_hole() {
    let venue = fakes::bybit::Bybit::start(&[SPARED], LONG).await;
    let settings = settings::Bybit {
        websocket_url: venue.websocket_url.clone(),
        rest_url: venue.rest_url.clone(),
        ..settings::Bybit::default()
    };
    let protocol = Bybit::new(&settings, Timings::default()).unwrap();
    let newest = Newest::default();
    let scene = Scene::follow(protocol, &venue.market, &venue.faults, &[], &wanted(), &newest);
    history_and_holes(&scene, &venue.candles).await;
}
