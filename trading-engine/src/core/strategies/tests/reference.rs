//! The same rules written down once more, slowly and without anything of ours, over three years of candles.

use super::script::{INTERVAL, START, Script};

/// Candle of the entry, candle of the exit, reason, profit.
type Row = (usize, usize, &'static str, f64);

/// A walk whose swings make crossings, stops and targets.
fn market(count: usize) -> Vec<[f64; 4]> {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut uniform = || {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(random >> 32).unwrap()) / f64::from(u32::MAX)
    };
    let (mut last, mut bars) = (60_000.0_f64, Vec::new());
    let tick = |price: f64| (price * 100.0).round() / 100.0;
    for _ in 0..count {
        let pull = (60_000.0 - last) / 60_000.0 * 0.0005;
        let close = tick(last * (1.0 + pull + (uniform() - 0.5) * 0.02));
        let high = tick(last.max(close) * (1.0 + uniform() * 0.002));
        let low = tick(last.min(close) * (1.0 - uniform() * 0.002));
        bars.push([last, high, low, close]);
        last = close;
    }
    bars
}

fn average(closes: &[f64]) -> f64 {
    let mut sum = 0.0;
    for close in closes {
        sum += close;
    }
    sum / closes.len() as f64
}

/// Rises and falls averaged over 14 changes, 100 − 100/(1 + rises/falls).
fn strength(closes: &[f64]) -> f64 {
    let (mut up, mut down) = (0.0, 0.0);
    for place in closes.len() - 14..closes.len() {
        let change = closes[place] - closes[place - 1];
        if change > 0.0 { up += change / 14.0 } else { down += -change / 14.0 }
    }
    if down == 0.0 { if up == 0.0 { 50.0 } else { 100.0 } } else { 100.0 - 100.0 / (1.0 + up / down) }
}

fn micros(dollars: f64) -> f64 {
    (dollars * 1e6).round() / 1e6
}

/// 1 to buy, -1 to sell, otherwise what it was.
fn signal(seen: &[f64], holds: bool, may_enter: bool, order: i32) -> i32 {
    let of_last = |count: usize, back: usize| average(&seen[seen.len() - count - back..seen.len() - back]);
    let (short, long) = (of_last(7, 0), of_last(25, 0));
    if holds {
        return if short < long { -1 } else { order };
    }
    let crosses = short > long && of_last(7, 1) <= of_last(25, 1);
    if crosses && strength(seen) < 70.0 && may_enter { 1 } else { order }
}

/// Why and at which price a bar ends what was bought at `paid`.
fn left(
    before: bool,
    paid: f64,
    order: i32,
    [open, high, low, close]: [f64; 4],
) -> Option<(&'static str, f64)> {
    if before && low <= paid * 0.98 {
        return Some(("STOP_LOSS", open.min(paid * 0.98)));
    }
    if before && high >= paid * 1.06 {
        return Some(("TAKE_PROFIT", paid * 1.06));
    }
    (order == -1).then_some(("SIGNAL", close))
}

/// The rules of `ma_rsi` with the default pauses, candle by candle, with everything recomputed from the list of closes.
fn expected(bars: &[[f64; 4]]) -> Vec<Row> {
    const DAY: usize = 288;
    let closes: Vec<f64> = bars.iter().map(|bar| bar[3]).collect();
    let mut rows: Vec<Row> = Vec::new();
    let (mut cash, mut order, mut held) = (10_000.0_f64, 0, None::<(usize, f64, f64, f64)>);
    let (mut in_a_row, mut wins, mut losses) = (0, 0, 0);
    let (mut day, mut of_day, mut until) = (usize::MAX, 0.0, 0.0_f64);
    for place in 0..bars.len() {
        let close = bars[place][3];
        // When the candle reaches us, in candles since the start.
        let clock = (place + 1) as f64 + 100_000.0 / INTERVAL as f64;
        let exit = held.and_then(|(entered, paid, ..)| left(entered < place, paid, order, bars[place]));
        let worth = |held: &Option<(usize, f64, f64, f64)>, cash: f64| match held {
            Some((_, _, quantity, _)) => cash + micros(quantity * close),
            None => cash,
        };
        if let (Some((reason, price)), Some((entered, _, quantity, cost))) = (exit, held) {
            let got = micros(quantity * price * 0.9997);
            let fee = micros(got * 0.001);
            let profit = got - fee - cost;
            cash += got - fee;
            (held, order) = (None, 0);
            rows.push((entered, place, reason, profit));
            if until > 0.0 && until <= clock {
                (in_a_row, wins, losses, until) = (0, 0, 0, 0.0);
            }
            if day == usize::MAX || (place + 1) / DAY > day {
                (day, of_day) = ((place + 1) / DAY, cash);
            }
            if profit > 0.0 {
                (in_a_row, wins) = (0, wins + 1);
            } else {
                (in_a_row, losses) = (in_a_row + 1, losses + 1);
            }
            let few_wins = wins + losses >= 10 && f64::from(wins) / f64::from(wins + losses) < 0.4;
            if (of_day - cash) / of_day > 0.05 {
                until = until.max(((day + 1) * DAY) as f64);
            } else if in_a_row >= 3 || few_wins {
                until = until.max(clock + 48.0);
            }
        }
        if order == 1 {
            let paid = close * 1.0003;
            let size = micros(cash * 0.30);
            let quantity = (size / paid * 1e8).floor() / 1e8;
            let spent = micros(quantity * paid);
            let fee = micros(spent * 0.001);
            cash -= spent + fee;
            (held, order) = (Some((place, paid, quantity, spent + fee)), 0);
        }
        if until > 0.0 && until <= clock {
            (in_a_row, wins, losses, until) = (0, 0, 0, 0.0);
        }
        if day == usize::MAX || (place + 1) / DAY > day {
            (day, of_day) = ((place + 1) / DAY, worth(&held, cash));
        }
        if place + 1 < 26 {
            continue;
        }
        order = signal(&closes[..=place], held.is_some(), until == 0.0, order);
    }
    rows
}

#[test]
fn three_years_of_candles_give_the_same_trades_to_the_cent() {
    let bars = market(3 * 365 * 288);
    let expected = expected(&bars);
    let mut script = Script::new("ma_rsi");
    let mut trades = Vec::new();
    for (number, prices) in (0_i64..).zip(&bars) {
        script.candle(number, *prices);
        trades.extend(script.trades());
        script.reports.clear();
    }
    let candle_of = |micros: i64| usize::try_from((micros - START) / INTERVAL - 1).unwrap();
    for (trade, expected) in trades.iter().zip(&expected) {
        let (entered, left) = (candle_of(trade.opened_at().get()), candle_of(trade.closed_at().get()));
        assert_eq!((entered, left, trade.exit_reason.as_ref()), (expected.0, expected.1, expected.2));
        assert!((trade.profit.to_f64() - expected.3).abs() < 0.005, "{} and {}", trade.profit, expected.3);
    }
    assert_eq!(trades.len(), expected.len());
    assert!(trades.len() > 1000, "{} trades", trades.len());
    for reason in ["STOP_LOSS", "TAKE_PROFIT", "SIGNAL"] {
        assert!(trades.iter().any(|trade| trade.exit_reason == reason), "no {reason}");
    }
}
