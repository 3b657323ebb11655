//! One symbol's connection, again and again.

mod connection;
mod outage;

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use goat::event::{Candle, DeadLetter, FeedEventKind, Observation, Payload};
use goat::service::Stop;
use goat::values::{Price, UnixMicros};
use tokio::sync::{Notify, mpsc};
use tokio::time::Instant;

use self::connection::{Cause, Ended};
use self::outage::Outage;
use super::back_off::BackOff;
use super::budget::ConnectionBudget;
use super::protocol::{Message, Protocol, Wanted};
use super::recorder::Recorder;
use super::venue::LastBook;
use crate::book::live::{DepthUpdate, LiveBook, Outcome, State};
use crate::feeds::board::{Board, Name};

/// A venue's clock that is further from ours is not believed.
const SKEW_MAX: Duration = Duration::from_mins(1);
/// Unreadable messages of one connection that are kept; the rest are counted.
const DEAD_LETTERS_MAX: u32 = 10;

/// What a session needs of the engine and of its venue.
#[derive(Debug, Clone)]
pub struct Ground {
    /// The way into the log.
    pub recorder: Recorder,
    /// Where states are shown.
    pub board: Board,
    /// The venue's connections.
    pub budget: ConnectionBudget,
    /// Between two published snapshots.
    pub snapshot_interval: Duration,
    /// Where closed candles go.
    pub candles: Option<mpsc::Sender<Candle>>,
    /// Rings when a new connection is to be tried.
    pub reconnect: Arc<Notify>,
    /// Whether to end.
    pub stop: Stop,
}

/// One symbol with what it remembers from connection to connection.
#[derive(Debug)]
pub struct Session<P: Protocol> {
    protocol: P,
    wanted: Wanted,
    ground: Ground,
    book: LiveBook<P::Judge>,
    outage: Outage,
    /// The number of the book that was published last.
    published: u64,
    dead_letters: u32,
    skew_was_told: bool,
}

impl<P: Protocol> Session<P> {
    /// A session that is not connected yet, and the book at the log's end.
    #[must_use]
    pub fn new(protocol: P, wanted: Wanted, last: Option<LastBook>, ground: Ground) -> Self {
        let outage = Outage::new(P::VENUE, wanted.symbol, last, UnixMicros::now());
        Self {
            protocol,
            wanted,
            ground,
            book: LiveBook::default(),
            outage,
            published: 0,
            dead_letters: 0,
            skew_was_told: false,
        }
    }

    /// Connects until stopped.
    pub async fn run(mut self) {
        let stop = self.ground.stop.clone();
        let mut back_off = BackOff::default();
        self.show(State::Syncing);
        while !stop.is_cancelled() {
            while let Err(wait) = self.ground.budget.take(Instant::now()) {
                tracing::warn!(venue = ?P::VENUE, wait_s = wait.as_secs(), "no connection is left of those granted");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(wait) => {}
                }
            }
            (self.dead_letters, self.skew_was_told) = (0, false);
            let ended = tokio::select! {
                () = stop.cancelled() => return,
                ended = self.connect_and_follow() => ended,
            };
            if ended.was_of_use {
                back_off.succeeded();
            }
            let at_once = ended.was_of_use && ended.cause == Cause::Planned;
            let wait = if at_once { Duration::ZERO } else { back_off.failed(chance()) };
            self.disconnected(ended).await;
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// The book cannot be kept without a connection.
    async fn disconnected(&mut self, ended: Ended) {
        let (symbol, reason) = (self.wanted.symbol, ended.reason);
        tracing::warn!(venue = ?P::VENUE, %symbol, reason, "the connection ended");
        metrics::counter!("goat_feed_connections_ended_total", "venue" => P::VENUE.as_str()).increment(1);
        if !self.wanted.book {
            return;
        }
        let (state, kind) = match ended.cause {
            Cause::Planned => (State::Syncing, FeedEventKind::Resync),
            Cause::Broken => (State::Invalid(reason.clone()), FeedEventKind::Resync),
            Cause::Silent => (State::Stale(reason.clone()), FeedEventKind::Stale),
        };
        self.book.break_off(state);
        self.not_served(kind, &reason).await;
    }

    /// What a message does; `true` when a new snapshot has to be asked for over the connection.
    async fn take(&mut self, message: Message, now: UnixMicros) -> bool {
        match message {
            Message::Depth(symbol, update) if symbol == self.wanted.symbol && self.wanted.book => {
                let update = self.with_believable_time(update, now).await;
                self.update(update, now).await
            }
            Message::Candle(candle) if candle.symbol == self.wanted.symbol => {
                if let Some(candles) = &self.ground.candles {
                    // What finds no room is a hole, and holes are fetched.
                    let _ = candles.try_send(candle);
                }
                false
            }
            _ => false,
        }
    }

    async fn update(&mut self, update: DepthUpdate, now: UnixMicros) -> bool {
        match self.book.update(update, now) {
            Outcome::Applied => {
                self.updated();
                false
            }
            Outcome::Live(missing) => {
                let told = self.outage.ended(missing, self.book.update_id(), now);
                self.updated();
                self.show(State::Live);
                for event in told {
                    self.ground.recorder.event(event, now).await;
                }
                // The log holds the book from where it says that the gap ended.
                if let Some(snapshot) = self.snapshot() {
                    self.ground.recorder.tell(snapshot).await;
                }
                false
            }
            Outcome::Broken(reason) => {
                self.not_served(FeedEventKind::Resync, &reason).await;
                true
            }
            Outcome::Ignored | Outcome::Kept | Outcome::TooOld => false,
        }
    }

    async fn not_served(&mut self, kind: FeedEventKind, reason: &str) {
        self.show(self.book.state().clone());
        let now = UnixMicros::now();
        if let Some(event) = self.outage.began(kind, reason) {
            self.ground.recorder.event(event, now).await;
        }
    }

    /// Publishes the book when it is live and has changed.
    fn publish(&mut self) {
        if let Some(snapshot) = self.snapshot() {
            self.ground.recorder.offer(snapshot);
        }
    }

    /// The book, when it is live and has changed since it was last asked for.
    fn snapshot(&mut self) -> Option<Observation> {
        if self.book.update_id() == self.published {
            return None;
        }
        let received_time = self.book.received_time();
        let (event_time, snapshot) = match self.book.snapshot(P::VENUE, self.wanted.symbol) {
            Ok(snapshot) => snapshot?,
            Err(error) => {
                tracing::warn!(venue = ?P::VENUE, %error, "a book cannot be published");
                return None;
            }
        };
        self.published = snapshot.update_id;
        let mid = Price::new(snapshot.features.mid_price).ok();
        self.ground.board.books.priced(P::VENUE, self.wanted.symbol, mid);
        Some(Observation {
            event_time,
            received_time,
            source: P::SOURCE,
            source_position: 0,
            payload: Payload::Book(Box::new(snapshot)),
        })
    }

    /// A message that cannot be read is kept with the reason; what it would have changed shows as a gap.
    async fn unreadable(&mut self, text: &str, reason: String, now: UnixMicros) {
        let name = if self.wanted.book { Name::Books } else { Name::Candles };
        self.ground.board.rejected(name, 1);
        self.dead_letters = self.dead_letters.saturating_add(1);
        if self.dead_letters > DEAD_LETTERS_MAX {
            return;
        }
        let letter = DeadLetter::new(name.as_str(), reason, text);
        let observation = Observation {
            event_time: now,
            received_time: now,
            source: P::SOURCE,
            source_position: 0,
            payload: Payload::DeadLetter(letter),
        };
        self.ground.recorder.tell(observation).await;
    }

    async fn with_believable_time(&mut self, update: DepthUpdate, now: UnixMicros) -> DepthUpdate {
        let Some(time) = update.event_time else { return update };
        let apart = now.since(time).max(time.since(now));
        if apart <= SKEW_MAX {
            return update;
        }
        if !std::mem::replace(&mut self.skew_was_told, true) {
            let event = self.outage.skew(time, now);
            self.ground.recorder.event(event, now).await;
        }
        DepthUpdate { event_time: None, ..update }
    }

    fn updated(&mut self) {
        self.outage.updated(self.book.received_time());
        let (id, time) = (self.book.update_id(), self.book.received_time());
        self.ground.board.books.updated(P::VENUE, self.wanted.symbol, id, time);
    }

    fn show(&self, state: State) {
        if self.wanted.book {
            let board = &self.ground.board;
            board.books.set(P::VENUE, self.wanted.symbol, state);
            board.set(Name::Books, P::SOURCE, board.books.condition());
        }
    }
}

/// A number from 0 to 1 that differs from call to call, so that not all come back at once.
pub(super) fn chance() -> f64 {
    let [a, b, ..] = RandomState::new().build_hasher().finish().to_be_bytes();
    f64::from(u16::from_be_bytes([a, b])) / f64::from(u16::MAX)
}
