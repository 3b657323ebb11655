//! Shadows: what would have come of entries that were not made.
//!
//! A candidate that came past the gate of the listed wallets and was turned away later is followed as a shadow, so
//! that each gate shows what it saved or cost. And every [`SAMPLE_SECONDS`] each active play has one that nobody asked
//! for: what entering at random brings with its exits, the baseline that every filter has to beat.
//!
//! A shadow enters at the first price that reached us strictly after it was decided and the latency has passed, made
//! worse by the slippage, and leaves by its play's own rules in the same way. It is never a position: no account knows
//! of it, nobody counts it, and no book is consumed by it. It is complete when it has left and its cycle has ended.
//!
//! **Bound:** at most [`REJECTED_MAX`] and [`SAMPLES_MAX`] are followed at a time. What comes beyond is counted.

mod follow;

use std::collections::BTreeMap;
use std::time::Duration;

use goat::event::PositionSide;
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use self::follow::{Following, Ongoing};
use super::cycles::{Cycle, CycleId, Tick};
use super::decision::{Decision, DecisionId};
use super::desk::Limits;
use super::exit::{ExitReason, ExitRules};
use super::gains::Outcome;
use super::gate::Gate;
use super::micros;
use super::play::{Play, PlayId};
use super::quiet::{Derived, Quiet};

/// From one random entry of a play to its next.
pub const SAMPLE_SECONDS: i64 = 30;

/// Rejected candidates that are followed at a time.
pub const REJECTED_MAX: u32 = 3_000;

/// Random entries that are followed at a time.
pub const SAMPLES_MAX: u32 = 1_000;

/// Features are kept no more often: they are some ten kilobytes each time.
const FEATURES_SECONDS: i64 = 15;

/// Why there is a shadow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ShadowKind {
    /// A followed wallet bought, and this gate turned the candidate away.
    Rejected(Gate),
    /// Its time had come: an entry at random.
    Sample,
}

impl ShadowKind {
    /// As it is written in tables and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rejected(_) => "rejected",
            Self::Sample => "sample",
        }
    }

    /// The gate that turned it away; none for a sample.
    #[must_use]
    pub fn gate(self) -> Option<Gate> {
        match self {
            Self::Rejected(gate) => Some(gate),
            Self::Sample => None,
        }
    }
}

/// A shadow that is complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Shadow {
    /// Of the decision that turned it away; of a sample, the position of the price at which it was taken and the play.
    pub id: DecisionId,
    /// Of the play, when it was decided.
    pub play_version: u32,
    /// Why it is there.
    pub kind: ShadowKind,
    /// When it was decided, by the core's clock.
    #[serde(with = "micros")]
    pub decided_at: UnixMicros,
    /// Where the features of its second are kept; none when they were not.
    pub features_seq: Option<Seq>,
    /// Why it was left.
    pub reason: ExitReason,
    /// Entry, exit and the path between, at prices with slippage. It is complete.
    pub outcome: Outcome,
    /// The fees of entry and exit together, in basis points of the entry.
    pub cost_bps: f64,
    /// The event that completed it.
    pub completed_seq: Seq,
    /// When that was, by the core's clock.
    #[serde(with = "micros")]
    pub completed_at: UnixMicros,
}

/// How many there are and were.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShadowCounts {
    /// Rejected candidates that are followed.
    pub rejected: u32,
    /// Samples that are followed.
    pub samples: u32,
    /// Completed since the state began.
    pub completed: u64,
    /// Not followed because too many were.
    pub overflowed: u64,
    /// Given up because no price came in time for their entry.
    pub missed: u64,
}

/// The shadows of one version of a play.
///
/// **Invariant:** `quiet` has one entry for each of `following`, in their order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "Stored")]
struct OfPlay {
    rules: ExitRules,
    side: PositionSide,
    /// In the order in which they were decided.
    following: Vec<Following>,
    #[serde(skip_serializing)]
    quiet: Vec<QuietUpTo>,
}

/// What is quiet for a shadow, and for it and all before it. Those before have seen more prices, so where a price is
/// looked for from the newest on, it is soon quiet for all the rest.
#[derive(Debug, Clone, Copy, PartialEq)]
struct QuietUpTo {
    own: Quiet,
    all: Quiet,
}

#[derive(Deserialize)]
struct Stored {
    rules: ExitRules,
    side: PositionSide,
    following: Vec<Following>,
}

impl From<Stored> for OfPlay {
    fn from(Stored { rules, side, following }: Stored) -> Self {
        let mut of_play = Self { rules, side, following, quiet: Vec::new() };
        of_play.find_quiet();
        of_play
    }
}

impl OfPlay {
    fn of(play: &Play) -> Self {
        Self { rules: play.exit.clone(), side: play.side, following: Vec::new(), quiet: Vec::new() }
    }

    fn add(&mut self, following: Following) {
        let own = following.quiet(&self.rules, self.side);
        let all = self.quiet.last().map_or(own, |before| before.all.and(own));
        self.quiet.push(QuietUpTo { own, all });
        self.following.push(following);
    }

    fn find_quiet(&mut self) {
        self.quiet.clear();
        for following in std::mem::take(&mut self.following) {
            self.add(following);
        }
    }

    /// For all of them.
    fn quiet(&self) -> Quiet {
        self.quiet.last().map_or(Quiet::ALWAYS, |one| one.all)
    }

    /// Takes those out that are over.
    fn take_over(&mut self) -> Vec<Following> {
        let over = self.following.extract_if(.., |one| one.ongoing.is_over()).collect();
        self.find_quiet();
        over
    }

    /// Folds a price; says whether a shadow is over.
    fn fold(&mut self, at: &At<'_>) -> bool {
        let is_quiet = |quiet: &Quiet| at.closed.is_empty() && quiet.holds(at.now, at.tick.price.get());
        let first = self.quiet.iter().rposition(|quiet| is_quiet(&quiet.all)).map_or(0, |last| last + 1);
        let mut before =
            first.checked_sub(1).and_then(|last| self.quiet.get(last)).map_or(Quiet::ALWAYS, |one| one.all);
        let mut is_any_over = false;
        for (one, quiet) in self.following.iter_mut().zip(&mut self.quiet).skip(first) {
            if !is_quiet(&quiet.own) {
                one.fold(&self.rules, self.side, at);
                quiet.own = one.quiet(&self.rules, self.side);
                is_any_over |= one.ongoing.is_over();
            }
            before = before.and(quiet.own);
            quiet.all = before;
        }
        is_any_over
    }
}

/// Every shadow that is not complete.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Shadows {
    plays: BTreeMap<(PlayId, u32), OfPlay>,
    /// For all of them.
    #[serde(skip)]
    quiet: Derived<Quiet>,
    counts: ShadowCounts,
    sampled_micros: Option<i64>,
    /// The second whose features were kept last, and where.
    features: Option<(i64, Seq)>,
}

/// A moment at which shadows begin.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) seq: Seq,
    pub(super) time: UnixMicros,
    pub(super) limits: &'a Limits,
}

/// What one price does to a shadow.
struct At<'a> {
    now: UnixMicros,
    tick: &'a Tick,
    closed: &'a [Cycle],
    cycle: Option<CycleId>,
    limits: &'a Limits,
}

impl Shadows {
    /// How many there are and were.
    #[must_use]
    pub fn counts(&self) -> ShadowCounts {
        self.counts
    }

    /// Whether an entry at random is due at `now`; then it is.
    pub(super) fn sample(&mut self, now: UnixMicros) -> bool {
        let due = self.sampled_micros.is_none_or(|last| now.get() - last >= SAMPLE_SECONDS * 1_000_000);
        if due {
            self.sampled_micros = Some(now.get());
        }
        due
    }

    /// Whether the features of `now` are to be kept with what begins at `seq`; then they are. They are the same for
    /// the whole second.
    pub(super) fn keep_features(&mut self, seq: Seq, now: UnixMicros) -> bool {
        let second = second_of(now);
        let due = self.features.is_none_or(|(kept, _)| second - kept >= FEATURES_SECONDS);
        if due {
            self.features = Some((second, seq));
        }
        due
    }

    /// Follows a candidate that was turned away; false when it is not to be followed.
    pub(super) fn reject(&mut self, at: Moment<'_>, play: &Play, decision: &Decision) -> bool {
        let Some(failed) = decision.failed() else { return false };
        if !decision.passed(Gate::WalletListed) {
            return false;
        }
        let wallet = play.exit.get().mirror.then(|| decision.trade.wallet.clone());
        self.follow(at, play, ShadowKind::Rejected(failed.gate), wallet)
    }

    /// Follows an entry at random.
    pub(super) fn take_sample(&mut self, at: Moment<'_>, play: &Play) -> bool {
        self.follow(at, play, ShadowKind::Sample, None)
    }

    fn follow(&mut self, at: Moment<'_>, play: &Play, kind: ShadowKind, wallet: Option<String>) -> bool {
        let (count, most) = match kind {
            ShadowKind::Rejected(_) => (&mut self.counts.rejected, REJECTED_MAX),
            ShadowKind::Sample => (&mut self.counts.samples, SAMPLES_MAX),
        };
        if *count >= most {
            self.counts.overflowed += 1;
            return false;
        }
        *count += 1;
        let following = Following {
            seq: at.seq,
            kind,
            decided_at: at.time,
            features_seq: None,
            wallet,
            ongoing: Ongoing::Waiting { due: due(at.time, at.limits) },
        };
        self.quiet = Derived::default();
        let key = (play.id.clone(), play.version);
        self.plays.entry(key).or_insert_with(|| OfPlay::of(play)).add(following);
        true
    }

    /// Says where the features of those are that began at `seq`, if they were kept in the second of `now`.
    pub(super) fn note_features(&mut self, seq: Seq, now: UnixMicros) {
        let Some((_, kept)) = self.features.filter(|(second, _)| *second == second_of(now)) else { return };
        for of_play in self.plays.values_mut() {
            for one in of_play.following.iter_mut().rev().take_while(|one| one.seq == seq) {
                one.features_seq = Some(kept);
            }
        }
    }

    /// Folds a price and the cycles that it ended; returns those that are complete now, play by play. `cycle`: the
    /// active cycle after it.
    pub(super) fn fold_price(
        &mut self,
        now: UnixMicros,
        tick: &Tick,
        closed: &[Cycle],
        cycle: Option<CycleId>,
        limits: &Limits,
    ) -> Vec<Shadow> {
        let mut complete = Vec::new();
        if closed.is_empty() && self.quiet.0.holds(now, tick.price.get()) {
            return complete;
        }
        let at = At { now, tick, closed, cycle, limits };
        let (mut is_any_over, mut quiet) = (false, Quiet::ALWAYS);
        for ((play, version), of_play) in &mut self.plays {
            let is_over = of_play.fold(&at);
            quiet = quiet.and(of_play.quiet());
            if !is_over {
                continue;
            }
            is_any_over = true;
            for one in of_play.take_over() {
                self.counts.end(one.kind);
                match one.complete(play, *version, &at) {
                    Some(shadow) => {
                        self.counts.completed += 1;
                        complete.push(shadow);
                    }
                    None => self.counts.missed += 1,
                }
            }
        }
        self.quiet = Derived(quiet);
        if is_any_over {
            self.plays.retain(|_, of_play| !of_play.following.is_empty());
        }
        complete
    }

    /// A wallet sold: those that mirror it leave.
    pub(super) fn mirror(&mut self, now: UnixMicros, wallet: &str, limits: &Limits) {
        self.quiet = Derived::default();
        for of_play in self.plays.values_mut().filter(|of_play| of_play.rules.get().mirror) {
            for one in of_play.following.iter_mut().filter(|one| one.wallet.as_deref() == Some(wallet)) {
                one.ongoing.leave(ExitReason::Mirror, due(now, limits));
            }
            of_play.find_quiet();
        }
    }
}

impl ShadowCounts {
    fn end(&mut self, kind: ShadowKind) {
        match kind {
            ShadowKind::Rejected(_) => self.rejected -= 1,
            ShadowKind::Sample => self.samples -= 1,
        }
    }
}

/// Only what reaches us strictly after it counts for what was decided at `now`.
fn due(now: UnixMicros, limits: &Limits) -> UnixMicros {
    now.plus(Duration::from_millis(limits.latency_ms.into()))
}

fn second_of(time: UnixMicros) -> i64 {
    time.get().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests;
