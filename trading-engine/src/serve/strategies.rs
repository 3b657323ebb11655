//! Paper strategies: as they are, their trades, their equity.

use std::collections::BTreeSet;
use std::time::Duration;

use goat::error::{Kind, internal};
use goat::values::UnixMicros;
use goat::wire::market as market_wire;
use goat::wire::trading as wire;
use tonic::Status;

use super::positions::Condition;
use super::{Trading, checked_limit, command, count};
use crate::core::account::{Account, OpenPosition};
use crate::core::command::Order;
use crate::core::strategies::{CandleMark, ClosedTrade, Holding, Instance, Pause, Standing};
use crate::view::View;

const HOURS_DEFAULT: u32 = 24;
const HOURS_MAX: u32 = 24 * 366;
const POINTS_DEFAULT: u32 = 1000;

/// The events that filled something late, with the instance.
pub(super) type LateFills = BTreeSet<(String, u64)>;

impl Trading {
    pub(super) fn strategies(&self) -> Vec<wire::Strategy> {
        let view = self.view.read();
        view.strategies.iter().map(|instance| message(instance, &view)).collect()
    }

    pub(super) fn strategy(&self, name: &str) -> Result<wire::Strategy, Status> {
        let instance = self.instance(name)?;
        Ok(message(&instance, &self.view.read()))
    }

    /// The instance of that name.
    pub(super) fn instance(&self, name: &str) -> Result<Instance, Status> {
        let strategies = self.view.read().strategies.clone();
        let found = strategies.iter().find(|instance| instance.id() == name).cloned();
        found.ok_or_else(|| {
            let known: Vec<&str> = strategies.iter().map(Instance::id).collect();
            Kind::NotFound.status(format!("there is no strategy {name:?}; there are {}", known.join(", ")))
        })
    }

    pub(super) async fn strategy_trades(
        &self,
        request: wire::ListStrategyTradesRequest,
    ) -> Result<wire::ListStrategyTradesResponse, Status> {
        let limit = checked_limit(request.limit)?;
        let mut condition = Condition::default();
        if !request.name.is_empty() {
            condition.and("instance = ?", self.instance(&request.name)?.id().to_owned());
        }
        if !request.page_token.is_empty() {
            let (closed_at, number, instance) = page_token(&request.page_token)?;
            condition.and("(closed_at, instance, number) < (make_timestamp(?), ?, ?)", closed_at);
            condition.parameters.push(Box::new(instance));
            condition.parameters.push(Box::new(number));
        }
        let order = format!("ORDER BY closed_at DESC, instance DESC, number DESC LIMIT {}", limit + 1);
        let mut rows: Vec<ClosedTrade> = self.records(&condition.text(&order), condition.parameters).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let late = self.late_fills().await?;
        let token =
            |trade: &ClosedTrade| format!("{}.{}.{}", trade.closed_at().get(), trade.number, trade.instance);
        Ok(wire::ListStrategyTradesResponse {
            count: count(rows.len()),
            next_page_token: rows.last().filter(|_| more).map(token).unwrap_or_default(),
            trades: rows.iter().map(|trade| trade_message(trade, &late)).collect(),
        })
    }

    pub(super) async fn strategy_equity(
        &self,
        request: wire::GetStrategyEquityRequest,
    ) -> Result<wire::GetStrategyEquityResponse, Status> {
        let hours = request.hours.unwrap_or(HOURS_DEFAULT);
        if !(1..=HOURS_MAX).contains(&hours) {
            return Err(Kind::Invalid.status(format!("hours is {hours}; it must be 1 to {HOURS_MAX}")));
        }
        let points_max = checked_limit(Some(request.max_points.unwrap_or(POINTS_DEFAULT)))
            .map_err(|_| Kind::Invalid.status("max_points must be 1 to 10000".to_owned()))?;
        let name = self.instance(&request.name)?.id().to_owned();
        let since = self.now().minus(Duration::from_secs(u64::from(hours) * 3600));
        let marks: Vec<CandleMark> = self
            .records(
                "WHERE instance = ? AND time >= make_timestamp(?) ORDER BY time",
                vec![Box::new(name.clone()), Box::new(since.get())],
            )
            .await?;
        let kept = thinned(&marks, points_max as usize);
        Ok(wire::GetStrategyEquityResponse {
            name,
            count: count(kept.len()),
            candles: count(marks.len()),
            points: kept.into_iter().map(candle).collect(),
        })
    }

    pub(super) async fn resume_strategy(
        &self,
        request: wire::ResumeStrategyRequest,
    ) -> Result<wire::Strategy, Status> {
        let wire::ResumeStrategyRequest { name, reason, requested_by, request_id } = request;
        let instance = self.instance(&name)?;
        let now = self.now();
        if request_id.is_empty() && instance.pauses().present().is_none_or(|pause| pause.until <= now) {
            return Err(Kind::Precondition.status(format!("strategy {name:?} is not paused")));
        }
        let request = command::request(reason, requested_by)?;
        let order = Order::ResumeStrategy { id: name.clone(), request };
        command::carry_out(&self.commands, order, request_id).await?;
        self.strategy(&name)
    }

    pub(super) async fn late_fills(&self) -> Result<LateFills, Status> {
        self.readers.late_fills().await.map_err(|error| internal("reading strategy_fills_late", &error))
    }
}

/// At most so many of them: the newest of equal stretches, and the first.
fn thinned(marks: &[CandleMark], points_max: usize) -> Vec<&CandleMark> {
    let stride = marks.len().div_ceil(points_max.max(1)).max(1);
    let last = marks.len().saturating_sub(1);
    let kept = |at: usize| (last - at).is_multiple_of(stride);
    let mut points: Vec<_> = (0..).zip(marks).filter(|(at, _)| kept(*at)).map(|(_, mark)| mark).collect();
    if let (Some(first), false, true) = (marks.first(), kept(0), points.len() < points_max) {
        points.insert(0, first);
    }
    points
}

/// Microseconds of the exit, number, instance.
fn page_token(text: &str) -> Result<(i64, u32, String), Status> {
    let read = |mut parts: std::str::SplitN<'_, char>| {
        let (closed_at, number) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some((closed_at, number, parts.next()?.to_owned()))
    };
    read(text.splitn(3, '.')).ok_or_else(|| {
        Kind::Invalid.status(format!("page_token is {text:?}; it must be a next_page_token of before"))
    })
}

fn message(instance: &Instance, view: &View) -> wire::Strategy {
    let (plan, account, tally, now) = (instance.plan(), instance.account(), instance.tally(), view.clock);
    let rules = plan.strategy.get();
    let (standing, idle_reason) = instance.standing(now, view.controls.pause.is_none());
    let state = match standing {
        Standing::Watching => wire::strategy::State::Watching,
        Standing::Ordered => wire::strategy::State::Ordered,
        Standing::Holding => wire::strategy::State::Holding,
        Standing::Idle => wire::strategy::State::Idle,
    };
    let profit = account.equity() - account.start();
    wire::Strategy {
        name: instance.id().to_owned(),
        rules: rules.name().to_owned(),
        about: rules.about().to_owned(),
        venue: market_wire::Venue::from(plan.venue).into(),
        symbol: plan.symbol.to_string(),
        interval_seconds: plan.interval_seconds,
        parameters: Some(parameters(instance)),
        state: state.into(),
        idle_reason: idle_reason.into_owned(),
        account: Some(wire::StrategyAccount {
            start_usd: account.start().to_f64(),
            equity_usd: account.equity().to_f64(),
            cash_usd: account.cash().to_f64(),
            realised_usd: account.realized_pnl().to_f64(),
            unrealised_usd: account.unrealized_pnl().to_f64(),
            fees_usd: account.fees().to_f64(),
            profit_percent: profit.to_f64() / account.start().to_f64() * 100.0,
        }),
        position: instance.holding().map(|holding| position(holding, account)),
        pause: instance.pauses().present().filter(|pause| pause.until > now).map(pause),
        last_candle: instance.last().map(candle),
        last_candle_age_ms: instance.last().map(|last| age_ms(now, last.time)),
        stale: instance.is_stale(now),
        gap_since: instance.window().gap_since().map(Into::into),
        trades: tally.trades,
        wins: tally.wins,
        losses: tally.losses,
        streak: tally.streak,
        simulated: view.mode == market_wire::Mode::Simulated,
    }
}

/// From a moment to the newest event.
pub(super) fn age_ms(now: UnixMicros, then: UnixMicros) -> i64 {
    (now.get() - then.get()).max(0) / 1000
}

fn parameters(instance: &Instance) -> wire::StrategyParameters {
    let (plan, rules) = (instance.plan(), instance.plan().strategy.get());
    let bounds = rules.bounds();
    wire::StrategyParameters {
        start_usd: instance.account().start().to_f64(),
        taker_fee_bps: plan.costs.get().taker_fee_bps,
        slippage_bps: plan.costs.get().slippage_bps,
        latency_ms: plan.latency_ms,
        candles: count(rules.candles()),
        losses_max: bounds.losses_max,
        daily_loss_percent: bounds.daily_loss_percent,
        win_rate_percent: bounds.win_rate_percent,
        drawdown_percent: bounds.drawdown_percent,
        cool_off_seconds: bounds.cool_off_seconds,
    }
}

fn position(holding: &Holding, account: &Account) -> wire::StrategyPosition {
    let held = account.positions().get(&holding.key);
    wire::StrategyPosition {
        direction: market_wire::PositionSide::from(holding.entry.side).into(),
        quantity: holding.fill.quantity,
        entry_price: holding.fill.average_price,
        opened_at: Some(holding.opened_at.into()),
        entry_reason: holding.entry_reason.to_string(),
        stop_price: holding.stop_price,
        target_price: holding.target_price,
        best_price: holding.best_price,
        worst_price: holding.worst_price,
        notional_usd: holding.fill.notional.to_f64(),
        entry_fee_usd: holding.fill.fee.to_f64(),
        unrealised_usd: account.unrealized_pnl().to_f64(),
        mark_price: held.map_or(holding.fill.average_price, OpenPosition::mark_price),
    }
}

fn pause(pause: &Pause) -> wire::StrategyPause {
    wire::StrategyPause {
        cause: pause.cause.as_str().to_owned(),
        since: Some(pause.since.into()),
        until: Some(pause.until.into()),
    }
}

fn candle(mark: &CandleMark) -> wire::StrategyCandle {
    let decision = mark.decision.as_ref();
    let indicators = decision.iter().flat_map(|decision| &decision.indicators);
    wire::StrategyCandle {
        time: Some(mark.time.into()),
        seq: mark.seq.get(),
        close: mark.close,
        equity_usd: mark.equity.to_f64(),
        cash_usd: mark.cash.to_f64(),
        unrealised_usd: mark.unrealized.to_f64(),
        signal: decision.map(|decision| decision.signal.as_str().to_owned()).unwrap_or_default(),
        reason: decision.map(|decision| decision.reason.to_string()).unwrap_or_default(),
        withheld: mark.withheld.as_deref().unwrap_or_default().to_owned(),
        indicators: indicators.map(|one| (one.name.to_string(), one.value)).collect(),
    }
}

/// Whether entry or exit was filled late.
pub(super) fn is_late(trade: &ClosedTrade, late: &LateFills) -> bool {
    let filled_late = |seq: goat::values::Seq| late.contains(&(trade.instance.clone(), seq.get()));
    filled_late(trade.opened_seq) || filled_late(trade.closed_seq)
}

fn trade_message(trade: &ClosedTrade, late: &LateFills) -> wire::StrategyTrade {
    wire::StrategyTrade {
        strategy: trade.instance.clone(),
        number: trade.number,
        direction: market_wire::PositionSide::from(trade.side).into(),
        decided_at: Some(trade.entry.order.decided_time.into()),
        opened_at: Some(trade.opened_at().into()),
        closed_at: Some(trade.closed_at().into()),
        entry_price: trade.entry.average_price,
        exit_price: trade.exit.average_price,
        quantity: trade.exit.quantity,
        notional_usd: trade.entry.notional.to_f64(),
        entry_reason: trade.entry_reason.to_string(),
        exit_reason: trade.exit_reason.to_string(),
        gross_usd: trade.gross_profit.to_f64(),
        fees_usd: trade.fees.to_f64(),
        profit_usd: trade.profit.to_f64(),
        profit_percent: trade.profit_percent,
        best_percent: trade.best_percent,
        worst_percent: trade.worst_percent,
        equity_before_usd: trade.equity_before.to_f64(),
        equity_after_usd: trade.equity_after.to_f64(),
        stop_price: trade.stop_price,
        target_price: trade.target_price,
        opened_seq: trade.opened_seq.get(),
        closed_seq: trade.closed_seq.get(),
        decided_late: is_late(trade, late),
    }
}
