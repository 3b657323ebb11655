//! Asking whoever holds a connection for a new one.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use goat::event::Venue;
use goat::values::Symbol;
use tokio::sync::Notify;

use super::watch::Subject;

/// A connection that can be made anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Line {
    /// To Jupiter.
    Prices,
    /// To a venue, for one symbol.
    Symbol(Venue, Symbol),
}

impl Line {
    /// The connection over which a subject comes; none for what is posted to us.
    #[must_use]
    pub fn of(subject: Subject) -> Option<Self> {
        match subject {
            Subject::Price(_) => Some(Self::Prices),
            Subject::Book(venue, symbol) | Subject::Candles(venue, symbol, _) => {
                Some(Self::Symbol(venue, symbol))
            }
            Subject::Trades | Subject::Whales => None,
        }
    }
}

/// One bell a connection. Cloning shares them.
#[derive(Debug, Clone, Default)]
pub struct Reconnects(Arc<Mutex<BTreeMap<Line, Arc<Notify>>>>);

impl Reconnects {
    /// The bell that whoever holds the connection listens to.
    #[must_use]
    pub fn bell(&self, line: Line) -> Arc<Notify> {
        let mut bells = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(bells.entry(line).or_default())
    }

    /// Asks for a new connection; heard once, however often it is asked for meanwhile.
    pub fn ask(&self, line: Line) {
        self.bell(line).notify_one();
    }
}
