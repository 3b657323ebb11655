//! The venue's side of a connection.

use goat::event::{Candle, Source, Venue};
use goat::service::Failure;
use goat::settings::Binance as Settings;
use goat::values::{Symbol, UnixMicros};

use super::parse::read_message;
use super::rest::{DEPTH_LIMIT, read_depth, read_klines, read_time};
use crate::book::live::DepthUpdate;
use crate::book::sequence::BinanceJudge;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::protocol::{Message, Protocol, Timings, Wanted};
use crate::feeds::exchange::rest::{RestClient, RestFault, Unreadable};

/// Half of what an address is granted a minute.
const WEIGHT_MAX: u32 = 3_000;
const DEPTH_WEIGHT: u32 = 50;
const KLINES_WEIGHT: u32 = 2;
const DEPTH: &str = "/api/v3/depth";
const KLINES: &str = "/api/v3/klines";
const TIME: &str = "/api/v3/time";

/// Binance spot.
#[derive(Debug, Clone)]
pub struct Binance {
    websocket_url: String,
    rest: RestClient,
    timings: Timings,
}

impl Binance {
    /// The venue as the settings have it.
    ///
    /// # Errors
    ///
    /// When an address cannot be one; names the setting.
    pub fn new(settings: &Settings, timings: Timings) -> Result<Self, Failure> {
        let header = Some("x-mbx-used-weight-1m");
        let rest = RestClient::new("feeds.binance.rest_url", &settings.rest_url, WEIGHT_MAX, header)?;
        let websocket_url = settings.websocket_url.trim_end_matches('/').to_owned();
        reqwest::Url::parse(&websocket_url).map_err(|error| {
            Failure::Usage(format!("feeds.binance.websocket_url is {websocket_url}: {error}"))
        })?;
        Ok(Self { websocket_url, rest, timings })
    }
}

impl Protocol for Binance {
    type Judge = BinanceJudge;
    const VENUE: Venue = Venue::Binance;
    const SOURCE: Source = Source::Binance;

    fn timings(&self) -> Timings {
        self.timings
    }

    fn address(&self, wanted: &Wanted) -> String {
        let symbol = wanted.symbol.as_str().to_ascii_lowercase();
        let book = wanted.book.then(|| format!("{symbol}@depth@100ms"));
        let candles = wanted.intervals.iter().map(|interval| format!("{symbol}@kline_{}", interval.as_str()));
        let streams: Vec<String> = book.into_iter().chain(candles).collect();
        format!("{}/stream?streams={}", self.websocket_url, streams.join("/"))
    }

    fn opening(&self, _wanted: &Wanted) -> Vec<String> {
        Vec::new()
    }

    fn resubscription(&self, _symbol: Symbol) -> Vec<String> {
        Vec::new()
    }

    fn heartbeat(&self) -> Option<String> {
        None
    }

    fn read(&self, text: &str) -> Result<Message, Unreadable> {
        read_message(text)
    }

    async fn time(&self) -> Result<UnixMicros, RestFault> {
        let body = self.rest.get(TIME, "", 1).await?;
        let unreadable = |error: Unreadable| RestFault::Unreadable { path: TIME, cause: error.to_string() };
        read_time(&body).map_err(unreadable)
    }

    async fn depth(&self, symbol: Symbol) -> Result<DepthUpdate, RestFault> {
        let query = format!("symbol={symbol}&limit={DEPTH_LIMIT}");
        let body = self.rest.get(DEPTH, &query, DEPTH_WEIGHT).await?;
        let unreadable = |error: Unreadable| RestFault::Unreadable { path: DEPTH, cause: error.to_string() };
        read_depth(&body).map_err(unreadable)
    }

    async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        from: UnixMicros,
        count: u32,
    ) -> Result<Vec<Candle>, RestFault> {
        let (name, start) = (interval.as_str(), from.get() / 1000);
        let query = format!("symbol={symbol}&interval={name}&startTime={start}&limit={count}");
        let body = self.rest.get(KLINES, &query, KLINES_WEIGHT).await?;
        let unreadable = |error: Unreadable| RestFault::Unreadable { path: KLINES, cause: error.to_string() };
        read_klines(&body, symbol, interval).map_err(unreadable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_connection_carries_all_that_is_wanted_of_a_symbol() {
        let binance = Binance::new(&Settings::default(), Timings::default()).unwrap();
        let intervals = ["5m", "15m"].map(|name| Interval::parse(name).unwrap()).to_vec();
        let wanted = Wanted { symbol: Symbol::parse("BTCUSDT").unwrap(), book: true, intervals };
        assert_eq!(
            binance.address(&wanted),
            "wss://data-stream.binance.vision/stream?streams=btcusdt@depth@100ms/btcusdt@kline_5m/btcusdt@kline_15m"
        );
    }

    #[test]
    fn an_address_that_is_none_is_refused_by_name() {
        let settings = Settings { rest_url: "nowhere".to_owned(), ..Settings::default() };
        let refused = Binance::new(&settings, Timings::default()).unwrap_err().to_string();
        assert!(refused.contains("feeds.binance.rest_url is nowhere"), "{refused}");
    }
}
