//! When an instance enters nothing for a while.
//!
//! Every pause ends by itself: what led to it is forgotten then, and counts anew. Exits are never held up.

use std::time::Duration;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use crate::core::micros;
use crate::core::money::Usd;

const DAY_MICROS: i64 = 86_400_000_000;

/// What leads to a pause.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bounds {
    /// So many losses in a row.
    pub losses_max: u32,
    /// A loss of more than this on a day of UTC, after fees, of the equity at its beginning.
    pub daily_loss_percent: f64,
    /// A lower share of wins over the last [`Bounds::WIN_RATE_TRADES`] trades or more.
    pub win_rate_percent: f64,
    /// So much below the highest equity; none when that does not matter.
    pub drawdown_percent: Option<f64>,
    /// How long a pause lasts; one for the day's loss lasts until the day ends.
    pub cool_off_seconds: u32,
}

impl Bounds {
    /// Trades since the last pause from which on the share of wins says something.
    pub const WIN_RATE_TRADES: u32 = 10;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            losses_max: 3,
            daily_loss_percent: 5.0,
            win_rate_percent: 40.0,
            drawdown_percent: Some(10.0),
            cool_off_seconds: 4 * 3600,
        }
    }
}

/// Which bound was crossed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// Losses in a row.
    Losses,
    /// The day's loss.
    DailyLoss,
    /// Too few wins.
    WinRate,
    /// Too far below the highest equity.
    Drawdown,
}

impl Cause {
    /// The cause as it is written in rows and answers.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Losses => "losses in a row",
            Self::DailyLoss => "loss of the day",
            Self::WinRate => "share of wins",
            Self::Drawdown => "drawdown",
        }
    }
}

/// Nothing is entered for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Which bound was crossed.
    pub cause: Cause,
    /// When.
    #[serde(with = "micros")]
    pub since: UnixMicros,
    /// When it ends by itself.
    #[serde(with = "micros")]
    pub until: UnixMicros,
}

/// What is counted towards a pause, since the last one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pauses {
    present: Option<Pause>,
    losses_in_a_row: u32,
    wins: u32,
    losses: u32,
    highest_equity: Option<Usd>,
    day: i64,
    equity_at_day: Option<Usd>,
}

impl Pauses {
    /// The pause, when there is one.
    #[must_use]
    pub fn present(&self) -> Option<&Pause> {
        self.present.as_ref()
    }

    /// Notes what the account is worth at `now`, and ends a pause that is over. Returns whether one has ended.
    pub(super) fn pass(&mut self, now: UnixMicros, equity: Usd) -> bool {
        let over = self.present.is_some_and(|pause| pause.until <= now);
        if over {
            self.end();
        }
        let day = now.get().div_euclid(DAY_MICROS);
        if day > self.day || self.equity_at_day.is_none() {
            (self.day, self.equity_at_day) = (day, Some(equity));
        }
        self.highest_equity = Some(self.highest_equity.map_or(equity, |highest| highest.max(equity)));
        over
    }

    /// Ends the pause: what led to it is forgotten, and counts anew.
    pub(super) fn end(&mut self) {
        *self = Self { day: self.day, equity_at_day: self.equity_at_day, ..Self::default() };
    }

    /// Counts a trade that made `profit`, and pauses when a bound is crossed. An earlier pause is not cut short.
    pub(super) fn count(&mut self, now: UnixMicros, bounds: &Bounds, profit: Usd, equity: Usd) {
        self.pass(now, equity);
        if profit.is_positive() {
            self.wins += 1;
            self.losses_in_a_row = 0;
        } else if profit.is_negative() {
            self.losses += 1;
            self.losses_in_a_row += 1;
        }
        let Some(cause) = self.cause(bounds, equity) else { return };
        let until = match cause {
            Cause::DailyLoss => UnixMicros::new((self.day + 1) * DAY_MICROS).unwrap_or(now),
            _ => now.plus(Duration::from_secs(bounds.cool_off_seconds.into())),
        };
        let earlier = self.present.filter(|pause| pause.until >= until);
        self.present = Some(earlier.unwrap_or(Pause { cause, since: now, until }));
    }

    fn cause(&self, bounds: &Bounds, equity: Usd) -> Option<Cause> {
        let lost_percent = |before: Usd| (before - equity).to_f64() / before.to_f64() * 100.0;
        let decided = self.wins + self.losses;
        let win_rate = f64::from(self.wins) / f64::from(decided.max(1)) * 100.0;
        if self.equity_at_day.is_some_and(|before| lost_percent(before) > bounds.daily_loss_percent) {
            return Some(Cause::DailyLoss);
        }
        if self.losses_in_a_row >= bounds.losses_max {
            return Some(Cause::Losses);
        }
        if decided >= Bounds::WIN_RATE_TRADES && win_rate < bounds.win_rate_percent {
            return Some(Cause::WinRate);
        }
        let drawdown = self.highest_equity.map(lost_percent);
        let deepest = bounds.drawdown_percent?;
        drawdown.is_some_and(|drawdown| drawdown >= deepest).then_some(Cause::Drawdown)
    }
}
