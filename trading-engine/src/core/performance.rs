//! What a list of closed trades and a curve of equity come to.
//!
//! The same figures for whatever trades: a play, a strategy, a wallet, an account. Nothing is zero that is unknown: a
//! ratio without its denominator is none, and one over too few observations is none too.

use std::time::Duration;

use goat::values::UnixMicros;

use super::money::Usd;
use super::profiles::statistics::wilson;

/// Trades below which the figures say little.
pub const TRADES_MIN: u32 = 30;
/// Days with a return below which there is no Sharpe or Sortino ratio.
pub const DAYS_MIN: usize = 30;
/// Paper is traded every day.
const DAYS_A_YEAR: f64 = 365.0;
const DAY_MICROS: i64 = 86_400_000_000;

/// A trade that is over.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Trade {
    /// When it was entered.
    pub opened_at: UnixMicros,
    /// When it was left.
    pub closed_at: UnixMicros,
    /// After fees.
    pub profit: Usd,
    /// Of both sides.
    pub fees: Usd,
    /// What the account was worth before it.
    pub equity_before: Usd,
}

/// What an account was worth at a moment, with what was open at its mark.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EquityMark {
    /// The moment.
    pub time: UnixMicros,
    /// USD.
    pub equity: f64,
}

/// The figures. Money in USD, after fees.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Performance {
    /// All trades.
    pub trades: u32,
    /// That made something.
    pub wins: u32,
    /// That lost something; break-even is neither.
    pub losses: u32,
    /// Fewer trades than [`TRADES_MIN`]: the figures say little.
    pub too_few: bool,
    /// Wins of wins and losses, a fraction, with its 95 % interval by Wilson.
    pub win_rate: Option<Rate>,
    /// Of all trades.
    pub profit: Usd,
    /// Of all trades.
    pub fees: Usd,
    /// What the wins made.
    pub gross_win: Usd,
    /// What the losses lost, positive.
    pub gross_loss: Usd,
    /// What the wins made over what the losses lost; none without a loss.
    pub profit_factor: Option<f64>,
    /// The mean profit of a trade.
    pub expectancy_usd: Option<f64>,
    /// The mean profit of a trade in percent of the equity before it.
    pub expectancy_percent: Option<f64>,
    /// The best trade.
    pub best: Option<Usd>,
    /// The worst trade.
    pub worst: Option<Usd>,
    /// The mean time from entry to exit.
    pub average_hold: Option<Duration>,
    /// Wins in a row up to the end; negative: losses in a row.
    pub streak: i32,
    /// The part of the curve's span that something was open, a fraction; trades that overlap count once.
    pub exposure: Option<f64>,
    /// Of daily returns, of a year.
    pub sharpe: Option<f64>,
    /// As Sharpe, against the returns below zero only.
    pub sortino: Option<f64>,
    /// The deepest fall of the curve; none without a curve.
    pub drawdown: Option<Drawdown>,
    /// What the curve made from its first mark to its last.
    pub return_percent: Option<f64>,
}

/// A share with its 95 % interval, fractions.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rate {
    /// As counted.
    pub share: f64,
    /// The interval's lower end.
    pub low: f64,
    /// The interval's upper end.
    pub high: f64,
}

/// How far, and how long, a curve was below its peak.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Drawdown {
    /// The deepest fall, of the peak before it.
    pub percent: f64,
    /// The longest time from a peak to the next, or to the end.
    pub longest: Duration,
}

impl Performance {
    /// The figures of trades in the order of their ends, and of marks in the order of time.
    #[must_use]
    pub fn of(trades: &[Trade], curve: &[EquityMark]) -> Self {
        let mut figures = Self::of_trades(trades);
        let returns = daily_returns(curve);
        figures.exposure = exposure(trades, curve);
        figures.sharpe = ratio(&returns, |one, mean| (one - mean).powi(2), 1);
        figures.sortino = ratio(&returns, |one, _| one.min(0.0).powi(2), 0);
        figures.drawdown = drawdown(curve);
        figures.return_percent = change_percent(curve);
        figures
    }

    fn of_trades(trades: &[Trade]) -> Self {
        let mut figures = Self { trades: count(trades.len()), ..Self::default() };
        let (mut held, mut percent) = (Duration::ZERO, 0.0);
        for trade in trades {
            figures.profit += trade.profit;
            figures.fees += trade.fees;
            held += trade.closed_at.since(trade.opened_at);
            percent += trade.profit.to_f64() / trade.equity_before.to_f64() * 100.0;
            if trade.profit.is_positive() {
                figures.wins += 1;
                figures.gross_win += trade.profit;
                figures.streak = figures.streak.max(0) + 1;
            } else if trade.profit.is_negative() {
                figures.losses += 1;
                figures.gross_loss -= trade.profit;
                figures.streak = figures.streak.min(0) - 1;
            }
        }
        let decided = figures.wins + figures.losses;
        figures.too_few = figures.trades < TRADES_MIN;
        figures.win_rate = (decided > 0).then(|| {
            let interval = wilson(figures.wins, decided);
            let share = f64::from(figures.wins) / f64::from(decided);
            Rate { share, low: interval.low, high: interval.high }
        });
        let lost = figures.gross_loss.is_positive();
        figures.profit_factor = lost.then(|| figures.gross_win.to_f64() / figures.gross_loss.to_f64());
        figures.best = trades.iter().map(|trade| trade.profit).max();
        figures.worst = trades.iter().map(|trade| trade.profit).min();
        if figures.trades > 0 {
            let number = f64::from(figures.trades);
            figures.expectancy_usd = Some(figures.profit.to_f64() / number);
            figures.expectancy_percent = Some(percent / number).filter(|percent| percent.is_finite());
            figures.average_hold = Some(held / figures.trades);
        }
        figures
    }
}

/// What a price made over the span of a curve, in percent: buying at its first mark and holding.
#[must_use]
pub fn change_percent(curve: &[EquityMark]) -> Option<f64> {
    let (first, last) = (curve.first()?, curve.last()?);
    (first.equity > 0.0).then(|| (last.equity / first.equity - 1.0) * 100.0)
}

/// Returns from the last mark of one day of UTC to that of the next; a day without a mark has none.
fn daily_returns(curve: &[EquityMark]) -> Vec<f64> {
    let mut ends: Vec<(i64, f64)> = Vec::new();
    for mark in curve {
        let day = mark.time.get().div_euclid(DAY_MICROS);
        match ends.last_mut() {
            Some((last, equity)) if *last == day => *equity = mark.equity,
            _ => ends.push((day, mark.equity)),
        }
    }
    let pairs = ends.iter().zip(ends.iter().skip(1));
    let in_a_row = pairs.filter(|((day, before), (next, _))| day + 1 == *next && *before > 0.0);
    in_a_row.map(|((_, before), (_, after))| after / before - 1.0).collect()
}

/// The mean return over the root of the mean of `square`, of a year; none over too few days, or without any spread.
/// `lost` degrees of freedom are taken off.
fn ratio(returns: &[f64], square: impl Fn(f64, f64) -> f64, lost: u32) -> Option<f64> {
    if returns.len() < DAYS_MIN {
        return None;
    }
    let days = f64::from(count(returns.len()));
    let mean = returns.iter().sum::<f64>() / days;
    let spread = returns.iter().map(|&one| square(one, mean)).sum::<f64>() / (days - f64::from(lost));
    (spread > 0.0).then(|| mean / spread.sqrt() * DAYS_A_YEAR.sqrt())
}

fn drawdown(curve: &[EquityMark]) -> Option<Drawdown> {
    let mut peak = *curve.first()?;
    let mut deepest = Drawdown::default();
    for mark in curve {
        if mark.equity >= peak.equity {
            peak = *mark;
            continue;
        }
        deepest.percent = deepest.percent.max((peak.equity - mark.equity) / peak.equity * 100.0);
        deepest.longest = deepest.longest.max(mark.time.since(peak.time));
    }
    Some(deepest)
}

fn exposure(trades: &[Trade], curve: &[EquityMark]) -> Option<f64> {
    let (begin, end) = (curve.first()?.time, curve.last()?.time);
    let span = end.since(begin);
    if span.is_zero() {
        return None;
    }
    let mut spans: Vec<_> = trades.iter().map(|trade| (trade.opened_at, trade.closed_at)).collect();
    spans.sort();
    let (mut covered, mut until) = (Duration::ZERO, begin);
    for (opened, closed) in spans {
        covered += closed.min(end).since(opened.max(until));
        until = until.max(closed);
    }
    Some(covered.as_secs_f64() / span.as_secs_f64())
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(1_700_006_400 + seconds).unwrap()
    }

    fn trade(opened: i64, closed: i64, dollars: i32) -> Trade {
        Trade {
            opened_at: at(opened),
            closed_at: at(closed),
            profit: Usd::from_dollars(dollars),
            fees: Usd::from_dollars(1),
            equity_before: Usd::from_dollars(1000),
        }
    }

    fn mark(seconds: i64, equity: f64) -> EquityMark {
        EquityMark { time: at(seconds), equity }
    }

    #[test]
    fn without_a_trade_nothing_is_known() {
        let figures = Performance::of(&[], &[]);
        assert_eq!(figures, Performance { too_few: true, ..Performance::default() });
    }

    #[test]
    fn break_even_is_neither_and_leaves_the_streak() {
        let trades = [trade(0, 10, 30), trade(10, 30, -10), trade(30, 40, -10), trade(40, 60, 0)];
        let figures = Performance::of(&trades, &[]);
        assert_eq!((figures.trades, figures.wins, figures.losses, figures.streak), (4, 1, 2, -2));
        assert_eq!(figures.profit_factor, Some(1.5));
        assert_eq!(figures.expectancy_usd, Some(2.5));
        assert_eq!(figures.expectancy_percent, Some(0.25));
        assert_eq!(figures.average_hold, Some(Duration::from_secs(15)));
        assert_eq!(
            (figures.best, figures.worst),
            (Some(Usd::from_dollars(30)), Some(Usd::from_dollars(-10)))
        );
        let rate = figures.win_rate.unwrap();
        assert!(rate.low < 1.0 / 3.0 && (rate.share - 1.0 / 3.0).abs() < 1e-12 && rate.high > 1.0 / 3.0);
    }

    #[test]
    fn without_a_loss_there_is_no_profit_factor_and_the_best_of_losses_is_a_loss() {
        assert_eq!(Performance::of(&[trade(0, 1, 180)], &[]).profit_factor, None);
        assert_eq!(Performance::of(&[trade(0, 1, -5)], &[]).best, Some(Usd::from_dollars(-5)));
    }

    #[test]
    fn a_drawdown_is_measured_from_the_peak_and_lasts_until_the_next_or_the_end() {
        let curve = [mark(0, 100.0), mark(10, 120.0), mark(20, 90.0), mark(50, 120.0), mark(130, 119.0)];
        let drawdown = Performance::of(&[], &curve).drawdown.unwrap();
        assert!((drawdown.percent - 25.0).abs() < 1e-12);
        assert_eq!(drawdown.longest, Duration::from_secs(80));
    }

    #[test]
    fn overlapping_trades_are_exposed_once() {
        let curve = [mark(0, 1.0), mark(100, 1.0)];
        let figures = Performance::of(&[trade(0, 40, 1), trade(20, 50, 1), trade(90, 200, 1)], &curve);
        assert_eq!(figures.exposure, Some(0.6));
    }

    #[test]
    fn ratios_need_days_and_a_spread() {
        let day = 86_400;
        let curve = |days: i64, grows: fn(i64) -> f64| -> Vec<EquityMark> {
            (0..=days)
                .scan(1000.0, |equity, number| {
                    *equity *= 1.0 + grows(number);
                    Some(mark(number * day, *equity))
                })
                .collect()
        };
        let swing = |number: i64| if number % 2 == 0 { -0.01 } else { 0.02 };
        assert_eq!(Performance::of(&[], &curve(29, swing)).sharpe, None);
        assert_eq!(Performance::of(&[], &curve(40, |_| 0.0)).sharpe, None);
        let figures = Performance::of(&[], &curve(40, swing));
        // 40 returns, half of 0.02 and half of −0.01: mean 0.005, variance 0.015² · 40/39; below zero 0.01² · ½.
        let sharpe = 0.005 / (0.015_f64.powi(2) * 40.0 / 39.0).sqrt() * 365.0_f64.sqrt();
        let sortino = 0.005 / (0.01_f64.powi(2) / 2.0).sqrt() * 365.0_f64.sqrt();
        assert!((figures.sharpe.unwrap() - sharpe).abs() < 1e-9);
        assert!((figures.sortino.unwrap() - sortino).abs() < 1e-9);
    }
}
