//! What went wrong elsewhere, each by its number in the list of defects of wallet profiles.

use goat::event::{PositionSide, Side};

use super::stream::{Event, Fold, late_buy, limits, tick, trade};
use super::*;
use crate::core::gains::Direction;

/// The rows at 0.30 %.
fn rows(events: &[Event]) -> Vec<Profile> {
    let mut fold = Fold::new(limits());
    fold.all(events);
    fold.rows.retain(|row| row.id.threshold == Threshold::from_hundredths(30));
    fold.rows
}

fn three_buys(second: i64) -> [Event; 3] {
    ["1", "2", "3"].map(|signature| buy(second, "A", signature))
}

#[test]
fn w1_a_trade_that_comes_again_has_no_second_row() {
    let mut events = vec![tick(0, 100.0)];
    events.extend(three_buys(1));
    events.extend(three_buys(1));
    events.push(tick(2, 100.1));
    events.extend(three_buys(1));
    events.push(tick(3, 99.0));
    events.extend(three_buys(1));

    let rows = rows(&events);

    assert_eq!(rows.len(), 3);
    assert_eq!(rows[0].id.to_string(), "30.1.A.USDC");
}

#[test]
fn w2_a_peak_before_the_entry_is_no_gain() {
    let mut events = vec![tick(0, 100.0), tick(1, 110.0)];
    events.extend(three_buys(1));
    events.extend([tick(2, 109.9), tick(3, 109.8), tick(4, 109.0)]);

    let row = &rows(&events)[0];

    assert_eq!(row.path.highest.price.to_bits(), 109.9_f64.to_bits());
    assert!(row.potential_gain_percent().abs() < 1e-12);
    assert!((row.gain_percent() - (109.0 - 109.9) / 109.9 * 100.0).abs() < 1e-12);
    assert!(row.seconds_to_best().abs() < 1e-12);
}

#[test]
fn w3_percent_and_basis_points_are_not_mixed_up() {
    let mut events = vec![tick(0, 100.0)];
    events.extend(three_buys(0));
    events.extend([tick(1, 100.0), tick(2, 101.0), tick(3, 100.3)]);
    let rows = rows(&events);
    let statistics_at = |cost_bps| {
        let parameters = statistics::Parameters { cost_bps, ..statistics::Parameters::default() };
        let all = statistics::statistics(&rows, rows[0].known_at.time, &parameters);
        (all.wallets[0].mean_gain_percent, all.wallets[0].wins)
    };

    assert!((statistics_at(0.0).0 - 0.3).abs() < 1e-9);
    assert!((statistics_at(20.0).0 - 0.1).abs() < 1e-9);
    assert_eq!((statistics_at(20.0).1, statistics_at(31.0).1), (3, 0));
}

#[test]
fn w4_a_trade_at_the_tick_that_ends_a_cycle_belongs_to_the_next_one_alone() {
    let mut events = vec![tick(0, 100.0), tick(5, 99.0)];
    events.extend(three_buys(5));
    events.extend([tick(6, 99.1), tick(7, 98.0)]);

    let rows = rows(&events);

    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row.cycle.start_seq == Seq::new(2) && row.end.seq == Seq::new(7)));
    assert!(rows.iter().all(|row| row.path.entry.seq == Seq::new(6)));
}

#[test]
fn w5_a_wallet_that_reaches_three_buys_gets_its_earlier_trades_too() {
    let events = [
        tick(0, 100.0),
        buy(1, "A", "1"),
        tick(2, 100.1),
        tick(3, 99.0),
        buy(4, "A", "2"),
        tick(5, 99.0),
        buy(6, "A", "3"),
        tick(7, 98.0),
    ];

    let rows = rows(&events);

    let known: Vec<_> = rows.iter().map(|row| (&*row.id.trade.signature, row.known_at.seq.get())).collect();
    assert_eq!(known, [("1", 7), ("2", 8), ("3", 8)]);
}

#[test]
fn w5_a_trade_that_comes_late_has_the_row_that_it_would_have_had_in_time() {
    let prices = [tick(0, 100.0), tick(2, 100.2), tick(3, 100.1), tick(4, 99.0), tick(5, 99.0)];
    let late = ["1", "2", "3"].map(|signature| late_buy(1, 5, "A", signature));
    let in_time = three_buys(1);
    let mut told_late = prices.to_vec();
    told_late.extend(late);
    let mut told_in_time = prices.to_vec();
    told_in_time.splice(1..1, in_time);

    let (late, in_time) = (rows(&told_late), rows(&told_in_time));

    assert_eq!(late.len(), 3);
    for (late, in_time) in late.iter().zip(&in_time) {
        assert_eq!(late.id, in_time.id);
        assert!((late.gain_percent() - in_time.gain_percent()).abs() < 1e-12);
        assert_eq!(late.path.highest.time, in_time.path.highest.time);
        assert_eq!(late.delayed_prices, in_time.delayed_prices);
    }
    assert_eq!(late.last().unwrap().known_at.seq, Seq::new(8));
}

#[test]
fn w6_what_is_on_its_way_survives_a_restart() {
    let mut fold = Fold::new(limits());
    fold.all(&[tick(0, 100.0), buy(1, "A", "1"), buy(1, "A", "2"), tick(2, 99.0), buy(2, "A", "4")]);
    let before = fold.rows.len();

    fold.profiles = postcard::from_bytes(&postcard::to_stdvec(&fold.profiles).unwrap()).unwrap();
    fold.one(&tick(3, 98.0));

    assert_eq!((before, fold.rows.len()), (2 * THRESHOLDS.len(), 3 * THRESHOLDS.len()));
}

#[test]
fn w8_a_wallet_that_sells_is_told_from_one_that_never_does() {
    let mut events = vec![tick(0, 100.0)];
    events.extend(three_buys(1));
    events.push(trade(2, 2, Side::Sell, "A", "sell"));
    events.extend([buy(2, "B", "4"), buy(2, "B", "5"), buy(2, "B", "6"), tick(3, 99.0)]);

    let rows = rows(&events);
    let all = statistics::statistics(&rows, rows[0].known_at.time, &statistics::Parameters::default());

    let sold: Vec<_> = all.wallets.iter().map(|wallet| (&*wallet.wallet, wallet.sold)).collect();
    assert_eq!(sold, [("A", 3), ("B", 0)]);
}

#[test]
fn a_short_gains_when_the_price_falls_and_its_best_is_the_lowest() {
    let mut events = vec![tick(0, 100.0)];
    events.extend(three_buys(0));
    for event in &mut events[1..] {
        if let Event::Trade { perp, .. } = event {
            *perp = Some(PositionSide::Short);
        }
    }
    events.extend([tick(1, 100.0), tick(2, 100.2), tick(3, 99.8)]);

    let row = &rows(&events)[0];

    assert_eq!(row.direction(), Direction::Short);
    assert!((row.gain_percent() - 0.2).abs() < 1e-9);
    assert!((row.potential_gain_percent() - 0.2).abs() < 1e-9);
    assert!((row.worst_gain_percent() + 0.2).abs() < 1e-9);
    assert!((row.seconds_to_best() - 2.0).abs() < 1e-9);
}
