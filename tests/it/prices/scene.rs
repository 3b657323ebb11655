//! The whole data-engine against Jupiter and both venues, and what its log says.

use std::time::{Duration, Instant};

use goat::wire::Frame;
use goat::wire::market::feed_event::Kind;
use goat::wire::market::market_event::Payload;
use goat::wire::market::subscribe_request::Start;
use goat::wire::market::subscribe_response::Message;
use goat::wire::market::{
    FeedEvent, ListFeedsRequest, MarketEvent, PriceState, Source, SubscribeRequest, book_state, feed,
};
use tests::cluster::{Cluster, World};
use tests::fakes::binance::Binance;
use tests::fakes::bybit::Bybit;
use tests::fakes::jupiter::{Jupiter, Manner};
use tests::until::until;

pub(super) const SOL: &str = "SOL";
pub(super) const BTC: &str = "BTC";
pub(super) const ETH: &str = "ETH";
pub(super) const SYMBOLS: [&str; 2] = ["SOLUSDT", "BTCUSDT"];
const LONG: Duration = Duration::from_hours(24);
/// After the last fault has ended, all is well within this.
pub(super) const RECOVERY: Duration = Duration::from_secs(10);
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Scene {
    pub(super) jupiter: Jupiter,
    pub(super) binance: Binance,
    pub(super) bybit: Bybit,
    pub(super) cluster: Cluster,
}

impl Scene {
    /// Everything live, and every token priced by Jupiter.
    pub(super) async fn start() -> Self {
        let jupiter = Jupiter::start().await;
        let binance = Binance::start(&SYMBOLS, LONG).await;
        let bybit = Bybit::start(&SYMBOLS, LONG).await;
        let world = World::webhook_alone()
            .with("GOAT_FEEDS__JUPITER__ENABLED", true)
            .with("GOAT_FEEDS__JUPITER__URL", &jupiter.url)
            .with("GOAT_FEEDS__JUPITER__API_KEY", "key")
            .with("GOAT_FEEDS__BINANCE__ENABLED", true)
            .with("GOAT_FEEDS__BINANCE__WEBSOCKET_URL", &binance.websocket_url)
            .with("GOAT_FEEDS__BINANCE__REST_URL", &binance.rest_url)
            .with("GOAT_FEEDS__BYBIT__ENABLED", true)
            .with("GOAT_FEEDS__BYBIT__WEBSOCKET_URL", &bybit.websocket_url)
            .with("GOAT_FEEDS__BYBIT__REST_URL", &bybit.rest_url)
            .with("GOAT_FEEDS__CANDLES__INTERVALS", r#"["5m"]"#)
            .with("GOAT_FEEDS__CANDLES__HISTORY", 20);
        let mut cluster = Cluster::prepare(world).await;
        cluster.expect("the feed is stale");
        cluster.expect("the connection ended");
        cluster.expect("no snapshot");
        cluster.start_data_engine().await;
        let scene = Self { jupiter, binance, bybit, cluster };
        scene.until_well().await;
        scene
    }

    /// Waits until every token is priced by Jupiter and every book is live.
    pub(super) async fn until_well(&self) {
        for token in [SOL, BTC, ETH] {
            self.until_from(token, Source::Jupiter, PATIENCE).await;
        }
        until("four live books", PATIENCE, async || {
            let books = self.feed("books").await?.books;
            let live = books.iter().filter(|book| book.state() == book_state::State::Live).count();
            (live == 4).then_some(())
        })
        .await;
    }

    pub(super) async fn feed(&self, name: &str) -> Option<goat::wire::market::Feed> {
        let feeds = self.cluster.market().list_feeds(ListFeedsRequest::default()).await.ok()?;
        feeds.into_inner().feeds.into_iter().find(|feed| feed.name == name)
    }

    pub(super) async fn price_state(&self, token: &str) -> Option<PriceState> {
        self.feed("prices").await?.prices.into_iter().find(|price| price.token == token)
    }

    /// Waits until the token has a fresh price of this source; says how long that took.
    pub(super) async fn until_from(&self, token: &str, source: Source, patience: Duration) -> Duration {
        let began = Instant::now();
        let what = format!("{token} is priced by {source:?}");
        until(&what, patience, async || {
            let state = self.price_state(token).await?;
            (state.source() == source && state.live).then_some(())
        })
        .await;
        began.elapsed()
    }

    /// Everything in the log after a position.
    pub(super) async fn log_after(&self, seq: u64) -> Vec<MarketEvent> {
        let request = SubscribeRequest {
            start: Some(Start::AfterSeq(seq)),
            follow: false,
            ..SubscribeRequest::default()
        };
        let mut stream = tests::reader::client(self.cluster.addresses.market)
            .subscribe(request)
            .await
            .unwrap()
            .into_inner();
        let mut events = Vec::new();
        while let Some(frame) = stream.message().await.unwrap() {
            let frame: Frame = frame;
            if let Message::Batch(batch) = frame.parse().unwrap() {
                events.extend(batch.events);
            }
        }
        events
    }

    pub(super) async fn head(&self) -> u64 {
        self.cluster.market_status().await.head_seq
    }

    /// Waits until the log after `seq` was told this about a symbol.
    pub(super) async fn until_told(&self, seq: u64, symbol: &str, kind: Kind) -> FeedEvent {
        until(&format!("{kind:?} of {symbol}"), PATIENCE, async || {
            told(&self.log_after(seq).await, symbol).into_iter().find(|event| event.kind() == kind)
        })
        .await
    }

    /// Jupiter answers well again; the token is priced by it in time.
    pub(super) async fn recovers(&self, token: &str) {
        self.jupiter.set(Manner::Good);
        let took = self.until_from(token, Source::Jupiter, PATIENCE).await;
        assert!(took < RECOVERY, "{token} came back after {took:?}");
    }

    /// Every price in the log was true: Jupiter told it, or it is the mid price of a book of that venue in the log.
    pub(super) async fn check_prices(&self) {
        let log = self.log_after(0).await;
        let mids: Vec<(i32, String, f64)> = log
            .iter()
            .filter_map(|event| match &event.payload {
                Some(Payload::Book(book)) => {
                    Some((event.source, book.symbol.clone(), book.features?.mid_price))
                }
                _ => None,
            })
            .collect();
        let mut count = 0;
        for event in &log {
            let Some(Payload::Price(price)) = &event.payload else { continue };
            count += 1;
            let is_true = match event.source() {
                Source::Jupiter => self.jupiter.told(&price.token, price.price),
                _ => mids.contains(&(event.source, format!("{}USDT", price.token), price.price)),
            };
            assert!(is_true, "{:?} {price:?} was never true", event.source());
        }
        assert!(count > 0, "no price was recorded");
    }

    /// Nothing but Jupiter was touched.
    pub(super) async fn check_other_feeds(&self) {
        for event in self.log_after(0).await {
            let Some(Payload::Feed(said)) = event.payload else { continue };
            let is_ours = said.feed == "prices" || said.kind() == Kind::Live;
            assert!(is_ours, "another feed was touched: {said:?}");
        }
        assert_eq!(self.feed("books").await.unwrap().state(), feed::State::Live);
        assert_eq!(self.feed("candles").await.unwrap().state(), feed::State::Live);
    }
}

/// What a log was told about a symbol.
pub(super) fn told(log: &[MarketEvent], symbol: &str) -> Vec<FeedEvent> {
    let about = |event: &MarketEvent| match &event.payload {
        Some(Payload::Feed(said)) if said.symbol == symbol => Some(said.clone()),
        _ => None,
    };
    log.iter().filter_map(about).collect()
}
