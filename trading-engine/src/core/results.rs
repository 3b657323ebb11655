//! What came of positions: the figures by which plays are judged.
//!
//! ```text
//! equity − start = Σ realized + unrealized − fees        always, to the millionth of a dollar
//! ```
//!
//! A figure that is a ratio of a sample is none below [`TRADES_MINIMUM`] trades: then the sample is too small to say
//! anything. Sums and extremes are facts and need no minimum. Break-even is neither a win nor a loss.

mod curve;
mod history;

use std::time::Duration;

use goat::values::UnixMicros;
use serde::{Deserialize, Serialize};

use super::gains::Direction;
use super::money::Usd;
use super::position::Position;
use super::profiles::statistics::{Interval, wilson};

pub use curve::{Drawdown, EquityMark};
pub use history::{End, Entered, History, Outline, Quote, Window};

/// Trades below which no ratio is told.
pub const TRADES_MINIMUM: u32 = 20;

/// How far the price went from an entry while the position was open, in percent of the entry price and in the
/// position's direction, before costs. `worst ≤ 0 ≤ best`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Excursion {
    /// The maximum adverse excursion.
    pub worst_percent: f64,
    /// The maximum favourable excursion.
    pub best_percent: f64,
}

impl Excursion {
    /// Goes on to a price.
    pub fn fold(&mut self, direction: Direction, entry_price: f64, price: f64) {
        let gain = direction.gain_percent(entry_price, price);
        self.worst_percent = self.worst_percent.min(gain);
        self.best_percent = self.best_percent.max(gain);
    }
}

/// A position that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// When its entry was filled.
    pub opened_at: UnixMicros,
    /// When its exit was.
    pub closed_at: UnixMicros,
    /// Of the entry.
    pub notional: Usd,
    /// Before fees.
    pub realized: Usd,
    /// Of entry and exit.
    pub fees: Usd,
    /// Where it was followed.
    pub excursion: Option<Excursion>,
}

impl Trade {
    /// What came of a position; none before it is closed.
    #[must_use]
    pub fn of(position: &Position) -> Option<Self> {
        Some(Self {
            opened_at: position.opened_at()?,
            closed_at: position.closed_at()?,
            notional: position.entry.as_ref()?.notional,
            realized: position.closed.as_ref()?.realized_pnl,
            fees: position.fees()?,
            excursion: position.excursion,
        })
    }

    /// After fees.
    #[must_use]
    pub fn profit(&self) -> Usd {
        self.realized - self.fees
    }

    /// The profit in percent of the entry.
    #[must_use]
    pub fn return_percent(&self) -> f64 {
        self.profit().to_f64() / self.notional.to_f64() * 100.0
    }
}

/// A position that is not over at the end.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Holding {
    /// When its entry was filled.
    pub opened_at: UnixMicros,
    /// Of the entry.
    pub fees: Usd,
    /// At its mark, before fees.
    pub unrealized: Usd,
}

/// What the results are over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Period {
    /// Its beginning.
    pub from: UnixMicros,
    /// Its end.
    pub until: UnixMicros,
    /// The traded token's first and last price in it, USD.
    pub prices: Option<(f64, f64)>,
    /// What was open when it began.
    pub before: Before,
}

/// What was open when a period began, and counts in it only as far as it changed.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Before {
    /// At the mark of then, before fees.
    pub unrealized: Usd,
    /// Paid for entries before.
    pub fees: Usd,
}

impl Period {
    fn length(&self) -> Duration {
        self.until.since(self.from)
    }
}

/// The figures.
#[derive(Debug, Clone, PartialEq)]
pub struct Results {
    /// Positions that are over.
    pub trades: u32,
    /// Of them, those with a profit after fees.
    pub wins: u32,
    /// Of them, those with a loss after fees.
    pub losses: u32,
    /// wins / (wins + losses).
    pub win_rate: Option<f64>,
    /// Wilson's 95 % interval of the win rate.
    pub win_rate_interval: Option<Interval>,
    /// Equity when the period began.
    pub start: Usd,
    /// Of what is closed, before fees.
    pub realized: Usd,
    /// What is open, before fees, is worth more at the end than what was open at the beginning.
    pub unrealized: Usd,
    /// Of entries and exits in the period, also of what is open.
    pub fees: Usd,
    /// realized + unrealized − fees, in percent of the start.
    pub profit_percent: Option<f64>,
    /// Profits over losses, both after fees; none without losses.
    pub profit_factor: Option<f64>,
    /// The mean profit of a trade after fees, USD.
    pub expectancy_usd: Option<f64>,
    /// The mean profit of a trade in percent of its entry.
    pub mean_return_percent: Option<f64>,
    /// Mean over deviation of daily returns, for a year of 365 days; none below 20 days.
    pub sharpe: Option<f64>,
    /// The same over the deviation of the losing days alone.
    pub sortino: Option<f64>,
    /// The largest fall of equity under its peak, by percent; none while it never fell.
    pub drawdown: Option<Drawdown>,
    /// The mean time from entry to exit; none without trades.
    pub average_hold: Option<Duration>,
    /// The part of the period in which a position was open, in percent.
    pub exposure_percent: Option<f64>,
    /// The mean of the trades' worst excursions.
    pub mean_worst_percent: Option<f64>,
    /// The mean of the trades' best excursions.
    pub mean_best_percent: Option<f64>,
    /// The trade with the most profit, in USD after fees.
    pub best: Option<Usd>,
    /// The trade with the least.
    pub worst: Option<Usd>,
    /// Positions that are not over.
    pub open: u32,
    /// Wins in a row at the end; negative: losses in a row. Break-even leaves it as it is.
    pub streak: i32,
    /// The most wins in a row, by the time of exit.
    pub streak_wins: u32,
    /// The most losses in a row.
    pub streak_losses: u32,
    /// What holding the token would have gained over the period, before costs, in percent.
    pub buy_and_hold_percent: Option<f64>,
}

impl Results {
    /// realized + unrealized − fees.
    #[must_use]
    pub fn profit(&self) -> Usd {
        self.realized + self.unrealized - self.fees
    }

    /// start + profit.
    #[must_use]
    pub fn equity(&self) -> Usd {
        self.start + self.profit()
    }

    /// Whether there are too few trades for ratios.
    #[must_use]
    pub fn is_too_small(&self) -> bool {
        self.trades < TRADES_MINIMUM
    }
}

/// The figures of `trades` and of what is still `open`, in an account that began with `start`.
///
/// `curve` is the equity in the order of time, as densely as drawdowns are to be seen; its last mark is the end.
#[must_use]
pub fn results(
    start: Usd,
    trades: &[Trade],
    open: &[Holding],
    curve: &[EquityMark],
    period: &Period,
) -> Results {
    let mut ordered = trades.to_vec();
    ordered.sort_by_key(|trade| trade.closed_at);
    let count = |wanted: fn(Usd) -> bool| {
        u32::try_from(ordered.iter().filter(|trade| wanted(trade.profit())).count()).unwrap_or(u32::MAX)
    };
    let (wins, losses) = (count(Usd::is_positive), count(Usd::is_negative));
    let number = u32::try_from(ordered.len()).unwrap_or(u32::MAX);
    let enough = number >= TRADES_MINIMUM;
    let decided = enough && wins + losses > 0;
    let realized = ordered.iter().map(|trade| trade.realized).sum();
    let unrealized = open.iter().map(|one| one.unrealized).sum::<Usd>() - period.before.unrealized;
    let paid: Usd = ordered.iter().map(|trade| trade.fees).chain(open.iter().map(|one| one.fees)).sum();
    let fees = paid - period.before.fees;
    let profit: Usd = realized + unrealized - fees;
    let profits = || ordered.iter().map(Trade::profit);
    let (sharpe, sortino) = curve::ratios(start, curve);
    let excursions: Vec<Excursion> = ordered.iter().filter_map(|trade| trade.excursion).collect();
    Results {
        trades: number,
        wins,
        losses,
        win_rate: decided.then(|| f64::from(wins) / f64::from(wins + losses)),
        win_rate_interval: decided.then(|| wilson(wins, wins + losses)),
        start,
        realized,
        unrealized,
        fees,
        profit_percent: start.is_positive().then(|| profit.to_f64() / start.to_f64() * 100.0),
        profit_factor: if enough { profit_factor(profits()) } else { None },
        expectancy_usd: if enough { mean(profits().map(Usd::to_f64)) } else { None },
        mean_return_percent: if enough { mean(ordered.iter().map(Trade::return_percent)) } else { None },
        sharpe,
        sortino,
        drawdown: curve::largest_drawdown(start, curve),
        average_hold: average_hold(&ordered),
        exposure_percent: exposure_percent(&ordered, open, period),
        mean_worst_percent: if enough { mean(excursions.iter().map(|one| one.worst_percent)) } else { None },
        mean_best_percent: if enough { mean(excursions.iter().map(|one| one.best_percent)) } else { None },
        best: profits().max(),
        worst: profits().min(),
        open: u32::try_from(open.len()).unwrap_or(u32::MAX),
        streak: streak(profits()),
        streak_wins: longest(profits(), Usd::is_positive, Usd::is_negative),
        streak_losses: longest(profits(), Usd::is_negative, Usd::is_positive),
        buy_and_hold_percent: period.prices.map(|(first, last)| (last - first) / first * 100.0),
    }
}

/// Profits over losses; none without losses.
#[must_use]
pub fn profit_factor(profits: impl Iterator<Item = Usd>) -> Option<f64> {
    let (mut won, mut lost) = (Usd::ZERO, Usd::ZERO);
    for profit in profits {
        if profit.is_negative() {
            lost += profit.abs();
        } else {
            won += profit;
        }
    }
    lost.is_positive().then(|| won.to_f64() / lost.to_f64())
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (count, sum) = values.fold((0_u32, 0.0), |(count, sum), value| (count + 1, sum + value));
    (count > 0).then(|| sum / f64::from(count))
}

fn average_hold(trades: &[Trade]) -> Option<Duration> {
    let held: Duration = trades.iter().map(|trade| trade.closed_at.since(trade.opened_at)).sum();
    let count = u32::try_from(trades.len()).ok().filter(|count| *count > 0)?;
    Some(held / count)
}

/// The union of the times in which a position was open, cut to the period.
fn exposure_percent(trades: &[Trade], open: &[Holding], period: &Period) -> Option<f64> {
    let length = period.length().as_secs_f64();
    if length <= 0.0 {
        return None;
    }
    let closed = trades.iter().map(|trade| (trade.opened_at, trade.closed_at));
    let held = open.iter().map(|one| (one.opened_at, period.until));
    let cut = |(from, until): (UnixMicros, UnixMicros)| (from.max(period.from), until.min(period.until));
    let mut spans: Vec<_> = closed.chain(held).map(cut).filter(|(from, until)| from < until).collect();
    spans.sort();
    let (mut covered, mut reached) = (Duration::ZERO, period.from);
    for (from, until) in spans {
        covered += until.since(from.max(reached));
        reached = reached.max(until);
    }
    Some(covered.as_secs_f64() / length * 100.0)
}

fn streak(profits: impl Iterator<Item = Usd>) -> i32 {
    profits.fold(0, |streak: i32, profit| {
        if profit.is_positive() {
            streak.max(0) + 1
        } else if profit.is_negative() {
            streak.min(0) - 1
        } else {
            streak
        }
    })
}

/// The longest run of profits that count, which others end and those that are neither do not.
fn longest(profits: impl Iterator<Item = Usd>, counts: fn(Usd) -> bool, ends: fn(Usd) -> bool) -> u32 {
    let (mut longest, mut run) = (0, 0);
    for profit in profits {
        if counts(profit) {
            run += 1;
            longest = longest.max(run);
        } else if ends(profit) {
            run = 0;
        }
    }
    longest
}

#[cfg(test)]
mod tests;
