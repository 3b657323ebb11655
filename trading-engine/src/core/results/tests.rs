use goat::event::{PositionSide, Side};
use goat::values::{Price, Seq, Symbol};
use proptest::prelude::*;

use super::*;
use crate::core::account::{Account, PositionKey};
use crate::core::fill::{Amount, Costs, Fill, Order, Purpose, SeenPrice, fill_from_price};

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_000_000 + seconds).unwrap()
}

fn trade(opened: i64, closed: i64, realized: f64, fees: f64) -> Trade {
    let (realized, fees) = (usd(realized), usd(fees));
    let times = (at(opened), at(closed));
    Trade { opened_at: times.0, closed_at: times.1, notional: usd(100.0), realized, fees, excursion: None }
}

fn mark(seconds: i64, equity: f64) -> EquityMark {
    EquityMark { time: at(seconds), equity: usd(equity) }
}

fn hour() -> Period {
    Period { from: at(0), until: at(3600), prices: Some((100.0, 102.0)), before: Before::default() }
}

/// Twelve wins of 2 and eight losses of 1 after fees, alternating where they can.
fn twenty() -> Vec<Trade> {
    let win = |place: i64| place % 5 != 1 && place % 5 != 3;
    (0..20)
        .map(|place| trade(place * 60, place * 60 + 30, if win(place) { 2.5 } else { -0.5 }, 0.5))
        .collect()
}

#[test]
fn the_figures_of_twenty_trades_are_those_counted_by_hand() {
    let found = results(usd(1000.0), &twenty(), &[], &[mark(0, 1000.0)], &hour());

    assert_eq!((found.trades, found.wins, found.losses), (20, 12, 8));
    assert_eq!(found.win_rate, Some(0.6));
    assert_eq!(found.profit(), usd(16.0));
    assert_eq!((found.realized, found.fees, found.equity()), (usd(26.0), usd(10.0), usd(1016.0)));
    assert!((found.profit_percent.unwrap() - 1.6).abs() < 1e-12);
    assert_eq!(found.profit_factor, Some(3.0));
    assert!((found.expectancy_usd.unwrap() - 0.8).abs() < 1e-12);
    assert_eq!((found.best, found.worst), (Some(usd(2.0)), Some(usd(-1.0))));
    assert_eq!((found.streak_wins, found.streak_losses, found.streak), (2, 1, 1));
    assert_eq!(found.average_hold, Some(Duration::from_secs(30)));
    assert!((found.exposure_percent.unwrap() - 600.0 / 36.0).abs() < 1e-9);
    assert!((found.buy_and_hold_percent.unwrap() - 2.0).abs() < 1e-12);
}

#[test]
fn ratios_of_too_few_trades_are_not_told() {
    let found = results(usd(1000.0), &twenty()[..19], &[], &[], &hour());

    assert!(found.is_too_small());
    assert_eq!((found.win_rate, found.profit_factor, found.expectancy_usd), (None, None, None));
    assert_eq!((found.win_rate_interval, found.sharpe, found.drawdown), (None, None, None));
    assert!(found.best.is_some());
}

#[test]
fn without_losses_there_is_no_profit_factor_and_break_even_is_neither() {
    let even: Vec<Trade> = (0..30).map(|place| trade(place, place + 1, 0.5, 0.5)).collect();
    let found = results(usd(1000.0), &even, &[], &[], &hour());

    assert_eq!((found.wins, found.losses, found.win_rate), (0, 0, None));
    assert_eq!((found.profit_factor, found.streak_wins), (None, 0));
    assert_eq!(found.expectancy_usd, Some(0.0));
}

#[test]
fn a_drawdown_lasts_from_its_peak_until_the_peak_is_reached_again() {
    let curve = [(10, 100.0), (20, 120.0), (30, 90.0), (40, 110.0), (50, 120.0), (60, 119.0)];
    let curve: Vec<_> = curve.into_iter().map(|(second, equity)| mark(second, equity)).collect();
    let found = results(usd(100.0), &[], &[], &curve, &hour()).drawdown.unwrap();

    assert_eq!((found.usd, found.percent, found.recovered), (usd(30.0), 25.0, true));
    assert_eq!((found.from, found.until, found.length()), (at(20), at(50), Duration::from_secs(30)));

    let found = results(usd(100.0), &[], &[], &curve[..4], &hour()).drawdown.unwrap();
    assert_eq!((found.recovered, found.until), (false, at(40)));
}

#[test]
fn a_day_without_marks_is_a_day_without_a_change() {
    let daily = |days: i64, gain: f64| -> Vec<EquityMark> {
        (0..=days)
            .map(|day| mark(day * 86_400, 1000.0 * (1.0 + gain).powi(i32::try_from(day).unwrap())))
            .collect()
    };
    let ratios = |curve: &[EquityMark]| {
        let found = results(usd(1000.0), &[], &[], curve, &hour());
        (found.sharpe, found.sortino)
    };

    assert_eq!(ratios(&daily(19, 0.01)), (None, None));
    let (sharpe, sortino) = ratios(&daily(25, 0.01));
    assert!(sharpe.unwrap() > 50.0);
    assert_eq!(sortino, None, "no day lost");
    let mut falling = daily(25, -0.01);
    falling.drain(5..9);
    let (sharpe, sortino) = ratios(&falling);
    assert!(sharpe.unwrap() < 0.0 && sortino.unwrap() < 0.0);
}

fn fill(side: Side, amount: Amount, price: f64, second: i64) -> Fill {
    let order = Order { side, purpose: Purpose::Entry, amount, decided_time: at(second), latency_ms: 250 };
    let seen = SeenPrice { seq: Seq::new(1), time: at(second + 1), price: Price::new(price).unwrap() };
    fill_from_price(&order, &seen, &Costs::standard()).unwrap()
}

proptest! {
    /// The figures of an account's trades and holdings are the account's own, to the millionth of a dollar.
    #[test]
    fn results_add_up_to_the_account(
        entries in prop::collection::vec((1.0_f64..500.0, 50.0_f64..400.0, 0.5_f64..1.5, any::<bool>(), any::<bool>()), 0..40),
        last in 50.0_f64..400.0,
    ) {
        let (token, start) = (Symbol::parse("SOL").unwrap(), usd(50_000.0));
        let mut account = Account::new(start);
        let (mut trades, mut holdings) = (Vec::new(), Vec::new());
        for (number, (dollars, price, change, short, stays)) in entries.into_iter().enumerate() {
            let key = PositionKey { seq: Seq::new(number as u64), ordinal: 0 };
            let second = i64::try_from(number).unwrap() * 10;
            let (side, into, out) = if short {
                (PositionSide::Short, Side::Sell, Side::Buy)
            } else {
                (PositionSide::Long, Side::Buy, Side::Sell)
            };
            let entry = fill(into, Amount::Notional(usd(dollars)), price, second);
            account.open(key, token, side, &entry).unwrap();
            if stays {
                holdings.push((key, entry.filled_time, entry.fee));
                continue;
            }
            let exit = fill(out, Amount::Quantity(entry.quantity), price * change, second + 5);
            let closed = account.close(key, &exit).unwrap();
            trades.push(Trade {
                opened_at: entry.filled_time,
                closed_at: exit.filled_time,
                notional: entry.notional,
                realized: closed.realized_pnl,
                fees: entry.fee + exit.fee,
                excursion: None,
            });
        }
        account.mark(token, Price::new(last).unwrap()).unwrap();
        let open: Vec<Holding> = holdings
            .into_iter()
            .map(|(key, opened_at, fees)| {
                Holding { opened_at, fees, unrealized: account.positions()[&key].unrealized_pnl() }
            })
            .collect();

        let found = results(start, &trades, &open, &[], &hour());

        prop_assert_eq!(found.equity(), account.equity());
        prop_assert_eq!(found.realized, account.realized_pnl());
        prop_assert_eq!(found.fees, account.fees());
        prop_assert_eq!(found.wins + found.losses <= found.trades, true);
    }

    /// A drawdown is never larger than from the highest to the lowest mark, and none means that equity never fell.
    #[test]
    fn a_drawdown_is_a_fall_that_happened(equities in prop::collection::vec(1.0_f64..1000.0, 1..50)) {
        let curve: Vec<_> =
            equities.iter().enumerate().map(|(second, equity)| mark(i64::try_from(second).unwrap(), *equity)).collect();
        let start = curve[0].equity;
        let found = results(start, &[], &[], &curve, &hour()).drawdown;
        let falls = |from: usize, to: usize| {
            let (peak, low) = (curve[from].equity.to_f64(), curve[to].equity.to_f64());
            (peak - low) / peak * 100.0
        };
        let pairs = (0..curve.len()).flat_map(|from| (from..curve.len()).map(move |to| (from, to)));
        let largest = pairs.map(|(from, to)| falls(from, to)).fold(0.0, f64::max);
        let percent = found.map_or(0.0, |found| found.percent);
        prop_assert!((percent - largest).abs() < 1e-9, "{percent}, not {largest}");
    }
}
