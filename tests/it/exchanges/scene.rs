//! A venue, the feed that follows it, and what the log was told.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use data_engine::feeds::binance::feed::Binance;
use data_engine::feeds::board::Board;
use data_engine::feeds::bybit::feed::Bybit;
use data_engine::feeds::exchange::protocol::{Protocol, Timings};
use data_engine::feeds::exchange::venue::{Following, Newest, run};
use data_engine::ingest::{Ingest, Receipt};
use goat::event::{FeedEvent, FeedEventKind, Observation, Payload};
use goat::service::Stop;
use goat::settings;
use goat::values::UnixMicros;
use goat::wire::market::{BookState, Feed, book_state::State};
use tests::fakes;
use tests::fakes::fault::Faults;
use tests::fakes::market::Market;
use tokio::time::{Instant, sleep};

/// The symbol that things happen to, and the one that must not notice.
pub(super) const HIT: &str = "SOLUSDT";
pub(super) const SPARED: &str = "BTCUSDT";
/// After the last fault has ended, all is well within this.
const RECOVERY: Duration = Duration::from_secs(10);
/// Snapshots of a book that nothing happens to are never further apart.
const APART_MAX: Duration = Duration::from_millis(1_500);

/// A feed that runs, and its log.
pub(super) struct Scene {
    pub(super) market: Market,
    pub(super) faults: Faults,
    pub(super) board: Board,
    stop: Stop,
    log: Arc<Mutex<Vec<Observation>>>,
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub(super) fn binance(venue: &fakes::binance::Binance, timings: Timings) -> Scene {
    let settings = settings::Binance {
        websocket_url: venue.websocket_url.clone(),
        rest_url: venue.rest_url.clone(),
        ..settings::Binance::default()
    };
    let protocol = Binance::new(&settings, timings).unwrap();
    Scene::follow(protocol, &venue.market, &venue.faults, &books(), &no_candles(), &Newest::default())
}

pub(super) fn bybit(venue: &fakes::bybit::Bybit, timings: Timings) -> Scene {
    let settings = settings::Bybit {
        websocket_url: venue.websocket_url.clone(),
        rest_url: venue.rest_url.clone(),
        ..settings::Bybit::default()
    };
    let protocol = Bybit::new(&settings, timings).unwrap();
    Scene::follow(protocol, &venue.market, &venue.faults, &books(), &no_candles(), &Newest::default())
}

pub(super) fn books() -> Vec<String> {
    [HIT, SPARED].map(str::to_owned).into()
}

fn no_candles() -> settings::Candles {
    settings::Candles { symbols: Vec::new(), ..settings::Candles::default() }
}

impl Scene {
    pub(super) fn follow<P: Protocol>(
        protocol: P,
        market: &Market,
        faults: &Faults,
        symbols: &[String],
        candles: &settings::Candles,
        newest: &Newest,
    ) -> Self {
        let following = Following::new("symbols", symbols, candles, 100, newest).unwrap();
        let (ingest, mut submissions) = Ingest::new();
        let log = Arc::new(Mutex::new(Vec::new()));
        let written = Arc::clone(&log);
        tokio::spawn(async move {
            while let Some(submission) = submissions.recv().await {
                written.lock().unwrap().extend(submission.observations);
                // A feed that stops does not wait for its answer.
                let _ = submission.outcome.send(Ok(Receipt::default()));
            }
        });
        let (board, stop) = (Board::default(), Stop::new());
        tokio::spawn(run(protocol, following, ingest, board.clone(), stop.clone()));
        Self { market: market.clone(), faults: faults.clone(), board, stop, log }
    }

    pub(super) fn log(&self) -> Vec<Observation> {
        self.log.lock().unwrap().clone()
    }

    pub(super) fn length(&self) -> usize {
        self.log.lock().unwrap().len()
    }

    pub(super) fn feed(&self, name: &str) -> Feed {
        self.board.feeds(UnixMicros::now()).into_iter().find(|feed| feed.name == name).unwrap()
    }

    pub(super) fn book(&self, symbol: &str) -> Option<BookState> {
        self.feed("books").books.into_iter().find(|book| book.symbol == symbol)
    }

    fn is_live_behind(&self, symbol: &str, id: u64) -> bool {
        self.book(symbol).is_some_and(|book| book.state() == State::Live && book.update_id > id)
    }

    /// Waits until a book is live with what the venue has now or later, and is published so.
    pub(super) async fn until_live(&self, symbol: &str) {
        let (id, from, begun) = (self.market.whole(symbol).unwrap().id, self.length(), Instant::now());
        let published = |observation: &Observation| matches!(&observation.payload, Payload::Book(book) if book.symbol.as_str() == symbol && book.update_id >= id);
        while !self.is_live_behind(symbol, id) || !self.log()[from..].iter().any(published) {
            assert!(
                begun.elapsed() < RECOVERY,
                "{symbol} is {:?}; {:#?}",
                self.book(symbol),
                self.said(symbol, 0)
            );
            sleep(Duration::from_millis(20)).await;
        }
    }

    pub(super) async fn until_both_live(&self) {
        self.until_live(HIT).await;
        self.until_live(SPARED).await;
    }

    /// Waits until the log was told something about a symbol.
    pub(super) async fn until_said(&self, symbol: &str, kind: FeedEventKind, from: usize) {
        let begun = Instant::now();
        while !self.said(symbol, from).iter().any(|event| event.kind == kind) {
            assert!(begun.elapsed() < RECOVERY, "no {kind:?} of {symbol}: {:#?}", self.said(symbol, from));
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// What the log was told about a symbol from a position on.
    pub(super) fn said(&self, symbol: &str, from: usize) -> Vec<FeedEvent> {
        let about = |observation: &Observation| match &observation.payload {
            Payload::Feed(event) if event.symbol.is_some_and(|found| found.as_str() == symbol) => {
                Some(event.clone())
            }
            _ => None,
        };
        self.log()[from..].iter().filter_map(about).collect()
    }

    /// Every book that was ever published was the venue's at the number it names, best first and not crossed;
    /// and nothing touched the symbol that nothing happened to.
    pub(super) fn check(&self) {
        let mut last = None;
        let mut count = 0;
        for observation in self.log() {
            let Payload::Book(book) = &observation.payload else { continue };
            count += 1;
            let symbol = book.symbol.as_str();
            let found = |side: &[goat::event::Level]| -> Vec<(f64, f64)> {
                side.iter().map(|level| (level.price.get(), level.quantity.get())).collect()
            };
            let (bids, asks) = (found(&book.bids), found(&book.asks));
            assert!(bids[0].0 < asks[0].0, "{symbol} is crossed at {}", book.update_id);
            assert!(bids.windows(2).all(|pair| pair[0].0 > pair[1].0), "bids fall");
            assert!(asks.windows(2).all(|pair| pair[0].0 < pair[1].0), "asks rise");
            assert!(bids.iter().chain(&asks).all(|(_, quantity)| *quantity > 0.0));
            let truth = self.market.top_at(symbol, book.update_id);
            assert_eq!(truth, Some((bids, asks)), "{symbol} at {}", book.update_id);
            if symbol == SPARED {
                let time = observation.received_time;
                let apart = last.map(|last| time.since(last)).unwrap_or_default();
                assert!(apart < APART_MAX, "{SPARED} was silent for {apart:?}");
                last = Some(time);
            }
        }
        assert!(count > 0, "no book was published");
        let spared: Vec<_> = self.said(SPARED, 0).iter().map(|event| event.kind).collect();
        assert_eq!(spared, [FeedEventKind::Live], "{SPARED} was touched: {:#?}", self.said(SPARED, 0));
    }

    /// The outage that the log tells of from a position on: its beginning, the gap with its numbers, its end.
    pub(super) fn outage(&self, from: usize) -> Outage {
        let said = self.said(HIT, from);
        let kinds: Vec<_> = said.iter().map(|event| event.kind).collect();
        let gap = said.iter().find(|event| event.kind == FeedEventKind::Gap);
        let gap = gap.unwrap_or_else(|| panic!("no gap: {said:#?}")).clone();
        assert!(gap.from < gap.to && gap.from.is_some(), "{gap:?}");
        assert_eq!(kinds.last(), Some(&FeedEventKind::Live), "{said:#?}");
        Outage { kind: kinds[0], reason: said[0].reason.clone(), gap: gap.reason }
    }
}

#[derive(Debug)]
pub(super) struct Outage {
    pub(super) kind: FeedEventKind,
    pub(super) reason: String,
    pub(super) gap: String,
}

/// The two numbers in `updates 5 to 7 …`.
pub(super) fn range(reason: &str) -> (u64, u64) {
    let numbers: Vec<u64> = reason.split(' ').filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers.len(), 2, "{reason}");
    (numbers[0], numbers[1])
}
