//! When positions are left: at every price, when the followed wallet sells, when a person says so.

use std::time::Duration;

use super::{Desk, Now, Report};
use crate::core::cycles::{Cycle, Tick};
use crate::core::decision::DecisionId;
use crate::core::exit::{Decision, ExitReason, step};
use crate::core::fill::{Amount, Order, Purpose};
use crate::core::gains::Direction;
use crate::core::position::{Position, Stage};

impl Desk {
    /// Every open position at one price.
    pub(super) fn watch(&mut self, now: Now, tick: &Tick, closed: &[Cycle], reports: &mut Vec<Report>) {
        let mut changed = Vec::new();
        let latency_ms = self.limits.latency_ms;
        self.positions.watch(now.time, tick.price.get(), !closed.is_empty(), |position| {
            let was_complete = position.outcome.as_ref().is_some_and(|outcome| outcome.cycle_end.is_some());
            if let Some(outcome) = &mut position.outcome {
                outcome.fold_tick(tick, closed);
                if !was_complete && outcome.cycle_end.is_some() {
                    changed.push(position.id.clone());
                }
            }
            follow(position, now, tick);
            if let Some(reason) = stop(position, now, tick, reports) {
                close(position, now, latency_ms, reason, String::new());
                changed.push(position.id.clone());
            }
        });
        for id in changed {
            self.settle(&id, now, reports);
        }
    }

    /// The followed wallet sold.
    pub(super) fn mirror(&mut self, now: Now, wallet: &str, reports: &mut Vec<Report>) {
        let follows = |position: &Position| {
            position.wallet == wallet
                && matches!(position.stage, Stage::Open)
                && position.rules.permit(ExitReason::Mirror, Duration::ZERO)
        };
        self.close_all(now, ExitReason::Mirror, "", reports, follows);
    }

    /// Decides the exit of one position; false when it is not open.
    pub(in crate::core) fn close_one(
        &mut self,
        now: Now,
        id: &DecisionId,
        note: &str,
        reports: &mut Vec<Report>,
    ) -> bool {
        let is_open = self.positions.get(id).is_some_and(|one| matches!(one.stage, Stage::Open));
        if is_open {
            self.close_all(now, ExitReason::Manual, note, reports, |position| position.id == *id);
        }
        is_open
    }

    /// Decides the exit of every open position: trading is halted.
    pub(in crate::core) fn halt(&mut self, now: Now, note: &str, reports: &mut Vec<Report>) {
        self.close_all(now, ExitReason::Halt, note, reports, |one| matches!(one.stage, Stage::Open));
    }

    fn close_all(
        &mut self,
        now: Now,
        reason: ExitReason,
        note: &str,
        reports: &mut Vec<Report>,
        which: impl Fn(&Position) -> bool,
    ) {
        let ids: Vec<_> = self.positions.iter().filter(|one| which(one)).map(|one| one.id.clone()).collect();
        for id in ids {
            if let Some(position) = self.positions.get_mut(&id) {
                close(position, now, self.limits.latency_ms, reason, note.to_owned());
            }
            self.settle(&id, now, reports);
        }
    }
}

/// Takes note of how far one price is from the entry. A position that was filled by this very event begins with the next.
fn follow(position: &mut Position, now: Now, tick: &Tick) {
    let held = matches!(position.stage, Stage::Open | Stage::Closing { .. });
    if let (true, Some(entry), Some(excursion)) = (held, position.stop_entry(), &mut position.excursion)
        && position.changed_seq != now.seq
    {
        excursion.fold(Direction::from(position.side), entry.price, tick.price.get());
    }
}

/// One price against a position's stop. A position that was filled by this very event is watched from the next.
fn stop(position: &mut Position, now: Now, tick: &Tick, reports: &mut Vec<Report>) -> Option<ExitReason> {
    if !matches!(position.stage, Stage::Open) || position.changed_seq == now.seq {
        return None;
    }
    let (entry, opened_at) = (position.stop_entry()?, position.opened_at()?);
    let state = position.stop.as_mut()?;
    let step = step(&position.rules, state, &entry, tick, now.time.since(opened_at));
    if let Some(raised) = step.raised {
        position.stop_raises = position.stop_raises.saturating_add(1);
        reports.push(Report::StopRaised(position.id.clone(), raised));
    }
    match step.decision {
        Decision::Hold => None,
        Decision::Exit(reason) => Some(reason),
    }
}

fn close(position: &mut Position, now: Now, latency_ms: u32, reason: ExitReason, note: String) {
    let order = Order {
        side: position.exit_side(),
        purpose: Purpose::Exit,
        amount: Amount::Quantity(position.held_quantity()),
        decided_time: now.time,
        latency_ms,
    };
    position.stage = Stage::Closing { reason, note, order };
}
