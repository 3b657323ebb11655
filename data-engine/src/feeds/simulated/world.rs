//! The world: everything together, second by second.

use std::time::Duration;

use goat::event::{Observation, Payload, Source, TokenPrice};
use goat::values::{InvalidValue, Price, Symbol, UnixMicros};

use super::books::{self, Books, Moment};
use super::candles::{Building, Candles};
use super::path::{Path, Prices};
use super::random::{Random, Stream};
use super::trades::{self, Trade};
use super::wallets::Wallets;
use super::whales::{self, Movement};

const SECOND: Duration = Duration::from_secs(1);
const TOKENS: usize = 3;
/// How far prices of BTC and ETH stray from their path: their pools are thin.
const STRAY: f64 = 1.0e-4;

/// A market made from a seed.
///
/// **Invariant:** the same seed and the same start give the same observations with the same positions, however they
/// are asked for. The first observation of a world has position 1 and happens at its start.
#[derive(Debug, Clone)]
pub struct World {
    seed: u64,
    start: UnixMicros,
    /// The number of the second that comes next.
    number: u64,
    /// How many observations there have been.
    position: u64,
    path: Path,
    wallets: Wallets,
    published: Prices,
    /// The number of the second in which the published prices change.
    refresh: u64,
    trades: Vec<Trade>,
    movements: Vec<Movement>,
    candles: Candles,
    books: Books,
}

/// A second, before it is put into words.
struct Second {
    moment: Moment,
    /// The position before its first observation.
    position: u64,
    published: Prices,
    trades: Vec<Trade>,
    movements: Vec<Movement>,
    candles: Vec<Building>,
}

impl Second {
    fn count(&self) -> usize {
        TOKENS + books::A_SECOND + self.trades.len() + self.movements.len() + self.candles.len()
    }
}

impl World {
    /// A world that begins with the second in which `start` lies.
    #[must_use]
    pub fn new(seed: u64, start: UnixMicros) -> Self {
        let start = UnixMicros::from_seconds(start.get().div_euclid(1_000_000)).unwrap_or(start);
        let path = Path::new(seed);
        Self {
            seed,
            start,
            number: 0,
            position: 0,
            published: path.ahead(0),
            path,
            wallets: Wallets::new(seed),
            refresh: 0,
            trades: Vec::new(),
            movements: Vec::new(),
            candles: Candles::default(),
            books: Books::default(),
        }
    }

    /// The second that comes next.
    #[must_use]
    pub fn next_second(&self) -> UnixMicros {
        self.start.plus(Duration::from_secs(self.number))
    }

    /// The position of the newest observation.
    #[must_use]
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Appends the observations of the next second, in the order of their arrival.
    ///
    /// # Errors
    ///
    /// When a value is none, which would be our mistake.
    pub fn step(&mut self, into: &mut Vec<Observation>) -> Result<(), InvalidValue> {
        let second = self.advance();
        self.observe(&second, into)
    }

    /// Lets the seconds before `second` pass without a word about them.
    pub fn skip_to(&mut self, second: UnixMicros) {
        while self.next_second() < second {
            let passed = self.advance();
            self.books.skip(passed.moment);
        }
    }

    /// Lets everything up to the observation `position` pass, and appends what is left of its second.
    ///
    /// # Errors
    ///
    /// As [`World::step`].
    pub fn resume_after(&mut self, position: u64, into: &mut Vec<Observation>) -> Result<(), InvalidValue> {
        while self.position < position {
            let second = self.advance();
            if self.position > position {
                let begin = into.len();
                self.observe(&second, into)?;
                let recorded = usize::try_from(position - second.position).unwrap_or(0);
                into.drain(begin..(begin + recorded).min(into.len()));
            } else {
                self.books.skip(second.moment);
            }
        }
        Ok(())
    }

    /// The next second happens; what it looks like is decided, not yet written.
    fn advance(&mut self) -> Second {
        let (seed, number, time) = (self.seed, self.number, self.next_second());
        let end = time.plus(SECOND);
        self.publish();
        trades::draw(seed, number, time, &self.path, &self.wallets, &mut self.trades);
        whales::draw(seed, number, time, &mut self.movements);
        let now = self.path.ahead(0);
        let second = Second {
            moment: Moment { number, time, now, next: self.path.ahead(1) },
            position: self.position,
            published: self.published,
            trades: self.trades.extract_if(.., |trade| trade.received < end).collect(),
            movements: self.movements.extract_if(.., |movement| movement.received < end).collect(),
            candles: self.candles.add(seed, number, time, now.btc, self.path.mood()),
        };
        self.path.advance();
        self.number += 1;
        self.position += u64::try_from(second.count()).unwrap_or(0);
        second
    }

    /// A new price about every six seconds, the same one between, as the recorded source had it.
    fn publish(&mut self) {
        if self.number < self.refresh {
            return;
        }
        let mut random = Random::new(self.seed, Stream::Prices, self.number);
        let Prices { sol, btc, eth } = self.path.ahead(0);
        self.published = Prices {
            sol,
            btc: btc * (1.0 + STRAY * random.normal()),
            eth: eth * (1.0 + STRAY * random.normal()),
        };
        self.refresh = self.number
            + match random.uniform() {
                share if share < 0.10 => 5,
                share if share < 0.88 => 6,
                share if share < 0.94 => 7,
                _ => 8,
            };
    }

    fn observe(&mut self, second: &Second, into: &mut Vec<Observation>) -> Result<(), InvalidValue> {
        let begin = into.len();
        into.reserve(second.count());
        self.observe_prices(second, into)?;
        for trade in &second.trades {
            into.push(trade.observe(self.seed, &self.wallets)?);
        }
        for movement in &second.movements {
            into.push(movement.observe(self.seed)?);
        }
        for candle in &second.candles {
            into.push(candle.observe(self.seed, second.moment.time)?);
        }
        self.books.observe(self.seed, second.moment, into)?;

        let fresh = into.get_mut(begin..).unwrap_or_default();
        fresh.sort_by_key(|observation| observation.received_time);
        for (position, observation) in (second.position + 1..).zip(fresh) {
            observation.source_position = position;
        }
        Ok(())
    }

    /// The prices arrive before all else in their second.
    fn observe_prices(&self, second: &Second, into: &mut Vec<Observation>) -> Result<(), InvalidValue> {
        let Moment { number, time, .. } = second.moment;
        let delay = 5_000 + Random::new(self.seed, Stream::Prices, number ^ (1 << 48)).below(10_000);
        let received = time.plus(Duration::from_micros(u64::from(delay)));
        let Prices { sol, btc, eth } = second.published;
        for (token, price) in [("SOL", sol), ("BTC", btc), ("ETH", eth)] {
            let price = TokenPrice { token: Symbol::parse(token)?, price: Price::new(price)?, block_id: 0 };
            into.push(observation(time, received, Payload::Price(price)));
        }
        Ok(())
    }
}

/// An observation of this source; its position is set once the second is in order.
pub(super) fn observation(
    event_time: UnixMicros,
    received_time: UnixMicros,
    payload: Payload,
) -> Observation {
    Observation { event_time, received_time, source: Source::Simulated, source_position: 0, payload }
}

/// A value in whole parts, `parts_per_unit` to one.
pub(super) fn rounded(value: f64, parts_per_unit: f64) -> f64 {
    (value * parts_per_unit).round() / parts_per_unit
}

#[cfg(test)]
mod tests;
