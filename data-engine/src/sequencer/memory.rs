//! What the log teaches about itself when it is opened.

use std::collections::BTreeMap;

use goat::event::{Candle, FeedEvent, Observation, Venue};
use goat::prost_types::Timestamp;
use goat::values::{Symbol, UnixMicros};
use goat::wire::market::{EventBatch, EventKind, MarketEvent, Source, market_event};
use goat::wire::{EventScan, scan_events};
use prost::Message;

use super::Known;
use crate::feeds::exchange::venue::{LastBook, Newest};
use crate::feeds::watch::{Moment, Seen, Subject};
use crate::latest::{Latest, as_price};

/// What has been recorded, as far as somebody goes on from it.
#[derive(Debug, Default)]
pub struct Memory {
    /// What has been recorded, for telling duplicates.
    pub known: Known,
    /// The last prices.
    pub latest: Latest,
    /// The event time of the first thing that a source that can be rewound told: where a simulated world began.
    pub world_start: Option<UnixMicros>,
    /// When each subject was last heard of, and which of them are known to be silent.
    pub seen: Seen,
    candles: BTreeMap<(Venue, Symbol, u32), UnixMicros>,
    books: Vec<EncodedBook>,
}

/// The last snapshot of a book. Most snapshots of a log are followed by another one, so they are not decoded.
#[derive(Debug)]
struct EncodedBook {
    source: u64,
    symbol: String,
    field: Vec<u8>,
}

impl Memory {
    /// Learns from a block of the journal.
    pub fn learn(&mut self, payload: &[u8]) {
        for scan in scan_events(payload) {
            self.known.reached(scan.source_position);
            let wanted = matches!(
                scan.kind,
                EventKind::Price | EventKind::Trade | EventKind::Whale | EventKind::Candle | EventKind::Feed
            );
            if scan.kind == EventKind::Book && !is_of_user(scan.source) {
                self.note_book(&scan);
            }
            if !wanted && scan.source_position != 1 {
                continue;
            }
            // The block's checksum held, so what does not decode was written by a newer version.
            let Some(event) = decode(scan.field) else { continue };
            if scan.source_position == 1 {
                self.world_start = event.event_time.and_then(|time| UnixMicros::try_from(time).ok());
            }
            self.known.remember_event(&event);
            self.note(&event);
            if let Some(price) = as_price(event) {
                self.latest.record(price);
            }
        }
    }

    /// Where the venues' books and candles end.
    #[must_use]
    pub fn newest(&self) -> Newest {
        let books = self.books.iter().filter_map(|book| {
            let observation = Observation::try_from(decode(&book.field)?).ok()?;
            let goat::event::Payload::Book(snapshot) = observation.payload else { return None };
            let last = LastBook {
                update_id: snapshot.update_id,
                moment: Moment {
                    event_time: observation.event_time,
                    received_time: observation.received_time,
                },
            };
            Some(((snapshot.venue, snapshot.symbol), last))
        });
        Newest { candles: self.candles.clone(), books: books.collect() }
    }

    /// What the operator published is not what a feed told.
    fn note(&mut self, event: &MarketEvent) {
        if event.source() == Source::User {
            return;
        }
        let time = |time: Option<Timestamp>| time.and_then(|time| UnixMicros::try_from(time).ok());
        let (Some(event_time), Some(received_time)) = (time(event.event_time), time(event.received_time))
        else {
            return;
        };
        let subject = match &event.payload {
            Some(market_event::Payload::Price(price)) => Symbol::parse(&price.token).ok().map(Subject::Price),
            Some(market_event::Payload::Trade(_)) => Some(Subject::Trades),
            Some(market_event::Payload::Whale(_)) => Some(Subject::Whales),
            Some(market_event::Payload::Candle(candle)) => {
                let Ok(candle) = Candle::try_from(candle.clone()) else { return };
                let Candle { symbol, venue, interval_seconds, open_time, .. } = candle;
                let newest = self.candles.entry((venue, symbol, interval_seconds)).or_insert(open_time);
                *newest = open_time.max(*newest);
                Some(Subject::Candles(venue, symbol, interval_seconds))
            }
            Some(market_event::Payload::Feed(said)) => {
                if let Ok(said) = FeedEvent::try_from(said.clone()) {
                    self.seen.told(&said);
                }
                None
            }
            _ => None,
        };
        if let Some(subject) = subject {
            self.seen.event(subject, Moment { event_time, received_time });
        }
    }

    fn note_book(&mut self, scan: &EventScan<'_>) {
        let Some(symbol) = scan.symbol() else { return };
        let is_same = |book: &&mut EncodedBook| book.source == scan.source && book.symbol == symbol;
        if let Some(book) = self.books.iter_mut().find(is_same) {
            book.field.clear();
            book.field.extend_from_slice(scan.field);
            return;
        }
        self.books.push(EncodedBook {
            source: scan.source,
            symbol: symbol.to_owned(),
            field: scan.field.to_vec(),
        });
    }
}

fn is_of_user(source: u64) -> bool {
    source == Source::User as u64
}

fn decode(field: &[u8]) -> Option<MarketEvent> {
    EventBatch::decode(field).ok()?.events.into_iter().next()
}
