//! One shadow on its way: from the wait for its entry to the end of its cycle.

use goat::event::{PositionSide, Side};
use goat::values::{Seq, UnixMicros};
use serde::{Deserialize, Serialize};

use super::{At, Shadow, ShadowKind, due};
use crate::core::decision::DecisionId;
use crate::core::exit::{Decision, Entry, ExitReason, ExitRules, StopState, step};
use crate::core::fill::worse;
use crate::core::gains::{Mark, Outcome};
use crate::core::micros;
use crate::core::play::PlayId;
use crate::core::quiet::Quiet;

/// A shadow that is not complete.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Following {
    pub(super) seq: Seq,
    pub(super) kind: ShadowKind,
    #[serde(with = "micros")]
    pub(super) decided_at: UnixMicros,
    pub(super) features_seq: Option<Seq>,
    /// Whose sale it leaves at.
    pub(super) wallet: Option<String>,
    pub(super) ongoing: Ongoing,
}

/// Where it is on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum Ongoing {
    /// For the first price after this.
    Waiting {
        #[serde(with = "micros")]
        due: UnixMicros,
    },
    /// Watched at every price.
    Open { stop: StopState, outcome: Outcome },
    /// The exit is decided and waits for the first price after this.
    Leaving {
        reason: ExitReason,
        #[serde(with = "micros")]
        due: UnixMicros,
        outcome: Outcome,
    },
    /// Left; the end of its cycle is waited for, if that has not come before.
    Left { reason: ExitReason, outcome: Outcome },
    /// No price came in time for its entry.
    Missed,
}

impl Ongoing {
    pub(super) fn is_over(&self) -> bool {
        match self {
            Self::Left { outcome, .. } => outcome.is_complete(),
            Self::Missed => true,
            Self::Waiting { .. } | Self::Open { .. } | Self::Leaving { .. } => false,
        }
    }

    /// Decides the exit of one that is open.
    pub(super) fn leave(&mut self, reason: ExitReason, due: UnixMicros) {
        if let Self::Open { outcome, .. } = self {
            *self = Self::Leaving { reason, due, outcome: outcome.clone() };
        }
    }
}

impl Following {
    pub(super) fn fold(&mut self, rules: &ExitRules, side: PositionSide, at: &At<'_>) {
        match &mut self.ongoing {
            Ongoing::Waiting { due } if *due < at.now => {
                self.ongoing = enter(self.decided_at, rules, side, at);
            }
            Ongoing::Waiting { .. } | Ongoing::Missed => {}
            Ongoing::Open { stop, outcome } => {
                outcome.fold_tick(at.tick, at.closed);
                if let Some(reason) = hit(rules, side, stop, outcome, at) {
                    self.ongoing.leave(reason, due(at.now, at.limits));
                }
            }
            Ongoing::Leaving { reason, due, outcome } => {
                outcome.fold_tick(at.tick, at.closed);
                if *due < at.now {
                    outcome.left(mark(at, exit_side(side)));
                    self.ongoing = Ongoing::Left { reason: *reason, outcome: outcome.clone() };
                }
            }
            Ongoing::Left { outcome, .. } => outcome.fold_tick(at.tick, at.closed),
        }
    }

    /// What changes nothing with it, as long as its cycle goes on.
    pub(super) fn quiet(&self, rules: &ExitRules, side: PositionSide) -> Quiet {
        match &self.ongoing {
            Ongoing::Waiting { due } => Quiet::until(*due),
            Ongoing::Open { stop, outcome } => {
                let entry = Entry { side, price: outcome.path.entry.price };
                stop.quiet(rules, &entry, outcome.path.entry.time).and(outcome.quiet())
            }
            Ongoing::Leaving { due, outcome, .. } => Quiet::until(*due).and(outcome.quiet()),
            Ongoing::Left { outcome, .. } => outcome.quiet(),
            Ongoing::Missed => Quiet::NEVER,
        }
    }

    /// What came of it; none when it never entered.
    pub(super) fn complete(self, play: &PlayId, version: u32, at: &At<'_>) -> Option<Shadow> {
        let Ongoing::Left { reason, outcome } = self.ongoing else { return None };
        Some(Shadow {
            id: DecisionId { seq: self.seq, play: play.clone() },
            play_version: version,
            kind: self.kind,
            decided_at: self.decided_at,
            features_seq: self.features_seq,
            reason,
            outcome,
            cost_bps: 2.0 * at.limits.costs.get().taker_fee_bps,
            completed_seq: at.tick.seq,
            completed_at: at.now,
        })
    }
}

/// The entry at this price. One that comes too late is not what the candidate would have got.
fn enter(decided_at: UnixMicros, rules: &ExitRules, side: PositionSide, at: &At<'_>) -> Ongoing {
    let waited = at.now.since(decided_at).as_secs();
    let Some(cycle) = at.cycle.filter(|_| waited < u64::from(at.limits.order_seconds_max)) else {
        return Ongoing::Missed;
    };
    let mark = mark(at, entry_side(side));
    let entry = Entry { side, price: mark.price };
    let stop = StopState::new(rules, &entry);
    Ongoing::Open { stop, outcome: Outcome::new(side.into(), mark, cycle) }
}

fn hit(
    rules: &ExitRules,
    side: PositionSide,
    stop: &mut StopState,
    outcome: &Outcome,
    at: &At<'_>,
) -> Option<ExitReason> {
    let entry = Entry { side, price: outcome.path.entry.price };
    let held = at.now.since(outcome.path.entry.time);
    match step(rules, stop, &entry, at.tick, held).decision {
        Decision::Hold => None,
        Decision::Exit(reason) => Some(reason),
    }
}

/// What dealing at this price gets.
fn mark(at: &At<'_>, side: Side) -> Mark {
    let price = worse(side, at.tick.price.get(), at.limits.costs.get().slippage_bps);
    Mark { seq: at.tick.seq, time: at.now, price }
}

fn entry_side(side: PositionSide) -> Side {
    match side {
        PositionSide::Long => Side::Buy,
        PositionSide::Short => Side::Sell,
    }
}

fn exit_side(side: PositionSide) -> Side {
    match side {
        PositionSide::Long => Side::Sell,
        PositionSide::Short => Side::Buy,
    }
}
