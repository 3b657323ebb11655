//! What always holds, whatever is killed. Each law stands here and nowhere else.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use goat::prost::Message;
use goat::wire::market::MarketEvent;
use serde_json::Value;

use crate::rest::integer;

/// No position ever has two contents, and a reader's positions grow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Contents {
    hashes: BTreeMap<u64, u64>,
}

impl Contents {
    /// Takes over an event that a reader has just seen for the first time.
    pub fn see(&mut self, event: &MarketEvent) {
        assert!(event.seq > self.last_seq(), "position {} came after {}", event.seq, self.last_seq());
        self.hashes.insert(event.seq, hash(event));
    }

    /// Asserts that every position that both have seen has one content.
    pub fn assert_agrees_with(&self, other: &Self) {
        for (seq, hash) in &self.hashes {
            let theirs = other.hashes.get(seq);
            assert!(theirs.is_none_or(|theirs| theirs == hash), "position {seq} has two contents");
        }
    }

    /// The positions seen.
    pub fn positions(&self) -> impl Iterator<Item = u64> {
        self.hashes.keys().copied()
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.hashes.len()
    }

    /// The newest.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.hashes.last_key_value().map_or(0, |(&seq, _)| seq)
    }

    /// Asserts that nothing is missing: 1, 2, 3, … to `head`.
    pub fn assert_whole(&self, head: u64) {
        assert!(self.positions().eq(1..=head), "{} positions, the head is {head}: a hole", self.count());
    }
}

fn hash(event: &MarketEvent) -> u64 {
    let mut hasher = DefaultHasher::new();
    event.encode_to_vec().hash(&mut hasher);
    hasher.finish()
}

/// What batches cover has neither hole nor overlap, over all connections of one reader.
#[derive(Debug, Clone, Copy, Default)]
pub struct Coverage {
    to: u64,
}

impl Coverage {
    /// A reader that has everything up to `seq`.
    #[must_use]
    pub fn after(seq: u64) -> Self {
        Self { to: seq }
    }

    /// The last position that is covered.
    #[must_use]
    pub fn to(&self) -> u64 {
        self.to
    }

    /// Takes over a batch that covers `from..=to`, with these events in it.
    pub fn cover(&mut self, from: u64, to: u64, events: &[MarketEvent]) {
        assert_eq!(from, self.to + 1, "a batch covers from {from}, the one before to {}", self.to);
        assert!(to >= from, "a batch covers {from} to {to}");
        for event in events {
            assert!((from..=to).contains(&event.seq), "{} lies outside of {from} to {to}", event.seq);
        }
        self.to = to;
    }
}

/// Cycles of one threshold tile time: each begins at the tick that ended the one before, the last one is active.
///
/// `cycles` are all of them as REST lists them, in any order.
pub fn assert_cycles_tile(cycles: &[Value]) {
    let mut by_threshold: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for cycle in cycles {
        by_threshold.entry(cycle["thresholdPercent"].to_string()).or_default().push(cycle);
    }
    for (threshold, mut cycles) in by_threshold {
        cycles.sort_by_key(|cycle| integer(&cycle["startSeq"]));
        let (last, closed) = cycles.split_last().expect("a threshold has a cycle");
        assert_eq!(last["active"], true, "the last cycle at {threshold} % is active");
        for (cycle, next) in closed.iter().zip(cycles.iter().skip(1)) {
            let id = &cycle["id"];
            assert_eq!(cycle["active"], false, "{id}");
            assert_eq!(cycle["endSeq"], next["startSeq"], "{id} ends where the next one begins");
            assert_eq!(cycle["endTime"], next["startTime"], "{id} ends when the next one begins");
        }
    }
}

/// Exactly one cycle of each of the `count` thresholds is active.
pub fn assert_one_active_each(cycles: &[Value], count: usize) {
    let active = cycles.iter().filter(|cycle| cycle["active"] == true);
    let thresholds: Vec<String> = active.map(|cycle| cycle["thresholdPercent"].to_string()).collect();
    let distinct: std::collections::BTreeSet<_> = thresholds.iter().collect();
    assert_eq!((thresholds.len(), distinct.len()), (count, count), "active cycles: {thresholds:?}");
}
