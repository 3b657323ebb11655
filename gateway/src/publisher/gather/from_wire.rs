//! What the engines say, as facts. A value that is missing or absurd makes no fact.

use goat::values::{Price, UnixMicros};
use goat::wire::{market, trading};

use crate::publisher::facts::{
    Account, Benchmark, ClosedTrade, Direction, Facts, OpenTrade, Percent, Quote, Results, Trader,
    TraderKind, Usd, Window, World,
};
use crate::publisher::text;

/// A position cannot be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{id}: {field} is missing or no value")]
pub(crate) struct NotTold {
    pub(super) id: String,
    pub(super) field: &'static str,
}

/// How far the first price of a window may lie from its beginning, as a part of it.
const REACHES_WITHIN: u32 = 48;

/// The world, its time, and nothing else yet.
pub(super) fn frame(status: &trading::GetStatusResponse) -> Result<Facts, NotTold> {
    let missing = |field| NotTold { id: "the status".to_owned(), field };
    let world = match status.mode() {
        market::Mode::Simulated => World::Simulated,
        market::Mode::Replay => World::Replay,
        market::Mode::Live => World::Live,
        market::Mode::Unspecified => return Err(missing("mode")),
    };
    let time =
        |time: Option<goat::prost_types::Timestamp>| time.and_then(|time| UnixMicros::try_from(time).ok());
    let as_of = time(status.cursor_event_time).ok_or_else(|| missing("cursor_event_time"))?;
    let now = time(status.now).ok_or_else(|| missing("now"))?;
    Ok(Facts::of(world, as_of, now.since(as_of).as_secs()))
}

pub(super) fn direction(side: market::PositionSide) -> Option<Direction> {
    match side {
        market::PositionSide::Long => Some(Direction::Long),
        market::PositionSide::Short => Some(Direction::Short),
        market::PositionSide::Unspecified => None,
    }
}

fn play(id: &str) -> Trader {
    Trader { kind: TraderKind::Play, id: id.to_owned(), name: text::name(id) }
}

fn reason(reason: trading::ExitReason) -> &'static str {
    match reason {
        trading::ExitReason::StopLoss => "stop loss",
        trading::ExitReason::TrailingStop => "trailing stop",
        trading::ExitReason::MaximumHold => "longest hold reached",
        trading::ExitReason::Mirror => "the followed wallet sold",
        trading::ExitReason::Manual => "by hand",
        trading::ExitReason::Halt => "trading was halted",
        trading::ExitReason::Unspecified => "not said",
    }
}

/// A position of a play that is closed.
///
/// # Errors
///
/// When a value that a post leans on is not there.
pub(crate) fn closed_trade(position: &trading::Position) -> Result<ClosedTrade, NotTold> {
    let need = |field| NotTold { id: position.id.clone(), field };
    let entry = position.entry.as_ref().ok_or_else(|| need("entry"))?;
    let exit = position.exit.as_ref().ok_or_else(|| need("exit"))?;
    let profit = position.profit_usd.ok_or_else(|| need("profit_usd"))?;
    let held =
        position.hold_ms.and_then(|millis| u64::try_from(millis).ok()).ok_or_else(|| need("hold_ms"))?;
    let closed_at = position.closed_at.and_then(|time| UnixMicros::try_from(time).ok());
    let profit = Usd::of(profit).ok_or_else(|| need("profit_usd"))?;
    let size = Usd::of(entry.notional_usd).ok_or_else(|| need("entry.notional_usd"))?;
    // Of the cents that are shown, so that both have one sign.
    #[allow(clippy::cast_precision_loss)]
    let gain = profit.get() as f64 / size.get() as f64 * 100.0;
    Ok(ClosedTrade {
        id: position.id.clone(),
        trader: play(&position.play_id),
        symbol: "SOL".to_owned(),
        direction: direction(position.direction()).ok_or_else(|| need("direction"))?,
        entry: Price::new(entry.average_price).map_err(|_| need("entry.average_price"))?,
        exit: Price::new(exit.average_price).map_err(|_| need("exit.average_price"))?,
        size,
        profit,
        gain: Percent::of(gain).ok_or_else(|| need("entry.notional_usd"))?,
        fees: Usd::of(entry.fee_usd + exit.fee_usd).ok_or_else(|| need("fee_usd"))?,
        exit_reason: reason(position.exit_reason()),
        held_seconds: held / 1000,
        closed_at: closed_at.ok_or_else(|| need("closed_at"))?,
        decided_late: position.decided_late,
    })
}

/// A position of a play that is open.
pub(super) fn open_trade(position: &trading::Position) -> Result<OpenTrade, NotTold> {
    let need = |field| NotTold { id: position.id.clone(), field };
    let entry = position.entry.as_ref().ok_or_else(|| need("entry"))?;
    let current = position.current_price.and_then(|price| Price::new(price).ok());
    Ok(OpenTrade {
        id: position.id.clone(),
        trader: play(&position.play_id),
        symbol: "SOL".to_owned(),
        direction: direction(position.direction()).ok_or_else(|| need("direction"))?,
        entry: Price::new(entry.average_price).map_err(|_| need("entry.average_price"))?,
        current: current.ok_or_else(|| need("current_price"))?,
        stop: position.stop_price.and_then(|price| Price::new(price).ok()),
        size: Usd::of(entry.notional_usd).ok_or_else(|| need("entry.notional_usd"))?,
        gain: position.gain_percent.and_then(Percent::of).ok_or_else(|| need("gain_percent"))?,
        held_seconds: position.hold_ms.and_then(|millis| u64::try_from(millis).ok()).unwrap_or_default()
            / 1000,
    })
}

/// The results of every play that did something.
pub(super) fn results(performance: &trading::GetPlaysPerformanceResponse) -> Vec<Results> {
    let told = |play: &trading::PlayPerformance| {
        Some(Results {
            trader: Trader { kind: TraderKind::Play, id: play.play_id.clone(), name: text::name(&play.name) },
            trades: play.positions,
            wins: play.wins,
            losses: play.losses,
            profit: Usd::of(play.profit_usd)?,
            fees: Usd::of(play.fees_usd)?,
            open: play.open,
        })
    };
    let active = performance.plays.iter().filter(|play| play.positions > 0 || play.open > 0);
    active.filter_map(told).collect()
}

pub(super) fn account(account: &trading::Account) -> Option<Account> {
    let growth = (account.equity_usd - account.start_usd) / account.start_usd * 100.0;
    Some(Account {
        start: Usd::of(account.start_usd)?,
        equity: Usd::of(account.equity_usd)?,
        unrealised: Usd::of(account.unrealised_usd)?,
        fees: Usd::of(account.fees_usd)?,
        open_positions: account.open_positions,
        growth: Percent::of(growth)?,
    })
}

/// The active cycle with the largest threshold: the threshold, and the peak over its start.
pub(super) fn cycle(cycles: &trading::ListCyclesResponse) -> Option<(Percent, Percent)> {
    let active = cycles.cycles.iter().filter(|cycle| cycle.active);
    let largest = active.max_by(|one, other| one.threshold_percent.total_cmp(&other.threshold_percent))?;
    Some((Percent::of(largest.threshold_percent)?, Percent::of(largest.max_percent_increase)?))
}

pub(super) fn quote(price: &market::GetPriceResponse, day_change: Option<Percent>) -> Option<Quote> {
    Some(Quote {
        token: text::name(&price.token),
        price: Price::new(price.price).ok()?,
        age_seconds: u64::try_from(price.age_ms).unwrap_or_default() / 1000,
        stale: price.stale,
        source: source(price.source()).to_owned(),
        day_change,
    })
}

fn source(source: market::Source) -> &'static str {
    match source {
        market::Source::Jupiter => "Jupiter",
        market::Source::Binance => "Binance",
        market::Source::Bybit => "Bybit",
        market::Source::Quicknode => "QuickNode",
        market::Source::Simulated => "simulated",
        market::Source::Replay => "recorded",
        market::Source::User => "own feed",
        market::Source::Engine | market::Source::Unspecified => "source not said",
    }
}

pub(super) fn change(from: f64, to: f64) -> Option<Percent> {
    Percent::of((to - from) / from * 100.0)
}

/// The first and the last price of a history that reaches the beginning of its window.
pub(super) fn ends(history: &market::GetPriceHistoryResponse, window: Window) -> Option<(f64, f64)> {
    let (first, last) = (history.points.first()?, history.points.last()?);
    let (from, to) = (UnixMicros::try_from(first.time?).ok()?, UnixMicros::try_from(last.time?).ok()?);
    let length = std::time::Duration::from_hours(window.hours().into());
    (to.since(from) >= length.saturating_sub(length / REACHES_WITHIN)).then_some((first.price, last.price))
}

pub(super) fn benchmark(window: Window, (from, to): (f64, f64), traded: Percent) -> Option<Benchmark> {
    let change = change(from, to)?;
    Some(Benchmark { window, from: Price::new(from).ok()?, to: Price::new(to).ok()?, change, traded })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(price: f64, fee: f64) -> trading::Fill {
        trading::Fill { average_price: price, notional_usd: 100.0, fee_usd: fee, ..trading::Fill::default() }
    }

    fn closed() -> trading::Position {
        trading::Position {
            id: "4711.two".to_owned(),
            play_id: "two".to_owned(),
            direction: market::PositionSide::Long.into(),
            entry: Some(fill(133.5, 0.1)),
            exit: Some(fill(134.0, 0.1)),
            profit_usd: Some(0.174),
            hold_ms: Some(61_500),
            closed_at: Some(UnixMicros::default().into()),
            exit_reason: trading::ExitReason::TrailingStop.into(),
            ..trading::Position::default()
        }
    }

    #[test]
    fn a_closed_position_is_told_with_its_fees() {
        let trade = closed_trade(&closed()).unwrap();

        assert_eq!((trade.profit, trade.fees), (Usd::from_cents(17), Usd::from_cents(20)));
        assert_eq!((trade.exit_reason, trade.held_seconds), ("trailing stop", 61));
    }

    #[test]
    fn what_is_missing_is_named_and_never_zero() {
        let refusal = closed_trade(&trading::Position { profit_usd: None, ..closed() }).unwrap_err();

        assert_eq!(refusal.to_string(), "4711.two: profit_usd is missing or no value");
        assert!(closed_trade(&trading::Position { exit: None, ..closed() }).is_err());
        assert!(closed_trade(&trading::Position { profit_usd: Some(f64::NAN), ..closed() }).is_err());
    }

    #[test]
    fn a_history_that_does_not_reach_its_beginning_has_no_change() {
        let point = |hours: i64, price| market::PricePoint {
            time: UnixMicros::from_seconds(hours * 3600).ok().map(Into::into),
            price,
        };
        let history = |points| market::GetPriceHistoryResponse { points, ..Default::default() };

        assert_eq!(
            ends(&history(vec![point(0, 100.0), point(24, 110.0)]), Window::Day),
            Some((100.0, 110.0))
        );
        assert_eq!(ends(&history(vec![point(5, 100.0), point(24, 110.0)]), Window::Day), None);
    }
}
