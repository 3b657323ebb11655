//! The plain typed streams: what a person types into grpcurl.

use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::Symbol;
use goat::wire::market::market_event::Payload;
use goat::wire::market::{self as wire, EventBatch, EventKind, MarketEvent};
use prost::Message;
use tonic::Status;

use super::subscription::{Filter, Item, Subscription};
use super::{MarketData, Reply};
use crate::journal::Start;

/// A week: nothing older is ever kept in a hot window.
const LOOKBACK_SECONDS_MAX: u32 = 7 * 24 * 3600;

/// Where a typed stream begins.
#[derive(Debug, Clone, Copy)]
pub(super) struct Since {
    pub(super) after_seq: Option<u64>,
    pub(super) lookback_seconds: Option<u32>,
}

impl MarketData {
    /// A stream of the events that pass `filter`, each turned into an answer by `answer`.
    pub(super) async fn stream<T: Send + 'static>(
        &self,
        filter: Filter,
        since: Since,
        answer: fn(MarketEvent) -> Option<T>,
    ) -> Result<Reply<T>, Status> {
        let start = self.start(since)?;
        let mut subscription =
            Subscription::open(self.log.clone(), start, filter, true, self.stop.clone()).await?;
        Ok(Box::pin(async_stream::try_stream! {
            while let Some(item) = subscription.next().await? {
                let Item::Batch(batch) = item else { continue };
                for bytes in batch.events {
                    let decoded = EventBatch::decode(bytes);
                    let decoded = decoded.map_err(|error| internal("decoding an event", &error))?;
                    for event in decoded.events {
                        if let Some(message) = answer(event) {
                            yield message;
                        }
                    }
                }
            }
        }))
    }

    fn start(&self, since: Since) -> Result<Start, Status> {
        match (since.after_seq, since.lookback_seconds) {
            (Some(_), Some(_)) => {
                Err(Kind::Invalid.status("after_seq and lookback_seconds exclude one another: give one"))
            }
            (Some(seq), None) => Ok(Start::After(seq)),
            (None, Some(seconds)) => self.start_back(seconds),
            (None, None) => Ok(Start::Latest),
        }
    }

    /// That many seconds before the newest event.
    pub(super) fn start_back(&self, seconds: u32) -> Result<Start, Status> {
        if seconds > LOOKBACK_SECONDS_MAX {
            return Err(Kind::Invalid
                .status(format!("lookback_seconds must be at most {LOOKBACK_SECONDS_MAX}, got {seconds}")));
        }
        Ok(Start::Since(self.log.head().time.minus(Duration::from_secs(u64::from(seconds)))))
    }
}

/// Symbols as the log has them.
pub(super) fn symbols(given: &[String]) -> Result<Vec<String>, Status> {
    let parse = |text: &String| Symbol::parse(text).map(|symbol| symbol.to_string());
    given.iter().map(parse).collect::<Result<_, _>>().map_err(|error| Kind::Invalid.status(error.to_string()))
}

/// Names of kinds as a person writes them, comma-separated.
pub(super) fn kinds(text: &str) -> Result<Vec<EventKind>, Status> {
    const NAMES: [(&str, EventKind); 8] = [
        ("prices", EventKind::Price),
        ("books", EventKind::Book),
        ("trades", EventKind::Trade),
        ("whales", EventKind::Whale),
        ("candles", EventKind::Candle),
        ("feeds", EventKind::Feed),
        ("dead_letters", EventKind::DeadLetter),
        ("user", EventKind::User),
    ];
    if text == "all" {
        return Ok(Vec::new());
    }
    let kind = |name: &str| {
        let found = NAMES.iter().find(|(known, _)| *known == name.trim());
        found.map(|(_, kind)| *kind).ok_or_else(|| {
            let known = NAMES.map(|(name, _)| name).join(", ");
            let name: String = name.chars().take(64).collect();
            Kind::Invalid.status(format!("kinds has {name:?}; there are {known}, or all"))
        })
    };
    text.split(',').map(kind).collect()
}

/// What each typed stream answers with.
pub(super) mod answers {
    use super::{MarketEvent, Payload, wire};

    macro_rules! answer {
        ($name:ident, $payload:ident, $response:ident, $field:ident) => {
            pub(in crate::serve) fn $name(event: MarketEvent) -> Option<wire::$response> {
                let Some(Payload::$payload($field)) = event.payload else { return None };
                Some(wire::$response {
                    seq: event.seq,
                    event_time: event.event_time,
                    received_time: event.received_time,
                    source: event.source,
                    $field: Some($field),
                })
            }
        };
    }

    answer!(trade, Trade, StreamTradesResponse, trade);
    answer!(whale, Whale, StreamWhalesResponse, whale);
    answer!(candle, Candle, StreamCandlesResponse, candle);

    pub(in crate::serve) fn book(event: MarketEvent) -> Option<wire::StreamBooksResponse> {
        let Some(Payload::Book(book)) = event.payload else { return None };
        Some(wire::StreamBooksResponse {
            seq: event.seq,
            event_time: event.event_time,
            received_time: event.received_time,
            source: event.source,
            book: Some(*book),
        })
    }

    // The other answers pass over kinds that are not theirs.
    #[allow(clippy::unnecessary_wraps)]
    pub(in crate::serve) fn event(event: MarketEvent) -> Option<wire::StreamEventsResponse> {
        Some(wire::StreamEventsResponse { seq: event.seq, event: Some(event) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_by_name_and_an_unknown_one_is_named() {
        assert_eq!(kinds("prices, trades").unwrap(), [EventKind::Price, EventKind::Trade]);
        assert_eq!(kinds("all").unwrap(), []);
        let refused = kinds("prices,pirces").unwrap_err();
        assert!(refused.message().starts_with("kinds has \"pirces\"; there are prices, books"), "{refused}");
    }
}
