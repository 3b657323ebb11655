//! What the engine says of paper strategies, as facts.

use std::collections::BTreeMap;
use std::time::Duration;

use goat::values::{Price, UnixMicros};
use goat::wire::{market, trading};

use super::from_wire::{NotTold, direction};
use crate::publisher::facts::{
    Account, ChainHead, ClosedTrade, CoolOff, Exchanges, OpenTrade, Percent, Results, Side, Trader,
    TraderKind, Usd, Window,
};
use crate::publisher::text;

type Time = Option<goat::prost_types::Timestamp>;

fn moment(time: Time) -> Option<UnixMicros> {
    time.and_then(|time| UnixMicros::try_from(time).ok())
}

/// Under which a trade is told: a strategy leaves once at most by one event.
pub(crate) fn trade_id(trade: &trading::StrategyTrade) -> String {
    format!("{}.{}", trade.strategy, trade.closed_seq)
}

/// A strategy by the words that tell it from others: `ma_rsi Binance BTCUSDT 5m`.
pub(crate) fn trader(strategy: &trading::Strategy) -> Trader {
    let venue = match strategy.venue() {
        market::Venue::Binance => "Binance",
        market::Venue::Bybit => "Bybit",
        market::Venue::Unspecified => "",
    };
    let interval = match strategy.interval_seconds {
        seconds if seconds % 3600 == 0 => format!("{}h", seconds / 3600),
        seconds => format!("{}m", seconds / 60),
    };
    let name = text::name(&format!("{} {venue} {} {interval}", strategy.rules, strategy.symbol));
    Trader { kind: TraderKind::Strategy, id: strategy.name.clone(), name }
}

/// Who made a trade, and in what. A strategy that is no longer configured is told by its id.
fn maker(name: &str, known: &[trading::Strategy]) -> (Trader, String) {
    if let Some(strategy) = known.iter().find(|strategy| strategy.name == name) {
        return (trader(strategy), coin(&strategy.symbol));
    }
    let trader = Trader { kind: TraderKind::Strategy, id: name.to_owned(), name: text::name(name) };
    (trader, name.split('-').nth(2).map_or_else(|| "unnamed".to_owned(), coin))
}

/// BTC of BTCUSDT.
fn coin(pair: &str) -> String {
    text::name(pair.strip_suffix("USDT").filter(|coin| !coin.is_empty()).unwrap_or(pair))
}

fn reason(reason: &str) -> &'static str {
    match reason {
        "STOP_LOSS" => "stop loss",
        "TRAILING_STOP" => "trailing stop",
        "TAKE_PROFIT" => "target reached",
        "SIGNAL" => "signal of its rules",
        "TIME_EXIT" => "longest hold reached",
        "HALT" => "trading was halted",
        _ => "not said",
    }
}

/// A trade of a strategy that is over.
///
/// # Errors
///
/// When a value that a post leans on is not there.
pub(crate) fn closed_trade(
    trade: &trading::StrategyTrade,
    known: &[trading::Strategy],
) -> Result<ClosedTrade, NotTold> {
    let need = |field| NotTold { id: trade_id(trade), field };
    let (opened, closed) = (moment(trade.opened_at), moment(trade.closed_at));
    let (opened, closed) =
        (opened.ok_or_else(|| need("opened_at"))?, closed.ok_or_else(|| need("closed_at"))?);
    let profit = Usd::of(trade.profit_usd).ok_or_else(|| need("profit_usd"))?;
    let size = Usd::of(trade.notional_usd).ok_or_else(|| need("notional_usd"))?;
    // Of the cents that are shown, so that both have one sign.
    #[allow(clippy::cast_precision_loss)]
    let gain = profit.get() as f64 / size.get() as f64 * 100.0;
    let (trader, symbol) = maker(&trade.strategy, known);
    Ok(ClosedTrade {
        id: trade_id(trade),
        trader,
        symbol,
        direction: direction(trade.direction()).ok_or_else(|| need("direction"))?,
        entry: Price::new(trade.entry_price).map_err(|_| need("entry_price"))?,
        exit: Price::new(trade.exit_price).map_err(|_| need("exit_price"))?,
        size,
        profit,
        gain: Percent::of(gain).ok_or_else(|| need("notional_usd"))?,
        fees: Usd::of(trade.fees_usd).ok_or_else(|| need("fees_usd"))?,
        exit_reason: reason(&trade.exit_reason),
        held_seconds: closed.since(opened).as_secs(),
        closed_at: closed,
        decided_late: trade.decided_late,
    })
}

/// What the strategies hold.
pub(super) fn open_trades(strategies: &[trading::Strategy], as_of: UnixMicros) -> Vec<OpenTrade> {
    let held = |strategy: &trading::Strategy| {
        let position = strategy.position.as_ref()?;
        let direction = direction(position.direction())?;
        let sign = match direction {
            crate::publisher::facts::Direction::Long => 1.0,
            crate::publisher::facts::Direction::Short => -1.0,
        };
        let gain = sign * (position.mark_price / position.entry_price - 1.0) * 100.0;
        Some(OpenTrade {
            id: strategy.name.clone(),
            trader: trader(strategy),
            symbol: coin(&strategy.symbol),
            direction,
            entry: Price::new(position.entry_price).ok()?,
            current: Price::new(position.mark_price).ok()?,
            stop: Price::new(position.stop_price).ok(),
            size: Usd::of(position.notional_usd)?,
            gain: Percent::of(gain)?,
            held_seconds: as_of.since(moment(position.opened_at)?).as_secs(),
        })
    };
    strategies.iter().filter_map(held).collect()
}

/// All accounts together; none without strategies, or when one of them has no amounts.
pub(super) fn accounts(strategies: &[trading::Strategy]) -> Option<Account> {
    let accounts: Option<Vec<_>> = strategies.iter().map(|strategy| strategy.account.as_ref()).collect();
    let accounts = accounts.filter(|accounts| !accounts.is_empty())?;
    let sum = |amount: fn(&trading::StrategyAccount) -> f64| -> f64 {
        accounts.iter().map(|account| amount(account)).sum()
    };
    let (start, equity) = (sum(|account| account.start_usd), sum(|account| account.equity_usd));
    let open = strategies.iter().filter(|strategy| strategy.position.is_some()).count();
    Some(Account {
        start: Usd::of(start)?,
        equity: Usd::of(equity)?,
        unrealised: Usd::of(sum(|account| account.unrealised_usd))?,
        fees: Usd::of(sum(|account| account.fees_usd))?,
        open_positions: u32::try_from(open).ok()?,
        growth: Percent::of((equity - start) / start * 100.0)?,
    })
}

/// Those that cool off.
pub(crate) fn cool_offs(strategies: &[trading::Strategy]) -> Vec<CoolOff> {
    let pausing = |strategy: &trading::Strategy| {
        let pause = strategy.pause.as_ref()?;
        Some(CoolOff {
            trader: trader(strategy),
            cause: text::reason(&pause.cause),
            since: moment(pause.since)?,
            until: moment(pause.until)?,
        })
    };
    strategies.iter().filter_map(pausing).collect()
}

/// What came of the trades that ended within a window.
pub(super) fn results(
    window: Window,
    as_of: UnixMicros,
    trades: &[trading::StrategyTrade],
    strategies: &[trading::Strategy],
) -> Vec<Results> {
    let from = as_of.minus(Duration::from_hours(window.hours().into()));
    let mut found: BTreeMap<String, Results> = BTreeMap::new();
    let open =
        |name: &str| strategies.iter().any(|strategy| strategy.name == name && strategy.position.is_some());
    let empty = |trader: Trader| Results {
        open: open(&trader.id).into(),
        trader,
        trades: 0,
        wins: 0,
        losses: 0,
        profit: Usd::default(),
        fees: Usd::default(),
    };
    for strategy in strategies.iter().filter(|strategy| strategy.position.is_some()) {
        found.insert(strategy.name.clone(), empty(trader(strategy)));
    }
    let ended = trades.iter().filter_map(|trade| closed_trade(trade, strategies).ok());
    for trade in ended.filter(|trade| trade.closed_at > from) {
        let id = trade.trader.id.clone();
        let results = found.entry(id).or_insert_with(|| empty(trade.trader.clone()));
        results.trades += 1;
        results.wins += u32::from(trade.profit.get() > 0);
        results.losses += u32::from(trade.profit.get() < 0);
        results.profit = results.profit.plus(trade.profit);
        results.fees = results.fees.plus(trade.fees);
    }
    found.into_values().collect()
}

/// None while the exchanges have no time in common.
pub(super) fn exchanges(compared: &trading::CompareStatsResponse) -> Option<Exchanges> {
    let side = |side: &trading::ComparedExchange| {
        Some(Side {
            exchange: match side.exchange.as_str() {
                "binance" => "Binance",
                "bybit" => "Bybit",
                _ => return None,
            },
            growth: Percent::of(side.return_percent?)?,
            trades: side.trades,
            wins: side.wins,
            losses: side.losses,
            profit: Usd::of(side.profit_usd)?,
            // Ages are not negative.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            age_seconds: side.candle_age_seconds? as u64,
            stale: side.stale,
        })
    };
    let [one, other] = compared.exchanges.as_slice() else { return None };
    Some(Exchanges {
        rules: text::name(&compared.strategy),
        symbol: text::name(&compared.symbol),
        from: moment(compared.from)?,
        until: moment(compared.until)?,
        sides: [side(one)?, side(other)?],
    })
}

/// Of what is in the ledger, so that no record is told that a crash could take back. None before the first.
pub(super) fn chain(chain: &trading::GetResultChainResponse) -> Option<ChainHead> {
    let head = chain.committed.as_ref()?;
    Some(ChainHead { time: moment(head.time)?, record: head.number, hash: head.hash.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> UnixMicros {
        UnixMicros::from_seconds(hours * 3600).unwrap()
    }

    fn strategy(name: &str) -> trading::Strategy {
        trading::Strategy {
            name: name.to_owned(),
            rules: "ma_rsi".to_owned(),
            venue: market::Venue::Bybit.into(),
            symbol: "BTCUSDT".to_owned(),
            interval_seconds: 300,
            account: Some(trading::StrategyAccount {
                start_usd: 10_000.0,
                equity_usd: 9990.0,
                ..trading::StrategyAccount::default()
            }),
            ..trading::Strategy::default()
        }
    }

    fn trade(strategy: &str, closed: i64, profit_usd: f64) -> trading::StrategyTrade {
        trading::StrategyTrade {
            strategy: strategy.to_owned(),
            number: 1,
            direction: market::PositionSide::Short.into(),
            opened_at: Some(at(closed - 1).into()),
            closed_at: Some(at(closed).into()),
            entry_price: 100_000.0,
            exit_price: 99_000.0,
            notional_usd: 3000.0,
            profit_usd,
            fees_usd: 6.0,
            exit_reason: "TAKE_PROFIT".to_owned(),
            closed_seq: 77,
            ..trading::StrategyTrade::default()
        }
    }

    #[test]
    fn a_strategys_trade_is_told_by_its_rules_exchange_and_pair() {
        let told = closed_trade(&trade("a", 5, 30.0), &[strategy("a")]).unwrap();

        assert_eq!((told.id.as_str(), told.trader.name.as_str()), ("a.77", "ma_rsi Bybit BTCUSDT 5m"));
        assert_eq!((told.symbol.as_str(), told.exit_reason), ("BTC", "target reached"));
        assert_eq!((told.gain, told.held_seconds), (Percent::from_hundredths(100), 3600));
        let unknown = closed_trade(&trade("ma_rsi-bybit-ETHUSDT-300", 5, 30.0), &[]).unwrap();
        assert_eq!(
            (unknown.symbol.as_str(), unknown.trader.name.as_str()),
            ("ETH", "ma_rsi-bybit-ETHUSDT-300")
        );
    }

    #[test]
    fn what_is_missing_is_named() {
        let refusal = closed_trade(
            &trading::StrategyTrade { closed_at: None, ..trade("a", 5, 30.0) },
            &[strategy("a")],
        );

        assert_eq!(refusal.unwrap_err().to_string(), "a.77: closed_at is missing or no value");
        assert!(closed_trade(&trade("a", 5, f64::NAN), &[]).is_err());
    }

    #[test]
    fn a_window_has_the_trades_that_ended_within_it() {
        let trades = [trade("a", 99, 30.0), trade("b", 80, 0.001), trade("a", 77, -5.0), trade("a", 75, 9.0)];

        let found = results(Window::Day, at(100), &trades, &[strategy("a"), strategy("b")]);

        let told = found.iter().map(|one| (one.trades, one.wins, one.losses, one.profit.get()));
        assert_eq!(told.collect::<Vec<_>>(), [(2, 1, 1, 2500), (1, 0, 0, 0)]);
    }

    #[test]
    fn accounts_are_added_up() {
        let all = accounts(&[strategy("a"), strategy("b")]).unwrap();

        assert_eq!((all.start, all.growth), (Usd::from_cents(2_000_000), Percent::from_hundredths(-10)));
        assert_eq!(accounts(&[]), None);
    }
}
