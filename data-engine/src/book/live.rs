//! A book that is served only while it is known to be right.

use std::collections::VecDeque;

use goat::event::{BookSnapshot, Venue};
use goat::values::{InvalidValue, Symbol, UnixMicros};

use super::depth_history::DepthHistory;
use super::features::features;
use super::order_book::{ExactLevel, OrderBook};
use super::sequence::{Judge, Numbers, Verdict};

/// Levels of a side that are published.
pub const TOP_LEVELS: usize = 20;
/// The levels whose quantity is followed from second to second.
const DEPTH_LEVELS: usize = 10;
/// Updates that may wait for a snapshot: more than a minute of a busy stream.
pub const WAITING_MAX: usize = 1_000;

/// A change of a book, or a whole one, as the venue sent it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DepthUpdate {
    /// Its place among the others.
    pub numbers: Numbers,
    /// When it happened, by the venue's clock; none when the venue does not say.
    pub event_time: Option<UnixMicros>,
    /// Changed levels, or all.
    pub bids: Vec<ExactLevel>,
    /// Changed levels, or all.
    pub asks: Vec<ExactLevel>,
    /// For a snapshot that shows only so many levels of a deeper book.
    pub limit: Option<usize>,
}

/// Whether a book can be leaned on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum State {
    /// Waiting for its first snapshot.
    #[default]
    Syncing,
    /// Equal to the venue's, as of its last update.
    Live,
    /// Nothing came for longer than the limit.
    Stale(String),
    /// Known to be wrong, with the reason.
    Invalid(String),
}

/// Updates that were never applied one by one, first and last.
pub type Missing = (u64, u64);

/// What an update did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing: the book has it already, or cannot use it yet.
    Ignored,
    /// It waits for the snapshot.
    Kept,
    /// The snapshot is older than what waits for it: another one is needed.
    TooOld,
    /// The book took it.
    Applied,
    /// A snapshot made the book live, or replaced a live one.
    Live(Option<Missing>),
    /// The book is not served any more, for this reason.
    Broken(String),
}

/// One symbol's book with its state.
///
/// **Invariant:** while the state is [`State::Live`], the book is what the venue's was at [`LiveBook::update_id`], it is
/// not crossed, and its [`TOP_LEVELS`] best levels are complete.
#[derive(Debug)]
pub struct LiveBook<J> {
    judge: J,
    book: OrderBook,
    waiting: VecDeque<DepthUpdate>,
    depths: DepthHistory,
    state: State,
    update_id: u64,
    event_time: Option<UnixMicros>,
    received_time: UnixMicros,
}

impl<J: Judge> Default for LiveBook<J> {
    fn default() -> Self {
        Self {
            judge: J::default(),
            book: OrderBook::default(),
            waiting: VecDeque::new(),
            depths: DepthHistory::default(),
            state: State::default(),
            update_id: 0,
            event_time: None,
            received_time: UnixMicros::default(),
        }
    }
}

impl<J: Judge> LiveBook<J> {
    /// Whether it can be leaned on.
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The venue's number of the last update that went in; 0 before the first.
    #[must_use]
    pub fn update_id(&self) -> u64 {
        self.update_id
    }

    /// When the last update went in.
    #[must_use]
    pub fn received_time(&self) -> UnixMicros {
        self.received_time
    }

    /// Whether updates wait for a snapshot that somebody has to ask for.
    #[must_use]
    pub fn wants_snapshot(&self) -> bool {
        J::BUFFERS && self.state != State::Live && !self.waiting.is_empty()
    }

    /// Takes what the venue sent.
    pub fn update(&mut self, update: DepthUpdate, received_time: UnixMicros) -> Outcome {
        let is_live = self.state == State::Live;
        if J::is_whole(update.numbers) {
            return self.replace(&update, received_time);
        }
        if !is_live && J::BUFFERS {
            return self.keep(update);
        }
        match self.judge.judge(update.numbers) {
            Verdict::Duplicate | Verdict::NeedsSnapshot => Outcome::Ignored,
            Verdict::Gap { .. } if !is_live => Outcome::Ignored,
            Verdict::Gap { from, to } => {
                let broken = self.break_off(State::Invalid(format!("updates {from} to {to} never came")));
                if J::BUFFERS {
                    self.waiting.push_back(update);
                }
                broken
            }
            Verdict::Apply => {
                self.book.apply(&update.bids, &update.asks);
                self.applied(&update, received_time);
                self.checked(Outcome::Applied)
            }
        }
    }

    /// Nothing came for too long, or the connection is gone: the book is not served until a snapshot comes.
    pub fn break_off(&mut self, state: State) -> Outcome {
        let reason = match &state {
            State::Stale(reason) | State::Invalid(reason) => reason.clone(),
            State::Syncing | State::Live => String::new(),
        };
        self.state = state;
        self.judge = J::default();
        self.book = OrderBook::default();
        self.waiting.clear();
        self.depths.clear();
        Outcome::Broken(reason)
    }

    /// What is published of the book; none while it is not live.
    ///
    /// # Errors
    ///
    /// When a level cannot be a price and a quantity; those that were read as levels can.
    pub fn snapshot(
        &mut self,
        venue: Venue,
        symbol: Symbol,
    ) -> Result<Option<(UnixMicros, BookSnapshot)>, InvalidValue> {
        if self.state != State::Live || self.book.is_crossed() {
            return Ok(None);
        }
        let (bids, asks) = self.book.top(TOP_LEVELS)?;
        let depth_before = self.depths.one_second_before(self.received_time);
        let features = features(&bids, &asks, depth_before);
        let event_time = self.event_time.unwrap_or(self.received_time);
        let snapshot = BookSnapshot { symbol, venue, update_id: self.update_id, bids, asks, features };
        Ok(Some((event_time, snapshot)))
    }

    fn keep(&mut self, update: DepthUpdate) -> Outcome {
        if self.waiting.len() >= WAITING_MAX {
            return self.break_off(State::Invalid(format!("{WAITING_MAX} updates waited for a snapshot")));
        }
        self.waiting.push_back(update);
        Outcome::Kept
    }

    fn replace(&mut self, snapshot: &DepthUpdate, received_time: UnixMicros) -> Outcome {
        if let Some(first) = self.waiting.front()
            && J::is_too_old(snapshot.numbers, first.numbers)
        {
            return Outcome::TooOld;
        }
        if self.judge.judge(snapshot.numbers) != Verdict::Apply {
            return Outcome::Ignored;
        }
        let known = self.update_id;
        let missing = (known > 0 && snapshot.numbers.last > known.saturating_add(1))
            .then(|| (known.saturating_add(1), snapshot.numbers.last));
        self.book.replace(&snapshot.bids, &snapshot.asks, snapshot.limit);
        self.depths.clear();
        self.applied(snapshot, received_time);
        for update in std::mem::take(&mut self.waiting) {
            match self.judge.judge(update.numbers) {
                Verdict::Duplicate | Verdict::NeedsSnapshot => {}
                Verdict::Gap { from, to } => {
                    return self.break_off(State::Invalid(format!("updates {from} to {to} never came")));
                }
                Verdict::Apply => {
                    self.book.apply(&update.bids, &update.asks);
                    self.applied(&update, received_time);
                }
            }
        }
        self.checked(Outcome::Live(missing))
    }

    fn applied(&mut self, update: &DepthUpdate, received_time: UnixMicros) {
        self.update_id = update.numbers.last;
        self.event_time = update.event_time;
        self.received_time = self.received_time.max(received_time);
        self.depths.push(self.received_time, self.book.depth(DEPTH_LEVELS));
    }

    /// The state after a complete update.
    fn checked(&mut self, outcome: Outcome) -> Outcome {
        let wrong = if self.book.is_crossed() {
            Some("the book is crossed after a complete update".to_owned())
        } else if !self.book.has_both_sides() {
            Some("a side of the book is empty".to_owned())
        } else if self.book.is_shallow(TOP_LEVELS) {
            Some(format!("fewer than {TOP_LEVELS} levels are left of those that the snapshot showed"))
        } else {
            None
        };
        if let Some(reason) = wrong {
            return self.break_off(State::Invalid(reason));
        }
        self.state = State::Live;
        outcome
    }
}

#[cfg(test)]
mod tests;
