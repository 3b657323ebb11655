//! How the feeds are doing: states, ages and counts, as RPC, metrics and dashboard show them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use goat::event::{Observation, Payload, Source};
use goat::values::UnixMicros;
use goat::wire::market as wire;
use goat::wire::market::feed::State;

use super::book_states::BookStates;
use super::price_states::PriceStates;
use super::reconnects::Reconnects;
use super::watch::{Moment, Seen, Subject};

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
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prices => "prices",
            Self::Books => "books",
            Self::Trades => "trades",
            Self::Whales => "whales",
            Self::Candles => "candles",
        }
    }

    /// Data older than this are stale. This is the one table of limits.
    #[must_use]
    pub fn stale_after(self) -> Duration {
        match self {
            Self::Prices => Duration::from_secs(5),
            Self::Books => Duration::from_secs(2),
            Self::Trades => Duration::from_secs(30),
            // Whales are rare: silence of minutes is normal.
            Self::Whales => Duration::from_mins(10),
            // Unless they are followed in other lengths than the usual.
            Self::Candles => Self::candles_stale_after(300),
        }
    }

    /// The limit of candles of one length: two of them behind the end of the newest.
    #[must_use]
    pub fn candles_stale_after(interval_seconds: u32) -> Duration {
        Duration::from_secs(2 * u64::from(interval_seconds))
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
    condition_since: Option<UnixMicros>,
    source: Source,
    sources: BTreeSet<Source>,
    limit: Duration,
    last_event_time: Option<UnixMicros>,
    last_received_time: Option<UnixMicros>,
    /// When an event last came, by our clock.
    arrived: Option<UnixMicros>,
    /// The time by which the age of the newest event goes.
    newest: Option<UnixMicros>,
    live_since: Option<UnixMicros>,
    blocks_skipped: u32,
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
    /// Where the prices come from.
    pub prices: PriceStates,
    /// Who is asked for a new connection when data stay away.
    pub reconnects: Reconnects,
}

impl Default for Board {
    fn default() -> Self {
        let entries = Name::ALL.map(|name| (name, Entry::of(name)));
        Self {
            entries: Arc::new(Mutex::new(entries.into())),
            books: BookStates::default(),
            prices: PriceStates::default(),
            reconnects: Reconnects::default(),
        }
    }
}

impl Board {
    /// Says where a feed's data come from and how the feed is.
    pub fn set(&self, name: Name, source: Source, condition: Condition) {
        self.with(name, |entry| {
            entry.source = source;
            if !matches!(condition, Condition::Off(_)) {
                entry.sources.insert(source);
            }
            if entry.condition != condition {
                tracing::info!(feed = name.as_str(), ?condition, "feed changed");
                entry.condition = condition;
                entry.condition_since = Some(UnixMicros::now());
            }
        });
    }

    /// The feed's own limit, where it depends on what is followed.
    pub fn set_limit(&self, name: Name, limit: Duration) {
        self.with(name, |entry| entry.limit = limit);
    }

    /// What the log has of each feed at the start: data are as old as they are, whoever recorded them.
    pub fn recall(&self, seen: &Seen, now: UnixMicros) {
        for (subject, moment) in seen.newest() {
            self.with(subject.feed(), |entry| entry.recall(subject, moment, now));
        }
    }

    /// An event of a feed was recorded at `now`.
    pub fn accepted(&self, observation: &Observation, now: UnixMicros) {
        let Some(subject) = Subject::of(observation) else { return };
        let name = subject.feed();
        if let Payload::Price(price) = &observation.payload {
            self.prices.recorded(price.token, observation.source, now);
        }
        self.with(name, |entry| entry.accept(subject, observation, now));
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

    /// The stream of trades has left out so many blocks as too old.
    pub fn blocks_skipped(&self, count: u32) {
        self.with(Name::Trades, |entry| entry.blocks_skipped = entry.blocks_skipped.saturating_add(count));
        metrics::counter!("goat_webhook_blocks_skipped_total").increment(u64::from(count));
    }

    /// Blocks that were left out as too old since the newest trade.
    #[must_use]
    pub fn blocks_skipped_since_trade(&self) -> u32 {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.get(&Name::Trades).map_or(0, |entry| entry.blocks_skipped)
    }

    /// Every feed as it is at `now`, by name.
    #[must_use]
    pub fn feeds(&self, now: UnixMicros) -> Vec<wire::Feed> {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        entries.iter().map(|(name, entry)| self.with_parts(*name, entry.as_feed(*name, now), now)).collect()
    }

    fn with_parts(&self, name: Name, feed: wire::Feed, now: UnixMicros) -> wire::Feed {
        match name {
            Name::Books => wire::Feed { books: self.books.at(now), ..feed },
            Name::Prices => {
                let prices = self.prices.at(now);
                let stale = prices.iter().filter(|price| !price.live);
                let stale: Vec<&str> = stale.map(|price| price.token.as_str()).collect();
                let reason = if feed.state() == State::Live && !stale.is_empty() {
                    format!("no new price of {}", stale.join(", "))
                } else {
                    feed.reason.clone()
                };
                wire::Feed { prices, reason, ..feed }
            }
            Name::Trades | Name::Whales | Name::Candles => feed,
        }
    }

    fn with(&self, name: Name, change: impl FnOnce(&mut Entry)) {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(&name) {
            change(entry);
        }
    }
}

impl Entry {
    fn of(name: Name) -> Self {
        Self {
            condition: Condition::Off("not part of this mode".to_owned()),
            condition_since: None,
            source: Source::Engine,
            sources: BTreeSet::new(),
            limit: name.stale_after(),
            last_event_time: None,
            last_received_time: None,
            arrived: None,
            newest: None,
            live_since: None,
            blocks_skipped: 0,
            accepted: 0,
            duplicate: 0,
            late: 0,
            rejected: 0,
        }
    }

    /// A simulation may run ahead of our clock; nothing is younger than `now`.
    fn recall(&mut self, subject: Subject, moment: Moment, now: UnixMicros) {
        self.last_event_time = self.last_event_time.max(Some(moment.event_time));
        self.last_received_time = self.last_received_time.max(Some(moment.received_time));
        self.arrived = self.arrived.max(Some(moment.received_time.min(now)));
        self.newest = self.newest.max(Some(subject.time_of(moment).min(now)));
        self.live_since = self.is_fresh(now).then_some(now);
    }

    fn accept(&mut self, subject: Subject, observation: &Observation, now: UnixMicros) {
        let Observation { event_time, received_time, source, .. } = *observation;
        self.accepted = self.accepted.saturating_add(1);
        self.sources.insert(source);
        if received_time.since(event_time) > self.limit {
            self.late = self.late.saturating_add(1);
        }
        self.last_event_time = self.last_event_time.max(Some(event_time));
        self.last_received_time = self.last_received_time.max(Some(received_time));
        self.arrived = self.arrived.max(Some(now));
        // The times of a simulation and of a recording are not ours: they are as old as their telling.
        let has_own_clock = matches!(source, Source::Simulated | Source::Replay);
        let time = if has_own_clock { now } else { subject.time_of(Moment::of(observation)) };
        let was_live = self.is_fresh(now);
        self.newest = self.newest.max(Some(time));
        if !was_live && self.is_fresh(now) {
            self.live_since = Some(now);
        }
        self.blocks_skipped = 0;
    }

    fn is_fresh(&self, now: UnixMicros) -> bool {
        self.newest.is_some_and(|newest| now.since(newest) <= self.limit)
    }

    fn state(&self, now: UnixMicros) -> (State, String, Option<UnixMicros>) {
        match &self.condition {
            Condition::Syncing => (State::Syncing, String::new(), self.condition_since),
            Condition::Down(reason) => (State::Down, reason.clone(), self.condition_since),
            Condition::Off(reason) => (State::Off, reason.clone(), self.condition_since),
            Condition::Up if self.is_fresh(now) => (State::Live, String::new(), self.live_since),
            Condition::Up if self.newest.is_some() || self.blocks_skipped > 0 => {
                (State::Stale, self.why_stale(now), self.newest.or(self.condition_since))
            }
            Condition::Up => (State::Syncing, "no event yet".to_owned(), self.condition_since),
        }
    }

    fn why_stale(&self, now: UnixMicros) -> String {
        let age = self.newest.map_or_else(
            || "nothing has come".to_owned(),
            |newest| {
                let (age, limit) = (now.since(newest).as_secs_f64(), self.limit.as_secs());
                format!("the newest event is {age:.1} s old, limit {limit} s")
            },
        );
        match self.blocks_skipped {
            0 => age,
            blocks => format!("{age}; the stream lags: {blocks} blocks were skipped as too old"),
        }
    }

    fn as_feed(&self, name: Name, now: UnixMicros) -> wire::Feed {
        let (state, reason, since) = self.state(now);
        wire::Feed {
            name: name.as_str().to_owned(),
            state: state.into(),
            reason,
            source: wire::Source::from(self.source).into(),
            last_event_time: self.last_event_time.map(Into::into),
            last_received_time: self.last_received_time.map(Into::into),
            age_ms: self.arrived.map(|time| now.millis_since(time)),
            lag_ms: self
                .last_event_time
                .zip(self.last_received_time)
                .map(|(event, received)| received.millis_since(event)),
            stale_after_ms: i32::try_from(self.limit.as_millis()).unwrap_or(i32::MAX),
            accepted: self.accepted,
            duplicate: self.duplicate,
            late: self.late,
            rejected: self.rejected,
            books: Vec::new(),
            sources: self.sources.iter().map(|source| wire::Source::from(*source).into()).collect(),
            prices: Vec::new(),
            since: since.map(Into::into),
            blocks_skipped: self.blocks_skipped,
        }
    }
}

#[cfg(test)]
mod tests;
