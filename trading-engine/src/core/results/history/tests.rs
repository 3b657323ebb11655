use proptest::prelude::*;

use super::*;

fn usd(dollars: f64) -> Usd {
    Usd::from_f64(dollars).unwrap()
}

fn at(seconds: i64) -> UnixMicros {
    UnixMicros::from_seconds(1_767_000_000 + seconds).unwrap()
}

fn quote(seconds: i64, price: f64) -> Quote {
    Quote { time: at(seconds), price }
}

/// One token, bought at 100, with a fee of a tenth on each side.
fn entered(opened: i64, left: Option<(i64, f64)>) -> Entered {
    let end = left.map(|(closed, price)| End {
        closed_at: at(closed),
        realized: usd(price - 100.0),
        exit_fee: usd(0.1),
    });
    Entered {
        side: PositionSide::Long,
        opened_at: at(opened),
        quantity: 1.0,
        notional: usd(100.0),
        entry_fee: usd(0.1),
        excursion: None,
        end,
    }
}

#[test]
fn a_window_counts_of_a_trade_only_what_happened_in_it() {
    let quotes = [quote(0, 100.0), quote(60, 104.0), quote(120, 103.0), quote(180, 110.0)];
    let trades = [entered(10, Some((150, 107.0))), entered(130, None)];
    let history = History { start: usd(1000.0), trades: &trades, quotes: &quotes, newest: Some(quotes[3]) };

    let (period, found) = history.results(at(60)).unwrap();

    assert_eq!((period.from, period.until), (at(60), at(180)));
    // At 60 the first is open, worth 4 more, its fee is paid.
    assert_eq!(found.start, usd(1003.9));
    assert_eq!((found.trades, found.wins, found.open), (1, 1, 1));
    assert_eq!((found.realized, found.unrealized, found.fees), (usd(7.0), usd(6.0), usd(0.2)));
    assert_eq!(found.equity(), usd(1016.7));
    assert!((found.buy_and_hold_percent.unwrap() - (110.0 / 104.0 - 1.0) * 100.0).abs() < 1e-9);
    let drawdown = found.drawdown.unwrap();
    assert_eq!((drawdown.usd, drawdown.from, drawdown.recovered), (usd(1.0), at(60), true));

    let (period, all) = history.results(UnixMicros::default()).unwrap();
    assert_eq!((period.from, all.start, all.fees), (at(0), usd(1000.0), usd(0.3)));
    assert_eq!(all.equity(), found.equity());
}

#[test]
fn without_a_price_there_is_nothing_but_the_start() {
    let history = History { start: usd(1000.0), trades: &[], quotes: &[], newest: None };
    let (_, found) = history.results(at(0)).unwrap();
    assert_eq!((found.trades, found.equity(), found.drawdown), (0, usd(1000.0), None));
}

proptest! {
    /// Wherever a window begins: equity − start = realized + unrealized − fees, its end is the end of every other, and
    /// its start is the curve's value there.
    #[test]
    fn every_window_adds_up_and_ends_where_the_others_do(
        prices in prop::collection::vec(50.0_f64..150.0, 2..40),
        trades in prop::collection::vec((0_i64..2000, 1_i64..900, 50.0_f64..150.0, any::<bool>()), 0..30),
        from in 0_i64..2400,
    ) {
        let quotes: Vec<Quote> = (0..).zip(&prices).map(|(minute, &price)| quote(minute * 60, price)).collect();
        let end = i64::try_from(prices.len() - 1).unwrap() * 60;
        let trades: Vec<Entered> = trades
            .into_iter()
            .filter(|(opened, held, ..)| opened + held < end)
            .map(|(opened, held, price, stays)| entered(opened, (!stays).then_some((opened + held, price))))
            .collect();
        let newest = quotes.last().copied();
        let history = History { start: usd(1000.0), trades: &trades, quotes: &quotes, newest };

        let (period, found) = history.results(at(from)).unwrap();
        let (_, all) = history.results(at(0)).unwrap();
        let curve = history.curve(period.from, period.until).unwrap();

        prop_assert_eq!(found.equity() - found.start, found.realized + found.unrealized - found.fees);
        prop_assert_eq!(all.start, usd(1000.0));
        prop_assert!((found.equity() - all.equity()).abs() <= usd(0.000_1));
        prop_assert!((curve.first().unwrap().equity - found.start).abs() <= usd(0.000_1));
        prop_assert!((curve.last().unwrap().equity - found.equity()).abs() <= usd(0.000_1));
    }
}
