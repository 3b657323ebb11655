//! Closed candles of BTCUSDT, five and fifteen minutes long, on both venues.

use std::time::Duration;

use goat::event::{Candle, Observation, Payload, Venue};
use goat::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};

use super::random::{Random, Stream};
use super::world::{observation, rounded};

const SYMBOL: &str = "BTCUSDT";
const SERIES: [(Venue, u32); 4] =
    [(Venue::Binance, 300), (Venue::Binance, 900), (Venue::Bybit, 300), (Venue::Bybit, 900)];

/// A candle that is still open, or one that has just closed.
#[derive(Debug, Clone)]
pub(super) struct Building {
    venue: Venue,
    interval_seconds: u32,
    open_time: UnixMicros,
    prices: [f64; 4],
    volume: f64,
}

/// The candles that are open; one that began before the world did is left out.
#[derive(Debug, Clone, Default)]
pub(super) struct Candles {
    open: Vec<Building>,
}

impl Candles {
    /// Adds a second, and returns the candles that closed as it began.
    pub(super) fn add(
        &mut self,
        seed: u64,
        number: u64,
        time: UnixMicros,
        btc: f64,
        mood: f64,
    ) -> Vec<Building> {
        let mut random = Random::new(seed, Stream::Candles, number);
        let seconds = time.get() / 1_000_000;
        let begins = |interval: u32| seconds % i64::from(interval) == 0;
        let mut closed = Vec::new();
        if begins(300) {
            let (done, open) =
                self.open.drain(..).partition(|candle: &Building| begins(candle.interval_seconds));
            (closed, self.open) = (done, open);
        }
        let (volume, apart) = (random.uniform() * 0.6 * mood, random.between(-3.0, 3.0));
        let price = |venue| rounded(if venue == Venue::Bybit { btc + apart } else { btc }, 10.0);
        for (venue, interval_seconds) in SERIES.into_iter().filter(|(_, interval)| begins(*interval)) {
            let prices = [price(venue); 4];
            self.open.push(Building { venue, interval_seconds, open_time: time, prices, volume: 0.0 });
        }
        for candle in &mut self.open {
            let price = price(candle.venue);
            let [open, high, low, _] = candle.prices;
            candle.prices = [open, high.max(price), low.min(price), price];
            candle.volume += volume;
        }
        closed
    }
}

impl Building {
    pub(super) fn observe(&self, seed: u64, time: UnixMicros) -> Result<Observation, InvalidValue> {
        let number = u64::from(self.interval_seconds) ^ time.get().unsigned_abs();
        let delay = 60_000 + Random::new(seed, Stream::Candles, number).below(90_000);
        let [open, high, low, close] = self.prices;
        let candle = Candle {
            symbol: Symbol::parse(SYMBOL)?,
            venue: self.venue,
            interval_seconds: self.interval_seconds,
            open_time: self.open_time,
            open: Price::new(open)?,
            high: Price::new(high)?,
            low: Price::new(low)?,
            close: Price::new(close)?,
            volume: Quantity::new(rounded(self.volume, 1e5))?,
        };
        let received = time.plus(Duration::from_micros(u64::from(delay)));
        Ok(observation(time, received, Payload::Candle(candle)))
    }
}
