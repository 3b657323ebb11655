//! Whether what is watched still delivers: one judgement and one machine for every feed.
//!
//! ```text
//!            an event               too old, or lost
//!  New ───────────────────→ Live ←───────────────────→ Out
//!   └── silent for longer than its limit since the start ──↗
//! ```
//!
//! A machine is told what came and what time it is, and answers what the log is to be told: `Stale` once an episode,
//! `Live` when it delivers again, `Gap` for what is missing. Only live feeds are watched: a simulation and a
//! recording follow no clock but their own, and tell their gaps themselves.

mod watches;

use std::time::Duration;

use goat::event::{FeedEvent, FeedEventKind, Observation, Payload, Source, Venue};
use goat::values::{Symbol, UnixMicros};

use super::board::Name;

pub use watches::{Seen, Told, Watches};

/// One thing that is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A token's price, whatever its source.
    Price(Symbol),
    /// A venue's order book.
    Book(Venue, Symbol),
    /// The wallet trades.
    Trades,
    /// The movements of whales.
    Whales,
    /// A venue's candles of one length in seconds.
    Candles(Venue, Symbol, u32),
}

impl Subject {
    /// What an observation is about; none for what the engine says itself, and for what the operator publishes: it
    /// does not make a feed live.
    #[must_use]
    pub fn of(observation: &Observation) -> Option<Self> {
        if observation.source == Source::User {
            return None;
        }
        match &observation.payload {
            Payload::Price(price) => Some(Self::Price(price.token)),
            Payload::Book(book) => Some(Self::Book(book.venue, book.symbol)),
            Payload::Trade(_) => Some(Self::Trades),
            Payload::Whale(_) => Some(Self::Whales),
            Payload::Candle(candle) => {
                Some(Self::Candles(candle.venue, candle.symbol, candle.interval_seconds))
            }
            Payload::Feed(_) | Payload::DeadLetter(_) | Payload::User(_) => None,
        }
    }

    /// The feed that it is part of.
    #[must_use]
    pub fn feed(self) -> Name {
        match self {
            Self::Price(_) => Name::Prices,
            Self::Book(..) => Name::Books,
            Self::Trades => Name::Trades,
            Self::Whales => Name::Whales,
            Self::Candles(..) => Name::Candles,
        }
    }

    /// The age above which it is stale; for candles counted from the end of the newest one.
    #[must_use]
    pub fn limit(self) -> Duration {
        match self {
            Self::Candles(_, _, interval_seconds) => Name::candles_stale_after(interval_seconds),
            _ => self.feed().stale_after(),
        }
    }

    /// The time by which its age goes.
    ///
    /// Posts keep coming with old trades when a stream lags, so trades, movements and candles are as old as what they
    /// tell; a clock that runs ahead of ours makes nothing younger. Prices have no other time than their arrival, and
    /// the clock of a book's venue may be off by more than its limit.
    #[must_use]
    pub fn time_of(self, moment: Moment) -> UnixMicros {
        match self {
            Self::Price(_) | Self::Book(..) => moment.received_time,
            Self::Trades | Self::Whales | Self::Candles(..) => moment.event_time.min(moment.received_time),
        }
    }

    /// Why the newest of it is too old at `now`; none while it is not.
    #[must_use]
    pub fn overdue(self, newest: Moment, now: UnixMicros) -> Option<String> {
        let (age, limit) = (now.since(self.time_of(newest)), self.limit());
        (age > limit).then(|| {
            format!("the newest {self} is {:.1} s old, limit {} s", age.as_secs_f64(), limit.as_secs())
        })
    }

    fn symbol(self) -> Option<Symbol> {
        match self {
            Self::Price(symbol) | Self::Book(_, symbol) | Self::Candles(_, symbol, _) => Some(symbol),
            Self::Trades | Self::Whales => None,
        }
    }

    /// Whether time without an event is time of which events are missing. Holes between candles are fetched, and
    /// told by their feed when they cannot be; whales are rare.
    fn tells_holes_by_time(self) -> bool {
        matches!(self, Self::Price(_) | Self::Trades)
    }
}

impl std::fmt::Display for Subject {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Price(token) => write!(formatter, "price of {token}"),
            Self::Book(venue, symbol) => write!(formatter, "{} book of {symbol}", venue.as_str()),
            Self::Trades => write!(formatter, "trade"),
            Self::Whales => write!(formatter, "whale movement"),
            Self::Candles(venue, symbol, seconds) => {
                write!(formatter, "{} {} min candle of {symbol}", venue.as_str(), seconds / 60)
            }
        }
    }
}

/// When an event happened, and when it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Moment {
    /// By the source's clock.
    pub event_time: UnixMicros,
    /// By ours.
    pub received_time: UnixMicros,
}

impl Moment {
    /// The moment of an observation.
    #[must_use]
    pub fn of(observation: &Observation) -> Self {
        Self { event_time: observation.event_time, received_time: observation.received_time }
    }

    /// The newest of both times.
    #[must_use]
    pub fn newest(self, other: Self) -> Self {
        Self {
            event_time: self.event_time.max(other.event_time),
            received_time: self.received_time.max(other.received_time),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Nothing has come since the process started, at this moment.
    New {
        start: UnixMicros,
    },
    Live,
    /// It does not deliver; its last event happened then.
    Out {
        since: UnixMicros,
    },
}

/// The machine of one subject.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Watch {
    subject: Subject,
    newest: Option<Moment>,
    phase: Phase,
}

impl Watch {
    /// A subject of which nothing has come since `start`, and of which the log's newest is `newest`.
    #[must_use]
    pub fn new(subject: Subject, newest: Option<Moment>, start: UnixMicros) -> Self {
        Self { subject, newest, phase: Phase::New { start } }
    }

    /// The same, when the log was already told that it is stale.
    #[must_use]
    pub fn known_to_be_out(self) -> Self {
        let since = self.subject.time_of(self.newest.unwrap_or_default());
        Self { phase: Phase::Out { since }, ..self }
    }

    /// Whether it delivers.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// The newest of it.
    #[must_use]
    pub fn newest(&self) -> Option<Moment> {
        self.newest
    }

    /// An event of it is about to be recorded; what is said belongs before it.
    pub fn came(&mut self, moment: Moment) -> Vec<FeedEvent> {
        let before = self.newest;
        let newest = before.map_or(moment, |before| before.newest(moment));
        self.newest = Some(newest);
        let mut events = Vec::new();
        events.extend(before.and_then(|before| self.hole(before, moment)));
        match (self.phase, self.subject.overdue(newest, moment.received_time)) {
            (Phase::Out { .. }, Some(_)) | (Phase::Live, None) => {}
            // History is fetched when the feed begins; only time tells whether it leads to the present.
            (Phase::New { .. }, Some(_)) if matches!(self.subject, Subject::Candles(..)) => {}
            (_, Some(reason)) => events.extend(self.lost(FeedEventKind::Stale, reason)),
            (Phase::Out { since }, None) => events.push(self.delivers_again(since, moment.event_time)),
            (Phase::New { .. }, None) => {
                events.extend(before.map(|before| self.delivers_again(before.event_time, moment.event_time)));
            }
        }
        if self.subject.overdue(newest, moment.received_time).is_none() {
            self.phase = Phase::Live;
        }
        events
    }

    /// Time has passed.
    pub fn tick(&mut self, now: UnixMicros) -> Option<FeedEvent> {
        let newest = self.newest?;
        let reason = self.subject.overdue(newest, now)?;
        match self.phase {
            Phase::Live => self.lost(FeedEventKind::Stale, reason),
            Phase::New { start } if now.since(start) > self.subject.limit() => {
                self.lost(FeedEventKind::Stale, reason)
            }
            Phase::New { .. } | Phase::Out { .. } => None,
        }
    }

    /// It is known not to deliver; said once an episode.
    pub fn lost(&mut self, kind: FeedEventKind, reason: String) -> Option<FeedEvent> {
        if matches!(self.phase, Phase::Out { .. }) {
            return None;
        }
        let since = match (self.newest, self.phase) {
            (Some(newest), _) => self.subject.time_of(newest),
            (None, Phase::New { start }) => start,
            (None, _) => UnixMicros::default(),
        };
        self.phase = Phase::Out { since };
        Some(FeedEvent { from: Some(since), ..self.event(kind, reason) })
    }

    /// It delivers as of `moment`, and of the time since `from` this is missing.
    pub fn resumed(&mut self, moment: Moment, missing: Option<(UnixMicros, String)>) -> Vec<FeedEvent> {
        let mut events = Vec::new();
        if let Some((from, reason)) = missing {
            let gap = self.event(FeedEventKind::Gap, reason);
            events.push(FeedEvent { from: Some(from), to: Some(moment.event_time), ..gap });
        }
        match self.phase {
            Phase::Live => {}
            Phase::Out { since } => events.push(self.delivers_again(since, moment.event_time)),
            Phase::New { .. } => {
                let live = self.event(FeedEventKind::Live, format!("{}: live", self.subject));
                events.push(live);
            }
        }
        self.phase = Phase::Live;
        self.saw(moment);
        events
    }

    /// One more event of it, which changes nothing else.
    pub fn saw(&mut self, moment: Moment) {
        self.newest = Some(self.newest.map_or(moment, |newest| newest.newest(moment)));
    }

    fn hole(&self, before: Moment, moment: Moment) -> Option<FeedEvent> {
        let span = moment.event_time.since(before.event_time);
        if !self.subject.tells_holes_by_time() || span <= self.subject.limit() {
            return None;
        }
        let reason = format!("no {} for {:.1} s", self.subject, span.as_secs_f64());
        let gap = self.event(FeedEventKind::Gap, reason);
        Some(FeedEvent { from: Some(before.event_time), to: Some(moment.event_time), ..gap })
    }

    fn delivers_again(&self, from: UnixMicros, to: UnixMicros) -> FeedEvent {
        let seconds = to.since(from).as_secs_f64();
        let reason = format!("{}: live again after {seconds:.1} s", self.subject);
        let live = self.event(FeedEventKind::Live, reason);
        FeedEvent { from: Some(from), to: Some(to), ..live }
    }

    fn event(&self, kind: FeedEventKind, reason: String) -> FeedEvent {
        let feed = self.subject.feed().as_str().into();
        FeedEvent { feed, kind, symbol: self.subject.symbol(), from: None, to: None, reason }
    }
}

#[cfg(test)]
mod tests;
