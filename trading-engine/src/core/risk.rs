//! How much the account may risk.

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::account::Account;
use super::money::Usd;

/// The bounds of the account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Positions open at a time.
    pub max_open: u32,
    /// Market value of all open positions, with the entry that is asked for.
    pub max_exposure: Usd,
    /// Realized loss of the day of UTC, after fees, from which on nothing is entered.
    pub daily_loss: Usd,
    /// Between one entry and the next.
    pub cooldown_seconds: u32,
}

/// What is bounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum RiskMeasure {
    /// Open positions before the entry.
    OpenPositions,
    /// Exposure with the entry, USD.
    Exposure,
    /// Realized loss of the day, USD; negative on a day with a profit.
    DailyLoss,
    /// Seconds since the entry before.
    Cooldown,
}

/// A measured value against its bound.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct RiskCheck {
    /// What was measured.
    pub measure: RiskMeasure,
    /// In the unit of the measure; none when there is nothing to measure, as before the first entry.
    pub measured: Option<f64>,
    /// In the unit of the measure.
    pub threshold: f64,
    /// Whether the entry is allowed.
    pub is_passed: bool,
}

impl Risk {
    /// Measures an entry of `notional` at `now` against all bounds, in the order of [`RiskMeasure`].
    ///
    /// The count passes below its bound, exposure at or below it, the loss below it, the wait at or above it.
    #[must_use]
    pub fn check(
        &self,
        account: &Account,
        notional: Usd,
        last_entry_time: Option<UnixMicros>,
        now: UnixMicros,
    ) -> [RiskCheck; 4] {
        let open = u32::try_from(account.positions().len()).unwrap_or(u32::MAX);
        let exposure = account.exposure() + notional;
        let loss = -account.realized_on_day(now);
        let waited = last_entry_time.map(|last| now.since(last).as_secs_f64());
        let cooldown = f64::from(self.cooldown_seconds);
        let check =
            |measure, measured, threshold, is_passed| RiskCheck { measure, measured, threshold, is_passed };
        [
            check(
                RiskMeasure::OpenPositions,
                Some(f64::from(open)),
                f64::from(self.max_open),
                open < self.max_open,
            ),
            check(
                RiskMeasure::Exposure,
                Some(exposure.to_f64()),
                self.max_exposure.to_f64(),
                exposure <= self.max_exposure,
            ),
            check(
                RiskMeasure::DailyLoss,
                Some(loss.to_f64()),
                self.daily_loss.to_f64(),
                loss < self.daily_loss,
            ),
            check(RiskMeasure::Cooldown, waited, cooldown, waited.is_none_or(|waited| waited >= cooldown)),
        ]
    }
}

#[cfg(test)]
mod tests;
