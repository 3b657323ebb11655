//! Reading a post, item by item: a bad item is kept with the reason, the others are not held back by it.

use goat::event::{DeadLetter, Observation, Payload, Source};
use goat::values::{InvalidValue, UnixMicros};
use serde_json::value::RawValue;

use super::shape::Found;
use super::{trade, whale};
use crate::feeds::board::Name;

/// The most items in one post.
pub const ITEMS_MAX: usize = 16_384;

/// What bare items of a post are; a wrapper that names its items overrides it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PathKind {
    /// Wallet trades.
    Trades,
    /// Whale movements.
    Whales,
}

impl PathKind {
    /// What is posted to `path`.
    #[must_use]
    pub fn of(path: &str) -> Self {
        if path.contains("whale") { Self::Whales } else { Self::Trades }
    }

    /// The feed that the items belong to.
    #[must_use]
    pub fn feed(self) -> Name {
        match self {
            Self::Trades => Name::Trades,
            Self::Whales => Name::Whales,
        }
    }
}

/// What a post held.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Post {
    /// Its items in their order, those that could not be read as dead letters.
    pub observations: Vec<Observation>,
    /// Items, readable or not.
    pub received: u32,
    /// Trades that could not be read.
    pub rejected_trades: u32,
    /// Movements that could not be read.
    pub rejected_whales: u32,
    /// The sender only asks whether we are there.
    pub ping: bool,
    /// Blocks that the stream left out because they were too old: it lags.
    pub skipped_old: u32,
}

impl Post {
    /// Items that could not be read.
    #[must_use]
    pub fn rejected(&self) -> u32 {
        self.rejected_trades.saturating_add(self.rejected_whales)
    }
}

/// A post of which nothing can be read.
#[derive(Debug, thiserror::Error)]
pub enum Malformed {
    /// It is not JSON.
    #[error("the body must be JSON: {0}")]
    NotJson(#[from] serde_json::Error),
    /// It is JSON that has no items.
    #[error("the body must be an object or an array, got {0}")]
    NoItems(String),
    /// It has more items than are taken at a time.
    #[error("the body must have at most {ITEMS_MAX} items")]
    TooManyItems,
}

/// Reads a post that arrived at `received`.
///
/// # Errors
///
/// When the body is not JSON, neither object nor array, or has more than [`ITEMS_MAX`] items.
pub fn read_post(path_kind: PathKind, body: &[u8], received: UnixMicros) -> Result<Post, Malformed> {
    let raw: &RawValue = serde_json::from_slice(body)?;
    if !raw.get().starts_with(['{', '[', 'n']) {
        return Err(Malformed::NoItems(raw.get().chars().take(64).collect()));
    }
    let mut found = Found::default();
    found.collect(path_kind, raw, 0)?;

    let mut post = Post { ping: found.ping, skipped_old: found.skipped_old, ..Post::default() };
    post.observations.reserve(found.items.len());
    for (kind, item) in found.items {
        post.received = post.received.saturating_add(1);
        let observation = read_item(kind, item, received).unwrap_or_else(|refused| {
            let count = match kind {
                PathKind::Trades => &mut post.rejected_trades,
                PathKind::Whales => &mut post.rejected_whales,
            };
            *count = count.saturating_add(1);
            dead_letter(kind, item, &refused, received)
        });
        post.observations.push(observation);
    }
    Ok(post)
}

fn read_item(kind: PathKind, item: &RawValue, received: UnixMicros) -> Result<Observation, InvalidValue> {
    let (event_time, payload) = match kind {
        PathKind::Trades => {
            let (time, trade) = trade::read(item, received)?;
            (time, Payload::Trade(Box::new(trade)))
        }
        PathKind::Whales => {
            let (time, movement) = whale::read(item, received)?;
            (time, Payload::Whale(Box::new(movement)))
        }
    };
    Ok(observation(event_time, received, payload))
}

fn dead_letter(kind: PathKind, item: &RawValue, refused: &InvalidValue, received: UnixMicros) -> Observation {
    let text = item.get();
    let kept = text.get(..text.floor_char_boundary(DeadLetter::RAW_BYTES_MAX)).unwrap_or_default();
    let letter = DeadLetter::new(kind.feed().as_str(), refused.to_string(), kept);
    observation(received, received, Payload::DeadLetter(letter))
}

fn observation(event_time: UnixMicros, received_time: UnixMicros, payload: Payload) -> Observation {
    Observation { event_time, received_time, source: Source::QuickNode, source_position: 0, payload }
}

#[cfg(test)]
mod tests;
