//! The ticks and the ends of cycles of the last while: what a trade that comes late is placed by.

use std::collections::VecDeque;
use std::time::Duration;

use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::Limits;
use crate::core::cycles::{Cycle, CycleId, Threshold, Tick};
use crate::core::gains::Mark;

/// A cycle that has ended, by the tick clock.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Ended {
    start_seq: Seq,
    end: Mark,
}

/// The cycles of one threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Track {
    threshold: Threshold,
    /// The first tick of the active cycle; none before the first tick only.
    active: Option<Seq>,
    ended: VecDeque<Ended>,
}

/// **Invariant:** the times of the ticks and of the ends never fall, and every moment from the oldest tick on lies
/// in exactly one cycle of each threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Recent {
    ticks: VecDeque<Mark>,
    tracks: Vec<Track>,
}

/// Where a trade stands among the ticks.
pub(super) enum Place {
    /// Before the oldest tick that is kept.
    Uncovered,
    /// At or after the newest tick: its entry is still to come.
    Ahead,
    /// Its entry is the tick at this index.
    Entered(usize),
}

impl Recent {
    pub(super) fn new(thresholds: &[Threshold]) -> Self {
        let track = |&threshold| Track { threshold, active: None, ended: VecDeque::new() };
        Self { ticks: VecDeque::new(), tracks: thresholds.iter().map(track).collect() }
    }

    /// The tick on the tick clock.
    pub(super) fn mark(&self, tick: &Tick) -> Mark {
        let time = self.ticks.back().map_or(tick.time, |last| last.time.max(tick.time));
        Mark { seq: tick.seq, time, price: tick.price.get() }
    }

    pub(super) fn place(&self, time: UnixMicros) -> Place {
        match self.ticks.partition_point(|tick| tick.time <= time) {
            0 => Place::Uncovered,
            entry if entry == self.ticks.len() => Place::Ahead,
            entry => Place::Entered(entry),
        }
    }

    /// The ticks from that index on.
    pub(super) fn ticks_from(&self, index: usize) -> impl Iterator<Item = &Mark> {
        self.ticks.iter().skip(index)
    }

    /// The first ticks of the active cycles, in the order of the thresholds.
    pub(super) fn active(&self) -> Vec<Option<Seq>> {
        self.tracks.iter().map(|track| track.active).collect()
    }

    /// The cycles that a moment lies in, by their first ticks, in the order of the thresholds.
    pub(super) fn cycles_at(&self, time: UnixMicros) -> Vec<Option<Seq>> {
        let cycle_at = |track: &Track| {
            let first = track.ended.partition_point(|ended| ended.end.time <= time);
            track.ended.get(first).map_or(track.active, |ended| Some(ended.start_seq))
        };
        self.tracks.iter().map(cycle_at).collect()
    }

    /// The cycles that a tick ended, with the place of their threshold among all.
    pub(super) fn ended_at(&self, tick: Seq) -> impl Iterator<Item = (usize, CycleId)> {
        self.tracks.iter().enumerate().filter_map(move |(place, track)| {
            let at = track.ended.binary_search_by_key(&tick, |ended| ended.end.seq).ok()?;
            let start_seq = track.ended.get(at)?.start_seq;
            Some((place, CycleId { threshold: track.threshold, start_seq }))
        })
    }

    /// Adds a tick and the cycles that it ended, and forgets what is out of `limits`.
    pub(super) fn push(&mut self, mark: Mark, closed: &[Cycle], limits: &Limits) {
        for track in &mut self.tracks {
            let ended = closed.iter().find(|cycle| cycle.id.threshold == track.threshold);
            if let Some(cycle) = ended {
                debug_assert_eq!(track.active, Some(cycle.id.start_seq));
                track.ended.push_back(Ended { start_seq: cycle.id.start_seq, end: mark });
                track.active = None;
            }
            track.active.get_or_insert(mark.seq);
        }
        self.ticks.push_back(mark);
        self.forget(&mark, limits);
    }

    fn forget(&mut self, newest: &Mark, limits: &Limits) {
        let horizon = newest.time.minus(Duration::from_secs(limits.late_seconds.into()));
        let is_over = |ticks: &VecDeque<Mark>| {
            // The newest tick at or before the horizon says which cycle the horizon lies in.
            let is_old = ticks.get(1).is_some_and(|second| second.time <= horizon);
            is_old || ticks.len() > limits.ticks_max as usize
        };
        while is_over(&self.ticks) {
            self.ticks.pop_front();
        }
        let Some(oldest) = self.ticks.front().map(|tick| tick.time) else { return };
        for track in &mut self.tracks {
            while track.ended.front().is_some_and(|ended| ended.end.time <= oldest) {
                track.ended.pop_front();
            }
        }
    }

    /// The time of the oldest tick that is kept; a trade before it cannot be placed any more.
    pub(super) fn oldest(&self) -> Option<UnixMicros> {
        self.ticks.front().map(|tick| tick.time)
    }
}
