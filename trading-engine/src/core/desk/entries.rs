//! How often each play entered in the present cycle.

use std::collections::{BTreeMap, BTreeSet};

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::core::cycles::CycleId;
use crate::core::play::PlayId;

/// Entries by play. Only those of its newest cycle are kept: cycles do not come back.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Entries(BTreeMap<PlayId, OfPlay>);

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct OfPlay {
    cycle: CycleId,
    wallets: BTreeSet<String>,
    last_entry_micros: Option<i64>,
}

impl Entries {
    /// Whether the play entered after this wallet in the cycle.
    #[must_use]
    pub fn has(&self, play: &PlayId, cycle: CycleId, wallet: &str) -> bool {
        self.of(play, cycle).is_some_and(|entries| entries.wallets.contains(wallet))
    }

    /// Positions that the play opened, or is opening, in the cycle. One wallet has at most one.
    #[must_use]
    pub fn count(&self, play: &PlayId, cycle: CycleId) -> u32 {
        let wallets = self.of(play, cycle).map_or(0, |entries| entries.wallets.len());
        u32::try_from(wallets).unwrap_or(u32::MAX)
    }

    /// When the play last entered, in whatever cycle.
    #[must_use]
    pub fn last_entry_at(&self, play: &PlayId) -> Option<UnixMicros> {
        let micros = self.0.get(play)?.last_entry_micros?;
        UnixMicros::new(micros).ok()
    }

    pub(super) fn add(&mut self, play: &PlayId, cycle: CycleId, wallet: &str, now: UnixMicros) {
        let begun = OfPlay { cycle, wallets: BTreeSet::new(), last_entry_micros: None };
        let entries = self.0.entry(play.clone()).or_insert(begun);
        if entries.cycle != cycle {
            entries.cycle = cycle;
            entries.wallets.clear();
        }
        entries.wallets.insert(wallet.to_owned());
        entries.last_entry_micros = Some(now.get());
    }

    /// An entry came to nothing: it does not count.
    pub(super) fn undo(&mut self, play: &PlayId, cycle: CycleId, wallet: &str) {
        if let Some(entries) = self.0.get_mut(play).filter(|entries| entries.cycle == cycle) {
            entries.wallets.remove(wallet);
        }
    }

    fn of(&self, play: &PlayId, cycle: CycleId) -> Option<&OfPlay> {
        self.0.get(play).filter(|entries| entries.cycle == cycle)
    }
}
