//! What is true at a venue, whatever was sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::broadcast;

/// Levels of a side; a topic of depth 50 shows them all.
const LEVELS: u64 = 50;
/// Levels of a side that are remembered of each past book.
pub const TOP: usize = 20;
/// The first update of every symbol.
const FIRST_ID: u64 = 1_000;
/// Updates on their way to connections.
const UPDATES_MAX: usize = 4_096;

/// Price and quantity in the venue's digits; a quantity of zero deletes.
pub type Pair = (String, String);

/// The best levels of both sides, best first.
pub type Top = (Vec<(f64, f64)>, Vec<(f64, f64)>);

/// A change of one book.
#[derive(Debug, Clone)]
pub struct Update {
    /// Whose book.
    pub symbol: String,
    /// Its first number.
    pub first: u64,
    /// Its last number.
    pub last: u64,
    /// When, in milliseconds.
    pub time_ms: u64,
    /// Changed bids.
    pub bids: Vec<Pair>,
    /// Changed asks.
    pub asks: Vec<Pair>,
}

/// A whole book.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The number of its last update.
    pub id: u64,
    /// Best first.
    pub bids: Vec<Pair>,
    /// Best first.
    pub asks: Vec<Pair>,
}

#[derive(Debug)]
struct Book {
    /// In hundredths.
    bids: BTreeMap<u64, u64>,
    asks: BTreeMap<u64, u64>,
    id: u64,
    past: BTreeMap<u64, Top>,
    random: u64,
}

/// The books of a venue. Cloning shares them.
#[derive(Debug, Clone)]
pub struct Market {
    books: Arc<Mutex<BTreeMap<String, Book>>>,
    updates: broadcast::Sender<Update>,
}

impl Market {
    /// Books of these symbols, that change once in `every` as long as the runtime lives. An update has
    /// `ids_per_update` numbers.
    #[must_use]
    pub fn start(symbols: &[&str], every: Duration, ids_per_update: u64) -> Self {
        let (updates, _) = broadcast::channel(UPDATES_MAX);
        let books = (1..).zip(symbols).map(|(seed, symbol)| ((*symbol).to_owned(), Book::new(seed)));
        let market = Self { books: Arc::new(Mutex::new(books.collect())), updates };
        let moving = market.clone();
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(every);
            loop {
                ticks.tick().await;
                for (symbol, book) in moving.books.lock().unwrap().iter_mut() {
                    // Nobody may be connected.
                    let _ = moving.updates.send(book.step(symbol, ids_per_update));
                }
            }
        });
        market
    }

    /// The changes from now on.
    #[must_use]
    pub fn updates(&self) -> broadcast::Receiver<Update> {
        self.updates.subscribe()
    }

    /// A book as it is.
    #[must_use]
    pub fn whole(&self, symbol: &str) -> Option<Whole> {
        let books = self.books.lock().unwrap();
        let book = books.get(symbol)?;
        let bids = book.bids.iter().rev().map(|(price, quantity)| pair(*price, *quantity)).collect();
        let asks = book.asks.iter().map(|(price, quantity)| pair(*price, *quantity)).collect();
        Some(Whole { id: book.id, bids, asks })
    }

    /// The best levels of a book as it was after the update of this number.
    #[must_use]
    pub fn top_at(&self, symbol: &str, id: u64) -> Option<Top> {
        self.books.lock().unwrap().get(symbol)?.past.get(&id).cloned()
    }
}

impl Book {
    fn new(seed: u64) -> Self {
        let side = |first: u64, step: i64| -> BTreeMap<u64, u64> {
            (0..LEVELS)
                .map(|place| (first.saturating_add_signed(step * place.cast_signed()), 100 + place))
                .collect()
        };
        let mut book = Self {
            bids: side(10_000, -1),
            asks: side(10_001, 1),
            id: FIRST_ID,
            past: BTreeMap::new(),
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15),
        };
        book.remember();
        book
    }

    /// Moves a few levels; at times the best of a side is taken and the other side follows.
    fn step(&mut self, symbol: &str, ids: u64) -> Update {
        let (bids_before, asks_before) = (self.bids.clone(), self.asks.clone());
        for _ in 0..4 {
            let (place, quantity) = (self.below(LEVELS), self.below(500));
            let best_bid = *self.bids.last_key_value().unwrap().0;
            let best_ask = *self.asks.first_key_value().unwrap().0;
            match self.below(4) {
                0 => set(&mut self.bids, best_bid - place, quantity),
                1 => set(&mut self.asks, best_ask + place, quantity),
                2 if best_ask < 20_000 => {
                    self.asks.remove(&best_ask);
                    set(&mut self.bids, best_ask, 1 + quantity);
                }
                _ if best_bid > 5_000 => {
                    self.bids.remove(&best_bid);
                    set(&mut self.asks, best_bid, 1 + quantity);
                }
                _ => {}
            }
            self.refill();
        }
        let first = self.id + 1;
        self.id += ids;
        self.remember();
        Update {
            symbol: symbol.to_owned(),
            first,
            last: self.id,
            time_ms: now_ms(),
            bids: changes(&bids_before, &self.bids),
            asks: changes(&asks_before, &self.asks),
        }
    }

    /// Each side has as many levels as a topic shows, no more and no less.
    fn refill(&mut self) {
        while self.bids.len() as u64 > LEVELS {
            self.bids.pop_first();
        }
        while self.asks.len() as u64 > LEVELS {
            self.asks.pop_last();
        }
        while (self.bids.len() as u64) < LEVELS {
            let worst = self.bids.first_key_value().map_or(9_000, |(price, _)| *price);
            self.bids.insert(worst - 1, 77);
        }
        while (self.asks.len() as u64) < LEVELS {
            let worst = self.asks.last_key_value().map_or(11_000, |(price, _)| *price);
            self.asks.insert(worst + 1, 77);
        }
    }

    fn remember(&mut self) {
        let level = |(price, quantity): (&u64, &u64)| {
            let (price, quantity) = pair(*price, *quantity);
            (price.parse().unwrap(), quantity.parse().unwrap())
        };
        let bids = self.bids.iter().rev().take(TOP).map(level).collect();
        let asks = self.asks.iter().take(TOP).map(level).collect();
        self.past.insert(self.id, (bids, asks));
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random =
            self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % limit
    }
}

fn set(side: &mut BTreeMap<u64, u64>, price: u64, quantity: u64) {
    if quantity == 0 {
        side.remove(&price);
    } else {
        side.insert(price, quantity);
    }
}

fn changes(before: &BTreeMap<u64, u64>, after: &BTreeMap<u64, u64>) -> Vec<Pair> {
    let gone = before.keys().filter(|price| !after.contains_key(price)).map(|price| pair(*price, 0));
    let set = after.iter().filter(|(price, quantity)| before.get(price) != Some(quantity));
    gone.chain(set.map(|(price, quantity)| pair(*price, *quantity))).collect()
}

fn pair(price: u64, quantity: u64) -> Pair {
    let hundredths = |number: u64| format!("{}.{:02}000000", number / 100, number % 100);
    (hundredths(price), hundredths(quantity))
}

/// The wall clock in milliseconds.
#[must_use]
#[allow(clippy::disallowed_methods)] // A venue has a clock of its own.
pub fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    u64::try_from(since.as_millis()).unwrap()
}
