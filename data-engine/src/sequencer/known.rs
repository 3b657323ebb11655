//! What has been recorded, for telling duplicates: venues deliver at least once.

use std::collections::{HashSet, VecDeque};

use goat::event::{Observation, Payload};
use goat::wire::market::{MarketEvent, Venue, market_event};
use sha2::{Digest, Sha256};

/// The newest keys that are remembered; about three days of wallet trades.
pub const KEYS_MAX: usize = 2_000_000;

type Key = u128;

/// The newest trades, movements and candles in the log, and how far its rewindable source had got.
///
/// Admissions are provisional between [`Known::begin`] and [`Known::commit`].
#[derive(Debug, Default)]
pub struct Known {
    keys: HashSet<Key>,
    order: VecDeque<Key>,
    source_position: u64,
    provisional_keys: Vec<Key>,
    provisional_from: u64,
}

impl Known {
    /// How far the log's rewindable source had got; 0 when it has none.
    #[must_use]
    pub fn source_position(&self) -> u64 {
        self.source_position
    }

    /// The rewindable source had got at least this far.
    pub fn reached(&mut self, source_position: u64) {
        self.source_position = self.source_position.max(source_position);
    }

    /// Remembers an event of the log.
    pub fn remember_event(&mut self, event: &MarketEvent) {
        let key = match &event.payload {
            Some(market_event::Payload::Trade(trade)) => {
                trade_key(&trade.signature, &trade.wallet, &trade.stablecoin)
            }
            Some(market_event::Payload::Whale(whale)) => whale_key(&whale.signature, &whale.wallet),
            Some(market_event::Payload::Candle(candle)) => {
                let venue = Venue::try_from(candle.venue).unwrap_or_default();
                let time = candle.open_time.as_ref().map_or(0, |time| time.seconds);
                candle_key(venue, &candle.symbol, candle.interval_seconds, time)
            }
            _ => return,
        };
        self.remember(key);
    }

    /// From here on, admissions can be taken back.
    pub fn begin(&mut self) {
        self.provisional_keys.clear();
        self.provisional_from = self.source_position;
    }

    /// Whether the observation is new; it is known from now on.
    pub fn admit(&mut self, observation: &Observation) -> bool {
        let position = observation.source_position;
        if position > 0 && position <= self.source_position {
            return false;
        }
        let key = match &observation.payload {
            Payload::Trade(trade) => Some(trade_key(&trade.signature, &trade.wallet, &trade.stablecoin)),
            Payload::Whale(whale) => Some(whale_key(&whale.signature, &whale.wallet)),
            Payload::Candle(candle) => {
                let seconds = candle.open_time.get().div_euclid(1_000_000);
                let (venue, symbol) = (candle.venue.into(), candle.symbol.as_str());
                Some(candle_key(venue, symbol, candle.interval_seconds, seconds))
            }
            _ => None,
        };
        if let Some(key) = key {
            if !self.keys.insert(key) {
                return false;
            }
            self.provisional_keys.push(key);
        }
        self.reached(position);
        true
    }

    /// What was admitted since [`Known::begin`] is in the log.
    pub fn commit(&mut self) {
        for key in std::mem::take(&mut self.provisional_keys) {
            self.order.push_back(key);
        }
        self.forget_oldest();
    }

    /// What was admitted since [`Known::begin`] is not in the log.
    pub fn roll_back(&mut self) {
        for key in std::mem::take(&mut self.provisional_keys) {
            self.keys.remove(&key);
        }
        self.source_position = self.provisional_from;
    }

    fn remember(&mut self, key: Key) {
        if self.keys.insert(key) {
            self.order.push_back(key);
        }
        self.forget_oldest();
    }

    fn forget_oldest(&mut self) {
        while self.order.len() > KEYS_MAX {
            if let Some(oldest) = self.order.pop_front() {
                self.keys.remove(&oldest);
            }
        }
    }
}

fn trade_key(signature: &str, wallet: &str, stablecoin: &str) -> Key {
    key(&["trade", signature, wallet, stablecoin])
}

fn whale_key(signature: &str, wallet: &str) -> Key {
    key(&["whale", signature, wallet])
}

/// Candles begin at whole seconds.
fn candle_key(venue: Venue, symbol: &str, interval_seconds: u32, open_seconds: i64) -> Key {
    key(&["candle", venue.as_str_name(), symbol, &interval_seconds.to_string(), &open_seconds.to_string()])
}

/// 128 bits of SHA-256: no sender can make two trades look like one.
fn key(parts: &[&str]) -> Key {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let digest = hash.finalize();
    digest.iter().take(16).fold(0, |key, &byte| key << 8 | Key::from(byte))
}
