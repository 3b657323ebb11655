//! What the feeds of this instance deliver themselves.

use std::collections::BTreeSet;

use goat::event::{Payload, Venue};
use goat::settings::{Feeds, Mode};

/// What the feeds of this instance deliver, by names in upper case.
#[derive(Debug, Clone)]
pub(super) enum Own {
    /// A world of its own, simulated or recorded: every price, book and candle belongs to it.
    World,
    /// What is asked for at the venues.
    Venues { tokens: BTreeSet<String>, books: BTreeSet<(Venue, String)>, candles: BTreeSet<(Venue, String)> },
}

impl Own {
    pub(super) fn of(feeds: &Feeds) -> Self {
        if feeds.mode != Mode::Live {
            return Self::World;
        }
        let upper = |name: &String| name.to_ascii_uppercase();
        let tokens = feeds.jupiter.mints.keys().filter(|_| feeds.jupiter.enabled).map(upper).collect();
        let (mut books, mut candles) = (BTreeSet::new(), BTreeSet::new());
        for (venue, enabled, symbols) in [
            (Venue::Binance, feeds.binance.enabled, &feeds.binance.symbols),
            (Venue::Bybit, feeds.bybit.enabled, &feeds.bybit.symbols),
        ] {
            if enabled {
                books.extend(symbols.iter().map(|symbol| (venue, upper(symbol))));
                candles.extend(feeds.candles.symbols.iter().map(|symbol| (venue, upper(symbol))));
            }
        }
        Self::Venues { tokens, books, candles }
    }

    /// What a payload would overlap with; none when nobody else delivers it.
    ///
    /// Trades and whales are told apart by their signatures, and free events belong to nobody.
    pub(super) fn delivers(&self, payload: &Payload) -> Option<String> {
        let (is_own, name) = match payload {
            Payload::Price(price) => {
                let token = price.token.to_string();
                (self.has(|tokens, _, _| tokens.contains(&token)), format!("the price of {token}"))
            }
            Payload::Book(book) => {
                let key = (book.venue, book.symbol.to_string());
                (
                    self.has(|_, books, _| books.contains(&key)),
                    format!("the book of {} at {:?}", key.1, key.0),
                )
            }
            Payload::Candle(candle) => {
                let key = (candle.venue, candle.symbol.to_string());
                let is_own = self.has(|_, _, candles| candles.contains(&key));
                (is_own, format!("the candles of {} at {:?}", key.1, key.0))
            }
            Payload::Trade(_)
            | Payload::Whale(_)
            | Payload::Feed(_)
            | Payload::DeadLetter(_)
            | Payload::User(_) => return None,
        };
        is_own.then_some(name)
    }

    fn has(
        &self,
        found: impl Fn(&BTreeSet<String>, &BTreeSet<(Venue, String)>, &BTreeSet<(Venue, String)>) -> bool,
    ) -> bool {
        match self {
            Self::World => true,
            Self::Venues { tokens, books, candles } => found(tokens, books, candles),
        }
    }
}
