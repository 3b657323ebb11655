//! Finds the events in an encoded batch without decoding them.
//!
//! A reader that wants only some kinds or symbols must not pay for decoding the others.

use crate::wire::market::EventKind;

/// The key byte of `repeated MarketEvent events = 1`.
const EVENT_KEY: u8 = 0x0a;
const SEQ_FIELD: u64 = 1;
const SOURCE_FIELD: u64 = 4;
const SOURCE_POSITION_FIELD: u64 = 5;
/// The key bytes of a message's first and second field, when they are texts.
const FIRST_TEXT_KEY: u8 = 0x0a;
const SECOND_TEXT_KEY: u8 = 0x12;
/// `MarketEvent`'s payload fields are 10, 11, 12, … in the order of [`EventKind`] 1, 2, 3, ….
const FIRST_PAYLOAD_FIELD: u64 = 10;

/// One event, still encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventScan<'a> {
    /// Its place in the log.
    pub seq: u64,
    /// The number of its source.
    pub source: u64,
    /// How far a source that can be rewound had got.
    pub source_position: u64,
    /// [`EventKind::Unspecified`] when the event has no payload, or one that is newer than this code.
    pub kind: EventKind,
    /// The event as a field of a batch: key, length and content.
    pub field: &'a [u8],
    /// Its payload message.
    pub payload: &'a [u8],
}

impl<'a> EventScan<'a> {
    /// The token or symbol that the event is about, for the kinds that have one.
    #[must_use]
    pub fn symbol(&self) -> Option<&'a str> {
        let wanted_key = match self.kind {
            EventKind::Price | EventKind::Book | EventKind::Candle => FIRST_TEXT_KEY,
            EventKind::User => SECOND_TEXT_KEY,
            _ => return None,
        };
        let (&key, rest) = self.payload.split_first()?;
        let (first, rest) = length_delimited(rest)?;
        let text = match rest.split_first() {
            _ if key == wanted_key => first,
            Some((&second_key, rest)) if key == FIRST_TEXT_KEY && second_key == wanted_key => {
                length_delimited(rest)?.0
            }
            _ => return None,
        };
        std::str::from_utf8(text).ok()
    }
}

/// The events of encoded `repeated MarketEvent` fields, in order. Ends at the first malformed byte.
pub fn scan_events(mut batch: &[u8]) -> impl Iterator<Item = EventScan<'_>> {
    std::iter::from_fn(move || {
        let whole = batch;
        let (&key, rest) = batch.split_first()?;
        if key != EVENT_KEY {
            return None;
        }
        let (content, rest) = length_delimited(rest)?;
        let field = whole.get(..whole.len() - rest.len())?;
        batch = rest;
        scan_event(content, field)
    })
}

fn scan_event<'a>(mut content: &'a [u8], field: &'a [u8]) -> Option<EventScan<'a>> {
    let mut scan = EventScan {
        seq: 0,
        source: 0,
        source_position: 0,
        kind: EventKind::Unspecified,
        field,
        payload: &[],
    };
    while !content.is_empty() {
        let (key, rest) = varint(content)?;
        let number = key >> 3;
        content = match key & 7 {
            0 => {
                let (value, rest) = varint(rest)?;
                match number {
                    SEQ_FIELD => scan.seq = value,
                    SOURCE_FIELD => scan.source = value,
                    SOURCE_POSITION_FIELD => scan.source_position = value,
                    _ => {}
                }
                rest
            }
            1 => rest.get(8..)?,
            2 => {
                let (value, rest) = length_delimited(rest)?;
                if number >= FIRST_PAYLOAD_FIELD {
                    let kind = i32::try_from(number - FIRST_PAYLOAD_FIELD + 1).ok()?;
                    scan.kind = EventKind::try_from(kind).unwrap_or(EventKind::Unspecified);
                    scan.payload = value;
                }
                rest
            }
            5 => rest.get(4..)?,
            _ => return None,
        };
    }
    Some(scan)
}

fn length_delimited(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = varint(bytes)?;
    rest.split_at_checked(usize::try_from(length).ok()?)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (place, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(place + 1..)?));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::Message;

    use super::*;
    use crate::wire::market::{
        EventBatch, MarketEvent, Price, UserEvent, WalletTrade, market_event::Payload,
    };

    fn batch(events: Vec<MarketEvent>) -> Vec<u8> {
        EventBatch { events, ..EventBatch::default() }.encode_to_vec()
    }

    #[test]
    fn kind_symbol_and_position_are_found_without_decoding() {
        let price = Price { token: "SOL".into(), price: 120.5, block_id: 9 };
        let events = vec![
            MarketEvent { seq: 300, payload: Some(Payload::Price(price)), ..MarketEvent::default() },
            MarketEvent {
                seq: 301,
                payload: Some(Payload::Trade(WalletTrade {
                    signature: "s".into(),
                    ..WalletTrade::default()
                })),
                ..MarketEvent::default()
            },
        ];
        let encoded = batch(events.clone());

        let found: Vec<_> = scan_events(&encoded).collect();

        assert_eq!(found.len(), 2);
        assert_eq!((found[0].seq, found[0].kind, found[0].symbol()), (300, EventKind::Price, Some("SOL")));
        assert_eq!((found[1].seq, found[1].kind, found[1].symbol()), (301, EventKind::Trade, None));
        assert_eq!(found[1].field, batch(vec![events[1].clone()]));
    }

    #[test]
    fn an_event_of_the_operators_is_found_by_its_symbol_when_it_has_one() {
        let user = |feed: &str, symbol: &str| MarketEvent {
            seq: 1,
            payload: Some(Payload::User(UserEvent {
                feed: feed.into(),
                symbol: symbol.into(),
                json: "1".into(),
            })),
            ..MarketEvent::default()
        };
        let encoded = batch(vec![user("f", "JUP"), user("f", ""), user("", "JUP")]);
        let symbols: Vec<_> = scan_events(&encoded).map(|scan| scan.symbol()).collect();
        assert_eq!(symbols, [Some("JUP"), None, Some("JUP")]);
    }

    proptest! {
        /// Whatever the bytes, the scan ends and never reads outside of them.
        #[test]
        fn any_bytes_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            for event in scan_events(&bytes) {
                let _ = event.symbol();
                prop_assert!(event.field.len() <= bytes.len());
            }
        }
    }
}
