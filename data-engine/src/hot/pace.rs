//! The tables keep one snapshot of a book a second; the journal keeps them all.

use std::collections::BTreeMap;

use goat::values::UnixMicros;
use goat::wire::market::{MarketEvent, market_event::Payload};

const ROW_EVERY_MICROS: i64 = 1_000_000;

/// The second of the last row of each book.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct BookPace(BTreeMap<(i32, String), i64>);

impl BookPace {
    /// Goes on where [`BookPace::to_text`] was.
    pub(crate) fn parse(text: &str) -> Result<Self, serde_json::Error> {
        let entries: Vec<(i32, String, i64)> = serde_json::from_str(text)?;
        Ok(Self(entries.into_iter().map(|(venue, symbol, second)| ((venue, symbol), second)).collect()))
    }

    /// Everything it knows, as JSON.
    pub(crate) fn to_text(&self) -> Result<String, serde_json::Error> {
        let entries: Vec<_> =
            self.0.iter().map(|((venue, symbol), second)| (venue, symbol, second)).collect();
        serde_json::to_string(&entries)
    }

    /// Whether an event becomes a row: everything does, but only the first snapshot of a book in a second.
    pub(crate) fn admits(&mut self, event: &MarketEvent, event_time: UnixMicros) -> bool {
        let Some(Payload::Book(book)) = &event.payload else { return true };
        let second = event_time.get().div_euclid(ROW_EVERY_MICROS);
        self.0.insert((book.venue, book.symbol.clone()), second) != Some(second)
    }
}
