//! Changes of the cycles on their way to those who watch.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use goat::values::Seq;
use tokio::sync::broadcast;

use crate::core::cycles::{Cycle, Threshold};
use crate::core::decision::Decision;
use crate::core::gate::Gate;
use crate::core::position::Position;

/// Changes that a slow reader may be behind before it is cut off.
pub const CHANGES_QUEUED_MAX: usize = 4096;

/// At most one update a threshold in this time while nothing but its peak, low and data points change.
pub const UPDATE_EVERY: Duration = Duration::from_millis(250);

/// What a watcher is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A cycle began, grew or ended.
    Cycle {
        /// The position that led to it.
        seq: Seq,
        /// The whole cycle.
        cycle: Cycle,
    },
    /// A position changed its stage, or learned what could have been.
    Position {
        /// The position in the log that led to it.
        seq: Seq,
        /// As it is now.
        position: Arc<Position>,
    },
    /// A play that follows the wallet judged its trade.
    Decision {
        /// The position in the log that led to it.
        seq: Seq,
        /// The whole record.
        decision: Arc<Decision>,
    },
    /// The state began anew: what was told before is void.
    Anew,
}

/// Tells the watchers, and spares them what they would not see.
#[derive(Debug)]
pub struct Changes {
    watchers: broadcast::Sender<Change>,
    held: BTreeMap<Threshold, Change>,
    told: BTreeMap<Threshold, Instant>,
}

impl Changes {
    /// Tells those who subscribe to `watchers`.
    #[must_use]
    pub fn new(watchers: broadcast::Sender<Change>) -> Self {
        Self { watchers, held: BTreeMap::new(), told: BTreeMap::new() }
    }

    /// A cycle began or ended: told at once.
    pub fn turned(&mut self, seq: Seq, cycle: Cycle, now: Instant) {
        self.held.remove(&cycle.id.threshold);
        self.told.insert(cycle.id.threshold, now);
        self.tell(Change::Cycle { seq, cycle });
    }

    /// A cycle grew: told when its threshold's turn has come.
    pub fn grew(&mut self, seq: Seq, cycle: Cycle) {
        self.held.insert(cycle.id.threshold, Change::Cycle { seq, cycle });
    }

    /// A position changed: told at once.
    pub fn moved(&mut self, seq: Seq, position: Position) {
        self.tell(Change::Position { seq, position: Arc::new(position) });
    }

    /// A candidate was judged: told at once, unless the play does not follow its wallet.
    pub fn decided(&mut self, seq: Seq, decision: Decision) {
        if decision.passed(Gate::WalletListed) {
            self.tell(Change::Decision { seq, decision: Arc::new(decision) });
        }
    }

    /// The state began anew.
    pub fn began_anew(&mut self) {
        self.held.clear();
        self.tell(Change::Anew);
    }

    /// Tells what was held back long enough.
    pub fn flush(&mut self, now: Instant) {
        for (threshold, told) in &mut self.told {
            if now.saturating_duration_since(*told) >= UPDATE_EVERY
                && let Some(change) = self.held.remove(threshold)
            {
                *told = now;
                // Nobody may be watching.
                let _ = self.watchers.send(change);
            }
        }
    }

    /// Turns since the state was restored were told before this process: they count as told at `now`.
    pub fn expect(&mut self, thresholds: &[Threshold], now: Instant) {
        self.told = thresholds.iter().map(|&threshold| (threshold, now)).collect();
    }

    fn tell(&self, change: Change) {
        // Nobody may be watching.
        let _ = self.watchers.send(change);
    }
}

#[cfg(test)]
mod tests {
    use goat::values::UnixMicros;

    use super::*;
    use crate::core::cycles::CycleId;

    fn cycle(data_points: u32) -> Cycle {
        Cycle {
            id: CycleId { threshold: Threshold::from_hundredths(20), start_seq: Seq::new(1) },
            start_time: UnixMicros::default(),
            end: None,
            start_price: 1.0,
            highest_price: 1.0,
            lowest_price: 1.0,
            max_percent_increase: 0.0,
            max_percent_increase_from_lowest: 0.0,
            data_points,
            longest_gap_ms: 0,
        }
    }

    #[test]
    fn growth_is_told_at_most_once_in_its_time_and_the_last_state_wins() {
        let (watchers, mut watcher) = broadcast::channel(16);
        let mut changes = Changes::new(watchers);
        let began = Instant::now();

        changes.turned(Seq::new(1), cycle(1), began);
        for seq in 2..=9 {
            changes.grew(Seq::new(seq), cycle(u32::try_from(seq).unwrap()));
            changes.flush(began + Duration::from_millis(30 * seq));
        }

        let told: Vec<_> = std::iter::from_fn(|| watcher.try_recv().ok()).collect();
        let expected = [
            Change::Cycle { seq: Seq::new(1), cycle: cycle(1) },
            Change::Cycle { seq: Seq::new(9), cycle: cycle(9) },
        ];
        assert_eq!(told, expected);
    }
}
