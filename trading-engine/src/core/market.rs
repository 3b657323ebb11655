//! The newest of everything a decision looks at, with its position and its age.

use std::collections::VecDeque;

use goat::event::{BookSnapshot, FeedEvent, FeedEventKind, Venue};
use goat::values::{Seq, Symbol, UnixMicros};
use serde::{Deserialize, Serialize};

use super::micros;

/// The longest look back at the traded token's price, in seconds.
pub const PATH_SECONDS_MAX: u32 = 3600;

/// A price, and when it was known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Quote {
    /// Its position.
    pub seq: Seq,
    /// When it reached us, by the core's clock.
    #[serde(with = "micros")]
    pub known_at: UnixMicros,
    /// USD for one token.
    pub price: f64,
}

impl Quote {
    /// How old it is at `now`, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now: UnixMicros) -> i32 {
        now.millis_since(self.known_at)
    }
}

/// The newest snapshot of the book that prices fills.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct BookMark {
    /// Its position.
    pub seq: Seq,
    /// When it reached us, by the core's clock.
    #[serde(with = "micros")]
    pub known_at: UnixMicros,
    /// Halfway between the best bid and the best ask.
    pub mid_price: f64,
}

impl BookMark {
    /// How old it is at `now`, in milliseconds.
    #[must_use]
    pub fn age_ms(&self, now: UnixMicros) -> i32 {
        now.millis_since(self.known_at)
    }
}

/// Which book prices the fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricingBook {
    /// Where it is.
    pub venue: Venue,
    /// The venue's own name of the pair.
    pub symbol: Symbol,
}

impl PricingBook {
    /// Whether a snapshot is of this book.
    #[must_use]
    pub fn is(&self, book: &BookSnapshot) -> bool {
        book.venue == self.venue && book.symbol == self.symbol
    }
}

/// The traded token's price and book as they are known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Market {
    price: Option<Quote>,
    book: Option<BookMark>,
    /// Why the prices are not to be leaned on, since the feed said so.
    price_stale: Option<String>,
    /// The price at the end of each second in which it was known, oldest first.
    path: VecDeque<(i64, f64)>,
}

impl Market {
    /// The newest price.
    #[must_use]
    pub fn price(&self) -> Option<&Quote> {
        self.price.as_ref()
    }

    /// The newest snapshot of the pricing book; none while it is not live.
    #[must_use]
    pub fn book(&self) -> Option<&BookMark> {
        self.book.as_ref()
    }

    /// Why the data-engine says that prices are not to be leaned on.
    #[must_use]
    pub fn price_stale(&self) -> Option<&str> {
        self.price_stale.as_deref()
    }

    /// The price `seconds` ago: the last known at that moment. None when that is further back than what is kept.
    #[must_use]
    pub fn price_ago(&self, now: UnixMicros, seconds: u32) -> Option<f64> {
        let then = second_of(now) - i64::from(seconds);
        let after = self.path.partition_point(|&(second, _)| second <= then);
        self.path.get(after.checked_sub(1)?).map(|&(_, price)| price)
    }

    pub(super) fn fold_price(&mut self, quote: Quote) {
        self.price = Some(quote);
        self.price_stale = None;
        let second = second_of(quote.known_at);
        match self.path.back_mut() {
            Some((last, price)) if *last == second => *price = quote.price,
            _ => self.path.push_back((second, quote.price)),
        }
        // One older than the window stays: it is the price at the window's beginning.
        let oldest = second - i64::from(PATH_SECONDS_MAX);
        while self.path.get(1).is_some_and(|&(second, _)| second <= oldest) {
            self.path.pop_front();
        }
    }

    pub(super) fn fold_book(&mut self, mark: BookMark) {
        self.book = Some(mark);
    }

    /// A feed said something of itself. A book that is fetched anew, or silent, prices nothing until its next
    /// snapshot; stale prices decide nothing until the next one.
    pub(super) fn fold_feed(&mut self, event: &FeedEvent, token: Symbol, book: &PricingBook) {
        let concerns = |symbol: Symbol| event.symbol.is_none_or(|of| of == symbol);
        let broken = matches!(event.kind, FeedEventKind::Gap | FeedEventKind::Stale | FeedEventKind::Resync);
        if event.feed == "books" && broken && concerns(book.symbol) {
            self.book = None;
        }
        if event.feed == "prices" && event.kind == FeedEventKind::Stale && concerns(token) {
            self.price_stale = Some(event.reason.clone());
        }
    }
}

fn second_of(time: UnixMicros) -> i64 {
    time.get().div_euclid(1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    fn quote(seconds: i64, price: f64) -> Quote {
        Quote { seq: Seq::new(1), known_at: at(seconds), price }
    }

    #[test]
    fn the_price_ago_is_the_last_one_known_then() {
        let mut market = Market::default();
        for (seconds, price) in [(100, 1.0), (100, 1.1), (103, 2.0), (110, 3.0)] {
            market.fold_price(quote(seconds, price));
        }

        assert_eq!(market.price_ago(at(110), 0), Some(3.0));
        assert_eq!(market.price_ago(at(110), 1), Some(2.0));
        assert_eq!(market.price_ago(at(110), 8), Some(1.1));
        assert_eq!(market.price_ago(at(110), 10), Some(1.1));
        assert_eq!(market.price_ago(at(110), 11), None);
    }

    #[test]
    fn the_path_is_bounded_and_keeps_the_price_at_its_beginning() {
        let mut market = Market::default();
        for second in 0..5000 {
            market.fold_price(quote(second, 1.0 + f64::from(i32::try_from(second).unwrap())));
        }

        assert_eq!(market.path.len(), PATH_SECONDS_MAX as usize + 1);
        assert_eq!(market.price_ago(at(4999), PATH_SECONDS_MAX), Some(1400.0));
    }

    #[test]
    fn what_a_feed_says_of_itself_counts_until_it_delivers_again() {
        let symbol = |text| Symbol::parse(text).unwrap();
        let book = PricingBook { venue: Venue::Binance, symbol: symbol("SOLUSDT") };
        let mut market = Market::default();
        market.fold_price(quote(1, 1.0));
        market.fold_book(BookMark { seq: Seq::new(2), known_at: at(1), mid_price: 1.0 });
        let said = |feed: &'static str, kind, of: Option<&str>| FeedEvent {
            feed: feed.into(),
            kind,
            symbol: of.map(|text| Symbol::parse(text).unwrap()),
            from: None,
            to: None,
            reason: "silent".into(),
        };

        market.fold_feed(&said("books", FeedEventKind::Resync, Some("BTCUSDT")), symbol("SOL"), &book);
        assert!(market.book().is_some());
        market.fold_feed(&said("books", FeedEventKind::Resync, Some("SOLUSDT")), symbol("SOL"), &book);
        assert!(market.book().is_none());

        market.fold_feed(&said("prices", FeedEventKind::Stale, None), symbol("SOL"), &book);
        assert_eq!(market.price_stale(), Some("silent"));
        market.fold_price(quote(2, 1.0));
        assert_eq!(market.price_stale(), None);
    }
}
