//! How each order book that is kept from a venue is doing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use goat::event::Venue;
use goat::values::{Price, Symbol, UnixMicros};
use goat::wire::market as wire;

use super::board::{Condition, Name};
use crate::book::live::State;

/// The state of every book. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct BookStates {
    books: Arc<Mutex<BTreeMap<(Venue, Symbol), Book>>>,
}

#[derive(Debug, Clone)]
struct Book {
    state: State,
    update_id: u64,
    received_time: Option<UnixMicros>,
    mid: Option<Price>,
}

impl BookStates {
    /// Says how a book is.
    pub fn set(&self, venue: Venue, symbol: Symbol, state: State) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let book = books.entry((venue, symbol)).or_insert(Book {
            state: State::Syncing,
            update_id: 0,
            received_time: None,
            mid: None,
        });
        if book.state != state {
            tracing::info!(?venue, %symbol, from = ?book.state, to = ?state, "book changed");
            book.state = state;
            book.mid = None;
        }
    }

    /// Half way between the best bid and the best ask of a live book, as it was published last.
    pub fn priced(&self, venue: Venue, symbol: Symbol, mid: Option<Price>) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(book) = books.get_mut(&(venue, symbol)) {
            book.mid = mid;
        }
    }

    /// The mid price of a book; none unless it is live and fresh at `now`.
    #[must_use]
    pub fn mid(&self, venue: Venue, symbol: Symbol, now: UnixMicros) -> Option<Price> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let book = books.get(&(venue, symbol))?;
        let age = now.since(book.received_time?);
        (book.state == State::Live && age <= Name::Books.stale_after()).then_some(book.mid)?
    }

    /// An update went into a book.
    pub fn updated(&self, venue: Venue, symbol: Symbol, update_id: u64, received_time: UnixMicros) {
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(book) = books.get_mut(&(venue, symbol)) {
            book.update_id = update_id;
            book.received_time = Some(received_time);
        }
    }

    /// What the books say of the feed as a whole: it delivers while one of them is live.
    #[must_use]
    pub fn condition(&self) -> Condition {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        let mut reason = None;
        for ((venue, symbol), book) in books.iter() {
            match &book.state {
                State::Live | State::Stale(_) => return Condition::Up,
                State::Invalid(why) => {
                    reason = reason.or_else(|| Some(format!("{venue:?} {symbol}: {why}")));
                }
                State::Syncing => {}
            }
        }
        reason.map_or(Condition::Syncing, Condition::Down)
    }

    /// Every book as it is at `now`.
    #[must_use]
    pub fn at(&self, now: UnixMicros) -> Vec<wire::BookState> {
        let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        books.iter().map(|((venue, symbol), book)| book.as_state(*venue, *symbol, now)).collect()
    }
}

impl Book {
    fn as_state(&self, venue: Venue, symbol: Symbol, now: UnixMicros) -> wire::BookState {
        let age = self.received_time.map(|time| now.since(time));
        let limit = Name::Books.stale_after();
        let (state, reason) = match &self.state {
            State::Syncing => (wire::book_state::State::Syncing, String::new()),
            State::Invalid(reason) => (wire::book_state::State::Invalid, reason.clone()),
            State::Stale(reason) => (wire::book_state::State::Stale, reason.clone()),
            State::Live => match age {
                Some(age) if age > limit => (
                    wire::book_state::State::Stale,
                    format!("no update for {:.1} s, limit {} s", age.as_secs_f64(), limit.as_secs()),
                ),
                _ => (wire::book_state::State::Live, String::new()),
            },
        };
        wire::BookState {
            venue: wire::Venue::from(venue).into(),
            symbol: symbol.to_string(),
            state: state.into(),
            reason,
            update_id: self.update_id,
            age_ms: self.received_time.map(|time| now.millis_since(time)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> UnixMicros {
        UnixMicros::from_seconds(seconds).unwrap()
    }

    #[test]
    fn a_book_says_how_old_it_is_and_a_silent_one_is_stale() {
        let (books, symbol) = (BookStates::default(), Symbol::parse("SOLUSDT").unwrap());
        books.set(Venue::Bybit, symbol, State::Live);
        books.updated(Venue::Bybit, symbol, 7, at(100));

        let found = books.at(at(101));
        assert_eq!((found[0].state(), found[0].update_id), (wire::book_state::State::Live, 7));
        let found = books.at(at(103));
        assert_eq!((found[0].state(), found[0].age_ms), (wire::book_state::State::Stale, Some(3000)));
        assert_eq!(found[0].reason, "no update for 3.0 s, limit 2 s");
    }

    #[test]
    fn only_a_live_and_fresh_book_prices_anything() {
        let (books, symbol) = (BookStates::default(), Symbol::parse("SOLUSDT").unwrap());
        let mid = Price::new(100.0).unwrap();
        let found = |now| books.mid(Venue::Bybit, symbol, at(now));
        books.set(Venue::Bybit, symbol, State::Live);
        books.updated(Venue::Bybit, symbol, 7, at(100));
        assert_eq!(found(100), None);
        books.priced(Venue::Bybit, symbol, Some(mid));
        assert_eq!((found(102), found(103)), (Some(mid), None));
        books.set(Venue::Bybit, symbol, State::Syncing);
        books.set(Venue::Bybit, symbol, State::Live);
        assert_eq!(found(101), None);
    }

    #[test]
    fn the_feed_delivers_while_one_book_is_live() {
        let books = BookStates::default();
        assert_eq!(books.condition(), Condition::Syncing);
        books.set(Venue::Bybit, Symbol::parse("A").unwrap(), State::Invalid("gap".to_owned()));
        assert_eq!(books.condition(), Condition::Down("Bybit A: gap".to_owned()));
        books.set(Venue::Binance, Symbol::parse("A").unwrap(), State::Live);
        assert_eq!(books.condition(), Condition::Up);
    }
}
