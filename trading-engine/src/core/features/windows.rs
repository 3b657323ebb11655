//! The recent past, second by second.

use goat::event::{BookSnapshot, Observation, Payload, TokenPrice, Venue};
use goat::values::{Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::book::{Snapshot, Snapshots};
use super::moment::Moment;
use super::patterns::Patterns;
use super::prices::Prices;
use super::seconds::Seconds;
use super::series::Series;
use super::set::FeatureSet;
use super::trades::Trades;
use super::whales::{Movement, Movements};

/// What the features are computed from: 26 minutes of SOL, BTC and ETH prices, one book, all wallets' trades and
/// whale movements.
///
/// **Bound:** each source keeps at most 1,560 seconds, whatever the rate of events. Encoded that is under 750 KB; a
/// token's prices take 23 KB of it while there is one a second.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Windows {
    #[serde(with = "VenueName")]
    venue: Venue,
    symbol: String,
    sol: Seconds<Prices>,
    btc: Seconds<Prices>,
    eth: Seconds<Prices>,
    book: Seconds<Snapshots>,
    trades: Seconds<Trades>,
    whales: Seconds<Movements>,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Venue")]
enum VenueName {
    Binance,
    Bybit,
}

impl Windows {
    /// Empty windows. The book is the one of `symbol` at `venue`.
    #[must_use]
    pub fn new(venue: Venue, symbol: Symbol) -> Self {
        Self {
            venue,
            symbol: symbol.to_string(),
            sol: Seconds::default(),
            btc: Seconds::default(),
            eth: Seconds::default(),
            book: Seconds::default(),
            trades: Seconds::default(),
            whales: Seconds::default(),
        }
    }

    /// Takes in an event that became known at `now`, the core's clock. Other kinds of events change nothing.
    ///
    /// An event with a `now` before that of an earlier one counts in the second of the earlier one.
    pub fn fold(&mut self, now: UnixMicros, observation: &Observation) {
        let second = second_of(now);
        match &observation.payload {
            Payload::Price(price) => self.fold_price(second, price),
            Payload::Book(book) => self.fold_book(second, book),
            Payload::Trade(trade) => self.trades.change(second, |trades| trades.add(trade)),
            Payload::Whale(movement) => {
                if let Some(movement) = Movement::read(movement) {
                    self.whales.change(second, |movements| movements.add(&movement));
                }
            }
            Payload::Candle(_) | Payload::Feed(_) | Payload::DeadLetter(_) | Payload::User(_) => {}
        }
    }

    /// The features at a moment: of what was known before its running second.
    ///
    /// The moment is not before the newest event by more than a minute; further back, the oldest minutes are missing.
    #[must_use]
    pub fn at(&self, now: UnixMicros) -> FeatureSet {
        let end = second_of(now);
        let series = Series::before(end, &self.sol);
        let moment = Moment {
            sol: self.sol.minutes(end),
            btc: self.btc.minutes(end),
            eth: self.eth.minutes(end),
            book: self.book.minutes(end),
            trades: self.trades.minutes(end),
            whales: self.whales.minutes(end),
            patterns: Patterns::of(series.points()),
            series,
        };
        FeatureSet::compute(&moment)
    }

    fn fold_price(&mut self, second: i64, price: &TokenPrice) {
        let prices = match price.token.as_str() {
            "SOL" => &mut self.sol,
            "BTC" => &mut self.btc,
            "ETH" => &mut self.eth,
            _ => return,
        };
        prices.change(second, |prices| prices.add(price.price.get()));
    }

    fn fold_book(&mut self, second: i64, book: &BookSnapshot) {
        if book.venue != self.venue || book.symbol.as_str() != self.symbol {
            return;
        }
        if let Some(snapshot) = Snapshot::read(book) {
            self.book.change(second, |snapshots| snapshots.add(&snapshot));
        }
    }
}

fn second_of(time: UnixMicros) -> i64 {
    time.get().div_euclid(1_000_000)
}
