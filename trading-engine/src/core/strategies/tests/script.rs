//! A series of candles and prices, told to one instance.

use goat::event::{Candle, Venue};
use goat::values::{Price, Quantity, Seq, Symbol, UnixMicros};

use crate::core::desk::Now;
use crate::core::fill::{Costs, UncheckedCosts};
use crate::core::money::Usd;
use crate::core::strategies::{Chosen, ClosedTrade, InstancePlan, Report, Strategies};

pub(super) const SECOND: i64 = 1_000_000;
pub(super) const INTERVAL: i64 = 300 * SECOND;
/// A midnight of UTC.
pub(super) const START: i64 = 1_700_006_400 * SECOND;

pub(super) fn plan(strategy: &str) -> InstancePlan {
    let costs = UncheckedCosts { taker_fee_bps: 10.0, slippage_bps: 3.0, ..UncheckedCosts::default() };
    InstancePlan {
        strategy: Chosen::named(strategy).unwrap(),
        venue: Venue::Binance,
        symbol: Symbol::parse("BTCUSDT").unwrap(),
        interval_seconds: 300,
        start: Usd::from_dollars(10_000),
        costs: Costs::new(costs).unwrap(),
        latency_ms: 250,
    }
}

pub(super) fn time(micros: i64) -> UnixMicros {
    UnixMicros::new(micros).unwrap()
}

/// Open, high, low, close.
pub(super) fn candle(number: i64, [open, high, low, close]: [f64; 4]) -> Candle {
    let price = |price| Price::new(price).unwrap();
    Candle {
        symbol: Symbol::parse("BTCUSDT").unwrap(),
        venue: Venue::Binance,
        interval_seconds: 300,
        open_time: time(START + number * INTERVAL),
        open: price(open),
        high: price(high),
        low: price(low),
        close: price(close),
        volume: Quantity::new(1.0).unwrap(),
    }
}

pub(super) struct Script {
    pub(super) strategies: Strategies,
    pub(super) reports: Vec<Report>,
    pub(super) may_enter: bool,
    seq: u64,
}

impl Script {
    pub(super) fn new(strategy: &str) -> Self {
        let mut strategies = Strategies::default();
        strategies.configure(&[plan(strategy)], &mut Vec::new());
        Self { strategies, reports: Vec::new(), may_enter: true, seq: 0 }
    }

    pub(super) fn now(&mut self, micros: i64) -> Now {
        self.seq += 1;
        Now { seq: Seq::new(self.seq), time: time(micros) }
    }

    /// A candle that reached us 100 ms after it closed.
    pub(super) fn candle(&mut self, number: i64, prices: [f64; 4]) {
        self.candle_at(number, prices, START + (number + 1) * INTERVAL + SECOND / 10);
    }

    pub(super) fn candle_at(&mut self, number: i64, prices: [f64; 4], received: i64) {
        let now = self.now(received);
        self.strategies.fold_candle(now, &candle(number, prices), self.may_enter, &mut self.reports);
    }

    /// A candle of one price.
    pub(super) fn flat(&mut self, number: i64, price: f64) {
        self.candle(number, [price; 4]);
    }

    /// A live price so many milliseconds after the candle `number` has closed.
    pub(super) fn price(&mut self, number: i64, after_ms: i64, price: f64) {
        let now = self.now(START + (number + 1) * INTERVAL + after_ms * 1000);
        for instance in &mut self.strategies.instances {
            instance.fold_price(now, price, &mut self.reports);
        }
    }

    /// 25 candles at 100 and one at 101: the averages cross upwards with the last, which has the number 25.
    pub(super) fn crossed() -> Self {
        let mut script = Self::new("ma_rsi");
        // Moves that keep the RSI below 70.
        for number in 0..25 {
            script.flat(number, if number % 2 == 0 { 100.0 } else { 100.2 });
        }
        script.flat(25, 101.0);
        script
    }

    /// As [`Script::crossed`], filled at 100 by the first price after decision and latency.
    pub(super) fn long() -> Self {
        let mut script = Self::crossed();
        script.price(25, 1_000, 100.0);
        script
    }

    /// A candle whose average crosses upwards, stopped out at once, and one that falls back.
    pub(super) fn lose(&mut self, number: i64) {
        self.flat(number, 100.2);
        self.price(number, 1_000, 100.2);
        self.price(number, 2_000, 98.1);
        self.flat(number + 1, 100.0);
    }

    /// Three losses in a row, the last with the candle 29.
    pub(super) fn three_losses() -> Self {
        let mut script = Self::new("ma_rsi");
        (0..25).for_each(|number| script.flat(number, if number % 2 == 0 { 100.0 } else { 100.2 }));
        (25..31).step_by(2).for_each(|number| script.lose(number));
        script
    }

    pub(super) fn trades(&self) -> Vec<ClosedTrade> {
        let trade = |report: &Report| match report {
            Report::Trade(trade) => Some(trade.as_ref().clone()),
            _ => None,
        };
        self.reports.iter().filter_map(trade).collect()
    }

    pub(super) fn is_long(&self) -> bool {
        self.strategies.instances()[0].holding().is_some()
    }

    pub(super) fn withheld(&self) -> Option<&str> {
        self.strategies.instances()[0].last()?.withheld.as_deref()
    }
}
