//! The venue's side of a connection.

use goat::event::{Candle, Source, Venue};
use goat::service::Failure;
use goat::settings::Bybit as Settings;
use goat::values::{Symbol, UnixMicros};

use super::parse::{read_klines, read_message, read_time};
use crate::book::live::DepthUpdate;
use crate::book::sequence::BybitJudge;
use crate::feeds::exchange::interval::Interval;
use crate::feeds::exchange::protocol::{Message, Protocol, Timings, Wanted};
use crate::feeds::exchange::rest::{RestClient, RestFault, Unreadable};

/// Requests a minute; a twentieth of what an address is granted.
const REQUESTS_MAX: u32 = 300;
const KLINES: &str = "/v5/market/kline";
const TIME: &str = "/v5/market/time";
/// Topics in one request.
const ARGUMENTS_MAX: usize = 10;

/// Bybit spot.
#[derive(Debug, Clone)]
pub struct Bybit {
    websocket_url: String,
    rest: RestClient,
    timings: Timings,
}

impl Bybit {
    /// The venue as the settings have it.
    ///
    /// # Errors
    ///
    /// When an address cannot be one; names the setting.
    pub fn new(settings: &Settings, timings: Timings) -> Result<Self, Failure> {
        let rest = RestClient::new("feeds.bybit.rest_url", &settings.rest_url, REQUESTS_MAX, None)?;
        let websocket_url = settings.websocket_url.clone();
        reqwest::Url::parse(&websocket_url).map_err(|error| {
            Failure::Usage(format!("feeds.bybit.websocket_url is {websocket_url}: {error}"))
        })?;
        Ok(Self { websocket_url, rest, timings })
    }
}

impl Protocol for Bybit {
    type Judge = BybitJudge;
    const VENUE: Venue = Venue::Bybit;
    const SOURCE: Source = Source::Bybit;

    fn timings(&self) -> Timings {
        self.timings
    }

    fn address(&self, _wanted: &Wanted) -> String {
        self.websocket_url.clone()
    }

    fn opening(&self, wanted: &Wanted) -> Vec<String> {
        let book = wanted.book.then(|| book_topic(wanted.symbol));
        let candles =
            wanted.intervals.iter().map(|interval| format!("kline.{}.{}", interval.bybit(), wanted.symbol));
        let topics: Vec<String> = book.into_iter().chain(candles).collect();
        topics.chunks(ARGUMENTS_MAX).map(|topics| request("subscribe", topics)).collect()
    }

    fn resubscription(&self, symbol: Symbol) -> Vec<String> {
        let topic = [book_topic(symbol)];
        vec![request("unsubscribe", &topic), request("subscribe", &topic)]
    }

    fn heartbeat(&self) -> Option<String> {
        Some(r#"{"op":"ping"}"#.to_owned())
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
        // The topic brings its own snapshots, and its numbers are not those of the snapshots over HTTP.
        let cause = format!("the snapshot of {symbol} comes with its topic");
        Err(RestFault::Unreadable { path: "/v5/market/orderbook", cause })
    }

    async fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        from: UnixMicros,
        count: u32,
    ) -> Result<Vec<Candle>, RestFault> {
        // Without an end the newest candles would come, whatever the start.
        let (name, start) = (interval.bybit(), from.get() / 1000);
        let end = from.plus(interval.span() * count).get() / 1000 - 1;
        let query =
            format!("category=spot&symbol={symbol}&interval={name}&start={start}&end={end}&limit={count}");
        let body = self.rest.get(KLINES, &query, 1).await?;
        let unreadable = |error: Unreadable| RestFault::Unreadable { path: KLINES, cause: error.to_string() };
        read_klines(&body, symbol, interval).map_err(unreadable)
    }
}

fn book_topic(symbol: Symbol) -> String {
    format!("orderbook.50.{symbol}")
}

fn request(operation: &str, topics: &[String]) -> String {
    serde_json::json!({ "op": operation, "args": topics }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_has_more_than_ten_topics() {
        let bybit = Bybit::new(&Settings::default(), Timings::default()).unwrap();
        let interval = Interval::parse("5m").unwrap();
        let symbol = Symbol::parse("BTCUSDT").unwrap();
        let wanted = Wanted { symbol, book: true, intervals: vec![interval; 11] };

        let requests = bybit.opening(&wanted);

        assert_eq!(requests.len(), 2);
        assert!(
            requests[0].starts_with(r#"{"args":["orderbook.50.BTCUSDT","kline.5.BTCUSDT","#),
            "{requests:?}"
        );
        assert_eq!(requests.iter().map(|request| request.matches("BTCUSDT").count()).max(), Some(10));
    }
}
