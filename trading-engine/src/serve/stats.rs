//! Paper strategies under the names that the original's files had, and one exchange against the other.

use std::time::Duration;

use goat::error::Kind;
use goat::event::{PositionSide, Venue};
use goat::values::UnixMicros;
use goat::wire::market::Mode;
use goat::wire::trading as wire;
use tonic::Status;

use super::Trading;
use super::strategies::age_ms;
use crate::core::money::Usd;
use crate::core::results::{TRADES_MINIMUM, profit_factor};
use crate::core::strategies::{CandleMark, ClosedTrade, Holding, Instance};

/// Of the names and their meaning.
const SCHEMA_VERSION: u32 = 1;
const RECENT_TRADES: usize = 10;
const HOURS_MAX: u32 = 24 * 366;

impl Trading {
    pub(crate) async fn stats(
        &self,
        request: wire::GetStatsRequest,
    ) -> Result<wire::GetStatsResponse, Status> {
        let wire::GetStatsRequest { exchange, strategy } = request;
        let (strategies, now, mode, paused) = {
            let view = self.view.read();
            let paused = view.controls.pause.as_ref().map(|pause| pause.reason.clone());
            (view.strategies.clone(), view.clock, view.mode, paused)
        };
        let venue = venue(&exchange)?;
        let named = |instance: &&Instance| {
            let rules = instance.plan().strategy.get().name();
            instance.plan().venue == venue && (strategy.is_empty() || strategy == rules)
        };
        let instance = strategies.iter().find(named).ok_or_else(|| {
            let rules = if strategy.is_empty() { "no strategy" } else { strategy.as_str() };
            Kind::NotFound.status(format!("{rules} runs on {exchange}"))
        })?;
        let trades = self.trades_of(instance.id()).await?;
        let mut stats = stats_of(instance, &trades, now, paused);
        (stats.exchange, stats.simulated) = (exchange, mode == Mode::Simulated);
        Ok(stats)
    }

    /// Oldest first.
    async fn trades_of(&self, instance: &str) -> Result<Vec<ClosedTrade>, Status> {
        self.records("WHERE instance = ? ORDER BY number", vec![Box::new(instance.to_owned())]).await
    }

    pub(super) async fn comparison(
        &self,
        request: wire::CompareStatsRequest,
    ) -> Result<wire::CompareStatsResponse, Status> {
        if let Some(hours) = request.hours.filter(|hours| !(1..=HOURS_MAX).contains(hours)) {
            return Err(Kind::Invalid.status(format!("hours is {hours}; it must be 1 to {HOURS_MAX}")));
        }
        let (strategies, now, mode) = {
            let view = self.view.read();
            (view.strategies.clone(), view.clock, view.mode)
        };
        let (one, other) = pair(&strategies, &request.strategy).ok_or_else(|| {
            let rules = if request.strategy.is_empty() { "no rules" } else { request.strategy.as_str() };
            Kind::Precondition.status(format!("{rules} run on both exchanges with the same pair and candles"))
        })?;
        let mut sides = Vec::new();
        for instance in [one, other] {
            let marks: Vec<CandleMark> = self
                .records("WHERE instance = ? ORDER BY time", vec![Box::new(instance.id().to_owned())])
                .await?;
            sides.push(Side { instance, marks, trades: self.trades_of(instance.id()).await? });
        }
        let mut compared = compared(&sides, now, request.hours);
        one.plan().strategy.get().name().clone_into(&mut compared.strategy);
        compared.symbol = one.plan().symbol.to_string();
        compared.simulated = mode == Mode::Simulated;
        Ok(compared)
    }
}

fn venue(exchange: &str) -> Result<Venue, Status> {
    match exchange {
        "binance" => Ok(Venue::Binance),
        "bybit" => Ok(Venue::Bybit),
        other => Err(Kind::NotFound.status(format!("exchange is {other:?}; it must be binance or bybit"))),
    }
}

fn exchange_of(instance: &Instance) -> &'static str {
    match instance.plan().venue {
        Venue::Binance => "binance",
        Venue::Bybit => "bybit",
    }
}

/// The first rules that run on both exchanges on the same series, Binance first.
fn pair<'a>(strategies: &'a [Instance], rules: &str) -> Option<(&'a Instance, &'a Instance)> {
    let of = |venue: Venue| move |instance: &&Instance| instance.plan().venue == venue;
    let named = |instance: &&Instance| rules.is_empty() || instance.plan().strategy.get().name() == rules;
    strategies.iter().filter(named).filter(of(Venue::Binance)).find_map(|one| {
        let same = |other: &&Instance| {
            let (ours, theirs) = (one.plan(), other.plan());
            ours.strategy == theirs.strategy
                && ours.symbol == theirs.symbol
                && ours.interval_seconds == theirs.interval_seconds
        };
        Some((one, strategies.iter().filter(of(Venue::Bybit)).find(same)?))
    })
}

/// ISO 8601, UTC, milliseconds.
fn timestamp(time: UnixMicros) -> String {
    format!("{time:.3}")
}

fn side(side: PositionSide) -> String {
    match side {
        PositionSide::Long => "LONG",
        PositionSide::Short => "SHORT",
    }
    .to_owned()
}

/// `trades` are all of the instance's, oldest first. `paused`: what the operator said when trading was paused.
fn stats_of(
    instance: &Instance,
    trades: &[ClosedTrade],
    now: UnixMicros,
    paused: Option<String>,
) -> wire::GetStatsResponse {
    let (account, tally) = (instance.account(), instance.tally());
    let total: Usd = trades.iter().map(|trade| trade.profit).sum();
    let profits = || trades.iter().map(|trade| trade.profit);
    let last = instance.last();
    wire::GetStatsResponse {
        exchange: exchange_of(instance).to_owned(),
        timestamp: timestamp(now),
        balance: account.cash().to_f64(),
        total_pnl: total.to_f64(),
        total_pnl_percent: total.to_f64() / account.start().to_f64() * 100.0,
        total_trades: tally.trades,
        wins: tally.wins,
        losses: tally.losses,
        win_rate: win_rate_percent(tally.wins, tally.losses),
        profit_factor: profit_factor(profits()),
        best_trade: profits().max().map(Usd::to_f64),
        worst_trade: profits().min().map(Usd::to_f64),
        current_streak: tally.streak,
        recent_trades: trades.iter().skip(trades.len().saturating_sub(RECENT_TRADES)).map(recent).collect(),
        current_position: instance.holding().map(current),
        risk_control: Some(risk(instance, now, paused)),
        schema_version: SCHEMA_VERSION,
        strategy: instance.id().to_owned(),
        symbol: instance.plan().symbol.to_string(),
        simulated: false,
        start_balance: account.start().to_f64(),
        equity: account.equity().to_f64(),
        unrealized_pnl: account.unrealized_pnl().to_f64(),
        total_fees: account.fees().to_f64(),
        candle_time: last.map(|last| last.time.into()),
        candle_age_seconds: last.map(|last| age_seconds(now, last.time)),
        stale: instance.is_stale(now),
        n_too_small: tally.trades < TRADES_MINIMUM,
    }
}

#[allow(clippy::cast_precision_loss)]
fn age_seconds(now: UnixMicros, then: UnixMicros) -> f64 {
    age_ms(now, then) as f64 / 1000.0
}

fn win_rate_percent(wins: u32, losses: u32) -> Option<f64> {
    (wins + losses > 0).then(|| f64::from(wins) / f64::from(wins + losses) * 100.0)
}

#[allow(clippy::cast_precision_loss)]
fn recent(trade: &ClosedTrade) -> wire::RecentTrade {
    wire::RecentTrade {
        id: trade.number,
        symbol: trade.symbol.to_string(),
        side: side(trade.side),
        entry_price: trade.entry.average_price,
        exit_price: trade.exit.average_price,
        amount: trade.exit.quantity,
        pnl: trade.profit.to_f64(),
        pnl_percent: trade.profit_percent,
        hold_time: age_ms(trade.closed_at(), trade.opened_at()) as f64,
        reason: trade.exit_reason.to_string(),
        timestamp: timestamp(trade.closed_at()),
    }
}

#[allow(clippy::cast_precision_loss)]
fn current(holding: &Holding) -> wire::CurrentPosition {
    wire::CurrentPosition {
        side: side(holding.entry.side),
        entry_price: holding.fill.average_price,
        amount: holding.fill.quantity,
        invested: holding.fill.notional.to_f64(),
        stop_loss: holding.stop_price,
        take_profit: holding.target_price,
        open_time: (holding.opened_at.get() / 1000) as f64,
    }
}

fn risk(instance: &Instance, now: UnixMicros, paused: Option<String>) -> wire::RiskControl {
    let pause = instance.pauses().present().filter(|pause| pause.until > now);
    let cooling = pause.map(|pause| format!("{} until {}", pause.cause.as_str(), timestamp(pause.until)));
    let by_operator = |reason: String| match reason.as_str() {
        "" => "by the operator".to_owned(),
        reason => format!("by the operator: {reason}"),
    };
    let pause_reason = paused.map(by_operator).or(cooling);
    let of_day = instance.account().realized_on_day(now);
    wire::RiskControl {
        trading_paused: pause_reason.is_some(),
        pause_reason,
        daily_loss: if of_day.is_negative() { of_day.abs().to_f64() } else { 0.0 },
    }
}

/// One of those that are compared, with everything it has done.
struct Side<'a> {
    instance: &'a Instance,
    marks: Vec<CandleMark>,
    trades: Vec<ClosedTrade>,
}

impl Side<'_> {
    fn compared(&self, now: UnixMicros, common: Option<(UnixMicros, UnixMicros)>) -> wire::ComparedExchange {
        let within = |trade: &&ClosedTrade| {
            common.is_some_and(|(from, until)| trade.closed_at() > from && trade.closed_at() <= until)
        };
        let profits: Vec<Usd> = self.trades.iter().filter(within).map(|trade| trade.profit).collect();
        let count =
            |wanted: fn(Usd) -> bool| super::count(profits.iter().filter(|one| wanted(**one)).count());
        let (wins, losses) = (count(Usd::is_positive), count(Usd::is_negative));
        let last = self.instance.last();
        wire::ComparedExchange {
            exchange: exchange_of(self.instance).to_owned(),
            strategy: self.instance.id().to_owned(),
            return_percent: common.and_then(|(from, until)| self.return_percent(from, until)),
            equity_usd: self.instance.account().equity().to_f64(),
            trades: super::count(profits.len()),
            wins,
            losses,
            profit_usd: profits.iter().copied().sum::<Usd>().to_f64(),
            win_rate_percent: win_rate_percent(wins, losses),
            profit_factor: profit_factor(profits.iter().copied()),
            n_too_small: super::count(profits.len()) < TRADES_MINIMUM,
            candle_time: last.map(|last| last.time.into()),
            candle_age_seconds: last.map(|last| age_seconds(now, last.time)),
            stale: self.instance.is_stale(now),
        }
    }

    fn return_percent(&self, from: UnixMicros, until: UnixMicros) -> Option<f64> {
        let at = |time| self.marks.iter().find(|mark| mark.time == time).map(|mark| mark.equity.to_f64());
        let (before, after) = (at(from)?, at(until)?);
        (before > 0.0).then(|| (after / before - 1.0) * 100.0)
    }
}

/// The first and the last candle that both have, not more than `hours` apart.
fn common(sides: &[Side<'_>], hours: Option<u32>) -> Option<(UnixMicros, UnixMicros)> {
    let [one, other] = sides else { return None };
    let in_both = |mark: &&CandleMark| other.marks.binary_search_by_key(&mark.time, |one| one.time).is_ok();
    let times: Vec<UnixMicros> = one.marks.iter().filter(in_both).map(|mark| mark.time).collect();
    let until = *times.last()?;
    let earliest = hours.map(|hours| until.minus(Duration::from_secs(u64::from(hours) * 3600)));
    let from = times.into_iter().find(|time| earliest.is_none_or(|earliest| *time >= earliest))?;
    (from < until).then_some((from, until))
}

fn hundredths(percent: f64) -> f64 {
    (percent * 100.0).round()
}

fn compared(sides: &[Side<'_>], now: UnixMicros, hours: Option<u32>) -> wire::CompareStatsResponse {
    let common = common(sides, hours);
    let exchanges: Vec<_> = sides.iter().map(|side| side.compared(now, common)).collect();
    let mut response = wire::CompareStatsResponse {
        from: common.map(|(from, _)| from.into()),
        until: common.map(|(_, until)| until.into()),
        ..wire::CompareStatsResponse::default()
    };
    let returns: Vec<_> = exchanges.iter().map(|one| one.return_percent).collect();
    let stale: Vec<&str> =
        exchanges.iter().filter(|one| one.stale).map(|one| one.exchange.as_str()).collect();
    match *returns.as_slice() {
        [Some(one), Some(other)] => {
            // Judged by what is shown, so that nobody reads a leader between two equal numbers.
            let lead = hundredths(one) - hundredths(other);
            let ahead = if lead > 0.0 { exchanges.first() } else { exchanges.last() };
            response.tie = lead == 0.0;
            if !response.tie {
                response.leader = ahead.map(|one| one.exchange.clone()).unwrap_or_default();
                response.lead_percent_points = lead.abs() / 100.0;
            }
            if !stale.is_empty() {
                response.caution = format!("candles have stopped coming on {}", stale.join(" and "));
            } else if exchanges.iter().any(|one| one.n_too_small) {
                response.caution = format!("fewer than {TRADES_MINIMUM} trades: the difference says little");
            }
        }
        _ => "they have no two candles in common yet".clone_into(&mut response.caution),
    }
    response.exchanges = exchanges;
    response
}
