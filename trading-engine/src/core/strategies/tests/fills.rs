//! Gaps, fills, stops, targets and pauses.

use super::script::{INTERVAL, SECOND, START, Script, plan, time};
use crate::core::strategies::{Instance, Report};

#[test]
fn nothing_is_filled_at_a_price_older_than_decision_and_latency() {
    let mut script = Script::crossed();
    script.price(25, 50, 90.0);
    // Decided 100 ms after the close, due 250 ms later.
    script.price(25, 350, 91.0);
    assert!(!script.is_long());
    script.price(25, 351, 100.0);
    let holding = script.strategies.instances()[0].holding().unwrap().clone();
    assert!(holding.opened_at > holding.fill.due_time);
    assert!((holding.fill.average_price - 100.03).abs() < 1e-9, "the price and 3 basis points");
    assert_eq!(holding.fill.notional.to_f64().round(), 3000.0);
}

#[test]
fn without_live_prices_the_next_candle_fills_at_its_close() {
    let mut script = Script::crossed();
    script.candle(26, [150.0, 150.0, 99.0, 101.0]);
    let holding = script.strategies.instances()[0].holding().unwrap().clone();
    assert!((holding.fill.average_price - 101.0 * 1.0003).abs() < 1e-9);
    assert!(holding.priced_at > holding.fill.due_time, "its open was before the decision");
}

#[test]
fn a_stop_that_prices_fall_through_fills_at_what_was_seen() {
    let mut script = Script::long();
    script.price(25, 2_000, 98.1);
    assert!(script.is_long());
    script.price(25, 3_000, 97.0);
    let [trade] = script.trades().try_into().unwrap();
    assert_eq!(trade.exit_reason, "STOP_LOSS");
    assert!((trade.exit.average_price - 97.0 * 0.9997).abs() < 1e-9);
    assert_eq!(trade.profit, trade.gross_profit - trade.fees);
    assert_eq!(trade.equity_after - trade.equity_before, trade.profit);
}

#[test]
fn a_target_brings_no_more_than_its_own_price() {
    let mut script = Script::long();
    script.price(25, 2_000, 120.0);
    let [trade] = script.trades().try_into().unwrap();
    assert_eq!(trade.exit_reason, "TAKE_PROFIT");
    assert!((trade.exit.average_price - 100.03 * 1.06 * 0.9997).abs() < 1e-9);
}

#[test]
fn a_bar_that_touches_stop_and_target_stops_out() {
    let mut script = Script::crossed();
    script.candle(26, [101.0, 101.0, 101.0, 101.0]);
    script.candle(27, [101.0, 120.0, 90.0, 101.0]);
    let [trade] = script.trades().try_into().unwrap();
    assert_eq!(trade.exit_reason, "STOP_LOSS");
    let stop = 101.0 * 1.0003 * 0.98;
    assert!((trade.exit.average_price - stop * 0.9997).abs() < 1e-9);
}

#[test]
fn a_bar_that_opens_below_the_stop_fills_at_its_open() {
    let mut script = Script::crossed();
    script.flat(26, 101.0);
    script.candle(27, [95.0, 96.0, 94.0, 96.0]);
    let [trade] = script.trades().try_into().unwrap();
    assert!((trade.exit.average_price - 95.0 * 0.9997).abs() < 1e-9);
}

#[test]
fn the_bar_of_the_entry_stops_nothing_out() {
    let mut script = Script::crossed();
    script.candle(26, [101.0, 101.0, 50.0, 101.0]);
    assert!(script.is_long());
}

#[test]
fn where_prices_were_seen_all_along_the_bar_adds_nothing() {
    let mut script = Script::long();
    for second in 2..300 {
        script.price(25, second * 1000, 100.0);
    }
    script.candle(26, [100.0, 100.0, 100.0, 100.0]);
    for second in 1..300 {
        script.price(26, second * 1000, 100.0);
    }
    script.candle(27, [100.0, 100.0, 90.0, 100.0]);
    assert!(script.is_long());
    // From here on nothing is seen but the candle.
    script.candle(28, [100.0, 100.0, 90.0, 100.0]);
    assert_eq!(script.trades().len(), 1);
}

#[test]
fn a_gap_stops_decisions_until_it_is_filled() {
    let mut script = Script::new("ma_rsi");
    let swing = |number: i64| if number % 2 == 0 { 100.0 } else { 100.2 };
    (0..24).for_each(|number| script.flat(number, swing(number)));
    script.flat(25, 101.0);
    assert!(script.strategies.instances()[0].window().gap_since().is_some());
    script.price(25, 1_000, 101.0);
    assert!(!script.is_long());
    // The missing candle comes ten seconds later: the bar after it is still young enough to be decided on.
    script.candle_at(24, [100.0; 4], START + 26 * INTERVAL + 10 * SECOND);
    script.price(25, 11_000, 101.0);
    assert_eq!(script.strategies.instances()[0].window().gap_since(), None);
    assert!(script.is_long());
}

#[test]
fn a_gap_that_stays_is_left_behind_once_enough_has_come_after_it() {
    let mut script = Script::new("ma_rsi");
    (0..30).for_each(|number| script.flat(number, 100.0));
    (31..56).for_each(|number| script.flat(number, 100.0));
    let gap = |script: &Script| script.strategies.instances()[0].window().gap_since();
    assert_eq!(gap(&script), Some(time(START + 30 * INTERVAL)));
    script.flat(56, 100.0);
    assert_eq!(gap(&script), None);
    assert_eq!(script.withheld(), None);
}

#[test]
fn a_candle_that_comes_again_or_too_late_changes_no_bar() {
    let mut script = Script::crossed();
    let before = script.reports.iter().filter(|report| matches!(report, Report::Candle(_))).count();
    script.flat(25, 50.0);
    script.flat(3, 50.0);
    let after = script.reports.iter().filter(|report| matches!(report, Report::Candle(_))).count();
    assert_eq!(before, after);
    assert_eq!(script.strategies.instances()[0].window().ignored(), 2);
}

#[test]
fn history_warms_up_and_is_not_traded() {
    let mut script = Script::new("ma_rsi");
    let late = START + 100 * INTERVAL;
    for number in 0..25 {
        script.candle_at(number, [if number % 2 == 0 { 100.0 } else { 100.2 }; 4], late);
    }
    script.candle_at(25, [101.0; 4], late);
    assert_eq!(script.withheld(), Some("the candle is history"));
    script.price(101, 0, 101.0);
    assert!(!script.is_long());
}

#[test]
fn the_operators_pause_holds_entries_up_and_a_halt_leaves() {
    let mut script = Script::long();
    let now = script.now(START + 26 * INTERVAL + 2 * SECOND);
    let mut reports = Vec::new();
    script.strategies.halt(now, &mut reports);
    script.price(25, 3_000, 100.0);
    assert_eq!(script.trades()[0].exit_reason, "HALT");

    let mut paused = Script::new("ma_rsi");
    paused.may_enter = false;
    (0..25).for_each(|number| paused.flat(number, if number % 2 == 0 { 100.0 } else { 100.2 }));
    paused.flat(25, 101.0);
    assert_eq!(paused.withheld(), Some("trading is paused by the operator"));
}

#[test]
fn three_losses_pause_for_a_while_and_no_longer() {
    let mut script = Script::three_losses();
    assert_eq!(script.trades().len(), 3);
    let pause = *script.strategies.instances()[0].pauses().present().unwrap();
    // The cool-off is four hours, 48 candles.
    (31..79).step_by(2).for_each(|number| script.lose(number));
    assert_eq!(script.trades().len(), 3, "nothing is entered in the pause");
    (79..83).step_by(2).for_each(|number| script.lose(number));
    assert_eq!(script.trades().len(), 5, "it ends by itself, and what was before it is forgotten");
    assert!(script.trades()[3].opened_at() >= pause.until);
    assert!(script.strategies.instances()[0].pauses().present().is_none());
}

#[test]
fn a_pause_holds_no_exit_up() {
    let mut script = Script::long();
    script.may_enter = false;
    (26..40).for_each(|number| script.flat(number, 99.0));
    script.price(39, 1_000, 99.0);
    assert_eq!(script.trades()[0].exit_reason, "SIGNAL");
}

#[test]
fn other_costs_keep_the_account_and_another_name_begins_one() {
    let mut script = Script::long();
    let mut dearer = plan("ma_rsi");
    dearer.latency_ms = 1000;
    let mut reports = Vec::new();
    script.strategies.configure(&[dearer, plan("donchian")], &mut reports);
    assert!(script.is_long());
    assert_eq!(script.strategies.instances()[1], Instance::new(plan("donchian")));
    script.strategies.configure(&[plan("donchian")], &mut reports);
    assert!(
        matches!(reports.last(), Some(Report::Removed(gone)) if gone.id() == "ma_rsi-binance-BTCUSDT-300")
    );
}
