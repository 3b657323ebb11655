//! Paper strategies: configured by a command like any other, and what they report to where it belongs.

use super::{Runner, RunnerError};
use crate::core::command::Order;
use crate::core::strategies::{InstancePlan, Report};
use crate::tables::StrategyRow;

impl Runner {
    pub(super) fn report_strategy(&mut self, report: Report) {
        match report {
            Report::Trade(trade) => self.outbox.put(trade.as_ref()),
            Report::Candle(mark) => self.outbox.put(mark.as_ref()),
            Report::State(instance) => {
                self.outbox.put(&StrategyRow { instance: &instance, configured: true });
            }
            Report::Removed(instance) => {
                self.outbox.put(&StrategyRow { instance: &instance, configured: false });
            }
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
