//! What a venue has to say for itself.

use std::future::Future;
use std::time::Duration;

use goat::event::{Candle, Source, Venue};
use goat::values::{Symbol, UnixMicros};

use super::interval::Interval;
use super::rest::{RestFault, Unreadable};
use crate::book::live::DepthUpdate;
use crate::book::sequence::Judge;
use crate::feeds::board::Name;

/// What is followed of one symbol, over one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The venue's own name.
    pub symbol: Symbol,
    /// Whether its order book is kept.
    pub book: bool,
    /// The candles that are followed.
    pub intervals: Vec<Interval>,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// A book or its change.
    Depth(Symbol, DepthUpdate),
    /// A candle that has closed.
    Candle(Candle),
    /// The venue is about to cut the connection.
    Shutdown,
    /// The venue does not grant what was asked for, with its words.
    Refused(String),
    /// Something that we do not need.
    Other,
}

/// Spans of a connection's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timings {
    /// A book that is silent for longer gets a new connection.
    pub stale_after: Duration,
    /// How long the first message of a connection, or the snapshot after a break, may take.
    pub patience: Duration,
    /// A connection is replaced at this age.
    pub lifetime: Duration,
    /// Between two heartbeats of ours, where the venue wants some.
    pub heartbeat: Duration,
}

impl Default for Timings {
    fn default() -> Self {
        Self {
            stale_after: Name::Books.stale_after(),
            patience: Duration::from_secs(5),
            // Binance cuts every connection at 24 hours; the other venue does not mind.
            lifetime: Duration::from_mins(23 * 60 + 50),
            heartbeat: Duration::from_secs(20),
        }
    }
}

/// A venue's language. Reading is pure; asking is not.
pub trait Protocol: Clone + Send + Sync + 'static {
    /// The venue's rules of sequence.
    type Judge: Judge + Send;
    /// Which venue it is.
    const VENUE: Venue;
    /// The same, as a source of events.
    const SOURCE: Source;

    /// The spans of its connections.
    fn timings(&self) -> Timings;

    /// Where to connect for what is wanted.
    fn address(&self, wanted: &Wanted) -> String;

    /// What to send when connected.
    fn opening(&self, wanted: &Wanted) -> Vec<String>;

    /// What to send so that a new snapshot of the book comes; nothing when it is asked for with
    /// [`Protocol::depth`].
    fn resubscription(&self, symbol: Symbol) -> Vec<String>;

    /// What to send at every heartbeat.
    fn heartbeat(&self) -> Option<String>;

    /// Reads a message.
    ///
    /// # Errors
    ///
    /// When it cannot be read: which field, which value.
    fn read(&self, text: &str) -> Result<Message, Unreadable>;

    /// Asks what time it is.
    fn time(&self) -> impl Future<Output = Result<UnixMicros, RestFault>> + Send;

    /// Asks for a snapshot of a book.
    fn depth(&self, symbol: Symbol) -> impl Future<Output = Result<DepthUpdate, RestFault>> + Send;

    /// Asks for at most `count` candles from `from` on, oldest first; the last may still be open.
    fn candles(
        &self,
        symbol: Symbol,
        interval: Interval,
        from: UnixMicros,
        count: u32,
    ) -> impl Future<Output = Result<Vec<Candle>, RestFault>> + Send;
}
