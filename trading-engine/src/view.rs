//! What the outside may see of the core: written by it, read by everyone else.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use goat::values::{Seq, UnixMicros};
use goat::wire::market::Mode;

use crate::chain::Head;
use crate::core::account::Account;
use crate::core::controls::Controls;
use crate::core::cycles::{Cycle, Threshold};
use crate::core::decision::DecisionId;
use crate::core::desk::SavedProject;
use crate::core::market::Quote;
use crate::core::play::{Play, PlayId};
use crate::core::position::Position;
use crate::core::shadows::ShadowCounts;
use crate::core::strategies::Instance;
use crate::core::wallets::WalletList;
use crate::core::{Cursor, Engine};

/// Closed cycles kept at hand for each threshold: as many as one request may ask for.
pub const CLOSED_KEPT_MAX: usize = 10_000;

/// How the running process found its state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restart {
    /// Why a cold start was needed; none for a warm one.
    pub cold_reason: Option<String>,
    /// The position that it began after.
    pub from_seq: Seq,
    /// Events folded until the log's end was reached.
    pub events: u64,
}

/// How the stream from the data-engine is doing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// Not yet, or no longer.
    #[default]
    Connecting,
    /// Reading what was recorded before.
    CatchingUp,
    /// At the log's end.
    Live,
    /// Connected, and nothing comes.
    Stale,
}

/// The stream from the data-engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedView {
    /// How it is doing.
    pub link: Link,
    /// Why it is not live; empty when it is.
    pub reason: String,
    /// When the last message came.
    pub last_message_time: Option<UnixMicros>,
    /// How often it was connected anew.
    pub reconnects: u32,
}

/// A state that can be compared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateView {
    /// Its position.
    pub seq: Seq,
    /// Equal states have equal hashes.
    pub hash: String,
}

/// The closed cycles of one threshold.
#[derive(Debug, Clone, Default)]
pub struct Closed {
    /// All there ever were in this log.
    pub count: u32,
    /// The newest of them, oldest first.
    cycles: VecDeque<Cycle>,
}

/// Plays, positions and the account, as they were after the last of them changed.
#[derive(Debug, Clone, Default)]
pub struct DeskView {
    /// By id.
    pub plays: Vec<Play>,
    /// By id.
    pub projects: Vec<SavedProject>,
    /// Whom each play follows.
    pub lists: BTreeMap<PlayId, WalletList>,
    /// When the entries of each play are looked at next for automatic filters, by the log's clock.
    pub next_looks: BTreeMap<PlayId, UnixMicros>,
    /// Those that are not over.
    pub positions: BTreeMap<DecisionId, Position>,
    /// None before the first publication.
    pub account: Option<Account>,
}

impl DeskView {
    /// What the outside may see of the desk.
    #[must_use]
    pub fn of(engine: &Engine) -> Self {
        let desk = engine.desk();
        let look = |play: &Play| Some((play.id.clone(), desk.searches().next_look_at(&play.id)?));
        let list = |play: &Play| Some((play.id.clone(), desk.lists().of(play)?.clone()));
        Self {
            plays: desk.plays().iter().cloned().collect(),
            projects: desk.projects().values().cloned().collect(),
            lists: desk.plays().iter().filter_map(list).collect(),
            next_looks: desk.plays().iter().filter_map(look).collect(),
            positions: desk.positions().map(|one| (one.id.clone(), one.clone())).collect(),
            account: Some(desk.account().clone()),
        }
    }
}

/// The core at one position. All of it belongs together.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The log; empty before the first connection.
    pub log_id: String,
    /// The data-engine's mode.
    pub mode: Mode,
    /// The last position folded.
    pub cursor: Cursor,
    /// The core's clock: when the newest event reached us.
    pub clock: UnixMicros,
    /// The state that was committed last.
    pub state: StateView,
    /// What the operator has switched.
    pub controls: Controls,
    /// Plays, positions and the account.
    pub desk: Arc<DeskView>,
    /// The paper strategies, in the order of the configuration.
    pub strategies: Arc<Vec<Instance>>,
    /// The end of the chain of results.
    pub chain: Head,
    /// What is followed without being entered.
    pub shadows: ShadowCounts,
    /// The newest price of the traded token.
    pub price: Option<Quote>,
    /// The log's end has been reached since the start.
    pub caught_up: bool,
    /// How long that took.
    pub catch_up_ms: Option<i32>,
    /// None before the first connection.
    pub restart: Option<Restart>,
    /// The stream.
    pub feed: FeedView,
    /// By threshold.
    pub active: Vec<Cycle>,
    /// Every threshold that is computed has an entry.
    pub closed: BTreeMap<Threshold, Closed>,
}

impl View {
    /// A view of nothing, with these thresholds.
    #[must_use]
    pub fn new(thresholds: &[Threshold]) -> Self {
        let closed = thresholds.iter().map(|&threshold| (threshold, Closed::default())).collect();
        Self { closed, ..Self::default() }
    }

    /// Adds a cycle that has ended. The oldest of its threshold makes room.
    pub fn close(&mut self, cycle: Cycle) {
        let closed = self.closed.entry(cycle.id.threshold).or_default();
        if closed.cycles.len() == CLOSED_KEPT_MAX {
            closed.cycles.pop_front();
        }
        closed.cycles.push_back(cycle);
    }

    /// Forgets every cycle: the state begins anew.
    pub fn forget(&mut self) {
        self.active.clear();
        self.closed.values_mut().for_each(|closed| *closed = Closed::default());
    }

    /// Cycles newest first, then by threshold; at most `limit`.
    #[must_use]
    pub fn cycles(&self, threshold: Option<Threshold>, active_only: bool, limit: usize) -> Vec<Cycle> {
        let wanted = |of: Threshold| threshold.is_none_or(|threshold| threshold == of);
        let mut found: Vec<Cycle> =
            self.active.iter().filter(|cycle| wanted(cycle.id.threshold)).copied().collect();
        if !active_only {
            for (_, closed) in self.closed.iter().filter(|&(&threshold, _)| wanted(threshold)) {
                found.extend(closed.cycles.iter().rev().take(limit));
            }
        }
        found.sort_by_key(|cycle| (std::cmp::Reverse(cycle.id.start_seq), cycle.id.threshold));
        found.truncate(limit);
        found
    }
}

/// The view, shared. Whoever holds it holds it shortly.
#[derive(Debug, Clone)]
pub struct Shared(Arc<RwLock<View>>);

impl Shared {
    /// Shares a view.
    #[must_use]
    pub fn new(view: View) -> Self {
        Self(Arc::new(RwLock::new(view)))
    }

    /// To read. Never across an await.
    pub fn read(&self) -> RwLockReadGuard<'_, View> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the core alone.
    pub(crate) fn write(&self) -> RwLockWriteGuard<'_, View> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::cycles::{CycleId, End};

    fn cycle(hundredths: u32, start_seq: u64, end_seq: Option<u64>) -> Cycle {
        let time = UnixMicros::default();
        Cycle {
            id: CycleId { threshold: Threshold::from_hundredths(hundredths), start_seq: Seq::new(start_seq) },
            start_time: time,
            end: end_seq.map(|seq| End { seq: Seq::new(seq), time }),
            start_price: 1.0,
            highest_price: 1.0,
            lowest_price: 1.0,
            max_percent_increase: 0.0,
            max_percent_increase_from_lowest: 0.0,
            data_points: 1,
            longest_gap_ms: 0,
        }
    }

    fn names(cycles: &[Cycle]) -> Vec<String> {
        cycles.iter().map(|cycle| cycle.id.to_string()).collect()
    }

    #[test]
    fn cycles_are_listed_newest_first_then_by_threshold() {
        let mut view = View::new(&[20, 25].map(Threshold::from_hundredths));
        view.close(cycle(20, 1, Some(5)));
        view.close(cycle(20, 5, Some(9)));
        view.close(cycle(25, 1, Some(9)));
        view.active = vec![cycle(20, 9, None), cycle(25, 9, None)];

        assert_eq!(names(&view.cycles(None, false, 100)), ["20.9", "25.9", "20.5", "20.1", "25.1"]);
        assert_eq!(names(&view.cycles(None, false, 3)), ["20.9", "25.9", "20.5"]);
        assert_eq!(names(&view.cycles(Some(Threshold::from_hundredths(25)), false, 100)), ["25.9", "25.1"]);
        assert_eq!(names(&view.cycles(None, true, 100)), ["20.9", "25.9"]);
    }

    #[test]
    fn the_oldest_closed_cycle_makes_room() {
        let mut view = View::new(&[Threshold::from_hundredths(20)]);
        for seq in 0..=CLOSED_KEPT_MAX as u64 {
            view.close(cycle(20, seq, Some(seq + 1)));
        }

        let kept = view.cycles(None, false, usize::MAX);
        assert_eq!((kept.len(), kept.last().unwrap().id.start_seq.get()), (CLOSED_KEPT_MAX, 1));
    }
}
