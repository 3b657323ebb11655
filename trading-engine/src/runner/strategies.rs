//! Paper strategies: configured by a command like any other, and what they report to where it belongs.

use goat::values::Seq;

use super::desk::Lateness;
use super::{Runner, RunnerError};
use crate::chain::Entry;
use crate::core::command::Order;
use crate::core::results::Entered;
use crate::core::strategies::{Instance, InstancePlan, Report};
use crate::tables::{LateFill, StrategyRow};

impl Runner {
    pub(super) fn report_strategy(&mut self, seq: Seq, report: Report) {
        self.strategies_changed = true;
        match report {
            Report::Trade(trade) => {
                self.note_late_fill(&trade.instance, seq);
                self.chain(seq, &Entry::strategy_closed(&trade));
                self.outbox.put(trade.as_ref());
            }
            Report::Candle(mark) => {
                self.chain(seq, &Entry::strategy_marked(&mark));
                self.outbox.put(mark.as_ref());
            }
            Report::State(instance) => {
                self.note_entry(&instance, seq);
                self.outbox.put(&StrategyRow { instance: &instance, configured: true });
            }
            Report::Removed(instance) => {
                self.outbox.put(&StrategyRow { instance: &instance, configured: false });
            }
        }
    }

    fn note_entry(&mut self, instance: &Instance, seq: Seq) {
        let Some(holding) = instance.holding().filter(|holding| holding.key.seq == seq) else { return };
        let (strategy, trade) = (instance.id().to_owned(), Entered::of_holding(holding));
        self.note_late_fill(instance.id(), seq);
        self.chain(seq, &Entry::StrategyOpened { strategy, trade });
    }

    fn note_late_fill(&mut self, instance: &str, fill_seq: Seq) {
        if let Some(Lateness { ms: late_ms }) = self.lateness() {
            self.outbox.put(&LateFill { instance: instance.to_owned(), fill_seq, late_ms });
        }
    }

    /// What is configured counts from a place of the log, so wherever the log is read again it counts from there.
    pub(super) fn set_strategies(&mut self) -> Result<(), RunnerError> {
        let wanted = &self.surroundings.strategies;
        if self.log_id.is_none() || !self.logged.is_empty() {
            return Ok(());
        }
        let have: Vec<&InstancePlan> = self.engine.strategies().plans().collect();
        if have.iter().copied().eq(wanted) {
            return Ok(());
        }
        let order = Order::SetStrategies(wanted.clone());
        // Refused only where it was checked before.
        self.carry_out(order, None).map(|_| ())
    }
}
