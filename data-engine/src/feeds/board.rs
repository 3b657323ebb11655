//! How the feeds are doing: states, ages and counts, as RPC, metrics and dashboard show them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goat::event::Source;
use goat::values::UnixMicros;
use goat::wire::market as wire;
use goat::wire::market::feed::State;

use super::book_states::BookStates;

/// A stream of one kind of event, whatever its source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Name {
    /// Prices of tokens.
    Prices,
    /// Order books.
    Books,
    /// Wallet trades.
    Trades,
    /// Movements of whales.
    Whales,
    /// Candles.
    Candles,
}

impl Name {
    /// All feeds.
    pub const ALL: [Self; 5] = [Self::Prices, Self::Books, Self::Trades, Self::Whales, Self::Candles];

    /// The feed's name as users read it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Books => "books",
            Self::Trades => "trades",
            Self::Whales => "whales",
            Self::Candles => "candles",
        }
    }

    /// Data older than this is not leaned on.
    #[must_use]
    pub fn stale_after(self) -> Duration {
        Duration::from_secs(match self {
            Self::Prices => 5,
            Self::Books => 2,
            Self::Trades => 30,
            // Whales are rare: silence of minutes is normal.
            Self::Whales | Self::Candles => 600,
        })
    }
}

/// What a feed can say of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Being brought up.
    Syncing,
    /// Delivering, as far as it knows; the age of its data decides between LIVE and STALE.
    Up,
    /// Cannot deliver, with the reason.
    Down(String),
    /// Not wanted, or at its end, with the reason.
    Off(String),
}

#[derive(Debug, Clone)]
struct Entry {
    condition: Condition,
    source: Source,
    last_event_time: Option<UnixMicros>,
    last_received_time: Option<UnixMicros>,
    accepted: u32,
    duplicate: u32,
    late: u32,
    rejected: u32,
}

/// The state of every feed. Cloning shares it.
#[derive(Debug, Clone)]
pub struct Board {
    entries: Arc<Mutex<BTreeMap<Name, Entry>>>,
    /// The books that are kept from the venues.
    pub books: BookStates,
}

impl Default for Board {
    fn default() -> Self {
        let off = Entry {
            condition: Condition::Off("not part of this mode".to_owned()),
            source: Source::Engine,
            last_event_time: None,
            last_received_time: None,
            accepted: 0,
            duplicate: 0,
            late: 0,
            rejected: 0,
        };
        let entries = Name::ALL.map(|name| (name, off.clone()));
        Self { entries: Arc::new(Mutex::new(entries.into())), books: BookStates::default() }
    }
}

impl Board {
    /// Says where a feed's data come from and how the feed is.
    pub fn set(&self, name: Name, source: Source, condition: Condition) {
        self.with(name, |entry| {
            entry.source = source;
            if entry.condition != condition {
                tracing::info!(feed = name.as_str(), ?condition, "feed changed");
                entry.condition = condition;
            }
        });
    }

    /// An event of the feed was recorded.
    pub fn accepted(&self, name: Name, event_time: UnixMicros, received_time: UnixMicros) {
        self.with(name, |entry| {
            entry.accepted = entry.accepted.saturating_add(1);
            if received_time.since(event_time) > name.stale_after() {
                entry.late = entry.late.saturating_add(1);
            }
            entry.last_event_time = entry.last_event_time.max(Some(event_time));
            entry.last_received_time = entry.last_received_time.max(Some(received_time));
        });
        metrics::counter!("goat_feed_events_total", "feed" => name.as_str(), "outcome" => "accepted")
            .increment(1);
    }

    /// Events of the feed had been recorded before.
    pub fn duplicate(&self, name: Name, count: u32) {
        self.with(name, |entry| entry.duplicate = entry.duplicate.saturating_add(count));
        metrics::counter!("goat_feed_events_total", "feed" => name.as_str(), "outcome" => "duplicate")
            .increment(u64::from(count));
    }

    /// Items of the feed could not be read.
    pub fn rejected(&self, name: Name, count: u32) {
        self.with(name, |entry| entry.rejected = entry.rejected.saturating_add(count));
        metrics::counter!("goat_feed_events_total", "feed" => name.as_str(), "outcome" => "rejected")
            .increment(u64::from(count));
    }

    /// Every feed as it is at `now`, by name.
    #[must_use]
    pub fn feeds(&self, now: UnixMicros) -> Vec<wire::Feed> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let feed = |(name, entry): (&Name, &Entry)| {
            let books = if *name == Name::Books { self.books.at(now) } else { Vec::new() };
            wire::Feed { books, ..entry.as_feed(*name, now) }
        };
        entries.iter().map(feed).collect()
    }

    fn with(&self, name: Name, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&name) {
            change(entry);
        }
    }
}

impl Entry {
    fn as_feed(&self, name: Name, now: UnixMicros) -> wire::Feed {
        let age = self.last_received_time.map(|time| now.since(time));
        let (state, reason) = match &self.condition {
            Condition::Syncing => (State::Syncing, String::new()),
            Condition::Down(reason) => (State::Down, reason.clone()),
            Condition::Off(reason) => (State::Off, reason.clone()),
            Condition::Up => match age {
                None => (State::Syncing, "no event yet".to_owned()),
                Some(age) if age > name.stale_after() => (
                    State::Stale,
                    format!(
                        "no event for {:.1} s, limit {} s",
                        age.as_secs_f64(),
                        name.stale_after().as_secs()
                    ),
                ),
                Some(_) => (State::Live, String::new()),
            },
        };
        wire::Feed {
            name: name.as_str().to_owned(),
            state: state.into(),
            reason,
            source: wire::Source::from(self.source).into(),
            last_event_time: self.last_event_time.map(Into::into),
            last_received_time: self.last_received_time.map(Into::into),
            age_ms: self.last_received_time.map(|time| now.millis_since(time)),
            lag_ms: self
                .last_event_time
                .zip(self.last_received_time)
                .map(|(event, received)| received.millis_since(event)),
            stale_after_ms: i32::try_from(name.stale_after().as_millis()).unwrap_or(i32::MAX),
            accepted: self.accepted,
            duplicate: self.duplicate,
            late: self.late,
            rejected: self.rejected,
            books: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    fn prices(board: &Board, now: i64) -> wire::Feed {
        board.feeds(at(now)).into_iter().find(|feed| feed.name == "prices").unwrap()
    }

    #[test]
    fn a_feed_goes_stale_by_the_age_of_its_data_and_says_so() {
        let board = Board::default();
        board.set(Name::Prices, Source::Jupiter, Condition::Up);
        assert_eq!(prices(&board, 0).state(), State::Syncing);

        board.accepted(Name::Prices, at(100), at(101));

        assert_eq!(prices(&board, 106).state(), State::Live);
        let stale = prices(&board, 107);
        assert_eq!((stale.state(), stale.reason.as_str()), (State::Stale, "no event for 6.0 s, limit 5 s"));
        assert_eq!((stale.age_ms, stale.lag_ms), (Some(6000), Some(1000)));
    }

    #[test]
    fn an_event_that_arrived_stale_is_counted_as_late() {
        let board = Board::default();
        for received_time in [100, 105, 106] {
            board.accepted(Name::Prices, at(100), at(received_time));
        }
        let feed = prices(&board, 106);
        assert_eq!((feed.accepted, feed.late), (3, 1));
    }
}
