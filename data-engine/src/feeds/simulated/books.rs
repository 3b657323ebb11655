//! Order books: ten snapshots a second of each, made from the second alone, so that any second can be left out.

use std::time::Duration;

use goat::event::{BookSnapshot, Level, Observation, Payload, Venue};
use goat::values::{InvalidValue, Price, Quantity, Symbol, UnixMicros};

use super::path::Prices;
use super::random::{Random, Stream};
use super::world::{observation, rounded};
use crate::book::features::{depth, features};

const SNAPSHOTS_A_SECOND: u8 = 10;
const SNAPSHOT_INTERVAL: Duration = Duration::from_millis(100);
/// Snapshots of all books in one second.
pub(super) const A_SECOND: usize = SPECIFICATIONS.len() * 10;
/// A level keeps its quantity for about so many seconds.
const QUANTITY_SECONDS: u64 = 8;

/// How the quantity is spread over the twenty levels, as recorded: thin at the best price, thick at the fifth.
const SHAPE: [f64; 20] = [
    0.31, 0.25, 0.45, 0.8, 0.9, 1.1, 1.15, 1.05, 1.05, 1.15, 1.0, 0.95, 0.95, 1.0, 0.85, 0.9, 0.9, 0.75,
    0.65, 0.6,
];
const QUANTITIES: [(f64, f64); 4] = [(0.0, 0.3), (0.5, 0.95), (0.9, 2.3), (1.0, 3.0)];

struct Specification {
    symbol: &'static str,
    venue: Venue,
    ticks_per_unit: f64,
    lots_per_unit: f64,
    /// The quantity of a usual level.
    quantity: f64,
    price: fn(&Prices) -> f64,
}

const SPECIFICATIONS: [Specification; 4] = [
    Specification {
        symbol: "SOLUSDT",
        venue: Venue::Binance,
        ticks_per_unit: 100.0,
        lots_per_unit: 1e3,
        quantity: 750.0,
        price: sol,
    },
    Specification {
        symbol: "SOLUSDT",
        venue: Venue::Bybit,
        ticks_per_unit: 100.0,
        lots_per_unit: 1e3,
        quantity: 320.0,
        price: sol,
    },
    Specification {
        symbol: "BTCUSDT",
        venue: Venue::Binance,
        ticks_per_unit: 10.0,
        lots_per_unit: 1e5,
        quantity: 0.9,
        price: btc,
    },
    Specification {
        symbol: "BTCUSDT",
        venue: Venue::Bybit,
        ticks_per_unit: 10.0,
        lots_per_unit: 1e5,
        quantity: 0.5,
        price: btc,
    },
];

fn sol(prices: &Prices) -> f64 {
    prices.sol
}

fn btc(prices: &Prices) -> f64 {
    prices.btc
}

/// A second as the books see it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    pub(super) number: u64,
    pub(super) time: UnixMicros,
    pub(super) now: Prices,
    pub(super) next: Prices,
}

/// The books' memory: the depths of the second before.
#[derive(Debug, Clone, Default)]
pub(super) struct Books {
    /// The second before the present one.
    before: Option<Moment>,
    /// Its depths, when it was built.
    depths: Option<Vec<f64>>,
}

impl Books {
    /// The second passes without being looked at.
    pub(super) fn skip(&mut self, moment: Moment) {
        self.before = Some(moment);
        self.depths = None;
    }

    /// The snapshots of one second.
    pub(super) fn observe(
        &mut self,
        seed: u64,
        moment: Moment,
        into: &mut Vec<Observation>,
    ) -> Result<(), InvalidValue> {
        let earlier = match (self.depths.take(), self.before) {
            (Some(depths), _) => depths,
            (None, Some(before)) => {
                let mut depths = Vec::with_capacity(A_SECOND);
                each(seed, &before, |_, _, bids, asks| depths.push(depth(&bids) + depth(&asks)))?;
                depths
            }
            (None, None) => Vec::new(),
        };
        let mut depths = Vec::with_capacity(A_SECOND);
        let mut random = Random::new(seed, Stream::Books, moment.number);
        let mut second_ago = earlier.into_iter();
        each(seed, &moment, |specification, slot, bids, asks| {
            let event_time = moment.time.plus(SNAPSHOT_INTERVAL * u32::from(slot));
            let received = event_time.plus(Duration::from_micros(u64::from(15_000 + random.below(30_000))));
            depths.push(depth(&bids) + depth(&asks));
            let snapshot = BookSnapshot {
                symbol: specification.1,
                venue: specification.0.venue,
                update_id: u64::try_from(event_time.get() / 100_000).unwrap_or(0),
                features: features(&bids, &asks, second_ago.next()),
                bids,
                asks,
            };
            into.push(observation(event_time, received, Payload::Book(Box::new(snapshot))));
        })?;
        self.before = Some(moment);
        self.depths = Some(depths);
        Ok(())
    }
}

/// Builds the sides of every book at every snapshot of a second.
fn each(
    seed: u64,
    moment: &Moment,
    mut take: impl FnMut((&Specification, Symbol), u8, Vec<Level>, Vec<Level>),
) -> Result<(), InvalidValue> {
    for (book, specification) in (0_u64..).zip(&SPECIFICATIONS) {
        let symbol = Symbol::parse(specification.symbol)?;
        let mut random = Random::new(seed, Stream::Books, moment.number ^ ((book + 1) << 48));
        let lean = random.between(-0.4, 0.4);
        let (now, next) = ((specification.price)(&moment.now), (specification.price)(&moment.next));
        for slot in 0..SNAPSHOTS_A_SECOND {
            let share = f64::from(slot) / f64::from(SNAPSHOTS_A_SECOND);
            let mid = (now + (next - now) * share) * specification.ticks_per_unit + lean;
            let best_bid = whole(mid);
            let side = Side { specification, seed, book, second: moment.number };
            let bids = side.levels(best_bid, -1, &mut random)?;
            let asks = side.levels(best_bid + 1, 1, &mut random)?;
            take((specification, symbol), slot, bids, asks);
        }
    }
    Ok(())
}

struct Side<'a> {
    specification: &'a Specification,
    seed: u64,
    book: u64,
    second: u64,
}

impl Side<'_> {
    /// Twenty levels from `best` on, in ticks.
    fn levels(&self, best: i32, step: i32, random: &mut Random) -> Result<Vec<Level>, InvalidValue> {
        let &Specification { ticks_per_unit, lots_per_unit, quantity, .. } = self.specification;
        let mut levels = Vec::with_capacity(SHAPE.len());
        let mut tick = best;
        for shape in SHAPE {
            // Orders come and go at the best prices; further away they rest.
            let lively = if levels.len() < 2 { random.between(0.5, 1.5) } else { 1.0 };
            let size = quantity * shape * self.resting(tick) * lively;
            levels.push(Level {
                price: Price::new(f64::from(tick) / ticks_per_unit)?,
                quantity: Quantity::new(rounded(size, lots_per_unit).max(1.0 / lots_per_unit))?,
            });
            tick += step;
        }
        Ok(levels)
    }

    /// What rests at a price: the same for some seconds, then another quantity.
    fn resting(&self, tick: i32) -> f64 {
        let tick = u64::from(tick.unsigned_abs());
        let epoch = (self.second + tick % QUANTITY_SECONDS) / QUANTITY_SECONDS;
        let number = (self.book << 60) ^ (tick << 36) ^ epoch;
        Random::new(self.seed, Stream::Levels, number).quantile(&QUANTITIES)
    }
}

/// The whole ticks in a price. Prices lie far inside of the range.
#[allow(clippy::cast_possible_truncation)]
fn whole(ticks: f64) -> i32 {
    ticks.floor().clamp(100.0, 2e9) as i32
}
