//! What goes wrong, symbol by symbol.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

/// Something that befalls the messages or the connection of one symbol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The next message comes so many times more.
    Repeat(usize),
    /// The next message comes behind the one after it.
    Swap,
    /// The next messages are lost.
    Lose(usize),
    /// Instead of the next message comes this one.
    Garble(String),
    /// The next message crosses the book.
    Cross,
    /// The connection is cut without a word.
    Cut,
    /// The venue closes the connection, with this notice before when there is one.
    Close(Option<String>),
}

/// Lasting states of a symbol's side of the venue, and faults that wait for their turn. Cloning shares it.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    waiting: BTreeMap<String, VecDeque<Fault>>,
    silent: BTreeMap<String, bool>,
    refusing: BTreeMap<String, bool>,
}

impl Faults {
    /// The next message of the symbol meets this fault.
    pub fn inject(&self, symbol: &str, fault: Fault) {
        self.inner.lock().unwrap().waiting.entry(symbol.to_owned()).or_default().push_back(fault);
    }

    /// The symbol's connections stay open, and nothing is sent.
    pub fn set_silent(&self, symbol: &str, silent: bool) {
        self.inner.lock().unwrap().silent.insert(symbol.to_owned(), silent);
    }

    /// New connections for the symbol are cut, and so are those that are open.
    pub fn set_refusing(&self, symbol: &str, refusing: bool) {
        self.inner.lock().unwrap().refusing.insert(symbol.to_owned(), refusing);
    }

    /// The fault that the next message of the symbol meets.
    #[must_use]
    pub fn next(&self, symbol: &str) -> Option<Fault> {
        self.inner.lock().unwrap().waiting.get_mut(symbol)?.pop_front()
    }

    /// Whether nothing is sent.
    #[must_use]
    pub fn is_silent(&self, symbol: &str) -> bool {
        self.inner.lock().unwrap().silent.get(symbol).copied().unwrap_or(false)
    }

    /// Whether connections are cut.
    #[must_use]
    pub fn is_refusing(&self, symbol: &str) -> bool {
        self.inner.lock().unwrap().refusing.get(symbol).copied().unwrap_or(false)
    }
}
