//! What the log is told about the time in which a book was not served.

use goat::event::{FeedEvent, FeedEventKind, Venue};
use goat::values::{Symbol, UnixMicros};

use crate::book::live::Missing;
use crate::feeds::board::Name;

/// Whether a book is served, was never, or is not any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Outage {
    /// The book has not been live since the start.
    #[default]
    BeforeTheFirst,
    /// It is live.
    No,
    /// It was live.
    Yes,
}

impl Outage {
    /// The book is not served any more; told once an outage.
    pub(super) fn began(
        &mut self,
        venue: Venue,
        symbol: Symbol,
        kind: FeedEventKind,
        reason: &str,
        now: UnixMicros,
    ) -> Option<FeedEvent> {
        if *self != Self::No {
            return None;
        }
        *self = Self::Yes;
        let reason = format!("{}: {reason}", name(venue));
        Some(FeedEvent { from: Some(now), ..event(kind, symbol, reason) })
    }

    /// The book is live: the gap with both its ends, and that it delivers again.
    ///
    /// A snapshot that replaces a live book leaves a gap as well when it skips numbers.
    pub(super) fn ended(
        &mut self,
        venue: Venue,
        symbol: Symbol,
        missing: Option<Missing>,
        last_received: UnixMicros,
        now: UnixMicros,
    ) -> Vec<FeedEvent> {
        let before = std::mem::replace(self, Self::No);
        let venue = name(venue);
        let mut events = Vec::new();
        if before == Self::Yes || (before == Self::No && missing.is_some()) {
            let reason = match missing {
                Some((first, last)) => format!("{venue}: updates {first} to {last} were missed"),
                None => format!("{venue}: the book was not served; no number was missed"),
            };
            let gap = event(FeedEventKind::Gap, symbol, reason);
            events.push(FeedEvent { from: Some(last_received), to: Some(now), ..gap });
        }
        if before != Self::No {
            events.push(event(FeedEventKind::Live, symbol, format!("{venue}: the book is live")));
        }
        events
    }
}

/// The venue's clock is too far from ours to be believed.
pub(super) fn skew(venue: Venue, symbol: Symbol, time: UnixMicros, now: UnixMicros) -> FeedEvent {
    let reason = format!("{}: its clock shows {time} at {now}; ours is used", name(venue));
    event(FeedEventKind::ClockSkew, symbol, reason)
}

pub(super) fn name(venue: Venue) -> &'static str {
    match venue {
        Venue::Binance => "binance",
        Venue::Bybit => "bybit",
    }
}

fn event(kind: FeedEventKind, symbol: Symbol, reason: String) -> FeedEvent {
    FeedEvent { feed: Name::Books.as_str().into(), kind, symbol: Some(symbol), from: None, to: None, reason }
}
